//! `build`: the feeds beside the main one, of items, of sections, of older issues.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cli::build::entry_ids;
use crate::cli::{SETTINGS, Sandbox, issue};

/// Settings under which a few issues fill every kind of feed.
fn settings(more: &str) -> String {
    format!("{SETTINGS}\n[feeds]\nentries = 2\narchive_entries = 3\n{more}")
}

fn body(number: u64) -> String {
    format!(
        "Hello {number}.\n\n## 🦄 Articles\n\n1. [Herons {number}](https://example.com/herons/{number})\n\n   \
         They stand in issue {number}.\n\n2. [Reeds {number}](https://example.com/reeds/{number}?utm_source=x)\n\n   \
         They bend.\n\n## Only in {number}\n\nSomething else of {number}.\n"
    )
}

fn put(sandbox: &Sandbox, number: u64) {
    let date = format!("2026-01-{:02}", number + 1);
    sandbox.write(
        &format!("issues/{number}.md"),
        issue(number, &date, &body(number)),
    );
}

fn newsletter(issues: u64, more: &str) -> Sandbox {
    let sandbox = Sandbox::with(&[]);
    sandbox.write("config/letterpress.toml", settings(more));
    for number in 1..=issues {
        put(&sandbox, number);
    }
    sandbox
}

fn json(sandbox: &Sandbox, path: &str) -> Value {
    serde_json::from_str(&sandbox.read(path)).unwrap()
}

/// The documents of feeds below `feeds/`, as text.
fn documents(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let mut files = sandbox.files();
    files.retain(|path| {
        path.starts_with("feeds/") && (path.ends_with("xml") || path.ends_with("json"))
    });
    let read = |path: String| {
        let text = sandbox.read(&path);
        (path, text)
    };
    files.into_iter().map(read).collect()
}

#[test]
fn every_document_is_read_by_another_reader_with_the_same_entries() {
    let sandbox = newsletter(7, "");
    sandbox.run(&["build"]).expect(0);
    let mut families: BTreeMap<String, Vec<Vec<(String, String)>>> = BTreeMap::new();
    for (path, text) in documents(&sandbox) {
        let read = feed_rs::parser::parse(text.as_bytes()).unwrap();
        let entry = |entry: &feed_rs::model::Entry| {
            let title = entry.title.as_ref().map(|title| title.content.clone());
            (entry.id.clone(), title.unwrap_or_default())
        };
        let family = match path.rsplit_once('/') {
            Some((folder, "rss.xml" | "atom.xml" | "feed.json")) => folder.to_owned(),
            _ => {
                let ends = [".rss.xml", ".atom.xml", ".json"];
                let stem = ends.iter().find_map(|end| path.strip_suffix(end));
                stem.unwrap().to_owned()
            }
        };
        let entries = read.entries.iter().map(entry).collect();
        families.entry(family).or_default().push(entries);
    }
    let names: Vec<&str> = families.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "feeds",
            "feeds/archive/1",
            "feeds/archive/2",
            "feeds/archive/3",
            "feeds/links",
            "feeds/sections/articles",
        ]
    );
    for (family, formats) in &families {
        assert_eq!(formats.len(), 3, "{family}");
        assert!(formats.iter().all(|one| *one == formats[0]), "{family}");
        assert!(!formats[0].is_empty(), "{family}");
    }
    for listed in ["links.rss.xml", "sections/articles.rss.xml"] {
        assert!(sandbox.read("feeds/feeds.opml").contains(listed));
        assert!(sandbox.read("feeds/index.html").contains(listed));
    }
    assert!(!sandbox.read("feeds/feeds.opml").contains("archive/"));
    let page = sandbox.read("public/index.html");
    assert!(!page.contains("links.rss.xml"), "main feeds only");
}

