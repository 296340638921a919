//! One line of a paragraph as plain text that remembers where its words stand.

use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::issue::document::Document;
use crate::issue::model::Events;

/// What ends a line, besides the end of its paragraph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breaks {
    /// Every line break outside of a link.
    Any,
    /// Hard breaks only.
    Hard,
    /// None: the line is the whole stretch.
    Never,
}

/// The plain text of a line. Made to be used again and again, so that reading
/// an issue does not allocate for every line.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// The words, markup left out; breaks are spaces.
    pub(crate) text: String,
    /// The links in it, in order.
    pub(crate) links: Vec<LineLink>,
    /// Index of the event that ended it, or the end of the stretch.
    pub(crate) end: usize,
    pieces: Vec<Piece>,
}

/// A link in a line.
#[derive(Clone, Debug)]
pub(crate) struct LineLink {
    /// Its words in [`Line::text`].
    pub(crate) text: Range<usize>,
    /// Its events, start and end included.
    pub(crate) events: Events,
}

/// The words of one event in a line.
#[derive(Debug)]
struct Piece {
    at: usize,
    event: usize,
}

impl Line {
    /// Reads the first line of a stretch of inline events.
    pub(crate) fn read(&mut self, document: &Document, events: Events, breaks: Breaks) {
        self.text.clear();
        self.links.clear();
        self.pieces.clear();
        self.end = events.end;
        let mut images = 0_usize;
        let mut in_link = false;
        for index in events {
            let Some(event) = document.event(index) else {
                break;
            };
            match event {
                Event::Text(words) | Event::Code(words) if images == 0 => {
                    self.pieces.push(Piece {
                        at: self.text.len(),
                        event: index,
                    });
                    self.text.push_str(words);
                }
                Event::SoftBreak if breaks != Breaks::Any || in_link => self.space(index),
                Event::HardBreak if breaks == Breaks::Never || in_link => self.space(index),
                Event::InlineHtml(html) if is_line_break(html) => {
                    if breaks == Breaks::Never || in_link {
                        self.space(index);
                    } else {
                        self.end = index;
                        break;
                    }
                }
                Event::SoftBreak | Event::HardBreak => {
                    self.end = index;
                    break;
                }
                Event::Start(Tag::Link { .. }) => {
                    in_link = true;
                    let at = self.text.len();
                    self.links.push(LineLink {
                        text: at..at,
                        events: index..index + 1,
                    });
                }
                Event::End(TagEnd::Link) => {
                    in_link = false;
                    if let Some(link) = self.links.last_mut() {
                        link.text.end = self.text.len();
                        link.events.end = index + 1;
                    }
                }
                Event::Start(Tag::Image { .. }) => images += 1,
                Event::End(TagEnd::Image) => images = images.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// The event that holds the word at an offset of the text, and the byte of
    /// the source text where it stands.
    pub(crate) fn place(&self, document: &Document, offset: usize) -> (usize, usize) {
        let next = self.pieces.partition_point(|piece| piece.at <= offset);
        let Some(piece) = next.checked_sub(1).and_then(|index| self.pieces.get(index)) else {
            let first = self.pieces.first().map_or(self.end, |piece| piece.event);
            return (first, document.range(first).start);
        };
        let range = document.range(piece.event);
        let inside = offset - piece.at;
        let words = match document.event(piece.event) {
            Some(Event::Text(words) | Event::Code(words)) => words.len(),
            _ => 1,
        };
        // Code has marks around it; escaped words are longer in the source.
        let before = range.len().saturating_sub(words) / 2;
        let byte = match inside {
            0 => range.start,
            _ if inside >= words => range.end,
            _ => (range.start + before + inside).min(range.end),
        };
        (piece.event, byte)
    }

    /// The bytes of the source text that the words in a range of the text are.
    pub(crate) fn source(&self, document: &Document, words: Range<usize>) -> Range<usize> {
        let start = self.place(document, words.start).1;
        // The end belongs to the last word, not to the event after it.
        let last = words.end.saturating_sub(1).max(words.start);
        let boundary = (words.start..=last)
            .rev()
            .find(|at| self.text.is_char_boundary(*at))
            .unwrap_or(words.start);
        let (event, at) = self.place(document, boundary);
        let width = words.end - boundary;
        let range = document.range(event);
        let end = (at + width).min(range.end.max(at));
        start..end.max(start)
    }

    fn space(&mut self, event: usize) {
        self.pieces.push(Piece {
            at: self.text.len(),
            event,
        });
        self.text.push(' ');
    }
}

fn is_line_break(html: &str) -> bool {
    let name = html
        .trim_start_matches('<')
        .trim_end_matches('>')
        .trim_end_matches('/');
    name.trim().eq_ignore_ascii_case("br")
}
