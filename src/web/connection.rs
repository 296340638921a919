//! One connection, from request to request.
//!
//! While it rests it is a socket and little more: what reads and writes HTTP, with
//! its buffers, is made for a request and let go after its answer. So those who
//! only wait, and they may be many, cost little memory.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::web::patient::{Patience, Patient, Progress};

/// How long a connection may rest between two requests. Longer than web servers
/// in front keep theirs (nginx a minute, Caddy two): so it is they who close, and
/// no POST runs into a connection that is just being closed here.
const REST: Duration = Duration::from_secs(150);
/// How slow the other end may be.
const PATIENCE: Patience = Patience {
    request: Duration::from_secs(30),
    answer: Duration::from_secs(300),
};
/// The largest head of a request, in octets.
const HEAD_SIZE: usize = 16 << 10;

/// Answers the requests of a connection until its end, or until the server's.
pub(super) async fn serve<A, F>(stream: TcpStream, answer: A, mut ending: watch::Receiver<bool>)
where
    A: Fn(Request<Body>) -> F,
    F: Future<Output = Response<Body>> + Send,
{
    let progress = Arc::new(Progress::default());
    let mut stream = Patient::new(stream, PATIENCE, Arc::clone(&progress));
    let mut end = pin!(async move {
        // Who told of the end is gone: that is the end too.
        let _ = ending.wait_for(|ending| *ending).await;
    });
    loop {
        let spoken_to = tokio::select! {
            () = &mut end => false,
            heard = tokio::time::timeout(REST, stream.heard()) => matches!(heard, Ok(Ok(()))),
        };
        if !spoken_to {
            return;
        }
        let service = service_fn(|request: Request<Incoming>| {
            progress.begin();
            // What is left of a body that nobody read must not be taken for the
            // next request: after one, the connection stays with the one who knows.
            let bodiless = request.body().is_end_stream();
            let progress = bodiless.then(|| Arc::clone(&progress));
            // Boxed: its place is kept for as long as the connection speaks.
            let answering = Box::pin(answer(request.map(Body::new)));
            async move {
                let response = answering.await;
                Ok::<_, Infallible>(response.map(|body| Told { body, progress }))
            }
        });
        let mut speaking = Box::new(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(REST)
                .max_buf_size(HEAD_SIZE)
                .serve_connection(TokioIo::new(stream), service),
        );
        let mut told = false;
        let rests = poll_fn(|context| {
            if !told && end.as_mut().poll(context).is_ready() {
                told = true;
                Pin::new(&mut *speaking).graceful_shutdown();
            }
            match Pin::new(&mut *speaking).poll(context) {
                // What goes wrong on a connection is the other end's.
                Poll::Ready(_) => Poll::Ready(false),
                Poll::Pending if !told && progress.rests() => Poll::Ready(true),
                Poll::Pending => Poll::Pending,
            }
        });
        if !rests.await {
            return;
        }
        let parts = speaking.into_parts();
        stream = parts.io.into_inner();
        stream.hear_again(parts.read_buf);
    }
}

/// The body of an answer; where that is let go, all of it was taken. Without
/// progress nobody is told.
struct Told {
    body: Body,
    progress: Option<Arc<Progress>>,
}

impl Drop for Told {
    fn drop(&mut self) {
        if let Some(progress) = &self.progress {
            progress.end();
        }
    }
}

impl hyper::body::Body for Told {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
