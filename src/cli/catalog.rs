//! All issues of a folder, who they are, and how one is named.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use crate::cli::error::CommandError;
use crate::cli::folder::Folder;
use crate::cli::newsroom::Newsroom;
use crate::identity::{IdLock, Identified, Resolution};
use crate::issue::Summary;

/// All issues with their identities.
#[derive(Debug)]
pub(crate) struct Catalog {
    /// The facts of each file, in the order of paths.
    pub(crate) summaries: Vec<Summary>,
    /// Who they are, in the same order.
    pub(crate) resolution: Resolution,
    /// Indices, oldest first.
    order: Vec<usize>,
}

impl Catalog {
    /// Reads all issues of the folder.
    pub(crate) fn read(folder: &Folder) -> Result<Catalog, CommandError> {
        let reader = folder.reader()?;
        let files = folder.issue_files()?;
        let summaries = folder.read_all(&reader, &files, |text| reader.parse(text).0.summary());
        let (lock, _) = folder.id_lock()?;
        Ok(Catalog::new(summaries, &lock, folder))
    }

    /// The issues of a newsroom, those that cannot be read included.
    pub(crate) fn of(newsroom: &Newsroom, folder: &Folder) -> Catalog {
        let all = newsroom.manuscripts.iter().chain(&newsroom.unreadable);
        let summaries = all.map(|one| one.summary.clone()).collect();
        Catalog::new(summaries, &newsroom.lock, folder)
    }

    /// Tells who the issues are.
    pub(crate) fn new(summaries: Vec<Summary>, lock: &IdLock, folder: &Folder) -> Catalog {
        let resolution = folder.resolve(lock, &summaries);
        let mut order: Vec<usize> = (0..summaries.len()).collect();
        order.sort_by_key(|&index| {
            let known = &resolution.issues[index];
            (known.date, known.number, index)
        });
        Catalog {
            summaries,
            resolution,
            order,
        }
    }

    /// One file with its identity.
    pub(crate) fn get(&self, index: usize) -> (&Summary, &Identified) {
        (&self.summaries[index], &self.resolution.issues[index])
    }

