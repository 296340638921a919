//! Emoji at the ends of headings and titles, in whole clusters: variation
//! selectors, joiners, skin tones, flags and keycaps stay with their character.

use unicode_properties::{EmojiStatus, UnicodeEmoji};
use unicode_segmentation::UnicodeSegmentation;

/// Length of the emoji at the begin of a text, in bytes, with the white space
/// between and after them; 0 when it begins with something else.
pub(crate) fn leading(text: &str) -> usize {
    // Nearly all text begins with a letter; a keycap is the one ASCII emoji.
    if text.bytes().next().is_none_or(|first| first < 0x80) && !begins_with_keycap(text) {
        return 0;
    }
    let mut end = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        if is_emoji(cluster) {
            end = at + cluster.len();
        } else if !cluster.trim().is_empty() {
            break;
        }
    }
    match end {
        0 => 0,
        _ => text.len() - text[end..].trim_start().len(),
    }
}

/// Parts a heading into its emoji (leading, else trailing) and its words.
pub(crate) fn split(text: &str) -> (Option<&str>, &str) {
    let text = text.trim();
    let length = leading(text);
    if length > 0 {
        let first = text.graphemes(true).next();
        let words = text[length..].trim_start();
        // Without words the emoji are the title.
        return if words.is_empty() {
            (first, "")
        } else {
            (first, words)
        };
    }
    match text.graphemes(true).next_back() {
        Some(last) if is_emoji(last) => (Some(last), strip_trailing(text)),
        _ => (None, text),
    }
}

/// A text without the emoji and white space at its end.
fn strip_trailing(text: &str) -> &str {
    let mut text = text.trim_end();
    while let Some(last) = text
        .graphemes(true)
        .next_back()
        .filter(|last| is_emoji(last))
    {
        text = text[..text.len() - last.len()].trim_end();
    }
    text
}

/// Whether a cluster is shown as a picture: by nature, or asked for by U+FE0F.
pub(crate) fn is_emoji(cluster: &str) -> bool {
    let mut characters = cluster.chars();
    let Some(first) = characters.next() else {
        return false;
    };
    if first.is_ascii() {
        return cluster.contains('\u{20E3}');
    }
    match first.emoji_status() {
        EmojiStatus::NonEmoji | EmojiStatus::NonEmojiButEmojiComponent => false,
        _ if first as u32 >= 0x1F000 => true,
        EmojiStatus::EmojiPresentation
        | EmojiStatus::EmojiPresentationAndModifierBase
        | EmojiStatus::EmojiPresentationAndEmojiComponent
        | EmojiStatus::EmojiPresentationAndModifierAndEmojiComponent => true,
        _ => characters.next() == Some('\u{FE0F}'),
    }
}

fn begins_with_keycap(text: &str) -> bool {
    let mut characters = text.chars().skip(1);
    match characters.next() {
        Some('\u{20E3}') => true,
        Some('\u{FE0F}') => characters.next() == Some('\u{20E3}'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_part_into_emoji_and_words() {
        for (text, emoji, words) in [
            ("🦄Articles & Tutorials", Some("🦄"), "Articles & Tutorials"),
            ("🐿️ Projects", Some("🐿️"), "Projects"),
            ("👩🏽‍💻 People", Some("👩🏽‍💻"), "People"),
            ("🇫🇷 France", Some("🇫🇷"), "France"),
            ("News 📰", Some("📰"), "News"),
            ("1️⃣ First", Some("1️⃣"), "First"),
            ("C# and C++", None, "C# and C++"),
            ("© Notice", None, "© Notice"),
            ("→ Next", None, "→ Next"),
            ("新闻", None, "新闻"),
            ("", None, ""),
            ("🎉", Some("🎉"), ""),
        ] {
            assert_eq!(split(text), (emoji, words), "{text}");
        }
    }

    #[test]
    fn leading_emoji_take_their_spaces_along() {
        assert_eq!(leading("🎈🎉 x"), "🎈🎉 ".len());
        assert_eq!(leading("x 🎉"), 0);
        assert_eq!(leading("2 things"), 0);
    }
}
