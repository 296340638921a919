use crate::cli::{Sandbox, issue};

fn weekly() -> Sandbox {
    Sandbox::with(&[
        (
            "issues/2026-02-06-weekly.md",
            &issue(7, "2026-02-06", "Text."),
        ),
        (
            "issues/2026-02-13-weekly.md",
            &issue(8, "2026-02-13", "Text."),
        ),
        (
            "issues/2026-02-20-weekly.md",
            &issue(9, "2026-02-20", "Text."),
        ),
    ])
}

#[test]
fn number_date_and_name_go_on_from_the_issues_before() {
    let sandbox = weekly();
    let answer = sandbox.run(&["new", "A \"quoted\" title"]).expect(0);
    assert_eq!(answer.out, "issues/drafts/2026-03-06-weekly.md\n");
    let text = sandbox.read("issues/drafts/2026-03-06-weekly.md");
    assert!(text.contains("number: 10"), "{text}");
    assert!(text.contains("date: 2026-03-06"), "{text}");
    let inspected = sandbox
        .run(&["inspect", answer.out.trim()])
        .expect(0)
        .json();
    assert_eq!(inspected["title"], "A \"quoted\" title");
    // The next one follows that draft.
    let answer = sandbox.run(&["new"]).expect(0);
    assert_eq!(answer.out, "issues/drafts/2026-03-13-weekly.md\n");
    sandbox.run(&["check", "next"]).expect(0);
}

#[test]
fn a_draft_that_is_years_ahead_does_not_lead() {
    let sandbox = weekly();
    sandbox.write(
        "issues/2036-01-01-weekly.md",
        issue(500, "2036-01-01", "Text."),
    );
    let answer = sandbox.run(&["new"]).expect(0);
    assert_eq!(answer.out, "issues/drafts/2026-03-06-weekly.md\n");
}

#[test]
fn names_by_number_and_months_go_on_too() {
    let numbered = Sandbox::with(&[
        ("issues/issue-098.md", &issue(98, "2026-01-01", "Text.")),
        ("issues/issue-099.md", &issue(99, "2026-02-01", "Text.")),
    ]);
    let answer = numbered.run(&["new"]).expect(0);
    assert_eq!(answer.out, "issues/drafts/issue-100.md\n");
    assert!(
        numbered
            .read("issues/drafts/issue-100.md")
            .contains("date: 2026-03-01")
    );
    let titled = Sandbox::with(&[
        (
            "issues/2026-02-13-on-type.md",
            &issue(1, "2026-02-13", "Text."),
        ),
        (
            "issues/2026-02-20-on-ink.md",
            &issue(2, "2026-02-20", "Text."),
        ),
    ]);
    let answer = titled.run(&["new", "On Paper"]).expect(0);
    assert_eq!(answer.out, "issues/drafts/2026-03-06-on-paper.md\n");
}

#[test]
fn the_date_can_be_said_and_a_file_is_never_overwritten() {
    let sandbox = weekly();
    sandbox.run(&["new", "--date", "2026-04-01"]).expect(0);
    let path = "issues/drafts/2026-04-01-weekly.md";
    sandbox.write(path, "mine");
    sandbox
        .run(&["new", "--date", "2026-04-01"])
        .expect(1)
        .says("exists already")
        .says("hint:");
    assert_eq!(sandbox.read(path), "mine");
    sandbox.run(&["new", "--date", "tomorrow"]).expect(2);
}

#[test]
fn a_mistake_in_the_template_is_shown_with_its_line() {
    let sandbox = weekly();
    sandbox.write(
        "templates/issue.md",
        "# 周刊 {{issue.title}}\n\n周 {{issue.nummer}}\n",
    );
    sandbox
        .run(&["new"])
        .expect(2)
        .says("templates/issue.md:3:3: error[template]: there is no variable issue.nummer");
    sandbox.write(
        "templates/issue.md",
        "# {{newsletter.title}} #{{issue.number}}: {{issue.title}}\n",
    );
    let answer = sandbox.run(&["new"]).expect(0);
    assert_eq!(sandbox.read(answer.out.trim()), "# Test Weekly #10\n");
}

#[test]
fn the_first_issue_of_all_has_number_one_and_todays_date() {
    let sandbox = Sandbox::with(&[]);
    let answer = sandbox.run(&["new", "Hello, world"]).expect(0);
    assert_eq!(answer.out, "issues/drafts/2026-03-01-hello-world.md\n");
    assert!(sandbox.read(answer.out.trim()).contains("number: 1\n"));
}
