//! Whether the text part says what the HTML shows: who reads it reads nothing else.

use std::collections::HashMap;

use crate::diagnostic::Diagnostic;

/// A tenth may differ: marks, labels, words of images.
const TENTH: usize = 10;
/// Fewer words, or links, are not worth speaking of.
const FEW_WORDS: usize = 8;
const FEW_LINKS: usize = 3;
/// Elements that are in hardly any text but as markup.
const ELEMENTS: [&str; 16] = [
    "a", "b", "br", "code", "div", "em", "h1", "h2", "h3", "img", "li", "p", "span", "strong",
    "table", "td",
];
const REFERENCES: [&str; 8] = [
    "&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&nbsp;", "&#39;", "&#x27;",
];

/// Compares a text with what is shown and linked to by the HTML. `own` is the
/// address of the mail's page; a link into it leads to what stands in the mail.
pub(crate) fn check(
    text: &str,
    shown: &str,
    links: &[String],
    own: &str,
    found: &mut Vec<Diagnostic>,
) {
    if text.trim().is_empty() {
        return;
    }
    words(text, shown, found);
    addresses(text, links, own, found);
    if let Some(markup) = markup(text, shown) {
        found.push(
            Diagnostic::warning("html-in-text", format!("the text holds HTML: {markup}"))
                .help("in email.txt.hbs write values that are text, such as {{section.text}}"),
        );
    }
}

fn words(text: &str, shown: &str, found: &mut Vec<Diagnostic>) {
    let mut left: HashMap<String, usize> = HashMap::new();
    for word in words_of(text) {
        *left.entry(word).or_default() += 1;
    }
    let (mut all, mut missing, mut first) = (0, 0, None);
    for word in words_of(shown) {
        all += 1;
        match left.get_mut(&word) {
            Some(count) if *count > 0 => *count -= 1,
            _ => {
                missing += 1;
                first.get_or_insert(word);
            }
        }
    }
    if missing >= FEW_WORDS && missing * TENTH > all {
        let first = first.unwrap_or_default();
        found.push(
            Diagnostic::warning(
                "text-lacks-words",
                format!("the text lacks {missing} of {all} words of the HTML, such as {first}"),
            )
            .help("email.txt.hbs says what who reads plain text gets"),
        );
    }
}

fn addresses(text: &str, links: &[String], own: &str, found: &mut Vec<Diagnostic>) {
    let inside = |link: &str| {
        link.strip_prefix(own)
            .is_some_and(|rest| rest.starts_with('#'))
    };
    let web = |link: &&String| link.starts_with("http://") || link.starts_with("https://");
    let outside: Vec<&String> = links
        .iter()
        .filter(web)
        .filter(|link| !inside(link.as_str()))
        .collect();
    let missing: Vec<&&String> = outside
        .iter()
        .filter(|link| !text.contains(link.as_str()))
        .collect();
    if let Some(first) = missing.first()
        && missing.len() >= FEW_LINKS
        && missing.len() * TENTH > outside.len()
    {
        let (count, all) = (missing.len(), outside.len());
        let shown: String = first.chars().take(80).collect();
        found.push(
            Diagnostic::warning(
                "text-lacks-links",
                format!("the text lacks {count} of {all} links of the HTML, such as {shown}"),
            )
            .help("who reads plain text cannot follow them"),
        );
    }
}

/// Words in small letters; Han, kana and Hangul characters one by one, since a line
/// may break between them.
fn words_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|one: char| !one.is_alphanumeric())
        .flat_map(|word| {
            let wide = |one: char| one >= '\u{2e80}';
            let mut parts: Vec<&str> = Vec::new();
            let mut start = 0;
            for (at, one) in word.char_indices().filter(|(_, one)| wide(*one)) {
                parts.push(&word[start..at]);
                start = at + one.len_utf8();
                parts.push(&word[at..start]);
            }
            parts.push(&word[start..]);
            parts
        })
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// The first tag or reference in a text that its readers were not meant to see.
fn markup<'t>(text: &'t str, shown: &str) -> Option<&'t str> {
    let references = REFERENCES.iter().filter_map(|name| {
        let at = text.find(name)?;
        Some(&text[at..at + name.len()])
    });
    let tags = text.match_indices('<').filter_map(|(at, _)| {
        let inside = &text[at + 1..];
        let name = inside.strip_prefix('/').unwrap_or(inside);
        let end = name.find(|one: char| !one.is_ascii_alphanumeric())?;
        let known = ELEMENTS.contains(&name[..end].to_ascii_lowercase().as_str());
        let ends = name[end..].starts_with(['>', ' ', '/']);
        let close = inside.find(['>', '\n', '<'])?;
        let whole = inside[close..].starts_with('>');
        (known && ends && whole).then(|| &text[at..at + close + 2])
    });
    let mut all = references.chain(tags);
    all.find(|markup| !shown.contains(markup))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str, shown: &str, links: &[&str]) -> Vec<&'static str> {
        let links: Vec<String> = links.iter().map(|link| (*link).to_owned()).collect();
        let mut found = Vec::new();
        check(text, shown, &links, "https://example.org/7/", &mut found);
        found.into_iter().map(|one| one.code).collect()
    }

    #[test]
    fn a_text_has_the_words_and_links_of_the_html() {
        let words = "one two three four five six seven eight nine ten";
        let link = "https://example.com/a?b=1&c";
        let inside = "https://example.org/7/#fn-1";
        let cases: [(&str, &str, &[&str], &[&str]); 8] = [
            ("One\ntwo", "one TWO", &[], &[]),
            ("", words, &[link; 3], &[]),
            ("other", words, &[], &["text-lacks-words"]),
            ("some differ", "six words are not told of", &[], &[]),
            ("x", "x", &[link; 3], &["text-lacks-links"]),
            ("x", "x", &[link; 2], &[]),
            ("https://example.com/a?b=1&c", "", &[link; 3], &[]),
            (
                "x",
                "x",
                &[inside, "mailto:a@example.org", inside, inside],
                &[],
            ),
        ];
        for (text, shown, links, expected) in cases {
            assert_eq!(codes(text, shown, links), expected, "{text}");
        }
        // Lines of Han text break anywhere.
        let han = "桥梁与渡船之间的距离很长";
        assert_eq!(codes("桥梁与渡\n船之间的距\n离很长", han, &[]), [""; 0]);
    }

    #[test]
    fn markup_is_told_from_words_about_it() {
        for markup in [
            "<p>",
            "</div>",
            "<a href=\"x\">",
            "<br/>",
            "Fish &amp; chips",
        ] {
            assert_eq!(codes(markup, "", &[]), ["html-in-text"], "{markup}");
            assert_eq!(codes(markup, markup, &[]), [""; 0], "{markup}");
        }
        for words in [
            "a < b > c",
            "<https://example.org/>",
            "Vec<T>",
            "<ada@example.org>",
            "<p\n>",
        ] {
            assert_eq!(codes(words, "", &[]), [""; 0], "{words}");
        }
    }
}
