//! The facts of an issue that outlive its text: what identity, archive, feeds
//! and the checks across issues need once the text is gone.

use crate::issue::{Issue, IssueDate, Number};

/// The owned facts of one issue file. Small, so that ten thousand fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// The file, relative to the newsletter's folder, with `/`.
    pub path: String,
    /// File name without its extensions (`.md`, `.en.md`); for `index.md` the
    /// name of its folder.
    pub stem: String,
    /// Title without markup, or made by `title_template`, or the stem.
    pub title: String,
    /// The number, if any.
    pub number: Option<Number>,
    /// The date as written, if any.
    pub date: Option<IssueDate>,
    /// `updated:` of the front matter, as an RFC 3339 time or a date.
    pub updated: Option<IssueDate>,
    /// Language tag, if known.
    pub language: Option<String>,
    /// `draft: true` in the front matter.
    pub draft: bool,
    /// `slug:` of the front matter.
    pub slug: Option<String>,
    /// `id:` of the front matter: an entry id given verbatim.
    pub id: Option<String>,
    /// `aliases:` of the front matter: further addresses that lead here.
    pub aliases: Vec<String>,
    /// `summary:`, `description:` or `excerpt:` of the front matter, or the
    /// first paragraph of the intro, as plain text of at most 300 characters.
    pub description: String,
    /// `preheader:` or `preview:` of the front matter.
    pub preheader: Option<String>,
    /// `author:` of the front matter.
    pub author: Option<String>,
    /// `tags:`, `categories:` or `keywords:` of the front matter.
    pub categories: Vec<String>,
    /// Address of the issue that this one is a translation of.
    pub original_url: Option<String>,
    /// Its season, if seasons are counted.
    pub season: Option<u64>,
    /// Titles of its first three items, for an index of issues without titles
    /// of their own.
    pub first_items: Vec<String>,
    /// Sections that hold items, in order.
    pub sections: Vec<SectionSummary>,
    /// The item links, in order.
    pub links: Vec<LinkMark>,
    /// How many links the issue's items have.
    pub link_count: usize,
    /// A mark for each line of the text, see [`line_marks`].
    pub line_marks: Vec<u16>,
}

/// A section's name and size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SectionSummary {
    /// Title without emoji.
    pub title: String,
    /// Emoji, if any.
    pub emoji: Option<String>,
    /// Slug, made unique within the issue by `-2`, `-3` ….
    pub slug: String,
    /// Items in it.
    pub items: usize,
}

/// A link of an item, small enough to keep for every issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkMark {
    /// Hash of the canonical address (see [`crate::issue::canonical_url`]).
    pub hash: u64,
    /// Line of the stored file.
    pub line: u32,
}

/// Lines after this many have no mark.
const MARKED_LINES: usize = 2000;

/// A small hash for each line of a text that is not blank, by which an edited
/// text is told from one with a corrected word.
pub fn line_marks(text: &str) -> Vec<u16> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mark = |line: &str| {
        let hash = line.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        // FNV-1a, folded to 16 bits.
        u16::try_from((hash >> 16) ^ (hash & 0xffff)).unwrap_or(u16::MAX)
    };
    lines.take(MARKED_LINES).map(mark).collect()
}

impl Issue<'_> {
    /// The facts that outlive the text.
    pub fn summary(&self) -> Summary {
        Summary {
            path: self.source.path().to_owned(),
            number: self.number,
            date: self.date,
            line_marks: line_marks(self.source.text()),
            ..Summary::default()
        }
    }
}
