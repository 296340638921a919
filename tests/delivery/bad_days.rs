//! Relays that are down, deny, or fall silent; stores that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use letterpress::delivery::{End, Event, Watch};
use letterpress::mailing::{Phase, Stage};
use letterpress::store::{Error, Store};

use crate::delivery::rig::{Fate, Rig, World, relay};

#[tokio::test(start_paused = true)]
async fn a_relay_that_denies_pauses_the_mailing_and_nobody_has_bounced() {
    let cases = [
        (Phase::Login, "535 5.7.8 bad password"),
        (Phase::Sender, "550 5.1.0 sender refused"),
        (Phase::Recipient, "554 5.7.1 relay access denied"),
        (Phase::Content, "552 5.3.4 message too big"),
    ];
    for (phase, words) in cases {
        let rig = Rig::of(20).await;
        rig.confirm().await;
        let world = World::new(move |_, _| Fate::Refuse(phase, words));
        let End::Trouble { why } = rig.send(&world).await else {
            panic!("{words}: the run went on");
        };
        assert!(why.contains(&words[..3]), "{why}");
        assert_eq!(rig.states().await, "20 pending", "{words}");
        let mailing = rig.mailing().await;
        assert_eq!((mailing.stage, mailing.why), (Stage::Paused, why));
    }
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_is_down_for_a_moment_is_waited_for() {
    let rig = Rig::of(20).await;
    rig.confirm().await;
    let world = World::new(|_, time| {
        if time == 1 {
            Fate::Lose(Phase::Connect)
        } else {
            Fate::Accept
        }
    });
    let mut end = rig.send(&world).await;
    for _ in 0..20 {
        if end == End::Finished {
            break;
        }
        let mailing = rig.mailing().await.id;
        rig.store
            .set_stage(mailing, Stage::Open, "", rig.now())
            .await
            .unwrap();
        end = rig.send(&world).await;
    }
    assert_eq!(rig.states().await, "20 accepted");
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_stays_down_pauses_the_mailing() {
    let rig = Rig::of(20).await;
    rig.confirm().await;
    let world = World::new(|_, _| Fate::Lose(Phase::Connect));
    assert!(matches!(rig.send(&world).await, End::Trouble { .. }));
    assert_eq!(rig.states().await, "20 pending");
}

#[tokio::test(start_paused = true)]
async fn a_second_relay_takes_over() {
    let rig = Rig::of(20).await;
    rig.confirm().await;
    let dead = World::new(|_, _| Fate::Refuse(Phase::Login, "535 5.7.8 no"));
    let alive = World::new(|_, _| Fate::Accept);
    let watch = Arc::new(Watch::new());
    let relays = vec![relay(&dead), relay(&alive)];
    let end = rig.send_by(relays, Arc::clone(&watch)).await.unwrap();
    assert_eq!(end, End::Finished);
    assert_eq!(alive.taken().len(), 20);
    let events = watch.events();
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Switched { .. }))
    );
}

#[tokio::test(start_paused = true)]
async fn connections_lost_before_content_are_tried_again_in_the_same_run() {
    let rig = Rig::of(20).await;
    rig.confirm().await;
    let world = World::new(|address, time| {
        if address.starts_with("reader-007") && time == 1 {
            Fate::Lose(Phase::Data)
        } else {
            Fate::Accept
        }
    });
    assert_eq!(rig.send(&world).await, End::Finished);
    assert_eq!(rig.states().await, "20 accepted");
}

#[tokio::test(start_paused = true)]
async fn only_one_sends_at_a_time() {
    let rig = Rig::of(3).await;
    rig.confirm().await;
    let engagement = rig.store.engage("the first one").await.unwrap();
    let other = rig.other_process();
    let Err(Error::Engaged { who }) = other.engage("the second one").await else {
        panic!("two are sending");
    };
    assert!(who.contains("the first one"), "{who}");
    drop(engagement);
    other.engage("the second one").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_recipient_who_is_erased_while_it_runs_gets_nothing() {
    let rig = Rig::of(40).await;
    rig.confirm().await;
    let store = Arc::clone(&rig.store);
    let now = rig.now();
    let address = letterpress::subscriber::Address::parse("reader-040@example.org").unwrap();
    store.erase(&address, now).await.unwrap();
    let named = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&named);
    let world = World::new(move |address, _| {
        if address.starts_with("reader-040") {
            seen.store(true, Ordering::SeqCst);
        }
        Fate::Accept
    });
    assert_eq!(rig.send(&world).await, End::Finished);
    assert!(!named.load(Ordering::SeqCst));
    assert_eq!(world.taken().len(), 39);
}
