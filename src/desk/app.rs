//! Who is let in, and which page an address means.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, Response, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::desk::guard::{Guard, Session};
use crate::desk::live::Live;
use crate::desk::marks::sentence;
use crate::desk::{Clock, Parts, Room, Trouble, answer};
use crate::render::{DESK_SCRIPT, DESK_STYLE, DeskPages};
use crate::web::Form;

/// The desk while it runs.
pub(super) struct App {
    pub(super) room: Arc<dyn Room>,
    pub(super) pages: DeskPages,
    pub(super) live: Live,
    pub(super) clock: Clock,
    guard: Guard,
    /// Drawn for each session that is begun.
    nonce: Mutex<u64>,
    /// What mailings would be, where counting that takes long.
    pub(super) outlooks: crate::desk::outlooks::Outlooks,
    /// What mailings come to, as counted last.
    pub(super) shelf: crate::desk::books::Shelf,
    /// Recipients last counted, by issue, with the moment.
    pub(super) census: crate::desk::people::Census,
    pub(super) counted: Mutex<BTreeMap<String, crate::desk::bars::Counted>>,
}

/// What a request asks for.
pub(super) struct Asked {
    pub(super) session: Session,
    /// The rest of the path after its first word, decoded.
    pub(super) rest: String,
    pub(super) query: BTreeMap<String, String>,
}

impl Asked {
    /// A value of the query that is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.query.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }
}

/// What every page shows around its own.
#[derive(Serialize)]
struct Frame<'a> {
    title: &'a str,
    newsletter: String,
    area: &'a str,
    version: u64,
    token: String,
    trouble: Option<TroubleWords>,
    static_page: bool,
    body: String,
}

/// Trouble as a page shows it.
#[derive(Debug, Serialize)]
pub(super) struct TroubleWords {
    what: String,
    causes: Vec<String>,
    hints: Vec<String>,
    findings: Vec<crate::desk::marks::Mark>,
}

impl App {
    pub(super) fn new(parts: Parts) -> App {
        let now = (parts.clock)();
        App {
            guard: Guard::new(parts.key, parts.secret, parts.listen),
            room: parts.room,
            pages: DeskPages::default(),
            live: Live::new(now),
            nonce: Mutex::new(u64::try_from(now.timestamp_micros()).unwrap_or(0)),
            clock: parts.clock,
            counted: Mutex::default(),
            census: Default::default(),
            shelf: Default::default(),
            outlooks: Default::default(),
        }
    }

    /// Reads what changed and tells who waits for it.
    pub(super) async fn reread(self: &Arc<Self>, touched: BTreeSet<PathBuf>) {
        let read = self.work(move |app| app.room.refresh(&touched)).await;
        match read {
            Ok(false) if self.live.trouble().is_none() => {}
            Ok(_) => self.live.changed(None),
            Err(trouble) => {
                if self.live.trouble().as_ref() != Some(&trouble) {
                    self.live.changed(Some(trouble));
                }
            }
        }
    }

