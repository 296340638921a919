//! Files of the archive: what a build wrote below `public/`, and nothing else.
//!
//! Each file has a strong validator made of its bytes (RFC 9110 §8.8.3), so that
//! readers' programs ask often and are sent little. Files of usual size stay in
//! memory until they change.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::web::app::{App, Served};
use crate::web::media::media_type;

/// Octets of all files in memory.
const MEMORY: usize = 64 << 20;
/// A larger file is read for each request.
const KEPT: usize = 4 << 20;
/// A larger file is not served: archives have pages, feeds and images.
const LARGEST: u64 = 64 << 20;
/// For how long nobody need ask again, in seconds.
const FRESH: &str = "public, max-age=60";
/// The same for files whose name is a hash of their bytes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// The style sheet, which answers need also where nothing is built yet.
const SHEET: &str = "style.css";

/// The files below a folder.
pub(super) struct Files {
    root: PathBuf,
    sheet: Arc<Held>,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    files: HashMap<PathBuf, Arc<Held>>,
    octets: usize,
}

/// A file as it was read.
struct Held {
    stamp: (SystemTime, u64),
    bytes: Bytes,
    etag: String,
    kind: &'static str,
}

/// What there is at a path.
enum Found {
    File(Arc<Held>),
    /// A folder, named without its slash.
    Folder,
    Nothing,
}

/// Answers with the file at the request's path.
pub(super) async fn file(State(app): State<Arc<App>>, request: Request) -> Response {
    let method = request.method();
    if method != Method::GET && method != Method::HEAD {
        let allow = HeaderValue::from_static("GET, HEAD");
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, allow)]).into_response();
    }
    let path = request.uri().path().to_owned();
    let Some(segments) = segments(&path) else {
        return app.missing();
    };
    let (of, wanted) = (Arc::clone(&app), segments.clone());
    // Disks may be slow, and other requests should not wait for them.
    let found = tokio::task::spawn_blocking(move || of.files.find(&wanted)).await;
    match found {
        Ok(Ok(Found::File(held))) => answer(&held, method, request.headers(), &segments),
        Ok(Ok(Found::Folder)) => moved(&path),
        Ok(Ok(Found::Nothing)) | Err(_) => app.missing(),
        Ok(Err(error)) => {
            app.trouble(&error);
            app.missing()
        }
    }
}

impl Files {
    pub(super) fn new(root: PathBuf, sheet: String) -> Files {
        Files {
            root,
            sheet: Arc::new(Held::new(SHEET, (SystemTime::UNIX_EPOCH, 0), sheet.into())),
            memory: Mutex::default(),
        }
    }

    fn find(&self, segments: &[String]) -> io::Result<Found> {
        let found = self.look(segments);
        match found {
            Err(error) if is_absence(&error) => {
                if segments == [SHEET] {
                    return Ok(Found::File(Arc::clone(&self.sheet)));
                }
                Ok(Found::Nothing)
            }
            other => other,
        }
    }

    fn look(&self, segments: &[String]) -> io::Result<Found> {
        let root = self.root.canonicalize()?;
        let (last, folders) = segments
            .split_last()
            .map_or(("", segments), |(last, folders)| (last.as_str(), folders));
        let mut path = root.clone();
        path.extend(folders);
        if last.is_empty() {
            path.push("index.html");
        } else {
            path.push(last);
        }
        // A link that leads out of the folder leads to nothing.
        let path = path.canonicalize()?;
        if !path.starts_with(&root) {
            return Ok(Found::Nothing);
        }
        let metadata = fs::metadata(&path)?;
        if metadata.is_dir() {
            let has_index = path.join("index.html").is_file();
            return Ok(if has_index && !last.is_empty() {
                Found::Folder
            } else {
                Found::Nothing
            });
        }
        if !metadata.is_file() || metadata.len() > LARGEST {
            return Ok(Found::Nothing);
        }
        let stamp = (metadata.modified()?, metadata.len());
        if let Some(held) = self.remembered(&path, stamp) {
            return Ok(Found::File(held));
        }
        let bytes = fs::read(&path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let held = Arc::new(Held::new(&name, stamp, bytes.into()));
        self.remember(path, &held);
        Ok(Found::File(held))
    }

    fn remembered(&self, path: &Path, stamp: (SystemTime, u64)) -> Option<Arc<Held>> {
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let held = memory.files.get(path)?;
        (held.stamp == stamp).then(|| Arc::clone(held))
    }

    fn remember(&self, path: PathBuf, held: &Arc<Held>) {
        let octets = held.bytes.len();
        if octets > KEPT {
            return;
        }
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.octets + octets > MEMORY {
            // Rare, and what is asked for often is soon back.
            *memory = Memory::default();
        }
        let before = memory.files.insert(path, Arc::clone(held));
        memory.octets += octets;
        memory.octets -= before.map_or(0, |before| before.bytes.len());
    }
}

impl Held {
    fn new(name: &str, stamp: (SystemTime, u64), bytes: Bytes) -> Held {
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        let hex: String = digest[..16].iter().map(|o| format!("{o:02x}")).collect();
        Held {
            stamp,
            etag: format!("\"{hex}\""),
            kind: media_type(name, &bytes),
            bytes,
        }
    }

