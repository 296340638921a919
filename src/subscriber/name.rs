use std::borrow::Cow;

/// One line of text for a header: control characters, line and paragraph
/// separators become blanks, runs of blanks become one, ends are trimmed.
/// What comes out cannot open a new header (RFC 5322 §2.2).
pub fn clean_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let words = text.split(|character: char| {
        character.is_control()
            || character.is_whitespace()
            || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
    });
    for word in words.filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// A display name: one line, without the characters that turn the direction of
/// what follows (with them a name could disguise the address beside it), and at
/// most 128 characters long.
pub fn clean_name(text: &str) -> String {
    let line = clean_line(&without_turns(text));
    match line.char_indices().nth(128) {
        Some((end, _)) => line[..end].trim_end().to_owned(),
        None => line,
    }
}

/// A text without the characters that turn the direction of what follows until
/// another ends it (UAX #9, 2.1 to 2.6); the letters themselves run as they do.
pub fn without_turns(text: &str) -> Cow<'_, str> {
    let turns = |one: char| matches!(one, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    match text.contains(turns) {
        true => Cow::Owned(text.replace(turns, "")),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_one_harmless_line() {
        let cases = [
            ("Ada Lovelace", "Ada Lovelace"),
            ("  Ada \t Lovelace \r\n", "Ada Lovelace"),
            ("Ada\r\nBcc: x@example.org", "Ada Bcc: x@example.org"),
            ("Ada\u{0}\u{7f}\u{85}Love", "Ada Love"),
            ("Ada\u{2028}Love", "Ada Love"),
            ("\u{202e}evil\u{202c}", "evil"),
            ("ليلى 👩‍🚀", "ليلى 👩‍🚀"),
            (" \u{feff} ", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(clean_name(text), expected, "{text:?}");
        }
        assert_eq!(clean_name(&"名".repeat(500)).chars().count(), 128);
    }
}
