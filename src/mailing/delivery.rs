use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::mailing::reply::Reply;
use crate::subscriber::{Address, SubscriberId};

/// Names a mailing in one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MailingId(pub i64);

/// Where a mailing as a whole stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Confirmed, to begin at its time.
    Scheduled,
    /// Confirmed and not finished, whether or not somebody is sending just now.
    Open,
    /// Stopped by the editor or by trouble with the relay, to be resumed.
    Paused,
    /// Ended by the editor before all had been mailed.
    Cancelled,
    /// Nothing is pending or deferred any more.
    Finished,
}

impl Stage {
    /// All of them.
    pub const ALL: [Stage; 5] = [
        Stage::Scheduled,
        Stage::Open,
        Stage::Paused,
        Stage::Cancelled,
        Stage::Finished,
    ];

    /// Its word in reports, JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Scheduled => "scheduled",
            Stage::Open => "open",
            Stage::Paused => "paused",
            Stage::Cancelled => "cancelled",
            Stage::Finished => "finished",
        }
    }

    /// The stage of this word.
    pub fn of(name: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

/// One sending of one issue. There is one for each issue key, for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailing {
    /// Its name in the store.
    pub id: MailingId,
    /// Key of the issue, the one pinned for ever.
    pub issue: String,
    /// The issue's title when the mailing was confirmed.
    pub title: String,
    /// Digest of the frozen content.
    pub digest: String,
    /// Who was chosen, as the editor wrote it; empty for everybody.
    pub filter: String,
    /// Where it stands.
    pub stage: Stage,
    /// Why it is paused, for people; empty otherwise.
    pub why: String,
    /// When the editor confirmed it.
    pub confirmed_at: DateTime<Utc>,
    /// When it begins, or began.
    pub starts_at: DateTime<Utc>,
    /// When its stage changed last.
    pub changed_at: DateTime<Utc>,
}

/// Where one message to one recipient stands. The words are those of reports,
/// JSON and the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not tried yet.
    Pending,
    /// A connection is about to hand it over, or died doing so.
    Sending,
    /// The next server has taken it over.
    Accepted,
    /// Refused for good.
    Rejected,
    /// Refused for now; it is tried again when due.
    Deferred,
    /// The content left and no reply came. Only the editor sends it again.
    Unknown,
    /// Not tried: the recipient left or was suppressed since the plan.
    Skipped,
    /// Not tried: the mailing was cancelled.
    Cancelled,
}

impl State {
    /// All of them, in the order of reports.
    pub const ALL: [State; 8] = [
        State::Pending,
        State::Sending,
        State::Accepted,
        State::Rejected,
        State::Deferred,
        State::Unknown,
        State::Skipped,
        State::Cancelled,
    ];

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Sending => "sending",
            State::Accepted => "accepted",
            State::Rejected => "rejected",
            State::Deferred => "deferred",
            State::Unknown => "unknown",
            State::Skipped => "skipped",
            State::Cancelled => "cancelled",
        }
    }

    /// The state of this word.
    pub fn of(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether it will be tried without anybody's word.
    pub fn is_open(self) -> bool {
        matches!(self, State::Pending | State::Deferred)
    }
}

/// One message of a mailing to one recipient, as reports show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Whose it is.
    pub subscriber: SubscriberId,
    /// Their address; `None` once they were erased.
    pub address: Option<Address>,
    /// Where it stands.
    pub state: State,
    /// How often it was tried.
    pub attempts: u32,
    /// The last reply of a server, where there was one.
    pub reply: Option<Reply>,
    /// What else is to be said of its state: why it was skipped, that no reply
    /// came.
    pub note: String,
    /// Message-ID of the last try, with the angle brackets.
    pub message_id: Option<String>,
    /// The relay's own name for the message.
    pub relay_id: Option<String>,
    /// When its state changed last.
    pub at: Option<DateTime<Utc>>,
    /// When a deferred one is tried again.
    pub due: Option<DateTime<Utc>>,
}

/// How many deliveries of a mailing are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    counts: [u64; State::ALL.len()],
    /// When the next deferred one is due.
    pub next_due: Option<DateTime<Utc>>,
}

impl Tally {
    /// How many are in `state`.
    pub fn of(&self, state: State) -> u64 {
        self.counts[state as usize]
    }

    /// Counts `more` in `state`.
    pub fn add(&mut self, state: State, more: u64) {
        self.counts[state as usize] += more;
    }

    /// Counts one that went from one state to another.
    pub fn moved(&mut self, from: State, to: State) {
        let count = &mut self.counts[from as usize];
        *count = count.saturating_sub(1);
        self.add(to, 1);
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many will still be tried.
    pub fn open(&self) -> u64 {
        self.of(State::Pending) + self.of(State::Deferred)
    }
}
