//! JSON Feed 1.1.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::feed::model::{Entry, Feed, Paging, Translation};
use crate::feed::text::{clean, clean_html};

/// The media type of the documents that [`write()`] makes.
pub const MEDIA_TYPE: &str = "application/feed+json";

/// The feed as a JSON Feed document.
pub fn write(feed: &Feed) -> Vec<u8> {
    let length: usize = feed.entries.iter().map(|entry| entry.weight()).sum();
    let mut out = Vec::with_capacity(length + 1024);
    serde_json::to_writer_pretty(&mut out, &document(feed))
        .expect("writing strings to memory does not fail");
    out.push(b'\n');
    out
}

#[derive(Serialize)]
struct Document<'a> {
    version: &'static str,
    title: Cow<'a, str>,
    home_page_url: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed_url: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    favicon: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author>,
    language: Cow<'a, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
    #[serde(rename = "_translations", skip_serializing_if = "Vec::is_empty")]
    translations: Vec<Other<'a>>,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    id: Cow<'a, str>,
    url: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<Cow<'a, str>>,
    title: Cow<'a, str>,
    content_html: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    summary: Cow<'a, str>,
    date_published: String,
    date_modified: String,
    authors: Vec<Author>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
    #[serde(rename = "_translations", skip_serializing_if = "Vec::is_empty")]
    translations: Vec<Other<'a>>,
}

#[derive(Serialize)]
struct Author {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Hub<'a> {
    r#type: &'static str,
    url: Cow<'a, str>,
}

#[derive(Serialize)]
struct Attachment<'a> {
    url: Cow<'a, str>,
    mime_type: Cow<'a, str>,
    size_in_bytes: u64,
}

/// JSON Feed has no word for translations; a name that begins with `_` is an
/// extension of one's own.
#[derive(Serialize)]
struct Other<'a> {
    language: Cow<'a, str>,
    url: Cow<'a, str>,
}

fn document(feed: &Feed) -> Document<'_> {
    // The next page is the one with older entries.
    let older = match &feed.paging {
        Paging::Subscription { previous } => Some(previous),
        Paging::Archive { previous, .. } => previous.as_ref(),
        Paging::Alone | Paging::Complete => None,
    };
    let cleaned = |text: &'_ Option<String>| text.as_deref().map(|text| clean(text).into_owned());
    Document {
        version: "https://jsonfeed.org/version/1.1",
        title: trimmed(&feed.title),
        home_page_url: clean(&feed.home),
        feed_url: feed.own.json.as_deref().map(clean),
        description: trimmed(&feed.subtitle),
        next_url: older.and_then(|older| older.json.as_deref()).map(clean),
        icon: feed
            .logo
            .as_ref()
            .or(feed.icon.as_ref())
            .map(|url| clean(url)),
        favicon: feed.icon.as_deref().map(clean),
        authors: feed
            .authors
            .iter()
            .map(|person| Author {
                name: clean(&person.name).into_owned(),
                url: cleaned(&person.url),
            })
            .collect(),
        language: clean(&feed.language),
        hubs: feed
            .hubs
            .iter()
            .map(|url| Hub {
                r#type: "WebSub",
                url: clean(url),
            })
            .collect(),
        translations: others(&feed.translations),
        items: feed.entries.iter().map(|entry| item(feed, entry)).collect(),
    }
}

fn item<'a>(feed: &'a Feed, entry: &'a Entry) -> Item<'a> {
    let authors = feed.authors_of(entry).into_iter().map(|person| Author {
        name: clean(&person.name).into_owned(),
        url: person.url.map(|url| clean(&url).into_owned()),
    });
    Item {
        id: clean(&entry.id),
        url: clean(&entry.url),
        external_url: entry.related.as_deref().map(clean),
        title: trimmed(&entry.title),
        content_html: clean_html(&entry.content_html),
        summary: trimmed(&entry.summary),
        date_published: date(entry.published),
        date_modified: date(entry.updated),
        authors: authors.collect(),
        tags: entry.categories.iter().map(|name| clean(name)).collect(),
        language: entry.language.as_deref().map(clean),
        attachments: entry
            .enclosure
            .iter()
            .map(|file| Attachment {
                url: clean(&file.url),
                mime_type: clean(&file.mime_type),
                size_in_bytes: file.length,
            })
            .collect(),
        translations: others(&entry.translations),
    }
}

fn others(translations: &[Translation]) -> Vec<Other<'_>> {
    translations
        .iter()
        .map(|other| Other {
            language: clean(&other.language),
            url: clean(&other.url),
        })
        .collect()
}

fn trimmed(text: &str) -> Cow<'_, str> {
    match clean(text) {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// RFC 3339 §5.6.
fn date(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}