    fn modified(&self) -> DateTime<Utc> {
        self.stamp.0.into()
    }
}

fn answer(held: &Held, method: &Method, headers: &HeaderMap, segments: &[String]) -> Response {
    let lasting = segments.iter().any(|segment| is_hashed(segment));
    let modified = held.modified().format("%a, %d %b %Y %H:%M:%S GMT");
    let common = [
        (header::ETAG, held.etag.clone()),
        (header::LAST_MODIFIED, modified.to_string()),
        (
            header::CACHE_CONTROL,
            if lasting { FOR_EVER } else { FRESH }.to_owned(),
        ),
    ];
    let served = Served(format!("/{}", printable(&segments.join("/"))));
    let mut response = if is_known(held, headers) {
        (StatusCode::NOT_MODIFIED, common).into_response()
    } else {
        let body = if method == Method::HEAD {
            Body::empty()
        } else {
            Body::from(held.bytes.clone())
        };
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static(held.kind));
        let length = (
            header::CONTENT_LENGTH,
            HeaderValue::from(held.bytes.len() as u64),
        );
        let own: [(HeaderName, HeaderValue); 2] = [kind, length];
        (StatusCode::OK, common, own, body).into_response()
    };
    response.extensions_mut().insert(served);
    response
}

/// Whether whoever asks has this version already (RFC 9110 §13.2.2: tags come
/// before times).
fn is_known(held: &Held, headers: &HeaderMap) -> bool {
    let mut tags = headers.get_all(header::IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        return tags.filter_map(|tags| tags.to_str().ok()).any(|tags| {
            tags.split(',')
                .map(str::trim)
                .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == held.etag)
        });
    }
    let since = headers.get(header::IF_MODIFIED_SINCE);
    let since = since
        .and_then(|since| since.to_str().ok())
        .and_then(|since| DateTime::parse_from_rfc2822(since).ok());
    since.is_some_and(|since| held.modified().timestamp() <= since.timestamp())
}

/// Leads from a folder's name to the folder. The address is relative, so that it
/// holds behind any web server and never leads to another.
fn moved(path: &str) -> Response {
    let last = path.rsplit('/').next().unwrap_or_default();
    match HeaderValue::try_from(format!("./{last}/")) {
        Ok(to) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, to)]).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The names in a path, decoded once; the last is empty for a folder. `None`
/// where a name is none that a build writes.
fn segments(path: &str) -> Option<Vec<String>> {
    let names: Option<Vec<String>> = path.strip_prefix('/')?.split('/').map(decoded).collect();
    let names = names?;
    let (last, folders) = names.split_last()?;
    let sound = |name: &str| {
        let hidden = name.starts_with('.') && name != ".well-known";
        !hidden && !name.contains(['/', '\\', ':']) && !name.chars().any(char::is_control)
    };
    let folders_sound = folders.iter().all(|name| !name.is_empty() && sound(name));
    (folders_sound && sound(last)).then_some(names)
}

/// A segment without its percent signs (RFC 3986 §2.1); `None` where they are
/// wrong or what they hide is no text.
fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high << 4 | low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// Whether a name holds a hash of the file's bytes.
fn is_hashed(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let last = stem.rsplit('-').next().unwrap_or_default();
    last.len() >= 16 && last.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename
    )
}

/// A path on one line of the log.
fn printable(path: &str) -> String {
    path.chars()
        .map(|c| if c.is_whitespace() { '_' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_their_folder() {
        let read = |path: &str| segments(path).map(|names| names.join("|"));
        assert_eq!(read("/"), Some(String::new()));
        assert_eq!(read("/issues/a%20b/"), Some("issues|a b|".to_owned()));
        assert_eq!(read("/%E4%B8%AD.html"), Some("中.html".to_owned()));
        assert_eq!(read("/.well-known/x"), Some(".well-known|x".to_owned()));
        for path in [
            "/..",
            "/../x",
            "/a/../../x",
            "/%2e%2e/x",
            "/%2E./x",
            "/a/%2e%2e",
            "/..%2fx",
            "/a%2f..%2fx",
            "/..%5cx",
            "/..\\x",
            "/%00",
            "/a%0ab",
            "//etc/passwd",
            "/a//b",
            "/.git/config",
            "/.letterpress",
            "/C:/x",
            "/%c0%ae%c0%ae/x",
            "/%",
            "/%2",
            "/%zz",
            "x",
        ] {
            assert_eq!(read(path), None, "{path}");
        }
        // Decoded once, never twice.
        assert_eq!(read("/%252e%252e/x"), Some("%2e%2e|x".to_owned()));
    }

    #[test]
    fn only_a_name_with_a_hash_lasts() {
        assert!(is_hashed("0123456789abcdef.png"));
        assert!(is_hashed("photo-0123456789abcdef0123.jpg"));
        assert!(!is_hashed("feed.json") && !is_hashed("index.html"));
        assert!(!is_hashed("deadbeef.png"));
    }
}
