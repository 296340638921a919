mod takeover;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::diagnostic::SourceFile;
use crate::identity::{
    DraftReason, IdLock, IssueKey, Publication, Resolution, Settings, publication, resolve,
};
use crate::issue::{IssueDate, LinkMark, Number, Origin, Precision, Summary, line_marks};

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn settings(now: &str) -> Settings<'static> {
    Settings {
        domain: "example.com",
        language: "en",
        drafts: &[],
        zone: Tz::UTC,
        now: moment(now),
    }
}

const NOW: &str = "2025-06-01T12:00:00.5Z";

fn day(text: &str) -> IssueDate {
    IssueDate {
        date: text.parse().unwrap(),
        time: None,
        offset: None,
        precision: Precision::Day,
        from: Origin::FrontMatter,
    }
}

/// An issue with a date and five links of its own.
fn issue(path: &str, number: u64) -> Summary {
    let stem = path.rsplit('/').next().unwrap().trim_end_matches(".md");
    Summary {
        path: path.to_owned(),
        stem: stem.to_owned(),
        title: format!("Issue {number}"),
        number: Some(Number {
            value: number,
            from: Origin::Title,
        }),
        date: Some(day(&format!("2025-01-{:02}", number % 28 + 1))),
        links: links(number * 100..number * 100 + 5),
        line_marks: line_marks(
            &(0..9)
                .map(|line| format!("line {line} of {number}\n"))
                .collect::<String>(),
        ),
        ..Summary::default()
    }
}

fn links(hashes: std::ops::Range<u64>) -> Vec<LinkMark> {
    let spread = |hash: u64| hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hashes
        .map(|hash| LinkMark {
            hash: spread(hash),
            line: 1,
        })
        .collect()
}

fn in_language(mut summary: Summary, language: &str) -> Summary {
    summary.language = Some(language.to_owned());
    summary
}

fn first(summaries: &[Summary]) -> Resolution {
    resolve(&IdLock::default(), summaries, &settings(NOW))
}

fn again(lock: &IdLock, summaries: &[Summary]) -> Resolution {
    resolve(lock, summaries, &settings("2025-07-01T00:00:00Z"))
}

fn codes(resolution: &Resolution) -> Vec<&'static str> {
    resolution
        .findings
        .iter()
        .map(|finding| finding.code)
        .collect()
}

fn parsed(text: &str) -> (IdLock, Vec<(String, usize)>) {
    let source = SourceFile::new("feeds/ids.lock", text);
    let (lock, diagnostics) = IdLock::parse(&source);
    let line = |span: Option<crate::diagnostic::Span>| source.position(span.unwrap().start).line;
    (
        lock,
        diagnostics
            .into_iter()
            .map(|found| (found.message, line(found.span)))
            .collect(),
    )
}

#[test]
fn a_new_issue_gets_a_tag_uri_made_of_its_number() {
    let found = first(&[issue("issues/2025-01-08-weekly.md", 7)]);
    let issue = &found.issues[0];
    assert_eq!(issue.id, "tag:example.com,2025:7");
    assert_eq!(issue.key.as_str(), "7");
    assert_eq!(issue.slug, "2025-01-08-weekly");
    assert_eq!(issue.date, moment("2025-01-08T00:00:00Z"));
    assert!(issue.is_new && codes(&found).is_empty());
}

#[test]
fn a_lock_reads_back_as_it_was_written() {
    let mut files: Vec<Summary> = (1..130)
        .map(|number| issue(&format!("issues/{number}.md"), number))
        .collect();
    files[3].title = "a \"quoted\" \\ title\u{7}\n第 4 期".to_owned();
    files.push(in_language(issue("issues/zh/7.md", 7), "zh"));
    let lock = first(&files).lock;
    let text = lock.to_text();
    let (read, wrong) = parsed(&text);
    assert_eq!(wrong, []);
    assert_eq!(read, lock);
    assert_eq!(read.to_text(), text);
    assert!(text.find("key = \"9\"").unwrap() < text.find("key = \"10\"").unwrap());
}

