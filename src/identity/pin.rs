use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};

/// The name of an issue inside the program and in what it keeps: its number, or
/// the stem of its first file. The files of one issue in several languages
/// share it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssueKey(pub String);

impl IssueKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IssueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is fixed for ever about one file of an issue, and enough to know it
/// again when it was moved or corrected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The issue.
    pub key: IssueKey,
    /// Language tag of this file; empty when none was known.
    pub language: String,
    /// Entry id in feeds.
    pub id: String,
    /// Its name in addresses.
    pub slug: String,
    /// Names that it had before; each leads to the present one.
    pub earlier_slugs: Vec<String>,
    /// When it was first published.
    pub date: DateTime<Utc>,
    /// When it last changed in a way that readers care about, if ever.
    pub updated: Option<DateTime<Utc>>,
    /// Stem of its file when it was pinned; `{stem}` in addresses.
    pub stem: String,
    /// Number when it was pinned, where that is not `number`; `{number}` in
    /// addresses.
    pub first_number: Option<u64>,
    /// Path of its file, when last seen.
    pub path: String,
    /// Its number, when last seen.
    pub number: Option<u64>,
    /// Its title, when last seen.
    pub title: String,
    /// Hashes of some of its links, ascending.
    pub links: Vec<u32>,
    /// Digest of all its links in order.
    pub links_digest: Option<u64>,
    /// A mark for each line of its text at its last update; only kept for
    /// issues recent enough to be edited.
    pub lines: Vec<u16>,
    /// The issue that it looks like, until the editor says that it is another.
    pub resembles: Option<IssueKey>,
    /// The editor has agreed that its file is gone.
    pub retired: bool,
}

impl Pin {
    /// The moment of its last change.
    pub fn updated(&self) -> DateTime<Utc> {
        self.updated.unwrap_or(self.date).max(self.date)
    }
}

/// The file `feeds/ids.lock`, understood: all pins, by key and language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdLock {
    pub(crate) pins: BTreeMap<(IssueKey, String), Pin>,
}

impl IdLock {
    /// All pins, in order of key and language.
    pub fn pins(&self) -> impl Iterator<Item = &Pin> {
        self.pins.values()
    }

    /// How many files are pinned.
    pub fn len(&self) -> usize {
        self.pins.len()
    }

    /// Whether nothing is pinned, as before the first build.
    pub fn is_empty(&self) -> bool {
        self.pins.is_empty()
    }

    /// The pin of one file of an issue.
    pub fn get(&self, key: &IssueKey, language: &str) -> Option<&Pin> {
        self.pins.get(&(key.clone(), language.to_owned()))
    }

    /// Adds or replaces the pin with its key and language.
    pub fn insert(&mut self, pin: Pin) {
        self.pins
            .insert((pin.key.clone(), pin.language.clone()), pin);
    }

    /// Records that the editor let go of these entries: they stay known, so that
    /// their ids are given to nothing else, but are no longer missed.
    pub fn retire(&mut self, ids: &BTreeSet<String>) {
        for pin in self.pins.values_mut().filter(|pin| ids.contains(&pin.id)) {
            pin.retired = true;
        }
    }

    /// Records the editor's word that an issue is a new one, whatever it looks
    /// like.
    pub fn settle_as_new(&mut self, key: &IssueKey) {
        for pin in self.pins.values_mut().filter(|pin| pin.key == *key) {
            pin.resembles = None;
        }
    }
}
