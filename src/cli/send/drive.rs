//! A confirmed mailing on its way: waiting for its time, handing it over, the
//! end.

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use serde_json::Value;

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::mailings::{counts, facts, tally_words, time as moment};
use crate::cli::send::progress::View;
use crate::cli::send::shelf::Shelf;
use crate::cli::send::{confirm, leaving, noted, relay, time};
use crate::cli::signer;
use crate::cli::terminal::Terminal;
use crate::delivery::{self, Compose, End, Run, Stop, Watch};
use crate::email::Composition;
use crate::mailing::{Mailed, Mailing, Stage, State, Tally};
use crate::store::Engagement;
use crate::subscriber::Key;

/// How often what is waited for is looked at.
const LOOK: Duration = Duration::from_secs(15);
/// How often progress is shown.
const SHOW: Duration = Duration::from_millis(200);

/// What became of a mailing in this run.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) exit: Exit,
    /// For scripts; docs/json.md describes it.
    pub(crate) json: Value,
}

/// How a mailing is to go on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// Until nothing is open.
    pub(crate) wait: bool,
    /// Forget that providers refused us.
    pub(crate) by_hand: bool,
    /// A time that was missed needs no further word.
    pub(crate) yes: bool,
    /// Nobody waits for it: it is the schedule that is kept.
    pub(crate) is_keeper: bool,
}

/// Sends what is open of a mailing; waits for its time before.
pub(crate) fn drive(
    folder: &Folder,
    shelf: &Shelf,
    mailing: &Mailing,
    signing_key: Key,
    manner: Manner,
    terminal: &Terminal,
) -> Result<Sent, CommandError> {
    let zone = folder.settings().newsletter.time_zone;
    let waits = mailing.stage == Stage::Scheduled || mailing.starts_at > Utc::now();
    let keeper = match manner.is_keeper {
        true => None,
        false => shelf.ask(shelf.store.keeper())?,
    };
    if let Some(keeper) = &keeper
        && waits
        && mailing.starts_at > Utc::now()
    {
        terminal.note(&format!(
            "{keeper} begins it on {}; `letterpress pause {}` holds it back",
            time::words(mailing.starts_at, zone),
            mailing.issue
        ));
        return sent(shelf, mailing, Exit::Done, terminal);
    }
    if waits && !at_its_time(folder, shelf, mailing, manner, terminal)? {
        return sent(shelf, mailing, Exit::Again, terminal);
    }
    let ready = ready(folder, shelf, mailing, signing_key, manner, terminal)?;
    let Ready { run, engagement } = ready;
    let watch = Arc::new(Watch::new());
    let mut view = View::new(zone, terminal);
    let end = shelf.runtime.block_on(async {
        let mut running = std::pin::pin!(delivery::run(run, &engagement, Arc::clone(&watch)));
        let mut tick = tokio::time::interval(SHOW);
        let mut signals = Signals::new()?;
        let mut asked = false;
        loop {
            tokio::select! {
                end = &mut running => {
                    return end.map_err(|cause| CommandError::new(Exit::Unexpected, cause));
                }
                _ = tick.tick() => view.show(&watch, terminal),
                () = signals.next() => {
                    if asked {
                        view.clear();
                        // What is being handed over is found as unknown.
                        std::process::exit(Exit::Again as i32);
                    }
                    asked = true;
                    watch.stop();
                    view.say("finishing what is being handed over; once more ends at once", terminal);
                }
            }
        }
    });
    view.show(&watch, terminal);
    view.clear();
    drop(engagement);
    let exit = say_end(&end?, mailing, &tally_of(shelf, mailing)?, zone, terminal);
    if let Some(keeper) = keeper.filter(|_| exit == Exit::Again) {
        terminal.note(&format!(
            "{keeper} goes on with it; `letterpress pause {}` stops that",
            mailing.issue
        ));
    }
    sent(shelf, mailing, exit, terminal)
}

/// A mailing that may be handed over, and the word of the store that nobody else
/// does so meanwhile.
pub(crate) struct Ready {
    pub(crate) run: Run,
    pub(crate) engagement: Engagement,
}

