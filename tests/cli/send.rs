//! `send`: the dry run changes nothing but its outbox; a relay's answer is told.

use std::net::TcpListener;
use std::path::PathBuf;

use tokio::task::spawn_blocking;

use crate::cli::{Answer, SETTINGS, Sandbox, issue};
use crate::smtp::server::{Act, Server, usual};

fn weekly() -> Sandbox {
    let text = issue(
        1,
        "2026-01-02",
        "Hello *you*, see [this](https://example.org/a).",
    );
    Sandbox::with(&[("issues/1.md", &text)])
}

/// The program's settings for a relay on this machine.
fn relay(port: u16) -> Vec<String> {
    let port = format!("smtp.port={port}");
    [
        "--set",
        "smtp.host=127.0.0.1",
        "--set",
        "smtp.tls=none",
        "--set",
        &port,
    ]
    .map(str::to_owned)
    .to_vec()
}

fn send(sandbox: &Sandbox, port: u16, arguments: &[&str]) -> Answer {
    let mut all = relay(port);
    all.extend(arguments.iter().map(|one| (*one).to_owned()));
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    sandbox.run(&all)
}

#[test]
fn readers_get_the_sections_of_their_choice() {
    let text = issue(
        1,
        "2026-01-02",
        "## Links\n\n- [One](https://one.example.org/)\n\n## Jobs\n\n- [Two](https://two.example.org/)",
    );
    let sandbox = Sandbox::with(&[("issues/1.md", &text)]);
    let settings = format!("{SETTINGS}\n[issues.sections.Jobs]\noptional = true\n");
    sandbox.write("config/letterpress.toml", settings);
    sandbox.write(
        "list.csv",
        "email,status,attributes\n\
         ada@example.org,confirmed,\"{\"\"without_sections\"\": \"\"jobs\"\"}\"\n\
         bob@example.org,confirmed,{}\n\
         eve@example.org,confirmed,\"{\"\"without_sections\"\": \"\"links\"\"}\"\n",
    );
    sandbox
        .run(&["subscribers", "import", "list.csv"])
        .expect(0);
    let report = sandbox
        .run(&["send", "1", "--dry-run", "--json"])
        .expect(0)
        .json();
    let messages = report["messages"].as_array().unwrap();
    let has = |message: &serde_json::Value, link: &str| {
        let text = message["text"].as_str().unwrap();
        let html = sandbox.read(&format!(
            "outbox/{}",
            message["html_file"].as_str().unwrap()
        ));
        assert_eq!(text.contains(link), html.contains(link), "{text}\n{html}");
        text.contains(link)
    };
    let mut told = 0;
    for message in messages {
        let jobs = message["address"] != "ada@example.org";
        assert!(has(message, "https://one.example.org/"), "{message}");
        assert_eq!(has(message, "https://two.example.org/"), jobs, "{message}");
        told += 1;
    }
    assert_eq!(told, 3, "{report}");
    // Its page has all.
    sandbox.run(&["build"]).expect(0);
    let page = sandbox.read("public/issues/1/index.html");
    assert!(page.contains("https://two.example.org/"), "{page}");
}

#[test]
fn a_dry_run_fills_its_outbox_and_changes_nothing_else() {
    let sandbox = weekly();
    let before = sandbox.files();
    sandbox
        .run(&["send", "1", "--dry-run"])
        .expect(0)
        .says("nothing left this machine")
        .says("digest ");
    let mut files = sandbox.files();
    let in_outbox = |path: &String| path.starts_with("outbox/");
    assert!(files.contains(&"outbox/report.json".to_owned()));
    assert!(files.contains(&"outbox/index.html".to_owned()));
    let report: serde_json::Value =
        serde_json::from_str(&sandbox.read("outbox/report.json")).unwrap();
    let mails = files.iter().filter(|path| path.ends_with(".eml")).count();
    assert_eq!(report["totals"]["messages"], mails, "{report}");
    assert!(mails > 0);
    files.retain(|path| !in_outbox(path));
    assert_eq!(before, files);
}

#[test]
fn the_digest_is_that_of_the_content_alone() {
    let sandbox = weekly();
    let digest = |sandbox: &Sandbox| {
        let report = sandbox.run(&["send", "1", "--dry-run", "--json"]).expect(0);
        report.json()["digest"].as_str().unwrap().to_owned()
    };
    let first = digest(&sandbox);
    assert_eq!(first.len(), 64);
    assert_eq!(first, digest(&sandbox));
    let text = sandbox.read("issues/1.md");
    sandbox.write("issues/1.md", text.replace("*you*", "*all*"));
    assert_ne!(first, digest(&sandbox));
}

#[test]
fn a_draft_can_be_tried_but_keeps_out_of_the_feeds() {
    let sandbox = weekly();
    let draft = issue(2, "2026-01-09", "To be.").replace("number: 2", "draft: true");
    sandbox.write("issues/2.md", draft);
    sandbox.run(&["send", "issues/2.md", "--dry-run"]).expect(0);
    sandbox
        .run(&["publish", "issues/2.md"])
        .expect(2)
        .says("draft");
    assert!(!sandbox.path("feeds").exists());
}

