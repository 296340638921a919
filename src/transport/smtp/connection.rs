//! From nothing to a connection that takes mail.

use std::error::Error;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::PoisonError;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::Starttls;
use lettre::transport::smtp::extension::{ClientId, Extension};
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::mailing::{Phase, Reply};
use crate::subscriber::clean_line;
use crate::transport::failure::{Cause, Failure};
use crate::transport::smtp::examine::Protection;
use crate::transport::smtp::offers::Offers;
use crate::transport::smtp::stream::{Misconduct, Stream};
use crate::transport::smtp::trust::Trust;
use crate::transport::smtp::{Settings, Tls};

/// A connection that takes mail.
pub(crate) struct Connection {
    pub(crate) smtp: AsyncSmtpConnection,
    /// What the server offers, once the way is protected.
    pub(crate) offers: Offers,
    /// How the way is protected, where it is.
    pub(crate) protection: Option<Protection>,
    /// Messages begun on it.
    pub(crate) begun: u32,
}

/// Connects, protects the way, greets and logs in.
pub(crate) async fn open(
    settings: &Settings,
    trust: Option<&Trust>,
) -> Result<Connection, Failure> {
    let (tcp, server) = connect(settings).await?;
    let hello = hello_name(settings, &tcp);
    let stream = match (settings.tls, trust) {
        (Tls::Implicit, Some(trust)) => Stream::tls(protect(settings, trust, tcp).await?),
        (Tls::StartTls, Some(trust)) => start_tls(settings, trust, tcp, &hello).await?,
        _ => Stream::plain(tcp),
    };
    let protection = stream.protection();
    let heard = stream.offers();
    let mut smtp = greet(settings, stream, &hello).await?;
    login(settings, server.ip(), &mut smtp).await?;
    let offers = heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(Connection {
        smtp,
        offers,
        protection,
        begun: 0,
    })
}

async fn connect(settings: &Settings) -> Result<(TcpStream, SocketAddr), Failure> {
    let limit = settings.limits.connect;
    let unreachable = |error: io::Error| {
        let hint = match error.kind() {
            io::ErrorKind::ConnectionRefused => {
                "nothing listens there: check smtp.port, and that the mail server runs"
            }
            _ => "check smtp.host and smtp.port, and that a firewall lets mail out",
        };
        failure(settings, Phase::Connect, Cause::Unreachable(error)).hinted(hint)
    };
    let late = || {
        failure(settings, Phase::Connect, Cause::TimedOut(limit))
            .hinted("many networks block port 25; relays also listen on 587 or 465")
    };
    let look_up = tokio::net::lookup_host((settings.host.as_str(), settings.port));
    let addresses: Vec<SocketAddr> = tokio::time::timeout(limit, look_up)
        .await
        .map_err(|_| late())?
        .map_err(|error| {
            failure(settings, Phase::Connect, Cause::Unreachable(error))
                .hinted("no such server name: check smtp.host")
        })?
        .collect();
    let mut last = unreachable(io::ErrorKind::AddrNotAvailable.into());
    // RFC 5321 §5.1: try the addresses in order until one answers.
    for address in addresses {
        match tokio::time::timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // With Nagle's algorithm the end of a content waits for an
                // acknowledgement that the other side delays: 40 ms a message.
                stream.set_nodelay(true).map_err(unreachable)?;
                return Ok((stream, address));
            }
            Ok(Err(error)) => last = unreachable(error),
            Err(_) => last = late(),
        }
    }
    Err(last)
}

/// RFC 5321 §4.1.4: the name of this host, or the address of this end.
fn hello_name(settings: &Settings, tcp: &TcpStream) -> ClientId {
    match (&settings.hello, tcp.local_addr().map(|end| end.ip())) {
        (Some(name), _) => ClientId::Domain(clean_line(name).replace(' ', "")),
        (None, Ok(IpAddr::V4(address))) => ClientId::Ipv4(address),
        (None, Ok(IpAddr::V6(address))) => ClientId::Ipv6(address),
        (None, Err(_)) => ClientId::Ipv4(std::net::Ipv4Addr::LOCALHOST),
    }
}

async fn greet(
    settings: &Settings,
    stream: Stream,
    hello: &ClientId,
) -> Result<AsyncSmtpConnection, Failure> {
    step(
        settings,
        Phase::Hello,
        settings.limits.hello,
        AsyncSmtpConnection::connect_with_transport(Box::new(stream), hello),
    )
    .await
}

