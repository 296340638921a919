use std::time::Duration;

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
