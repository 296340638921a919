//! `build`: what readers have is kept, what did not change is not touched.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::cli::{SETTINGS, Sandbox, issue, sample};

/// When the committed feeds of the sample were built.
const SAMPLE_MOMENT: &str = "1772452800";

fn weekly() -> Sandbox {
    Sandbox::with(&[
        ("issues/1.md", &issue(1, "2026-01-02", "Hello one.")),
        ("issues/2.md", &issue(2, "2026-01-09", "Hello two.")),
    ])
}

/// All files but the program's private notes, which nobody publishes.
fn shared(sandbox: &Sandbox) -> Vec<String> {
    let mut files = sandbox.files();
    files.retain(|path| !path.starts_with("data/"));
    files
}

/// Those files with their bytes and the moment they were written.
fn snapshot(sandbox: &Sandbox) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
    let state = |path: String| {
        let file = sandbox.path(&path);
        let changed = fs::metadata(&file).unwrap().modified().unwrap();
        (path, (fs::read(&file).unwrap(), changed))
    };
    shared(sandbox).into_iter().map(state).collect()
}

/// Ids of a feed's entries, newest first.
pub(super) fn entry_ids(sandbox: &Sandbox, feed: &str) -> Vec<String> {
    let feed: serde_json::Value = serde_json::from_str(&sandbox.read(feed)).unwrap();
    let items = feed["items"].as_array().unwrap();
    let id = |item: &serde_json::Value| item["id"].as_str().unwrap().to_owned();
    items.iter().map(id).collect()
}

#[test]
fn a_second_build_touches_no_file() {
    let sandbox = weekly();
    sandbox.run(&["build"]).expect(0).says("2 issues");
    let before = snapshot(&sandbox);
    sandbox.run(&["build"]).expect(0).says("nothing changed");
    assert_eq!(before, snapshot(&sandbox));
}

#[test]
fn two_folders_with_the_same_files_build_the_same_bytes() {
    let (left, right) = (weekly(), weekly());
    left.run(&["build"]).expect(0);
    right.run(&["build"]).expect(0);
    assert_eq!(shared(&left), shared(&right));
    for path in shared(&left) {
        assert_eq!(left.read(&path), right.read(&path), "{path}");
    }
}

#[test]
fn only_files_of_an_earlier_build_are_deleted() {
    let sandbox = weekly();
    sandbox.run(&["build"]).expect(0);
    sandbox.write("public/mine.txt", "mine");
    sandbox.write("public/issues/2/mine.txt", "mine too");
    fs::remove_file(sandbox.path("issues/2.md")).unwrap();
    sandbox.run(&["build", "--allow-loss"]).expect(0);
    let files = sandbox.files();
    let has = |path: &str| files.iter().any(|file| file == path);
    assert!(!has("public/issues/2/index.html"));
    assert!(has("public/issues/1/index.html"));
    assert!(has("public/mine.txt") && has("public/issues/2/mine.txt"));
}

#[test]
fn a_file_of_another_origin_is_not_overwritten() {
    let sandbox = weekly();
    sandbox.write("public/index.html", "by hand");
    sandbox
        .run(&["build"])
        .expect(1)
        .says("public/index.html")
        .says("hint:");
    assert_eq!(sandbox.read("public/index.html"), "by hand");
}

#[test]
fn a_slug_changed_on_purpose_leaves_a_redirect() {
    let sandbox = weekly();
    sandbox.run(&["build"]).expect(0);
    let ids = entry_ids(&sandbox, "feeds/feed.json");
    let text = sandbox.read("issues/2.md");
    sandbox.write(
        "issues/2.md",
        text.replace("number: 2", "number: 2\nslug: fresh"),
    );
    sandbox.run(&["build"]).expect(0);
    let old = sandbox.read("public/issues/2/index.html");
    assert!(old.contains("https://weekly.test/issues/fresh/"), "{old}");
    assert!(old.contains("http-equiv=\"refresh\""), "{old}");
    let new = sandbox.read("public/issues/fresh/index.html");
    assert!(new.contains("Hello two."), "{new}");
    assert_eq!(entry_ids(&sandbox, "feeds/feed.json"), ids);
}

