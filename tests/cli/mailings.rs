//! `mailings`, `status`, `pause`, `cancel`, `report`, `backup` over a store
//! that was filled beforehand.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::Arc;

use letterpress::mailing::{Filter, MailingId, Stage};
use letterpress::store::{Ended, Engagement, Sqlite, Start, Step, Store};
use letterpress::subscriber::Reason;

use crate::cli::{Answer, Sandbox, issue};
use crate::store::contract::{
    Kept, absorb, confirmed, deliver, id_of, minute, new_mailing, numbered, readers,
};

const STORE: &str = "data/letterpress.db";

/// Two issues and a store, and the keys that a build gave them.
struct Newsletter {
    sandbox: Sandbox,
    store: Kept,
    keys: Vec<String>,
}

impl Newsletter {
    fn new() -> Newsletter {
        let sandbox = Sandbox::with(&[
            ("issues/first-letter.md", &issue(11, "2026-02-13", "Text.")),
            ("issues/second-letter.md", &issue(12, "2026-02-20", "Text.")),
        ]);
        sandbox.run(&["build"]).expect(0);
        let lock = sandbox.read("feeds/ids.lock");
        let keys: Vec<String> = lock
            .lines()
            .filter_map(|line| line.strip_prefix("key = "))
            .map(|key| key.trim_matches('"').to_owned())
            .collect();
        assert_eq!(keys.len(), 2, "{lock}");
        let store: Kept = Arc::new(Sqlite::create(&sandbox.path(STORE)).unwrap());
        Newsletter {
            sandbox,
            store,
            keys,
        }
    }

    async fn confirm(&self, issue: &str, stage: Stage) -> MailingId {
        let mailing = new_mailing(issue, Filter::All);
        let mailing = letterpress::store::NewMailing { stage, ..mailing };
        self.store.confirm(mailing).await.unwrap().0
    }

    /// Five readers; of four of them something became of the second issue.
    async fn half_sent(&self) -> MailingId {
        readers(&self.store, 5).await;
        let mailing = self.confirm(&self.keys[1], Stage::Open).await;
        for (number, ended) in [
            Ended::Accepted,
            Ended::Rejected(Some(Reason::HardBounce)),
            Ended::Deferred(minute(60)),
            Ended::Unknown,
        ]
        .into_iter()
        .enumerate()
        {
            let reader = id_of(&self.store, numbered(number).as_str()).await;
            deliver(&self.store, mailing, reader, ended).await;
        }
        mailing
    }

    fn run(&self, arguments: &[&str]) -> Answer {
        self.sandbox.run(arguments)
    }
}

#[tokio::test]
async fn a_report_tells_what_became_of_each_recipient() {
    let weekly = Newsletter::new();
    weekly.half_sent().await;
    let key = &weekly.keys[1];
    let report = weekly.run(&["report", "--json"]).expect(0).json();
    assert_eq!(report["issue"], key.as_str());
    assert_eq!(report["state"], "open");
    assert_eq!(
        report["counts"],
        serde_json::json!({
            "pending": 1, "sending": 0, "accepted": 1, "rejected": 1, "deferred": 1,
            "unknown": 1, "skipped": 0, "cancelled": 0
        })
    );
    let deliveries = report["deliveries"].as_array().unwrap();
    assert_eq!(deliveries.len(), 5);
    let rejected = &deliveries[1];
    assert_eq!(rejected["address"], "reader1@example.org");
    assert_eq!(rejected["state"], "rejected");
    assert_eq!(rejected["attempts"], 1);
    assert_eq!(rejected["reply"], "550 5.1.1 no such user");
    assert!(rejected["message_id"].as_str().unwrap().starts_with('<'));
    assert_eq!(rejected["at"], "2026-09-21T15:13:20Z");
    assert_eq!(deliveries[0]["relay_id"], "4F1A2B");
    assert_eq!(deliveries[2]["due"], "2026-09-21T15:13:20Z");
    assert_eq!(deliveries[3]["reply"], serde_json::Value::Null);
    assert_eq!(deliveries[4]["message_id"], serde_json::Value::Null);

    let answer = weekly.run(&["report", "12", "--state", "rejected,unknown"]);
    let text = answer.expect(0).out;
    assert!(
        text.contains("5 recipients: 1 pending, 1 accepted"),
        "{text}"
    );
    assert!(text.contains("rejected   reader1@example.org  550 5.1.1 no such user"));
    assert!(text.contains("unknown    reader3@example.org"), "{text}");
    assert!(!text.contains("reader0@"), "{text}");
}

