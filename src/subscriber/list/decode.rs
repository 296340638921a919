use std::borrow::Cow;

use encoding_rs::{CoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Takes a byte order mark away and turns UTF-16 into UTF-8. All else passes
/// as it is: [`text`] looks at it record by record.
pub(super) enum Decoder {
    /// Too little has come to see a byte order mark.
    Begin(Vec<u8>),
    /// Bytes as they are.
    Plain,
    /// UTF-16, told by its mark.
    Wide(Box<encoding_rs::Decoder>),
}

impl Decoder {
    pub(super) fn new() -> Decoder {
        Decoder::Begin(Vec::new())
    }

    /// Decodes a piece onto the end of `out`; `last` ends the input.
    pub(super) fn push(&mut self, bytes: &[u8], last: bool, out: &mut Vec<u8>) {
        match self {
            Decoder::Plain => out.extend_from_slice(bytes),
            Decoder::Wide(decoder) => wide(decoder, bytes, last, out),
            Decoder::Begin(held) => {
                held.extend_from_slice(bytes);
                if held.len() < 3 && !last {
                    return;
                }
                let held = std::mem::take(held);
                let (mut decoder, mark) = match held.as_slice() {
                    [0xEF, 0xBB, 0xBF, ..] => (Decoder::Plain, 3),
                    [0xFF, 0xFE, ..] => (Decoder::wide(UTF_16LE), 2),
                    [0xFE, 0xFF, ..] => (Decoder::wide(UTF_16BE), 2),
                    _ => (Decoder::Plain, 0),
                };
                decoder.push(&held[mark..], last, out);
                *self = decoder;
            }
        }
    }

    fn wide(encoding: &'static encoding_rs::Encoding) -> Decoder {
        Decoder::Wide(Box::new(encoding.new_decoder_without_bom_handling()))
    }
}

fn wide(decoder: &mut encoding_rs::Decoder, bytes: &[u8], last: bool, out: &mut Vec<u8>) {
    let mut rest = bytes;
    let mut piece = [0; 4096];
    loop {
        let (result, read, written, _) = decoder.decode_to_utf8(rest, &mut piece, last);
        out.extend_from_slice(&piece[..written]);
        rest = &rest[read..];
        if result == CoderResult::InputEmpty {
            return;
        }
    }
}

/// A record as text: UTF-8, or else Windows-1252, in which every byte is some
/// character.
pub(super) fn text(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => (WINDOWS_1252.decode_without_bom_handling(bytes).0, true),
    }
}
