//! The editor's desk, as the built program opens it, asked over HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::cli::Sandbox;

mod bad;
mod entry;
mod export;
mod sending;
mod views;

/// A desk that is open on a folder.
pub(crate) struct Desk {
    pub(crate) sandbox: Sandbox,
    child: Child,
    host: String,
    cookie: String,
}

/// What it answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Reply {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.text());
        self
    }

    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Reply {
        let text = self.text();
        assert!(text.contains(words), "{words:?} is not in:\n{text}");
        self
    }

    #[track_caller]
    pub(crate) fn lacks(self, words: &str) -> Reply {
        let text = self.text();
        assert!(!text.contains(words), "{words:?} is in:\n{text}");
        self
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

impl Desk {
    /// Opens the desk of a folder.
    pub(crate) fn open(sandbox: Sandbox) -> Desk {
        Desk::open_with(sandbox, &[])
    }

    pub(crate) fn open_with(sandbox: Sandbox, arguments: &[&str]) -> Desk {
        let mut all = arguments.to_vec();
        all.extend(["preview", "--port", "0"]);
        let mut child = sandbox
            .command(&all)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut address).unwrap();
        let rest = address.trim().strip_prefix("http://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let mut desk = Desk {
            sandbox,
            child,
            host: host.to_owned(),
            cookie: String::new(),
        };
        let opened = desk.get(&format!("/{path}")).expect(303);
        let cookie = opened.header("set-cookie").unwrap().to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
        desk.cookie = cookie.split(';').next().unwrap().to_owned();
        desk
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        let cookie = format!("Cookie: {}", self.cookie);
        self.ask("GET", path, &self.host, &[&cookie], "")
    }

    /// Sends a form of this session.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let page = self.get("/mailings").text();
        let token = page.split("data-token=\"").nth(1).unwrap();
        let token = token.split('"').next().unwrap();
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("token", token).extend_pairs(fields);
        let (cookie, origin) = (
            format!("Cookie: {}", self.cookie),
            format!("Origin: http://{}", self.host),
        );
        let kind = "Content-Type: application/x-www-form-urlencoded";
        let headers = [cookie.as_str(), origin.as_str(), kind];
        self.ask("POST", path, &self.host, &headers, &form.finish())
    }

    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        host: &str,
        headers: &[&str],
        body: &str,
    ) -> Reply {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let headers = headers.join("\r\n");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Content-Length: {}\r\n{headers}{}\r\n{body}",
            body.len(),
            if headers.is_empty() { "" } else { "\r\n" },
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap();
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let body = answer[end + 4..].to_vec();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        Reply {
            status,
            head,
            body: if chunked { unchunked(&body) } else { body },
        }
    }

    /// The version of the folder that pages show.
    pub(crate) fn version(&self) -> String {
        let page = self.get("/mailings").text();
        let version = page.split("data-version=\"").nth(1).unwrap();
        version.split('"').next().unwrap().to_owned()
    }

    /// Changes the folder, and waits until the desk has seen it.
    pub(crate) fn change(&self, change: impl FnOnce(&Sandbox)) {
        let before = self.version();
        change(&self.sandbox);
        let begun = Instant::now();
        while self
            .get(&format!("/live?since={before}"))
            .text()
            .contains(&before)
        {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "it saw no change"
            );
        }
    }

    /// Asks a page until nothing on it is still being counted.
    #[track_caller]
    pub(crate) fn settled(&self, path: &str) -> Reply {
        let begun = Instant::now();
        loop {
            let reply = self.get(path);
            if !reply.text().to_lowercase().contains("counting") {
                return reply;
            }
            let late = begun.elapsed() > Duration::from_secs(60);
            assert!(!late, "it is still counting:\n{}", reply.text());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Asks a page until it says something.
    #[track_caller]
    pub(crate) fn until(&self, path: &str, words: &str) -> Reply {
        let begun = Instant::now();
        loop {
            let reply = self.get(path);
            if reply.text().contains(words) {
                return reply;
            }
            let late = begun.elapsed() > Duration::from_secs(60);
            assert!(!late, "{words:?} never came in:\n{}", reply.text());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // Where it has ended already there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&body[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            break;
        }
        whole.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 4 + size..];
    }
    whole
}