#[tokio::test]
async fn a_long_report_is_whole() {
    let weekly = Newsletter::new();
    readers(&weekly.store, 2_500).await;
    weekly.confirm(&weekly.keys[0], Stage::Open).await;
    let report = weekly.run(&["report", "--json"]).expect(0).json();
    assert_eq!(report["deliveries"].as_array().unwrap().len(), 2_500);
    let lines = weekly.run(&["report"]).expect(0).out.lines().count();
    assert_eq!(lines, 2_503);
    let none = weekly.run(&["report", "--json", "--state", "unknown"]);
    assert_eq!(none.expect(0).json()["deliveries"], serde_json::json!([]));
}

#[tokio::test]
async fn an_erased_person_stays_in_the_report_without_an_address() {
    let weekly = Newsletter::new();
    weekly.half_sent().await;
    weekly.store.erase(&numbered(0), minute(9)).await.unwrap();
    let report = weekly.run(&["report", "--json"]).expect(0).json();
    assert_eq!(report["deliveries"][0]["address"], serde_json::Value::Null);
    assert_eq!(report["deliveries"][0]["state"], "accepted");
    weekly.run(&["report"]).expect(0).says("(erased)");
}

#[tokio::test]
async fn a_mailing_is_named_as_its_issue() {
    let weekly = Newsletter::new();
    weekly.half_sent().await;
    let key = weekly.keys[1].clone();
    for name in [
        "12",
        "latest",
        "2026-02-20",
        "issues/second-letter.md",
        &key,
    ] {
        let report = weekly.run(&["report", name, "--json"]).expect(0).json();
        assert_eq!(report["issue"], key.as_str(), "{name}");
    }
    weekly
        .run(&["report", "11"])
        .expect(2)
        .says("11 was not mailed");
    weekly.run(&["status", "13"]).expect(2).says("no issue 13");
    // The file may be gone; what was mailed is not.
    fs::remove_file(weekly.sandbox.path("issues/second-letter.md")).unwrap();
    weekly.run(&["report", &key]).expect(0);
    weekly
        .run(&["report", "--state", "lost"])
        .expect(2)
        .says("the states are pending, sending");
}

#[tokio::test]
async fn mailings_are_listed_the_last_first() {
    let weekly = Newsletter::new();
    weekly
        .run(&["mailings"])
        .expect(0)
        .says("nothing was mailed");
    weekly.half_sent().await;
    weekly
        .store
        .set_stage(
            weekly.confirm(&weekly.keys[0], Stage::Open).await,
            Stage::Cancelled,
            "",
            minute(3),
        )
        .await
        .unwrap();
    let list = weekly.run(&["mailings", "--json"]).expect(0).json();
    let stages: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["state"].as_str().unwrap())
        .collect();
    assert_eq!(stages.len(), 2);
    assert!(stages.contains(&"open") && stages.contains(&"cancelled"));
    let text = weekly.run(&["mailings"]).expect(0).out;
    assert!(text.contains("1 pending, 1 accepted, 1 rejected"), "{text}");
}

#[test]
fn without_a_store_nobody_was_mailed_and_none_is_made() {
    let sandbox = Sandbox::with(&[]);
    let list = sandbox.run(&["mailings", "--json"]).expect(0).json();
    assert_eq!(list, serde_json::json!([]));
    for arguments in [
        &["status"][..],
        &["report"],
        &["pause"],
        &["cancel", "--yes"],
        &["backup", "copy.db"],
    ] {
        sandbox.run(arguments).expect(2).says("there is no store");
    }
    assert_eq!(sandbox.files(), ["config/letterpress.toml"]);
}

