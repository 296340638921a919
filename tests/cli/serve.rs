//! `serve`: its start, and reading everything anew.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use letterpress::subscriber::{Key, Purpose, Tag};

use crate::cli::{Sandbox, issue};

/// The program's server, ended with the test.
pub(crate) struct Served(pub(crate) Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Served {
    /// Tells it to read everything anew.
    #[cfg(unix)]
    fn hang_up(&self) {
        let pid = self.0.id().to_string();
        let status = std::process::Command::new("kill")
            .args(["-HUP", &pid])
            .status();
        assert!(status.unwrap().success());
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Starts the server of this folder and waits until it listens; then, its lines.
pub(crate) fn start(sandbox: &Sandbox) -> (Served, Receiver<String>) {
    let mut server = sandbox
        .command(&["serve"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
    let mut seen = String::new();
    loop {
        let line = lines.next().unwrap_or_else(|| panic!("it ended: {seen}"));
        let line = line.unwrap();
        if line.starts_with("listening") {
            break;
        }
        seen.push_str(&line);
    }
    // Whoever writes a log must have a reader.
    let (tell, told) = channel();
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let _ = tell.send(line);
        }
    });
    (Served(server), told)
}

/// A key of sevens and a list.
fn furnish(sandbox: &Sandbox) {
    sandbox.write("data/server.key", format!("{}\n", "07".repeat(32)));
    sandbox.write("list.csv", "email,status\nada@example.org,confirmed\n");
    sandbox
        .run(&["subscribers", "import", "list.csv"])
        .expect(0);
}

/// Waits for a line with these words.
#[track_caller]
fn await_line(lines: &Receiver<String>, words: &str) -> String {
    loop {
        let line = lines.recv_timeout(Duration::from_secs(60)).unwrap();
        if line.contains(words) {
            return line;
        }
    }
}

fn get(port: u16, path: &str) -> String {
    ask(port, &format!("GET {path}"), "", "")
}

fn ask(port: u16, what: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = body.len();
    let request = format!(
        "{what} HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n{headers}\
         Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut read = String::new();
    stream.read_to_string(&mut read).unwrap();
    read
}

#[cfg(unix)]
#[test]
fn told_to_it_reads_everything_anew_and_a_mistake_leaves_the_old() {
    let port = free_port();
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-02", "Hello."))]);
    let settings = |title: &str, more: &str| {
        sandbox.write(
            "config/letterpress.toml",
            format!(
                "[newsletter]\ntitle = \"{title}\"\nurl = \"http://127.0.0.1:{port}/\"\n\
                 [server]\nlisten = \"127.0.0.1:{port}\"\n{more}"
            ),
        );
    };
    settings("First Weekly", "");
    furnish(&sandbox);
    let (server, lines) = start(&sandbox);
    let hang_up = || server.hang_up();
    assert!(get(port, "/nothing").contains("First Weekly"));

    settings("Second Weekly", "");
    assert!(get(port, "/nothing").contains("First Weekly"));
    hang_up();
    await_line(&lines, "reload=done");
    assert!(get(port, "/nothing").contains("Second Weekly"));
    // What was counted stays counted.
    let metrics = get(port, "/metrics");
    assert!(
        metrics.contains("{route=\"missing\",status=\"4xx\"} 3"),
        "{metrics}"
    );

    settings("Third Weekly", "forwarders = [\"nowhere\"]\n");
    hang_up();
    await_line(&lines, "is no address and no network");
    await_line(&lines, "reload=refused");
    assert!(get(port, "/nothing").contains("Second Weekly"));

    settings("Fourth Weekly", "");
    sandbox.write("templates/answer.html.hbs", "{{#if page.title}}no end");
    hang_up();
    await_line(&lines, "reload=refused");
    sandbox.write(
        "templates/answer.html.hbs",
        "<p>mine: {{page.site.title}}</p>",
    );
    hang_up();
    await_line(&lines, "reload=done");
    let page = get(port, "/nothing");
    assert!(page.contains("<p>mine: Fourth Weekly</p>"), "{page}");
}

#[cfg(unix)]
#[test]
fn reading_anew_lets_no_network_sign_up_more_often() {
    let port = free_port();
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-02", "Hello."))]);
    let settings = |title: &str| {
        sandbox.write(
            "config/letterpress.toml",
            format!(
                "[newsletter]\ntitle = \"{title}\"\nurl = \"http://127.0.0.1:{port}/\"\n\
                 from = \"editor@weekly.test\"\n[server]\nlisten = \"127.0.0.1:{port}\"\n\
                 [smtp]\nhost = \"127.0.0.1\"\nport = 1\ntls = \"none\"\n\
                 [subscribe]\nenabled = true\nper_network_hour = 2\n"
            ),
        );
    };
    settings("First Weekly");
    furnish(&sandbox);
    let (server, lines) = start(&sandbox);
    let key = Key::new(vec![7; 32]).unwrap();
    let shown = chrono::Utc::now().timestamp_millis() - 5_000;
    let stamp = key.ticket(Purpose::Form, Tag::PROBE, shown);
    let sign_up = |of: &str, from: &str| {
        let headers = format!(
            "Content-Type: application/x-www-form-urlencoded\r\nX-Forwarded-For: {from}\r\n"
        );
        let body = format!("email={of}@example.org&stamp={stamp}");
        let answer = ask(port, "POST /subscribe", &headers, &body);
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(sign_up("a", "192.0.2.1"), "200");
    assert_eq!(sign_up("b", "192.0.2.2"), "200");
    assert_eq!(sign_up("c", "192.0.2.3"), "429");
    settings("Second Weekly");
    server.hang_up();
    await_line(&lines, "reload=done");
    assert!(get(port, "/nothing").contains("Second Weekly"));
    assert_eq!(sign_up("c", "192.0.2.3"), "429");
    assert_eq!(sign_up("c", "198.51.100.1"), "200");
}
