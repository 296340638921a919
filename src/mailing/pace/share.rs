//! A scope whose limits and rests hold for several processes together. What is
//! common to them is one text that each reads and writes in its turn: a process
//! takes grants out of it, a few messages at a time, and tells its troubles.

use chrono::{DateTime, Utc};

use crate::mailing::pace::{Meter, Pace, RECOVERED, Ready, Rest, UNBOUNDED};

/// The most messages of one grant: whoever dies loses no more.
const LARGEST: u32 = 64;

/// What a process keeps of a common scope.
#[derive(Clone, Debug)]
pub(super) struct Share {
    /// Messages that were granted and have not left.
    granted: u32,
    /// There is no use in asking for more before.
    refill_at: Option<DateTime<Utc>>,
    /// How many may be under way here.
    part: u32,
    /// Troubles met here, and how many of them are told.
    pub(super) troubles: u64,
    told: u64,
    /// Messages that went well since that was told.
    pub(super) gained: u32,
}

/// What came of an exchange.
#[derive(Clone, Debug)]
pub struct Exchanged {
    rest: Option<Rest>,
    halted: bool,
    at_once: Option<u32>,
    rests: u32,
    granted: u32,
    refill_at: Option<DateTime<Utc>>,
    troubles: u64,
    gained: u32,
}

impl Pace {
    fn is_limited(&self) -> bool {
        self.per_second + self.per_minute + self.per_hour + self.per_day > 0
    }

    /// How many one of `workers` asks for at once: what all of them together
    /// would use up in a quarter of the time.
    fn grant(&self, workers: u32) -> u32 {
        let limits = [
            self.per_second,
            self.per_minute,
            self.per_hour,
            self.per_day,
        ];
        let least = limits.into_iter().filter(|limit| *limit > 0).min();
        (least.unwrap_or(0) / (4 * workers.max(1))).clamp(1, LARGEST)
    }
}

impl Meter {
    /// The same scope, common to several processes from now on.
    #[must_use]
    pub fn shared(mut self) -> Meter {
        self.share = Some(Share {
            granted: 0,
            refill_at: None,
            part: u32::MAX,
            troubles: 0,
            told: 0,
            gained: 0,
        });
        self
    }

    /// Whether the next message may leave, as far as grants are concerned.
    pub(super) fn is_granted(&self, share: &Share, now: DateTime<Utc>) -> Option<Ready> {
        if self.pace.is_limited() && share.granted == 0 {
            return Some(match share.refill_at {
                Some(at) if at > now => Ready::At(at),
                _ => Ready::Busy,
            });
        }
        (self.under_way >= share.part).then_some(Ready::Busy)
    }

    pub(super) fn use_grant(&mut self) {
        if let Some(share) = &mut self.share {
            share.granted = share.granted.saturating_sub(1);
        }
    }

    /// Whether an exchange has something to tell, or something to ask for.
    pub fn wants_exchange(&self, now: DateTime<Utc>) -> bool {
        let Some(share) = &self.share else {
            return false;
        };
        let told = share.told == share.troubles && (self.at_once.is_none() || share.gained == 0);
        let low = self.pace.is_limited()
            && share.granted == 0
            && !self.halted
            && self.rests_until(now).is_none()
            && share.refill_at.is_none_or(|at| at <= now);
        !told || low
    }

    /// Whether something can leave here within the next seconds.
    pub fn goes_soon(&self, now: DateTime<Utc>) -> bool {
        let soon = now + chrono::TimeDelta::seconds(5);
        let share = self.share.as_ref();
        !self.halted
            && self.rests_until(now).is_none_or(|until| until <= soon)
            && share.is_none_or(|share| {
                share.part > 0
                    && (share.granted > 0
                        || !self.pace.is_limited()
                        || share.refill_at.is_none_or(|at| at <= soon))
            })
    }

    /// Tells what is common what happened here, and takes a grant for one of
    /// `workers`. Answers the new text and what is to be adopted.
    pub fn exchange(&self, state: &str, workers: u32, now: DateTime<Utc>) -> (String, Exchanged) {
        let mut whole = Meter::restored(self.pace, state);
        whole.settle(now);
        let share = self.share.as_ref();
        let (troubles, told, gained) = share.map_or((0, 0, 0), |share| {
            (share.troubles, share.told, share.gained)
        });
        if troubles > told {
            let until = |rest: &Option<Rest>| rest.map_or(i64::MIN, |Rest(_, until)| until);
            if until(&self.rest) > until(&whole.rest) {
                whole.rest = self.rest;
            }
            whole.halted = self.halted;
            whole.at_once = match (whole.at_once, self.at_once) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            whole.rests = whole.rests.max(self.rests);
            whole.well = 0;
        } else if gained > 0 && whole.rests_until(now).is_none() {
            let all = match self.pace.connections {
                0 => UNBOUNDED,
                some => some,
            };
            whole.at_once = whole
                .at_once
                .map(|at_once| at_once.saturating_add(gained))
                .filter(|at_once| *at_once < all);
            whole.well = whole.well.saturating_add(gained);
            if whole.well >= RECOVERED {
                whole.rests = 0;
            }
        }
        let mut granted = 0;
        if self.pace.is_limited() && share.is_some_and(|share| share.granted == 0) && !whole.halted
        {
            let wanted = self.pace.grant(workers);
            while granted < wanted && whole.ready_at(now).is_none() {
                whole.take(now);
                granted += 1;
            }
        }
        let exchanged = Exchanged {
            rest: whole.rest,
            halted: whole.halted,
            at_once: whole.at_once,
            rests: whole.rests,
            granted,
            refill_at: whole.ready_at(now),
            troubles,
            gained,
        };
        (whole.state(), exchanged)
    }

