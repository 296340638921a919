//! Whether the way out works, asked before anything leaves.
//!
//! A mail that nobody can answer by leaving must not be sent. So the server that
//! its links lead to is asked as a mail program would ask it, by a token that
//! belongs to nobody: the page must be there, one click must be answered at once
//! and without a redirect in both encodings (RFC 8058 §3.1), and the answers must
//! prove that it has the same key and the same store.
//!
//! Nothing here decides what follows from that.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, StatusCode};
use url::{Host, Url};

use crate::probe::Reach;
use crate::probe::client::{self, Fault, Request};
use crate::subscriber::{Key, NONCE_HEADER, PROOF_HEADER, Proof, Purpose, Tag};
use crate::transport::{Trust, TrustError};

/// How long one question may take, the connection included.
const PATIENCE: Duration = Duration::from_secs(15);

const URLENCODED: &str = "application/x-www-form-urlencoded";
const CLICK: &str = "List-Unsubscribe=One-Click";
const MULTIPART: &str = "multipart/form-data; boundary=letterpress";
const PARTED_CLICK: &str = "--letterpress\r\nContent-Disposition: form-data; \
                            name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--letterpress--\r\n";

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The server's address as links in mail have it, ends with `/`.
    pub server: &'a Url,
    /// The key that signs those links.
    pub key: &'a Key,
    /// The name of the store that is mailed from.
    pub store: &'a str,
    /// A text that was never used before.
    pub nonce: &'a str,
}

/// Why readers could not leave.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Mail programs follow `https` alone; only this machine may be asked without.
    #[error("{server} is not https: mail programs take one-click addresses over https alone")]
    Insecure {
        /// The server's address.
        server: Url,
    },
    /// Nobody can be asked.
    #[error("nothing answers at {at}")]
    Connect {
        /// Host and port.
        at: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is no secure connection.
    #[error("there is no secure connection with {at}")]
    Tls {
        /// Host and port.
        at: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not known whom to trust.
    #[error("no certificate can be checked")]
    Trust(#[source] TrustError),
    /// No answer came.
    #[error("{at} did not answer {asked} within {} seconds", PATIENCE.as_secs())]
    Silent {
        /// Host and port.
        at: String,
        /// What was asked.
        asked: &'static str,
    },
    /// What came is no answer.
    #[error("{at} broke off when asked for {asked}")]
    Broken {
        /// Host and port.
        at: String,
        /// What was asked.
        asked: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It answers something else than 200.
    #[error("{at} answers {asked} with {status}")]
    Status {
        /// Host and port.
        at: String,
        /// What was asked.
        asked: &'static str,
        /// What it answered.
        status: StatusCode,
    },
    /// It leads elsewhere, where no mail program goes.
    #[error("{at} answers {asked} with {status} and leads to {to}")]
    Redirect {
        /// Host and port.
        at: String,
        /// What was asked.
        asked: &'static str,
        /// What it answered.
        status: StatusCode,
        /// Where it leads.
        to: String,
    },
    /// Something answers, but no letterpress with this key.
    #[error("what answers {asked} at {at} does not have this newsletter's key")]
    OtherKey {
        /// Host and port.
        at: String,
        /// What was asked.
        asked: &'static str,
    },
    /// Whoever leaves there would not be gone here.
    #[error("the server at {at} has another store: who leaves there would stay on this list")]
    OtherStore {
        /// Host and port.
        at: String,
    },
}

/// Asks whether readers can leave; what the server's clock said, where it told.
///
/// # Errors
///
/// The first thing that is in their way.
pub async fn way_out(question: &Question<'_>) -> Result<Option<DateTime<Utc>>, Error> {
    let server = question.server;
    let secure = server.scheme() == "https";
    if !secure && !is_this_machine(server) {
        return Err(Error::Insecure {
            server: server.clone(),
        });
    }
    let trust = match secure {
        true => Some(Trust::load(None).map_err(Error::Trust)?),
        false => None,
    };
    ask_all(question, trust.as_ref()).await
}

async fn ask_all(
    question: &Question<'_>,
    trust: Option<&Trust>,
) -> Result<Option<DateTime<Utc>>, Error> {
    let mut clock = None;
    let token = question.key.token(Purpose::Unsubscribe, Tag::PROBE);
    let mut url = question.server.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["unsubscribe", &token]);
    }
    let kinds = [
        ("the page to leave", None),
        ("one click", Some((URLENCODED, CLICK))),
        ("one click as multipart", Some((MULTIPART, PARTED_CLICK))),
    ];
    for (number, (asked, body)) in kinds.into_iter().enumerate() {
        // One for each, so that no answer is an old one from a cache.
        let nonce = format!("{}-{number}", question.nonce);
        let request = Request {
            method: match body {
                Some(_) => Method::POST,
                None => Method::GET,
            },
            url: &url,
            headers: &[(HeaderName::from_static(NONCE_HEADER), &nonce)],
            body: body.map(|(kind, text)| (kind, Bytes::from_static(text.as_bytes()))),
        };
        let at = client::authority(&url);
        let asking = client::ask(&request, trust, Reach::Anywhere);
        let answer = tokio::time::timeout(PATIENCE, asking)
            .await
            .map_err(|_| Error::Silent {
                at: at.clone(),
                asked,
            })?
            .map_err(|fault| failed(at.clone(), asked, fault))?;
        judge(
            question,
            asked,
            at,
            &nonce,
            answer.status(),
            answer.headers(),
        )?;
        clock = date(answer.headers());
    }
    Ok(clock)
}

/// RFC 9110 §6.6.1.
fn date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let text = headers.get(hyper::header::DATE)?.to_str().ok()?;
    let date = DateTime::parse_from_rfc2822(&text.replace("GMT", "+0000")).ok()?;
    Some(date.to_utc())
}

fn failed(at: String, asked: &'static str, fault: Fault) -> Error {
    match fault {
        Fault::Connect(source) => Error::Connect { at, source },
        // All addresses are allowed here.
        Fault::Private(_) => Error::Connect {
            at,
            source: std::io::ErrorKind::AddrNotAvailable.into(),
        },
        Fault::Tls(source) => Error::Tls { at, source },
        Fault::Broken(source) => Error::Broken { at, asked, source },
    }
}

/// What is to be said of one answer.
fn judge(
    question: &Question<'_>,
    asked: &'static str,
    at: String,
    nonce: &str,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<(), Error> {
    if status.is_redirection() {
        let to = headers.get(hyper::header::LOCATION);
        let to = to.map_or(&b"nowhere"[..], HeaderValue::as_bytes);
        return Err(Error::Redirect {
            at,
            asked,
            status,
            to: String::from_utf8_lossy(to).into_owned(),
        });
    }
    if status != StatusCode::OK {
        return Err(Error::Status { at, asked, status });
    }
    let proof = headers.get(PROOF_HEADER);
    let proof = proof.and_then(|proof| proof.to_str().ok());
    let expected = Proof::new(question.key, nonce, question.store);
    match expected.found_in(proof.unwrap_or_default()) {
        (true, true) => Ok(()),
        (true, false) => Err(Error::OtherStore { at }),
        (false, _) => Err(Error::OtherKey { at, asked }),
    }
}

/// Whether an address can only mean the machine that asks.
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests;
