//! The store in one SQLite file: what it promises as a store, and what as a
//! file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use letterpress::mailing::{Filter, MailingId, Phase, Reply, Stage, State};
use letterpress::store::sqlite::Options;
use letterpress::store::{Ended, Error, Finished, NoticeId, Sqlite, Step, Store, Verdict};
use letterpress::subscriber::{Reason, Status, SubscriberId};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::store::contract::{
    self, Kept, absorb, address, confirmed, deliver, due, due_now, events, every_promise, mailing,
    minute, new_mailing, numbered, random, readers, start, suppression,
};

/// An empty store and the folder in which it lies.
fn fresh() -> (Kept, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::create(&path(&folder)).unwrap();
    (Arc::new(store), folder)
}

fn made() -> Option<(Kept, TempDir)> {
    Some(fresh())
}

fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("data").join("letterpress.db")
}

every_promise!(made);

#[tokio::test]
async fn one_sends_at_a_time() {
    let (store, _folder) = fresh();
    contract::engine::one_sends_at_a_time(store).await;
}

fn waiting<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn nobody_who_left_is_mailed_and_nobody_twice(events in events()) {
        let (store, _folder) = fresh();
        waiting(random::nobody_who_left_is_mailed_and_nobody_twice(store, events));
    }
}

#[test]
fn a_store_is_made_only_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = path(&folder);
    assert!(matches!(Sqlite::open(&path), Err(Error::Missing { .. })));
    assert!(!path.exists());
    let id = Sqlite::create(&path).unwrap().id();
    assert_eq!(id.0.len(), 32);
    assert_eq!(Sqlite::open(&path).unwrap().id(), id);
    assert_eq!(Sqlite::create(&path).unwrap().id(), id);
    let other = Sqlite::create(&folder.path().join("other.db")).unwrap();
    assert_ne!(other.id(), id);
}

#[test]
fn what_is_no_store_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = folder.path().join("foreign.db");
    let connection = rusqlite::Connection::open(&foreign).unwrap();
    connection.execute_batch("CREATE TABLE t (x)").unwrap();
    connection.close().unwrap();
    let text = folder.path().join("text.db");
    fs::write(&text, "an issue, by mistake\n".repeat(400)).unwrap();
    let empty = folder.path().join("empty.db");
    fs::write(&empty, "").unwrap();
    for path in [&foreign, &text, &empty] {
        let before = fs::read(path).unwrap();
        let opened = Sqlite::open(path);
        assert!(matches!(opened, Err(Error::Damaged { .. })), "{opened:?}");
        assert!(fs::read(path).unwrap() == before, "{}", path.display());
    }
    assert!(matches!(
        Sqlite::create(&foreign),
        Err(Error::Damaged { .. })
    ));
    assert!(matches!(Sqlite::create(&text), Err(Error::Damaged { .. })));
    Sqlite::create(&empty).unwrap();

    let below_a_file = text.join("letterpress.db");
    assert!(matches!(
        Sqlite::create(&below_a_file),
        Err(Error::File { .. })
    ));
    assert!(matches!(
        Sqlite::open(folder.path()),
        Err(Error::File { .. })
    ));
}

/// What a store answers that was opened for strangers, where it refuses.
fn refused<T: std::fmt::Debug>(answer: Result<T, Error>) -> bool {
    match answer {
        Err(Error::Database { source, .. }) => {
            let said = source.to_string();
            said.contains("not authorized") || said.contains("prohibited")
        }
        _ => false,
    }
}

#[tokio::test]
async fn a_store_opened_for_strangers_does_nothing_that_is_the_editors() {
    let (whole, folder) = fresh();
    readers(&whole, 3).await;
    let number = mailing(&whole).await;
    let options = Options {
        strangers: true,
        ..Options::default()
    };
    let store = Sqlite::open_with(&path(&folder), options).unwrap();
    let (who, held) = (numbered(0), || suppression(Reason::Manual));
    let later = minute(90);
    assert!(refused(store.suppressions(None, 9).await));
    assert!(refused(store.suppress_domain("example.org", held()).await));
    assert!(refused(store.lift_domain("example.org").await));
    let more = vec![confirmed("new@example.org")];
    assert!(refused(store.absorb(more, later, true).await));
    assert!(refused(store.take_notices(later, later, 9).await));
    assert!(refused(store.put_off_notice(NoticeId(1), later).await));
    assert!(refused(store.mailings().await));
    assert!(refused(store.mailing_of("1").await));
    assert!(refused(store.content(number).await));
    assert!(refused(store.confirm(new_mailing("2", Filter::All)).await));
    assert!(refused(store.include(number, Filter::All, later).await));
    assert!(refused(
        store.set_stage(number, Stage::Cancelled, "", later).await
    ));
    assert!(refused(
        store.reopen(number, &[State::Unknown], later).await
    ));
    assert!(refused(store.deliveries(number, &[], None, 9).await));
    assert!(refused(store.due(due(number, 90, 9)).await));
    let reader = store.find(&who).await.unwrap().unwrap().0;
    let step = Step {
        mailing: number,
        finished: None,
        next: start(reader),
        now: later,
    };
    assert!(refused(store.step(step).await));
    assert!(refused(store.limits().await));
    let limit = vec![("relay".to_owned(), "1".to_owned())];
    assert!(refused(store.save_limits(limit).await));
    // Nothing of it was done, and what is theirs is.
    let tally = whole.tally(number).await.unwrap();
    assert_eq!(tally.of(State::Pending), 3);
    assert!(store.set_language(&who, "zh").await.unwrap());
    assert!(
        store
            .set_status(&who, Status::Unsubscribed, later)
            .await
            .unwrap()
    );
    assert!(store.take_back(&who, later).await.unwrap());
    assert!(store.erase(&who, later).await.unwrap());
    assert!(whole.find(&who).await.unwrap().is_none());
}

