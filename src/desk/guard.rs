//! Who may ask: a session that the secret opened, by one of the names of this
//! machine, and for what changes anything a form of our own.

use axum::http::{HeaderMap, Method, StatusCode, header};
use chrono::{DateTime, TimeDelta, Utc};
use std::net::SocketAddr;

use crate::subscriber::{Key, fingerprint};

/// How long a session lasts.
const LIFE: TimeDelta = TimeDelta::hours(24 * 7);

/// What is checked on every request.
#[derive(Debug)]
pub(super) struct Guard {
    key: Key,
    secret: String,
    hosts: Vec<String>,
    cookie: String,
}

/// A session, as its cookie names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session(String);

impl Guard {
    pub(super) fn new(key: Key, secret: String, listen: SocketAddr) -> Guard {
        let port = listen.port();
        let mut hosts = vec![listen.to_string()];
        if listen.ip().is_loopback() {
            hosts.push(format!("localhost:{port}"));
        }
        Guard {
            key,
            secret,
            hosts,
            // Cookies do not know ports: each desk has its own.
            cookie: format!("letterpress-desk-{port}"),
        }
    }

    /// Refuses requests by another name than ours: a page elsewhere may let a name
    /// of its own lead to this machine (DNS rebinding).
    pub(super) fn host(&self, headers: &HeaderMap) -> Result<(), StatusCode> {
        let host = text(headers, header::HOST);
        match self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)) {
            true => Ok(()),
            false => Err(StatusCode::MISDIRECTED_REQUEST),
        }
    }

    /// A POST comes from a page of ours, says its browser.
    pub(super) fn origin(&self, method: &Method, headers: &HeaderMap) -> Result<(), StatusCode> {
        if method == Method::GET || method == Method::HEAD {
            return Ok(());
        }
        let origin = text(headers, header::ORIGIN);
        let host = origin.strip_prefix("http://").unwrap_or_default();
        match self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)) {
            true => Ok(()),
            false => Err(StatusCode::FORBIDDEN),
        }
    }

    /// Whether this is the secret. Compared by keyed digests, so that time tells
    /// nothing.
    pub(super) fn opens(&self, secret: &str) -> bool {
        self.mark("secret", secret) == self.mark("secret", &self.secret)
    }

    /// A new session, and the cookie that holds it.
    pub(super) fn begin(&self, nonce: &str, now: DateTime<Utc>) -> String {
        let body = format!("{nonce}.{}", (now + LIFE).timestamp());
        let value = format!("{body}.{}", self.mark("session", &body));
        format!(
            "{}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict",
            self.cookie,
            LIFE.num_seconds()
        )
    }

    /// The session that a request belongs to.
    pub(super) fn session(&self, headers: &HeaderMap, now: DateTime<Utc>) -> Option<Session> {
        let cookies = headers.get_all(header::COOKIE).iter();
        let pairs = cookies.filter_map(|cookie| cookie.to_str().ok());
        let mut pairs = pairs.flat_map(|cookie| cookie.split(';'));
        let value = pairs.find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == self.cookie).then_some(value)
        })?;
        let (body, mark) = value.rsplit_once('.')?;
        let (_, end) = body.split_once('.')?;
        let known = self.mark("session", body);
        let sound = self.mark("mark", mark) == self.mark("mark", &known);
        let living = end.parse::<i64>().is_ok_and(|end| end > now.timestamp());
        (sound && living).then(|| Session(body.to_owned()))
    }

    /// The token of the session's forms.
    pub(super) fn token(&self, session: &Session) -> String {
        self.mark("form", &session.0)
    }

    /// Whether a form is one of this session's.
    pub(super) fn is_token(&self, session: &Session, token: &str) -> bool {
        self.mark("mark", token) == self.mark("mark", &self.token(session))
    }

    fn mark(&self, what: &str, text: &str) -> String {
        fingerprint(Some(&self.key), &["desk", what, text])
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    let value = headers.get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(octet: u8) -> Guard {
        let listen = "127.0.0.1:4477".parse().unwrap();
        Guard::new(
            Key::new(vec![octet; 32]).unwrap(),
            "open".to_owned(),
            listen,
        )
    }

    fn asked(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for (host, answered) in [
            ("127.0.0.1:4477", true),
            ("localhost:4477", true),
            ("LOCALHOST:4477", true),
            ("127.0.0.1:4478", false),
            ("evil.example:4477", false),
            ("127.0.0.1", false),
            ("", false),
        ] {
            let result = guard(1).host(&asked(header::HOST, host));
            assert_eq!(result.is_ok(), answered, "{host}");
        }
    }

    #[test]
    fn a_form_of_another_page_is_refused() {
        for (origin, taken) in [
            ("http://127.0.0.1:4477", true),
            ("http://localhost:4477", true),
            ("https://127.0.0.1:4477", false),
            ("http://127.0.0.1:80", false),
            ("http://evil.example", false),
            ("null", false),
        ] {
            let result = guard(1).origin(&Method::POST, &asked(header::ORIGIN, origin));
            assert_eq!(result.is_ok(), taken, "{origin}");
        }
        assert!(guard(1).origin(&Method::POST, &HeaderMap::new()).is_err());
        assert!(guard(1).origin(&Method::GET, &HeaderMap::new()).is_ok());
    }

    #[test]
    fn a_session_outlasts_a_restart_but_neither_its_time_nor_a_change() {
        let now: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
        let cookie = guard(1).begin("nonce", now);
        let value = cookie.split(';').next().unwrap();
        let headers = asked(header::COOKIE, &format!("other=1; {value}"));
        let session = guard(1).session(&headers, now).unwrap();
        assert!(guard(1).is_token(&session, &guard(1).token(&session)));
        assert!(!guard(1).is_token(&session, ""));
        assert_eq!(guard(1).session(&headers, now + LIFE), None);
        assert_eq!(guard(2).session(&headers, now), None);
        let forged = asked(header::COOKIE, &value.replace("nonce", "other"));
        assert_eq!(guard(1).session(&forged, now), None);
        assert!(guard(1).opens("open") && !guard(1).opens("Open"));
    }
}
