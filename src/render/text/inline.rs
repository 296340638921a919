//! Inline events as words, with the addresses that they lead to.

use pulldown_cmark::{Event, LinkType, Tag, TagEnd};

use crate::diagnostic::Span;
use crate::render::escape;
use crate::render::events::{Spanned, cut, is_cut};
use crate::render::text::html::{Piece, pieces};

/// The words of a paragraph. Where a link's address is not said in the words,
/// a mark stands after its text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inline {
    /// The words; `\n` is a hard break, [`MARK`] the place of a link.
    pub(crate) text: String,
    /// Addresses as written, one for each mark.
    pub(crate) links: Vec<String>,
}

/// Stands in the words where the number of a link goes. Text cannot hold it:
/// controls are left out.
pub(crate) const MARK: char = '\u{1}';

impl Inline {
    /// The words of inline events; `state` goes on from one run to the next.
    pub(crate) fn of(events: &[Spanned<'_>], cuts: &[Span], state: &mut State) -> Inline {
        let mut inline = Inline::default();
        let mut rest = events;
        while let Some((event, span)) = rest.first() {
            // A block of raw HTML comes line by line; a tag or a comment may go
            // over several.
            let lines = rest.iter().map_while(|(event, _)| match event {
                Event::Html(html) => Some(html.as_ref()),
                _ => None,
            });
            let html: Vec<&str> = lines.collect();
            if html.is_empty() {
                inline.push(event, span, cuts, state);
                rest = &rest[1..];
            } else {
                inline.html(&html.concat(), state);
                rest = &rest[html.len()..];
            }
        }
        inline
    }

    fn push(
        &mut self,
        event: &Event<'_>,
        span: &std::ops::Range<usize>,
        cuts: &[Span],
        state: &mut State,
    ) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => self.html(html, state),
            _ if state.hidden => {}
            Event::Text(text) if cuts.is_empty() => self.words(text),
            Event::Text(text) => self.words(&cut(text, span, cuts)),
            Event::Code(code) => {
                self.text.push('`');
                self.words(code);
                self.text.push('`');
            }
            Event::SoftBreak => self.text.push(' '),
            Event::HardBreak => self.text.push('\n'),
            Event::FootnoteReference(name) => {
                self.text.push_str("[^");
                self.words(name);
                self.text.push(']');
            }
            Event::TaskListMarker(done) => self.text.push_str(if *done { "[x] " } else { "[ ] " }),
            Event::InlineMath(text) | Event::DisplayMath(text) => self.words(text),
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                ..
            }) => {
                let mail = *link_type == LinkType::Email;
                let url = if is_cut(span, cuts) {
                    String::new()
                } else if mail {
                    format!("mailto:{dest_url}")
                } else {
                    dest_url.to_string()
                };
                state.open.push((url, self.text.len()));
            }
            Event::End(TagEnd::Link) => self.close(state),
            Event::Start(Tag::Strikethrough) | Event::End(TagEnd::Strikethrough) => {
                self.text.push('~')
            }
            Event::Start(Tag::Image { .. }) => self.text.push('['),
            Event::End(TagEnd::Image) => self.bracket(),
            _ => {}
        }
    }

    fn html(&mut self, html: &str, state: &mut State) {
        for piece in pieces(html) {
            match piece {
                Piece::Hidden(hidden) => state.hidden = hidden,
                _ if state.hidden => {}
                Piece::Text(text) => self.words(&text.replace(['\n', '\t'], " ")),
                Piece::Link(url) => state.open.push((url, self.text.len())),
                Piece::LinkEnd => self.close(state),
                Piece::Image(alt) => {
                    self.text.push('[');
                    self.words(&alt);
                    self.bracket();
                }
                Piece::Frame(url) => self.add_link(url),
                Piece::Break | Piece::Block => {
                    if !self.text.is_empty() && !self.text.ends_with('\n') {
                        self.text.push('\n');
                    }
                }
            }
        }
    }

    /// Ends the brackets around an image's words, or takes them back.
    fn bracket(&mut self) {
        if self.text.ends_with('[') {
            self.text.pop();
        } else {
            self.text.push(']');
        }
    }

    fn close(&mut self, state: &mut State) {
        let Some((url, start)) = state.open.pop() else {
            return;
        };
        let words = self.text.get(start..).unwrap_or("").trim();
        let said = words == url || url.strip_prefix("mailto:") == Some(words);
        if !said && !url.is_empty() {
            self.add_link(url);
        }
    }

    /// Adds the mark of a link.
    pub(crate) fn add_link(&mut self, url: String) {
        if url.is_empty() {
            return;
        }
        let end = self.text.trim_end_matches(' ').len();
        self.text.insert(end, MARK);
        self.links.push(url);
    }

    /// Takes all links out, their words stay.
    pub(crate) fn take_links(&mut self) {
        self.text.retain(|c| c != MARK);
        self.links.clear();
    }

    fn words(&mut self, text: &str) {
        self.text.push_str(&escape::without_controls(text));
    }
}

/// What is open at the end of a run of inline events.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// Links whose end is still to come, and where their words begin.
    open: Vec<(String, usize)>,
    /// Whether what follows is not for readers (`<script>`).
    hidden: bool,
}

impl State {
    /// Forgets what a block left open.
    pub(crate) fn end_block(&mut self) {
        self.open.clear();
        self.hidden = false;
    }
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::Parser;

    use super::*;

    fn words(markdown: &str, cuts: &[Span]) -> Inline {
        let events: Vec<_> = Parser::new(markdown).into_offset_iter().collect();
        Inline::of(&events, cuts, &mut State::default())
    }

    #[test]
    fn a_comment_over_several_lines_is_not_said() {
        let inline = words("<!--\nFor editors:\n* one\n\n* two\n-->\n", &[]);
        assert_eq!(inline.text.trim(), "");
    }

    #[test]
    fn a_link_that_is_left_out_leaves_no_mark() {
        let markdown = "Said ([@ada](https://example.org/ada))";
        let cut = Span {
            start: 5,
            end: markdown.len(),
        };
        let inline = words(markdown, &[cut]);
        assert_eq!((inline.text.trim(), inline.links.len()), ("Said", 0));
    }
}
