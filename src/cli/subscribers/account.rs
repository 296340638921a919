//! What an import did, counted and told.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::report::counted;
use crate::cli::terminal::{Terminal, Volume, printable};
use crate::store::Absorbed;
use crate::subscriber::Status;
use crate::subscriber::list::{Format, Item, Line, What};

/// So many lines that were not understood are shown.
const SHOWN: usize = 50;

/// What became of the lines of a list.
#[derive(Debug, Default)]
pub(super) struct Account {
    dry_run: bool,
    /// Each line, where all of them are wanted.
    lines: Option<Vec<Json>>,
    outcomes: BTreeMap<&'static str, u64>,
    people: BTreeMap<String, u64>,
    /// Line, what was not understood of it, whether it was left out.
    problems: Vec<(u64, String, bool)>,
}

impl Account {
    /// An account of nothing yet. That of a dry run in JSON has all lines.
    pub(super) fn new(dry_run: bool, json: bool) -> Account {
        Account {
            dry_run,
            lines: (dry_run && json).then(Vec::new),
            ..Account::default()
        }
    }

    /// Notes what became of a line; gives it in words.
    pub(super) fn note(
        &mut self,
        line: &Line,
        repeats: Option<u64>,
        answer: Option<Absorbed>,
    ) -> String {
        let outcome = outcome(line, repeats, answer);
        *self.outcomes.entry(outcome).or_default() += 1;
        let mut words = format!("line {}: ", line.number);
        match &line.what {
            What::Item(item) => {
                let standing = standing(item);
                words += &format!("{}, {standing}: {outcome}", subject(item));
                if repeats.is_none() && !matches!(answer, Some(Absorbed::Erased)) {
                    *self.people.entry(standing).or_default() += 1;
                }
                match (repeats, answer) {
                    (Some(first), _) => words += &format!(" (line {first} has it too)"),
                    (None, Some(Absorbed::Withheld(reason))) => {
                        words += &format!(" ({})", reason.name());
                    }
                    _ => {}
                }
            }
            What::Skipped(why) => words += &format!("{outcome}: {why}"),
            What::Bad(bad) => {
                self.problems.push((line.number, bad.to_string(), true));
                words += &format!("{outcome}: {bad}");
            }
        }
        for remark in &line.remarks {
            if remark.understood() {
                words += &format!("; {remark}");
            } else {
                self.problems.push((line.number, remark.to_string(), false));
                words += &format!("; {remark}");
            }
        }
        if let Some(lines) = &mut self.lines {
            let address = match &line.what {
                What::Item(item) => Json::String(subject(item)),
                _ => Json::Null,
            };
            lines.push(json!({"line": line.number, "address": address, "outcome": outcome}));
        }
        words
    }

    /// Whether all lines were understood.
    pub(super) fn exit(&self) -> Exit {
        match self.problems.is_empty() {
            true => Exit::Done,
            false => Exit::Partial,
        }
    }

    /// Prints all of it as JSON.
    pub(super) fn json(
        &self,
        format: Format,
        recoded: u64,
        terminal: &mut Terminal,
    ) -> Result<(), CommandError> {
        let of = |left_out: bool| -> Vec<Json> {
            let chosen = self.problems.iter().filter(|(.., out)| *out == left_out);
            chosen
                .map(|(line, words, _)| json!({"line": line, "message": words}))
                .collect()
        };
        let mut object = json!({
            "format": format.name(),
            "dry_run": self.dry_run,
            "windows_1252": recoded,
            "outcomes": OUTCOMES.iter().map(|name| (
                (*name).to_owned(),
                json!(self.outcomes.get(name).copied().unwrap_or(0)),
            )).collect::<serde_json::Map<String, Json>>(),
            "people": self.people,
            "bad": of(true),
            "remarks": of(false),
        });
        if let Some(lines) = &self.lines {
            object["lines"] = json!(lines);
        }
        terminal.json(&object)?;
        Ok(())
    }

    /// Says it to people: problems to standard error, counts to standard output.
    pub(super) fn say(
        &self,
        format: Format,
        recoded: u64,
        terminal: &mut Terminal,
    ) -> Result<(), CommandError> {
        let shown = match terminal.volume() {
            Volume::Verbose => self.problems.len(),
            _ => SHOWN,
        };
        for (line, words, _) in self.problems.iter().take(shown) {
            terminal.note(&printable(&format!("line {line}: {words}")));
        }
        if self.problems.len() > shown {
            let more = self.problems.len() - shown;
            terminal.note(&format!("and {more} more; -v shows all of them"));
        }
        if recoded > 0 {
            let lines = counted(usize::try_from(recoded).unwrap_or(usize::MAX), "line");
            terminal.note(&format!("{lines} not UTF-8, read as Windows-1252"));
        }
        let verb = if self.dry_run { "would be" } else { "were" };
        let total: u64 = self.outcomes.values().sum();
        let total = counted(usize::try_from(total).unwrap_or(usize::MAX), "line");
        terminal.line(&format!("{total} of a list of {}", format.name()))?;
        for name in OUTCOMES {
            if let Some(count) = self.outcomes.get(name) {
                let verb = if TOLD.contains(name) { verb } else { "are" };
                terminal.line(&format!("{count:>9} {verb} {name}"))?;
            }
        }
        terminal.line("among the people of the list:")?;
        for (standing, count) in &self.people {
            terminal.line(&format!("{count:>9} {standing}"))?;
        }
        Ok(())
    }
}

/// All outcomes, in the order of the report.
const OUTCOMES: &[&str] = &[
    "added",
    "updated",
    "unchanged",
    "withheld",
    "suppressed",
    "erased",
    "repeated",
    "skipped",
    "bad",
];
/// Those that the import brings about.
const TOLD: &[&str] = &["added", "updated", "withheld", "suppressed", "skipped"];

fn outcome(line: &Line, repeats: Option<u64>, answer: Option<Absorbed>) -> &'static str {
    match (&line.what, answer) {
        (What::Bad(_), _) => "bad",
        (What::Skipped(_), _) => "skipped",
        (_, _) if repeats.is_some() => "repeated",
        (What::Item(Item::Erased(_)), _) | (_, Some(Absorbed::Erased)) => "erased",
        (What::Item(Item::Suppressed(..) | Item::Domain(..)), _) => "suppressed",
        (_, Some(Absorbed::Updated)) => "updated",
        (_, Some(Absorbed::Unchanged)) => "unchanged",
        (_, Some(Absorbed::Withheld(_))) => "withheld",
        (_, Some(Absorbed::Added) | None) => "added",
    }
}

fn subject(item: &Item) -> String {
    match item {
        Item::Entry(entry) => entry.subscriber.address.to_string(),
        Item::Suppressed(address, _) => address.to_string(),
        Item::Domain(domain, _) => format!("@{domain}"),
        Item::Erased(_) => "somebody erased".to_owned(),
    }
}

/// Where the list says that somebody stands.
fn standing(item: &Item) -> String {
    let suppressed = |reason: crate::subscriber::Reason| format!("not mailed: {}", reason.name());
    match item {
        Item::Entry(entry) => match (&entry.suppression, entry.subscriber.status) {
            (Some(suppression), _) => suppressed(suppression.reason),
            (None, Status::Confirmed) => "confirmed".to_owned(),
            (None, Status::Pending) => "not confirmed".to_owned(),
            (None, Status::Unsubscribed) => "not mailed: unsubscribed".to_owned(),
        },
        Item::Suppressed(_, suppression) | Item::Domain(_, suppression) => {
            suppressed(suppression.reason)
        }
        Item::Erased(_) => "not mailed: erased".to_owned(),
    }
}
