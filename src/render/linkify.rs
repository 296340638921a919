//! Bare web addresses inside text.

use std::ops::Range;

/// The next bare `http://` or `https://` address of `text` at or after `from`.
///
/// It begins at the start of a word and ends before white space, a quote,
/// an angle bracket or a character of CJK text; punctuation that closes the
/// sentence and a bracket that was opened before it are not part of it.
pub(crate) fn next_address(text: &str, mut from: usize) -> Option<Range<usize>> {
    loop {
        let colon = from + text[from..].find("://")?;
        from = colon + 3;
        let scheme = ["https", "http"]
            .into_iter()
            .find(|scheme| text[..colon].ends_with(scheme));
        let Some(scheme) = scheme else { continue };
        let start = colon - scheme.len();
        if text[..start].ends_with(|c: char| c.is_ascii_alphanumeric()) {
            continue;
        }
        let rest = &text[from..];
        let length = rest.find(ends_address).unwrap_or(rest.len());
        let end = from + trimmed(&rest[..length]);
        if text[from..end].starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Some(start..end);
        }
    }
}

fn ends_address(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(
            character,
            '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\\' | '^'
        )
        || matches!(character, '“'..='”' | '‘'..='’' | '…' | '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{1f000}'..='\u{3ffff}')
}

/// Length of an address without the punctuation that follows it.
fn trimmed(address: &str) -> usize {
    let mut end = address.len();
    let count = |byte: u8| address.bytes().filter(|&other| other == byte).count();
    let mut surplus = count(b')').saturating_sub(count(b'('));
    let mut square = count(b']').saturating_sub(count(b'['));
    while let Some(last) = address[..end].chars().next_back() {
        match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' => {}
            ')' if surplus > 0 => surplus -= 1,
            ']' if square > 0 => square -= 1,
            _ => break,
        }
        end -= last.len_utf8();
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let mut from = 0;
        let mut found = Vec::new();
        while let Some(range) = next_address(text, from) {
            from = range.end;
            found.push(&text[range]);
        }
        found
    }

    #[test]
    fn addresses_end_where_the_sentence_goes_on() {
        let cases: &[(&str, &[&str])] = &[
            ("see https://example.org/a.", &["https://example.org/a"]),
            ("(http://example.org/a_(b))", &["http://example.org/a_(b)"]),
            ("见https://example.org/a，好", &["https://example.org/a"]),
            ("x：https://example.org", &["https://example.org"]),
            (
                "https://a.test, https://b.test!",
                &["https://a.test", "https://b.test"],
            ),
            ("xhttp://example.org", &[]),
            ("ftp://example.org http:// https://.", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(&found(text), expected, "{text}");
        }
    }
}
