use super::*;

/// `kind key=value …|body` and the codes with the text that they point at.
fn read(text: &str) -> (String, Vec<String>) {
    let (front_matter, diagnostics) = FrontMatter::read(text);
    let fields = front_matter.fields.iter().map(|field| {
        assert!(text.get(field.span.range()).is_some(), "{field:?}");
        format!(" {}={}", field.key, show(&field.value))
    });
    let fields: String = fields.collect();
    let body = &text[front_matter.span.end..];
    let codes = diagnostics.iter().map(|diagnostic| {
        let place = diagnostic.span.map_or("", |span| &text[span.range()]);
        format!("{} at {place:?}", diagnostic.code)
    });
    (
        format!("{}{fields}|{body}", front_matter.kind.name()),
        codes.collect(),
    )
}

fn show(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => format!("{number}i"),
        Value::Float(number) => format!("{number}f"),
        Value::Bool(value) => format!("{value}b"),
        Value::Null => "null".to_owned(),
        Value::List(values) => format!("{:?}", values.iter().map(show).collect::<Vec<_>>()),
        Value::Table(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| format!("{key}:{}", show(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(" "))
        }
    }
}

#[test]
fn sound_front_matter_is_read_in_every_form() {
    let cases = [
        ("---\ntitle: Ducks\n---\nBody", "yaml title=Ducks|Body"),
        (
            "---\ntitle: ! 'Issue #1'\n...\nBody",
            "yaml title=Issue #1|Body",
        ),
        ("---  \npubDate: 2023-06-10\n---\n", "yaml date=2023-06-10|"),
        (
            "---\nDate: 2023-06-10 12:00:00 +0800\n---\n",
            "yaml date=2023-06-10 12:00:00 +0800|",
        ),
        (
            "---\nissue: 12\nlang: en\n---\n",
            "yaml number=12i language=en|",
        ),
        ("---\ntags: [a, b]\n---\n", "yaml tags=[\"a\", \"b\"]|"),
        (
            "---\ntags:\n  - a\n  - b\nx: {y: 1.5}\n---\n",
            "yaml tags=[\"a\", \"b\"] x={y:1.5f}|",
        ),
        (
            "---\nnumber: 007\ndraft: true\ndate:\n---\n",
            "yaml number=007 draft=trueb date=null|",
        ),
        ("---\na: &x one\nb: *x\n---\n", "yaml a=one b=one|"),
        ("---\n---\nBody", "yaml|Body"),
        ("\n\n---\ntitle: A\n---\nBody", "yaml title=A|Body"),
        (
            "+++\ntitle = \"Ducks\"\ndate = 2023-03-08\n[extra]\nx = 1\n+++\nBody",
            "toml title=Ducks date=2023-03-08 extra={x:1i}|Body",
        ),
        (
            "+++\n[taxonomies]\ntags = [\"a\"]\n+++\n",
            "toml tags=[\"a\"]|",
        ),
        (
            "Title: Ducks\nDate: 2023-06-10\nTags: a, b\n\nBody",
            "headers title=Ducks date=2023-06-10 tags=a, b|\nBody",
        ),
        (
            "title: Ducks\n  and geese\n\n",
            "headers title=Ducks and geese|\n",
        ),
        ("Number: 12", "headers number=12|"),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text), (expected.to_owned(), vec![]), "{text}");
    }
}

#[test]
fn a_body_that_looks_like_front_matter_is_a_body() {
    for text in [
        "---\n\nWords below a rule.\n\n---\n",
        "---\n",
        "---",
        "  ---\ntitle: x\n---\n",
        "+++ more\n",
        "Note: words.\n\nMore.",
        "Summary: words.\n",
        "Title: words\nthat go on as a paragraph\n\n",
        "---\nNote: below a rule that stands alone\n",
        "# Title\n",
        "",
    ] {
        assert_eq!(read(text), (format!("none|{text}"), vec![]), "{text}");
    }
}

#[test]
fn broken_front_matter_is_told_where_and_what_can_be_is_kept() {
    let cases = [
        (
            "---\ntitle: 鸭子\ndate: 2023-06-10\n\nBody\n",
            "yaml title=鸭子 date=2023-06-10|\nBody\n",
            "bad-front-matter at \"---\"",
        ),
        (
            "---\nname: 鸭\ntitle: Ducks: grey\nnumber: 3\n---\nBody",
            "yaml name=鸭 title=Ducks: grey number=3|Body",
            "bad-front-matter at \":\"",
        ),
        (
            "---\ntitle: [a, b\nnumber: 3\n---\nBody",
            "yaml number=3|Body",
            "",
        ),
        (
            "+++\ntitle = \"a\"\nnumber = = 3\n+++\nBody",
            "toml title=a|Body",
            "",
        ),
        (
            "---\ntitle: a\ntitle: b\n---\n",
            "yaml title=a title=b|",
            "",
        ),
    ];
    for (text, expected, place) in cases {
        let (found, codes) = read(text);
        assert_eq!(found, expected, "{text}");
        assert_eq!(codes.len(), 1, "{text}: {codes:?}");
        assert!(place.is_empty() || codes[0] == place, "{codes:?}");
    }
}

#[test]
fn nothing_grows_beyond_bounds() {
    let deep = format!("---\na: {}{}\n---\n", "[".repeat(40), "]".repeat(40));
    let (_, diagnostics) = FrontMatter::read(&deep);
    let message = &diagnostics[0].message;
    assert!(message.contains("nested too deep"), "{message}");
    let deeper = format!("---\na: {}\n---\n", "[".repeat(10_000));
    assert_eq!(FrontMatter::read(&deeper).1.len(), 1);
    let in_toml = format!("+++\na = {}\n+++\n", "[".repeat(10_000));
    assert_eq!(FrontMatter::read(&in_toml).1.len(), 1);
    let mut bomb = "---\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let above = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb += &format!("a{level}: &a{level} [{above}]\n");
    }
    let (_, diagnostics) = FrontMatter::read(&(bomb + "---\n"));
    assert!(
        diagnostics[0].message.contains("too many values"),
        "{diagnostics:?}"
    );
    let (front_matter, _) =
        FrontMatter::read(&format!("---\ntitle: x\n{}", "y: z\n".repeat(50_000)));
    assert!(front_matter.fields.len() <= 200);
}
