use std::collections::BTreeMap;
use std::time::Duration;

use crate::mailing::{Pace, Retry};

/// How a mailing is handed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Connections to the relay at once.
    pub connections: usize,
    /// Messages over one connection before it is opened anew; 0: no limit.
    pub messages_per_connection: u32,
    /// How fast the relay may be used.
    pub pace: Pace,
    /// How fast single providers may be used, by their domain.
    pub providers: BTreeMap<String, Pace>,
    /// When a deferred delivery is tried again.
    pub retry: Retry,
    /// A schedule missed by more than this asks before it begins.
    pub late: Duration,
}
