//! How fast mail may go through one relay, or to one provider.

mod share;

pub use share::Exchanged;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::mailing::outcome::Delay;
use crate::mailing::pace::share::Share;
use crate::mailing::retry::{after, spread};
use crate::mailing::window::{DAY, HOUR, MINUTE, SECOND, Window};

/// The most messages in a time; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Connections at once.
    pub connections: u32,
    /// Messages in a second.
    pub per_second: u32,
    /// Messages in a minute.
    pub per_minute: u32,
    /// Messages in an hour.
    pub per_hour: u32,
    /// Messages in a day: in any 24 hours.
    pub per_day: u32,
}

/// Whether the next message may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// It may.
    Now,
    /// Not before then: a limit is reached, or the scope rests.
    At(DateTime<Utc>),
    /// When one that is under way has ended.
    Busy,
    /// When the editor resumes.
    Halted,
}

/// Counts what leaves through one relay or to one provider, and knows when the
/// next may.
///
/// Each message that [`Meter::take`] counted is ended by exactly one of
/// [`Meter::succeeded`], [`Meter::deferred`], [`Meter::halted`] and
/// [`Meter::ended`].
#[derive(Clone, Debug)]
pub struct Meter {
    pace: Pace,
    second: Window,
    minute: Window,
    hour: Window,
    day: Window,
    rest: Option<Rest>,
    halted: bool,
    /// Messages under way.
    under_way: u32,
    /// How many may be, after trouble; `None` for as many as there are
    /// connections.
    at_once: Option<u32>,
    /// Rests since all was well; each is twice as long as the one before.
    rests: u32,
    /// Messages that went well since the last trouble.
    well: u32,
    /// Messages that were put off since one went well.
    put_off: u32,
    /// Where several processes have it in common.
    share: Option<Share>,
}

/// A time in which nothing leaves, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Rest(i64, i64);

impl Rest {
    fn bounded(self) -> Rest {
        let longest = i64::try_from(LONGEST.as_millis()).unwrap_or(i64::MAX);
        Rest(self.0, self.1.min(self.0.saturating_add(longest)))
    }
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// The longest rest, its spreading included.
const LONGEST: Duration = minutes(180 + 36);
/// So many successes after a rest end the trouble.
const RECOVERED: u32 = 10;
/// Where connections have no limit, so many under way are as good as all.
const UNBOUNDED: u32 = 64;
/// So many put off without one success are a sign that all will be.
const HOPELESS: u32 = 8;

impl Meter {
    /// A scope that nothing has gone through yet.
    pub fn new(pace: Pace) -> Meter {
        Meter {
            pace,
            second: Window::default(),
            minute: Window::default(),
            hour: Window::default(),
            day: Window::default(),
            rest: None,
            halted: false,
            under_way: 0,
            at_once: None,
            rests: 0,
            well: 0,
            put_off: 0,
            share: None,
        }
    }

    /// Whether the next message may leave.
    pub fn ready(&mut self, now: DateTime<Utc>) -> Ready {
        self.settle(now);
        if self.halted {
            return Ready::Halted;
        }
        if let Some(share) = &self.share {
            if let Some(until) = self.rests_until(now) {
                return Ready::At(until);
            }
            return self.is_granted(share, now).unwrap_or(Ready::Now);
        }
        if let Some(at) = self.ready_at(now) {
            return Ready::At(at);
        }
        if self.under_way >= self.at_once() {
            return Ready::Busy;
        }
        Ready::Now
    }

    /// When limits and rest allow the next message; `None` is now. A limit is
    /// never further away than its own length, also when the clock was set.
    pub fn ready_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let pace = &self.pace;
        [
            self.second.ready_at(SECOND, pace.per_second, now),
            self.minute.ready_at(MINUTE, pace.per_minute, now),
            self.hour.ready_at(HOUR, pace.per_hour, now),
            self.day.ready_at(DAY, pace.per_day, now),
            self.rests_until(now),
        ]
        .into_iter()
        .flatten()
        .max()
    }

    /// How many messages may be under way at once.
    pub fn at_once(&self) -> u32 {
        let connections = match self.pace.connections {
            0 => u32::MAX,
            some => some,
        };
        self.at_once.unwrap_or(u32::MAX).clamp(1, connections)
    }

    /// Counts a message that is about to leave. It does not ask whether it may.
    pub fn take(&mut self, now: DateTime<Utc>) {
        self.settle(now);
        self.use_grant();
        self.second.take(SECOND, now);
        self.minute.take(MINUTE, now);
        self.hour.take(HOUR, now);
        self.day.take(DAY, now);
        self.under_way = self.under_way.saturating_add(1);
    }

    /// A message was taken over: after a rest one more may be under way.
    pub fn succeeded(&mut self, now: DateTime<Utc>) {
        self.ended();
        // What left before the rest says nothing about the time after it.
        if self.rests_until(now).is_some() {
            return;
        }
        if let Some(share) = &mut self.share {
            // What follows from it is common too, and said with the next exchange.
            share.gained = share.gained.saturating_add(1);
            self.put_off = 0;
            return;
        }
        self.rest = None;
        self.put_off = 0;
        self.well = self.well.saturating_add(1);
        let all = match self.pace.connections {
            0 => UNBOUNDED,
            some => some,
        };
        self.at_once = self
            .at_once
            .map(|at_once| at_once.saturating_add(1))
            .filter(|at_once| *at_once < all);
        if self.well >= RECOVERED {
            self.rests = 0;
        }
    }

