//! The settings of structure, compiled once for all issues of a newsletter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::diagnostic::{Diagnostic, Level};
use crate::issue::model::Style;
use crate::issue::preset::{self, Preset};
use crate::issue::settings::Settings;
use crate::issue::slug::slug;

/// Compiled settings; see [`Settings`] for what each of them means.
#[derive(Debug)]
pub(crate) struct Rules {
    /// Styles that a section may have.
    pub(crate) styles: Vec<Style>,
    /// Styles of single sections, by slug.
    section_styles: BTreeMap<String, Vec<Style>>,
    /// Names of known sections by slug, aliases included.
    pub(crate) known_sections: BTreeMap<String, String>,
    /// Slugs of the sections that are for subscribers alone.
    pub(crate) closed_sections: BTreeSet<String>,
    /// Heading levels that open sections; empty means all.
    pub(crate) section_levels: Vec<u8>,
    pub(crate) item_heading_level: Option<u8>,
    outro_sections: Vec<String>,
    outro_markers: Vec<String>,
    /// All promo markers in one pattern; `None` without any.
    promo_markers: Option<Regex>,
    languages: BTreeMap<String, String>,
    /// The editor's own patterns.
    deleted: Vec<Regex>,
    credits: Vec<Regex>,
    /// Words that may mean trouble in a text; cheap.
    pub(crate) trouble: Option<Regex>,
    /// What a text with stars or a credit has, where that is known.
    meta_hint: Option<Regex>,
    levels: BTreeMap<String, Option<Level>>,
}

