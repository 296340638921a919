//! `send` and `resume`: who gets an issue, how often, and what is said of it.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use letterpress::store::{Sqlite, Store};
use letterpress::subscriber::{Address, Entry, Status, Subscriber};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::cli::{Answer, Sandbox, issue};
use crate::smtp::server::{Act, Server, usual};

/// Before the issues of these tests.
const JOINED: &str = "2025-12-01T00:00:00Z";

/// A newsletter with a key and a list: addresses and whether they confirmed.
pub(crate) fn weekly(people: &[(&str, Status)]) -> Sandbox {
    let text = issue(
        1,
        "2026-01-02",
        "Hello *you*, see [this](https://example.org/a).",
    );
    let sandbox = Sandbox::with(&[("issues/1.md", &text)]);
    sandbox.write("data/server.key", "ab".repeat(32));
    join(&sandbox, people);
    sandbox
}

fn join(sandbox: &Sandbox, people: &[(&str, Status)]) {
    let entries = people.iter().map(|(address, status)| Entry {
        subscriber: Subscriber::new(Address::parse(address).unwrap(), *status),
        suppression: None,
    });
    let store = Sqlite::create(&sandbox.path("data/letterpress.db")).unwrap();
    let answer = store.absorb(entries.collect(), JOINED.parse().unwrap(), true);
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(answer).unwrap();
}

const THREE: [(&str, Status); 4] = [
    ("ada@example.net", Status::Confirmed),
    ("bob@example.net", Status::Confirmed),
    ("cy@example.com", Status::Confirmed),
    ("gone@example.net", Status::Unsubscribed),
];

fn with_relay(port: u16, arguments: &[&str]) -> Vec<String> {
    let port = format!("smtp.port={port}");
    let relay = [
        "--set",
        "smtp.host=127.0.0.1",
        "--set",
        "smtp.tls=none",
        "--set",
        &port,
    ];
    relay
        .iter()
        .chain(arguments)
        .map(|one| (*one).to_owned())
        .collect()
}

pub(crate) fn run(sandbox: &Sandbox, port: u16, arguments: &[&str]) -> Answer {
    let all = with_relay(port, arguments);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    sandbox.run(&all)
}

pub(crate) const MAIL: [&str; 5] = ["send", "1", "--unsubscribe", "mailto", "--yes"];

/// To whom content was handed over, sorted.
pub(crate) fn reached(server: &Server) -> Vec<String> {
    let contents = server.contents();
    let mut reached: Vec<String> = contents
        .iter()
        .map(|content| {
            let text = String::from_utf8(content.clone()).unwrap();
            let to = text.lines().find_map(|line| line.strip_prefix("To: "));
            to.unwrap().trim_matches(['<', '>']).to_owned()
        })
        .collect();
    reached.sort();
    reached
}

/// Runs a test's blocking part beside its server.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    spawn_blocking(work).await.unwrap()
}

#[tokio::test]
async fn everybody_gets_it_once_and_the_mailing_is_noted() {
    let server = Server::start(|question, _| usual(question)).await;
    let port = server.port();
    let (first, second, noted, ids) = beside(move || {
        let sandbox = weekly(&THREE);
        let first = run(&sandbox, port, &MAIL);
        let second = run(&sandbox, port, &MAIL);
        let read = |path| sandbox.read(path);
        (
            first,
            second,
            read("feeds/mailed.lock"),
            read("feeds/ids.lock"),
        )
    })
    .await;
    first
        .expect(0)
        .says("3 recipients")
        .says("1 not: unsubscribed")
        .says("3 accepted");
    second.expect(0).says("nobody left");
    assert_eq!(
        reached(&server),
        ["ada@example.net", "bob@example.net", "cy@example.com"]
    );
    assert!(
        noted.contains("issue = \"1\"") && noted.contains("count = 3"),
        "{noted}"
    );
    assert!(!noted.contains('@'), "{noted}");
    assert!(ids.contains("issues/1.md"), "{ids}");
    for content in server.contents() {
        let text = String::from_utf8(content).unwrap();
        assert!(text.contains("List-Unsubscribe: <mailto:") || text.contains(" <mailto:"));
        assert!(!text.contains("List-Unsubscribe-Post"));
    }
}

