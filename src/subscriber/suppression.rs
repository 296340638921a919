use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Why an address is never to be mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// They left. Only their own confirmed opt-in lifts it.
    Unsubscribed,
    /// They asked to be forgotten. Only their own confirmed opt-in lifts it.
    Erased,
    /// There is no such mailbox. Their own confirmed opt-in lifts it, once in
    /// 30 days.
    HardBounce,
    /// They called it spam. Only the editor lifts it.
    Complaint,
    /// The editor's decision. Only the editor lifts it.
    Manual,
}

impl Reason {
    /// All of them.
    pub const ALL: [Reason; 5] = [
        Reason::Unsubscribed,
        Reason::Erased,
        Reason::HardBounce,
        Reason::Complaint,
        Reason::Manual,
    ];

    /// Its word in lists, JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Unsubscribed => "unsubscribed",
            Reason::Erased => "erased",
            Reason::HardBounce => "hard-bounce",
            Reason::Complaint => "complaint",
            Reason::Manual => "manual",
        }
    }

    /// The reason of this word.
    pub fn of(name: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// A decision that an address, or all of a domain, is never mailed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// Why.
    pub reason: Reason,
    /// Since when.
    pub at: DateTime<Utc>,
    /// What else is known: the relay's words, the editor's.
    pub note: String,
}
