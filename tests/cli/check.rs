use crate::cli::{Sandbox, issue};

#[test]
fn findings_have_line_and_column_and_errors_give_exit_code_3() {
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-01", "第一 [link]() here"))]);
    let answer = sandbox.run(&["check"]).expect(3);
    assert!(
        answer.out.contains("issues/1.md:7:4: error[empty-url]:"),
        "{}",
        answer.out
    );
    assert!(
        answer.out.contains("7 | 第一 [link]() here"),
        "{}",
        answer.out
    );
    assert!(
        answer.err.contains("checked 1 issue: 1 error"),
        "{}",
        answer.err
    );
}

#[test]
fn strict_fails_on_warnings_and_quiet_hides_them() {
    let body = "## Links\n\n1. [a](https://example.org/a)\n2. [b](https://example.org/a)\n";
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-01", body))]);
    sandbox
        .run(&["check"])
        .expect(0)
        .says("warning[duplicate-url]");
    sandbox.run(&["check", "--strict"]).expect(3);
    let quiet = sandbox.run(&["-q", "check"]).expect(0);
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("", ""));
}

#[test]
fn json_and_github_have_their_shapes() {
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-01", "[link]()"))]);
    let report = sandbox.run(&["check", "--json"]).expect(3).json();
    assert_eq!(report["issues"], 1);
    assert_eq!(report["counts"]["errors"], 1);
    let finding = &report["findings"][0];
    assert_eq!(finding["path"], "issues/1.md");
    assert_eq!(finding["line"], 7);
    assert_eq!(finding["column"], 1);
    assert_eq!(finding["code"], "empty-url");
    let github = sandbox.run(&["check", "--format", "github"]).expect(3);
    assert!(
        github
            .out
            .starts_with("::error file=issues/1.md,line=7,col=1,"),
        "{}",
        github.out
    );
}

#[test]
fn one_issue_can_be_checked_alone() {
    let sandbox = Sandbox::with(&[
        ("issues/1.md", &issue(1, "2026-01-01", "[link]()")),
        ("issues/2.md", &issue(2, "2026-01-08", "Fine.")),
        ("elsewhere/3.md", &issue(3, "2026-01-15", "[link]()")),
    ]);
    sandbox
        .run(&["check", "2"])
        .expect(0)
        .says("checked 1 issue");
    sandbox.run(&["check", "1"]).expect(3);
    sandbox
        .run(&["check", "elsewhere/3.md"])
        .expect(3)
        .says("elsewhere/3.md:7:1");
    sandbox.run(&["check", "4"]).expect(2);
}

#[test]
fn issues_are_compared_with_each_other() {
    let body = |host: &str| format!("## Links\n\n1. [a](https://{host}/a)\n");
    let sandbox = Sandbox::with(&[
        ("issues/1.md", &issue(1, "2026-01-01", &body("example.org"))),
        (
            "issues/2.md",
            &issue(1, "2026-01-08", &body("www.example.org")),
        ),
    ]);
    let answer = sandbox.run(&["check"]).expect(3);
    assert!(
        answer.out.contains(
            "issues/2.md: error[duplicate-issue-number]: number 1 belongs to issues/1.md"
        ),
        "{}",
        answer.out
    );
    assert!(
        answer
            .out
            .contains("issues/2.md:9:8: note[seen-before]: issues/1.md had this link already"),
        "{}",
        answer.out
    );
    sandbox.write(
        "config/letterpress.toml",
        "[issues.levels]\nduplicate-issue-number = \"off\"\nseen-before = \"error\"\n",
    );
    let answer = sandbox.run(&["check"]).expect(3);
    assert!(
        !answer.out.contains("duplicate-issue-number"),
        "{}",
        answer.out
    );
    assert!(answer.out.contains("error[seen-before]"), "{}", answer.out);
}

#[test]
fn translations_do_not_repeat_each_other() {
    let body = "## Links\n\n1. [a](https://example.org/a)\n";
    let sandbox = Sandbox::with(&[
        ("issues/en/1.md", &issue(1, "2026-01-01", body)),
        ("issues/zh/1.md", &issue(1, "2026-01-01", body)),
    ]);
    let answer = sandbox.run(&["check"]).expect(0);
    assert!(!answer.out.contains("seen-before"), "{}", answer.out);
    assert!(!answer.out.contains("duplicate-issue"), "{}", answer.out);
}

