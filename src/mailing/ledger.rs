//! `feeds/mailed.lock`: which issues were mailed, from which store, when and to
//! how many, without an address. It lies in Git, so that a fresh or restored
//! store does not mean that nobody was mailed. It is valid TOML; only the part
//! of TOML that is written here is read.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;

use crate::diagnostic::{Diagnostic, SourceFile};

const HEADING: &str = "\
# Which issues were mailed, from which store, when and to how many.
# Written by letterpress; keep it in Git. After a merge conflict keep both sides.
version = 1
";
const TABLE: &str = "[[mailing]]";
const CODE: &str = "bad-mailed-lock";

/// An issue dated longer than this before the first subscriber came was mailed
/// by something else, if at all.
const OLD: TimeDelta = TimeDelta::weeks(1);

/// A mailing as it is noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailed {
    /// Key of the issue.
    pub issue: String,
    /// The store that it was mailed from.
    pub store: String,
    /// Digest of its content.
    pub digest: String,
    /// How many recipients it had.
    pub count: u64,
    /// When it was confirmed, or recipients were added.
    pub at: DateTime<Utc>,
}

/// What was mailed, by whatever store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    mailings: BTreeMap<(String, String), Mailed>,
}

/// Why an issue is not mailed without the editor's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another store has mailed it.
    Elsewhere(Mailed),
    /// This store has mailed it and does not know: it was restored from an
    /// older copy.
    Forgotten(Mailed),
    /// It is older than the list.
    OlderThanList {
        /// Date of the issue.
        issue: DateTime<Utc>,
        /// When the first subscriber came to the store.
        first: DateTime<Utc>,
    },
}

/// For people, a lower-case sentence without a full stop.
impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |at: &DateTime<Utc>| at.format("%Y-%m-%d").to_string();
        match self {
            Refusal::Elsewhere(mailed) => write!(
                formatter,
                "the issue was mailed to {} on {}, from another store",
                people(mailed.count),
                day(&mailed.at)
            ),
            Refusal::Forgotten(mailed) => write!(
                formatter,
                "the issue was mailed to {} on {}, which this store does not know any more",
                people(mailed.count),
                day(&mailed.at)
            ),
            Refusal::OlderThanList { issue, first } => write!(
                formatter,
                "the issue is of {}, and the first subscriber came to this store on {}",
                day(issue),
                day(first)
            ),
        }
    }
}

fn people(count: u64) -> String {
    match count {
        1 => "1 recipient".to_owned(),
        _ => format!("{count} recipients"),
    }
}

impl Ledger {
    /// Notes a mailing; what was noted of the same issue and store is replaced.
    pub fn note(&mut self, mailed: Mailed) {
        let key = (mailed.issue.clone(), mailed.store.clone());
        self.mailings.insert(key, mailed);
    }

    /// All that is noted, in the order of time.
    pub fn mailings(&self) -> Vec<&Mailed> {
        let mut mailings: Vec<&Mailed> = self.mailings.values().collect();
        mailings.sort_by(|left, right| {
            let key = |mailed: &Mailed| (mailed.at, mailed.issue.clone(), mailed.store.clone());
            key(left).cmp(&key(right))
        });
        mailings
    }

    /// Why `store` must not mail this issue without the editor's word. Asked
    /// only where the store has no mailing of it. `first` is when the store's
    /// first subscriber came.
    pub fn refusal(
        &self,
        issue: &str,
        store: &str,
        date: Option<DateTime<Utc>>,
        first: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Option<Refusal> {
        let noted = || {
            self.mailings
                .values()
                .filter(|mailed| mailed.issue == issue)
        };
        if let Some(mailed) = noted().find(|mailed| mailed.store == store) {
            return Some(Refusal::Forgotten(mailed.clone()));
        }
        if let Some(mailed) = noted().max_by_key(|mailed| mailed.at) {
            return Some(Refusal::Elsewhere(mailed.clone()));
        }
        let (issue, first) = (date?, first.unwrap_or(now));
        (first.signed_duration_since(issue) > OLD)
            .then_some(Refusal::OlderThanList { issue, first })
    }

    /// The file's text. The same mailings always give the same text.
    pub fn to_text(&self) -> String {
        let mut out = String::from(HEADING);
        for mailed in self.mailings() {
            let _ = writeln!(out, "\n{TABLE}");
            for (name, value) in [
                ("issue", &mailed.issue),
                ("store", &mailed.store),
                ("digest", &mailed.digest),
            ] {
                let _ = writeln!(out, "{name} = {}", Value::from(value.as_str()));
            }
            let at = mailed.at.to_rfc3339_opts(SecondsFormat::Secs, true);
            let _ = writeln!(out, "count = {}\nat = \"{at}\"", mailed.count);
        }
        out
    }

    /// Understands the file's text. What is wrong is said with its line; a
    /// ledger with an error must not be written back, for mailings would be
    /// forgotten. One that is noted twice, as after a merge, is noted once: the
    /// later, with the greater count.
    pub fn parse(source: &SourceFile) -> (Ledger, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let mut ledger = Ledger::default();
        for table in tables(source.text(), &mut diagnostics) {
            let Some(mut mailed) = table.mailed(&mut diagnostics) else {
                continue;
            };
            let key = (mailed.issue.clone(), mailed.store.clone());
            if let Some(other) = ledger.mailings.get(&key) {
                let count = mailed.count.max(other.count);
                if other.at > mailed.at {
                    mailed = other.clone();
                }
                mailed.count = count;
            }
            ledger.note(mailed);
        }
        (ledger, diagnostics)
    }
}

/// One `[[mailing]]` with its facts and the bytes where each stands.
struct Table<'s> {
    at: usize,
    facts: BTreeMap<&'s str, (Value, usize, usize)>,
}

