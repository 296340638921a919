use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::feed::Cadence;
use crate::render::Html;

/// One feed, the same under every format.
///
/// The entries are shared, because one entry stands in the main feed, in those
/// of sections and languages and in an archive page, each in three formats.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feed {
    /// Its own id, different for every feed, and never an address that could
    /// move (RFC 4287 §4.2.6).
    pub id: String,
    /// Its name.
    pub title: String,
    /// One sentence about it; may be empty.
    pub subtitle: String,
    /// Absolute address of the page for people that it belongs to.
    pub home: String,
    /// That page in other languages.
    pub translations: Vec<Translation>,
    /// Language tag (BCP 47) of all that has none of its own.
    pub language: String,
    /// Who writes it, for entries that do not say; without one, the title
    /// stands for the author.
    pub authors: Vec<Person>,
    /// Absolute addresses of the feed itself.
    pub own: Addresses,
    /// Addresses of the WebSub hubs that are told of changes.
    pub hubs: Vec<String>,
    /// Absolute address of a small square image.
    pub icon: Option<String>,
    /// Absolute address of a wide image.
    pub logo: Option<String>,
    /// How often it really changes; see [`Cadence::of`].
    pub cadence: Option<Cadence>,
    /// Where it stands among the pages of older entries.
    pub paging: Paging,
    /// Newest first; see [`crate::feed::sort`].
    pub entries: Vec<Arc<Entry>>,
}

impl Feed {
    /// The moment of its newest change: that of its entries, never the clock's,
    /// so that two builds of one input are the same bytes.
    pub fn updated(&self) -> Option<DateTime<Utc>> {
        self.entries.iter().map(|entry| entry.updated).max()
    }

    /// The contents of all entries that have one, in order.
    pub(crate) fn contents(&self) -> impl Iterator<Item = &Html> {
        let contents = self.entries.iter().map(|entry| &entry.content_html);
        contents.filter(|content| !content.is_empty())
    }

    /// Who wrote an entry of this feed; never nobody.
    pub fn authors_of(&self, entry: &Entry) -> Vec<Person> {
        let named = |people: &[Person]| -> Vec<Person> {
            let named = people
                .iter()
                .filter(|person| !person.name.trim().is_empty());
            named.cloned().collect()
        };
        for people in [named(&entry.authors), named(&self.authors)] {
            if !people.is_empty() {
                return people;
            }
        }
        vec![Person::named(&self.title)]
    }
}

/// One entry of a feed: an issue, a section of it, or one of its items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Made once; never changes.
    pub id: String,
    /// Absolute address of its page.
    pub url: String,
    /// Plain text.
    pub title: String,
    /// When it first appeared; never changes.
    pub published: DateTime<Utc>,
    /// When it was last changed in a way that readers care about.
    pub updated: DateTime<Utc>,
    /// Plain text, a sentence or two; may be empty.
    pub summary: String,
    /// All of it, clean HTML with absolute addresses.
    pub content_html: Html,
    /// Who wrote it, where that is not who writes the feed.
    pub authors: Vec<Person>,
    /// Plain words.
    pub categories: Vec<String>,
    /// Language tag, where it is not the feed's.
    pub language: Option<String>,
    /// Its page in other languages.
    pub translations: Vec<Translation>,
    /// What it is about, on another site.
    pub related: Option<String>,
    /// A file that belongs to it.
    pub enclosure: Option<Enclosure>,
}

impl Entry {
    /// About how many bytes it takes in the largest of the formats.
    pub fn weight(&self) -> usize {
        let is_doubled = |byte: u8| (byte == b'"') | (byte == b'\\') | (byte == b'\n');
        // The count of a block fits a byte: the compiler adds many at a time.
        let doubled =
            |block: &[u8]| -> u8 { block.iter().map(|&byte| u8::from(is_doubled(byte))).sum() };
        let escaped = |text: &str| {
            let blocks = text.as_bytes().chunks(255);
            text.len()
                + blocks
                    .map(|block| usize::from(doubled(block)))
                    .sum::<usize>()
        };
        let markup = 600;
        markup
            + escaped(&self.content_html)
            + escaped(&self.summary)
            + self.title.len()
            + self.id.len()
            + 2 * self.url.len()
    }
}

/// Who wrote something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Name, plain text.
    pub name: String,
    /// Absolute address of a page about them.
    pub url: Option<String>,
}

impl Person {
    /// Somebody of whom the name is known.
    pub fn named(name: impl Into<String>) -> Person {
        Person {
            name: name.into(),
            url: None,
        }
    }
}

/// The same page in another language.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Translation {
    /// Language tag.
    pub language: String,
    /// Absolute address.
    pub url: String,
}

/// A file beside an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enclosure {
    /// Absolute address.
    pub url: String,
    /// True size in bytes.
    pub length: u64,
    /// Media type.
    pub mime_type: String,
}

/// Absolute addresses of one document in the three formats; `None` where it is
/// not published in that format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// The RSS document.
    pub rss: Option<String>,
    /// The Atom document.
    pub atom: Option<String>,
    /// The JSON Feed document.
    pub json: Option<String>,
}

impl Addresses {
    /// `rss.xml`, `atom.xml` and `feed.json` in a folder, whose address ends with
    /// `/`.
    pub fn in_folder(folder: &str) -> Addresses {
        Addresses {
            rss: Some(format!("{folder}rss.xml")),
            atom: Some(format!("{folder}atom.xml")),
            json: Some(format!("{folder}feed.json")),
        }
    }

    /// `STEM.rss.xml`, `STEM.atom.xml`, `STEM.json`, for one of several feeds in a
    /// folder.
    pub fn with_stem(stem: &str) -> Addresses {
        Addresses {
            rss: Some(format!("{stem}.rss.xml")),
            atom: Some(format!("{stem}.atom.xml")),
            json: Some(format!("{stem}.json")),
        }
    }
}

/// A feed's place among documents that together hold all entries (RFC 5005).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Paging {
    /// It says nothing about other documents.
    #[default]
    Alone,
    /// It holds every entry there is (RFC 5005 §2).
    Complete,
    /// The document that people subscribe to; older entries are in the archive
    /// (RFC 5005 §4).
    Subscription {
        /// The newest archive document.
        previous: Addresses,
    },
    /// A document of older entries (RFC 5005 §4). A closed one has a `next` and
    /// never changes again.
    Archive {
        /// The document that people subscribe to.
        current: Addresses,
        /// The next older archive document.
        previous: Option<Addresses>,
        /// The next newer archive document.
        next: Option<Addresses>,
    },
}

impl Paging {
    /// Name of the element that marks a document which is complete (RFC 5005 §2)
    /// or an archive (§4).
    pub(crate) fn history_mark(&self) -> Option<&'static str> {
        match self {
            Paging::Complete => Some("complete"),
            Paging::Archive { .. } => Some("archive"),
            Paging::Alone | Paging::Subscription { .. } => None,
        }
    }
}
