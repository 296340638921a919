//! Any text is understood without panic, and nothing of it is lost.

use std::sync::LazyLock;

use letterpress::issue::{Content, Events, Issue, Reader, Settings, Text};
use proptest::prelude::*;
use pulldown_cmark::{Event, Tag, TagEnd};

use crate::corpus;

/// One for all tests: its patterns are compiled once.
fn reader() -> &'static Reader {
    static READER: LazyLock<Reader> = LazyLock::new(|| Reader::new(Settings::default()).unwrap());
    &READER
}

/// All stretches that the contents of an issue are, in the order of the text.
fn stretches(issue: &Issue) -> Vec<Events> {
    let mut all: Vec<Events> = issue.title_events.iter().cloned().collect();
    let of_content = |content: &Content, all: &mut Vec<Events>| match content {
        Content::Prose(events) | Content::Promo(events) | Content::Outro(events) => {
            all.push(events.clone());
        }
        Content::Item(_) => {}
    };
    for content in &issue.intro {
        of_content(content, &mut all);
    }
    for section in &issue.sections {
        if !section.heading.is_empty() {
            all.push(section.heading.clone());
        }
        let mut items = 0;
        for content in &section.content {
            of_content(content, &mut all);
            if let Content::Item(index) = content {
                assert_eq!(*index, items, "items out of order");
                items += 1;
                all.extend(section.items[*index].events.iter().cloned());
            }
        }
        assert_eq!(items, section.items.len(), "an item is in no content");
    }
    all.sort_by_key(|events| (events.start, events.end));
    all
}

/// Every top-level block is in exactly one stretch, or is a list or paragraph
/// whose parts are.
fn assert_nothing_is_lost(issue: &Issue) {
    let mut at = 0;
    for events in stretches(issue) {
        assert!(events.start < events.end, "an empty stretch {events:?}");
        assert!(events.start >= at, "{events:?} begins before {at}");
        for skipped in at..events.start {
            assert!(
                is_wrapper(issue, skipped),
                "event {skipped} is in no stretch"
            );
        }
        at = events.end;
    }
    for skipped in at..issue.document.events().len() {
        assert!(
            is_wrapper(issue, skipped),
            "event {skipped} is in no stretch"
        );
    }
}

/// The marks of a list or paragraph around its parts.
fn is_wrapper(issue: &Issue, event: usize) -> bool {
    matches!(
        issue.document.events()[event].0,
        Event::Start(Tag::List(_) | Tag::Paragraph)
            | Event::End(TagEnd::List(_) | TagEnd::Paragraph)
    )
}

/// How deep the events lie in each other; they must be balanced.
fn depth(issue: &Issue) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for (event, _) in issue.document.events() {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    assert_eq!(depth, 0);
    deepest
}

/// Every range lies in the text, on boundaries of characters, and in its item.
fn assert_ranges_are_sound(issue: &Issue) {
    let text = issue.source.text();
    for section in &issue.sections {
        for item in &section.items {
            assert!(text.get(item.span.range()).is_some());
            for span in &item.meta_spans {
                assert!(text.get(span.range()).is_some(), "{span:?}");
                assert!(item.span.start <= span.start && span.end <= item.span.end);
            }
            let holds = |inner: &Events| {
                inner.is_empty()
                    || item
                        .events
                        .iter()
                        .any(|outer| outer.start <= inner.start && inner.end <= outer.end)
            };
            assert!(holds(&item.title_events) && holds(&item.lead));
            assert!(item.blocks.iter().all(holds));
            assert!(item.title_events.end <= item.lead.start || item.lead.is_empty());
        }
    }
    for link in &issue.census.links {
        assert!(text.get(link.span.range()).is_some());
    }
}

fn check(text: &str) {
    let reader = reader();
    let text: Text = reader.decode("issues/1.md", text.as_bytes());
    let (issue, diagnostics) = reader.parse(&text);
    assert_nothing_is_lost(&issue);
    assert_ranges_are_sound(&issue);
    assert!(depth(&issue) <= 104);
    for diagnostic in diagnostics {
        if let Some(span) = diagnostic.span {
            assert!(
                text.source.text().get(span.range()).is_some(),
                "{diagnostic:?}"
            );
        }
    }
}

