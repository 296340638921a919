//! Which settings there are and what shape each has. The names and shapes come
//! from `config/default.toml`; only what a default cannot tell stands here.

use std::collections::{BTreeMap, BTreeSet};

use toml::Value;

use crate::config::key::Key;

/// What kind of value a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Integer,
    Bool,
    /// A list of texts; one text stands for a list of one.
    Texts,
    Integers,
    /// A whole number or `"all"`.
    Amount,
    /// A time such as `"30m"`.
    Time,
}

impl Shape {
    /// What is wanted, for people.
    pub(crate) fn wanted(self) -> &'static str {
        match self {
            Shape::Text => "a text in quotes",
            Shape::Integer => "a whole number",
            Shape::Bool => "true or false",
            Shape::Texts => "a list of texts, such as [\"one\", \"two\"]",
            Shape::Integers => "a list of whole numbers, such as [2, 3]",
            Shape::Amount => "a whole number or \"all\"",
            Shape::Time => "a time in quotes with s, m, h or d, such as \"30m\"",
        }
    }

    /// Whether `value` has this shape; one text becomes a list of one.
    pub(crate) fn fit(self, value: Value) -> Result<Value, Value> {
        let fits = match (self, &value) {
            (Shape::Text | Shape::Time, Value::String(_))
            | (Shape::Integer | Shape::Amount, Value::Integer(_))
            | (Shape::Bool, Value::Boolean(_)) => true,
            (Shape::Amount, Value::String(word)) => word == "all",
            (Shape::Texts, Value::Array(list)) => list.iter().all(Value::is_str),
            (Shape::Integers, Value::Array(list)) => list.iter().all(Value::is_integer),
            (Shape::Texts, Value::String(_)) | (Shape::Integers, Value::Integer(_)) => {
                return Ok(Value::Array(vec![value]));
            }
            _ => false,
        };
        if fits { Ok(value) } else { Err(value) }
    }

    /// Reads a value from the environment or the command line, where nothing is
    /// quoted: `2525`, `true`, `one,two`, `["one", "two"]`.
    pub(crate) fn read(self, text: &str) -> Option<Value> {
        let trimmed = text.trim();
        let as_toml = || {
            let mut table: toml::Table = toml::from_str(&format!("value = {trimmed}")).ok()?;
            table.remove("value")
        };
        let list = |item: &dyn Fn(&str) -> Option<Value>| {
            if trimmed.starts_with('[') {
                return as_toml();
            }
            let parts = trimmed.split(',').map(str::trim);
            let items: Option<Vec<Value>> =
                parts.filter(|part| !part.is_empty()).map(item).collect();
            Some(Value::Array(items?))
        };
        let integer = |text: &str| text.parse().ok().map(Value::Integer);
        let value = match self {
            Shape::Text | Shape::Time if trimmed.len() > 1 && trimmed.starts_with(['"', '\'']) => {
                as_toml().or_else(|| Some(Value::String(text.to_owned())))
            }
            Shape::Text | Shape::Time => Some(Value::String(text.to_owned())),
            Shape::Integer => integer(trimmed),
            Shape::Amount if trimmed == "all" => Some(Value::String(trimmed.to_owned())),
            Shape::Amount => integer(trimmed),
            Shape::Bool => match trimmed {
                "true" | "1" | "yes" | "on" => Some(Value::Boolean(true)),
                "false" | "0" | "no" | "off" => Some(Value::Boolean(false)),
                _ => None,
            },
            Shape::Texts => list(&|part| Some(Value::String(part.to_owned()))),
            Shape::Integers => list(&integer),
        };
        value.and_then(|value| self.fit(value).ok())
    }
}

/// Settings that are read from the environment alone.
pub(crate) const SECRETS: [&str; 7] = [
    "store.password",
    "webhooks.ses_secret",
    "webhooks.postmark_secret",
    "smtp.password",
    "smtp.fallback.password",
    "dkim.key",
    "dkim.ed25519_key",
];

/// Settings whose value is a length of time.
const TIMES: [&str; 8] = [
    "store.lease",
    "delivery.retry_first",
    "delivery.retry_greylist",
    "delivery.retry_max",
    "delivery.give_up",
    "delivery.late",
    "subscribe.link_life",
    "subscribe.forget",
];