#[tokio::test]
async fn damage_is_said_and_no_panic() {
    let (store, folder) = fresh();
    readers(&store, 3000).await;
    drop(store);
    let path = path(&folder);
    let mut bytes = fs::read(&path).unwrap();
    // The roots of the tables stay; what lies behind them does not.
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let store: Kept = Arc::new(Sqlite::open(&path).unwrap());
    let listed = store.list(Default::default(), None, 10_000).await;
    assert!(matches!(listed, Err(Error::Damaged { .. })), "{listed:?}");
}

#[test]
fn a_newer_layout_is_not_touched() {
    let (store, folder) = fresh();
    drop(store);
    let path = path(&folder);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    connection.close().unwrap();
    match Sqlite::open(&path) {
        Err(Error::Newer { found, .. }) => assert_eq!(found, 99),
        other => panic!("{other:?}"),
    }
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_a_store_and_what_lies_beside_it() {
    use std::os::unix::fs::PermissionsExt;
    let (store, folder) = fresh();
    readers(&store, 1).await;
    let _engagement = store.engage("a test").await.unwrap();
    store
        .backup(&folder.path().join("data/copy.db"))
        .await
        .unwrap();
    let mut seen = 0;
    for entry in fs::read_dir(folder.path().join("data")).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", entry.path().display());
        seen += 1;
    }
    // The file, its log and index, the lock, the copy.
    assert_eq!(seen, 5);
}

#[tokio::test]
async fn what_was_asked_is_done_whether_or_not_it_is_awaited() {
    let (store, folder) = fresh();
    drop(store.suppress(&numbered(0), suppression(Reason::Manual)));
    drop(store);
    let store = Sqlite::open(&path(&folder)).unwrap();
    assert_eq!(store.suppressions(None, 10).await.unwrap().len(), 1);
}

#[test]
fn several_may_make_and_write_to_one_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = path(&folder);
    let writers: Vec<_> = (0..6)
        .map(|writer| {
            let path = path.clone();
            std::thread::spawn(move || {
                waiting(async {
                    let store: Kept = Arc::new(Sqlite::create(&path).unwrap());
                    for round in 0..15 {
                        let one = format!("w{writer}r{round}@example.org");
                        absorb(&store, vec![confirmed(&one)]).await;
                        let manual = suppression(Reason::Manual);
                        store.suppress(&address(&one), manual).await.unwrap();
                        store.list(Default::default(), None, 100).await.unwrap();
                    }
                    store.id()
                })
            })
        })
        .collect();
    let ids: Vec<_> = writers
        .into_iter()
        .map(|writer| writer.join().unwrap())
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    let store = Sqlite::open(&path).unwrap();
    assert_eq!(waiting(store.count(Default::default())).unwrap(), 90);
    assert_eq!(waiting(store.suppressions(None, 100)).unwrap().len(), 90);
}

/// A step that ends one delivery with many words and begins another.
fn wordy(mailing: MailingId, last: Option<SubscriberId>, next: Option<SubscriberId>) -> Step {
    Step {
        mailing,
        finished: last.map(|subscriber| Finished {
            subscriber,
            ended: Ended::Accepted,
            phase: Phase::Content,
            reply: Some(Reply::new(250, "2.0.0 Ok, thank you ".repeat(40))),
            note: String::new(),
        }),
        next: next.and_then(start),
        now: minute(2),
    }
}

