//! Text that is safe to stand in XML: what goes into a document passes here.

use std::borrow::Cow;

use crate::render::{Html, first_unfit};

/// Text without what XML 1.0 §2.2 forbids or advises against (C0 and C1
/// controls, U+FFFE, U+FFFF), each line end as LF. Text without any of it, that
/// is nearly all, is not copied.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let Some(first) = first_unfit(text) else {
        return Cow::Borrowed(text);
    };
    let (sound, rest) = text.split_at(first);
    let mut out = String::with_capacity(text.len());
    out.push_str(sound);
    let mut characters = rest.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            // XML 1.0 §2.11: a reader makes LF of CR and of CR LF anyway.
            '\r' if characters.peek() == Some(&'\n') => {}
            '\r' => out.push('\n'),
            character if is_forbidden(character) => {}
            character => out.push(character),
        }
    }
    Cow::Owned(out)
}

/// The same for HTML, which mostly knows already that nothing is to be done.
pub(crate) fn clean_html(html: &Html) -> Cow<'_, str> {
    if html.is_fit() {
        return Cow::Borrowed(html);
    }
    clean(html)
}

/// Whether a character is one that [`clean`] drops.
pub(crate) fn is_forbidden(character: char) -> bool {
    matches!(character,
        '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether [`clean`] would drop a character (and not only mend line ends).
pub(crate) fn has_forbidden(text: &str) -> bool {
    first_unfit(text).is_some_and(|first| text[first..].chars().any(is_forbidden))
}

/// Plain text as HTML.
pub(crate) fn html_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for character in clean(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            character => out.push(character),
        }
    }
    out
}

/// Text for an XML attribute in double quotes.
pub(crate) fn attribute_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for character in clean(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#xA;"),
            '\t' => out.push_str("&#x9;"),
            character => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_forbids_is_dropped_and_nothing_else() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a\u{0}b\u{b}c\u{1f}d", "abcd"),
            ("a\u{85}b\u{9f}c\u{a0}d\u{7f}", "abc\u{a0}d"),
            (
                "a\u{fffe}b\u{ffff}c\u{fffd}，\u{feff}",
                "abc\u{fffd}，\u{feff}",
            ),
            ("one\r\ntwo\rthree\n\t", "one\ntwo\nthree\n\t"),
            ("🦄 emoji 中文 é", "🦄 emoji 中文 é"),
        ] {
            assert_eq!(clean(text), expected);
        }
    }

    #[test]
    fn sound_text_is_not_copied() {
        let long = "一二三，é\u{a0}abc ".repeat(100);
        assert!(matches!(clean(&long), Cow::Borrowed(_)));
    }

    #[test]
    fn a_forbidden_character_is_found_wherever_it_stands() {
        for place in 0..200 {
            for bad in ["\u{1}", "\u{85}", "\u{ffff}"] {
                let text = format!("{}{bad}{}", "x".repeat(place), "é".repeat(70));
                assert_eq!(clean(&text), text.replace(bad, ""), "at {place}");
            }
        }
    }
}