#[test]
fn aliases_lead_to_the_issue() {
    let text = issue(1, "2026-01-02", "Hello.").replace("number: 1", "aliases: [/old/one.html]");
    let sandbox = Sandbox::with(&[("issues/first.md", &text)]);
    sandbox.run(&["build"]).expect(0);
    let page = sandbox.read("public/old/one.html");
    assert!(page.contains("https://weekly.test/issues/first/"), "{page}");
}

#[test]
fn a_lost_issue_stops_the_build_unless_the_editor_says_so() {
    let sandbox = weekly();
    sandbox.run(&["build"]).expect(0);
    fs::remove_file(sandbox.path("issues/2.md")).unwrap();
    sandbox.write("issues/1.md", issue(1, "2026-01-02", "Hello again."));
    let before = snapshot(&sandbox);
    sandbox
        .run(&["build"])
        .expect(3)
        .says("error[entry-lost]")
        .says("Issue 2")
        .says("nothing was written")
        .says("hint: bring the files back, or say `letterpress build --allow-loss`");
    assert_eq!(before, snapshot(&sandbox));
    sandbox.run(&["build", "--allow-loss"]).expect(0);
    assert_eq!(entry_ids(&sandbox, "feeds/feed.json").len(), 1);
    sandbox.run(&["build"]).expect(0).says("nothing changed");
}

#[test]
fn an_issue_that_cannot_be_read_stays_as_it_was_while_others_are_rebuilt() {
    let sandbox = weekly();
    let image = fs::read(sample().join("issues/en/images/anatomy.png")).unwrap();
    sandbox.write("issues/a.png", image);
    let with_image = issue(2, "2026-01-09", "Hello two.\n\n![anatomy](a.png)");
    sandbox.write("issues/2.md", with_image);
    sandbox.run(&["build"]).expect(0);
    let ids = entry_ids(&sandbox, "feeds/feed.json");
    let page = sandbox.read("public/issues/2/index.html");
    let images = |sandbox: &Sandbox| {
        let mut files = sandbox.files();
        files.retain(|path| path.starts_with("public/images/"));
        files
    };
    let shown = images(&sandbox);
    assert_eq!(shown.len(), 1);

    sandbox.write("issues/1.md", issue(1, "2026-01-02", "Hello anew."));
    sandbox.write("issues/2.md", b"\xff\xd8half\x00 a picture\x81\x8d");
    let answer = sandbox.run(&["build"]).expect(3);
    assert!(
        answer.err.contains("issues/2.md: error[binary-file]"),
        "{answer:?}"
    );
    assert_eq!(page, sandbox.read("public/issues/2/index.html"));
    assert_eq!(shown, images(&sandbox), "the page shows them still");
    let one = sandbox.read("public/issues/1/index.html");
    assert!(one.contains("Hello anew."), "{one}");
    for feed in ["feeds/feed.json", "feeds/rss.xml", "feeds/atom.xml"] {
        assert!(sandbox.read(feed).contains("Hello two."), "{feed}");
    }
    assert_eq!(ids, entry_ids(&sandbox, "feeds/feed.json"));
}

