//! One HTTP request on a connection of its own. Nothing is followed and nothing
//! is kept.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{self, HeaderName};
use hyper::{Method, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::probe::Reach;
use crate::transport::Trust;

/// What is sent.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) url: &'a Url,
    pub(super) headers: &'a [(HeaderName, &'a str)],
    /// Its media type and its text.
    pub(super) body: Option<(&'a str, Bytes)>,
}

/// Why no answer came.
#[derive(Debug)]
pub(super) enum Fault {
    /// Nobody listens there.
    Connect(std::io::Error),
    /// The address is of a network that is not to be asked.
    Private(IpAddr),
    /// There is no secure connection.
    Tls(std::io::Error),
    /// What came is no answer, or the request is none.
    Broken(Box<dyn std::error::Error + Send + Sync>),
}

/// Asks, over TLS where `trust` says whom to believe.
pub(super) async fn ask(
    request: &Request<'_>,
    trust: Option<&Trust>,
    reach: Reach,
) -> Result<Response<Incoming>, Fault> {
    let stream = connect(request.url, reach).await?;
    let Some(trust) = trust else {
        return speak(stream, request).await;
    };
    let host = request.url.host_str().unwrap_or_default();
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
        .map_err(|cause| Fault::Tls(std::io::Error::other(cause)))?;
    let connector = TlsConnector::from(Arc::clone(&trust.config));
    let stream = connector.connect(name, stream).await.map_err(Fault::Tls)?;
    speak(stream, request).await
}

/// The addresses are looked at after their name was resolved, and those that
/// were looked at are the ones that are connected to.
async fn connect(url: &Url, reach: Reach) -> Result<TcpStream, Fault> {
    let port = url.port_or_known_default().unwrap_or(443);
    let addresses: Vec<SocketAddr> = match url.host() {
        Some(Host::Domain(name)) => lookup_host((name, port))
            .await
            .map_err(Fault::Connect)?
            .collect(),
        Some(Host::Ipv4(address)) => vec![(address, port).into()],
        Some(Host::Ipv6(address)) => vec![(address, port).into()],
        None => Vec::new(),
    };
    let refused = addresses.iter().find(|address| !reach.allows(address.ip()));
    if let Some(refused) = refused {
        return Err(Fault::Private(refused.ip()));
    }
    if addresses.is_empty() {
        return Err(Fault::Connect(std::io::ErrorKind::NotFound.into()));
    }
    TcpStream::connect(&addresses[..])
        .await
        .map_err(Fault::Connect)
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: &Request<'_>,
) -> Result<Response<Incoming>, Fault> {
    let broken = |cause: hyper::Error| Fault::Broken(cause.into());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    // RFC 9112 §3.2.1: the path and the query, never the fragment.
    let target = match request.url.query() {
        Some(query) => format!("{}?{query}", request.url.path()),
        None => request.url.path().to_owned(),
    };
    let mut message = hyper::Request::builder()
        .method(request.method.clone())
        .uri(target)
        .header(header::HOST, authority(request.url))
        .header(header::USER_AGENT, "letterpress");
    for (name, value) in request.headers {
        message = message.header(name, *value);
    }
    if let Some((kind, _)) = request.body {
        message = message.header(header::CONTENT_TYPE, kind);
    }
    let body = request.body.as_ref().map(|(_, text)| text.clone());
    let message = message
        .body(Full::new(body.unwrap_or_default()))
        .map_err(|cause| Fault::Broken(cause.into()))?;
    // It ends with the answer's body.
    tokio::spawn(connection);
    sender.send_request(message).await.map_err(broken)
}

/// Host and, where it is not the usual one, port.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
