//! `pause` and `cancel`.

use std::io::{IsTerminal, Write};

use crate::cli::args::{Cancel, Global, Pause};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::mailings::{grouped, named, only, tally_words, unfinished};
use crate::cli::store::{open, wait};
use crate::cli::terminal::Terminal;
use crate::mailing::{Mailing, Stage, State};
use crate::store::Store;

/// Runs `letterpress pause`.
pub(crate) fn pause(
    global: &Global,
    options: &Pause,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    let store = open(&folder)?;
    let mailing = match &options.mailing {
        Some(said) => named(store.as_ref(), &folder, said)?,
        None => {
            let mut going = wait(store.mailings())?;
            going.retain(|one| unfinished(one) && one.stage != Stage::Paused);
            only(going, "no mailing is going on")?
        }
    };
    let name = &mailing.issue;
    match mailing.stage {
        Stage::Paused => {
            terminal.note(&format!("the mailing of {name} is paused already"));
            return Ok(Exit::Done);
        }
        Stage::Cancelled | Stage::Finished => return Err(over(&mailing)),
        Stage::Scheduled | Stage::Open => {}
    }
    set(
        store.as_ref(),
        &folder,
        &mailing,
        Stage::Paused,
        "by the editor",
    )?;
    terminal.note(&format!(
        "paused the mailing of {name}; `letterpress resume` goes on"
    ));
    say_under_way(store.as_ref(), &mailing, terminal)?;
    Ok(Exit::Done)
}

/// Runs `letterpress cancel`.
pub(crate) fn cancel(
    global: &Global,
    options: &Cancel,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    let store = open(&folder)?;
    let mailing = match &options.mailing {
        Some(said) => named(store.as_ref(), &folder, said)?,
        None => {
            let mut going = wait(store.mailings())?;
            going.retain(unfinished);
            only(going, "no mailing is unfinished")?
        }
    };
    let name = &mailing.issue;
    match mailing.stage {
        Stage::Cancelled => {
            terminal.note(&format!("the mailing of {name} is cancelled already"));
            return Ok(Exit::Done);
        }
        Stage::Finished => return Err(over(&mailing)),
        Stage::Scheduled | Stage::Open | Stage::Paused => {}
    }
    let tally = wait(store.tally(mailing.id))?;
    let question = format!(
        "{name}  {}\n{}\nCancel it? {} will not get it, and it cannot be resumed. [y/N] ",
        mailing.title,
        tally_words(&tally),
        grouped(tally.open())
    );
    if !options.yes && !agreed(&question, terminal)? {
        terminal.note("nothing was changed");
        return Ok(Exit::Done);
    }
    set(
        store.as_ref(),
        &folder,
        &mailing,
        Stage::Cancelled,
        "by the editor",
    )?;
    let tally = wait(store.tally(mailing.id))?;
    terminal.note(&format!(
        "cancelled the mailing of {name}: {}",
        tally_words(&tally)
    ));
    say_under_way(store.as_ref(), &mailing, terminal)?;
    Ok(Exit::Done)
}

/// Asks on the terminal; where there is none, nothing is agreed to.
fn agreed(question: &str, terminal: &Terminal) -> Result<bool, CommandError> {
    if !std::io::stdin().is_terminal() {
        return Err(
            CommandError::usage("cancelling asks first, and nobody is there to answer")
                .hint("add --yes where that is meant"),
        );
    }
    terminal.err(question);
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    let word = answer.trim().to_lowercase();
    Ok(read.is_ok() && matches!(word.as_str(), "y" | "yes"))
}

/// Moves it, unless somebody ended it meanwhile.
fn set(
    store: &dyn Store,
    folder: &Folder,
    mailing: &Mailing,
    stage: Stage,
    why: &str,
) -> Result<(), CommandError> {
    let moved = wait(store.set_stage(mailing.id, stage, why, folder.now))?;
    if moved {
        return Ok(());
    }
    let now = wait(store.mailing_of(&mailing.issue))?;
    Err(over(now.as_ref().unwrap_or(mailing)))
}

fn over(mailing: &Mailing) -> CommandError {
    let words = format!(
        "the mailing of {} is {}",
        mailing.issue,
        mailing.stage.name()
    );
    CommandError::usage(words).hint("`letterpress mailings` lists all of them")
}

/// What a sender has in hand is still handed over.
fn say_under_way(
    store: &dyn Store,
    mailing: &Mailing,
    terminal: &Terminal,
) -> Result<(), CommandError> {
    let sending = wait(store.tally(mailing.id))?.of(State::Sending);
    if sending > 0
        && let Some(sender) = wait(store.engaged())?
    {
        terminal.note(&format!(
            "{} under way is still handed over by {sender}",
            grouped(sending)
        ));
    }
    Ok(())
}
