use std::fmt;

use memchr::memmem;

/// The end of a line and the beginning of one that needs another dot.
const LINE_WITH_DOT: &[u8] = b"\r\n.";

/// The text of a message as it follows the answer to DATA, final dot included.
/// Nothing is copied until it is written, and then all at once: a server that
/// has the text has its end.
pub(crate) struct Content<'a>(&'a str);

impl<'a> Content<'a> {
    /// `None` where the message is not 7-bit, which no server need take
    /// unannounced (RFC 5321 §2.4). With `announced`, by SMTPUTF8, it may be
    /// UTF-8 (RFC 6532 §3).
    pub(crate) fn of(message: &'a [u8], announced: bool) -> Option<Content<'a>> {
        let text = std::str::from_utf8(message).ok()?;
        (announced || text.is_ascii()).then_some(Content(text))
    }
}

impl fmt::Display for Content<'_> {
    /// RFC 5321 §4.5.2: a line that begins with a dot gets another one.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0;
        if text.starts_with('.') {
            formatter.write_str(".")?;
        }
        let mut written = 0;
        for at in memmem::find_iter(text.as_bytes(), LINE_WITH_DOT) {
            let end = at + LINE_WITH_DOT.len();
            formatter.write_str(&text[written..end])?;
            formatter.write_str(".")?;
            written = end;
        }
        // A text doubles when it is full. Written in two, the first a little larger,
        // the end fits in too, and nothing is copied once more for its sake.
        let last = &text[written..];
        let (first, second) = last.split_at((last.len() / 2 + 8).min(last.len()));
        formatter.write_str(first)?;
        formatter.write_str(second)?;
        let ended = text.is_empty() || text.ends_with("\r\n");
        formatter.write_str(if ended { ".\r\n" } else { "\r\n.\r\n" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_a_dot_get_another_and_the_end_is_one_dot() {
        let cases = [
            ("", ".\r\n"),
            ("a\r\n", "a\r\n.\r\n"),
            ("a", "a\r\n.\r\n"),
            ("a\r", "a\r\r\n.\r\n"),
            (".", "..\r\n.\r\n"),
            (".\r\n", "..\r\n.\r\n"),
            ("..a\r\n.\r\n", "...a\r\n..\r\n.\r\n"),
            ("a\r\n\r\n.b\r\n.c", "a\r\n\r\n..b\r\n..c\r\n.\r\n"),
            ("a\r\r\n.b\r\n", "a\r\r\n..b\r\n.\r\n"),
            ("a.\r\nb .c\r\n", "a.\r\nb .c\r\n.\r\n"),
        ];
        for (message, expected) in cases {
            let content = Content::of(message.as_bytes(), false).unwrap();
            assert_eq!(content.to_string(), expected, "{message:?}");
        }
    }

    #[test]
    fn only_7_bit_text_is_content() {
        assert!(Content::of("gr\u{fc}n".as_bytes(), false).is_none());
        assert!(Content::of("gr\u{fc}n".as_bytes(), true).is_some());
        assert!(Content::of(b"\xff", true).is_none());
    }
}
