//! Random lives of a store: whatever happens in whatever order, nobody who left
//! is mailed, nobody is mailed twice and nobody is lost.

use std::collections::{BTreeMap, BTreeSet};

use letterpress::mailing::{Filter, MailingId, Stage, State};
use letterpress::store::{Ended, Verdict};
use letterpress::subscriber::{Reason, Status, SubscriberId};
use proptest::prelude::*;

use crate::store::contract::{
    Kept, absorb, address, confirmed, entry, finished, minute, new_mailing, start, step,
    suppression,
};

/// How many people there are.
const PEOPLE: usize = 6;

/// Something that happens.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Absorb(usize, Status),
    AbsorbSuppressed(usize, Reason),
    Leave(usize),
    Suppress(usize, Reason),
    SuppressDomain(usize),
    Erase(usize),
    Confirm(u8),
    Include,
    Start(usize),
    Finish(usize, Ended),
    Recover,
    Reopen(State),
    Stage(Stage),
}

pub(crate) fn events() -> impl Strategy<Value = Vec<Event>> {
    let who = 0..PEOPLE;
    let reason = prop::sample::select(Reason::ALL.to_vec());
    let status = prop::sample::select(vec![
        Status::Confirmed,
        Status::Confirmed,
        Status::Pending,
        Status::Unsubscribed,
    ]);
    let ended = prop::sample::select(vec![
        Ended::Accepted,
        Ended::Rejected(None),
        Ended::Rejected(Some(Reason::HardBounce)),
        Ended::Deferred(minute(3)),
        Ended::Unknown,
        Ended::Returned,
    ]);
    let stage = prop::sample::select(vec![
        Stage::Open,
        Stage::Open,
        Stage::Open,
        Stage::Paused,
        Stage::Finished,
        Stage::Cancelled,
    ]);
    let event = prop_oneof![
        4 => (who.clone(), status).prop_map(|(who, status)| Event::Absorb(who, status)),
        1 => (who.clone(), reason.clone())
            .prop_map(|(who, reason)| Event::AbsorbSuppressed(who, reason)),
        1 => who.clone().prop_map(Event::Leave),
        1 => (who.clone(), reason).prop_map(|(who, reason)| Event::Suppress(who, reason)),
        1 => who.clone().prop_map(Event::SuppressDomain),
        1 => who.clone().prop_map(Event::Erase),
        2 => (0..2_u8).prop_map(Event::Confirm),
        2 => Just(Event::Include),
        12 => who.clone().prop_map(Event::Start),
        8 => (who, ended).prop_map(|(who, ended)| Event::Finish(who, ended)),
        1 => Just(Event::Recover),
        2 => prop::sample::select(State::ALL.to_vec()).prop_map(Event::Reopen),
        2 => stage.prop_map(Event::Stage),
    ];
    // Everybody is there at first, so that something happens at all.
    prop::collection::vec(event, 1..60).prop_map(|mut events| {
        let mut all: Vec<Event> = (0..PEOPLE)
            .map(|who| Event::Absorb(who, Status::Confirmed))
            .collect();
        all.push(Event::Confirm(0));
        all.append(&mut events);
        all
    })
}

/// What we know of the store by what we did.
#[derive(Default)]
struct Model {
    /// Whose opt-out was said; nothing here ever lifts one.
    out: BTreeSet<usize>,
    ids: BTreeMap<usize, SubscriberId>,
    mailings: Vec<MailingId>,
    /// Deliveries that went out and may not again before they are open again.
    closed: BTreeSet<(MailingId, SubscriberId)>,
    /// How many each mailing was planned for.
    planned: BTreeMap<MailingId, u64>,
}

fn text(who: usize) -> String {
    format!("p{who}@d{who}.example.org")
}

/// Lives through the events in a fresh store.
pub(crate) async fn nobody_who_left_is_mailed_and_nobody_twice(store: Kept, events: Vec<Event>) {
    let mut model = Model::default();
    for event in events {
        live(&store, &mut model, event).await;
        for (mailing, planned) in &model.planned {
            let tally = store.tally(*mailing).await.unwrap();
            assert_eq!(tally.total(), *planned);
        }
    }
}

