//! The one event stream of an issue's body.
//!
//! Markdown is parsed once, here. Everything else is a range of these events.
//! Containers nested more than [`MAX_DEPTH`] deep are taken out (their text
//! stays), so that nothing below meets a tree deeper than that.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::diagnostic::Span;
use crate::issue::model::Events;

/// How many quotes, lists, items, links and emphases may lie in each other.
pub(crate) const MAX_DEPTH: usize = 100;

/// The body's Markdown events with their bytes in the source text. It is made
/// once an issue; everything else is a range of it.
#[derive(Debug)]
pub struct Document<'s> {
    /// See [`Document::body_start`].
    pub(crate) body_start: usize,
    /// Events in order; byte ranges are those of the whole source text.
    pub(crate) events: Vec<(Event<'s>, Range<usize>)>,
    /// The blocks that lie in no other block, in order.
    pub(crate) blocks: Vec<Block>,
    /// The first container that was taken out because it lay too deep.
    pub(crate) too_deep: Option<Span>,
}

/// A block that lies in no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its events, start and end included.
    pub(crate) events: Events,
    /// Its bytes in the source text.
    pub(crate) span: Span,
}

/// What a top-level block is, as far as the structure of an issue asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Paragraph,
    /// With its level.
    Heading(u8),
    /// With the number of its first item.
    Ordered(u64),
    Bullet,
    Html,
    /// Quotes, code, tables, rules, footnotes.
    Other,
}

impl<'s> Document<'s> {
    /// Parses `text` from `body_start` on.
    pub(crate) fn parse(text: &'s str, body_start: usize) -> Document<'s> {
        let body = &text[body_start..];
        let mut document = Document {
            body_start,
            events: Vec::with_capacity(body.len() / 24),
            blocks: Vec::with_capacity(body.len() / 128),
            too_deep: None,
        };
        let mut open: Vec<Open> = Vec::new();
        let mut depth = 0;
        let mut block_start = 0;
        for (event, range) in Parser::new_ext(body, options()).into_offset_iter() {
            let range = range.start + body_start..range.end + body_start;
            match &event {
                Event::Start(tag) => {
                    let state = Open::of(tag, depth, open.last().copied());
                    match state {
                        Open::Dropped => {
                            document
                                .too_deep
                                .get_or_insert_with(|| range.clone().into());
                        }
                        Open::Container => depth += 1,
                        Open::Leaf => {}
                    }
                    if open.is_empty() {
                        block_start = document.events.len();
                    }
                    open.push(state);
                    if state != Open::Dropped {
                        document.events.push((event, range));
                    }
                }
                Event::End(end) => {
                    let end = *end;
                    let state = open.pop().unwrap_or(Open::Leaf);
                    match state {
                        Open::Container => depth -= 1,
                        // The words of two items must not run together.
                        Open::Dropped if matches!(end, TagEnd::Item) => {
                            let at = range.end..range.end;
                            document.events.push((Event::SoftBreak, at));
                        }
                        Open::Dropped | Open::Leaf => {}
                    }
                    if state != Open::Dropped {
                        document.events.push((event, range));
                    }
                    if open.is_empty() {
                        document.close_block(block_start);
                    }
                }
                _ => {
                    document.events.push((event, range));
                    if open.is_empty() {
                        document.close_block(document.events.len() - 1);
                    }
                }
            }
        }
        document
    }

    fn close_block(&mut self, start: usize) {
        let Some((first, range)) = self.events.get(start) else {
            return;
        };
        let kind = match first {
            Event::Start(Tag::Paragraph) => Kind::Paragraph,
            Event::Start(Tag::Heading { level, .. }) => Kind::Heading(*level as u8),
            Event::Start(Tag::List(Some(first))) => Kind::Ordered(*first),
            Event::Start(Tag::List(None)) => Kind::Bullet,
            Event::Start(Tag::HtmlBlock) => Kind::Html,
            _ => Kind::Other,
        };
        let span = Span::from(range.clone());
        self.blocks.push(Block {
            kind,
            events: start..self.events.len(),
            span,
        });
    }

    /// All events in order, with their bytes in the source text.
    pub fn events(&self) -> &[(Event<'s>, Range<usize>)] {
        &self.events
    }

    /// First byte of the body: what is before it is front matter.
    pub fn body_start(&self) -> usize {
        self.body_start
    }

    /// The event with this index.
    pub(crate) fn event(&self, index: usize) -> Option<&Event<'s>> {
        self.events.get(index).map(|(event, _)| event)
    }

    /// The bytes of the event with this index.
    pub(crate) fn range(&self, index: usize) -> Range<usize> {
        self.events
            .get(index)
            .map_or(0..0, |(_, range)| range.clone())
    }

    /// The top-level blocks that begin in a stretch of events.
    pub(crate) fn blocks_in(&self, events: &Events) -> &[Block] {
        let start = self
            .blocks
            .partition_point(|block| block.events.start < events.start);
        let end = self
            .blocks
            .partition_point(|block| block.events.start < events.end);
        &self.blocks[start..end.max(start)]
    }

    /// The index one past the end that belongs to the start at `start`; for any
    /// other event the index after it.
    pub(crate) fn close_of(&self, start: usize) -> usize {
        let mut depth = 0_usize;
        for (index, (event, _)) in self.events.iter().enumerate().skip(start) {
            match event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return index + 1;
            }
        }
        self.events.len()
    }

