//! The parts of an issue that feeds carry on their own: its sections and its
//! items.
//!
//! The text of a section is a part of the text of the whole issue and is written
//! once with it.

use std::ops::Range;

use crate::issue::{Content, Issue, Item, Section, Style as ItemStyle, canonical_url};
use crate::render::address::Address;
use crate::render::anchors::Anchors;
use crate::render::body::marked_body;
use crate::render::escape;
use crate::render::events::plain_text;
use crate::render::fragment::{Addresses, Fragment, Hole, HoleKind};
use crate::render::html::{self, Mark, Style, View};
use crate::render::labels::Labels;
use crate::render::outline;
use crate::render::page::{self, PageStyle};
use crate::render::shared::Html;

/// Titles of a section's items that sum it up.
const FIRST_ITEMS: usize = 3;
/// Characters of a title that is made of an item's text.
const TITLE_LENGTH: usize = 80;

/// Finished HTML with its open addresses, kept for the rest of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Kept {
    html: Html,
    holes: Vec<Hole>,
}

impl Kept {
    /// A part of it with its addresses; most parts have no open one, and are not
    /// copied then. Holes at its end stay outside.
    fn part(&self, bytes: Range<usize>, addresses: &Addresses) -> Html {
        let first = self.holes.partition_point(|hole| hole.at < bytes.start);
        let end = self.holes.partition_point(|hole| hole.at < bytes.end);
        let holes = self.holes.get(first..end).unwrap_or_default();
        if holes.is_empty() {
            return self.html.part(bytes);
        }
        let fragment = Fragment {
            holes: holes
                .iter()
                .map(|hole| Hole {
                    at: hole.at - bytes.start,
                    ..hole.clone()
                })
                .collect(),
            html: self.html[bytes].to_owned(),
        };
        fragment.resolve(addresses).into()
    }
}

impl From<Fragment> for Kept {
    fn from(fragment: Fragment) -> Kept {
        Kept {
            html: fragment.html.into(),
            holes: fragment.holes,
        }
    }
}

/// The whole text of an issue for feeds, with its sections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedText {
    /// All of it (see [`crate::render::body_html`]).
    body: Kept,
    /// Its sections that are on top and have a title, in order; the closing part
    /// is none.
    pub sections: Vec<SectionPiece>,
}

/// A section of an issue with all below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SectionPiece {
    /// Title without emoji.
    pub title: String,
    /// Emoji, if any.
    pub emoji: Option<String>,
    /// The title as a part of an address; not unique within the issue.
    pub slug: String,
    /// Name of its heading in the issue's page.
    pub anchor: String,
    /// Titles of its first items.
    pub first_items: Vec<String>,
    /// Where its text stands in that of the issue, without the heading.
    bytes: Range<usize>,
    /// The text, where raw HTML reaches over its bounds.
    own: Option<Fragment>,
}

impl FeedText {
    /// The whole text, its addresses filled in.
    pub fn whole(&self, addresses: &Addresses) -> Html {
        self.body.part(0..self.body.html.len(), addresses)
    }

    /// The text of one of its sections, likewise.
    pub fn section(&self, section: &SectionPiece, addresses: &Addresses) -> Html {
        match &section.own {
            Some(own) => own.resolve(addresses).into(),
            None => self.body.part(section.bytes.clone(), addresses),
        }
    }
}

/// The items of an issue for feeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedItems {
    /// The items, in order.
    pub pieces: Vec<ItemPiece>,
    /// The text of all of them.
    text: Kept,
}

impl FeedItems {
    /// The text of one of its items, its addresses filled in: title with its
    /// link, and the description.
    pub fn content(&self, item: &ItemPiece, addresses: &Addresses) -> Html {
        self.text.part(item.bytes.clone(), addresses)
    }
}

/// An item of an issue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemPiece {
    /// Plain text; never empty.
    pub title: String,
    /// What it links to, if anything.
    pub link: Option<ItemLink>,
    /// What makes it this item, whatever its number, title or place: the
    /// canonical form of its address, or its words where it has none.
    pub mark: String,
    /// Name of its place in the issue's page.
    pub anchor: String,
    /// Title of its section.
    pub section: String,
    /// Its place among all items of the issue, from 0.
    pub index: usize,
    /// Where its text stands in that of all items.
    bytes: Range<usize>,
}

/// What an item links to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemLink {
    /// A whole address.
    Absolute(String),
    /// An address that the issue's own completes.
    Relative(String),
}