    /// Does what may wait for files, the store or the relay.
    pub(super) async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Arc<App>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let app = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&app)).await;
        done.unwrap_or_else(|_| {
            Err(Trouble::new("the desk stumbled over this")
                .hint("please report it, with the file that brought it about"))
        })
    }

    /// Answers one request.
    pub(super) async fn answer(self: &Arc<Self>, request: Request) -> Response<Body> {
        let (head, body) = request.into_parts();
        if let Err(status) = self.guard.host(&head.headers) {
            let words = "this is the desk of a newsletter on this machine; open the address that \
                         `letterpress preview` printed\n";
            return answer::refusal(status, words);
        }
        if let Err(status) = self.guard.origin(&head.method, &head.headers) {
            return answer::refusal(status, "this was not asked by a page of the desk\n");
        }
        let query: BTreeMap<String, String> = head
            .uri
            .query()
            .map(|query| url::form_urlencoded::parse(query.as_bytes()))
            .map(|pairs| pairs.into_owned().collect())
            .unwrap_or_default();
        let now = (self.clock)();
        if let Some(secret) = query.get("key")
            && head.method == Method::GET
        {
            if !self.guard.opens(secret) {
                return self.locked();
            }
            let mut response = answer::go(head.uri.path());
            let cookie = self.guard.begin(&self.next_nonce(), now);
            if let Ok(cookie) = cookie.parse() {
                response.headers_mut().insert("set-cookie", cookie);
            }
            return response;
        }
        let Some(session) = self.guard.session(&head.headers, now) else {
            return self.locked();
        };
        let path = decoded(head.uri.path());
        let path = path.trim_start_matches('/');
        let (area, rest) = path.split_once('/').unwrap_or((path, ""));
        let asked = Asked {
            session,
            rest: rest.to_owned(),
            query,
        };
        if head.method == Method::POST {
            let form = match Form::read(&head.headers, body).await {
                Ok(form) => form,
                Err(status) => return answer::refusal(status, "the form was not understood\n"),
            };
            let token = form.get("token").unwrap_or_default();
            if !self.guard.is_token(&asked.session, token) {
                let words = "this form is none of this session's: go back, reload, try again\n";
                return answer::refusal(StatusCode::FORBIDDEN, words);
            }
            return self.act(area, asked, form).await;
        }
        if head.method != Method::GET && head.method != Method::HEAD {
            return answer::refusal(StatusCode::METHOD_NOT_ALLOWED, "GET or POST\n");
        }
        self.show(area, asked).await
    }

    async fn show(self: &Arc<Self>, area: &str, asked: Asked) -> Response<Body> {
        match area {
            "desk.css" => answer::file("text/css; charset=utf-8", DESK_STYLE),
            "desk.js" => answer::file("text/javascript; charset=utf-8", DESK_SCRIPT),
            "live" => {
                let known = asked.get("since").and_then(|since| since.parse().ok());
                let version = self.live.wait(known.unwrap_or_default()).await;
                answer::json(&json!({ "version": version }))
            }
            "" => self.issues(asked).await,
            "issue" => self.issue(asked).await,
            "frame" => self.frame(asked).await,
            "archive.css" => self.archive_style(&asked).await,
            "image" => self.image(asked).await,
            "raw" => self.raw(asked).await,
            "file" => self.file(asked).await,
            "count" => self.count(asked).await,
            "spam" => self.spam(asked).await,
            "approve" => self.approve(asked, None).await,
            "test" => self.test(asked, None).await,
            "mailings" => self.mailings(asked).await,
            "mailing" => self.mailing(asked, None).await,
            "progress" => self.progress(asked).await,
            "subscribers" => self.subscribers(asked).await,
            "subscriber" => self.subscriber(asked).await,
            _ => {
                let trouble = Trouble::new("there is no such page").hint("the top bar leads on");
                self.trouble(StatusCode::NOT_FOUND, &asked.session, "", &trouble)
            }
        }
    }

    /// A page with all that stands around it.
    pub(super) fn page(
        &self,
        status: StatusCode,
        session: &Session,
        area: &str,
        title: &str,
        body: String,
    ) -> Response<Body> {
        let trouble = self.live.trouble();
        let html = self.framed(Some(session), area, title, trouble.as_ref(), body);
        answer::page(status, html)
    }

    /// The same as text; without a session it is a page to be kept.
    pub(super) fn framed(
        &self,
        session: Option<&Session>,
        area: &str,
        title: &str,
        trouble: Option<&Trouble>,
        body: String,
    ) -> String {
        self.pages.fill(
            "frame",
            &Frame {
                title,
                newsletter: self.room.title(),
                area,
                version: self.live.version(),
                token: session.map(|one| self.token(one)).unwrap_or_default(),
                trouble: trouble.map(|trouble| self.words(trouble)),
                static_page: session.is_none(),
                body,
            },
        )
    }

    /// A page that says what is wrong.
    pub(super) fn trouble(
        &self,
        status: StatusCode,
        session: &Session,
        area: &str,
        trouble: &Trouble,
    ) -> Response<Body> {
        let body = self.pages.fill("trouble", &self.words(trouble));
        self.page(status, session, area, &trouble.what, body)
    }

    pub(super) fn words(&self, trouble: &Trouble) -> TroubleWords {
        let findings = trouble.findings.iter();
        TroubleWords {
            what: sentence(&trouble.what),
            causes: trouble.causes.iter().map(|one| sentence(one)).collect(),
            hints: trouble.hints.iter().map(|one| sentence(one)).collect(),
            findings: findings.map(|one| self.mark(one, &[])).collect(),
        }
    }

    pub(super) fn token(&self, session: &Session) -> String {
        self.guard.token(session)
    }

    fn locked(&self) -> Response<Body> {
        let words = "The desk is locked. Open the address that `letterpress preview` printed: it \
                     holds the key.\n";
        answer::refusal(StatusCode::FORBIDDEN, words)
    }

    fn next_nonce(&self) -> String {
        let nonce = self.nonce.lock();
        let mut nonce = nonce.unwrap_or_else(std::sync::PoisonError::into_inner);
        *nonce += 1;
        nonce.to_string()
    }
}

/// A path without its percent escapes.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let octet = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        match octet.filter(|_| *first == b'%') {
            Some(octet) => {
                bytes.push(octet);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A path of the folder as part of an address of the desk.
pub(super) fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_it_was_written() {
        for path in [
            "issues/第1期.md",
            "issues/a b.md#part",
            "issues/100%.md",
            "é/ü?.md",
        ] {
            assert_eq!(decoded(&encoded(path)), path);
            assert!(encoded(path).is_ascii());
        }
        assert_eq!(decoded("/a%zz%4"), "/a%zz%4");
    }
}
