//! Which feeds there are, and which entries each holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::archive::edition::Edition;
use crate::archive::entries::push_escaped;
use crate::archive::plan::{Plan, under};
use crate::feed::{self, Addresses, Cadence, Entry, Feed, Paging, Person, Translation};
use crate::render::{Labels, SectionPiece};

/// A section of which so many issues have one recurs.
const RECURS: usize = 3;
/// The longest slug of a section that has a feed, in bytes: file systems take no
/// longer names.
const LONGEST_SLUG: usize = 120;

/// What the entries of a feed are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FeedKind {
    /// The newest issues.
    Issues,
    /// The items of the newest issues.
    Links,
    /// One section of each issue.
    Section,
    /// Some older issues, of which the feed of the newest knows.
    Archive,
}

/// A feed and where its documents go.
#[derive(Clone, Debug)]
pub struct PlannedFeed {
    /// The feed.
    pub feed: Feed,
    /// What its entries are.
    pub kind: FeedKind,
    /// Paths of its documents below `feeds/`: RSS, Atom, JSON Feed.
    pub documents: [String; 3],
    /// What it is called beside the others.
    pub(crate) name: String,
    /// Emoji of its section, if any.
    pub(crate) emoji: Option<String>,
    /// Place of its language.
    pub(crate) edition: usize,
}

/// A section as the issues of one language have it.
#[derive(Default)]
struct Recurring<'p> {
    title: &'p str,
    emoji: Option<&'p str>,
    /// The parts of each issue, newest issue first.
    issues: Vec<(usize, Vec<&'p SectionPiece>)>,
}

