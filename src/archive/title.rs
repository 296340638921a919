//! What an issue calls itself in a list that already says number and date.

use crate::issue::Summary;
use crate::render::{display_title, is_date, list_comma};

/// The issue's own title: what follows its number in `Weekly #51: Charts`; for
/// one that has none, or a date alone, its first three item titles; else its whole title.
pub(crate) fn own_title(summary: &Summary) -> String {
    let title = display_title(&summary.title);
    if is_date(&title) && !summary.first_items.is_empty() {
        return first_items(summary);
    }
    let Some(number) = summary.number.map(|number| number.value) else {
        return title;
    };
    let Some(rest) = after_number(&title, &number.to_string()) else {
        return title;
    };
    let own = rest
        .trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '“' | '"' | '「' | '《'))
        .trim_end();
    if !own.is_empty() {
        return own.to_owned();
    }
    if summary.first_items.is_empty() {
        return title;
    }
    first_items(summary)
}

fn first_items(summary: &Summary) -> String {
    let comma = list_comma(summary.language.as_deref().unwrap_or_default());
    summary.first_items.join(comma)
}

/// What follows an issue's number, where the title says it: `#51`, `第 51 期`,
/// `Issue 51`, or `51` at the end.
fn after_number<'t>(title: &'t str, number: &str) -> Option<&'t str> {
    let (at, _) = title.match_indices(number).find(|&(at, _)| {
        let before = title[..at].chars().next_back();
        let after = title[at + number.len()..].chars().next();
        !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '.')
            && !after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '.')
    })?;
    let rest = title[at + number.len()..].trim_start();
    Some(rest.trim_start_matches(['期', '号', '回', '호']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::{Number, Origin};

    fn titled(title: &str, number: Option<u64>) -> String {
        own_title(&Summary {
            title: title.to_owned(),
            number: number.map(|value| Number {
                value,
                from: Origin::Title,
            }),
            first_items: vec!["One".to_owned(), "Two".to_owned()],
            ..Summary::default()
        })
    }

    #[test]
    fn the_own_title_is_what_follows_the_number() {
        for (title, number, own) in [
            ("Plain Weekly #51: Charts in ink", Some(51), "Charts in ink"),
            ("每周分享（第 300 期）：三十年", Some(300), "三十年"),
            ("Plain Weekly #6 (2023-06-10)", Some(6), "One, Two"),
            ("Plain Weekly #8 (2026-02-27): Proofs", Some(8), "Proofs"),
            ("2023-01", None, "One, Two"),
            ("This Week 665", Some(665), "One, Two"),
            ("Ten ways to set type", Some(6), "Ten ways to set type"),
            ("Version 0.7 is out", Some(7), "Version 0.7 is out"),
            ("A letter", None, "A letter"),
        ] {
            assert_eq!(titled(title, number), own, "{title}");
        }
    }
}
