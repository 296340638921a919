use crate::issue::{Reader, Settings};

/// What a file says of itself: `title | number from | date from | language`.
fn facts_by(settings: Settings, path: &str, text: &str) -> String {
    let reader = Reader::new(settings).unwrap();
    let text = reader.decode(path, text.as_bytes());
    let (issue, _) = reader.parse(&text);
    let title = issue.title.map(|title| title.text);
    let number = issue
        .number
        .map(|number| format!("{} {}", number.value, number.from.name()));
    let date = issue.date.map(|date| {
        format!(
            "{} {} {}",
            date.date,
            date.precision.name(),
            date.from.name()
        )
    });
    [title, number, date, issue.language]
        .map(|fact| fact.unwrap_or_else(|| "-".to_owned()))
        .join(" | ")
}

fn facts(path: &str, text: &str) -> String {
    facts_by(Settings::default(), path, text)
}

/// Codes with the words that they point at.
fn codes(path: &str, text: &str) -> Vec<String> {
    let reader = Reader::new(Settings::default()).unwrap();
    let text = reader.decode(path, text.as_bytes());
    let (_, diagnostics) = reader.parse(&text);
    let words = |diagnostic: crate::diagnostic::Diagnostic| match diagnostic.span {
        Some(span) => format!(
            "{} {}",
            diagnostic.code,
            text.source.text()[span.range()].trim()
        ),
        None => diagnostic.code.to_owned(),
    };
    diagnostics.into_iter().map(words).collect()
}

#[test]
fn facts_come_from_the_first_source_that_has_them() {
    let cases = [
        (
            "en/a.md",
            "# Pond Weekly #6 (2023-06-10)\n",
            "Pond Weekly #6 (2023-06-10) | 6 title | 2023-06-10 day title | en",
        ),
        (
            "2023-06-10-pond.md",
            "# Pond #6\n",
            "Pond #6 | 6 title | 2023-06-10 day file_name | -",
        ),
        (
            "issue-7.md",
            "Words of the pond and the reeds.\n",
            "- | 7 file_name | - | en",
        ),
        (
            "2023-02/index.md",
            "+++\ntitle = \"Pond\"\n+++\n",
            "Pond | - | 2023-02-01 month folder | -",
        ),
        (
            "2023/02/a.md",
            "# Pond\n",
            "Pond | - | 2023-02-01 month folder | -",
        ),
        (
            "a.md",
            "# 2023-01 <img src=x>\n",
            "2023-01 | - | 2023-01-01 month title | -",
        ),
        (
            "2023-01-15-a.md",
            "# Pond, January 2023\n",
            "Pond, January 2023 | - | 2023-01-15 day file_name | -",
        ),
        (
            "a.md",
            "---\ntitle: Pond\nnumber: 3\ndate: 2023-06\n---\n# News\n",
            "Pond | 3 front_matter | 2023-06-01 month front_matter | -",
        ),
        (
            "a.md",
            "---\nsubject: Pond\nissue: '#3'\nlang: zh_cn\n---\n",
            "Pond | 3 front_matter | - | zh-CN",
        ),
        ("a.md", "---\ntitle: 2023\n---\n", "2023 | - | - | -"),
        (
            "a.md",
            "---\nlang: en\n---\n# Pond 5\n",
            "Pond 5 | 5 title | - | en",
        ),
        (
            "a.md",
            "<!-- note -->\n\n# Pond 5\n",
            "Pond 5 | 5 title | - | -",
        ),
        ("a.md", "Words first.\n\n# News 5\n", "- | - | - | -"),
        ("a.md", "## News 5\n", "- | - | - | -"),
        (
            "a.md",
            "# `code` and *stress* ![x](y.png)\n",
            "code and stress | - | - | -",
        ),
    ];
    for (path, text, expected) in cases {
        assert_eq!(facts(path, text), expected, "{path} {text}");
    }
}

