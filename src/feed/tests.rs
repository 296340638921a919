use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::feed::{
    Addresses, Cadence, Enclosure, Entry, Feed, Paging, Person, Translation, atom, json, opml, rss,
};

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn entry(number: i64) -> Entry {
    let published = moment("2025-03-01T08:00:00Z") + TimeDelta::days(7 * number);
    Entry {
        id: format!("tag:example.com,2025:issue-{number}"),
        url: format!("https://example.com/issues/{number}/"),
        title: format!("Issue {number}: tools & toys"),
        published,
        updated: published + TimeDelta::hours(2),
        summary: format!("What happened in week {number}, in short."),
        content_html: format!(
            "<h2 id=\"links\">Links</h2>\n<p>A <a href=\"https://example.org/{number}\">link</a> &amp; more.</p>"
        ),
        ..Entry::default()
    }
}

pub(crate) fn feed(entries: Vec<Entry>) -> Feed {
    let mut entries: Vec<_> = entries.into_iter().map(Arc::new).collect();
    crate::feed::sort(&mut entries);
    Feed {
        id: "tag:example.com,2025:feed".to_owned(),
        title: "Example Weekly".to_owned(),
        subtitle: "Links of the week".to_owned(),
        home: "https://example.com/".to_owned(),
        language: "en".to_owned(),
        authors: vec![Person::named("Ada Example")],
        own: Addresses::in_folder("https://example.com/feeds/"),
        cadence: Cadence::of(entries.iter().map(|entry| entry.published)),
        entries,
        ..Feed::default()
    }
}

fn rss_text(feed: &Feed) -> String {
    String::from_utf8(rss::write(feed)).unwrap()
}

fn atom_text(feed: &Feed) -> String {
    String::from_utf8(atom::write(feed)).unwrap()
}

fn json_value(feed: &Feed) -> serde_json::Value {
    serde_json::from_slice(&json::write(feed)).unwrap()
}

fn judged(bytes: &[u8]) -> feed_rs::model::Feed {
    feed_rs::parser::parse(bytes).unwrap()
}

/// Both XML documents, which must be well-formed and namespace-well-formed.
fn xml_documents(feed: &Feed) -> [String; 2] {
    let documents = [rss_text(feed), atom_text(feed)];
    for document in &documents {
        roxmltree::Document::parse(document).unwrap();
    }
    documents
}

#[test]
fn every_format_is_read_by_another_reader_with_the_same_entries() {
    let feed = feed((1..4).map(entry).collect());
    xml_documents(&feed);
    for bytes in [rss::write(&feed), atom::write(&feed), json::write(&feed)] {
        let read = judged(&bytes);
        assert_eq!(read.entries.len(), 3);
        for (read, entry) in read.entries.iter().zip(&feed.entries) {
            assert_eq!(read.id, entry.id);
            assert_eq!(read.title.as_ref().unwrap().content, entry.title);
            assert_eq!(read.published, Some(entry.published));
        }
    }
}
