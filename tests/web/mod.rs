//! The server on a loopback port, asked as browsers, mail programs and strangers
//! ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use letterpress::newsletter::{LanguageOverride, Newsletter};
use letterpress::render::{Look, OptionalSection, Templates};
use letterpress::store::sqlite::Options;
use letterpress::store::{NoticeKind, Public, Sqlite, Store};
use letterpress::subscriber::{
    Address, Entry, Key, Keys, Purpose, Reason, Status, Subscriber, Suppression,
};
use letterpress::web::{
    self, DoorParts, DoorSettings, Forwarders, Kept, Parts, Settings, Webhooks,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use url::Url;

mod abuse;
mod account;
mod archive;
mod door;
mod leaving;
mod limits;
mod operation;
mod preferences;
mod webhooks;

/// 2026-03-01 12:00 UTC, in milliseconds.
const NOW: i64 = 1_772_366_400_000;
const URLENCODED: &str = "application/x-www-form-urlencoded";

/// A server with a store and a folder of its own.
struct Site {
    folder: tempfile::TempDir,
    store: Arc<Sqlite>,
    port: u16,
    clock: Arc<AtomicI64>,
    log: Arc<std::sync::Mutex<Vec<String>>>,
    end: Option<oneshot::Sender<()>>,
    served: tokio::task::JoinHandle<()>,
}

/// What it answered.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    #[track_caller]
    fn expect(self, status: u16) -> Reply {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.body);
        self
    }

    #[track_caller]
    fn says(self, words: &str) -> Reply {
        assert!(
            self.body.contains(words),
            "{words:?} is not in:\n{}",
            self.body
        );
        self
    }
}

fn key(octet: u8) -> Key {
    Key::new(vec![octet; 32]).unwrap()
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn token_by(octet: u8, purpose: Purpose, of: &str) -> String {
    key(octet).token(purpose, key(octet).tag(&address(of)))
}

/// The token in the mail to this address.
fn token(of: &str) -> String {
    token_by(1, Purpose::Unsubscribe, of)
}

impl Site {
    async fn start() -> Site {
        Site::start_at("https://weekly.test/").await
    }

    /// A server by which nobody comes in.
    async fn start_closed() -> Site {
        Site::start_with("https://weekly.test/", None).await
    }

    async fn start_at(url: &str) -> Site {
        Site::start_with(url, Some(door())).await
    }

    async fn start_with(url: &str, door: Option<DoorSettings>) -> Site {
        Site::begin(url, door, Webhooks::default()).await
    }

    /// The same, with services that tell of mail.
    async fn listening(url: &str, webhooks: Webhooks) -> Site {
        Site::begin(url, Some(door()), webhooks).await
    }

    async fn begin(url: &str, door: Option<DoorSettings>, webhooks: Webhooks) -> Site {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letterpress.db");
        let store = Arc::new(Sqlite::create(&path).unwrap());
        let options = Options {
            strangers: true,
            ..Options::default()
        };
        let strangers = Sqlite::open_with(&path, options).unwrap();
        let clock = Arc::new(AtomicI64::new(NOW));
        let log = Arc::new(std::sync::Mutex::new(Vec::new()));
        let (ticks, lines) = (Arc::clone(&clock), Arc::clone(&log));
        let parts = Parts {
            settings: Settings {
                newsletter: newsletter(url),
                url: Url::parse(url).unwrap(),
                look: Look::default(),
                public: folder.path().join("public"),
                forwarders: Forwarders {
                    networks: vec!["127.0.0.1".parse().unwrap()],
                    ..Forwarders::default()
                },
                hubs: Vec::new(),
                metrics: vec!["127.0.0.1".parse().unwrap()],
                sections: sections(),
            },
            store: Public::new(Arc::new(strangers)),
            keys: Keys {
                current: key(1),
                old: vec![key(9)],
            },
            templates: Templates::default(),
            webhooks,
            door: door.map(|settings| DoorParts {
                settings,
                wake: Arc::new(|| ()),
            }),
            clock: Arc::new(move || {
                DateTime::from_timestamp_millis(ticks.load(Ordering::SeqCst)).unwrap()
            }),
            log: Arc::new(move |line| lines.lock().unwrap().push(line.to_owned())),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (end, ended) = oneshot::channel();
        let served = tokio::spawn(web::serve(listener, parts, async {
            let _ = ended.await;
        }));
        Site {
            folder,
            store,
            port,
            clock,
            log,
            end: Some(end),
            served,
        }
    }

    async fn join(&self, of: &str, status: Status) {
        let entry = Entry {
            subscriber: Subscriber::new(address(of), status),
            suppression: None,
        };
        let joined = self.store.absorb(vec![entry], self.now(), true);
        joined.await.unwrap();
    }

    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.clock.load(Ordering::SeqCst)).unwrap()
    }

    fn pass(&self, minutes: i64) {
        self.clock.fetch_add(minutes * 60_000, Ordering::SeqCst);
    }

    async fn entry(&self, of: &str) -> Entry {
        let found = self.store.find(&address(of)).await.unwrap();
        found.unwrap().1
    }

    async fn status(&self, of: &str) -> (Status, Option<Reason>) {
        let entry = self.entry(of).await;
        let reason = entry.suppression.map(|one| one.reason);
        (entry.subscriber.status, reason)
    }

    /// Sends these bytes and reads to the end.
    async fn raw(&self, bytes: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        // The server may answer and close before it has read all.
        let _ = stream.write_all(bytes).await;
        let mut read = Vec::new();
        let _ = stream.read_to_end(&mut read).await;
        let text = String::from_utf8_lossy(&read).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Reply {
            status: status.unwrap_or(0),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    async fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: weekly.test\r\nConnection: close\r\n\
             {headers}Content-Length: {length}\r\n\r\n{body}"
        );
        self.raw(request.as_bytes()).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, "", "").await
    }

    async fn post(&self, path: &str, kind: &str, body: &str) -> Reply {
        let kind = format!("Content-Type: {kind}\r\n");
        self.ask("POST", path, &kind, body).await
    }

    async fn one_click(&self, path: &str) -> Reply {
        self.post(path, URLENCODED, "List-Unsubscribe=One-Click")
            .await
    }

    fn write(&self, relative: &str, text: impl AsRef<[u8]>) {
        let path = self.folder.path().join(relative);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }
}

