//! Three workers send out of one PostgreSQL database. They are killed, stopped
//! for longer than their lease and woken, cut off from the database, from the
//! relay or from both, and the server is killed: nobody may be lost or mailed twice, and who
//! is unknown is named. The clock of one of them is wrong by an hour.
//!
//! LETTERPRESS_KILLS says how many of these things happen, LETTERPRESS_KILL_SEED
//! which. LETTERPRESS_TEST_POSTGRES_CRASH is a command that kills the server with
//! SIGKILL and starts it again; without it that is left out.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use letterpress::mailing::{Mailing, Stage, State};
use letterpress::store::{Postgres, Store};
use tokio::runtime::Runtime;

use crate::cli::{Sandbox, issue};
use crate::kill::books::{self, Rows};
use crate::kill::list::List;
use crate::kill::number;
use crate::kill::random::Random;
use crate::kill::relay::Relay;
use crate::kill::ways::{From, Ways};
use crate::store::server::Database;

const RECIPIENTS: usize = 600;
const WORKERS: usize = 3;
const CONNECTIONS: usize = 2;
/// What all of them together may send, so that a mailing lasts.
const A_SECOND: usize = 40;
const LEASE: Duration = Duration::from_secs(4);
/// Longer than a lease, with its search for the dead.
const LONG: Duration = Duration::from_millis(5200);
/// No mailing takes longer.
const PATIENCE: Duration = Duration::from_secs(150);
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

#[derive(Clone, Copy, Debug)]
enum Trouble {
    Killed,
    Stopped,
    NoDatabase,
    NoRelay,
    NoNetwork,
    ServerKilled,
}

struct Ordeal {
    // Workers end before what they talk to.
    workers: Vec<Option<Child>>,
    sandbox: Sandbox,
    database: Database,
    relay: Relay,
    ways: Ways,
    runtime: Runtime,
    random: Random,
    plan: BTreeSet<String>,
    shunned: BTreeSet<String>,
    crash: Option<String>,
    told: Vec<String>,
}

#[test]
fn nobody_is_lost_or_mailed_twice_by_three_workers() {
    let wanted = number("LETTERPRESS_KILLS", 4) as usize;
    let seed = number("LETTERPRESS_KILL_SEED", 1);
    let Some(database) = Database::new() else {
        return;
    };
    let mut ordeal = Ordeal::new(database, seed);
    let (mut troubles, mut mailings) = (0, 0);
    while troubles < wanted {
        mailings += 1;
        assert!(
            mailings < 3 + wanted,
            "too few troubles hit a mailing (seed {seed})"
        );
        troubles += ordeal.mailing(mailings, wanted - troubles);
    }
    println!(
        "{troubles} troubles in {mailings} mailings, seed {seed}: {}",
        ordeal.told.join("; ")
    );
}

impl Ordeal {
    fn new(database: Database, seed: u64) -> Ordeal {
        let runtime = Runtime::new().unwrap();
        let relay = runtime.block_on(Relay::start(Random::new(!seed)));
        let server = url::Url::parse(&database.url()).unwrap();
        let port = server.port().unwrap_or(5432);
        let ways = Ways::new(&runtime, WORKERS, port, relay.port());
        let sandbox = Sandbox::with(&[]);
        let settings = sandbox.read("config/letterpress.toml");
        sandbox.write(
            "config/letterpress.toml",
            format!(
                "{settings}address = \"1 Main Street, Testville\"\n\
                 [store]\nurl = \"{}\"\nlease = \"{}s\"\n\
                 [smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
                 connections = {CONNECTIONS}\nper_second = {A_SECOND}\n\
                 [delivery]\nretry_first = \"1s\"\nretry_greylist = \"1s\"\nretry_max = \"1s\"\n",
                database.url(),
                LEASE.as_secs(),
                relay.port()
            ),
        );
        sandbox.write("data/server.key", "5a".repeat(32));
        let then = "2025-01-01T00:00:00Z".parse().unwrap();
        let list = List::of(RECIPIENTS, then);
        let store = Postgres::create(database.settings()).unwrap();
        runtime
            .block_on(store.absorb(list.entries, then, true))
            .unwrap();
        drop(store);
        Ordeal {
            workers: (0..WORKERS).map(|_| None).collect(),
            sandbox,
            database,
            relay,
            ways,
            runtime,
            random: Random::new(seed),
            plan: list.plan,
            shunned: list.shunned,
            crash: std::env::var("LETTERPRESS_TEST_POSTGRES_CRASH").ok(),
            told: Vec::new(),
        }
    }

