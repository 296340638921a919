//! The tags of a piece of HTML, for checks. Not a parser of documents: it reads
//! what a renderer wrote, in one pass, and takes anything.

/// A start tag.
#[derive(Debug)]
pub(crate) struct Tag<'h> {
    /// Name as written.
    pub(crate) name: &'h str,
    attributes: &'h str,
}

/// The start tags in order.
pub(crate) fn tags(html: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            let open = memchr::memchr(b'<', rest.as_bytes())?;
            rest = &rest[open + 1..];
            if rest.starts_with("!--") {
                rest = rest.find("-->").map_or("", |end| &rest[end + 3..]);
                continue;
            }
            if !rest.starts_with(|first: char| first.is_ascii_alphabetic()) {
                continue;
            }
            let end = tag_end(rest);
            let tag = &rest[..end];
            rest = &rest[end..];
            let name = tag
                .find(|character: char| character.is_ascii_whitespace() || character == '/')
                .unwrap_or(tag.len());
            let (name, attributes) = tag.split_at(name);
            return Some(Tag { name, attributes });
        }
    })
}

impl<'h> Tag<'h> {
    /// Names and values of its attributes, values as written.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&'h str, &'h str)> + use<'h> {
        let mut rest = self.attributes;
        std::iter::from_fn(move || {
            rest = rest.trim_start_matches(|character: char| {
                character.is_ascii_whitespace() || character == '/'
            });
            if rest.is_empty() {
                return None;
            }
            // A stray `=` at the beginning is part of the name (HTML 13.2.5.32).
            let end = rest
                .char_indices()
                .skip(1)
                .find(|(_, character)| {
                    character.is_ascii_whitespace() || matches!(character, '=' | '/')
                })
                .map_or(rest.len(), |(at, _)| at);
            let (name, after) = rest.split_at(end);
            let after = after.trim_start();
            let Some(value) = after.strip_prefix('=') else {
                rest = after;
                return Some((name, ""));
            };
            let value = value.trim_start();
            let quote = value
                .chars()
                .next()
                .filter(|first| matches!(first, '"' | '\''));
            let (value, after) = match quote {
                Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
                None => value.split_at(
                    value
                        .find(|character: char| character.is_ascii_whitespace())
                        .unwrap_or(value.len()),
                ),
            };
            rest = after;
            Some((name, value))
        })
    }
}

/// The byte of the `>` that ends a tag, quoted ones not counted.
fn tag_end(tag: &str) -> usize {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    tag.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_attributes_are_found_whatever_is_written() {
        let html =
            "<p>a < b <!-- <i> --><a href='x>y' title=\"q\" hidden data-a = z>t</a><br/><img src=";
        let found: Vec<(&str, Vec<(&str, &str)>)> = tags(html)
            .map(|tag| (tag.name, tag.attributes().collect()))
            .collect();
        assert_eq!(
            found,
            [
                ("p", vec![]),
                (
                    "a",
                    vec![
                        ("href", "x>y"),
                        ("title", "q"),
                        ("hidden", ""),
                        ("data-a", "z")
                    ]
                ),
                ("br", vec![]),
                ("img", vec![("src", "")]),
            ]
        );
    }
}
