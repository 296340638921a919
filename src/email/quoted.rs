//! Quoted-printable (RFC 2045 §6.7), written piece by piece.

/// RFC 2045 §6.7 rule 5: no encoded line is longer.
pub(crate) const LINE: usize = 76;

/// Bytes that stand for themselves (rules 2 and 3).
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b' ' as usize;
    while byte <= b'~' as usize {
        plain[byte] = byte != b'=' as usize;
        byte += 1;
    }
    plain[b'\t' as usize] = true;
    plain
};

const SOFT_BREAK: &[u8] = b"=\r\n";

/// Where the writing stands in a buffer. Pieces written one after the other
/// give the same bytes as all of them at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quoted {
    /// Where the line begins.
    pub(crate) line: usize,
    /// Where its last character begins, three bytes where it is encoded; a line
    /// that proves too long is broken there.
    pub(crate) last: usize,
}

impl Quoted {
    /// Begins a line at the end of `out`.
    pub(crate) fn at_end(out: &[u8]) -> Quoted {
        Quoted {
            line: out.len(),
            last: out.len(),
        }
    }

    /// Encodes `bytes`, whose CR LF are line ends.
    pub(crate) fn push(&mut self, out: &mut Vec<u8>, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(&byte) = rest.first() {
            let room = LINE - (out.len() - self.line);
            let run = rest[..room.min(rest.len())]
                .iter()
                .take_while(|&&byte| PLAIN[usize::from(byte)])
                .count();
            if run > 0 {
                out.extend_from_slice(&rest[..run]);
                self.last = out.len() - 1;
                rest = &rest[run..];
            } else if rest.starts_with(b"\r\n") {
                self.hard_break(out);
                rest = &rest[2..];
            } else {
                if PLAIN[usize::from(byte)] {
                    self.character(out, &[byte]);
                } else {
                    self.character(out, &hexadecimal(byte));
                }
                rest = &rest[1..];
            }
        }
    }

    /// Goes on at the beginning of a line without a line end in the text.
    pub(crate) fn soft_break(&mut self, out: &mut Vec<u8>) {
        if out.len() == self.line {
            return;
        }
        self.room_for_a_mark(out);
        out.extend_from_slice(SOFT_BREAK);
        *self = Quoted::at_end(out);
    }

    fn hard_break(&mut self, out: &mut Vec<u8>) {
        // Rule 3: a blank at the end of a line would be lost on the way.
        if self.last + 1 == out.len()
            && let Some(&blank @ (b' ' | b'\t')) = out.last()
        {
            out.pop();
            self.character(out, &hexadecimal(blank));
        }
        out.extend_from_slice(b"\r\n");
        *self = Quoted::at_end(out);
    }

    fn character(&mut self, out: &mut Vec<u8>, encoded: &[u8]) {
        if out.len() - self.line + encoded.len() > LINE {
            if out.len() - self.line == LINE {
                self.room_for_a_mark(out);
            } else {
                out.extend_from_slice(SOFT_BREAK);
                self.line = out.len();
            }
        }
        self.last = out.len();
        out.extend_from_slice(encoded);
    }

    /// A full line could only end here; to go on, its last character moves to
    /// the next one.
    fn room_for_a_mark(&mut self, out: &mut Vec<u8>) {
        if out.len() - self.line == LINE {
            let moved: Vec<u8> = out.drain(self.last..).collect();
            out.extend_from_slice(SOFT_BREAK);
            *self = Quoted::at_end(out);
            out.extend_from_slice(&moved);
        }
    }
}

fn hexadecimal(byte: u8) -> [u8; 3] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |value: u8| DIGITS[usize::from(value)];
    [b'=', digit(byte >> 4), digit(byte & 15)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(pieces: &[&str]) -> String {
        let mut out = Vec::new();
        let mut quoted = Quoted::at_end(&out);
        for piece in pieces {
            quoted.push(&mut out, piece.as_bytes());
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_are_as_full_as_they_may_be() {
        let cases = [
            ("a=b\r\n".to_owned(), "a=3Db\r\n".to_owned()),
            ("a \r\nb\t\r\n".to_owned(), "a=20\r\nb=09\r\n".to_owned()),
            ("x".repeat(76) + "\r\n", "x".repeat(76) + "\r\n"),
            ("x".repeat(77) + "\r\n", "x".repeat(75) + "=\r\nxx\r\n"),
            ("x".repeat(75) + "é\r\n", "x".repeat(75) + "=\r\n=C3=A9\r\n"),
            (
                "x".repeat(73) + "éy\r\n",
                "x".repeat(73) + "=\r\n=C3=A9y\r\n",
            ),
            ("x".repeat(75) + " \r\n", "x".repeat(75) + "=\r\n=20\r\n"),
        ];
        for (text, expected) in cases {
            assert_eq!(encoded(&[&text]), expected, "{text:?}");
        }
    }

    #[test]
    fn pieces_give_what_the_whole_gives() {
        let text = "Grüße, \r\nx=1 and some more words ".repeat(9) + "\r\n" + &"y".repeat(200);
        let whole = encoded(&[&text]);
        for (at, _) in text.char_indices() {
            if !text[..at].ends_with('\r') {
                assert_eq!(encoded(&[&text[..at], &text[at..]]), whole, "{at}");
            }
        }
    }

    #[test]
    fn a_soft_break_begins_a_line_whatever_stands_there() {
        for length in [0, 1, 74, 75, 76] {
            let mut out = Vec::new();
            let mut quoted = Quoted::at_end(&out);
            quoted.push(&mut out, "x".repeat(length).as_bytes());
            quoted.soft_break(&mut out);
            assert_eq!(quoted, Quoted::at_end(&out), "{length}");
            let text = String::from_utf8(out).unwrap();
            assert_eq!(text.replace("=\r\n", ""), "x".repeat(length));
            assert!(text.lines().all(|line| line.len() <= LINE));
        }
    }
}