    /// Mails one issue; answers how many troubles met it unfinished.
    fn mailing(&mut self, issue_number: usize, wanted: usize) -> usize {
        self.relay.begin();
        self.relay.be_moody(true);
        let text = issue(
            issue_number as u64,
            "2026-01-02",
            &"Long words. ".repeat(300),
        );
        self.sandbox
            .write(&format!("issues/{issue_number}.md"), text);
        for worker in 0..WORKERS {
            self.start(worker);
        }
        self.schedule(issue_number);

        let mut troubles = Vec::new();
        while troubles.len() < wanted {
            let nap = self.random.micros(700_000);
            std::thread::sleep(nap);
            let (mailing, rows) = self.books(issue_number);
            self.check(&rows);
            if mailing.stage == Stage::Finished {
                break;
            }
            let open = books::in_states(&rows, &[State::Pending]);
            if open.len() < 40 {
                break;
            }
            troubles.push(self.trouble());
        }
        self.finish(issue_number, &troubles);
        self.told.push(format!("{troubles:?}"));
        troubles.len()
    }

    /// The schedule is kept by the workers: the command says so and ends.
    fn schedule(&self, issue_number: usize) {
        for _ in 0..100 {
            let keeper = self.runtime.block_on(self.store().keeper()).unwrap();
            if keeper.is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let at = (Utc::now() + TimeDelta::seconds(2)).to_rfc3339();
        let at = format!("{}Z", &at[..19]);
        let number = issue_number.to_string();
        let sent = self
            .sandbox
            .command(&[
                "send",
                &number,
                "--yes",
                "--unsubscribe",
                "mailto",
                "--at",
                &at,
            ])
            .env_remove("SOURCE_DATE_EPOCH")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&sent.stderr).into_owned();
        // On a machine that is busy enough no worker may have had a lease just
        // then; the command waits and sends with them.
        let done = match said.contains("begins it on") {
            true => sent.status.success(),
            false => matches!(sent.status.code(), Some(0 | 4 | 75)),
        };
        assert!(done, "{said}");
    }

