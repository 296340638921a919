//! What may stand in the body of a message.

use std::borrow::Cow;

/// Lines end by CR LF; no other control character is left but the tab.
pub(crate) fn clean_body(text: &str) -> Cow<'_, str> {
    // Bytes with which something begins that may have to change.
    let doubtful = |byte: u8| (byte < b' ' && byte != b'\t') || matches!(byte, 0x7f | 0xc2 | 0xef);
    if !text.bytes().any(doubtful) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + text.len() / 32 + 2);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                characters.next_if_eq(&'\n');
                clean.push_str("\r\n");
            }
            '\n' => clean.push_str("\r\n"),
            '\t' => clean.push('\t'),
            '\u{feff}' => {}
            other if other.is_control() => {}
            other => clean.push(other),
        }
    }
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_one_kind_and_controls_are_gone() {
        let cases = [
            ("a\nb\rc\r\nd", "a\r\nb\r\nc\r\nd"),
            ("a\tb", "a\tb"),
            ("\u{feff}a\0\u{7f}\u{85}\u{1b}b", "ab"),
            ("é\u{a0}ï \u{202e}", "é\u{a0}ï \u{202e}"),
        ];
        for (text, expected) in cases {
            assert_eq!(clean_body(text), expected);
        }
    }
}
