//! What readers would lose by a new feed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::diagnostic::Diagnostic;
use crate::feed::model::{Entry, Feed};
use crate::feed::read::ForeignEntry;

/// Something that a new feed takes from its readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The feed had entries and has none now.
    Emptied {
        /// How many it had.
        entries: usize,
    },
    /// An entry is gone, and not because the feed holds only so many.
    Gone {
        /// Its id.
        id: String,
        /// Its title.
        title: String,
    },
    /// An entry is there, under another id: readers will show it again as new.
    IdChanged {
        /// The id that readers know.
        before: String,
        /// The one it has now.
        after: String,
        /// Its title.
        title: String,
    },
    /// An entry had its full text and has none now.
    TextLost {
        /// Its id.
        id: String,
        /// Its title.
        title: String,
    },
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loss::Emptied { entries } => {
                write!(f, "the feed had {entries} entries and would have none")
            }
            Loss::Gone { id, title } => {
                write!(f, "the entry \u{201c}{title}\u{201d} ({id}) would be gone")
            }
            Loss::IdChanged {
                before,
                after,
                title,
            } => write!(
                f,
                "the entry \u{201c}{title}\u{201d} would change its id from {before} to {after}; readers would show it again"
            ),
            Loss::TextLost { id, title } => {
                write!(
                    f,
                    "the entry \u{201c}{title}\u{201d} ({id}) would lose its text"
                )
            }
        }
    }
}

impl Loss {
    /// The id that readers know, where one entry is concerned.
    pub fn id(&self) -> Option<&str> {
        match self {
            Loss::Emptied { .. } => None,
            Loss::Gone { id, .. } | Loss::TextLost { id, .. } => Some(id),
            Loss::IdChanged { before, .. } => Some(before),
        }
    }

    /// As an error of the build.
    pub fn to_diagnostic(&self) -> Diagnostic {
        let code = match self {
            Loss::Emptied { .. } => "feed-emptied",
            Loss::Gone { .. } => "entry-lost",
            Loss::IdChanged { .. } => "entry-id-changed",
            Loss::TextLost { .. } => "entry-text-lost",
        };
        Diagnostic::error(code, self.to_string())
    }
}

/// What `next` would take from the readers of a feed that had the entries
/// `before`: those of the feed as it was last published, and those that are
/// pinned for it. `all` are all entries that the feed could have, were it not
/// limited in number and size: what is among them has left by the limit and is
/// not lost.
pub fn losses<'e>(
    before: &[ForeignEntry],
    next: &'e Feed,
    all: impl IntoIterator<Item = &'e Entry>,
) -> Vec<Loss> {
    let mut by_id: BTreeMap<&str, &Entry> = BTreeMap::new();
    let mut by_url: BTreeMap<&str, &Entry> = BTreeMap::new();
    let own = next.entries.iter().map(|entry| &**entry);
    for entry in all.into_iter().chain(own) {
        by_id.insert(&entry.id, entry);
        by_url.insert(&entry.url, entry);
    }
    let mut found = Vec::new();
    if next.entries.is_empty() && !before.is_empty() {
        found.push(Loss::Emptied {
            entries: before.len(),
        });
    }
    let mut seen = BTreeSet::new();
    for known in before.iter().filter(|known| seen.insert(&known.id)) {
        let (id, title) = (known.id.clone(), known.title.clone());
        match (by_id.get(known.id.as_str()), by_url.get(known.url.as_str())) {
            (Some(entry), _) if known.has_content && entry.content_html.trim().is_empty() => {
                found.push(Loss::TextLost { id, title });
            }
            (Some(_), _) => {}
            (None, Some(entry)) => found.push(Loss::IdChanged {
                before: id,
                after: entry.id.clone(),
                title,
            }),
            (None, None) => found.push(Loss::Gone { id, title }),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::tests::{entry, feed};

    fn known(entries: &[Entry]) -> Vec<ForeignEntry> {
        let known = |entry: &Entry| ForeignEntry {
            id: entry.id.clone(),
            url: entry.url.clone(),
            title: entry.title.clone(),
            published: Some(entry.published),
            has_content: true,
        };
        entries.iter().map(known).collect()
    }

    #[test]
    fn an_entry_beyond_the_limit_is_no_loss() {
        let all: Vec<Entry> = (1..6).map(entry).collect();
        let next = feed(all[3..].to_vec());
        assert_eq!(losses(&known(&all), &next, &all), []);
    }

    #[test]
    fn a_feed_that_falls_to_no_entries_is_refused() {
        let all: Vec<Entry> = (1..3).map(entry).collect();
        let found = losses(&known(&all), &feed(Vec::new()), &all);
        assert_eq!(found, [Loss::Emptied { entries: 2 }]);
        assert_eq!(
            losses(&[], &feed(Vec::new()), &[]),
            [],
            "a first build may be empty"
        );
    }

    #[test]
    fn lost_changed_and_emptied_entries_are_named() {
        let all: Vec<Entry> = (1..5).map(entry).collect();
        let mut after = all[1..].to_vec();
        after[0].id = "tag:example.com,2025:other".to_owned();
        after[1].content_html = "".into();
        let found = losses(&known(&all), &feed(after.clone()), &after);
        assert!(matches!(&found[0], Loss::Gone { id, .. } if *id == all[0].id));
        assert!(
            matches!(&found[1], Loss::IdChanged { before, after: now, .. } if *before == all[1].id && *now == after[0].id)
        );
        assert!(matches!(&found[2], Loss::TextLost { id, .. } if *id == all[2].id));
        assert_eq!(found.len(), 3);
        assert!(
            found
                .iter()
                .all(|loss| loss.to_diagnostic().message.contains("entry"))
        );
    }
}
