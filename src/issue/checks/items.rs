//! Numbers, titles and addresses of items.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, Tag};

use crate::diagnostic::{Diagnostic, Span};
use crate::issue::canonical_url;
use crate::issue::checks::{Report, excerpt};
use crate::issue::model::{Issue, Item, Section, Style};

/// Titles longer than this are read by nobody.
const LONG_TITLE: usize = 120;

pub(super) fn check(issue: &Issue, report: &mut Report) {
    let sections = issue
        .sections
        .iter()
        .filter(|section| section.style != Style::Outro);
    let mut numbers = Numbers::default();
    let mut addresses = BTreeMap::new();
    for section in sections {
        numbers.section(issue, section, report);
        let linked = section
            .items
            .iter()
            .filter(|item| leads_with_link(issue, item))
            .count();
        for item in &section.items {
            titles(issue, item, report);
            if item.deleted {
                continue;
            }
            // Where most items have no link, that is the way of the section.
            if linked * 2 > section.items.len() {
                missing_url(issue, item, report);
            }
            duplicate_url(issue, item, &mut addresses, report);
        }
    }
}

/// The numbers of the items so far.
#[derive(Default)]
struct Numbers {
    /// The last one of the sections before.
    last: Option<u64>,
}

impl Numbers {
    /// A section begins at 1 or goes on from the last; in it numbers rise by 1.
    fn section(&mut self, issue: &Issue, section: &Section, report: &mut Report) {
        let mut previous: Option<u64> = None;
        let mut seen = BTreeSet::new();
        // A number given twice may have been meant as the next.
        let mut doubled = 0;
        for item in &section.items {
            let Some(number) = item.number else { continue };
            let span = || mark(issue, item);
            match previous {
                None if number <= 1 || self.last.is_some_and(|last| number == last + 1) => {}
                None => {
                    let before = self.last.map_or_else(
                        || "this section begins".to_owned(),
                        |last| format!("the section before ends with {last}, this one begins"),
                    );
                    let message = format!("{before} with {number}");
                    report.push(Diagnostic::warning("number-gap", message).at(span()));
                }
                Some(last) if number == last => {
                    doubled += 1;
                    let message = format!("two items have the number {number}");
                    report.push(
                        Diagnostic::warning("duplicate-item-number", message)
                            .at(span())
                            .help(format!("should this be {}?", last + 1)),
                    );
                }
                Some(last) if number == last + 1 || number == last + 1 + doubled => doubled = 0,
                Some(last) if number > last => {
                    doubled = 0;
                    let message = format!("number {number} follows {last}");
                    report.push(
                        Diagnostic::warning("number-gap", message)
                            .at(span())
                            .help(format!("is item {} missing, or not seen as one?", last + 1)),
                    );
                }
                Some(_) if number > 1 && seen.contains(&number) => {
                    let message = format!("two items have the number {number}");
                    report.push(Diagnostic::warning("duplicate-item-number", message).at(span()));
                }
                Some(last) => {
                    doubled = 0;
                    let message = format!("the numbers begin anew: {number} follows {last}");
                    report.push(Diagnostic::warning("number-restart", message).at(span()));
                }
            }
            seen.insert(number);
            previous = Some(number);
        }
        self.last = previous.or(self.last);
    }
}

fn titles(issue: &Issue, item: &Item, report: &mut Report) {
    let title = &item.title;
    if item.deleted {
        let message = "the content of this item was taken out";
        report.push(
            Diagnostic::note("deleted-item", message)
                .at(first_line(issue, item))
                .help("it keeps its number and appears in no feed of links"),
        );
        return;
    }
    if title.is_empty() {
        if item.links.is_empty() && item.images.is_empty() && item.blocks.is_empty() {
            let message = "this item is empty";
            report.push(Diagnostic::warning("empty-item", message).at(mark(issue, item)));
        }
        return;
    }
    let length = title.chars().count();
    if length > LONG_TITLE {
        let message = format!("this title has {length} characters");
        report.push(
            Diagnostic::note("long-title", message)
                .at(first_line(issue, item))
                .help("feeds and mail show a line or two of it"),
        );
    }
    if let Some(reason) = truncated(title) {
        let message = format!("this title {reason}: {}", excerpt(title, 60));
        report.push(Diagnostic::warning("truncated-title", message).at(first_line(issue, item)));
    }
}

/// Why a title seems to be cut off.
fn truncated(title: &str) -> Option<&'static str> {
    // `Wait...` is a manner of speaking; a page that shortens its titles writes
    // one character, and `……` is a dash of Chinese.
    let length = title.chars().count();
    let stem = title.strip_suffix('…').filter(|_| length >= 40);
    let stem = stem.or_else(|| title.strip_suffix("...").filter(|_| length >= 60));
    if stem.is_some_and(|stem| !stem.ends_with(['…', '.'])) {
        return Some("ends with dots");
    }
    for (open, close, reason) in [
        ('(', ')', "opens a bracket that nothing closes"),
        ('（', '）', "opens a bracket that nothing closes"),
        ('《', '》', "opens a bracket that nothing closes"),
        ('「', '」', "opens a bracket that nothing closes"),
        ('“', '”', "opens a quotation that nothing closes"),
    ] {
        // The last one counts: a title cut short has none to close it.
        if let Some(at) = title.rfind(open)
            && !title[at..].contains(close)
            && title[at + open.len_utf8()..].chars().next().is_some_and(char::is_alphanumeric)
            // Half and full width brackets are mixed in passing.
            && !(open == '(' && title[at..].contains('）') || open == '（' && title[at..].contains(')'))
        {
            return Some(reason);
        }
    }
    None
}