/// The whole text of an issue for feeds, and where its sections stand in it.
pub fn feed_text(issue: &Issue<'_>, linkify: bool) -> FeedText {
    let anchors = Anchors::of(issue);
    let bounds = bounds(issue);
    let mut marks: Vec<Mark> = bounds
        .iter()
        .flat_map(|(_, events)| [events.start, events.end])
        .map(|event| Mark { event, at: None })
        .collect();
    let body = marked_body(issue, &anchors, linkify, &mut marks);
    let style = Style::of(View::Feed, linkify);
    let pieces = bounds.into_iter().zip(marks.as_chunks::<2>().0);
    let sections = pieces.map(|((index, events), [from, to])| {
        let section = &issue.sections[index];
        let (bytes, own) = match (from.at, to.at) {
            (Some(from), Some(to)) if from <= to => (from..to, None),
            _ => {
                let all = &issue.document.events;
                (0..0, Some(html::write(all, &anchors, events, style)))
            }
        };
        SectionPiece {
            title: section.title.clone(),
            emoji: section.emoji.clone(),
            slug: section.slug.clone(),
            anchor: anchors.section(index).to_owned(),
            first_items: first_items(issue, index),
            bytes,
            own,
        }
    });
    let sections = sections.filter(|section| {
        let html = match &section.own {
            Some(own) => &own.html,
            None => &body.html[section.bytes.clone()],
        };
        !html.trim().is_empty()
    });
    FeedText {
        sections: sections.collect(),
        body: body.into(),
    }
}

/// The sections on top, each with the events below its heading.
fn bounds(issue: &Issue<'_>) -> Vec<(usize, Range<usize>)> {
    let is_top = |index: usize| {
        let parent = issue.sections[index].parent;
        parent.is_none_or(|parent| parent >= index)
    };
    let tops: Vec<usize> = (0..issue.sections.len()).filter(|&at| is_top(at)).collect();
    let depths = Depths::of(issue);
    let mut found: Vec<(usize, Range<usize>)> = Vec::new();
    for (place, &index) in tops.iter().enumerate() {
        let next = tops.get(place + 1).copied();
        let last = next.unwrap_or(issue.sections.len()) - 1;
        let start = issue.sections[index].heading.end;
        let end = closing_start(&issue.sections[last])
            .or(next.map(|next| issue.sections[next].heading.start))
            .unwrap_or(issue.document.events.len());
        let section = &issue.sections[index];
        let ascending = found.last().is_none_or(|(_, before)| before.end <= start);
        let sound = start <= end && ascending && depths.is_top(start) && depths.is_top(end);
        if sound && section.style != ItemStyle::Outro && !section.title.is_empty() {
            found.push((index, start..end));
        }
    }
    found
}

/// Where the part of a section begins in which the newsletter speaks of itself
/// up to the end.
fn closing_start(section: &Section) -> Option<usize> {
    let closing = |content: &&Content| matches!(content, Content::Promo(_) | Content::Outro(_));
    let first = section.content.iter().rev().take_while(closing).last()?;
    match first {
        Content::Promo(events) | Content::Outro(events) => Some(events.start),
        Content::Prose(_) | Content::Item(_) => None,
    }
}

/// Which events stand between blocks, and not inside of one.
struct Depths(Vec<bool>);

