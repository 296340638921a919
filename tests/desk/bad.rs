//! Bad input: the desk says what is wrong and keeps the last good view.

use std::fs;

use crate::cli::{Sandbox, issue};
use crate::desk::Desk;

fn desk() -> Desk {
    let text = issue(1, "2026-01-02", "Hello there.");
    let desk = Desk::open(Sandbox::with(&[("issues/1.md", &text)]));
    desk.get("/issue/issues/1.md").expect(200).says("Approve…");
    desk
}

const PAGE: &str = "/issue/issues/1.md";
const FRAME: &str = "/frame/issues/1.md";

#[test]
fn a_file_that_is_not_utf_8_is_named_and_the_last_good_view_stays() {
    let desk = desk();
    desk.change(|sandbox| sandbox.write("issues/1.md", b"# caf\xe9 \xff\n".as_slice()));
    desk.get(PAGE)
        .expect(200)
        .says("cannot be read as text")
        .says("as of")
        .says("UTF-8");
    desk.get(FRAME).expect(200).says("Hello there.");
    desk.get("/").expect(200).says("Unreadable");
    desk.change(|sandbox| sandbox.write("issues/1.md", issue(1, "2026-01-02", "Mended.")));
    desk.get(PAGE).expect(200).lacks("as of");
    desk.get(FRAME).expect(200).says("Mended.");
}

#[test]
fn a_template_broken_in_the_middle_of_typing_is_shown_with_its_line() {
    let desk = desk();
    desk.change(|sandbox| sandbox.write("templates/email.html.hbs", "<html>\n{{#if issue.ti"));
    desk.get(PAGE)
        .expect(200)
        .says("templates/email.html.hbs:2:")
        .says("Mend what is broken")
        .says("as of");
    desk.get(FRAME).expect(200).says("Hello there.");
    desk.get("/")
        .expect(200)
        .says("templates/email.html.hbs:2:");
    desk.get("/file/templates/email.html.hbs")
        .expect(200)
        .says("source-line error");
    desk.change(|sandbox| sandbox.write("templates/email.html.hbs", "<p>{{issue.nothing}}</p>"));
    desk.get(PAGE)
        .expect(200)
        .says("There is no variable <code>issue.nothing</code> here.")
        .says("as of");
    desk.change(|sandbox| fs::remove_file(sandbox.path("templates/email.html.hbs")).unwrap());
    desk.get(PAGE).expect(200).says("Approve…").lacks("as of");
}

#[test]
fn our_files_beside_issues_at_the_root_are_no_issues() {
    let sandbox = Sandbox::empty();
    let text = issue(1, "2026-01-02", "Hello there.");
    sandbox.write("1.md", text);
    sandbox.run(&["init", "."]).expect(0);
    let desk = Desk::open(sandbox);
    desk.get("/")
        .expect(200)
        .says("1 issue")
        .lacks("invalid-date");
    desk.get("/issue/1.md").expect(200).says("Approve…");
}

#[test]
fn a_file_deleted_while_it_is_shown_stays_as_it_was() {
    let desk = desk();
    desk.change(|sandbox| fs::remove_file(sandbox.path("issues/1.md")).unwrap());
    desk.get(PAGE)
        .expect(200)
        .says("is not there any more")
        .says("as of");
    desk.get(FRAME).expect(200).says("Hello there.");
    desk.get("/issue/issues/2.md")
        .expect(404)
        .says("is not there any more");
    desk.get("/").expect(200).says("letterpress new");
}

#[test]
fn broken_settings_are_named_on_every_page() {
    let desk = desk();
    desk.change(|sandbox| sandbox.write("config/letterpress.toml", "[newsletter\ntitle ="));
    for path in ["/", PAGE, "/mailings", "/subscribers"] {
        desk.get(path)
            .expect(200)
            .says("config/letterpress.toml:1:");
    }
    desk.change(|sandbox| sandbox.write("config/letterpress.toml", crate::cli::SETTINGS));
    desk.get("/")
        .expect(200)
        .lacks("config/letterpress.toml:1:");
}

#[test]
fn a_desk_opens_on_an_empty_folder_and_says_what_to_do() {
    let desk = Desk::open(Sandbox::with(&[]));
    desk.get("/subscribers")
        .expect(200)
        .says("subscribers import");
    desk.get("/mailings").expect(200).says("Approve…");
    let first = issue(1, "2026-01-02", "First.");
    desk.sandbox.write("issues/1.md", &first);
    desk.until("/", "Issue 1");
}

#[test]
fn five_thousand_issues_are_listed_by_pages() {
    let sandbox = Sandbox::with(&[]);
    for number in 1..=5000 {
        let date = format!(
            "20{:02}-{:02}-{:02}",
            number / 300,
            number % 12 + 1,
            number % 28 + 1
        );
        let body = format!("## Articles\n\n1. [Link](https://example.org/{number})\n\n   Text.\n");
        sandbox.write(&format!("issues/{number}.md"), issue(number, &date, &body));
    }
    let desk = Desk::open(sandbox);
    let page = desk
        .get("/")
        .expect(200)
        .says("5,000 issues")
        .says("page=2")
        .text();
    assert_eq!(page.matches("row-link").count(), 100);
    assert!(page.len() < 400_000, "{}", page.len());
    desk.get("/?page=50").expect(200).lacks("page=51");
    desk.get("/issue/issues/4999.md")
        .expect(200)
        .says("Issue 4999");
    let text = issue(4999, "2016-08-14", "Changed.");
    desk.change(|sandbox| sandbox.write("issues/4999.md", &text));
    desk.get("/frame/issues/4999.md")
        .expect(200)
        .says("Changed.");
}

#[test]
fn an_issue_of_two_megabytes_is_shown_in_all_views() {
    let mut body = String::from("## Articles\n\n");
    for number in 1..=6000 {
        body += &format!("{number}. [Title {number}](https://example.org/{number})\n\n   ");
        body += &"Some words that fill the line. ".repeat(10);
        body += "\n\n";
    }
    assert!(body.len() > 2_000_000);
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-02", &body))]);
    let desk = Desk::open(sandbox);
    for view in ["mail", "inbox", "text", "raw", "source", "difference"] {
        let page = desk.get(&format!("{PAGE}?view={view}")).expect(200);
        page.says("mail-too-large").lacks("cannot be shown");
    }
    desk.get(FRAME).expect(200).says("Title 6000");
}
