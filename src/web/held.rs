//! A file as it is kept in memory: its bytes, plain and coded, and what an answer
//! with it says.
//!
//! Each version has a strong validator of its own, made of the bytes of the file
//! (RFC 9110 §8.8.3), so that readers' programs ask often and are sent little.

use std::fs::Metadata;
use std::sync::OnceLock;
use std::time::SystemTime;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::web::coding::{Coding, is_worth};
use crate::web::media::media_type;
use crate::web::path::is_hashed;

/// For how long nobody need ask again, in seconds.
const FRESH: &str = "public, max-age=60";
/// The same for files whose name is a hash of their bytes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// What tells that a file is still the one that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: SystemTime,
    size: u64,
    /// Device and number of the file: a build writes a new one and renames it.
    file: (u64, u64),
}

/// A file as it was read.
pub(super) struct Held {
    pub(super) stamp: Stamp,
    /// What it is, such as `text/html; charset=utf-8`.
    pub(super) kind: &'static str,
    /// In the log, below the root.
    pub(super) path: String,
    lasting: bool,
    modified: HeaderValue,
    plain: Version,
    /// Made when first asked for; `None` where coding does not help.
    coded: [OnceLock<Option<Version>>; 2],
}

/// Bytes to send, with their tag.
struct Version {
    bytes: Bytes,
    etag: HeaderValue,
}

impl Stamp {
    /// Of a file.
    ///
    /// # Errors
    ///
    /// Where the system knows no time of its last change.
    pub(super) fn of(metadata: &Metadata) -> std::io::Result<Stamp> {
        #[cfg(unix)]
        let file = {
            use std::os::unix::fs::MetadataExt;
            (metadata.dev(), metadata.ino())
        };
        #[cfg(not(unix))]
        let file = (0, 0);
        Ok(Stamp {
            modified: metadata.modified()?,
            size: metadata.len(),
            file,
        })
    }

    /// Of what never was a file.
    pub(super) fn none() -> Stamp {
        Stamp {
            modified: SystemTime::UNIX_EPOCH,
            size: 0,
            file: (0, 0),
        }
    }

    fn moment(&self) -> DateTime<Utc> {
        self.modified.into()
    }

    /// As `Last-Modified` says it.
    pub(super) fn http_date(&self) -> HeaderValue {
        let text = self.moment().format("%a, %d %b %Y %H:%M:%S GMT");
        HeaderValue::try_from(text.to_string()).expect("a date is ASCII")
    }
}

impl Held {
    pub(super) fn new(segments: &[String], path: String, stamp: Stamp, bytes: Bytes) -> Held {
        let name = segments.last().map_or("", String::as_str);
        let name = if name.is_empty() { "index.html" } else { name };
        Held {
            stamp,
            kind: media_type(name, &bytes),
            path,
            lasting: segments.iter().any(|segment| is_hashed(segment)),
            modified: stamp.http_date(),
            plain: Version {
                etag: etag(&Sha256::digest(&bytes).into(), None),
                bytes,
            },
            coded: Default::default(),
        }
    }

