//! Puts the layers over each other: the file by its TOML, the environment and the
//! flags by `key=value`.

use std::collections::BTreeMap;

use toml::Value;
use toml::de::{DeTable, DeValue};

use crate::config::key::Key;
use crate::config::layer::{Entry, Layer, Values};
use crate::config::schema::{Role, SECRETS, Schema};
use crate::config::{DEFAULT, Sources};
use crate::diagnostic::{Diagnostic, Finding, SourceFile, Span};
use crate::transport::Preset;

/// Beginning of the environment's names.
const PREFIX: &str = "LETTERPRESS__";

/// Puts the layers over each other.
pub(crate) fn merge(sources: &Sources) -> (Values, Vec<Finding>) {
    let (default, _) = DeTable::parse_recoverable(DEFAULT);
    let default_table: toml::Table = toml::from_str(DEFAULT).unwrap_or_default();
    let mut merge = Merge {
        schema: Schema::new(&default_table),
        values: Values::default(),
        findings: Vec::new(),
    };
    merge.source(SourceFile::new("config/default.toml", DEFAULT));
    merge.table(Layer::Default, &Key::default(), default.get_ref());
    merge.keep_order();
    if let Some((path, bytes)) = &sources.file {
        merge.file(path, bytes);
    }
    merge.environment(&sources.environment);
    merge.flags(&sources.flags);
    merge.preset();
    (merge.values, merge.findings)
}

struct Merge {
    schema: Schema,
    values: Values,
    findings: Vec<Finding>,
}

impl Merge {
    fn source(&mut self, source: SourceFile) {
        self.values.sources.push(source);
    }

    /// Records a diagnostic about the source that is being read.
    fn say(&mut self, diagnostic: Diagnostic) {
        if let Some(source) = self.values.sources.last() {
            self.findings.push(diagnostic.locate(source));
        }
    }

    /// Remembers the order of `config/default.toml`.
    fn keep_order(&mut self) {
        let entries = self.values.entries.iter();
        self.values.order = entries
            .map(|(key, entry)| (key.clone(), entry.span.start))
            .collect();
        let heads = DEFAULT.lines().filter_map(|line| {
            let name = line.strip_prefix('[')?.strip_suffix(']')?;
            Some(Key::new(name))
        });
        self.values.tables = heads.collect();
    }

    fn set(&mut self, layer: Layer, key: Key, value: Value, span: Span) {
        let source = self.values.sources.len() - 1;
        let entry = Entry {
            value,
            layer,
            source,
            span,
        };
        self.values.entries.insert(key, entry);
    }

