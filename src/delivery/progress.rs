//! What a run tells those who watch it, and what they tell it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use crate::mailing::{Stage, State, Tally};

/// Events kept for a watcher who does not look.
const MOST_EVENTS: usize = 100;

/// Why a run is to end early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The program is to end: what is being handed over still is.
    Drain,
    /// The mailing went to this stage.
    Stage(Stage),
}

/// Something that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A provider, or the relay where it is `None`, is left alone until then.
    Resting {
        /// Whose mail waits.
        provider: Option<String>,
        /// Until then.
        until: DateTime<Utc>,
    },
    /// A provider does not trust us: its mail waits until the editor resumes.
    Refused {
        /// Whose mail waits.
        provider: String,
        /// What was answered, code and enhanced code alone.
        reply: String,
    },
    /// The relay cannot be reached.
    Down {
        /// What happened.
        why: String,
    },
    /// Another relay takes over.
    Switched {
        /// Its name.
        relay: String,
    },
    /// The store cannot be written to just now.
    StoreTrouble {
        /// What happened.
        why: String,
    },
    /// Nothing can be done until then.
    Waiting {
        /// Until then.
        until: DateTime<Utc>,
    },
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Deliveries by state.
    pub tally: Tally,
    /// How many were handed over in this run.
    pub accepted: u64,
    /// When the first one was.
    pub since: Option<DateTime<Utc>>,
}

/// Between a run and who watches it.
#[derive(Debug, Default)]
pub struct Watch {
    seen: Mutex<(Progress, VecDeque<Event>)>,
    stop: Mutex<Option<Stop>>,
    stopped: Notify,
}

impl Watch {
    /// A watch of a run that has not begun.
    pub fn new() -> Watch {
        Watch::default()
    }

    /// How far the run is.
    pub fn progress(&self) -> Progress {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    /// What happened since this was asked last.
    pub fn events(&self) -> Vec<Event> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.1.drain(..).collect()
    }

    /// Tells the run to end: nothing new is begun.
    pub fn stop(&self) {
        self.halt(Stop::Drain);
    }

    pub(crate) fn halt(&self, stop: Stop) {
        let mut asked = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        asked.get_or_insert(stop);
        drop(asked);
        self.stopped.notify_waiters();
    }

    pub(crate) fn stopping(&self) -> Option<Stop> {
        *self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stopped(&self) -> &Notify {
        &self.stopped
    }

    pub(crate) fn begin(&self, tally: Tally, now: DateTime<Utc>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.0 = Progress {
            tally,
            accepted: 0,
            since: Some(now),
        };
    }

    pub(crate) fn counted(&self, tally: Tally) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.0.tally = tally;
    }

    pub(crate) fn moved(&self, from: State, to: State) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.0.tally.moved(from, to);
        seen.0.accepted += u64::from(to == State::Accepted);
    }

    pub(crate) fn tell(&self, event: Event) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.1.back() == Some(&event) {
            return;
        }
        if seen.1.len() >= MOST_EVENTS {
            seen.1.pop_front();
        }
        seen.1.push_back(event);
    }
}
