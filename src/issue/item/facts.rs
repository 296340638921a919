//! Stars and credits in the text of an item.

use pulldown_cmark::{Event, Tag};
use regex::Captures;

use crate::diagnostic::Span;
use crate::issue::document::collapse;
use crate::issue::item::{Breaks, Items};
use crate::issue::model::{Events, Item};

impl Items<'_, '_> {
    /// Fills stars, contributor and the spans of both in an item whose events
    /// are set.
    pub(crate) fn facts(&mut self, item: &mut Item, first: &Events) {
        if self.may_hold_facts(first) {
            self.facts_of(item, first.clone());
        }
        for block in item.blocks.clone() {
            let is_raw = matches!(
                self.document.event(block.start),
                Some(Event::Start(Tag::CodeBlock(_) | Tag::HtmlBlock))
            );
            if !is_raw && self.may_hold_facts(&block) {
                self.facts_of(item, block);
            }
        }
    }

    /// Whether a stretch has any of the words that stars and credits need.
    fn may_hold_facts(&self, events: &Events) -> bool {
        if events.is_empty() {
            return false;
        }
        let start = self.document.range(events.start).start;
        let end = self.document.range(events.end - 1).end;
        self.rules.may_hold_meta(&self.text[start..end.max(start)])
    }

    fn facts_of(&mut self, item: &mut Item, events: Events) {
        let mut line = std::mem::take(&mut self.line);
        line.read(self.document, events, Breaks::Never);
        let text = &line.text;
        // Bytes of the text that are brackets with nothing but a fact in them.
        let mut brackets = Vec::new();
        for found in self.rules.stars().captures_iter(text) {
            let whole = found.get_match();
            let bracket = enclosing(text, whole.start(), whole.end());
            // Words such as "a tool with 10K stars" may speak of another one.
            let Some(stars) = count(&found).filter(|_| in_bracket(text, whole.end())) else {
                continue;
            };
            item.stars.push(stars);
            brackets.extend(bracket);
        }
        for credit in self.rules.credits(text) {
            for found in credit.captures_iter(text) {
                let Some(name) = found.get(1) else { continue };
                if item.contributor.is_none() {
                    item.contributor =
                        Some(collapse(name.as_str())).filter(|name| !name.is_empty());
                }
                let whole = found.get_match();
                brackets.extend(enclosing(text, whole.start(), whole.end()));
            }
        }
        brackets.sort_unstable();
        brackets.dedup();
        // Only those count that nothing follows but marks and each other.
        let mut end = text.len();
        for (start, close) in brackets.into_iter().rev() {
            if close > end || text[close..end].chars().any(char::is_alphanumeric) {
                break;
            }
            end = text[..start].trim_end().len();
            let bytes = line.source(self.document, end..close);
            item.meta_spans.push(Span::from(bytes));
        }
        self.line = line;
    }
}

/// Whether a place lies in (or at the end of) a bracket; only its neighborhood
/// is looked at.
fn in_bracket(text: &str, at: usize) -> bool {
    if text[..at].ends_with([')', '）']) {
        return true;
    }
    let before = text[..at].chars().rev().take(80);
    before
        .into_iter()
        .find(|c| matches!(c, '(' | '（' | ')' | '）'))
        .is_some_and(|c| matches!(c, '(' | '（'))
}

/// The bracket around a match (or that the match is), when it holds nothing
/// else.
fn enclosing(text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let matched = &text[start..end];
    if matched.starts_with(['(', '（']) {
        return matched.ends_with([')', '）']).then_some((start, end));
    }
    let before = text[..start].trim_end();
    let open = before
        .chars()
        .next_back()
        .filter(|c| matches!(c, '(' | '（'))?;
    let after = text[end..].trim_start();
    let close = after.chars().next().filter(|c| matches!(c, ')' | '）'))?;
    Some((
        before.len() - open.len_utf8(),
        text.len() - after.len() + close.len_utf8(),
    ))
}

/// `1.9k`, `2,300`, `1.2万` as a number.
fn count(found: &Captures) -> Option<u64> {
    let (digits, unit) = match (found.get(1), found.get(3)) {
        (Some(digits), _) => (digits, found.get(2)),
        (None, Some(digits)) => (digits, found.get(4)),
        (None, None) => return None,
    };
    let unit = unit.map_or("", |unit| unit.as_str());
    let thousandths: u64 = match unit {
        "k" | "K" | "千" => 1_000_000,
        "w" | "W" | "万" => 10_000_000,
        "m" | "M" => 1_000_000_000,
        _ => 1_000,
    };
    let (whole, fraction) = match digits.as_str().split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (digits.as_str(), ""),
    };
    let whole: u64 = whole.replace(',', "").parse().ok()?;
    let mut total = whole.checked_mul(thousandths)?;
    let mut place = thousandths;
    for digit in fraction.chars() {
        place /= 10;
        total += u64::from(digit.to_digit(10)?) * place;
    }
    Some(total / 1_000)
}