#[test]
fn settings_make_titles_numbers_and_languages() {
    let settings = Settings {
        title_template: Some("Pond Letter {number}".to_owned()),
        number_regex: Some("n([0-9]+)x".to_owned()),
        language: Some("de".to_owned()),
        ..Settings::default()
    };
    let found = facts_by(settings.clone(), "n12x.md", "Words.\n");
    assert_eq!(found, "Pond Letter 12 | 12 file_name | - | de");
    assert_eq!(facts_by(settings, "a.md", "Words.\n"), "- | - | - | de");
}

#[test]
fn settings_that_are_no_patterns_are_told() {
    for settings in [
        Settings {
            number_regex: Some("(".to_owned()),
            ..Settings::default()
        },
        Settings {
            number_regex: Some("[0-9]+".to_owned()),
            ..Settings::default()
        },
        Settings {
            split_on: Some("[".to_owned()),
            ..Settings::default()
        },
        Settings {
            encoding: Some("klingon".to_owned()),
            ..Settings::default()
        },
    ] {
        let problems = Reader::new(settings).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].code, "invalid-setting");
    }
}

#[test]
fn contradictions_and_left_overs_are_told() {
    let cases = [
        (
            "a.md",
            "Title: #6 - Pond\nDate: 2021-(TODO: MM-DD)\n\n",
            vec!["invalid-date 2021-(TODO: MM-DD)", "placeholder TODO"],
        ),
        (
            "2023-06-10-pond.md",
            "Title: Pond 3\nDate: 2023-06-11\n\n",
            vec!["date-mismatch 2023-06-11"],
        ),
        ("2023-6-1-pond.md", "# Pond 3\n", vec!["file-name-date"]),
        (
            "2023-02.md",
            "# Pond 3 2023-01\n",
            vec!["date-mismatch # Pond 3 2023-01"],
        ),
        (
            "2023-02/index.md",
            "---\ntitle: Pond 3\ndate: 2023-03-02\n---\n",
            vec![],
        ),
        ("a.md", "# Pond\n", vec!["missing-issue-number # Pond"]),
        ("a.md", "# Pond 3: WIP\n", vec!["placeholder WIP"]),
        ("a.md", "# How to write a todo list, no. 3\n", vec![]),
        ("a.md", "---\ntitle: Pond 3\ndate:\n---\n", vec![]),
    ];
    for (path, text, expected) in cases {
        assert_eq!(codes(path, text), expected, "{path} {text}");
    }
    let long = format!("# Pond 3: {}\n", "very ".repeat(30));
    assert!(codes("a.md", &long)[0].starts_with("long-title"));
}

#[test]
fn the_link_to_the_original_is_found_in_the_intro_alone() {
    let original = |text: &str| {
        let reader = Reader::new(Settings::default()).unwrap();
        let text = reader.decode("a.md", text.as_bytes());
        reader.parse(&text).0.original_url
    };
    let link = "[original version](https://example.com/zh)";
    let found = Some("https://example.com/zh".to_owned());
    assert_eq!(original(&format!("# T\n\nThe {link} is Chinese.\n")), found);
    assert_eq!(original("> [阅读原文](https://example.com/zh)。\n"), found);
    assert_eq!(
        original("---\noriginal_url: https://example.com/zh\n---\n"),
        found
    );
    assert_eq!(original(&format!("# T\n\n## News\n\n{link}\n")), None);
    assert_eq!(
        original("[original versions](https://example.com/zh)\n"),
        None
    );
}

#[test]
fn a_heading_that_repeats_the_title_is_no_section() {
    let is_title = |text: &str| {
        let reader = Reader::new(Settings::default()).unwrap();
        let text = reader.decode("a.md", text.as_bytes());
        reader.parse(&text).0.title_events.is_some()
    };
    assert!(is_title("---\ntitle: 'Pond: News'\n---\n# Pond – news\n"));
    assert!(!is_title("---\ntitle: Pond\n---\n# News\n"));
    assert!(is_title("# News\n"));
}
