use chrono::Utc;
use rusqlite::Connection;

use super::*;
use crate::mailing::{Filter, Stage};
use crate::store::{NewMailing, Start, Step, Verdict};
use crate::subscriber::{Address, Entry, Status, Subscriber, SubscriberId};

/// An empty store of the newest layout.
fn opened(folder: &Path) -> Connection {
    let path = folder.join("letterpress.db");
    make_file(&path).unwrap();
    connect_first(&path, Options::default(), true).unwrap()
}

#[test]
fn every_statement_can_be_prepared() {
    let folder = tempfile::tempdir().unwrap();
    let connection = opened(folder.path());
    for (name, text) in statements::ALL {
        if let Err(error) = connection.prepare(text) {
            panic!("{name}: {error}");
        }
    }
}

#[test]
fn sqlite_refuses_strangers_what_is_not_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = opened(folder.path());
    stranger::restrict(&mut connection).unwrap();
    for text in [
        "SELECT * FROM suppression",
        "SELECT address FROM suppression",
        "SELECT * FROM mailing",
        "SELECT digest, filter FROM mailing",
        "SELECT bytes FROM content",
        "SELECT * FROM delivery",
        "SELECT * FROM attempt",
        "SELECT * FROM notice",
        "SELECT address FROM notice",
        "SELECT state FROM limits",
        "SELECT sql FROM sqlite_master",
        "UPDATE mailing SET stage = 1",
        "UPDATE delivery SET due = 0",
        "UPDATE notice SET due = 0",
        "UPDATE suppression SET reason = 0",
        "INSERT INTO delivery (mailing, subscriber) VALUES (1, 1)",
        "INSERT INTO mailing DEFAULT VALUES",
        "INSERT INTO limits (scope, state) VALUES ('', '')",
        "DELETE FROM delivery",
        "DELETE FROM mailing",
        "DELETE FROM meta",
        "DROP TABLE subscriber",
        "CREATE TABLE t (x)",
        "CREATE TEMP TRIGGER t AFTER INSERT ON signup BEGIN SELECT 1; END",
        "ALTER TABLE subscriber ADD COLUMN x",
        "ATTACH '/tmp/other.db' AS other",
        "PRAGMA user_version = 9",
        "PRAGMA writable_schema = ON",
        "VACUUM INTO '/tmp/other.db'",
    ] {
        let refused = connection.prepare(text).and_then(|mut one| one.execute(()));
        assert!(refused.is_err(), "{text}");
    }
    connection
        .prepare("SELECT address FROM subscriber")
        .unwrap();
}

#[test]
fn every_filter_can_be_asked_and_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let connection = opened(folder.path());
    let language = || Box::new(Filter::Language("zh".into()));
    let filters = [
        Filter::All,
        Filter::Tag("x".into()),
        Filter::Edition("paid".into()),
        Filter::Mailed("1".into()),
        Filter::Not(language()),
        Filter::And(language(), Box::new(Filter::All)),
        Filter::Or(language(), Box::new(Filter::Tag("x".into()))),
    ];
    for (place, filter) in filters.into_iter().enumerate() {
        let new = NewMailing {
            issue: place.to_string(),
            title: String::new(),
            digest: String::new(),
            content: Vec::new(),
            filter: filter.clone(),
            filter_text: String::new(),
            stage: Stage::Open,
            starts_at: Utc::now(),
            now: Utc::now(),
        };
        let (mailing, _) = plan::confirm(&connection, &new).unwrap();
        plan::include(&connection, mailing, &filter, Utc::now()).unwrap();
        plan::recipients(&connection, "1", &filter, Utc::now(), None, 1).unwrap();
        plan::excluded(&connection, "1", &filter, Utc::now(), 1).unwrap();
    }
}

