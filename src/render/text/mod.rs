//! The plain-text part, written from the event stream and never from the HTML.
//!
//! All words and all links of the issue are in it; addresses are never broken.
//! No HTML and no entity is left, code stands as it is.

mod block;
mod html;
mod inline;
mod wrap;

pub(crate) use wrap::wrap;

use serde::Deserialize;
use unicode_width::UnicodeWidthStr;

use crate::issue::{Content, Events, Issue, Section};
use crate::render::address::Address;
use crate::render::events::closing;
use crate::render::fragment::Addresses;
use crate::render::labels::Labels;
use crate::render::outline::{self, Part};
use crate::render::text::block::Writer;

/// Where the addresses of links stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkPlace {
    /// Each on a line of its own, below the paragraph that speaks of it.
    #[default]
    Line,
    /// As numbered notes at the end of the section.
    Notes,
}

/// How plain text is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TextStyle {
    /// Columns of a line; Han characters take two.
    pub width: usize,
    /// Where the addresses of links stand.
    pub links: LinkPlace,
}

impl Default for TextStyle {
    fn default() -> Self {
        TextStyle {
            width: 72,
            links: LinkPlace::Line,
        }
    }
}

/// Columns in which the numbers of items hang.
const MARGIN: usize = 4;

/// The body of an issue as text.
pub fn text(issue: &Issue<'_>, addresses: &Addresses, language: &str, style: TextStyle) -> String {
    let mut writer = Writer::new(issue, addresses, style);
    intro(&mut writer, issue, language);
    for section in &issue.sections {
        write_section(&mut writer, section, language);
    }
    writer.finish()
}

/// The intro of an issue as text, and the number of its last link note.
pub(crate) fn intro_text(
    issue: &Issue<'_>,
    addresses: &Addresses,
    language: &str,
    style: TextStyle,
) -> (String, usize) {
    let mut writer = Writer::new(issue, addresses, style);
    intro(&mut writer, issue, language);
    let next = writer.next_note();
    (writer.finish(), next)
}

/// One section as text, its heading included. `first_note` is the number of
/// the first link note; the number after the last is returned too.
pub(crate) fn section_text(
    issue: &Issue<'_>,
    section: &Section,
    addresses: &Addresses,
    language: &str,
    style: TextStyle,
    first_note: usize,
) -> (String, usize) {
    let mut writer = Writer::new(issue, addresses, style);
    writer.notes_before = first_note;
    write_section(&mut writer, section, language);
    let next = writer.next_note();
    (writer.finish(), next)
}

fn intro(writer: &mut Writer<'_, '_>, issue: &Issue<'_>, language: &str) {
    let title = issue.title_events.as_ref();
    let contents: Vec<Content> = issue
        .intro
        .iter()
        .filter(|content| !matches!(content, Content::Prose(events) if Some(events) == title))
        .cloned()
        .collect();
    write_parts(
        writer,
        &outline::parts(issue, &contents, None),
        None,
        language,
    );
    writer.flush_notes();
}

fn write_section(writer: &mut Writer<'_, '_>, section: &Section, language: &str) {
    let events = &writer.issue.document.events;
    let cuts = outline::heading_cuts(events, section);
    let mut heading = writer.inline(outline::heading_inside(events, section), &cuts);
    if let Some(emoji) = &section.emoji {
        heading.text = format!("{emoji} {}", heading.text.trim());
    }
    let deep = section.parent.is_some();
    writer.gap();
    if !deep {
        writer.blank();
    }
    let widest = wrap(&heading.text, writer.style.width)
        .iter()
        .map(|line| line.width())
        .max();
    writer.inline_block(heading, "", "");
    let rule = if deep { "" } else { "-" };
    writer.after_line(&rule.repeat(widest.unwrap_or(0)));
    let parts = outline::parts(writer.issue, &section.content, Some(section));
    write_parts(writer, &parts, Some(section), language);
    writer.flush_notes();
}