#[test]
fn a_second_build_changes_nothing() {
    let files: Vec<Summary> = (1..100)
        .map(|number| issue(&format!("issues/{number}.md"), number))
        .collect();
    let once = first(&files);
    let (read, _) = parsed(&once.lock.to_text());
    let twice = again(&read, &files);
    assert_eq!(twice.lock.to_text(), once.lock.to_text());
    for (one, other) in once.issues.iter().zip(&twice.issues) {
        assert_eq!(
            (&one.id, one.date, one.updated),
            (&other.id, other.date, other.updated)
        );
    }
    assert!(twice.issues.iter().all(|issue| !issue.is_new));
}

#[test]
fn identity_survives_corrections_of_title_number_date_and_host() {
    let before = issue("issues/a.md", 7);
    let lock = first(std::slice::from_ref(&before)).lock;
    let mut after = before;
    after.title = "Another title".to_owned();
    after.number = None;
    after.date = Some(day("2024-12-31"));
    after.links = links(9000..9009);
    let mut elsewhere = settings("2025-07-01T00:00:00Z");
    elsewhere.domain = "moved.example.org";
    let found = resolve(&lock, &[after], &elsewhere);
    let issue = &found.issues[0];
    assert_eq!(issue.id, "tag:example.com,2025:7");
    assert_eq!((issue.slug.as_str(), issue.number), ("a", Some(7)));
    assert_eq!(issue.date, moment("2025-01-08T00:00:00Z"));
    assert_eq!(
        issue.updated,
        moment("2025-07-01T00:00:00Z"),
        "its links changed"
    );
}

#[test]
fn a_moved_file_is_known_by_links_number_or_name() {
    let lock = first(&[issue("issues/a.md", 7), issue("issues/b.md", 8)]).lock;
    let mut by_links = issue("archive/2025/seven.md", 7);
    by_links.number = None;
    let mut by_number = issue("archive/2025/seven.md", 7);
    by_number.links.clear();
    let mut by_name = issue("archive/2025/a.md", 7);
    by_name.number = None;
    by_name.links.clear();
    for moved in [by_links, by_number, by_name] {
        let found = again(&lock, &[issue("issues/b.md", 8), moved]);
        assert_eq!(found.issues[1].id, "tag:example.com,2025:7");
        assert_eq!(found.issues[1].slug, "a");
        assert_eq!(found.issues[1].moved_from.as_deref(), Some("issues/a.md"));
        assert!(found.gone.is_empty() && found.questions.is_empty());
    }
}

#[test]
fn renumbering_and_moving_at_once_mixes_no_issues_up() {
    let lock = first(&[issue("a.md", 7), issue("b.md", 8)]).lock;
    let mut seven = issue("c.md", 7);
    let mut eight = issue("d.md", 8);
    std::mem::swap(&mut seven.number, &mut eight.number);
    let found = again(&lock, &[seven, eight]);
    assert_eq!(
        found.issues[0].id, "tag:example.com,2025:7",
        "links count more than numbers"
    );
    assert_eq!(found.issues[1].id, "tag:example.com,2025:8");
}

#[test]
fn a_second_file_with_a_known_number_or_links_is_asked_about_until_answered() {
    let known = issue("issues/a.md", 7);
    let lock = first(std::slice::from_ref(&known)).lock;
    let mut same_links = issue("issues/b.md", 9);
    same_links.links.clone_from(&known.links);
    for file in [issue("issues/b.md", 7), same_links] {
        let files = [known.clone(), file];
        let found = again(&lock, &files);
        assert_eq!(found.questions.len(), 1);
        assert_eq!(found.questions[0].resembles, IssueKey("7".to_owned()));
        assert_eq!(found.questions[0].other, "issues/a.md");
        assert_eq!(codes(&found), ["ambiguous-identity"]);
        assert_ne!(
            found.issues[1].id, found.issues[0].id,
            "a build takes it for a new one"
        );

        let (mut lock, _) = parsed(&found.lock.to_text());
        assert_eq!(
            again(&lock, &files).questions.len(),
            1,
            "a build is no answer"
        );
        lock.settle_as_new(&found.questions[0].key);
        assert!(again(&lock, &files).questions.is_empty());
    }
}

