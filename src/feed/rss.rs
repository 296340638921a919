//! RSS 2.0 with the modules that readers know: content, dc, atom, sy, fh.

use std::collections::BTreeMap;

use atom_syndication::Link;
use chrono::{DateTime, Datelike, Timelike, Utc};
use rss::extension::Extension;
use rss::extension::atom::AtomExtension;
use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::syndication::{SyndicationExtension, UpdatePeriod};
use rss::{Category, Channel, Guid, Image, Item};

use crate::feed::document::Document;
use crate::feed::model::{Addresses, Entry, Feed, Translation};
use crate::feed::splice;
use crate::feed::text::{attribute_escaped, clean, html_escaped};
use crate::feed::{Cadence, HISTORY_NAMESPACE, SYNDICATION_NAMESPACE};

/// The media type of the documents that [`write()`] makes.
pub const MEDIA_TYPE: &str = "application/rss+xml";

/// The feed as an RSS 2.0 document.
pub fn write(feed: &Feed) -> Vec<u8> {
    pieces(feed).to_vec()
}

/// The same, not yet put together.
pub fn pieces(feed: &Feed) -> Document<'_> {
    let mut skeleton = channel(feed)
        .pretty_write_to(Vec::new(), b' ', 1)
        .expect("writing to memory does not fail");
    let language = format!(" xml:lang=\"{}\"", attribute_escaped(&feed.language));
    splice::mend_prolog(&mut skeleton, "rss", &language);
    splice::fill(skeleton, feed.contents())
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A date as RFC 822 §5 writes it, with the year of RFC 1123 §5.2.14.
pub(crate) fn date(moment: DateTime<Utc>) -> String {
    // Many entries have one; a pattern would be read anew for each.
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        moment.weekday(),
        moment.day(),
        MONTHS[moment.month0() as usize],
        moment.year(),
        moment.hour(),
        moment.minute(),
        moment.second()
    )
}

fn channel(feed: &Feed) -> Channel {
    let mut namespaces = BTreeMap::new();
    let syndication_ext = feed.cadence.map(|cadence| {
        namespaces.insert("sy".to_owned(), SYNDICATION_NAMESPACE.to_owned());
        syndication(cadence)
    });
    let mut extensions = BTreeMap::new();
    if let Some(mark) = feed.paging.history_mark() {
        namespaces.insert("fh".to_owned(), HISTORY_NAMESPACE.to_owned());
        let element = Extension {
            name: format!("fh:{mark}"),
            ..Extension::default()
        };
        let elements = BTreeMap::from([(mark.to_owned(), vec![element])]);
        extensions.insert("fh".to_owned(), elements);
    }
    let title = splice::title(&feed.title);
    Channel {
        link: clean(&feed.home).into_owned(),
        description: splice::title(if feed.subtitle.trim().is_empty() {
            &feed.title
        } else {
            &feed.subtitle
        }),
        language: Some(clean(&feed.language).into_owned()),
        last_build_date: feed.updated().map(date),
        generator: Some("letterpress".to_owned()),
        ttl: feed.cadence.map(|cadence| cadence.minutes().to_string()),
        image: feed.logo.as_ref().or(feed.icon.as_ref()).map(|url| Image {
            url: clean(url).into_owned(),
            title: title.clone(),
            link: clean(&feed.home).into_owned(),
            ..Image::default()
        }),
        atom_ext: Some(AtomExtension { links: links(feed) }),
        syndication_ext,
        extensions,
        namespaces,
        items: feed.entries.iter().map(|entry| item(feed, entry)).collect(),
        title,
        ..Channel::default()
    }
}

fn item(feed: &Feed, entry: &Entry) -> Item {
    let id = clean(&entry.id).into_owned();
    let related = entry
        .related
        .iter()
        .map(|url| link("related", url, Some("text/html")));
    let links: Vec<Link> = alternates(&entry.translations, &entry.url)
        .chain(related)
        .collect();
    let creators = feed.authors_of(entry).into_iter();
    Item {
        title: Some(splice::title(&entry.title)),
        link: Some(clean(&entry.url).into_owned()),
        // A description is HTML to its readers, so plain text is escaped once
        // more than a title.
        description: Some(html_escaped(entry.summary.trim())).filter(|text| !text.is_empty()),
        categories: entry
            .categories
            .iter()
            .map(|name| Category {
                name: clean(name).into_owned(),
                domain: None,
            })
            .collect(),
        enclosure: entry.enclosure.as_ref().map(|file| rss::Enclosure {
            url: clean(&file.url).into_owned(),
            length: file.length.to_string(),
            mime_type: clean(&file.mime_type).into_owned(),
        }),
        guid: Some(Guid {
            permalink: id.starts_with("http://") || id.starts_with("https://"),
            value: id,
        }),
        pub_date: Some(date(entry.published)),
        content: Some(splice::CONTENT.to_owned()).filter(|_| !entry.content_html.is_empty()),
        atom_ext: Some(AtomExtension { links }).filter(|ext| !ext.links.is_empty()),
        dublin_core_ext: Some(DublinCoreExtension {
            // `author` would have to be a mail address.
            creators: creators
                .map(|person| clean(&person.name).into_owned())
                .collect(),
            languages: entry
                .language
                .iter()
                .map(|tag| clean(tag).into_owned())
                .collect(),
            ..DublinCoreExtension::default()
        }),
        ..Item::default()
    }
}

fn links(feed: &Feed) -> Vec<Link> {
    let feed_link = |rel: &str, address: &Addresses| {
        let url = address.rss.as_ref();
        url.map(|url| link(rel, url, Some(MEDIA_TYPE)))
    };
    let mut links: Vec<Link> = feed_link("self", &feed.own).into_iter().collect();
    links.extend(feed.hubs.iter().map(|hub| link("hub", hub, None)));
    links.extend(crate::feed::page_links(&feed.paging).filter_map(|(rel, at)| feed_link(rel, at)));
    links.extend(alternates(&feed.translations, &feed.home));
    links
}

/// Translations, and after them the page itself: some readers take the first
/// alternate for the entry's address, others the last.
fn alternates<'a>(
    translations: &'a [Translation],
    own: &'a str,
) -> impl Iterator<Item = Link> + 'a {
    let own = (!translations.is_empty()).then(|| link("alternate", own, Some("text/html")));
    translations
        .iter()
        .map(|translation| Link {
            hreflang: Some(clean(&translation.language).into_owned()),
            ..link("alternate", &translation.url, Some("text/html"))
        })
        .chain(own)
}

fn link(rel: &str, url: &str, media_type: Option<&str>) -> Link {
    Link {
        href: clean(url).into_owned(),
        rel: rel.to_owned(),
        mime_type: media_type.map(str::to_owned),
        ..Link::default()
    }
}

fn syndication(cadence: Cadence) -> SyndicationExtension {
    let (period, frequency) = match cadence {
        Cadence::Daily => (UpdatePeriod::Daily, 1),
        Cadence::Weekly => (UpdatePeriod::Weekly, 1),
        Cadence::Fortnightly => (UpdatePeriod::Monthly, 2),
        Cadence::Monthly => (UpdatePeriod::Monthly, 1),
        Cadence::Yearly => (UpdatePeriod::Yearly, 1),
    };
    SyndicationExtension {
        period,
        frequency,
        base: "2000-01-01T12:00+00:00".to_owned(),
    }
}
