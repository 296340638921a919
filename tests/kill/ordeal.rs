//! One newsletter, its relay, and mailings that are killed.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use letterpress::mailing::{Mailing, Stage, State};
use letterpress::store::{Sqlite, Store};
use letterpress::subscriber::{Address, Reason, Suppression};
use tokio::runtime::Runtime;

use crate::cli::{Sandbox, issue};
use crate::kill::books::{self, Rows};
use crate::kill::list::List;
use crate::kill::random::Random;
use crate::kill::relay::{GONE, Moment, Relay, Trap};

const RECIPIENTS: usize = 400;
const CONNECTIONS: usize = 4;
/// No run of the program takes longer.
const PATIENCE: Duration = Duration::from_secs(90);
/// A kill by time comes at most so long after the program was started.
const LATEST_KILL: Duration = Duration::from_millis(900);
/// Runs that end by themselves until a mailing must be finished.
const RUNS: usize = 12;

/// So many more kills than are wanted may come too early.
const MISSES: usize = 10;

pub(crate) struct Ordeal {
    sandbox: Sandbox,
    runtime: Runtime,
    relay: Relay,
    random: Random,
    issues: usize,
    /// Confirmed and not suppressed.
    plan: BTreeSet<String>,
    /// Never to be named to the relay.
    shunned: BTreeSet<String>,
    tale: Tale,
}

/// What happened, for people.
#[derive(Debug, Default)]
struct Tale {
    mailings: usize,
    runs: usize,
    by_moment: usize,
    by_time: usize,
    /// Kills that came before a mailing was confirmed or after its end.
    idle: usize,
    unknown: usize,
    lost: usize,
    twice: usize,
}

/// How a run of the program ended.
enum Ended {
    Killed,
    ByItself(ExitStatus),
}

impl Ordeal {
    pub(crate) fn new(seed: u64) -> Ordeal {
        let runtime = Runtime::new().unwrap();
        let mut ordeal = Ordeal {
            sandbox: Sandbox::with(&[]),
            relay: runtime.block_on(Relay::start(Random::new(!seed))),
            runtime,
            random: Random::new(seed),
            issues: 0,
            plan: BTreeSet::new(),
            shunned: BTreeSet::new(),
            tale: Tale::default(),
        };
        let settings = ordeal.sandbox.read("config/letterpress.toml");
        let port = ordeal.relay.port();
        ordeal.sandbox.write(
            "config/letterpress.toml",
            format!(
                "{settings}address = \"1 Main Street, Testville\"\n\
                 [smtp]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
                 connections = {CONNECTIONS}\nmessages_per_connection = 25\n\
                 [delivery]\nretry_first = \"1s\"\nretry_greylist = \"1s\"\nretry_max = \"1s\"\n"
            ),
        );
        ordeal.sandbox.write("data/server.key", "5a".repeat(32));
        ordeal.subscribe();
        ordeal
    }

    pub(crate) fn tale(&self) -> String {
        format!("{:?}", self.tale)
    }

    fn subscribe(&mut self) {
        let list = List::of(RECIPIENTS, past());
        self.plan = list.plan;
        self.shunned = list.shunned;
        let store = Sqlite::create(&self.sandbox.path("data/letterpress.db")).unwrap();
        self.runtime
            .block_on(store.absorb(list.entries, past(), true))
            .unwrap();
    }

    /// Mails one issue, killed `wanted` times if that can be; answers how often
    /// a kill hit it unfinished.
    pub(crate) fn mailing(&mut self, wanted: usize) -> usize {
        self.issues += 1;
        self.tale.mailings += 1;
        self.relay.begin();
        self.relay.be_moody(true);
        let number = self.issues;
        let text = issue(number as u64, "2026-01-02", &"Long words. ".repeat(700));
        self.sandbox.write(&format!("issues/{number}.md"), text);

        let mut kills = 0;
        let mut left = BTreeSet::new();
        let mut before = Rows::new();
        for _ in 0..MISSES + 2 * wanted {
            if kills == wanted {
                break;
            }
            let Ended::Killed = self.run(true) else {
                break;
            };
            let Some((mailing, rows)) = self.books() else {
                self.tale.idle += 1;
                continue;
            };
            self.check_after_kill(&before, &rows);
            if mailing.stage != Stage::Open {
                self.tale.idle += 1;
                break;
            }
            kills += 1;
            left.extend(self.somebody_leaves(&rows, &left));
            before = rows;
        }
        self.finish();
        let unknown = self.check_finished(&left);
        self.send_unknown_again(&unknown);
        self.plan.retain(|address| !left.contains(address));
        self.shunned.extend(left);
        // Who is gone was suppressed for it.
        let plan = std::mem::take(&mut self.plan);
        let (gone, plan): (BTreeSet<String>, _) =
            plan.into_iter().partition(|one| one.starts_with(GONE));
        self.plan = plan;
        self.shunned.extend(gone);
        kills
    }