#[tokio::test]
async fn what_was_put_off_is_tried_again_with_the_content_that_was_confirmed() {
    let tried = AtomicBool::new(false);
    let server = Server::start(move |question, _| match question {
        line if line.starts_with("RCPT TO:<bob@") && !tried.swap(true, Ordering::SeqCst) => {
            Act::Say("451 4.3.0 not now\r\n")
        }
        line => usual(line),
    })
    .await;
    let port = server.port();
    let (first, changed, last) = beside(move || {
        let sandbox = weekly(&THREE);
        let first = run(&sandbox, port, &[&MAIL[..], &["--json"]].concat());
        let text = sandbox.read("issues/1.md").replace("Hello", "Goodbye");
        sandbox.write("issues/1.md", text);
        let changed = run(&sandbox, port, &MAIL);
        (first, changed, run(&sandbox, port, &["resume"]))
    })
    .await;
    let first = first
        .expect(75)
        .says("the next try is due")
        .says("resume 1");
    let json = first.json();
    assert_eq!(json["counts"]["deferred"], 1, "{json}");
    assert_eq!(json["counts"]["accepted"], 2, "{json}");
    assert!(json["next_due"].is_string(), "{json}");
    changed.expect(75).says("changed since");
    last.expect(0).says("3 accepted");
    assert_eq!(
        reached(&server),
        ["ada@example.net", "bob@example.net", "cy@example.com"]
    );
    for content in server.contents() {
        let text = String::from_utf8(content).unwrap();
        assert!(text.contains("Hello") && !text.contains("Goodbye"));
    }
}

#[tokio::test]
async fn who_was_refused_is_tried_again_on_the_editors_word_alone() {
    let server = Server::start(|question, _| match question {
        line if line.starts_with("RCPT TO:<bob@") => Act::Say("550 5.7.0 relay says no\r\n"),
        line if line.starts_with("RCPT TO:<ada@") => Act::Say("554 5.2.3 too long for me\r\n"),
        line => usual(line),
    })
    .await;
    let port = server.port();
    let (first, second, third) = beside(move || {
        let people = [THREE[0], THREE[2]];
        let sandbox = weekly(&people);
        let first = run(&sandbox, port, &MAIL);
        let second = run(&sandbox, port, &MAIL);
        let only = [&MAIL[..], &["--only", "rejected"]].concat();
        (first, second, run(&sandbox, port, &only))
    })
    .await;
    first.expect(4).says("1 rejected").says("1 accepted");
    second.expect(4).says("nobody left");
    third.expect(4).says("1 rejected");
    let tried = server.lines();
    let tries = tried
        .iter()
        .filter(|line| line.starts_with("RCPT TO:<ada@"));
    assert_eq!(tries.count(), 2);
    assert_eq!(reached(&server), ["cy@example.com"]);
}

#[tokio::test]
async fn who_joined_since_gets_it_when_asked_for() {
    let server = Server::start(|question, _| usual(question)).await;
    let port = server.port();
    let (plain, new, noted) = beside(move || {
        let sandbox = weekly(&THREE);
        run(&sandbox, port, &MAIL).expect(0);
        join(&sandbox, &[("new@example.net", Status::Confirmed)]);
        let plain = run(&sandbox, port, &MAIL);
        let new = run(&sandbox, port, &[&MAIL[..], &["--only", "new"]].concat());
        (plain, new, sandbox.read("feeds/mailed.lock"))
    })
    .await;
    plain.expect(0).says("nobody left");
    new.expect(0).says("4 accepted");
    assert_eq!(server.contents().len(), 4);
    assert!(noted.contains("count = 4"), "{noted}");
}

