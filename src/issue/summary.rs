//! The facts of an issue that outlive its text: what identity, archive, feeds
//! and the checks across issues need once the text is gone.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::issue::metadata::{Place, parse_date, plain_text, scalar};
use crate::issue::slug::slug;
use crate::issue::{Content, FrontMatter, Issue, IssueDate, Number, Style, canonical_url};

/// Characters of a description.
const DESCRIPTION_LENGTH: usize = 300;
/// Items that stand for an issue without a title.
const FIRST_ITEMS: usize = 3;
/// More categories than anybody reads.
const MAX_CATEGORIES: usize = 50;

/// The owned facts of one issue file. Small, so that ten thousand fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// The file, relative to the newsletter's folder, with `/`; for one of
    /// several issues of a file followed by `#` and a name made of the title.
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
    let lines: Vec<&[u8]> = lines.take(MARKED_LINES).map(str::as_bytes).collect();
    let mut marks = Vec::with_capacity(lines.len());
    let (fours, rest) = lines.as_chunks::<4>();
    for four in fours {
        marks.extend(hashes(four).map(folded));
    }
    for line in rest {
        marks.extend(hashes(&[line]).map(folded));
    }
    marks
}

/// FNV-1a of some lines, side by side: each step waits for the one before it, so
/// that a processor can do several at a time.
fn hashes<const COUNT: usize>(lines: &[&[u8]; COUNT]) -> [u32; COUNT] {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let mut hashes = [0x811c_9dc5; COUNT];
    let common = lines
        .iter()
        .map(|line| line.len())
        .min()
        .unwrap_or_default();
    for at in 0..common {
        for (hash, line) in hashes.iter_mut().zip(lines) {
            *hash = step(*hash, line[at]);
        }
    }
    for (hash, line) in hashes.iter_mut().zip(lines) {
        *hash = line[common..].iter().copied().fold(*hash, step);
    }
    hashes
}

/// A hash in 16 bits.
fn folded(hash: u32) -> u16 {
    u16::try_from((hash >> 16) ^ (hash & 0xffff)).unwrap_or(u16::MAX)
}

impl Issue<'_> {
    /// The facts that outlive the text.
    pub fn summary(&self) -> Summary {
        let front_matter = &self.front_matter;
        let place = Place::of(self.source.path());
        let title = self.title.as_ref().map(|title| title.text.clone());
        let links = self.link_marks();
        let (path, stem) = match &title {
            Some(title) if self.part => {
                let name = slug(title);
                (format!("{}#{name}", self.source.path()), name)
            }
            _ => (self.source.path().to_owned(), place.stem.to_owned()),
        };
        Summary {
            path,
            stem,
            title: title.unwrap_or_else(|| place.stem.to_owned()),
            number: self.number,
            date: self.date,
            updated: front_matter.text("updated").and_then(parse_date),
            language: self.language.clone(),
            draft: is_draft(front_matter),
            slug: self.field("slug"),
            id: self.field("id"),
            aliases: owned(front_matter.texts("aliases")),
            description: self.description(),
            preheader: self.field("preheader"),
            author: author(front_matter),
            categories: categories(front_matter),
            original_url: self.original_url.clone(),
            season: self.season,
            first_items: self.first_items(),
            sections: self.section_summaries(),
            link_count: links.len(),
            links,
            line_marks: line_marks(self.source.text()),
        }
    }

    /// A key of the front matter that holds one value, as text.
    fn field(&self, key: &str) -> Option<String> {
        scalar(self.front_matter.get(key)?, self.source.text())
    }

    fn description(&self) -> String {
        let given = ["summary", "description", "excerpt"]
            .into_iter()
            .find_map(|key| self.field(key));
        let text = given.or_else(|| self.first_paragraph()).unwrap_or_default();
        shorten(&text, DESCRIPTION_LENGTH)
    }

    /// The first paragraph of the intro that has words.
    fn first_paragraph(&self) -> Option<String> {
        let prose = self.intro.iter().filter_map(|content| match content {
            Content::Prose(events) => Some(events.clone()),
            Content::Item(_) | Content::Promo(_) | Content::Outro(_) => None,
        });
        prose
            .flatten()
            .scan(None, |start, index| {
                // One step an event; a paragraph is told at its end.
                let paragraph = match self.document.events.get(index)?.0 {
                    Event::Start(Tag::Paragraph) => {
                        *start = Some(index);
                        None
                    }
                    Event::End(TagEnd::Paragraph) => start.take().map(|start| start..index),
                    _ => None,
                };
                Some(paragraph.map(|events| plain_text(&self.document, events)))
            })
            .flatten()
            .find(|text| !text.is_empty())
    }

    fn first_items(&self) -> Vec<String> {
        self.items()
            .filter(|(_, item)| !item.deleted && !item.title.is_empty())
            .map(|(_, item)| item.title.clone())
            .take(FIRST_ITEMS)
            .collect()
    }

    fn section_summaries(&self) -> Vec<SectionSummary> {
        let mut used = BTreeMap::new();
        self.sections
            .iter()
            .filter(|section| section.style != Style::Outro && !section.items.is_empty())
            .map(|section| SectionSummary {
                title: section.title.clone(),
                emoji: section.emoji.clone(),
                slug: unique(&section.slug, &mut used),
                items: section.items.len(),
            })
            .collect()
    }

    fn link_marks(&self) -> Vec<LinkMark> {
        self.items()
            .flat_map(|(_, item)| &item.links)
            .map(|link| LinkMark {
                hash: fnv_1a(canonical_url(&link.url).as_bytes()),
                line: u32::try_from(self.source.line(link.span.start)).unwrap_or(u32::MAX),
            })
            .collect()
    }
}

