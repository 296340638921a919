//! A store, a relay that answers as a test tells it to, and a clock.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use letterpress::delivery::{self, Clock, End, Relay, Run, Settings, Watch};
use letterpress::email::{Envelope, Message};
use letterpress::mailing::{Filter, Mailing, Phase, Reply, Retry, Stage, State};
use letterpress::store::{NewMailing, Sqlite, Store};
use letterpress::subscriber::{Address, Entry, Recipient, Status, Subscriber};
use letterpress::transport::{Answer, Cause, Failure, Permission, Receipt, Transport};
use tokio::sync::Notify;
use tokio::time::Instant;

/// What the relay does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Takes it.
    Accept,
    /// Refuses in this phase with these words.
    Refuse(Phase, &'static str),
    /// The connection breaks in this phase; in `Content` after it was taken.
    Lose(Phase),
}

type Script = dyn Fn(&str, usize) -> Fate + Send + Sync;

/// The relay's side.
pub(crate) struct World {
    script: Box<Script>,
    /// How often each address was named.
    named: Mutex<BTreeMap<String, usize>>,
    /// Every message taken: address and Message-ID.
    taken: Mutex<Vec<(String, String)>>,
    /// Times at which the program could have ended: the envelope named, the
    /// content taken, the reply out.
    moments: AtomicU64,
    /// The program ends at this moment, counted from 1.
    pub(crate) end_at: AtomicU64,
    pub(crate) ended: Notify,
    /// Replies deliberately lost.
    pub(crate) lost: AtomicU64,
}

impl World {
    pub(crate) fn new(script: impl Fn(&str, usize) -> Fate + Send + Sync + 'static) -> Arc<World> {
        Arc::new(World {
            script: Box::new(script),
            named: Mutex::default(),
            taken: Mutex::default(),
            moments: AtomicU64::new(0),
            end_at: AtomicU64::new(u64::MAX),
            ended: Notify::new(),
            lost: AtomicU64::new(0),
        })
    }

    /// Addresses of all messages taken, sorted.
    pub(crate) fn taken(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap();
        let mut all: Vec<String> = taken.iter().map(|(address, _)| address.clone()).collect();
        all.sort();
        all
    }

    pub(crate) fn message_ids(&self) -> Vec<(String, String)> {
        self.taken.lock().unwrap().clone()
    }

    pub(crate) fn times_named(&self, address: &str) -> usize {
        let named = self.named.lock().unwrap();
        named.get(address).copied().unwrap_or_default()
    }

    /// How many moments there were.
    pub(crate) fn moments(&self) -> u64 {
        self.moments.load(Ordering::SeqCst)
    }