#[test]
fn drafts_appear_nowhere() {
    let sandbox = weekly();
    let marked = |text: &str| issue(3, "2026-01-16", text).replace("number: 3", "draft: true");
    sandbox.write("issues/marked.md", marked("Secret by its mark ![](a.png)"));
    sandbox.write("issues/drafts/placed.md", issue(4, "2026-01-16", "Secret."));
    sandbox.write("issues/dated.md", issue(5, "2026-03-02", "Secret."));
    let image = fs::read(sample().join("issues/en/images/anatomy.png")).unwrap();
    sandbox.write("issues/a.png", image);
    sandbox.run(&["build"]).expect(0).says("2 issues");
    for path in sandbox.files() {
        if path.starts_with("public/") || path.starts_with("feeds/") {
            assert!(!path.contains("images/"), "{path}");
            let text = sandbox.read(&path);
            assert!(!text.contains("Secret"), "{path}");
            for title in ["Issue 3", "Issue 4", "Issue 5"] {
                assert!(!text.contains(title), "{path}");
            }
        }
    }
    // The day after, the one that only waited for its date is out.
    let mut command = sandbox.command(&["build"]);
    command.env("SOURCE_DATE_EPOCH", "1772452800");
    assert!(command.output().unwrap().status.success());
    assert_eq!(entry_ids(&sandbox, "feeds/feed.json").len(), 3);
}

#[test]
fn two_languages_have_an_index_and_feeds_each() {
    let sandbox = Sandbox::with(&[
        ("issues/en/1.md", &issue(1, "2026-01-02", "Hello.")),
        (
            "issues/zh/1.md",
            &issue(1, "2026-01-02", "你好，读者。这一期用中文。"),
        ),
    ]);
    sandbox.run(&["build"]).expect(0);
    assert!(sandbox.read("public/index.html").contains("lang=\"en\""));
    assert!(sandbox.read("public/zh/index.html").contains("lang=\"zh\""));
    assert_eq!(entry_ids(&sandbox, "feeds/feed.json").len(), 1);
    assert_eq!(entry_ids(&sandbox, "feeds/zh/feed.json").len(), 1);
    assert!(sandbox.read("feeds/feed.json").contains("Hello."));
    assert!(sandbox.read("feeds/zh/feed.json").contains("你好"));
}

#[test]
fn a_local_image_is_published_with_its_size() {
    let text = issue(1, "2026-01-02", "![anatomy](pictures/a.png)");
    let sandbox = Sandbox::with(&[("issues/1.md", &text)]);
    let bytes = fs::read(sample().join("issues/en/images/anatomy.png")).unwrap();
    sandbox.write("issues/pictures/a.png", &bytes);
    sandbox.run(&["build"]).expect(0);
    let files = sandbox.files();
    let copy = files.iter().find(|path| path.starts_with("public/images/"));
    let copy = copy.expect("the image is copied");
    assert_eq!(fs::read(sandbox.path(copy)).unwrap(), bytes);
    // PNG keeps both as big-endian numbers after its first chunk's head.
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let address = copy.replace("public/", "https://weekly.test/");
    for path in ["public/issues/1/index.html", "feeds/atom.xml"] {
        let text = sandbox.read(path);
        assert!(text.contains(&address), "{path}: {text}");
        let quote = if path.ends_with("html") { "\"" } else { "" };
        let size = format!("width={quote}{}{quote}", number(16));
        let plain = text.replace("&quot;", "\"");
        let plain = if quote.is_empty() {
            plain.replace('"', "")
        } else {
            plain
        };
        assert!(plain.contains(&size), "{path}: {size} is not in {plain}");
    }
}

#[test]
fn feeds_lie_at_further_addresses_when_asked() {
    let sandbox = weekly();
    let settings = sandbox.read("config/letterpress.toml");
    let also = "[feeds]\nalso = [\"/rss.xml\", \"/feed=atom.xml\"]\n";
    sandbox.write("config/letterpress.toml", format!("{settings}\n{also}"));
    sandbox.run(&["build"]).expect(0);
    assert_eq!(
        sandbox.read("public/rss.xml"),
        sandbox.read("feeds/rss.xml")
    );
    let feed = [
        "public/feed",
        "public/feed/index.xml",
        "public/feed/index.html",
    ];
    let atom = sandbox.read("feeds/atom.xml");
    let found = feed
        .iter()
        .any(|path| fs::read_to_string(sandbox.path(path)).is_ok_and(|text| text == atom));
    assert!(found, "{:?}", sandbox.files());
}

