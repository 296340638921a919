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
        )
        .into(),
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

/// A feed with everything in it.
fn full() -> Feed {
    let mut entries: Vec<Entry> = (1..6).map(entry).collect();
    entries[2] = Entry {
        title: "Vec<T> & \"co\" \u{1F984} 中文 ]]>".to_owned(),
        summary: "a < b & c".to_owned(),
        content_html: "<p>one ]]&gt; two ]]> three &lt;b&gt;</p>".into(),
        authors: vec![Person {
            name: "Bob <b@example.com>".to_owned(),
            url: Some("https://example.com/bob".to_owned()),
        }],
        categories: vec!["Rust & co".to_owned(), "工具".to_owned()],
        language: Some("en-GB".to_owned()),
        translations: vec![Translation {
            language: "zh".to_owned(),
            url: "https://example.com/zh/issues/3/".to_owned(),
        }],
        related: Some("https://example.org/thing?a=1&b=2".to_owned()),
        enclosure: Some(Enclosure {
            url: "https://example.com/a.mp3".to_owned(),
            length: 1234,
            mime_type: "audio/mpeg".to_owned(),
        }),
        ..entry(3)
    };
    Feed {
        hubs: vec!["https://hub.example.net/".to_owned()],
        icon: Some("https://example.com/icon.png".to_owned()),
        logo: Some("https://example.com/logo.png".to_owned()),
        translations: vec![Translation {
            language: "zh".to_owned(),
            url: "https://example.com/zh/".to_owned(),
        }],
        paging: Paging::Subscription {
            previous: Addresses::with_stem("https://example.com/feeds/archive/2"),
        },
        ..feed(entries)
    }
}

const DC: &str = "http://purl.org/dc/elements/1.1/";
const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";
const ATOM: &str = "http://www.w3.org/2005/Atom";

#[test]
fn title_content_and_dates_are_the_same_in_every_format() {
    let feed = full();
    let [rss_text, atom_text] = xml_documents(&feed);
    let rss = rss_crate(&rss_text);
    let atom = atom_syndication::Feed::read_from(atom_text.as_bytes()).unwrap();
    let json = json_value(&feed);
    for (index, entry) in feed.entries.iter().enumerate() {
        let (item, other) = (&rss.items[index], &atom.entries[index]);
        let object = &json["items"][index];
        assert_eq!(item.guid.as_ref().unwrap().value, entry.id);
        assert_eq!(other.id, entry.id);
        assert_eq!(object["id"], *entry.id);
        assert_eq!(item.title.as_ref().unwrap(), &entry.title);
        assert_eq!(other.title.value, entry.title);
        assert_eq!(object["title"], *entry.title);
        assert_eq!(item.content.as_ref().unwrap(), entry.content_html.as_str());
        let content = other.content.as_ref().unwrap();
        assert_eq!(content.value.as_ref().unwrap(), entry.content_html.as_str());
        assert_eq!(content.base.as_ref().unwrap(), &entry.url);
        assert_eq!(object["content_html"], *entry.content_html);
        let date = DateTime::parse_from_rfc2822(item.pub_date.as_ref().unwrap()).unwrap();
        assert_eq!(date, entry.published);
        assert_eq!(other.published.unwrap(), entry.published);
        assert_eq!(
            moment(object["date_published"].as_str().unwrap()),
            entry.published
        );
        assert_eq!(
            moment(object["date_modified"].as_str().unwrap()),
            entry.updated
        );
        assert_eq!(other.updated, entry.updated);
    }
}

fn rss_crate(text: &str) -> ::rss::Channel {
    ::rss::Channel::read_from(text.as_bytes()).unwrap()
}

#[test]
fn two_writings_of_one_feed_are_the_same_bytes() {
    for write in [rss::write, atom::write, json::write] {
        assert_eq!(write(&full()), write(&full()));
    }
}

#[test]
fn a_guid_that_is_no_address_says_so() {
    let mut entries = vec![entry(1), entry(2)];
    entries[1].id = "https://example.com/?p=2".to_owned();
    let text = rss_text(&feed(entries));
    assert!(text.contains("<guid>https://example.com/?p=2</guid>"));
    assert!(text.contains("<guid isPermaLink=\"false\">tag:example.com,2025:issue-1</guid>"));
}

#[test]
fn dates_have_the_right_weekday_and_form() {
    let text = rss_text(&feed(vec![entry(1)]));
    assert!(text.contains("<pubDate>Sat, 08 Mar 2025 08:00:00 GMT</pubDate>"));
    let text = atom_text(&feed(vec![entry(1)]));
    assert!(text.contains("<published>2025-03-08T08:00:00+00:00</published>"));
}

