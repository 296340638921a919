//! What is shown of an issue.

use crate::cli::{Sandbox, issue};
use crate::desk::Desk;

const BODY: &str = "A short hello.\n\n## 🦄 Articles\n\n1. [Plain text](https://example.org/plain)\n\n   \
                    It lasts.\n\n2. [Old link](https://example.org/old)\n\n   Again.\n\n## Tools\n\n1. \
                    [A tool](https://example.org/tool)\n\n   ![A chart](images/chart.png)\n";

/// The smallest PNG there is.
const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

fn weekly() -> Sandbox {
    let earlier = issue(
        1,
        "2026-01-02",
        "## Articles\n\n1. [Old](https://example.org/old)\n\n   x\n",
    );
    let sandbox = Sandbox::with(&[
        ("issues/1.md", &earlier),
        ("issues/2.md", &issue(2, "2026-01-09", BODY)),
    ]);
    sandbox.write("issues/images/chart.png", PNG);
    sandbox
}

#[test]
fn the_list_says_where_each_issue_stands() {
    let sandbox = weekly();
    sandbox.write("issues/3.md", issue(3, "2026-09-01", "Later."));
    let desk = Desk::open(sandbox);
    let page = desk.get("/").expect(200);
    page.says("Issue 2")
        .says("9 January 2026")
        .says("Draft")
        .says("Not mailed")
        .says("<svg");
    desk.get("/?q=%232")
        .expect(200)
        .says("Issue 2")
        .lacks("Issue 1<");
    desk.get("/?q=nothing")
        .expect(200)
        .says("No issue is called that");
}

