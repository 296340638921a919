//! Signing up with the built program: over HTTP, with mail through a relay.

use std::io::{Read, Write};
use std::net::TcpStream;

use letterpress::subscriber::{Key, Purpose, Status, Tag};
use mail_parser::MessageParser;
use tokio::task::spawn_blocking;

use crate::cli::mailing::{reached, weekly};
use crate::cli::together::serve_with;
use crate::smtp::server::{Server, usual};

/// A stamp that is some seconds old.
fn stamp() -> String {
    let key = Key::new([0xab; 32].to_vec()).unwrap();
    let shown = chrono::Utc::now().timestamp_millis() - 5_000;
    key.ticket(Purpose::Form, Tag::PROBE, shown)
}

fn post(server: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server).unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The text of the `nth` message that the relay took, once it is there.
async fn text(relay: &Server, nth: usize) -> String {
    while relay.contents().len() < nth {
        tokio::task::yield_now().await;
    }
    let content = relay.contents().remove(nth - 1);
    let parsed = MessageParser::new().parse(&content).unwrap();
    parsed.body_text(0).unwrap().into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_up_is_confirmed_by_mail_and_welcomed() {
    let sandbox = spawn_blocking(|| weekly(&[("ada@example.net", Status::Confirmed)]))
        .await
        .unwrap();
    let relay = Server::start(|question, _| usual(question)).await;
    let port = format!("smtp.port={}", relay.port());
    let settings = [
        "--set",
        "smtp.host=127.0.0.1",
        "--set",
        "smtp.tls=none",
        "--set",
        &port,
        "--set",
        "subscribe.enabled=true",
    ];
    let (mut child, server) = serve_with(&sandbox, &settings);
    for of in ["new@example.net", "ada@example.net"] {
        let body = format!("email={of}&stamp={}&name=Buy+nothing", stamp());
        let answer = post(&server, "/subscribe", &body);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let (asked, told) = (text(&relay, 1).await, text(&relay, 2).await);
    assert!(!asked.contains("Buy nothing"), "{asked}");
    assert!(
        told.contains("already") && told.contains("/preferences/"),
        "{told}"
    );
    // Until then it is nobody's subscription, and is shown as what it is.
    let shown = sandbox
        .run(&["subscribers", "list", "--status", "pending"])
        .expect(0);
    let waits = "new@example.net  pending  Buy nothing, signed up 20";
    assert_eq!(shown.out.matches(waits).count(), 1, "{}", shown.out);
    assert!(!shown.out.contains("ada@"), "{}", shown.out);
    let json = sandbox
        .run(&["subscribers", "list", "--status", "pending", "--json"])
        .expect(0);
    let listed: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let list = listed.as_array().unwrap();
    let row = list.iter().find(|row| row["email"] == "new@example.net");
    let row = row.unwrap();
    assert_eq!(
        (&row["id"], &row["status"]),
        (&serde_json::Value::Null, &"pending".into())
    );
    assert!(row["origin"].as_str().unwrap().ends_with("/subscribe"));
    let all = sandbox.run(&["subscribers", "list"]).expect(0);
    assert!(!all.out.contains("new@"), "{}", all.out);
    assert!(
        all.err.contains("--status pending shows them"),
        "{}",
        all.err
    );
    let nobody = sandbox.run(&["subscribers", "show", "new@example.net"]);
    nobody.expect(2).says("has not confirmed it");
    let path = asked.split("/confirm/").nth(1).unwrap();
    let path = format!("/confirm/{}", path.split_whitespace().next().unwrap());
    let answer = post(&server, &path, "confirm=1");
    assert!(answer.contains("You are subscribed"), "{answer}");
    let welcome = text(&relay, 3).await;
    assert!(welcome.contains("/unsubscribe/"), "{welcome}");
    assert_eq!(
        reached(&relay),
        ["ada@example.net", "new@example.net", "new@example.net"]
    );
    child.kill().unwrap();
    child.wait().unwrap();
    let shown = sandbox.run(&["subscribers", "show", "new@example.net"]);
    shown.expect(0).says("confirmed").says("/subscribe");
}
