//! A PostgreSQL server that is not what it should be, or has nothing left.

use std::path::Path;
use std::sync::Arc;

use letterpress::store::postgres::Settings;
use letterpress::store::{Ended, Error, Postgres, Step, Store, Verdict};

use crate::store::contract::{
    Kept, absorb, confirmed, due, due_now, finished, mailing, minute, numbered, readers, start,
    step,
};
use crate::store::server::{self, Database, named};

/// A URL of the database with TLS, by a name and what is trusted.
fn encrypted(database: &Database, host: &str, trusted: Option<&Path>) -> Result<Postgres, Error> {
    let mut url = url::Url::parse(&database.url()).unwrap();
    url.set_host(Some(host)).unwrap();
    url.query_pairs_mut().append_pair("sslmode", "verify-full");
    if let Some(path) = trusted {
        let path = path.to_str().unwrap();
        url.query_pairs_mut().append_pair("sslrootcert", path);
    }
    Postgres::open(Settings::parse(url.as_str()).unwrap())
}

fn assert_mistrusted(opened: Result<Postgres, Error>) {
    let refused = opened.expect_err("a stranger was trusted");
    let words = in_words(&refused);
    assert!(words.contains("certificate"), "{words}");
}

/// An error with its causes.
fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        words = format!("{words}: {next}");
        cause = next.source();
    }
    words
}

#[test]
fn a_server_is_trusted_by_its_certificate_alone() {
    let Some(folder) = named("LETTERPRESS_TEST_POSTGRES_CERTIFICATES") else {
        return;
    };
    let Some((store, database)) = server::made() else {
        return;
    };
    let authority = Path::new(&folder).join("authority.pem");
    let stranger = Path::new(&folder).join("stranger.pem");
    let opened = encrypted(&database, "localhost", Some(&authority)).unwrap();
    assert_eq!(opened.id(), store.id());
    database.run(
        "DO $$ BEGIN
            IF NOT EXISTS (SELECT 1 FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
                WHERE s.ssl AND a.datname = current_database()) THEN
                RAISE 'nobody here uses TLS';
            END IF;
         END $$",
    );
    assert_mistrusted(encrypted(&database, "localhost", Some(&stranger)));
    assert_mistrusted(encrypted(&database, "localhost", None));
    // The certificate is not of that name.
    assert_mistrusted(encrypted(&database, "127.0.0.1", Some(&authority)));
}

/// A store under a role of its own, which owns what is in the database and may have
/// so many connections.
fn as_role(database: &Database, connections: u32) -> Kept {
    let name = format!("owner_of_{}", database.name());
    database.run(&format!(
        "CREATE ROLE {name} LOGIN CONNECTION LIMIT {connections};
         ALTER DATABASE {} OWNER TO {name}; ALTER SCHEMA public OWNER TO {name}",
        database.name()
    ));
    let mut url = url::Url::parse(&database.url()).unwrap();
    url.set_username(&name).unwrap();
    let settings = Settings::parse(url.as_str()).unwrap();
    Arc::new(Postgres::create(settings).unwrap())
}

/// Takes the role of [`as_role`] away, and with it its tables.
fn without_role(database: &Database, store: Kept) {
    drop(store);
    let name = format!("owner_of_{}", database.name());
    database.run(&format!(
        "ALTER DATABASE {} OWNER TO postgres; DROP OWNED BY {name} CASCADE; DROP ROLE {name}",
        database.name()
    ));
}

#[tokio::test]
async fn a_server_out_of_connections_is_waited_for() {
    let Some(database) = Database::new() else {
        return;
    };
    let store = as_role(&database, 1);
    readers(&store, 40).await;
    let mailing = mailing(&store).await;
    let held = store.engage("one").await.unwrap();
    let all = due_now(&store, due(mailing, 2, 40)).await;
    // Far more at once than the server lets in.
    let mut asked = Vec::new();
    for reader in &all {
        let begin = Step {
            mailing,
            finished: None,
            next: start(*reader),
            now: minute(60),
        };
        asked.push(store.step(begin));
    }
    let lists: Vec<_> = (0..8).map(|_| store.tally(mailing)).collect();
    let limits = vec![("relay:x".to_owned(), "{}".to_owned())];
    let writes: Vec<_> = (0..4).map(|_| store.save_limits(limits.clone())).collect();
    for verdict in asked {
        assert_eq!(verdict.await.unwrap(), Verdict::Go);
    }
    for list in lists {
        list.await.unwrap();
    }
    for write in writes {
        write.await.unwrap();
    }
    drop(held);
    without_role(&database, store);
}

#[tokio::test]
async fn a_full_disk_is_said_and_loses_nothing() {
    let Some(small) = named("LETTERPRESS_TEST_POSTGRES_SMALL") else {
        return;
    };
    let Some(database) = Database::on(&small) else {
        return;
    };
    let store: Kept = Arc::new(Postgres::create(database.settings()).unwrap());
    readers(&store, 3).await;
    let mailing = mailing(&store).await;
    let reader = due_now(&store, due(mailing, 2, 3)).await[0];
    assert_eq!(
        step(&store, mailing, None, start(reader)).await,
        Verdict::Go
    );
    // Room for later, in a file of its own.
    database.run(
        "CREATE TABLE ballast AS SELECT repeat(md5(i::text), 30) AS words
         FROM generate_series(1, 6000) AS t(i)",
    );
    let mut pieces = 0;
    let full = loop {
        assert!(pieces < 1000, "the disk does not fill");
        let entries = (0..500).map(|number| {
            confirmed(&format!(
                "piece-{pieces}-{number}-{}@example.org",
                "x".repeat(40)
            ))
        });
        match store.absorb(entries.collect(), minute(1), true).await {
            Ok(_) => pieces += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, Error::Full { .. }), "{full:?}");
    // Nobody of the last piece is there, everybody of those before.
    let kept = store.count(letterpress::store::Search::default()).await;
    assert_eq!(kept.unwrap(), 3 + 500 * pieces);
    // With room again, all goes on where it stood.
    database.run("DROP TABLE ballast");
    step(&store, mailing, finished(reader, Ended::Accepted), None).await;
    absorb(&store, vec![confirmed("late@example.org")]).await;
    assert!(store.find(&numbered(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_failover_to_a_server_that_may_lose_commits_ends_sending() {
    let Some((store, database)) = server::made() else {
        return;
    };
    readers(&store, 2).await;
    let mailing = mailing(&store).await;
    let _held = store.engage("one").await.unwrap();
    let both = due_now(&store, due(mailing, 2, 2)).await;
    assert_eq!(
        step(&store, mailing, None, start(both[0])).await,
        Verdict::Go
    );
    // As one server that takes over from another: connections break, settings differ.
    database.run_beside(&format!(
        "ALTER DATABASE {0} SET synchronous_commit = off;
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = '{0}' AND pid <> pg_backend_pid()",
        database.name()
    ));
    let next = Step {
        mailing,
        finished: finished(both[0], Ended::Accepted),
        next: start(both[1]),
        now: minute(60),
    };
    let refused = store.step(next.clone()).await;
    assert!(
        matches!(refused, Err(Error::NotDurable { .. })),
        "{refused:?}"
    );
    database.run_beside(&format!(
        "ALTER DATABASE {} RESET synchronous_commit",
        database.name()
    ));
    assert_eq!(store.step(next).await.unwrap(), Verdict::Go);
}
