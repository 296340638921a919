//! What is for subscribers alone: in no public file, in every mail.

use std::fs;

use crate::cli::{SETTINGS, Sandbox};

/// A word for each place in which something could slip through. None stands in
/// what is public of the issues below.
const CANARIES: [&str; 24] = [
    "zqtitle",
    "zqtext",
    "zqlink",
    "zqhost",
    "zqimage",
    "zqalt",
    "zqcode",
    "zqblock",
    "zqnote",
    "zqcomment",
    "zqhtml",
    "zqtable",
    "zqquote",
    "zqsub",
    "zqitem",
    "zqref",
    "zqcredit",
    "zqpreview",
    "zqintro",
    "zqauto",
    "zqmail",
    "zqcaption",
    "zqinner",
    "zqpage",
];

/// Everything that Markdown can hold, with a canary in each.
const CLOSED: &str = "\
zqtext in a paragraph[^b] with a [zqlink](https://zqhost.example/zqlink) and `zqcode`.

1. [zqitem one](https://zqhost.example/1 \"zqtitle\") (English)

   zqtext of an item. (from @zqcredit)

2. [zqitem two][ref]

### zqsub below

> zqquote said this.

| zqtable | b |
| --- | --- |
| zqtable | c |

![zqalt words](img/zqimage.gif \"zqcaption\")

![zqalt far](https://zqhost.example/zqimage.png)

```rust
let zqblock = 1;
```

<!-- zqcomment -->

<details><summary>zqhtml</summary><img src=\"img/zqimage.gif\" alt=\"zqalt\">zqhtml</details>

https://zqhost.example/zqauto and editor@zqmail.example

- zqitem [zqlink](https://zqhost.example/list)
- ~~zqitem~~

[ref]: https://zqhost.example/zqref

[^in]: zqnote here.
";

const GIF: &[u8] = b"GIF89a\x03\x00\x02\x00\x00\x00\x00;";

fn newsletter() -> Sandbox {
    let sandbox = Sandbox::with(&[]);
    sandbox.write(
        "config/letterpress.toml",
        format!(
            "{SETTINGS}\n[issues]\nseason_length = 2\n\
             [issues.sections.Inner]\naliases = [\"Inner circle\"]\naccess = \"subscribers\"\n\
             [issues.sections.Open]\n[feeds]\nentries = 3\narchive_entries = 2\n"
        ),
    );
    // A whole issue.
    sandbox.write(
        "issues/1.md",
        format!(
            "---\ntitle: Whole issue\nnumber: 1\ndate: 2026-01-02\naccess: subscribers\n\
             preheader: zqpreview\n---\n\nzqintro before all.\n\n## zqsub first\n\n{CLOSED}"
        ),
    );
    // A whole issue that says what it is about.
    sandbox.write(
        "issues/2.md",
        format!(
            "---\ntitle: Whole with words\nnumber: 2\ndate: 2026-01-09\naccess: subscribers\n\
             summary: What everybody may know.\n---\n\n{CLOSED}"
        ),
    );
    // A section by its mark, a footnote far away, a section by the settings.
    for number in 3..=6 {
        sandbox.write(
            &format!("issues/{number}.md"),
            format!(
                "---\ntitle: Parts of {number}\nnumber: {number}\ndate: 2026-02-0{number}\n---\n\n\
                 Hello from {number}[^a].\n\n## Open\n\n\
                 1. [Herons {number}](https://example.com/{number})\n\n   They stand.\n\n\
                 ![Reeds](img/reeds.gif)\n\n\
                 ## Deep\n\n<!-- subscribers: Three tools, compared. -->\n\n{CLOSED}\n\
                 ## Inner circle\n\nzqinner words.\n\n## Last\n\nGoodbye {number}.\n\n\
                 [^a]: A public note.\n\n[^b]: zqnote far away.\n"
            ),
        );
    }
    sandbox.write(
        "pages/members.md",
        "---\ntitle: Members\naccess: subscribers\n---\n\nzqpage\n",
    );
    sandbox.write("issues/img/zqimage.gif", GIF);
    sandbox.write(
        "issues/img/reeds.gif",
        b"GIF89a\x05\x00\x02\x00\x00\x00\x00;",
    );
    sandbox
}

/// Nothing marked stands in a file below these folders, or in its name.
#[track_caller]
fn assert_sealed(sandbox: &Sandbox, folders: &[&str]) {
    let files = sandbox.files();
    let inside = |path: &&String| folders.iter().any(|folder| path.starts_with(folder));
    let mut seen = 0;
    for path in files.iter().filter(inside) {
        let bytes = fs::read(sandbox.path(path)).unwrap();
        let text = format!("{path}\n{}", String::from_utf8_lossy(&bytes)).to_lowercase();
        for canary in CANARIES {
            assert!(!text.contains(canary), "{canary} is in {path}");
        }
        seen += 1;
    }
    assert!(seen > 20, "only {seen} files below {folders:?}");
}

#[test]
fn nothing_marked_is_in_any_public_file() {
    let sandbox = newsletter();
    sandbox.run(&["build"]).expect(0);
    assert_sealed(&sandbox, &["public/", "feeds/"]);
    // Again, with one more issue: what is carried over from the last build, too.
    let more = sandbox.read("issues/6.md").replace(": 6", ": 7");
    sandbox.write("issues/7.md", more.replace("2026-02-06", "2026-02-20"));
    sandbox.write("issues/5.md", b"\xff\xfe\xff not text");
    sandbox.run(&["build"]);
    assert_sealed(&sandbox, &["public/", "feeds/"]);
    let dry = sandbox.run(&["publish", "latest", "--dry-run"]);
    assert!(dry.code == 0 || dry.code == 3, "{}", dry.err);
    assert_sealed(&sandbox, &["outbox/public/", "outbox/feeds/"]);
}

#[test]
fn title_and_summary_are_there_and_the_rest_as_always() {
    let sandbox = newsletter();
    sandbox.run(&["build"]).expect(0);
    let notice = "This part is for subscribers";
    let page = sandbox.read("public/issues/1/index.html");
    assert!(
        page.contains("<h1>Whole issue</h1>") && page.contains(notice),
        "{page}"
    );
    let page = sandbox.read("public/issues/2/index.html");
    assert!(
        page.contains("What everybody may know.") && page.contains(notice),
        "{page}"
    );
    let page = sandbox.read("public/issues/3/index.html");
    for words in [
        "Hello from 3",
        "Herons 3",
        "They stand.",
        "Deep",
        "Three tools, compared.",
        notice,
        "Inner circle",
        "Goodbye 3",
        "A public note.",
        "reeds-",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    let feed = sandbox.read("feeds/atom.xml");
    for words in [
        "Parts of 6",
        "Herons 6",
        "Three tools, compared.",
        "Goodbye 6",
    ] {
        assert!(feed.contains(words), "{words}\n{feed}");
    }
    let links = sandbox.read("feeds/links.json");
    assert!(links.contains("Herons 6"), "{links}");
    let section = sandbox.read("feeds/sections/deep.json");
    assert!(section.contains("Three tools, compared."), "{section}");
}

#[test]
fn the_mail_has_all_of_it_and_leads_to_the_public_page() {
    let sandbox = newsletter();
    sandbox.run(&["send", "3", "--dry-run"]).expect(0);
    let html = sandbox
        .run(&["render", "3", "--as", "email-html"])
        .expect(0)
        .out;
    let text = sandbox
        .run(&["render", "3", "--as", "email-text"])
        .expect(0)
        .out;
    for canary in CANARIES {
        let elsewhere = [
            "zqcomment",
            "zqpreview",
            "zqintro",
            "zqimage",
            "zqpage",
            "zqtitle",
        ];
        if !elsewhere.contains(&canary) && canary != "zqcaption" {
            assert!(html.contains(canary), "{canary}");
        }
    }
    for words in ["zqtext", "zqitem", "zqnote far away", "zqinner"] {
        assert!(text.contains(words), "{words}");
    }
    assert!(html.contains("https://weekly.test/issues/3/"), "{html}");
    assert!(!html.contains("Three tools, compared."), "{html}");
    // Its images are there for the mail, under a name that says nothing.
    sandbox.run(&["build"]).expect(0);
    let start = html.find("https://weekly.test/images/").unwrap();
    let names: Vec<&str> = html[start..]
        .split("https://weekly.test/images/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let hidden: Vec<&&str> = names
        .iter()
        .filter(|name| !name.starts_with("reeds"))
        .collect();
    assert!(!hidden.is_empty(), "{names:?}");
    for name in hidden {
        assert!(
            sandbox.path(&format!("public/images/{name}")).is_file(),
            "{name}"
        );
        let stem = name.strip_suffix(".gif").unwrap();
        assert!(
            stem.len() == 64 && stem.bytes().all(|b| b.is_ascii_hexdigit()),
            "{name}"
        );
    }
}

#[test]
fn an_issue_that_is_closed_later_leaves_the_feeds_and_pages() {
    let sandbox = newsletter();
    let closed = sandbox.read("issues/1.md");
    sandbox.write("issues/1.md", closed.replace("access: subscribers\n", ""));
    sandbox.run(&["build"]).expect(0);
    assert!(
        sandbox
            .read("public/issues/1/index.html")
            .contains("zqtext")
    );
    let ids = sandbox.read("feeds/ids.lock");
    sandbox.write("issues/1.md", closed);
    sandbox.run(&["build"]).expect(0);
    assert_sealed(&sandbox, &["public/", "feeds/"]);
    let id = |text: &str| {
        let lines = text.lines().filter(|line| line.starts_with("id = "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(id(&ids), id(&sandbox.read("feeds/ids.lock")));
}