#[test]
fn without_a_way_nothing_is_sent_and_the_ways_are_named() {
    let sandbox = weekly();
    sandbox
        .run(&["send", "1"])
        .expect(2)
        .says("there is no store")
        .says("subscribers import");
    sandbox
        .run(&["send", "1", "--dry-run", "--test", "me@example.org"])
        .expect(2);
    sandbox
        .run(&["send", "1", "--test", "not an address"])
        .expect(2)
        .says("hint: --test takes addresses");
    sandbox
        .run(&["send", "1", "--test", "me@example.org"])
        .expect(2)
        .says("smtp");
    sandbox
        .run(&[
            "send",
            "1",
            "--test",
            "me@example.org\r\nBcc: all@example.org",
        ])
        .expect(2);
}

#[test]
fn a_missing_sender_is_asked_for_with_lines_to_copy() {
    let sandbox = weekly();
    sandbox.write(
        "config/letterpress.toml",
        "[newsletter]\ntitle = \"Test Weekly\"\nurl = \"https://weekly.test/\"\n",
    );
    sandbox
        .run(&["send", "1", "--dry-run"])
        .expect(2)
        .says("newsletter.from")
        .says("from = ");
}

#[test]
fn a_dead_relay_is_named_with_its_port() {
    // A port that was free a moment ago.
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let sandbox = weekly();
    send(&sandbox, port, &["send", "1", "--test", "me@example.net"])
        .expect(75)
        .says(&format!("127.0.0.1:{port}"))
        .says("hint:");
}

#[tokio::test]
async fn a_relay_that_refuses_is_quoted() {
    let server = Server::start(|question, _| match question.split(':').next() {
        Some("RCPT TO") => Act::Say("550 5.7.1 relaying denied\r\n"),
        _ => usual(question),
    })
    .await;
    let port = server.port();
    let test = ["send", "1", "--test", "me@example.net"];
    let answer = spawn_blocking(move || send(&weekly(), port, &test)).await;
    answer.unwrap().expect(1).says("550 5.7.1");
    assert!(server.contents().is_empty());
}

#[test]
fn a_password_file_that_is_not_there_is_named() {
    let sandbox = weekly();
    let mut arguments = relay(2525);
    arguments.extend(
        [
            "--set",
            "smtp.username=editor",
            "--set",
            "smtp.password_file=data/none",
        ]
        .map(str::to_owned),
    );
    arguments.extend(["send", "1", "--test", "me@example.net"].map(str::to_owned));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let answer = sandbox.run(&arguments);
    assert!([1, 2].contains(&answer.code), "{answer:?}");
    let file: PathBuf = ["data", "none"].iter().collect();
    answer.says(file.to_str().unwrap());
}

#[test]
fn a_mistake_in_a_mail_template_is_named_and_nothing_is_written() {
    for text in ["{{#if issue.title}}\n", "<p>{{issue.titel}}</p>\n"] {
        let sandbox = weekly();
        sandbox.write("templates/email.html.hbs", text);
        let before = sandbox.files();
        sandbox
            .run(&["send", "1", "--dry-run"])
            .expect(2)
            .says("templates/email.html.hbs:")
            .says("hint:");
        assert_eq!(before, sandbox.files());
    }
}

#[test]
fn a_second_dry_run_has_the_same_bytes() {
    let sandbox = weekly();
    sandbox.run(&["send", "1", "--dry-run"]).expect(0);
    let bytes = |sandbox: &Sandbox| -> Vec<(String, String)> {
        let files = sandbox.files().into_iter();
        files
            .map(|path| (path.clone(), sandbox.read(&path)))
            .collect()
    };
    let first = bytes(&sandbox);
    sandbox.run(&["send", "1", "--dry-run"]).expect(0);
    assert_eq!(first, bytes(&sandbox));
}

#[tokio::test]
async fn a_test_delivers_what_render_shows_but_for_the_recipient() {
    let server = Server::start(|question, _| usual(question)).await;
    let port = server.port();
    let (rendered, answer) = spawn_blocking(move || {
        let sandbox = weekly();
        let rendered = sandbox.run(&["render", "1", "--as", "eml"]).expect(0);
        let to = [
            "send",
            "1",
            "--test",
            "Ada <ada@example.net>",
            "bob@example.net",
        ];
        (rendered.out, send(&sandbox, port, &to))
    })
    .await
    .unwrap();
    answer.expect(0).says("250 2.0.0");
    let contents = server.contents();
    assert_eq!(contents.len(), 2);
    assert_eq!(server.asked().matches("CONNECT").count(), 1);
    let own = impersonal(&rendered);
    for content in contents {
        let content = String::from_utf8(content).unwrap();
        assert!(content.contains("@example.net"), "{content}");
        assert_eq!(impersonal(&content), own);
    }
}

