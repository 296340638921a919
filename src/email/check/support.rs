//! What mail programs do not know of a mail's CSS and HTML, by the data of Can
//! I email.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::diagnostic::Diagnostic;
use crate::email::check::markup::Tag;
use crate::email::check::style::{self, Piece};

/// Made by tools/caniemail.py.
const DATA: &str = include_str!("support.txt");

/// The columns of the data.
const PROGRAMS: [&str; 5] = [
    "Gmail",
    "Outlook for Windows",
    "other Outlooks",
    "Apple Mail",
    "Yahoo",
];

/// Features whose absence does no harm: what is told of them would be noise.
/// docs/mail-support.md says of each why.
const HARMLESS: [&str; 26] = [
    "attribute aria-describedby",
    "attribute aria-hidden",
    "attribute aria-label",
    "attribute aria-labelledby",
    "attribute aria-live",
    "attribute loading",
    "attribute target",
    "element abbr",
    "element bdi",
    "element mark",
    "element time",
    "element wbr",
    "property white-space",
    "property word-break",
    "pseudo :active",
    "pseudo :focus",
    "pseudo :focus-visible",
    "pseudo :focus-within",
    "pseudo :hover",
    "pseudo :link",
    "pseudo :visited",
    "value system-ui",
    "value ui-monospace",
    "value ui-rounded",
    "value ui-sans-serif",
    "value ui-serif",
];

/// Names that are shown of one finding.
const SHOWN: usize = 6;

/// By kind and name, as in `property float`.
static SUPPORT: LazyLock<BTreeMap<&str, [u8; 5]>> = LazyLock::new(|| {
    let lines = DATA.lines().filter(|line| !line.starts_with('#'));
    let row = |line: &'static str| {
        let mut letters = [b'?'; 5];
        let mut name = line;
        for letter in letters.iter_mut().rev() {
            let (before, last) = name.rsplit_once(' ')?;
            *letter = *last.as_bytes().first()?;
            name = before;
        }
        Some((name, letters))
    };
    lines.filter_map(row).collect()
});

/// The day of the data, as its first line says it.
static DATE: LazyLock<&str> = LazyLock::new(|| {
    let first = DATA.lines().next().unwrap_or_default();
    let date = first
        .split_once("data of ")
        .map(|(_, rest)| rest.trim_end_matches(','));
    date.unwrap_or("an unknown day")
});

/// What one mail uses.
#[derive(Debug, Default)]
pub(crate) struct Used {
    /// How often, by kind and name.
    features: BTreeMap<&'static str, usize>,
}

impl Used {
    /// Takes in an element and its attributes.
    pub(crate) fn tag(&mut self, tag: &Tag<'_>) {
        self.add("element", &tag.name);
        for (name, value) in tag.attributes() {
            self.add("attribute", name);
            match (tag.name.as_str(), name) {
                (_, "style") => self.declarations(value),
                ("a", "href") if value.starts_with('#') => self.add("link", "#"),
                ("a", "href") if value.starts_with("mailto:") => self.add("link", "mailto:"),
                ("img", "src") => {
                    let path = value.split(['?', '#']).next().unwrap_or_default();
                    let name = path.rsplit('/').next().unwrap_or_default();
                    if let Some((_, ending)) = name.rsplit_once('.') {
                        self.add("image", &ending.to_ascii_lowercase());
                    }
                }
                _ => {}
            }
        }
    }

    /// Takes in a style sheet without comments.
    pub(crate) fn style_sheet(&mut self, css: &str) {
        for piece in style::pieces(css) {
            match piece {
                Piece::At(name) => self.add("at", name),
                Piece::Rule(selectors, body) => {
                    for (at, _) in selectors.match_indices(':') {
                        let colons = if selectors[at + 1..].starts_with(':') {
                            2
                        } else {
                            1
                        };
                        let rest = &selectors[at + colons..];
                        let is_name = |one: char| one.is_ascii_alphanumeric() || one == '-';
                        let end = rest.find(|one| !is_name(one)).unwrap_or(rest.len());
                        self.add("pseudo", &selectors[at..at + colons + end]);
                    }
                    self.declarations(body);
                }
            }
        }
    }

    fn declarations(&mut self, text: &str) {
        for (property, value) in style::declarations(text) {
            let parts = style::parts_of(value);
            for (kind, part) in &parts {
                self.add(kind, part);
            }
            let whole = match parts.as_slice() {
                [("value", word), ..] => format!("{property}:{word}"),
                _ => String::new(),
            };
            if known("declaration", &whole).is_some() {
                self.add("declaration", &whole);
            } else {
                self.add("property", side_less(&property));
            }
        }
    }

    fn add(&mut self, kind: &str, name: &str) {
        if let Some(known) = known(kind, name) {
            *self.features.entry(known).or_default() += 1;
        }
    }

