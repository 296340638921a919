//! Two engines on one PostgreSQL database: what holds for one holds for both
//! together. Nothing here looks at a clock but one that stands still.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use letterpress::delivery::{self, End, Relay, Run, Settings, Stop, Watch};
use letterpress::email::Message;
use letterpress::mailing::{Filter, Mailing, Pace, Phase, Reply, Stage, State, Tally};
use letterpress::store::{NewMailing, Postgres, Store};
use letterpress::transport::{Answer, Cause, Failure, Permission, Receipt, Transport};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::delivery::rig::{Fate, World, compose, relay};
use crate::store::contract::{minute, readers};
use crate::store::server::{self, Database};

const READERS: usize = 120;

/// A list, a mailing of it, and a database that is dropped last.
struct Pair {
    stores: [Arc<dyn Store>; 2],
    mailing: Mailing,
    _database: Database,
}

impl Pair {
    async fn new() -> Option<Pair> {
        let (store, database) = server::made()?;
        readers(&store, READERS).await;
        let (id, _) = store
            .confirm(NewMailing {
                issue: "7".to_owned(),
                title: "Seven".to_owned(),
                digest: "0".repeat(64),
                content: b"frozen".to_vec(),
                filter: Filter::All,
                filter_text: String::new(),
                stage: Stage::Open,
                starts_at: now(),
                now: now(),
            })
            .await
            .unwrap();
        let all = store.mailings().await.unwrap();
        let mailing = all.into_iter().find(|one| one.id == id).unwrap();
        let other = Postgres::open(database.settings()).unwrap();
        Some(Pair {
            stores: [store, Arc::new(other)],
            mailing,
            _database: database,
        })
    }

    /// Both send, each on tasks of its own.
    fn send(&self, world: &Arc<World>, pace: Pace) -> [JoinHandle<End>; 2] {
        self.send_by(pace, || relay(world))
    }

    fn send_by(&self, pace: Pace, relay: impl Fn() -> Relay) -> [JoinHandle<End>; 2] {
        [0, 1].map(|which| {
            let (store, mailing) = (Arc::clone(&self.stores[which]), self.mailing.clone());
            let (relays, watch) = (vec![relay()], Arc::new(Watch::new()));
            tokio::spawn(async move {
                let engagement = store.engage(&format!("engine {which}")).await.unwrap();
                let run = Run {
                    store: Arc::clone(&store),
                    mailing,
                    compose: Arc::new(compose),
                    relays,
                    settings: Settings {
                        connections: 3,
                        pace,
                        ..Settings::default()
                    },
                    clock: Arc::new(now),
                    wait: false,
                    by_hand: false,
                };
                delivery::run(run, &engagement, watch).await.unwrap()
            })
        })
    }

    async fn tally(&self) -> Tally {
        self.stores[0].tally(self.mailing.id).await.unwrap()
    }
}

/// A relay that answers as often as it is let.
struct Gate {
    answers: Semaphore,
    taken: Mutex<Vec<String>>,
}

struct Gated(Arc<Gate>);

fn gated(gate: &Arc<Gate>) -> Relay {
    let gate = Arc::clone(gate);
    Relay {
        name: "relay.test:25".to_owned(),
        open: Box::new(move || Box::new(Gated(Arc::clone(&gate)))),
    }
}

impl Transport for Gated {
    fn deliver<'a>(
        &'a mut self,
        message: &'a Message,
        permission: Permission<'a>,
    ) -> Answer<'a, Receipt> {
        Box::pin(async move {
            if !permission.await {
                return Err(Failure {
                    phase: Phase::Data,
                    place: " at relay.test:25".to_owned(),
                    cause: Cause::Withheld,
                    hint: None,
                });
            }
            let recipient = message.envelope.recipient.to_string();
            self.0.taken.lock().unwrap().push(recipient);
            self.0.answers.acquire().await.unwrap().forget();
            Ok(Receipt {
                reply: Some(Reply::new(250, "2.0.0 Ok: queued as 4F1A2B")),
                file: None,
            })
        })
    }

    fn close(&mut self) -> Answer<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}

fn now() -> DateTime<Utc> {
    minute(10)
}

async fn ends(both: [JoinHandle<End>; 2]) -> [End; 2] {
    let [one, other] = both;
    [one.await.unwrap(), other.await.unwrap()]
}

/// Each message once, whoever sends it.
fn assert_once(world: &World) -> usize {
    let taken = world.taken();
    let mut once = taken.clone();
    once.dedup();
    assert_eq!(once, taken, "somebody was mailed twice");
    taken.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_share_a_mailing_and_everybody_gets_it_once() {
    let Some(pair) = Pair::new().await else {
        return;
    };
    let world = World::new(|_, _| Fate::Accept);
    let ended = ends(pair.send(&world, Pace::default())).await;
    assert_eq!(ended, [End::Finished, End::Finished]);
    assert_eq!(assert_once(&world), READERS);
    assert_eq!(pair.tally().await.of(State::Accepted), READERS as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_the_relay_holds_for_both_together() {
    let Some(pair) = Pair::new().await else {
        return;
    };
    let world = World::new(|_, _| Fate::Accept);
    let pace = Pace {
        per_day: 25,
        ..Pace::default()
    };
    let both = pair.send(&world, pace);
    // Neither ends: with the clock at rest the next day never comes.
    while pair.tally().await.of(State::Accepted) < 25 {
        tokio::task::yield_now().await;
    }
    let limits = pair.stores[0].limits().await.unwrap();
    assert!(!limits.is_empty(), "the limit is common to nobody");
    let changed = pair.stores[0].set_stage(pair.mailing.id, Stage::Paused, "", now());
    assert!(changed.await.unwrap());
    let paused = End::Stopped(Stop::Stage(Stage::Paused));
    assert_eq!(ends(both).await, [paused.clone(), paused]);
    assert_eq!(assert_once(&world), 25);
}

/// Nothing begins after a stage was changed, and both engines end by themselves.
async fn a_stage_ends_both(stage: Stage) {
    let Some(pair) = Pair::new().await else {
        return;
    };
    // The first messages are answered, the others wait for the gate.
    let gate = Arc::new(Gate {
        answers: Semaphore::new(5),
        taken: Mutex::default(),
    });
    let both = pair.send_by(Pace::default(), || gated(&gate));
    while pair.tally().await.of(State::Accepted) < 5 {
        tokio::task::yield_now().await;
    }
    let changed = pair.stores[0].set_stage(pair.mailing.id, stage, "", now());
    assert!(changed.await.unwrap());
    // Whoever is being sent to now was begun before; nobody else is to follow.
    let begun = pair.tally().await;
    let begun = begun.of(State::Accepted) + begun.of(State::Sending);
    gate.answers.add_permits(READERS);
    for end in ends(both).await {
        // Of a cancelled mailing nothing is open: whoever sees that first has ended.
        let finished = stage == Stage::Cancelled && end == End::Finished;
        assert!(
            finished || end == End::Stopped(Stop::Stage(stage)),
            "{end:?}"
        );
    }
    let tally = pair.tally().await;
    assert_eq!(tally.of(State::Sending), 0);
    assert_eq!(tally.of(State::Accepted), begun);
    assert_eq!(gate.taken.lock().unwrap().len() as u64, begun);
    assert!(begun < READERS as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pause_ends_both_and_nobody_is_begun_after_it() {
    a_stage_ends_both(Stage::Paused).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cancellation_ends_both_and_nobody_is_begun_after_it() {
    a_stage_ends_both(Stage::Cancelled).await;
}
