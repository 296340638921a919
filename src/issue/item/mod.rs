//! Items: where they begin, what belongs to them, what their first line says.
//!
//! [`Items::collect`] finds the items of a section by its style; the facts of
//! each are read by [`build`](Items::build). Everything is a range of the one
//! event stream; nothing is parsed again.

mod collect;
mod facts;
mod line;
mod mark;
mod styles;
mod tail;

use crate::diagnostic::Span;
use crate::issue::census::Listing;
use crate::issue::document::{Document, collapse};
use crate::issue::emoji;
use crate::issue::model::{Events, Item};
use crate::issue::rules::Rules;

pub(crate) use line::{Breaks, Line};
pub(crate) use mark::{Mark, begins as begins_with_mark};

/// Reads the items of one issue.
pub(crate) struct Items<'a, 's> {
    pub(crate) document: &'a Document<'s>,
    /// The whole source text.
    pub(crate) text: &'s str,
    pub(crate) listing: &'a Listing,
    pub(crate) rules: &'a Rules,
    /// Used again for each line.
    line: Line,
}

/// What is known of an item before its words are read.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) number: Option<u64>,
    /// Bytes of number and sign at the begin of the first line.
    pub(crate) mark: usize,
    /// All of it, in order.
    pub(crate) events: Vec<Events>,
    /// The inline events of its first paragraph.
    pub(crate) first: Events,
    /// What ends its first line.
    pub(crate) breaks: Breaks,
    /// The blocks after its first paragraph.
    pub(crate) blocks: Vec<Events>,
}

impl<'a, 's> Items<'a, 's> {
    pub(crate) fn new(
        document: &'a Document<'s>,
        text: &'s str,
        listing: &'a Listing,
        rules: &'a Rules,
    ) -> Self {
        Items {
            document,
            text,
            listing,
            rules,
            line: Line::default(),
        }
    }

    /// Reads what an item says.
    pub(crate) fn build(&mut self, parts: Parts) -> Item {
        let mut item = Item {
            number: parts.number,
            span: self.span(&parts.events),
            ..Item::default()
        };
        for events in &parts.events {
            item.links.extend_from_slice(self.listing.links(events));
            item.images.extend_from_slice(self.listing.images(events));
        }
        self.first_line(&mut item, &parts);
        item.deleted =
            item.number.is_some() && item.url.is_none() && self.rules.is_deleted(&item.title);
        item.events = parts.events;
        item.blocks = parts.blocks;
        self.facts(&mut item, &parts.first);
        item.meta_spans.sort_unstable();
        item
    }

    /// Whether a heading is one link, but for number, emoji and tags around it;
    /// and that number.
    pub(crate) fn linked_line(&self, line: &Line) -> Option<Option<Mark>> {
        let [link] = line.links.as_slice() else {
            return None;
        };
        let before = line.text[..link.text.start].trim_start();
        let number = mark::numbered(before);
        let before = before[number.map_or(0, |mark| mark.length)..].trim();
        let is_whole = emoji::leading(before) == before.len()
            && !line.text[link.text.clone()].trim().is_empty()
            && tail::is_bare(&line.text[link.text.end..], self.rules);
        is_whole.then_some(number)
    }

    /// Title, address, language, tags, byline, suffix; where the description
    /// begins.
    fn first_line(&mut self, item: &mut Item, parts: &Parts) {
        let mut line = std::mem::take(&mut self.line);
        line.read(self.document, parts.first.clone(), parts.breaks);
        item.lead = (line.end + 1).min(parts.first.end)..parts.first.end;
        let first_link = line.links.first();
        let limit = first_link.map_or(line.text.len(), |link| link.text.start);
        let begin = before_title(item, &line.text[..limit], parts.mark, first_link.is_some());
        let leading = first_link.filter(|link| link.text.start <= begin && !link.text.is_empty());
        item.url = first_link
            .and_then(|link| self.listing.links(&link.events).first())
            // One in HTML is no event of its own.
            .or_else(|| {
                let words = parts.first.start..line.end;
                self.listing.links(&words).first()
            })
            .map(|link| link.url.clone());
        item.title_events = parts.first.start..line.end;
        if let Some(link) = leading {
            let rest = link.text.end;
            let tail = tail::read(&line.text[rest..], self.rules);
            item.language = tail.language;
            item.byline = tail.byline;
            item.suffix = tail.suffix;
            item.tags.extend(tail.tags);
            if !tail.is_title {
                item.title = collapse(&line.text[link.text.clone()]);
                item.title_events = link.events.start + 1..link.events.end - 1;
                if let Some(begin) = tail.description {
                    self.set_lead(item, &line, link.events.end, rest + begin, parts);
                }
                self.line = line;
                return;
            }
        }
        item.title = collapse(&line.text[begin..]);
        if begin > 0 {
            let mark = line.source(self.document, 0..begin);
            item.meta_spans.push(mark.into());
        }
        self.line = line;
    }

    /// The description begins in the first line itself, at `offset` of its text.
    fn set_lead(&self, item: &mut Item, line: &Line, after: usize, offset: usize, parts: &Parts) {
        let (event, byte) = line.place(self.document, offset);
        let start = self.outermost(after, event);
        let from = self.document.range(start).start;
        item.lead = start..parts.first.end;
        if from < byte {
            item.meta_spans.push(Span {
                start: from,
                end: byte,
            });
        }
    }

    /// The start of the outermost markup, opened at or after `after`, that
    /// `event` lies in.
    fn outermost(&self, after: usize, event: usize) -> usize {
        use pulldown_cmark::Event;
        let mut open = Vec::new();
        for index in after..event {
            match self.document.event(index) {
                Some(Event::Start(_)) => open.push(index),
                Some(Event::End(_)) => {
                    open.pop();
                }
                _ => {}
            }
        }
        open.first().copied().unwrap_or(event)
    }

    fn span(&self, events: &[Events]) -> Span {
        let start = events
            .first()
            .map_or(0, |events| self.document.range(events.start).start);
        let end = events
            .last()
            .map_or(start, |events| self.document.range(events.end - 1).end);
        Span {
            start,
            end: end.max(start),
        }
    }
}

/// Steps over number, tags and emoji; says where the title begins. `text` ends
/// where the first link begins.
fn before_title(item: &mut Item, text: &str, mark: usize, has_link: bool) -> usize {
    let space = |at: usize| text[at..].len() - text[at..].trim_start().len();
    let mut at = mark.min(text.len());
    at += space(at);
    let after_mark = at;
    while let Some((tag, length)) = tail::tag(&text[at..]) {
        item.tags.push(tag.to_owned());
        at += length;
        at += space(at);
    }
    if at == text.len() && !has_link {
        // Brackets with nothing after them are the title.
        item.tags.clear();
        return after_mark;
    }
    // Emoji before a link stand apart, emoji before words belong to them.
    let emoji = emoji::leading(&text[at..]);
    if at + emoji == text.len() {
        at += emoji;
    }
    at
}
