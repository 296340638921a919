//! What follows the link of an item's first line: a language, a byline, a
//! remark in brackets, a description; or further words of the title.

use crate::issue::emoji;
use crate::issue::rules::Rules;

/// What the words after a leading link are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) language: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) byline: Option<String>,
    pub(crate) suffix: Option<String>,
    /// Where the description begins.
    pub(crate) description: Option<usize>,
    /// Whether the words go on with the title: it is then the whole line.
    pub(crate) is_title: bool,
}

/// Whether the words after a link are no more than marks, languages and the
/// like.
pub(crate) fn is_bare(text: &str, rules: &Rules) -> bool {
    let tail = read(text, rules);
    !tail.is_title && tail.description.is_none() && tail.suffix.is_none() && tail.byline.is_none()
}

/// Reads the words after a link; offsets count in `text`.
pub(crate) fn read(text: &str, rules: &Rules) -> Tail {
    let mut tail = Tail::default();
    let mut at = 0;
    loop {
        at += skip_space(&text[at..]);
        let rest = &text[at..];
        if is_punctuation(rest) {
            return tail;
        }
        if let Some((inner, length)) = bracketed(rest) {
            let inner = inner.trim();
            if let Some(language) = rules.language(inner) {
                tail.language.get_or_insert_with(|| language.to_owned());
            } else if is_advertisement(inner) {
                tail.tags.push(inner.to_lowercase());
            } else if is_meta(&rest[..length], rules) || tail.suffix.is_some() {
                tail.description = Some(at);
                return tail;
            } else {
                tail.suffix = Some(inner.to_owned()).filter(|inner| !inner.is_empty());
            }
            at += length;
            continue;
        }
        if let Some((inner, length)) = tag(rest)
            && let Some(language) = rules.language(inner)
        {
            tail.language.get_or_insert_with(|| language.to_owned());
            at += length;
            continue;
        }
        if let Some((byline, length)) = byline(rest) {
            tail.byline = Some(byline.to_owned());
            at += length;
            continue;
        }
        if let Some(length) = separator(text, at) {
            tail.description = Some(at + length);
        } else if tail.language.is_some() || tail.byline.is_some() || !tail.tags.is_empty() {
            tail.description = Some(at);
        } else {
            tail.is_title = true;
            tail.suffix = None;
        }
        return tail;
    }
}

/// A tag in brackets at the begin of a text, with its length.
pub(crate) fn tag(text: &str) -> Option<(&str, usize)> {
    let close = match text.chars().next()? {
        '[' => ']',
        '［' => '］',
        '【' => '】',
        _ => return None,
    };
    let open = text.chars().next()?.len_utf8();
    let end = text[open..].find(['[', ']', '［', '］', '【', '】'])? + open;
    let inner = text[open..end].trim();
    // A tag is a word or two, not a sentence.
    if !text[end..].starts_with(close) || inner.is_empty() || inner.chars().count() > 40 {
        return None;
    }
    Some((inner, end + close.len_utf8()))
}

/// The bracketed text that a text begins with, and its length with brackets.
pub(crate) fn bracketed(text: &str) -> Option<(&str, usize)> {
    if !text.starts_with(['(', '（']) {
        return None;
    }
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, character) in text.char_indices() {
        match character {
            '(' | '（' => {
                depth += 1;
                if depth == 1 {
                    start = at + character.len_utf8();
                }
            }
            ')' | '）' => {
                depth -= 1;
                if depth == 0 {
                    return Some((&text[start..at], at + character.len_utf8()));
                }
            }
            _ => {}
        }
    }
    None
}

/// Length of white space and emoji at the begin.
fn skip_space(text: &str) -> usize {
    let spaces = text.len() - text.trim_start().len();
    spaces + emoji::leading(&text[spaces..])
}

/// Whether nothing is left but marks and emoji.
fn is_punctuation(text: &str) -> bool {
    !text.chars().any(char::is_alphanumeric) && !text.contains(['(', '（'])
}

fn is_advertisement(word: &str) -> bool {
    [
        "ad",
        "ads",
        "sponsored",
        "sponsor",
        "广告",
        "廣告",
        "広告",
        "광고",
    ]
    .iter()
    .any(|known| word.eq_ignore_ascii_case(known))
}

/// Whether a bracket holds stars or a credit, which are facts of their own.
fn is_meta(bracket: &str, rules: &Rules) -> bool {
    rules.may_hold_meta(bracket)
        && (rules.stars().is_match(bracket)
            || rules
                .credits(bracket)
                .any(|credit| credit.is_match(bracket)))
}

