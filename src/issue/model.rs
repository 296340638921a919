//! What an issue is made of once it is understood.

use std::ops::Range;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use crate::diagnostic::{SourceFile, Span};
use crate::issue::document::Document;
use crate::issue::front_matter::FrontMatter;

/// A half-open range of indices into the issue's event stream. Ranges that
/// stand for blocks are balanced: each start event has its end inside.
pub type Events = Range<usize>;

/// One number of the newsletter: one Markdown file, parsed once.
///
/// Everything here is a copy of facts out of the text or a range of the one
/// event stream; nothing is cut out of it.
#[derive(Debug)]
pub struct Issue<'s> {
    /// The file it was read from.
    pub source: &'s SourceFile,
    /// True for one of several issues of one file.
    pub part: bool,
    /// The one event stream of its body.
    pub document: Document<'s>,
    /// What stood before the body.
    pub front_matter: FrontMatter,
    /// Its title without markup; `None` when nothing in the file gives one.
    pub title: Option<Title>,
    /// Its number.
    pub number: Option<Number>,
    /// Its date.
    pub date: Option<IssueDate>,
    /// Language tag of the text, such as `en`, `zh` or `ja`.
    pub language: Option<String>,
    /// Address of the issue that this one is a translation of.
    pub original_url: Option<String>,
    /// Address of the season's page, from the promo block.
    pub season_url: Option<String>,
    /// The paragraphs in which the newsletter speaks of itself.
    pub promo_marks: Vec<Span>,
    /// The season: issue number over season length, rounded up.
    pub season: Option<u64>,
    /// The repair that was made on the text, if any.
    pub mojibake: Option<Repair>,
    /// The level-1 heading that gave the title, if one did.
    pub title_events: Option<Events>,
    /// Everything before the first section, in order.
    pub intro: Vec<Content>,
    /// The headed parts, in order.
    pub sections: Vec<Section>,
    /// Links and images of the whole body, counted and listed once.
    pub census: Census,
}

/// A title and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title {
    /// Plain text, white space collapsed.
    pub text: String,
    /// What gave it.
    pub from: Origin,
    /// Where it stands in the text, unless it came from the path.
    pub span: Option<Span>,
}

/// An issue's number and what gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// The number.
    pub value: u64,
    /// What gave it.
    pub from: Origin,
}

/// Where a fact about the issue was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A key of the front matter.
    FrontMatter,
    /// The title or first heading.
    Title,
    /// The level-1 heading that begins the body.
    Heading,
    /// The name of the file.
    FileName,
    /// A folder above the file.
    Folder,
    /// The project's settings.
    Settings,
}

impl Origin {
    /// The word in JSON: `front_matter`, `title`, `heading`, `file_name`,
    /// `folder` or `settings`.
    pub fn name(self) -> &'static str {
        match self {
            Origin::FrontMatter => "front_matter",
            Origin::Title => "title",
            Origin::Heading => "heading",
            Origin::FileName => "file_name",
            Origin::Folder => "folder",
            Origin::Settings => "settings",
        }
    }
}

/// How exactly a date is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// A month; `date` is its first day.
    Month,
    /// A day; the time is midnight in the newsletter's zone.
    Day,
    /// A time of day in the newsletter's zone, or with its own offset.
    Time,
}

impl Precision {
    /// The word in JSON, where it tells how exactly the calendar day is known:
    /// `month` or `day`. A time of day is shown by itself.
    pub fn name(self) -> &'static str {
        match self {
            Precision::Month => "month",
            Precision::Day | Precision::Time => "day",
        }
    }
}

/// The date of an issue as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssueDate {
    /// The calendar day (the first one of a month).
    pub date: NaiveDate,
    /// The time of day, where one was written.
    pub time: Option<NaiveTime>,
    /// The offset from UTC, where one was written.
    pub offset: Option<FixedOffset>,
    /// How exactly it is known.
    pub precision: Precision,
    /// What gave it.
    pub from: Origin,
}

impl IssueDate {
    /// The moment it names. Without a time it is 00:00 in `zone`; a time that a
    /// clock change skips or repeats is the first valid one at or after it.
    pub fn moment(&self, zone: Tz) -> DateTime<Utc> {
        let local = NaiveDateTime::new(self.date, self.time.unwrap_or(NaiveTime::MIN));
        if let Some(offset) = self.offset {
            let fixed = offset.from_local_datetime(&local).single();
            return fixed.map_or_else(|| local.and_utc(), |at| at.to_utc());
        }
        (0..=24)
            .find_map(|quarters| {
                let shifted = local + chrono::Duration::minutes(15 * quarters);
                zone.from_local_datetime(&shifted).earliest()
            })
            .map_or_else(|| local.and_utc(), |at| at.to_utc())
    }
}

/// A repair of text that was decoded with the wrong code page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// `mac_roman` or `windows_1252`.
    pub page: &'static str,
    /// Whether the whole text was misread, or parts of it.
    pub whole: bool,
    /// How many damaged sequences were replaced.
    pub sequences: usize,
}

