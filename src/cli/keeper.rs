//! Keeping the schedule: mailings begin at their time, and go on when what they
//! waited for is there. A running `serve` does so, and each `worker`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::cli::args::{Global, Worker};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::send::{Manner, Shelf, Signals, drive, require_key, who};
use crate::cli::terminal::{Color, Terminal, Volume};
use crate::mailing::{Mailing, Stage, State};
use crate::store::{self, Engagement};

/// How often what is due is looked for.
const LOOK: Duration = Duration::from_millis(500);
/// So long a mailing is left alone that did not come to its end.
const AGAIN: Duration = Duration::from_secs(5);

/// Runs `letterpress worker`.
pub(crate) fn run(
    global: &Global,
    _: &Worker,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    folder.settings().require_relay()?;
    require_key(&folder)?;
    let shelf = Shelf::open(&folder)?;
    if !shelf.store.is_shared() {
        return Err(CommandError::usage(
            "store.url names a SQLite file, which one process sends from",
        )
        .hint("`letterpress serve` keeps its schedule; workers share a PostgreSQL database"));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let mut signals = {
        let _entered = shelf.runtime.enter();
        Signals::new()?
    };
    let asked = Arc::clone(&stop);
    shelf.runtime.spawn(async move {
        signals.next().await;
        asked.store(true, Ordering::SeqCst);
    });
    terminal.note("waiting for mailings; Ctrl-C ends it");
    keep(&folder, &shelf, "worker", &stop, terminal);
    Ok(Exit::Done)
}

/// The schedule, kept beside something else until it is dropped.
pub(crate) struct Keeper {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Keeps the schedule of a newsletter that can send. What goes wrong is said
    /// on standard error and tried again.
    pub(crate) fn beside(folder: Folder) -> Keeper {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let can_send = folder.settings().require_relay().is_ok() && require_key(&folder).is_ok();
        let thread = can_send.then(|| {
            thread::spawn(move || {
                let terminal = Terminal::new(Color::Never, Volume::Usual);
                match Shelf::open(&folder) {
                    Ok(shelf) => keep(&folder, &shelf, "serve", &asked, &terminal),
                    Err(error) => error.print(&terminal),
                }
            })
        });
        Keeper { stop, thread }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // What it had to say it has said.
            let _ = thread.join();
        }
    }
}

/// Sends what is due, until it is asked to stop.
fn keep(folder: &Folder, shelf: &Shelf, role: &str, stop: &AtomicBool, terminal: &Terminal) {
    let mut rounds = Rounds::default();
    let mut kept: Option<Engagement> = None;
    let mut since: Option<Instant> = None;
    while !stop.load(Ordering::SeqCst) {
        // A lease that ran out while the server was away is taken anew.
        if kept.is_some()
            && shelf.store.is_shared()
            && since.is_none_or(|since| since.elapsed() >= AGAIN)
        {
            since = Some(Instant::now());
            let keeper = shelf.runtime.block_on(shelf.store.keeper());
            if matches!(keeper, Ok(None)) {
                (kept, since) = (None, None);
            }
        }
        if kept.is_none() && since.is_none_or(|since| since.elapsed() >= AGAIN) {
            since = Some(Instant::now());
            match shelf.runtime.block_on(shelf.store.keep(&who(role))) {
                Ok(engagement) => kept = Some(engagement),
                Err(store::Error::Engaged { .. }) => {}
                // A role for the public side: workers keep the schedule.
                Err(store::Error::ReadOnly { .. }) => return,
                Err(error) => CommandError::from(error).print(terminal),
            }
        }
        if kept.is_some()
            && let Err(error) = rounds.look(folder, shelf, stop, terminal)
        {
            error.print(terminal);
            kept = None;
        }
        thread::sleep(LOOK);
    }
}

/// What was seen in earlier rounds.
#[derive(Default)]
struct Rounds {
    /// When a mailing that did not end was left.
    left: BTreeMap<String, Instant>,
    /// Missed by so much that only a person may begin them; said once.
    missed: BTreeSet<String>,
}

impl Rounds {
    fn look(
        &mut self,
        folder: &Folder,
        shelf: &Shelf,
        stop: &AtomicBool,
        terminal: &Terminal,
    ) -> Result<(), CommandError> {
        let mut mailings = shelf.ask(shelf.store.mailings())?;
        mailings.sort_by_key(|mailing| mailing.starts_at);
        for seen in &mailings {
            // The one before may have taken hours.
            let mailing = shelf.ask(shelf.store.mailing_of(&seen.issue))?;
            let Some(mailing) = &mailing else { continue };
            if stop.load(Ordering::SeqCst) {
                return Ok(());
            }
            let left = self.left.get(&mailing.issue);
            let rests = left.is_some_and(|left| left.elapsed() < AGAIN);
            if rests || !self.is_due(folder, shelf, mailing, terminal)? {
                continue;
            }
            let manner = Manner {
                wait: false,
                by_hand: false,
                yes: false,
                is_keeper: true,
            };
            let key = require_key(folder)?;
            if let Err(error) = drive(folder, shelf, mailing, key, manner, terminal) {
                error.print(terminal);
            }
            let now = shelf.ask(shelf.store.mailing_of(&mailing.issue))?;
            if now.is_some_and(|now| now.stage == Stage::Open) {
                self.left.insert(mailing.issue.clone(), Instant::now());
            }
        }
        Ok(())
    }

    fn is_due(
        &mut self,
        folder: &Folder,
        shelf: &Shelf,
        mailing: &Mailing,
        terminal: &Terminal,
    ) -> Result<bool, CommandError> {
        let now: DateTime<Utc> = Utc::now() + shelf.store.skew();
        if mailing.starts_at > now {
            return Ok(false);
        }
        match mailing.stage {
            Stage::Scheduled => {
                let late = now - mailing.starts_at;
                let most = TimeDelta::from_std(folder.settings().delivery.late);
                if late <= most.unwrap_or(TimeDelta::MAX) {
                    return Ok(true);
                }
                if self.missed.insert(mailing.issue.clone()) {
                    terminal.note(&format!(
                        "the mailing of issue {} missed its time: `letterpress resume {}` begins it",
                        mailing.issue, mailing.issue
                    ));
                }
                Ok(false)
            }
            Stage::Open => {
                if !shelf.store.is_shared() && shelf.ask(shelf.store.engaged())?.is_some() {
                    return Ok(false);
                }
                let tally = shelf.ask(shelf.store.tally(mailing.id))?;
                let deferred = tally.next_due.is_some_and(|due| due <= now);
                Ok(tally.of(State::Pending) + tally.of(State::Sending) > 0 || deferred)
            }
            Stage::Paused | Stage::Cancelled | Stage::Finished => Ok(false),
        }
    }
}
