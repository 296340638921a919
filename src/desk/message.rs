//! Views of a message that are no sheet: inbox lines, plain text, parts and
//! headers.

use serde::Serialize;

use crate::desk::app::App;
use crate::desk::bars::{grouped, kilobytes};
use crate::desk::{Proof, inbox};

/// Characters of a part that are shown; nobody reads more of an encoded one.
const SHOWN: usize = 60_000;

#[derive(Serialize)]
struct Page<'a> {
    inbox: Vec<inbox::Line>,
    text: Vec<Piece>,
    headers: Vec<Header>,
    parts: Vec<RawPart>,
    kind: &'a str,
    size: String,
    lines: String,
}

/// A stretch of plain text: words, or an address that may break anywhere.
#[derive(Serialize)]
struct Piece {
    text: String,
    link: bool,
}

#[derive(Serialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Serialize)]
struct RawPart {
    name: String,
    size: String,
    body: String,
    more: String,
}

impl App {
    /// One of these views as a part of a page.
    pub(super) fn message_html(&self, kind: &str, proof: &Proof) -> String {
        let raw = String::from_utf8_lossy(&proof.message);
        let (head, body) = raw.split_once("\r\n\r\n").unwrap_or((&raw, ""));
        self.pages.fill(
            "view",
            &Page {
                inbox: match kind {
                    "inbox" => inbox::lines(proof),
                    _ => Vec::new(),
                },
                text: match kind {
                    "text" => pieces(&proof.text),
                    _ => Vec::new(),
                },
                headers: headers(head),
                parts: match kind {
                    "raw" => parts(head, body),
                    _ => Vec::new(),
                },
                kind,
                size: kilobytes(proof.message.len()),
                lines: grouped(proof.text.lines().count() as u64),
            },
        )
    }
}

/// Fields with their folded lines as they are.
fn headers(head: &str) -> Vec<Header> {
    let mut fields: Vec<Header> = Vec::new();
    for line in head.split("\r\n") {
        match (line.starts_with([' ', '\t']), fields.last_mut()) {
            (true, Some(last)) => {
                last.value.push('\n');
                last.value.push_str(line.trim_start());
            }
            _ => {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                fields.push(Header {
                    name: name.to_owned(),
                    value: value.trim_start().to_owned(),
                });
            }
        }
    }
    fields
}

/// The parts of a multipart message, or its one part.
fn parts(head: &str, body: &str) -> Vec<RawPart> {
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let boundary = unfolded.split("boundary=").nth(1).map(|rest| {
        let rest = rest.trim_start_matches('"');
        let end = rest.find(['"', ';', '\r', '\n']).unwrap_or(rest.len());
        rest[..end].to_owned()
    });
    let part = |text: &str| {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or(("", text));
        let field = |name: &str| {
            let line = head.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name)
                    .then(|| value.trim().to_owned())
            });
            line.unwrap_or_default()
        };
        let kind = field("Content-Type");
        let encoding = field("Content-Transfer-Encoding");
        let names = [kind, encoding].into_iter().filter(|name| !name.is_empty());
        let names: Vec<String> = names.collect();
        let end = body
            .char_indices()
            .nth(SHOWN)
            .map_or(body.len(), |(at, _)| at);
        RawPart {
            name: names.join(" · "),
            size: kilobytes(body.len()),
            more: match body.len() - end {
                0 => String::new(),
                more => kilobytes(more),
            },
            body: body[..end].replace("\r\n", "\n"),
        }
    };
    match boundary {
        Some(boundary) => {
            let delimiter = format!("--{boundary}");
            let inner = body.split(delimiter.as_str()).skip(1);
            let inner = inner.filter(|text| !text.starts_with("--"));
            inner
                .map(|text| part(text.trim_start_matches("\r\n")))
                .collect()
        }
        None => vec![part(&format!("\r\n\r\n{body}"))],
    }
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("https://").or_else(|| rest.find("http://")) {
        let link = &rest[at..];
        let end = link
            .find(|one: char| one.is_whitespace())
            .unwrap_or(link.len());
        for (text, link) in [(&rest[..at], false), (&link[..end], true)] {
            pieces.push(Piece {
                text: text.to_owned(),
                link,
            });
        }
        rest = &rest[at + end..];
    }
    pieces.push(Piece {
        text: rest.to_owned(),
        link: false,
    });
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_shown_by_its_parts() {
        let head = "Subject: a\r\n b\r\nContent-Type: multipart/alternative;\r\n boundary=\"x=_1\"";
        let body = "--x=_1\r\nContent-Type: text/plain\r\n\r\nplain\r\n--x=_1\r\nContent-Type: \
                    text/html\r\n\r\n<p>\r\n--x=_1--\r\n";
        let fields = headers(head);
        assert_eq!(fields[0].value, "a\nb");
        let parts = parts(head, body);
        let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["text/plain", "text/html"]);
        assert_eq!(parts[0].body, "plain\n");
    }

    #[test]
    fn addresses_in_plain_text_are_told_from_words() {
        let found = pieces("see https://example.org/a b\nhttp://x.test");
        let links: Vec<&str> = found
            .iter()
            .filter(|piece| piece.link)
            .map(|piece| piece.text.as_str())
            .collect();
        assert_eq!(links, ["https://example.org/a", "http://x.test"]);
        let whole: String = found.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(whole, "see https://example.org/a b\nhttp://x.test");
    }
}
