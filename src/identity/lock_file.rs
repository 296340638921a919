//! `feeds/ids.lock` as text: a table for each pinned file, in a fixed order, one
//! fact a line, so that people can read it and Git can merge it. It is valid
//! TOML; only the part of TOML that is written here is read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::identity::mint::natural;
use crate::identity::pin::{IdLock, IssueKey, Pin};

const HEADING: &str = "\
# Which issue is which: ids, dates and addresses that readers and mails rely on.
# Written by letterpress; keep it in Git. After a merge conflict keep both sides.
version = 1
";

impl IdLock {
    /// The file's text. The same pins always give the same text.
    pub fn to_text(&self) -> String {
        let mut pins: Vec<&Pin> = self.pins.values().collect();
        pins.sort_by(|left, right| {
            natural(left.key.as_str(), right.key.as_str())
                .then_with(|| left.key.cmp(&right.key))
                .then_with(|| left.language.cmp(&right.language))
        });
        let mut out = String::from(HEADING);
        for pin in pins {
            out.push_str("\n[[issue]]\n");
            write_pin(&mut out, pin);
        }
        out
    }

    /// Understands the file's text. What is wrong is said with its line; a lock
    /// with an error must not be written back nor built with, for ids would
    /// change.
    pub fn parse(source: &SourceFile) -> (IdLock, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let mut lock = IdLock::default();
        let mut ids = BTreeMap::new();
        for table in tables(source.text(), &mut diagnostics) {
            let Some(pin) = table.pin(&mut diagnostics) else {
                continue;
            };
            let place = table.at..table.at + "[[issue]]".len();
            if let Some(other) = ids.insert(pin.id.clone(), pin.key.clone()) {
                let message = format!(
                    "the entry id `{}` is pinned twice: for `{other}` and `{}`",
                    pin.id, pin.key
                );
                diagnostics.push(Diagnostic::error("bad-lock", message).at(place));
            } else if lock.get(&pin.key, &pin.language).is_some() {
                let message = format!("the issue `{}` is pinned twice", pin.key);
                let help = "give one of them another key, or remove it if both are the same file";
                diagnostics.push(Diagnostic::error("bad-lock", message).at(place).help(help));
            } else {
                lock.insert(pin);
            }
        }
        (lock, diagnostics)
    }
}

fn write_pin(out: &mut String, pin: &Pin) {
    let mut text = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(out, "{name} = {}", Value::from(value));
        }
    };
    text("key", pin.key.as_str());
    text("language", &pin.language);
    text("id", &pin.id);
    text("slug", &pin.slug);
    text("date", &moment(pin.date));
    text("updated", &pin.updated.map(moment).unwrap_or_default());
    text("stem", &pin.stem);
    text("path", &pin.path);
    text("title", &pin.title);
    text(
        "resembles",
        pin.resembles.as_ref().map_or("", IssueKey::as_str),
    );
    if let Some(number) = pin.number {
        let _ = writeln!(out, "number = {number}");
    }
    if let Some(number) = pin.first_number {
        let _ = writeln!(out, "first_number = {number}");
    }
    if !pin.earlier_slugs.is_empty() {
        let slugs: Vec<String> = pin
            .earlier_slugs
            .iter()
            .map(|slug| Value::from(slug.as_str()).to_string())
            .collect();
        let _ = writeln!(out, "earlier_slugs = [{}]", slugs.join(", "));
    }
    if pin.retired {
        out.push_str("retired = true\n");
    }
    if let Some(digest) = pin.links_digest {
        let _ = writeln!(out, "links_digest = \"{digest:016x}\"");
    }
    if !pin.links.is_empty() {
        let bytes: Vec<u8> = pin
            .links
            .iter()
            .flat_map(|link| link.to_be_bytes())
            .collect();
        let _ = writeln!(out, "links = \"{}\"", STANDARD_NO_PAD.encode(bytes));
    }
    if !pin.lines.is_empty() {
        let bytes: Vec<u8> = pin
            .lines
            .iter()
            .flat_map(|line| line.to_be_bytes())
            .collect();
        let _ = writeln!(out, "lines = \"{}\"", STANDARD_NO_PAD.encode(bytes));
    }
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// One `[[issue]]` with its facts and the bytes where each stands.
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
            diagnostics.push(
                Diagnostic::error("bad-lock", message)
                    .at(at..end)
                    .help(help),
            );
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
        if line == "[[issue]]" {
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
        let Some((name, value)) = fact else {
            wrong(
                "this is neither `[[issue]]` nor `name = value`".to_owned(),
                "take the line from Git as it was",
            );
            continue;
        };
        match tables.last_mut() {
            Some(table) => {
                if table.facts.insert(name, (value, at, end)).is_some() {
                    wrong(
                        format!("`{name}` is said twice of one issue"),
                        "keep one of them; the older one is what readers know",
                    );
                }
            }
            None if name == "version" && value == 1 => {}
            None if name == "version" => {
                wrong(
                    "this file was written by a newer letterpress".to_owned(),
                    "use that version, or a newer one",
                );
            }
            None => wrong(
                format!("`{name}` stands before the first issue"),
                "take the line from Git as it was",
            ),
        }
    }
    tables
}

