//! No recipient waits behind another provider's delay.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use letterpress::delivery::{End, Event, Watch};
use letterpress::mailing::{Pace, Phase, State};

use crate::delivery::rig::{Fate, Rig, World, relay};

/// Subscribers of two providers, taking turns.
async fn two_providers(count: usize) -> Rig {
    let addresses: Vec<String> = (0..count)
        .flat_map(|number| {
            [
                format!("reader-{number:03}@slow.test"),
                format!("reader-{number:03}@quick.test"),
            ]
        })
        .collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    Rig::with(&addresses).await
}

fn at<'a>(taken: &'a [String], domain: &str) -> Vec<&'a String> {
    taken
        .iter()
        .filter(|address| address.ends_with(domain))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_slows_us_down_holds_up_nobody_else() {
    let mut rig = two_providers(400).await;
    rig.wait = true;
    rig.confirm().await;
    let first_slow = Arc::new(std::sync::Mutex::new(None));
    let seen = Arc::clone(&first_slow);
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = Arc::clone(&order);
    let world = World::new(move |address, time| {
        let mut first = seen.lock().unwrap();
        if address.ends_with("@slow.test") && first.is_none() && time == 1 {
            *first = Some(address.to_owned());
            return Fate::Refuse(Phase::Content, "421 4.7.28 too fast");
        }
        kept.lock().unwrap().push(address.to_owned());
        Fate::Accept
    });
    let watch = Arc::new(Watch::new());
    let end = rig.send_by(vec![relay(&world)], Arc::clone(&watch)).await;
    assert_eq!(end.unwrap(), End::Finished);
    assert_eq!(rig.states().await, "800 accepted");
    let rested = watch.events().into_iter().any(|event| {
        matches!(event, Event::Resting { provider: Some(provider), .. } if provider == "slow.test")
    });
    assert!(rested);
    // All of the quick ones were done before the slow ones went on.
    let order = order.lock().unwrap();
    let last_quick = order
        .iter()
        .rposition(|address| address.ends_with("@quick.test"))
        .unwrap();
    let slow_before = at(&order[..last_quick], "@slow.test").len();
    assert!(slow_before < 20, "{slow_before}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_does_not_trust_us_waits_for_the_editor() {
    let mut rig = two_providers(30).await;
    rig.confirm().await;
    let world = World::new(|address, time| {
        if address.ends_with("@slow.test") && time == 1 {
            Fate::Refuse(Phase::Content, "550 5.7.26 not authenticated")
        } else {
            Fate::Accept
        }
    });
    let end = rig.send(&world).await;
    assert_eq!(end, End::Refused(vec!["slow.test".to_owned()]));
    assert_eq!(rig.states().await, "30 pending, 30 accepted");
    assert_eq!(at(&world.taken(), "@slow.test").len(), 0);
    // It is remembered, and nobody has bounced.
    let end = rig.send(&world).await;
    assert_eq!(end, End::Refused(vec!["slow.test".to_owned()]));
    assert!(rig.in_state(State::Rejected).await.is_empty());
    rig.by_hand = true;
    let mut ends = Vec::new();
    for _ in 0..40 {
        ends.push(rig.send(&world).await);
        if ends.last() == Some(&End::Finished) {
            break;
        }
    }
    assert_eq!(rig.states().await, "60 accepted");
}

#[tokio::test(start_paused = true)]
async fn limits_of_a_provider_hold() {
    let mut rig = two_providers(30).await;
    rig.wait = true;
    let pace = Pace {
        per_minute: 10,
        ..Pace::default()
    };
    rig.settings.providers = BTreeMap::from([("slow.test".to_owned(), pace)]);
    rig.confirm().await;
    let times = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = Arc::clone(&times);
    let began = tokio::time::Instant::now();
    let world = World::new(move |address, _| {
        if address.ends_with("@slow.test") {
            kept.lock().unwrap().push(began.elapsed());
        }
        Fate::Accept
    });
    assert_eq!(rig.send(&world).await, End::Finished);
    let times = times.lock().unwrap();
    assert_eq!(times.len(), 30);
    for window in times.windows(11) {
        let took = TimeDelta::from_std(window[10] - window[0]).unwrap();
        assert!(took >= TimeDelta::seconds(59), "{took}");
    }
}

#[tokio::test(start_paused = true)]
async fn limits_of_the_relay_hold_over_a_restart() {
    let mut rig = Rig::of(30).await;
    rig.settings.pace = Pace {
        per_hour: 20,
        ..Pace::default()
    };
    rig.wait = true;
    rig.confirm().await;
    let watch = Arc::new(Watch::new());
    let teller = Arc::clone(&watch);
    let counted = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = Arc::clone(&counted);
    let began = tokio::time::Instant::now();
    let late = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = Arc::clone(&late);
    let world = World::new(move |_, _| {
        if count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 18 {
            teller.stop();
        }
        kept.lock().unwrap().push(began.elapsed());
        Fate::Accept
    });
    rig.send_by(vec![relay(&world)], watch).await.unwrap();
    rig.reopen();
    assert_eq!(rig.send(&world).await, End::Finished);
    assert_eq!(rig.states().await, "30 accepted");
    let times = late.lock().unwrap();
    for window in times.windows(21) {
        assert!((window[20] - window[0]).as_secs() >= 3_500, "{window:?}");
    }
}
