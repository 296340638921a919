//! The feeds of a build as documents, their list, and their page for people.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::archive::plan::{Plan, Tree, under};
use crate::archive::series::{FeedKind, PlannedFeed};
use crate::diagnostic::Finding;
use crate::feed::{self, Document, Entry};
use crate::render::{FeedGroup, FeedLink, FeedsPage, own_name};

/// So many bytes of a feed are written while the page of all feeds is made, whose
/// template has to be compiled.
const PAGE: usize = 1_000_000;

impl Plan<'_> {
    /// All feeds: for each language, the main one first, that of its issues, then
    /// that of their items, those of sections, and the archive from the oldest
    /// document on.
    pub fn feeds(&self) -> Vec<PlannedFeed> {
        let editions = 0..self.editions.len();
        editions
            .flat_map(|edition| self.edition_feeds(edition))
            .collect()
    }

    /// Issues that feeds may hold and whose text for them was not rendered, as
    /// places of their manuscripts.
    pub fn without_content(&self) -> BTreeSet<usize> {
        let settings = self.inputs.settings;
        let count = settings.entries.unwrap_or(usize::MAX);
        let mut missing = BTreeSet::new();
        for edition in &self.editions {
            for (place, &index) in edition.order.iter().enumerate() {
                let manuscript = &self.inputs.manuscripts[index];
                let is_new = place < count;
                let wants_text = is_new || settings.needs_every_text();
                let wants_items = is_new && settings.feeds && settings.links;
                if wants_text && manuscript.content.is_none()
                    || wants_items && manuscript.items.is_none()
                {
                    missing.insert(index);
                }
            }
        }
        missing
    }

    /// The documents that [`Plan::feed_document`] can make of the feeds, the dearest
    /// first, so that all cores end together.
    pub fn feed_documents(&self, feeds: &[PlannedFeed]) -> Vec<usize> {
        if !self.inputs.settings.feeds {
            return Vec::new();
        }
        let bytes = |planned: &PlannedFeed| -> usize {
            let entries = planned.feed.entries.iter();
            entries.map(|entry| 1000 + entry.content_html.len()).sum()
        };
        let mut documents: Vec<(usize, usize)> = Vec::with_capacity(3 * feeds.len() + 2);
        for (place, planned) in feeds.iter().enumerate() {
            let bytes = bytes(planned);
            // Escaping for JSON takes longer than for XML, which has CDATA.
            documents.extend([(bytes, 3 * place), (bytes, 3 * place + 1)]);
            documents.push((bytes + bytes / 2, 3 * place + 2));
        }
        documents.push((0, 3 * feeds.len()));
        documents.push((PAGE, 3 * feeds.len() + 1));
        documents.sort_by_key(|&(bytes, number)| (Reverse(bytes), number));
        documents.into_iter().map(|(_, number)| number).collect()
    }

    /// One document: each feed in three formats, then the list of all feeds and
    /// the page for people. They are made one by one, for they are large.
    ///
    /// # Errors
    ///
    /// What is wrong with an overridden template.
    pub fn feed_document<'f>(
        &self,
        feeds: &'f [PlannedFeed],
        number: usize,
    ) -> Result<(String, Document<'f>), Box<Finding>> {
        if let Some(planned) = feeds.get(number / 3) {
            let format = number % 3;
            let document = match format {
                0 => feed::rss::pieces(&planned.feed),
                1 => feed::atom::pieces(&planned.feed),
                _ => feed::json::write(&planned.feed).into(),
            };
            return Ok((planned.documents[format].clone(), document));
        }
        if number == 3 * feeds.len() {
            return Ok(("feeds.opml".to_owned(), self.feed_list(feeds).into()));
        }
        let page = self.inputs.templates.feeds_page(&self.feeds_page(feeds))?;
        Ok(("index.html".to_owned(), page.into_bytes().into()))
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

    /// Documents of older entries are found by the feeds that they belong to, and
    /// are for nobody to subscribe to.
    fn feed_list(&self, feeds: &[PlannedFeed]) -> Vec<u8> {
        let updated = feeds.iter().filter_map(|one| one.feed.updated()).max();
        let outlines: Vec<feed::opml::Outline> = feeds
            .iter()
            .filter(|planned| planned.kind != FeedKind::Archive)
            .filter_map(|PlannedFeed { feed, .. }| {
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
                content_html: "-".into(),
                ..Entry::default()
            })
            .collect()
    }

    fn feeds_page(&self, feeds: &[PlannedFeed]) -> FeedsPage {
        let root = &self.inputs.newsletter.url;
        let several = self.editions.len() > 1;
        let mut groups: Vec<FeedGroup> = Vec::new();
        for (planned, next) in feeds
            .iter()
            .zip(feeds.iter().skip(1).map(Some).chain([None]))
        {
            let edition = &self.editions[planned.edition];
            let main = self.inputs.newsletter.language.as_str();
            let language = edition.newsletter.language.as_str();
            let followed = next.is_some_and(|next| {
                next.kind == FeedKind::Archive && next.edition == planned.edition
            });
            // The newest of the archive leads to the older ones.
            if planned.kind == FeedKind::Archive && followed {
                continue;
            }
            groups.push(FeedGroup {
                title: match planned.kind {
                    FeedKind::Issues if several => own_name(language),
                    _ => planned.name.clone(),
                },
                emoji: planned.emoji.clone(),
                sub: planned.kind != FeedKind::Issues,
                language: (language != main).then(|| language.to_owned()),
                feeds: feed_links(&planned.feed.title, &planned.feed.own),
            });
        }
        FeedsPage {
            site: self.editions[0].site.clone(),
            url: under(root, "feeds/").to_string(),
            groups,
            opml_url: Some(under(root, "feeds/feeds.opml").to_string()),
        }
    }
}

/// The formats of one feed as links.
pub(crate) fn feed_links(title: &str, addresses: &feed::Addresses) -> Vec<FeedLink> {
    let link = |format: &str, media_type: &str, url: &Option<String>| {
        Some(FeedLink {
            title: format!("{title} ({format})"),
            media_type: media_type.to_owned(),
            format: format.to_owned(),
            url: url.clone()?,
        })
    };
    let links = [
        link("Atom", feed::atom::MEDIA_TYPE, &addresses.atom),
        link("RSS", feed::rss::MEDIA_TYPE, &addresses.rss),
        link("JSON Feed", feed::json::MEDIA_TYPE, &addresses.json),
    ];
    links.into_iter().flatten().collect()
}
