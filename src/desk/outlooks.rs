//! What a mailing would be, counted aside: of a million it takes longer than a page may.
//! A small list is always counted anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::desk::app::App;
use crate::desk::{Approval, Outlook, Trouble};

/// How long a page waits for a count.
const PATIENCE: Duration = Duration::from_millis(220);
/// For how long a count that took longer is shown.
const FRESH: TimeDelta = TimeDelta::seconds(30);
/// Counts that are kept.
const KEPT: usize = 16;

/// What was counted: an issue as of a version of the folder, and what was wished.
type Name = (String, Approval, u64);
type Counted = Result<Outlook, Trouble>;

/// Counts that took longer than a page waits, and those that are being made.
#[derive(Default)]
pub(super) struct Outlooks {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    slow: BTreeMap<Name, (DateTime<Utc>, Counted)>,
    running: BTreeSet<Name>,
}

impl Outlooks {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// What the mailing of an issue would be now; `None` while that is being counted.
    pub(super) async fn outlook(
        self: &Arc<Self>,
        path: &str,
        wished: &Approval,
    ) -> Option<Counted> {
        let name = (path.to_owned(), wished.clone(), self.live.version());
        let now = (self.clock)();
        {
            let mut state = self.outlooks.state();
            state.slow.retain(|_, (at, _)| now - *at < FRESH);
            if let Some((_, counted)) = state.slow.get(&name) {
                return Some(counted.clone());
            }
            if !state.running.insert(name.clone()) {
                return None;
            }
        }
        let app = Arc::clone(self);
        let kept = name.clone();
        let (hand, mut taken) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let (path, wished) = (kept.0.clone(), kept.1.clone());
            let counted = app.work(move |app| app.room.outlook(&path, &wished)).await;
            app.outlooks.state().running.remove(&kept);
            if let Err(counted) = hand.send(counted) {
                // Nobody waited so long: whoever asks next has it at once.
                let mut state = app.outlooks.state();
                if state.slow.len() < KEPT {
                    state.slow.insert(kept, ((app.clock)(), counted));
                }
            }
        });
        match tokio::time::timeout(PATIENCE, &mut taken).await {
            Ok(counted) => counted.ok(),
            // It may have come this very moment.
            Err(_) => {
                taken.close();
                taken.try_recv().ok()
            }
        }
    }
}