/// `by Name` up to what cannot belong to a name.
fn byline(text: &str) -> Option<(&str, usize)> {
    let after = text
        .strip_prefix("by ")
        .or_else(|| text.strip_prefix("By "))?;
    let end = [
        " - ", " – ", " — ", ": ", "：", " (", "（", " | ", "。", ". ",
    ]
    .iter()
    .filter_map(|mark| match *mark {
        ". " => sentence_end(after),
        mark => after.find(mark),
    })
    .min()
    .unwrap_or(after.len());
    let name = after[..end]
        .trim()
        .trim_end_matches(|c: char| {
            c.is_ascii_punctuation() && !matches!(c, '.' | '`' | '"' | '\'')
        })
        .trim_end();
    let whole = end == after.len();
    let name = if whole {
        name.trim_end_matches('.')
    } else {
        name
    };
    // A longer one is a sentence that goes on with the title.
    if name.is_empty() || name.chars().count() > 80 {
        return None;
    }
    Some((name, text.len() - after.len() + end))
}

/// Where a sentence ends; the dot of an initial ends none.
fn sentence_end(text: &str) -> Option<usize> {
    text.match_indices(". ").map(|(at, _)| at).find(|at| {
        let word = text[..*at].rsplit(' ').next().unwrap_or_default();
        word.chars().count() > 2
    })
}

/// Length of the marks (and white space) that part a title from its
/// description at `at`.
fn separator(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    let sign = rest.chars().next()?;
    let after = &rest[sign.len_utf8()..];
    let spaced = after.starts_with(char::is_whitespace);
    let parts = match sign {
        '：' | ':' | ',' | '，' | '、' | ';' | '；' | '–' | '—' | '―' | '。' | '！' | '？'
        | '|' | '｜' | '•' | '·' | '→' | '…' => true,
        '-' => spaced || after.starts_with('-') || text[..at].ends_with(char::is_whitespace),
        '.' | '!' | '?' => spaced || after.starts_with(['.', '!', '?', ')', '"']),
        _ => false,
    };
    let marks = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '：' | ':'
                    | ','
                    | '，'
                    | '、'
                    | ';'
                    | '；'
                    | '-'
                    | '–'
                    | '—'
                    | '―'
                    | '|'
                    | '｜'
                    | '.'
                    | '。'
                    | '!'
                    | '！'
                    | '?'
                    | '？'
                    | '•'
                    | '·'
                    | '→'
                    | '…'
            )
    };
    parts.then(|| rest.len() - rest.trim_start_matches(marks).len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::settings::Settings;

    fn tail(text: &str) -> Tail {
        read(text, &Rules::new(&Settings::default()).unwrap())
    }

    #[test]
    fn marks_alone_say_nothing() {
        for text in ["", ".", " 🎉", "! ", "。", " 🎈🎉."] {
            assert_eq!(tail(text), Tail::default(), "{text:?}");
        }
    }

    #[test]
    fn languages_are_read_with_and_without_a_space() {
        for (text, language) in [
            (" (EN)", "en"),
            ("(Eng)", "en"),
            (" (in English) ", "en"),
            ("（英文）", "en"),
            ("【英文】", "en"),
            (" [EN]", "en"),
            (" （中国語）", "zh"),
        ] {
            assert_eq!(tail(text).language.as_deref(), Some(language), "{text:?}");
            assert_eq!(tail(text).description, None, "{text:?}");
        }
    }

    #[test]
    fn marks_part_title_and_description() {
        for (text, begins) in [
            ("：A tool", "A tool"),
            (" - a tool", "a tool"),
            (": a tool", "a tool"),
            (". Allows it", "Allows it"),
            (", by Ann", "by Ann"),
            ("(EN): a tool", "a tool"),
            (" (EN) a tool", "a tool"),
            (" (2k stars)", "(2k stars)"),
        ] {
            let at = tail(text).description.unwrap();
            assert_eq!(&text[at..], begins, "{text:?}");
        }
    }

    #[test]
    fn other_words_go_on_with_the_title() {
        for text in [
            " and more",
            "-based tools",
            "s of the year",
            " (new) is out",
        ] {
            assert!(tail(text).is_title, "{text:?}");
            assert_eq!(tail(text).suffix, None, "{text:?}");
        }
    }

    #[test]
    fn bylines_end_where_a_name_ends() {
        for (text, name) in [
            (" by Ann Example", "Ann Example"),
            (" by J. R. Example.", "J. R. Example"),
            (" by Ann and Bob (ad)", "Ann and Bob"),
            (" by Ann Example - a tool", "Ann Example"),
        ] {
            assert_eq!(tail(text).byline.as_deref(), Some(name), "{text:?}");
        }
        assert_eq!(tail(" by Ann (ad)").tags, ["ad"]);
    }

    #[test]
    fn other_brackets_are_a_suffix() {
        assert_eq!(
            tail(" (see #4 (old))").suffix.as_deref(),
            Some("see #4 (old)")
        );
        assert_eq!(
            tail("（Second Title）").suffix.as_deref(),
            Some("Second Title")
        );
    }
}