fn tables<'s>(text: &'s str, diagnostics: &mut Vec<Diagnostic>) -> Vec<Table<'s>> {
    let mut tables: Vec<Table<'s>> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let line = line.trim_end();
        let end = at + line.len();
        let mut wrong = |message: String, help: &str| {
            diagnostics.push(Diagnostic::error(CODE, message).at(at..end).help(help));
        };
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"]
            .iter()
            .any(|mark| line.starts_with(mark))
        {
            wrong(
                "a merge was left unfinished here".to_owned(),
                "keep the tables of both sides and remove the marks",
            );
            continue;
        }
        if line == TABLE {
            tables.push(Table {
                at,
                facts: BTreeMap::new(),
            });
            continue;
        }
        let fact = line.split_once('=').and_then(|(name, value)| {
            let value = serde_json::from_str::<Value>(value.trim()).ok()?;
            Some((name.trim(), value))
        });
        match (fact, tables.last_mut()) {
            (None, _) => wrong(
                format!("this is neither `{TABLE}` nor `name = value`"),
                "take the line from Git as it was",
            ),
            (Some((name, value)), Some(table)) => {
                if table.facts.insert(name, (value, at, end)).is_some() {
                    wrong(
                        format!("`{name}` is said twice of one mailing"),
                        "take the lines from Git as they were",
                    );
                }
            }
            (Some(("version", value)), None) if value == 1 => {}
            (Some(("version", _)), None) => wrong(
                "this file was written by a newer letterpress".to_owned(),
                "use that version, or a newer one",
            ),
            (Some((name, _)), None) => wrong(
                format!("`{name}` stands before the first mailing"),
                "take the line from Git as it was",
            ),
        }
    }
    tables
}

impl Table<'_> {
    fn mailed(&self, diagnostics: &mut Vec<Diagnostic>) -> Option<Mailed> {
        let before = diagnostics.len();
        for (name, (_, start, end)) in &self.facts {
            if !["issue", "store", "digest", "count", "at"].contains(name) {
                let message = format!("`{name}` is no fact that this version knows");
                let help = "a newer letterpress may have written it; use that version";
                diagnostics.push(Diagnostic::error(CODE, message).at(*start..*end).help(help));
            }
        }
        let mut say = |diagnostic| diagnostics.push(diagnostic);
        let issue = self.fact("issue", "a text", text, &mut say);
        let store = self.fact("store", "a text", text, &mut say);
        let digest = self.fact("digest", "a text", text, &mut say);
        let count = self.fact("count", "a whole number", Value::as_u64, &mut say);
        let wanted = "a date with time and zone (RFC 3339)";
        let at = self.fact("at", wanted, moment, &mut say);
        if diagnostics.len() > before {
            return None;
        }
        Some(Mailed {
            issue: issue?,
            store: store?,
            digest: digest?,
            count: count?,
            at: at?,
        })
    }

    fn fact<T>(
        &self,
        name: &str,
        wanted: &str,
        read: impl Fn(&Value) -> Option<T>,
        say: &mut impl FnMut(Diagnostic),
    ) -> Option<T> {
        let help = "take the lines from Git as they were";
        let Some((value, start, end)) = self.facts.get(name) else {
            let place = self.at..self.at + TABLE.len();
            let message = format!("this mailing has no `{name}`");
            say(Diagnostic::error(CODE, message).at(place).help(help));
            return None;
        };
        let found = read(value);
        if found.is_none() {
            let message = format!("`{name}` must be {wanted}");
            say(Diagnostic::error(CODE, message).at(*start..*end).help(help));
        }
        found
    }
}

fn text(value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| !text.is_empty())?;
    Some(text.to_owned())
}

fn moment(value: &Value) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    Some(at.to_utc())
}

#[cfg(test)]
mod tests;
