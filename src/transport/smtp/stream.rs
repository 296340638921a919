use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// The longest answer to STARTTLS that is looked at.
const LONGEST_ANSWER: usize = 8192;

/// The octets between us and the server, below lettre's protocol code.
pub(crate) enum Stream {
    /// Open, perhaps to be upgraded by STARTTLS.
    Plain(Guarded),
    /// Protected from the first octet.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    pub(crate) fn plain(stream: TcpStream) -> Stream {
        Stream::Plain(Guarded {
            stream,
            answer: None,
        })
    }
}

/// A plain stream that refuses what a server, or somebody between, sends behind
/// the answer to STARTTLS: it would be read as a protected reply afterwards,
/// and every later reply would be taken for the one before.
pub(crate) struct Guarded {
    stream: TcpStream,
    /// The answer to STARTTLS, as far as it came; `None` before and after.
    answer: Option<Vec<u8>>,
}

impl Guarded {
    fn watch(&mut self, octets: &[u8]) -> io::Result<()> {
        let Some(answer) = &mut self.answer else {
            return Ok(());
        };
        answer.extend_from_slice(octets);
        let mut start = 0;
        while let Some(length) = answer[start..].iter().position(|octet| *octet == b'\n') {
            // RFC 5321 §4.2.1: a hyphen behind the code says that more lines
            // belong to the reply.
            let last = answer.get(start + 3) != Some(&b'-');
            start += length + 1;
            if last {
                let more = answer.len() > start;
                self.answer = None;
                return if more {
                    Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "the server sent text before TLS began",
                    ))
                } else {
                    Ok(())
                };
            }
        }
        if answer.len() > LONGEST_ANSWER {
            self.answer = None;
        }
        Ok(())
    }
}

impl AsyncTokioStream for Stream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Stream::Plain(plain) => plain.stream.peer_addr(),
            Stream::Tls(stream) => stream.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(plain) => {
                let before = buffer.filled().len();
                ready!(Pin::new(&mut plain.stream).poll_read(context, buffer))?;
                Poll::Ready(plain.watch(&buffer.filled()[before..]))
            }
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(plain) => {
                let count = ready!(Pin::new(&mut plain.stream).poll_write(context, octets))?;
                if octets.starts_with(b"STARTTLS\r\n") {
                    plain.answer = Some(Vec::new());
                }
                Poll::Ready(Ok(count))
            }
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_write(context, octets),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(plain) => Pin::new(&mut plain.stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(plain) => Pin::new(&mut plain.stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Stream::Plain(_) => "Stream::Plain",
            Stream::Tls(_) => "Stream::Tls",
        })
    }
}
