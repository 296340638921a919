//! Sections, items and counts of real issues.

use std::sync::LazyLock;

use letterpress::issue::{Reader, Settings, inspect};
use serde_json::Value;

use crate::corpus;

/// Keys of an issue that must be equal.
const ISSUE_KEYS: [&str; 9] = [
    "promo_lines",
    "season_url",
    "section_count",
    "item_count",
    "link_count",
    "image_count",
    "html_link_count",
    "html_image_count",
    "missing_alt_count",
];

const SECTION_KEYS: [&str; 7] = ["title", "emoji", "slug", "level", "url", "line", "style"];

const ITEM_KEYS: [&str; 13] = [
    "number",
    "title",
    "url",
    "language",
    "tags",
    "byline",
    "suffix",
    "deleted",
    "stars",
    "contributor",
    "links",
    "images",
    "line",
];

fn understood(path: &str, bytes: &[u8]) -> Value {
    static READER: LazyLock<Reader> = LazyLock::new(|| Reader::new(Settings::default()).unwrap());
    let reader = &*READER;
    let text = reader.decode(path, bytes);
    let (issue, diagnostics) = reader.parse(&text);
    inspect(&issue, &diagnostics)
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// Notes each key that differs.
fn compare(place: &str, keys: &[&str], expected: &Value, found: &Value, wrong: &mut Vec<String>) {
    for key in keys {
        if expected[key] != found[key] {
            wrong.push(format!(
                "{place} {key}: expected {}, found {}",
                expected[key], found[key]
            ));
        }
    }
}

#[test]
fn expected_files_come_out_exactly() {
    let Some(root) = corpus::folder() else { return };
    let mut wrong = Vec::new();
    let mut files = 0;
    for (path, bytes) in corpus::issues() {
        let Ok(expected) = std::fs::read(root.join(format!("expected/{path}.json"))) else {
            continue;
        };
        files += 1;
        let expected: Value = serde_json::from_slice(&expected).unwrap();
        let found = understood(&path, &bytes);
        compare(&path, &ISSUE_KEYS, &expected, &found, &mut wrong);
        let sections = list(&expected, "sections")
            .iter()
            .zip(list(&found, "sections"));
        for (expected, found) in sections {
            let place = format!("{path}:{}", expected["line"]);
            compare(&place, &SECTION_KEYS, expected, found, &mut wrong);
            let (expected, found) = (list(expected, "items"), list(found, "items"));
            if expected.len() != found.len() {
                wrong.push(format!(
                    "{place}: {} items, not {}",
                    found.len(),
                    expected.len()
                ));
            }
            for (expected, found) in expected.iter().zip(found) {
                let place = format!("{path}:{}", expected["line"]);
                compare(&place, &ITEM_KEYS, expected, found, &mut wrong);
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differences\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(files, 21);
}

/// Findings of real issues: file, line, code.
const FOUND: [(&str, usize, &str); 32] = [
    ("python-weekly/en/2024-01-13-weekly.md", 81, "number-gap"),
    (
        "python-weekly/zh/2025-06-07-weekly.md",
        94,
        "duplicate-item-number",
    ),
    ("ruanyf-weekly/issue-131.md", 165, "duplicate-item-number"),
    ("seeds/issue-06.md", 51, "deleted-item"),
    ("python-weekly/en/2024-01-13-weekly.md", 81, "missing-url"),
    ("swift-weekly/2019-10-24-issue-146.md", 274, "empty-url"),
    (
        "this-week-in-rust/2015-02-09-this-week-in-rust.md",
        224,
        "relative-url",
    ),
    (
        "this-week-in-rust/2024-09-18-this-week-in-rust.md",
        307,
        "relative-url",
    ),
    ("lwkd/2025-09-28-update.md", 45, "relative-url"),
    (
        "nixos-weekly/2019/11-nixery-nixfmt-and-cachix-releases-nixcon-2019-tickets-a-job-and-first-impressions-post.md",
        24,
        "unclosed-link",
    ),
    (
        "this-week-in-rust/2014-02-09-this-week-in-rust.markdown",
        108,
        "unclosed-link",
    ),
    ("seeds/issue-06.md", 134, "duplicate-url"),
    ("seeds/issue-06.md", 66, "insecure-url"),
    ("seeds/issue-11.md", 93, "image-as-link"),
    ("seeds/issue-06.md", 37, "missing-alt"),
    ("seeds/issue-10.md", 125, "poor-alt"),
    ("python-weekly/en/2024-01-13-weekly.md", 77, "image-format"),
    ("ruanyf-weekly/issue-100.md", 109, "unsupported-html"),
    ("swift-weekly/2018-01-04-issue-100.md", 53, "template-tag"),
    ("swift-weekly/2018-01-04-issue-100.md", 65, "template-tag"),
    ("nixos-weekly/2022/01.md", 23, "empty-section"),
    ("nixos-weekly/2022/01.md", 25, "empty-section"),
    ("rust-osdev/2023-02/index.md", 14, "dead-anchor"),
    (
        "this-week-in-rust/2026-08-19-this-week-in-rust.md",
        89,
        "heading-jump",
    ),
    ("ruanyf-weekly/issue-21.md", 206, "number-gap"),
    ("ruanyf-weekly/issue-24.md", 48, "duplicate-url"),
    (
        "haskell-weekly/2021/issue-269.markdown",
        8,
        "tracking-parameter",
    ),
    (
        "this-week-in-rust/2023-02-08-this-week-in-rust.md",
        178,
        "truncated-title",
    ),
    ("ruanyf-weekly/issue-157.md", 222, "relative-url"),
    ("swift-weekly/2015-12-06-issue-0.md", 12, "relative-image"),
    ("swift-weekly/2021-10-21-issue-196.md", 15, "template-tag"),
    ("fe-news/2024-07.md", 88, "relative-url"),
];

#[test]
fn known_mistakes_are_found_at_their_lines() {
    let Some(root) = corpus::folder() else { return };
    let mut missed = Vec::new();
    for (path, line, code) in FOUND {
        let found = understood(path, &std::fs::read(root.join(path)).unwrap());
        let is_found = list(&found, "diagnostics")
            .iter()
            .any(|finding| finding["line"] == line && finding["code"] == code);
        if !is_found {
            missed.push(format!("{path}:{line}: {code}"));
        }
    }
    assert!(missed.is_empty(), "missed:\n{}", missed.join("\n"));
}

#[test]
fn sections_that_go_on_counting_are_sound() {
    for (path, bytes) in corpus::issues() {
        if !path.starts_with("hellogithub/") && path != "ruanyf-weekly/issue-369.md" {
            continue;
        }
        for finding in list(&understood(&path, &bytes), "diagnostics") {
            let code = finding["code"].as_str().unwrap();
            assert!(!code.starts_with("number-"), "{path}: {finding}");
        }
    }
}

#[test]
fn sound_issues_draw_few_warnings() {
    let (mut issues, mut warnings) = (0, 0);
    for (path, bytes) in corpus::issues() {
        let structure = [
            "image-format",
            "template-tag",
            "unclosed-link",
            "duplicate-url",
            "dead-anchor",
            "truncated-title",
            "odd-backticks",
            "number-gap",
            "number-restart",
            "duplicate-item-number",
            "placeholder",
        ];
        issues += 1;
        let found = understood(&path, &bytes);
        let of_issue = list(&found, "diagnostics")
            .iter()
            .filter(|finding| finding["level"] != "note")
            .filter(|finding| structure.iter().any(|code| finding["code"] == *code))
            .count();
        assert!(of_issue <= 5, "{path}: {of_issue} warnings");
        warnings += of_issue;
    }
    assert!(warnings <= issues, "{warnings} warnings in {issues} issues");
}
