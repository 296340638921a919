//! Files too large to be kept in memory: read in pieces, as the client takes
//! them.

use std::fs::File;
use std::future::Future;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};

/// Octets in memory at once.
const PIECE: u64 = 64 << 10;

/// The content of a file, of which there are so many octets left.
pub(super) struct Pieces {
    left: u64,
    state: State,
}

enum State {
    Resting(Option<File>),
    Reading(JoinHandle<io::Result<(File, Bytes)>>),
}

impl Pieces {
    /// Of an open file of this size.
    pub(super) fn new(file: File, size: u64) -> Pieces {
        Pieces {
            left: size,
            state: State::Resting(Some(file)),
        }
    }
}

fn piece(mut file: File, most: u64) -> io::Result<(File, Bytes)> {
    let mut bytes = Vec::with_capacity(most as usize);
    Read::by_ref(&mut file).take(most).read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((file, bytes.into()))
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            let most = self.left.min(PIECE);
            match &mut self.state {
                State::Resting(_) if most == 0 => return Poll::Ready(None),
                State::Resting(file) => {
                    let Some(file) = file.take() else {
                        return Poll::Ready(None);
                    };
                    self.state = State::Reading(spawn_blocking(move || piece(file, most)));
                }
                State::Reading(reading) => {
                    let read = ready!(Pin::new(reading).poll(context));
                    return match read.map_err(io::Error::other).flatten() {
                        Ok((file, bytes)) => {
                            self.left -= bytes.len() as u64;
                            self.state = State::Resting(Some(file));
                            Poll::Ready(Some(Ok(Frame::data(bytes))))
                        }
                        Err(error) => {
                            // Cut: the length was said, so the client knows.
                            self.state = State::Resting(None);
                            Poll::Ready(Some(Err(error)))
                        }
                    };
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
