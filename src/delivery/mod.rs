//! The engine: takes a mailing from the store through transports, one recorded
//! step at a time.
//!
//! [`run`] goes on with a mailing from wherever it stands. Each connection is one
//! worker: it takes the next delivery from the queue, tells the store in one step
//! what became of its last one and that this one is being sent, and lets the
//! content leave only when that is on the disk (ARCHITECTURE.md has the order of
//! commits). The queue keeps providers apart, so that nobody waits behind
//! somebody else's delay.
//!
//! Nothing here decides what a reply means (`mailing`), how a row is written
//! (`store`) or how a message looks (`email`). Clock and seed come in as
//! arguments.

mod coordinator;
mod error;
mod judge;
mod lane;
mod notices;
mod progress;
mod queue;
mod rests;
mod settings;
mod worker;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::task::JoinSet;

use crate::email::Message;
use crate::mailing::Mailing;
use crate::store::{Engagement, Store};
use crate::subscriber::Recipient;
use crate::transport::Transport;

use coordinator::Shared;

pub use error::Error;
pub use notices::{ComposeNotice, Letter, Post, post};
pub use progress::{Event, Progress, Stop, Watch};
pub use rests::{Rest, rests};
pub use settings::Settings;

/// Tells what time it is.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Makes the message for a recipient: the same each time it is asked. Says why
/// it cannot, for people.
pub type Compose = Arc<dyn Fn(&Recipient) -> Result<Message, String> + Send + Sync>;

/// One relay: how to make a connection's worth of it.
pub struct Relay {
    /// Host and port, as limits remember it.
    pub name: String,
    /// Makes the way of one worker; it connects when the first message comes.
    pub open: Box<dyn Fn() -> Box<dyn Transport> + Send + Sync>,
}

/// What a mailing is sent with.
pub struct Run {
    /// Where it is kept.
    pub store: Arc<dyn Store>,
    /// The mailing, as it stands.
    pub mailing: Mailing,
    /// Makes the message of its frozen content.
    pub compose: Compose,
    /// The relay, and those that take over when it fails.
    pub relays: Vec<Relay>,
    /// Limits and times.
    pub settings: Settings,
    /// The time.
    pub clock: Clock,
    /// Stays until nothing is open, however long that takes.
    pub wait: bool,
    /// Forgets that a provider refused us: the editor says that it is mended.
    pub by_hand: bool,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing is open any more.
    Finished,
    /// Somebody paused or cancelled the mailing, or the program is to end.
    Stopped(Stop),
    /// The rest waits until then.
    Waiting(DateTime<Utc>),
    /// The rest is for providers that refuse us until the editor has mended
    /// that.
    Refused(Vec<String>),
    /// The relay lets nobody through: the mailing is paused.
    Trouble {
        /// Why, for people.
        why: String,
    },
}

/// Sends what is open of a mailing.
///
/// # Errors
///
/// Where the store fails for good. Rows that were being sent then are found as
/// unknown by the next run.
pub async fn run(run: Run, engagement: &Engagement, watch: Arc<Watch>) -> Result<End, Error> {
    let now = (run.clock)();
    run.store.recover(engagement, now).await?;
    watch.begin(run.store.tally(run.mailing.id).await?, now);
    let workers = run.settings.connections.max(1);
    let shared = Arc::new(Shared::new(run, watch).await?);
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        tasks.spawn(worker::work(Arc::clone(&shared)));
    }
    let end = coordinator::coordinate(&shared).await;
    // Whatever the end is, what is being handed over is handed over.
    shared.drain();
    let mut failed = None;
    while let Some(ended) = tasks.join_next().await {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => failed = Some(error),
            Err(panic) => failed = Some(Error::Worker(panic.to_string())),
        }
    }
    shared.keep_limits().await?;
    match failed {
        Some(error) => Err(error),
        None => coordinator::conclude(&shared, end?).await,
    }
}