/// Agrees on TLS.
async fn protect(
    settings: &Settings,
    trust: &Trust,
    tcp: TcpStream,
) -> Result<TlsStream<TcpStream>, Failure> {
    let name = ServerName::try_from(settings.host.clone())
        .map_err(|error| failure(settings, Phase::Tls, Cause::Tls(Box::new(error))))?;
    let limit = settings.limits.tls;
    let connector = TlsConnector::from(trust.config.clone());
    tokio::time::timeout(limit, connector.connect(name, tcp))
        .await
        .map_err(|_| failure(settings, Phase::Tls, Cause::TimedOut(limit)))
        .and_then(|answer| {
            answer.map_err(|error| failure(settings, Phase::Tls, of_tls(Box::new(error))))
        })
        .map_err(|failure| failure.hinted(tls_hint(settings)))
}

/// Greets, asks for TLS and agrees on it. All that the server said before is
/// forgotten (RFC 3207 §4.2), so the caller greets again.
async fn start_tls(
    settings: &Settings,
    trust: &Trust,
    tcp: TcpStream,
    hello: &ClientId,
) -> Result<Stream, Failure> {
    let (stream, mut back) = Stream::lent(tcp);
    let mut open = greet(settings, stream, hello).await?;
    if !open.server_info().supports_feature(Extension::StartTls) {
        // RFC 8314 §4.1: never go on unprotected because somebody took the
        // offer away.
        let cause = Cause::Unsupported("the server does not offer STARTTLS".to_owned());
        return Err(failure(settings, Phase::Tls, cause).hinted(
            "if its port speaks TLS from the start set smtp.tls = \"implicit\"; \
             a relay on this machine may need smtp.tls = \"none\"",
        ));
    }
    let answer = step(
        settings,
        Phase::Tls,
        settings.limits.tls,
        open.command(Starttls),
    );
    answer.await.map_err(|failure| Failure {
        cause: match failure.cause {
            Cause::Lost(Some(error)) => of_tls(error),
            cause => cause,
        },
        hint: Some(tls_hint(settings).to_owned()),
        ..failure
    })?;
    drop(open);
    let tcp = back
        .try_recv()
        .expect("a stream that was lent comes back when it is dropped");
    Ok(Stream::upgraded(protect(settings, trust, tcp).await?))
}

fn tls_hint(settings: &Settings) -> &'static str {
    match (settings.tls, settings.port) {
        (Tls::Implicit, 25 | 587 | 2525) => "this port usually expects smtp.tls = \"starttls\"",
        _ => {
            "smtp.host must be the name in the server's certificate; \
             an authority of your own is named in smtp.ca_file"
        }
    }
}

async fn login(
    settings: &Settings,
    server: IpAddr,
    connection: &mut AsyncSmtpConnection,
) -> Result<(), Failure> {
    let (username, password) = match (&settings.username, &settings.password) {
        (Some(username), Some(password)) => (username, password),
        (None, _) => return Ok(()),
        (Some(_), None) => {
            let cause = Cause::Unsupported("there is no password for smtp.username".to_owned());
            return Err(failure(settings, Phase::Login, cause)
                .hinted("name a file that holds it in smtp.password_file"));
        }
    };
    if would_expose_password(settings, server) {
        let cause =
            Cause::Unsupported("the password would travel unprotected to another machine".into());
        return Err(failure(settings, Phase::Login, cause)
            .hinted("set smtp.tls to \"starttls\" or \"implicit\""));
    }
    let offered = connection
        .server_info()
        .get_auth_mechanism(DEFAULT_MECHANISMS);
    if offered.is_none() {
        let cause = Cause::Unsupported("the server offers no login by PLAIN or LOGIN".to_owned());
        return Err(failure(settings, Phase::Login, cause)
            .hinted("many servers offer it only over TLS, or on port 587 or 465"));
    }
    let credentials = Credentials::new(username.clone(), password.expose_secret().to_owned());
    let answer = step(
        settings,
        Phase::Login,
        settings.limits.login,
        connection.auth(DEFAULT_MECHANISMS, &credentials),
    )
    .await;
    match answer {
        Ok(_) => Ok(()),
        Err(failure) if failure.reply().is_some_and(|reply| reply.code >= 500) => {
            Err(failure.hinted("check smtp.username and smtp.password_file"))
        }
        Err(failure) => Err(failure),
    }
}