    /// Starts the program, and kills it if `deadly`.
    fn run(&mut self, deadly: bool) -> Ended {
        let number = self.issues.to_string();
        let send = ["send", &number, "--yes", "--unsubscribe", "mailto"];
        let arguments: &[&str] = match self.books() {
            Some((mailing, _)) if mailing.stage != Stage::Finished => &["resume"],
            _ => &send,
        };
        self.start(arguments, deadly)
    }

    fn start(&mut self, arguments: &[&str], deadly: bool) -> Ended {
        self.tale.runs += 1;
        let by_time = deadly && self.random.once_in(2);
        let trap = (deadly && !by_time).then(|| self.trap());
        let last = if by_time {
            self.random.micros(LATEST_KILL.as_micros() as u64)
        } else {
            PATIENCE
        };
        let begun = Instant::now();
        self.relay.watch(self.spawn(arguments), trap);
        let status = loop {
            if let Some(status) = self.relay.victim(|child| child.try_wait().unwrap()) {
                break status;
            }
            if begun.elapsed() >= last {
                assert!(by_time, "{arguments:?} does not end:\n{}", self.said());
                self.relay.victim(|child| child.kill().unwrap());
                break self.relay.victim(|child| child.wait().unwrap());
            }
            std::thread::sleep(Duration::from_micros(500));
        };
        self.relay.disarm();
        // What the dead had written is still read, and taken over.
        while !self.relay.is_quiet() {
            assert!(begun.elapsed() < 2 * PATIENCE, "a connection does not end");
            std::thread::sleep(Duration::from_millis(1));
        }
        if status.code().is_some() {
            return Ended::ByItself(status);
        }
        if by_time {
            self.tale.by_time += 1;
        } else {
            self.tale.by_moment += 1;
        }
        Ended::Killed
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        let file = |name| Stdio::from(File::create(self.sandbox.path(name)).unwrap());
        self.sandbox
            .command(arguments)
            // Retries need a clock that goes on.
            .env_remove("SOURCE_DATE_EPOCH")
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .unwrap()
    }

    fn said(&self) -> String {
        let read = |name| fs::read_to_string(self.sandbox.path(name)).unwrap_or_default();
        read("stdout") + &read("stderr")
    }

    fn trap(&mut self) -> Trap {
        let moment = match self.random.below(4) {
            0 => Moment::AfterMail,
            1 => Moment::InContent,
            2 => Moment::BeforeReply,
            _ => Moment::AfterReply(self.random.micros(800)),
        };
        Trap {
            moment,
            nth: 1 + self.random.below(40),
        }
    }

    /// The mailing of the issue, once it is confirmed, with all its rows.
    fn books(&self) -> Option<(Mailing, Rows)> {
        let store = self.store();
        self.runtime.block_on(async {
            let mailings = store.mailings().await.unwrap();
            let title = format!("Issue {}", self.issues);
            let mailing = mailings.into_iter().find(|one| one.title == title)?;
            let most = 10 * RECIPIENTS;
            let rows = store.deliveries(mailing.id, &[], None, most).await.unwrap();
            let rows = rows
                .into_iter()
                .map(|row| (row.address.as_ref().unwrap().to_string(), row))
                .collect();
            Some((mailing, rows))
        })
    }

    fn store(&self) -> Sqlite {
        Sqlite::open(&self.sandbox.path("data/letterpress.db")).unwrap()
    }