impl Table<'_> {
    fn pin(&self, diagnostics: &mut Vec<Diagnostic>) -> Option<Pin> {
        let mut reader = FactReader {
            table: self,
            diagnostics,
            failed: false,
        };
        let pin = Pin {
            key: IssueKey(reader.required("key")),
            language: reader.text("language").unwrap_or_default(),
            id: reader.required("id"),
            slug: reader.required("slug"),
            date: reader.moment("date", true).unwrap_or_default(),
            updated: reader.moment("updated", false),
            stem: reader.text("stem").unwrap_or_default(),
            path: reader.text("path").unwrap_or_default(),
            title: reader.text("title").unwrap_or_default(),
            resembles: reader.text("resembles").map(IssueKey),
            number: reader.read("number", "a whole number", Value::as_u64),
            first_number: reader.read("first_number", "a whole number", Value::as_u64),
            earlier_slugs: reader
                .read("earlier_slugs", "a list of texts", texts)
                .unwrap_or_default(),
            retired: reader
                .read("retired", "true or false", Value::as_bool)
                .unwrap_or(false),
            links_digest: reader.read("links_digest", "16 hexadecimal digits", |value| {
                u64::from_str_radix(value.as_str()?, 16).ok()
            }),
            links: reader
                .read("links", "as it was written", |value| {
                    Some(
                        words::<4>(value)?
                            .into_iter()
                            .map(u32::from_be_bytes)
                            .collect(),
                    )
                })
                .unwrap_or_default(),
            lines: reader
                .read("lines", "as it was written", |value| {
                    Some(
                        words::<2>(value)?
                            .into_iter()
                            .map(u16::from_be_bytes)
                            .collect(),
                    )
                })
                .unwrap_or_default(),
        };
        reader.report_unknown();
        (!reader.failed).then_some(pin)
    }
}

struct FactReader<'t, 'd> {
    table: &'t Table<'t>,
    diagnostics: &'d mut Vec<Diagnostic>,
    failed: bool,
}

const KNOWN: [&str; 17] = [
    "key",
    "language",
    "id",
    "slug",
    "date",
    "updated",
    "stem",
    "path",
    "title",
    "resembles",
    "number",
    "first_number",
    "earlier_slugs",
    "retired",
    "links_digest",
    "links",
    "lines",
];

impl FactReader<'_, '_> {
    fn read<T>(
        &mut self,
        name: &str,
        wanted: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        let (value, start, end) = self.table.facts.get(name)?;
        let found = read(value);
        if found.is_none() {
            let message = format!("`{name}` must be {wanted}");
            self.diagnostics
                .push(Diagnostic::error("bad-lock", message).at(*start..*end));
            self.failed = true;
        }
        found
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.read(name, "a text", |value| Some(value.as_str()?.to_owned()))
    }

    fn required(&mut self, name: &str) -> String {
        let present = self.table.facts.contains_key(name);
        let text = self.text(name).unwrap_or_default();
        if present && text.is_empty() && !self.failed {
            let (_, start, end) = self.table.facts[name];
            let message = format!("`{name}` is empty");
            self.diagnostics
                .push(Diagnostic::error("bad-lock", message).at(start..end));
            self.failed = true;
        }
        if !present {
            self.missing(name);
        }
        text
    }

    fn moment(&mut self, name: &str, required: bool) -> Option<DateTime<Utc>> {
        if required && !self.table.facts.contains_key(name) {
            self.missing(name);
        }
        self.read(name, "a date with time and zone (RFC 3339)", |value| {
            let at = DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
            Some(at.to_utc())
        })
    }

    fn missing(&mut self, name: &str) {
        let place = self.table.at..self.table.at + "[[issue]]".len();
        let message = format!("this issue has no `{name}`");
        self.diagnostics
            .push(Diagnostic::error("bad-lock", message).at(place));
        self.failed = true;
    }

    fn report_unknown(&mut self) {
        for (name, (_, start, end)) in &self.table.facts {
            if !KNOWN.contains(name) {
                let message = format!("`{name}` is no fact that this version knows");
                let help = "a newer letterpress may have written it; use that version";
                self.diagnostics.push(
                    Diagnostic::error("bad-lock", message)
                        .at(*start..*end)
                        .help(help),
                );
            }
        }
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let list = value.as_array()?.iter();
    list.map(|one| Some(one.as_str()?.to_owned())).collect()
}

fn words<const N: usize>(value: &Value) -> Option<Vec<[u8; N]>> {
    let bytes = STANDARD_NO_PAD.decode(value.as_str()?).ok()?;
    let (words, rest) = bytes.as_chunks::<N>();
    rest.is_empty().then(|| words.to_vec())
}