#[test]
fn an_issue_without_a_date_keeps_the_day_it_was_first_built() {
    let sandbox = Sandbox::with(&[("issues/hello.md", "# Hello\n\nNo date at all.\n")]);
    sandbox.run(&["build"]).expect(0);
    let before = sandbox.read("feeds/feed.json");
    assert!(before.contains("2026-03-01"), "{before}");
    let mut command = sandbox.command(&["build"]);
    command.env("SOURCE_DATE_EPOCH", "1780000000");
    assert!(command.output().unwrap().status.success());
    assert_eq!(before, sandbox.read("feeds/feed.json"));
}

#[test]
fn line_ends_and_byte_order_marks_change_nothing_readers_see() {
    let body = "Hello\nagain.\n\n1. [One](https://example.org/1)\n2. Two\n\n```\ncode\n\nmore\n```";
    let plain = issue(1, "2026-01-02", body);
    let reference = Sandbox::with(&[("issues/1.md", &plain)]);
    reference.run(&["build"]).expect(0);
    for text in [
        plain.replace('\n', "\r\n"),
        plain.replace('\n', "\r"),
        format!("\u{feff}{plain}"),
    ] {
        let sandbox = Sandbox::with(&[("issues/1.md", &text)]);
        sandbox.run(&["build"]).expect(0);
        for path in ["feeds/rss.xml", "feeds/atom.xml", "feeds/feed.json"] {
            assert_eq!(sandbox.read(path), reference.read(path), "{text:?}");
        }
    }
}

#[test]
fn two_issues_of_one_day_are_two_entries_in_a_lasting_order() {
    let sandbox = Sandbox::with(&[
        ("issues/a.md", &issue(1, "2026-01-02", "A.")),
        ("issues/b.md", &issue(2, "2026-01-02", "B.")),
    ]);
    sandbox.run(&["build"]).expect(0);
    let ids = entry_ids(&sandbox, "feeds/feed.json");
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
    fs::rename(sandbox.path("issues/a.md"), sandbox.path("issues/z.md")).unwrap();
    sandbox.run(&["build"]).expect(0);
    assert_eq!(ids, entry_ids(&sandbox, "feeds/feed.json"));
}

#[test]
fn a_template_with_a_mistake_stops_the_build_and_names_its_place() {
    for (template, place) in [
        (
            "<p>\n  {{#if issue.title}\n</p>\n",
            "templates/issue.html.hbs:2:",
        ),
        (
            "<p>\n{{issue.titel}}\n</p>\n",
            "templates/issue.html.hbs:2:",
        ),
    ] {
        let sandbox = weekly();
        sandbox.run(&["build"]).expect(0);
        sandbox.write("templates/issue.html.hbs", template);
        let before = snapshot(&sandbox);
        let answer = sandbox.run(&["build"]).expect(2).says("hint:");
        assert!(answer.err.contains(place), "{answer:?}");
        assert_eq!(before, snapshot(&sandbox), "{template}");
    }
}

#[test]
fn an_unknown_setting_stops_the_build_before_anything_is_written() {
    let sandbox = weekly();
    let settings = sandbox.read("config/letterpress.toml");
    sandbox.write(
        "config/letterpress.toml",
        format!("{settings}\n[feeds]\nentrys = 3\n"),
    );
    let before = snapshot(&sandbox);
    sandbox
        .run(&["build"])
        .expect(2)
        .says("did you mean `feeds.entries`?");
    assert_eq!(before, snapshot(&sandbox));
}

#[test]
fn a_file_over_the_limit_is_named_and_stops_no_other() {
    let sandbox = weekly();
    sandbox.write("issues/3.md", vec![b'a'; (8 << 20) + 1]);
    sandbox
        .run(&["build"])
        .expect(3)
        .says("issues/3.md: error[too-large]")
        .says("issues.max_bytes");
    assert_eq!(entry_ids(&sandbox, "feeds/feed.json").len(), 2);
}

