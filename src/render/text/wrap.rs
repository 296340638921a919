//! Breaking text into lines by the width it is shown with.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Breaks a text into lines of at most `width` columns; `\n` breaks always.
///
/// Lines break at spaces and between Han or kana characters, but not before
/// closing punctuation nor after an opening bracket. Addresses and words are
/// never parted, so a line may be longer than `width`.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let mut current = String::new();
        let mut columns = 0;
        for word in line.split([' ', '\t']).filter(|word| !word.is_empty()) {
            let mut gap = usize::from(!current.is_empty());
            for atom in atoms(word) {
                let atom_width = atom.width();
                if columns > 0 && columns + gap + atom_width > width {
                    lines.push(std::mem::take(&mut current));
                    columns = 0;
                    gap = 0;
                }
                if gap == 1 {
                    current.push(' ');
                }
                current.push_str(atom);
                columns += gap + atom_width;
                gap = 0;
            }
        }
        lines.push(current);
    }
    lines
}

/// The parts of a word between which a line may break.
fn atoms(word: &str) -> Vec<&str> {
    if word.is_ascii() || word.contains("://") {
        return vec![word];
    }
    let mut atoms = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    for (at, cluster) in word.grapheme_indices(true) {
        let first = cluster.chars().next();
        if let (Some(before), Some(first)) = (before, first)
            && (is_ideographic(before) || is_ideographic(first))
            && !closes(first)
            && !opens(before)
            && !is_mark(&word[at..])
        {
            atoms.push(&word[start..at]);
            start = at;
        }
        before = cluster.chars().next_back();
    }
    atoms.push(&word[start..]);
    atoms
}

/// Whether the number of a note begins here, as in `[12]`: it stays at its word.
fn is_mark(text: &str) -> bool {
    let inside = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    inside.is_some_and(|(number, _)| {
        !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
    })
}

/// Characters of scripts written without spaces; Hangul has spaces.
fn is_ideographic(character: char) -> bool {
    matches!(character,
        '\u{2e80}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ff65}' | '\u{20000}'..='\u{3ffff}')
}

fn closes(character: char) -> bool {
    "，。、；：！？）】》」』〉〕〗”’…—～·ー々％,.;:!?)]}%".contains(character)
}

fn opens(character: char) -> bool {
    "（【《「『〈〔〖“‘([{".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_by_width_and_spare_addresses() {
        let cases: &[(&str, usize, &[&str])] = &[
            ("one two three", 7, &["one two", "three"]),
            ("", 7, &[""]),
            ("a\nb", 7, &["a", "b"]),
            (
                "x https://example.org/long/path y",
                10,
                &["x", "https://example.org/long/path", "y"],
            ),
            ("汉字汉字汉字", 8, &["汉字汉字", "汉字"]),
            // Closing punctuation goes with the character before it.
            ("汉字汉字。汉", 8, &["汉字汉", "字。汉"]),
            ("汉字汉（字汉", 8, &["汉字汉", "（字汉"]),
            // The number of a note stays at its word.
            ("汉字汉字[12]汉", 8, &["汉字汉", "字[12]汉"]),
            ("用 Python写汉字", 9, &["用 Python", "写汉字"]),
            ("한국어 문장", 6, &["한국어", "문장"]),
        ];
        for (text, width, expected) in cases {
            assert_eq!(&wrap(text, *width), expected, "{text}");
        }
    }
}
