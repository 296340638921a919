//! `publish` and a hub: a subscriber finds the hub in the feed and in the server's
//! headers, the hub checks that it asked, is told of a change, fetches the feed
//! and hands it on, signed.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::cli::serve::{self, Served};
use crate::cli::{Sandbox, issue};

/// Method, target, headers in lower case and body.
struct Heard {
    method: String,
    target: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// A server that answers each request with what `answer` says: status and body.
fn answering(answer: impl Fn(Heard) -> (u16, Vec<u8>) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let Some(heard) = hear(&stream) else { continue };
            let (status, body) = answer(heard);
            let head = format!(
                "HTTP/1.1 {status} Said\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), &body].concat());
        }
    });
    port
}

fn hear(stream: &TcpStream) -> Option<Heard> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length");
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some(Heard {
        method,
        target,
        headers,
        body,
    })
}

/// Asks and reads all: head and body.
fn ask(port: u16, request: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut read = Vec::new();
    stream.read_to_end(&mut read).unwrap();
    let end = read
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let body = read.split_off(end + 4);
    (String::from_utf8(read).unwrap(), body)
}

fn get(url: &str) -> (String, Vec<u8>) {
    let rest = url.strip_prefix("http://127.0.0.1:").unwrap();
    let (port, path) = rest.split_once('/').unwrap();
    let request = format!("GET /{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    ask(port.parse().unwrap(), &request)
}

fn post(port: u16, headers: &str, body: &[u8]) -> u16 {
    let head = format!(
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut read = String::new();
    stream.read_to_string(&mut read).unwrap();
    read.split(' ').nth(1).unwrap().parse().unwrap()
}

fn form(body: &[u8]) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    let octets = mac.finalize().into_bytes();
    let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("sha256={hex}")
}

/// Who asked for what: topic, port of the callback, secret.
type Subscriptions = Arc<Mutex<Vec<(String, u16, String)>>>;

/// A hub: it checks who subscribes, and hands on what it is told of.
fn hub(pings: Arc<Mutex<Vec<String>>>) -> u16 {
    let subscriptions = Subscriptions::default();
    answering(move |heard| {
        let form = form(&heard.body);
        let topic = form
            .get("hub.topic")
            .or(form.get("hub.url"))
            .unwrap()
            .clone();
        match form["hub.mode"].as_str() {
            "subscribe" => {
                let callback = url::Url::parse(&form["hub.callback"]).unwrap();
                let port = callback.port().unwrap();
                let question =
                    format!("{callback}?hub.mode=subscribe&hub.challenge=riddle&hub.topic={topic}");
                let (head, answer) = get(&question);
                assert!(head.starts_with("HTTP/1.1 200") && answer == b"riddle");
                let secret = form["hub.secret"].clone();
                subscriptions.lock().unwrap().push((topic, port, secret));
                (202, Vec::new())
            }
            "publish" => {
                assert_eq!(heard.method, "POST");
                assert_eq!(form["hub.url"], topic);
                pings.lock().unwrap().push(topic.clone());
                for (wanted, port, secret) in subscriptions.lock().unwrap().iter() {
                    if *wanted == topic {
                        let (_, content) = get(&topic);
                        let signed =
                            format!("X-Hub-Signature: {}\r\n", signature(secret, &content));
                        assert_eq!(post(*port, &signed, &content), 200);
                    }
                }
                (204, Vec::new())
            }
            other => panic!("{other}"),
        }
    })
}

/// A newsletter with a key, its server on a port of its own, and a hub.
fn newsletter(hub: &str) -> (Sandbox, Served, u16) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-02", "Hello one."))]);
    sandbox.write(
        "config/letterpress.toml",
        format!(
            "[newsletter]\ntitle = \"Test Weekly\"\nurl = \"http://127.0.0.1:{port}/\"\n\
             [feeds]\nlinks = false\nhubs = [\"{hub}\"]\n\
             [server]\nlisten = \"127.0.0.1:{port}\"\n\
             [publish]\ndeploy = \"true\"\nwait = \"30s\"\n"
        ),
    );
    sandbox.write("data/server.key", format!("{}\n", "07".repeat(32)));
    sandbox.write("list.csv", "email,status\nada@example.org,confirmed\n");
    sandbox
        .run(&["subscribers", "import", "list.csv"])
        .expect(0);
    let (server, _) = serve::start(&sandbox);
    (sandbox, server, port)
}

