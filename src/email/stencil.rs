//! A part of a message, encoded but for the values of its recipient.
//!
//! What is the same for all recipients is encoded once. A value is encoded where
//! it is put, and what follows it is taken as it is from the next line on: in
//! quoted-printable from the next line end of the text, in base64 from the next
//! octet at which three begin.

use std::borrow::Cow;

use crate::email::base64::Base64;
use crate::email::clean::clean_body;
use crate::email::quoted::{LINE, Quoted};
use crate::render::{Slotted, Value};

/// Text behind a value is encoded anew up to its line end, but never more than
/// this: then the encoded line is broken.
const ANEW: usize = 1024;
/// Shorter texts between two values are not worth three forms.
const SHORT: usize = 120;

/// How a part is encoded (RFC 2045 §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    SevenBit,
    Quoted,
    Base64,
}

impl Coding {
    /// The value of Content-Transfer-Encoding.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Coding::SevenBit => "7bit",
            Coding::Quoted => "quoted-printable",
            Coding::Base64 => "base64",
        }
    }
}

/// An encoded part with places for values.
#[derive(Debug)]
pub(crate) struct Stencil {
    /// How it is encoded.
    pub(crate) coding: Coding,
    pieces: Vec<Piece>,
    /// Octets of the part without values.
    length: usize,
}

/// A text and the value behind it; the last has none.
#[derive(Debug)]
struct Piece {
    text: Literal,
    value: Option<Value>,
}

#[derive(Debug)]
enum Literal {
    /// Goes out as it is.
    Plain(Vec<u8>),
    Quoted {
        /// Not encoded: how it is broken depends on what stands before it.
        anew: Vec<u8>,
        /// Whether the line goes on behind it.
        broken: bool,
        rest: Vec<u8>,
        /// Where the writing stands at the end of `rest`, counted from its
        /// beginning.
        end: Quoted,
    },
    Base64 {
        text: Vec<u8>,
        /// From the first, second and third octet on; none where the text is
        /// short.
        from: [Option<Encoded>; 3],
    },
}

#[derive(Debug)]
struct Encoded {
    bytes: Vec<u8>,
    /// Where its last line begins.
    line: usize,
    /// Octets at the end that make no three.
    held: Vec<u8>,
}

impl Stencil {
    /// The part in the shortest encoding that is 7-bit and keeps lines short.
    pub(crate) fn new(part: &Slotted) -> Stencil {
        let texts = texts(part);
        if let [(text, None)] = &texts[..]
            && is_plain(text)
        {
            return Stencil::with(Coding::SevenBit, texts);
        }
        let base64 = Stencil::with(Coding::Base64, texts.clone());
        let quoted = Stencil::with(Coding::Quoted, texts);
        if quoted.length <= base64.length {
            quoted
        } else {
            base64
        }
    }

    /// The part in an encoding that can say anything.
    #[cfg(test)]
    pub(crate) fn encoded(part: &Slotted, coding: Coding) -> Stencil {
        Stencil::with(coding, texts(part))
    }

    fn with(coding: Coding, texts: Vec<(Vec<u8>, Option<Value>)>) -> Stencil {
        let mut pieces = Vec::with_capacity(texts.len());
        for (text, value) in texts {
            let first = pieces.is_empty();
            let text = match coding {
                Coding::SevenBit => Literal::Plain(text),
                Coding::Quoted => Literal::quoted(text, first),
                Coding::Base64 => Literal::base64(text, first),
            };
            pieces.push(Piece { text, value });
        }
        let mut stencil = Stencil {
            coding,
            pieces,
            length: 0,
        };
        let mut empty = Vec::new();
        stencil.fill(&mut empty, |_| Cow::Borrowed(""));
        stencil.length = empty.len();
        stencil
    }

    /// Octets of the part without values.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Appends the encoded part with its values, which end no line but by CR LF
    /// and have no other control character than the tab.
    pub(crate) fn fill<'v>(&self, out: &mut Vec<u8>, value: impl Fn(&Value) -> Cow<'v, str>) {
        let mut quoted = Quoted::at_end(out);
        let mut base64 = Base64::at_end(out);
        for piece in &self.pieces {
            piece.text.put(out, &mut quoted, &mut base64);
            let Some(slot) = &piece.value else { continue };
            let value = value(slot);
            match self.coding {
                Coding::SevenBit => out.extend_from_slice(value.as_bytes()),
                Coding::Quoted => quoted.push(out, value.as_bytes()),
                Coding::Base64 => base64.push(out, value.as_bytes()),
            }
        }
        if self.coding == Coding::Base64 {
            base64.finish(out);
        }
    }
}

impl Literal {
    fn quoted(mut text: Vec<u8>, first: bool) -> Literal {
        let line_end = text.windows(2).position(|two| two == b"\r\n");
        let line = line_end.map_or(text.len(), |at| at + 2);
        let (anew, broken) = match (first, line) {
            (true, _) => (0, false),
            (false, line) if line <= ANEW => (line, false),
            (false, _) => (ANEW, true),
        };
        let rest = text.split_off(anew);
        let mut encoded = Vec::with_capacity(rest.len() + rest.len() / 8);
        let mut end = Quoted::at_end(&encoded);
        end.push(&mut encoded, &rest);
        Literal::Quoted {
            anew: text,
            broken,
            rest: encoded,
            end,
        }
    }

    fn base64(text: Vec<u8>, first: bool) -> Literal {
        let from = [0, 1, 2].map(|from| {
            let needed = text.len() > SHORT && !(first && from > 0);
            needed.then(|| {
                let (threes, held) = text[from..].split_at((text.len() - from) / 3 * 3);
                let mut bytes = Vec::new();
                let mut base64 = Base64::at_end(&bytes);
                base64.push(&mut bytes, threes);
                Encoded {
                    bytes,
                    line: base64.line,
                    held: held.to_vec(),
                }
            })
        });
        Literal::Base64 { text, from }
    }

