use crate::identity::tests::{again, first, issue, moment, parsed};
use crate::identity::{MatchedBy, PublishedEntry, import};

fn published(id: &str, url: &str, title: &str, date: &str) -> PublishedEntry {
    PublishedEntry {
        id: id.to_owned(),
        url: url.to_owned(),
        title: title.to_owned(),
        published: Some(moment(date)),
    }
}

#[test]
fn published_ids_and_dates_are_taken_over_by_link_then_by_title() {
    let files = [
        issue("2025-01-02-one.md", 1),
        issue("2025-01-03-two.md", 2),
        issue("three.md", 3),
        issue("four.md", 4),
    ];
    let found = first(&files);
    let pages: Vec<String> = found
        .issues
        .iter()
        .map(|issue| format!("https://example.com/issues/{}/", issue.slug))
        .collect();
    let feed = [
        published(
            "https://example.com/?p=1",
            "https://example.com/issues/2025-01-02-one/",
            "x",
            "2025-01-02T09:30:00Z",
        ),
        published(
            "https://old.example.org/2025/01/03/two.html",
            "",
            "x",
            "2025-01-03T09:30:00Z",
        ),
        published(
            "urn:3",
            "https://old.example.org/nothing",
            "ISSUE: 3!",
            "2025-01-04T09:30:00Z",
        ),
        published(
            "urn:9",
            "https://old.example.org/nine",
            "Issue 9",
            "2025-01-09T09:30:00Z",
        ),
    ];
    let (lock, report) = import(&found, &files, &pages, &feed);
    let by: Vec<MatchedBy> = report.imported.iter().map(|one| one.by).collect();
    assert_eq!(by, [MatchedBy::Link, MatchedBy::Link, MatchedBy::Title]);
    assert_eq!(report.unmatched, feed[3..]);
    assert_eq!(report.missing, ["four.md"]);
    let (lock, wrong) = parsed(&lock.to_text());
    assert_eq!(wrong, []);
    let after = again(&lock, &files);
    assert_eq!(after.issues[0].id, "https://example.com/?p=1");
    assert_eq!(after.issues[0].date, moment("2025-01-02T09:30:00Z"));
    assert_eq!(after.issues[2].id, "urn:3");
    let (again_lock, again_report) = import(&after, &files, &pages, &feed);
    assert_eq!(again_lock, lock, "importing twice changes nothing");
    assert!(
        again_report
            .imported
            .iter()
            .all(|one| one.replaced.is_none())
    );
}

#[test]
fn an_id_is_never_given_to_two_issues_by_an_import() {
    let files = [issue("one.md", 1), issue("two.md", 2)];
    let found = first(&files);
    let pages = vec![
        "https://example.com/one/".to_owned(),
        "https://example.com/two/".to_owned(),
    ];
    let feed = [
        published(
            "urn:1",
            "https://example.com/one/",
            "",
            "2025-01-02T00:00:00Z",
        ),
        published(
            "urn:1",
            "https://example.com/two/",
            "",
            "2025-01-03T00:00:00Z",
        ),
    ];
    let (lock, report) = import(&found, &files, &pages, &feed);
    assert_eq!(report.unmatched.len(), 1);
    assert_eq!(parsed(&lock.to_text()).1, []);
}