    /// Indices of all files, oldest first.
    pub(crate) fn oldest_first(&self) -> impl DoubleEndedIterator<Item = usize> + Clone + '_ {
        self.order.iter().copied()
    }

    /// The files of the one issue that `selector` names: one if it is a path or
    /// says the language, otherwise the issue in all languages, the newsletter's
    /// first. A path may name a file that is not among the issues.
    pub(crate) fn select(
        &self,
        folder: &Folder,
        selector: &str,
    ) -> Result<Vec<Summary>, CommandError> {
        if folder.path(selector).is_file() {
            return self.file(folder, selector);
        }
        let exact = self.summaries.iter().position(|one| one.path == selector);
        if let Some(index) = exact {
            return Ok(vec![self.summaries[index].clone()]);
        }
        let (language, name) = match selector.split_once('/') {
            Some((language, name)) => (Some(language), name),
            None => (None, selector),
        };
        let candidates: Vec<usize> = self
            .oldest_first()
            .filter(|&index| speaks(&self.resolution.issues[index].language, language))
            .collect();
        let matches = match name {
            "latest" => self.latest_of(&candidates).into_iter().collect(),
            "next" => self.next_of(&candidates, folder.now).into_iter().collect(),
            _ => self.named(&candidates, name),
        };
        let keys: BTreeSet<&str> = matches.iter().map(|&index| self.key(index)).collect();
        let Some(key) = keys.first().filter(|_| keys.len() == 1) else {
            return Err(match matches.is_empty() {
                true => self.nothing(selector),
                false => self.several(selector, &matches),
            });
        };
        if language.is_some() {
            return Ok(matches
                .iter()
                .map(|&index| self.summaries[index].clone())
                .collect());
        }
        let mut files: Vec<usize> = (0..self.summaries.len())
            .filter(|&index| self.key(index) == *key)
            .collect();
        let default = &folder.settings().newsletter.language;
        files.sort_by_key(|&index| self.resolution.issues[index].language != *default);
        Ok(files
            .into_iter()
            .map(|index| self.summaries[index].clone())
            .collect())
    }

    /// The issue of a file, which need not be among the others. Where it holds
    /// several, one must be named.
    fn file(&self, folder: &Folder, path: &str) -> Result<Vec<Summary>, CommandError> {
        let name = folder.name_of(path.as_ref());
        let inside = |&index: &usize| folder.file_of(&self.summaries[index].path) == name;
        let found: Vec<usize> = self.oldest_first().filter(inside).collect();
        match found.as_slice() {
            [index] => Ok(vec![self.summaries[*index].clone()]),
            [] => {
                let reader = folder.reader()?;
                let text = folder.read(&reader, &name);
                Ok(vec![reader.parse(&text).0.summary()])
            }
            several => Err(self.several(path, several)),
        }
    }

    /// The newest that is no draft.
    pub(crate) fn latest(&self) -> Option<usize> {
        self.latest_of(&self.order)
    }

    fn latest_of(&self, candidates: &[usize]) -> Option<usize> {
        let mut newest_first = candidates.iter().rev().copied();
        newest_first.find(|&index| !self.is_draft(index))
    }

    /// The nearest draft: the first that is yet to come, else the newest.
    fn next_of(&self, candidates: &[usize], now: DateTime<Utc>) -> Option<usize> {
        let mut drafts = candidates
            .iter()
            .copied()
            .filter(|&index| self.is_draft(index));
        let dated = |index: usize| self.summaries[index].date.is_some();
        let to_come = |&index: &usize| dated(index) && self.resolution.issues[index].date >= now;
        drafts
            .clone()
            .find(to_come)
            .or_else(|| drafts.clone().rfind(|&index| dated(index)))
            .or_else(|| drafts.next_back())
    }

    /// Whether a file is a draft, for whatever reason.
    pub(crate) fn is_draft(&self, index: usize) -> bool {
        self.resolution.issues[index].publication.is_draft()
    }

    fn key(&self, index: usize) -> &str {
        self.resolution.issues[index].key.as_str()
    }

    fn named(&self, candidates: &[usize], name: &str) -> Vec<usize> {
        let by = |matches: &dyn Fn(&Summary, &Identified) -> bool| -> Vec<usize> {
            let matches = |&index: &usize| {
                let (summary, identified) = self.get(index);
                matches(summary, identified)
            };
            candidates.iter().copied().filter(matches).collect()
        };
        if let Ok(date) = name.parse::<NaiveDate>() {
            return by(&|summary, _| summary.date.map(|own| own.date) == Some(date));
        }
        if let Ok(number) = name.trim_start_matches('#').parse::<u64>() {
            let found = by(&|_, identified| identified.number == Some(number));
            if !found.is_empty() {
                return found;
            }
        }
        by(&|summary, identified| {
            identified.slug == name
                || summary.stem == name
                || identified.earlier_slugs.iter().any(|slug| slug == name)
        })
    }

    fn several(&self, selector: &str, matches: &[usize]) -> CommandError {
        let lines: Vec<String> = matches.iter().map(|&index| self.line(index)).collect();
        CommandError::usage(format!(
            "{selector} means several issues:\n  {}",
            lines.join("\n  ")
        ))
        .hint("name one of them by its path")
    }

    fn nothing(&self, selector: &str) -> CommandError {
        if self.summaries.is_empty() {
            return CommandError::usage("there are no issues in this folder")
                .hint("`letterpress new` begins one; issues.paths says where they are");
        }
        let error = CommandError::usage(match selector {
            "latest" => "all issues are drafts".to_owned(),
            "next" => "there is no draft".to_owned(),
            _ => format!("there is no issue {selector}"),
        });
        match (selector, self.latest()) {
            ("latest", _) => error.hint("`next` names the nearest draft"),
            ("next", _) => error.hint("`letterpress new` begins one"),
            (_, Some(latest)) => error.hint(format!("the latest is {}", self.line(latest))),
            (_, None) => error,
        }
    }

    /// A line that tells a file from others.
    fn line(&self, index: usize) -> String {
        let (summary, identified) = self.get(index);
        let words = [
            Some(summary.path.clone()),
            identified.number.map(|number| format!("#{number}")),
            summary.date.map(|date| date.date.to_string()),
            Some(summary.title.clone()),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        words.join("  ")
    }
}

/// Whether a language is the one asked for; `zh` also asks for `zh-Hans`.
fn speaks(own: &str, asked: Option<&str>) -> bool {
    asked.is_none_or(|asked| {
        let primary = own.split('-').next().unwrap_or(own);
        own.eq_ignore_ascii_case(asked) || primary.eq_ignore_ascii_case(asked)
    })
}