#[test]
fn what_is_missing_is_named_before_anything_leaves() {
    // Nobody listens there: whatever reached the relay would fail otherwise.
    let port = 9;
    let sandbox = weekly(&THREE);
    let refused = |arguments: &[&str], words: &str| {
        run(&sandbox, port, arguments)
            .expect(2)
            .says(words)
            .says("hint:");
    };
    let nobody = [
        "--set",
        "server.url=http://127.0.0.1:9/",
        "send",
        "1",
        "--yes",
    ];
    refused(&nobody, "--unsubscribe mailto");
    refused(&MAIL[..4], "say --yes");
    let wrong = [&MAIL[..], &["--expect", "0123"]].concat();
    refused(&wrong, "its digest is");
    refused(&[&MAIL[..], &["--to", "tag:"]].concat(), "--to");
    refused(
        &[&MAIL[..], &["--to", "tag:nobody"]].concat(),
        "nobody would get it",
    );
    refused(
        &[&MAIL[..], &["--only", "new"]].concat(),
        "was not mailed yet",
    );
    refused(&[&MAIL[..], &["--at", "soon"]].concat(), "is no time");
    let far: Vec<&str> = [&["--set", "newsletter.from=me@example.org"], &MAIL[..]].concat();
    let far = [&["--set", "smtp.host=smtp.relay.invalid"], &far[..]].concat();
    sandbox.run(&far).expect(2).says("belongs to nobody");

    std::fs::remove_file(sandbox.path("data/server.key")).unwrap();
    refused(&MAIL, "there is no key");
    assert!(!sandbox.path("feeds").exists());

    let bare = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-02", "Hello."))]);
    bare.write("data/server.key", "ab".repeat(32));
    run(&bare, port, &MAIL)
        .expect(2)
        .says("there is no store")
        .says("subscribers import");
    assert!(!bare.path("data/letterpress.db").exists());
}

#[test]
fn a_draft_is_mailed_by_its_date_alone_and_not_before_it() {
    let sandbox = weekly(&THREE);
    let marked = issue(2, "2026-01-09", "To be.").replace("number: 2", "draft: true");
    sandbox.write("issues/2.md", marked);
    sandbox.write("issues/3.md", issue(3, "2090-01-01", "To come."));
    let send = |arguments: &[&str]| {
        let all = [&["send"], arguments, &MAIL[2..]].concat();
        run(&sandbox, 9, &all).expect(2)
    };
    send(&["issues/2.md"]).says("is a draft");
    send(&["issues/2.md", "--at", "2090-02-01T08:00"]).says("is a draft");
    send(&["3"]).says("is a draft until 2090-01-01");
    send(&["3", "--at", "2089-12-31T08:00"]).says("is a draft until");
}

#[tokio::test]
async fn an_issue_that_another_store_mailed_needs_a_word() {
    let server = Server::start(|question, _| usual(question)).await;
    let port = server.port();
    let (refused, again) = beside(move || {
        let sandbox = weekly(&THREE);
        run(&sandbox, port, &MAIL).expect(0);
        std::fs::remove_dir_all(sandbox.path("data")).unwrap();
        sandbox.write("data/server.key", "ab".repeat(32));
        join(&sandbox, &THREE);
        let refused = run(&sandbox, port, &MAIL);
        let again = [&MAIL[..], &["--yes-again"]].concat();
        (refused, run(&sandbox, port, &again))
    })
    .await;
    refused
        .expect(2)
        .says("from another store")
        .says("--yes-again");
    again.expect(0).says("3 accepted");
    assert_eq!(server.contents().len(), 6);
}