    async fn moment(&self) {
        let number = self.moments.fetch_add(1, Ordering::SeqCst) + 1;
        if number >= self.end_at.load(Ordering::SeqCst) {
            self.ended.notify_one();
            // The program is ended here; nothing more is said to it.
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
    }
}

struct Way(Arc<World>);

fn failure(phase: Phase, cause: Cause) -> Failure {
    Failure {
        phase,
        place: " at relay.test:25".to_owned(),
        cause,
        hint: None,
    }
}

fn refused(phase: Phase, words: &str) -> Failure {
    let (code, text) = words.split_once(' ').unwrap();
    failure(
        phase,
        Cause::Refused(Reply::new(code.parse().unwrap(), text)),
    )
}

impl Transport for Way {
    fn deliver<'a>(
        &'a mut self,
        message: &'a Message,
        permission: Permission<'a>,
    ) -> Answer<'a, Receipt> {
        Box::pin(async move {
            let world = &self.0;
            let address = message.envelope.recipient.as_str().to_owned();
            let time = {
                let mut named = world.named.lock().unwrap();
                let count = named.entry(address.clone()).or_default();
                *count += 1;
                *count
            };
            let fate = (world.script)(&address, time);
            match fate {
                Fate::Refuse(phase, words) if phase < Phase::Content => {
                    return Err(refused(phase, words));
                }
                Fate::Lose(phase) if phase < Phase::Content => {
                    return Err(failure(phase, Cause::Lost(None)));
                }
                _ => {}
            }
            world.moment().await;
            if !permission.await {
                return Err(failure(Phase::Data, Cause::Withheld));
            }
            if let Fate::Refuse(phase, words) = fate {
                return Err(refused(phase, words));
            }
            let id = message.message_id.clone();
            world.taken.lock().unwrap().push((address, id));
            world.moment().await;
            if let Fate::Lose(phase) = fate {
                world.lost.fetch_add(1, Ordering::SeqCst);
                return Err(failure(phase, Cause::Lost(None)));
            }
            world.moment().await;
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

/// A list and a mailing to it.
pub(crate) struct Rig {
    folder: tempfile::TempDir,
    pub(crate) store: Arc<dyn Store>,
    passed: Arc<AtomicI64>,
    began: Instant,
    pub(crate) settings: Settings,
    pub(crate) wait: bool,
    pub(crate) by_hand: bool,
}

const START: i64 = 1_772_366_400;

impl Rig {
    /// A store with these confirmed subscribers.
    pub(crate) async fn with(addresses: &[&str]) -> Rig {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::create(&folder.path().join("letterpress.db")).unwrap();
        let rig = Rig {
            store: Arc::new(store),
            folder,
            passed: Arc::new(AtomicI64::new(0)),
            began: Instant::now(),
            settings: Settings {
                connections: 3,
                retry: Retry::default(),
                ..Settings::default()
            },
            wait: false,
            by_hand: false,
        };
        rig.subscribe(addresses).await;
        rig
    }

    /// `count` subscribers of example.org.
    pub(crate) async fn of(count: usize) -> Rig {
        let addresses: Vec<String> = (1..=count)
            .map(|number| format!("reader-{number:03}@example.org"))
            .collect();
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        Rig::with(&addresses).await
    }

    pub(crate) async fn subscribe(&self, addresses: &[&str]) {
        let entries = addresses.iter().map(|address| Entry {
            subscriber: Subscriber::new(Address::parse(address).unwrap(), Status::Confirmed),
            suppression: None,
        });
        let entries = entries.collect();
        self.store.absorb(entries, self.now(), true).await.unwrap();
    }

    /// Another process's view of the same store.
    pub(crate) fn other_process(&self) -> Sqlite {
        Sqlite::open(&self.folder.path().join("letterpress.db")).unwrap()
    }

    /// The program died and starts again: the store is opened anew.
    pub(crate) fn reopen(&mut self) {
        self.store = Arc::new(self.other_process());
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock())()
    }

    /// Time goes on by the runtime's own, which tests let stand still, and by
    /// what has passed.
    pub(crate) fn clock(&self) -> Clock {
        let (passed, began) = (Arc::clone(&self.passed), self.began);
        Arc::new(move || {
            let start = DateTime::from_timestamp(START, 0).unwrap();
            let passed = TimeDelta::seconds(passed.load(Ordering::SeqCst));
            start + passed + TimeDelta::from_std(began.elapsed()).unwrap()
        })
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: TimeDelta) {
        self.passed.fetch_add(time.num_seconds(), Ordering::SeqCst);
    }

    /// Confirms the mailing of issue 7 to everybody.
    pub(crate) async fn confirm(&self) -> Mailing {
        let new = NewMailing {
            issue: "7".to_owned(),
            title: "Seven".to_owned(),
            digest: "0".repeat(64),
            content: b"frozen".to_vec(),
            filter: Filter::All,
            filter_text: String::new(),
            stage: Stage::Open,
            starts_at: self.now(),
            now: self.now(),
        };
        self.store.confirm(new).await.unwrap();
        self.mailing().await
    }

    pub(crate) async fn mailing(&self) -> Mailing {
        self.store.mailing_of("7").await.unwrap().unwrap()
    }

    /// Goes on with the mailing through this relay, to the end of the run.
    pub(crate) async fn send(&self, world: &Arc<World>) -> End {
        self.send_by(vec![relay(world)], Arc::new(Watch::new()))
            .await
            .unwrap()
    }

    pub(crate) async fn send_by(
        &self,
        relays: Vec<Relay>,
        watch: Arc<Watch>,
    ) -> Result<End, delivery::Error> {
        let engagement = self.store.engage("test").await.unwrap();
        let run = Run {
            store: Arc::clone(&self.store),
            mailing: self.mailing().await,
            compose: Arc::new(compose),
            relays,
            settings: self.settings.clone(),
            clock: self.clock(),
            wait: self.wait,
            by_hand: self.by_hand,
        };
        delivery::run(run, &engagement, watch).await
    }

    /// The same, ended at the moment that the world has chosen; `None` then.
    pub(crate) async fn send_until_killed(&self, world: &Arc<World>) -> Option<End> {
        tokio::select! {
            end = self.send(world) => Some(end),
            () = world.ended.notified() => None,
        }
    }

    /// How many are in each state, in the words of reports.
    pub(crate) async fn states(&self) -> String {
        let tally = self.store.tally(self.mailing().await.id).await.unwrap();
        let counted = State::ALL.iter().filter(|state| tally.of(**state) > 0);
        let words: Vec<String> = counted
            .map(|state| format!("{} {}", tally.of(*state), state.name()))
            .collect();
        words.join(", ")
    }

    pub(crate) async fn in_state(&self, state: State) -> Vec<String> {
        let mailing = self.mailing().await.id;
        let found = self.store.deliveries(mailing, &[state], None, 10_000);
        let found = found.await.unwrap();
        found
            .into_iter()
            .map(|delivery| delivery.address.unwrap().to_string())
            .collect()
    }
}

pub(crate) fn relay(world: &Arc<World>) -> Relay {
    let world = Arc::clone(world);
    Relay {
        name: "relay.test:25".to_owned(),
        open: Box::new(move || Box::new(Way(Arc::clone(&world)))),
    }
}

pub(crate) fn compose(recipient: &Recipient) -> Result<Message, String> {
    Ok(Message {
        envelope: Envelope {
            sender: Address::parse("editor@example.org").unwrap(),
            recipient: recipient.address.clone(),
        },
        bytes: b"Subject: x\r\n\r\nHello\r\n".to_vec(),
        message_id: format!("<7.{}>", recipient.address),
    })
}
