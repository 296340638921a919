//! The last steps: what is shown is what leaves, and nothing leaves unapproved.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use letterpress::subscriber::Status;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::cli::Sandbox;
use crate::cli::mailing::{MAIL, reached, run, weekly};
use crate::desk::Desk;
use crate::smtp::server::{Act, Server, usual};

const THREE: [(&str, Status); 4] = [
    ("ada@example.net", Status::Confirmed),
    ("bob@example.net", Status::Confirmed),
    ("cy@example.com", Status::Confirmed),
    ("gone@example.net", Status::Unsubscribed),
];
const APPROVE: &str = "/approve/issues/1.md";

fn with_relay(sandbox: Sandbox, port: u16) -> Desk {
    with_relay_set(sandbox, port, &[])
}

fn with_relay_set(sandbox: Sandbox, port: u16, more: &[&str]) -> Desk {
    let port = format!("smtp.port={port}");
    let relay = ["smtp.host=127.0.0.1", "smtp.tls=none", &port];
    let all = relay.iter().chain(more);
    let arguments: Vec<&str> = all.flat_map(|one| ["--set", one]).collect();
    Desk::open_with(sandbox, &arguments)
}

/// A relay that takes no message until the gate lets it.
async fn holding(gate: &Arc<Semaphore>) -> Server {
    let held = Arc::clone(gate);
    Server::start(move |question, _| match question {
        "CONTENT" => Act::SayLater(Arc::clone(&held), "250 2.0.0 taken\r\n"),
        line => usual(line),
    })
    .await
}

fn digest(desk: &Desk) -> String {
    let page = desk
        .settled(&format!("{APPROVE}?by_mail=1"))
        .expect(200)
        .text();
    let digest = page.split("name=\"digest\" value=\"").nth(1).unwrap();
    digest.split('"').next().unwrap().to_owned()
}

async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    spawn_blocking(work).await.unwrap()
}

#[tokio::test]
async fn the_mail_that_is_shown_is_the_mail_that_is_sent_octet_for_octet() {
    let server = Server::start(|question, _| usual(question)).await;
    let port = server.port();
    let shown = beside(move || {
        let desk = with_relay(weekly(&THREE), port);
        let of = |reader: &str| {
            desk.get(&format!("/raw/issues/1.md?by_mail=1&as={reader}"))
                .expect(200)
                .body
        };
        let shown = THREE[..3]
            .iter()
            .map(|(reader, _)| of(reader))
            .collect::<Vec<_>>();
        let page = desk.settled(&format!("{APPROVE}?by_mail=1")).expect(200);
        page.says("3 recipients")
            .says("unsubscribed")
            .says("gone@example.net");
        let digest = digest(&desk);
        let form = [("by_mail", "1"), ("word", "1"), ("digest", digest.as_str())];
        desk.post(APPROVE, &form).expect(303);
        desk.until("/mailing/1", "All 3 have it.");
        desk.get("/").expect(200).says("Sent");
        desk.get("/issue/issues/1.md")
            .expect(200)
            .says("Read the report");
        desk.get("/mailings").expect(200).says("3 of 3");
        let page = desk
            .get("/issue/issues/1.md?view=difference&by_mail=1")
            .expect(200);
        page.says("as confirmed");
        shown
    })
    .await;
    let mut sent = server.contents();
    let mut shown = shown;
    sent.sort();
    shown.sort();
    let trimmed = |all: Vec<Vec<u8>>| -> Vec<String> {
        let texts = all.into_iter().map(|one| String::from_utf8(one).unwrap());
        texts.map(|one| one.trim_end().to_owned()).collect()
    };
    assert_eq!(trimmed(sent), trimmed(shown));
}

#[tokio::test]
async fn nothing_leaves_without_the_word_and_the_build_that_was_looked_at() {
    let server = Server::start(|question, _| usual(question)).await;
    let port = server.port();
    beside(move || {
        let desk = with_relay(weekly(&THREE), port);
        let digest = digest(&desk);
        let send = |word: &str, digest: &str| {
            let form = [("by_mail", "1"), ("word", word), ("digest", digest)];
            desk.post(APPROVE, &form)
        };
        send("2", &digest).expect(409).says("type 1 to send it");
        send("", &digest).expect(409);
        send("1", "").expect(409).says("no build was approved");
        // A file that changed meanwhile is not what was approved.
        let changed = crate::cli::issue(1, "2026-01-02", "Something else.");
        desk.change(|sandbox| sandbox.write("issues/1.md", &changed));
        send("1", &digest).expect(409).says("content is not that");
        desk.settled("/mailing/1")
            .expect(404)
            .says("was not mailed");
        // An address of a button leads to its page.
        let led = desk.get("/mailing/1/pause").expect(303);
        assert_eq!(led.header("location"), Some("/mailing/1"));
    })
    .await;
    assert_eq!(reached(&server), Vec::<String>::new());
}