/// A message without what is the recipient's own: their headers' values, and
/// the links to leave and to choose.
fn impersonal(message: &str) -> String {
    let mut kept = String::new();
    let mut own_header = false;
    let mut in_head = true;
    let text = message.replace("=\r\n", "");
    for line in text.split("\r\n") {
        in_head &= !line.is_empty();
        let folded = in_head && line.starts_with([' ', '\t']);
        if in_head && !folded {
            own_header = ["To:", "Message-ID:", "List-Unsubscribe:"]
                .iter()
                .any(|name| line.starts_with(name));
        }
        if in_head && own_header {
            continue;
        }
        let personal = ["unsubscribe", "preferences", "@example.net", "@example.org"];
        if !in_head && personal.iter().any(|word| line.contains(word)) {
            continue;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    let boundary = kept
        .lines()
        .find_map(|line| line.split("boundary=\"").nth(1)?.split('"').next())
        .unwrap_or("no boundary")
        .to_owned();
    kept.replace(&boundary, "BOUNDARY")
}

#[test]
fn a_newsletter_in_plain_text_leaves_no_html_in_the_outbox() {
    let sandbox = weekly();
    sandbox
        .run(&["--set", "mail.parts=text", "send", "1", "--dry-run"])
        .expect(0);
    let files = sandbox.files();
    let mut mail = files
        .iter()
        .filter(|path| path.starts_with("outbox/mail/"))
        .peekable();
    assert!(mail.peek().is_some());
    assert!(mail.all(|path| path.ends_with(".eml")));
}

/// The dry run's report with a program in PATH that passes for SpamAssassin.
#[cfg(unix)]
fn judged(status: &str) -> (Sandbox, serde_json::Value) {
    use std::os::unix::fs::PermissionsExt;

    let sandbox = weekly();
    let program = "bin/spamassassin";
    sandbox.write(
        program,
        format!(
            "#!/bin/sh\necho \"$*\" >> bin/arguments\ncat > bin/message\n\
             printf 'X-Spam-Status: {status}\\n\\nbody\\n'\n"
        ),
    );
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(sandbox.path(program), mode).unwrap();
    let mut command = sandbox.command(&["send", "1", "--dry-run", "--json"]);
    let path = format!("{}:/usr/bin:/bin", sandbox.path("bin").display());
    let output = command.env("PATH", path).output().unwrap();
    assert!(output.status.success());
    let report = serde_json::from_slice(&output.stdout).unwrap();
    (sandbox, report)
}

#[cfg(unix)]
#[test]
fn spamassassin_judges_one_message_of_a_variant_without_the_network() {
    let (sandbox, report) =
        judged("No, score=0.7 required=5.0 tests=HTML_MESSAGE,\\n\\tURI_HEX a=b");
    let asked = sandbox.read("bin/arguments");
    assert!(asked.lines().all(|line| line == "-L -t"), "{asked}");
    let languages: std::collections::BTreeSet<String> = report["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["language"].to_string())
        .collect();
    assert!(asked.lines().count() < report["messages"].as_array().unwrap().len());
    assert!(asked.lines().count() >= languages.len());
    assert!(sandbox.read("bin/message").contains("\nSubject: Issue 1"));
    let findings = report["findings"].as_array().unwrap();
    let score = findings.iter().find(|one| one["code"] == "spam-score");
    let words = &score.unwrap()["message"];
    let expected = "SpamAssassin gives 0.7 points by its local rules: HTML_MESSAGE, URI_HEX";
    assert_eq!(words, expected);
}

#[cfg(unix)]
#[test]
fn a_high_score_is_a_warning_and_no_answer_is_none() {
    let level = |status: &str| {
        let (_, report) = judged(status);
        let findings = report["findings"].as_array().unwrap();
        let score = findings
            .iter()
            .find(|one| one["code"].as_str().unwrap().ends_with("spam-score"));
        score.map(|score| (score["code"].clone(), score["level"].clone()))
    };
    let high = ("high-spam-score".into(), "warning".into());
    assert_eq!(level("Yes, score=7.5 required=5.0 tests=A"), Some(high));
    assert_eq!(level("nothing of use"), None);
}

#[test]
fn the_sample_gives_no_warning() {
    let sandbox = Sandbox::empty();
    for issue in ["en/1", "zh/1", "en/8"] {
        let outbox = sandbox.path(issue).display().to_string();
        let root = crate::cli::sample().display().to_string();
        let arguments = [
            "-C",
            &root,
            "send",
            issue,
            "--dry-run",
            "--json",
            "--outbox",
            &outbox,
        ];
        let report = sandbox.run(&arguments).expect(0).json();
        for finding in report["findings"].as_array().unwrap() {
            assert_eq!(finding["level"], "note", "{finding}");
        }
    }
}
