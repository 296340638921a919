//! What went, what is going and what is to go: `mailings`, `status`, `pause`,
//! `cancel`, `report`. None of them sends, and only `pause` and `cancel` change
//! anything.

mod report;
mod stage;
mod status;

pub(crate) use report::report;
pub(crate) use stage::{cancel, pause};
pub(crate) use status::status;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::cli::args::{Global, Mailings};
use crate::cli::catalog::Catalog;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::store::{open_if_there, wait};
use crate::cli::terminal::{Terminal, printable};
use crate::mailing::{Mailing, Stage, State, Tally};
use crate::store::Store;

/// Runs `letterpress mailings`.
pub(crate) fn list(
    global: &Global,
    options: &Mailings,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    let mut found = Vec::new();
    if let Some(store) = open_if_there(&folder)? {
        for mailing in wait(store.mailings())? {
            let tally = wait(store.tally(mailing.id))?;
            found.push((mailing, tally));
        }
    }
    if options.json {
        let all: Vec<Value> = found
            .iter()
            .map(|(mailing, tally)| {
                let mut facts = facts(mailing);
                facts.insert("counts".to_owned(), counts(tally));
                Value::Object(facts)
            })
            .collect();
        terminal.json(&Value::Array(all))?;
        return Ok(Exit::Done);
    }
    for (mailing, tally) in &found {
        let row = format!(
            "{}  {}  {}  {}  {}",
            mailing.issue,
            mailing.stage.name(),
            moment(mailing.starts_at, &folder),
            tally_words(tally),
            mailing.title
        );
        terminal.line(&printable(&row))?;
    }
    terminal.finish()?;
    if found.is_empty() {
        terminal.note("nothing was mailed from this store yet");
    }
    Ok(Exit::Done)
}

/// The mailing that `said` names as its issue, or by the issue's key.
pub(crate) fn named(
    store: &dyn Store,
    folder: &Folder,
    said: &str,
) -> Result<Mailing, CommandError> {
    // As everywhere, a number or name means an issue of the folder; the key of
    // one that is gone from the folder is understood too.
    let key = Catalog::read(folder).and_then(|catalog| key_of(&catalog, folder, said));
    if let Ok(key) = &key
        && let Some(mailing) = wait(store.mailing_of(key))?
    {
        return Ok(mailing);
    }
    if let Some(mailing) = wait(store.mailing_of(said))? {
        return Ok(mailing);
    }
    key?;
    Err(CommandError::usage(format!("{said} was not mailed"))
        .hint("`letterpress mailings` lists what was"))
}

fn key_of(catalog: &Catalog, folder: &Folder, said: &str) -> Result<String, CommandError> {
    let files = catalog.select(folder, said)?;
    let known = files.first().and_then(|file| {
        let place = catalog
            .summaries
            .iter()
            .position(|one| one.path == file.path)?;
        Some(catalog.get(place).1.key.as_str().to_owned())
    });
    known.ok_or_else(|| CommandError::usage(format!("{said} is none of the issues")))
}

/// The one mailing of these, where none was named.
fn only(mut mailings: Vec<Mailing>, none: &str) -> Result<Mailing, CommandError> {
    match mailings.len() {
        0 => Err(CommandError::usage(none)
            .hint("`letterpress mailings` lists all of them, with where each stands")),
        1 => Ok(mailings.remove(0)),
        _ => {
            let lines: Vec<String> = mailings
                .iter()
                .map(|one| format!("{}  {}  {}", one.issue, one.stage.name(), one.title))
                .collect();
            let words = format!("several mailings are unfinished:\n  {}", lines.join("\n  "));
            Err(CommandError::usage(words).hint("name one of them"))
        }
    }
}

/// Whether something of it may still be sent.
pub(crate) fn unfinished(mailing: &Mailing) -> bool {
    matches!(
        mailing.stage,
        Stage::Scheduled | Stage::Open | Stage::Paused
    )
}

/// What does not change while it is sent, as JSON.
pub(crate) fn facts(mailing: &Mailing) -> Map<String, Value> {
    let all = json!({
        "issue": mailing.issue,
        "title": mailing.title,
        "state": mailing.stage.name(),
        "why": mailing.why,
        "filter": mailing.filter,
        "digest": mailing.digest,
        "confirmed_at": time(mailing.confirmed_at),
        "starts_at": time(mailing.starts_at),
        "changed_at": time(mailing.changed_at),
    });
    match all {
        Value::Object(facts) => facts,
        _ => Map::new(),
    }
}

/// Deliveries by state, each of them named.
pub(crate) fn counts(tally: &Tally) -> Value {
    let counts = State::ALL.map(|state| (state.name().to_owned(), tally.of(state).into()));
    Value::Object(counts.into_iter().collect())
}

/// `5 recipients: 3 accepted, 2 pending`.
pub(crate) fn tally_words(tally: &Tally) -> String {
    let states: Vec<String> = State::ALL
        .into_iter()
        .filter(|&state| tally.of(state) > 0)
        .map(|state| format!("{} {}", grouped(tally.of(state)), state.name()))
        .collect();
    match tally.total() {
        0 => "no recipients".to_owned(),
        1 => format!("1 recipient: {}", states.join(", ")),
        total => format!("{} recipients: {}", grouped(total), states.join(", ")),
    }
}

/// `12,345`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A time as JSON holds it.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A time for people, in the newsletter's zone.
fn moment(at: DateTime<Utc>, folder: &Folder) -> String {
    let zone = folder.settings().newsletter.time_zone;
    at.with_timezone(&zone)
        .format("%Y-%m-%d %H:%M %Z")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_said_in_the_order_of_states() {
        let mut tally = Tally::default();
        assert_eq!(tally_words(&tally), "no recipients");
        tally.add(State::Rejected, 1);
        assert_eq!(tally_words(&tally), "1 recipient: 1 rejected");
        tally.add(State::Accepted, 1_234_566);
        assert_eq!(
            tally_words(&tally),
            "1,234,567 recipients: 1,234,566 accepted, 1 rejected"
        );
        assert_eq!(grouped(100), "100");
        assert_eq!(grouped(0), "0");
    }
}
