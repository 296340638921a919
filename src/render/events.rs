//! Questions asked of a stretch of Markdown events.

use std::ops::Range;

use pulldown_cmark::Event;

use crate::diagnostic::Span;

/// One event with the bytes it stands for.
pub(crate) type Spanned<'s> = (Event<'s>, Range<usize>);

/// The event after the end of the element that starts at `at`.
pub(crate) fn closing(all: &[Spanned<'_>], at: usize, to: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, (event, _)) in all[at..to].iter().enumerate() {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + offset + 1;
        }
    }
    to
}

/// The text of inline events without markup.
pub(crate) fn plain_text(events: &[Spanned<'_>]) -> String {
    let mut text = String::new();
    for (event, _) in events {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            _ => {}
        }
    }
    text
}

/// The text events from `at` on whose bytes follow each other, joined, and
/// the event after them.
pub(crate) fn joined_text(all: &[Spanned<'_>], at: usize, to: usize) -> (String, usize) {
    let mut joined = String::new();
    let mut next = at;
    let mut end = all[at].1.start;
    while let Some((Event::Text(text), span)) = all[..to].get(next) {
        if span.start != end {
            break;
        }
        joined.push_str(text);
        end = span.end;
        next += 1;
    }
    if next == at {
        next += 1;
    }
    (joined, next)
}

/// Whether a span lies whole in one of `cuts`.
pub(crate) fn is_cut(span: &Range<usize>, cuts: &[Span]) -> bool {
    cuts.iter()
        .any(|cut| cut.start <= span.start && cut.end >= span.end)
}

/// A text without the bytes that lie in `cuts`. Text that differs from its
/// source (entities) is cut only as a whole.
pub(crate) fn cut(text: &str, span: &Range<usize>, cuts: &[Span]) -> String {
    let verbatim = text.len() == span.len();
    let mut kept = String::with_capacity(text.len());
    let mut done = span.start;
    for hit in cuts
        .iter()
        .filter(|hit| hit.start < span.end && hit.end > span.start)
    {
        if !verbatim {
            return if hit.start <= span.start && hit.end >= span.end {
                String::new()
            } else {
                text.to_owned()
            };
        }
        let start = hit.start.max(done);
        kept.push_str(
            text.get(done - span.start..start - span.start)
                .unwrap_or(""),
        );
        done = hit.end.min(span.end).max(done);
    }
    if done == span.start {
        return text.to_owned();
    }
    kept.push_str(text.get(done - span.start..).unwrap_or(""));
    kept
}
