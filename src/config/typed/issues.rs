use chrono::DateTime;
use chrono_tz::Tz;
use serde::Deserialize;
use toml::Value;

use crate::config::key::Key;
use crate::config::settings::Issues;
use crate::config::typed::Read;
use crate::diagnostic::Diagnostic;
use crate::identity::{PermalinkFields, permalink};
use crate::issue;

const PRESETS: [&str; 6] = [
    "auto",
    "numbered-links",
    "cjk-numbered",
    "bullet-links",
    "heading-items",
    "prose",
];
const ITEM_STYLES: [&str; 7] = [
    "auto", "cjk", "circled", "ordered", "bullet", "heading", "none",
];
const DATE_SOURCES: [&str; 4] = ["front_matter", "title", "file_name", "folder"];
const LEVELS: [&str; 4] = ["error", "warning", "note", "off"];

impl Read<'_> {
    pub(crate) fn issues(&mut self) -> Issues {
        let permalink = self.text("issues.permalink");
        if let Some(problem) = permalink_problem(&permalink) {
            let help = "such as \"/issues/{slug}/\" or \"/{year}/{slug}.html\"";
            self.bad(&Key::new("issues.permalink"), problem, help);
        }
        Issues {
            reading: self.reading(),
            paths: self.texts("issues.paths"),
            exclude: self.texts("issues.exclude"),
            drafts: self.texts("issues.drafts"),
            permalink,
        }
    }

    /// The table `[issues]`, less what says where the issues are.
    fn reading(&mut self) -> issue::Settings {
        let mut table = toml::Table::new();
        let entries: Vec<(Key, Value)> = self
            .values
            .iter()
            .filter(|(key, _)| key.parts()[0] == "issues")
            .map(|(key, entry)| (key.clone(), entry.value.clone()))
            .collect();
        for (key, value) in entries {
            let parts = &key.parts()[1..];
            let elsewhere = ["paths", "exclude", "drafts", "permalink"];
            let unset = value.as_str() == Some("")
                || (value.as_integer() == Some(0) && key.matches("issues.season_length"))
                || (value.as_integer() == Some(0) && key.matches("issues.item_heading_level"));
            if elsewhere.contains(&parts[0].as_str()) || unset || !self.reading_allows(&key, &value)
            {
                continue;
            }
            insert(&mut table, parts, value);
        }
        let mut settings = issue::Settings::deserialize(table).unwrap_or_else(|error| {
            self.bad(&Key::new("issues"), error.to_string(), "");
            issue::Settings::default()
        });
        // Compiling patterns takes longer than all the rest here.
        if settings != issue::Settings::default()
            && let Err(diagnostics) = issue::Reader::new(settings.clone())
        {
            self.reader_refused(diagnostics);
            settings = issue::Settings::default();
        }
        // Relative links of a text are resolved against its page in the archive.
        if settings.base_url.is_none() {
            settings.base_url = self.optional("newsletter.url");
        }
        settings
    }

    /// Judges the values of `[issues]` that have few or bounded ones.
    fn reading_allows(&mut self, key: &Key, value: &Value) -> bool {
        let words: &[&str] = match key.to_string().as_str() {
            "issues.preset" => &PRESETS,
            "issues.mojibake" => &["auto", "report", "off"],
            "issues.item_style" => &ITEM_STYLES,
            "issues.date_from" => &DATE_SOURCES,
            _ if key.matches("issues.levels.*") => &LEVELS,
            _ if key.matches("issues.sections.*.item_style") => &ITEM_STYLES,
            _ if key.matches("issues.sections.*.access") => &["public", "subscribers"],
            _ => &[],
        };
        let list: Vec<&Value> = match value {
            Value::Array(list) => list.iter().collect(),
            one => vec![one],
        };
        let mut allowed = true;
        for word in list.iter().filter_map(|value| value.as_str()) {
            if !words.is_empty() && !words.contains(&word) {
                self.not_one_of(key, word, words);
                allowed = false;
            }
        }
        let heading_levels = ["issues.section_levels", "issues.item_heading_level"];
        let most = match key.to_string() {
            name if heading_levels.contains(&name.as_str()) => 6,
            name if name == "issues.date_tolerance_days" => 366,
            _ => i64::from(u32::MAX),
        };
        for number in list.iter().filter_map(|value| value.as_integer()) {
            if !(0..=most).contains(&number) {
                self.bad(key, format!("{key} must be 0 to {most}, not {number}"), "");
                allowed = false;
            }
        }
        allowed
    }

    /// Diagnostics of the reader name their key; they go to where it was set.
    fn reader_refused(&mut self, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            let named = self
                .values
                .iter()
                .map(|(key, _)| key)
                .filter(|key| key.parts()[0] == "issues")
                .filter(|key| diagnostic.message.contains(key.split().1))
                .max_by_key(|key| key.split().1.len());
            let key = named.cloned().unwrap_or_default();
            let finding = self.values.finding(&key, diagnostic);
            self.findings.push(finding);
        }
    }
}

/// Puts `value` where `parts` say, below `table`.
fn insert(table: &mut toml::Table, parts: &[String], value: Value) {
    match parts {
        [] => {}
        [last] => {
            table.insert(last.clone(), value);
        }
        [first, rest @ ..] => {
            let inner = table
                .entry(first.clone())
                .or_insert_with(|| Value::Table(toml::Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// What is wrong with a permalink, tried on an issue that has everything.
fn permalink_problem(template: &str) -> Option<String> {
    let fields = PermalinkFields {
        slug: "slug",
        date: DateTime::UNIX_EPOCH.with_timezone(&Tz::UTC),
        number: Some(1),
        language: "en",
        stem: "stem",
        main_language: true,
    };
    if let Err(diagnostic) = permalink(template, &fields) {
        return Some(diagnostic.message);
    }
    let telling = ["{slug}", "{number}", "{stem}", "{day}"];
    let tells = telling.iter().any(|field| template.contains(field));
    (!tells).then(|| "issues.permalink would give several issues one address".to_owned())
}