    /// The words of a stretch, without markup; breaks are spaces, white space is
    /// collapsed.
    pub fn plain_text(&self, events: Events) -> String {
        let mut text = String::new();
        for (event, _) in self.events.get(events).unwrap_or_default() {
            match event {
                Event::Text(words) | Event::Code(words) => text.push_str(words),
                Event::SoftBreak | Event::HardBreak => text.push(' '),
                _ => {}
            }
        }
        collapse(&text)
    }
}

/// One space for each run of white space, none at the ends.
pub(crate) fn collapse(text: &str) -> String {
    // Most texts are so already.
    let bytes = text.as_bytes();
    let is_space = |byte: u8| byte <= b' ' || byte >= 0x80;
    let sound = bytes
        .windows(2)
        .all(|two| two[0] > b' ' && two[0] < 0x80 || two[0] == b' ' && !is_space(two[1]));
    if sound
        && bytes.first().is_some_and(|&byte| !is_space(byte))
        && bytes.last().is_some_and(|&byte| !is_space(byte))
    {
        return text.to_owned();
    }
    let mut collapsed = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    collapsed
}

/// A tag that was started and not yet ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// Can hold others of its kind, so it counts.
    Container,
    /// Cannot.
    Leaf,
    /// Lies too deep; its start and end are left out.
    Dropped,
}

impl Open {
    fn of(tag: &Tag, depth: usize, parent: Option<Open>) -> Open {
        let limit = match tag {
            Tag::Item if parent == Some(Open::Dropped) => 0,
            Tag::Item => MAX_DEPTH,
            // A list is of use only with its items.
            Tag::List(_) => MAX_DEPTH - 1,
            Tag::BlockQuote(_)
            | Tag::FootnoteDefinition(_)
            | Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough
            | Tag::Link { .. }
            | Tag::Image { .. } => MAX_DEPTH,
            _ => return Open::Leaf,
        };
        if depth < limit {
            Open::Container
        } else {
            Open::Dropped
        }
    }
}

/// Whether a tag holds blocks or is one, rather than a stretch of a line.
pub(crate) fn is_block(tag: &Tag<'_>) -> bool {
    !matches!(
        tag,
        Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough
            | Tag::Superscript
            | Tag::Subscript
            | Tag::Link { .. }
            | Tag::Image { .. }
    )
}

/// CommonMark with tables, strikethrough, footnotes and task lists; smart
/// punctuation, wikilinks and math stay off.
fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS
}
