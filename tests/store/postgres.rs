//! The store in PostgreSQL: what it promises as a store, directly and through
//! PgBouncer, and what to several who send.

use std::sync::Arc;
use std::time::Duration;

use letterpress::mailing::{Stage, State};
use letterpress::store::{Ended, Error, Postgres, Step, Store, Verdict};
use proptest::prelude::*;

use crate::store::contract::{
    Kept, due, due_now, events, finished, mailing, minute, random, readers, start, state, step,
};
use crate::store::server::{self, Database};

mod direct {
    use crate::store::contract::every_promise;
    use crate::store::server;

    every_promise!(server::made);
}

mod pooled {
    use crate::store::contract::every_promise;
    use crate::store::server;

    every_promise!(server::pooled);
}

/// Shorter than the longest that any test waits.
const LEASE: Duration = Duration::from_millis(400);

/// Another process, as far as the database can tell.
fn another(database: &Database) -> Kept {
    Arc::new(Postgres::open_with(database.settings(), LEASE).unwrap())
}

/// Waits until it is so, but not for ever.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..400 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{what} does not come");
}

fn waiting<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(6) })]

    #[test]
    fn nobody_who_left_is_mailed_and_nobody_twice(events in events()) {
        if let Some((store, _database)) = server::made() {
            waiting(random::nobody_who_left_is_mailed_and_nobody_twice(store, events));
        }
    }
}

#[test]
fn a_store_is_made_only_where_that_is_asked_for() {
    let Some(database) = Database::new() else {
        return;
    };
    let open = || Postgres::open(database.settings());
    assert!(matches!(open(), Err(Error::Missing { .. })));
    let id = Postgres::create(database.settings()).unwrap().id();
    assert_eq!(open().unwrap().id(), id);
    assert_eq!(Postgres::create(database.settings()).unwrap().id(), id);
}

#[test]
fn what_is_no_store_is_left_alone() {
    let Some(database) = Database::new() else {
        return;
    };
    database.run("CREATE TABLE meta (name TEXT, value TEXT); CREATE TABLE subscriber ()");
    let made = Postgres::create(database.settings());
    assert!(matches!(made, Err(Error::Damaged { .. })), "{made:?}");
}

#[test]
fn a_newer_layout_refuses_an_older_program_that_begins_and_one_that_runs() {
    let Some((store, database)) = server::made() else {
        return;
    };
    waiting(async {
        readers(&store, 1).await;
        let mailing = mailing(&store).await;
        database.run(
            "UPDATE meta SET value = '999' WHERE name = 'layout';
             ALTER FUNCTION letterpress_claim RENAME TO letterpress_claim_2",
        );
        let refused = store.due(due(mailing, 2, 10)).await;
        assert!(
            matches!(refused, Err(Error::Newer { found: 999, .. })),
            "{refused:?}"
        );
    });
    let refused = Postgres::open(database.settings());
    let Err(Error::Newer { found: 999, .. }) = refused else {
        panic!("{refused:?}");
    };
}

#[test]
fn two_who_begin_at_once_make_one_store() {
    let Some(database) = Database::new() else {
        return;
    };
    let ids: Vec<_> = std::thread::scope(|scope| {
        let many: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| Postgres::create(database.settings()).unwrap().id()))
            .collect();
        many.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]));
}

#[test]
fn a_server_that_may_lose_what_it_confirmed_is_refused() {
    let Some((store, database)) = server::made() else {
        return;
    };
    database.run_beside(&format!(
        "ALTER DATABASE {} SET synchronous_commit = off",
        database.name()
    ));
    let refused = Postgres::open(database.settings());
    assert!(
        matches!(refused, Err(Error::NotDurable { .. })),
        "{refused:?}"
    );
    drop(store);
}

#[tokio::test]
async fn several_send_and_none_is_given_what_another_has() {
    let Some((one, database)) = server::made() else {
        return;
    };
    let other = another(&database);
    readers(&one, 20).await;
    let mailing = mailing(&one).await;
    let first = one.engage("one").await.unwrap();
    let second = other.engage("other").await.unwrap();
    let whos: Vec<String> = one
        .workers()
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.who)
        .collect();
    assert_eq!(whos, ["one", "other"]);

    let here = due_now(&one, due(mailing, 2, 8)).await;
    let there = due_now(&other, due(mailing, 2, 100)).await;
    assert_eq!((here.len(), there.len()), (8, 12));
    assert!(here.iter().all(|one| !there.contains(one)));
    // What the other has is not to be begun here.
    let taken = step(&one, mailing, None, start(there[0])).await;
    assert_eq!(taken, Verdict::Withheld(Stage::Open));

    // What is given back, or left, is free for the other.
    one.release(mailing, here[..3].to_vec()).await.unwrap();
    assert_eq!(due_now(&other, due(mailing, 2, 100)).await.len(), 15);
    drop(first);
    until("what was claimed", async || {
        due_now(&other, due(mailing, 2, 100)).await.len() == 20
    })
    .await;
    drop(second);
}

