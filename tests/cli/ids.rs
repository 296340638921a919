use std::io::{Read, Write};

use crate::cli::{Sandbox, issue};

const FEED: &str = r#"<?xml version="1.0"?>
<rss version="2.0"><channel><title>Old</title><link>https://old.example.org/</link>
<description>Old</description>
<item><title>Issue 1</title><link>https://old.example.org/?p=1</link>
<guid isPermaLink="false">old-guid-1</guid><pubDate>Thu, 01 Jan 2026 09:00:00 GMT</pubDate></item>
<item><title>Something else</title><link>https://old.example.org/?p=7</link>
<guid isPermaLink="false">old-guid-7</guid></item>
</channel></rss>"#;

fn folder() -> Sandbox {
    Sandbox::with(&[
        ("issues/1.md", &issue(1, "2026-01-01", "One.")),
        ("issues/2.md", &issue(2, "2026-01-08", "Two.")),
        ("old.xml", FEED),
    ])
}

#[test]
fn old_ids_are_pinned_and_the_rest_is_listed() {
    let sandbox = folder();
    let dry = sandbox
        .run(&["ids", "import", "old.xml", "--dry-run"])
        .expect(0);
    assert!(!sandbox.path("feeds/ids.lock").exists());
    let answer = sandbox.run(&["ids", "import", "old.xml"]).expect(0);
    assert_eq!(answer.out, dry.out);
    assert!(
        answer.out.contains("issues/1.md  old-guid-1 (by title)"),
        "{}",
        answer.out
    );
    assert!(
        answer
            .out
            .contains("no issue for https://old.example.org/?p=7"),
        "{}",
        answer.out
    );
    assert!(
        answer.out.contains("not in the feed: issues/2.md"),
        "{}",
        answer.out
    );
    assert!(sandbox.read("feeds/ids.lock").contains("old-guid-1"));
    // A second time it is known by its id.
    let json = sandbox
        .run_with(&["ids", "import", "-", "--json"], FEED)
        .expect(0)
        .json();
    assert_eq!(json["imported"][0]["by"], "id");
    assert_eq!(json["unmatched"][0]["id"], "old-guid-7");
}

#[test]
fn what_is_no_feed_is_refused() {
    let sandbox = folder();
    sandbox
        .run_with(&["ids", "import", "-"], "<html><body>hello</body></html>")
        .expect(2)
        .says("neither RSS nor Atom nor JSON Feed");
    sandbox
        .run(&["ids", "import", "ftp://old.example.org/rss.xml"])
        .expect(1)
        .says("ftp://old.example.org/rss.xml");
    sandbox
        .run(&["ids", "import", "none.xml"])
        .expect(1)
        .says("none.xml");
}

#[test]
fn a_lock_with_errors_is_never_written_over() {
    let sandbox = folder();
    sandbox.write("feeds/ids.lock", "<<<<<<< ours\n");
    let answer = sandbox.run(&["ids", "import", "old.xml"]).expect(2);
    assert!(answer.err.contains("feeds/ids.lock:1"), "{}", answer.err);
    assert_eq!(sandbox.read("feeds/ids.lock"), "<<<<<<< ours\n");
}

#[test]
fn a_feed_is_fetched_from_its_address() {
    let sandbox = folder();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut read = [0; 4096];
            let length = stream.read(&mut read).unwrap();
            let found = read[..length].starts_with(b"GET /feed?all=1 HTTP/1.1\r\n");
            let (status, body) = match found {
                true => ("200 OK", FEED),
                false => ("404 Not Found", ""),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all((head + body).as_bytes()).unwrap();
        }
    });
    let answer = sandbox
        .run(&["ids", "import", &format!("http://{at}/feed?all=1")])
        .expect(0);
    assert!(
        answer.out.contains("old-guid-1 (by title)"),
        "{}",
        answer.out
    );
    let missing = sandbox
        .run(&["ids", "import", &format!("http://{at}/rss")])
        .expect(1);
    assert!(missing.err.contains("answers with 404"), "{}", missing.err);
    assert!(
        missing.err.contains("hint: save the feed"),
        "{}",
        missing.err
    );
    server.join().unwrap();
    let silent = sandbox
        .run(&["ids", "import", &format!("http://{at}/feed")])
        .expect(1);
    assert!(silent.err.contains("nothing answers"), "{}", silent.err);
}
