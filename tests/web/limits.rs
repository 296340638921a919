//! What is too large, too slow or not understood.

use letterpress::subscriber::Status;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::web::{Site, URLENCODED, token};

const ADA: &str = "ada@example.org";

#[tokio::test]
async fn giant_bodies_are_refused_and_do_nothing() {
    let site = Site::start().await;
    site.join(ADA, Status::Confirmed).await;
    let path = format!("/unsubscribe/{}", token(ADA));
    let giant = format!("List-Unsubscribe=One-Click&x={}", "y".repeat(5000));
    site.post(&path, URLENCODED, &giant).await.expect(413);
    // The same in chunks, whose sum nobody has said.
    let chunk = format!("800\r\n{}\r\n", "y".repeat(0x800)).repeat(3);
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: weekly.test\r\nConnection: close\r\n\
         Content-Type: {URLENCODED}\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n"
    );
    site.raw(request.as_bytes()).await.expect(413);
    let head = format!("X: {}\r\n", "y".repeat(40_000));
    site.ask("GET", "/", &head, "").await.expect(431);
    assert_eq!(site.entry(ADA).await.subscriber.status, Status::Confirmed);
}

#[tokio::test]
async fn a_body_that_never_ends_does_nothing() {
    let site = Site::start().await;
    site.join(ADA, Status::Confirmed).await;
    let path = format!("/unsubscribe/{}", token(ADA));
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: weekly.test\r\nContent-Type: {URLENCODED}\r\n\
         Content-Length: 26\r\n\r\nList-Unsubscribe="
    );
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut reply = String::new();
    let _ = stream.read_to_string(&mut reply).await;
    assert!(!reply.starts_with("HTTP/1.1 200"), "{reply}");
    assert_eq!(site.entry(ADA).await.subscriber.status, Status::Confirmed);
}

#[tokio::test]
async fn other_methods_are_refused() {
    let site = Site::start().await;
    site.join(ADA, Status::Confirmed).await;
    site.write("public/index.html", "<p>index</p>");
    let path = format!("/unsubscribe/{}", token(ADA));
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        let reply = site.ask(method, &path, "", "").await.expect(405);
        assert!(reply.header("allow").unwrap().contains("POST"));
        site.ask(method, "/", "", "").await.expect(405);
    }
    site.ask("POST", "/", "", "").await.expect(405);
    site.raw(b"nonsense\r\n\r\n").await.expect(400);
    assert_eq!(site.entry(ADA).await.subscriber.status, Status::Confirmed);
    assert!(!site.log().contains("BREW"), "{}", site.log());
}

#[tokio::test]
async fn told_to_end_it_ends_and_listens_no_more() {
    let mut site = Site::start().await;
    // A connection on which nothing is asked does not keep it from ending.
    let mut idle = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
    let asked = site.get("/healthz").await.expect(200);
    assert_eq!(asked.header("connection"), Some("close"));
    idle.write_all(b"GET /hea").await.unwrap();
    site.end.take().unwrap().send(()).unwrap();
    (&mut site.served).await.unwrap();
    let refused = TcpStream::connect(("127.0.0.1", site.port)).await;
    assert!(refused.is_err());
}
