use crate::issue::{Content, Reader, Settings, Text};

/// Sections and items of a text in short: `Title<style>: 1 Title (url), …`.
fn outline_with(settings: Settings, source: &str) -> Vec<String> {
    let reader = Reader::new(settings).unwrap();
    let text: Text = reader.decode("issues/1.md", source.as_bytes());
    let (issue, _) = reader.parse(&text);
    let of_section = |section: &crate::issue::Section| {
        let items: Vec<String> = section
            .items
            .iter()
            .map(|item| {
                let number = item
                    .number
                    .map_or(String::new(), |number| format!("{number} "));
                let url = item.url.as_deref().unwrap_or("-");
                format!("{number}{} ({url})", item.title)
            })
            .collect();
        format!(
            "{}<{}>: {}",
            section.title,
            section.style.name(),
            items.join(", ")
        )
    };
    issue.sections.iter().map(of_section).collect()
}

fn outline(source: &str) -> Vec<String> {
    outline_with(Settings::default(), source)
}

#[test]
fn every_style_is_known_by_its_marks() {
    for (source, expected) in [
        (
            "# T\n\n## 文章\n\n1、[甲](a:1)（英文）\n\n说明。\n\n**2、乙**\n\n3、\n\n> 引用\n\n1）不是条目\n",
            "文章<cjk>: 1 甲 (a:1), 2 乙 (-), 3  (-)",
        ),
        (
            "# T\n\n## S\n\n① One\n\n② Two\n\ntext\n",
            "S<circled>: 1 One (-), 2 Two (-)",
        ),
        (
            "# T\n\n## S\n\n1. [One](a:1)\n\ntext\n\n2. [Two](a:2) (EN)\n",
            "S<ordered>: 1 One (a:1), 2 Two (a:2)",
        ),
        (
            "# T\n\n## S\n\n- [One](a:1) by Ann\n- see [this](a:2) too\n",
            "S<bullet>: One (a:1), see this too (a:2)",
        ),
        (
            "# T\n\n## S\n\n- one\n- two\n- [three](a:3)\n",
            "S<prose>: ",
        ),
        (
            "# T\n\n## S\n\n- [one](#one)\n- [two](#two)\n",
            "S<prose>: ",
        ),
        (
            "# T\n\n## S\n\n1. wash\n2. rinse\n3. [repeat](a:1)\n",
            "S<prose>: ",
        ),
    ] {
        assert_eq!(outline(source), [expected], "{source}");
    }
}

#[test]
fn linked_headings_with_text_are_items_of_their_section() {
    let source = "# T\n\n## PRs\n\n### [One](a:1)\n\ntext\n\n### [Two](a:2)\n\ntext\n\n### [Empty](a:3)\n\n*none this week*\n\n### [None](a:6)\n\n* *none this week*\n\n### [List](a:4)\n\n- [x](a:5)\n";
    assert_eq!(
        outline(source),
        [
            "PRs<heading>: One (a:1), Two (a:2)",
            "Empty<prose>: ",
            "None<prose>: ",
            "List<bullet>: x (a:5)"
        ]
    );
}

#[test]
fn without_headings_bold_lines_and_emoji_links_open_sections() {
    let source =
        "# T\n\nhello\n\n**Reading**\n\n1、[a](a:1)\n\n[🦄 Tools](a:t)\n\n**2、not a section**\n";
    assert_eq!(
        outline(source),
        ["Reading<cjk>: 1 a (a:1)", "Tools<cjk>: 2 not a section (-)"]
    );
}

#[test]
fn description_and_promo_end_where_they_should() {
    let source = "# T\n\n## S\n\n1. [One](a:1)\n\ntext\n\n1. step\n2. step\n\nmore\n\n2. [Two](a:2)\n\nIf you find the weekly valuable, tell a friend.\n\n![](b.png)\n\n## R\n\ntext\n";
    let reader = Reader::new(Settings::default()).unwrap();
    let text = reader.decode("issues/1.md", source.as_bytes());
    let (issue, _) = reader.parse(&text);
    let section = &issue.sections[0];
    assert_eq!(section.items.len(), 2);
    assert!(section.items[1].images.is_empty());
    assert!(matches!(section.content[2], Content::Promo(_)));
    assert_eq!(issue.promo_marks.len(), 1);
}