#[tokio::test]
async fn a_full_disk_stops_the_steps_and_nothing_is_half_written() {
    let (store, folder) = fresh();
    readers(&store, 200).await;
    let mailing = mailing(&store).await;
    let all = due_now(&store, due(mailing, 2, 200)).await;
    drop(store);

    let path = path(&folder);
    let pages: u32 = rusqlite::Connection::open(&path)
        .unwrap()
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    let options = Options {
        max_pages: Some(pages + 8),
        ..Options::default()
    };
    let store: Kept = Arc::new(Sqlite::open_with(&path, options).unwrap());
    // Asked all at once, so that they share commits.
    let begun: Vec<_> = all
        .iter()
        .map(|one| store.step(wordy(mailing, None, Some(*one))))
        .collect();
    for one in begun {
        let verdict = one.await;
        assert!(
            matches!(verdict, Ok(Verdict::Go) | Err(Error::Full { .. })),
            "{verdict:?}"
        );
    }
    let sending = store
        .deliveries(mailing, &[State::Sending], None, 999)
        .await
        .unwrap();
    let ended: Vec<_> = sending
        .iter()
        .map(|row| store.step(wordy(mailing, Some(row.subscriber), None)))
        .collect();
    let (mut recorded, mut full) = (Vec::new(), Vec::new());
    for (row, answer) in sending.iter().zip(ended) {
        match answer.await {
            Ok(Verdict::Recorded) => recorded.push(row.subscriber),
            Err(Error::Full { .. }) => full.push(row.subscriber),
            other => panic!("{other:?}"),
        }
    }
    assert!(!recorded.is_empty() && !full.is_empty());
    let states = |states: &'static [State]| {
        let store = store.clone();
        async move {
            let rows = store.deliveries(mailing, states, None, 999).await.unwrap();
            rows.into_iter()
                .map(|row| row.subscriber)
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(states(&[State::Accepted]).await, recorded);
    assert_eq!(states(&[State::Sending]).await, full);
    drop(store);

    // With space again, it goes on where it stood.
    let store: Kept = Arc::new(Sqlite::open(&path).unwrap());
    for one in full {
        let step = store.step(wordy(mailing, Some(one), None));
        assert_eq!(step.await.unwrap(), Verdict::Recorded);
    }
    for one in due_now(&store, due(mailing, 2, 200)).await {
        deliver(&store, mailing, one, Ended::Accepted).await;
    }
    let tally = store.tally(mailing).await.unwrap();
    assert_eq!((tally.total(), tally.of(State::Accepted)), (200, 200));
    is_sound(&path);
}

fn is_sound(path: &Path) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let verdict: String = connection
        .query_row("PRAGMA integrity_check", (), |row| row.get(0))
        .unwrap();
    assert_eq!(verdict, "ok");
}

#[tokio::test]
async fn a_confirmation_that_does_not_fit_leaves_no_mailing() {
    let (store, folder) = fresh();
    readers(&store, 500).await;
    drop(store);
    let options = Options {
        max_pages: Some(60),
        ..Options::default()
    };
    let store = Sqlite::open_with(&path(&folder), options).unwrap();
    let mut new = new_mailing("1", Filter::All);
    new.content = vec![7; 200_000];
    let confirmed = store.confirm(new).await;
    assert!(
        matches!(confirmed, Err(Error::Full { .. })),
        "{confirmed:?}"
    );
    assert!(store.mailings().await.unwrap().is_empty());
}

#[tokio::test]
async fn no_byte_of_an_erased_person_stays_in_the_files() {
    let (store, folder) = fresh();
    readers(&store, 600).await;
    let mut told = confirmed("READER300@example.org");
    told.subscriber.name = "Reader300 the Third".to_owned();
    absorb(&store, vec![told]).await;
    let mailing = mailing(&store).await;
    let all = due_now(&store, due(mailing, 2, 600)).await;
    for (number, one) in all.iter().enumerate().take(400) {
        store.step(wordy(mailing, None, Some(*one))).await.unwrap();
        let mut step = wordy(mailing, Some(*one), None);
        let finished = step.finished.as_mut().unwrap();
        finished.ended = match number % 2 {
            0 => Ended::Rejected(Some(Reason::HardBounce)),
            _ => Ended::Accepted,
        };
        finished.reply = Some(Reply::new(550, format!("reader{number}@example.org: no")));
        store.step(step).await.unwrap();
    }
    let data = folder.path().join("data");
    assert!(mentions(&data, "reader300") > 0);
    assert!(store.erase(&numbered(300), minute(3)).await.unwrap());
    assert_eq!(mentions(&data, "reader300"), 0);
    assert!(mentions(&data, "reader301") > 0);
}

/// How often a text stands in the files of a folder, in any letter case.
fn mentions(folder: &Path, text: &str) -> usize {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            let lower = bytes.to_ascii_lowercase();
            lower
                .windows(text.len())
                .filter(|window| *window == text.as_bytes())
                .count()
        })
        .sum()
}

#[tokio::test]
async fn a_copy_is_a_whole_store() {
    let (store, folder) = fresh();
    readers(&store, 300).await;
    let copy = folder.path().join("copy.db");
    fs::write(&copy, "an older copy").unwrap();
    let busy = store.clone();
    let writes = tokio::spawn(async move {
        for number in 0..50 {
            let one = format!("late{number}@example.org");
            absorb(&busy, vec![confirmed(&one)]).await;
        }
    });
    store.backup(&copy).await.unwrap();
    writes.await.unwrap();
    let copied = Sqlite::open(&copy).unwrap();
    assert_eq!(copied.id(), store.id());
    assert!(copied.count(Default::default()).await.unwrap() >= 300);
    is_sound(&copy);
    let nowhere = folder.path().join("nowhere").join("copy.db");
    let failed = store.backup(&nowhere).await;
    assert!(matches!(failed, Err(Error::File { .. })), "{failed:?}");
    // No half copy lies about.
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm"))
        .collect();
    names.sort();
    assert_eq!(names, ["copy.db", "data"]);
}
