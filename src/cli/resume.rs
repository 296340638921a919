//! `resume`: mailings that are not finished go on.

use serde_json::{Value, json};

use crate::cli::args::{Global, Resume};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::mailings::{named, unfinished};
use crate::cli::send::{Manner, Shelf, go_on, worse};
use crate::cli::terminal::Terminal;
use crate::mailing::Stage;

/// Runs `letterpress resume`.
pub(crate) fn run(
    global: &Global,
    options: &Resume,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    folder.settings().require_relay()?;
    let shelf = Shelf::open(&folder)?;
    let mut chosen = match &options.mailing {
        Some(said) => vec![named(shelf.store.as_ref(), &folder, said)?],
        None => shelf
            .ask(shelf.store.mailings())?
            .into_iter()
            .filter(unfinished)
            .collect(),
    };
    if chosen.is_empty() {
        terminal.note("no mailing is unfinished");
    }
    // What is scheduled comes last, for it is waited for.
    chosen.sort_by_key(|mailing| (mailing.stage == Stage::Scheduled, mailing.starts_at));
    let manner = Manner {
        wait: options.wait,
        by_hand: true,
        yes: options.yes,
        is_keeper: false,
    };
    let (mut exit, mut told) = (Exit::Done, Vec::new());
    for mailing in &chosen {
        let sent = go_on(&folder, &shelf, mailing, manner, terminal)?;
        exit = worse(exit, sent.exit);
        told.push(sent.json);
    }
    if options.json {
        terminal.json(&json!({ "mailings": Value::Array(told) }))?;
    }
    Ok(exit)
}