/// Looks once more at what must be right before anything leaves, notes the mailing
/// and becomes the one that sends it.
pub(crate) fn ready(
    folder: &Folder,
    shelf: &Shelf,
    mailing: &Mailing,
    signing_key: Key,
    manner: Manner,
    terminal: &Terminal,
) -> Result<Ready, CommandError> {
    let content = shelf.ask(shelf.store.content(mailing.id))?;
    let composition =
        Composition::thaw(&content).map_err(|cause| CommandError::new(Exit::Unexpected, cause))?;
    let relays = relay::relays(folder)?;
    let leaving = composition.way_out();
    leaving::answers(folder, shelf, leaving, &signing_key, Exit::Again, terminal)?;
    let role = match (manner.is_keeper, shelf.store.is_shared()) {
        (false, _) => "send",
        (true, true) => "worker",
        (true, false) => "serve",
    };
    let engagement = shelf.ask(shelf.store.engage(&who(role)))?;
    let tally = shelf.ask(shelf.store.tally(mailing.id))?;
    // Before the first message leaves, also where an earlier run was killed
    // between confirming and noting.
    let mailed = Mailed {
        issue: mailing.issue.clone(),
        store: shelf.store.id().0,
        digest: mailing.digest.clone(),
        count: tally.total(),
        at: Utc::now(),
    };
    if !manner.is_keeper {
        noted::note(folder, mailed, terminal)?;
    }
    if mailing.stage != Stage::Open {
        let opened = shelf
            .store
            .set_stage(mailing.id, Stage::Open, "", Utc::now());
        if !shelf.ask(opened)? {
            return Err(cancelled(mailing));
        }
    }
    let signer = signer::signer(folder)?;
    let compose: Compose = Arc::new(move |recipient| {
        let message = composition.message(Some(&signing_key), signer.as_ref(), recipient);
        message.map_err(|error| error.to_string())
    });
    let run = Run {
        store: Arc::clone(&shelf.store),
        mailing: Mailing {
            stage: Stage::Open,
            ..mailing.clone()
        },
        compose,
        relays,
        settings: folder.settings().delivery.clone(),
        clock: {
            let store = Arc::clone(&shelf.store);
            Arc::new(move || Utc::now() + store.skew())
        },
        wait: manner.wait,
        by_hand: manner.by_hand,
    };
    Ok(Ready { run, engagement })
}

/// Waits until the mailing's time; false where it is not to begin.
fn at_its_time(
    folder: &Folder,
    shelf: &Shelf,
    mailing: &Mailing,
    manner: Manner,
    terminal: &Terminal,
) -> Result<bool, CommandError> {
    let zone = folder.settings().newsletter.time_zone;
    let at = time::words(mailing.starts_at, zone);
    let settings = &folder.settings().delivery;
    let late = Utc::now() - mailing.starts_at;
    if late > TimeDelta::from_std(settings.late).unwrap_or(TimeDelta::MAX) {
        let question = format!(
            "The mailing of issue {} was to begin on {at}.",
            mailing.issue
        );
        confirm::ask(&question, &[&mailing.issue, "yes"], manner.yes, terminal)?;
        return Ok(true);
    }
    if late >= TimeDelta::zero() {
        return Ok(true);
    }
    terminal.note(&format!(
        "waiting until {at}; this must keep running. Stopped, it stays scheduled, and \
         `letterpress resume {}` goes on. To have the system start it instead:\n  {}",
        mailing.issue,
        timer(folder, mailing)
    ));
    shelf.runtime.block_on(async {
        let mut signals = Signals::new()?;
        loop {
            let left = (mailing.starts_at - Utc::now())
                .to_std()
                .unwrap_or_default();
            if left.is_zero() {
                return Ok(true);
            }
            // The clock may be set and the machine may sleep meanwhile.
            tokio::select! {
                () = tokio::time::sleep(left.min(LOOK)) => {}
                () = signals.next() => return Ok(false),
            }
            let now = shelf.store.mailing_of(&mailing.issue).await?;
            if now.is_none_or(|now| now.stage != mailing.stage) {
                return Ok(false);
            }
        }
    })
}

