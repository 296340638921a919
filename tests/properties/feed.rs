//! Whatever text a feed is made of, its documents are well-formed and say what
//! the model says; whatever bytes a foreign feed is made of, reading it ends.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use letterpress::feed::{self, Addresses, Entry, Feed, Person, Translation};
use proptest::prelude::*;

/// Text with all that is dangerous in XML and HTML.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        "[a-zA-Z0-9 ]{1,12}",
        prop::sample::select(vec![
            "]]>",
            "<![CDATA[",
            "&amp;",
            "&",
            "<",
            ">",
            "\"",
            "'",
            "<!--",
            "-->",
            "</title>",
            "<b>",
            "?>",
            "\r\n",
            "\r",
            "\n",
            "\t",
            "\u{0}",
            "\u{1}",
            "\u{2}",
            "\u{3}",
            "\u{b}",
            "\u{85}",
            "\u{fffe}",
            "\u{ffff}",
            "\u{feff}",
            "\u{a0}",
            "🦄",
            "👩🏽‍💻",
            "中文，",
            "é",
            "\u{f8ff}",
            "&#x3C;",
            "&nbsp;",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 1..12).prop_map(|pieces| pieces.concat())
}

/// What XML 1.0 lets through, with the line ends that its readers make of it.
fn sound(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let forbidden = |character: char| matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}');
    text.replace(forbidden, "")
}

fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

prop_compose! {
    fn entry()(
        title in text(), summary in text(), content in text(), author in text(),
        category in text(), published in 0..4_000_000_000_i64, later in 0..100_000_i64,
    ) -> Entry {
        Entry {
            title: format!("t{title}"),
            published: moment(published),
            updated: moment(published + later),
            summary: format!("s{summary}"),
            content_html: format!("c{content}"),
            authors: vec![Person::named(format!("a{author}"))],
            categories: vec![format!("k{category}")],
            translations: vec![Translation { language: "zh".to_owned(), url: "https://example.com/zh/".to_owned() }],
            ..Entry::default()
        }
    }
}

prop_compose! {
    fn any_feed()(title in text(), subtitle in text(), entries in prop::collection::vec(entry(), 1..5)) -> Feed {
        let mut entries: Vec<Arc<Entry>> = entries
            .into_iter()
            .enumerate()
            .map(|(index, entry)| Arc::new(Entry {
                id: format!("tag:example.com,2025:{index}"),
                url: format!("https://example.com/issues/{index}/"),
                ..entry
            }))
            .collect();
        feed::sort(&mut entries);
        Feed {
            id: "tag:example.com,2025:feed".to_owned(),
            title: format!("f{title}"),
            subtitle,
            home: "https://example.com/".to_owned(),
            language: "en".to_owned(),
            own: Addresses::in_folder("https://example.com/feeds/"),
            entries,
            ..Feed::default()
        }
    }
}

fn texts(document: &roxmltree::Document<'_>, parent: &str, name: &str) -> Vec<String> {
    document
        .descendants()
        .filter(|node| {
            node.tag_name().name() == name
                && node
                    .parent()
                    .is_some_and(|above| above.tag_name().name() == parent)
        })
        .map(|node| node.children().filter_map(|text| text.text()).collect())
        .collect()
}

proptest! {
    #[test]
    fn any_text_gives_well_formed_documents_with_the_text_in_them(feed in any_feed()) {
        let titles: Vec<String> = feed.entries.iter().map(|entry| sound(&entry.title).trim().to_owned()).collect();
        let contents: Vec<String> = feed.entries.iter().map(|entry| sound(&entry.content_html)).collect();
        let rss = String::from_utf8(feed::rss::write(&feed)).unwrap();
        let atom = String::from_utf8(feed::atom::write(&feed)).unwrap();
        let rss = roxmltree::Document::parse(&rss).unwrap();
        let atom = roxmltree::Document::parse(&atom).unwrap();
        prop_assert_eq!(&texts(&rss, "item", "title"), &titles);
        prop_assert_eq!(&texts(&atom, "entry", "title"), &titles);
        prop_assert_eq!(&texts(&rss, "item", "encoded"), &contents);
        prop_assert_eq!(&texts(&atom, "entry", "content"), &contents);
        let json: serde_json::Value = serde_json::from_slice(&feed::json::write(&feed)).unwrap();
        for (index, item) in json["items"].as_array().unwrap().iter().enumerate() {
            prop_assert_eq!(item["title"].as_str().unwrap(), &titles[index]);
            prop_assert_eq!(item["content_html"].as_str().unwrap(), &contents[index]);
        }
    }

    #[test]
    fn another_reader_finds_the_same_ids_titles_and_dates(feed in any_feed()) {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        for bytes in [feed::rss::write(&feed), feed::atom::write(&feed), feed::json::write(&feed)] {
            let read = feed_rs::parser::parse(&bytes[..]).unwrap();
            prop_assert_eq!(read.entries.len(), feed.entries.len());
            for (read, entry) in read.entries.iter().zip(&feed.entries) {
                prop_assert_eq!(&read.id, &entry.id);
                prop_assert_eq!(squeezed(&read.title.as_ref().unwrap().content), squeezed(&sound(&entry.title)));
                prop_assert_eq!(read.published, Some(entry.published));
            }
        }
    }

    #[test]
    fn the_own_reader_finds_what_was_written(feed in any_feed()) {
        for bytes in [feed::rss::write(&feed), feed::atom::write(&feed), feed::json::write(&feed)] {
            let read = feed::read(&bytes).unwrap();
            for (read, entry) in read.entries.iter().zip(&feed.entries) {
                prop_assert_eq!((&read.id, &read.url), (&entry.id, &entry.url));
                prop_assert_eq!(read.published, Some(entry.published));
            }
            let none: Vec<feed::Loss> = feed::losses(&read.entries, &feed, []);
            prop_assert_eq!(none, []);
        }
    }

    #[test]
    fn reading_any_bytes_ends(bytes in prop::collection::vec(any::<u8>(), 0..400), feed in any_feed(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let _ = feed::read(&bytes);
        for mut document in [feed::rss::write(&feed), feed::atom::write(&feed), feed::json::write(&feed)] {
            let at = at.index(document.len());
            document[at] = byte;
            let _ = feed::read(&document);
            document.truncate(at);
            let _ = feed::read(&document);
        }
    }

    #[test]
    fn checking_any_content_ends(content in text()) {
        let entry = Entry { content_html: format!("<a href={content}><img src='{content}"), ..Entry::default() };
        let feed = Feed { entries: vec![Arc::new(entry)], ..Feed::default() };
        let _ = feed::check(&feed, moment(0));
    }
}