    /// The answer with it where something else was asked for.
    pub(super) fn instead(&self, status: StatusCode) -> Response {
        let fields = [
            (header::CONTENT_TYPE, HeaderValue::from_static(self.kind)),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (status, fields, self.plain.bytes.clone()).into_response()
    }

    /// Octets in memory.
    pub(super) fn octets(&self) -> usize {
        let coded = self.coded.iter().filter_map(OnceLock::get).flatten();
        let coded: usize = coded.map(|version| version.bytes.len()).sum();
        self.plain.bytes.len() + coded
    }

    /// Whether there are, or could be, coded versions.
    pub(super) fn varies(&self) -> bool {
        is_worth(self.kind, self.plain.bytes.len())
    }

    /// Whether the version in this coding was not made yet.
    pub(super) fn lacks(&self, coding: Coding) -> bool {
        self.varies() && self.coded[coding as usize].get().is_none()
    }

    /// Makes the version in this coding. Slow.
    pub(super) fn code(&self, coding: Coding) {
        self.coded[coding as usize].get_or_init(|| {
            Some(Version {
                bytes: coding.code(&self.plain.bytes)?.into(),
                etag: etag(&Sha256::digest(&self.plain.bytes).into(), Some(coding)),
            })
        });
    }

    fn version(&self, coding: Coding) -> Option<&Version> {
        self.coded[coding as usize].get()?.as_ref()
    }

    /// The answer to whoever takes these codings.
    pub(super) fn answer(
        &self,
        method: &Method,
        headers: &HeaderMap,
        taken: &[Coding],
    ) -> Response {
        let best = taken
            .iter()
            .find_map(|coding| Some((Some(*coding), self.version(*coding)?)));
        let (coding, version) = best.unwrap_or((None, &self.plain));
        let mut response = Response::new(Body::empty());
        let known = self.known(headers, taken);
        let set = |response: &mut Response, name: HeaderName, value: HeaderValue| {
            response.headers_mut().insert(name, value);
        };
        if let Some(etag) = known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            set(&mut response, header::ETAG, etag.clone());
        } else {
            set(&mut response, header::ETAG, version.etag.clone());
            let kind = HeaderValue::from_static(self.kind);
            set(&mut response, header::CONTENT_TYPE, kind);
            let length = HeaderValue::from(version.bytes.len());
            set(&mut response, header::CONTENT_LENGTH, length);
            if let Some(coding) = coding {
                let name = HeaderValue::from_static(coding.name());
                set(&mut response, header::CONTENT_ENCODING, name);
            }
            if method != Method::HEAD {
                *response.body_mut() = Body::from(version.bytes.clone());
            }
        }
        set(&mut response, header::LAST_MODIFIED, self.modified.clone());
        set(&mut response, header::CACHE_CONTROL, keep(self.lasting));
        if self.varies() {
            let vary = HeaderValue::from_static("Accept-Encoding");
            set(&mut response, header::VARY, vary);
        }
        response
    }

    /// The tag of the version that whoever asks has already, if it is this file
    /// in a coding that they take (RFC 9110 §13.2.2: tags come before times).
    fn known(&self, headers: &HeaderMap, taken: &[Coding]) -> Option<&HeaderValue> {
        let coded = taken.iter().filter_map(|coding| self.version(*coding));
        let versions = coded.chain([&self.plain]);
        let mut etags = versions.map(|version| &version.etag);
        if headers.contains_key(header::IF_NONE_MATCH) {
            return etags.find(|etag| names(headers, etag));
        }
        let since = is_unchanged_since(&self.stamp, headers);
        since.then(|| etags.next()).flatten()
    }
}

/// `Cache-Control` of a file, whose name may be a hash of its bytes.
pub(super) fn keep(lasting: bool) -> HeaderValue {
    HeaderValue::from_static(if lasting { FOR_EVER } else { FRESH })
}

/// A strong tag. It differs from coding to coding, as the bytes do.
pub(super) fn etag(digest: &[u8; 32], coding: Option<Coding>) -> HeaderValue {
    let hex: String = digest[..16].iter().map(|o| format!("{o:02x}")).collect();
    let tag = match coding {
        Some(coding) => format!("\"{hex}-{}\"", coding.name()),
        None => format!("\"{hex}\""),
    };
    HeaderValue::try_from(tag).expect("digits and letters are ASCII")
}

/// Whether `If-None-Match` names this tag, compared weakly (RFC 9110 §13.1.2).
pub(super) fn names(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let etag = etag.to_str().unwrap_or_default();
    let lines = headers.get_all(header::IF_NONE_MATCH).iter();
    lines.filter_map(|tags| tags.to_str().ok()).any(|tags| {
        tags.split(',')
            .map(str::trim)
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
    })
}

/// Whether the file is no newer than `If-Modified-Since` says.
pub(super) fn is_unchanged_since(stamp: &Stamp, headers: &HeaderMap) -> bool {
    let since = headers.get(header::IF_MODIFIED_SINCE);
    let since = since
        .and_then(|since| since.to_str().ok())
        .and_then(|since| DateTime::parse_from_rfc2822(since).ok());
    since.is_some_and(|since| stamp.moment().timestamp() <= since.timestamp())
}
