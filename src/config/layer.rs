use std::collections::BTreeMap;

use toml::Value;

use crate::config::key::Key;
use crate::diagnostic::{Diagnostic, Finding, SourceFile, Span};

/// What set a value; later ones win.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// The compiled-in `config/default.toml`.
    Default,
    /// What is known of the relay that `smtp.preset` names.
    Preset,
    /// The newsletter's own file.
    File,
    /// A variable of the environment.
    Environment,
    /// The command line.
    Flag,
}

impl Layer {
    /// The word in JSON: `default`, `preset`, `file`, `environment` or `flag`.
    pub fn name(self) -> &'static str {
        match self {
            Layer::Default => "default",
            Layer::Preset => "preset",
            Layer::File => "file",
            Layer::Environment => "environment",
            Layer::Flag => "flag",
        }
    }
}

/// A value and what set it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The value.
    pub value: Value,
    /// The layer that set it.
    pub layer: Layer,
    pub(crate) source: usize,
    pub(crate) span: Span,
}

/// All values by key, merged.
#[derive(Debug, Default)]
pub struct Values {
    pub(crate) entries: BTreeMap<Key, Entry>,
    pub(crate) sources: Vec<SourceFile>,
    pub(crate) secrets: BTreeMap<&'static str, String>,
    /// Byte of each default, and the tables in the order written.
    pub(crate) order: BTreeMap<Key, usize>,
    pub(crate) tables: Vec<Key>,
}

impl Values {
    /// All values in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Entry)> {
        self.entries.iter()
    }

    /// The value of a key.
    pub fn get(&self, key: &Key) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Where a value was set, for people: `config/letterpress.toml:3`, the
    /// variable's name, `--set`, or `default`.
    pub fn place(&self, entry: &Entry) -> String {
        let source = &self.sources[entry.source];
        let line = source.position(entry.span.start).line;
        match entry.layer {
            Layer::Default => "default".to_owned(),
            Layer::Preset => "smtp.preset".to_owned(),
            Layer::File => format!("{}:{line}", source.path()),
            Layer::Environment => {
                let line = source.stored_line(entry.span.start);
                line.split('=').next().unwrap_or(line).to_owned()
            }
            Layer::Flag => "--set".to_owned(),
        }
    }

    /// Orders keys as `config/default.toml` does, a table's own keys before the
    /// tables in it; those that the newsletter named come last in their table.
    pub(crate) fn rank(&self, key: &Key) -> (usize, usize, Key) {
        let (table, _) = key.split();
        let first = self
            .tables
            .iter()
            .position(|known| known.parts() == table)
            .or_else(|| {
                let (_, above) = table.split_last()?;
                self.tables.iter().position(|known| known.parts() == above)
            });
        let own = self.order.get(key).copied();
        (
            first.unwrap_or(usize::MAX),
            own.unwrap_or(usize::MAX),
            key.clone(),
        )
    }

    /// The names of the secrets that are set.
    pub(crate) fn secret_names(&self) -> impl Iterator<Item = &'static str> {
        self.secrets.keys().copied()
    }

    pub(crate) fn secret(&self, name: &str) -> Option<&str> {
        self.secrets.get(name).map(String::as_str)
    }

    /// Binds a diagnostic to the place where `key` was set.
    pub(crate) fn finding(&self, key: &Key, diagnostic: Diagnostic) -> Finding {
        match self.entries.get(key) {
            Some(entry) => diagnostic
                .at(entry.span)
                .locate(&self.sources[entry.source]),
            None => Finding::whole_file("configuration", diagnostic),
        }
    }
}
