//! Marks in the text that came to nothing: tags of templates, brackets and
//! backticks without their other half, HTML that mail cannot show.

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::diagnostic::{Diagnostic, Span};
use crate::issue::checks::{Report, Trouble, excerpt};
use crate::issue::document::MAX_DEPTH;
use crate::issue::html;
use crate::issue::model::Issue;

const UNSUPPORTED: [&str; 6] = ["iframe", "script", "form", "style", "object", "embed"];

pub(super) fn check(issue: &Issue, trouble: Trouble, report: &mut Report) {
    if let Some(span) = issue.document.too_deep {
        let message = format!("lists, quotes or emphases lie more than {MAX_DEPTH} deep here");
        report.push(
            Diagnostic::error("deep-nesting", message)
                .at(span)
                .help("their text is kept, what lies deeper is flattened"),
        );
    }
    let text = issue.source.text();
    let mut marks = Marks::default();
    let mut in_code = false;
    let mut in_comment = false;
    let mut in_link = false;
    for (event, range) in &issue.document.events {
        match event {
            Event::Text(words) if !in_code => {
                if trouble.tags {
                    template_tags(words, range.start, report);
                }
                // Brackets in the words of a link are words.
                if !in_link {
                    marks.words(words, range.start);
                }
            }
            Event::Start(Tag::Link { .. }) => in_link = true,
            Event::End(TagEnd::Link) => in_link = false,
            Event::Start(Tag::Paragraph | Tag::Item | Tag::Heading { .. }) => {
                marks.close(text, range.start, report);
            }
            Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::Heading(_)) => {
                marks.close(text, range.end, report);
            }
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Start(Tag::HtmlBlock) => {
                let source = &text[range.clone()];
                in_comment = source.trim_start().starts_with("<!--");
                unsupported(source, range.start, report);
            }
            Event::End(TagEnd::HtmlBlock) => in_comment = false,
            Event::Html(source) if trouble.tags && !in_comment => {
                template_tags(source, range.start, report);
            }
            Event::InlineHtml(source) if !source.starts_with("<!--") => {
                template_tags(source, range.start, report);
                unsupported(source, range.start, report);
            }
            _ => {}
        }
    }
}

/// Brackets and backticks in the words of one paragraph. In the words they are
/// only when Markdown did not take them for a link or for code.
#[derive(Default)]
struct Marks {
    /// Brackets that are open.
    open: Vec<usize>,
    /// `]` in the text, with the `[` before it.
    closed: Vec<(usize, usize)>,
    backticks: usize,
    first_backtick: Option<usize>,
}

/// More brackets than this are no slip of an editor.
const MOST_BRACKETS: usize = 64;

impl Marks {
    fn words(&mut self, words: &str, start: usize) {
        let bytes = words.as_bytes();
        for at in memchr::memchr3_iter(b'[', b']', b'`', bytes) {
            match bytes[at] {
                b'[' if self.open.len() < MOST_BRACKETS => self.open.push(start + at),
                b']' if self.closed.len() < MOST_BRACKETS => {
                    if let Some(open) = self.open.pop() {
                        self.closed.push((open, start + at));
                    }
                }
                b'`' => {
                    self.backticks += 1;
                    self.first_backtick.get_or_insert(start + at);
                }
                _ => {}
            }
        }
    }

    /// Says what was left open, and begins anew.
    fn close(&mut self, text: &str, end: usize, report: &mut Report) {
        let marks = std::mem::take(self);
        marks.say(text, end, report);
    }

    fn say(&self, text: &str, end: usize, report: &mut Report) {
        for &(open, close) in &self.closed {
            let after = text.get(close + 1..end).unwrap_or_default();
            if after.starts_with("(http") || after.starts_with("(www.") {
                let span = Span {
                    start: open,
                    end: close + 2,
                };
                let message = "this did not become a link";
                report.push(
                    Diagnostic::warning("unclosed-link", message)
                        .at(span)
                        .help("its address has a space, a line break or no `)`"),
                );
            } else if let Some(name) = reference(after) {
                let span = Span {
                    start: open,
                    end: close + 1,
                };
                let message = format!("no line says where `{}` leads", excerpt(name, 40));
                report.push(
                    Diagnostic::warning("unclosed-link", message)
                        .at(span)
                        .help(format!("add the line [{name}]: https://…")),
                );
            }
        }
        if let Some(&open) = self.open.first() {
            let words = text.get(open + 1..end).unwrap_or_default();
            // `[0, 1)` is an interval.
            if words.starts_with(|c: char| c.is_alphabetic()) {
                let span = Span {
                    start: open,
                    end: open + 1,
                };
                let message = "this bracket is never closed";
                report.push(
                    Diagnostic::warning("unclosed-link", message)
                        .at(span)
                        .help("a link is written [text](address)"),
                );
            }
        }
        if self.backticks % 2 == 1
            && let Some(at) = self.first_backtick
            && !text[..at].ends_with('\\')
        {
            let message = "a backtick without its other half";
            report.push(Diagnostic::warning("odd-backticks", message).at(at..at + 1));
        }
    }
}

/// The name in `[name]` right after a `]`: a reference that nothing defines.
fn reference(after: &str) -> Option<&str> {
    let inner = after.strip_prefix('[')?;
    let (name, rest) = inner.split_once(']')?;
    // `[tag][text](address)` is a tag and a link.
    (!rest.starts_with('(') && !name.is_empty() && name.len() <= 100 && !name.contains(['[', '\n']))
        .then_some(name)
}

/// `{% … %}` and `{{ … }}` are of a template that this text was moved from.
fn template_tags(words: &str, start: usize, report: &mut Report) {
    let mut at = 0;
    while let Some(found) = words[at..].find('{') {
        let open = at + found;
        let rest = &words[open..];
        let close = match rest.as_bytes().get(1) {
            Some(b'%') => "%}",
            Some(b'{') => "}}",
            _ => {
                at = open + 1;
                continue;
            }
        };
        let Some(length) = rest[2..].find(close) else {
            return;
        };
        let inside = rest[2..2 + length].trim();
        if !inside.is_empty() && inside.len() <= 200 {
            let end = open + length + 4;
            let message = format!("`{}` is shown as it stands", excerpt(&words[open..end], 40));
            report.push(
                Diagnostic::warning("template-tag", message)
                    .at(start + open..start + end)
                    .help("fill it in or take it out; in code it may stay"),
            );
        }
        at = open + length + 4;
    }
}

fn unsupported(source: &str, start: usize, report: &mut Report) {
    for tag in html::tags(source).filter(|tag| !tag.closing) {
        if UNSUPPORTED.iter().any(|name| tag.is(name)) {
            let message = format!("mail and feeds show no <{}>", tag.name.to_lowercase());
            report.push(
                Diagnostic::warning("unsupported-html", message)
                    .at(start + tag.start..start + tag.end)
                    .help("link to it instead"),
            );
        }
    }
}