#[tokio::test]
async fn whose_lease_ran_out_writes_nothing_more() {
    let Some((one, database)) = server::made() else {
        return;
    };
    readers(&one, 3).await;
    let mailing = mailing(&one).await;
    // It gives no sign of life while this lasts.
    let lease = Duration::from_secs(3600);
    let lost: Kept = Arc::new(Postgres::open_with(database.settings(), lease).unwrap());
    let engagement = lost.engage("lost").await.unwrap();
    let all = due_now(&lost, due(mailing, 2, 10)).await;
    assert_eq!(step(&lost, mailing, None, start(all[0])).await, Verdict::Go);
    assert_eq!(step(&lost, mailing, None, start(all[1])).await, Verdict::Go);
    // Its clock ran out, and nobody took over yet: what it has to say counts.
    database.run("UPDATE worker SET until = 0");
    step(&lost, mailing, finished(all[0], Ended::Accepted), None).await;
    assert_eq!(state(&one, mailing, all[0]).await, State::Accepted);

    database.run("UPDATE worker SET until = 0");
    let other = one.engage("other").await.unwrap();
    one.recover(&other, minute(5)).await.unwrap();
    let late = Step {
        mailing,
        finished: finished(all[1], Ended::Accepted),
        next: start(all[2]),
        now: minute(60),
    };
    let refused = lost.step(late).await;
    assert!(matches!(refused, Err(Error::Fenced)), "{refused:?}");
    assert_eq!(state(&one, mailing, all[1]).await, State::Unknown);
    assert_eq!(state(&one, mailing, all[2]).await, State::Pending);
    // The one that was only claimed is free.
    assert_eq!(due_now(&one, due(mailing, 2, 10)).await, [all[2]]);
    drop(engagement);
}

#[tokio::test]
async fn the_living_take_over_from_the_dead() {
    let Some((one, database)) = server::made() else {
        return;
    };
    readers(&one, 4).await;
    let mailing = mailing(&one).await;
    let dead = another(&database);
    std::mem::forget(dead.engage("dead").await.unwrap());
    let all = due_now(&dead, due(mailing, 2, 3)).await;
    step(&dead, mailing, None, start(all[0])).await;
    // Its beats stop: as if it had been killed.
    database.run("UPDATE worker SET dead = true");
    let living = another(&database);
    let _held = living.engage("living").await.unwrap();
    until("the end of the dead", async || {
        state(&living, mailing, all[0]).await == State::Unknown
            && due_now(&living, due(mailing, 2, 10)).await.len() == 3
    })
    .await;
}

#[tokio::test]
async fn connections_that_break_lose_nothing_and_double_nothing() {
    let Some((store, database)) = server::made() else {
        return;
    };
    readers(&store, 300).await;
    let mailing = mailing(&store).await;
    let _held = store.engage("one").await.unwrap();
    let all = due_now(&store, due(mailing, 2, 300)).await;
    let breaker = {
        let killing = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = '{}' AND pid <> pg_backend_pid()",
            database.name()
        );
        let url = database.url();
        tokio::spawn(async move {
            for _ in 0..12 {
                tokio::time::sleep(Duration::from_millis(15)).await;
                let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
                    .await
                    .unwrap();
                tokio::spawn(connection);
                let _ = client.batch_execute(&killing).await;
            }
        })
    };
    let mut connections = Vec::new();
    for part in all.chunks(75) {
        let (store, part) = (store.clone(), part.to_vec());
        connections.push(tokio::spawn(async move {
            let mut last = None;
            for reader in part {
                let outcome = last.and_then(|last| finished(last, Ended::Accepted));
                let verdict = step(&store, mailing, outcome, start(reader)).await;
                assert_eq!(verdict, Verdict::Go);
                last = Some(reader);
            }
            let outcome = last.and_then(|last| finished(last, Ended::Accepted));
            step(&store, mailing, outcome, None).await;
        }));
    }
    for connection in connections {
        connection.await.unwrap();
    }
    breaker.await.unwrap();
    let rows = store.deliveries(mailing, &[], None, 1000).await.unwrap();
    assert_eq!(rows.len(), 300);
    assert!(
        rows.iter()
            .all(|row| row.state == State::Accepted && row.attempts == 1)
    );
}

#[tokio::test]
async fn a_beginning_that_a_failover_lost_is_made_good_by_its_outcome() {
    let Some((store, database)) = server::made() else {
        return;
    };
    readers(&store, 1).await;
    let mailing = mailing(&store).await;
    let _held = store.engage("one").await.unwrap();
    let reader = due_now(&store, due(mailing, 2, 10)).await[0];
    step(&store, mailing, None, start(reader)).await;
    database.run("UPDATE delivery SET token = NULL, attempts = 0");
    step(&store, mailing, finished(reader, Ended::Accepted), None).await;
    assert_eq!(state(&store, mailing, reader).await, State::Accepted);
}