#[test]
fn an_entry_of_a_section_holds_that_section_alone() {
    let sandbox = newsletter(3, "");
    sandbox.run(&["build"]).expect(0);
    let main = entry_ids(&sandbox, "feeds/feed.json");
    let feed = json(&sandbox, "feeds/sections/articles.json");
    assert_eq!(feed["title"], "Test Weekly: Articles");
    let item = &feed["items"][0];
    assert_eq!(item["id"], format!("{}#section-articles", main[0]));
    assert_eq!(item["url"], "https://weekly.test/issues/3/#articles");
    let content = item["content_html"].as_str().unwrap();
    assert!(content.contains("They stand in issue 3."), "{content}");
    for other in ["Hello", "Something else", "<h2"] {
        assert!(!content.contains(other), "{content}");
    }
    let whole = json(&sandbox, "feeds/feed.json")["items"][0]["content_html"].clone();
    assert!(
        whole.as_str().unwrap().contains(content),
        "it is a part of it"
    );
    assert_eq!(item["authors"][0]["name"], "Test Weekly");
}

#[test]
fn sections_recur_under_all_their_names_or_have_no_feed() {
    let sandbox = newsletter(
        2,
        "[issues.sections.Reading]\naliases = [\"📚 Articles\"]\n",
    );
    sandbox.run(&["build"]).expect(0);
    assert_eq!(entry_ids(&sandbox, "feeds/sections/reading.json").len(), 2);
    let sandbox = newsletter(2, "");
    sandbox.run(&["build"]).expect(0);
    let files = sandbox.files();
    assert!(
        !files.iter().any(|path| path.contains("sections/")),
        "{files:?}"
    );
}

#[test]
fn an_item_keeps_its_id_when_it_is_renumbered_retitled_or_moved() {
    let sandbox = newsletter(1, "");
    sandbox.run(&["build"]).expect(0);
    let item = |name: &str| {
        let feed = json(&sandbox, "feeds/links.json");
        let items = feed["items"].as_array().unwrap().clone();
        let found = items
            .iter()
            .find(|item| item["external_url"].as_str().unwrap().contains(name));
        found.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (herons, reeds) = (item("herons"), item("reeds"));
    assert_ne!(herons, reeds);
    sandbox.write(
        "issues/1.md",
        issue(
            1,
            "2026-01-02",
            "## First\n\n4. [Better reeds](http://www.example.com/reeds/1)\n\n   They bend.\n\n\
             5. [Grey herons](https://example.com/herons/1)\n\n   They stand.\n",
        ),
    );
    sandbox.run(&["build"]).expect(0);
    assert_eq!((herons, reeds), (item("herons"), item("reeds")));
    let first = &json(&sandbox, "feeds/links.json")["items"][0];
    assert_eq!(first["title"], "Better reeds");
    let content = first["content_html"].as_str().unwrap();
    let link = "<p><a href=\"http://www.example.com/reeds/1\">Better reeds</a></p>";
    assert!(content.starts_with(link), "{content}");
}

#[test]
fn equal_addresses_and_items_without_one_have_ids_of_their_own() {
    let text = "## Said\n\n1. [A](https://example.com/a)\n\n   One.\n\n2. [A again](https://example.com/a)\n\n   Two.\n\n3. **No address**\n\n   Three words here.\n";
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-02", text))]);
    sandbox.run(&["build"]).expect(0);
    let ids = entry_ids(&sandbox, "feeds/links.json");
    assert_eq!(ids.len(), 3);
    assert_eq!(format!("{}-2", ids[0]), ids[1]);
    assert_ne!(ids[0], ids[2]);
}

#[test]
fn a_closed_archive_document_stays_the_same_bytes() {
    let sandbox = newsletter(7, "");
    sandbox.run(&["build"]).expect(0);
    let before = documents(&sandbox);
    let main = json(&sandbox, "feeds/feed.json");
    assert_eq!(main["next_url"], "https://weekly.test/feeds/archive/3.json");
    let newest = &before["feeds/archive/3.atom.xml"];
    assert!(newest.contains("<fh:archive"), "{newest}");
    assert!(!newest.contains("next-archive"), "{newest}");
    for number in 8..=10 {
        put(&sandbox, number);
    }
    sandbox.run(&["build"]).expect(0);
    let after = documents(&sandbox);
    let closed: Vec<&String> = before
        .keys()
        .filter(|path| path.contains("archive/1.") || path.contains("archive/2."))
        .collect();
    assert_eq!(closed.len(), 6);
    for path in closed {
        assert_eq!(before[path], after[path], "{path}");
    }
    let second = &after["feeds/archive/2.rss.xml"];
    for (rel, name) in [
        ("current", "rss.xml"),
        ("prev-archive", "archive/1.rss.xml"),
        ("next-archive", "archive/3.rss.xml"),
    ] {
        let link = second
            .split("<atom:link")
            .find(|link| link.contains(&format!("rel=\"{rel}\"")));
        let address = format!("\"https://weekly.test/feeds/{name}\"");
        assert!(link.unwrap().contains(&address), "{rel}: {second}");
    }
    // From the newest on every entry is found, as a reader would go.
    let mut found = entry_ids(&sandbox, "feeds/feed.json");
    let mut next = json(&sandbox, "feeds/feed.json")["next_url"].clone();
    while let Some(url) = next.as_str() {
        let path = url.replace("https://weekly.test/", "");
        found.extend(entry_ids(&sandbox, &path));
        next = json(&sandbox, &path)["next_url"].clone();
    }
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 10);
}