impl Rules {
    /// Compiles the settings, or says what is wrong with them.
    pub(crate) fn new(settings: &Settings) -> Result<Rules, Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let preset = Preset::parse(&settings.preset).unwrap_or_else(|| {
            let names = Preset::ALL.map(Preset::name);
            problems.push(unknown("preset", &settings.preset, &names));
            Preset::Auto
        });
        let styles = match style_word(&settings.item_style) {
            Ok(None) => preset.styles().to_vec(),
            Ok(Some(styles)) => styles,
            Err(names) => {
                problems.push(unknown("item_style", &settings.item_style, names));
                Vec::new()
            }
        };
        let mut section_styles: BTreeMap<String, Vec<Style>> = preset
            .prose_sections()
            .iter()
            .map(|title| (slug(title), Vec::new()))
            .collect();
        let mut known_sections = BTreeMap::new();
        let mut closed_sections = BTreeSet::new();
        for (name, section) in &settings.sections {
            let style = section.item_style.as_deref().map_or(Ok(None), style_word);
            let style = style.unwrap_or_else(|names| {
                let word = section.item_style.as_deref().unwrap_or_default();
                let key = format!("sections.{name}.item_style");
                problems.push(unknown(&key, word, names));
                None
            });
            for title in std::iter::once(name).chain(&section.aliases) {
                known_sections.insert(slug(title), name.clone());
                if section
                    .access
                    .as_deref()
                    .is_some_and(|access| access != "public")
                {
                    closed_sections.insert(slug(title));
                }
                if let Some(style) = &style {
                    section_styles.insert(slug(title), style.clone());
                }
            }
        }
        let mut levels = BTreeMap::new();
        for (code, word) in &settings.levels {
            match Level::parse(word) {
                Some(level) => {
                    levels.insert(code.clone(), level);
                }
                None => {
                    let words = ["error", "warning", "note", "off"];
                    problems.push(unknown(&format!("levels.{code}"), word, &words));
                }
            }
        }
        let deleted = patterns(
            "deleted_patterns",
            &settings.deleted_patterns,
            &mut problems,
        );
        let credits = patterns("credit_patterns", &settings.credit_patterns, &mut problems);
        for (pattern, source) in credits.iter().zip(&settings.credit_patterns) {
            if pattern.captures_len() < 2 {
                problems.push(problem(format!(
                    "issues.credit_patterns: `{source}` has no group that holds the name"
                )));
            }
        }
        // Patterns of the editor's own may begin with anything.
        let meta_hint = settings
            .credit_patterns
            .is_empty()
            .then(|| any_of(&META_WORDS));
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut languages: BTreeMap<String, String> = preset::LANGUAGE_TAGS
            .iter()
            .map(|(word, tag)| ((*word).to_owned(), (*tag).to_owned()))
            .collect();
        for (word, tag) in &settings.language_tags {
            languages.insert(word.to_lowercase(), tag.clone());
        }
        Ok(Rules {
            styles,
            section_styles,
            known_sections,
            closed_sections,
            section_levels: settings.section_levels.clone(),
            item_heading_level: settings.item_heading_level,
            outro_sections: preset::outro_sections(settings)
                .into_iter()
                .map(slug)
                .collect(),
            outro_markers: owned(&preset::outro_markers(settings)),
            promo_markers: any_of(&preset::promo_markers(settings)),
            languages,
            deleted,
            credits,
            trouble: any_of(&["{%", "{{", "TODO", "TBD", "WIP", "FIXME", "orem ipsum"]),
            meta_hint: meta_hint.flatten(),
            levels,
        })
    }

    /// The styles that the section with this slug may have.
    pub(crate) fn styles_of(&self, section: &str) -> &[Style] {
        self.section_styles.get(section).unwrap_or(&self.styles)
    }

    /// Whether the section with this slug closes the issue.
    pub(crate) fn is_outro_section(&self, section: &str) -> bool {
        self.outro_sections.iter().any(|outro| outro == section)
    }

    /// Whether a paragraph with this text begins the closing part.
    pub(crate) fn is_outro_marker(&self, text: &str) -> bool {
        self.outro_markers
            .iter()
            .any(|marker| text.starts_with(marker.as_str()))
    }

    /// Where a text has words with which the newsletter speaks of itself.
    pub(crate) fn promo_places(&self, text: &str) -> Vec<usize> {
        let markers = self.promo_markers.as_ref();
        markers.map_or_else(Vec::new, |markers| {
            markers.find_iter(text).map(|found| found.start()).collect()
        })
    }

    /// The language that a word in brackets names: `EN`, `in English`.
    pub(crate) fn language(&self, word: &str) -> Option<&str> {
        // No name of a language is longer than this.
        if word.len() > 60 {
            return None;
        }
        let word = word.trim().to_lowercase();
        let word = word.strip_prefix("in ").unwrap_or(&word);
        self.languages.get(word).map(String::as_str)
    }

    /// Whether an item with this title had its content taken out.
    pub(crate) fn is_deleted(&self, title: &str) -> bool {
        let mut patterns = self.deleted.iter().chain(DELETED.iter());
        title.len() < 200 && patterns.any(|pattern| pattern.is_match(title))
    }

    /// Whether a text may hold stars or a credit; cheap.
    pub(crate) fn may_hold_meta(&self, text: &str) -> bool {
        let hint = self.meta_hint.as_ref();
        hint.is_none_or(|hint| hint.is_match(text))
    }

    /// What finds a count of stars.
    pub(crate) fn stars(&self) -> &Regex {
        &STARS
    }

    /// What finds who sent an item in, as far as a text may say so at all.
    pub(crate) fn credits(&self, text: &str) -> impl Iterator<Item = &Regex> {
        let usual = preset::may_credit(text).then(|| CREDITS.iter());
        self.credits.iter().chain(usual.into_iter().flatten())
    }

    /// The level of a code after the settings; `None` when it is off.
    pub(crate) fn level(&self, code: &str, usual: Level) -> Option<Level> {
        self.levels.get(code).copied().unwrap_or(Some(usual))
    }
}

/// `Ok(None)` for `auto`; an error holds the words that would do.
fn style_word(word: &str) -> Result<Option<Vec<Style>>, &'static [&'static str]> {
    Ok(Some(match word {
        "auto" => return Ok(None),
        "cjk" => vec![Style::Cjk],
        "circled" => vec![Style::Circled],
        "ordered" => vec![Style::Ordered],
        "bullet" => vec![Style::Bullet],
        "heading" => vec![Style::Heading],
        "none" => Vec::new(),
        _ => {
            return Err(&[
                "auto", "cjk", "circled", "ordered", "bullet", "heading", "none",
            ]);
        }
    }))
}