#[tokio::test]
async fn status_tells_what_is_unfinished_and_that_nobody_sends() {
    let weekly = Newsletter::new();
    weekly.half_sent().await;
    let answer = weekly.run(&["status"]).expect(0);
    for words in [
        "nobody is sending: `letterpress resume` goes on",
        "5 recipients: 1 pending, 1 accepted, 1 rejected, 1 deferred, 1 unknown",
        "the next deferred one is due 2026-09-21 15:13 UTC",
        "--state unknown",
    ] {
        assert!(answer.out.contains(words), "{words}\n{}", answer.out);
    }
    let status = weekly.run(&["status", "--json"]).expect(0).json();
    assert_eq!(status["sender"], serde_json::Value::Null);
    let mailing = &status["mailings"][0];
    assert_eq!(mailing["counts"]["pending"], 1);
    assert_eq!(mailing["next_due"], "2026-09-21T15:13:20Z");
    assert_eq!(mailing["per_second"], serde_json::Value::Null);
    // Nobody sends, so there is nothing to wait for.
    weekly.run(&["status", "--watch"]).expect(0);
}

#[tokio::test]
async fn status_names_the_sender_and_who_is_left_alone() {
    let weekly = Newsletter::new();
    weekly.half_sent().await;
    let _held: Engagement = weekly.store.engage("process 7 on host.test").await.unwrap();
    let mut meter = letterpress::mailing::Meter::new(Default::default());
    meter.take(minute(0));
    meter.halted(minute(0));
    let limits = vec![("provider:gmail.com".to_owned(), meter.state())];
    weekly.store.save_limits(limits).await.unwrap();
    let status = weekly.run(&["status", "--json"]).expect(0).json();
    assert_eq!(status["sender"], "process 7 on host.test");
    assert_eq!(
        status["rests"],
        serde_json::json!([{"provider": "gmail.com", "until": null}])
    );
    weekly
        .run(&["status"])
        .expect(0)
        .says("process 7 on host.test is sending")
        .says("gmail.com refuses us");
}

