//! The arithmetic of a mailing under whatever numbers: FILTER, retries, limits,
//! the ledger.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use letterpress::diagnostic::SourceFile;
use letterpress::mailing::{
    Delay, Enhanced, Filter, Ledger, Meter, Next, Pace, Phase, Ready, Retry, classify,
};
use proptest::prelude::*;

const DELAYS: [Delay; 5] = [
    Delay::Connection,
    Delay::Greylisted,
    Delay::Later,
    Delay::MailboxFull,
    Delay::Throttled,
];

const PHASES: [Phase; 8] = [
    Phase::Connect,
    Phase::Tls,
    Phase::Hello,
    Phase::Login,
    Phase::Sender,
    Phase::Recipient,
    Phase::Data,
    Phase::Content,
];

fn filters() -> impl Strategy<Value = Filter> {
    let value =
        "[a-z“ ()\"\\\\:新]{1,6}".prop_filter("not blank", |value| !value.trim().is_empty());
    let leaf = prop_oneof![
        Just(Filter::All),
        "[a-z]{2,3}(-[A-Za-z0-9]{2,8})?".prop_map(Filter::Language),
        value.clone().prop_map(Filter::Tag),
        value.clone().prop_map(Filter::Edition),
        value.prop_map(Filter::Mailed),
    ];
    leaf.prop_recursive(6, 60, 2, |inner| {
        let boxed = inner.prop_map(Box::new);
        prop_oneof![
            boxed.clone().prop_map(Filter::Not),
            (boxed.clone(), boxed.clone()).prop_map(|(left, right)| Filter::And(left, right)),
            (boxed.clone(), boxed).prop_map(|(left, right)| Filter::Or(left, right)),
        ]
    })
}

/// Any moment that is one.
fn moments() -> impl Strategy<Value = DateTime<Utc>> {
    let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    prop_oneof![
        (first.timestamp_millis()..=last.timestamp_millis())
            .prop_filter_map("a moment", DateTime::from_timestamp_millis),
        (0_i64..4_000_000_000_000).prop_filter_map("a moment", DateTime::from_timestamp_millis),
        Just(first),
        Just(last),
    ]
}

fn durations() -> impl Strategy<Value = Duration> {
    prop_oneof![
        any::<u64>().prop_map(Duration::from_millis),
        (0_u64..1_000_000).prop_map(Duration::from_secs),
        Just(Duration::ZERO),
        Just(Duration::MAX),
    ]
}

fn retries() -> impl Strategy<Value = Retry> {
    (durations(), durations(), durations(), durations()).prop_map(
        |(first, greylist, max, give_up)| Retry {
            first,
            greylist,
            max,
            give_up,
        },
    )
}