    fn file(&mut self, path: &str, bytes: &[u8]) {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
                let at = valid.len();
                self.source(SourceFile::new(path, valid));
                self.say(
                    Diagnostic::error("not-utf8", "the settings are not UTF-8 text")
                        .at(at..at)
                        .help("save the file as UTF-8"),
                );
                return;
            }
        };
        self.source(SourceFile::new(path, text));
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let mut diagnostic = Diagnostic::error("bad-toml", error.message().to_owned());
            if let Some(span) = error.span() {
                diagnostic = diagnostic.at(span);
            }
            self.say(diagnostic);
        }
        self.table(Layer::File, &Key::default(), table.get_ref());
    }

    fn table(&mut self, layer: Layer, at: &Key, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = at.child(name.get_ref());
            let name_span = Span::from(name.span());
            match (self.schema.role(&key), value.get_ref()) {
                (Role::Table, DeValue::Table(inner)) => self.table(layer, &key, inner),
                (Role::Table, _) => self.say(
                    Diagnostic::error("bad-setting", format!("{key} is a table"))
                        .at(value.span())
                        .help(format!(
                            "write [{key}] on a line of its own, its keys below it"
                        )),
                ),
                (Role::Value(shape), found) => {
                    let fitted = plain(found).map(|value| shape.fit(value));
                    if let Some(Ok(fitted)) = fitted {
                        self.set(layer, key, fitted, value.span().into());
                    } else {
                        let message = format!("{key} wants {}", shape.wanted());
                        self.say(
                            Diagnostic::error("bad-setting", message)
                                .at(value.span())
                                .label(format!("this is {}", kind(found))),
                        );
                    }
                }
                (Role::Secret, _) => {
                    let diagnostic = secret(&key).at(name_span);
                    self.say_hidden(diagnostic);
                }
                (Role::Unknown, _) => {
                    let diagnostic = self.unknown(&key).at(name_span);
                    self.say(diagnostic);
                }
            }
        }
    }

    /// Records a diagnostic whose line must not be shown.
    fn say_hidden(&mut self, diagnostic: Diagnostic) {
        self.say(diagnostic);
        if let Some(place) = self
            .findings
            .last_mut()
            .and_then(|last| last.place.as_mut())
        {
            let shown = place.end.column.saturating_sub(1);
            place.excerpt = place.excerpt.chars().take(shown).collect();
            place.excerpt.push_str(" = …");
        }
    }

    fn environment(&mut self, environment: &BTreeMap<String, String>) {
        let ours: Vec<(&str, &str)> = environment
            .iter()
            .filter(|(name, _)| name.starts_with(PREFIX))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let is_secret = |name: &str| {
            SECRETS
                .iter()
                .find(|secret| name[PREFIX.len()..].to_lowercase().replace("__", ".") == **secret)
        };
        let mut text = String::new();
        let mut lines = Vec::new();
        for &(name, value) in &ours {
            if let Some(secret) = is_secret(name) {
                self.values.secrets.insert(secret, value.to_owned());
                continue;
            }
            let start = text.len();
            let value_start = start + name.len() + 1;
            text.push_str(&format!("{name}={}\n", value.replace(['\n', '\r'], " ")));
            lines.push((name, value, start..start + name.len(), value_start));
        }
        self.source(SourceFile::new("environment", text));
        for (name, value, name_span, value_start) in lines {
            let key = self.environment_key(&name[PREFIX.len()..]);
            let value_span = value_start..value_start + value.len();
            self.unquoted(
                Layer::Environment,
                key,
                value,
                name_span.into(),
                value_span.into(),
            );
        }
    }

    /// The key that a variable means. Names have no lower case and no `-` there,
    /// so a key that only differs so is meant.
    fn environment_key(&self, name: &str) -> Key {
        let lower = name.to_lowercase();
        let mut key = Key::default();
        for part in lower.split("__") {
            key = key.child(part);
        }
        let (table, last) = key.split();
        if Key::from(table) == Key::new("issues.levels") {
            return Key::from(table).child(&last.replace('_', "-"));
        }
        key
    }

    fn flags(&mut self, flags: &[String]) {
        self.source(SourceFile::new("--set", flags.join("\n")));
        let mut start = 0;
        for flag in flags {
            let end = start + flag.len();
            match flag.split_once('=') {
                Some((name, value)) => {
                    let name_end = start + name.len();
                    let key = Key::new(name.trim());
                    self.unquoted(
                        Layer::Flag,
                        key,
                        value,
                        (start..name_end).into(),
                        (name_end + 1..end).into(),
                    );
                }
                None => self.say(
                    Diagnostic::error("bad-setting", format!("--set {flag} sets nothing"))
                        .at(start..end)
                        .help("write --set key=value, such as --set smtp.port=2525"),
                ),
            }
            start = end + 1;
        }
    }

    /// Puts what is known of the relay where nobody set anything.
    fn preset(&mut self) {
        let name = self.values.get(&Key::new("smtp.preset")).cloned();
        let Some(entry) = name else { return };
        // An unknown name is found where it is read.
        let Some(preset) = entry.value.as_str().and_then(Preset::of) else {
            return;
        };
        let number = |number: u32| (number > 0).then(|| Value::Integer(i64::from(number)));
        let known = [
            (
                "host",
                preset.host.map(|host| Value::String(host.to_owned())),
            ),
            ("connections", number(preset.pace.connections)),
            ("per_second", number(preset.pace.per_second)),
            ("per_minute", number(preset.pace.per_minute)),
            ("per_hour", number(preset.pace.per_hour)),
            ("per_day", number(preset.pace.per_day)),
        ];
        for (name, value) in known {
            let key = Key::new("smtp").child(name);
            let unset = |entry: &Entry| entry.layer == Layer::Default;
            if let Some(value) = value
                && self.values.get(&key).is_some_and(unset)
            {
                let (layer, value) = (Layer::Preset, value);
                let entry = Entry {
                    value,
                    layer,
                    ..entry.clone()
                };
                self.values.entries.insert(key, entry);
            }
        }
    }

    fn unquoted(&mut self, layer: Layer, key: Key, value: &str, name_at: Span, value_at: Span) {
        match self.schema.role(&key) {
            Role::Value(shape) => match shape.read(value) {
                Some(read) => self.set(layer, key, read, value_at),
                None => self.say(
                    Diagnostic::error("bad-setting", format!("{key} wants {}", shape.wanted()))
                        .at(value_at),
                ),
            },
            Role::Table => self.say(
                Diagnostic::error("bad-setting", format!("{key} is a table of settings"))
                    .at(name_at)
                    .help("name one setting in it"),
            ),
            Role::Secret => {
                let diagnostic = secret(&key).at(name_at);
                self.say_hidden(diagnostic);
            }
            Role::Unknown => {
                let mut diagnostic = self.unknown(&key).at(name_at);
                if let (Layer::Environment, Some(near)) = (layer, self.schema.nearest(&key)) {
                    let name = near.to_uppercase().replace('.', "__").replace('-', "_");
                    diagnostic = diagnostic.help(format!("did you mean `{PREFIX}{name}`?"));
                }
                self.say(diagnostic);
            }
        }
    }

    fn unknown(&self, key: &Key) -> Diagnostic {
        let diagnostic =
            Diagnostic::error("unknown-setting", format!("there is no setting `{key}`"));
        match self.schema.nearest(key) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("`letterpress config show` lists all settings"),
        }
    }
}

fn secret(key: &Key) -> Diagnostic {
    let variable = key.to_string().to_uppercase().replace('.', "__");
    Diagnostic::error(
        "bad-setting",
        format!("{key} does not belong here, for others may read it"),
    )
    .help(format!(
        "put it into the environment as {PREFIX}{variable}, or into a file that {key}_file names"
    ))
}

/// The value without its spans; `None` for a number that is out of range.
fn plain(value: &DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => Value::String(text.clone().into_owned()),
        DeValue::Integer(number) => {
            Value::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()?)
        }
        DeValue::Float(number) => Value::Float(number.as_str().parse().ok()?),
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Datetime(value) => Value::Datetime(*value),
        DeValue::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| plain(item.get_ref()))
                .collect::<Option<_>>()?,
        ),
        DeValue::Table(_) => Value::Table(toml::Table::new()),
    })
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