#[tokio::test]
async fn a_scheduled_mailing_waits_for_its_time() {
    let server = Server::start(|question, _| usual(question)).await;
    let port = server.port();
    // Long enough for the program to be there in time on a machine with other work.
    let at = chrono::Utc::now() + chrono::Duration::seconds(8);
    let time = at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let answer = beside(move || {
        let sandbox = weekly(&THREE);
        run(&sandbox, port, &[&MAIL[..], &["--at", &time]].concat())
    })
    .await;
    answer
        .expect(0)
        .says("waiting until")
        .says("systemd-run")
        .says("3 accepted");
    assert!(chrono::Utc::now() >= at - chrono::Duration::seconds(1));
    assert_eq!(server.contents().len(), 3);
    for content in server.contents() {
        let text = String::from_utf8(content).unwrap();
        assert!(
            text.contains(&at.format("Date: %a, %d %b %Y %H:%M:%S").to_string()),
            "{text}"
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_that_is_told_to_end_loses_nobody() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let begun = AtomicBool::new(false);
    let server = Server::start(move |question, _| match question {
        line if line.starts_with("CONTENT") && !begun.swap(true, Ordering::SeqCst) => {
            Act::SayLater(Arc::clone(&held), "250 2.0.0 Ok: queued as 1\r\n")
        }
        line => usual(line),
    })
    .await;
    let port = server.port();
    let sandbox = beside(|| weekly(&THREE)).await;
    let arguments = with_relay(
        port,
        &[&["--set", "smtp.connections=1"], &MAIL[..]].concat(),
    );
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let child = sandbox
        .command(&arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while server.contents().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let id = child.id().to_string();
    let kill = std::process::Command::new("kill")
        .args(["-TERM", &id])
        .status();
    assert!(kill.unwrap().success());
    // The reply comes only after the program knows that it is to end.
    let waiting = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    tokio::time::sleep(Duration::from_millis(300)).await;
    gate.add_permits(100);
    let ended = waiting.await.unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(75), "{said}");
    assert!(
        said.contains("1 accepted") && said.contains("2 pending"),
        "{said}"
    );
    beside(move || run(&sandbox, port, &["resume", "1"]))
        .await
        .expect(0)
        .says("3 accepted");
    assert_eq!(
        reached(&server),
        ["ada@example.net", "bob@example.net", "cy@example.com"]
    );
}

#[test]
fn a_dry_run_shows_the_list_and_changes_nothing() {
    let sandbox = weekly(&THREE);
    let kept = |sandbox: &Sandbox| -> Vec<String> {
        let files = sandbox.files().into_iter();
        let files = files.filter(|path| !path.starts_with("outbox/"));
        files
            .filter(|path| !path.contains("letterpress.db"))
            .collect()
    };
    let before = kept(&sandbox);
    let answer = sandbox.run(&["send", "1", "--dry-run", "--json"]).expect(0);
    let report = answer.json();
    assert_eq!(report["invented"], false, "{report}");
    assert_eq!(report["live_links"], true, "{report}");
    assert_eq!(report["totals"]["messages"], 3);
    assert_eq!(report["totals"]["written"], 3);
    assert_eq!(
        report["excluded"],
        serde_json::json!([{"address": "gone@example.net", "reason": "unsubscribed"}])
    );
    assert_eq!(before, kept(&sandbox));
    let some = ["send", "1", "--dry-run", "--to", "not lang:en", "--json"];
    sandbox.run(&some).expect(0);
}

#[test]
fn of_a_long_list_a_sample_is_written_and_all_of_it_when_asked_for() {
    let sandbox = weekly(&[]);
    let addresses: Vec<String> = (0..230).map(|at| format!("r{at}@example.net")).collect();
    let people: Vec<(&str, Status)> = addresses
        .iter()
        .map(|address| (address.as_str(), Status::Confirmed))
        .collect();
    join(&sandbox, &people);
    let dry = ["send", "1", "--dry-run", "--json"];
    let report = sandbox.run(&dry).expect(0).json();
    assert_eq!(report["totals"]["messages"], 230);
    assert_eq!(report["totals"]["written"], 21);
    let report = sandbox
        .run(&[&dry[..], &["--all"]].concat())
        .expect(0)
        .json();
    assert_eq!(report["totals"]["written"], 230);
}

#[tokio::test]
async fn publish_mails_at_its_end_where_there_is_a_list() {
    let server = Server::start(|question, _| usual(question)).await;
    let port = server.port();
    let (answer, feed) = beside(move || {
        let sandbox = weekly(&THREE);
        let publish = ["publish", "1", "--unsubscribe", "mailto", "--yes", "--json"];
        (run(&sandbox, port, &publish), sandbox.read("feeds/rss.xml"))
    })
    .await;
    let json = answer.expect(0).json();
    assert_eq!(json["mail"]["counts"]["accepted"], 3, "{json}");
    assert_eq!(json["build"]["issues"], 1, "{json}");
    assert!(feed.contains("Issue 1"));
    assert_eq!(server.contents().len(), 3);
}

#[test]
fn nothing_to_resume_is_said() {
    let sandbox = weekly(&THREE);
    run(&sandbox, 9, &["resume"])
        .expect(0)
        .says("no mailing is unfinished");
    run(&sandbox, 9, &["resume", "1"])
        .expect(2)
        .says("1 was not mailed");
}

#[tokio::test]
async fn a_reply_that_never_came_is_named_and_sent_again_on_the_editors_word_alone() {
    let begun = AtomicBool::new(false);
    let server = Server::start(move |question, _| match question {
        line if line.starts_with("CONTENT") && !begun.swap(true, Ordering::SeqCst) => Act::Close,
        line => usual(line),
    })
    .await;
    let port = server.port();
    let (first, second, third) = beside(move || {
        let sandbox = weekly(&THREE[..1]);
        let first = run(&sandbox, port, &MAIL);
        let second = run(&sandbox, port, &["resume", "1"]);
        let only = [&MAIL[..], &["--only", "unknown"]].concat();
        (first, second, run(&sandbox, port, &only))
    })
    .await;
    first.expect(4).says("1 unknown");
    second.expect(4).says("1 unknown");
    third.expect(0).says("1 accepted");
    let contents = server.contents();
    assert_eq!(contents.len(), 2);
    // The relay can tell that it is the same message.
    assert_eq!(contents[0], contents[1]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_schedule_that_was_missed_asks_before_it_begins() {
    use std::io::{BufRead, BufReader};

    let server = Server::start(|question, _| usual(question)).await;
    let port = server.port();
    let at = chrono::Utc::now() + chrono::Duration::seconds(3);
    let time = at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let (missed, done) = beside(move || {
        let sandbox = weekly(&THREE);
        let arguments = with_relay(port, &[&MAIL[..], &["--at", &time]].concat());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut child = sandbox
            .command(&arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        // The line of the timer is the last before it waits.
        assert!(lines.any(|line| line.unwrap().contains("systemd-run")));
        let id = child.id().to_string();
        while child.try_wait().unwrap().is_none() {
            let kill = std::process::Command::new("kill")
                .args(["-TERM", &id])
                .status();
            assert!(kill.is_ok());
            std::thread::sleep(Duration::from_millis(50));
        }
        let left = (at + chrono::Duration::seconds(2) - chrono::Utc::now()).to_std();
        std::thread::sleep(left.unwrap_or_default());
        let late = ["--set", "delivery.late=1s", "resume"];
        let missed = run(&sandbox, port, &late);
        (
            missed,
            run(&sandbox, port, &[&late[..], &["--yes"]].concat()),
        )
    })
    .await;
    missed.expect(2).says("say --yes");
    done.expect(0).says("3 accepted");
    assert_eq!(server.contents().len(), 3);
}

#[tokio::test]
async fn only_one_program_sends() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let begun = AtomicBool::new(false);
    let server = Server::start(move |question, _| match question {
        line if line.starts_with("CONTENT") && !begun.swap(true, Ordering::SeqCst) => {
            Act::SayLater(Arc::clone(&held), "250 2.0.0 Ok: queued as 1\r\n")
        }
        line => usual(line),
    })
    .await;
    let port = server.port();
    let sandbox = Arc::new(beside(|| weekly(&THREE)).await);
    let first = Arc::clone(&sandbox);
    let first = spawn_blocking(move || run(&first, port, &MAIL));
    while server.contents().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    beside(move || run(&sandbox, port, &["resume"]))
        .await
        .expect(75)
        .says("is sending from this store");
    gate.add_permits(100);
    first.await.unwrap().expect(0).says("3 accepted");
    assert_eq!(server.contents().len(), 3);
}

/// `serve` in this folder, killed in the end.
struct Served {
    child: std::process::Child,
    /// Its address, as `--set` takes it.
    url: String,
}

impl Served {
    fn start(sandbox: &Sandbox) -> Served {
        use std::io::BufRead;
        let mut child = sandbox
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = std::io::BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map(|line| line.unwrap())
            .find_map(|line| line.strip_prefix("listening at ").map(str::to_owned));
        // Read on, or the server waits for somebody to take its log.
        std::thread::spawn(move || lines.for_each(drop));
        Served {
            child,
            url: format!("server.url={}", address.unwrap()),
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_mailing_leaves_while_its_server_answers_and_readers_leave_there() {
    let server = Server::start(|question, _| usual(question)).await;
    let port = server.port();
    let sandbox = Arc::new(beside(|| weekly(&THREE)).await);
    let of = Arc::clone(&sandbox);
    let (answer, served) = beside(move || {
        let served = Served::start(&of);
        let send = ["--set", &served.url, "send", "1", "--yes"];
        (run(&of, port, &send), served)
    })
    .await;
    answer.expect(0).says("3 accepted");
    // The link of one of these mails, as a mail program follows it.
    let content = server.contents().into_iter().find_map(|content| {
        let text = String::from_utf8(content).unwrap().replace("\r\n ", "");
        text.contains("To: bob@example.net").then_some(text)
    });
    let content = content.unwrap();
    assert!(content.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
    let path = content.split("/unsubscribe/").nth(1).unwrap();
    let path = format!("/unsubscribe/{}", path.split('>').next().unwrap());
    let host = served
        .url
        .split("//")
        .nth(1)
        .unwrap()
        .trim_end_matches('/')
        .to_owned();
    let reply = beside(move || {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(&host).unwrap();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: \
             application/x-www-form-urlencoded\r\nContent-Length: 26\r\n\r\n\
             List-Unsubscribe=One-Click"
        )
        .unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply
    })
    .await;
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    sandbox
        .run(&["subscribers", "show", "bob@example.net"])
        .expect(0)
        .says("unsubscribed");
}

#[tokio::test]
async fn nothing_leaves_with_a_dead_way_out() {
    let server = Server::start(|question, _| usual(question)).await;
    let port = server.port();
    let (stranger, copy, insecure, files) = beside(move || {
        let sandbox = weekly(&THREE);
        let sent = |served: &Served| {
            let send = ["--set", &served.url, "send", "1", "--yes"];
            run(&sandbox, port, &send)
        };
        let other = weekly(&THREE);
        // The same key, and a list of its own.
        let copy = sent(&Served::start(&other));
        other.write("data/server.key", "cd".repeat(32));
        let stranger = sent(&Served::start(&other));
        let plain = [
            "--set",
            "server.url=http://weekly.test/",
            "send",
            "1",
            "--yes",
        ];
        let insecure = run(&sandbox, port, &plain);
        (stranger, copy, insecure, sandbox.files())
    })
    .await;
    stranger
        .expect(2)
        .says("nothing was sent")
        .says("404")
        .says("--unsubscribe mailto");
    copy.expect(2).says("has another store");
    insecure.expect(2).says("is not https");
    assert_eq!(server.contents().len(), 0);
    assert!(
        !files.contains(&"feeds/mailed.lock".to_owned()),
        "{files:?}"
    );
}

#[tokio::test]
async fn a_mailing_that_goes_on_asks_for_its_way_out_again() {
    let tried = AtomicBool::new(false);
    let server = Server::start(move |question, _| match question {
        line if line.starts_with("RCPT TO:<bob@") && !tried.swap(true, Ordering::SeqCst) => {
            Act::Say("451 4.3.0 not now\r\n")
        }
        line => usual(line),
    })
    .await;
    let port = server.port();
    let (first, dead, alive) = beside(move || {
        let sandbox = weekly(&THREE);
        let served = Served::start(&sandbox);
        let url = served.url.clone();
        let first = run(&sandbox, port, &["--set", &url, "send", "1", "--yes"]);
        drop(served);
        let dead = run(&sandbox, port, &["--set", &url, "resume"]);
        let served = Served::start(&sandbox);
        (
            first,
            dead,
            run(&sandbox, port, &["--set", &served.url, "resume"]),
        )
    })
    .await;
    first.expect(75).says("2 accepted");
    dead.expect(75).says("nothing answers at 127.0.0.1");
    alive.expect(0).says("3 accepted");
}
