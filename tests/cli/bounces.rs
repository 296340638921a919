//! `bounces`: what came back follows its way into the list.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use letterpress::mailing::{Filter, Stage};
use letterpress::store::{NewMailing, Search, Sqlite, Start, Step, Store};
use letterpress::subscriber::{Address, Entry, Key, Purpose, Reason, Status, Subscriber};

use crate::cli::{Answer, Sandbox};

/// The key that has signed the tokens in fuzz/seeds/bounce.
const KEY: u8 = 5;

/// The shapes in which servers report.
fn shape(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/bounce");
    fs::read_to_string(folder.join(name)).unwrap()
}

fn line(octet: u8) -> String {
    format!("{octet:02x}").repeat(32) + "\n"
}

fn store(sandbox: &Sandbox) -> Sqlite {
    Sqlite::open(&sandbox.path("data/letterpress.db")).unwrap()
}

fn wait<T>(answer: impl Future<Output = Result<T, letterpress::store::Error>>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(answer).unwrap()
}

/// A newsletter with these readers, all confirmed a year ago.
fn weekly(readers: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with(&[]);
    sandbox.write("data/server.key", line(KEY));
    let store = Sqlite::create(&sandbox.path("data/letterpress.db")).unwrap();
    let joined = chrono::DateTime::from_timestamp(1_740_000_000, 0);
    let entry = |reader: &&str| {
        let mut subscriber = Subscriber::new(address(reader), Status::Confirmed);
        subscriber.consent.confirmed_at = joined;
        Entry {
            subscriber,
            suppression: None,
        }
    };
    let entries = readers.iter().map(entry).collect();
    wait(store.absorb(entries, joined.unwrap(), true));
    sandbox
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// Status, and why the address is suppressed, with the note.
fn stands(sandbox: &Sandbox, reader: &str) -> (Status, Option<(Reason, String)>) {
    let (_, entry) = wait(store(sandbox).find(&address(reader))).unwrap();
    let held = entry.suppression.map(|held| (held.reason, held.note));
    (entry.subscriber.status, held)
}

const ADA: &str = "ada@example.org";

fn feed(sandbox: &Sandbox, message: &str) -> Answer {
    sandbox.run_with(&["bounces", "-", "--json"], message)
}

/// Kind and end of each message.
fn items(answer: &Answer) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let report = answer.json();
    let items = report["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| (text(&item["kind"]), text(&item["done"])))
        .collect()
}

#[test]
fn no_such_mailbox_and_complaints_suppress_at_once() {
    let cases = [
        (
            "postfix-unknown-user.eml",
            "hard",
            Reason::HardBounce,
            "5.1.1",
        ),
        ("exim-text.eml", "hard", Reason::HardBounce, ""),
        ("exchange.eml", "hard", Reason::HardBounce, "5.1.10"),
        ("gmail.eml", "hard", Reason::HardBounce, "5.2.1"),
        ("ses-relayed.eml", "hard", Reason::HardBounce, "5.1.1"),
        ("qmail-text.eml", "hard", Reason::HardBounce, "5.1.1"),
        ("yahoo-complaint.eml", "complaint", Reason::Complaint, ""),
        ("redacted-complaint.eml", "complaint", Reason::Complaint, ""),
    ];
    for (name, kind, reason, note) in cases {
        let sandbox = weekly(&[ADA, "bob@example.org"]);
        let answer = feed(&sandbox, &shape(name)).expect(0);
        assert_eq!(
            items(&answer),
            [(kind.to_owned(), "suppressed".to_owned())],
            "{name}"
        );
        assert_eq!(answer.json()["items"][0]["address"], ADA, "{name}");
        let expected = (Status::Confirmed, Some((reason, note.to_owned())));
        assert_eq!(stands(&sandbox, ADA), expected, "{name}");
        assert_eq!(stands(&sandbox, "bob@example.org").1, None, "{name}");
        let again = feed(&sandbox, &shape(name)).expect(0);
        assert_eq!(items(&again)[0].1, "unchanged", "{name}");
    }
}

#[test]
fn whoever_writes_to_the_unsubscribe_address_has_left() {
    let sandbox = weekly(&[ADA]);
    let answer = feed(&sandbox, &shape("unsubscribe.eml")).expect(0);
    assert_eq!(
        items(&answer),
        [("unsubscribe".to_owned(), "unsubscribed".to_owned())]
    );
    let (status, held) = stands(&sandbox, ADA);
    assert_eq!(status, Status::Unsubscribed);
    assert_eq!(held.unwrap().0, Reason::Unsubscribed);
}

#[test]
fn what_proves_nothing_does_nothing() {
    let cases = [
        ("forged.eml", "unproven", 0),
        ("forged-purpose.eml", "unproven", 0),
        ("by-message-id.eml", "hard", 0),
        ("postfix-delayed.eml", "notice", 0),
        ("not-spam.eml", "notice", 0),
        ("receipt.eml", "notice", 0),
        ("out-of-office.eml", "auto-reply", 0),
        ("challenge.eml", "auto-reply", 0),
        ("wrapped.eml", "other", 0),
        ("letter.eml", "unreadable", 4),
        ("passed-on.eml", "unreadable", 4),
        ("without-status.eml", "unreadable", 4),
    ];
    let sandbox = weekly(&[ADA]);
    for (name, kind, code) in cases {
        let answer = feed(&sandbox, &shape(name)).expect(code);
        assert_eq!(items(&answer)[0].0, kind, "{name}");
        assert_eq!(stands(&sandbox, ADA), (Status::Confirmed, None), "{name}");
    }
}

#[test]
fn an_old_key_still_knows_its_mail_and_a_strange_one_does_not() {
    let sandbox = weekly(&[ADA]);
    sandbox.write("data/server.key", line(7));
    let answer = feed(&sandbox, &shape("ses-relayed.eml")).expect(0);
    assert_eq!(items(&answer)[0].0, "unproven");
    sandbox.write("data/server.key", line(7) + &line(KEY));
    let answer = feed(&sandbox, &shape("ses-relayed.eml")).expect(0);
    assert_eq!(items(&answer)[0].1, "suppressed");
    sandbox.write("data/server.key", line(7) + "no key\n");
    let answer = feed(&sandbox, "To: a\n\n");
    answer.expect(2).says("data/server.key:2");
}

#[test]
fn soft_bounces_of_several_issues_suppress() {
    let sandbox = weekly(&[ADA]);
    let of = |issue: u32| shape("exim-report.eml").replace("<01234567", &format!("<{issue:08}"));
    for issue in [1, 2, 2] {
        let answer = feed(&sandbox, &of(issue)).expect(0);
        assert_eq!(items(&answer), [("soft".to_owned(), "counted".to_owned())]);
        assert_eq!(answer.json()["items"][0]["soft_bounces"], issue);
    }
    assert_eq!(stands(&sandbox, ADA).1, None);
    let answer = feed(&sandbox, &of(3)).expect(0);
    assert_eq!(items(&answer)[0].1, "suppressed");
    let (reason, note) = stands(&sandbox, ADA).1.unwrap();
    assert_eq!(reason, Reason::HardBounce);
    assert!(note.ends_with("last 5.2.2"), "{note}");
    let sandbox = weekly(&[ADA]);
    let limit = ["--set", "bounces.soft_limit=1", "bounces", "-"];
    sandbox
        .run_with(&limit, &of(1))
        .expect(0)
        .says("suppressed");
}

#[test]
fn whoever_confirmed_after_the_bounce_stays() {
    let sandbox = weekly(&[ADA]);
    let arrived = "Received: by mx; Fri, 20 Feb 2026 10:00:00 +0000\n";
    let later = "Received: by mx; Fri, 20 Feb 2015 10:00:00 +0000\n";
    let report = shape("gmail.eml");
    let answer = feed(&sandbox, &format!("{later}{report}")).expect(0);
    assert_eq!(items(&answer)[0].1, "outdated");
    let answer = feed(&sandbox, &format!("{arrived}{report}")).expect(0);
    assert_eq!(items(&answer)[0].1, "suppressed");
}

#[test]
fn a_message_id_that_was_sent_says_whose_message_it_was() {
    let sandbox = weekly(&["bob@example.org", ADA]);
    let now = chrono::DateTime::from_timestamp(1_771_000_000, 0).unwrap();
    let kept = store(&sandbox);
    let (mailing, _) = wait(kept.confirm(NewMailing {
        issue: "7".to_owned(),
        title: "Issue 7".to_owned(),
        digest: String::new(),
        content: Vec::new(),
        filter: Filter::All,
        filter_text: String::new(),
        stage: Stage::Open,
        starts_at: now,
        now,
    }));
    let (subscriber, _) = wait(kept.find(&address(ADA))).unwrap();
    wait(kept.step(Step {
        mailing,
        finished: None,
        next: Some(Start {
            subscriber,
            message_id: "<0123456789abcdef0123456789abcdef@weekly.test>".to_owned(),
        }),
        now,
    }));
    drop(kept);
    let answer = feed(&sandbox, &shape("by-message-id.eml")).expect(0);
    assert_eq!(answer.json()["items"][0]["address"], ADA);
    assert_eq!(items(&answer)[0].1, "suppressed");
}

#[test]
fn a_dry_run_says_the_same_and_changes_nothing() {
    let sandbox = weekly(&[ADA]);
    for folder in ["new", "cur", "tmp"] {
        fs::create_dir_all(sandbox.path(&format!("inbox/{folder}"))).unwrap();
    }
    sandbox.write("inbox/new/1.a", shape("gmail.eml"));
    sandbox.write("inbox/new/2.a", shape("letter.eml"));
    let mut before = sandbox.files();
    let answer = sandbox
        .run(&["bounces", "inbox", "--dry-run", "--json"])
        .expect(4);
    assert_eq!(items(&answer)[0].1, "suppressed");
    assert_eq!(answer.json()["dry_run"], true);
    let is_log = |path: &String| path.contains("letterpress.db-");
    let mut after = sandbox.files();
    before.retain(|path| !is_log(path));
    after.retain(|path| !is_log(path));
    assert_eq!(before, after);
    assert_eq!(stands(&sandbox, ADA).1, None);
}

#[test]
fn messages_of_a_maildir_are_taken_once() {
    let sandbox = weekly(&[ADA, "bob@example.org"]);
    for folder in ["new", "cur", "tmp"] {
        fs::create_dir_all(sandbox.path(&format!("inbox/{folder}"))).unwrap();
    }
    sandbox.write("inbox/new/3.a", shape("gmail.eml"));
    sandbox.write("inbox/new/4.a", shape("letter.eml"));
    sandbox.write("inbox/cur/1.a:2,S", shape("yahoo-complaint.eml"));
    sandbox.write("inbox/cur/2.a:2,", shape("out-of-office.eml"));
    let answer = sandbox.run(&["bounces", "inbox"]).expect(4);
    answer
        .says("cur/2.a:2,  automatic answer  nothing to do")
        .says("new/3.a  hard bounce 5.2.1  ada@example.org  suppressed")
        .says("new/4.a  not understood")
        .says("3 messages: 1 hard, 1 auto-reply, 1 unreadable");
    let mut files = sandbox.files();
    files.retain(|path| path.starts_with("inbox/") || path.starts_with("data/unreadable/"));
    let kept = files.remove(0);
    assert_eq!(sandbox.read(&kept), shape("letter.eml"));
    let seen = ["1.a:2,S", "2.a:2,S", "3.a:2,S", "4.a:2,S"];
    assert_eq!(files, seen.map(|name| format!("inbox/cur/{name}")));
    sandbox
        .run(&["bounces", "inbox"])
        .expect(0)
        .says("no messages");
}

#[test]
fn a_file_is_one_message_or_an_mbox() {
    let sandbox = weekly(&[ADA]);
    sandbox.write("one.eml", shape("out-of-office.eml"));
    let answer = sandbox.run(&["bounces", "one.eml", "--json"]).expect(0);
    assert_eq!(
        items(&answer),
        [("auto-reply".to_owned(), "nothing".to_owned())]
    );
    sandbox.write("mbox", shape("mbox"));
    let answer = sandbox.run(&["bounces", "mbox", "--json"]).expect(0);
    let ends: Vec<String> = items(&answer).into_iter().map(|(_, end)| end).collect();
    assert_eq!(ends, ["unsubscribed", "unchanged"]);
    assert_eq!(answer.json()["kinds"]["hard"], 1);
    assert_eq!(feed(&sandbox, "").expect(0).json()["messages"], 0);
}

#[test]
fn what_is_missing_is_named() {
    let sandbox = weekly(&[]);
    sandbox
        .run(&["bounces", "nowhere"])
        .expect(1)
        .says("nowhere");
    sandbox
        .run(&["bounces", "config"])
        .expect(2)
        .says("Maildir");
    fs::remove_file(sandbox.path("data/letterpress.db")).unwrap();
    let answer = sandbox.run_with(&["bounces", "-"], "To: a\n\n");
    answer.expect(2).says("there is no store");
    assert!(!sandbox.path("data/letterpress.db").exists());
    fs::remove_file(sandbox.path("data/server.key")).unwrap();
    let answer = sandbox.run_with(&["bounces", "-"], "To: a\n\n");
    answer.expect(2).says("server.key_file");
}

#[test]
fn ten_thousand_reports_find_their_readers() {
    let names: Vec<String> = (0..10_000)
        .map(|number| format!("reader{number}@example.org"))
        .collect();
    let readers: Vec<&str> = names.iter().map(String::as_str).collect();
    let sandbox = weekly(&readers);
    let key = Key::new(vec![KEY; 32]).unwrap();
    let report = shape("postfix-unknown-user.eml");
    let ours = report
        .lines()
        .find(|line| line.starts_with("To: "))
        .unwrap();
    let (_, old) = ours.split_once('+').unwrap();
    let (old, _) = old.split_once('@').unwrap();
    let mut mbox = String::new();
    for name in names.iter().skip(1) {
        let token = key.address_token(Purpose::Bounce, key.tag(&address(name)));
        let one = report.replace(old, &token).replace(ADA, name);
        write!(mbox, "From MAILER-DAEMON Fri Feb 20 10:00:00 2026\n{one}\n").unwrap();
    }
    sandbox.write("mbox", &mbox);
    let answer = sandbox.run(&["bounces", "mbox", "--json"]).expect(0);
    assert_eq!(answer.json()["done"]["suppressed"], 9_999);
    let store = store(&sandbox);
    let all = wait(store.list(Search::default(), None, 20_000));
    let free: Vec<&str> = all
        .iter()
        .filter(|(_, entry)| entry.suppression.is_none())
        .map(|(_, entry)| entry.subscriber.address.as_str())
        .collect();
    assert_eq!(free, ["reader0@example.org"]);
}
