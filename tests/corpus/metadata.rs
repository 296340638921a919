//! Facts and repair of real issues.

use std::sync::LazyLock;

use letterpress::diagnostic::Diagnostic;
use letterpress::issue::{Reader, Settings, Text, inspect};
use serde_json::Value;

use crate::corpus;

/// One for all issues: compiling its patterns takes longer than reading.
static READER: LazyLock<Reader> =
    LazyLock::new(|| Reader::new(Settings::default()).expect("the default settings are sound"));

/// Keys of the expected files that are told here.
const FACTS: [&str; 10] = [
    "front_matter",
    "number",
    "number_from",
    "date",
    "date_precision",
    "date_from",
    "title",
    "language",
    "original_url",
    "mojibake",
];

#[test]
fn facts_of_real_issues_are_those_expected() {
    let Some(root) = corpus::folder() else {
        return;
    };
    let mut compared = 0;
    let mut differences = Vec::new();
    for (path, bytes) in corpus::issues() {
        let expected = root.join("expected").join(format!("{path}.json"));
        let Ok(expected) = std::fs::read_to_string(expected) else {
            continue;
        };
        let expected: Value = serde_json::from_str(&expected).unwrap();
        let text = READER.decode(&path, &bytes);
        let (issue, diagnostics) = READER.parse(&text);
        let found = inspect(&issue, &diagnostics);
        for key in FACTS {
            if found[key] != expected[key] {
                differences.push(format!(
                    "{path}: {key} is {}, not {}",
                    found[key], expected[key]
                ));
            }
        }
        compared += 1;
    }
    assert!(compared >= 21, "only {compared} issues were compared");
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

#[test]
fn damaged_issues_become_their_sound_twins() {
    let Some(root) = corpus::folder() else {
        return;
    };
    let mut compared = 0;
    for (path, bytes) in corpus::issues() {
        let Some(name) = path.strip_prefix("seeds/") else {
            continue;
        };
        let twin = std::fs::read(root.join("seeds-clean").join(name)).unwrap();
        let text = READER.decode(&path, &bytes);
        assert_eq!(
            text.source.text(),
            String::from_utf8(twin).unwrap(),
            "{path}"
        );
        compared += 1;
    }
    assert!(compared >= 5);
}

#[test]
fn sound_issues_stay_as_they_are() {
    for (path, bytes) in corpus::issues() {
        if path.starts_with("seeds/") {
            continue;
        }
        let text = READER.decode(&path, &bytes);
        assert_eq!(text.repair, None, "{path}");
        let stored = String::from_utf8(bytes).unwrap();
        let stored = stored.replace("\r\n", "\n").replace('\r', "\n");
        assert_eq!(
            text.source.text(),
            stored.trim_start_matches('\u{FEFF}'),
            "{path}"
        );
    }
}

/// `code line:column` of each diagnostic of an issue.
fn places(text: &Text, diagnostics: &[Diagnostic]) -> Vec<String> {
    let place = |diagnostic: &Diagnostic| match diagnostic.span {
        Some(span) => {
            let at = text.source.position(span.start);
            format!("{} {}:{}", diagnostic.code, at.line, at.column)
        }
        None => diagnostic.code.to_owned(),
    };
    diagnostics.iter().map(place).collect()
}

#[test]
fn known_mistakes_are_found_at_their_place() {
    let expected = [
        ("seeds/issue-06.md", "mojibake-repaired 9:4"),
        ("nixos-weekly/2022/01.md", "invalid-date 2:7"),
        ("nixos-weekly/2022/01.md", "placeholder 2:13"),
        (
            "this-week-in-rust/2019-08-12-this-week-in-rust.md",
            "date-mismatch 3:7",
        ),
        (
            "this-week-in-rust/2020-11-4-this-week-in-rust.md",
            "file-name-date",
        ),
        ("fe-news/2023-01.md", "missing-issue-number 1:1"),
    ];
    let issues = corpus::issues();
    for (path, place) in expected {
        let Some((_, bytes)) = issues.iter().find(|(other, _)| other == path) else {
            continue;
        };
        let text = READER.decode(path, bytes);
        let (_, diagnostics) = READER.parse(&text);
        let places = places(&text, &diagnostics);
        assert!(
            places.iter().any(|found| found == place),
            "{path}: {places:?}"
        );
    }
}