    fn put(&self, out: &mut Vec<u8>, quoted: &mut Quoted, base64: &mut Base64) {
        match self {
            Literal::Plain(text) => out.extend_from_slice(text),
            Literal::Quoted {
                anew,
                broken,
                rest,
                end,
            } => {
                quoted.push(out, anew);
                if *broken {
                    quoted.soft_break(out);
                }
                if !rest.is_empty() {
                    let at = out.len();
                    out.extend_from_slice(rest);
                    *quoted = Quoted {
                        line: at + end.line,
                        last: at + end.last,
                    };
                }
            }
            Literal::Base64 { text, from } => {
                let missing = base64.missing();
                let Some(encoded) = &from[missing] else {
                    base64.push(out, text);
                    return;
                };
                base64.push(out, &text[..missing]);
                base64.line_break(out);
                let at = out.len();
                out.extend_from_slice(&encoded.bytes);
                base64.line = at + encoded.line;
                base64.hold(&encoded.held);
            }
        }
    }
}

/// Clean texts with the values behind them. The last line ends too.
fn texts(part: &Slotted) -> Vec<(Vec<u8>, Option<Value>)> {
    let mut texts: Vec<(Vec<u8>, Option<Value>)> = part
        .pieces()
        .map(|(text, value)| (clean_body(text).into_owned().into_bytes(), value.cloned()))
        .collect();
    if let Some((last, _)) = texts.last_mut()
        && !last.ends_with(b"\r\n")
    {
        last.extend_from_slice(b"\r\n");
    }
    texts
}

/// Whether a text may go out as it is.
fn is_plain(text: &[u8]) -> bool {
    text.is_ascii()
        && text
            .split(|&byte| byte == b'\n')
            .all(|line| line.len() <= LINE + 1)
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;
    use proptest::prelude::*;

    use super::*;

    /// Values and texts that break what is encoded carelessly.
    fn text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-z =]{0,40}",
            any::<String>(),
            Just("\r\n".to_owned()),
            Just(" \n".to_owned()),
            Just("\t\r".to_owned()),
            Just("\u{0}\u{feff}\u{85}".to_owned()),
            Just("=3D=\r\n".to_owned()),
            Just("👩‍🚀漢字\u{202e}".to_owned()),
            (1_usize..200).prop_map(|count| "x".repeat(count)),
            (1_usize..40).prop_map(|count| "é".repeat(count)),
            Just("word ".repeat(400)),
            Just("0123456789".repeat(1000)),
        ];
        proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
    }

    fn check(pieces: &[(String, String)], coding: Coding) -> Result<(), TestCaseError> {
        let values: Vec<String> = pieces
            .iter()
            .map(|(_, value)| clean_body(value).into_owned())
            .collect();
        let slot = |at: usize| Some(crate::render::Value::Attribute(at.to_string()));
        let texts = pieces.iter().enumerate();
        let part = Slotted::of(texts.map(|(at, (text, _))| (text.as_str(), slot(at))));
        let stencil = Stencil::encoded(&part, coding);
        let mut out = Vec::new();
        stencil.fill(&mut out, |value| {
            let crate::render::Value::Attribute(name) = value else {
                return Cow::Borrowed("");
            };
            let at: usize = name.parse().unwrap();
            Cow::Borrowed(values[at].as_str())
        });
        let encoded = String::from_utf8(out).unwrap();
        prop_assert!(encoded.is_ascii());
        prop_assert!(!encoded.replace("\r\n", "").contains(['\r', '\n']));
        for line in encoded.split("\r\n") {
            prop_assert!(line.len() <= LINE, "{}", line);
            prop_assert!(!line.ends_with([' ', '\t']), "{:?}", line);
        }
        let mut expected: String = pieces
            .iter()
            .map(|(text, value)| clean_body(text).into_owned() + &clean_body(value))
            .collect();
        expected.push_str("\r\n");
        let name = coding.name();
        let message = format!(
            "Content-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: {name}\r\n\r\n{encoded}"
        );
        let parsed = MessageParser::new().parse(message.as_bytes()).unwrap();
        let decoded = parsed.parts[0].text_contents().unwrap();
        prop_assert_eq!(decoded, expected);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn a_filled_part_decodes_to_its_texts_and_values(
            pieces in proptest::collection::vec((text(), text()), 0..5)
        ) {
            check(&pieces, Coding::Quoted)?;
            check(&pieces, Coding::Base64)?;
        }
    }

    #[test]
    fn a_value_is_encoded_as_the_whole_text_would_be() {
        let text = "Grüße an alle, die dies lesen; es ist ein langer Satz für eine Zeile.\n";
        for value in ["", "x", "Zoë", &"y".repeat(99)] {
            let slot = crate::render::Value::Name;
            let part = Slotted::of([(text, Some(slot)), (", and on.\nNext =\n", None)]);
            let mut filled = Vec::new();
            let stencil = Stencil::encoded(&part, Coding::Quoted);
            stencil.fill(&mut filled, |_| Cow::Borrowed(value));
            let whole = format!("{text}{value}, and on.\nNext =\n");
            let mut expected = Vec::new();
            let stencil = Stencil::encoded(&Slotted::of([(&*whole, None)]), Coding::Quoted);
            stencil.fill(&mut expected, |_| Cow::Borrowed(""));
            assert_eq!(filled, expected, "{value}");
        }
    }
}
