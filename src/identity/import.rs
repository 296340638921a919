use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::identity::mint::natural;
use crate::identity::pin::IdLock;
use crate::identity::resolve::Resolution;
use crate::issue::{Summary, canonical_url};

/// An entry of a feed that was published before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedEntry {
    /// Its id, taken over verbatim.
    pub id: String,
    /// Address of its page.
    pub url: String,
    /// Plain text.
    pub title: String,
    /// When it was published.
    pub published: Option<DateTime<Utc>>,
}

/// What an import did and could not do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Entries that are now pinned.
    pub imported: Vec<Imported>,
    /// Entries of the feed for which no issue was found.
    pub unmatched: Vec<PublishedEntry>,
    /// Paths of issues that the feed does not have.
    pub missing: Vec<String>,
}

/// An issue that took over the identity of a published entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Path of its file.
    pub path: String,
    /// The id that it has now.
    pub id: String,
    /// The id that it had, if another one was pinned.
    pub replaced: Option<String>,
    /// What gave it away.
    pub by: MatchedBy,
}

/// How an entry's issue was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchedBy {
    /// They have the same id.
    Id,
    /// The address of its page, or the last part of it.
    Link,
    /// Title, and the day where both have one.
    Title,
}

/// Takes over the ids and dates of a published feed: by link, then by title and
/// date. `pages` are the absolute addresses of the issues' pages, in the order
/// of `resolution.issues` and `summaries`; issues of the lock in `resolution`
/// get the entry's id and first date, drafts do not.
pub fn import(
    resolution: &Resolution,
    summaries: &[Summary],
    pages: &[String],
    published: &[PublishedEntry],
) -> (IdLock, ImportReport) {
    let open: Vec<usize> = (0..summaries.len())
        .filter(|&index| !resolution.issues[index].publication.is_draft())
        .collect();
    let index = Index::new(resolution, summaries, pages, &open);
    let mut lock = resolution.lock.clone();
    let mut report = ImportReport::default();
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    let mut ids: BTreeSet<String> = lock.pins().map(|pin| pin.id.clone()).collect();
    let mut waiting: Vec<&PublishedEntry> = published.iter().collect();
    for by in [MatchedBy::Id, MatchedBy::Link, MatchedBy::Title] {
        waiting.retain(|entry| {
            let found = index.find(by, entry, resolution);
            let Some(issue) = found.filter(|issue| !taken.contains(issue)) else {
                return true;
            };
            let identified = &resolution.issues[issue];
            if identified.id != entry.id && !ids.insert(entry.id.clone()) {
                // Another issue has it, perhaps one whose file is gone.
                return true;
            }
            taken.insert(issue);
            let place = (identified.key.clone(), identified.language.clone());
            if let Some(pin) = lock.pins.get_mut(&place) {
                let replaced = (pin.id != entry.id).then(|| pin.id.clone());
                pin.id.clone_from(&entry.id);
                if let Some(date) = entry.published {
                    pin.date = date;
                }
                report.imported.push(Imported {
                    path: summaries[issue].path.clone(),
                    id: entry.id.clone(),
                    replaced,
                    by,
                });
            }
            false
        });
    }
    report.unmatched = waiting.into_iter().cloned().collect();
    report.missing = open
        .into_iter()
        .filter(|issue| !taken.contains(issue))
        .map(|issue| summaries[issue].path.clone())
        .collect();
    report
        .imported
        .sort_by(|left, right| natural(&left.path, &right.path));
    (lock, report)
}

/// Issues by what an entry may say of them; `None` where two would answer.
struct Index {
    by_id: BTreeMap<String, Option<usize>>,
    by_link: BTreeMap<String, Option<usize>>,
    by_name: BTreeMap<String, Option<usize>>,
    by_title: BTreeMap<String, Vec<usize>>,
}

impl Index {
    fn new(
        resolution: &Resolution,
        summaries: &[Summary],
        pages: &[String],
        open: &[usize],
    ) -> Index {
        let mut index = Index {
            by_id: BTreeMap::new(),
            by_link: BTreeMap::new(),
            by_name: BTreeMap::new(),
            by_title: BTreeMap::new(),
        };
        for &issue in open {
            let identified = &resolution.issues[issue];
            let summary = &summaries[issue];
            add(&mut index.by_id, identified.id.clone(), issue);
            if let Some(page) = pages.get(issue) {
                add(&mut index.by_link, canonical_url(page), issue);
            }
            let slugs = identified.earlier_slugs.iter().chain([&identified.slug]);
            let aliases = summary.aliases.iter().filter_map(|alias| last_part(alias));
            let stem = last_part(&summary.stem);
            let undated = stem.as_deref().and_then(without_date).map(str::to_owned);
            let names = slugs.cloned().chain(stem).chain(undated).chain(aliases);
            for name in names.collect::<BTreeSet<_>>() {
                add(&mut index.by_name, name, issue);
            }
            index
                .by_title
                .entry(plain(&summary.title))
                .or_default()
                .push(issue);
        }
        index
    }

    fn find(
        &self,
        by: MatchedBy,
        entry: &PublishedEntry,
        resolution: &Resolution,
    ) -> Option<usize> {
        match by {
            MatchedBy::Id => self.by_id.get(&entry.id).copied().flatten(),
            MatchedBy::Link => [&entry.url, &entry.id].into_iter().find_map(|url| {
                let link = self.by_link.get(&canonical_url(url)).copied().flatten();
                link.or_else(|| self.by_name.get(&last_part(url)?).copied().flatten())
            }),
            MatchedBy::Title => {
                let title = plain(&entry.title);
                let named = self.by_title.get(&title).filter(|_| !title.is_empty())?;
                let near = |issue: &&usize| {
                    let date = resolution.issues[**issue].date;
                    let apart = entry.published.map(|published| published - date);
                    apart.is_none_or(|apart| apart.abs() <= TimeDelta::days(2))
                };
                let near: Vec<usize> = named.iter().filter(near).copied().collect();
                match (near.as_slice(), named.as_slice()) {
                    ([one], _) => Some(*one),
                    // A title that only one issue has is enough.
                    ([], [one]) => Some(*one),
                    _ => None,
                }
            }
        }
    }
}

fn add(index: &mut BTreeMap<String, Option<usize>>, name: String, issue: usize) {
    index
        .entry(name)
        .and_modify(|known| *known = known.filter(|known| *known == issue))
        .or_insert(Some(issue));
}

/// The last part of an address, in lower case and without the extension of a
/// file.
fn last_part(url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let path = path.trim_end_matches('/').trim_end_matches("/index.html");
    let last = path.rsplit('/').next()?;
    let last = last
        .strip_suffix(".html")
        .or_else(|| last.strip_suffix(".md"))
        .unwrap_or(last);
    Some(last.to_lowercase()).filter(|name| !name.is_empty())
}

/// `2024-05-01-name` as `name`: many programs make addresses so.
fn without_date(stem: &str) -> Option<&str> {
    let mut rest = stem;
    for digits in [4..=4, 1..=2, 1..=2] {
        let (number, after) = rest.split_once('-')?;
        let fits =
            digits.contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        rest = fits.then_some(after)?;
    }
    Some(rest).filter(|rest| !rest.is_empty())
}

/// A title by its letters and digits alone.
fn plain(title: &str) -> String {
    title
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
