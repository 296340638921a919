//! Connections that stay open, content codings, large files, numbers.

use std::io::Read;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::web::Site;

const GET: &str = "GET / HTTP/1.1\r\nHost: weekly.test\r\n\r\n";

/// Reads one answer whose length is said, and leaves the connection open.
async fn one_answer(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.unwrap().parse::<usize>().unwrap() {
                return text;
            }
        }
        let octets = stream.read_buf(&mut read).await.unwrap();
        assert!(octets > 0, "closed after {text:?}");
    }
}

#[tokio::test]
async fn one_connection_takes_many_requests_also_at_once() {
    let site = Site::start().await;
    site.write("public/index.html", "<p>index</p>");
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
    for _ in 0..3 {
        stream.write_all(GET.as_bytes()).await.unwrap();
        let answer = one_answer(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(!answer.contains("connection: close"), "{answer}");
    }
    let last = GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let both = format!("{GET}{last}");
    stream.write_all(both.as_bytes()).await.unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest.matches("<p>index</p>").count(), 2, "{rest}");
}

#[tokio::test]
async fn what_is_left_of_a_body_is_no_request() {
    let site = Site::start().await;
    site.write("public/index.html", "<p>index</p>");
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
    // Nobody reads the body of this one, and it comes late.
    let head = "POST / HTTP/1.1\r\nHost: weekly.test\r\nContent-Length: 500\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 405");
    let _ = stream.write_all(GET.as_bytes()).await;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    let rest = String::from_utf8_lossy(&rest).into_owned();
    assert!(
        !rest.contains("HTTP/1.1") && !rest.contains("index"),
        "{rest}"
    );
}