#[tokio::test]
async fn a_watch_follows_until_the_mailing_is_finished() {
    let weekly = Newsletter::new();
    readers(&weekly.store, 1).await;
    let mailing = weekly.confirm(&weekly.keys[1], Stage::Open).await;
    let _held = weekly.store.engage("somebody").await.unwrap();
    let mut child = weekly
        .sandbox
        .command(&["status", "--watch", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next =
        || -> serde_json::Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["mailings"][0]["counts"]["pending"], 1);
    let reader = id_of(&weekly.store, numbered(0).as_str()).await;
    deliver(&weekly.store, mailing, reader, Ended::Accepted).await;
    let moved = weekly
        .store
        .set_stage(mailing, Stage::Finished, "", minute(3));
    assert!(moved.await.unwrap());
    loop {
        let seen = next();
        if seen["mailings"][0]["state"] == "finished" {
            assert_eq!(seen["mailings"][0]["counts"]["accepted"], 1);
            break;
        }
    }
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn a_paused_mailing_gives_out_nothing_until_it_is_resumed() {
    let weekly = Newsletter::new();
    let mailing = weekly.half_sent().await;
    weekly.run(&["pause"]).expect(0).says("paused the mailing");
    let reader = id_of(&weekly.store, numbered(4).as_str()).await;
    let step = Step {
        mailing,
        finished: None,
        next: Some(Start {
            subscriber: reader,
            message_id: "<x@example.org>".to_owned(),
        }),
        now: minute(9),
    };
    assert_eq!(
        weekly.store.step(step).await.unwrap(),
        letterpress::store::Verdict::Withheld(Stage::Paused)
    );
    weekly
        .run(&["pause", "12"])
        .expect(0)
        .says("paused already");
    weekly
        .run(&["pause"])
        .expect(2)
        .says("no mailing is going on");
    weekly.run(&["status"]).expect(0).says("paused 2026-03-01");
}

#[tokio::test]
async fn cancelling_asks_and_is_for_ever() {
    let weekly = Newsletter::new();
    weekly.half_sent().await;
    weekly
        .run(&["cancel"])
        .expect(2)
        .says("nobody is there to answer")
        .says("--yes");
    let before = weekly.run(&["report", "--json"]).expect(0).json();
    assert_eq!(before["state"], "open");
    weekly
        .run(&["cancel", "--yes"])
        .expect(0)
        .says("1 accepted, 1 rejected, 1 unknown, 2 cancelled");
    let after = weekly.run(&["report", "--json"]).expect(0).json();
    assert_eq!(after["state"], "cancelled");
    weekly
        .run(&["cancel", "12", "--yes"])
        .expect(0)
        .says("cancelled already");
    weekly.run(&["pause", "12"]).expect(2).says("is cancelled");
    weekly
        .run(&["cancel", "--yes"])
        .expect(2)
        .says("unfinished");
}

#[tokio::test]
async fn of_several_mailings_one_must_be_named() {
    let weekly = Newsletter::new();
    readers(&weekly.store, 1).await;
    for key in &weekly.keys {
        weekly.confirm(key, Stage::Open).await;
    }
    weekly
        .run(&["cancel", "--yes"])
        .expect(2)
        .says("several mailings are unfinished")
        .says(&weekly.keys[0]);
    weekly.run(&["cancel", "11", "--yes"]).expect(0);
    weekly.run(&["cancel", "--yes"]).expect(0);
}

#[tokio::test]
async fn a_backup_is_a_whole_store_with_its_keys() {
    let weekly = Newsletter::new();
    weekly.half_sent().await;
    let secret = format!("{}\n", "ab".repeat(32));
    weekly.sandbox.write("data/server.key", &secret);
    // Taken while somebody is sending.
    let _held = weekly.store.engage("somebody").await.unwrap();
    weekly
        .run(&["backup", "kept/weekly.db"])
        .expect(0)
        .says("weekly.db.key");
    assert_eq!(weekly.sandbox.read("kept/weekly.db.key"), secret);
    #[cfg(unix)]
    for file in ["kept/weekly.db", "kept/weekly.db.key"] {
        use std::os::unix::fs::PermissionsExt;
        let about = fs::metadata(weekly.sandbox.path(file)).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, 0o600, "{file}");
    }
    let copied = weekly.run(&[
        "--set",
        "store.url=sqlite:kept/weekly.db",
        "report",
        "--json",
    ]);
    let own = weekly.run(&["report", "--json"]).expect(0).json();
    assert_eq!(copied.expect(0).json(), own);
    // The next copy takes the place of this one.
    absorb(&weekly.store, vec![confirmed("new@example.org")]).await;
    weekly.run(&["backup", "kept/weekly.db"]).expect(0);
    let copy = Sqlite::open(&weekly.sandbox.path("kept/weekly.db")).unwrap();
    let new = confirmed("new@example.org").subscriber.address;
    assert!(copy.find(&new).await.unwrap().is_some());
}

#[tokio::test]
async fn a_backup_overwrites_nothing_but_an_older_one() {
    let weekly = Newsletter::new();
    let text = weekly.sandbox.read("issues/first-letter.md");
    weekly
        .run(&["backup", "issues/first-letter.md"])
        .expect(2)
        .says("there already and no store");
    assert_eq!(weekly.sandbox.read("issues/first-letter.md"), text);
    weekly
        .run(&["backup", STORE])
        .expect(2)
        .says("what is to be copied");
    weekly.run(&["backup", "issues"]).expect(2).says("a folder");
    weekly.sandbox.write("copy.db.key", "no key at all, a text");
    weekly
        .run(&["backup", "copy.db"])
        .expect(2)
        .says("there already and no key");
}