/// How the items of a section are marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Paragraphs that begin `1、`, `1．`, `1）` or `1.[`.
    Cjk,
    /// Paragraphs that begin `①` to `㉚`.
    Circled,
    /// Items of ordered lists.
    Ordered,
    /// Items of bullet lists that hold links.
    Bullet,
    /// Deeper headings that are wholly one link.
    Heading,
    /// No items.
    Prose,
    /// The closing part of an issue; its items count apart.
    Outro,
}

impl Style {
    /// The word in JSON and settings.
    pub fn name(self) -> &'static str {
        match self {
            Style::Cjk => "cjk",
            Style::Circled => "circled",
            Style::Ordered => "ordered",
            Style::Bullet => "bullet",
            Style::Heading => "heading",
            Style::Prose => "prose",
            Style::Outro => "outro",
        }
    }
}

/// One stretch of an issue or a section. Sorted by place, the title, the
/// contents of the intro, the headings and contents of all sections are the
/// whole body: each event belongs to exactly one of them, but for the marks of
/// a list or paragraph around its items. (An item that is a heading may stand
/// behind a subsection of its section; otherwise they are in order already.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Blocks of text that belong to no item.
    Prose(Events),
    /// The item with this index in its section.
    Item(usize),
    /// Blocks in which the newsletter speaks of itself.
    Promo(Events),
    /// Closing blocks, after an outro marker.
    Outro(Events),
}

/// A headed part of an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Title without its emoji.
    pub title: String,
    /// Leading or trailing emoji, a whole cluster.
    pub emoji: Option<String>,
    /// Name for addresses; not unique within an issue.
    pub slug: String,
    /// Heading level, 1 to 6; sections opened by bold paragraphs have 2.
    pub level: u8,
    /// Index of the section that this one lies in.
    pub parent: Option<usize>,
    /// The address, when the whole heading is one link.
    pub url: Option<String>,
    /// The heading in the text.
    pub span: Span,
    /// How its items are marked.
    pub style: Style,
    /// The heading's events, start and end included.
    pub heading: Events,
    /// What stands below the heading, up to the next section, in order.
    pub content: Vec<Content>,
    /// Its items, in order.
    pub items: Vec<Item>,
}

/// One entry of a section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// Its number as written.
    pub number: Option<u64>,
    /// Plain text of its title, white space collapsed.
    pub title: String,
    /// Its first link.
    pub url: Option<String>,
    /// Language of what it links to, where stated.
    pub language: Option<String>,
    /// Tags such as `video` or `ad`.
    pub tags: Vec<String>,
    /// Who wrote what it links to.
    pub byline: Option<String>,
    /// Another remark in brackets after the title.
    pub suffix: Option<String>,
    /// Whether the editor took its content out.
    pub deleted: bool,
    /// Star counts in its text.
    pub stars: Vec<u64>,
    /// Who sent it in.
    pub contributor: Option<String>,
    /// All its links, in order, the title's included.
    pub links: Vec<Link>,
    /// All its images, in order.
    pub images: Vec<Image>,
    /// The whole item in the text; its line is the item's line.
    pub span: Span,
    /// All events of the item in order: those before the title (number, tags)
    /// included. May be inline events (`circled` items of one paragraph).
    pub events: Vec<Events>,
    /// Inline events whose text is the title; inside of the link when there is
    /// one. Words of them that lie in `meta_spans` are number and tags.
    pub title_events: Events,
    /// Inline events of the first paragraph after the title and its language,
    /// byline or suffix: the beginning of the description. May be empty, may
    /// begin with words that lie in `meta_spans`, and may hold ends whose
    /// starts lie before it (`**[title](…): text**`), to be skipped.
    pub lead: Events,
    /// Further whole blocks of the description, in order. In a tight list it may
    /// be a run of inline events.
    pub blocks: Vec<Events>,
    /// Bytes of title and description that say again what the other fields
    /// hold: number and tags before a title that is no link, language, byline
    /// and separators before the description, stars and credit in brackets at
    /// the end of a text. Views that show a meta line leave them out. Ascending.
    pub meta_spans: Vec<Span>,
}

/// A link of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Address as written, entities and escapes resolved.
    pub url: String,
    /// Plain text of the link.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// Whether it is raw HTML rather than Markdown.
    pub html: bool,
}

/// An image of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Address as written.
    pub url: String,
    /// Alternative text; empty when missing.
    pub alt: String,
    /// Where it stands.
    pub span: Span,
    /// Whether it is raw HTML rather than Markdown.
    pub html: bool,
}

/// Links and images of a body, the outro included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// All links, Markdown and HTML, in order.
    pub links: Vec<Link>,
    /// All images, Markdown and HTML, in order.
    pub images: Vec<Image>,
    /// Identifiers that an address `#x` of this text can name, other than those
    /// made from headings.
    pub anchors: Vec<String>,
}

impl Issue<'_> {
    /// All items in order, with the index of their section; those of the outro
    /// are left out.
    pub fn items(&self) -> impl Iterator<Item = (usize, &Item)> {
        self.sections
            .iter()
            .enumerate()
            .filter(|(_, section)| section.style != Style::Outro)
            .flat_map(|(index, section)| section.items.iter().map(move |item| (index, item)))
    }
}
