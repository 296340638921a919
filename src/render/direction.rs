//! Which way a text runs: from its language, or from its first letter.

/// Languages written from right to left, by their first subtag.
const RIGHT_TO_LEFT: [&str; 13] = [
    "ar", "arc", "ckb", "dv", "fa", "he", "iw", "ps", "sd", "syr", "ug", "ur", "yi",
];

/// Whether a language is written from right to left.
pub(crate) fn is_right_to_left(language: &str) -> bool {
    let first = language.split('-').next().unwrap_or_default();
    RIGHT_TO_LEFT.contains(&first.to_ascii_lowercase().as_str())
}

/// Whether a text runs from right to left, by its first letter (UAX #9, P2 and
/// P3, without isolates); `None` without letters.
pub(crate) fn runs_right_to_left(text: &str) -> Option<bool> {
    let first = text.chars().find(|character| character.is_alphabetic())?;
    Some(matches!(first,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}'))
}

/// The attributes of an element whose text runs the other way than what is
/// around it, with a blank before them; else nothing.
pub(crate) fn turned(text: &str, around_is_right_to_left: bool) -> &'static str {
    match runs_right_to_left(text) {
        Some(true) if !around_is_right_to_left => " dir=\"rtl\" style=\"text-align:right\"",
        Some(false) if around_is_right_to_left => " dir=\"ltr\" style=\"text-align:left\"",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_letter_says_which_way_a_text_runs() {
        let cases = [
            ("42: مرحبا world", Some(true)),
            ("«שלום»", Some(true)),
            ("Rust بالعربية", Some(false)),
            ("漢字", Some(false)),
            ("42 — 🎉", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(runs_right_to_left(text), expected, "{text}");
        }
    }

    #[test]
    fn languages_of_the_right_to_left_are_known_by_their_first_subtag() {
        for language in ["ar", "fa-IR", "HE", "ur"] {
            assert!(is_right_to_left(language), "{language}");
        }
        for language in ["en", "zh-Hans", "arn", ""] {
            assert!(!is_right_to_left(language), "{language}");
        }
    }

    #[test]
    fn only_what_turns_is_marked() {
        assert_eq!(
            turned("שלום", false),
            " dir=\"rtl\" style=\"text-align:right\""
        );
        assert_eq!(
            turned("Rust", true),
            " dir=\"ltr\" style=\"text-align:left\""
        );
        for (text, around) in [("שלום", true), ("Rust", false), ("42", true)] {
            assert_eq!(turned(text, around), "", "{text}");
        }
    }
}