#[test]
fn the_feeds_date_is_that_of_its_newest_entry() {
    let feed = full();
    assert!(
        rss_text(&feed).contains("<lastBuildDate>Sat, 05 Apr 2025 10:00:00 GMT</lastBuildDate>")
    );
    assert_eq!(judged(&atom::write(&feed)).updated, feed.updated());
}

#[test]
fn a_description_stands_before_the_content_and_is_escaped_text() {
    let text = rss_text(&full());
    let item = &text[text.find("Vec&#x3C;").unwrap()..];
    let description = item
        .find("<description><![CDATA[a &lt; b &amp; c]]></description>")
        .unwrap();
    assert!(description < item.find("<content:encoded>").unwrap());
}

#[test]
fn a_less_than_in_an_rss_title_is_a_hexadecimal_reference() {
    let text = rss_text(&full());
    assert!(text.contains("<title>Vec&#x3C;T&gt; &amp; "));
    assert!(!text.contains("<title>Vec&lt;"));
}

#[test]
fn each_rss_entry_has_one_kind_of_author() {
    let text = rss_text(&full());
    let document = roxmltree::Document::parse(&text).unwrap();
    for item in document
        .descendants()
        .filter(|node| node.has_tag_name("item"))
    {
        assert_eq!(
            item.children()
                .filter(|node| node.has_tag_name((DC, "creator")))
                .count(),
            1
        );
        assert!(!item.children().any(|node| node.has_tag_name("author")));
        assert_eq!(
            item.children()
                .filter(|node| node.has_tag_name((CONTENT, "encoded")))
                .count(),
            1
        );
    }
}

#[test]
fn an_entry_without_an_author_has_that_of_the_feed_or_its_title() {
    let mut feed = feed(vec![entry(1)]);
    assert_eq!(
        feed.authors_of(&feed.entries[0]),
        [Person::named("Ada Example")]
    );
    feed.authors.clear();
    assert_eq!(
        feed.authors_of(&feed.entries[0]),
        [Person::named("Example Weekly")]
    );
    assert!(atom_text(&feed).contains("<name>Example Weekly</name>"));
}

#[test]
fn every_format_names_itself_and_the_hub() {
    let feed = full();
    let links = |text: &str, namespace: &str| -> Vec<(String, String)> {
        let document = roxmltree::Document::parse(text).unwrap();
        let top = document.root_element();
        let top = top
            .children()
            .find(|node| node.has_tag_name("channel"))
            .unwrap_or(top);
        let links = top
            .children()
            .filter(|node| node.has_tag_name((namespace, "link")));
        let named =
            |node: &roxmltree::Node<'_, '_>, name: &str| node.attribute(name).unwrap().to_owned();
        links
            .map(|node| (named(&node, "rel"), named(&node, "href")))
            .collect()
    };
    for (text, own, older) in [
        (rss_text(&feed), "rss.xml", "2.rss.xml"),
        (atom_text(&feed), "atom.xml", "2.atom.xml"),
    ] {
        let links = links(&text, ATOM);
        let has = |rel: &str, url: String| links.contains(&(rel.to_owned(), url));
        assert!(has("self", format!("https://example.com/feeds/{own}")));
        assert!(has("hub", "https://hub.example.net/".to_owned()));
        assert!(has(
            "prev-archive",
            format!("https://example.com/feeds/archive/{older}")
        ));
    }
    let json = json_value(&feed);
    assert_eq!(json["feed_url"], "https://example.com/feeds/feed.json");
    assert_eq!(json["hubs"][0]["type"], "WebSub");
    assert_eq!(json["next_url"], "https://example.com/feeds/archive/2.json");
}

#[test]
fn an_archive_document_is_marked_and_leads_to_the_current_one() {
    let archive = Feed {
        paging: Paging::Archive {
            current: Addresses::in_folder("https://example.com/feeds/"),
            previous: None,
            next: Some(Addresses::with_stem("https://example.com/feeds/archive/2")),
        },
        ..full()
    };
    let complete = Feed {
        paging: Paging::Complete,
        ..full()
    };
    for (feed, mark) in [(&archive, "archive"), (&complete, "complete")] {
        for text in xml_documents(feed) {
            let document = roxmltree::Document::parse(&text).unwrap();
            let marked = |node: roxmltree::Node<'_, '_>| {
                node.has_tag_name(("http://purl.org/syndication/history/1.0", mark))
            };
            assert!(document.descendants().any(marked));
        }
    }
    let text = atom_text(&archive);
    assert!(text.contains("href=\"https://example.com/feeds/atom.xml\" rel=\"current\""));
    assert!(text.contains("rel=\"next-archive\"") && !text.contains("rel=\"prev-archive\""));
}