#[test]
fn reference_links_resolve_wherever_they_are_defined() {
    let source = "# T\n\n## S\n\n- [One][1]\n\n## R\n\n[1]: https://example.com/1\n";
    assert_eq!(outline(source)[0], "S<bullet>: One (https://example.com/1)");
}

#[test]
fn settings_choose_styles_for_all_or_for_one_section() {
    let source = "# T\n\n## S\n\n- [One](a:1)\n\n## Quote of the Week\n\n- [Two](a:2)\n";
    let with = |change: fn(&mut Settings)| {
        let mut settings = Settings::default();
        change(&mut settings);
        outline_with(settings, source).join(" | ")
    };
    assert_eq!(
        with(|settings| settings.preset = "bullet-links".to_owned()),
        "S<bullet>: One (a:1) | Quote of the Week<prose>: "
    );
    assert_eq!(
        with(|settings| settings.item_style = "none".to_owned()),
        "S<prose>:  | Quote of the Week<prose>: "
    );
    assert_eq!(
        with(|settings| {
            let section = crate::issue::KnownSection {
                item_style: Some("none".to_owned()),
                ..Default::default()
            };
            settings.sections.insert("S".to_owned(), section);
        }),
        "S<prose>:  | Quote of the Week<bullet>: Two (a:2)"
    );
    assert_eq!(
        with(|settings| settings.outro_sections = vec!["s".to_owned()]),
        "S<outro>: One (a:1) | Quote of the Week<bullet>: Two (a:2)"
    );
}

#[test]
fn facts_are_read_and_their_brackets_left_out() {
    let source = "# T\n\n## S\n\n1. [One](a:1) (EN)\n\nA tool. (7.5K stars) (Submitted by @ann)\n\n2. [Two](a:2): text\n\nMade by @bob，（1.2万 star）\n";
    let reader = Reader::new(Settings::default()).unwrap();
    let text = reader.decode("issues/1.md", source.as_bytes());
    let (issue, _) = reader.parse(&text);
    let [one, two] = issue.sections[0].items.as_slice() else {
        panic!("two items");
    };
    assert_eq!(one.stars, [7500]);
    assert_eq!(one.contributor.as_deref(), Some("ann"));
    let left_out: Vec<&str> = one
        .meta_spans
        .iter()
        .map(|span| &source[span.range()])
        .collect();
    assert_eq!(left_out, [" (7.5K stars)", " (Submitted by @ann)"]);
    assert_eq!(
        (two.stars.as_slice(), &two.contributor),
        (&[12_000][..], &None)
    );
    let left_out: Vec<&str> = two
        .meta_spans
        .iter()
        .map(|span| &source[span.range()])
        .collect();
    assert_eq!(left_out, [": ", "（1.2万 star）"]);
}

