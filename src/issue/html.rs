//! A small tolerant scanner of raw HTML: the tags and their attributes, as far
//! as counting links, images and anchors needs.
//!
//! No parser of documents: it knows no nesting, and comments are skipped. Time
//! and memory are linear in the text.

use std::borrow::Cow;

/// A tag as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HtmlTag<'s> {
    /// The first byte, counted from the begin of the scanned text.
    pub(crate) start: usize,
    /// One past its last byte.
    pub(crate) end: usize,
    /// Its name as written.
    pub(crate) name: &'s str,
    /// Whether it is `</name>`.
    pub(crate) closing: bool,
    attributes: &'s str,
}

/// The tags of a text in order.
pub(crate) fn tags(html: &str) -> Tags<'_> {
    Tags { html, at: 0 }
}

/// See [`tags`].
pub(crate) struct Tags<'s> {
    html: &'s str,
    at: usize,
}

impl<'s> Iterator for Tags<'s> {
    type Item = HtmlTag<'s>;

    fn next(&mut self) -> Option<HtmlTag<'s>> {
        loop {
            let start = self.at + self.html[self.at..].find('<')?;
            let rest = &self.html[start..];
            if let Some(comment) = rest.strip_prefix("<!--") {
                // An unfinished comment hides all that follows.
                self.at = start + 4 + comment.find("-->")? + 3;
                continue;
            }
            let closing = rest.starts_with("</");
            let name_start = start + 1 + usize::from(closing);
            let name_length = self.html[name_start..]
                .bytes()
                .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
                .count();
            if name_length == 0 {
                self.at = name_start;
                continue;
            }
            let inside = name_start + name_length;
            let length = tag_length(&self.html[inside..])?;
            self.at = inside + length + 1;
            return Some(HtmlTag {
                start,
                end: self.at,
                name: &self.html[name_start..inside],
                closing,
                attributes: &self.html[inside..inside + length],
            });
        }
    }
}

impl<'s> HtmlTag<'s> {
    /// Whether it has this name.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value of an attribute, entities resolved; `Some("")` when it is
    /// there without a value.
    pub(crate) fn attribute(&self, name: &str) -> Option<Cow<'s, str>> {
        let mut rest = self.attributes;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            let length = rest
                .find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '/'))
                .unwrap_or(rest.len());
            if rest.is_empty() {
                return None;
            }
            // A stray `=` is no name; step over it.
            let found = &rest[..length];
            rest = rest[length..].trim_start();
            let mut value = "";
            if let Some(after) = rest.strip_prefix('=') {
                (value, rest) = attribute_value(after.trim_start());
            }
            if found.eq_ignore_ascii_case(name) {
                return Some(unescape(value));
            }
        }
    }
}

/// Bytes up to the `>` that ends a tag; a `>` in quotes is part of a value.
fn tag_length(inside: &str) -> Option<usize> {
    let bytes = inside.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'>' => return Some(at),
            quote @ (b'"' | b'\'') if at > 0 && follows_equals(&bytes[..at]) => {
                // Without a closing quote it is an ordinary character.
                let closing = bytes[at + 1..].iter().position(|byte| *byte == quote);
                at += 1 + closing.map_or(0, |length| length + 1);
            }
            _ => at += 1,
        }
    }
    None
}

fn follows_equals(before: &[u8]) -> bool {
    before.trim_ascii_end().last() == Some(&b'=')
}

/// Splits a value from what follows it.
fn attribute_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(after) = text.strip_prefix(quote)
            && let Some((value, rest)) = after.split_once(quote)
        {
            return (value, rest);
        }
    }
    let end = text
        .find(|c: char| c.is_ascii_whitespace())
        .unwrap_or(text.len());
    text.split_at(end)
}

/// The entities that addresses and short texts are written with.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = text.to_owned();
    for (entity, character) in [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ] {
        if plain.contains(entity) {
            plain = plain.replace(entity, character);
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(html: &str, name: &str) -> Vec<String> {
        tags(html)
            .filter_map(|tag| tag.attribute(name))
            .map(Cow::into_owned)
            .collect()
    }

    #[test]
    fn attributes_are_read_however_they_are_quoted() {
        for (html, expected) in [
            (
                r#"<a href="https://example.com/?a=1&amp;b=2">x</a>"#,
                "https://example.com/?a=1&b=2",
            ),
            ("<A HREF='/x'>", "/x"),
            ("<a class=big href=/x>", "/x"),
            ("<a\n  title=\"a > b\"\n  href = \"/x\" />", "/x"),
            ("<!-- <a href=\"/hidden\"> --><a href=/x>", "/x"),
            ("a < b <a href=/x>", "/x"),
            ("<a title=\"open href=/x>", "/x"),
        ] {
            assert_eq!(attributes(html, "href"), [expected], "{html}");
        }
    }

    #[test]
    fn unfinished_tags_and_comments_end_the_scan() {
        assert_eq!(tags("<a href=\"x\"").count(), 0);
        assert_eq!(tags("<b><!-- <a> <a> ").count(), 1);
        assert_eq!(tags(&"<a ".repeat(50_000)).count(), 0);
        assert_eq!(tags(&"<a x=\"".repeat(50_000)).count(), 0);
    }
}
