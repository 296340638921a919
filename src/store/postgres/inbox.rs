//! Steps that wait for their transaction. They come from other threads, and wake
//! the store's only when there are enough of them.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use tokio::time::{Duration, timeout};

use crate::store::traffic::Traffic;
use crate::store::{Error, Step, Verdict};

/// What became of a step, for who asked.
pub(super) type Asker = oneshot::Sender<Result<Verdict, Error>>;

/// Steps in one transaction at most.
const GROUP: usize = 256;
/// So long steps are waited for: the runtime counts whole milliseconds, and takes
/// one more at most.
const WAIT: Duration = Duration::from_millis(1);

/// Where steps wait.
#[derive(Default)]
pub(super) struct Inbox {
    waiting: Mutex<Waiting>,
    bell: Notify,
}

#[derive(Default)]
struct Waiting {
    steps: Vec<Step>,
    askers: Vec<Asker>,
    /// The bell is rung for so many; 0 while nobody waits for it.
    wanted: usize,
    /// Nobody hands in steps any more.
    closed: bool,
    /// Nobody takes them any more.
    ended: bool,
}

impl Inbox {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands in a step. Where nobody takes it any more, the asker is dropped.
    pub(super) fn push(&self, step: Step, asker: Asker) {
        let mut waiting = self.waiting();
        if waiting.ended {
            return;
        }
        waiting.steps.push(step);
        waiting.askers.push(asker);
        if waiting.wanted > 0 && waiting.steps.len() >= waiting.wanted {
            waiting.wanted = 0;
            drop(waiting);
            self.bell.notify_one();
        }
    }

    /// No more steps come.
    pub(super) fn close(&self) {
        self.waiting().closed = true;
        self.bell.notify_one();
    }

    /// The steps of the next transaction: those that wait, and where that is worth
    /// it some that come a moment later. `None` when no more come.
    pub(super) async fn take(&self, traffic: &Traffic) -> Option<(Vec<Step>, Vec<Asker>)> {
        let mut patient = true;
        loop {
            let count = {
                let mut waiting = self.waiting();
                let count = waiting.steps.len();
                let is_enough = !patient || !traffic.is_worth_waiting(count);
                if count > 0 && (is_enough || waiting.closed) {
                    waiting.wanted = 0;
                    return Some(waiting.take());
                }
                if waiting.closed {
                    return None;
                }
                waiting.wanted = match count {
                    0 => 1,
                    _ => traffic.wanted(),
                };
                count
            };
            let bell = self.bell.notified();
            match count {
                0 => bell.await,
                _ => patient = timeout(WAIT, bell).await.is_ok(),
            }
        }
    }
}

impl Waiting {
    fn take(&mut self) -> (Vec<Step>, Vec<Asker>) {
        let later = self.steps.len().min(GROUP);
        let (steps, askers) = (self.steps.split_off(later), self.askers.split_off(later));
        (
            mem::replace(&mut self.steps, steps),
            mem::replace(&mut self.askers, askers),
        )
    }
}

/// Whoever takes steps; where it is gone, those that wait are told.
pub(super) struct Taker(pub(super) Arc<Inbox>);

impl Drop for Taker {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting();
        waiting.ended = true;
        waiting.take();
        waiting.askers.clear();
        waiting.steps.clear();
    }
}
