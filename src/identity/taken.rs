//! What issues have already, so that nothing is given twice.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::identity::pin::{IssueKey, Pin};

/// Keys, ids, slugs and moments that are taken. Slugs and moments are those of a
/// language.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    keys: BTreeSet<(IssueKey, String)>,
    ids: BTreeSet<String>,
    /// Who has a slug: the path of a file.
    slugs: BTreeMap<(String, String), String>,
    moments: BTreeSet<(String, DateTime<Utc>)>,
    /// Where the search for a free moment from this one on has come to.
    next_moment: BTreeMap<(String, DateTime<Utc>), DateTime<Utc>>,
}

impl Taken {
    /// Everything of a pin, its earlier slugs too, for they lead to it. `path` is
    /// where its file is now.
    pub(crate) fn reserve(&mut self, pin: &Pin, path: &str) {
        self.keys.insert((pin.key.clone(), pin.language.clone()));
        self.ids.insert(pin.id.clone());
        self.moments.insert((pin.language.clone(), pin.date));
        for slug in [&pin.slug].into_iter().chain(&pin.earlier_slugs) {
            let slug = (pin.language.clone(), slug.clone());
            self.slugs.entry(slug).or_insert_with(|| path.to_owned());
        }
    }

    /// Takes a key for a language, if that is still free.
    pub(crate) fn take_key(&mut self, key: &IssueKey, language: &str) -> bool {
        self.keys.insert((key.clone(), language.to_owned()))
    }

    /// Whether a key is free for a language.
    pub(crate) fn is_key_free(&self, key: &IssueKey, language: &str) -> bool {
        !self.keys.contains(&(key.clone(), language.to_owned()))
    }

    /// The first name that is no issue's key in any language, else the last one
    /// with a count.
    pub(crate) fn free_key(&self, names: &[String]) -> IssueKey {
        let last = names.last().map_or("issue", String::as_str);
        let counted = (2..).map(|count: u64| format!("{last}-{count}"));
        let free = |name: &String| {
            let key = IssueKey(name.clone());
            let mut from = self.keys.range((key.clone(), String::new())..);
            from.next().is_none_or(|(taken, _)| *taken != key)
        };
        let found = names.iter().cloned().chain(counted).find(free);
        IssueKey(found.unwrap_or_else(|| last.to_owned()))
    }

    /// Takes an id, if it is still free.
    pub(crate) fn take_id(&mut self, id: &str) -> bool {
        self.ids.insert(id.to_owned())
    }

    /// Takes an id, with a count where it is taken.
    pub(crate) fn free_id(&mut self, id: String) -> String {
        let counted = (2..).map(|count: u64| format!("{id}.{count}"));
        let mut names = std::iter::once(id.clone()).chain(counted);
        let free = names.find(|id| !self.ids.contains(id)).unwrap_or(id);
        self.ids.insert(free.clone());
        free
    }

    /// Takes a slug for a file, with a count where another file has it; that
    /// file's path is the second value.
    pub(crate) fn free_slug(
        &mut self,
        language: &str,
        path: &str,
        slug: &str,
    ) -> (String, Option<String>) {
        let owner = |slug: &str| {
            let owner = self.slugs.get(&(language.to_owned(), slug.to_owned()));
            owner.filter(|owner| *owner != path)
        };
        let other = owner(slug).cloned();
        let counted = (2..).map(|count: u64| format!("{slug}-{count}"));
        let mut names = std::iter::once(slug.to_owned()).chain(counted);
        let free = names.find(|slug| owner(slug).is_none());
        let free = free.unwrap_or_else(|| slug.to_owned());
        let place = (language.to_owned(), free.clone());
        self.slugs.insert(place, path.to_owned());
        (free, other)
    }

    /// Takes the moment, or the next second that no issue of this language has.
    pub(crate) fn free_moment(&mut self, language: &str, date: DateTime<Utc>) -> DateTime<Utc> {
        let start = (language.to_owned(), date);
        let mut moment = self.next_moment.get(&start).copied().unwrap_or(date);
        while !self.moments.insert((language.to_owned(), moment)) {
            moment += TimeDelta::seconds(1);
        }
        self.next_moment.insert(start, moment);
        moment
    }
}
