//! Deliveries of one provider, or of all that have no lane of their own.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

use crate::mailing::{Meter, Ready};
use crate::store::{Candidate, Cursor};

/// Below so many deliveries at hand more are read.
pub(crate) const LOW: usize = 256;
/// So many are read at once.
pub(crate) const BATCH: usize = 512;

/// Whether there may be more in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Supply {
    /// Perhaps.
    More,
    /// Being read.
    Reading,
    /// All that was due when it was read last is here.
    Dry,
}

/// A queue with its own place in the store's order, and its own limits.
#[derive(Debug)]
pub(crate) struct Lane {
    /// Whose; `None` for all that have no lane.
    pub(crate) provider: Option<String>,
    pub(crate) meter: Meter,
    pub(crate) ready: VecDeque<Candidate>,
    pub(crate) supply: Supply,
    pub(crate) after: Option<Cursor>,
}

impl Lane {
    pub(crate) fn new(provider: Option<String>, meter: Meter) -> Lane {
        Lane {
            provider,
            meter,
            ready: VecDeque::new(),
            supply: Supply::More,
            after: None,
        }
    }

    /// Whether more should be read: not for a lane that rests, which would fill
    /// memory for nothing.
    pub(crate) fn is_hungry(&mut self, low: usize, now: DateTime<Utc>) -> bool {
        self.supply == Supply::More
            && self.ready.len() < low
            && !matches!(self.meter.ready(now), Ready::Halted)
    }

    /// Whether nothing can come of it without time or the editor.
    pub(crate) fn is_idle(&mut self, now: DateTime<Utc>) -> bool {
        (self.supply == Supply::Dry && self.ready.is_empty())
            || matches!(self.meter.ready(now), Ready::Halted)
    }

    /// Gives up what is at hand and cannot leave soon, for those who can.
    pub(crate) fn shed(&mut self) -> Vec<Candidate> {
        if !self.ready.is_empty() {
            self.supply = Supply::More;
            self.after = None;
        }
        self.ready.drain(..).collect()
    }

    /// Reads from the beginning again.
    pub(crate) fn rescan(&mut self) {
        if self.supply == Supply::Dry {
            self.supply = Supply::More;
            self.after = None;
        }
    }
}
