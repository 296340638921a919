use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;

use crate::bounce::head::{ContentType, Head};

/// Reports have three parts; wrappers of lists and scanners add a few.
const MOST_PARTS: usize = 64;

/// A message or one part of it (RFC 2045 §2.4), not taken apart yet.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    pub(crate) head: Head,
    pub(crate) content: ContentType,
    body: &'a [u8],
}

impl<'a> Part<'a> {
    /// A message; `None` where it has no header.
    pub(crate) fn message(bytes: &'a [u8]) -> Option<Part<'a>> {
        let (head, body) = Head::read(bytes)?;
        Some(Part {
            content: head.content_type(),
            head,
            body,
        })
    }

    /// A part, which may begin with the empty line at once (RFC 2046 §5.1).
    fn inner(bytes: &'a [u8]) -> Part<'a> {
        let bare = bytes.starts_with(b"\n") || bytes.starts_with(b"\r\n");
        match Part::message(bytes).filter(|_| !bare) {
            Some(part) => part,
            None => {
                let head = Head::default();
                Part {
                    content: head.content_type(),
                    head,
                    body: bytes,
                }
            }
        }
    }

    /// The parts of a multipart, in order. One that is cut off is what is there
    /// of it.
    pub(crate) fn parts(&self) -> Vec<Part<'a>> {
        let boundary = self.content.boundary.as_deref();
        let Some(boundary) = boundary.filter(|_| self.content.main == "multipart") else {
            return Vec::new();
        };
        let mut parts = Vec::new();
        let mut begun: Option<usize> = None;
        let mut at = 0;
        while at < self.body.len() && parts.len() < MOST_PARTS {
            let end = self.body[at..].iter().position(|&byte| byte == b'\n');
            let next = end.map_or(self.body.len(), |end| at + end + 1);
            if let Some(last) = delimiter(&self.body[at..next], boundary.as_bytes()) {
                if let Some(begin) = begun {
                    parts.push(Part::inner(&self.body[begin..at]));
                }
                begun = Some(next);
                if last {
                    return parts;
                }
            }
            at = next;
        }
        if let Some(begin) = begun
            && parts.len() < MOST_PARTS
        {
            parts.push(Part::inner(&self.body[begin..]));
        }
        parts
    }

    /// The body, decoded. What was encoded badly is given as it is.
    pub(crate) fn body(&self) -> Cow<'a, [u8]> {
        let encoding = self.head.first("content-transfer-encoding");
        let decoded = match encoding.map(str::to_ascii_lowercase).as_deref() {
            Some("base64") => base64_decode(self.body),
            Some("quoted-printable") => quoted_printable_decode(self.body),
            _ => None,
        };
        decoded.map_or(Cow::Borrowed(self.body), Cow::Owned)
    }

    /// Whether this is the part of this type.
    pub(crate) fn is(&self, main: &str, sub: &str) -> bool {
        self.content.main == main && self.content.sub == sub
    }

    /// Whether this is a message that was returned, or its header.
    pub(crate) fn is_returned(&self) -> bool {
        match self.content.main.as_str() {
            "message" => matches!(
                self.content.sub.as_str(),
                "rfc822" | "global" | "global-headers" | "rfc822-headers"
            ),
            "text" => self.content.sub == "rfc822-headers",
            _ => false,
        }
    }
}

/// Whether a line parts two parts, and if so whether it is the last (RFC 2046
/// §5.1.1).
fn delimiter(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    let rest = rest.trim_ascii_end();
    match rest {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_also_where_the_end_is_cut_off() {
        let whole = concat!(
            "Content-Type: multipart/mixed; boundary=x\r\n\r\npreamble\r\n--x\r\n\r\none\r\n",
            "--xy\r\n--x  \r\nContent-Transfer-Encoding: BASE64\r\n\r\ndHdv\r\n--x--\r\n--x\r\nno",
        );
        let part = Part::message(whole.as_bytes()).unwrap();
        let bodies: Vec<Vec<u8>> = part.parts().iter().map(|p| p.body().into_owned()).collect();
        assert_eq!(bodies, [b"\r\none\r\n--xy\r\n".to_vec(), b"two".to_vec()]);
        let cut = &whole.as_bytes()[..whole.find("dHdv").unwrap() + 4];
        let cut = Part::message(cut).unwrap();
        assert_eq!(*cut.parts()[1].body(), *b"two");
    }
}
