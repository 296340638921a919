//! Nobody is lost, nobody is mailed twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use letterpress::delivery::{End, Stop, Watch};
use letterpress::mailing::{Phase, Stage, State};
use letterpress::store::Store;
use letterpress::subscriber::{Address, Reason, Status, Suppression};
use proptest::prelude::*;

use crate::delivery::rig::{Fate, Rig, World, relay};

#[tokio::test(start_paused = true)]
async fn everybody_gets_it_once() {
    let rig = Rig::of(100).await;
    rig.confirm().await;
    let world = World::new(|_, _| Fate::Accept);
    assert_eq!(rig.send(&world).await, End::Finished);
    assert_eq!(rig.states().await, "100 accepted");
    let mut taken = world.taken();
    assert_eq!(taken.len(), 100);
    taken.dedup();
    assert_eq!(taken.len(), 100);
    assert_eq!(rig.mailing().await.stage, Stage::Finished);
    assert_eq!(rig.send(&world).await, End::Finished);
    assert_eq!(world.taken().len(), 100);
}

#[tokio::test(start_paused = true)]
async fn refusals_end_one_delivery_and_suppress_who_is_not_there() {
    let rig = Rig::of(5).await;
    rig.confirm().await;
    let world = World::new(|address, _| {
        if address.starts_with("reader-003") {
            Fate::Refuse(Phase::Recipient, "550 5.1.1 no such user")
        } else {
            Fate::Accept
        }
    });
    assert_eq!(rig.send(&world).await, End::Finished);
    assert_eq!(rig.states().await, "4 accepted, 1 rejected");
    let gone = Address::parse("reader-003@example.org").unwrap();
    let (_, entry) = rig.store.find(&gone).await.unwrap().unwrap();
    assert_eq!(entry.suppression.unwrap().reason, Reason::HardBounce);
}

#[tokio::test(start_paused = true)]
async fn deferred_deliveries_are_tried_again_when_due() {
    let rig = Rig::of(5).await;
    rig.confirm().await;
    let world = World::new(|address, time| {
        if address.starts_with("reader-002") && time == 1 {
            Fate::Refuse(Phase::Content, "452 4.2.2 mailbox full")
        } else {
            Fate::Accept
        }
    });
    let End::Waiting(due) = rig.send(&world).await else {
        panic!("nothing was deferred");
    };
    assert!(due > rig.now() + TimeDelta::minutes(10), "{due}");
    assert_eq!(rig.states().await, "4 accepted, 1 deferred");
    assert_eq!(rig.mailing().await.stage, Stage::Open);
    // Too early: nothing is tried.
    assert_eq!(rig.send(&world).await, End::Waiting(due));
    assert_eq!(world.times_named("reader-002@example.org"), 1);
    rig.pass(due - rig.now() + TimeDelta::seconds(1));
    assert_eq!(rig.send(&world).await, End::Finished);
    assert_eq!(rig.states().await, "5 accepted");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_stays_until_nothing_is_open() {
    let mut rig = Rig::of(5).await;
    rig.wait = true;
    rig.confirm().await;
    let world = World::new(|address, time| {
        if address.starts_with("reader-002") && time < 4 {
            Fate::Refuse(Phase::Content, "452 4.2.2 mailbox full")
        } else {
            Fate::Accept
        }
    });
    assert_eq!(rig.send(&world).await, End::Finished);
    assert_eq!(rig.states().await, "5 accepted");
    assert_eq!(world.times_named("reader-002@example.org"), 4);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_unknown_and_sent_again_only_on_the_editors_word() {
    let rig = Rig::of(5).await;
    rig.confirm().await;
    let world = World::new(|address, time| {
        if address.starts_with("reader-004") && time == 1 {
            Fate::Lose(Phase::Content)
        } else {
            Fate::Accept
        }
    });
    assert_eq!(rig.send(&world).await, End::Finished);
    assert_eq!(rig.states().await, "4 accepted, 1 unknown");
    assert_eq!(
        rig.in_state(State::Unknown).await,
        ["reader-004@example.org"]
    );
    let mailing = rig.mailing().await.id;
    let reopened = rig.store.reopen(mailing, &[State::Unknown], rig.now());
    assert_eq!(reopened.await.unwrap(), 1);
    rig.store
        .set_stage(mailing, Stage::Open, "", rig.now())
        .await
        .unwrap();
    assert_eq!(rig.send(&world).await, End::Finished);
    assert_eq!(rig.states().await, "5 accepted");
    let ids: Vec<(String, String)> = world
        .message_ids()
        .into_iter()
        .filter(|(address, _)| address.starts_with("reader-004"))
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1], "the same message");
}

#[tokio::test(start_paused = true)]
async fn who_leaves_or_is_suppressed_while_it_runs_gets_nothing() {
    let rig = Rig::of(50).await;
    rig.confirm().await;
    let store = Arc::clone(&rig.store);
    let now = rig.now();
    let leaver = Address::parse("reader-049@example.org").unwrap();
    let suppressed = Address::parse("reader-050@example.org").unwrap();
    store
        .set_status(&leaver, Status::Unsubscribed, now)
        .await
        .unwrap();
    let suppression = Suppression {
        reason: Reason::Complaint,
        at: now,
        note: String::new(),
    };
    store.suppress(&suppressed, suppression).await.unwrap();
    let world = World::new(|_, _| Fate::Accept);
    assert_eq!(rig.send(&world).await, End::Finished);
    assert_eq!(rig.states().await, "48 accepted, 2 skipped");
    assert!(!world.taken().contains(&leaver.to_string()));
    assert!(!world.taken().contains(&suppressed.to_string()));
}

