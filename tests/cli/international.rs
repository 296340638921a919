//! People whose addresses are not ASCII, from the list to the relay.

use letterpress::subscriber::Status;
use tokio::task::spawn_blocking;

use crate::cli::mailing::{MAIL, reached, run, weekly};
use crate::smtp::server::{Act, Server, usual};

const PEOPLE: [(&str, Status); 2] = [
    ("ümit@bücher.test", Status::Confirmed),
    ("ada@example.net", Status::Confirmed),
];

#[tokio::test]
async fn a_relay_with_smtputf8_gets_them() {
    let server = Server::start(|question, _| match question {
        line if line.starts_with("EHLO") => {
            Act::Say("250-mail.test\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
        }
        _ => usual(question),
    })
    .await;
    let port = server.port();
    let sent = spawn_blocking(move || {
        let sandbox = weekly(&PEOPLE);
        sandbox.run(&["dkim", "generate"]).expect(0);
        let dry = run(&sandbox, port, &["send", "1", "--dry-run"]).expect(0);
        dry.says("international-address").says("1 message");
        run(&sandbox, port, &MAIL)
    })
    .await
    .unwrap();
    sent.expect(0).says("2 accepted");
    assert_eq!(
        reached(&server),
        ["ada@example.net", "ümit@xn--bcher-kva.test"]
    );
    for content in server.contents() {
        let text = String::from_utf8(content).unwrap();
        let odd: Vec<&str> = text.lines().filter(|line| !line.is_ascii()).collect();
        assert!(
            odd.is_empty() || odd == ["To: ümit@xn--bcher-kva.test"],
            "{odd:?}"
        );
    }
}

#[tokio::test]
async fn without_it_they_are_named_with_the_reason_and_stay_on_the_list() {
    let server = Server::start(|question, _| usual(question)).await;
    let port = server.port();
    let (sent, report, suppressed, left) = spawn_blocking(move || {
        let sandbox = weekly(&PEOPLE);
        let sent = run(&sandbox, port, &MAIL);
        let report = sandbox.run(&["report", "1", "--json"]).expect(0).json();
        let suppressed = sandbox
            .run(&["suppressions", "list", "--json"])
            .expect(0)
            .json();
        // Whatever the spelling.
        let left = sandbox.run(&["subscribers", "remove", "U\u{308}MIT@bücher.test"]);
        (sent, report, suppressed, left)
    })
    .await
    .unwrap();
    sent.expect(4).says("1 accepted").says("1 rejected");
    assert_eq!(reached(&server), ["ada@example.net"]);
    assert_eq!(suppressed, serde_json::json!([]));
    let deliveries = report["deliveries"].as_array().unwrap();
    let rejected = deliveries
        .iter()
        .find(|one| one["state"] == "rejected")
        .unwrap();
    let note = rejected["note"].as_str().unwrap();
    assert!(
        note.contains("SMTPUTF8") && !note.contains("ümit"),
        "{note}"
    );
    left.expect(0);
}

#[test]
fn a_sender_must_be_one_that_every_server_takes() {
    let sandbox = weekly(&[]);
    let settings = crate::cli::SETTINGS.replace("editor@", "rédaction@");
    sandbox.write("config/letterpress.toml", settings);
    sandbox
        .run(&["config", "check"])
        .expect(2)
        .says("newsletter.from")
        .says("not ASCII");
}
