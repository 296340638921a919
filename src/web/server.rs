//! Connections: how many, how slow they may be, and their end.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};

use crate::web::Parts;
use crate::web::app::{Answers, App};
use crate::web::connection;

/// Connections at once; more wait in the system's queue.
const CONNECTIONS: u64 = 16_384;
/// Files that the process has open besides connections.
const OTHER_FILES: u64 = 128;
/// How long requests may go on once the server is told to end.
const FAREWELL: Duration = Duration::from_secs(10);
/// Before the next try where the system gives no connection.
const BREATH: Duration = Duration::from_millis(100);

/// Serves until `end` is there, and then lets requests finish that are under
/// way.
pub async fn serve(listener: TcpListener, parts: Parts, end: impl Future<Output = ()>) {
    let (_nobody, renewed) = mpsc::channel(1);
    serve_renewed(listener, parts, renewed, end).await;
}

/// The same, with other parts from the moment on at which they come. A request that
/// is under way ends with those that it began with, and the log says when there are
/// others.
pub async fn serve_renewed(
    listener: TcpListener,
    parts: Parts,
    mut renewed: mpsc::Receiver<Parts>,
    end: impl Future<Output = ()>,
) {
    let mut app = Arc::new(App::new(parts));
    let mut warming = tokio::spawn(warm(Arc::clone(&app)));
    let current = Arc::new(RwLock::new(Answers::new(Arc::clone(&app))));
    let seats = seats();
    let room = Arc::new(Semaphore::new(seats));
    let (ending, _) = watch::channel(false);
    let mut end = pin!(end);
    loop {
        let next = async {
            let seat = Arc::clone(&room).acquire_owned().await;
            let seat = seat.expect("nobody closes the semaphore");
            (listener.accept().await, seat)
        };
        let (accepted, seat) = tokio::select! {
            () = &mut end => break,
            Some(parts) = renewed.recv() => {
                let log = Arc::clone(&parts.log);
                app = Arc::new(App::following(parts, &app));
                warming.abort();
                warming = tokio::spawn(warm(Arc::clone(&app)));
                *current.write().unwrap_or_else(PoisonError::into_inner) =
                    Answers::new(Arc::clone(&app));
                // Not before it is true.
                log("reload=done");
                continue;
            }
            next = next => next,
        };
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (stream, peer.ip()),
            Err(error) => {
                app.trouble(&error);
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        // Answers are small: none waits for more to be sent with it.
        let _ = stream.set_nodelay(true);
        let current = Arc::clone(&current);
        let answer = move |request| {
            let answers = current.read().unwrap_or_else(PoisonError::into_inner);
            let answers = answers.clone();
            async move { answers.answer(peer, request).await }
        };
        let ending = ending.subscribe();
        tokio::spawn(async move {
            connection::serve(stream, answer, ending).await;
            drop(seat);
        });
    }
    warming.abort();
    drop(listener);
    let _ = ending.send(true);
    // All seats are free again once all connections have ended.
    let all = u32::try_from(seats).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(FAREWELL, room.acquire_many(all)).await;
}

/// Reads who subscribes, so that the first who asks need not wait for it.
async fn warm(app: Arc<App>) {
    if let Err(error) = app.index.refresh().await {
        // It is read again when somebody asks.
        app.trouble(&error);
    }
}

/// Connections at once. Each is an open file: the system's limit is raised as far
/// as it lets us, and left with room for files and the store.
#[cfg(unix)]
fn seats() -> usize {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = CONNECTIONS + OTHER_FILES;
    if limit.current.is_some_and(|current| current < wanted) {
        let most = limit.maximum.unwrap_or(wanted).min(wanted);
        let raised = limit.current.map(|current| current.max(most));
        limit.current = raised;
        if setrlimit(Resource::Nofile, limit).is_err() {
            limit = getrlimit(Resource::Nofile);
        }
    }
    let files = limit.current.unwrap_or(wanted);
    files.saturating_sub(OTHER_FILES).clamp(64, CONNECTIONS) as usize
}

#[cfg(not(unix))]
fn seats() -> usize {
    CONNECTIONS as usize
}
