use chrono::{DateTime, TimeDelta, Utc};

use crate::mailing::outcome::Delay;
use crate::mailing::pace::{Meter, Pace, Ready};

fn start() -> DateTime<Utc> {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

fn minutes(count: i64) -> TimeDelta {
    TimeDelta::minutes(count)
}

/// Takes at the moment it is allowed, and says when that was.
fn take_when_ready(meter: &mut Meter, now: DateTime<Utc>) -> DateTime<Utc> {
    let at = match meter.ready(now) {
        Ready::Now => now,
        Ready::At(at) => at,
        other => panic!("{other:?}"),
    };
    assert_eq!(meter.ready(at), Ready::Now);
    meter.take(at);
    meter.succeeded(at);
    at
}

/// How long the scope rests after this.
fn rest(meter: &Meter, now: DateTime<Utc>) -> i64 {
    (meter.rests_until(now).unwrap() - now).num_seconds()
}

#[test]
fn a_limit_is_reached_and_not_passed() {
    let limits = [
        (
            1,
            Pace {
                per_second: 14,
                ..Pace::default()
            },
            14,
        ),
        (
            60,
            Pace {
                per_minute: 7,
                ..Pace::default()
            },
            7,
        ),
        (
            3600,
            Pace {
                per_hour: 100,
                ..Pace::default()
            },
            100,
        ),
        (
            86_400,
            Pace {
                per_day: 300,
                ..Pace::default()
            },
            300,
        ),
    ];
    for (seconds, pace, limit) in limits {
        let mut meter = Meter::new(pace);
        let mut now = start();
        let times: Vec<DateTime<Utc>> = (0..limit * 5)
            .map(|_| {
                now = take_when_ready(&mut meter, now);
                now
            })
            .collect();
        let length = TimeDelta::seconds(seconds);
        for window in times.windows(limit + 1) {
            assert!(window[limit] - window[0] >= length, "{pace:?}");
        }
        // Nor is much of it left unused.
        let whole = times[times.len() - 1] - times[0];
        assert!(whole <= length * 5, "{pace:?}: {whole}");
    }
}

#[test]
fn limits_survive_the_end_of_the_program() {
    let pace = Pace {
        per_day: 3,
        ..Pace::default()
    };
    let mut meter = Meter::new(pace);
    for minute in 0..3 {
        take_when_ready(&mut meter, start() + minutes(minute));
    }
    let state = meter.state();
    let mut restored = Meter::restored(pace, &state);
    let now = start() + minutes(10);
    assert_eq!(restored.state(), state);
    assert_eq!(restored.ready(now), meter.ready(now));
    assert!(matches!(restored.ready(now), Ready::At(at) if at >= start() + minutes(24 * 60)));
    assert_eq!(Meter::new(pace).state(), "");
}

#[test]
fn the_state_stays_short_however_much_is_sent() {
    let mut meter = Meter::new(Pace::default());
    for seconds in 0..40_000 {
        let now = start() + TimeDelta::seconds(seconds * 7);
        meter.take(now);
        meter.succeeded(now);
    }
    let state = meter.state();
    assert!(state.len() < 2500, "{} bytes", state.len());
}

#[test]
fn throttling_rests_ten_minutes_and_twice_as_long_each_time() {
    let mut meter = Meter::new(Pace::default());
    let mut now = start();
    let mut rests = Vec::new();
    for seed in 0..8 {
        meter.take(now);
        meter.throttled(now, seed);
        rests.push(rest(&meter, now) / 60);
        assert!(matches!(meter.ready(now), Ready::At(_)));
        now = meter.rests_until(now).unwrap();
    }
    for (rest, least) in rests.iter().zip([10, 20, 40, 80, 160, 180, 180, 180]) {
        assert!((least..=least * 6 / 5).contains(rest), "{rests:?}");
    }
}

#[test]
fn after_a_rest_one_message_goes_and_one_more_for_each_success() {
    let mut meter = Meter::new(Pace {
        connections: 4,
        ..Pace::default()
    });
    let now = start();
    meter.take(now);
    meter.deferred(Delay::Throttled, now, 1);
    let now = now + minutes(12);
    for at_once in 1..=4 {
        for _ in 0..at_once {
            assert_eq!(meter.ready(now), Ready::Now, "{at_once}");
            meter.take(now);
        }
        assert_eq!(meter.ready(now), Ready::Busy, "{at_once}");
        meter.succeeded(now);
        for _ in 1..at_once {
            meter.ended();
        }
    }
    assert_eq!(meter.at_once(), 4);
}

#[test]
fn connections_that_meet_the_same_trouble_make_one_rest() {
    let mut meter = Meter::new(Pace::default());
    for _ in 0..4 {
        meter.take(start());
    }
    for seed in 0..4 {
        meter.throttled(start(), seed);
    }
    assert!(rest(&meter, start()) <= 12 * 60);
    // What left before the rest says nothing about the time after it.
    meter.take(start());
    meter.succeeded(start());
    assert_eq!(meter.at_once(), 1);
    let now = start() + minutes(13);
    meter.take(now);
    meter.throttled(now, 9);
    assert!(rest(&meter, now) >= 20 * 60, "the second is twice as long");
}

#[test]
fn trouble_is_forgotten_after_ten_successes() {
    let mut meter = Meter::new(Pace::default());
    meter.take(start());
    meter.throttled(start(), 1);
    let now = start() + minutes(15);
    for _ in 0..10 {
        meter.take(now);
        meter.succeeded(now);
    }
    meter.take(now);
    meter.throttled(now, 1);
    assert!(rest(&meter, now) <= 12 * 60);
}

#[test]
fn a_lost_connection_costs_seconds_and_a_dead_relay_minutes() {
    let mut meter = Meter::new(Pace::default());
    let mut now = start();
    let mut rests = Vec::new();
    for seed in 0..12 {
        meter.take(now);
        meter.deferred(Delay::Connection, now, seed);
        rests.push(rest(&meter, now));
        now = meter.rests_until(now).unwrap();
    }
    assert!((5..=6).contains(&rests[0]), "{rests:?}");
    assert!((600..=720).contains(&rests[11]), "{rests:?}");
}

#[test]
fn a_provider_that_puts_everything_off_rests_in_the_end() {
    let mut meter = Meter::new(Pace {
        connections: 4,
        ..Pace::default()
    });
    for seed in 0..8 {
        assert!(meter.rests_until(start()).is_none(), "{seed}");
        meter.take(start());
        meter.deferred(Delay::Greylisted, start(), seed);
    }
    assert_eq!(meter.at_once(), 1);
    assert!((60..=72).contains(&rest(&meter, start())));
    let mut other = Meter::new(Pace::default());
    for seed in 0..100 {
        other.take(start());
        other.deferred(Delay::MailboxFull, start(), seed);
    }
    assert_eq!(other.ready(start()), Ready::Now);
}

#[test]
fn the_editor_ends_a_halt_and_no_rest() {
    let mut meter = Meter::new(Pace::default());
    meter.take(start());
    meter.halted(start());
    assert_eq!(meter.ready(start() + minutes(9999)), Ready::Halted);
    let mut meter = Meter::restored(Pace::default(), &meter.state());
    assert!(meter.is_halted());
    meter.clear_rest();
    assert_eq!(meter.ready(start()), Ready::Now);
    meter.take(start());
    meter.throttled(start(), 1);
    meter.clear_rest();
    assert!(matches!(meter.ready(start()), Ready::At(_)));
}

#[test]
fn a_clock_that_was_set_blocks_no_longer_than_the_limit_itself() {
    let pace = Pace {
        per_hour: 1,
        ..Pace::default()
    };
    let year = TimeDelta::days(365);
    for set in [start() - year, start() - minutes(30), start() + year] {
        let mut meter = Meter::new(pace);
        meter.take(start());
        let mut meter = Meter::restored(pace, &meter.state());
        let ready = |meter: &mut Meter, now| match meter.ready(now) {
            Ready::At(at) => at,
            _ => now,
        };
        assert!(ready(&mut meter, set) <= set + minutes(60));
        // Nor does it when asked again and again.
        let later = set + minutes(59);
        assert!(ready(&mut meter, later) <= set + minutes(60));
        let mut meter = Meter::new(pace);
        meter.take(start());
        meter.throttled(start(), 1);
        assert!(ready(&mut meter, set) <= set + minutes(60));
        assert!(ready(&mut meter, later) <= set + minutes(60));
    }
}

#[test]
fn a_foreign_state_blocks_nothing_for_ever() {
    let pace = Pace {
        per_second: 1,
        per_minute: 1,
        per_hour: 1,
        per_day: 1,
        connections: 1,
    };
    let huge = i64::MAX;
    for state in [
        "".to_owned(),
        "no".to_owned(),
        "[]".to_owned(),
        "[[1,2,3]]".to_owned(),
        "{\"day\":\"x\"}".to_owned(),
        format!("{{\"day\":[{huge},{huge},{huge},{huge},{huge},{huge}]}}"),
        format!("{{\"day\":[-{huge},-{huge},-{huge},1,2]}}"),
        format!("{{\"rest\":[-{huge},{huge}],\"rests\":4294967295,\"well\":4294967295}}"),
        format!("{{\"rest\":[{huge},-{huge}],\"at_once\":0}}"),
        format!("{{\"rest\":[{},{huge}]}}", start().timestamp_millis()),
        // Before the first moment that has a date.
        "{\"rest\":[-8334601241760001,0]}".to_owned(),
    ] {
        let mut meter = Meter::restored(pace, &state);
        let mut now = start();
        for _ in 0..3 {
            now = match meter.ready(now) {
                Ready::Now => now,
                Ready::At(at) => at,
                other => panic!("{state}: {other:?}"),
            };
        }
        assert_eq!(meter.ready(now), Ready::Now, "{state}");
        assert!(now <= start() + minutes(24 * 60), "{state}");
        meter.take(now);
        meter.throttled(now, u64::MAX);
        assert!(Meter::restored(pace, &meter.state()).state() == meter.state());
    }
}
