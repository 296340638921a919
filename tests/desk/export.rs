//! The desk as pages to be kept.

use std::fs;

use crate::cli::{Sandbox, issue};

#[test]
fn the_views_of_an_issue_are_written_as_pages_that_ask_nobody() {
    let body = "## Articles\n\n1. [Plain text](https://example.org/plain)\n\n   It lasts.\n";
    let sandbox = Sandbox::with(&[
        ("issues/1.md", &issue(1, "2026-01-02", body)),
        ("issues/2.md", &issue(2, "2026-01-09", body)),
    ]);
    let answer = sandbox.run(&["preview", "--export", "site", "2"]);
    answer.expect(0).says("look at");
    let folder = sandbox.path("site/issues-2");
    for name in [
        "index",
        "phone",
        "inbox",
        "text",
        "archive",
        "feed",
        "raw",
        "difference",
        "source",
    ] {
        let page = fs::read_to_string(folder.join(format!("{name}.html"))).unwrap();
        assert!(!page.contains("cannot be shown"), "{name}: {page}");
        for attribute in ["href=\"", "src=\"", "action=\""] {
            for rest in page.split(attribute).skip(1) {
                let leads_out = rest.starts_with('/') || rest.starts_with("http:");
                assert!(!leads_out, "{name} leads to {}", &rest[..40]);
            }
        }
        assert!(!page.contains("<form method=\"post\""), "{name}");
    }
    assert!(folder.join("mail-sheet.html").is_file() && folder.join("message.eml").is_file());
    assert!(sandbox.path("site/desk.css").is_file() && !sandbox.path("site/issues-1").exists());
    // The list leads only to what lies beside it.
    let list = fs::read_to_string(sandbox.path("site/index.html")).unwrap();
    assert!(list.contains("issues-2/index.html") && list.contains("Issue 1"));
    assert!(!list.contains("issues-1/"), "{list}");
    let again = sandbox.files();
    sandbox.run(&["preview", "--export", "site", "2"]).expect(0);
    assert_eq!(sandbox.files(), again);
}
