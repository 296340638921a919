//! Who is next.
//!
//! One lane holds all deliveries in the order in which they are due. A provider
//! that has limits of its own, or slows us down, gets its own lane with its own
//! place in the store, so that the others go on past it. Lanes take turns.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::delivery::judge::Sign;
use crate::delivery::lane::{BATCH, LOW, Lane, Supply};
use crate::delivery::rests::PROVIDER;
use crate::mailing::{Exchanged, MailingId, Meter, Pace, Ready};
use crate::store::{Candidate, Due};
use crate::subscriber::SubscriberId;

/// So many "later" in a row from one provider count as "slow down".
const LATER_IN_A_ROW: u32 = 3;
/// Providers whose refusals are counted before any has a lane.
const MOST_COUNTED: usize = 10_000;

/// Deliveries at hand for each connection, where others want some too.
const SHARED_BATCH: usize = 16;

/// Those who send together, and which of them we are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seats {
    pub(crate) rank: u32,
    pub(crate) workers: u32,
}

/// All open deliveries of a mailing that are at hand.
#[derive(Debug)]
pub(crate) struct Queue {
    mailing: MailingId,
    /// Limits of the relay as a whole.
    pub(crate) relay: Meter,
    paces: BTreeMap<String, Pace>,
    lanes: Vec<Lane>,
    by_provider: HashMap<String, usize>,
    in_hand: HashSet<SubscriberId>,
    later: HashMap<String, u32>,
    turn: usize,
    /// When everything was read from the beginning last.
    scanned_at: DateTime<Utc>,
    /// Whether something may have come back since.
    stale: bool,
    /// Where several processes send.
    seats: Option<Seats>,
    /// So many are read at once.
    batch: usize,
    /// The name under which the relay's limits are kept.
    relay_scope: String,
}

impl Queue {
    /// A queue that has read nothing yet. `remembered` are the meters of
    /// providers that an earlier run left.
    pub(crate) fn new(
        mailing: MailingId,
        relay: Meter,
        paces: BTreeMap<String, Pace>,
        remembered: Vec<(String, Meter)>,
        now: DateTime<Utc>,
    ) -> Queue {
        let mut queue = Queue {
            mailing,
            relay,
            paces,
            lanes: vec![Lane::new(None, Meter::new(Pace::default()))],
            by_provider: HashMap::new(),
            in_hand: HashSet::new(),
            later: HashMap::new(),
            turn: 0,
            scanned_at: now,
            stale: false,
            seats: None,
            batch: BATCH,
            relay_scope: String::new(),
        };
        for (provider, meter) in remembered {
            queue.add_lane(provider, meter);
        }
        queue
    }

    /// The same where several processes send, over so many connections here.
    pub(crate) fn shared(mut self, relay_scope: String, connections: usize) -> Queue {
        self.seats = Some(Seats {
            rank: 0,
            workers: 1,
        });
        self.batch = (connections * SHARED_BATCH).clamp(32, BATCH);
        self.relay_scope = relay_scope;
        self.relay = self.relay.shared();
        // The first lane's meter is nobody's limit.
        for lane in &mut self.lanes[1..] {
            lane.meter = lane.meter.clone().shared();
        }
        self
    }

    fn low(&self) -> usize {
        match self.seats {
            Some(_) => self.batch / 2,
            None => LOW,
        }
    }

    /// The next delivery that limits and delays allow.
    pub(crate) fn pick(&mut self, now: DateTime<Utc>) -> Option<Candidate> {
        let index = self.next_lane(now).ok()?;
        let lane = &mut self.lanes[index];
        let candidate = lane.ready.pop_front()?;
        lane.meter.take(now);
        self.relay.take(now);
        self.in_hand.insert(candidate.subscriber);
        self.turn = (index + 1) % self.lanes.len();
        Some(candidate)
    }

    /// The lane whose turn it is; or when one may have a turn.
    pub(crate) fn next_lane(&mut self, now: DateTime<Utc>) -> Result<usize, Option<DateTime<Utc>>> {
        match self.relay.ready(now) {
            Ready::Now => {}
            Ready::At(time) => return Err(Some(time)),
            Ready::Busy | Ready::Halted => return Err(None),
        }
        let mut earliest: Option<DateTime<Utc>> = None;
        for step in 0..self.lanes.len() {
            let index = (self.turn + step) % self.lanes.len();
            let lane = &mut self.lanes[index];
            if lane.ready.is_empty() {
                continue;
            }
            match lane.meter.ready(now) {
                Ready::Now => return Ok(index),
                Ready::At(time) => {
                    earliest = Some(earliest.map_or(time, |other| other.min(time)));
                }
                Ready::Busy | Ready::Halted => {}
            }
        }
        Err(earliest)
    }