#[test]
fn a_number_used_again_for_other_links_is_asked_about() {
    let lock = first(&[issue("issues/a.md", 7)]).lock;
    let mut other = issue("issues/b.md", 7);
    other.links = links(5000..5008);
    let found = again(&lock, &[other]);
    assert_eq!(found.questions.len(), 1);
    assert_eq!(found.gone.len(), 1);
}

#[test]
fn a_file_that_is_gone_keeps_its_pin_until_the_editor_lets_go() {
    let mut lock = first(&[issue("a.md", 7), issue("b.md", 8)]).lock;
    let found = again(&lock, &[issue("b.md", 8)]);
    assert_eq!(found.gone.len(), 1);
    assert_eq!(found.gone[0].id, "tag:example.com,2025:7");
    lock.retire(&[found.gone[0].id.clone()].into());
    let found = again(&lock, &[issue("b.md", 8)]);
    assert!(found.gone.is_empty());
    assert_eq!(found.lock.len(), 2, "its id is given to nothing else");
    let found = again(&found.lock, &[issue("b.md", 8), issue("a.md", 7)]);
    assert_eq!(
        found.issues[1].id, "tag:example.com,2025:7",
        "and it may come back"
    );
    assert!(!found.lock.pins().any(|pin| pin.retired));
}

#[test]
fn two_issues_of_one_number_get_two_identities() {
    let found = first(&[issue("2025-03-15.md", 93), issue("2025-03-23.md", 93)]);
    assert_eq!(found.issues[0].id, "tag:example.com,2025:93");
    assert_eq!(found.issues[1].id, "tag:example.com,2025:2025-03-23");
    assert!(found.questions.is_empty());
}

#[test]
fn translations_share_a_key_and_have_ids_of_their_own() {
    let files = [
        in_language(issue("issues/zh/a.md", 7), "zh"),
        issue("issues/en/a.md", 7),
    ];
    let found = first(&files);
    assert_eq!(found.issues[0].key, found.issues[1].key);
    assert_eq!(found.issues[0].id, "tag:example.com,2025:7/zh");
    assert_eq!(found.issues[1].id, "tag:example.com,2025:7");
    assert_eq!(found.issues[0].translations, [1]);
    assert_eq!(found.issues[0].slug, found.issues[1].slug);
}

#[test]
fn a_translation_that_comes_later_joins_its_issue() {
    let lock = first(&[issue("issues/a.md", 7)]).lock;
    let translation = in_language(issue("issues/zh/b.md", 7), "zh");
    let found = again(&lock, &[translation, issue("issues/a.md", 7)]);
    assert_eq!(found.issues[0].key.as_str(), "7");
    assert_eq!(found.issues[0].translations, [1]);
    assert!(found.questions.is_empty());
}

#[test]
fn issues_of_one_day_get_distinct_times_in_order_of_number() {
    let mut files = [issue("c.md", 3), issue("a.md", 1), issue("b.md", 2)];
    for file in &mut files {
        file.date = Some(day("2025-02-01"));
    }
    let found = first(&files);
    let date = |index: usize| found.issues[index].date;
    assert_eq!(date(1), moment("2025-02-01T00:00:00Z"));
    assert_eq!(date(2), moment("2025-02-01T00:00:01Z"));
    assert_eq!(date(0), moment("2025-02-01T00:00:02Z"));
}