fn write_parts(
    writer: &mut Writer<'_, '_>,
    parts: &[Part],
    section: Option<&Section>,
    language: &str,
) {
    let is_list = |part: &Part| matches!(part, Part::List(_) | Part::Lines(_));
    for (place, part) in parts.iter().enumerate() {
        // Lines of one list stand together.
        if is_list(part) && !(place > 0 && is_list(&parts[place - 1])) {
            writer.gap();
        }
        write_part(writer, part, section, language);
    }
}

fn write_part(writer: &mut Writer<'_, '_>, part: &Part, section: Option<&Section>, language: &str) {
    match (part, section) {
        (Part::Prose(events) | Part::Promo(events), _) => {
            writer.blocks(events.clone(), "", "", &[])
        }
        (Part::Items(items), Some(section)) => {
            for &index in items {
                write_item(writer, section, index, language);
            }
        }
        (Part::Lines(events), _) => write_lines(writer, events.clone()),
        (Part::List(items), Some(section)) => {
            for &index in items {
                write_compact(writer, section, index);
            }
        }
        (Part::Items(_) | Part::List(_), None) => {}
    }
}

fn write_item(writer: &mut Writer<'_, '_>, section: &Section, index: usize, language: &str) {
    let item = &section.items[index];
    let events = &writer.issue.document.events;
    let number = item
        .number
        .map(|number| number.to_string())
        .unwrap_or_default();
    let indent = " ".repeat(MARGIN);
    let hanging = format!("{number:>2}  ");
    writer.gap();
    let address = item.url.as_deref().map(Address::read);
    let title_links = events.get(item.title_events.clone()).unwrap_or_default();
    let many = title_links
        .iter()
        .filter(|(event, _)| {
            matches!(
                event,
                pulldown_cmark::Event::Start(pulldown_cmark::Tag::Link { .. })
            )
        })
        .count()
        > 1;
    let cuts = outline::cuts(events, item);
    let mut title = writer.inline(item.title_events.clone(), &cuts);
    if title.text.trim().is_empty() {
        title.text = item.title.clone();
    }
    if !many {
        title.take_links();
        if let Some(url) = address.and_then(|address| writer.resolved(address)) {
            title.add_link(url);
        }
    }
    if title.text.trim().is_empty() {
        title.text = String::new();
    }
    writer.inline_block(title, &hanging, &indent);
    let meta = outline::meta(writer.issue, item, Labels::of(language), language).join(" · ");
    writer.after_text(&meta, &indent);
    if let Some(remark) = outline::remark(events, item) {
        let remark = writer.inline(remark, &[]);
        writer.inline_block(remark, &indent, &indent);
    }
    let lead = writer.inline(item.lead.clone(), &cuts);
    if !lead.text.trim().is_empty() {
        writer.gap();
        writer.inline_block(lead, &indent, &indent);
    }
    for block in &item.blocks {
        writer.blocks(block.clone(), &indent, &indent, &cuts);
    }
}

/// Lines of a list that are no items.
fn write_lines(writer: &mut Writer<'_, '_>, lines: Events) {
    let events = &writer.issue.document.events;
    let indent = " ".repeat(MARGIN);
    let mut at = lines.start;
    while at < lines.end {
        let end = closing(events, at, lines.end);
        writer.tight_blocks(outline::inside(events, at..end), "  - ", &indent);
        at = end;
    }
}

fn write_compact(writer: &mut Writer<'_, '_>, section: &Section, index: usize) {
    let item = &section.items[index];
    let events = &writer.issue.document.events;
    let indent = " ".repeat(MARGIN);
    let marker = match item.number {
        Some(number) if section.style == crate::issue::Style::Ordered => format!("{number:>2}  "),
        _ => "  - ".to_owned(),
    };
    let mut first = marker;
    for range in &item.events {
        let inside = outline::inside(events, range.clone());
        writer.tight_blocks(inside, &first, &indent);
        first.clone_from(&indent);
    }
}
