//! What all commands have in common.

use std::io::Read;
use std::process::Stdio;

use crate::cli::{Sandbox, issue, sample};

#[test]
fn help_names_every_command_with_an_example() {
    let sandbox = Sandbox::empty();
    let top = sandbox.run(&["--help"]).expect(0);
    assert!(top.err.is_empty());
    for command in [
        "init",
        "new",
        "check",
        "inspect",
        "render",
        "build",
        "publish",
        "send",
        "completions",
    ] {
        assert!(top.out.contains(command), "{command}");
        let help = sandbox.run(&[command, "--help"]).expect(0);
        assert!(help.out.contains("Example"), "{command}: {}", help.out);
    }
    for command in [
        ["config", "show"],
        ["config", "check"],
        ["ids", "import"],
        ["subscribers", "import"],
        ["subscribers", "export"],
        ["subscribers", "list"],
        ["subscribers", "show"],
        ["subscribers", "add"],
        ["subscribers", "remove"],
        ["subscribers", "change"],
        ["subscribers", "erase"],
        ["suppressions", "list"],
        ["suppressions", "add"],
        ["suppressions", "remove"],
    ] {
        let help = sandbox.run(&[command[0], command[1], "--help"]).expect(0);
        assert!(help.out.contains("Example"), "{command:?}: {}", help.out);
    }
    for column in top.out.lines().map(|line| line.chars().count()) {
        assert!(column <= 100);
    }
}

#[test]
fn wrong_usage_is_exit_code_2_with_a_suggestion() {
    let sandbox = Sandbox::empty();
    sandbox.run(&[]).expect(2).says("Usage");
    sandbox.run(&["chek"]).expect(2).says("check");
    sandbox
        .run(&["check", "--stric"])
        .expect(2)
        .says("--strict");
    sandbox.run(&["render", "latest"]).expect(2).says("--as");
    sandbox.run(&["-v", "-q", "check"]).expect(2);
}

#[test]
fn a_missing_folder_is_named() {
    let sandbox = Sandbox::empty();
    sandbox
        .run(&["-C", "nowhere", "check"])
        .expect(2)
        .says("error: there is no folder nowhere")
        .says("hint: `letterpress init nowhere`");
}

#[test]
fn a_closed_pipe_is_success_and_says_nothing() {
    let body = "[a](http://example.org/)\n\n".repeat(3000);
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-01", &body))]);
    let path = sandbox.path("issues/1.md");
    for arguments in [
        &["render", "1", "--as", "markdown"][..],
        &["inspect", path.to_str().unwrap()],
        &["man"],
        &["check"],
        &["--help"],
    ] {
        let mut child = sandbox
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{arguments:?}: {err}");
        assert!(!err.contains("error"), "{arguments:?}: {err}");
    }
}

#[test]
fn colors_are_for_those_who_ask() {
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-01", "[a]()"))]);
    let plain = sandbox.run(&["check"]).expect(3);
    assert!(!plain.out.contains('\u{1b}'));
    let colored = sandbox.run(&["--color", "always", "check"]).expect(3);
    assert!(colored.out.contains('\u{1b}'));
    let json = sandbox
        .run(&["--color", "always", "check", "--json"])
        .expect(3);
    assert!(!json.out.contains('\u{1b}'));
}

#[test]
fn an_unknown_setting_stops_a_command_and_is_shown() {
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-01", "Text."))]);
    sandbox.write("config/letterpress.toml", "[newsletter]\ntitel = \"x\"\n");
    sandbox
        .run(&["render", "1", "--as", "html"])
        .expect(2)
        .says("config/letterpress.toml:2:1: error[unknown-setting]")
        .says("did you mean `newsletter.title`?")
        .says("error: the settings have 1 error");
    sandbox
        .run(&["--set", "newsletter.titel=x", "new"])
        .expect(2)
        .says("--set:1:1: error[unknown-setting]");
}

#[test]
fn another_settings_file_can_be_named_but_must_be_there() {
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-01", "Text."))]);
    sandbox.write("other.toml", "[newsletter]\ntitle = \"Other\"\n");
    sandbox
        .run(&["--config", "other.toml", "config", "show"])
        .expect(0)
        .says("title = \"Other\"")
        .says("# other.toml:2");
    sandbox
        .run(&["--config", "none.toml", "config", "show"])
        .expect(2)
        .says("there is no file none.toml");
}

