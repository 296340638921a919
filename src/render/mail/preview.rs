//! The first words of a mail: title and preview line.

use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthStr;

use crate::issue::{Issue, Section, Style, Summary};
use crate::render::labels::Labels;

/// A title less a date in brackets at its end, or before the colon that its own
/// words follow: the header line says the date.
pub fn display_title(title: &str) -> String {
    let trimmed = title.trim_end();
    let dated = trimmed
        .match_indices([')', '）'])
        .find_map(|(at, bracket)| {
            let (before, date) = trimmed[..at].rsplit_once(['(', '（'])?;
            let after = &trimmed[at + bracket.len()..];
            let ends = after.is_empty() || after.starts_with([':', '：']);
            (ends && is_date(date) && !before.trim().is_empty()).then_some((before, after))
        });
    match dated {
        Some((before, after)) => format!("{}{after}", before.trim()),
        None => trimmed.to_owned(),
    }
}

/// Whether a text is a date and nothing else: digits with separators, at least
/// a year and a month, or such with a name of a month.
pub(crate) fn is_date(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let letters: String = text.chars().filter(|c| c.is_alphabetic()).collect();
    let plain = text
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '-' | '/' | '.' | ',' | ' '));
    let month = ["年月日", "年月", "년월일"].contains(&letters.as_str())
        || MONTHS
            .iter()
            .any(|month| letters.to_lowercase().starts_with(month));
    plain && (5..=8).contains(&digits) && (letters.is_empty() || month)
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The preview line of a mail: the editor's, else how much the sections hold
/// and the first titles, in at most 140 characters.
pub fn preheader(summary: &Summary, issue: &Issue<'_>, language: &str) -> String {
    Lead::of(summary, issue, language).said(|_| true, summary.link_count, language)
}

/// So many sections are counted, and so many titles named.
const FIRST: usize = 3;

/// What a preview line is made of, section by section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lead {
    /// The editor's own line.
    written: Option<String>,
    description: String,
    sections: Vec<SectionLead>,
}

/// What a section gives to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct SectionLead {
    /// What it holds, counted.
    counted: Option<String>,
    /// The first titles.
    titles: Vec<String>,
}

impl Lead {
    pub(crate) fn of(summary: &Summary, issue: &Issue<'_>, language: &str) -> Lead {
        let sections = issue.sections.iter().map(|section| SectionLead {
            counted: counted(section, language),
            titles: titles(section),
        });
        Lead {
            written: summary.preheader.clone(),
            description: summary.description.clone(),
            sections: sections.collect(),
        }
    }

    /// The line for an issue that has the sections of these places alone.
    pub(crate) fn said(
        &self,
        is_kept: impl Fn(usize) -> bool,
        link_count: usize,
        language: &str,
    ) -> String {
        if let Some(written) = &self.written {
            return written.clone();
        }
        let separator = list_comma(language);
        let colon = if separator == "、" { "：" } else { ": " };
        let kept = || {
            let sections = self.sections.iter().enumerate();
            sections.filter_map(|(place, section)| is_kept(place).then_some(section))
        };
        let titles = kept().flat_map(|section| &section.titles);
        let titles: Vec<&str> = titles.take(FIRST).map(String::as_str).collect();
        if titles.is_empty() {
            return shortened(&self.description);
        }
        let counts = kept().filter_map(|section| section.counted.as_deref());
        let counts: Vec<&str> = counts.take(FIRST).collect();
        let counts = match counts.len() {
            0 => Labels::count_of_links(language, link_count),
            _ => counts.join(separator),
        };
        shortened(&format!("{counts}{colon}{}", titles.join(separator)))
    }
}

/// `17 articles`. Sections of sections are too many and too small to be counted.
fn counted(section: &Section, language: &str) -> Option<String> {
    if section.items.is_empty() || section.parent.is_some() || section.style == Style::Outro {
        return None;
    }
    let count = section.items.len();
    let name = counted_name(&section.title, count, language);
    // A sentence is nothing to be counted.
    if name.is_empty() || name.width() > WIDEST_NAME {
        return None;
    }
    let count = Labels::thousands(language, count as u64);
    // Counted before a noun, Han and Hangul want a word of measure.
    Some(if crate::render::outline::is_cjk(language) {
        format!("{name}\u{a0}{count}")
    } else {
        format!("{count}\u{a0}{name}")
    })
}

