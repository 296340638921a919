//! What an issue's structure says that the editor should know.
//!
//! Rare findings point at real mistakes, so they warn; frequent ones are notes.
//! Every check is one pass over what was already understood; none parses
//! anything again, and [`Report`] bounds how much is said.

mod images;
mod items;
mod links;
mod report;
mod sections;
mod seen;
mod text;

use crate::issue::model::Issue;
use crate::issue::rules::Rules;

pub(crate) use report::Report;
pub use seen::seen_before;

/// Checks the structure of an understood issue.
pub(crate) fn check(issue: &Issue, rules: &Rules, base_url: Option<&str>, report: &mut Report) {
    sections::check(issue, rules, report);
    items::check(issue, report);
    links::check(issue, base_url, report);
    images::check(issue, report);
    text::check(issue, report);
}

/// At most `length` characters of a text, for messages.
fn excerpt(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(length).collect();
    short.push('…');
    short
}