    /// Adopts what an exchange found. This process is number `rank` of `workers`:
    /// what may be under way at once is parted among them.
    pub fn adopt(&mut self, exchanged: &Exchanged, rank: u32, workers: u32) {
        let connections = match self.pace.connections {
            0 => u32::MAX,
            some => some,
        };
        let Some(share) = &mut self.share else {
            return;
        };
        share.granted = share.granted.saturating_add(exchanged.granted);
        share.refill_at = exchanged.refill_at;
        share.gained = share.gained.saturating_sub(exchanged.gained);
        let at_once = exchanged.at_once.unwrap_or(u32::MAX).clamp(1, connections);
        let workers = workers.max(1);
        share.part = match at_once {
            u32::MAX => u32::MAX,
            some => some / workers + u32::from(rank < some % workers),
        };
        share.told = share.told.max(exchanged.troubles);
        if share.troubles == exchanged.troubles {
            self.rest = exchanged.rest;
            self.halted = exchanged.halted;
            self.at_once = exchanged.at_once;
            self.rests = exchanged.rests;
        }
    }

    /// What others have told, where this process has nothing to tell.
    pub fn heed(&mut self, state: &str, rank: u32, workers: u32, now: DateTime<Utc>) {
        let mut whole = Meter::restored(self.pace, state);
        whole.settle(now);
        let Some(share) = &self.share else {
            return;
        };
        let exchanged = Exchanged {
            rest: whole.rest,
            halted: whole.halted,
            at_once: whole.at_once,
            rests: whole.rests,
            granted: 0,
            refill_at: share.refill_at,
            troubles: share.told,
            gained: 0,
        };
        self.adopt(&exchanged, rank, workers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> DateTime<Utc> {
        "2026-03-02T08:00:00Z".parse().unwrap()
    }

    /// Lets the meters take whatever they may at this moment.
    fn spend(meters: &mut [Meter], state: &mut String, now: DateTime<Utc>) -> u32 {
        let workers = meters.len() as u32;
        let mut sent = 0;
        for round in 0..1000 {
            let meter = &mut meters[round % workers as usize];
            if meter.wants_exchange(now) {
                let (text, exchanged) = meter.exchange(state, workers, now);
                *state = text;
                meter.adopt(&exchanged, round as u32 % workers, workers);
            }
            if meter.ready(now) == Ready::Now {
                meter.take(now);
                meter.succeeded(now);
                sent += 1;
            }
        }
        sent
    }

    #[test]
    fn several_together_keep_to_one_limit() {
        let pace = |per_second, per_day| Pace {
            per_second,
            per_day,
            ..Pace::default()
        };
        for (pace, expected) in [
            (pace(10, 0), [10, 10, 10]),
            (pace(0, 25), [25, 0, 0]),
            (pace(10, 25), [10, 10, 5]),
            (pace(1, 0), [1, 1, 1]),
        ] {
            let mut meters = vec![Meter::new(pace).shared(); 3];
            let mut state = String::new();
            for (second, expected) in expected.into_iter().enumerate() {
                let now = start() + chrono::TimeDelta::seconds(second as i64 * 2);
                let sent = spend(&mut meters, &mut state, now);
                assert_eq!(sent, expected, "{pace:?} second {second}");
            }
        }
    }

    #[test]
    fn what_one_is_told_holds_for_all() {
        let mut one = Meter::new(Pace::default()).shared();
        let mut other = one.clone();
        one.take(start());
        one.throttled(start(), 1);
        assert!(one.wants_exchange(start()));
        let (state, exchanged) = one.exchange("", 2, start());
        one.adopt(&exchanged, 0, 2);
        assert!(!one.wants_exchange(start()));
        other.heed(&state, 1, 2, start());
        let until = one.rests_until(start()).unwrap();
        assert_eq!(other.rests_until(start()), Some(until));
        assert!(!other.goes_soon(start()));
        // Then one message may be under way, of all of them.
        let later = until + chrono::TimeDelta::seconds(1);
        assert_eq!(one.ready(later), Ready::Now);
        assert_eq!(other.ready(later), Ready::Busy);
        one.take(later);
        one.succeeded(later);
        let (state, exchanged) = one.exchange(&state, 2, later);
        one.adopt(&exchanged, 0, 2);
        other.heed(&state, 1, 2, later);
        assert_eq!(other.ready(later), Ready::Now);
    }

    #[test]
    fn the_editors_word_ends_a_halt_for_all() {
        let mut one = Meter::new(Pace::default()).shared();
        let mut other = one.clone();
        one.take(start());
        one.halted(start());
        let (state, exchanged) = one.exchange("", 2, start());
        one.adopt(&exchanged, 0, 2);
        other.heed(&state, 1, 2, start());
        assert!(other.is_halted());
        other.clear_rest();
        let (state, exchanged) = other.exchange(&state, 2, start());
        other.adopt(&exchanged, 1, 2);
        one.heed(&state, 0, 2, start());
        assert!(!one.is_halted());
    }
}
