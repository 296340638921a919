//! The words and links of raw HTML.

use pulldown_cmark::{Event, Parser};

use crate::render::raw::attribute_value;

/// What a piece of raw HTML says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Words, entities resolved.
    Text(String),
    /// The start of a link, with its address.
    Link(String),
    /// The end of a link.
    LinkEnd,
    /// Words that stand for an image.
    Image(String),
    /// Something shown in a frame, by its address.
    Frame(String),
    /// A line end.
    Break,
    /// The start or the end of a block.
    Block,
    /// The start (true) or the end of what is not for readers.
    Hidden(bool),
}

/// Takes HTML apart. It may be one tag of an inline run or a whole block.
pub(crate) fn pieces(html: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        push_text(&mut pieces, &rest[..at]);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let Some(end) = end_of_tag(rest) else {
            push_text(&mut pieces, rest);
            return pieces;
        };
        push_tag(&mut pieces, &rest[1..end]);
        rest = &rest[end + 1..];
    }
    push_text(&mut pieces, rest);
    pieces
}

/// The place of the `>` that ends the tag a text begins with; `None` when it
/// begins with no tag.
fn end_of_tag(text: &str) -> Option<usize> {
    let second = text.as_bytes().get(1)?;
    if !second.is_ascii_alphabetic() && !matches!(second, b'/' | b'!' | b'?') {
        return None;
    }
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

fn push_tag(pieces: &mut Vec<Piece>, tag: &str) {
    let closes = tag.starts_with('/');
    let name: String = tag[usize::from(closes)..]
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let attribute = |name| attribute_value(tag, name).map(decoded).unwrap_or_default();
    match (name.as_str(), closes) {
        ("script" | "style" | "textarea" | "select" | "noscript" | "title", _) => {
            pieces.push(Piece::Hidden(!closes));
        }
        ("a", true) => pieces.push(Piece::LinkEnd),
        ("a", false) => pieces.push(Piece::Link(attribute("href"))),
        ("img", _) => pieces.push(Piece::Image(attribute("alt"))),
        ("iframe" | "video" | "audio" | "embed", false) => {
            pieces.push(Piece::Frame(attribute("src")))
        }
        ("br", _) => pieces.push(Piece::Break),
        ("td" | "th", false) => pieces.push(Piece::Text(" ".to_owned())),
        (
            "p" | "div" | "li" | "ul" | "ol" | "tr" | "table" | "h1" | "h2" | "h3" | "h4" | "h5"
            | "h6" | "blockquote" | "pre" | "hr" | "details" | "summary" | "center" | "dt" | "dd"
            | "figure" | "figcaption",
            _,
        ) => pieces.push(Piece::Block),
        _ => {}
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(decoded(text)));
    }
}

/// A text with its entities resolved.
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(34).position(|byte| byte == b';');
        let entity = end.map_or("&", |end| &rest[..=end]);
        // The Markdown parser holds the table of all names.
        let mut events = Parser::new(entity);
        match (entity.len() > 2, events.nth(1)) {
            (true, Some(Event::Text(text))) => out.push_str(&text),
            _ => out.push_str(entity),
        }
        rest = &rest[entity.len()..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_links_are_found() {
        let text = |text: &str| Piece::Text(text.to_owned());
        let cases: &[(&str, &[Piece])] = &[
            (
                "<a href='https://example.org/?a=1&amp;b'>x &eacute;&#33; &nope; & y</a>",
                &[
                    Piece::Link("https://example.org/?a=1&b".to_owned()),
                    text("x é! &nope; & y"),
                    Piece::LinkEnd,
                ],
            ),
            ("a<!-- no -->b<br/>", &[text("a"), text("b"), Piece::Break]),
            (
                "<IMG alt=\"a > b\" src=x>",
                &[Piece::Image("a > b".to_owned())],
            ),
            ("1 < 2", &[text("1 "), text("< 2")]),
            ("<!-- open", &[]),
        ];
        for (html, expected) in cases {
            assert_eq!(&pieces(html), expected, "{html}");
        }
    }
}