    /// What is to be said: of what at least one family of programs does not know
    /// at all. Nearly everything is known in part by some.
    pub(crate) fn tell(&self, found: &mut Vec<Diagnostic>) {
        let missing = self.features.iter().filter_map(|(feature, count)| {
            let letters = SUPPORT.get(feature)?;
            let programs = PROGRAMS.iter().zip(letters);
            let programs: Vec<&str> = programs
                .filter(|(_, letter)| **letter == b'n')
                .map(|(name, _)| *name)
                .collect();
            let times = match count {
                1 => String::new(),
                count => format!("{count} times; "),
            };
            let words = format!("{} ({times}not in {})", said(feature), programs.join(", "));
            let told = !programs.is_empty() && !is_harmless(feature);
            told.then(|| (is_of_css(feature), words))
        });
        let (css, html): (Vec<_>, Vec<_>) = missing.partition(|(is_css, _)| *is_css);
        for (code, what, told) in [
            ("mail-unsupported-css", "CSS", css),
            ("mail-unsupported-html", "HTML", html),
        ] {
            if told.is_empty() {
                continue;
            }
            let more = match told.len().saturating_sub(SHOWN) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let shown = told.into_iter().take(SHOWN).map(|(_, words)| words);
            let shown = shown.collect::<Vec<String>>().join(", ");
            found.push(
                Diagnostic::warning(
                    code,
                    format!("{what} that some mail programs do not know: {shown}{more}"),
                )
                .help(format!(
                    "the mail must be readable without it (by Can I email, data of {})",
                    *DATE
                )),
            );
        }
    }
}

/// `border-left-color` is known by the name `border`.
fn side_less(property: &str) -> &str {
    for (prefix, whole) in [
        ("border-", "border"),
        ("margin-", "margin"),
        ("padding-", "padding"),
    ] {
        if property.starts_with(prefix) && known("property", property).is_none() {
            return whole;
        }
    }
    property
}

/// The name under which the data has a feature.
fn known(kind: &str, name: &str) -> Option<&'static str> {
    let whole = format!("{kind} {name}");
    SUPPORT.get_key_value(whole.as_str()).map(|(name, _)| *name)
}

fn is_of_css(feature: &str) -> bool {
    let kinds = ["element ", "attribute ", "link ", "image "];
    !kinds.iter().any(|kind| feature.starts_with(kind))
}

fn is_harmless(feature: &str) -> bool {
    HARMLESS.contains(&feature)
}

/// A feature as people write it.
fn said(feature: &str) -> String {
    match feature.split_once(' ') {
        Some(("element", name)) => format!("<{name}>"),
        Some(("function", name)) => format!("{name}()"),
        Some(("at", name)) => format!("@{name}"),
        Some(("declaration" | "property" | "pseudo" | "value", name)) => name.to_owned(),
        _ => feature.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::check::markup::{Token, tokens};

    fn told(html: &str) -> Vec<String> {
        let mut used = Used::default();
        for token in tokens(html) {
            match token {
                Token::Open(tag) => used.tag(&tag),
                Token::Style(css) => used.style_sheet(&style::without_comments(css)),
                _ => {}
            }
        }
        let mut found = Vec::new();
        used.tell(&mut found);
        let told = found.into_iter();
        told.map(|one| format!("{}: {}", one.code, one.message))
            .collect()
    }

    #[test]
    fn what_programs_do_not_know_is_told_with_their_names() {
        let cases = [
            (
                "<p style=\"float:left\"><p style='FLOAT:none'>",
                "mail-unsupported-css: CSS that some mail programs do not know: float (2 times; not in \
                 Outlook for Windows)",
            ),
            (
                "<style>p{display:flex}@media (x){p{float:left}}</style>",
                "mail-unsupported-css: CSS that some mail programs do not know: display:flex (not in \
                 Outlook for Windows)",
            ),
            (
                "<video src=x></video>",
                "mail-unsupported-html: HTML that some mail programs do not know: <video> (not in Gmail, \
                 Outlook for Windows, Yahoo)",
            ),
            (
                "<img src=\"https://example.org/a.WEBP?x=1.png\">",
                "mail-unsupported-html: HTML that some mail programs do not know: image webp (not in \
                 Outlook for Windows)",
            ),
            (
                "<b style='color:var(--x)'>",
                "mail-unsupported-css: CSS that some mail programs do not know: var() (not in Gmail, \
                 Outlook for Windows, other Outlooks, Yahoo)",
            ),
        ];
        for (html, expected) in cases {
            let told = told(html);
            assert_eq!(told, [expected], "{html}");
        }
    }

    #[test]
    fn what_all_know_is_not_told() {
        let sound = "<table role=presentation width=600><td style=\"background-color:#fff;\
                     border-left:1px solid red\"><style>a:hover{color:red}@media (x){a{float:\
                     left}}</style><a href='#x'>x</a>";
        assert_eq!(told(sound), [""; 0]);
    }

    #[test]
    fn the_data_is_read_whole_and_its_licence_stands_with_it() {
        assert!(SUPPORT.len() > 300);
        let letters = SUPPORT.values().flatten();
        assert!(letters.clone().all(|letter| b"yan?".contains(letter)));
        assert!(DATA.contains("MIT License"));
        assert!(DATE.parse::<chrono::NaiveDate>().is_ok(), "{}", *DATE);
    }

    #[test]
    fn every_harmless_feature_is_explained() {
        let docs = include_str!("../../../docs/mail-support.md");
        for harmless in HARMLESS {
            let name = said(harmless).replace("attribute ", "");
            assert!(docs.contains(&format!("`{name}`")), "{name}");
            assert!(
                SUPPORT[harmless].contains(&b'n'),
                "{harmless} is known to all"
            );
        }
    }
}
