//! What an import did, counted and told.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value as Json, json};

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::report::counted;
use crate::cli::terminal::{Terminal, Volume, printable};
use crate::store::Absorbed;
use crate::subscriber::list::{Bad, Format, Item, Line, Remark, Skipped, What};
use crate::subscriber::{Reason, Status};

/// So many lines that were not understood are shown.
const SHOWN: usize = 50;

/// What of a line must still be known when the store has answered.
pub(super) struct Gist {
    number: u64,
    what: Kind,
    /// The line that had the address first.
    first: Option<u64>,
    remarks: Vec<Remark>,
    /// Whom it is about, where lines are told one by one.
    subject: Option<String>,
}

enum Kind {
    Entry(Standing),
    Suppressed(Standing),
    Erased(Standing),
    Skipped(Skipped),
    Bad(Bad),
}

/// Where the list says that somebody stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Confirmed,
    Pending,
    Out(Reason),
}

/// What became of the lines of a list.
#[derive(Default)]
pub(super) struct Account {
    dry_run: bool,
    /// Each line, where all of them are wanted.
    lines: Option<Vec<Json>>,
    outcomes: BTreeMap<&'static str, u64>,
    people: BTreeMap<Standing, u64>,
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

    /// What is to be known of a line, and what it holds.
    pub(super) fn part(&self, line: Line, first: Option<u64>) -> (Gist, Option<Item>) {
        let subject = match &line.what {
            What::Item(item) if self.dry_run => Some(subject(item)),
            _ => None,
        };
        let (what, item) = match line.what {
            What::Item(item) => (Kind::of(&item), Some(item)),
            What::Skipped(why) => (Kind::Skipped(why), None),
            What::Bad(bad) => (Kind::Bad(bad), None),
        };
        let gist = Gist {
            number: line.number,
            what,
            first,
            remarks: line.remarks,
            subject,
        };
        (gist, item)
    }

    /// Notes what became of a line; gives it in words where a dry run tells them.
    pub(super) fn note(&mut self, gist: &Gist, answer: Option<Absorbed>) -> Option<String> {
        let outcome = gist.outcome(answer);
        *self.outcomes.entry(outcome).or_default() += 1;
        if let Some(standing) = gist.what.standing()
            && gist.first.is_none()
            && !matches!(answer, Some(Absorbed::Erased))
        {
            *self.people.entry(standing).or_default() += 1;
        }
        if let Kind::Bad(bad) = &gist.what {
            self.problems.push((gist.number, bad.to_string(), true));
        }
        for remark in gist.remarks.iter().filter(|remark| !remark.understood()) {
            self.problems.push((gist.number, remark.to_string(), false));
        }
        match &mut self.lines {
            Some(lines) => {
                let address = gist.subject.as_deref();
                lines.push(json!({"line": gist.number, "address": address, "outcome": outcome}));
                None
            }
            None => self.dry_run.then(|| gist.words(outcome, answer)),
        }
    }

    /// Whether all lines were understood.
    pub(super) fn exit(&self) -> Exit {
        match self.problems.is_empty() {
            true => Exit::Done,
            false => Exit::Partial,
        }
    }

    /// How many people stand where, by its words.
    fn people(&self) -> BTreeMap<String, u64> {
        let said = |(standing, count): (&Standing, &u64)| (standing.to_string(), *count);
        self.people.iter().map(said).collect()
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
            "people": self.people(),
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
        for (standing, count) in self.people() {
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

impl Gist {
    /// Whether the store is asked about it.
    pub(super) fn is_entry(&self) -> bool {
        matches!(self.what, Kind::Entry(_))
    }

    fn outcome(&self, answer: Option<Absorbed>) -> &'static str {
        match (&self.what, answer) {
            (Kind::Bad(_), _) => "bad",
            (Kind::Skipped(_), _) => "skipped",
            (_, _) if self.first.is_some() => "repeated",
            (Kind::Erased(_), _) | (_, Some(Absorbed::Erased)) => "erased",
            (Kind::Suppressed(_), _) => "suppressed",
            (_, Some(Absorbed::Updated)) => "updated",
            (_, Some(Absorbed::Unchanged)) => "unchanged",
            (_, Some(Absorbed::Withheld(_))) => "withheld",
            (_, Some(Absorbed::Added) | None) => "added",
        }
    }

    fn words(&self, outcome: &str, answer: Option<Absorbed>) -> String {
        let mut words = format!("line {}: ", self.number);
        match &self.what {
            Kind::Entry(standing) | Kind::Suppressed(standing) | Kind::Erased(standing) => {
                let subject = self.subject.as_deref().unwrap_or_default();
                words += &format!("{subject}, {standing}: {outcome}");
                match (self.first, answer) {
                    (Some(first), _) => words += &format!(" (line {first} has it too)"),
                    (None, Some(Absorbed::Withheld(reason))) => {
                        words += &format!(" ({})", reason.name());
                    }
                    _ => {}
                }
            }
            Kind::Skipped(why) => words += &format!("{outcome}: {why}"),
            Kind::Bad(bad) => words += &format!("{outcome}: {bad}"),
        }
        for remark in &self.remarks {
            words += &format!("; {remark}");
        }
        words
    }
}

impl Kind {
    fn of(item: &Item) -> Kind {
        match item {
            Item::Entry(entry) => {
                Kind::Entry(match (&entry.suppression, entry.subscriber.status) {
                    (Some(suppression), _) => Standing::Out(suppression.reason),
                    (None, Status::Confirmed) => Standing::Confirmed,
                    (None, Status::Pending) => Standing::Pending,
                    (None, Status::Unsubscribed) => Standing::Out(Reason::Unsubscribed),
                })
            }
            Item::Suppressed(_, suppression) | Item::Domain(_, suppression) => {
                Kind::Suppressed(Standing::Out(suppression.reason))
            }
            Item::Erased(_) => Kind::Erased(Standing::Out(Reason::Erased)),
        }
    }

    fn standing(&self) -> Option<Standing> {
        match self {
            Kind::Entry(standing) | Kind::Suppressed(standing) | Kind::Erased(standing) => {
                Some(*standing)
            }
            Kind::Skipped(_) | Kind::Bad(_) => None,
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Standing::Confirmed => formatter.write_str("confirmed"),
            Standing::Pending => formatter.write_str("not confirmed"),
            Standing::Out(reason) => write!(formatter, "not mailed: {}", reason.name()),
        }
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