/// Tables in which the newsletter names the keys.
const FREE: [(&str, Shape); 18] = [
    ("languages.*.title", Shape::Text),
    ("languages.*.description", Shape::Text),
    ("languages.*.author", Shape::Text),
    ("languages.*.from", Shape::Text),
    ("languages.*.reply_to", Shape::Text),
    ("languages.*.address", Shape::Text),
    ("issues.language_folders.*", Shape::Text),
    ("issues.language_tags.*", Shape::Text),
    ("issues.levels.*", Shape::Text),
    ("issues.sections.*.aliases", Shape::Texts),
    ("issues.sections.*.item_style", Shape::Text),
    ("issues.sections.*.access", Shape::Text),
    ("issues.sections.*.optional", Shape::Bool),
    ("smtp.providers.*.connections", Shape::Integer),
    ("smtp.providers.*.per_second", Shape::Integer),
    ("smtp.providers.*.per_minute", Shape::Integer),
    ("smtp.providers.*.per_hour", Shape::Integer),
    ("smtp.providers.*.per_day", Shape::Integer),
];

/// What a key names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Value(Shape),
    Secret,
    Table,
    Unknown,
}

/// All settings there are.
#[derive(Debug)]
pub(crate) struct Schema {
    shapes: BTreeMap<Key, Shape>,
    tables: BTreeSet<Key>,
}

impl Schema {
    /// Takes the names and shapes of the default values, and the tables there.
    pub(crate) fn new(defaults: &toml::Table) -> Schema {
        let mut schema = Schema {
            shapes: BTreeMap::new(),
            tables: BTreeSet::new(),
        };
        schema.add(&Key::default(), defaults);
        schema
            .shapes
            .insert(Key::new("feeds.entries"), Shape::Amount);
        schema
            .shapes
            .insert(Key::new("issues.section_levels"), Shape::Integers);
        for time in TIMES {
            schema.shapes.insert(Key::new(time), Shape::Time);
        }
        schema
    }

    fn add(&mut self, at: &Key, table: &toml::Table) {
        for (name, value) in table {
            let key = at.child(name);
            let shape = match value {
                Value::Table(inner) => {
                    self.add(&key, inner);
                    self.tables.insert(key);
                    continue;
                }
                Value::Integer(_) => Shape::Integer,
                Value::Boolean(_) => Shape::Bool,
                Value::Array(_) => Shape::Texts,
                _ => Shape::Text,
            };
            self.shapes.insert(key, shape);
        }
    }

    /// What `key` names.
    pub(crate) fn role(&self, key: &Key) -> Role {
        if let Some(&shape) = self.shapes.get(key) {
            return Role::Value(shape);
        }
        if let Some(&(_, shape)) = FREE.iter().find(|(pattern, _)| key.matches(pattern)) {
            return Role::Value(shape);
        }
        if SECRETS.iter().any(|secret| key.matches(secret)) {
            return Role::Secret;
        }
        let free_table = |pattern: &str| {
            pattern
                .rsplit_once('.')
                .is_some_and(|(table, _)| key.matches(table))
        };
        if self.tables.contains(key) || FREE.iter().any(|&(pattern, _)| free_table(pattern)) {
            return Role::Table;
        }
        Role::Unknown
    }

    /// The known key that `key` was probably meant to be.
    pub(crate) fn nearest(&self, key: &Key) -> Option<String> {
        let (table, name) = key.split();
        let full = key.to_string();
        let free = FREE.iter().filter_map(|(pattern, _)| {
            let known = Key::new(pattern);
            let parts = known.parts();
            let (last, before) = parts.split_last()?;
            let same = before.len() == table.len()
                && before.iter().zip(table).all(|(a, b)| a == "*" || a == b);
            (same && last != "*").then(|| Key::from(table).child(last).to_string())
        });
        let known = self.shapes.keys().chain(&self.tables).map(Key::to_string);
        let mut best: Option<(f64, String)> = None;
        for candidate in known.chain(free) {
            let last = candidate.rsplit('.').next().unwrap_or(&candidate);
            // A key that only sits in the wrong table is the likeliest mistake
            // after a slip of the finger.
            let score = strsim::jaro_winkler(&full, &candidate)
                .max(0.97 * strsim::jaro_winkler(name, last));
            let beats = best.as_ref().is_none_or(|(top, _)| score > *top);
            if score > 0.85 && beats {
                best = Some((score, candidate));
            }
        }
        best.map(|(_, candidate)| candidate)
    }
}