fn missing_url(issue: &Issue, item: &Item, report: &mut Report) {
    if item.number.is_none() || item.title.is_empty() || leads_with_link(issue, item) {
        return;
    }
    let mut diagnostic = Diagnostic::note("missing-url", "the title of this item is no link")
        .at(first_line(issue, item));
    let links: Vec<&str> = item
        .links
        .iter()
        .take(3)
        .map(|link| link.url.as_str())
        .collect();
    if !links.is_empty() {
        diagnostic = diagnostic.help(format!("its text links to {}", links.join(", ")));
    }
    report.push(diagnostic);
}

/// Two items with the same address: one link was pasted wrongly. Changes of a
/// project (`/pull/1`) are named twice on purpose.
fn duplicate_url<'i>(
    issue: &Issue,
    item: &'i Item,
    addresses: &mut BTreeMap<String, &'i Item>,
    report: &mut Report,
) {
    let Some(url) = item.url.as_deref().filter(|_| leads_with_link(issue, item)) else {
        return;
    };
    let is_change = ["/pull/", "/issues/", "/commit/", "/merge_requests/"]
        .iter()
        .any(|part| url.contains(part));
    if is_change || url.is_empty() || url.starts_with('#') {
        return;
    }
    // An anchor may be all that parts two items.
    let fragment = url.split_once('#').map_or("", |(_, fragment)| fragment);
    let key = format!("{}#{fragment}", canonical_url(url));
    let Some(earlier) = addresses.get(&key) else {
        addresses.insert(key, item);
        return;
    };
    if is_same_event(&earlier.title, &item.title) {
        return;
    }
    let line = issue.source.position(earlier.span.start).line;
    let span = item.links.first().map_or(item.span, |link| link.span);
    let message = format!("this address is also that of the item in line {line}");
    report.push(
        Diagnostic::warning("duplicate-url", message)
            .at(span)
            .help(format!("line {line} is “{}”", excerpt(&earlier.title, 60))),
    );
}

/// `Sep 7. Meeting` and `Oct 5. Meeting` share an address on purpose: their
/// titles differ in their dates alone.
fn is_same_event(one: &str, other: &str) -> bool {
    fn words(title: &str) -> (bool, impl Iterator<Item = char>) {
        let dated = title.contains(|c: char| c.is_ascii_digit());
        let (_, rest) = title.split_once(' ').unwrap_or(("", title));
        (dated, rest.chars().filter(|c| !c.is_ascii_digit()))
    }
    let ((dated, one), (_, other)) = (words(one), words(other));
    dated && one.eq(other)
}

/// Whether the title of an item is a link.
pub(super) fn leads_with_link(issue: &Issue, item: &Item) -> bool {
    item.title_events
        .start
        .checked_sub(1)
        .and_then(|before| issue.document.event(before))
        .is_some_and(|event| matches!(event, Event::Start(Tag::Link { .. })))
}

/// The number of an item, or its first character.
fn mark(issue: &Issue, item: &Item) -> Span {
    let text = &issue.source.text()[item.span.range()];
    let length = text
        .find(|c: char| c.is_whitespace() || matches!(c, '['))
        .unwrap_or(text.len())
        .min(first_line(issue, item).range().len());
    Span {
        start: item.span.start,
        end: item.span.start + length,
    }
}

/// The first line of an item.
fn first_line(issue: &Issue, item: &Item) -> Span {
    let text = &issue.source.text()[item.span.range()];
    let length = text.lines().next().map_or(0, |line| line.trim_end().len());
    Span {
        start: item.span.start,
        end: item.span.start + length,
    }
}

#[cfg(test)]
mod tests {
    use super::truncated;

    #[test]
    fn titles_that_were_cut_off_are_known() {
        for (title, cut) in [
            ("A long title that was copied from a page wi…", true),
            ("And then we waited for the shoe to drop...", false),
            (
                "后来我们等了很久很久很久很久很久很久很久很久很久很久很久很久很久很久很久很久很久很久很久很久……",
                false,
            ),
            ("Wait...", false),
            ("Tools for text (and more", true),
            ("Tools for text (and more)", false),
            ("工具（以及", true),
            ("工具（以及)", false),
            ("f(x) in one line", false),
            ("“Unsafe” is not unsafe", false),
        ] {
            assert_eq!(truncated(title).is_some(), cut, "{title}");
        }
    }
}
