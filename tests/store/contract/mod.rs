//! The promises of `Store`. Each function takes an empty store; whoever adds a
//! second store calls `promises!` with a way to make one.

pub(crate) mod door;
pub(crate) mod engine;
pub(crate) mod people;
pub(crate) mod plan;
pub(crate) mod random;
pub(crate) mod returns;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use letterpress::mailing::{Filter, MailingId, Phase, Reply, Stage, State};
use letterpress::store::{Absorbed, Due, Ended, Finished, NewMailing, Start, Step, Store, Verdict};
use letterpress::subscriber::{
    Address, Entry, Reason, Status, Subscriber, SubscriberId, Suppression,
};

pub(crate) use random::events;

/// A store that all tasks of a test share.
pub(crate) type Kept = Arc<dyn Store>;

/// Runs every promise against the stores that `$make` makes: it gives a store
/// and what must live as long.
macro_rules! promises {
    ($make:path: $($theme:ident { $($name:ident)* })*) => {$($(
        #[tokio::test]
        async fn $name() {
            let (store, _held) = $make();
            $crate::store::contract::$theme::$name(store).await;
        }
    )*)*};
}
pub(crate) use promises;

/// Minutes after the beginning of the tests' time.
pub(crate) fn minute(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap() + TimeDelta::minutes(minutes)
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(crate) fn numbered(number: usize) -> Address {
    address(&format!("reader{number}@example.org"))
}

pub(crate) fn entry(text: &str, status: Status) -> Entry {
    Entry {
        subscriber: Subscriber::new(address(text), status),
        suppression: None,
    }
}

pub(crate) fn confirmed(text: &str) -> Entry {
    entry(text, Status::Confirmed)
}

pub(crate) fn suppression(reason: Reason) -> Suppression {
    Suppression {
        reason,
        at: minute(0),
        note: "because".to_owned(),
    }
}

pub(crate) async fn absorb(store: &Kept, entries: Vec<Entry>) -> Vec<Absorbed> {
    store.absorb(entries, minute(0), true).await.unwrap()
}

/// So many confirmed readers.
pub(crate) async fn readers(store: &Kept, count: usize) {
    let entries = (0..count)
        .map(|number| confirmed(numbered(number).as_str()))
        .collect();
    absorb(store, entries).await;
}

pub(crate) fn new_mailing(issue: &str, filter: Filter) -> NewMailing {
    NewMailing {
        issue: issue.to_owned(),
        title: format!("Issue {issue}"),
        digest: "digest".to_owned(),
        content: b"frozen".to_vec(),
        filter,
        filter_text: String::new(),
        stage: Stage::Open,
        starts_at: minute(1),
        now: minute(1),
    }
}

/// A mailing to everybody.
pub(crate) async fn mailing(store: &Kept) -> MailingId {
    let (mailing, _) = store.confirm(new_mailing("1", Filter::All)).await.unwrap();
    mailing
}

pub(crate) fn start(subscriber: SubscriberId) -> Option<Start> {
    Some(Start {
        subscriber,
        message_id: format!("<{}@example.org>", subscriber.0),
    })
}

pub(crate) fn finished(subscriber: SubscriberId, ended: Ended) -> Option<Finished> {
    let reply = match ended {
        Ended::Accepted => Some(Reply::new(250, "2.0.0 Ok: queued as 4F1A2B")),
        Ended::Rejected(_) => Some(Reply::new(550, "5.1.1 no such user")),
        Ended::Deferred(_) => Some(Reply::new(451, "4.7.1 later")),
        Ended::Unknown | Ended::Returned => None,
    };
    Some(Finished {
        subscriber,
        ended,
        phase: Phase::Content,
        reply,
        note: String::new(),
    })
}

pub(crate) async fn step(
    store: &Kept,
    mailing: MailingId,
    finished: Option<Finished>,
    next: Option<Start>,
) -> Verdict {
    let step = Step {
        mailing,
        finished,
        next,
        now: minute(60),
    };
    store.step(step).await.unwrap()
}

/// One delivery from its beginning to its end.
pub(crate) async fn deliver(
    store: &Kept,
    mailing: MailingId,
    subscriber: SubscriberId,
    ended: Ended,
) {
    assert_eq!(
        step(store, mailing, None, start(subscriber)).await,
        Verdict::Go
    );
    let recorded = step(store, mailing, finished(subscriber, ended), None).await;
    assert_eq!(recorded, Verdict::Recorded);
}

pub(crate) fn due(mailing: MailingId, minutes: i64, limit: usize) -> Due {
    Due {
        mailing,
        now: minute(minutes),
        provider: None,
        after: None,
        limit,
    }
}

/// Who is due, in their order.
pub(crate) async fn due_now(store: &Kept, due: Due) -> Vec<SubscriberId> {
    let candidates = store.due(due).await.unwrap();
    candidates
        .into_iter()
        .map(|candidate| candidate.subscriber)
        .collect()
}

pub(crate) async fn id_of(store: &Kept, text: &str) -> SubscriberId {
    let found = store.find(&address(text)).await.unwrap();
    found.unwrap().0
}

/// The state of one delivery.
pub(crate) async fn state(store: &Kept, mailing: MailingId, subscriber: SubscriberId) -> State {
    let after = SubscriberId(subscriber.0 - 1);
    let rows = store
        .deliveries(mailing, &[], Some(after), 1)
        .await
        .unwrap();
    assert_eq!(rows[0].subscriber, subscriber);
    rows[0].state
}