#[test]
fn settings_templates_and_the_lock_are_checked_too() {
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-01", "Text."))]);
    sandbox.write("templates/email.txt.hbs", "{{#if issue.title}}\nno end\n");
    sandbox.write("config/letterpress.toml", "[smtp]\nport = \"x\"\n");
    let answer = sandbox.run(&["check"]).expect(3);
    assert!(
        answer.out.contains("templates/email.txt.hbs"),
        "{}",
        answer.out
    );
    assert!(
        answer
            .out
            .contains("config/letterpress.toml:2:8: error[bad-setting]"),
        "{}",
        answer.out
    );
}

#[test]
fn a_file_that_is_no_text_or_too_large_is_said_and_the_rest_is_checked() {
    let sandbox = Sandbox::with(&[("issues/2.md", &issue(2, "2026-01-01", "[x]()"))]);
    sandbox.write("issues/1.md", b"# Caf\xe9\n");
    let answer = sandbox.run(&["check"]).expect(3);
    assert!(
        answer.out.contains("issues/1.md:1:6: error[not-utf8]"),
        "{}",
        answer.out
    );
    assert!(answer.out.contains("issues/2.md:7:1"), "{}", answer.out);
    let answer = sandbox
        .run(&["--set", "issues.max_bytes=10", "check"])
        .expect(3);
    assert!(
        answer.out.contains("issues/2.md: error[too-large]"),
        "{}",
        answer.out
    );
}

#[test]
fn a_key_that_git_tracks_is_an_error() {
    let sandbox = Sandbox::empty();
    if sandbox.git(&["init"]).is_none() {
        return;
    }
    sandbox.run(&["init", "."]).expect(0);
    sandbox.run(&["check"]).expect(0);
    sandbox.git(&["add", "-f", "data/server.key"]);
    sandbox
        .run(&["check"])
        .expect(3)
        .says("data/server.key: error[tracked-secret]")
        .says("git rm --cached data/server.key");
}

#[test]
fn named_folders_that_are_not_there_are_wrong_usage() {
    let sandbox = Sandbox::with(&[]);
    sandbox
        .run(&["--set", "issues.paths=isues", "check"])
        .expect(2)
        .says("isues")
        .says("hint: issues.paths");
}

#[test]
fn of_many_notes_of_one_kind_three_are_shown_unless_more_is_asked() {
    let body = "![](https://example.org/a.png)\n\n".repeat(5);
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-01", &body))]);
    let shown = |arguments: &[&str]| {
        let answer = sandbox.run(arguments).expect(0);
        (answer.out.matches("note[missing-alt]").count(), answer)
    };
    let (count, answer) = shown(&["check"]);
    assert_eq!(count, 3, "{}", answer.out);
    answer.says("more notes: 2 missing-alt").says("5 notes");
    assert_eq!(shown(&["-v", "check"]).0, 5);
    assert_eq!(shown(&["check", "1"]).0, 5);
    let (_, answer) = shown(&["check", "--json"]);
    assert_eq!(answer.json()["findings"].as_array().unwrap().len(), 5);
}

#[test]
fn an_image_that_is_not_there_is_found_before_the_build() {
    let sandbox = Sandbox::with(&[
        (
            "issues/1.md",
            &issue(1, "2026-01-01", "![a press](press.png)"),
        ),
        ("pages/about.md", "# About\n\n![a type](type.png)\n"),
    ]);
    sandbox
        .run(&["check"])
        .expect(3)
        .says("issues/1.md:7:1: error[missing-image]")
        .says("pages/about.md:3:1: error[missing-image]");
    sandbox.write("issues/press.png", b"x");
    sandbox.write("pages/type.png", b"x");
    sandbox.run(&["check"]).expect(0);
}

