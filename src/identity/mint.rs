//! Making keys, slugs and entry ids, and comparing names as people do.

use std::cmp::Ordering;
use std::fmt::Write as _;

use chrono::{DateTime, Datelike, Utc};

/// An entry id as RFC 4151 §2.1 spells it: `tag:DOMAIN,YEAR:KEY`, with `/LANGUAGE`
/// where the file is not in the newsletter's main language.
pub(crate) fn entry_id(
    domain: &str,
    first: DateTime<Utc>,
    key: &str,
    language: Option<&str>,
) -> String {
    let mut id = format!("tag:{domain},{:04}:", first.year());
    push_escaped(&mut id, key);
    if let Some(language) = language {
        id.push('/');
        push_escaped(&mut id, language);
    }
    id
}

/// The id of the main feed. No entry has it: a `:` in a key is escaped.
pub(crate) fn feed_id(domain: &str, first: DateTime<Utc>) -> String {
    format!("tag:{domain},{:04}:feed:main", first.year())
}

/// Text as part of a URI: all but the unreserved characters of RFC 3986 §2.3 as
/// percent escapes.
pub(crate) fn push_escaped(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// Orders names with the numbers in them by value: `issue-9` before `issue-10`.
pub(crate) fn natural(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        let (left_number, left_rest) = leading_digits(left);
        let (right_number, right_rest) = leading_digits(right);
        let order = if left_number.is_empty() || right_number.is_empty() {
            let (one, other) = (left.chars().next(), right.chars().next());
            if one.is_none() && other.is_none() {
                return Ordering::Equal;
            }
            left = &left[one.map_or(0, char::len_utf8)..];
            right = &right[other.map_or(0, char::len_utf8)..];
            one.cmp(&other)
        } else {
            (left, right) = (left_rest, right_rest);
            let value = |digits: &str| digits.trim_start_matches('0').len();
            let (one, other) = (left_number, right_number);
            value(one).cmp(&value(other)).then_with(|| {
                one.trim_start_matches('0')
                    .cmp(other.trim_start_matches('0'))
            })
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn leading_digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_id_is_a_tag_uri() {
        let first = "2025-03-01T00:00:00Z".parse().unwrap();
        assert_eq!(
            entry_id("example.com", first, "159", None),
            "tag:example.com,2025:159"
        );
        assert_eq!(
            entry_id("example.com", first, "第1期", Some("zh")),
            "tag:example.com,2025:%E7%AC%AC1%E6%9C%9F/zh"
        );
    }

    #[test]
    fn names_are_ordered_by_the_numbers_in_them() {
        let mut names = ["issue-10", "issue-9", "a", "issue-09b", "100", "20", ""];
        names.sort_by(|left, right| natural(left, right));
        assert_eq!(
            names,
            ["", "20", "100", "a", "issue-9", "issue-09b", "issue-10"]
        );
    }
}
