//! What the way in needs to know.

use std::sync::Arc;
use std::time::Duration;

use crate::store::NoticeKind;
use crate::web::limits::{Count, Limits, Rates};

/// For how long the link to a reader's own data is good.
pub const ACCOUNT_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// What the proof of consent keeps of where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The network: a /24, or a /64 of IPv6.
    Network,
    /// The whole address.
    Address,
}

/// How people come in, and how many.
#[derive(Clone, Debug)]
pub struct DoorSettings {
    /// For how long a link to confirm is good.
    pub link_life: Duration,
    /// What is sent to whom has confirmed.
    pub welcome: Vec<NoticeKind>,
    /// What the proof of consent keeps.
    pub kept: Kept,
    /// Sign-ups for one address in a day.
    pub per_address_day: u32,
    /// Sign-ups from one network in an hour.
    pub per_network_hour: u32,
    /// Sign-ups in an hour.
    pub per_hour: u32,
    /// Messages that may wait to be sent.
    pub outbox: usize,
    /// Sites whose scripts may sign people up, as in `Origin`.
    pub origins: Vec<String>,
}

/// What the way in works with.
pub struct DoorParts {
    /// What it needs to know.
    pub settings: DoorSettings,
    /// Says that there is a message to send.
    pub wake: Arc<dyn Fn() + Send + Sync>,
}

/// The way in, as requests share it.
pub(super) struct Door {
    pub(super) settings: DoorSettings,
    pub(super) wake: Arc<dyn Fn() + Send + Sync>,
    pub(super) limits: Limits,
}

impl Door {
    /// It goes on from what was counted.
    pub(super) fn new(parts: DoorParts, counted: Count) -> Door {
        let DoorParts { settings, wake } = parts;
        let rates = Rates {
            per_address_day: settings.per_address_day,
            per_network_hour: settings.per_network_hour,
            per_hour: settings.per_hour,
        };
        Door {
            limits: Limits::new(rates, counted),
            settings,
            wake,
        }
    }

    /// For how many days a link is good, for people.
    pub(super) fn link_days(&self) -> u64 {
        link_days(self.settings.link_life)
    }
}

/// Whole days of a link's life, one at least.
pub fn link_days(life: Duration) -> u64 {
    (life.as_secs() / (24 * 60 * 60)).max(1)
}
