use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::diagnostic::{Diagnostic, Finding};
use crate::identity::draft::{Publication, publication};
use crate::identity::group::groups;
use crate::identity::matching::{Matches, Reason};
use crate::identity::mint;
use crate::identity::pin::{IdLock, IssueKey, Pin};
use crate::identity::sketch;
use crate::identity::taken::Taken;
use crate::issue::{self, Summary};

/// For how many of the newest issues of a language the lines are kept, by which
/// an edit is told from a corrected word.
const EDITABLE: usize = 60;

/// What [`resolve`] needs to know of the newsletter and the moment.
#[derive(Clone, Debug)]
pub struct Settings<'a> {
    /// Host of the newsletter's address; new entry ids begin with it.
    pub domain: &'a str,
    /// Main language tag; files without a language have it.
    pub language: &'a str,
    /// Folders of drafts, relative to the newsletter's folder.
    pub drafts: &'a [String],
    /// Zone in which dates without a time begin.
    pub zone: Tz,
    /// The moment of this build.
    pub now: DateTime<Utc>,
}

/// Who the issues are.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// In the order of the summaries.
    pub issues: Vec<Identified>,
    /// The lock to be written.
    pub lock: IdLock,
    /// Pins whose file is gone and that the editor has not let go.
    pub gone: Vec<Pin>,
    /// What `send` must have answered first.
    pub questions: Vec<Question>,
    /// What is to be said, the questions included.
    pub findings: Vec<Finding>,
}

/// One file with its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    /// The issue; shared by its files in other languages.
    pub key: IssueKey,
    /// Entry id in feeds; of this language alone.
    pub id: String,
    /// Name in addresses.
    pub slug: String,
    /// Names that it had; each leads to the present one.
    pub earlier_slugs: Vec<String>,
    /// First published; for a draft, when it would be.
    pub date: DateTime<Utc>,
    /// Last changed in a way that readers care about.
    pub updated: DateTime<Utc>,
    /// Language tag; the newsletter's where the file has none.
    pub language: String,
    /// `{stem}` in addresses.
    pub stem: String,
    /// `{number}` in addresses.
    pub number: Option<u64>,
    /// Whether it may appear.
    pub publication: Publication,
    /// It was not pinned before.
    pub is_new: bool,
    /// Where its file was before it was moved.
    pub moved_from: Option<String>,
    /// The files of the same issue in other languages, as indices.
    pub translations: Vec<usize>,
}

/// A file that may be an issue that is already known, or a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Index of the file.
    pub issue: usize,
    /// Its key, if it is taken for a new one.
    pub key: IssueKey,
    /// The issue that it looks like.
    pub resembles: IssueKey,
    /// Path of that issue's file.
    pub other: String,
}

/// Gives every file its identity: the pinned one if the file is known, was
/// moved or corrected, a new one otherwise. Files that may appear are pinned.
pub fn resolve(lock: &IdLock, summaries: &[Summary], settings: &Settings<'_>) -> Resolution {
    let languages: Vec<String> = summaries
        .iter()
        .map(|summary| {
            summary
                .language
                .clone()
                .unwrap_or_else(|| settings.language.to_owned())
        })
        .collect();
    let pins: Vec<&Pin> = lock.pins().collect();
    let matches = Matches::find(&pins, summaries, &languages);
    let mut work = Work {
        settings,
        summaries,
        groups: groups(summaries, &languages, settings.zone),
        publications: summaries
            .iter()
            .map(|summary| publication(summary, settings.drafts, settings.now, settings.zone))
            .collect(),
        languages,
        group_keys: BTreeMap::new(),
        taken: Taken::default(),
        findings: Vec::new(),
    };
    work.findings.extend(matches.findings.iter().cloned());
    work.reserve(&pins, &matches);

    let mut done: Vec<Option<(Pin, bool)>> = vec![None; summaries.len()];
    for (index, pin) in matches.pins.iter().enumerate() {
        if let Some(pin) = pin {
            let pin = work.renew(index, pins[*pin]);
            work.join_group(index, &pin.key);
            done[index] = Some((pin, false));
        }
    }
    for (index, undated) in work.new_files(&matches) {
        let shared = work.shared_key(index);
        let mut pin = work.mint(index, shared, undated);
        pin.resembles = matches
            .doubts
            .get(&index)
            .map(|doubt| pins[doubt.pin].key.clone());
        work.join_group(index, &pin.key);
        done[index] = Some((pin, true));
    }
    let done: Vec<(Pin, bool)> = done.into_iter().flatten().collect();
    let mut resolution = work.finish(&pins, &matches, done);
    resolution.lock.feed = lock.feed.clone();
    if !resolution.lock.is_empty() {
        let first = resolution.lock.pins().map(|pin| pin.date).min();
        let id = mint::feed_id(settings.domain, first.unwrap_or(settings.now));
        resolution.lock.adopt_feed_id(&id);
    }
    resolution
}