#[test]
fn undated_issues_keep_the_moment_they_were_first_seen_at() {
    let mut files = [issue("a.md", 1), issue("c.md", 3), issue("b.md", 2)];
    for file in &mut files {
        file.date = None;
    }
    let found = first(&files);
    let date = |index: usize| found.issues[index].date;
    assert_eq!(
        date(1),
        moment("2025-06-01T12:00:00Z"),
        "the newest now, in whole seconds"
    );
    assert_eq!(date(2), moment("2025-06-01T11:59:59Z"));
    assert_eq!(
        date(0),
        moment("2025-06-01T11:59:58Z"),
        "and none in the future"
    );
    let later = again(&found.lock, &files);
    assert!(
        later
            .issues
            .iter()
            .zip(&found.issues)
            .all(|(one, other)| one.date == other.date)
    );
}

#[test]
fn a_slug_changed_on_purpose_leaves_the_old_one_behind() {
    let mut file = issue("a.md", 7);
    let lock = first(std::slice::from_ref(&file)).lock;
    file.slug = Some("The New Name".to_owned());
    let found = again(&lock, std::slice::from_ref(&file));
    assert_eq!(found.issues[0].slug, "the-new-name");
    assert_eq!(found.issues[0].earlier_slugs, ["a"]);
    file.slug = Some("a".to_owned());
    let back = again(&found.lock, &[file]);
    assert_eq!(back.issues[0].slug, "a");
    assert_eq!(back.issues[0].earlier_slugs, ["the-new-name"]);
}

#[test]
fn a_slug_that_another_issue_has_is_refused() {
    let mut second = issue("b.md", 8);
    second.slug = Some("a".to_owned());
    let found = first(&[issue("a.md", 7), second]);
    assert_eq!(codes(&found), ["duplicate-slug"]);
    assert_eq!(found.issues[1].slug, "a-2");
}

#[test]
fn an_earlier_slug_is_given_to_no_other_issue() {
    let mut file = issue("a.md", 7);
    let lock = first(std::slice::from_ref(&file)).lock;
    file.slug = Some("new".to_owned());
    let lock = again(&lock, std::slice::from_ref(&file)).lock;
    let found = again(&lock, &[file, issue("more/a.md", 8)]);
    assert_eq!(
        found.issues[1].slug, "a-2",
        "old links to `a` lead to issue 7"
    );
}

#[test]
fn an_id_given_in_front_matter_is_used_verbatim_and_moves_with_the_file() {
    let mut file = issue("a.md", 7);
    file.id = Some("https://example.com/?p=12".to_owned());
    let lock = first(std::slice::from_ref(&file)).lock;
    let mut moved = issue("elsewhere/x.md", 900);
    moved.id.clone_from(&file.id);
    let found = again(&lock, &[moved]);
    assert_eq!(found.issues[0].id, "https://example.com/?p=12");
    assert_eq!(found.issues[0].slug, "a");
}

#[test]
fn a_pinned_id_is_not_changed_by_front_matter() {
    let mut file = issue("a.md", 7);
    let lock = first(std::slice::from_ref(&file)).lock;
    file.id = Some("urn:other".to_owned());
    let found = again(&lock, &[file]);
    assert_eq!(found.issues[0].id, "tag:example.com,2025:7");
    assert_eq!(codes(&found), ["id-is-pinned"]);
}

#[test]
fn one_id_in_two_files_is_an_error() {
    let mut files = [issue("a.md", 7), issue("b.md", 8)];
    for file in &mut files {
        file.id = Some("urn:same".to_owned());
    }
    let found = first(&files);
    assert_eq!(codes(&found), ["duplicate-id"]);
    assert_ne!(found.issues[0].id, found.issues[1].id);
}

#[test]
fn a_corrected_word_is_no_update_and_a_new_paragraph_is() {
    let text = |lines: &[&str]| line_marks(&lines.join("\n"));
    let mut file = issue("a.md", 7);
    file.line_marks = text(&["one", "two", "three"]);
    let once = first(std::slice::from_ref(&file));
    let published = once.issues[0].date;
    for (lines, updated) in [
        (vec!["one", "two", "three!"], published),
        (
            vec!["one", "two!", "three!"],
            moment("2025-07-01T00:00:00Z"),
        ),
    ] {
        file.line_marks = text(&lines);
        let found = again(&once.lock, std::slice::from_ref(&file));
        assert_eq!(found.issues[0].updated, updated, "{lines:?}");
        assert_eq!(found.issues[0].date, published);
    }
    file.line_marks = text(&["one", "two", "three"]);
    file.updated = Some(day("2025-06-15"));
    let found = again(&once.lock, &[file]);
    assert_eq!(found.issues[0].updated, moment("2025-06-15T00:00:00Z"));
}

