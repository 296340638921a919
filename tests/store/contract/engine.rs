//! Steps: what keeps a delivery from being lost or made twice.

use letterpress::mailing::{Stage, State};
use letterpress::store::copy::{Cell, TABLES};
use letterpress::store::{Cursor, Ended, Error, Skip, Step, Verdict};
use letterpress::subscriber::{Reason, Status, SubscriberId};

use crate::store::contract::{
    Kept, absorb, confirmed, deliver, due, due_now, finished, id_of, mailing, minute, numbered,
    readers, start, state, step, suppression,
};

pub(crate) async fn a_delivery_is_handed_over_once(store: Kept) {
    readers(&store, 1).await;
    let mailing = mailing(&store).await;
    let reader = due_now(&store, due(mailing, 2, 10)).await[0];
    assert_eq!(
        step(&store, mailing, None, start(reader)).await,
        Verdict::Go
    );
    assert_eq!(state(&store, mailing, reader).await, State::Sending);
    let again = step(&store, mailing, None, start(reader)).await;
    assert_eq!(again, Verdict::Withheld(Stage::Open));
    assert!(due_now(&store, due(mailing, 2, 10)).await.is_empty());

    step(&store, mailing, finished(reader, Ended::Accepted), None).await;
    assert_eq!(state(&store, mailing, reader).await, State::Accepted);
    let again = step(&store, mailing, None, start(reader)).await;
    assert_eq!(again, Verdict::Withheld(Stage::Open));
}

pub(crate) async fn an_outcome_and_the_next_start_are_one_step(store: Kept) {
    readers(&store, 2).await;
    let mailing = mailing(&store).await;
    let both = due_now(&store, due(mailing, 2, 10)).await;
    step(&store, mailing, None, start(both[0])).await;
    let outcome = finished(both[0], Ended::Accepted);
    assert_eq!(
        step(&store, mailing, outcome, start(both[1])).await,
        Verdict::Go
    );
    let rows = store.deliveries(mailing, &[], None, 10).await.unwrap();
    assert_eq!(rows[0].state, State::Accepted);
    assert_eq!(rows[0].relay_id.as_deref(), Some("4F1A2B"));
    assert_eq!(rows[0].attempts, 1);
    assert_eq!(rows[1].state, State::Sending);
    assert_eq!(rows[1].message_id.as_deref(), Some("<2@example.org>"));
}

pub(crate) async fn an_outcome_of_what_is_not_under_way_changes_nothing(store: Kept) {
    readers(&store, 1).await;
    let mailing = mailing(&store).await;
    let reader = due_now(&store, due(mailing, 2, 10)).await[0];
    step(&store, mailing, finished(reader, Ended::Accepted), None).await;
    assert_eq!(state(&store, mailing, reader).await, State::Pending);
    deliver(&store, mailing, reader, Ended::Accepted).await;
    let late = finished(reader, Ended::Rejected(Some(Reason::HardBounce)));
    step(&store, mailing, late, None).await;
    assert_eq!(state(&store, mailing, reader).await, State::Accepted);
    assert!(store.suppressions(None, 10).await.unwrap().is_empty());
}

pub(crate) async fn whoever_left_or_was_suppressed_since_the_plan_is_skipped(store: Kept) {
    let list = ["left", "bounced", "erased", "pending"]
        .map(|name| confirmed(&format!("{name}@example.org")));
    absorb(&store, list.to_vec()).await;
    absorb(&store, vec![confirmed("anyone@example.net")]).await;
    let mailing = mailing(&store).await;
    let everybody = due_now(&store, due(mailing, 2, 10)).await;
    assert_eq!(everybody.len(), 5);

    let one = |name: &str| crate::store::contract::address(&format!("{name}@example.org"));
    store
        .set_status(&one("left"), Status::Unsubscribed, minute(2))
        .await
        .unwrap();
    store
        .suppress(&one("bounced"), suppression(Reason::HardBounce))
        .await
        .unwrap();
    store.erase(&one("erased"), minute(2)).await.unwrap();
    store
        .set_status(&one("pending"), Status::Pending, minute(2))
        .await
        .unwrap();
    store
        .suppress_domain("@Example.NET", suppression(Reason::Manual))
        .await
        .unwrap();

    let mut verdicts = Vec::new();
    for reader in &everybody {
        verdicts.push(step(&store, mailing, None, start(*reader)).await);
    }
    let expected = [
        Verdict::Skipped(Skip::Unsubscribed),
        Verdict::Skipped(Skip::Suppressed(Reason::HardBounce)),
        // Skipped when they were erased.
        Verdict::Withheld(Stage::Open),
        Verdict::Skipped(Skip::Unsubscribed),
        Verdict::Skipped(Skip::DomainSuppressed),
    ];
    assert_eq!(verdicts, expected);
    let tally = store.tally(mailing).await.unwrap();
    assert_eq!(tally.of(State::Skipped), 5);
}

