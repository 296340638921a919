//! Sections, items and counts of real issues.

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
    let reader = Reader::new(Settings::default()).unwrap();
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
        let clean = std::fs::read(root.join(path.replace("seeds/", "seeds-clean/")));
        let found = understood(&path, &clean.unwrap_or(bytes));
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