/// A way in with limits that few tests meet.
fn door() -> DoorSettings {
    DoorSettings {
        link_life: Duration::from_secs(7 * 24 * 60 * 60),
        welcome: vec![NoticeKind::Welcome],
        kept: Kept::Network,
        per_address_day: 10,
        per_network_hour: 100,
        per_hour: 1000,
        outbox: 1000,
        origins: vec!["https://www.example.org".to_owned()],
    }
}

fn newsletter(url: &str) -> Newsletter {
    let chinese = LanguageOverride {
        title: Some("测试周刊".to_owned()),
        ..LanguageOverride::default()
    };
    Newsletter {
        title: "Test Weekly".to_owned(),
        description: String::new(),
        url: Url::parse(url).unwrap(),
        language: "en".to_owned(),
        time_zone: chrono_tz::UTC,
        author: String::new(),
        from: None,
        reply_to: None,
        address: "1 Example Street".to_owned(),
        list_id: "weekly.test".to_owned(),
        languages: [("zh".to_owned(), chinese)].into(),
    }
}

/// Sections that readers may leave out.
fn sections() -> Vec<OptionalSection> {
    [("Events", "events 活动"), ("Job offers", "job-offers jobs")]
        .map(|(title, slugs)| OptionalSection {
            title: title.to_owned(),
            slugs: slugs.split(' ').map(str::to_owned).collect(),
        })
        .to_vec()
}

/// The value of a hidden field in a page.
fn field(page: &str, name: &str) -> Option<String> {
    let start = page.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
    Some(start.split('"').next()?.to_owned())
}

fn suppression(reason: Reason, at: DateTime<Utc>) -> Suppression {
    Suppression {
        reason,
        at,
        note: String::new(),
    }
}
