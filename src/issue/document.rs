//! The one event stream of an issue's body.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser};

/// The body's Markdown events with their bytes in the source text. It is made
/// once an issue; everything else is a range of it.
#[derive(Debug)]
pub struct Document<'s> {
    /// First byte of the body: what is before it is front matter.
    pub(crate) body_start: usize,
    /// Events in order; byte ranges are those of the whole source text.
    pub(crate) events: Vec<(Event<'s>, Range<usize>)>,
}

impl<'s> Document<'s> {
    /// Parses `text` from `body_start` on.
    pub(crate) fn parse(text: &'s str, body_start: usize) -> Document<'s> {
        let parser = Parser::new_ext(&text[body_start..], options()).into_offset_iter();
        let events = parser
            .map(|(event, range)| (event, range.start + body_start..range.end + body_start))
            .collect();
        Document { body_start, events }
    }
}

/// CommonMark with tables, strikethrough, footnotes and task lists; smart
/// punctuation, wikilinks and math stay off.
fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS
}
