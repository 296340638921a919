//! Puts into the documents of the crates what their structs cannot say.
//!
//! The crates write a skeleton in which a mark stands for each content. All
//! other text has been through [`clean`], which drops controls, so that a mark
//! in the skeleton can only be ours. Each content is thus copied once, from the
//! entry into the finished document.

use crate::feed::document::Document;
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
pub(crate) fn fill<'c>(
    skeleton: Vec<u8>,
    contents: impl Iterator<Item = &'c Html>,
) -> Document<'c> {
    let mut contents = contents.map(clean_html);
    let mut next = || contents.next().unwrap_or_default();
    let mut out = Document::over(skeleton);
    let mut done = 0;
    let marks: Vec<usize> = memchr::memchr3_iter(1, 2, 3, out.skeleton()).collect();
    for at in marks {
        out.push_skeleton(done..at);
        done = at + 1;
        match out.skeleton()[at] {
            1 => out.push_cdata(next()),
            2 => {
                out.push_fixed("<![CDATA[");
                out.push_cdata(next());
                out.push_fixed("]]>");
            }
            _ => out.push_fixed("&#x3C;"),
        }
    }
    out.push_skeleton(done..out.skeleton().len());
    if out.skeleton().last() != Some(&b'\n') {
        out.push_fixed("\n");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_contents_in_order() {
        let contents = ["one", "two ]]> three\u{1}"].map(Html::from);
        let filled = fill(
            b"<a>\x02</a><![CDATA[\x01]]><t>\x03b</t>".to_vec(),
            contents.iter(),
        );
        assert_eq!(
            String::from_utf8(filled.to_vec()).unwrap(),
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