/// A line for systemd's timers.
fn timer(folder: &Folder, mailing: &Mailing) -> String {
    let root = std::fs::canonicalize(&folder.root).unwrap_or_else(|_| folder.root.clone());
    format!(
        "systemd-run --user --on-calendar=\"{}\" letterpress -C {} resume {} --yes",
        mailing.starts_at.format("%Y-%m-%d %H:%M:%S UTC"),
        root.display(),
        mailing.issue
    )
}

fn say_end(
    end: &End,
    mailing: &Mailing,
    tally: &Tally,
    zone: chrono_tz::Tz,
    terminal: &Terminal,
) -> Exit {
    let again = format!("`letterpress resume {}` goes on", mailing.issue);
    match end {
        End::Finished => return finished(tally),
        End::Stopped(Stop::Drain) => {
            terminal.note(&format!("stopped before the end; {again}"));
        }
        End::Stopped(Stop::Stage(Stage::Cancelled)) => {
            terminal.note("the mailing was cancelled");
            return Exit::Partial;
        }
        End::Stopped(Stop::Stage(_)) => terminal.note(&format!("the mailing is paused; {again}")),
        End::Waiting(due) => terminal.note(&format!(
            "the next try is due on {}; then {again}, or --wait stays until then",
            time::words(*due, zone)
        )),
        End::Refused(providers) => terminal.note(&format!(
            "{} refuse mail from this sender; once that is mended, {again}",
            providers.join(", ")
        )),
        End::Trouble { why } => {
            terminal.note(&format!("the relay takes no mail: {why}"));
            terminal.note(&format!(
                "the mailing is paused; once that is mended, {again}"
            ));
        }
    }
    Exit::Again
}

/// The exit code of a mailing in which nothing is open.
pub(crate) fn finished(tally: &Tally) -> Exit {
    if tally.of(State::Rejected) + tally.of(State::Unknown) > 0 {
        Exit::Partial
    } else {
        Exit::Done
    }
}

/// Tells where the mailing stands now.
pub(crate) fn sent(
    shelf: &Shelf,
    mailing: &Mailing,
    exit: Exit,
    terminal: &Terminal,
) -> Result<Sent, CommandError> {
    let tally = tally_of(shelf, mailing)?;
    let now = shelf.ask(shelf.store.mailing_of(&mailing.issue))?;
    let now = now.unwrap_or_else(|| mailing.clone());
    terminal.note(&format!("issue {}: {}", mailing.issue, tally_words(&tally)));
    let mut json = facts(&now);
    json.insert("counts".to_owned(), counts(&tally));
    json.insert("next_due".to_owned(), tally.next_due.map(moment).into());
    Ok(Sent {
        exit,
        json: Value::Object(json),
    })
}

/// Nothing of a cancelled mailing is sent any more.
pub(crate) fn cancelled(mailing: &Mailing) -> CommandError {
    CommandError::usage(format!(
        "the mailing of issue {} was cancelled",
        mailing.issue
    ))
    .hint("there is one mailing for each issue: say what is new in another")
}

fn tally_of(shelf: &Shelf, mailing: &Mailing) -> Result<Tally, CommandError> {
    shelf.ask(shelf.store.tally(mailing.id))
}

/// Who is sending, for others who want to.
pub(crate) fn who(role: &str) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let at = match host.trim() {
        "" => String::new(),
        host => format!(" on {host}"),
    };
    format!("letterpress {role}, process {}{at},", std::process::id())
}

/// Ctrl-C, and what systems send before they end a program.
pub(crate) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    pub(crate) fn new() -> Result<Signals, CommandError> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let terminate = signal(SignalKind::terminate()).map_err(|cause| {
                CommandError::unexpected(format!("the system passes no signals: {cause}"))
            })?;
            Ok(Signals { terminate })
        }
        #[cfg(not(unix))]
        Ok(Signals {})
    }

    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}
