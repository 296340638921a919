//! One file that holds many issues.

use std::ops::Range;

use regex::Regex;

use crate::diagnostic::{Diagnostic, Span};
use crate::issue::{FrontMatter, Text};

/// Parts a text before each line at whose begin `pattern` matches. A heading
/// that matches begins its issue; any other such line is a divider and belongs
/// to none. What stands before the first one is an issue too, unless it is empty
/// or front matter alone, which goes with the first issue.
pub(crate) fn split(text: Text, pattern: &Regex) -> Vec<Text> {
    let whole = text.source.text();
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    let mut at = 0;
    for line in whole.split_inclusive('\n') {
        let is_divider = pattern.find(line).is_some_and(|found| found.start() == 0);
        if is_divider {
            let next = if line.starts_with('#') {
                at
            } else {
                at + line.len()
            };
            if is_front_matter_alone(&whole[start..at]) && line.starts_with('#') {
                // The heading's issue has begun already.
            } else {
                parts.push(start..at);
                start = next;
            }
        }
        at += line.len();
    }
    parts.push(start..whole.len());
    parts.retain(|part| !whole[part.clone()].trim().is_empty());
    if parts.len() < 2 && parts.first().is_none_or(|part| *part == (0..whole.len())) {
        return vec![text];
    }
    parts
        .iter()
        .enumerate()
        .map(|(index, part)| Text {
            source: text.source.part(part.clone()),
            repair: text.repair.clone(),
            diagnostics: of_part(&text.diagnostics, part, index == 0),
            readable: text.readable,
            part: true,
        })
        .collect()
}

fn is_front_matter_alone(text: &str) -> bool {
    let (front_matter, _) = FrontMatter::read(text);
    front_matter.span.end > 0 && text[front_matter.span.end..].trim().is_empty()
}

/// The diagnostics whose place lies in a part, moved there; those about the
/// whole file are said once.
fn of_part(diagnostics: &[Diagnostic], part: &Range<usize>, is_first: bool) -> Vec<Diagnostic> {
    diagnostics
        .iter()
        .filter_map(|diagnostic| match diagnostic.span {
            None => is_first.then(|| diagnostic.clone()),
            Some(span) => part.contains(&span.start).then(|| {
                let end = span.end.min(part.end);
                let span = Span::from(span.start - part.start..end - part.start);
                diagnostic.clone().at(span)
            }),
        })
        .collect()
}
