//! One HTTP request on a connection of its own. Nothing is followed and nothing
//! is kept.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Method, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::probe::Error;
use crate::transport::Trust;

/// What is sent.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) url: &'a Url,
    pub(super) header: (HeaderName, &'a str),
    /// Its media type and its text.
    pub(super) body: Option<(&'static str, &'static str)>,
}

/// Asks, over TLS where `trust` says whom to believe.
pub(super) async fn ask(
    request: &Request<'_>,
    asked: &'static str,
    trust: Option<&Trust>,
) -> Result<(StatusCode, HeaderMap), Error> {
    let at = authority(request.url);
    let connected = |source| Error::Connect {
        at: at.clone(),
        source,
    };
    let port = request.url.port_or_known_default().unwrap_or(443);
    let stream = match request.url.host() {
        Some(Host::Domain(name)) => TcpStream::connect((name, port)).await,
        Some(Host::Ipv4(address)) => TcpStream::connect((address, port)).await,
        Some(Host::Ipv6(address)) => TcpStream::connect((address, port)).await,
        None => Err(std::io::ErrorKind::InvalidInput.into()),
    };
    let stream = stream.map_err(connected)?;
    let Some(trust) = trust else {
        return speak(stream, request, asked, at).await;
    };
    let failed = |source| Error::Tls {
        at: at.clone(),
        source,
    };
    let host = request.url.host_str().unwrap_or_default();
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
        .map_err(|cause| failed(std::io::Error::other(cause)))?;
    let connector = TlsConnector::from(std::sync::Arc::clone(&trust.config));
    let stream = connector.connect(name, stream).await.map_err(failed)?;
    speak(stream, request, asked, at).await
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: &Request<'_>,
    asked: &'static str,
    at: String,
) -> Result<(StatusCode, HeaderMap), Error> {
    let broken = |source| Error::Broken {
        at: at.clone(),
        asked,
        source,
    };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let (name, value) = &request.header;
    let mut message = hyper::Request::builder()
        .method(request.method.clone())
        .uri(request.url.path())
        .header(header::HOST, &at)
        .header(header::USER_AGENT, "letterpress")
        .header(name, *value);
    if let Some((kind, _)) = request.body {
        message = message.header(header::CONTENT_TYPE, kind);
    }
    let body = request.body.map_or("", |(_, text)| text);
    let message = message
        .body(Full::new(Bytes::from_static(body.as_bytes())))
        .expect("a parsed URL and a nonce make a request");
    // It ends with the sender, which this function holds.
    tokio::spawn(connection);
    let answer = sender.send_request(message).await;
    let (head, _) = answer.map_err(broken)?.into_parts();
    Ok((head.status, head.headers))
}

/// Host and, where it is not the usual one, port.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