/// The usual patterns, compiled when a text first asks for them.
static DELETED: LazyLock<Vec<Regex>> = LazyLock::new(|| all_fixed(preset::DELETED_PATTERNS));
static CREDITS: LazyLock<Vec<Regex>> = LazyLock::new(|| all_fixed(preset::CREDIT_PATTERNS));
static STARS: LazyLock<Regex> = LazyLock::new(|| fixed(preset::STARS_PATTERN));

/// The editor's patterns.
fn patterns(key: &str, own: &[String], problems: &mut Vec<Diagnostic>) -> Vec<Regex> {
    let mut compiled = Vec::new();
    for source in own {
        match Regex::new(source) {
            Ok(pattern) => compiled.push(pattern),
            Err(error) => problems.push(problem(format!(
                "issues.{key}: `{source}` is no valid pattern: {error}"
            ))),
        }
    }
    compiled
}

/// Parts of the words that every usual pattern of stars and credits needs, in
/// the cases that are written; plain words are found many at a time.
const META_WORDS: [&str; 11] = [
    "star",
    "Star",
    "STAR",
    "スター",
    "ed by",
    "ed By",
    "ED BY",
    "rom @",
    "rom: @",
    "ontribution",
    "投稿",
];

/// A pattern that is any of these words as they stand.
fn any_of(words: &[&str]) -> Option<Regex> {
    let words: Vec<String> = words
        .iter()
        .filter(|word| !word.is_empty())
        .map(|word| regex::escape(word))
        .collect();
    if words.is_empty() {
        return None;
    }
    Some(fixed(&words.join("|")))
}

/// A pattern of the program's own.
fn fixed(source: &str) -> Regex {
    Regex::new(source).expect("a test compiles every pattern of the program")
}

fn all_fixed(sources: &[&str]) -> Vec<Regex> {
    sources.iter().map(|source| fixed(source)).collect()
}

fn unknown(key: &str, word: &str, known: &[&str]) -> Diagnostic {
    problem(format!("issues.{key}: unknown word `{word}`"))
        .help(format!("one of {}", known.join(", ")))
}

fn problem(message: String) -> Diagnostic {
    Diagnostic::error("invalid-setting", message)
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_the_program_are_valid() {
        let rules = Rules::new(&Settings::default()).unwrap();
        let every = "(submitted by Ann)";
        assert_eq!(rules.credits(every).count(), preset::CREDIT_PATTERNS.len());
        assert_eq!(
            rules.credits("tested by hand").count(),
            preset::CREDIT_PATTERNS.len()
        );
        assert_eq!(rules.credits("step by step, 2k stars").count(), 0);
        assert_eq!(DELETED.len(), preset::DELETED_PATTERNS.len());
        assert!(rules.stars().is_match("(7K stars)"));
        assert!(rules.meta_hint.is_some());
    }

    #[test]
    fn wrong_words_are_named_with_their_key() {
        let mut settings = Settings {
            preset: "numbered".to_owned(),
            item_style: "dots".to_owned(),
            credit_patterns: vec!["(".to_owned()],
            ..Settings::default()
        };
        settings
            .levels
            .insert("missing-alt".to_owned(), "loud".to_owned());
        let problems = Rules::new(&settings).unwrap_err();
        for key in [
            "preset",
            "item_style",
            "credit_patterns",
            "levels.missing-alt",
        ] {
            assert!(
                problems.iter().any(|problem| problem.message.contains(key)),
                "{key}: {problems:?}"
            );
        }
    }

    #[test]
    fn languages_are_known_by_their_names() {
        let rules = Rules::new(&Settings::default()).unwrap();
        for (word, language) in [
            ("EN", Some("en")),
            ("in English", Some("en")),
            ("中国語", Some("zh")),
            ("英文", Some("en")),
            ("beta", None),
        ] {
            assert_eq!(rules.language(word), language, "{word}");
        }
    }
}
