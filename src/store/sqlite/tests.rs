use chrono::Utc;
use rusqlite::Connection;

use super::*;

/// An empty store of the newest layout.
fn opened(folder: &Path) -> Connection {
    let path = folder.join("letterpress.db");
    make_file(&path).unwrap();
    let mut connection = connect(&path, Role::Writer, Options::default()).unwrap();
    migrate(&mut connection, &path, true).unwrap();
    connection
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
