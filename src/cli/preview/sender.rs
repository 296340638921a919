//! A mailing in the desk's own hands: on a thread of its own, with the engine that
//! `send` runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chrono::Utc;

use crate::cli::args::Global;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::preview::speak::trouble_of;
use crate::cli::send::{self, Manner, Ready, Shelf};
use crate::cli::terminal::Terminal;
use crate::delivery::{self, End, Watch};
use crate::desk::{Trouble, Underway};
use crate::mailing::{Mailing, Stage};

/// How often what waits for its time looks whether it still is to wait.
const LOOK: Duration = Duration::from_millis(500);
/// Events that are kept of a run.
const EVENTS: usize = 5;

/// Who sends for the desk, one mailing at a time.
#[derive(Default)]
pub(super) struct Sender {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    underway: Option<Underway>,
    thread: Option<JoinHandle<()>>,
    /// The program is to end.
    ending: bool,
    /// Resume was asked of the run in hand, which may be ending: it looks once more.
    once_more: bool,
    /// Why runs ended, by issue.
    ended: BTreeMap<String, Trouble>,
    events: BTreeMap<String, Vec<String>>,
}

impl State {
    /// A run of an issue begins.
    fn take_up(&mut self, issue: &str) -> Arc<Watch> {
        let watch = Arc::new(Watch::new());
        self.underway = Some(Underway {
            issue: issue.to_owned(),
            watch: Arc::clone(&watch),
        });
        watch
    }
}

impl Sender {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is being handed over, or waits for its time.
    pub(super) fn underway(&self) -> Option<Underway> {
        self.state().underway.clone()
    }

    /// Why the last run of an issue ended.
    pub(super) fn ended(&self, issue: &str) -> Option<Trouble> {
        self.state().ended.get(issue).cloned()
    }

    /// What happened in the run of an issue, the last first.
    pub(super) fn events(
        &self,
        issue: &str,
        words: impl Fn(&delivery::Event) -> String,
    ) -> Vec<String> {
        let mut state = self.state();
        let ours = state.underway.as_ref().filter(|one| one.issue == issue);
        let new: Vec<String> = ours
            .map(|ours| ours.watch.events().iter().map(words).collect())
            .unwrap_or_default();
        let kept = state.events.entry(issue.to_owned()).or_default();
        new.into_iter().for_each(|event| kept.insert(0, event));
        kept.truncate(EVENTS);
        kept.clone()
    }

    /// Whether the mailing of an issue is in this desk's hands.
    pub(super) fn has(&self, issue: &str) -> bool {
        let state = self.state();
        state
            .underway
            .as_ref()
            .is_some_and(|one| one.issue == issue)
    }

    /// Takes a confirmed mailing in hand. One that is in hand already goes on, also
    /// where its run is just ending because it was paused.
    pub(super) fn begin(
        self: &Arc<Self>,
        global: &Global,
        mailing: Mailing,
    ) -> Result<(), CommandError> {
        let mut state = self.state();
        let busy = state
            .thread
            .as_ref()
            .is_some_and(|thread| !thread.is_finished());
        if let Some(underway) = state.underway.as_ref().filter(|_| busy) {
            if underway.issue == mailing.issue {
                state.once_more = true;
                return Ok(());
            }
            let words = format!("this desk has the mailing of {} in hand", underway.issue);
            return Err(CommandError::usage(words)
                .hint("pause that one, or wait until it is done; this one is confirmed"));
        }
        state.ended.remove(&mailing.issue);
        state.events.remove(&mailing.issue);
        state.once_more = false;
        let watch = state.take_up(&mailing.issue);
        let (sender, global) = (Arc::clone(self), global.clone());
        state.thread = Some(thread::spawn(move || sender.hold(&global, mailing, watch)));
        Ok(())
    }

    /// Runs a mailing, and once more for as long as it was resumed meanwhile.
    fn hold(&self, global: &Global, mut mailing: Mailing, mut watch: Arc<Watch>) {
        let terminal = Terminal::keeping();
        let mut ended = self.drive(global, &mailing, &watch, &terminal);
        loop {
            {
                let mut state = self.state();
                if state.ending || !std::mem::take(&mut state.once_more) {
                    // Under the same lock: who asks later finds nothing in hand.
                    state.underway = None;
                    let trouble = match ended {
                        Ok(trouble) => trouble,
                        Err(error) => Some(trouble_of(&error, &terminal)),
                    };
                    if let Some(trouble) = trouble {
                        state.ended.insert(mailing.issue, trouble);
                    }
                    return;
                }
            }
            match resumed(global, &mailing.issue, &terminal) {
                Ok(Some(again)) => {
                    mailing = again;
                    watch = self.state().take_up(&mailing.issue);
                    ended = self.drive(global, &mailing, &watch, &terminal);
                }
                Ok(None) => {}
                Err(error) => ended = Err(error),
            }
        }
    }

    /// Ends what is in hand: what is being handed over still is.
    pub(super) fn halt(&self) {
        let thread = {
            let mut state = self.state();
            state.ending = true;
            if let Some(underway) = &state.underway {
                underway.watch.stop();
            }
            state.thread.take()
        };
        // A thread that panicked has nothing to hand over any more.
        let _ = thread.map(JoinHandle::join);
    }

    fn drive(
        &self,
        global: &Global,
        mailing: &Mailing,
        watch: &Arc<Watch>,
        terminal: &Terminal,
    ) -> Result<Option<Trouble>, CommandError> {
        let folder = Folder::open_sound(global, terminal)?;
        let shelf = Shelf::open(&folder)?;
        while mailing.starts_at > Utc::now() {
            thread::sleep(LOOK);
            let now = shelf.ask(shelf.store.mailing_of(&mailing.issue))?;
            if self.state().ending || now.is_none_or(|now| now.stage != mailing.stage) {
                return Ok(None);
            }
        }
        let key = send::require_key(&folder)?;
        let manner = Manner {
            wait: true,
            by_hand: true,
            yes: true,
            is_keeper: false,
        };
        let ready = send::ready(&folder, &shelf, mailing, key, manner, terminal)?;
        let Ready { run, engagement } = ready;
        if self.state().ending {
            return Ok(None);
        }
        let running = delivery::run(run, &engagement, Arc::clone(watch));
        let end = shelf.runtime.block_on(running);
        let end = end.map_err(|cause| CommandError::new(Exit::Unexpected, cause))?;
        Ok(match end {
            End::Finished | End::Stopped(_) | End::Waiting(_) => None,
            End::Refused(providers) => Some(
                Trouble::new(format!(
                    "{} refuse mail from this sender",
                    providers.join(", ")
                ))
                .hint("once that is mended, Resume goes on"),
            ),
            End::Trouble { why } => Some(
                Trouble::new(format!("the relay takes no mail: {why}"))
                    .hint("once that is mended, Resume goes on"),
            ),
        })
    }
}

/// The mailing, where it is to be sent still: it may have been paused again.
fn resumed(
    global: &Global,
    issue: &str,
    terminal: &Terminal,
) -> Result<Option<Mailing>, CommandError> {
    let shelf = Shelf::open(&Folder::open_sound(global, terminal)?)?;
    let mailing = shelf.ask(shelf.store.mailing_of(issue))?;
    Ok(mailing.filter(|one| matches!(one.stage, Stage::Open | Stage::Scheduled)))
}

/// Whether a mailing may go on.
pub(super) fn may_go_on(mailing: &Mailing) -> Result<(), CommandError> {
    match mailing.stage {
        Stage::Cancelled => Err(send::cancelled(mailing)),
        _ => Ok(()),
    }
}
