//! Escaping: text into HTML, and what no document of ours may hold.

use std::borrow::Cow;

/// Appends text as HTML character data. Characters that XML forbids are left
/// out (XML 1.0 §2.2), because the same HTML goes into feeds.
pub(crate) fn push_text(out: &mut String, text: &str) {
    push(out, text, |byte| matches!(byte, b'&' | b'<' | b'>'));
}

/// Appends text as the value of a double-quoted attribute.
pub(crate) fn push_attribute(out: &mut String, text: &str) {
    push(out, text, |byte| matches!(byte, b'&' | b'<' | b'>' | b'"'));
}

/// Text as the value of a double-quoted attribute; also right as character
/// data. `=` and `'` stay as they are.
pub(crate) fn attribute(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_attribute(&mut out, text);
    out
}

/// As [`attribute`] for text that is clean already; the marks of slots stay.
pub(crate) fn marked_attribute(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(character),
        }
    }
    out
}

/// Bytes at which copying may have to stop: those that are escaped, controls, and
/// the first byte of a forbidden character. A table, for this is run over every
/// byte that is published.
const STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        stops[byte] = !matches!(byte as u8, b'\t' | b'\n' | b'\r');
        byte += 1;
    }
    stops[b'&' as usize] = true;
    stops[b'<' as usize] = true;
    stops[b'>' as usize] = true;
    stops[b'"' as usize] = true;
    stops[0x7f] = true;
    stops[0xc2] = true;
    stops[0xef] = true;
    stops
};

/// Where the next byte of [`STOPS`] is, from `at` on.
fn next_stop(bytes: &[u8], at: usize) -> Option<usize> {
    let found = bytes[at..].iter().position(|&byte| STOPS[byte as usize]);
    found.map(|offset| at + offset)
}

fn push(out: &mut String, text: &str, special: impl Fn(u8) -> bool) {
    let bytes = text.as_bytes();
    let mut done = 0;
    let mut from = 0;
    while let Some(at) = next_stop(bytes, from) {
        let byte = bytes[at];
        let width = if special(byte) {
            1
        } else {
            forbidden_width(&bytes[at..])
        };
        from = at + width.max(1);
        if width == 0 {
            continue;
        }
        out.push_str(&text[done..at]);
        out.push_str(match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "",
        });
        done = at + width;
    }
    out.push_str(&text[done..]);
}

/// Text without the characters that XML 1.0 §2.2 forbids, and without the C1
/// controls, which no reader can see either.
pub(crate) fn without_controls(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(at) = next_stop(bytes, from) {
        if forbidden_width(&bytes[at..]) > 0 {
            let kept = text[at..].chars().filter(|&c| !is_forbidden(c));
            return Cow::Owned(text[..at].chars().chain(kept).collect());
        }
        from = at + 1;
    }
    Cow::Borrowed(text)
}

fn is_forbidden(character: char) -> bool {
    matches!(character,
        '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}'
        | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// Bytes of the forbidden character that `bytes` begins with, else 0.
#[inline]
fn forbidden_width(bytes: &[u8]) -> usize {
    match bytes[0] {
        b'\t' | b'\n' | b'\r' => 0,
        0..=0x1f | 0x7f => 1,
        // U+0080 to U+009F but for U+0085, a line end
        0xc2 if matches!(bytes.get(1), Some(0x80..=0x84 | 0x86..=0x9f)) => 2,
        // U+FFFE and U+FFFF
        0xef if matches!(bytes.get(1..3), Some([0xbf, 0xbe | 0xbf])) => 3,
        _ => 0,
    }
}

/// The first byte of a character that XML documents do not hold as it is: those
/// that XML 1.0 §2.2 forbids or advises against, and CR (§2.11). Goes through the text
/// in blocks that the compiler can test many bytes at a time.
pub(crate) fn first_unfit(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    for (block, chunk) in bytes.chunks(64).enumerate() {
        let suspicious = chunk
            .iter()
            .fold(false, |found, &byte| found | is_suspicious(byte));
        if suspicious {
            let start = block * 64;
            let found = (start..start + chunk.len()).find(|&at| is_unfit(&bytes[at..]));
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

/// A control, or the first byte of what may be one.
fn is_suspicious(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\n' && byte != b'\t')
        | (byte == 0x7f)
        | (byte == 0xc2)
        | (byte == 0xef)
}

fn is_unfit(bytes: &[u8]) -> bool {
    match *bytes {
        [b'\n' | b'\t', ..] => false,
        [0..0x20 | 0x7f, ..] => true,
        [0xc2, second, ..] => second < 0xa0,
        [0xef, 0xbf, third, ..] => third >= 0xbe,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_its_quotes_and_loses_its_controls() {
        let mut out = String::new();
        push_text(
            &mut out,
            "a<b & \"c\" = 'd'\u{0}\u{1}\u{b}\u{9f}é\u{85}\u{ffff}字\n",
        );
        assert_eq!(out, "a&lt;b &amp; \"c\" = 'd'é\u{85}字\n");
    }

    #[test]
    fn attribute_escapes_quotes() {
        assert_eq!(attribute("\"&=\u{7f}"), "&quot;&amp;=");
    }

    #[test]
    fn clean_text_is_not_copied() {
        assert!(matches!(without_controls("línea\n"), Cow::Borrowed(_)));
        assert_eq!(without_controls("a\u{c}b\u{90}"), "ab");
    }
}