#[test]
fn a_hub_is_told_of_changes_and_hands_the_feed_on_signed() {
    let pings = Arc::new(Mutex::new(Vec::new()));
    let hub = format!("http://127.0.0.1:{}/", hub(Arc::clone(&pings)));
    let (sandbox, _server, port) = newsletter(&hub);
    let report = sandbox
        .run(&["publish", "latest", "--json"])
        .expect(0)
        .json();
    assert_eq!(report["hubs"][0]["feeds"], 3, "{report}");
    assert_eq!(pings.lock().unwrap().len(), 3);

    // A subscriber finds hub and topic, in the document and in the head.
    let atom = format!("http://127.0.0.1:{port}/feeds/atom.xml");
    let (head, document) = get(&atom);
    let document = String::from_utf8(document).unwrap();
    assert!(
        document.contains(&format!("rel=\"hub\" href=\"{hub}\""))
            || document.contains(&format!("href=\"{hub}\" rel=\"hub\"")),
        "{document}"
    );
    let link = head
        .lines()
        .filter(|line| line.to_lowercase().starts_with("link:"));
    let links = link.collect::<Vec<_>>().join(",");
    assert!(links.contains(&format!("<{hub}>; rel=\"hub\"")), "{head}");
    assert!(links.contains(&format!("<{atom}>; rel=\"self\"")), "{head}");

    // It subscribes, and proves that it was itself who asked.
    let delivered = Arc::new(Mutex::new(Vec::new()));
    let inbox = Arc::clone(&delivered);
    let callback = answering(move |heard| {
        if heard.method == "GET" {
            assert!(
                heard.target.contains("hub.mode=subscribe"),
                "{}",
                heard.target
            );
            return (200, b"riddle".to_vec());
        }
        inbox.lock().unwrap().push((heard.headers, heard.body));
        (200, Vec::new())
    });
    let request = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.topic", &atom)
        .append_pair("hub.callback", &format!("http://127.0.0.1:{callback}/"))
        .append_pair("hub.secret", "a secret of theirs")
        .finish();
    let at = hub
        .trim_end_matches('/')
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(post(at, "", request.as_bytes()), 202);

    // Nothing new: nobody is told.
    sandbox.run(&["publish", "latest"]).expect(0);
    assert_eq!(pings.lock().unwrap().len(), 3);
    assert!(delivered.lock().unwrap().is_empty());

    // Something new, also where `build` came before.
    sandbox.write("issues/2.md", issue(2, "2026-01-09", "Hello two."));
    sandbox.run(&["build"]).expect(0);
    sandbox.run(&["publish", "latest"]).expect(0);
    assert_eq!(pings.lock().unwrap().len(), 6);
    let delivered = delivered.lock().unwrap();
    let [(headers, content)] = delivered.as_slice() else {
        panic!("{} deliveries", delivered.len());
    };
    assert_eq!(
        headers["x-hub-signature"],
        signature("a secret of theirs", content)
    );
    assert_eq!(
        *content,
        std::fs::read(sandbox.path("feeds/atom.xml")).unwrap()
    );
    assert!(String::from_utf8_lossy(content).contains("Hello two."));
}

#[test]
fn a_hub_that_fails_is_said_and_told_the_next_time() {
    let refuse = Arc::new(Mutex::new(true));
    let heard = Arc::new(Mutex::new(0));
    let (refused, count) = (Arc::clone(&refuse), Arc::clone(&heard));
    let port = answering(move |_| {
        *count.lock().unwrap() += 1;
        (if *refused.lock().unwrap() { 503 } else { 202 }, Vec::new())
    });
    let (sandbox, _server, _) = newsletter(&format!("http://127.0.0.1:{port}/"));
    let report = sandbox.run(&["publish", "latest", "--json"]).expect(0);
    report.json()["hubs"][0]["error"].as_str().unwrap();
    report.says("was not told of every changed feed: it answers with 503");
    // After the first refusal it is left alone.
    assert_eq!(*heard.lock().unwrap(), 1);
    *refuse.lock().unwrap() = false;
    sandbox.run(&["publish", "latest"]).expect(0);
    assert_eq!(*heard.lock().unwrap(), 4);
}

#[test]
fn what_the_web_does_not_show_yet_is_not_mailed() {
    let (sandbox, server, _) = newsletter("http://127.0.0.1:9/");
    drop(server);
    sandbox
        .run(&["--set", "publish.wait=1s", "publish", "latest"])
        .expect(75)
        .says("does not show this build")
        .says("nothing answers");
    assert!(!sandbox.path("data/hubs.json").exists());
    sandbox
        .run(&["--set", "publish.wait=off", "publish", "latest"])
        .expect(0)
        .says("was not told");
}