    /// Whether a lane wants to be read.
    pub(crate) fn is_hungry(&mut self, now: DateTime<Utc>) -> bool {
        let (low, shared) = (self.low(), self.seats.is_some());
        if shared && !self.relay.goes_soon(now) {
            return false;
        }
        self.lanes
            .iter_mut()
            .any(|lane| lane.is_hungry(low, now) && (!shared || lane.meter.goes_soon(now)))
    }

    /// What should be read from the store now: the lane, and what for.
    pub(crate) fn wants(&mut self, now: DateTime<Utc>) -> Option<(usize, Due)> {
        let (low, batch, shared) = (self.low(), self.batch, self.seats.is_some());
        if shared && !self.relay.goes_soon(now) {
            return None;
        }
        let index = self
            .lanes
            .iter_mut()
            .position(|lane| lane.is_hungry(low, now) && (!shared || lane.meter.goes_soon(now)))?;
        let lane = &mut self.lanes[index];
        lane.supply = Supply::Reading;
        let due = Due {
            mailing: self.mailing,
            now,
            provider: lane.provider.clone(),
            after: lane.after,
            limit: batch,
        };
        Some((index, due))
    }

    /// Takes in what was read for a lane.
    pub(crate) fn fill(&mut self, index: usize, rows: Vec<Candidate>) {
        let full = rows.len() >= self.batch;
        let shared = index == 0;
        if let Some(last) = rows.last() {
            self.lanes[index].after = Some(last.cursor);
        }
        self.lanes[index].supply = if full { Supply::More } else { Supply::Dry };
        for row in rows {
            if self.in_hand.contains(&row.subscriber) {
                continue;
            }
            if shared && self.has_lane(&row.provider) {
                // It is read for that lane.
                continue;
            }
            self.lanes[index].ready.push_back(row);
        }
    }

    /// Whether a provider has a lane; one with limits of its own gets it now.
    fn has_lane(&mut self, provider: &str) -> bool {
        if self.by_provider.contains_key(provider) {
            return true;
        }
        let Some(pace) = self.paces.get(provider) else {
            return false;
        };
        self.add_lane(provider.to_owned(), Meter::new(*pace));
        true
    }

    fn add_lane(&mut self, provider: String, meter: Meter) {
        self.by_provider.insert(provider.clone(), self.lanes.len());
        // Its rows are read again, from the beginning, for the lane alone.
        self.lanes[0].ready.retain(|row| row.provider != provider);
        let meter = match self.seats {
            Some(_) => meter.shared(),
            None => meter,
        };
        self.lanes.push(Lane::new(Some(provider), meter));
    }

    /// Those who send together.
    pub(crate) fn seats(&self) -> Option<Seats> {
        self.seats
    }

    pub(crate) fn sit(&mut self, seats: Seats) {
        self.seats = Some(seats);
    }

    /// What others have told of a limit.
    pub(crate) fn heed(&mut self, scope: &str, state: &str, now: DateTime<Utc>) {
        let Some(seats) = self.seats else { return };
        if let Some(provider) = scope.strip_prefix(PROVIDER) {
            let trouble = Meter::restored(Pace::default(), state);
            let rests = trouble.is_halted() || trouble.rests_until(now).is_some();
            if !self.by_provider.contains_key(provider) && rests {
                let pace = self.paces.get(provider).copied().unwrap_or_default();
                self.add_lane(provider.to_owned(), Meter::new(pace));
            }
        }
        if let Some(meter) = self.meter_of(scope) {
            meter.heed(state, seats.rank, seats.workers, now);
        }
    }

    /// A limit that has something to tell or to ask for.
    pub(crate) fn next_exchange(&self, now: DateTime<Utc>) -> Option<(String, Meter)> {
        if self.relay.wants_exchange(now) && self.seats.is_some() {
            return Some((self.relay_scope.clone(), self.relay.clone()));
        }
        self.lanes.iter().find_map(|lane| {
            let provider = lane.provider.as_ref()?;
            let wants = lane.meter.wants_exchange(now);
            wants.then(|| (format!("{PROVIDER}{provider}"), lane.meter.clone()))
        })
    }

    pub(crate) fn adopt(&mut self, scope: &str, exchanged: &Exchanged) {
        let Some(seats) = self.seats else { return };
        if let Some(meter) = self.meter_of(scope) {
            meter.adopt(exchanged, seats.rank, seats.workers);
        }
    }

    fn meter_of(&mut self, scope: &str) -> Option<&mut Meter> {
        if scope == self.relay_scope {
            return Some(&mut self.relay);
        }
        let index = *self.by_provider.get(scope.strip_prefix(PROVIDER)?)?;
        Some(&mut self.lanes[index].meter)
    }