fn titles(section: &Section) -> Vec<String> {
    if section.style == Style::Outro {
        return Vec::new();
    }
    let items = section.items.iter();
    items
        .filter(|item| !item.deleted && !item.title.is_empty())
        .map(|item| item.title.clone())
        .take(FIRST)
        .collect()
}

/// Columns of a section's name that can follow a number.
const WIDEST_NAME: usize = 28;

/// A section's short name after a number: in English one of `Tools` is a tool.
fn counted_name(title: &str, count: usize, language: &str) -> String {
    let name = short_name(title, language);
    let lower = !name.chars().any(char::is_uppercase);
    if count != 1 || !lower || !language.starts_with("en") {
        return name;
    }
    let word = name.rsplit(' ').next().unwrap_or(&name);
    let end = |ends: &[&str]| ends.iter().any(|end| word.ends_with(end));
    if end(&["ss", "us", "is", "news", "series"]) {
        return name;
    }
    match name.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None if end(&["xes", "ches", "shes"]) => name[..name.len() - 2].to_owned(),
        None => name.strip_suffix('s').unwrap_or(&name).to_owned(),
    }
}

/// What parts the members of a list.
pub(crate) fn list_comma(language: &str) -> &'static str {
    match language.split('-').next().unwrap_or_default() {
        "zh" | "ja" => "、",
        _ => ", ",
    }
}

/// A section's name as counted things: its first words, up to `&`, `/` or
/// `and`; in English in lower case, unless it is a name with more capitals.
fn short_name(title: &str, language: &str) -> String {
    let first = title
        .split([
            '&', '＆', '/', '、', '与', '和', '(', '（', ':', '：', ',', '，',
        ])
        .next()
        .unwrap_or(title)
        .split(" and ")
        .next()
        .unwrap_or(title)
        .trim();
    let first = if first.is_empty() { title } else { first };
    let mut characters = first.chars();
    match (language.starts_with("en"), characters.next()) {
        (true, Some(letter)) if !characters.clone().any(char::is_uppercase) => {
            letter.to_lowercase().chain(characters).collect()
        }
        _ => first.to_owned(),
    }
}

/// A text of at most 140 columns' worth of characters, cut between words.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 140;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let cut: String = text.chars().take(LONGEST - 1).collect();
    let end = cut
        .rfind([' ', '，', '、'])
        .filter(|&end| end > cut.len() / 2)
        .unwrap_or(cut.len());
    let kept = cut[..end].trim_end_matches([',', ' ', '、', '，', '.', '…']);
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_date_in_brackets_leaves_the_title() {
        let cases = [
            ("Weekly #11 (2023-07-15)", "Weekly #11"),
            ("周刊（2023年7月15日）", "周刊"),
            ("News (July 15, 2023)", "News"),
            ("Weekly #8 (2026-02-27): On type", "Weekly #8: On type"),
            ("周刊 #8（2026-02-27）：读校样", "周刊 #8：读校样"),
            ("Since (2021-05) then", "Since (2021-05) then"),
            ("Weekly (part 2)", "Weekly (part 2)"),
            ("(2023-07-15)", "(2023-07-15)"),
            ("On Rust (2021 edition)", "On Rust (2021 edition)"),
        ];
        for (title, expected) in cases {
            assert_eq!(display_title(title), expected);
        }
    }

    #[test]
    fn sections_are_counted_by_their_short_names() {
        assert_eq!(short_name("Articles & Tutorials", "en"), "articles");
        assert_eq!(short_name("AI News", "en"), "AI News");
        assert_eq!(short_name("文章&教程", "zh"), "文章");
        let listed = "Announcements, News, and Blog Posts";
        assert_eq!(short_name(listed, "en"), "announcements");
    }

    #[test]
    fn one_of_many_is_singular() {
        let cases = [
            ("Tools", 1, "tool"),
            ("Tools", 2, "tools"),
            ("Libraries & Tools", 1, "library"),
            ("Sketches", 1, "sketch"),
            ("News", 1, "news"),
            ("AI Tools", 1, "AI Tools"),
        ];
        for (title, count, expected) in cases {
            assert_eq!(counted_name(title, count, "en"), expected);
        }
        assert_eq!(counted_name("Outils", 1, "fr"), "Outils");
    }
}
