//! Atom 1.0 (RFC 4287).

use std::collections::BTreeMap;

use atom_syndication as atom;
use atom_syndication::extension::Extension;
use atom_syndication::{FixedDateTime, Link, Text, TextType, WriteConfig};
use chrono::{DateTime, Utc};

use crate::feed::document::Document;
use crate::feed::model::{Addresses, Entry, Feed, Person, Translation};
use crate::feed::splice;
use crate::feed::text::clean;
use crate::feed::{HISTORY_NAMESPACE, page_links};

/// The media type of the documents that [`write()`] makes.
pub const MEDIA_TYPE: &str = "application/atom+xml";

/// The feed as an Atom document. A feed without entries is dated 1970, because
/// it must be dated and nothing in it gives a date; [`crate::feed::check()`]
/// refuses such a feed.
pub fn write(feed: &Feed) -> Vec<u8> {
    pieces(feed).to_vec()
}

/// The same, not yet put together.
pub fn pieces(feed: &Feed) -> Document<'_> {
    let config = WriteConfig {
        write_document_declaration: true,
        indent_size: Some(1),
    };
    let mut skeleton = document(feed)
        .write_with_config(Vec::new(), config)
        .expect("writing to memory does not fail");
    splice::mend_prolog(&mut skeleton, "feed", "");
    splice::fill(skeleton, feed.contents())
}

fn document(feed: &Feed) -> atom::Feed {
    let mut namespaces = BTreeMap::new();
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
    atom::Feed {
        title: plain(&feed.title),
        id: clean(&feed.id).into_owned(),
        updated: fixed(feed.updated().unwrap_or(DateTime::UNIX_EPOCH)),
        authors: feed.authors.iter().map(person).collect(),
        generator: Some(atom::Generator {
            value: "letterpress".to_owned(),
            ..atom::Generator::default()
        }),
        icon: feed.icon.as_ref().map(|url| clean(url).into_owned()),
        logo: feed.logo.as_ref().map(|url| clean(url).into_owned()),
        links: links(feed),
        subtitle: Some(plain(&feed.subtitle)).filter(|text| !text.value.is_empty()),
        entries: feed.entries.iter().map(|one| entry(feed, one)).collect(),
        lang: Some(clean(&feed.language).into_owned()),
        namespaces,
        extensions,
        ..atom::Feed::default()
    }
}

fn entry(feed: &Feed, entry: &Entry) -> atom::Entry {
    // The struct has no language of its own; its texts do.
    let lang = entry.language.as_ref().filter(|tag| **tag != feed.language);
    let lang = lang.map(|tag| clean(tag).into_owned());
    let text = |value: &str| Text {
        lang: lang.clone(),
        ..plain(value)
    };
    let language = entry.language.as_deref().unwrap_or(&feed.language);
    let mut links = alternates(&entry.url, language, &entry.translations);
    let related = entry.related.iter();
    links.extend(related.map(|url| link("related", url, Some("text/html"))));
    links.extend(entry.enclosure.iter().map(|file| Link {
        length: Some(file.length.to_string()),
        ..link("enclosure", &file.url, Some(&file.mime_type))
    }));
    atom::Entry {
        title: text(&entry.title),
        id: clean(&entry.id).into_owned(),
        published: Some(fixed(entry.published)),
        updated: fixed(entry.updated),
        authors: feed.authors_of(entry).iter().map(person).collect(),
        categories: entry
            .categories
            .iter()
            .map(|name| atom::Category {
                term: clean(name).into_owned(),
                ..atom::Category::default()
            })
            .collect(),
        links,
        summary: Some(text(&entry.summary)).filter(|text| !text.value.is_empty()),
        content: Some(atom::Content {
            // Every address in it is absolute; the base is for what readers
            // make of addresses that a script or a style brings.
            base: Some(clean(&entry.url).into_owned()),
            lang: lang.clone(),
            value: Some(splice::CONTENT_SECTION.to_owned()),
            content_type: Some("html".to_owned()),
            src: None,
        })
        .filter(|_| !entry.content_html.is_empty()),
        ..atom::Entry::default()
    }
}

fn links(feed: &Feed) -> Vec<Link> {
    let feed_link = |rel: &str, address: &Addresses| {
        let url = address.atom.as_ref();
        url.map(|url| link(rel, url, Some(MEDIA_TYPE)))
    };
    let mut links = alternates(&feed.home, &feed.language, &feed.translations);
    links.extend(feed_link("self", &feed.own));
    links.extend(feed.hubs.iter().map(|hub| link("hub", hub, None)));
    links.extend(page_links(&feed.paging).filter_map(|(rel, at)| feed_link(rel, at)));
    links
}

/// The page with its language, its translations, and where there are any the
/// page again without a language: some readers take the first alternate for the
/// entry's address, others the last. RFC 4287 §4.1.1 wants each pair of type
/// and language once, which it is.
fn alternates(url: &str, language: &str, translations: &[Translation]) -> Vec<Link> {
    let in_language = |url: &str, language: &str| Link {
        hreflang: Some(clean(language).into_owned()),
        ..link("alternate", url, Some("text/html"))
    };
    let mut links = vec![in_language(url, language)];
    let others = translations.iter();
    links.extend(others.map(|other| in_language(&other.url, &other.language)));
    if !translations.is_empty() {
        links.push(link("alternate", url, Some("text/html")));
    }
    links
}

fn link(rel: &str, url: &str, media_type: Option<&str>) -> Link {
    Link {
        href: clean(url).into_owned(),
        rel: rel.to_owned(),
        mime_type: media_type.map(|kind| clean(kind).into_owned()),
        ..Link::default()
    }
}

fn plain(text: &str) -> Text {
    Text {
        value: clean(text).trim().to_owned(),
        r#type: TextType::Text,
        ..Text::default()
    }
}

fn person(person: &Person) -> atom::Person {
    atom::Person {
        name: clean(&person.name).into_owned(),
        uri: person.url.as_ref().map(|url| clean(url).into_owned()),
        ..atom::Person::default()
    }
}

fn fixed(moment: DateTime<Utc>) -> FixedDateTime {
    moment.fixed_offset()
}
