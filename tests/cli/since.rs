use crate::cli::{Sandbox, issue};

/// A repository with a faulty issue on `main`; `None` where there is no git.
fn repository() -> Option<Sandbox> {
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-01", "[old]()\n\nFine."))]);
    sandbox.git(&["init", "-b", "main"])?;
    sandbox.git(&["add", "."])?;
    sandbox.git(&["commit", "-m", "one"])?;
    sandbox.git(&["checkout", "-b", "work"])?;
    Some(sandbox)
}

#[test]
fn only_what_the_branch_adds_is_said() {
    let Some(sandbox) = repository() else {
        return;
    };
    sandbox.run(&["check"]).expect(3);
    sandbox.run(&["check", "--since", "main"]).expect(0);
    // A changed line that is not committed yet, then a committed one, then a
    // file that Git does not know yet.
    let changed = sandbox.read("issues/1.md").replace("Fine.", "[new]()");
    sandbox.write("issues/1.md", changed);
    let answer = sandbox.run(&["check", "--since", "main"]).expect(3);
    assert!(answer.out.contains("issues/1.md:9:1"), "{}", answer.out);
    assert!(!answer.out.contains("issues/1.md:7:1"), "{}", answer.out);
    sandbox.git(&["commit", "-am", "two"]);
    sandbox.run(&["check", "--since", "main"]).expect(3);
    sandbox.run(&["check", "--since", "HEAD"]).expect(0);
    sandbox.write("issues/第二.md", issue(2, "2026-01-08", "[x]()"));
    let answer = sandbox.run(&["check", "--since", "HEAD"]).expect(3);
    assert!(answer.out.contains("issues/第二.md:7:1"), "{}", answer.out);
    // What main did meanwhile is not of this branch.
    sandbox.git(&["stash", "-u"]);
    sandbox.git(&["checkout", "main"]);
    sandbox.write("issues/3.md", issue(3, "2026-01-15", "[x]()"));
    sandbox.git(&["add", "."]);
    sandbox.git(&["commit", "-m", "three"]);
    sandbox.git(&["checkout", "work"]);
    let report = sandbox
        .run(&["check", "--since", "main", "--json"])
        .expect(3)
        .json();
    assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{report}");
}

#[test]
fn a_newsletter_in_a_folder_of_the_repository_works_too() {
    let sandbox = Sandbox::empty();
    if sandbox.git(&["init"]).is_none() {
        return;
    }
    sandbox.write("weekly/issues/1.md", issue(1, "2026-01-01", "Fine."));
    sandbox.git(&["add", "."]);
    sandbox.git(&["commit", "-m", "one"]);
    sandbox.write("weekly/issues/1.md", issue(1, "2026-01-01", "[x]()"));
    let answer = sandbox
        .run(&["-C", "weekly", "check", "--since", "HEAD"])
        .expect(3);
    assert!(answer.out.contains("issues/1.md:7:1"), "{}", answer.out);
}

#[test]
fn without_a_repository_or_revision_it_says_so() {
    let sandbox = Sandbox::with(&[]);
    if sandbox.git(&["--version"]).is_none() {
        return;
    }
    sandbox
        .run(&["check", "--since", "main"])
        .expect(2)
        .says("is in no Git repository");
    sandbox.git(&["init"]);
    sandbox
        .run(&["check", "--since", "nonsense"])
        .expect(2)
        .says("Git knows no revision nonsense");
    sandbox.run(&["check", "--since", "--output=x"]).expect(2);
}
