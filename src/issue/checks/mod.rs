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
    let trouble = Trouble::of(issue.source.text(), rules);
    sections::check(issue, rules, trouble, report);
    items::check(issue, report);
    links::check(issue, base_url, trouble, report);
    images::check(issue, report);
    text::check(issue, trouble, report);
}

/// Which rare words a text has at all, so that the checks need not look for
/// them everywhere.
#[derive(Clone, Copy, Default)]
struct Trouble {
    /// Tags of templates.
    tags: bool,
    /// Words such as TODO.
    placeholders: bool,
}

impl Trouble {
    fn of(text: &str, rules: &Rules) -> Trouble {
        let mut trouble = Trouble::default();
        for found in rules.trouble.iter().flat_map(|words| words.find_iter(text)) {
            if found.as_str().starts_with('{') {
                trouble.tags = true;
            } else {
                trouble.placeholders = true;
            }
            if trouble.tags && trouble.placeholders {
                break;
            }
        }
        trouble
    }
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