impl Depths {
    fn of(issue: &Issue<'_>) -> Depths {
        let mut depth = 0_usize;
        let mut top = Vec::with_capacity(issue.document.events.len() + 1);
        for (event, _) in &issue.document.events {
            top.push(depth == 0);
            match event {
                pulldown_cmark::Event::Start(_) => depth += 1,
                pulldown_cmark::Event::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        top.push(depth == 0);
        Depths(top)
    }

    fn is_top(&self, event: usize) -> bool {
        self.0.get(event) == Some(&true)
    }
}

/// The titles of the first items of a section and of those below it.
fn first_items(issue: &Issue<'_>, top: usize) -> Vec<String> {
    let below = issue.sections[top + 1..]
        .iter()
        .take_while(|section| section.parent.is_some_and(|parent| parent >= top));
    std::iter::once(&issue.sections[top])
        .chain(below)
        .flat_map(|section| &section.items)
        .filter(|item| !item.deleted && !item.title.is_empty())
        .map(|item| item.title.clone())
        .take(FIRST_ITEMS)
        .collect()
}

/// The items of an issue, without those of its closing part and those whose
/// content was taken out.
pub fn feed_items(issue: &Issue<'_>, style: &PageStyle<'_>) -> FeedItems {
    let anchors = Anchors::of(issue);
    let sections = issue.sections.iter().enumerate();
    let items = sections
        .filter(|(_, section)| section.style != ItemStyle::Outro)
        .flat_map(|(at, section)| (0..section.items.len()).map(move |item| (at, section, item)));
    let mut html = Fragment::default();
    let pieces = items
        .enumerate()
        .filter(|(_, (_, section, item))| !section.items[*item].deleted)
        .filter_map(|(index, (at, section, place))| {
            let item = &section.items[place];
            let text = text_of(issue, item);
            let title = title_of(item, &text)?;
            let link = item
                .url
                .as_deref()
                .and_then(|url| match Address::read(url) {
                    Address::Absolute(url) => Some(ItemLink::Absolute(url)),
                    Address::Relative(reference) => Some(ItemLink::Relative(reference)),
                    Address::Local | Address::Refused => None,
                });
            let start = html.html.len();
            content(&mut html, issue, &anchors, item, link.as_ref(), style);
            Some(ItemPiece {
                mark: mark_of(item, &text),
                title,
                link,
                anchor: anchors.item(at, place).to_owned(),
                section: section.title.clone(),
                index,
                bytes: start..html.html.len(),
            })
        });
    FeedItems {
        pieces: pieces.collect(),
        text: html.into(),
    }
}

/// The words of an item below its title.
fn text_of(issue: &Issue<'_>, item: &Item) -> String {
    let ranges = std::iter::once(&item.lead).chain(&item.blocks);
    let events = ranges.filter_map(|range| issue.document.events.get(range.clone()));
    let words: Vec<String> = events.map(plain_text).collect();
    let words = words.join(" ");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn title_of(item: &Item, text: &str) -> Option<String> {
    if !item.title.trim().is_empty() {
        return Some(item.title.clone());
    }
    if !text.is_empty() {
        let short: String = text.chars().take(TITLE_LENGTH).collect();
        return Some(if short.len() < text.len() {
            format!("{}…", short.trim_end())
        } else {
            short
        });
    }
    outline::destination(item)
}

fn mark_of(item: &Item, text: &str) -> String {
    let url = item.url.as_deref().map(canonical_url).unwrap_or_default();
    if !url.is_empty() {
        url
    } else if text.is_empty() {
        item.title.clone()
    } else {
        text.to_owned()
    }
}

/// Appends the text of an item.
fn content(
    out: &mut Fragment,
    issue: &Issue<'_>,
    anchors: &Anchors<'_>,
    item: &Item,
    link: Option<&ItemLink>,
    style: &PageStyle<'_>,
) {
    let events = &issue.document.events;
    let title = page::title(issue, anchors, item, View::Feed);
    if !title.html.is_empty() {
        let link = link.filter(|_| !page::own_links(issue, item));
        out.html.push_str("<p>");
        if let Some(link) = link {
            out.html.push_str("<a href=\"");
            match link {
                ItemLink::Absolute(url) => escape::push_attribute(&mut out.html, url),
                ItemLink::Relative(reference) => out.holes.push(Hole {
                    at: out.html.len(),
                    reference: reference.clone(),
                    kind: HoleKind::Link,
                }),
            }
            out.html.push_str("\">");
        }
        out.append(title);
        out.html.push_str(if link.is_some() { "</a>" } else { "" });
        let labels = Labels::of(style.language);
        let meta = outline::meta(issue, item, labels, style.language);
        if !meta.is_empty() {
            out.html.push_str("<br>");
            escape::push_text(&mut out.html, &meta.join(" · "));
        }
        let remark = page::remark(issue, anchors, item, View::Feed);
        if !remark.html.is_empty() {
            out.html.push_str("<br>");
            out.append(remark);
        }
        out.html.push_str("</p>\n");
    }
    let cuts = outline::cuts(events, item);
    let style = Style {
        cuts: &cuts,
        ..Style::of(View::Feed, style.linkify)
    };
    let lead = html::write(events, anchors, item.lead.clone(), style);
    if !lead.html.trim().is_empty() {
        out.html.push_str("<p>");
        out.append(lead);
        out.html.push_str("</p>\n");
    }
    for block in &item.blocks {
        out.append(html::write(events, anchors, block.clone(), style));
    }
}