#[test]
fn what_cannot_be_written_is_named_and_nothing_is_half_there() {
    let sandbox = Sandbox::empty();
    // A file where a folder must be: refused for every user.
    sandbox.write("weekly/data", "not a folder");
    let answer = sandbox.run(&["init", "weekly"]).expect(1);
    assert!(answer.err.contains("weekly/data"), "{}", answer.err);
    assert!(answer.err.contains("caused by:"), "{}", answer.err);
    assert!(!sandbox.files().iter().any(|path| path.contains(".tmp")));
}

#[test]
fn completions_and_manual_come_from_the_same_source_as_help() {
    let sandbox = Sandbox::empty();
    for shell in ["bash", "zsh", "fish"] {
        sandbox
            .run(&["completions", shell])
            .expect(0)
            .says("inspect");
    }
    let man = sandbox.run(&["man"]).expect(0);
    assert!(man.out.contains(".TH letterpress"), "{}", man.out);
    assert!(man.out.contains("ids import"), "{}", man.out);
}

#[test]
fn an_issue_is_named_by_number_date_slug_language_or_path() {
    let sandbox = Sandbox::with(&[
        (
            "issues/en/2026-01-01-a.md",
            &issue(1, "2026-01-01", "English one."),
        ),
        (
            "issues/zh/2026-01-01-a.md",
            &issue(1, "2026-01-01", "中文一。"),
        ),
        (
            "issues/en/2026-01-08-b.md",
            &issue(2, "2026-01-08", "English two."),
        ),
        (
            "issues/en/2026-12-24-c.md",
            &issue(3, "2026-12-24", "To come."),
        ),
        (
            "issues/en/2026-01-09-x.md",
            &issue(2, "2026-01-09", "Two again."),
        ),
    ]);
    for (selector, expected) in [
        ("1", "English one."),
        ("en/1", "English one."),
        ("zh/1", "中文一。"),
        ("2026-01-08", "English two."),
        ("issues/en/2026-01-08-b.md", "English two."),
        ("2026-01-09-x", "Two again."),
        ("latest", "Two again."),
        ("next", "To come."),
    ] {
        let answer = sandbox.run(&["render", selector, "--as", "markdown"]);
        assert!(answer.out.contains(expected), "{selector}: {answer:?}");
    }
    sandbox
        .run(&["render", "2", "--as", "html"])
        .expect(2)
        .says("2 means several issues:")
        .says("issues/en/2026-01-08-b.md  #2  2026-01-08  Issue 2");
    sandbox
        .run(&["render", "77", "--as", "html"])
        .expect(2)
        .says("there is no issue 77")
        .says("hint: the latest is");
}

#[test]
fn without_issues_the_first_step_is_said() {
    let sandbox = Sandbox::with(&[]);
    sandbox
        .run(&["render", "latest", "--as", "html"])
        .expect(2)
        .says("there are no issues in this folder")
        .says("letterpress new");
}

#[test]
fn the_sample_newsletter_reads_from_anywhere() {
    let sandbox = Sandbox::empty();
    let folder = sample().to_str().unwrap();
    sandbox
        .run(&["-C", folder, "render", "1", "--as", "html"])
        .expect(0)
        .says("<p>");
}

#[test]
fn a_relay_that_is_down_is_worth_another_try() {
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-01", "Hello."))]);
    // A port that was free a moment ago: nobody listens there.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("smtp.port={}", listener.local_addr().unwrap().port());
    drop(listener);
    let relay = ["--set", "smtp.host=127.0.0.1", "--set", "smtp.tls=none"];
    let send = ["send", "1", "--test", "me@example.org"];
    let from = ["--set", "newsletter.from=Me <me@example.org>"];
    let address = ["--set", "newsletter.address=1 Printer's Lane"];
    let arguments = [&relay[..], &["--set", &port], &from, &address, &send].concat();
    sandbox
        .run(&arguments)
        .expect(75)
        .says("nothing listens there");
}