pub(crate) async fn nothing_starts_unless_the_mailing_is_open(store: Kept) {
    readers(&store, 2).await;
    let mailing = mailing(&store).await;
    let both = due_now(&store, due(mailing, 2, 10)).await;
    step(&store, mailing, None, start(both[0])).await;
    let changed = store.set_stage(mailing, Stage::Paused, "tea", minute(3));
    assert!(changed.await.unwrap());
    let outcome = finished(both[0], Ended::Accepted);
    assert_eq!(
        step(&store, mailing, outcome, start(both[1])).await,
        Verdict::Withheld(Stage::Paused)
    );
    // The outcome counts all the same.
    assert_eq!(state(&store, mailing, both[0]).await, State::Accepted);
    assert_eq!(state(&store, mailing, both[1]).await, State::Pending);
    assert_eq!(store.mailings().await.unwrap()[0].why, "tea");
}

pub(crate) async fn what_is_returned_is_as_it_was(store: Kept) {
    readers(&store, 1).await;
    let mailing = mailing(&store).await;
    let reader = due_now(&store, due(mailing, 2, 10)).await[0];
    deliver(&store, mailing, reader, Ended::Returned).await;
    let candidate = store.due(due(mailing, 2, 10)).await.unwrap().remove(0);
    assert_eq!((candidate.attempts, candidate.first_attempt), (0, None));
    assert_eq!(state(&store, mailing, reader).await, State::Pending);

    deliver(&store, mailing, reader, Ended::Deferred(minute(30))).await;
    deliver(&store, mailing, reader, Ended::Returned).await;
    let row = store
        .deliveries(mailing, &[], None, 1)
        .await
        .unwrap()
        .remove(0);
    assert_eq!((row.state, row.attempts), (State::Deferred, 1));
    assert_eq!(row.due, Some(minute(30)));
    assert_eq!(row.reply.unwrap().code, 451);
}

pub(crate) async fn a_refusal_for_good_suppresses_where_it_says_so(store: Kept) {
    readers(&store, 2).await;
    let mailing = mailing(&store).await;
    let both = due_now(&store, due(mailing, 2, 10)).await;
    deliver(
        &store,
        mailing,
        both[0],
        Ended::Rejected(Some(Reason::HardBounce)),
    )
    .await;
    deliver(&store, mailing, both[1], Ended::Rejected(None)).await;
    let held = store.suppressions(None, 10).await.unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].0, "reader0@example.org");
    assert_eq!(held[0].1.reason, Reason::HardBounce);
    assert_eq!(held[0].1.note, "5.1.1 no such user");
}

pub(crate) async fn deferred_deliveries_come_back_when_due_and_behind_new_ones(store: Kept) {
    readers(&store, 3).await;
    let mailing = mailing(&store).await;
    let all = due_now(&store, due(mailing, 2, 10)).await;
    deliver(&store, mailing, all[0], Ended::Deferred(minute(30))).await;
    assert_eq!(due_now(&store, due(mailing, 29, 10)).await, all[1..]);
    let order = [all[1], all[2], all[0]];
    assert_eq!(due_now(&store, due(mailing, 30, 10)).await, order);

    let mut rest = due(mailing, 30, 10);
    rest.after = Some(Cursor {
        due: 0,
        subscriber: all[1],
    });
    let found = store.due(rest).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[1].subscriber, all[0]);
    assert_eq!(
        (found[1].attempts, found[1].first_attempt),
        (1, Some(minute(60)))
    );
    let tally = store.tally(mailing).await.unwrap();
    assert_eq!(tally.next_due, Some(minute(30)));

    let mut behind = due(mailing, 30, 10);
    behind.after = Some(found[1].cursor);
    assert!(due_now(&store, behind).await.is_empty());
}