#[test]
fn a_feed_that_holds_every_issue_has_no_archive() {
    let sandbox = newsletter(2, "");
    sandbox.run(&["build"]).expect(0);
    assert!(sandbox.read("feeds/atom.xml").contains("<fh:complete"));
    let files = sandbox.files();
    assert!(
        !files.iter().any(|path| path.contains("archive/")),
        "{files:?}"
    );
}

#[test]
fn feeds_that_are_switched_off_are_taken_away() {
    let sandbox = newsletter(5, "");
    sandbox.run(&["build"]).expect(0);
    let of_parts = |path: &String| {
        ["links.", "sections/", "archive/"]
            .iter()
            .any(|part| path.contains(part))
    };
    // Six documents of archives, three of each other, in feeds/ and in public/.
    assert_eq!(
        sandbox.files().iter().filter(|path| of_parts(path)).count(),
        24
    );
    let off = SETTINGS.to_owned()
        + "\n[feeds]\nentries = 2\narchive_entries = 0\nsections = false\nlinks = false\n";
    sandbox.write("config/letterpress.toml", off);
    sandbox.run(&["build"]).expect(0);
    assert_eq!(
        sandbox.files().iter().filter(|path| of_parts(path)).count(),
        0
    );
    assert_eq!(entry_ids(&sandbox, "feeds/feed.json").len(), 2);
}

#[test]
fn an_older_issue_that_cannot_be_read_stays_in_all_feeds() {
    let sandbox = newsletter(5, "");
    sandbox.run(&["build"]).expect(0);
    let ids = |path: &str| entry_ids(&sandbox, path);
    let feeds = ["feed.json", "links.json", "sections/articles.json"];
    let feeds = feeds.map(|name| format!("feeds/{name}"));
    let before = feeds.each_ref().map(|path| ids(path));
    let older = documents(&sandbox);
    sandbox.write("issues/2.md", b"\xff\xd8half\x00 a picture\x81\x8d");
    sandbox.write("issues/5.md", b"\xff\xd8half\x00 a picture\x81\x8d");
    sandbox.run(&["build"]).expect(3);
    assert_eq!(before, feeds.each_ref().map(|path| ids(path)));
    let now = documents(&sandbox);
    for (path, text) in older.iter().filter(|(path, _)| path.contains("archive/")) {
        assert!(now.get(path) == Some(text), "{path} has changed");
    }
}