struct Work<'a> {
    settings: &'a Settings<'a>,
    summaries: &'a [Summary],
    languages: Vec<String>,
    groups: Vec<usize>,
    publications: Vec<Publication>,
    group_keys: BTreeMap<usize, BTreeSet<IssueKey>>,
    taken: Taken,
    findings: Vec<Finding>,
}

impl Work<'_> {
    /// What pins have is given to nobody else, also where their file is gone.
    fn reserve(&mut self, pins: &[&Pin], matches: &Matches) {
        let mut owners: Vec<Option<usize>> = vec![None; pins.len()];
        for (index, pin) in matches.pins.iter().enumerate() {
            if let Some(pin) = pin {
                owners[*pin] = Some(index);
            }
        }
        for (pin, owner) in pins.iter().zip(&owners) {
            let path = owner.map_or(&pin.path, |index| &self.summaries[index].path);
            self.taken.reserve(pin, path);
        }
    }

    /// A known file: its identity stays, what it is known by is brought up to
    /// date.
    fn renew(&mut self, index: usize, pin: &Pin) -> Pin {
        let summary = &self.summaries[index];
        let mut next = pin.clone();
        next.retired = false;
        next.path = summary.path.clone();
        next.title = summary.title.clone();
        let number = summary.number.map(|number| number.value);
        if next.first_number.is_none() && number != pin.number {
            next.first_number = pin.number;
        }
        next.number = number;
        if next.first_number == number {
            next.first_number = None;
        }
        let language = &self.languages[index];
        if *language != pin.language && self.taken.take_key(&pin.key, language) {
            next.language = language.clone();
        }
        if let Some(id) = summary.id.as_ref().filter(|id| **id != pin.id) {
            let message = format!(
                "this issue is known to readers as `{}`; `id: {id}` is not used",
                pin.id
            );
            let help = "a new id would show the issue to every reader as a new one";
            self.say(
                index,
                Diagnostic::warning("id-is-pinned", message).help(help),
            );
        }
        let wanted = summary
            .slug
            .as_deref()
            .map(issue::slug)
            .filter(|slug| !slug.is_empty());
        if let Some(slug) = wanted.filter(|slug| *slug != pin.slug) {
            let slug = self.free_slug(index, &slug, true);
            if slug != pin.slug {
                next.earlier_slugs.retain(|earlier| *earlier != slug);
                next.earlier_slugs.push(pin.slug.clone());
                next.slug = slug;
            }
        }
        self.renew_content(index, pin, &mut next);
        next
    }

    /// `updated` moves when the editor says so, when the links changed, or when
    /// more than a line did.
    fn renew_content(&mut self, index: usize, pin: &Pin, next: &mut Pin) {
        let summary = &self.summaries[index];
        let digest = sketch::digest(&summary.links);
        let said = self.said_update(index, next.date);
        let edited = (pin.links_digest.is_some() && pin.links_digest != digest)
            || (!pin.lines.is_empty()
                && sketch::changed_lines(&pin.lines, &summary.line_marks) > 1);
        let known = pin.links_digest.is_some() || !pin.lines.is_empty();
        if said.is_some() {
            next.updated = said;
        } else if edited && !self.publications[index].is_draft() {
            next.updated = Some(self.settings.now.trunc_subsecs(0));
        }
        if edited || !known || next.updated != pin.updated || pin.lines.is_empty() {
            next.lines.clone_from(&summary.line_marks);
        }
        next.links_digest = digest;
        next.links = sketch::sketch(&summary.links);
    }

    fn said_update(&self, index: usize, date: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let said = self.summaries[index].updated?.moment(self.settings.zone);
        (said > date && said <= self.settings.now).then_some(said)
    }

    /// The files to be given an identity, those that may appear first, in order
    /// of date, number and name; with each its place among the undated ones of
    /// its language, counted from the newest.
    fn new_files(&self, matches: &Matches) -> Vec<(usize, usize)> {
        let mut new: Vec<usize> = (0..self.summaries.len())
            .filter(|&index| matches.pins[index].is_none())
            .collect();
        let moment = |index: usize| {
            self.summaries[index]
                .date
                .map(|date| date.moment(self.settings.zone))
        };
        new.sort_by(|&left, &right| {
            let (one, other) = (&self.summaries[left], &self.summaries[right]);
            let number = |summary: &Summary| summary.number.map(|number| number.value);
            (self.publications[left]
                .is_draft()
                .cmp(&self.publications[right].is_draft()))
            .then_with(|| moment(left).cmp(&moment(right)))
            .then_with(|| number(one).cmp(&number(other)))
            .then_with(|| mint::natural(&one.path, &other.path))
            .then_with(|| one.path.cmp(&other.path))
        });
        let mut undated: BTreeMap<&str, usize> = BTreeMap::new();
        let mut placed: Vec<(usize, usize)> = Vec::with_capacity(new.len());
        for &index in new.iter().rev() {
            let counted =
                self.summaries[index].date.is_none() && !self.publications[index].is_draft();
            let before = undated.entry(&self.languages[index]).or_default();
            placed.push((index, *before));
            *before += usize::from(counted);
        }
        placed.reverse();
        placed
    }

    fn join_group(&mut self, index: usize, key: &IssueKey) {
        let keys = self.group_keys.entry(self.groups[index]).or_default();
        keys.insert(key.clone());
    }

    /// The key of the same issue in another language.
    fn shared_key(&self, index: usize) -> Option<IssueKey> {
        let keys = self.group_keys.get(&self.groups[index])?;
        let language = &self.languages[index];
        let mut free = keys
            .iter()
            .filter(|key| self.taken.is_key_free(key, language));
        free.next().cloned()
    }

    fn mint(&mut self, index: usize, shared: Option<IssueKey>, undated: usize) -> Pin {
        let summary = &self.summaries[index];
        let language = self.languages[index].clone();
        let draft = self.publications[index].is_draft();
        let now = self.settings.now.trunc_subsecs(0);
        let date = match summary.date {
            Some(date) => date.moment(self.settings.zone),
            // Numbered upwards to the present, so that none is in the future.
            None => now - TimeDelta::seconds(i64::try_from(undated).unwrap_or(i64::MAX)),
        };
        let date = if draft {
            date
        } else {
            self.taken.free_moment(&language, date)
        };
        let key = shared.unwrap_or_else(|| self.free_key(index));
        self.taken.take_key(&key, &language);
        let foreign = (language != self.settings.language).then_some(language.as_str());
        let given = summary
            .id
            .as_ref()
            .filter(|id| self.taken.take_id(id))
            .cloned();
        let id = given.unwrap_or_else(|| {
            let id = mint::entry_id(self.settings.domain, date, key.as_str(), foreign);
            self.taken.free_id(id)
        });
        let wanted = summary
            .slug
            .as_deref()
            .map(issue::slug)
            .filter(|slug| !slug.is_empty());
        let said = wanted.is_some();
        let slug = wanted
            .into_iter()
            .chain([issue::slug(&summary.stem), issue::slug(key.as_str())])
            .find(|slug| !slug.is_empty())
            .unwrap_or_else(|| "issue".to_owned());
        Pin {
            id,
            slug: self.free_slug(index, &slug, said),
            earlier_slugs: Vec::new(),
            date,
            updated: self.said_update(index, date),
            stem: summary.stem.clone(),
            first_number: None,
            path: summary.path.clone(),
            number: summary.number.map(|number| number.value),
            title: summary.title.clone(),
            links: sketch::sketch(&summary.links),
            links_digest: sketch::digest(&summary.links),
            lines: summary.line_marks.clone(),
            resembles: None,
            retired: false,
            key,
            language,
        }
    }

    /// The number, else the stem, with a count where that is taken.
    fn free_key(&self, index: usize) -> IssueKey {
        let summary = &self.summaries[index];
        let number = summary.number.map(|number| number.value.to_string());
        let stem = Some(issue::slug(&summary.stem)).filter(|stem| !stem.is_empty());
        let names: Vec<String> = number.into_iter().chain(stem).collect();
        self.taken.free_key(&names)
    }

    fn free_slug(&mut self, index: usize, slug: &str, said: bool) -> String {
        let path = &self.summaries[index].path;
        let (free, other) = self.taken.free_slug(&self.languages[index], path, slug);
        if let Some(other) = other.filter(|_| said) {
            let message = format!("the slug `{slug}` belongs to {other}; `{free}` is used");
            self.say(index, Diagnostic::error("duplicate-slug", message));
        }
        free
    }

    fn say(&mut self, index: usize, diagnostic: Diagnostic) {
        let path = self.summaries[index].path.clone();
        self.findings.push(Finding::whole_file(path, diagnostic));
    }

    fn finish(mut self, pins: &[&Pin], matches: &Matches, done: Vec<(Pin, bool)>) -> Resolution {
        let mut lock = IdLock::default();
        let matched: BTreeSet<usize> = matches.pins.iter().flatten().copied().collect();
        let mut gone = Vec::new();
        let lost = pins
            .iter()
            .enumerate()
            .filter(|(index, _)| !matched.contains(index));
        for (_, pin) in lost {
            lock.insert((*pin).clone());
            if !pin.retired {
                gone.push((*pin).clone());
            }
        }
        let mut groups: BTreeMap<&IssueKey, Vec<usize>> = BTreeMap::new();
        for (index, (pin, _)) in done.iter().enumerate() {
            groups.entry(&pin.key).or_default().push(index);
            if matches.pins[index].is_some() || !self.publications[index].is_draft() {
                lock.insert(pin.clone());
            }
        }
        forget_old_lines(&mut lock);
        let questions = self.questions(&lock, matches, &done);
        let issues = done
            .iter()
            .enumerate()
            .map(|(index, (pin, is_new))| Identified {
                key: pin.key.clone(),
                id: pin.id.clone(),
                slug: pin.slug.clone(),
                earlier_slugs: pin.earlier_slugs.clone(),
                date: pin.date,
                updated: pin.updated(),
                language: pin.language.clone(),
                stem: pin.stem.clone(),
                number: pin.first_number.or(pin.number),
                publication: self.publications[index],
                is_new: *is_new,
                moved_from: matches.pins[index]
                    .map(|known| pins[known].path.clone())
                    .filter(|path| *path != pin.path),
                translations: groups[&pin.key]
                    .iter()
                    .copied()
                    .filter(|other| *other != index)
                    .collect(),
            })
            .collect();
        Resolution {
            issues,
            lock,
            gone,
            questions,
            findings: self.findings,
        }
    }

    fn questions(
        &mut self,
        lock: &IdLock,
        matches: &Matches,
        done: &[(Pin, bool)],
    ) -> Vec<Question> {
        let mut questions = Vec::new();
        for (index, (pin, is_new)) in done.iter().enumerate() {
            let Some(resembles) = &pin.resembles else {
                continue;
            };
            let Some(known) = lock.get(resembles, &pin.language) else {
                continue;
            };
            let reason = match matches.doubts.get(&index).map(|doubt| &doubt.reason) {
                Some(Reason::Number(number)) => format!("has the number {number}"),
                Some(Reason::Links { shared, of }) => format!("has {shared} of {of} links"),
                None => "looks like one".to_owned(),
            };
            let message = format!(
                "this file {reason} of an issue that is already known, {}",
                known.path
            );
            let help = format!(
                "is it the same issue? Then remove one of the two files. Is it a new one? Then {}",
                if *is_new {
                    "build once and remove the line `resembles` of it from feeds/ids.lock"
                } else {
                    "remove the line `resembles` of it from feeds/ids.lock"
                }
            );
            self.say(
                index,
                Diagnostic::warning("ambiguous-identity", message).help(help),
            );
            questions.push(Question {
                issue: index,
                key: pin.key.clone(),
                resembles: resembles.clone(),
                other: known.path.clone(),
            });
        }
        questions
    }
}

fn forget_old_lines(lock: &mut IdLock) {
    let mut order: Vec<(String, DateTime<Utc>, IssueKey)> = lock
        .pins()
        .map(|pin| (pin.language.clone(), pin.date, pin.key.clone()))
        .collect();
    order.sort_by(|left, right| right.cmp(left));
    let mut kept: BTreeMap<String, usize> = BTreeMap::new();
    for (language, _, key) in order {
        let count = kept.entry(language.clone()).or_default();
        *count += 1;
        if *count > EDITABLE
            && let Some(pin) = lock.pins.get_mut(&(key, language))
        {
            pin.lines.clear();
        }
    }
}