pub(crate) async fn one_provider_can_be_asked_for_alone(store: Kept) {
    let mut list = Vec::new();
    for number in 0..4 {
        list.push(confirmed(&format!("a{number}@gmail.com")));
        list.push(confirmed(&format!("b{number}@example.org")));
        list.push(confirmed(&format!("c{number}@googlemail.com")));
    }
    absorb(&store, list).await;
    let mailing = mailing(&store).await;
    let mut wanted = due(mailing, 60, 100);
    wanted.provider = Some("gmail.com".to_owned());
    let all = store.due(wanted.clone()).await.unwrap();
    assert_eq!(all.len(), 8);
    assert!(all.iter().all(|one| one.provider == "gmail.com"));
    for index in [1, 3] {
        let later = Ended::Deferred(minute(30 - index as i64));
        deliver(&store, mailing, all[index].subscriber, later).await;
    }
    deliver(&store, mailing, all[0].subscriber, Ended::Accepted).await;
    // In pieces, each behind the one before.
    let mut seen = Vec::new();
    wanted.limit = 2;
    loop {
        let piece = store.due(wanted.clone()).await.unwrap();
        let Some(last) = piece.last() else {
            break;
        };
        wanted.after = Some(last.cursor);
        seen.extend(piece.into_iter().map(|one| one.subscriber));
    }
    let expected: Vec<SubscriberId> = [2, 4, 5, 6, 7, 3, 1]
        .into_iter()
        .map(|index| all[index].subscriber)
        .collect();
    assert_eq!(seen, expected);
}

pub(crate) async fn what_a_dead_process_left_becomes_unknown(store: Kept) {
    readers(&store, 3).await;
    let mailing = mailing(&store).await;
    let all = due_now(&store, due(mailing, 2, 10)).await;
    deliver(&store, mailing, all[0], Ended::Accepted).await;
    step(&store, mailing, None, start(all[1])).await;
    let engagement = store.engage("a test").await.unwrap();
    assert_eq!(store.recover(&engagement, minute(5)).await.unwrap(), 1);
    assert_eq!(store.recover(&engagement, minute(5)).await.unwrap(), 0);
    let rows = store.deliveries(mailing, &[], None, 10).await.unwrap();
    let states: Vec<State> = rows.iter().map(|row| row.state).collect();
    assert_eq!(states, [State::Accepted, State::Unknown, State::Pending]);
    assert!(rows[1].note.contains("ended"), "{}", rows[1].note);
    let again = step(&store, mailing, None, start(all[1])).await;
    assert_eq!(again, Verdict::Withheld(Stage::Open));
}

pub(crate) async fn only_the_editor_reopens_and_never_what_was_taken_over(store: Kept) {
    readers(&store, 4).await;
    let mailing = mailing(&store).await;
    let all = due_now(&store, due(mailing, 2, 10)).await;
    deliver(&store, mailing, all[0], Ended::Accepted).await;
    deliver(&store, mailing, all[1], Ended::Unknown).await;
    deliver(&store, mailing, all[2], Ended::Deferred(minute(500))).await;
    step(&store, mailing, None, start(all[3])).await;
    let opened = store
        .reopen(mailing, &State::ALL, minute(10))
        .await
        .unwrap();
    assert_eq!(opened, 2);
    assert_eq!(due_now(&store, due(mailing, 10, 10)).await, all[1..3]);
    assert_eq!(state(&store, mailing, all[1]).await, State::Pending);
    deliver(&store, mailing, all[1], Ended::Accepted).await;
}

pub(crate) async fn what_is_not_due_yet_is_withheld(store: Kept) {
    readers(&store, 1).await;
    let mailing = mailing(&store).await;
    let reader = due_now(&store, due(mailing, 2, 10)).await[0];
    deliver(&store, mailing, reader, Ended::Deferred(minute(500))).await;
    let early = step(&store, mailing, None, start(reader)).await;
    assert_eq!(early, Verdict::Withheld(Stage::Open));
    assert_eq!(state(&store, mailing, reader).await, State::Deferred);
}

pub(crate) async fn a_cancelled_mailing_stays_so(store: Kept) {
    readers(&store, 3).await;
    let mailing = mailing(&store).await;
    let all = due_now(&store, due(mailing, 2, 10)).await;
    deliver(&store, mailing, all[0], Ended::Accepted).await;
    step(&store, mailing, None, start(all[1])).await;
    let cancel = store.set_stage(mailing, Stage::Cancelled, "wrong", minute(3));
    assert!(cancel.await.unwrap());
    assert_eq!(state(&store, mailing, all[2]).await, State::Cancelled);
    // What was under way then and would be tried again is not.
    let outcome = finished(all[1], Ended::Deferred(minute(30)));
    step(&store, mailing, outcome, None).await;
    assert_eq!(state(&store, mailing, all[1]).await, State::Cancelled);
    let open = store.set_stage(mailing, Stage::Open, "", minute(4));
    assert!(!open.await.unwrap());
    assert!(due_now(&store, due(mailing, 99, 10)).await.is_empty());
}

