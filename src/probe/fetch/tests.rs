use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// A server that answers by path; its address.
async fn server(answer: fn(&str) -> String) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut read = vec![0; 8192];
            let length = stream.read(&mut read).await.unwrap();
            let request = String::from_utf8_lossy(&read[..length]).into_owned();
            let _ = stream.write_all(answer(&request).as_bytes()).await;
        }
    });
    Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap()
}

fn anywhere() -> Client {
    Client::new(Reach::Anywhere, Duration::from_secs(20))
}

fn site(request: &str) -> String {
    let path = request.split(' ').nth(1).unwrap_or_default();
    match path {
        "/feed?key=1" => "HTTP/1.1 200 OK\r\netag: \"a\"\r\ncontent-length: 4\r\n\r\nfeed".into(),
        "/old" => "HTTP/1.1 301 Moved\r\nlocation: /feed?key=1\r\ncontent-length: 0\r\n\r\n".into(),
        "/round" => "HTTP/1.1 302 Found\r\nlocation: /round\r\ncontent-length: 0\r\n\r\n".into(),
        "/ping" if request.starts_with("POST ") => "HTTP/1.1 204 No Content\r\n\r\n".into(),
        "/away" => {
            "HTTP/1.1 302 Found\r\nlocation: file:///etc/passwd\r\ncontent-length: 0\r\n\r\n".into()
        }
        _ => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".into(),
    }
}

#[tokio::test]
async fn a_document_is_fetched_from_where_redirects_lead() {
    let at = server(site).await;
    let answer = anywhere().get(&at.join("old").unwrap(), 4).await.unwrap();
    assert_eq!(answer.body, b"feed");
    assert_eq!(answer.header("etag"), Some("\"a\""));
    assert_eq!(answer.url, at.join("feed?key=1").unwrap());
    assert!(answer.is_success());
    let missing = anywhere().head(&at.join("none").unwrap()).await.unwrap();
    assert_eq!(missing.status, 404);
    let body = b"hub.mode=publish".to_vec();
    let ping = at.join("ping").unwrap();
    let kind = "application/x-www-form-urlencoded";
    let pinged = anywhere().post(&ping, kind, body, 0).await.unwrap();
    assert_eq!(pinged.status, 204);
}

#[tokio::test]
async fn what_is_too_large_leads_in_circles_or_out_of_the_web_is_refused() {
    let at = server(site).await;
    let fetched = |path: &str, limit| {
        let url = at.join(path).unwrap();
        async move { anywhere().get(&url, limit).await.unwrap_err().to_string() }
    };
    let large = fetched("feed?key=1", 3).await;
    assert!(large.ends_with("/feed holds more than 3 bytes"), "{large}");
    let round = fetched("round", 9).await;
    assert!(round.ends_with("without an end"), "{round}");
    let away = fetched("away", 9).await;
    assert!(away.contains("no address of the web"), "{away}");
}

#[tokio::test]
async fn nothing_of_ones_own_network_is_asked_for_a_stranger() {
    let at = server(site).await;
    let public = Client::new(Reach::Public, Duration::from_secs(20));
    let named = Url::parse(&format!("http://localhost:{}/", at.port().unwrap())).unwrap();
    for url in [at, named] {
        let refused = public.get(&url, 9).await.unwrap_err();
        assert!(matches!(refused, FetchError::Private { .. }), "{refused}");
    }
}

#[test]
fn public_addresses_are_told_from_all_others() {
    for public in [
        "93.184.215.14",
        "100.128.0.1",
        "2606:4700::1",
        "::ffff:8.8.8.8",
    ] {
        assert!(is_public(public.parse().unwrap()), "{public}");
    }
    for other in [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "2001:db8::1",
        "2001::1",
        "fc00::1",
        "fe80::1",
        "ff02::1",
    ] {
        assert!(!is_public(other.parse().unwrap()), "{other}");
    }
}
