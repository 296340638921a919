//! How many may sign up: for one address, from one network, altogether. What is
//! counted is what was let in, so memory is bounded by the last of them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::subscriber::Tag;
use crate::web::client::Network;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// Addresses and networks remembered at most.
const MOST: usize = 200_000;

/// The most there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    pub(super) per_address_day: u32,
    pub(super) per_network_hour: u32,
    pub(super) per_hour: u32,
}

/// What becomes of a sign-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is let in.
    Go,
    /// The address was asked for too often: nothing follows, and nobody is told.
    Ignore,
    /// Too many; after so many seconds there is room again.
    Wait(u64),
}

/// Counts sign-ups.
#[derive(Debug)]
pub(super) struct Limits {
    rates: Rates,
    counted: Count,
}

/// What was counted; it goes on counting when there are other rates.
pub(super) type Count = Arc<Mutex<Counted>>;

/// When each would be empty again, in milliseconds since 1970: one number holds
/// a whole bucket (the generic cell rate algorithm of ITU-T I.371).
#[derive(Debug, Default)]
pub(super) struct Counted {
    all: i64,
    networks: HashMap<Network, i64>,
    addresses: HashMap<Tag, i64>,
}

/// So many in a time.
#[derive(Clone, Copy)]
struct Rate {
    period: i64,
    each: i64,
}

impl Rate {
    fn new(most: u32, period: i64) -> Rate {
        Rate {
            period,
            each: period / i64::from(most.max(1)),
        }
    }

    /// The state with one more, or how long until there is room.
    fn one_more(self, empty_at: i64, now: i64) -> Result<i64, i64> {
        let next = empty_at.max(now) + self.each;
        match next - now - self.period {
            over if over > 0 => Err(over),
            _ => Ok(next),
        }
    }
}

impl Limits {
    /// Goes on from what was counted.
    pub(super) fn new(rates: Rates, counted: Count) -> Limits {
        Limits { rates, counted }
    }

    /// Whether a network has room, without counting anything: asked before
    /// anything else is read of a request.
    pub(super) fn look(&self, network: Option<Network>, now: DateTime<Utc>) -> Verdict {
        let now = now.timestamp_millis();
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let of_network = network.map(|network| {
            let empty_at = counted.networks.get(&network).copied().unwrap_or(0);
            self.network().one_more(empty_at, now)
        });
        let all = self.all().one_more(counted.all, now);
        wait([of_network, Some(all)].into_iter().flatten())
    }

    /// Counts a sign-up for the address of this tag, from a network where that
    /// is known.
    pub(super) fn admit(&self, network: Option<Network>, tag: Tag, now: DateTime<Utc>) -> Verdict {
        let now = now.timestamp_millis();
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = &mut *counted;
        let all = self.all().one_more(counted.all, now);
        let of_network = network.map(|network| {
            let empty_at = counted.networks.get(&network).copied().unwrap_or(0);
            (network, self.network().one_more(empty_at, now))
        });
        let verdict = wait(
            [Some(all), of_network.map(|(_, one)| one)]
                .into_iter()
                .flatten(),
        );
        if verdict != Verdict::Go {
            return verdict;
        }
        let empty_at = counted.addresses.get(&tag).copied().unwrap_or(0);
        let address = Rate::new(self.rates.per_address_day, DAY).one_more(empty_at, now);
        if !has_room(&mut counted.networks, now) || !has_room(&mut counted.addresses, now) {
            return Verdict::Wait(3600);
        }
        // Whoever asks for one address again and again fills the other buckets too.
        counted.all = all.unwrap_or(counted.all);
        if let Some((network, Ok(next))) = of_network {
            counted.networks.insert(network, next);
        }
        match address {
            Ok(next) => {
                counted.addresses.insert(tag, next);
                Verdict::Go
            }
            Err(_) => Verdict::Ignore,
        }
    }

    fn network(&self) -> Rate {
        Rate::new(self.rates.per_network_hour, HOUR)
    }

    fn all(&self) -> Rate {
        Rate::new(self.rates.per_hour, HOUR)
    }
}