impl Plan<'_> {
    /// The feeds of one language.
    pub(crate) fn edition_feeds(&self, place: usize) -> Vec<PlannedFeed> {
        let edition = &self.editions[place];
        let settings = self.inputs.settings;
        let all = self.issue_entries(edition);
        let newest = self.bounded(&all).to_vec();
        let mut main = Feed {
            translations: self.home_translations(edition),
            cadence: self.cadence(edition.order.iter().copied()),
            paging: if newest.len() == edition.order.len() {
                Paging::Complete
            } else {
                Paging::Alone
            },
            entries: newest,
            ..self.skeleton(edition, "")
        };
        let mut archive = Vec::new();
        if settings.feeds && settings.archive_entries > 0 && main.entries.len() < all.len() {
            archive = self.archive(place, &all);
        }
        if let Some(newest) = archive.last() {
            main.paging = Paging::Subscription {
                previous: newest.feed.own.clone(),
            };
        }
        let folder = &edition.folder;
        let mut feeds = vec![PlannedFeed {
            feed: main,
            kind: FeedKind::Issues,
            documents: ["rss.xml", "atom.xml", "feed.json"].map(|name| format!("{folder}{name}")),
            name: edition.newsletter.title.clone(),
            emoji: None,
            edition: place,
        }];
        if settings.feeds && settings.links {
            feeds.extend(self.links(place));
        }
        if settings.feeds && settings.sections {
            feeds.extend(self.sections(place));
        }
        feeds.extend(archive);
        feeds
    }

    /// Entries of issues, newest first: all that feeds of this language may hold.
    fn issue_entries(&self, edition: &Edition) -> Vec<Arc<Entry>> {
        let settings = self.inputs.settings;
        let wanted = match settings.entries {
            // More than this many are never taken, so their HTML is not finished.
            Some(count) if !settings.feeds || settings.archive_entries == 0 => count,
            _ => usize::MAX,
        };
        let language = edition.newsletter.language.as_str();
        let newest = edition.order.iter().take(wanted);
        let mut entries: Vec<Arc<Entry>> = newest
            .map(|&index| Arc::new(self.issue_entry(index, language)))
            .collect();
        let main = format!("{}feed.json", edition.folder);
        let archive = format!("{}archive/", edition.folder);
        let mut ids = BTreeSet::new();
        let carried = self.inputs.carried.iter().filter(|one| {
            (one.document == main || one.document.starts_with(&archive))
                && ids.insert(one.entry.id.as_str())
        });
        entries.extend(carried.map(|one| Arc::clone(&one.entry)));
        feed::sort(&mut entries);
        entries
    }

    /// The newest entries, so many and so large as feeds may be.
    fn bounded<'e>(&self, entries: &'e [Arc<Entry>]) -> &'e [Arc<Entry>] {
        let count = self.inputs.settings.entries.unwrap_or(usize::MAX);
        feed::limit(entries, count, self.most_bytes())
    }

    fn most_bytes(&self) -> usize {
        match self.inputs.settings.entries {
            Some(_) => self.inputs.settings.max_bytes,
            None => usize::MAX,
        }
    }

    /// What all feeds of a language share; `part` is what follows the id of the
    /// main one.
    fn skeleton(&self, edition: &Edition, part: &str) -> Feed {
        let newsletter = &edition.newsletter;
        let settings = self.inputs.settings;
        let id = if edition.folder.is_empty() {
            settings.feed_id.clone()
        } else {
            format!("{}/{}", settings.feed_id, newsletter.language)
        };
        Feed {
            id: format!("{id}{part}"),
            title: newsletter.title.clone(),
            subtitle: newsletter.description.clone(),
            home: edition.home.to_string(),
            language: newsletter.language.clone(),
            authors: [newsletter.author.as_str()]
                .into_iter()
                .filter(|name| !name.is_empty())
                .map(Person::named)
                .collect(),
            own: edition.feeds(&self.inputs.newsletter.url),
            hubs: settings.hubs.clone(),
            logo: settings.look.logo.as_ref().map(url::Url::to_string),
            ..Feed::default()
        }
    }

    fn home_translations(&self, edition: &Edition) -> Vec<Translation> {
        let others = self.editions.iter();
        others
            .filter(|other| other.folder != edition.folder)
            .map(|other| Translation {
                language: other.newsletter.language.clone(),
                url: other.home.to_string(),
            })
            .collect()
    }

    fn cadence(&self, issues: impl Iterator<Item = usize>) -> Option<Cadence> {
        let moments: Vec<_> = issues.map(|at| self.inputs.issues[at].date).collect();
        Cadence::of(moments)
    }

    /// The documents of older entries, oldest first (RFC 5005 §4). Nothing stands
    /// in them that changes with newer issues.
    fn archive(&self, place: usize, all: &[Arc<Entry>]) -> Vec<PlannedFeed> {
        let edition = &self.editions[place];
        let pages = feed::archive_pages(all.len(), self.inputs.settings.archive_entries);
        let stem = |number: usize| format!("{}archive/{number}", edition.folder);
        let last = pages.len();
        let labels = Labels::of(&edition.newsletter.language);
        let documents = pages.into_iter().map(|page| {
            let number = page.number;
            let feed = Feed {
                own: self.addresses_with(&stem(number)),
                paging: Paging::Archive {
                    current: edition.feeds(&self.inputs.newsletter.url),
                    previous: (number > 1).then(|| self.addresses_with(&stem(number - 1))),
                    next: (number < last).then(|| self.addresses_with(&stem(number + 1))),
                },
                entries: all[page.entries].to_vec(),
                // Nobody subscribes to what does not change.
                hubs: Vec::new(),
                ..self.skeleton(edition, &format!("/archive/{number}"))
            };
            self.stemmed(
                place,
                &stem(number),
                FeedKind::Archive,
                feed,
                labels.older_entries,
            )
        });
        documents.collect()
    }

    /// The feed of single items; none where no issue has any.
    fn links(&self, place: usize) -> Option<PlannedFeed> {
        let edition = &self.editions[place];
        let stem = format!("{}links", edition.folder);
        let name = Labels::of(&edition.newsletter.language).every_link;
        let count = self.inputs.settings.entries.unwrap_or(usize::MAX);
        // Issues that cannot be read now are among the newest all the same.
        let main = format!("{}feed.json", edition.folder);
        let carried = self.inputs.carried.iter();
        let carried = carried.filter(|one| one.document == main).count();
        let language = edition.newsletter.language.as_str();
        let newest = edition.order.iter().take(count.saturating_sub(carried));
        let mut entries: Vec<Arc<Entry>> = newest
            .flat_map(|&index| self.link_entries(index, language))
            .map(Arc::new)
            .collect();
        entries.extend(self.carried_of(&stem));
        feed::sort(&mut entries);
        let entries = feed::limit(&entries, usize::MAX, self.most_bytes()).to_vec();
        let feed = Feed {
            title: format!("{}: {name}", edition.newsletter.title),
            authors: authors(edition),
            own: self.addresses_with(&stem),
            cadence: self.cadence(edition.order.iter().copied()),
            entries,
            ..self.skeleton(edition, "/links")
        };
        (!feed.entries.is_empty()).then(|| self.stemmed(place, &stem, FeedKind::Links, feed, name))
    }

    /// The feeds of sections that recur, in the order in which the newest issues
    /// have them.
    fn sections(&self, place: usize) -> Vec<PlannedFeed> {
        let edition = &self.editions[place];
        let known = &self.inputs.settings.known_sections;
        let mut order: Vec<&str> = Vec::new();
        let mut found: BTreeMap<&str, Recurring<'_>> = BTreeMap::new();
        for &index in &edition.order {
            let content = self.inputs.manuscripts[index].content.as_ref();
            for section in content.iter().flat_map(|content| &content.sections) {
                let slug = known.get(&section.slug).unwrap_or(&section.slug).as_str();
                if slug.is_empty() || slug.len() > LONGEST_SLUG {
                    continue;
                }
                let recurring = found.entry(slug).or_insert_with(|| {
                    order.push(slug);
                    Recurring {
                        title: &section.title,
                        emoji: section.emoji.as_deref(),
                        issues: Vec::new(),
                    }
                });
                match recurring.issues.last_mut() {
                    Some((last, parts)) if *last == index => parts.push(section),
                    _ => recurring.issues.push((index, vec![section])),
                }
            }
        }
        let named: BTreeSet<&String> = known.values().collect();
        let is_named = |slug: &str| named.iter().any(|name| *name == slug);
        let feeds = order.into_iter().filter_map(|slug| {
            let recurring = found.get(slug)?;
            let stem = format!("{}sections/{slug}", edition.folder);
            let carried: Vec<Arc<Entry>> = self.carried_of(&stem).collect();
            let issues = recurring.issues.len() + carried.len();
            (issues >= RECURS || is_named(slug))
                .then(|| self.section(place, slug, &stem, recurring, carried))
        });
        feeds.collect()
    }

    fn section(
        &self,
        place: usize,
        slug: &str,
        stem: &str,
        recurring: &Recurring<'_>,
        carried: Vec<Arc<Entry>>,
    ) -> PlannedFeed {
        let edition = &self.editions[place];
        let count = self.inputs.settings.entries.unwrap_or(usize::MAX);
        let language = edition.newsletter.language.as_str();
        let issues = recurring.issues.len() + carried.len();
        let newest = recurring.issues.iter().take(count);
        let mut entries: Vec<Arc<Entry>> = newest
            .filter_map(|(index, parts)| self.section_entry(*index, language, slug, parts))
            .map(Arc::new)
            .collect();
        entries.extend(carried);
        feed::sort(&mut entries);
        let entries = self.bounded(&entries).to_vec();
        let mut part = "/sections/".to_owned();
        push_escaped(&mut part, slug);
        let feed = Feed {
            title: format!("{}: {}", edition.newsletter.title, recurring.title),
            authors: authors(edition),
            own: self.addresses_with(stem),
            cadence: self.cadence(recurring.issues.iter().map(|(index, _)| *index)),
            paging: if entries.len() == issues {
                Paging::Complete
            } else {
                Paging::Alone
            },
            entries,
            ..self.skeleton(edition, &part)
        };
        let planned = self.stemmed(place, stem, FeedKind::Section, feed, recurring.title);
        PlannedFeed {
            emoji: recurring.emoji.map(str::to_owned),
            ..planned
        }
    }

    /// Entries that an earlier build wrote into the feed with this stem.
    fn carried_of(&self, stem: &str) -> impl Iterator<Item = Arc<Entry>> {
        let document = format!("{stem}.json");
        let carried = self.inputs.carried.iter();
        carried
            .filter(move |one| one.document == document)
            .map(|one| Arc::clone(&one.entry))
    }

    fn stemmed(
        &self,
        edition: usize,
        stem: &str,
        kind: FeedKind,
        feed: Feed,
        name: &str,
    ) -> PlannedFeed {
        PlannedFeed {
            feed,
            kind,
            documents: ["rss.xml", "atom.xml", "json"].map(|end| format!("{stem}.{end}")),
            name: name.to_owned(),
            emoji: None,
            edition,
        }
    }

    fn addresses_with(&self, stem: &str) -> Addresses {
        let url = under(&self.inputs.newsletter.url, &format!("feeds/{stem}"));
        Addresses::with_stem(url.as_str())
    }
}

/// Who writes a feed whose own title is not the newsletter's: an entry has the same
/// author in each feed.
fn authors(edition: &Edition) -> Vec<Person> {
    let newsletter = &edition.newsletter;
    let names = [&newsletter.author, &newsletter.title];
    let name = names.into_iter().find(|name| !name.is_empty());
    name.map(Person::named).into_iter().collect()
}