#[test]
fn languages_are_named_for_feed_entry_and_translations() {
    let feed = full();
    let rss = rss_text(&feed);
    assert!(rss.contains("<rss xml:lang=\"en\" version=\"2.0\""));
    assert!(
        rss.contains("<language>en</language>") && rss.contains("<dc:language>en-GB</dc:language>")
    );
    assert!(rss.contains(
        "<atom:link href=\"https://example.com/zh/issues/3/\" rel=\"alternate\" hreflang=\"zh\""
    ));
    let atom = atom_text(&feed);
    assert!(atom.contains("xml:lang=\"en\">") && atom.contains("xml:lang=\"en-GB\" type=\"html\""));
    assert!(
        atom.contains(
            "href=\"https://example.com/zh/issues/3/\" rel=\"alternate\" hreflang=\"zh\""
        )
    );
    assert_eq!(
        json_value(&feed)["items"][2]["_translations"][0]["language"],
        "zh"
    );
}

#[test]
fn an_entry_with_translations_leads_to_itself_first_and_last() {
    let text = atom_text(&full());
    let document = roxmltree::Document::parse(&text).unwrap();
    for parent in document
        .descendants()
        .filter(|node| node.has_tag_name((ATOM, "entry")))
    {
        let id = parent
            .children()
            .find(|node| node.has_tag_name((ATOM, "id")))
            .unwrap();
        let number = id.text().unwrap().rsplit('-').next().unwrap();
        let alternates: Vec<_> = parent
            .children()
            .filter(|node| node.attribute("rel") == Some("alternate"))
            .map(|node| (node.attribute("href").unwrap(), node.attribute("hreflang")))
            .collect();
        let own = format!("https://example.com/issues/{number}/");
        assert_eq!(alternates.first().unwrap().0, own);
        assert_eq!(alternates.last().unwrap().0, own);
        let distinct: std::collections::BTreeSet<_> =
            alternates.iter().map(|link| link.1).collect();
        assert_eq!(distinct.len(), alternates.len(), "RFC 4287 §4.1.1");
    }
}

#[test]
fn no_base_stands_anywhere_but_on_content() {
    let text = atom_text(&full());
    for (at, _) in text.match_indices("xml:base") {
        let tag = text[..at].rfind('<').unwrap();
        assert!(text[tag..].starts_with("<content "));
    }
    assert!(!rss_text(&full()).contains("xml:base"));
}

#[test]
fn the_declaration_names_utf_8_and_there_is_no_byte_order_mark() {
    for text in xml_documents(&full()) {
        assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<"));
        assert!(text.ends_with(">\n"));
    }
}

#[test]
fn prefixes_are_the_usual_ones_and_atom_has_none_of_its_own() {
    let [rss, atom] = xml_documents(&full());
    for prefix in ["atom", "content", "dc", "sy"] {
        assert!(rss.contains(&format!("xmlns:{prefix}=\"")), "{prefix}");
    }
    assert!(!atom.contains("xmlns:atom") && !atom.contains("<atom:"));
}

#[test]
fn the_time_to_live_fits_a_weekly() {
    let text = rss_text(&full());
    assert!(text.contains("<ttl>720</ttl>"));
    assert!(text.contains("<sy:updatePeriod>weekly</sy:updatePeriod>"));
}

#[test]
fn an_enclosure_has_its_length_and_type() {
    let enclosure = "length=\"1234\" type=\"audio/mpeg\"";
    assert!(rss_text(&full()).contains(enclosure));
    assert!(atom_text(&full()).contains("rel=\"enclosure\" type=\"audio/mpeg\" length=\"1234\""));
    let json = json_value(&full());
    assert_eq!(json["items"][2]["attachments"][0]["size_in_bytes"], 1234);
    assert_eq!(
        json["items"][2]["external_url"],
        "https://example.org/thing?a=1&b=2"
    );
}

#[test]
fn a_list_of_feeds_is_well_formed() {
    let outline = opml::Outline {
        title: "A \"weekly\" <of> & for\n ]]>\u{1}".to_owned(),
        description: String::new(),
        language: "en".to_owned(),
        home: "https://example.com/".to_owned(),
        url: "https://example.com/feeds/rss.xml".to_owned(),
    };
    let text = opml::write("Feeds & more", full().updated(), &[outline]);
    let text = String::from_utf8(text).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let outline = document
        .descendants()
        .find(|node| node.has_tag_name("outline"))
        .unwrap();
    assert_eq!(
        outline.attribute("text"),
        Some("A \"weekly\" <of> & for\n ]]>")
    );
    assert_eq!(
        outline.attribute("xmlUrl"),
        Some("https://example.com/feeds/rss.xml")
    );
    assert_eq!(outline.attribute("type"), Some("rss"));
    assert!(outline.attribute("description").is_none());
}