#[tokio::test(start_paused = true)]
async fn another_process_pauses_and_resumes() {
    let rig = Rig::of(60).await;
    let mailing = rig.confirm().await.id;
    let other = rig.other_process();
    let now = rig.now();
    other
        .set_stage(mailing, Stage::Paused, "the editor's wish", now)
        .await
        .unwrap();
    let world = World::new(|_, _| Fate::Accept);
    let end = rig.send(&world).await;
    assert_eq!(end, End::Stopped(Stop::Stage(Stage::Paused)));
    assert_eq!(rig.states().await, "60 pending");
    other
        .set_stage(mailing, Stage::Open, "", now)
        .await
        .unwrap();
    assert_eq!(rig.send(&world).await, End::Finished);
    assert_eq!(world.taken().len(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_mailing_stays_cancelled() {
    let rig = Rig::of(20).await;
    let mailing = rig.confirm().await.id;
    let now = rig.now();
    rig.store
        .set_stage(mailing, Stage::Cancelled, "", now)
        .await
        .unwrap();
    assert_eq!(rig.states().await, "20 cancelled");
    let back = rig.store.set_stage(mailing, Stage::Open, "", now).await;
    assert!(!back.unwrap());
    let world = World::new(|_, _| Fate::Accept);
    rig.send(&world).await;
    assert!(world.taken().is_empty());
    assert_eq!(rig.mailing().await.stage, Stage::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_told_to_end_hands_over_what_it_has_begun() {
    let rig = Rig::of(300).await;
    rig.confirm().await;
    let watch = Arc::new(Watch::new());
    let teller = Arc::clone(&watch);
    let world = World::new(move |address, _| {
        if address.starts_with("reader-040") {
            teller.stop();
        }
        Fate::Accept
    });
    let end = rig.send_by(vec![relay(&world)], watch).await.unwrap();
    assert_eq!(end, End::Stopped(Stop::Drain));
    let taken = world.taken().len();
    assert!((40..300).contains(&taken), "{taken}");
    let left = 300 - taken;
    assert_eq!(
        rig.states().await,
        format!("{left} pending, {taken} accepted")
    );
}

/// One run of a mailing with random fates, killed at random moments.
async fn killed_at(fates: Vec<u8>, kills: Vec<u64>, connections: usize) {
    let count = fates.len();
    let mut rig = Rig::of(count).await;
    rig.settings.connections = connections;
    rig.wait = true;
    rig.confirm().await;
    let world = World::new(move |address, time| {
        let number: usize = address["reader-".len()..][..3].parse().unwrap();
        match fates[number - 1] % 8 {
            0 => Fate::Refuse(Phase::Recipient, "550 5.1.1 no such user"),
            1 if time == 1 => Fate::Refuse(Phase::Recipient, "450 4.2.0 greylisted"),
            2 if time == 1 => Fate::Lose(Phase::Content),
            3 if time == 1 => Fate::Lose(Phase::Data),
            4 if time < 3 => Fate::Refuse(Phase::Content, "452 4.2.2 full"),
            _ => Fate::Accept,
        }
    });
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    let mut unknown_before = 0;
    for kill in kills {
        let begun = world.moments();
        world.end_at.store(begun + kill, Ordering::SeqCst);
        let lost_before = world.lost.load(Ordering::SeqCst);
        let ended = rig.send_until_killed(&world).await;
        rig.reopen();
        let engagement = rig.store.engage("test").await.unwrap();
        rig.store.recover(&engagement, rig.now()).await.unwrap();
        drop(engagement);
        let unknown = rig.in_state(State::Unknown).await;
        let lost = usize::try_from(world.lost.load(Ordering::SeqCst) - lost_before).unwrap();
        assert!(
            unknown.len() <= unknown_before + lost + connections,
            "more unknown than connections"
        );
        unknown_before = unknown.len();
        for address in unknown {
            named.insert(address, 1);
        }
        if ended.is_some() {
            break;
        }
    }
    world.end_at.store(u64::MAX, Ordering::SeqCst);
    assert_eq!(rig.send(&world).await, End::Finished);
    for address in rig.in_state(State::Unknown).await {
        named.insert(address, 1);
    }
    // Everybody is accounted for.
    let tally = rig.store.tally(rig.mailing().await.id).await.unwrap();
    assert_eq!(tally.total(), count as u64);
    assert_eq!(tally.open() + tally.of(State::Sending), 0);
    let taken = world.taken();
    for address in rig.in_state(State::Accepted).await {
        assert!(taken.contains(&address), "called accepted, never taken");
    }
    let rejected = rig.in_state(State::Rejected).await;
    for pair in taken.windows(2) {
        assert_ne!(pair[0], pair[1], "taken twice");
    }
    for address in &taken {
        assert!(!rejected.contains(address), "rejected and taken");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn under_any_replies_and_kills_nobody_is_lost_or_mailed_twice(
        fates in proptest::collection::vec(any::<u8>(), 1..40),
        kills in proptest::collection::vec(1_u64..40, 0..6),
        connections in 1_usize..6,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(killed_at(fates, kills, connections));
    }
}