fn wait(rates: impl Iterator<Item = Result<i64, i64>>) -> Verdict {
    let longest = rates.filter_map(Result::err).max();
    match longest {
        Some(millis) => Verdict::Wait(millis.unsigned_abs().div_ceil(1000)),
        None => Verdict::Go,
    }
}

/// Whether one more can be remembered; who has nothing counted is forgotten
/// first.
fn has_room<K: Eq + Hash>(buckets: &mut HashMap<K, i64>, now: i64) -> bool {
    if buckets.len() >= MOST {
        buckets.retain(|_, empty_at| *empty_at > now);
    }
    buckets.len() < MOST
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    const RATES: Rates = Rates {
        per_address_day: 2,
        per_network_hour: 4,
        per_hour: 10,
    };

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_772_366_400_000 + millis).unwrap()
    }

    fn network(text: &str) -> Option<Network> {
        Some(Network::of(text.parse().unwrap()))
    }

    fn tag(number: u128) -> Tag {
        Tag::of_bytes(number.to_be_bytes())
    }

    fn limits() -> Limits {
        Limits::new(RATES, Count::default())
    }

    #[test]
    fn a_network_is_let_in_so_often_and_again_after_a_while() {
        let limits = limits();
        let here = network("192.0.2.1");
        for number in 0..4 {
            assert_eq!(limits.admit(here, tag(number), at(0)), Verdict::Go);
        }
        assert_eq!(limits.admit(here, tag(9), at(0)), Verdict::Wait(900));
        assert_eq!(limits.look(here, at(0)), Verdict::Wait(900));
        // A neighbor is the same network, somebody else is not.
        assert_eq!(
            limits.look(network("192.0.2.200"), at(0)),
            Verdict::Wait(900)
        );
        assert_eq!(
            limits.admit(network("192.0.3.1"), tag(9), at(0)),
            Verdict::Go
        );
        assert_eq!(limits.admit(here, tag(10), at(900_000)), Verdict::Go);
        assert_eq!(limits.admit(here, tag(11), at(900_000)), Verdict::Wait(900));
    }

    #[test]
    fn an_address_that_is_asked_for_too_often_is_ignored() {
        let limits = limits();
        let from = |number: u8| network(&format!("192.0.{number}.1"));
        assert_eq!(limits.admit(from(1), tag(1), at(0)), Verdict::Go);
        assert_eq!(limits.admit(from(2), tag(1), at(0)), Verdict::Go);
        assert_eq!(limits.admit(from(3), tag(1), at(0)), Verdict::Ignore);
        assert_eq!(limits.admit(from(4), tag(1), at(12 * HOUR)), Verdict::Go);
    }

    #[test]
    fn other_rates_go_on_from_what_was_counted() {
        let count = Count::default();
        let limits = Limits::new(RATES, Arc::clone(&count));
        let here = network("192.0.2.1");
        for number in 0..4 {
            assert_eq!(limits.admit(here, tag(number), at(0)), Verdict::Go);
        }
        let same = Limits::new(RATES, Arc::clone(&count));
        assert_eq!(same.look(here, at(0)), Verdict::Wait(900));
        let wider = Rates {
            per_network_hour: 8,
            ..RATES
        };
        let wider = Limits::new(wider, count);
        // The hour that was filled stays filled; it empties as fast as before.
        assert_eq!(wider.look(here, at(0)), Verdict::Wait(450));
        assert_eq!(wider.look(here, at(450_000)), Verdict::Go);
    }

    #[test]
    fn all_networks_together_are_bounded_and_so_is_what_is_kept() {
        let limits = limits();
        let mut let_in = 0;
        for number in 0..2000_u32 {
            let address = IpAddr::from(std::net::Ipv4Addr::from(number << 8));
            let verdict = limits.admit(Some(Network::of(address)), tag(number.into()), at(0));
            let_in += u32::from(verdict == Verdict::Go);
        }
        assert_eq!(let_in, 10);
        let counted = limits.counted.lock().unwrap();
        assert_eq!((counted.networks.len(), counted.addresses.len()), (10, 10));
    }
}
