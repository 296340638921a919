//! Connections: how many, how slow they may be, and their end.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::web::Parts;
use crate::web::app::{Answers, App};

/// Connections at once; more wait in the system's queue.
const CONNECTIONS: usize = 1024;
/// How long the head of a request may take to arrive.
const HEAD: Duration = Duration::from_secs(15);
/// The longest that a connection lives, however slowly its other end reads.
const LIFE: Duration = Duration::from_secs(300);
/// How long requests may go on once the server is told to end.
const FAREWELL: Duration = Duration::from_secs(10);
/// The largest head of a request, in octets.
const HEAD_SIZE: usize = 16 << 10;
/// Before the next try where the system gives no connection.
const BREATH: Duration = Duration::from_millis(100);

/// Serves until `end` is there, and then lets requests finish that are under
/// way.
pub async fn serve(listener: TcpListener, parts: Parts, end: impl Future<Output = ()>) {
    let app = Arc::new(App::new(parts));
    let warm = Arc::clone(&app);
    let warming = tokio::spawn(async move {
        if let Err(error) = warm.index.refresh().await {
            // It is read again when somebody asks.
            warm.trouble(&error);
        }
    });
    let answers = Answers::new(Arc::clone(&app));
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut end = pin!(end);
    loop {
        let next = async {
            let seat = Arc::clone(&room).acquire_owned().await;
            let seat = seat.expect("nobody closes the semaphore");
            (listener.accept().await, seat)
        };
        let (accepted, seat) = tokio::select! {
            () = &mut end => break,
            next = next => next,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                app.trouble(&error);
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        // Answers are small: none waits for more to be sent with it.
        let _ = stream.set_nodelay(true);
        let answers = answers.clone();
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let answers = answers.clone();
            async move { Ok::<_, Infallible>(answers.answer(request.map(Body::new)).await) }
        });
        let connection = http1::Builder::new()
            // A web server in front that sends a POST on a connection that is just
            // being closed does not try again: then somebody would not have left.
            // One request each, and there is no such moment.
            .keep_alive(false)
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(HEAD_SIZE)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // What goes wrong on a connection is the other end's.
            let _ = tokio::time::timeout(LIFE, connection).await;
            drop(seat);
        });
    }
    warming.abort();
    drop(listener);
    let _ = tokio::time::timeout(FAREWELL, graceful.shutdown()).await;
}