/// `draft: true`, and how Jekyll and Pelican say it.
fn is_draft(front_matter: &FrontMatter) -> bool {
    let is_status = |status: &str| status.eq_ignore_ascii_case("draft");
    front_matter.is_true("draft")
        || front_matter.bool("published") == Some(false)
        || front_matter.text("status").is_some_and(is_status)
}

/// One author, or all of them with commas.
fn author(front_matter: &FrontMatter) -> Option<String> {
    let names = front_matter.texts("author");
    (!names.is_empty()).then(|| names.join(", "))
}

/// Lists, and texts with commas, as header lines have them; each word once.
fn categories(front_matter: &FrontMatter) -> Vec<String> {
    let mut categories: Vec<String> = Vec::new();
    for key in ["tags", "categories", "keywords"] {
        for words in front_matter.texts(key) {
            for word in words.split(',').map(str::trim) {
                let is_new = !categories.iter().any(|known| known == word);
                if is_new && !word.is_empty() && categories.len() < MAX_CATEGORIES {
                    categories.push(word.to_owned());
                }
            }
        }
    }
    categories
}

fn owned(texts: Vec<&str>) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
}

/// At most `length` characters, cut between words where there are spaces.
fn shorten(text: &str, length: usize) -> String {
    let Some((limit, _)) = text.char_indices().nth(length) else {
        return text.to_owned();
    };
    let (cut, _) = text[..limit].char_indices().next_back().unwrap_or_default();
    let kept = &text[..cut];
    let kept = match kept.rfind(' ') {
        Some(space) if space > cut / 2 => &kept[..space],
        _ => kept,
    };
    format!(
        "{}…",
        kept.trim_end_matches([' ', ',', ';', ':', '，', '、'])
    )
}

/// The slug, or the slug with the first free number from 2. `used` holds for
/// each slug the number to try next.
fn unique(slug: &str, used: &mut BTreeMap<String, usize>) -> String {
    let mut candidate = slug.to_owned();
    while used.contains_key(&candidate) {
        let next = used.entry(slug.to_owned()).or_insert(2);
        candidate = format!("{slug}-{next}");
        *next += 1;
    }
    used.insert(candidate.clone(), 2);
    candidate
}

/// FNV-1a, the same on every machine and in every version.
fn fnv_1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::{Reader, Settings};

    fn summary(path: &str, text: &str) -> Summary {
        let reader = Reader::new(Settings::default()).unwrap();
        let text = reader.decode(path, text.as_bytes());
        let (issue, _) = reader.parse(&text);
        issue.summary()
    }

    #[test]
    fn every_key_of_the_front_matter_finds_its_place() {
        let summary = summary(
            "issues/012.en.md",
            "---\ntitle: Herons\ndate: 2026-01-02\nlastmod: 2026-01-05\ndraft: yes\nslug: grey\n\
             id: urn:x\naliases: [/a, /b]\nexcerpt: One two.\npreview: Look\nauthors: [Ada, Bo]\n\
             tags: [fog, reeds]\ncategories: fog, still\n---\nHello.\n",
        );
        assert_eq!(summary.stem, "012");
        assert_eq!(summary.title, "Herons");
        assert_eq!(summary.number.map(|number| number.value), Some(12));
        assert_eq!(summary.date.unwrap().date.to_string(), "2026-01-02");
        assert_eq!(summary.updated.unwrap().date.to_string(), "2026-01-05");
        assert_eq!(summary.language.as_deref(), Some("en"));
        assert!(summary.draft);
        assert_eq!(summary.slug.as_deref(), Some("grey"));
        assert_eq!(summary.id.as_deref(), Some("urn:x"));
        assert_eq!(summary.aliases, ["/a", "/b"]);
        assert_eq!(summary.description, "One two.");
        assert_eq!(summary.preheader.as_deref(), Some("Look"));
        assert_eq!(summary.author.as_deref(), Some("Ada, Bo"));
        assert_eq!(summary.categories, ["fog", "reeds", "still"]);
    }

    #[test]
    fn an_issue_without_a_title_has_the_name_of_its_file() {
        assert_eq!(summary("a/letter-3.md", "Hello.\n").title, "letter-3");
    }

    #[test]
    fn drafts_are_known_however_they_are_marked() {
        for front_matter in [
            "---\ndraft: true\n---\n",
            "---\npublished: false\n---\n",
            "Title: Herons\nStatus: draft\n\n",
            "+++\ndraft = true\n+++\n",
        ] {
            assert!(
                summary("a.md", &format!("{front_matter}Hello.\n")).draft,
                "{front_matter}"
            );
        }
        assert!(!summary("a.md", "---\ndraft: false\n---\nHello.\n").draft);
    }

    #[test]
    fn long_texts_are_cut_between_words() {
        let text = "word ".repeat(100);
        let short = shorten(text.trim(), 300);
        assert!(
            short.chars().count() <= 300 && short.ends_with("word…"),
            "{short}"
        );
        let chinese = "池".repeat(400);
        assert_eq!(shorten(&chinese, 300).chars().count(), 300);
        assert_eq!(shorten("short", 300), "short");
    }

    #[test]
    fn equal_slugs_get_numbers() {
        let mut used = BTreeMap::new();
        let slugs = ["a", "a", "a-2", "a"].map(|slug| unique(slug, &mut used));
        assert_eq!(slugs, ["a", "a-2", "a-2-2", "a-3"]);
    }

    #[test]
    fn hashes_never_change() {
        assert_eq!(fnv_1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv_1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
