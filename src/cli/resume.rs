//! `resume`: mailings that are not finished go on.

use serde_json::{Value, json};

use crate::cli::args::{Global, Resume};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::send::{Manner, go_on, open_store, worse};
use crate::cli::terminal::Terminal;
use crate::mailing::{Mailing, Stage};

/// Runs `letterpress resume`.
pub(crate) fn run(
    global: &Global,
    options: &Resume,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    folder.settings().require_relay()?;
    let shelf = open_store(&folder)?;
    let mailings = shelf.ask(shelf.store.mailings())?;
    let mut chosen = match &options.mailing {
        Some(issue) => vec![named(&mailings, issue)?],
        None => mailings
            .iter()
            .filter(|mailing| !matches!(mailing.stage, Stage::Finished | Stage::Cancelled))
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
    };
    let (mut exit, mut told) = (Exit::Done, Vec::new());
    for mailing in chosen {
        let sent = go_on(&folder, &shelf, mailing, manner, terminal)?;
        exit = worse(exit, sent.exit);
        told.push(sent.json);
    }
    if options.json {
        terminal.json(&json!({ "mailings": Value::Array(told) }))?;
    }
    Ok(exit)
}

/// The mailing of an issue, said by its key.
fn named<'m>(mailings: &'m [Mailing], issue: &str) -> Result<&'m Mailing, CommandError> {
    let found = mailings.iter().find(|mailing| mailing.issue == issue);
    found.ok_or_else(|| {
        let known: Vec<&str> = mailings
            .iter()
            .take(10)
            .map(|mailing| mailing.issue.as_str())
            .collect();
        let error = CommandError::usage(format!("there is no mailing of issue {issue}"));
        if known.is_empty() {
            error.hint("nothing was mailed from this store yet")
        } else {
            error.hint(format!("there are those of {}", known.join(", ")))
        }
    })
}