#[test]
fn nothing_of_a_real_issue_is_lost() {
    let reader = reader();
    for (path, bytes) in corpus::issues() {
        let text = reader.decode(&path, &bytes);
        let (issue, _) = reader.parse(&text);
        assert_nothing_is_lost(&issue);
        assert_ranges_are_sound(&issue);
    }
}

/// Lines that issues are made of, in any order.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just(String::new()),
        "#{1,4} [🦄a-z]{0,4}",
        Just("## [Title](https://example.com/s)".to_owned()),
        Just("1、[Title](https://example.com/1)（英文）：text (2k stars)".to_owned()),
        Just("2、".to_owned()),
        Just("**3、bold**".to_owned()),
        Just("① first".to_owned()),
        Just("1. [Title](https://example.com/2) by Ann (Submitted by @bob)".to_owned()),
        Just("2. plain".to_owned()),
        Just("- [video] [Title](https://example.com/3)".to_owned()),
        Just("- plain".to_owned()),
        Just("  - [nested](#x)".to_owned()),
        Just("> quote".to_owned()),
        Just("```".to_owned()),
        Just("<p><a href=x>y</a>".to_owned()),
        Just("<!-- comment".to_owned()),
        Just("-->".to_owned()),
        Just("---".to_owned()),
        Just("| a | b |\n|---|---|".to_owned()),
        Just("If you find the weekly valuable, tell".to_owned()),
        Just("This Week in Rust is edited by:".to_owned()),
        Just("![](a.webp)".to_owned()),
        "[-\\[\\]()*_`#>1-3、.① a-c{}%\\n]{0,24}",
        "\\PC{0,16}",
    ]
}

proptest! {
    #[test]
    fn nothing_of_any_issue_is_lost(lines in prop::collection::vec(line(), 0..24)) {
        check(&lines.join("\n"));
    }

    #[test]
    fn any_characters_are_understood(text in "(?s).{0,200}") {
        check(&text);
    }
}

#[test]
fn a_comment_above_the_title_is_not_lost() {
    check("<!-- comment\n-->\n# a");
    check("<!-- comment -->\n\n<!-- another -->\n\n# a\n\nText.\n\n## b\n\nText.");
}

/// Texts that are deep rather than long.
fn deep(count: usize) -> Vec<String> {
    vec![
        "[".repeat(count),
        format!("{}{}", "[".repeat(count), "](x)".repeat(count)),
        ">".repeat(count) + " x",
        "- ".repeat(count) + "x",
        "1. ".repeat(count) + "x",
        format!("{}x{}", "*_".repeat(count / 2), "_*".repeat(count / 2)),
        "![".repeat(count),
        "<a href=\"".repeat(count),
        "<div><a href=x>".repeat(count),
        "{{ {%".repeat(count),
        "# a\n\n1、[x](y)\n".repeat(count / 10),
        "(".repeat(count),
        format!("- [x](y) {}", "(".repeat(count)),
        "`".repeat(count),
        "[^1]: ".repeat(count),
    ]
}

#[test]
fn deep_texts_do_not_overflow_the_stack() {
    for text in deep(20_000) {
        check(&text);
    }
}

#[test]
fn nesting_that_is_too_deep_is_told_and_keeps_its_text() {
    let reader = reader();
    for text in ["> ".repeat(150) + "deepest", "- ".repeat(150) + "deepest"] {
        let text = reader.decode("issues/1.md", text.as_bytes());
        let (issue, diagnostics) = reader.parse(&text);
        assert!(diagnostics.iter().any(|found| found.code == "deep-nesting"));
        let all = 0..issue.document.events().len();
        assert!(issue.document.plain_text(all).contains("deepest"));
        assert!(depth(&issue) <= 104, "{}", depth(&issue));
    }
}