#[test]
fn an_empty_feed_is_still_well_formed() {
    let empty = feed(Vec::new());
    xml_documents(&empty);
    assert_eq!(json_value(&empty)["items"], serde_json::json!([]));
}

#[test]
fn a_feed_is_read_back_as_it_was_written() {
    let feed = full();
    for bytes in [rss::write(&feed), atom::write(&feed), json::write(&feed)] {
        let read = crate::feed::read(&bytes).unwrap();
        assert_eq!(read.title, feed.title);
        assert_eq!(read.home, feed.home);
        for (read, entry) in read.entries.iter().zip(&feed.entries) {
            assert_eq!(
                (&read.id, &read.url, &read.title),
                (&entry.id, &entry.url, &entry.title)
            );
            assert_eq!(read.published, Some(entry.published));
            assert!(read.has_content);
        }
        assert_eq!(read.entries.len(), feed.entries.len());
    }
}

fn codes(feed: &Feed) -> Vec<&'static str> {
    let now = moment("2026-01-01T00:00:00Z");
    let mut codes: Vec<_> = crate::feed::check(feed, now)
        .into_iter()
        .map(|found| found.code)
        .collect();
    codes.dedup();
    codes
}

#[test]
fn a_sound_feed_is_not_complained_of() {
    assert_eq!(codes(&full()), [] as [&str; 0]);
}

#[test]
fn each_fault_of_an_entry_is_named() {
    type Fault = (&'static str, fn(&mut Entry));
    let faults: [Fault; 17] = [
        ("duplicate-entry-id", |entry| {
            entry.id = "tag:example.com,2025:issue-2".to_owned()
        }),
        ("duplicate-updated", |entry| {
            entry.updated = moment("2025-03-15T10:00:00Z")
        }),
        ("bad-entry-id", |entry| entry.id = "no uri".to_owned()),
        ("entry-without-title", |entry| entry.title = " ".to_owned()),
        ("relative-url", |entry| entry.url = "/issues/1/".to_owned()),
        ("relative-url", |entry| {
            entry.content_html = "<a href=\"#x\">x</a>".into()
        }),
        ("relative-url", |entry| {
            entry.content_html = "<img srcset='https://example.com/a 1x, b.png 2x'>".into()
        }),
        ("local-path", |entry| {
            entry.content_html = "<img src=\"/Users/me/a.png\">".into()
        }),
        ("local-path", |entry| {
            entry.content_html = "<img src=\"C:\\a.png\">".into()
        }),
        ("unsafe-content", |entry| {
            entry.content_html = "<p><IFRAME src=\"https://example.com/\"></p>".into()
        }),
        ("unsafe-content", |entry| {
            entry.content_html = "<p onclick=x>".into()
        }),
        ("unsafe-content", |entry| {
            entry.content_html = "<a href=\"javascript:x\">".into()
        }),
        ("entry-without-content", |entry| {
            entry.content_html = "".into()
        }),
        ("entry-in-future", |entry| {
            entry.updated = moment("2026-02-01T00:00:00Z")
        }),
        ("updated-before-published", |entry| {
            entry.updated = moment("2024-02-01T00:00:00Z")
        }),
        ("control-character", |entry| {
            entry.summary = "a\u{b}".to_owned()
        }),
        ("bad-language", |entry| {
            entry.language = Some("english language".to_owned())
        }),
    ];
    for (code, fault) in faults {
        let mut entries = vec![entry(1), entry(2)];
        fault(&mut entries[0]);
        assert!(codes(&feed(entries)).contains(&code), "{code}");
    }
}

#[test]
fn each_fault_of_a_feed_is_named() {
    type Fault = (&'static str, fn(&mut Feed));
    let faults: [Fault; 7] = [
        ("empty-feed", |feed| feed.entries.clear()),
        ("feed-without-title", |feed| feed.title.clear()),
        ("bad-feed-id", |feed| feed.id.clear()),
        ("feed-id-is-address", |feed| {
            feed.id = feed.own.atom.clone().unwrap()
        }),
        ("relative-url", |feed| feed.home = "/".to_owned()),
        ("entry-order", |feed| feed.entries.reverse()),
        ("large-feed", |feed| {
            let large = Entry {
                content_html: "<p>x</p>".repeat(200_000).into(),
                ..entry(9)
            };
            feed.entries.insert(0, Arc::new(large));
        }),
    ];
    for (code, fault) in faults {
        let mut feed = full();
        fault(&mut feed);
        assert!(codes(&feed).contains(&code), "{code}");
    }
}
