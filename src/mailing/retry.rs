//! When a deferred delivery is tried again.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::mailing::outcome::Delay;

/// When a deferred delivery is tried again, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Before the second try (RFC 5321 §4.5.4.1: 30 minutes at least).
    pub first: Duration,
    /// Before the second try where the server merely wants to see whether we
    /// come back (RFC 6647 §2).
    pub greylist: Duration,
    /// The longest between two tries.
    pub max: Duration,
    /// Since the first try, after which it counts as rejected (RFC 5321
    /// §4.5.4.1: 4 to 5 days).
    pub give_up: Duration,
}

/// What becomes of a deferred delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is tried again then.
    At(DateTime<Utc>),
    /// It was tried for long enough.
    GiveUp,
}

impl Default for Retry {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        Retry {
            first: minutes(30),
            greylist: minutes(5),
            max: minutes(3 * 60),
            give_up: minutes(5 * 24 * 60),
        }
    }
}

/// No two tries are nearer than this, whatever the settings say.
const LEAST: Duration = Duration::from_secs(1);

impl Retry {
    /// When a delivery is tried again that was deferred just now, for the
    /// `attempts`-th time, by this `delay`. Waiting doubles with each try up to
    /// [`Retry::max`]; `seed` spreads it by a tenth, so that what was deferred
    /// together does not come back together. It is never less than the first
    /// waiting time, and nobody is given up before [`Retry::give_up`] is over.
    pub fn next(
        &self,
        attempts: u32,
        first_attempt: DateTime<Utc>,
        now: DateTime<Utc>,
        delay: Delay,
        seed: u64,
    ) -> Next {
        // A clock that was set back must not keep a delivery for ever, nor give
        // it up at once.
        let tried_for = (now - first_attempt).to_std().unwrap_or_default();
        if attempts > 1 && tried_for >= self.give_up {
            return Next::GiveUp;
        }
        let base = match delay {
            Delay::Greylisted => self.greylist,
            Delay::Connection | Delay::Later | Delay::MailboxFull | Delay::Throttled => self.first,
        };
        let max = self.max.max(LEAST);
        let base = base.clamp(LEAST, max);
        let doubled = 1_u32
            .checked_shl(attempts.saturating_sub(1))
            .unwrap_or(u32::MAX);
        let wait = base.saturating_mul(doubled.max(1)).min(max);
        let tenth = wait / 10;
        let low = wait.saturating_sub(tenth).max(base);
        let high = wait.saturating_add(tenth).min(max).max(low);
        Next::At(after(now, spread(low, high, seed, attempts)))
    }
}

/// `now` and `wait`, or the end of time.
pub(super) fn after(now: DateTime<Utc>, wait: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(wait)
        .ok()
        .and_then(|wait| now.checked_add_signed(wait))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// A time from `low` to `high`, the same for the same `seed` and `step`.
pub(super) fn spread(low: Duration, high: Duration, seed: u64, step: u32) -> Duration {
    let span = high.saturating_sub(low);
    // SplitMix64: two neighbouring seeds have nothing in common afterwards.
    let mut mixed = seed.wrapping_add(u64::from(step).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    // 16 bits are enough to tell thousands of deliveries apart.
    let part = (mixed >> 48) as u32;
    low.saturating_add(span / 0xffff * part).min(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn waits(delay: Delay, seed: u64) -> Vec<i64> {
        let (first, mut now) = (at(1_000_000), at(1_000_000));
        let mut waits = Vec::new();
        for attempts in 1.. {
            match Retry::default().next(attempts, first, now, delay, seed) {
                Next::At(then) => {
                    waits.push((then - now).num_minutes());
                    now = then;
                }
                Next::GiveUp => break,
            }
        }
        waits
    }

    #[test]
    fn waiting_begins_with_half_an_hour_and_doubles_to_three_hours() {
        for seed in 0..200 {
            let found = waits(Delay::Later, seed);
            assert!((30..=33).contains(&found[0]), "{found:?}");
            assert!((54..=66).contains(&found[1]), "{found:?}");
            assert!((108..=132).contains(&found[2]), "{found:?}");
            assert!(found[3..].iter().all(|wait| (162..=180).contains(wait)));
            let hours = found.iter().sum::<i64>() / 60;
            assert!((119..=123).contains(&hours), "{hours}: {found:?}");
        }
    }

    #[test]
    fn a_server_that_greylists_is_asked_again_soon() {
        for seed in 0..200 {
            let found = waits(Delay::Greylisted, seed);
            assert!((5..=6).contains(&found[0]), "{found:?}");
            assert!((9..=11).contains(&found[1]), "{found:?}");
            assert!((30..=60).contains(&found[..3].iter().sum::<i64>()));
        }
    }

    #[test]
    fn what_was_deferred_together_does_not_come_back_together() {
        let retry = Retry::default();
        let mut times: Vec<Next> = (0..1000)
            .map(|seed| retry.next(1, at(0), at(0), Delay::Later, seed))
            .collect();
        times.sort_by_key(|next| match next {
            Next::At(at) => *at,
            Next::GiveUp => at(0),
        });
        times.dedup();
        assert!(times.len() > 900, "{} different times", times.len());
        assert_eq!(
            retry.next(3, at(0), at(9), Delay::Later, 7),
            retry.next(3, at(0), at(9), Delay::Later, 7)
        );
    }

    #[test]
    fn a_clock_that_was_set_back_gives_nobody_up() {
        let next = Retry::default().next(9, at(9_000_000), at(0), Delay::Later, 1);
        assert!(matches!(next, Next::At(then) if then > at(0)), "{next:?}");
    }
}