#[tokio::test]
async fn after_a_form_the_connection_goes_on() {
    let site = Site::start().await;
    site.write("public/index.html", "<p>index</p>");
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
    let form = "POST /unsubscribe/none HTTP/1.1\r\nHost: weekly.test\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b";
    for _ in 0..2 {
        stream.write_all(form.as_bytes()).await.unwrap();
        assert!(one_answer(&mut stream).await.starts_with("HTTP/1.1 404"));
        stream.write_all(GET.as_bytes()).await.unwrap();
        assert!(one_answer(&mut stream).await.contains("<p>index</p>"));
        // A request in two pieces, each a packet of its own.
        let (one, two) = GET.split_at(20);
        stream.write_all(one.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        tokio::task::yield_now().await;
        stream.write_all(two.as_bytes()).await.unwrap();
        assert!(one_answer(&mut stream).await.contains("<p>index</p>"));
    }
}

#[tokio::test]
async fn a_resting_connection_does_not_keep_the_server_from_ending() {
    let mut site = Site::start().await;
    site.write("public/index.html", "<p>index</p>");
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
    stream.write_all(GET.as_bytes()).await.unwrap();
    one_answer(&mut stream).await;
    site.end.take().unwrap().send(()).unwrap();
    (&mut site.served).await.unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

/// Head and body of an answer to these headers, as bytes.
async fn bytes(site: &Site, path: &str, headers: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: weekly.test\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    stream.read_to_end(&mut read).await.unwrap();
    let end = read.windows(4).position(|four| four == b"\r\n\r\n");
    let body = read.split_off(end.unwrap() + 4);
    (String::from_utf8(read).unwrap(), body)
}

fn header(head: &str, name: &str) -> Option<String> {
    let mut lines = head.lines();
    let line = lines.find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.map(str::to_owned)
}

#[tokio::test]
async fn pages_are_coded_as_the_client_likes_and_each_coding_has_its_tag() {
    let site = Site::start().await;
    let page = format!("<p>{}</p>", "words of an issue ".repeat(500));
    site.write("public/index.html", &page);
    site.write("public/photo.png", &page);
    let mut etags = Vec::new();
    for (accepted, coding) in [
        ("", None),
        ("Accept-Encoding: identity\r\n", None),
        ("Accept-Encoding: gzip, deflate\r\n", Some("gzip")),
        ("Accept-Encoding: gzip, br;q=0.9\r\n", Some("gzip")),
        ("Accept-Encoding: gzip, deflate, br\r\n", Some("br")),
        ("Accept-Encoding: br;q=0, gzip;q=0\r\n", None),
    ] {
        let (head, body) = bytes(&site, "/", accepted).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert_eq!(
            header(&head, "content-encoding").as_deref(),
            coding,
            "{accepted}"
        );
        assert_eq!(header(&head, "vary").as_deref(), Some("Accept-Encoding"));
        let length = header(&head, "content-length").unwrap();
        assert_eq!(length, body.len().to_string());
        let mut read = Vec::new();
        match coding {
            Some("gzip") => {
                let mut decoder = flate2::read::GzDecoder::new(&body[..]);
                decoder.read_to_end(&mut read).unwrap();
            }
            Some(_) => brotli::BrotliDecompress(&mut &body[..], &mut read).unwrap(),
            None => read = body,
        }
        assert_eq!(String::from_utf8(read).unwrap(), page);
        let etag = header(&head, "etag").unwrap();
        assert!(etag.starts_with('"'), "{etag} is strong");
        // What one got, one need not get again.
        let again = format!("{accepted}If-None-Match: {etag}\r\n");
        let (head, body) = bytes(&site, "/", &again).await;
        assert!(
            head.starts_with("HTTP/1.1 304") && body.is_empty(),
            "{head}"
        );
        assert_eq!(header(&head, "etag").as_ref(), Some(&etag));
        assert_eq!(header(&head, "vary").as_deref(), Some("Accept-Encoding"));
        etags.push((coding, etag));
    }
    etags.sort();
    etags.dedup();
    assert_eq!(etags.len(), 3, "{etags:?}");
    // A tag of a coding that is not taken now is no version for this client.
    let brotli = &etags
        .iter()
        .find(|(coding, _)| *coding == Some("br"))
        .unwrap()
        .1;
    let asked = format!("Accept-Encoding: gzip\r\nIf-None-Match: {brotli}\r\n");
    let (head, _) = bytes(&site, "/", &asked).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");

    let (head, _) = bytes(&site, "/photo.png", "Accept-Encoding: gzip, br\r\n").await;
    assert_eq!(header(&head, "content-encoding"), None);
    assert_eq!(header(&head, "vary"), None);
}

#[tokio::test]
async fn a_changed_page_is_coded_anew() {
    let site = Site::start().await;
    let taken = "Accept-Encoding: br\r\n";
    let mut seen = Vec::new();
    for word in ["first ", "other "] {
        site.write("public/new.html", word.repeat(200));
        // As a build does it.
        let folder = site.folder.path().join("public");
        std::fs::rename(folder.join("new.html"), folder.join("index.html")).unwrap();
        let (_, body) = bytes(&site, "/", taken).await;
        let mut read = Vec::new();
        brotli::BrotliDecompress(&mut &body[..], &mut read).unwrap();
        seen.push(String::from_utf8(read).unwrap());
    }
    assert_eq!(seen, ["first ".repeat(200), "other ".repeat(200)]);
}

#[tokio::test]
async fn large_files_come_whole_and_are_not_kept() {
    let site = Site::start().await;
    let large: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    site.write("public/talk.mp3", &large);
    let (head, body) = bytes(&site, "/talk.mp3", "Accept-Encoding: gzip\r\n").await;
    assert_eq!(header(&head, "content-type").as_deref(), Some("audio/mpeg"));
    assert_eq!(header(&head, "content-length").as_deref(), Some("5000000"));
    assert!(body == large);
    let etag = header(&head, "etag").unwrap();
    let known = format!("If-None-Match: {etag}\r\n");
    let (head, body) = bytes(&site, "/talk.mp3", &known).await;
    assert!(
        head.starts_with("HTTP/1.1 304") && body.is_empty(),
        "{head}"
    );
}

#[tokio::test]
async fn numbers_are_for_those_who_may_read_them() {
    let site = Site::start().await;
    site.write("public/index.html", "<p>index</p>");
    site.get("/").await.expect(200);
    site.get("/nothing/ada@example.org").await.expect(404);
    let metrics = site.get("/metrics").await.expect(200);
    let kind = metrics.header("content-type").unwrap().to_owned();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    let metrics = metrics
        .says("letterpress_http_requests_total{route=\"page\",status=\"2xx\"} 1")
        .says("letterpress_http_requests_total{route=\"missing\",status=\"4xx\"} 1")
        .says("letterpress_http_request_seconds_count 2");
    assert!(!metrics.body.contains("ada"), "{}", metrics.body);
    // A client behind the web server in front, whatever it says of itself.
    for forwarded in ["203.0.113.7", "127.0.0.1, 203.0.113.7"] {
        let header = format!("X-Forwarded-For: {forwarded}\r\n");
        site.ask("GET", "/metrics", &header, "").await.expect(404);
    }
}
