//! The thread behind a store, on which all its connections live: answers can be
//! waited for on any runtime, and on none.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chrono::Utc;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet, LocalSet};

use crate::store::postgres::inbox::Inbox;
use crate::store::postgres::layout;
use crate::store::postgres::lease;
use crate::store::postgres::link::Home;
use crate::store::postgres::settings::Settings;
use crate::store::postgres::step::{self, Begun, Try};
use crate::store::{Answer, Error, Step, Verdict};

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// What is asked of the thread, but for steps.
pub(super) type Job = Box<dyn FnOnce(Rc<Inner>) -> Task + Send>;

/// What all tasks of the thread share.
pub(super) struct Inner {
    pub(super) home: Home,
    pub(super) lease: Duration,
    pub(super) tries: RefCell<HashMap<Try, Begun>>,
    pub(super) leases: RefCell<HashMap<i64, AbortHandle>>,
    /// Messages taken over, as far as this process recorded them.
    pub(super) sent: Cell<u64>,
    state: State,
    counter: Cell<u32>,
}

/// What is known outside of the thread too.
#[derive(Clone, Default)]
pub(super) struct State {
    /// The lease under which this process sends; 0 is none.
    pub(super) fence: Arc<AtomicI64>,
    /// How many milliseconds the server's clock is ahead of ours.
    pub(super) skew: Arc<AtomicI64>,
}

impl Inner {
    pub(super) fn fence(&self) -> i64 {
        self.state.fence.load(Ordering::SeqCst)
    }

    /// The name of a new try.
    pub(super) fn token(&self, fence: i64) -> i64 {
        let count = self.counter.get();
        self.counter.set(count.wrapping_add(1));
        fence << 32 | i64::from(count)
    }

    /// How many milliseconds the server's clock is ahead of ours.
    pub(super) fn skew(&self) -> i64 {
        self.state.skew.load(Ordering::Relaxed)
    }

    /// The server told what time it is.
    pub(super) fn clock(&self, millis: i64) {
        let skew = millis - Utc::now().timestamp_millis();
        self.state.skew.store(skew, Ordering::Relaxed);
    }
}

/// The thread, as others see it.
pub(super) struct Host {
    jobs: Option<UnboundedSender<Job>>,
    steps: Arc<Inbox>,
    thread: Option<JoinHandle<()>>,
    pub(super) state: State,
}

impl Host {
    /// Reaches the database and answers the store's id too.
    pub(super) fn start(
        settings: Settings,
        lease: Duration,
        make: bool,
    ) -> Result<(Host, String), Error> {
        let place = settings.place().to_owned();
        let (jobs, inbox) = mpsc::unbounded_channel();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let state = State::default();
        let shared = state.clone();
        let steps = Arc::new(Inbox::default());
        let taken = Arc::clone(&steps);
        let failed = |source| Error::File {
            path: place.clone().into(),
            source,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let thread = thread::Builder::new()
            .name("store-postgres".to_owned())
            .spawn(move || {
                let begin = async move {
                    match open(settings, lease, make, shared).await {
                        Err(error) => drop(ready.send(Err(error))),
                        Ok((inner, id)) => {
                            // Whoever waited for it may be gone: then so are the jobs.
                            let _ = ready.send(Ok(id));
                            serve(Rc::new(inner), inbox, taken).await;
                        }
                    }
                };
                LocalSet::new().block_on(&runtime, begin);
            })
            .map_err(failed)?;
        let id = is_ready.recv().unwrap_or(Err(Error::Closed))?;
        let host = Host {
            jobs: Some(jobs),
            steps,
            thread: Some(thread),
            state,
        };
        Ok((host, id))
    }

    /// Has `work` done there.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        work: impl AsyncFnOnce(Rc<Inner>) -> Result<T, Error> + Send + 'static,
    ) -> Answer<T> {
        let (asker, answer) = oneshot::channel();
        if let Some(jobs) = &self.jobs {
            // Where the thread is gone, the job is dropped and with it the
            // asker: the answer is `Closed`.
            let _ = jobs.send(Box::new(move |inner| {
                Box::pin(async move {
                    // Whoever asked may be gone; the work is done all the same.
                    let _ = asker.send(work(inner).await);
                })
            }));
        }
        expect(answer)
    }

    /// Takes one step there.
    pub(super) fn step(&self, step: Step) -> Answer<Verdict> {
        let (asker, answer) = oneshot::channel();
        self.steps.push(step, asker);
        expect(answer)
    }

    /// For whoever must not keep the thread alive.
    pub(super) fn jobs(&self) -> Option<mpsc::WeakUnboundedSender<Job>> {
        self.jobs.as_ref().map(UnboundedSender::downgrade)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn expect<T: Send + 'static>(answer: oneshot::Receiver<Result<T, Error>>) -> Answer<T> {
    Box::pin(async move { answer.await.unwrap_or(Err(Error::Closed)) })
}

async fn open(
    settings: Settings,
    lease: Duration,
    make: bool,
    state: State,
) -> Result<(Inner, String), Error> {
    let home = Home::new(settings)?;
    let client = match home.client().await {
        Ok(client) => client,
        Err(failure) => return Err(failure.into_error(home.place(), "opening it")),
    };
    let id = match layout::migrate(&client, home.place(), make).await {
        Ok(id) => id,
        Err(failure) => return Err(failure.into_error(home.place(), "opening it")),
    };
    home.give_back(client);
    let mut draw = [0; 4];
    getrandom::fill(&mut draw).map_err(|cause| Error::Database {
        doing: "drawing a number",
        path: home.place().into(),
        source: Box::new(cause),
    })?;
    let inner = Inner {
        home,
        lease,
        tries: RefCell::default(),
        leases: RefCell::default(),
        sent: Cell::new(0),
        state,
        counter: Cell::new(u32::from_ne_bytes(draw)),
    };
    Ok((inner, id))
}

/// Does what is asked, and ends when nobody can ask any more and all is done.
async fn serve(inner: Rc<Inner>, mut inbox: UnboundedReceiver<Job>, steps: Arc<Inbox>) {
    let stepping = tokio::task::spawn_local(step::run(Rc::clone(&inner), Arc::clone(&steps)));
    let mut tasks = JoinSet::new();
    while let Some(job) = inbox.recv().await {
        tasks.spawn_local(job(Rc::clone(&inner)));
        while tasks.try_join_next().is_some() {}
    }
    steps.close();
    let _ = stepping.await;
    while tasks.join_next().await.is_some() {}
    let leases: Vec<i64> = inner.leases.borrow().keys().copied().collect();
    for id in leases {
        lease::end(&inner, id).await;
    }
}
