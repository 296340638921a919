//! Foreign HTML made shallow before a parser sees it: what sanitises it takes time
//! that grows with the square of the depth.

use std::borrow::Cow;

/// Elements deeper than this lose their tags and keep their content. No text that
/// is meant for readers comes near.
const DEPTH: usize = 100;

/// Elements whose end tag may be left out, or that have none: an opening one says
/// nothing of depth.
const UNCOUNTED: [&str; 26] = [
    "p", "li", "dt", "dd", "td", "th", "tr", "thead", "tbody", "tfoot", "option", "rt", "rp",
    "colgroup", "br", "hr", "img", "input", "link", "meta", "source", "wbr", "col", "area", "base",
    "track",
];

/// The HTML with no more than [`DEPTH`] elements inside each other.
pub(crate) fn flatten(html: &str) -> Cow<'_, str> {
    if html.matches('<').nth(DEPTH).is_none() {
        return Cow::Borrowed(html);
    }
    let mut out = String::new();
    let mut done = 0;
    let mut from = 0;
    let mut depth = 0_usize;
    let mut dropped = 0_usize;
    while let Some(at) = html[from..].find('<').map(|at| from + at) {
        from = at + 1;
        let inside = &html[from..];
        let closes = inside.starts_with('/');
        let name = inside[usize::from(closes)..]
            .split(|c: char| !c.is_ascii_alphanumeric())
            .next()
            .unwrap_or_default();
        let is_uncounted = UNCOUNTED
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other));
        if name.is_empty() || is_uncounted {
            continue;
        }
        let drop = match (closes, dropped) {
            (true, 0) => {
                depth = depth.saturating_sub(1);
                false
            }
            (true, _) => {
                dropped -= 1;
                true
            }
            (false, _) if depth >= DEPTH => {
                dropped += 1;
                true
            }
            (false, _) => {
                depth += 1;
                false
            }
        };
        if drop {
            let end = inside.find('>').map_or(html.len(), |end| from + end + 1);
            out.push_str(&html[done..at]);
            done = end;
            from = end;
        }
    }
    if done == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[done..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        format!("{}text{}", "<div>".repeat(levels), "</div>".repeat(levels))
    }

    #[test]
    fn html_of_any_use_is_left_alone() {
        let list = format!("<ul>{}</ul>", "<li>a".repeat(300));
        let breaks = "<b>a</b><br>".repeat(300);
        for html in [nested(DEPTH), list, breaks, "a < b".repeat(300)] {
            assert!(matches!(flatten(&html), Cow::Borrowed(_)), "{html}");
        }
    }

    #[test]
    fn deeper_elements_lose_their_tags_and_keep_their_text() {
        assert_eq!(flatten(&nested(100_000)), nested(DEPTH));
        let unclosed = flatten(&"<b>x".repeat(5_000)).into_owned();
        assert_eq!(unclosed.matches("<b>").count(), DEPTH);
        assert_eq!(unclosed.matches('x').count(), 5_000);
    }
}
