//! Whatever text a feed is made of, its documents are well-formed and say what
//! the model says; whatever bytes a foreign feed is made of, reading it ends.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use letterpress::feed::{self, Addresses, Entry, Feed, Person, Translation};
use letterpress::issue::{Reader, Settings};
use letterpress::render::{self, PageStyle};
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
            content_html: format!("c{content}").into(),
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
        let entry = Entry { content_html: format!("<a href={content}><img src='{content}").into(), ..Entry::default() };
        let feed = Feed { entries: vec![Arc::new(entry)], ..Feed::default() };
        let _ = feed::check(&feed, moment(0));
    }
}

/// An issue whose items, each with an address, a title and a text, stand in the
/// order of `order`.
fn issue_of(order: &[usize], number: usize, title: &str) -> String {
    let mut text = "# Weekly #1\n\n## Articles\n\n".to_owned();
    for (place, item) in order.iter().enumerate() {
        let number = number + place;
        text.push_str(&format!(
            "{number}. [{title} {item}](https://example.com/{item})\n\n   Text of {item}.\n\n"
        ));
    }
    text
}

fn addresses() -> render::Addresses {
    render::Addresses {
        page: "https://example.com/issues/1/".parse().unwrap(),
        files: Arc::default(),
        folder: "issues".to_owned(),
    }
}

/// What makes each item of an issue the item it is.
fn marks(text: &str) -> Vec<String> {
    let reader = Reader::new(Settings::default()).unwrap();
    let text = reader.decode("issues/1.md", text.as_bytes());
    let (issue, _) = reader.parse(&text);
    let style = PageStyle {
        language: "en",
        linkify: true,
    };
    let items = render::feed_items(&issue, &style);
    items.pieces.into_iter().map(|item| item.mark).collect()
}

proptest! {
    #[test]
    fn items_are_known_again_whatever_their_number_title_and_place(
        order in Just((0..9_usize).collect::<Vec<_>>()).prop_shuffle(), number in 1..90_usize, title in "[A-Za-z]{1,9}",
    ) {
        let known = marks(&issue_of(&(0..9).collect::<Vec<_>>(), 1, "Title"));
        prop_assert_eq!(known.len(), 9);
        let found = marks(&issue_of(&order, number, &title));
        let expected: Vec<String> = order.iter().map(|&item| known[item].clone()).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn closed_documents_of_older_entries_stay_when_entries_come(
        feed in any_feed(), size in 1..4_usize, more in 1..5_i64,
    ) {
        let last = feed.entries.iter().map(|entry| entry.published).max().unwrap();
        let mut longer = feed.entries.clone();
        for number in 1..=more {
            let later = last + TimeDelta::days(number);
            longer.push(Arc::new(Entry {
                id: format!("tag:example.com,2025:later-{number}"),
                published: later,
                updated: later,
                ..Entry::default()
            }));
        }
        feed::sort(&mut longer);
        let closed = |entries: &[Arc<Entry>]| -> Vec<Vec<u8>> {
            let pages = feed::archive_pages(entries.len(), size);
            let closed = pages.into_iter().filter(|page| page.closed);
            closed
                .map(|page| feed::atom::write(&Feed { entries: entries[page.entries].to_vec(), ..feed.clone() }))
                .collect()
        };
        let (before, after) = (closed(&feed.entries), closed(&longer));
        prop_assert_eq!(&before[..], &after[..before.len()]);
    }

    #[test]
    fn the_text_of_a_section_is_a_part_of_that_of_its_issue(words in prop::collection::vec(text(), 1..5)) {
        let mut source = "# Weekly #1\n\nIntro.\n\n".to_owned();
        for (number, words) in words.iter().enumerate() {
            source.push_str(&format!("## Part {number}\n\n{words}\n\nEnd of {number}.\n\n"));
        }
        let reader = Reader::new(Settings::default()).unwrap();
        let text = reader.decode("issues/1.md", source.as_bytes());
        let (issue, _) = reader.parse(&text);
        let whole = render::feed_text(&issue, true);
        let body = render::body_html(&issue, true).resolve(&addresses());
        let shared = whole.whole(&addresses());
        prop_assert_eq!(shared.as_str(), body.as_str());
        for section in &whole.sections {
            let part = whole.section(section, &addresses());
            prop_assert!(!part.trim().is_empty());
            prop_assert!(body.contains(part.as_str()));
        }
    }
}