async fn live(store: &Kept, model: &mut Model, event: Event) {
    match event {
        Event::Absorb(who, status) => {
            absorb(store, vec![entry(&text(who), status)]).await;
            if status == Status::Unsubscribed {
                model.out.insert(who);
            }
        }
        Event::AbsorbSuppressed(who, reason) => {
            let mut told = confirmed(&text(who));
            told.suppression = Some(suppression(reason));
            absorb(store, vec![told]).await;
            model.out.insert(who);
        }
        Event::Leave(who) => {
            let left = store.set_status(&address(&text(who)), Status::Unsubscribed, minute(2));
            if left.await.unwrap() {
                model.out.insert(who);
            }
        }
        Event::Suppress(who, reason) => {
            store
                .suppress(&address(&text(who)), suppression(reason))
                .await
                .unwrap();
            model.out.insert(who);
        }
        Event::SuppressDomain(who) => {
            let domain = format!("d{who}.example.org");
            store
                .suppress_domain(&domain, suppression(Reason::Manual))
                .await
                .unwrap();
            model.out.insert(who);
        }
        Event::Erase(who) => {
            store.erase(&address(&text(who)), minute(2)).await.unwrap();
            model.out.insert(who);
        }
        Event::Confirm(issue) => {
            let new = new_mailing(&issue.to_string(), Filter::All);
            if let Ok((mailing, planned)) = store.confirm(new).await {
                model.mailings.push(mailing);
                model.planned.insert(mailing, planned.recipients);
            }
        }
        Event::Include => {
            for mailing in &model.mailings {
                let more = store.include(*mailing, Filter::All, minute(2));
                *model.planned.get_mut(mailing).unwrap() += more.await.unwrap().recipients;
            }
        }
        Event::Start(who) => begin(store, model, who).await,
        Event::Finish(who, ended) => {
            let Some(id) = id(store, model, who).await else {
                return;
            };
            for mailing in model.mailings.clone() {
                let was = sending(store, mailing).await.contains(&id);
                step(store, mailing, finished(id, ended), None).await;
                assert!(!sending(store, mailing).await.contains(&id));
                if !was {
                    continue;
                }
                match ended {
                    Ended::Deferred(_) | Ended::Returned => {
                        model.closed.remove(&(mailing, id));
                    }
                    Ended::Rejected(Some(_)) => {
                        model.out.insert(who);
                    }
                    _ => {}
                }
            }
        }
        Event::Recover => {
            let engagement = store.engage("a test").await.unwrap();
            store.recover(&engagement, minute(3)).await.unwrap();
            for mailing in &model.mailings {
                assert!(sending(store, *mailing).await.is_empty());
            }
        }
        Event::Reopen(which) => {
            for mailing in &model.mailings {
                let rows = store
                    .deliveries(*mailing, &[which], None, 99)
                    .await
                    .unwrap();
                let opened = store.reopen(*mailing, &[which], minute(3)).await.unwrap();
                let never = [State::Accepted, State::Sending, State::Cancelled];
                assert!(opened == 0 || !never.contains(&which), "{which:?}");
                if opened > 0 {
                    for row in rows {
                        model.closed.remove(&(*mailing, row.subscriber));
                    }
                }
            }
        }
        Event::Stage(stage) => {
            for mailing in &model.mailings {
                store
                    .set_stage(*mailing, stage, "", minute(3))
                    .await
                    .unwrap();
            }
        }
    }
}

async fn begin(store: &Kept, model: &mut Model, who: usize) {
    let Some(id) = id(store, model, who).await else {
        return;
    };
    for mailing in model.mailings.clone() {
        let verdict = step(store, mailing, None, start(id)).await;
        if verdict == Verdict::Go {
            assert!(!model.out.contains(&who), "mailed somebody who is out");
            let first = model.closed.insert((mailing, id));
            assert!(first, "mailed somebody twice");
        }
    }
}

/// The number of a person, also of one who was erased since.
async fn id(store: &Kept, model: &mut Model, who: usize) -> Option<SubscriberId> {
    if let Some((id, _)) = store.find(&address(&text(who))).await.unwrap() {
        model.ids.insert(who, id);
    }
    model.ids.get(&who).copied()
}

async fn sending(store: &Kept, mailing: MailingId) -> BTreeSet<SubscriberId> {
    store
        .deliveries(mailing, &[State::Sending], None, 99)
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.subscriber)
        .collect()
}
