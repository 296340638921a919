use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::client::TlsStream;

use crate::transport::smtp::examine::Protection;
use crate::transport::smtp::offers::Offers;

/// The most that a server may say before we say something again: many times the
/// longest honest reply. lettre reads a reply's lines again with each new one,
/// so this also bounds what that costs.
const LONGEST_ANSWER: usize = 8 << 10;

/// The octets between us and the server, below lettre's protocol code, which
/// holds two things against a hostile server that lettre does not: an answer
/// has an end, and nothing of it is kept beyond the beginning of TLS. It also
/// hears what lettre does not keep: all that the server offers.
pub(crate) struct Stream {
    inner: Inner,
    /// What is read before anything of the server's.
    greeting: &'static [u8],
    /// Octets read since something was written.
    read: usize,
    /// The question whose answer is listened to, and the answer so far.
    listening: Option<(Question, Vec<u8>)>,
    offers: Arc<Mutex<Offers>>,
}

#[derive(Clone, Copy)]
enum Question {
    Hello,
    StartTls,
}

enum Inner {
    /// Open.
    Plain(TcpStream),
    /// Open until TLS begins.
    Lent(Lent),
    /// Protected.
    Tls(Box<TlsStream<TcpStream>>),
}

/// A stream that goes back to its owner when lettre lets go of it.
struct Lent {
    stream: Option<TcpStream>,
    owner: Option<oneshot::Sender<TcpStream>>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(stream), Some(owner)) = (self.stream.take(), self.owner.take()) {
            // An owner who is gone does not want it.
            let _ = owner.send(stream);
        }
    }
}

/// What a server does that ends the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Misconduct {
    #[error("the server's answer does not end")]
    Endless,
    #[error("the server sent text before TLS began")]
    TextBeforeTls,
}

impl From<Misconduct> for io::Error {
    fn from(misconduct: Misconduct) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, misconduct)
    }
}

impl Stream {
    /// Open from beginning to end.
    pub(crate) fn plain(stream: TcpStream) -> Stream {
        Stream::new(Inner::Plain(stream))
    }

    /// Open, for the dialogue up to STARTTLS; what is below comes back once
    /// this is dropped.
    pub(crate) fn lent(stream: TcpStream) -> (Stream, oneshot::Receiver<TcpStream>) {
        let (owner, back) = oneshot::channel();
        let lent = Lent {
            stream: Some(stream),
            owner: Some(owner),
        };
        (Stream::new(Inner::Lent(lent)), back)
    }

    /// Protected from the first octet.
    pub(crate) fn tls(stream: TlsStream<TcpStream>) -> Stream {
        Stream::new(Inner::Tls(Box::new(stream)))
    }

    /// Protected since STARTTLS. RFC 3207 §4.2: the server does not greet
    /// again, and what it said before is forgotten. lettre waits for a greeting
    /// nonetheless.
    pub(crate) fn upgraded(stream: TlsStream<TcpStream>) -> Stream {
        Stream {
            greeting: b"220 protected\r\n",
            ..Stream::tls(stream)
        }
    }

    fn new(inner: Inner) -> Stream {
        Stream {
            inner,
            greeting: b"",
            read: 0,
            listening: None,
            offers: Arc::default(),
        }
    }

    /// What the last answer to EHLO offers.
    pub(crate) fn offers(&self) -> Arc<Mutex<Offers>> {
        self.offers.clone()
    }

    /// How the way is protected, where it is.
    pub(crate) fn protection(&self) -> Option<Protection> {
        let Inner::Tls(stream) = &self.inner else {
            return None;
        };
        let session = stream.get_ref().1;
        let version = match session.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
            Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
            _ => "TLS",
        };
        let chain = session.peer_certificates().unwrap_or_default();
        Some(Protection {
            version: version.to_owned(),
            chain: chain.iter().map(|one| one.clone().into_owned()).collect(),
        })
    }

    fn set_offers(&self, offers: Offers) {
        *self.offers.lock().unwrap_or_else(PoisonError::into_inner) = offers;
    }

    fn pinned(&mut self) -> Pin<&mut dyn ReadWrite> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream),
            Inner::Lent(lent) => Pin::new(lent.stream.as_mut().expect("dropping alone takes it")),
            Inner::Tls(stream) => Pin::new(stream.as_mut()),
        }
    }

    fn written(&mut self, octets: &[u8]) {
        self.read = 0;
        let question = if octets.starts_with(b"EHLO ") {
            self.set_offers(Offers::default());
            Question::Hello
        } else if octets == b"STARTTLS\r\n" {
            Question::StartTls
        } else {
            return;
        };
        self.listening = Some((question, Vec::new()));
    }

    fn heard(&mut self, octets: &[u8]) -> Result<(), Misconduct> {
        self.read += octets.len();
        if self.read > LONGEST_ANSWER {
            return Err(Misconduct::Endless);
        }
        let Some((question, answer)) = &mut self.listening else {
            return Ok(());
        };
        answer.extend_from_slice(octets);
        let Some(end) = end_of_reply(answer) else {
            return Ok(());
        };
        match question {
            Question::Hello => {
                let offers = Offers::read(&answer[..end]);
                *self.offers.lock().unwrap_or_else(PoisonError::into_inner) = offers;
            }
            // What follows would be read as a protected reply once TLS is
            // there, and every later reply would be taken for the one before.
            Question::StartTls if answer.len() > end => return Err(Misconduct::TextBeforeTls),
            Question::StartTls => {}
        }
        self.listening = None;
        Ok(())
    }
}

trait ReadWrite: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> ReadWrite for T {}

/// Where the first reply ends. RFC 5321 §4.2.1: a hyphen behind the code says
/// that more lines belong to it.
fn end_of_reply(octets: &[u8]) -> Option<usize> {
    let mut end = 0;
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        end += line.len();
        if line.ends_with(b"\n") && line.get(3) != Some(&b'-') {
            return Some(end);
        }
    }
    None
}

impl AsyncTokioStream for Stream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.inner {
            Inner::Plain(stream) => stream.peer_addr(),
            Inner::Lent(lent) => match &lent.stream {
                Some(stream) => stream.peer_addr(),
                None => Err(io::ErrorKind::NotConnected.into()),
            },
            Inner::Tls(stream) => stream.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        if !stream.greeting.is_empty() {
            let (now, later) = stream
                .greeting
                .split_at(stream.greeting.len().min(buffer.remaining()));
            buffer.put_slice(now);
            stream.greeting = later;
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(stream.pinned().poll_read(context, buffer))?;
        stream.heard(&buffer.filled()[before..])?;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        let count = ready!(stream.pinned().poll_write(context, octets))?;
        stream.written(octets);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().pinned().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().pinned().poll_shutdown(context)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.inner {
            Inner::Plain(_) | Inner::Lent(_) => "Stream(plain)",
            Inner::Tls(_) => "Stream(tls)",
        })
    }
}
