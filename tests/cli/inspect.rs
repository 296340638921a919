use crate::cli::{Sandbox, issue};

#[test]
fn one_file_is_an_object_and_several_are_an_array() {
    let sandbox = Sandbox::empty();
    sandbox.write(
        "1.md",
        issue(1, "2026-01-01", "## A\n\n1. [x](https://example.org/)\n"),
    );
    sandbox.write("2.md", issue(2, "2026-01-08", "Text."));
    let one = sandbox.run(&["inspect", "1.md"]).expect(0).json();
    assert_eq!(one["number"], 1);
    assert_eq!(one["item_count"], 1);
    let both = sandbox.run(&["inspect", "1.md", "2.md"]).expect(0).json();
    let numbers: Vec<_> = both
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["number"])
        .collect();
    assert_eq!(numbers, [1, 2]);
}

#[test]
fn a_missing_file_is_named() {
    let sandbox = Sandbox::empty();
    let answer = sandbox.run(&["inspect", "none.md"]).expect(1);
    assert!(
        answer.err.starts_with("error: cannot read"),
        "{}",
        answer.err
    );
    assert!(answer.err.contains("none.md"), "{}", answer.err);
    assert!(
        answer.err.contains("caused by: No such file"),
        "{}",
        answer.err
    );
    sandbox.run(&["inspect", "."]).expect(1).says("cannot read");
}

#[test]
fn absolute_paths_outside_the_folder_are_read() {
    let sandbox = Sandbox::with(&[]);
    let other = Sandbox::empty();
    other.write("9.md", issue(9, "2026-01-01", "Text."));
    let path = other.path("9.md");
    let one = sandbox
        .run(&["inspect", path.to_str().unwrap()])
        .expect(0)
        .json();
    assert_eq!(one["number"], 9);
}