    fn start(&mut self, worker: usize) {
        if self.workers[worker].is_some() {
            return;
        }
        let mut url = url::Url::parse(&self.database.url()).unwrap();
        let (host, port) = self.ways.database(worker);
        url.set_host(Some(&host)).unwrap();
        url.set_port(Some(port)).unwrap();
        url.set_query(Some("sslmode=disable"));
        let (relay, relay_port) = self.ways.relay(worker);
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.sandbox.path(&format!("worker{worker}.log")))
            .unwrap();
        let mut command = self.ways.of(worker, self.sandbox.command(&["worker"]));
        command
            .env_remove("SOURCE_DATE_EPOCH")
            .env("LETTERPRESS__STORE__URL", url.as_str())
            .env("LETTERPRESS__SMTP__HOST", relay)
            .env("LETTERPRESS__SMTP__PORT", relay_port.to_string())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        if worker == 2 && Path::new(FAKETIME).exists() {
            command
                .env("LD_PRELOAD", FAKETIME)
                .env("FAKETIME", "+3600s")
                .env("DONT_FAKE_MONOTONIC", "1");
        }
        self.workers[worker] = Some(command.spawn().unwrap());
    }

    fn kill(&mut self, worker: usize) {
        if let Some(mut child) = self.workers[worker].take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn signal(&self, worker: usize, signal: &str) {
        let Some(child) = &self.workers[worker] else {
            return;
        };
        let sent = Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Something happens to one of them, or to the server.
    fn trouble(&mut self) -> Trouble {
        let worker = self.random.below(WORKERS as u64) as usize;
        let kinds = 5 + u64::from(self.crash.is_some());
        match self.random.below(kinds) {
            0 => {
                self.kill(worker);
                self.start(worker);
                Trouble::Killed
            }
            1 => {
                self.signal(worker, "-STOP");
                std::thread::sleep(LONG);
                self.signal(worker, "-CONT");
                Trouble::Stopped
            }
            2 => self.cut_off(worker, From::Database, Trouble::NoDatabase),
            3 => self.cut_off(worker, From::Relay, Trouble::NoRelay),
            4 => self.cut_off(worker, From::Both, Trouble::NoNetwork),
            _ => {
                let crash = self.crash.clone().unwrap_or_default();
                let done = Command::new("bash").args(["-c", &crash]).status().unwrap();
                assert!(done.success(), "{crash}");
                Trouble::ServerKilled
            }
        }
    }

    fn cut_off(&self, worker: usize, from: From, trouble: Trouble) -> Trouble {
        self.ways.cut(worker, from, true);
        std::thread::sleep(LONG);
        self.ways.cut(worker, from, false);
        trouble
    }

    fn store(&self) -> Postgres {
        Postgres::open(self.database.settings()).unwrap()
    }

    fn books(&self, issue_number: usize) -> (Mailing, Rows) {
        let store = self.store();
        self.runtime.block_on(async {
            let title = format!("Issue {issue_number}");
            let mailings = store.mailings().await.unwrap();
            let mailing = mailings.into_iter().find(|one| one.title == title).unwrap();
            let rows = store
                .deliveries(mailing.id, &[], None, 10 * RECIPIENTS)
                .await
                .unwrap();
            let rows = rows
                .into_iter()
                .map(|row| (row.address.as_ref().unwrap().to_string(), row))
                .collect();
            (mailing, rows)
        })
    }

    /// Holds at any time. What is read of the store is older than what is read
    /// of the relay: who was open then may have been mailed since.
    fn check(&self, rows: &Rows) {
        self.relay.log(|log| {
            for (address, count) in books::taken(log) {
                assert!(
                    count <= 1,
                    "{address} was mailed {count} times\n{}",
                    self.logs()
                );
                assert!(rows.contains_key(&address), "{address} is not in the plan");
            }
            let named = self.shunned.intersection(&log.named).next();
            assert_eq!(named, None, "a suppressed address was named");
        });
    }

    fn finish(&mut self, issue_number: usize, troubles: &[Trouble]) {
        let begun = Instant::now();
        let rows = loop {
            let (mailing, rows) = self.books(issue_number);
            self.check(&rows);
            if mailing.stage == Stage::Finished {
                break rows;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "the mailing does not finish: {}\n{}",
                mailing.stage.name(),
                self.logs()
            );
            std::thread::sleep(Duration::from_millis(200));
        };
        let all: BTreeSet<String> = rows.keys().cloned().collect();
        assert_eq!(all, self.plan, "somebody is lost");
        let unknown = books::in_states(&rows, &[State::Unknown]);
        self.relay.log(|log| {
            books::check(&rows, log, &BTreeSet::new());
            let most = books::lost(log).len() + troubles.len() * WORKERS * CONNECTIONS;
            assert!(unknown.len() <= most, "{} are unknown", unknown.len());
        });
        let ends = [State::Accepted, State::Rejected, State::Unknown];
        assert_eq!(books::in_states(&rows, &ends), all, "somebody is not done");
        // Who was refused for good was suppressed for it.
        let refused = books::in_states(&rows, &[State::Rejected]);
        self.plan.retain(|address| !refused.contains(address));
        self.shunned.extend(refused);
    }

    fn logs(&self) -> String {
        (0..WORKERS)
            .map(|worker| {
                let path = self.sandbox.path(&format!("worker{worker}.log"));
                let log = std::fs::read_to_string(path).unwrap_or_default();
                format!("--- worker {worker}\n{log}")
            })
            .collect()
    }
}

impl Drop for Ordeal {
    fn drop(&mut self) {
        for worker in 0..WORKERS {
            self.signal(worker, "-CONT");
            self.kill(worker);
        }
    }
}
