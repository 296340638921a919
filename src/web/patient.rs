//! A connection that is not held up for ever: from the first octet of a request
//! to the first of its answer there is one limit of time, to the end of the
//! answer another. Between two requests it may rest; how long is the server's
//! affair.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// How slow the other end may be.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// From the first octet of a request to the first of its answer.
    pub(super) request: Duration,
    /// From there to the last octet of the answer.
    pub(super) answer: Duration,
}

/// What a connection is at, for whoever looks at it from outside.
#[derive(Default)]
pub(super) struct Progress {
    /// A request was heard whose answer is not wholly taken.
    under_way: AtomicBool,
    /// All that was said is written, and nothing was heard since.
    quiet: AtomicBool,
}

impl Progress {
    pub(super) fn begin(&self) {
        self.under_way.store(true, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.under_way.store(false, Ordering::Relaxed);
    }

    /// Whether it rests between two requests.
    pub(super) fn rests(&self) -> bool {
        self.quiet.load(Ordering::Relaxed) && !self.under_way.load(Ordering::Relaxed)
    }
}

/// A stream under limits of time.
pub(super) struct Patient<S> {
    stream: S,
    progress: Arc<Progress>,
    /// Read already, and to be read again.
    heard: Bytes,
    /// Whether something waits to be written.
    blocked: bool,
    patience: Patience,
    stage: Stage,
    /// There only while something is waited for: most connections rest.
    timer: Option<Pin<Box<Sleep>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was heard yet.
    Fresh,
    /// A request is being read, until then.
    Request(Instant),
    /// An answer is being written, until then, or is written.
    Answer(Instant),
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S, patience: Patience, progress: Arc<Progress>) -> Patient<S> {
        Patient {
            stream,
            progress,
            heard: Bytes::new(),
            blocked: false,
            patience,
            stage: Stage::Fresh,
            timer: None,
        }
    }

    /// Gives back what was read and not used: it is read first.
    pub(super) fn hear_again(&mut self, heard: Bytes) {
        self.heard = heard;
    }

    /// What a wait is to the caller: an error once its time is over.
    fn wait(&mut self, until: Instant, context: &mut Context<'_>) -> io::Result<()> {
        let timer = match &mut self.timer {
            Some(timer) => {
                if timer.deadline() != until {
                    timer.as_mut().reset(until);
                }
                timer
            }
            None => self.timer.insert(Box::pin(sleep_until(until))),
        };
        match timer.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }

    fn answering(&mut self) -> Instant {
        if let Stage::Answer(until) = self.stage {
            return until;
        }
        let until = Instant::now() + self.patience.answer;
        self.stage = Stage::Answer(until);
        self.progress.quiet.store(false, Ordering::Relaxed);
        until
    }

    fn written<T>(
        &mut self,
        until: Instant,
        result: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        self.blocked = result.is_pending();
        match result {
            Poll::Pending => match self.wait(until, context) {
                Ok(()) => Poll::Pending,
                Err(late) => Poll::Ready(Err(late)),
            },
            ready => {
                self.timer = None;
                ready
            }
        }
    }
}

impl Patient<TcpStream> {
    /// Waits until there is something to be read.
    ///
    /// # Errors
    ///
    /// Where the system says that there will never be.
    pub(super) async fn heard(&self) -> io::Result<()> {
        if self.heard.is_empty() {
            self.stream.readable().await?;
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = if self.heard.is_empty() {
            Pin::new(&mut self.stream).poll_read(context, buffer)
        } else {
            let most = self.heard.len().min(buffer.remaining());
            buffer.put_slice(&self.heard.split_to(most));
            Poll::Ready(Ok(()))
        };
        let quiet = read.is_pending() && matches!(self.stage, Stage::Answer(_)) && !self.blocked;
        self.progress.quiet.store(quiet, Ordering::Relaxed);
        match read {
            Poll::Pending => {
                if let Stage::Request(until) = self.stage {
                    self.wait(until, context)?;
                }
                Poll::Pending
            }
            Poll::Ready(result) => {
                let heard = buffer.filled().len() > before;
                if heard && !matches!(self.stage, Stage::Request(_)) {
                    self.stage = Stage::Request(Instant::now() + self.patience.request);
                    self.timer = None;
                }
                Poll::Ready(result)
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let until = self.answering();
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(until, result, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let until = self.answering();
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.written(until, result, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = ready!(Pin::new(&mut self.stream).poll_shutdown(context));
        Poll::Ready(result)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const PATIENCE: Patience = Patience {
        request: Duration::from_secs(30),
        answer: Duration::from_secs(300),
    };

    #[tokio::test(start_paused = true)]
    async fn a_request_that_trickles_is_given_up() {
        let (mut client, server) = duplex(64);
        let mut server = Patient::new(server, PATIENCE, Arc::default());
        let begun = Instant::now();
        let trickle = async {
            while client.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(7)).await;
            }
        };
        let mut read = Vec::new();
        let reading = async {
            let error = server.read_to_end(&mut read).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            drop(server);
        };
        tokio::join!(trickle, reading);
        assert!((30..40).contains(&begun.elapsed().as_secs()));
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_read_the_answer_is_given_up() {
        let (mut client, server) = duplex(64);
        let mut server = Patient::new(server, PATIENCE, Arc::default());
        client.write_all(b"GET").await.unwrap();
        let mut request = [0; 3];
        server.read_exact(&mut request).await.unwrap();
        let begun = Instant::now();
        let error = server.write_all(&[0; 1000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), 300);
    }

    #[tokio::test(start_paused = true)]
    async fn between_requests_there_is_rest_and_each_request_has_its_own_time() {
        let (mut client, server) = duplex(64);
        let mut server = Patient::new(server, PATIENCE, Arc::default());
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_secs(1000)).await;
            client.write_all(b"GET").await.unwrap();
            let mut bytes = [0; 3];
            server.read_exact(&mut bytes).await.unwrap();
            server.write_all(b"yes").await.unwrap();
            client.read_exact(&mut bytes).await.unwrap();
        }
        let waits = tokio::time::timeout(Duration::from_secs(3600), server.read_u8()).await;
        assert!(waits.is_err(), "a resting connection is left alone");
    }
}
