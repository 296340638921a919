//! What is said of it.

use serde_json::{Value, json};

use crate::bounce::Report;
use crate::cli::args::Bounces;
use crate::cli::bounces::read::Item;
use crate::cli::bounces::resolve::Known;
use crate::cli::error::CommandError;
use crate::cli::report::counted;
use crate::cli::terminal::{Terminal, Volume, printable};
use crate::store::Settled;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// Its place among what is being settled.
    Waiting(usize),
    /// What the store did.
    Settled(Settled),
    /// It leads to nothing.
    Nothing,
    /// The address it means is none of a subscriber.
    Nobody,
    /// The address was confirmed after it had failed.
    Outdated,
}

impl Done {
    /// Its word in JSON.
    fn name(self) -> &'static str {
        match self {
            Done::Settled(Settled::Suppressed) => "suppressed",
            Done::Settled(Settled::Left) => "unsubscribed",
            Done::Settled(Settled::Counted(_)) => "counted",
            Done::Settled(Settled::Unchanged) => "unchanged",
            Done::Nobody => "nobody",
            Done::Outdated => "outdated",
            Done::Nothing | Done::Waiting(_) => "nothing",
        }
    }

    /// The same for people.
    fn words(self) -> String {
        match self {
            Done::Settled(Settled::Counted(count)) => {
                format!("{} so far", counted(count as usize, "soft bounce"))
            }
            Done::Settled(Settled::Unchanged) => "known already".to_owned(),
            Done::Nobody => "no subscriber has this address".to_owned(),
            Done::Outdated => "confirmed again since".to_owned(),
            Done::Nothing | Done::Waiting(_) => "nothing to do".to_owned(),
            other => other.name().to_owned(),
        }
    }
}

/// The kinds of messages, in the order of reports.
const KINDS: [&str; 9] = [
    "hard",
    "soft",
    "other",
    "complaint",
    "unsubscribe",
    "notice",
    "auto-reply",
    "unproven",
    "unreadable",
];
/// What was done, in the order of reports.
const DONE: [&str; 7] = [
    "suppressed",
    "unsubscribed",
    "counted",
    "unchanged",
    "nobody",
    "outdated",
    "nothing",
];

/// What a kind is called for people.
fn words(report: &Report) -> String {
    match report {
        Report::Bounce(bounce) => {
            let status = bounce.status.map(|status| format!(" {status}"));
            format!(
                "{} bounce{}",
                bounce.class.name(),
                status.unwrap_or_default()
            )
        }
        Report::Complaint { .. } => "complaint".to_owned(),
        Report::Unsubscribe { .. } => "wish to leave".to_owned(),
        Report::Notice => "notice".to_owned(),
        Report::AutoReply => "automatic answer".to_owned(),
        Report::Unproven(kind) => format!("{} without a token of ours", kind.name()),
        Report::Unreadable { .. } => "not understood".to_owned(),
    }
}

/// Prints it: as JSON, or a line for each message and the sums.
pub(crate) fn print(
    items: &[Item],
    done: &[Done],
    known: &Known,
    options: &Bounces,
    terminal: &mut Terminal,
) -> Result<(), CommandError> {
    if options.json {
        let report = json!({
            "dry_run": options.dry_run,
            "messages": items.len(),
            "kinds": counts(&KINDS, items.iter().map(|item| item.reading.report.name())),
            "done": counts(&DONE, done.iter().map(|one| one.name())),
            "items": items
                .iter()
                .zip(done)
                .map(|(item, one)| item_json(item, *one, known))
                .collect::<Vec<_>>(),
        });
        terminal.json(&report)?;
        return Ok(());
    }
    if terminal.volume() == Volume::Quiet {
        return Ok(());
    }
    for (item, one) in items.iter().zip(done) {
        let address = item.who().and_then(|who| known.get(who));
        let address = address.map(|person| format!("{}  ", person.address));
        let end = match (&item.reading.report, &item.kept) {
            (Report::Unreadable { why }, Some(kept)) => format!("{why}; kept as {kept}"),
            (Report::Unreadable { why }, None) => (*why).to_owned(),
            _ => one.words(),
        };
        let line = format!(
            "{}  {}  {}{end}",
            item.name,
            words(&item.reading.report),
            address.unwrap_or_default()
        );
        terminal.line(&printable(&line))?;
    }
    terminal.finish()?;
    let messages = counted(items.len(), "message");
    let kinds = sums(&KINDS, items.iter().map(|item| item.reading.report.name()));
    terminal.note(&join(&messages, &kinds));
    // What leads to nothing is told by its kind.
    let what = sums(&DONE[..6], done.iter().map(|one| one.name()));
    if !what.is_empty() {
        let tense = if options.dry_run { "would be" } else { "done" };
        terminal.note(&join(tense, &what));
    }
    Ok(())
}

fn join(begin: &str, rest: &str) -> String {
    match rest {
        "" => begin.to_owned(),
        rest => format!("{begin}: {rest}"),
    }
}

/// `2 hard, 1 notice`, without those of which there are none.
fn sums(names: &[&'static str], all: impl Iterator<Item = &'static str> + Clone) -> String {
    let said = names.iter().filter_map(|name| {
        let sum = all.clone().filter(|one| one == name).count();
        (sum > 0).then(|| format!("{sum} {name}"))
    });
    said.collect::<Vec<_>>().join(", ")
}

fn counts<'a>(names: &[&'static str], all: impl Iterator<Item = &'a str>) -> Value {
    let mut counts: serde_json::Map<String, Value> = names
        .iter()
        .map(|name| (name.replace('-', "_"), json!(0)))
        .collect();
    for name in all {
        if let Some(count) = counts.get_mut(&name.replace('-', "_")) {
            *count = json!(count.as_u64().unwrap_or(0) + 1);
        }
    }
    Value::Object(counts)
}

fn item_json(item: &Item, done: Done, known: &Known) -> Value {
    let person = item.who().and_then(|who| known.get(who));
    let report = &item.reading.report;
    let bounce = match report {
        Report::Bounce(bounce) => Some(bounce),
        _ => None,
    };
    let why = match report {
        Report::Unreadable { why } => Some(*why),
        _ => None,
    };
    let soft = match done {
        Done::Settled(Settled::Counted(count)) => Some(count),
        _ => None,
    };
    json!({
        "message": item.name,
        "kind": report.name(),
        "done": done.name(),
        "address": person.map(|person| person.address.to_string()),
        "status": bounce.and_then(|bounce| bounce.status).map(|status| status.to_string()),
        "diagnostic": bounce.map(|bounce| bounce.diagnostic.as_str()),
        "final_recipient": bounce.and_then(|bounce| bounce.final_recipient.as_deref()),
        "message_id": bounce.and_then(|bounce| bounce.message_id.as_deref()),
        "soft_bounces": soft,
        "why": why,
        "kept": item.kept,
    })
}
