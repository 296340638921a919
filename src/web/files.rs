//! Files of the archive: what a build wrote below `public/`, and nothing else.
//!
//! Files of usual size stay in memory until they change, with their coded
//! versions, each made when it is first asked for. While one is being made,
//! others are answered without it: nobody waits, and no more than one is made at
//! a time. Larger files are read in pieces.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::web::app::{App, Served};
use crate::web::coding::{Coding, accepted};
use crate::web::held::{Held, Stamp, etag, is_unchanged_since, keep, names};
use crate::web::large::Pieces;
use crate::web::media::media_type;
use crate::web::metrics::Route;
use crate::web::path::{is_hashed, printable, segments};

/// Octets of all files in memory, in each of two generations.
const MEMORY: usize = 32 << 20;
/// A larger file is read for each request.
const KEPT: u64 = 4 << 20;
/// A larger file is not served: archives have pages, feeds and images.
const LARGEST: u64 = 256 << 20;
/// The style sheet, which answers need also where nothing is built yet.
const SHEET: &str = "style.css";
/// What a build has to say where there is nothing.
const LOST: &str = "404.html";

/// The files below a folder.
pub(super) struct Files {
    root: PathBuf,
    sheet: Arc<Held>,
    memory: Mutex<Memory>,
    coder: Arc<Semaphore>,
}

/// What was asked for of late, and before that: what is asked for again moves
/// from the older generation to the younger, and the rest is forgotten with it.
#[derive(Default)]
struct Memory {
    young: HashMap<PathBuf, Arc<Held>>,
    old: HashMap<PathBuf, Arc<Held>>,
    octets: usize,
}

/// What there is at a path.
enum Found {
    File(Arc<Held>),
    Large(Large),
    /// A folder, named without its slash.
    Folder,
    Nothing,
}

/// An open file that is not kept.
struct Large {
    file: File,
    size: u64,
    stamp: Stamp,
    etag: HeaderValue,
    kind: &'static str,
}

/// Answers with the file at the request's path.
pub(super) async fn file(State(app): State<Arc<App>>, request: Request) -> Response {
    let method = request.method();
    if method != Method::GET && method != Method::HEAD {
        let allow = HeaderValue::from_static("GET, HEAD");
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, allow)]).into_response();
    }
    let path = request.uri().path();
    let Some(segments) = segments(path) else {
        return lost(&app).await;
    };
    let headers = request.headers();
    // What was served a moment ago is asked about without a change of threads:
    // the system answers from memory.
    if let Some(held) = app.files.remembered(&app.files.place(&segments)) {
        return held_answer(&app, held, method, headers).await;
    }
    let (of, wanted) = (Arc::clone(&app), segments.clone());
    // Disks may be slow, and other requests should not wait for them.
    let found = spawn_blocking(move || of.files.find(&wanted)).await;
    match found {
        Ok(Ok(Found::File(held))) => held_answer(&app, held, method, headers).await,
        Ok(Ok(Found::Large(large))) => large.answer(method, headers, &segments),
        Ok(Ok(Found::Folder)) => moved(path),
        Ok(Ok(Found::Nothing)) | Err(_) => lost(&app).await,
        Ok(Err(error)) => {
            app.trouble(&error);
            lost(&app).await
        }
    }
}

/// The page for an address at which there is nothing: the one that a build wrote for
/// that, so that it is the same behind every server.
async fn lost(app: &Arc<App>) -> Response {
    let segments = vec![LOST.to_owned()];
    let known = app.files.remembered(&app.files.place(&segments));
    let held = match known {
        Some(held) => Some(held),
        None => {
            let of = Arc::clone(app);
            match spawn_blocking(move || of.files.find(&segments)).await {
                Ok(Ok(Found::File(held))) => Some(held),
                _ => None,
            }
        }
    };
    match held {
        Some(held) => held.instead(StatusCode::NOT_FOUND),
        None => app.missing(),
    }
}

impl App {
    /// The hubs of a feed, and its own address (W3C WebSub, Discovery).
    fn feed_links(&self, path: &str) -> Option<HeaderValue> {
        let hubs = &self.settings.hubs;
        let below = path
            .strip_prefix('/')
            .filter(|path| path.starts_with("feeds/"))?;
        // What does not change has no hub.
        if hubs.is_empty() || below.contains("/archive/") {
            return None;
        }
        let own = self
            .settings
            .newsletter
            .url
            .join(&format!("./{below}"))
            .ok()?;
        let mut links: Vec<String> = hubs
            .iter()
            .map(|hub| format!("<{hub}>; rel=\"hub\""))
            .collect();
        links.push(format!("<{own}>; rel=\"self\""));
        HeaderValue::try_from(links.join(", ")).ok()
    }
}

async fn held_answer(
    app: &Arc<App>,
    held: Arc<Held>,
    method: &Method,
    headers: &HeaderMap,
) -> Response {
    let taken = accepted(headers);
    if let Some(coding) = taken.first().copied()
        && held.lacks(coding)
        && let Ok(turn) = Arc::clone(&app.files.coder).try_acquire_owned()
    {
        let (of, coded) = (Arc::clone(app), Arc::clone(&held));
        let made = spawn_blocking(move || {
            of.files.code(&coded, coding);
            drop(turn);
        });
        // Where it fails, the plain version stands in.
        let _ = made.await;
    }
    let mut response = held.answer(method, headers, &taken);
    if Route::of(held.kind) == Route::Feed
        && let Some(links) = app.feed_links(&held.path)
    {
        response.headers_mut().insert(header::LINK, links);
    }
    let served = Served {
        path: held.path.clone(),
        route: Route::of(held.kind),
    };
    response.extensions_mut().insert(served);
    response
}

