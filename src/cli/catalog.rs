//! All issues of a folder, in the order of time, and how one is named.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::cli::error::CommandError;
use crate::cli::folder::Folder;
use crate::cli::newsroom::Newsroom;
use crate::config::Settings;
use crate::files::Pattern;
use crate::issue::Summary;

/// Why an issue is a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Draft {
    /// It says so in its front matter.
    Marked,
    /// It lies in a folder of drafts.
    Folder,
    /// Its date is yet to come.
    Dated,
}

impl Draft {
    /// The reason in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Draft::Marked => "it is marked as a draft",
            Draft::Folder => "it lies in a folder of drafts",
            Draft::Dated => "its date is yet to come",
        }
    }
}

/// One issue file.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// Its facts.
    pub(crate) summary: Summary,
    /// Its date in the newsletter's zone, where it has one.
    pub(crate) moment: Option<DateTime<Utc>>,
    /// Why it is a draft, if it is.
    pub(crate) draft: Option<Draft>,
    /// Its path without what differs between translations.
    pub(crate) group: String,
}

impl Known {
    pub(crate) fn new(summary: Summary, settings: &Settings, now: DateTime<Utc>) -> Known {
        let zone = settings.newsletter.time_zone;
        let moment = summary.date.map(|date| date.moment(zone));
        let draft = if summary.draft {
            Some(Draft::Marked)
        } else if in_folder_of_drafts(&summary.path, &settings.issues.drafts) {
            Some(Draft::Folder)
        } else if moment.is_some_and(|moment| moment > now) {
            Some(Draft::Dated)
        } else {
            None
        };
        Known {
            group: group(&summary, &settings.issues.reading.language_folders),
            summary,
            moment,
            draft,
        }
    }

    /// A line that tells it from others.
    fn line(&self) -> String {
        let date = self.summary.date.map(|date| date.date.to_string());
        let words = [
            Some(self.summary.path.clone()),
            self.summary
                .number
                .map(|number| format!("#{}", number.value)),
            date,
            Some(self.summary.title.clone()),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        words.join("  ")
    }
}

/// All issues, oldest first.
#[derive(Debug)]
pub(crate) struct Catalog {
    pub(crate) issues: Vec<Known>,
}

impl Catalog {
    /// Reads all issues of the folder.
    pub(crate) fn read(folder: &Folder) -> Result<Catalog, CommandError> {
        let reader = folder.reader()?;
        let files = folder.issue_files()?;
        let summaries = folder.read_all(&reader, &files, |text| reader.parse(text).0.summary());
        Ok(Catalog::new(summaries, folder))
    }

    /// The issues of a newsroom, those that cannot be read included.
    pub(crate) fn of(newsroom: &Newsroom, folder: &Folder) -> Catalog {
        let all = newsroom.manuscripts.iter().chain(&newsroom.unreadable);
        Catalog::new(all.map(|one| one.summary.clone()).collect(), folder)
    }

    /// Puts summaries into order.
    pub(crate) fn new(summaries: Vec<Summary>, folder: &Folder) -> Catalog {
        let mut issues: Vec<Known> = summaries
            .into_iter()
            .map(|summary| Known::new(summary, folder.settings(), folder.now))
            .collect();
        issues.sort_by(|a, b| age(a).cmp(&age(b)));
        Catalog { issues }
    }

    /// The files of the one issue that `selector` names: several when it has
    /// translations, the default language first.
    pub(crate) fn select(
        &self,
        folder: &Folder,
        selector: &str,
    ) -> Result<Vec<Known>, CommandError> {
        if folder.path(selector).is_file() {
            return self.file(folder, selector);
        }
        let matches: Vec<&Known> = match selector {
            "latest" => self.latest().into_iter().collect(),
            "next" => self.next(folder.now).into_iter().collect(),
            _ => self.named(selector),
        };
        let Some(first) = matches.first() else {
            return Err(self.nothing(selector));
        };
        let exact = selector.contains('/');
        if matches.iter().any(|known| known.group != first.group) {
            let lines: Vec<String> = matches.iter().map(|known| known.line()).collect();
            let words = format!("{selector} means several issues:\n  {}", lines.join("\n  "));
            return Err(CommandError::usage(words).hint("name one of them by its path"));
        }
        let mut files: Vec<Known> = if exact {
            matches.into_iter().cloned().collect()
        } else {
            let group = &first.group;
            let whole = self.issues.iter().filter(|known| known.group == *group);
            whole.cloned().collect()
        };
        let default = &folder.settings().newsletter.language;
        files.sort_by_key(|known| known.summary.language.as_ref() != Some(default));
        Ok(files)
    }

