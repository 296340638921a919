use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};

use crate::subscriber::name::clean_line;

/// A time as platforms write it. Without a zone it is UTC; a day is its first
/// moment. Forms that could mean two days (`01/02/2024`) are not guessed.
pub(super) fn time(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    for form in ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f%#z"] {
        if let Ok(time) = DateTime::parse_from_str(text, form) {
            return Some(time.to_utc());
        }
    }
    let bare = text.strip_suffix("UTC").unwrap_or(text).trim_end();
    for form in [
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
    ] {
        if let Ok(time) = NaiveDateTime::parse_from_str(bare, form) {
            return Some(time.and_utc());
        }
    }
    let day = NaiveDate::parse_from_str(bare, "%Y-%m-%d").ok()?;
    Some(day.and_hms_opt(0, 0, 0)?.and_utc())
}

/// A time that [`time`] reads back as the same.
pub(super) fn time_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Yes or no, as platforms write it.
pub(super) fn flag(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["true", "1", "yes", "y", "t", "on"]) {
        return Some(true);
    }
    is(&["false", "0", "no", "n", "f", "off"]).then_some(false)
}

/// Whether a cell says nothing.
pub(super) fn nothing(text: &str) -> bool {
    let text = text.trim();
    let is = |word: &&str| text.eq_ignore_ascii_case(word);
    text.is_empty() || ["null", "none", "nil", "n/a", "-"].iter().any(is)
}

/// Tags parted by commas; one that holds a comma or a quote stands in quotes
/// that are doubled inside.
pub(super) fn tags(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut keep = |tag: &str| {
        let tag = clean_line(tag);
        if !tag.is_empty() {
            found.insert(tag);
        }
    };
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let Some(quoted) = rest.strip_prefix('"') else {
            match rest.split_once(',') {
                Some((tag, behind)) => {
                    keep(tag);
                    rest = behind;
                }
                None => {
                    keep(rest);
                    return found;
                }
            }
            continue;
        };
        let (tag, behind) = unquote(quoted);
        keep(&tag);
        // What stands behind the closing quote belongs to nothing.
        rest = behind.split_once(',').map_or("", |(_, behind)| behind);
    }
}

fn unquote(text: &str) -> (String, &str) {
    let mut tag = String::new();
    let mut rest = text;
    while let Some((part, behind)) = rest.split_once('"') {
        tag.push_str(part);
        match behind.strip_prefix('"') {
            Some(more) => {
                tag.push('"');
                rest = more;
            }
            None => return (tag, behind),
        }
    }
    tag.push_str(rest);
    (tag, "")
}

/// What [`tags`] reads back as the same.
pub(super) fn tags_text(tags: &BTreeSet<String>) -> String {
    let quoted = |tag: &String| match tag.contains([',', '"']) {
        true => format!("\"{}\"", tag.replace('"', "\"\"")),
        false => tag.clone(),
    };
    tags.iter().map(quoted).collect::<Vec<_>>().join(",")
}

/// A language tag as BCP 47 forms them (RFC 5646 §2.1), not looked up.
pub fn language(text: &str) -> Option<String> {
    let text = text.trim().replace('_', "-");
    let mut parts = text.split('-');
    let first = parts.next()?;
    let sound = (2..=8).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
        && text.len() <= 35;
    sound.then_some(text)
}

/// The name of a column as it is looked up, and as an attribute is named in
/// templates: letters and digits in lower case, all else as `_`.
pub(super) fn key(header: &str) -> String {
    let mut key = String::new();
    for character in header.chars().take(100) {
        if character.is_alphanumeric() {
            key.extend(character.to_lowercase());
        } else if !key.is_empty() && !key.ends_with('_') {
            key.push('_');
        }
    }
    key.trim_end_matches('_').to_owned()
}

/// A foreign value, short enough to be shown.
pub(super) fn excerpt(text: &str) -> String {
    let line = clean_line(text);
    match line.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_platforms_form() {
        let cases = [
            ("2024-03-01T10:20:30Z", Some("2024-03-01T10:20:30Z")),
            ("2024-03-01T10:20:30.250Z", Some("2024-03-01T10:20:30.250Z")),
            ("2024-03-01T12:20:30+02:00", Some("2024-03-01T10:20:30Z")),
            ("2024-03-01 10:20:30", Some("2024-03-01T10:20:30Z")),
            ("2024-03-01 10:20:30 UTC", Some("2024-03-01T10:20:30Z")),
            ("2024-03-01 12:20:30+02", Some("2024-03-01T10:20:30Z")),
            (
                "2024-03-01 12:20:30.5+0200",
                Some("2024-03-01T10:20:30.500Z"),
            ),
            ("2024-03-01 10:20", Some("2024-03-01T10:20:00Z")),
            (" 2024-03-01 ", Some("2024-03-01T00:00:00Z")),
            ("01/02/2024", None),
            ("Never", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(time(text).map(time_text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn tags_are_parted_by_commas_outside_quotes() {
        let cases: [(&str, &[&str]); 6] = [
            ("", &[]),
            ("a, b,,c d ", &["a", "b", "c d"]),
            (r#""a","b""#, &["a", "b"]),
            (r#""a, b","say ""x""""#, &["a, b", "say \"x\""]),
            (r#""open, b"#, &["open, b"]),
            ("a\r\nb\0", &["a b"]),
        ];
        for (text, expected) in cases {
            let read = tags(text);
            assert_eq!(read.iter().collect::<Vec<_>>(), expected, "{text}");
            assert_eq!(tags(&tags_text(&read)), read, "{text}");
        }
    }

    #[test]
    fn columns_are_named_without_blanks_and_marks() {
        let cases = [
            ("Email Address", "email_address"),
            ("\u{feff}E-Mail (privat)", "e_mail_privat"),
            ("OPTIN_TIME", "optin_time"),
            ("姓名", "姓名"),
            ("  ", ""),
        ];
        for (header, expected) in cases {
            assert_eq!(key(header), expected);
        }
    }

    #[test]
    fn languages_have_the_form_of_a_tag() {
        assert_eq!(language("zh_Hans-CN").as_deref(), Some("zh-Hans-CN"));
        for wrong in ["", "e", "English (US)", "en-", "12"] {
            assert_eq!(language(wrong), None, "{wrong}");
        }
    }
}