#[test]
fn findings_stand_where_they_are() {
    for (source, code, position) in [
        (
            "# T\n\n## 节\n\n1、[甲](a:1)\n\n3、[乙](a:2)\n",
            "number-gap",
            (7, 1),
        ),
        (
            "# T\n\n## 节\n\n1、[甲](a:1)\n\n1、[乙](a:2)\n",
            "duplicate-item-number",
            (7, 1),
        ),
        (
            "# T\n\n## S\n\n1、[x](a:1)\n\n2、[x](a:2)\n\n3、[x](a:3)\n\n1、[x](a:4)\n",
            "number-restart",
            (11, 1),
        ),
        ("# T\n\n文字 [空]()\n", "empty-url", (3, 4)),
        (
            "# T\n\n文字 [主](www.example.com/x)\n",
            "relative-url",
            (3, 4),
        ),
        ("# T\n\n文字 [断 了\n", "unclosed-link", (3, 4)),
        (
            "# T\n\n文字 [断](https://example.com/a b)\n",
            "unclosed-link",
            (3, 4),
        ),
        ("# T\n\n文字 [无][此]\n", "unclosed-link", (3, 4)),
        ("# T\n\n文字 `断\n", "odd-backticks", (3, 4)),
        ("# T\n\n文字 {{ name }}\n", "template-tag", (3, 4)),
        ("# T\n\n文字 [到](#nowhere)\n", "dead-anchor", (3, 4)),
        (
            "# T\n\n文字 ![](https://example.com/a.png)\n",
            "missing-alt",
            (3, 4),
        ),
        (
            "# T\n\n文字 ![图](https://example.com/a.avif)\n",
            "image-format",
            (3, 4),
        ),
        (
            "# T\n\n<iframe\nsrc=x></iframe>\n",
            "unsupported-html",
            (3, 1),
        ),
        ("# T\n\n## S\n\n1、[甲](a:1)\n\n2、\n", "empty-item", (7, 1)),
        ("# T\n\n## S\n", "empty-section", (3, 1)),
        ("# T\n\n### S\n\nx\n", "heading-jump", (3, 1)),
        ("# T\n\n文字 [TODO](a:1)\n", "placeholder", (3, 4)),
    ] {
        let reader = Reader::new(Settings::default()).unwrap();
        let text = reader.decode("issues/1.md", source.as_bytes());
        let (issue, diagnostics) = reader.parse(&text);
        let found: Vec<(usize, usize)> = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.code == code)
            .filter_map(|diagnostic| diagnostic.span)
            .map(|span| issue.source.position(span.start))
            .map(|position| (position.line, position.column))
            .collect();
        assert_eq!(found, [position], "{code} in {source:?}");
    }
}

#[test]
fn known_sections_tell_lost_and_unknown_headings() {
    let mut settings = Settings::default();
    for name in ["Articles", "Projects"] {
        settings
            .sections
            .insert(name.to_owned(), Default::default());
    }
    let reader = Reader::new(settings).unwrap();
    let source = "# T\n\n## Artcles\n\ntext\n\nProjects\n\ntext\n";
    let text = reader.decode("issues/1.md", source.as_bytes());
    let (_, diagnostics) = reader.parse(&text);
    let help = |code: &str| {
        let found = diagnostics
            .iter()
            .find(|diagnostic| diagnostic.code == code);
        found.and_then(|diagnostic| diagnostic.help.clone())
    };
    assert_eq!(
        help("unknown-section").as_deref(),
        Some("did you mean “Articles”?")
    );
    assert!(help("lost-heading").is_some());
}

#[test]
fn headings_with_number_emoji_or_language_beside_their_link_are_items() {
    let source = "# T\n\n## S\n\n### 1. [One](a:1)\n\ntext\n\n### 2、[Two](a:2)（英文）\n\ntext\n\n### 🔧 [Three](a:3) [EN]\n\ntext\n\n### [Four](a:4) and more\n\ntext\n";
    assert_eq!(
        outline(source),
        [
            "S<heading>: 1 One (a:1), 2 Two (a:2), Three (a:3)",
            "Four and more<prose>: "
        ]
    );
}

#[test]
fn a_number_in_bold_begins_an_item_with_and_without_a_space() {
    let source = "# T\n\n## S\n\n**1. [One](a:1)**\n\ntext\n\n**2.** [Two](a:2)\n\n**3.[Three](a:3)**\n\n**4. no link**\n";
    assert_eq!(
        outline(source),
        ["S<cjk>: 1 One (a:1), 2 Two (a:2), 3 Three (a:3)"]
    );
}

#[test]
fn a_heading_over_a_list_that_says_there_is_nothing_is_like_its_siblings() {
    let source = "# T\n\n## Calls\n\n### [One](a:1)\n* *none*\n\n### [Two](a:2)\n* *none*\n\nTell us about others.\n";
    assert_eq!(
        outline(source),
        ["Calls<prose>: ", "One<prose>: ", "Two<prose>: "]
    );
}

#[test]
fn tags_in_full_width_brackets_and_links_in_html_are_understood() {
    let source = "# T\n\n## S\n\n1、［文章］[甲](a:1)（英文）\n\n2、<a href=\"https://example.com/\">乙</a>\n";
    assert_eq!(
        outline(source),
        ["S<cjk>: 1 甲 (a:1), 2 乙 (https://example.com/)"]
    );
}
