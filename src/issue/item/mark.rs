//! The numbers that items begin with: `1、`, `1．`, `1）`, `1.[`, `①`.

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::issue::document::Document;

/// A number at the begin of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The number.
    pub(crate) number: u64,
    /// What follows the digits, or the first circled number.
    pub(crate) sign: char,
    /// Length of number and sign in bytes.
    pub(crate) length: usize,
}

/// The mark that a line beginning with the event at `index` has, also inside
/// bold.
pub(crate) fn cjk(document: &Document, index: usize) -> Option<Mark> {
    let (at, text) = first_text(document, index)?;
    let mark = numbered(text)?;
    if matches!(mark.sign, '.' | ')') {
        let rest = &text[mark.length..];
        // In bold, where no list comes of it, a space may stand before the link.
        if at > index && rest.trim().is_empty() && is_link_after(document, at + 1) {
            return Some(mark);
        }
        let index = at;
        let link_follows = rest.is_empty()
            && matches!(
                document.event(index + 1),
                Some(Event::Start(Tag::Link { .. }))
            );
        // `[` is an event of its own where no link comes of it.
        let bracket_follows = rest.starts_with('[')
            || rest.is_empty()
                && matches!(document.event(index + 1), Some(Event::Text(words)) if words.starts_with('['));
        if !link_follows && !bracket_follows {
            return None;
        }
    }
    Some(mark)
}

/// The circled number that a line beginning with the event at `index` has.
pub(crate) fn circled(document: &Document, index: usize) -> Option<Mark> {
    let (_, text) = first_text(document, index)?;
    let first = text.chars().next()?;
    let number = match first {
        '①'..='⑳' => first as u32 - '①' as u32 + 1,
        '㉑'..='㉟' => first as u32 - '㉑' as u32 + 21,
        _ => return None,
    };
    Some(Mark {
        number: u64::from(number),
        sign: '①',
        length: first.len_utf8(),
    })
}

/// Whether a plain text begins with any mark.
pub(crate) fn begins(text: &str) -> bool {
    numbered(text).is_some() || matches!(text.chars().next(), Some('①'..='⑳' | '㉑'..='㉟'))
}

/// A mark at the begin of a plain text.
pub(crate) fn numbered(text: &str) -> Option<Mark> {
    let mut number = 0;
    let mut digits = 0;
    for (count, character) in text.chars().enumerate() {
        let Some(digit) = digit(character) else { break };
        if count == 3 {
            return None;
        }
        number = number * 10 + digit;
        digits += character.len_utf8();
    }
    let sign = text[digits..].chars().next().filter(|_| digits > 0)?;
    if !matches!(sign, '、' | '．' | '）' | '.' | ')') {
        return None;
    }
    Some(Mark {
        number,
        sign,
        length: digits + sign.len_utf8(),
    })
}

/// The value of a digit, also of a full-width one.
fn digit(character: char) -> Option<u64> {
    match character {
        '0'..='9' => Some(u64::from(character) - u64::from('0')),
        '０'..='９' => Some(u64::from(character) - u64::from('０')),
        _ => None,
    }
}

/// Whether a link follows, after the end of bold and spaces at most.
fn is_link_after(document: &Document, mut index: usize) -> bool {
    loop {
        match document.event(index) {
            Some(Event::Start(Tag::Link { .. })) => return true,
            Some(Event::End(TagEnd::Strong | TagEnd::Emphasis)) => index += 1,
            Some(Event::Text(words)) if words.trim().is_empty() => index += 1,
            _ => return false,
        }
    }
}

/// The first words of a line, which may stand in bold or emphasis.
fn first_text<'d>(document: &'d Document, mut index: usize) -> Option<(usize, &'d str)> {
    loop {
        match document.event(index)? {
            Event::Start(Tag::Strong | Tag::Emphasis) => index += 1,
            Event::Text(text) => return Some((index, text)),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_a_short_number_and_a_sign() {
        for (text, expected) in [
            ("1、甲", Some((1, '、', 4))),
            ("12.", Some((12, '.', 3))),
            ("１２、甲", Some((12, '、', 9))),
            ("2024、甲", None),
            ("、甲", None),
            ("1 甲", None),
            ("", None),
        ] {
            let found = numbered(text).map(|mark| (mark.number, mark.sign, mark.length));
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
