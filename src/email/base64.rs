//! Base64 (RFC 2045 §6.8), written piece by piece.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::email::quoted::LINE;

/// Where the writing stands in a buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Base64 {
    /// Where the line begins.
    pub(crate) line: usize,
    /// Octets that wait for others to make three.
    held: [u8; 3],
    count: usize,
}

impl Base64 {
    /// Begins a line at the end of `out`.
    pub(crate) fn at_end(out: &[u8]) -> Base64 {
        Base64 {
            line: out.len(),
            held: [0; 3],
            count: 0,
        }
    }

    /// How many octets are missing until everything so far stands in `out`.
    pub(crate) fn missing(&self) -> usize {
        (3 - self.count) % 3
    }

    /// Encodes `bytes`; up to two of them wait for more.
    pub(crate) fn push(&mut self, out: &mut Vec<u8>, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(self.missing().min(bytes.len()));
        self.hold(first);
        if self.count == 3 {
            let three = self.held;
            self.write(out, &three);
            self.count = 0;
        }
        let (threes, last) = rest.split_at(rest.len() / 3 * 3);
        self.write(out, threes);
        self.hold(last);
    }

    /// Goes on at the beginning of a line.
    pub(crate) fn line_break(&mut self, out: &mut Vec<u8>) {
        if out.len() > self.line {
            out.extend_from_slice(b"\r\n");
            self.line = out.len();
        }
    }

    /// Writes what still waits, filled up, and ends the line.
    pub(crate) fn finish(mut self, out: &mut Vec<u8>) {
        let held = self.held;
        self.write(out, &held[..self.count]);
        self.line_break(out);
    }

    /// Keeps octets that others must complete.
    pub(crate) fn hold(&mut self, bytes: &[u8]) {
        self.held[self.count..self.count + bytes.len()].copy_from_slice(bytes);
        self.count += bytes.len();
    }

    fn write(&mut self, out: &mut Vec<u8>, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if out.len() - self.line >= LINE {
                self.line_break(out);
            }
            let room = (LINE - (out.len() - self.line)) / 4 * 3;
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            let at = out.len();
            out.resize(at + now.len().div_ceil(3) * 4, 0);
            STANDARD
                .encode_slice(now, &mut out[at..])
                .expect("there is room for four octets each three");
            bytes = later;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_length_give_lines_that_read_back() {
        let text: Vec<u8> = (0..=255).cycle().take(400).collect();
        for length in 1..=60 {
            let mut out = Vec::new();
            let mut base64 = Base64::at_end(&out);
            for piece in text.chunks(length) {
                base64.push(&mut out, piece);
            }
            base64.finish(&mut out);
            let encoded = String::from_utf8(out).unwrap();
            assert!(encoded.lines().all(|line| line.len() <= LINE));
            assert!(encoded.ends_with("\r\n"));
            assert_eq!(STANDARD.decode(encoded.replace("\r\n", "")).unwrap(), text);
        }
    }
}
