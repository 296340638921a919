//! The pieces of a mail's HTML, in order. Not a parser of documents: templates
//! are anybody's, so it takes anything, and what is not closed stays open.

use std::borrow::Cow;

/// A piece of HTML.
#[derive(Debug)]
pub(crate) enum Token<'h> {
    /// A start tag.
    Open(Tag<'h>),
    /// An end tag, by its name in lower case.
    Close(String),
    /// Text as written, references not resolved.
    Text(&'h str),
    /// What stands inside `style`.
    Style(&'h str),
}

/// A start tag.
#[derive(Debug)]
pub(crate) struct Tag<'h> {
    /// Name, in lower case.
    pub(crate) name: String,
    attributes: Vec<(String, Cow<'h, str>)>,
    /// Whether no end tag follows.
    pub(crate) is_void: bool,
}

impl<'h> Tag<'h> {
    /// The value of an attribute, its references resolved.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.attributes.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_ref())
    }

    /// Names in lower case, and values.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.attributes.iter();
        pairs.map(|(name, value)| (name.as_str(), value.as_ref()))
    }
}

/// Elements without content (HTML, 13.1.2).
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

/// The pieces of `html`. Comments are left out, and with them what stands in
/// conditional ones.
pub(crate) fn tokens(html: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = html;
    // The end of an element whose content is not markup.
    let mut raw: Option<&'static str> = None;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            if let Some(name) = raw.take() {
                let end = end_of(rest, name);
                let (content, after) = rest.split_at(end);
                rest = after;
                match name {
                    "style" => return Some(Token::Style(content)),
                    _ => continue,
                }
            }
            let Some(open) = rest.find('<') else {
                let text = std::mem::take(&mut rest);
                return Some(Token::Text(text));
            };
            let inside = &rest[open + 1..];
            let begins = inside.starts_with(|first: char| {
                first.is_ascii_alphabetic() || matches!(first, '/' | '!' | '?')
            });
            if open > 0 || !begins {
                let end = if begins { open } else { open + 1 };
                let (text, after) = rest.split_at(end);
                rest = after;
                return Some(Token::Text(text));
            }
            if let Some(comment) = inside.strip_prefix("!--") {
                rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
                continue;
            }
            let end = tag_end(inside);
            let inner = &inside[..end];
            rest = inside.get(end + 1..).unwrap_or_default();
            if inner.starts_with(['!', '?']) {
                continue;
            }
            if let Some(name) = inner.strip_prefix('/') {
                return Some(Token::Close(name.trim().to_ascii_lowercase()));
            }
            let tag = tag(inner);
            let own = ["style", "script", "title", "textarea"];
            raw = own.into_iter().find(|own| *own == tag.name);
            return Some(Token::Open(tag));
        }
    })
}

/// Where the end tag of `name` begins.
fn end_of(text: &str, name: &str) -> usize {
    let is_end = |at: usize| {
        let after = text.get(at + 2..at + 2 + name.len());
        after.is_some_and(|after| after.eq_ignore_ascii_case(name))
    };
    let mut ends = text.match_indices("</").map(|(at, _)| at);
    ends.find(|at| is_end(*at)).unwrap_or(text.len())
}

/// Where the `>` stands that is in no quotes.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
    }
    text.len()
}

fn tag(inner: &str) -> Tag<'_> {
    let inner = inner.trim_end_matches('/');
    let end = inner
        .find(|one: char| one.is_ascii_whitespace() || one == '/')
        .unwrap_or(inner.len());
    let (name, mut rest) = inner.split_at(end);
    let name = name.to_ascii_lowercase();
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|one: char| one.is_ascii_whitespace() || one == '/');
        if rest.is_empty() {
            break;
        }
        let end = rest
            .char_indices()
            .skip(1)
            .find(|(_, one)| one.is_ascii_whitespace() || matches!(one, '=' | '/'))
            .map_or(rest.len(), |(at, _)| at);
        let (key, after) = rest.split_at(end);
        let key = key.to_ascii_lowercase();
        let Some(value) = after.trim_start().strip_prefix('=') else {
            attributes.push((key, Cow::Borrowed("")));
            rest = after;
            continue;
        };
        let value = value.trim_start();
        let quoted = ['"', '\''].into_iter().find_map(|quote| {
            let inside = value.strip_prefix(quote)?;
            Some(inside.split_once(quote).unwrap_or((inside, "")))
        });
        let (value, after) = quoted.unwrap_or_else(|| {
            let end = value.find(|one: char| one.is_ascii_whitespace());
            value.split_at(end.unwrap_or(value.len()))
        });
        attributes.push((key, resolved(value)));
        rest = after;
    }
    Tag {
        is_void: VOID.contains(&name.as_str()),
        name,
        attributes,
    }
}

/// Text with the references resolved that escaping makes, and numeric ones.
pub(crate) fn resolved(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = rest.find(';').filter(|end| *end <= 10).and_then(|end| {
            let character = character(&rest[1..end])?;
            Some((character, end + 1))
        });
        let (character, used) = known.unwrap_or(('&', 1));
        out.push(character);
        rest = &rest[used..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn character(name: &str) -> Option<char> {
    let number = name.strip_prefix('#').and_then(|number| {
        let number = match number.strip_prefix(['x', 'X']) {
            Some(number) => u32::from_str_radix(number, 16),
            None => number.parse(),
        };
        char::from_u32(number.ok()?)
    });
    number.or(match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        "shy" => Some('\u{ad}'),
        "zwnj" => Some('\u{200c}'),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(html: &str) -> String {
        let tokens = tokens(html).map(|token| match token {
            Token::Open(tag) => {
                let attributes: Vec<String> = tag
                    .attributes()
                    .map(|(name, value)| format!(" {name}={value}"))
                    .collect();
                format!("<{}{}>", tag.name, attributes.concat())
            }
            Token::Close(name) => format!("</{name}>"),
            Token::Text(text) => format!("[{text}]"),
            Token::Style(text) => format!("{{{text}}}"),
        });
        tokens.collect::<Vec<String>>().concat()
    }

    #[test]
    fn markup_of_anybody_is_read() {
        let cases = [
            ("", ""),
            ("1 < 2", "[1 <][ 2]"),
            ("<P CLASS=a>x</P >", "<p class=a>[x]</p>"),
            ("<a href='x>y' b = \"1\" c>", "<a href=x>y b=1 c=>"),
            ("<br/><img src=a/b />", "<br><img src=a/b>"),
            ("<!doctype html><!-- <a> --><i>", "<i>"),
            ("<style>a>b{}</style>x", "<style>{a>b{}}</style>[x]"),
            ("<script>if(a<b)</script>", "<script></script>"),
            ("<a title=\"&lt;&#x3D;&amp;&x;\">", "<a title=<=&&x;>"),
            ("<a href=\"x", "<a href=x>"),
            ("<", "[<]"),
            ("<!--", ""),
            ("<style>", "<style>"),
        ];
        for (html, expected) in cases {
            assert_eq!(told(html), expected, "{html}");
        }
    }
}