    /// What is at hand and cannot leave soon. Others may be able to.
    pub(crate) fn shed(&mut self, now: DateTime<Utc>, all: bool) -> Vec<SubscriberId> {
        if self.seats.is_none() {
            return Vec::new();
        }
        let all = all || !self.relay.goes_soon(now);
        let lanes = self.lanes.iter_mut();
        lanes
            .filter(|lane| all || !lane.meter.goes_soon(now))
            .flat_map(Lane::shed)
            .map(|candidate| candidate.subscriber)
            .collect()
    }

    /// The lane that a provider's deliveries are in.
    fn lane_of(&mut self, provider: &str) -> &mut Lane {
        let index = self.by_provider.get(provider).copied().unwrap_or(0);
        &mut self.lanes[index]
    }

    /// The same, made where it has none of its own.
    fn own_lane(&mut self, provider: &str) -> &mut Lane {
        if !self.by_provider.contains_key(provider) {
            let pace = self.paces.get(provider).copied().unwrap_or_default();
            self.lanes[0].meter.ended();
            self.add_lane(provider.to_owned(), Meter::new(pace));
        }
        self.lane_of(provider)
    }

    /// A delivery that was taken is not in hand any more; `sign` says what its
    /// answer tells about the way. Answers until when its provider rests, where
    /// that is new.
    pub(crate) fn ended(
        &mut self,
        candidate: &Candidate,
        sign: &Sign,
        now: DateTime<Utc>,
        seed: u64,
    ) -> Option<DateTime<Utc>> {
        self.in_hand.remove(&candidate.subscriber);
        self.stale |= *sign != Sign::Open;
        let provider = candidate.provider.as_str();
        match sign {
            Sign::RelayThrottles => self.relay.throttled(now, seed),
            Sign::RelayDown(_) | Sign::Stop(..) | Sign::Nothing => self.relay.ended(),
            // Whoever answers through it: the relay itself is well.
            _ => self.relay.succeeded(now),
        }
        let rested = self.rests_until(provider, now);
        match sign {
            Sign::Open => {
                self.later.remove(provider);
                self.lane_of(provider).meter.succeeded(now);
            }
            Sign::Later(delay) => {
                if self.is_often(provider) {
                    self.own_lane(provider).meter.deferred(*delay, now, seed);
                } else {
                    self.lane_of(provider).meter.ended();
                }
            }
            Sign::ProviderThrottles => self.own_lane(provider).meter.throttled(now, seed),
            Sign::ProviderRefuses => self.own_lane(provider).meter.halted(now),
            _ => self.lane_of(provider).meter.ended(),
        }
        if *sign == Sign::RelayThrottles {
            return self.relay.rests_until(now);
        }
        let resting = self.rests_until(provider, now);
        resting.filter(|_| resting != rested)
    }

    /// Whether a provider put off so many in a row that it means all.
    fn is_often(&mut self, provider: &str) -> bool {
        if self.by_provider.contains_key(provider) {
            return true;
        }
        if self.later.len() >= MOST_COUNTED {
            self.later.clear();
        }
        let count = self.later.entry(provider.to_owned()).or_default();
        *count += 1;
        *count >= LATER_IN_A_ROW
    }

    fn rests_until(&self, provider: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let index = self.by_provider.get(provider)?;
        self.lanes[*index].meter.rests_until(now)
    }

    /// Whether all that can be sent now is sent or in hand.
    pub(crate) fn is_idle(&mut self, now: DateTime<Utc>) -> bool {
        self.lanes.iter_mut().all(|lane| lane.is_idle(now))
    }

    /// Whether a worker has something in hand.
    pub(crate) fn is_busy(&self) -> bool {
        !self.in_hand.is_empty()
    }

    /// Reads everything again: something became due, or came back.
    pub(crate) fn rescan(&mut self, now: DateTime<Utc>) {
        self.lanes.iter_mut().for_each(Lane::rescan);
        self.scanned_at = now;
        self.stale = false;
    }

    /// Whether a delivery due at this time can be missing here.
    pub(crate) fn may_lack(&self, due: DateTime<Utc>) -> bool {
        due > self.scanned_at
    }

    /// Whether something may have come back since everything was read.
    pub(crate) fn is_stale(&self) -> bool {
        self.stale
    }

    /// Providers that refuse us.
    pub(crate) fn refusing(&self) -> Vec<String> {
        self.lanes
            .iter()
            .filter(|lane| lane.meter.is_halted())
            .filter_map(|lane| lane.provider.clone())
            .collect()
    }

    /// The editor says that it is mended.
    pub(crate) fn forgive(&mut self) {
        for lane in &mut self.lanes {
            lane.meter.clear_rest();
        }
    }

    /// What limits and delays of providers remember.
    pub(crate) fn remembered(&self) -> Vec<(String, String)> {
        self.lanes
            .iter()
            .filter_map(|lane| Some((lane.provider.clone()?, lane.meter.state())))
            .collect()
    }
}
