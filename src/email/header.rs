//! Header fields, encoded and folded, each with its name and line end.
//!
//! lettre folds a name's encoded-words and its address onto one line, which
//! may then pass the 76 characters of RFC 2047 §2, and leaves long words and
//! text that merely looks like an encoded-word alone. So fields that hold
//! foreign text are written here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::subscriber::{clean_line, clean_name, without_turns};

/// RFC 2047 §2: a line that holds an encoded-word has 76 characters at most;
/// all others keep to it as well (RFC 5322 §2.1.1 asks for 78).
const LINE: usize = 76;
/// A longer word is encoded, for an encoded-word can be broken anywhere.
const LONG_WORD: usize = 60;
/// `=?utf-8?B?` and `?=`.
const WRAPPING: usize = 12;
/// RFC 2047 §2: an encoded-word has 75 characters at most.
const ENCODED_WORD: usize = 75;

/// A field of free text, such as Subject (RFC 5322 §2.2.1).
pub(crate) fn unstructured(name: &'static str, text: &str) -> String {
    // An override would turn what an inbox shows beside the subject.
    let text = clean_line(&without_turns(text));
    let mut line = Line::new(name);
    let mut words = text.split(' ').peekable();
    while let Some(word) = words.next() {
        if !must_be_encoded(word) {
            line.word(word);
            continue;
        }
        // Blanks between two encoded-words vanish when they are read
        // (RFC 2047 §6.2), so neighbours are encoded together.
        let mut run = word.to_owned();
        while let Some(next) = words.next_if(|next| must_be_encoded(next)) {
            run.push(' ');
            run.push_str(next);
        }
        line.encode(&run);
    }
    line.finish()
}

/// A field of one mailbox: `display name <address>` (RFC 5322 §3.4).
pub(crate) fn mailbox(name: &'static str, display: &str, address: &str) -> String {
    let display = clean_name(display);
    let mut line = Line::new(name);
    if display.is_empty() {
        line.word(address);
    } else {
        line.phrase(&display);
        line.word(&format!("<{address}>"));
    }
    line.finish()
}

/// `phrase <identifier>`, as List-Id has it (RFC 2919 §3).
pub(crate) fn identified(name: &'static str, phrase: &str, identifier: &str) -> String {
    let phrase = clean_name(phrase);
    let mut line = Line::new(name);
    if !phrase.is_empty() {
        line.phrase(&phrase);
    }
    line.word(&format!("<{identifier}>"));
    line.finish()
}

/// ASCII words that must stay as they are, folded between them.
pub(crate) fn words<'a>(name: &'static str, words: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = Line::new(name);
    for word in words {
        line.word(word);
    }
    line.finish()
}

fn must_be_encoded(word: &str) -> bool {
    !word.is_ascii() || word.contains("=?") || word.len() > LONG_WORD
}

/// RFC 5322 §3.2.3.
fn is_atom(word: &str) -> bool {
    word.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
}

struct Line {
    name: &'static str,
    text: String,
    column: usize,
}

impl Line {
    fn new(name: &'static str) -> Line {
        Line {
            name,
            text: String::new(),
            column: name.len() + ": ".len(),
        }
    }

    fn word(&mut self, word: &str) {
        self.room(word.len());
        self.text.push_str(word);
        self.column += word.len();
    }

    /// Goes on after a blank, on the next line where `length` does not fit.
    fn room(&mut self, length: usize) {
        if self.text.is_empty() {
            return;
        }
        if self.column + 1 + length > LINE {
            self.text.push_str("\r\n");
            self.column = 0;
        }
        self.text.push(' ');
        self.column += 1;
    }

    fn phrase(&mut self, phrase: &str) {
        if phrase.split(' ').any(must_be_encoded) {
            self.encode(phrase);
        } else if phrase.split(' ').all(is_atom) {
            phrase.split(' ').for_each(|word| self.word(word));
        } else {
            // RFC 5322 §3.2.4 quoted-string; it may be folded at its blanks.
            let quoted = format!("\"{}\"", phrase.replace('\\', "\\\\").replace('"', "\\\""));
            quoted.split(' ').for_each(|word| self.word(word));
        }
    }

    /// RFC 2047 §4.1: as many "B" encoded-words as it takes, none of them
    /// parting a character (§5).
    fn encode(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            // At least one character of four octets must fit.
            self.room(WRAPPING + 8);
            let space = (LINE - self.column).min(ENCODED_WORD) - WRAPPING;
            let mut end = (space / 4 * 3).min(rest.len());
            while !rest.is_char_boundary(end) {
                end -= 1;
            }
            let (chunk, after) = rest.split_at(end);
            let word = format!("=?utf-8?B?{}?=", STANDARD.encode(chunk));
            self.text.push_str(&word);
            self.column += word.len();
            rest = after;
        }
    }

    fn finish(self) -> String {
        format!("{}: {}\r\n", self.name, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_encoded_only_where_it_must_be() {
        let cases = [
            ("Plain words", "Subject: Plain words\r\n"),
            ("", "Subject: \r\n"),
            ("Issue 7 — now", "Subject: Issue 7 =?utf-8?B?4oCU?= now\r\n"),
            (
                "a =?utf-8?q?b?= c",
                "Subject: a =?utf-8?B?PT91dGYtOD9xP2I/PQ==?= c\r\n",
            ),
            ("a\r\nBcc: x", "Subject: a Bcc: x\r\n"),
        ];
        for (text, expected) in cases {
            assert_eq!(unstructured("Subject", text), expected, "{text:?}");
        }
    }

    #[test]
    fn names_are_atoms_quoted_or_encoded() {
        let cases = [
            ("", "To: a@example.org\r\n"),
            ("Ada Lovelace", "To: Ada Lovelace <a@example.org>\r\n"),
            ("L., Ada", "To: \"L., Ada\" <a@example.org>\r\n"),
            (r#"A "x" \"#, "To: \"A \\\"x\\\" \\\\\" <a@example.org>\r\n"),
            ("é", "To: =?utf-8?B?w6k=?= <a@example.org>\r\n"),
        ];
        for (name, expected) in cases {
            assert_eq!(mailbox("To", name, "a@example.org"), expected, "{name:?}");
        }
    }

    #[test]
    fn no_line_is_long_whatever_the_words() {
        let address = "somebody.with.a.long.name@mail.example.org";
        for text in ["x", "名", "👩‍🚀 ", "word ", "a,b ", "é"] {
            for count in [1, 20, 55, 61, 128, 700] {
                let text = text.repeat(count);
                for value in [
                    unstructured("Subject", &text),
                    mailbox("Reply-To", &text, address),
                    identified("List-Id", &text, "weekly.example.org"),
                ] {
                    for line in value.split("\r\n") {
                        assert!(line.len() <= LINE, "{line}");
                    }
                }
            }
        }
    }
}