/// RFC 4954 §4: no plain password on an unprotected way.
fn would_expose_password(settings: &Settings, server: IpAddr) -> bool {
    settings.tls == Tls::None && !server.is_loopback() && !settings.plaintext_login
}

/// One step of the dialogue within its limit.
pub(crate) async fn step<T>(
    settings: &Settings,
    phase: Phase,
    limit: Duration,
    answer: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(limit, answer).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            let failed = failure(settings, phase, of_smtp(error));
            let silent = phase == Phase::Hello && failed.reply().is_none();
            Err(if silent {
                failed.hinted(hello_hint(settings))
            } else {
                failed
            })
        }
        Err(_) => {
            let failed = failure(settings, phase, Cause::TimedOut(limit));
            Err(if phase == Phase::Hello {
                failed.hinted(hello_hint(settings))
            } else {
                failed
            })
        }
    }
}

fn hello_hint(settings: &Settings) -> &'static str {
    match settings.tls {
        Tls::Implicit => "check smtp.host and smtp.port",
        Tls::None | Tls::StartTls => {
            "a port that speaks TLS from the start, such as 465, needs smtp.tls = \"implicit\""
        }
    }
}

/// A failure at the server of `settings`.
pub(crate) fn failure(settings: &Settings, phase: Phase, cause: Cause) -> Failure {
    let preposition = if phase == Phase::Connect { "to" } else { "at" };
    Failure {
        phase,
        place: format!(" {preposition} {}", settings.place()),
        cause,
        hint: None,
    }
}

impl Failure {
    fn hinted(mut self, hint: &str) -> Failure {
        self.hint = Some(hint.to_owned());
        self
    }
}

fn of_smtp(error: lettre::transport::smtp::Error) -> Cause {
    if let Some(code) = error.status() {
        let text = error.source().map(ToString::to_string).unwrap_or_default();
        return Cause::Refused(reply(code.into(), &text));
    }
    if error.is_response() {
        let said = error.source().map(ToString::to_string).unwrap_or_default();
        // The rest repeats what the server said, which may be anything.
        return match said.as_str() {
            "incomplete response" => Cause::Lost(None),
            "SMTP response line too long" | "SMTP response too large" => {
                Cause::Garbled("it does not end".to_owned())
            }
            _ => Cause::Garbled("it is no SMTP reply".to_owned()),
        };
    }
    if error.is_client() {
        return Cause::Unsupported("the answer does not fit the question".to_owned());
    }
    if misconduct(&error) == Some(Misconduct::Endless) {
        return Cause::Garbled("it does not end".to_owned());
    }
    Cause::Lost(Some(Box::new(error)))
}

/// A reply as it is kept: one line, of a bounded length.
pub(crate) fn reply(code: u16, text: &str) -> Reply {
    let text: String = clean_line(text).chars().take(1000).collect();
    Reply::new(code, text)
}

/// A broken handshake is told from a broken connection by what broke it.
fn of_tls(error: Box<dyn Error + Send + Sync>) -> Cause {
    let by_tls = io_errors(error.as_ref()).any(|error| {
        error.kind() == io::ErrorKind::InvalidData
            || error
                .get_ref()
                .is_some_and(|inner| inner.is::<rustls::Error>())
    });
    if by_tls {
        Cause::Tls(error)
    } else {
        Cause::Lost(Some(error))
    }
}

fn misconduct(error: &(dyn Error + 'static)) -> Option<Misconduct> {
    io_errors(error).find_map(|error| error.get_ref()?.downcast_ref().copied())
}

fn io_errors<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e io::Error> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let current = next?;
        next = current.source();
        Some(current)
    })
    .filter_map(|error| error.downcast_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_leaves_this_machine_unprotected_only_when_told() {
        let cases = [
            (Tls::None, "127.0.0.1", false, false),
            (Tls::None, "::1", false, false),
            (Tls::None, "192.0.2.7", false, true),
            (Tls::None, "192.0.2.7", true, false),
            (Tls::StartTls, "192.0.2.7", false, false),
            (Tls::Implicit, "192.0.2.7", false, false),
        ];
        for (tls, server, plaintext_login, exposed) in cases {
            let settings = Settings {
                plaintext_login,
                ..Settings::new("mail.example.org", tls)
            };
            let server = server.parse().unwrap();
            assert_eq!(would_expose_password(&settings, server), exposed);
        }
    }
}