#[tokio::test]
async fn a_relay_that_refuses_is_quoted_and_the_desk_goes_on() {
    let server = Server::start(|question, _| match question {
        line if line.starts_with("MAIL FROM") => Act::Say("550 5.7.1 we do not know you\r\n"),
        line => usual(line),
    })
    .await;
    let port = server.port();
    beside(move || {
        let desk = with_relay(weekly(&THREE), port);
        desk.post("/test/issues/1.md", &[("to", "editor@example.org")])
            .expect(200)
            .says("we do not know you");
        desk.post("/test/issues/1.md", &[("to", "nobody")])
            .expect(200)
            .says("me@example.org");
        let digest = digest(&desk);
        let form = [("by_mail", "1"), ("word", "1"), ("digest", digest.as_str())];
        desk.post(APPROVE, &form).expect(303);
        desk.until("/mailing/1", "paused");
        desk.until("/mailing/1", "relay takes no mail");
        desk.get("/issue/issues/1.md").expect(200).says("Resume…");
    })
    .await;
    assert_eq!(reached(&server), Vec::<String>::new());
}

#[tokio::test]
async fn a_test_goes_to_the_editor_alone() {
    let server = Server::start(|question, _| usual(question)).await;
    let port = server.port();
    beside(move || {
        let desk = with_relay(weekly(&THREE), port);
        desk.post("/test/issues/1.md", &[("to", "editor@example.org")])
            .expect(200)
            .says("It left.");
        desk.get("/mailings")
            .expect(200)
            .says("What was mailed is listed here");
    })
    .await;
    assert_eq!(reached(&server), ["editor@example.org"]);
}

#[tokio::test]
async fn a_mailing_is_paused_resumed_and_cancelled_from_its_page() {
    let server = Server::start(|question, _| usual(question)).await;
    let port = server.port();
    beside(move || {
        let desk = with_relay(weekly(&THREE), port);
        let digest = digest(&desk);
        let at = "2099-01-01T08:00";
        let later = desk
            .settled(&format!("{APPROVE}?by_mail=1&at={at}"))
            .expect(200);
        later.says("from 2099-01-01 08:00 UTC on").says("Schedule");
        let form = [
            ("by_mail", "1"),
            ("word", "1"),
            ("digest", digest.as_str()),
            ("at", at),
        ];
        // What `send` says of its options is said of the fields.
        desk.settled(&format!("{APPROVE}?by_mail=1&at=soon"))
            .expect(200)
            .says("When: soon is no time")
            .lacks("--at");
        desk.post(APPROVE, &form).expect(303);
        desk.settled("/mailing/1")
            .expect(200)
            .says("Scheduled")
            .says("It begins 1 January 2099");
        desk.get("/").expect(200).says("Scheduled");
        agrees(&desk, "scheduled");
        desk.post("/mailing/1/pause", &[]).expect(303);
        desk.settled("/mailing/1").expect(200).says("it is paused");
        agrees(&desk, "paused");
        // It waits again, and says so.
        desk.post("/mailing/1/resume", &[]).expect(303);
        desk.settled("/mailing/1")
            .expect(200)
            .says("It begins 1 January 2099")
            .lacks("Paused");
        agrees(&desk, "scheduled");
        desk.post("/mailing/1/pause", &[]).expect(303);
        desk.post("/mailing/1/cancel", &[("word", "no")])
            .expect(409)
            .says("Nothing was cancelled")
            .says("id=\"resume\"");
        desk.post("/mailing/1/cancel", &[("word", "cancel")])
            .expect(303);
        desk.settled("/mailing/1")
            .expect(200)
            .says("the rest was cancelled");
        agrees(&desk, "cancelled");
        desk.post("/mailing/1/resume", &[])
            .expect(409)
            .says("was cancelled");
    })
    .await;
    assert_eq!(reached(&server), Vec::<String>::new());
}

/// The page hangs its buttons on the state that its script is told later on.
#[track_caller]
fn agrees(desk: &Desk, stage: &str) {
    desk.settled("/mailing/1")
        .expect(200)
        .says(&format!("data-state=\"{stage} false\""));
    desk.settled("/progress/1")
        .expect(200)
        .says(&format!("\"state\":\"{stage} false\""));
}

#[tokio::test]
async fn a_script_sends_the_build_that_the_desk_shows_and_no_other() {
    let server = Server::start(|question, _| usual(question)).await;
    let port = server.port();
    beside(move || {
        let desk = with_relay(weekly(&THREE), port);
        let digest = digest(&desk);
        let send = |digest: &str| {
            let expected = [&MAIL[..], &["--expect", digest]].concat();
            run(&desk.sandbox, port, &expected)
        };
        let changed = crate::cli::issue(1, "2026-01-02", "Something else.");
        let before = std::fs::read(desk.sandbox.path("issues/1.md")).unwrap();
        desk.change(|sandbox| sandbox.write("issues/1.md", &changed));
        send(&digest).expect(2).says("its digest is");
        desk.change(|sandbox| sandbox.write("issues/1.md", before));
        send(&digest).expect(0);
        desk.until("/mailing/1", "All 3 have it.").says(&digest);
    })
    .await;
    assert_eq!(reached(&server).len(), 3);
}