#[test]
fn what_is_due_is_found_without_sorting_or_scanning() {
    let folder = tempfile::tempdir().unwrap();
    let connection = opened(folder.path());
    for (name, text) in statements::ALL {
        let engine = [
            "DUE",
            "DUE_NEW_OF",
            "DUE_TRIED_OF_LARGE",
            "FIRST_NEW",
            "NEXT_DUE",
            "NEXT",
        ];
        if !engine.contains(name) {
            continue;
        }
        let mut statement = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {text}"))
            .unwrap();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let detail: String = row.get(3).unwrap();
            let cheap = detail.starts_with("SEARCH")
                || detail.starts_with("SCALAR")
                || detail.starts_with("CORRELATED");
            assert!(cheap, "{name}: {detail}");
        }
    }
}

/// Five who get a mailing, and the steps that begin with each of them.
fn five(connection: &Connection) -> Vec<Step> {
    let people = (1..=5)
        .map(|number| Entry {
            subscriber: Subscriber::new(
                Address::parse(&format!("r{number}@example.org")).unwrap(),
                Status::Confirmed,
            ),
            suppression: None,
        })
        .collect();
    absorb::absorb(connection, people, Utc::now()).unwrap();
    let new = NewMailing {
        issue: "1".to_owned(),
        title: String::new(),
        digest: String::new(),
        content: Vec::new(),
        filter: Filter::All,
        filter_text: String::new(),
        stage: Stage::Open,
        starts_at: Utc::now(),
        now: Utc::now(),
    };
    let (mailing, _) = plan::confirm(connection, &new).unwrap();
    let step = |number| Step {
        mailing,
        finished: None,
        next: Some(Start {
            subscriber: SubscriberId(number),
            message_id: format!("<{number}@example.org>"),
        }),
        now: Utc::now(),
    };
    (1..=5).map(step).collect()
}

fn sending(connection: &Connection) -> Vec<i64> {
    connection
        .prepare("SELECT subscriber FROM delivery WHERE state = 2 ORDER BY subscriber")
        .unwrap()
        .query_map((), |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn a_row_that_fails_undoes_no_other_of_its_group() {
    // The second takes the whole transaction with it, as a full disk may.
    for how in ["ABORT", "ROLLBACK"] {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = opened(folder.path());
        let steps = five(&connection);
        connection
            .execute_batch(&format!(
                "CREATE TRIGGER refuse BEFORE UPDATE ON delivery WHEN new.subscriber = 3
                 BEGIN SELECT RAISE({how}, 'refused'); END"
            ))
            .unwrap();
        let verdicts = thread::take(&mut connection, &steps);
        for (verdict, number) in verdicts.iter().zip(1..) {
            match number {
                3 => assert!(verdict.is_err(), "{how}"),
                _ => assert_eq!(*verdict.as_ref().unwrap(), Verdict::Go, "{how}"),
            }
        }
        assert_eq!(sending(&connection), [1, 2, 4, 5], "{how}");
    }
}

#[test]
fn a_commit_that_fails_counts_for_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = opened(folder.path());
    let steps = five(&connection);
    connection
        .execute_batch(
            "CREATE TABLE debt (m INTEGER REFERENCES mailing (id) DEFERRABLE INITIALLY DEFERRED);
             CREATE TRIGGER owe AFTER UPDATE ON delivery WHEN new.subscriber = 3
             BEGIN INSERT INTO debt VALUES (999); END",
        )
        .unwrap();
    let verdicts = thread::take(&mut connection, &steps);
    assert!(verdicts.iter().all(Result::is_err));
    assert!(sending(&connection).is_empty());
    assert!(connection.is_autocommit());
}

#[test]
fn errors_name_no_address() {
    let folder = tempfile::tempdir().unwrap();
    let connection = opened(folder.path());
    five(&connection);
    let error = connection
        .execute(
            "INSERT INTO suppression SELECT key, address, 9, 0, '' FROM subscriber",
            (),
        )
        .unwrap_err();
    let error = Failure::Sql(error).into_error(folder.path(), "testing");
    let mut words = format!("{error:?} {error}");
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        words += &error.to_string();
        cause = error.source();
    }
    assert!(words.contains("CHECK"), "{words}");
    assert!(!words.contains('@'), "{words}");
}