impl Files {
    pub(super) fn new(root: PathBuf, sheet: String) -> Files {
        let segments = [SHEET.to_owned()];
        let sheet = Held::new(&segments, format!("/{SHEET}"), Stamp::none(), sheet.into());
        Files {
            root,
            sheet: Arc::new(sheet),
            memory: Mutex::default(),
            coder: Arc::new(Semaphore::new(1)),
        }
    }

    /// Where the file of these names is, if it is there.
    fn place(&self, segments: &[String]) -> PathBuf {
        let mut path = self.root.clone();
        path.extend(segments.iter().filter(|segment| !segment.is_empty()));
        if segments.last().is_some_and(String::is_empty) {
            path.push("index.html");
        }
        path
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
        let place = self.place(segments);
        // A link that leads out of the folder leads to nothing.
        let path = place.canonicalize()?;
        if !path.starts_with(self.root.canonicalize()?) {
            return Ok(Found::Nothing);
        }
        let metadata = fs::metadata(&path)?;
        if metadata.is_dir() {
            let has_index = path.join("index.html").is_file();
            let named = segments.last().is_some_and(|last| !last.is_empty());
            return Ok(if has_index && named {
                Found::Folder
            } else {
                Found::Nothing
            });
        }
        if !metadata.is_file() || metadata.len() > LARGEST {
            return Ok(Found::Nothing);
        }
        let stamp = Stamp::of(&metadata)?;
        if metadata.len() > KEPT {
            return Ok(Found::Large(Large::open(&path, &metadata)?));
        }
        let bytes = fs::read(&path)?;
        let shown = format!("/{}", printable(&segments.join("/")));
        let held = Arc::new(Held::new(segments, shown, stamp, bytes.into()));
        self.remember(place, &held);
        Ok(Found::File(held))
    }

    /// The file at a path, if it is in memory and still the same.
    fn remembered(&self, place: &Path) -> Option<Arc<Held>> {
        let held = self.memory().get(place)?;
        let stamp = Stamp::of(&fs::metadata(place).ok()?).ok()?;
        (held.stamp == stamp).then_some(held)
    }

    fn remember(&self, place: PathBuf, held: &Arc<Held>) {
        let mut memory = self.memory();
        memory.young.insert(place, Arc::clone(held));
        memory.grow(held.octets());
    }

    /// Makes a coded version.
    fn code(&self, held: &Held, coding: Coding) {
        let before = held.octets();
        held.code(coding);
        let grown = held.octets() - before;
        self.memory().grow(grown);
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn get(&mut self, place: &Path) -> Option<Arc<Held>> {
        if let Some(held) = self.young.get(place) {
            return Some(Arc::clone(held));
        }
        let (place, held) = self.old.remove_entry(place)?;
        self.young.insert(place, Arc::clone(&held));
        self.grow(held.octets());
        Some(held)
    }

    fn grow(&mut self, octets: usize) {
        self.octets += octets;
        if self.octets > MEMORY {
            self.old = std::mem::take(&mut self.young);
            self.octets = 0;
        }
    }
}

impl Large {
    fn open(path: &Path, metadata: &fs::Metadata) -> io::Result<Large> {
        use std::io::{Read, Seek};
        let mut file = File::open(path)?;
        let mut head = Vec::new();
        Read::by_ref(&mut file).take(1024).read_to_end(&mut head)?;
        file.rewind()?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let stamp = Stamp::of(metadata)?;
        // To read it all for a tag would cost as much as to send it. A build
        // renames new files into place, so number, size and time tell versions
        // apart.
        let digest = Sha256::digest(format!("{:?}", stamp)).into();
        Ok(Large {
            file,
            size: metadata.len(),
            etag: etag(&digest, None),
            kind: media_type(&name, &head),
            stamp,
        })
    }

    fn answer(self, method: &Method, headers: &HeaderMap, segments: &[String]) -> Response {
        let lasting = segments.iter().any(|segment| is_hashed(segment));
        let known = match headers.contains_key(header::IF_NONE_MATCH) {
            true => names(headers, &self.etag),
            false => is_unchanged_since(&self.stamp, headers),
        };
        let common = [
            (header::ETAG, self.etag),
            (header::LAST_MODIFIED, self.stamp.http_date()),
            (header::CACHE_CONTROL, keep(lasting)),
        ];
        let mut response = if known {
            (StatusCode::NOT_MODIFIED, common).into_response()
        } else {
            let own = [
                (header::CONTENT_TYPE, HeaderValue::from_static(self.kind)),
                (header::CONTENT_LENGTH, HeaderValue::from(self.size)),
            ];
            let body = match *method == Method::HEAD {
                true => Body::empty(),
                false => Body::new(Pieces::new(self.file, self.size)),
            };
            (StatusCode::OK, common, own, body).into_response()
        };
        let served = Served {
            path: format!("/{}", printable(&segments.join("/"))),
            route: Route::of(self.kind),
        };
        response.extensions_mut().insert(served);
        response
    }
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

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename
    )
}