#[tokio::test]
async fn who_was_skipped_is_named_with_the_reason() {
    let gate = Arc::new(Semaphore::new(0));
    let server = holding(&gate).await;
    let port = server.port();
    beside(move || {
        let desk = with_relay_set(weekly(&THREE), port, &["smtp.connections=1"]);
        let digest = digest(&desk);
        let form = [("by_mail", "1"), ("word", "1"), ("digest", digest.as_str())];
        desk.post(APPROVE, &form).expect(303);
        desk.until("/mailing/1", "<dt>sending</dt>")
            .lacks("Who was skipped");
        // While the first is being handed over, the last leaves.
        let left = ["suppressions", "add", "cy@example.com"];
        desk.sandbox.run(&left).expect(0);
        gate.add_permits(2);
        desk.until("/mailing/1", "data-state=\"finished false\"")
            .says("Who was skipped, and why")
            .says("cy@example.com")
            .says("manual");
    })
    .await;
    assert_eq!(reached(&server), ["ada@example.net", "bob@example.net"]);
}

#[tokio::test]
async fn a_mailing_resumed_while_its_paused_run_is_ending_goes_on() {
    let gate = Arc::new(Semaphore::new(0));
    let server = holding(&gate).await;
    let port = server.port();
    beside(move || {
        let desk = with_relay(weekly(&THREE), port);
        let digest = digest(&desk);
        let form = [("by_mail", "1"), ("word", "1"), ("digest", digest.as_str())];
        desk.post(APPROVE, &form).expect(303);
        desk.until("/mailing/1", "data-state=\"open true\"")
            .lacks("Resume");
        desk.post("/mailing/1/pause", &[]).expect(303);
        desk.settled("/mailing/1")
            .expect(200)
            .says("data-state=\"paused true\"")
            .says("Resume");
        // A run looks every second whether it was paused; both ways it goes on.
        std::thread::sleep(Duration::from_millis(1500));
        desk.post("/mailing/1/resume", &[]).expect(303);
        desk.settled("/mailing/1").expect(200).lacks("it is paused");
        gate.add_permits(3);
        desk.until("/mailing/1", "All 3 have it.");
    })
    .await;
    assert_eq!(reached(&server).len(), 3);
}

#[tokio::test]
async fn who_was_rejected_is_tried_again_from_the_page_of_a_mailing() {
    let refused = AtomicBool::new(false);
    let server = Server::start(move |question, _| match question {
        line if line.starts_with("RCPT TO:<bob@") && !refused.swap(true, Ordering::Relaxed) => {
            Act::Say("552 5.2.2 mailbox full\r\n")
        }
        line => usual(line),
    })
    .await;
    let port = server.port();
    beside(move || {
        let desk = with_relay(weekly(&THREE), port);
        let digest = digest(&desk);
        let form = [("by_mail", "1"), ("word", "1"), ("digest", digest.as_str())];
        desk.post(APPROVE, &form).expect(303);
        desk.until("/mailing/1", "data-state=\"finished false\"")
            .says("2 of 3 have it; 1 is named below.")
            .says("mailbox full")
            .says("1 rejected");
        desk.post("/mailing/1/retry", &[])
            .expect(409)
            .says("Nobody was chosen");
        desk.post("/mailing/1/retry", &[("rejected", "1")])
            .expect(303);
        desk.until("/mailing/1", "All 3 have it.");
    })
    .await;
    assert_eq!(reached(&server).len(), 3);
}

#[test]
fn without_a_list_an_approval_says_how_to_get_one() {
    let text = crate::cli::issue(1, "2026-01-02", "Hello.");
    let desk = Desk::open(Sandbox::with(&[("issues/1.md", &text)]));
    desk.settled(APPROVE)
        .expect(200)
        .says("There is no list yet.")
        .says("<code>letterpress subscribers import FILE</code>")
        .lacks("id=\"send\"");
}

#[test]
fn people_are_found_with_what_they_got() {
    let sandbox = weekly(&THREE);
    let complained = [
        "suppressions",
        "add",
        "bob@example.net",
        "--reason",
        "complaint",
    ];
    sandbox.run(&complained).expect(0);
    let desk = Desk::open(sandbox);
    desk.until("/subscribers", "3 confirmed")
        .says("1 unsubscribed")
        .says("Bounces and complaints")
        .says("complaint");
    let page = desk.get("/subscribers?q=%40example.com").expect(200);
    let page = page.says("cy@example.com").lacks("ada@example.net").text();
    let person = page
        .split("href=\"/subscriber/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    desk.get(&format!("/subscriber/{person}"))
        .expect(200)
        .says("cy@example.com");
    desk.get("/subscriber/999")
        .expect(404)
        .says("no such subscriber");
    desk.get("/issue/issues/1.md?as=bob@example.net")
        .expect(200)
        .says("value=\"bob@example.net\"");
}
