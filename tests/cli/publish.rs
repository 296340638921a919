//! `publish`: the week in one command, and all of it as a dry run.

use crate::cli::{Sandbox, issue};

fn weekly() -> Sandbox {
    Sandbox::with(&[
        ("issues/1.md", &issue(1, "2026-01-02", "Hello one.")),
        ("issues/2.md", &issue(2, "2026-01-09", "Hello two.")),
    ])
}

#[test]
fn a_dry_run_lies_under_outbox_alone() {
    let sandbox = weekly();
    let before = sandbox.files();
    sandbox
        .run(&["publish", "latest", "--dry-run"])
        .expect(0)
        .says("outbox/index.html");
    let mut files = sandbox.files();
    for path in [
        "outbox/feeds/rss.xml",
        "outbox/public/issues/2/index.html",
        "outbox/report.json",
        "outbox/index.html",
    ] {
        assert!(files.iter().any(|file| file == path), "{path}");
    }
    files.retain(|path| !path.starts_with("outbox/"));
    assert_eq!(before, files);
}

#[test]
fn a_dry_run_shows_the_feeds_that_a_build_writes() {
    let sandbox = weekly();
    sandbox.run(&["publish", "latest", "--dry-run"]).expect(0);
    sandbox.run(&["build"]).expect(0);
    for name in ["rss.xml", "atom.xml", "feed.json", "ids.lock"] {
        let tried = sandbox.read(&format!("outbox/feeds/{name}"));
        assert_eq!(tried, sandbox.read(&format!("feeds/{name}")), "{name}");
    }
}

#[test]
fn without_mail_settings_the_feeds_are_shown_and_it_is_said() {
    let sandbox = weekly();
    sandbox.write(
        "config/letterpress.toml",
        "[newsletter]\ntitle = \"Test Weekly\"\nurl = \"https://weekly.test/\"\n",
    );
    sandbox
        .run(&["publish", "latest", "--dry-run"])
        .expect(0)
        .says("no mail:");
    assert!(sandbox.path("outbox/feeds/rss.xml").exists());
}

#[test]
fn the_deploy_command_runs_in_the_newsletters_folder_and_its_failure_is_said() {
    let sandbox = weekly();
    let deploy = "publish.deploy=git --version > deployed.txt";
    sandbox
        .run(&[
            "--set",
            deploy,
            "--set",
            "publish.wait=off",
            "publish",
            "latest",
        ])
        .expect(0);
    assert!(sandbox.path("deployed.txt").exists());
    assert!(sandbox.path("feeds/rss.xml").exists());
    sandbox
        .run(&["--set", "publish.deploy=exit 7", "publish", "latest"])
        .expect(1)
        .says("publish.deploy ended with")
        .says("hint: feeds and archive are built");
}

#[test]
fn an_issue_with_errors_is_not_published() {
    let sandbox = weekly();
    sandbox.write("issues/2.md", issue(2, "2026-01-09", "[nowhere]()"));
    sandbox
        .run(&["publish", "latest"])
        .expect(3)
        .says("issues/2.md:7:")
        .says("hint: mend what is marked");
    assert!(!sandbox.path("feeds").exists());
}

#[test]
fn an_issue_dated_later_than_now_is_no_issue_yet() {
    let sandbox = weekly();
    sandbox.write("issues/3.md", issue(3, "2026-03-08", "To come."));
    sandbox.run(&["publish", "3"]).expect(2).says("draft");
    sandbox.run(&["publish", "3", "--dry-run"]).expect(0);
    let feed = sandbox.read("outbox/feeds/rss.xml");
    assert!(!feed.contains("To come."));
    assert!(sandbox.read("outbox/index.html").contains("Issue 3"));
}

#[test]
fn json_on_standard_output_is_one_document() {
    let sandbox = weekly();
    let answer = sandbox.run(&["publish", "latest", "--dry-run", "--json"]);
    let report = answer.expect(0).json();
    assert_eq!(report["build"]["issues"], 2, "{report}");
    assert!(report["mail"]["digest"].is_string(), "{report}");
    let built = sandbox.run(&["build", "--json"]).expect(0).json();
    assert_eq!(built["entries"], 2);
}
