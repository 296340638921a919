use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// The most that a server may say before we say something again: many times the
/// longest honest reply. lettre reads a reply's lines again with each new one,
/// so this also bounds what that costs.
const LONGEST_ANSWER: usize = 8 << 10;
/// The same below TLS that STARTTLS began, certificates included.
const LONGEST_PROTECTED: usize = 32 << 10;

/// The octets between us and the server, below lettre's protocol code, which
/// holds two things against a hostile server that lettre does not: an answer
/// has an end, and nothing of it is kept beyond the beginning of TLS.
pub(crate) struct Stream {
    inner: Inner,
    /// Octets read since something was written.
    read: usize,
    /// The answer to STARTTLS, as far as it came; `None` before and after.
    answer: Option<Vec<u8>>,
    longest: usize,
}

enum Inner {
    /// Open, perhaps to be upgraded by STARTTLS.
    Plain(TcpStream),
    /// Protected from the first octet.
    Tls(Box<TlsStream<TcpStream>>),
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
    pub(crate) fn plain(stream: TcpStream) -> Stream {
        Stream::new(Inner::Plain(stream))
    }

    pub(crate) fn tls(stream: TlsStream<TcpStream>) -> Stream {
        Stream::new(Inner::Tls(Box::new(stream)))
    }

    fn new(inner: Inner) -> Stream {
        Stream {
            inner,
            read: 0,
            answer: None,
            longest: LONGEST_ANSWER,
        }
    }

    fn pinned(&mut self) -> Pin<&mut dyn ReadWrite> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream),
            Inner::Tls(stream) => Pin::new(stream.as_mut()),
        }
    }

    fn watch(&mut self, octets: &[u8]) -> Result<(), Misconduct> {
        self.read += octets.len();
        if self.read > self.longest {
            return Err(Misconduct::Endless);
        }
        let Some(answer) = &mut self.answer else {
            return Ok(());
        };
        answer.extend_from_slice(octets);
        let Some(end) = end_of_reply(answer) else {
            return Ok(());
        };
        // What follows would be read as a protected reply once TLS is there,
        // and every later reply would be taken for the one before.
        let more = answer.len() > end;
        self.answer = None;
        self.longest = LONGEST_PROTECTED;
        if more {
            return Err(Misconduct::TextBeforeTls);
        }
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
        let before = buffer.filled().len();
        ready!(stream.pinned().poll_read(context, buffer))?;
        stream.watch(&buffer.filled()[before..])?;
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
        stream.read = 0;
        if octets.starts_with(b"STARTTLS\r\n") {
            stream.answer = Some(Vec::new());
        }
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
            Inner::Plain(_) => "Stream(plain)",
            Inner::Tls(_) => "Stream(tls)",
        })
    }
}
