//! Several programs on one store at once.

use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::Arc;

use letterpress::subscriber::{Address, Key, Purpose, Status};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::cli::mailing::{MAIL, reached, run, weekly};
use crate::cli::{Answer, Sandbox};
use crate::smtp::server::{Act, Server, usual};

const READERS: usize = 200;

pub(crate) fn reader(number: usize) -> String {
    format!("reader-{number:03}@example.net")
}

/// Mails of every fourth reader who wants to leave, as an mbox.
fn leavers() -> String {
    let key = Key::new([0xab; 32].to_vec()).unwrap();
    let mut mbox = String::new();
    for number in (0..READERS).step_by(4) {
        let address = Address::parse(&reader(number)).unwrap();
        let token = key.address_token(Purpose::Unsubscribe, key.tag(&address));
        write!(
            mbox,
            "From {address} Fri Jan  2 00:00:00 2026\n\
             From: {address}\nTo: unsubscribe+{token}@weekly.test\nSubject: unsubscribe\n\nBye.\n\n"
        )
        .unwrap();
    }
    mbox
}

/// The public server, and the address it listens at.
fn serve(sandbox: &Sandbox) -> (Child, String) {
    serve_with(sandbox, &[])
}

/// The same with further arguments in front.
pub(crate) fn serve_with(sandbox: &Sandbox, settings: &[&str]) -> (Child, String) {
    let listen = ["serve", "--listen", "127.0.0.1:0"];
    let mut child = sandbox
        .command(&[settings, &listen].concat())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    said.read_line(&mut line).unwrap();
    // Somebody has to read what else it says.
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    let address = line.trim().trim_end_matches('/');
    let address = address.rsplit('/').next().unwrap().to_owned();
    (child, address)
}

/// Somebody leaves by one click.
pub(crate) fn one_click(server: &str, number: usize) {
    let key = Key::new([0xab; 32].to_vec()).unwrap();
    let tag = key.tag(&Address::parse(&reader(number)).unwrap());
    let token = key.token(Purpose::Unsubscribe, tag);
    let body = "List-Unsubscribe=One-Click";
    let mut stream = TcpStream::connect(server).unwrap();
    let request = format!(
        "POST /unsubscribe/{token} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn sending_serving_importing_and_reading_bounces_disturb_nobody() {
    let readers: Vec<String> = (0..READERS).map(reader).collect();
    let sandbox = {
        let readers = readers.clone();
        spawn_blocking(move || {
            let people: Vec<(&str, Status)> = readers
                .iter()
                .map(|reader| (reader.as_str(), Status::Confirmed))
                .collect();
            weekly(&people)
        })
        .await
        .unwrap()
    };
    sandbox.write("back.mbox", leavers());
    let mut list = String::from("email,name,status\n");
    for number in 0..4_000 {
        writeln!(list, "new-{number}@example.com,New {number},confirmed").unwrap();
    }
    sandbox.write("list.csv", list);

    // The first message is held until all others are at work.
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let server = Server::start(move |question, _| {
        if question.starts_with("CONTENT") {
            Act::SayLater(Arc::clone(&held), "250 2.0.0 Ok: queued as 1\r\n")
        } else {
            usual(question)
        }
    })
    .await;
    let port = server.port();
    let sandbox = Arc::new(sandbox);
    let (mut child, address) = serve(&sandbox);
    let start = |arguments: &'static [&'static str]| {
        let sandbox = Arc::clone(&sandbox);
        spawn_blocking(move || run(&sandbox, port, arguments))
    };
    let sending = start(&MAIL);
    while server.contents().is_empty() {
        tokio::task::yield_now().await;
    }
    let others = [
        start(&["subscribers", "import", "list.csv"]),
        start(&["bounces", "back.mbox"]),
        start(&["subscribers", "import", "list.csv"]),
        start(&["status", "1"]),
        start(&["report", "1", "--json"]),
        start(&["backup", "copy.db"]),
    ];
    gate.add_permits(2 * READERS);
    let clicks = spawn_blocking(move || {
        for number in (1..READERS).step_by(4) {
            one_click(&address, number);
        }
    });
    for other in others {
        let Answer { code, out, err } = other.await.unwrap();
        assert_eq!(code, 0, "{out}\n{err}");
        assert!(!err.contains("locked"), "{err}");
    }
    clicks.await.unwrap();
    sending.await.unwrap().expect(0);
    child.kill().unwrap();
    child.wait().unwrap();

    let reached = reached(&server);
    let mut once = reached.clone();
    once.dedup();
    assert_eq!(once, reached, "somebody was mailed twice");
    let report = start(&["report", "1", "--json"]).await.unwrap().json();
    let counts = &report["counts"];
    let count = |state: &str| counts[state].as_u64().unwrap();
    assert_eq!(count("accepted") + count("skipped"), READERS as u64);
    assert_eq!(count("accepted"), reached.len() as u64);
    let stayed = start(&["subscribers", "list", "--status", "confirmed", "--json"]);
    let stayed = stayed.await.unwrap().json();
    let stayed = stayed.as_array().unwrap().len();
    assert_eq!(stayed, 4_000 + READERS - READERS / 2);
}
