//! Characters that nobody sees: reported, never dropped.
//!
//! What does its ordinary work is passed over: joiners inside emoji and in
//! scripts that need them, direction marks among letters of such scripts, and
//! no-break spaces where typography puts them.

use std::collections::BTreeMap;

use encoding_rs::Encoding;
use unicode_properties::UnicodeEmoji;

use crate::diagnostic::Diagnostic;

/// So many of one kind are pointed at in one file.
const SHOWN: usize = 10;

/// Adds a note for each invisible character of the text.
pub(crate) fn check(text: &str, diagnostics: &mut Vec<Diagnostic>) {
    let mut counts: BTreeMap<char, usize> = BTreeMap::new();
    let mut last: BTreeMap<char, usize> = BTreeMap::new();
    for start in places(text) {
        let mut rest = text[start..].chars();
        let Some((character, name)) = rest.next().and_then(|first| Some((first, name(first)?)))
        else {
            continue;
        };
        let end = start + character.len_utf8();
        if is_at_work(character, text[..start].chars().next_back(), rest.next()) {
            continue;
        }
        let count = counts.entry(character).or_default();
        *count += 1;
        if *count > SHOWN {
            continue;
        }
        last.insert(character, diagnostics.len());
        let code = u32::from(character);
        diagnostics.push(
            Diagnostic::note(
                "invisible-char",
                format!("U+{code:04X} ({name}) in the text"),
            )
            .at(start..end)
            .label("cannot be seen")
            .help("delete it if it came in by pasting; it is kept as it is"),
        );
    }
    for (character, count) in counts {
        if let Some(&index) = last.get(&character).filter(|_| count > SHOWN) {
            diagnostics[index].message += &format!(", and {} more of them", count - SHOWN);
        }
    }
}

/// Where a character may begin that has a [`name`]: at few bytes, so that most
/// characters need not be looked at.
fn places(text: &str) -> impl Iterator<Item = usize> {
    let may_begin = |byte| matches!(byte, 0xC2 | 0xE2 | 0xEE | 0xEF | 0xF3 | 0xF4);
    let bytes = text.as_bytes();
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + Encoding::ascii_valid_up_to(&bytes[from..]);
            let byte = *bytes.get(at)?;
            from = at + 1;
            if may_begin(byte) {
                return Some(at);
            }
        }
    })
}

fn name(character: char) -> Option<&'static str> {
    Some(match character {
        '\u{A0}' => "no-break space",
        '\u{200B}' => "zero width space",
        '\u{200C}' => "zero width non-joiner",
        '\u{200D}' => "zero width joiner",
        '\u{200E}' => "left-to-right mark",
        '\u{200F}' => "right-to-left mark",
        '\u{FEFF}' => "byte order mark",
        '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFD}' => "private use",
        _ => return None,
    })
}

fn is_at_work(character: char, before: Option<char>, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else {
        return false;
    };
    // Hebrew, Arabic and the scripts of India and Indochina.
    let needs_marks = |character: char| matches!(character, '\u{590}'..='\u{1CFF}');
    match character {
        '\u{200D}' if is_emoji_part(before) && is_emoji_part(after) => true,
        '\u{200C}'..='\u{200F}' => needs_marks(before) || needs_marks(after),
        '\u{A0}' => {
            matches!(before, '«' | '„' | '–' | '—' | '§' | '№')
                || matches!(after, '»' | ':' | ';' | '!' | '?' | '%' | '€' | '–' | '—')
                || before.is_ascii_digit()
        }
        _ => false,
    }
}

fn is_emoji_part(character: char) -> bool {
    !character.is_ascii()
        && (character == '\u{FE0F}' || character.is_emoji_char_or_emoji_component())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<(usize, usize)> {
        let mut diagnostics = Vec::new();
        check(text, &mut diagnostics);
        diagnostics
            .iter()
            .filter_map(|diagnostic| diagnostic.span)
            .map(|span| (span.start, span.end))
            .collect()
    }

    #[test]
    fn what_cannot_be_seen_is_reported_where_it_stands() {
        assert_eq!(codes("a\u{200B}b"), [(1, 4)]);
        assert_eq!(codes("é\u{FEFF}b \u{F8FF}"), [(2, 5), (7, 10)]);
        assert_eq!(codes("I\u{200D}/O"), [(1, 4)]);
        assert_eq!(codes("one\u{A0}two"), [(3, 5)]);
    }

    #[test]
    fn what_does_its_work_is_passed_over() {
        for text in [
            "👩\u{200D}💻",
            "🏳\u{FE0F}\u{200D}🌈",
            "می\u{200C}خواهم",
            "« bon\u{A0}»",
            "10\u{A0}km",
            "pourquoi\u{A0}?",
        ] {
            assert_eq!(codes(text), [], "{text}");
        }
    }

    #[test]
    fn many_of_a_kind_are_counted() {
        let mut diagnostics = Vec::new();
        check(&"a\u{200B}".repeat(25), &mut diagnostics);
        assert_eq!(diagnostics.len(), SHOWN);
        assert!(diagnostics[SHOWN - 1].message.ends_with("15 more of them"));
    }
}
