use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

fn key(octet: u8) -> Key {
    Key::new(vec![octet; 32]).unwrap()
}

/// A server that answers each request with what `answer` makes of its head and
/// body; its address.
async fn server(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                let mut read = vec![0; 8192];
                let length = stream.read(&mut read).await.unwrap();
                let request = String::from_utf8_lossy(&read[..length]).into_owned();
                let _ = stream.write_all(answer(&request).as_bytes()).await;
            });
        }
    });
    Url::parse(&format!("http://127.0.0.1:{port}/weekly/")).unwrap()
}

/// The head of an answer with the proof of this key and store.
fn proven(request: &str, octet: u8, store: &str) -> String {
    let nonce = request
        .lines()
        .find_map(|line| line.strip_prefix("letterpress-nonce: "))
        .unwrap();
    let proof = Proof::new(&key(octet), nonce, store).text();
    format!("HTTP/1.1 200 OK\r\nletterpress-proof: {proof}\r\ncontent-length: 0\r\n\r\n")
}

async fn asked(server: &Url) -> Result<(), Error> {
    way_out(&Question {
        server,
        key: &key(1),
        store: "store",
        nonce: "nonce",
    })
    .await
    .map(drop)
}

#[tokio::test]
async fn a_server_with_the_same_key_and_store_is_a_way_out() {
    let server = server(|request| {
        let click = request.starts_with("POST ");
        assert!(request.contains(" /weekly/unsubscribe/"), "{request}");
        assert!(!click || request.contains("One-Click"), "{request}");
        proven(request, 1, "store")
    })
    .await;
    asked(&server).await.unwrap();
}

#[tokio::test]
async fn what_is_in_the_way_is_told() {
    let other_key = server(|request| proven(request, 2, "store")).await;
    let other_store = server(|request| proven(request, 1, "copy")).await;
    let stranger = server(|_| "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned()).await;
    let missing = server(|_| "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned());
    let missing = missing.await;
    let broken = server(|_| "220 smtp.example.org ESMTP\r\n".to_owned()).await;
    let moved = server(|request| match request.starts_with("POST ") {
        true => "HTTP/1.1 302 Found\r\nlocation: https://a.test/\r\n\r\n".to_owned(),
        false => proven(request, 1, "store"),
    })
    .await;
    let gets_alone = server(|request| match request.starts_with("POST ") {
        true => "HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n".to_owned(),
        false => proven(request, 1, "store"),
    })
    .await;
    let cases = [
        (other_key, "does not have this newsletter's key"),
        (other_store, "has another store"),
        (stranger, "does not have this newsletter's key"),
        (missing, "answers the page to leave with 404"),
        (broken, "broke off"),
        (
            moved,
            "answers one click with 302 Found and leads to https://a.test/",
        ),
        (gets_alone, "answers one click with 405"),
    ];
    for (server, words) in cases {
        let error = asked(&server).await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(!error.contains("unsubscribe/"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_to_another_question_proves_nothing() {
    let recorded = proven("letterpress-nonce: nonce-0\r\n", 1, "store");
    let server = server(move |_| recorded.clone()).await;
    // The first question has the same nonce; the next have others.
    let error = asked(&server).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::OtherKey {
                asked: "one click",
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn without_tls_only_this_machine_is_asked() {
    for address in [
        "http://weekly.test/",
        "http://10.0.0.1/",
        "http://[fe80::1]/",
    ] {
        let error = asked(&Url::parse(address).unwrap()).await.unwrap_err();
        assert!(matches!(error, Error::Insecure { .. }), "{error}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let server = Url::parse(&format!("http://localhost:{port}/")).unwrap();
    let error = asked(&server).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error}");
}

#[tokio::test]
async fn a_certificate_is_checked() {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let chain = vec![certified.cert.der().clone()];
    let private = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, private.unwrap())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut read = vec![0; 8192];
            let length = stream.read(&mut read).await.unwrap();
            let request = String::from_utf8_lossy(&read[..length]).into_owned();
            let answer = proven(&request, 1, "store");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), certified.cert.pem()).unwrap();
    let trust = Trust::load(Some(file.path())).unwrap();
    let server = |host: &str| Url::parse(&format!("https://{host}:{port}/")).unwrap();
    let ask = async |server: &Url| {
        let question = Question {
            server,
            key: &key(1),
            store: "store",
            nonce: "nonce",
        };
        ask_all(&question, Some(&trust)).await
    };
    ask(&server("localhost")).await.unwrap();
    // The certificate is another name's.
    let error = ask(&server("127.0.0.1")).await.unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error}");
}
