use chrono::{DateTime, TimeDelta, Utc};

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::mailing::ledger::{Ledger, Mailed, Refusal};

fn day(day: &str) -> DateTime<Utc> {
    format!("{day}T08:00:00Z").parse().unwrap()
}

fn mailed(issue: &str, store: &str, at: &str) -> Mailed {
    Mailed {
        issue: issue.to_owned(),
        store: store.to_owned(),
        digest: "ab12".to_owned(),
        count: 1234,
        at: day(at),
    }
}

fn ledger(mailings: &[Mailed]) -> Ledger {
    let mut ledger = Ledger::default();
    for mailed in mailings {
        ledger.note(mailed.clone());
    }
    ledger
}

fn parse(text: &str) -> (Ledger, Vec<Diagnostic>) {
    Ledger::parse(&SourceFile::new("feeds/mailed.lock", text))
}

#[test]
fn what_is_written_is_read_again_and_stays_the_same() {
    let some = [
        mailed("13", "one", "2026-03-09"),
        mailed("12", "two", "2026-03-02"),
        mailed("of \"quotes\" = #", "one", "2026-03-02"),
    ];
    let text = ledger(&some).to_text();
    let (read, diagnostics) = parse(&text);
    assert_eq!(diagnostics, []);
    assert_eq!(read, ledger(&some));
    assert_eq!(read.to_text(), text);
    let keys: Vec<&str> = read.mailings().iter().map(|m| m.issue.as_str()).collect();
    assert_eq!(keys, ["12", "of \"quotes\" = #", "13"]);
    assert!(toml::from_str::<toml::Table>(&text).is_ok());
    assert_eq!(parse(&ledger(&[]).to_text()).0, Ledger::default());
}

#[test]
fn a_merge_that_kept_both_sides_is_understood() {
    let text = ledger(&[mailed("12", "one", "2026-03-02")]).to_text();
    let later = ledger(&[Mailed {
        count: 7,
        ..mailed("12", "one", "2026-03-05")
    }])
    .to_text();
    let tail = later.split_once("[[").unwrap().1;
    let (read, diagnostics) = parse(&format!("{text}\n[[{tail}"));
    assert_eq!(diagnostics, []);
    assert_eq!(read, ledger(&[mailed("12", "one", "2026-03-05")]));
}

#[test]
fn mistakes_are_named_with_their_line() {
    let whole = ledger(&[mailed("12", "one", "2026-03-02")]).to_text();
    let cases = [
        (whole.replace("count = 1234\n", ""), 5, "has no `count`"),
        (
            whole.replace("1234", "-3"),
            9,
            "`count` must be a whole number",
        ),
        (whole.replace("Z\"", "\""), 10, "`at` must be a date"),
        (whole.replace("\"12\"", "\"\""), 6, "`issue` must be a text"),
        (whole.replace("store =", "shop ="), 7, "`shop` is no fact"),
        (whole.replace("digest", "count"), 9, "`count` is said twice"),
        (whole.replace("version = 1", "version = 2"), 3, "newer"),
        (whole.replace("[[mailing]]", "<<<<<<< HEAD"), 5, "a merge"),
        (whole.replace("[[mailing]]\n", ""), 5, "before the first"),
        (whole + "what is this\n", 11, "neither"),
    ];
    for (text, line, message) in cases {
        let source = SourceFile::new("feeds/mailed.lock", text.as_str());
        let (_, diagnostics) = Ledger::parse(&source);
        let found = diagnostics.iter().any(|one| {
            let at = one.span.map(|span| source.position(span.start).line);
            at == Some(line) && one.message.contains(message)
        });
        assert!(found, "{message} in line {line}: {diagnostics:?}");
    }
}

#[test]
fn an_issue_that_was_mailed_before_is_refused() {
    let ledger = ledger(&[mailed("12", "one", "2026-03-02")]);
    let first = Some(day("2020-01-01"));
    let now = day("2026-03-20");
    let refusal = |issue, store| ledger.refusal(issue, store, Some(now), first, now);
    assert_eq!(
        refusal("12", "two"),
        Some(Refusal::Elsewhere(mailed("12", "one", "2026-03-02")))
    );
    assert_eq!(
        refusal("12", "one"),
        Some(Refusal::Forgotten(mailed("12", "one", "2026-03-02")))
    );
    assert_eq!(refusal("13", "two"), None);
    assert_eq!(
        refusal("12", "two").unwrap().to_string(),
        "the issue was mailed to 1234 recipients on 2026-03-02, from another store"
    );
}

#[test]
fn an_issue_much_older_than_the_list_is_refused() {
    let ledger = Ledger::default();
    let first = day("2026-03-20");
    let refused = |date: Option<DateTime<Utc>>, first: Option<DateTime<Utc>>| {
        ledger
            .refusal("12", "one", date, first, day("2026-03-20"))
            .is_some()
    };
    let week = TimeDelta::weeks(1);
    let second = TimeDelta::seconds(1);
    assert!(!refused(Some(first - week), Some(first)));
    assert!(refused(Some(first - week - second), Some(first)));
    assert!(refused(Some(first - week - second), None));
    assert!(!refused(Some(first + week * 9), Some(first)));
    assert!(!refused(None, Some(first)));
}