    /// A message was put off. Throttling makes the scope rest, 10 minutes at
    /// first and up to 3 hours; no connection does so for a short time;
    /// whatever else halves what may be under way, and rests when nothing goes
    /// well any more. A full mailbox is no matter of the scope.
    pub fn deferred(&mut self, delay: Delay, now: DateTime<Utc>, seed: u64) {
        match delay {
            Delay::Throttled => self.throttled(now, seed),
            Delay::Connection => {
                self.ended();
                self.rest_for(Duration::from_secs(5), minutes(10), now, seed);
                self.halve();
            }
            Delay::Greylisted | Delay::Later => {
                self.ended();
                self.put_off = self.put_off.saturating_add(1);
                if self.put_off >= HOPELESS {
                    self.put_off = 0;
                    self.rest_for(minutes(1), minutes(30), now, seed);
                }
                self.halve();
            }
            Delay::MailboxFull => self.ended(),
        }
    }

    /// A message was refused because too many came: the scope rests and goes on
    /// with one message under way.
    pub fn throttled(&mut self, now: DateTime<Utc>, seed: u64) {
        self.ended();
        self.rest_for(minutes(10), minutes(180), now, seed);
        self.at_once = Some(1);
        self.trouble();
    }

    /// A message was refused for reasons that the editor must see to: nothing
    /// leaves until [`Meter::clear_rest`].
    pub fn halted(&mut self, now: DateTime<Utc>) {
        self.ended();
        self.settle(now);
        self.halted = true;
        self.at_once = Some(1);
        self.trouble();
    }

    /// A message ended in a way that says nothing about the scope.
    pub fn ended(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// The editor resumes: ends a halt. A rest that a server asked for goes on,
    /// for coming back sooner makes it longer.
    pub fn clear_rest(&mut self) {
        if self.halted {
            self.trouble();
        }
        self.halted = false;
    }

    /// When the rest is over; `None` where there is none.
    pub fn rests_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let Rest(from, until) = self.rest?;
        let now = now.timestamp_millis();
        // A clock that was set back must not make it longer.
        let length = until.saturating_sub(from).max(0);
        let until = until.min(now.saturating_add(length));
        let moment = DateTime::from_timestamp_millis(until);
        (until > now).then(|| moment.unwrap_or(DateTime::<Utc>::MAX_UTC))
    }

    /// Whether nothing leaves until the editor resumes.
    pub fn is_halted(&self) -> bool {
        self.halted
    }

    /// What must survive the end of the program, as a short text; empty where
    /// there is nothing.
    pub fn state(&self) -> String {
        let kept = Kept {
            second: self.second.numbers(),
            minute: self.minute.numbers(),
            hour: self.hour.numbers(),
            day: self.day.numbers(),
            rest: self.rest,
            halted: self.halted,
            at_once: self.at_once,
            rests: self.rests,
            well: self.well,
        };
        if kept == Kept::default() {
            return String::new();
        }
        serde_json::to_string(&kept).expect("numbers are JSON")
    }

    /// A scope as [`Meter::state`] described it. Of a foreign text nothing is
    /// taken.
    pub fn restored(pace: Pace, state: &str) -> Meter {
        let kept: Kept = serde_json::from_str(state).unwrap_or_default();
        Meter {
            second: Window::restored(SECOND, &kept.second),
            minute: Window::restored(MINUTE, &kept.minute),
            hour: Window::restored(HOUR, &kept.hour),
            day: Window::restored(DAY, &kept.day),
            rest: kept.rest.map(Rest::bounded),
            halted: kept.halted,
            at_once: kept.at_once,
            rests: kept.rests,
            well: kept.well,
            ..Meter::new(pace)
        }
    }

    /// Forgets what is over, and what a clock that was set back would make
    /// longer.
    fn settle(&mut self, now: DateTime<Utc>) {
        let millis = now.timestamp_millis();
        for (window, length) in [
            (&mut self.second, SECOND),
            (&mut self.minute, MINUTE),
            (&mut self.hour, HOUR),
            (&mut self.day, DAY),
        ] {
            window.settle(length, millis);
        }
        let rests_until = self.rests_until(now);
        self.rest = rests_until.map(|until| match self.rest {
            Some(Rest(from, _)) if from <= millis => Rest(from, until.timestamp_millis()),
            _ => Rest(millis, until.timestamp_millis()),
        });
    }

    /// Rests for `least`, twice as long as the last time, `most` at most, and up
    /// to a fifth longer. Several connections that meet the same trouble make
    /// one rest.
    fn rest_for(&mut self, least: Duration, most: Duration, now: DateTime<Utc>, seed: u64) {
        self.settle(now);
        let running = self.rests_until(now);
        let doublings = if running.is_some() { 0 } else { self.rests };
        let doubled = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        let wait = least.saturating_mul(doubled).min(most);
        if running.is_some_and(|until| until >= after(now, wait)) {
            return;
        }
        if running.is_none() {
            self.rests = self.rests.saturating_add(1);
        }
        let until = after(now, spread(wait, wait + wait / 5, seed, self.rests));
        self.well = 0;
        self.rest = Some(Rest(now.timestamp_millis(), until.timestamp_millis()));
        self.trouble();
    }

    /// Something is to be told to those who have the scope in common.
    fn trouble(&mut self) {
        if let Some(share) = &mut self.share {
            share.troubles += 1;
        }
    }

    fn halve(&mut self) {
        let now = self.at_once().min(self.under_way.saturating_add(1));
        self.at_once = Some((now / 2).max(1));
        self.trouble();
    }
}

/// What is kept of a [`Meter`].
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    second: Vec<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    minute: Vec<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hour: Vec<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    day: Vec<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: Option<Rest>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    halted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_once: Option<u32>,
    #[serde(skip_serializing_if = "is_zero")]
    rests: u32,
    #[serde(skip_serializing_if = "is_zero")]
    well: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests;
