//! Puts into the documents of the crates what their structs cannot say.
//!
//! The crates write a skeleton in which a mark stands for each content. All
//! other text has been through [`clean`], which drops controls, so that a mark
//! in the skeleton can only be ours. Each content is thus copied once, from the
//! entry into the finished document.

use std::borrow::Cow;

use crate::feed::text::{clean, clean_html};
use crate::render::Html;

/// Stands for the next content; it must be inside a CDATA section.
pub(crate) const CONTENT: &str = "\u{1}";
/// Stands for the next content as a CDATA section of its own.
pub(crate) const CONTENT_SECTION: &str = "\u{2}";
/// Stands for `<` in a title: feed validators take `&lt;` there for markup.
pub(crate) const LESS_THAN: &str = "\u{3}";

/// A title whose `<` will be written as `&#x3C;`.
pub(crate) fn title(text: &str) -> String {
    clean(text).trim().replace('<', LESS_THAN)
}

/// The skeleton with its marks replaced, the contents in order.
pub(crate) fn fill<'c>(skeleton: &[u8], contents: impl Iterator<Item = &'c Html>) -> Vec<u8> {
    let contents: Vec<Cow<'_, str>> = contents.map(clean_html).collect();
    let length: usize = contents.iter().map(|content| content.len() + 32).sum();
    let mut out = Vec::with_capacity(skeleton.len() + length);
    let mut contents = contents.iter();
    let mut done = 0;
    for at in memchr::memchr3_iter(1, 2, 3, skeleton) {
        out.extend_from_slice(&skeleton[done..at]);
        done = at + 1;
        match skeleton[at] {
            1 => push_cdata(&mut out, contents.next().map_or("", |content| content)),
            2 => {
                out.extend_from_slice(b"<![CDATA[");
                push_cdata(&mut out, contents.next().map_or("", |content| content));
                out.extend_from_slice(b"]]>");
            }
            _ => out.extend_from_slice(b"&#x3C;"),
        }
    }
    out.extend_from_slice(&skeleton[done..]);
    if out.last() != Some(&b'\n') {
        out.push(b'\n');
    }
    out
}

/// Inserts attributes after the name of the root element, and gives the XML
/// declaration the encoding that it lacks.
pub(crate) fn mend_prolog(skeleton: &mut Vec<u8>, root: &str, attributes: &str) {
    let declaration = skeleton.iter().position(|&byte| byte == b'\n').unwrap_or(0);
    let start = format!("<{root}");
    let body = &skeleton[declaration..];
    let Some(found) = body
        .windows(start.len())
        .position(|window| window == start.as_bytes())
    else {
        return;
    };
    let rest = declaration + found + start.len();
    let prolog = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{start}{attributes}");
    skeleton.splice(..rest, prolog.into_bytes());
}

/// XML 1.0 §2.7: `]]>` ends the section, so it is divided between two.
fn push_cdata(out: &mut Vec<u8>, text: &str) {
    let mut done = 0;
    // One byte is found many times faster than three.
    for at in memchr::memchr_iter(b']', text.as_bytes()) {
        if text[at..].starts_with("]]>") {
            out.extend_from_slice(&text.as_bytes()[done..at]);
            out.extend_from_slice(b"]]]]><![CDATA[>");
            done = at + 3;
        }
    }
    out.extend_from_slice(&text.as_bytes()[done..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_contents_in_order() {
        let filled = fill(
            "<a>\u{2}</a><![CDATA[\u{1}]]><t>\u{3}b</t>".as_bytes(),
            ["one", "two ]]> three\u{1}"].map(Html::from).iter(),
        );
        assert_eq!(
            String::from_utf8(filled).unwrap(),
            "<a><![CDATA[one]]></a><![CDATA[two ]]]]><![CDATA[> three]]><t>&#x3C;b</t>\n"
        );
    }

    #[test]
    fn declaration_names_the_encoding() {
        let mut skeleton = b"<?xml version=\"1.0\"?>\n<feed xmlns=\"x\">".to_vec();
        mend_prolog(&mut skeleton, "feed", " a=\"b\"");
        assert_eq!(
            String::from_utf8(skeleton).unwrap(),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed a=\"b\" xmlns=\"x\">"
        );
    }
}