    fn check_after_kill(&self, before: &Rows, now: &Rows) {
        self.relay.log(|log| {
            books::check(now, log, &BTreeSet::new());
            let sending = books::in_states(now, &[State::Sending]);
            assert!(
                sending.len() <= CONNECTIONS,
                "{} were being sent over {CONNECTIONS} connections",
                sending.len()
            );
            // Nobody becomes unknown but who was being sent when the program
            // died, and whose reply the relay kept to itself.
            let mut may = books::in_states(before, &[State::Sending, State::Unknown]);
            may.extend(books::lost(log));
            for address in books::in_states(now, &[State::Unknown]) {
                assert!(may.contains(&address), "{address} is unknown for no reason");
            }
            let unknown = books::in_states(before, &[State::Unknown]);
            for address in &unknown {
                assert_eq!(now[address].state, State::Unknown, "{address}");
            }
        });
        self.check_shunned();
    }

    fn check_shunned(&self) {
        self.relay.log(|log| {
            let named = self.shunned.intersection(&log.named).next();
            assert_eq!(named, None, "a suppressed address was named");
        });
    }

    /// Suppresses one who waits for the mailing, while nobody sends it.
    fn somebody_leaves(&mut self, rows: &Rows, left: &BTreeSet<String>) -> Option<String> {
        let waiting: Vec<String> = books::in_states(rows, &[State::Pending])
            .into_iter()
            .filter(|address| address.starts_with("reader") && !left.contains(address))
            .collect();
        let address = waiting
            .get(self.random.below(waiting.len().max(1) as u64) as usize)?
            .clone();
        let suppression = Suppression {
            reason: Reason::Unsubscribed,
            at: past(),
            note: String::new(),
        };
        let parsed = Address::parse(&address).unwrap();
        let store = self.store();
        let answer = store.suppress(&parsed, suppression);
        assert!(self.runtime.block_on(answer).unwrap());
        Some(address)
    }

    /// Lets the mailing end.
    fn finish(&mut self) {
        for _ in 0..RUNS {
            let ended = self.run(false);
            let finished = self
                .books()
                .is_some_and(|(mailing, _)| mailing.stage == Stage::Finished);
            if finished {
                return;
            }
            let Ended::ByItself(status) = ended else {
                panic!("nobody killed it:\n{}", self.said());
            };
            assert_eq!(status.code(), Some(75), "{}", self.said());
        }
        panic!("the mailing does not finish:\n{}", self.said());
    }

    /// Everybody is accounted for; answers of whom nobody knows.
    fn check_finished(&mut self, left: &BTreeSet<String>) -> BTreeSet<String> {
        let (_, rows) = self.books().unwrap();
        let unknown = books::in_states(&rows, &[State::Unknown]);
        self.relay.log(|log| {
            books::check(&rows, log, &BTreeSet::new());
            self.tale.lost += books::lost(log).len();
        });
        self.check_shunned();
        self.tale.unknown += unknown.len();
        let all: BTreeSet<String> = rows.keys().cloned().collect();
        assert_eq!(all, self.plan, "somebody is lost");
        let skipped = books::in_states(&rows, &[State::Skipped]);
        assert_eq!(&skipped, left, "who left is skipped, and nobody else");
        let ends = [
            State::Accepted,
            State::Rejected,
            State::Unknown,
            State::Skipped,
        ];
        assert_eq!(books::in_states(&rows, &ends), all, "somebody is not done");
        unknown
    }

    /// The editor's word: those of whom nobody knows get it once more.
    fn send_unknown_again(&mut self, unknown: &BTreeSet<String>) {
        if unknown.is_empty() {
            return;
        }
        self.relay.be_moody(false);
        let number = self.issues.to_string();
        self.start(
            &[
                "send",
                &number,
                "--only",
                "unknown",
                "--yes",
                "--unsubscribe",
                "mailto",
            ],
            false,
        );
        self.finish_if_open();
        let (_, rows) = self.books().unwrap();
        let still = books::in_states(&rows, &[State::Unknown]);
        assert!(still.is_empty(), "{still:?}:\n{}", self.said());
        self.check_shunned();
        self.relay.log(|log| books::check(&rows, log, unknown));
        let counts = self.relay.log(books::taken);
        self.tale.twice += counts.values().filter(|count| **count == 2).count();
        for address in unknown.iter().filter(|one| !one.starts_with(GONE)) {
            assert!(counts.contains_key(address), "{address} never got it");
        }
    }

    fn finish_if_open(&mut self) {
        let finished = self
            .books()
            .is_some_and(|(mailing, _)| mailing.stage == Stage::Finished);
        if !finished {
            self.finish();
        }
    }
}

/// Before the first issue.
fn past() -> DateTime<Utc> {
    "2025-01-01T00:00:00Z".parse().unwrap()
}