    /// The file itself, in the folder's search or not.
    fn file(&self, folder: &Folder, path: &str) -> Result<Vec<Known>, CommandError> {
        let name = folder.name_of(path.as_ref());
        let known = self.issues.iter().find(|known| known.summary.path == name);
        if let Some(known) = known {
            return Ok(vec![known.clone()]);
        }
        let reader = folder.reader()?;
        let text = folder.read(&reader, &name);
        let summary = reader.parse(&text).0.summary();
        Ok(vec![Known::new(summary, folder.settings(), folder.now)])
    }

    /// The newest that is no draft.
    pub(crate) fn latest(&self) -> Option<&Known> {
        self.issues.iter().rev().find(|known| known.draft.is_none())
    }

    /// The nearest draft: the first that is yet to come, else the newest.
    pub(crate) fn next(&self, now: DateTime<Utc>) -> Option<&Known> {
        let mut drafts = self.issues.iter().filter(|known| known.draft.is_some());
        let to_come = |known: &&Known| known.moment.is_some_and(|moment| moment >= now);
        drafts.clone().find(to_come).or_else(|| drafts.next_back())
    }

    fn named(&self, selector: &str) -> Vec<&Known> {
        let (language, name) = match selector.split_once('/') {
            Some((language, name)) => (Some(language), name),
            None => (None, selector),
        };
        let speaks = |known: &&Known| {
            language.is_none_or(|language| {
                let own = known.summary.language.as_deref().unwrap_or_default();
                own.eq_ignore_ascii_case(language)
                    || own
                        .split('-')
                        .next()
                        .unwrap_or_default()
                        .eq_ignore_ascii_case(language)
            })
        };
        let number: Option<u64> = name.trim_start_matches('#').parse().ok();
        let date: Option<NaiveDate> = name.parse().ok();
        let candidates = || self.issues.iter().filter(speaks);
        let by = |matches: &dyn Fn(&Known) -> bool| -> Vec<&Known> {
            candidates().filter(|known| matches(known)).collect()
        };
        if name == "latest" {
            let published = candidates().rev().find(|known| known.draft.is_none());
            return published.into_iter().collect();
        }
        if number.is_some() {
            let by_number = by(&|known| known.summary.number.map(|own| own.value) == number);
            if !by_number.is_empty() {
                return by_number;
            }
        }
        if date.is_some() {
            return by(&|known| known.summary.date.map(|own| own.date) == date);
        }
        by(&|known| known.summary.slug.as_deref() == Some(name) || known.summary.stem == name)
    }

    fn nothing(&self, selector: &str) -> CommandError {
        if self.issues.is_empty() {
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
            (_, Some(latest)) => error.hint(format!("the latest is {}", latest.line())),
            (_, None) => error,
        }
    }
}

/// Oldest first: by date, then number; what has no date goes by its number.
fn age(known: &Known) -> (Option<DateTime<Utc>>, Option<u64>, &str) {
    let number = known.summary.number.map(|number| number.value);
    (known.moment, number, &known.summary.path)
}

/// Whether a folder above the file is one of drafts.
fn in_folder_of_drafts(path: &str, drafts: &[String]) -> bool {
    let patterns: Vec<Pattern> = drafts.iter().map(|text| Pattern::new(text)).collect();
    path.match_indices('/')
        .any(|(end, _)| patterns.iter().any(|pattern| pattern.matches(&path[..end])))
}

/// A path less the folder or ending that names its language.
fn group(summary: &Summary, folders: &BTreeMap<String, String>) -> String {
    let Some(language) = &summary.language else {
        return summary.path.clone();
    };
    let primary = language.split('-').next().unwrap_or(language);
    let names = |part: &str| {
        part.eq_ignore_ascii_case(language)
            || part.eq_ignore_ascii_case(primary)
            || folders.get(part) == Some(language)
    };
    let mut parts: Vec<&str> = summary.path.split('/').collect();
    let file = parts.pop().unwrap_or_default();
    parts.retain(|part| !names(part));
    let endings: Vec<&str> = file.split('.').collect();
    let file: Vec<&str> = endings
        .iter()
        .enumerate()
        .filter(|(index, ending)| *index == 0 || !names(ending))
        .map(|(_, ending)| *ending)
        .collect();
    let file = file.join(".");
    parts.push(&file);
    parts.join("/")
}
