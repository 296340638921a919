//! Entries and feeds of a build.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::archive::edition::Edition;
use crate::archive::plan::{Plan, Tree};
use crate::diagnostic::Finding;
use crate::feed::{self, Cadence, Entry, Feed, Paging, Person, Translation};
use crate::render::{FeedGroup, FeedsPage, own_name};

impl Plan<'_> {
    /// The feeds of all languages, the main one first.
    pub fn feeds(&self) -> Vec<Feed> {
        self.editions
            .iter()
            .map(|edition| self.feed(edition))
            .collect()
    }

    /// Issues that feeds may hold and whose text for feeds was not rendered, as
    /// places of their manuscripts.
    pub fn without_content(&self) -> BTreeSet<usize> {
        let count = self.inputs.settings.entries.unwrap_or(usize::MAX);
        let newest = self.editions.iter();
        newest
            .flat_map(|edition| edition.order.iter().take(count).copied())
            .filter(|&index| self.inputs.manuscripts[index].content.is_none())
            .collect()
    }

    /// How many documents [`Plan::feed_document`] can make of the feeds.
    pub fn feed_document_count(&self, feeds: &[Feed]) -> usize {
        if self.inputs.settings.feeds {
            3 * feeds.len() + 2
        } else {
            0
        }
    }

    /// One document: each feed in three formats, then the list of all feeds and
    /// the page for people. They are made one by one, for they are large.
    ///
    /// # Errors
    ///
    /// What is wrong with an overridden template.
    pub fn feed_document(
        &self,
        feeds: &[Feed],
        number: usize,
    ) -> Result<(String, Vec<u8>), Box<Finding>> {
        if let Some(feed) = feeds.get(number / 3) {
            let folder = &self.editions[number / 3].folder;
            return Ok(match number % 3 {
                0 => (format!("{folder}rss.xml"), feed::rss::write(feed)),
                1 => (format!("{folder}atom.xml"), feed::atom::write(feed)),
                _ => (format!("{folder}feed.json"), feed::json::write(feed)),
            });
        }
        if number == 3 * feeds.len() {
            return Ok(("feeds.opml".to_owned(), self.feed_list(feeds)));
        }
        let page = self.inputs.templates.feeds_page(&self.feeds_page(feeds))?;
        Ok(("index.html".to_owned(), page.into_bytes()))
    }

    /// Where a document of the feeds goes: into `feeds/`, where readers fetch it,
    /// and to its further addresses.
    pub fn places_of(&self, document: &str) -> Vec<(Tree, String)> {
        let mut places = vec![(Tree::Feeds, document.to_owned())];
        if self.inputs.settings.archive {
            places.push((Tree::Public, format!("feeds/{document}")));
            let also = self.inputs.settings.also.iter();
            let further = also.filter(|also| also.feed == document);
            places.extend(further.map(|also| (Tree::Public, also.path.clone())));
        }
        places
    }

    fn feed_list(&self, feeds: &[Feed]) -> Vec<u8> {
        let updated = feeds.iter().filter_map(Feed::updated).max();
        let outlines: Vec<feed::opml::Outline> = feeds
            .iter()
            .filter_map(|feed| {
                Some(feed::opml::Outline {
                    title: feed.title.clone(),
                    description: feed.subtitle.clone(),
                    language: feed.language.clone(),
                    home: feed.home.clone(),
                    url: feed.own.rss.clone()?,
                })
            })
            .collect();
        feed::opml::write(&self.inputs.newsletter.title, updated, &outlines)
    }

    /// Every entry that the main feed could have, were it not limited: ids and
    /// addresses, without content.
    pub fn outlines(&self) -> Vec<Entry> {
        let order = self.order.iter();
        order
            .map(|&index| Entry {
                id: self.inputs.issues[index].id.clone(),
                url: self.addresses[index].to_string(),
                content_html: "-".to_owned(),
                ..Entry::default()
            })
            .collect()
    }

    fn feed(&self, edition: &Edition) -> Feed {
        let newsletter = &edition.newsletter;
        let settings = self.inputs.settings;
        let count = settings.entries.unwrap_or(usize::MAX);
        // More than this many are never taken, so their HTML is not finished.
        let newest = edition.order.iter().take(count);
        let mut entries: Vec<Arc<Entry>> = newest
            .map(|&index| Arc::new(self.entry(index, newsletter.language.as_str())))
            .collect();
        if edition.folder.is_empty() {
            entries.extend(self.inputs.carried.iter().cloned());
        }
        feed::sort(&mut entries);
        let bytes = match settings.entries {
            Some(_) => settings.max_bytes,
            None => usize::MAX,
        };
        let entries = feed::limit(&entries, count, bytes).to_vec();
        let moments: Vec<_> = edition
            .order
            .iter()
            .map(|&index| self.inputs.issues[index].date)
            .collect();
        let id = if edition.folder.is_empty() {
            settings.feed_id.clone()
        } else {
            format!("{}/{}", settings.feed_id, newsletter.language)
        };
        let others = self
            .editions
            .iter()
            .filter(|other| other.folder != edition.folder);
        Feed {
            id,
            title: newsletter.title.clone(),
            subtitle: newsletter.description.clone(),
            home: edition.home.to_string(),
            translations: others
                .map(|other| Translation {
                    language: other.newsletter.language.clone(),
                    url: other.home.to_string(),
                })
                .collect(),
            language: newsletter.language.clone(),
            authors: [newsletter.author.as_str()]
                .into_iter()
                .filter(|name| !name.is_empty())
                .map(Person::named)
                .collect(),
            own: edition.feeds(&self.inputs.newsletter.url),
            hub: None,
            icon: None,
            logo: settings.look.logo.as_ref().map(url::Url::to_string),
            cadence: Cadence::of(moments),
            paging: if entries.len() == edition.order.len() {
                Paging::Complete
            } else {
                Paging::Alone
            },
            entries,
        }
    }

    /// The entry of an issue in a feed of `language`.
    fn entry(&self, index: usize, language: &str) -> Entry {
        let manuscript = &self.inputs.manuscripts[index];
        let issue = &self.inputs.issues[index];
        let summary = &manuscript.summary;
        let published = |other: &&usize| !self.inputs.issues[**other].publication.is_draft();
        Entry {
            id: issue.id.clone(),
            url: self.addresses[index].to_string(),
            title: summary.title.clone(),
            published: issue.date,
            updated: issue.updated,
            summary: summary.description.clone(),
            content_html: manuscript
                .content
                .as_ref()
                .map(|content| content.resolve(&self.addresses(index)))
                .unwrap_or_default(),
            authors: summary.author.iter().map(Person::named).collect(),
            categories: summary.categories.clone(),
            language: (issue.language != language).then(|| issue.language.clone()),
            translations: issue
                .translations
                .iter()
                .filter(published)
                .map(|&other| Translation {
                    language: self.inputs.issues[other].language.clone(),
                    url: self.addresses[other].to_string(),
                })
                .collect(),
            related: None,
            enclosure: None,
        }
    }

    fn feeds_page(&self, feeds: &[Feed]) -> FeedsPage {
        let root = &self.inputs.newsletter.url;
        let several = feeds.len() > 1;
        let groups = self.editions.iter().map(|edition| FeedGroup {
            title: if several {
                own_name(&edition.newsletter.language)
            } else {
                edition.newsletter.title.clone()
            },
            emoji: None,
            feeds: edition.site.feeds.clone(),
        });
        FeedsPage {
            site: self.editions[0].site.clone(),
            url: crate::archive::plan::under(root, "feeds/").to_string(),
            groups: groups.collect(),
            opml_url: Some(crate::archive::plan::under(root, "feeds/feeds.opml").to_string()),
        }
    }
}