proptest! {
    #[test]
    fn a_printed_filter_is_read_as_the_same(filter in filters()) {
        let text = filter.to_string();
        prop_assert_eq!(Filter::parse(&text), Ok(filter), "{}", text);
    }

    #[test]
    fn whatever_is_written_is_a_filter_or_an_error_with_its_place(
        words in proptest::collection::vec("(lang:|tag:|and|or|not|[()\"\\\\ x新“&!:-]){0,3}", 0..20)
    ) {
        let text = words.join(" ");
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(text.get(error.span.start..error.span.end).is_some(), "{text}: {error:?}");
            prop_assert!(!error.help.is_empty());
        }
    }

    #[test]
    fn a_retry_is_never_in_the_past_nor_too_far_away(
        retry in retries(),
        attempts in any::<u32>(),
        first in moments(),
        now in moments(),
        delay in 0..DELAYS.len(),
        seed in any::<u64>(),
    ) {
        match retry.next(attempts, first, now, DELAYS[delay], seed) {
            Next::At(at) => {
                prop_assert!(at > now || at == DateTime::<Utc>::MAX_UTC);
                let most = retry.max.max(Duration::from_secs(1));
                let most = TimeDelta::from_std(most).unwrap_or(TimeDelta::MAX);
                prop_assert!(at - now <= most);
            }
            Next::GiveUp => {
                let tried_for = (now - first).to_std().unwrap_or_default();
                prop_assert!(tried_for >= retry.give_up);
            }
        }
    }

    #[test]
    fn waiting_never_gets_shorter_but_by_the_spread(seed in any::<u64>(), delay in 0..DELAYS.len()) {
        let (retry, now) = (Retry::default(), DateTime::UNIX_EPOCH);
        let wait = |attempts| match retry.next(attempts, now, now, DELAYS[delay], seed) {
            Next::At(at) => (at - now).num_milliseconds(),
            Next::GiveUp => i64::MAX,
        };
        let base = match DELAYS[delay] {
            Delay::Greylisted => retry.greylist,
            _ => retry.first,
        };
        for attempts in 1..40 {
            prop_assert!(wait(attempts) >= base.as_millis() as i64);
            prop_assert!(wait(attempts + 1) * 10 >= wait(attempts) * 9);
        }
    }

    #[test]
    fn no_window_holds_more_than_the_limit(
        pace in (0_u32..5, 0_u32..30, 0_u32..200, 0_u32..400),
        pauses in proptest::collection::vec((0_u32..3, 0_i64..90_000_000), 1..300),
        restart in 0_usize..300,
    ) {
        let pace = Pace {
            connections: 0,
            per_second: pace.0,
            per_minute: pace.1,
            per_hour: pace.2,
            per_day: pace.3,
        };
        let mut meter = Meter::new(pace);
        let mut now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let mut times = Vec::new();
        for (index, (kind, pause)) in pauses.into_iter().enumerate() {
            if index == restart {
                // Nothing starts within a second.
                now += TimeDelta::seconds(1);
                meter = Meter::restored(pace, &meter.state());
            }
            // Mostly at once, sometimes after seconds, seldom after hours.
            now += TimeDelta::milliseconds(match kind {
                0 => 0,
                1 => pause % 2_000,
                _ => pause / 100,
            });
            while let Ready::At(at) = meter.ready(now) {
                prop_assert!(at > now && at - now <= TimeDelta::days(1));
                now = at;
            }
            meter.take(now);
            meter.succeeded(now);
            times.push(now);
        }
        for (limit, length) in [
            (pace.per_second, TimeDelta::seconds(1)),
            (pace.per_minute, TimeDelta::minutes(1)),
            (pace.per_hour, TimeDelta::hours(1)),
            (pace.per_day, TimeDelta::days(1)),
        ] {
            for window in times.windows(limit as usize + 1).filter(|_| limit > 0) {
                let within = window[limit as usize] - window[0];
                prop_assert!(within >= length, "{limit} in {length}, one more after {within}");
            }
        }
    }

    #[test]
    fn a_meter_never_panics_nor_blocks_for_ever(
        state in prop_oneof![
            any::<String>(),
            proptest::collection::vec(any::<i64>(), 0..12)
                .prop_map(|day| format!("{{\"day\":{day:?},\"rest\":[{},{}]}}",
                    day.first().unwrap_or(&0), day.last().unwrap_or(&0))),
        ],
        steps in proptest::collection::vec((moments(), 0_usize..9, any::<u64>()), 0..30),
    ) {
        let pace = Pace { per_second: 1, per_minute: 2, per_hour: 3, per_day: 4, connections: 2 };
        let mut meter = Meter::restored(pace, &state);
        for (now, what, seed) in steps {
            match what {
                0..5 => meter.deferred(DELAYS[what], now, seed),
                5 => meter.succeeded(now),
                6 => meter.take(now),
                7 => meter = Meter::restored(pace, &meter.state()),
                _ => meter.clear_rest(),
            }
            if let Ready::At(at) = meter.ready(now) {
                prop_assert!(at - now <= TimeDelta::days(1), "{now} {at}");
            }
        }
    }

    #[test]
    fn any_reply_has_an_outcome_and_nobody_is_accepted_by_a_refusal(
        phase in 0..PHASES.len(),
        code in proptest::option::of(any::<u16>()),
        text in "([245]\\.[0-9]{1,2}\\.[0-9]{1,2} )?.{0,40}",
    ) {
        let phase = PHASES[phase];
        let outcome = classify(phase, code, Enhanced::parse(&text), &text);
        let _ = outcome.scope(phase);
        let accepted = outcome == letterpress::mailing::Outcome::Accepted;
        let taken = code.is_some_and(|code| (200..300).contains(&code));
        prop_assert_eq!(accepted, taken && phase == Phase::Content);
    }

    #[test]
    fn any_text_is_a_ledger_or_has_findings(text in "(\\[\\[mailing\\]\\]\n|[a-z]{2,6} = [\"0-9a-z]{0,8}\n|.{0,20}\n){0,12}") {
        let source = SourceFile::new("feeds/mailed.lock", text.as_str());
        let (ledger, findings) = Ledger::parse(&source);
        for finding in findings {
            let span = finding.span.unwrap();
            prop_assert!(text.get(span.start..span.end).is_some());
        }
        let again = ledger.to_text();
        let source = SourceFile::new("feeds/mailed.lock", again.as_str());
        prop_assert_eq!(Ledger::parse(&source), (ledger, vec![]));
    }
}