#[test]
fn the_sheet_is_the_mail_but_for_where_images_of_the_folder_lie() {
    let desk = Desk::open(weekly());
    let rendered = desk
        .sandbox
        .run(&["render", "2", "--as", "email-html"])
        .expect(0)
        .out;
    let frame = desk.get("/frame/issues/2.md").expect(200).text();
    assert!(
        frame.contains("src=\"/image/issues/images/chart.png\""),
        "{frame}"
    );
    let image = rendered
        .split("src=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let shown = frame.replace("/image/issues/images/chart.png", image);
    assert_eq!(shown.trim_end(), rendered.trim_end());
    let picture = desk.get("/image/issues/images/chart.png").expect(200);
    assert_eq!(picture.body, PNG);
    let dark = desk
        .get("/frame/issues/2.md?scheme=dark")
        .expect(200)
        .text();
    assert!(dark.contains("@media all") && !dark.contains("prefers-color-scheme"));
}

#[test]
fn the_raw_message_is_that_of_the_dry_run() {
    let desk = Desk::open(weekly());
    let message = desk
        .get("/raw/issues/2.md?as=reader-03@example.org")
        .expect(200);
    assert_eq!(message.header("content-type"), Some("message/rfc822"));
    desk.sandbox.run(&["send", "2", "--dry-run"]).expect(0);
    let files = desk.sandbox.files();
    let found = files
        .iter()
        .filter(|path| path.ends_with(".eml"))
        .any(|path| std::fs::read(desk.sandbox.path(path)).unwrap() == message.body);
    assert!(found, "no message of the dry run is the one that is shown");
}

#[test]
fn every_view_has_a_page() {
    let desk = Desk::open(weekly());
    for (view, words) in [
        ("mail", "iframe"),
        ("phone", "class=\"w375"),
        ("both", "class=\"w375"),
        ("inbox", "Apple Mail on an iPhone"),
        ("text", "class=\"plain-text\""),
        ("archive", "view=archive"),
        ("feed", "view=feed"),
        ("raw", "multipart/alternative"),
        ("difference", "This issue was not mailed yet."),
        ("source", "id=\"L12\""),
    ] {
        let page = desk.get(&format!("/issue/issues/2.md?view={view}"));
        page.expect(200).says(words).lacks("cannot be shown");
    }
    desk.get("/frame/issues/2.md?view=archive")
        .expect(200)
        .says("/archive.css")
        .says("It lasts.");
    desk.get("/frame/issues/2.md?view=feed")
        .expect(200)
        .says("It lasts.");
    desk.get("/archive.css?scheme=dark")
        .expect(200)
        .lacks("prefers-color-scheme");
    desk.get("/nowhere").expect(404);
}

#[test]
fn findings_stand_with_their_place_and_the_issue_that_had_a_link() {
    let sandbox = weekly();
    sandbox.write(
        "config/letterpress.toml",
        format!(
            "{}\n[preview]\neditor_url = \"vscode://file/{{path}}:{{line}}:{{column}}\"\n",
            crate::cli::SETTINGS
        ),
    );
    let text = issue(
        2,
        "2026-01-09",
        &BODY.replace("https://example.org/tool", ""),
    );
    sandbox.write("issues/2.md", text);
    let desk = Desk::open(sandbox);
    let page = desk.get("/issue/issues/2.md").expect(200);
    page.says("1 error to fix")
        .says("empty-url")
        .says("issues/2.md:21:4")
        .says("vscode://file/")
        .says("#1 of 2 January 2026 had this link already, as item 1, “Old”");
    desk.get("/file/issues/2.md")
        .expect(200)
        .says("source-line error");
}

#[test]
fn links_are_checked_on_request_and_never_those_of_a_private_network() {
    let inside = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    inside.set_nonblocking(true).unwrap();
    let url = format!("http://{}/secret", inside.local_addr().unwrap());
    let sandbox = weekly();
    let text = issue(
        2,
        "2026-01-09",
        &BODY.replace("https://example.org/tool", &url),
    );
    let text = text.replace("(https://example.org/", "(mailto:");
    sandbox.write("issues/2.md", text);
    let desk = Desk::open(sandbox);
    desk.get("/issue/issues/2.md")
        .expect(200)
        .lacks("no-answer");
    let answer = desk.post("/links/issues/2.md", &[]).expect(200);
    answer.says("\"asked\":1").says("\"dead\":1");
    desk.get("/issue/issues/2.md")
        .expect(200)
        .says("no-answer")
        .says("which is no public address")
        .says("issues/2.md:21:4");
    assert!(inside.accept().is_err(), "somebody asked");
}

#[test]
fn an_image_that_makes_readers_wait_is_named_with_its_weight() {
    let sandbox = weekly();
    let mut heavy = PNG.to_vec();
    heavy.resize(2_300_000, 0);
    sandbox.write("issues/images/chart.png", heavy);
    let desk = Desk::open(sandbox);
    desk.get("/issue/issues/2.md")
        .expect(200)
        .says("heavy-image")
        .says("chart.png weighs 2.3 MB");
}

#[test]
fn many_findings_of_one_kind_are_one_line_of_the_list() {
    let sandbox = weekly();
    let items: String = (1..=5)
        .map(|number| format!("{number}. [Item {number}](http://example.org/{number})\n\n   x\n\n"))
        .collect();
    sandbox.write(
        "issues/2.md",
        issue(2, "2026-01-09", &format!("## Articles\n\n{items}")),
    );
    let desk = Desk::open(sandbox);
    let page = desk.get("/issue/issues/2.md").expect(200);
    page.says("data-code=\"insecure-url\"").says("5 times");
}

#[test]
fn a_row_of_the_list_names_a_few_sections_and_counts_the_rest() {
    let section = |number: usize| {
        format!("## Part {number}\n\n1. [Item](https://example.org/{number})\n\n   x\n\n")
    };
    let body: String = (1..=7).map(section).collect();
    let desk = Desk::open(Sandbox::with(&[(
        "issues/1.md",
        &issue(1, "2026-01-02", &body),
    )]));
    desk.get("/")
        .expect(200)
        .says("Part 1 1 · Part 2 1")
        .says("Part 5 1 · 2 sections more");
}

#[test]
fn a_saved_file_is_shown_and_what_differs_from_before() {
    let desk = Desk::open(weekly());
    desk.get("/issue/issues/2.md").expect(200);
    let text = issue(2, "2026-01-09", &BODY.replace("It lasts.", "It stays."));
    desk.change(|sandbox| sandbox.write("issues/2.md", &text));
    desk.get("/frame/issues/2.md")
        .expect(200)
        .says("It stays.")
        .lacks("It lasts.");
    let path = "/issue/issues/2.md?view=difference&against=preview";
    desk.get(path).expect(200).says("1 lines added, 1 removed");
    let path = "/frame/issues/2.md?view=difference&against=preview";
    desk.get(path)
        .expect(200)
        .says("data-changed=\"added\"")
        .says("data-changed=\"removed\"");
    desk.change(|sandbox| sandbox.write("templates/email.subject.hbs", "Mine: {{issue.title}}"));
    desk.until("/issue/issues/2.md?view=inbox", "Mine: Issue 2");
    let settings = crate::cli::SETTINGS.replace("title = \"Test Weekly", "title = \"Other Weekly");
    desk.change(|sandbox| sandbox.write("config/letterpress.toml", &settings));
    // What was saved before may be told of twice.
    desk.until("/", "Other Weekly");
}

#[test]
fn files_that_are_no_texts_of_the_newsletter_are_not_shown() {
    let sandbox = weekly();
    sandbox.write("data/server.key", "ab".repeat(32));
    let desk = Desk::open(sandbox);
    for path in [
        "data/server.key",
        "../outside",
        "templates/../data/server.key",
        "/etc/passwd",
    ] {
        desk.get(&format!("/file/{path}")).expect(404).lacks("abab");
    }
    desk.get("/image/data/server.key").expect(404);
}
