//! What is to be said about title, number and forgotten placeholders.

use std::sync::LazyLock;

use regex::Regex;

use crate::diagnostic::{Diagnostic, Span};
use crate::issue::{FrontMatter, Number, Title, Value};

/// Longer titles are cut by most mail programs and feed readers.
const LONG_TITLE: usize = 120;

/// Capitals alone: `todo` is what many an article is about.
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:TODO|TBD|WIP|FIXME)\b|(?i:\blorem ipsum\b)")
        .expect("a pattern that is written here is valid")
});

/// Notes a title that is too long.
pub(crate) fn title(text: &str, title: Option<&Title>, diagnostics: &mut Vec<Diagnostic>) {
    let Some(title) = title else {
        return;
    };
    let length = title.text.chars().count();
    if length <= LONG_TITLE {
        return;
    }
    let mut diagnostic = Diagnostic::note(
        "long-title",
        format!("the title has {length} characters; beyond {LONG_TITLE} it is cut in many places"),
    );
    if let Some(span) = title.span {
        diagnostic = diagnostic.at(trimmed(text, span));
    }
    diagnostics.push(diagnostic);
}

/// Notes an issue without a number.
pub(crate) fn number(
    number: Option<Number>,
    title: Option<&Title>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if number.is_some() {
        return;
    }
    let mut diagnostic = Diagnostic::note("missing-issue-number", "this issue has no number")
        .help("put it into the title (`#12`), the file's name, or the front matter (`number: 12`)");
    if let Some(span) = title.and_then(|title| title.span) {
        diagnostic = diagnostic.at(span);
    }
    diagnostics.push(diagnostic);
}

/// Warns of placeholders that were left in title, date or description.
pub(crate) fn placeholders(
    text: &str,
    front_matter: &FrontMatter,
    title: Option<&Title>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut spans: Vec<Span> = ["date", "description", "summary", "preheader"]
        .into_iter()
        .filter_map(|key| front_matter.get(key))
        .filter(|field| matches!(field.value, Value::Text(_)))
        .map(|field| field.span)
        .collect();
    spans.extend(title.and_then(|title| title.span));
    for span in spans {
        let Some(found) = text
            .get(span.range())
            .and_then(|words| PLACEHOLDER.find(words))
        else {
            continue;
        };
        let start = span.start + found.start();
        diagnostics.push(
            Diagnostic::warning("placeholder", format!("`{}` was left here", found.as_str()))
                .at(start..start + found.len())
                .label("to be filled in"),
        );
    }
}

fn trimmed(text: &str, span: Span) -> Span {
    let words = text.get(span.range()).unwrap_or_default();
    Span::from(span.start..span.start + words.trim_end().len())
}