#[test]
fn what_a_build_would_find_is_found_by_check() {
    let sandbox = Sandbox::with(&[
        ("issues/1.md", &issue(1, "2026-01-01", "Fine.")),
        ("issues/2.md", &issue(2, "2026-01-08", "Fine too.")),
    ]);
    sandbox.run(&["check"]).expect(0);
    sandbox
        .run(&["--set", "issues.permalink=/issue/", "check"])
        .expect(3)
        .says("issues/1.md: error[duplicate-permalink]");
    sandbox
        .run(&["--set", "newsletter.description=", "check"])
        .expect(0)
        .says("feeds: note[feed-without-description]");
    // A lock that cannot be read is told once.
    sandbox.write("feeds/ids.lock", "[[issue]\n");
    let answer = sandbox.run(&["check"]).expect(3);
    assert_eq!(
        answer.out.matches("feeds/ids.lock").count(),
        1,
        "{}",
        answer.out
    );
}

#[test]
fn the_mail_is_looked_at_of_issues_that_are_named() {
    let text = "## Links\n\n![a](https://example.org/a.png)\n\n\
                1. [https://example.com/login](https://example.org/)\n";
    let sandbox = Sandbox::with(&[
        ("issues/1.md", &issue(1, "2026-01-01", text)),
        ("issues/2.md", &issue(2, "2026-01-08", "Fine, all of it.")),
    ]);
    let codes = |sandbox: &Sandbox, arguments: &[&str]| {
        let all = [&["check", "--json"], arguments].concat();
        let report = sandbox.run(&all).expect(0).json();
        let findings = report["findings"].as_array().unwrap().clone();
        let mail = findings.into_iter().filter(|one| one["line"].is_null());
        let mail: Vec<String> = mail
            .map(|one| format!("{} {}", one["path"], one["code"]).replace('"', ""))
            .collect();
        mail
    };
    let found = codes(&sandbox, &["1"]);
    assert!(
        found.contains(&"issues/1.md link-mismatch".to_owned()),
        "{found:?}"
    );
    assert_eq!(codes(&sandbox, &["2"]), [""; 0]);
    assert_eq!(codes(&sandbox, &[]), [""; 0]);
    // A level of the settings holds for it too.
    let settings =
        sandbox.read("config/letterpress.toml") + "[issues.levels]\nlink-mismatch = \"off\"\n";
    sandbox.write("config/letterpress.toml", settings);
    let found = codes(&sandbox, &["1"]);
    assert!(
        !found.iter().any(|one| one.ends_with("link-mismatch")),
        "{found:?}"
    );
    // Without a sender there is no mail to look at.
    sandbox.write("config/letterpress.toml", "[newsletter]\ntitle = \"T\"\n");
    assert_eq!(codes(&sandbox, &["1"]), [""; 0]);
}

#[test]
fn html_of_strangers_reaches_no_reader_and_a_pixel_that_follows_them_is_found() {
    let body = "Words enough for a mail that has an image in it, and a few more of them.\n\n\
                <script>alert(1)</script><base href=\"https://evil.test/\">\n\n\
                <form action=\"https://evil.test/\"><input name=\"a\"><button>Go</button></form>\n\n\
                <div style=\"position:fixed;width:9999px;background:url(https://evil.test/)\">Boxed\
                </div>\n\n<style>body{display:none}</style>\n\n\
                <p onclick=\"x()\">Pressed <img src=\"https://evil.test/p.gif?u=1\" width=\"1\" \
                height=\"1\" alt=\"\"></p>\n\n<meta http-equiv=\"refresh\" content=\"0\">\n";
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-01", body))]);
    let html = sandbox
        .run(&["render", "1", "--as", "email-html"])
        .expect(0)
        .out;
    assert!(html.contains("Boxed") && html.contains("Pressed"), "{html}");
    for bad in [
        "<script",
        "<base",
        "<form",
        "<input",
        "<button",
        "position:",
        "9999",
        "onclick",
        "refresh",
        "display:none",
        "url(",
    ] {
        assert!(!html.contains(bad), "{bad}: {html}");
    }
    let found = sandbox.run(&["check", "1", "--format", "json"]).out;
    assert!(found.contains("\"tracking-pixel\""), "{found}");
}