#[test]
fn lines_are_kept_of_recent_issues_only() {
    let files: Vec<Summary> = (0..200)
        .map(|number| {
            let mut file = issue(&format!("{number}.md"), number);
            file.date = Some(day(&format!("{}-06-01", 1800 + number)));
            file
        })
        .collect();
    let lock = first(&files).lock;
    assert_eq!(lock.pins().filter(|pin| !pin.lines.is_empty()).count(), 60);
    assert!(
        lock.pins()
            .filter(|pin| !pin.lines.is_empty())
            .all(|pin| pin.number >= Some(140))
    );
}

#[test]
fn a_draft_is_not_pinned() {
    let mut marked = issue("a.md", 7);
    marked.draft = true;
    let mut dated = issue("b.md", 8);
    dated.date = Some(day("2025-06-02"));
    let folder = issue("issues/drafts/c.md", 9);
    let drafts = ["issues/drafts/".to_owned()];
    let settings = Settings {
        drafts: &drafts,
        ..settings(NOW)
    };
    let found = resolve(&IdLock::default(), &[marked, dated, folder], &settings);
    assert!(found.lock.is_empty());
    let reasons: Vec<Publication> = found.issues.iter().map(|issue| issue.publication).collect();
    assert_eq!(reasons[0], Publication::Draft(DraftReason::Marked));
    assert_eq!(reasons[1].due(), Some(moment("2025-06-02T00:00:00Z")));
    assert_eq!(reasons[2], Publication::Draft(DraftReason::Folder));
}

#[test]
fn a_date_begins_at_midnight_of_the_newsletters_zone() {
    let mut file = issue("a.md", 7);
    file.date = Some(day("2025-06-02"));
    let at = |now: &str| publication(&file, &[], moment(now), Tz::Asia__Shanghai).is_draft();
    assert!(at("2025-06-01T15:59:59Z"));
    assert!(!at("2025-06-01T16:00:00Z"));
}

#[test]
fn a_damaged_lock_is_refused_with_its_line() {
    let table =
        "[[issue]]\nkey = \"7\"\nid = \"a\"\nslug = \"s\"\ndate = \"2025-01-01T00:00:00Z\"\n";
    for (text, line, word) in [
        (format!("version = 1\n{table}<<<<<<< HEAD\n"), 7, "merge"),
        (format!("version = 1\n{table}nonsense\n"), 7, "neither"),
        (format!("version = 2\n{table}"), 1, "newer"),
        (
            format!("{table}{}", table.replace("\"7\"", "\"8\"")),
            6,
            "pinned twice",
        ),
        (
            format!("{table}{}", table.replace("\"a\"", "\"b\"")),
            6,
            "pinned twice",
        ),
        (table.replace("slug = \"s\"\n", ""), 1, "no `slug`"),
        (
            table.replace("2025-01-01T00:00:00Z", "yesterday"),
            5,
            "date",
        ),
        (format!("{table}number = \"x\"\n"), 6, "whole number"),
        (format!("{table}links = \"!\"\n"), 6, "links"),
        (format!("{table}colour = \"red\"\n"), 6, "colour"),
        (format!("{table}key = \"9\"\n"), 6, "twice"),
    ] {
        let (_, wrong) = parsed(&text);
        assert_eq!(wrong.len(), 1, "{text}\n{wrong:?}");
        assert_eq!(wrong[0].1, line, "{text}");
        assert!(wrong[0].0.contains(word), "{}", wrong[0].0);
    }
}
