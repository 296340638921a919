use crate::mailing::filter::{Filter, MOST_TERMS};

fn tag(name: &str) -> Filter {
    Filter::Tag(name.to_owned())
}

fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

fn and(left: Filter, right: Filter) -> Filter {
    Filter::And(Box::new(left), Box::new(right))
}

fn or(left: Filter, right: Filter) -> Filter {
    Filter::Or(Box::new(left), Box::new(right))
}

#[test]
fn what_the_editor_writes_is_understood() {
    let cases = [
        ("", Filter::All),
        ("  ", Filter::All),
        ("all", Filter::All),
        ("lang:en", Filter::Language("en".to_owned())),
        ("LANG:zh-Hans", Filter::Language("zh-Hans".to_owned())),
        ("edition:paid", Filter::Edition("paid".to_owned())),
        ("mailed:665", Filter::Mailed("665".to_owned())),
        ("tag:\"a b\"", tag("a b")),
        ("tag:\"a \\\"b\\\" \\\\\"", tag("a \"b\" \\")),
        ("tag:新闻", tag("新闻")),
        ("tag:and", tag("and")),
        ("tag:a:b", tag("a:b")),
        ("not tag:a and tag:b", and(not(tag("a")), tag("b"))),
        ("not(tag:a AND tag:b)", not(and(tag("a"), tag("b")))),
        (
            "tag:a or tag:b and tag:c",
            or(tag("a"), and(tag("b"), tag("c"))),
        ),
        (
            "tag:a and (tag:b or not not tag:c)",
            and(tag("a"), or(tag("b"), not(not(tag("c"))))),
        ),
        (
            "tag:a or tag:b or tag:c",
            or(or(tag("a"), tag("b")), tag("c")),
        ),
    ];
    for (text, expected) in cases {
        let found = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn what_is_printed_means_the_same() {
    let filters = [
        Filter::All,
        not(Filter::All),
        tag("with \"quotes\" and \\"),
        tag("“round”"),
        tag("(x"),
        or(tag("a"), or(tag("b"), tag("c"))),
        and(tag("a"), and(tag("b"), tag("c"))),
        and(or(tag("a"), tag("b")), not(or(tag("c"), tag("d")))),
        not(and(not(tag("a")), Filter::Language("en".to_owned()))),
    ];
    for filter in filters {
        let text = filter.to_string();
        assert_eq!(Filter::parse(&text), Ok(filter), "{text}");
    }
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let cases = [
        ("tga:x", "tga", "did you mean `tag:`?"),
        ("language:en", "language", "did you mean `lang:`?"),
        ("color:red", "color", "there are `lang:`"),
        ("tag:a adn tag:b", "adn", "did you mean `and`?"),
        ("tag:a tag:b", "tag:b", "write `and` or `or`"),
        ("(tag:a tag:b)", "tag:b", "write `and` or `or`"),
        ("tag:a && tag:b", "&&", "write `and`"),
        ("!tag:a", "!tag", "write `not`"),
        ("- tag:a", "-", "write `not`"),
        ("tag: a", "tag:", "such as `tag:press`"),
        ("tag:a and", "", "write a condition here"),
        ("and tag:a", "and", "write one"),
        ("tag:a and or tag:b", "or", "write one"),
        ("(tag:a", "(", "write `)`"),
        ("tag:a)", ")", "remove it"),
        ("()", ")", "write one"),
        ("tag:\"a", "\"a", "write `\"`"),
        ("tag:“a b”", "tag:“a", "straight quotes"),
        ("press", "press", "such as `tag:press`"),
        ("lang", "lang", "such as `lang:en`"),
        (
            "lang:english-speaking",
            "lang:english-speaking",
            "a tag such as",
        ),
        ("语言：en", "语言：en", "with a colon"),
        ("\"a\"", "\"", "quotes stand around a value"),
    ];
    for (text, marked, help) in cases {
        let error = Filter::parse(text).expect_err(text);
        assert_eq!(&text[error.span.start..error.span.end], marked, "{text}");
        assert!(error.help.contains(help), "{text}: {}", error.help);
    }
}

#[test]
fn a_filter_beyond_reason_is_refused_and_not_walked() {
    let many = 100_000;
    for text in [
        "(".repeat(many),
        "(".repeat(many) + "tag:a" + &")".repeat(many),
        "not ".repeat(many) + "tag:a",
        "tag:a and ".repeat(many) + "tag:a",
        "tag:a or not (".repeat(many),
    ] {
        assert!(Filter::parse(&text).is_err());
    }
    let most = vec!["tag:a"; MOST_TERMS].join(" or ");
    assert!(Filter::parse(&most).is_ok());
}

#[test]
fn issues_after_mailed_become_keys() {
    let filter = Filter::parse("mailed:latest or not (tag:a and mailed:12)").unwrap();
    let keys = filter
        .clone()
        .map_mailed(|said| Ok::<_, ()>(format!("key-{said}")))
        .unwrap();
    assert_eq!(
        keys.to_string(),
        "mailed:key-latest or not (tag:a and mailed:key-12)"
    );
    assert_eq!(
        filter.map_mailed(|said| Err(said.to_owned())),
        Err("latest".to_owned())
    );
}
