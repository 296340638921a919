//! Which files are one issue in several languages.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use crate::issue::Summary;

/// Translations of one number appear within this many days of each other.
const APART: i64 = 60;

/// For each file the first file of its group. A group holds at most one file of
/// each language.
///
/// Files belong together by their name (`en/x.md` and `zh/x.md`, `x.md` and
/// `x.zh.md`), by the address of the original that one names, or by their
/// number.
pub(crate) fn groups(summaries: &[Summary], languages: &[String], zone: Tz) -> Vec<usize> {
    let mut groups = Groups::new(languages);
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut by_stem: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut by_number: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    let known: BTreeSet<String> = languages.iter().map(|tag| tag.to_lowercase()).collect();
    for (index, summary) in summaries.iter().enumerate() {
        by_name
            .entry(common_name(summary, &known))
            .or_default()
            .push(index);
        by_stem
            .entry(summary.stem.to_lowercase())
            .or_default()
            .push(index);
        if let Some(slug) = &summary.slug {
            by_stem.entry(slug.to_lowercase()).or_default().push(index);
        }
        if let Some(number) = summary.number {
            by_number.entry(number.value).or_default().push(index);
        }
    }
    for files in by_name.values() {
        groups.join_distinct(files);
    }
    for (index, summary) in summaries.iter().enumerate() {
        let stem = summary.original_url.as_deref().and_then(last_part);
        let originals = stem.and_then(|stem| by_stem.get(&stem));
        let mut others = originals
            .into_iter()
            .flatten()
            .filter(|&&other| languages[other] != languages[index]);
        if let (Some(&original), None) = (others.next(), others.next()) {
            groups.join(original, index);
        }
    }
    for files in by_number.values() {
        let near = |&&other: &&usize| {
            let (Some(one), Some(two)) = (summaries[files[0]].date, summaries[other].date) else {
                return true;
            };
            (one.moment(zone) - two.moment(zone)).num_days().abs() <= APART
        };
        let files: Vec<usize> = files.iter().filter(near).copied().collect();
        groups.join_distinct(&files);
    }
    groups.firsts()
}

/// The path without the folders and suffixes that name a language.
fn common_name(summary: &Summary, known: &BTreeSet<String>) -> String {
    let mut folders: Vec<&str> = summary.path.split('/').collect();
    let file = folders.pop().unwrap_or_default();
    // `index.md` is named by its folder already.
    let name = if file.starts_with("index.") {
        "index"
    } else {
        &summary.stem
    };
    folders
        .into_iter()
        .filter(|folder| !known.contains(&folder.to_lowercase()))
        .chain([name])
        .collect::<Vec<_>>()
        .join("/")
}

/// The last part of an address, without the extension of a file.
fn last_part(url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let last = path.trim_end_matches('/').rsplit('/').next()?;
    let stem = [".md", ".markdown", ".html", ".htm"]
        .iter()
        .find_map(|extension| last.strip_suffix(extension))
        .unwrap_or(last);
    Some(stem.to_lowercase()).filter(|stem| !stem.is_empty())
}

struct Groups<'l> {
    parent: Vec<usize>,
    members: Vec<Vec<usize>>,
    languages: &'l [String],
}

impl<'l> Groups<'l> {
    fn new(languages: &'l [String]) -> Self {
        Groups {
            parent: (0..languages.len()).collect(),
            members: (0..languages.len()).map(|index| vec![index]).collect(),
            languages,
        }
    }

    /// Joins files if they are one of each language, and none if a language is
    /// there twice: then they have something else in common.
    fn join_distinct(&mut self, files: &[usize]) {
        let languages: BTreeSet<&String> =
            files.iter().map(|&index| &self.languages[index]).collect();
        if languages.len() == files.len() {
            for pair in files.windows(2) {
                self.join(pair[0], pair[1]);
            }
        }
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.parent[one], self.parent[other]);
        let (first, second) = (one.min(other), one.max(other));
        let language = |index: &usize| &self.languages[*index];
        let clash = self.members[second].iter().any(|index| {
            self.members[first]
                .iter()
                .any(|member| language(member) == language(index))
        });
        if first == second || clash {
            return;
        }
        let moved = std::mem::take(&mut self.members[second]);
        for &index in &moved {
            self.parent[index] = first;
        }
        self.members[first].extend(moved);
    }

    fn firsts(self) -> Vec<usize> {
        self.parent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::{Number, Origin};

    fn file(path: &str, stem: &str, number: Option<u64>) -> Summary {
        Summary {
            path: path.to_owned(),
            stem: stem.to_owned(),
            number: number.map(|value| Number {
                value,
                from: Origin::Title,
            }),
            ..Summary::default()
        }
    }

    fn grouped(files: &[Summary], languages: &[&str]) -> Vec<usize> {
        let languages: Vec<String> = languages.iter().map(|&tag| tag.to_owned()).collect();
        groups(files, &languages, Tz::UTC)
    }

    #[test]
    fn files_of_one_name_in_language_folders_are_one_issue() {
        let files = [
            file("issues/en/a.md", "a", None),
            file("issues/zh/a.md", "a", None),
            file("issues/a.ja.md", "a", None),
            file("issues/en/b.md", "b", None),
        ];
        assert_eq!(grouped(&files, &["en", "zh", "ja", "en"]), [0, 0, 0, 3]);
    }

    #[test]
    fn one_number_in_two_languages_is_one_issue() {
        let files = [
            file("en/a.md", "a", Some(7)),
            file("zh/b.md", "b", Some(7)),
            file("zh/c.md", "c", Some(8)),
        ];
        assert_eq!(grouped(&files, &["en", "zh", "zh"]), [0, 0, 2]);
    }

    #[test]
    fn one_number_twice_in_a_language_joins_nothing() {
        let files = [
            file("en/a.md", "a", Some(7)),
            file("en/b.md", "b", Some(7)),
            file("zh/c.md", "c", Some(7)),
        ];
        assert_eq!(grouped(&files, &["en", "en", "zh"]), [0, 1, 2]);
    }

    #[test]
    fn a_translation_that_names_its_original_joins_it() {
        let mut translation = file("zh/second.md", "second", None);
        translation.original_url = Some("https://example.com/tree/main/en/First.md?x#y".to_owned());
        let files = [file("en/first.md", "first", None), translation];
        assert_eq!(grouped(&files, &["en", "zh"]), [0, 0]);
    }

    #[test]
    fn index_files_of_different_folders_stay_apart() {
        let files = [
            file("2024/01/index.md", "01", None),
            file("2025/01/index.md", "01", None),
        ];
        assert_eq!(grouped(&files, &["en", "zh"]), [0, 1]);
    }
}