pub(crate) async fn one_sends_at_a_time(store: Kept) {
    assert_eq!(store.engaged().await.unwrap(), None);
    let first = store.engage("letterpress send, process 7").await.unwrap();
    let who = store.engaged().await.unwrap();
    assert_eq!(who.as_deref(), Some("letterpress send, process 7"));
    match store.engage("another").await {
        Err(Error::Engaged { who }) => assert_eq!(who, "letterpress send, process 7"),
        other => panic!("{other:?}"),
    }
    drop(first);
    assert_eq!(store.engaged().await.unwrap(), None);
    store.engage("another").await.unwrap();
}

pub(crate) async fn many_connections_step_at_once(store: Kept) {
    readers(&store, 200).await;
    let mailing = mailing(&store).await;
    let all = due_now(&store, due(mailing, 2, 200)).await;
    let mut connections = Vec::new();
    for part in all.chunks(10) {
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
    let tally = store.tally(mailing).await.unwrap();
    assert_eq!(tally.of(State::Accepted), 200);
    assert_eq!(tally.total(), 200);
}

pub(crate) async fn a_history_tells_what_was_sent(store: Kept) {
    readers(&store, 1).await;
    let mailing = mailing(&store).await;
    let reader = id_of(&store, numbered(0).as_str()).await;
    deliver(&store, mailing, reader, Ended::Deferred(minute(30))).await;
    deliver(&store, mailing, reader, Ended::Accepted).await;
    let past = store.history(reader).await.unwrap();
    assert_eq!(past.len(), 1);
    assert_eq!(
        (past[0].issue.as_str(), past[0].state),
        ("1", State::Accepted)
    );
    assert_eq!(past[0].reply.as_ref().unwrap().code, 250);
    assert_eq!(past[0].at, Some(minute(60)));
}

pub(crate) async fn limits_are_remembered_by_name(store: Kept) {
    let pair = |scope: &str, state: &str| (scope.to_owned(), state.to_owned());
    let both = vec![pair("gmail.com", "{}"), pair("relay", "1")];
    store.save_limits(both).await.unwrap();
    let change = vec![pair("gmail.com", ""), pair("relay", "2")];
    store.save_limits(change).await.unwrap();
    assert_eq!(store.limits().await.unwrap(), [pair("relay", "2")]);
}

pub(crate) async fn a_history_of_tries_tells_when_each_of_them_ended(store: Kept) {
    readers(&store, 1).await;
    let mailing = mailing(&store).await;
    let reader = due_now(&store, due(mailing, 2, 10)).await[0];
    let at = async |minutes, finished, next| {
        let step = Step {
            mailing,
            finished,
            next,
            now: minute(minutes),
        };
        store.step(step).await.unwrap()
    };
    let deferred = || finished(reader, Ended::Deferred(minute(15)));
    at(10, None, start(reader)).await;
    at(11, deferred(), None).await;
    at(20, None, start(reader)).await;
    // The connection broke before anything was said: that was no try.
    at(21, finished(reader, Ended::Returned), None).await;
    at(30, None, start(reader)).await;
    at(31, finished(reader, Ended::Unknown), None).await;
    store
        .reopen(mailing, &[State::Unknown], minute(40))
        .await
        .unwrap();
    at(50, None, start(reader)).await;
    at(51, finished(reader, Ended::Accepted), None).await;

    let table = TABLES.iter().find(|one| one.name == "attempt").unwrap();
    let place = |name| table.columns.iter().position(|(one, _)| *one == name);
    let (number, time) = (place("number").unwrap(), place("at").unwrap());
    let tries = store.dump(table, None, 10).await.unwrap();
    let tries: Vec<_> = tries
        .iter()
        .map(|row| (row[number].clone(), row[time].clone()))
        .collect();
    let ended = |minutes| Cell::Int(minute(minutes).timestamp_millis());
    let expected = [(1, ended(11)), (2, ended(31))].map(|(n, at)| (Cell::Int(n), at));
    assert_eq!(tries, expected);
    let rows = store.deliveries(mailing, &[], None, 10).await.unwrap();
    assert_eq!(rows[0].at, Some(minute(51)));
}

pub(crate) async fn what_comes_back_can_begin_again_in_the_same_step(store: Kept) {
    readers(&store, 1).await;
    let mailing = mailing(&store).await;
    let reader = due_now(&store, due(mailing, 2, 10)).await[0];
    step(&store, mailing, None, start(reader)).await;
    let returned = finished(reader, Ended::Returned);
    let again = step(&store, mailing, returned, start(reader)).await;
    assert_eq!(again, Verdict::Go);
    step(&store, mailing, finished(reader, Ended::Accepted), None).await;
    let rows = store.deliveries(mailing, &[], None, 10).await.unwrap();
    assert_eq!((rows[0].state, rows[0].attempts), (State::Accepted, 1));
}