#[test]
fn the_committed_feeds_are_those_of_the_sample_issues() {
    let out = Sandbox::empty();
    let copy = Sandbox::empty();
    for part in ["config", "issues", "pages", "templates", "feeds"] {
        copy_folder(&sample().join(part), &copy.path(part));
    }
    let mut command = copy.command(&["build"]);
    command.env("SOURCE_DATE_EPOCH", SAMPLE_MOMENT);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    copy_folder(&sample().join("feeds"), &out.path("feeds"));
    let mut built = copy.files();
    built.retain(|path| path.starts_with("feeds/"));
    let advice = format!("SOURCE_DATE_EPOCH={SAMPLE_MOMENT} cargo run -- build");
    assert_eq!(built, out.files(), "make them anew: {advice}");
    for path in built {
        let same = copy.read(&path) == out.read(&path);
        assert!(same, "{path} is another one now; make it anew: {advice}");
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn deep_markdown_neither_hangs_nor_ends_the_program() {
    let depth = 100_000;
    for body in [
        "> ".repeat(depth) + "deep",
        "[".repeat(depth) + "deep" + &"]".repeat(depth),
        "![".repeat(depth),
        "*a **b ".repeat(depth / 4),
        "- ".repeat(depth) + "deep",
        (0..1000).fold(String::new(), |text, level| {
            text + &" ".repeat(level * 2) + "- deep\n"
        }),
    ] {
        let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-02", &body))]);
        let answer = sandbox.run(&["build"]);
        assert!(
            [0, 3].contains(&answer.code),
            "{} {}",
            answer.code,
            answer.err
        );
    }
}

#[test]
fn hosts_and_robots_find_what_they_look_for() {
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-02", "Hello."))]);
    sandbox.run(&["build"]).expect(0);
    let lost = sandbox.read("public/404.html");
    assert!(lost.contains("There is no such page"), "{lost}");
    assert!(
        lost.contains("noindex") && !lost.contains("canonical"),
        "{lost}"
    );
    // It is shown at any depth.
    for link in lost.split("href=\"").skip(1) {
        assert!(link.starts_with("https://weekly.test/"), "{link}");
    }
    assert_eq!(
        sandbox.read("public/robots.txt"),
        "User-agent: *\nDisallow: /account/\nDisallow: /confirm/\nDisallow: /preferences/\n\
         Disallow: /unsubscribe/\n\nSitemap: https://weekly.test/sitemap.xml\n"
    );
    let sitemap = sandbox.read("public/sitemap.xml");
    assert!(!sitemap.contains("404"), "{sitemap}");
    // Robots look at the root of a host alone.
    let below = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-02", "Hello."))]);
    let settings = SETTINGS.replace("https://weekly.test/", "https://weekly.test/letters/");
    below.write("config/letterpress.toml", settings);
    below.run(&["build"]).expect(0);
    assert!(below.files().contains(&"public/404.html".to_owned()));
    assert!(!below.files().contains(&"public/robots.txt".to_owned()));
}

#[test]
fn pages_of_arabic_and_hebrew_run_from_right_to_left() {
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-02", "שלום."))]);
    let settings = format!("{SETTINGS}language = \"he\"\n");
    sandbox.write("config/letterpress.toml", settings);
    sandbox.run(&["build"]).expect(0);
    for (path, words) in [
        ("public/index.html", "גיליונות"),
        ("public/issues/1/index.html", "2 בינואר 2026"),
        ("public/404.html", "אין דף כזה"),
        ("public/feeds/index.html", "הזנות"),
    ] {
        let page = sandbox.read(path);
        assert!(page.contains("<html lang=\"he\" dir=\"rtl\">"), "{page}");
        assert!(page.contains(words), "{page}");
    }
}
