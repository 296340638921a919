//! What the engine and a store say to each other.

use std::any::Any;
use std::fmt;

use chrono::{DateTime, Utc};

use crate::mailing::{Filter, MailingId, Phase, Reply, Stage, State};
use crate::store::rules::Wanted;
use crate::subscriber::{Address, Reason, Recipient, Status, SubscriberId, Suppression};

/// Names a store, so that what another one did can be told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreId(pub String);

/// What became of an entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absorbed {
    /// Somebody new.
    Added,
    /// Somebody known, of whom something is new.
    Updated,
    /// Nothing about them is new.
    Unchanged,
    /// Kept as suppressed and not mailed, though the list calls them confirmed.
    Withheld(Reason),
    /// Asked to be forgotten: not taken in.
    Erased,
}

/// How a list changed on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// The day, in UTC.
    pub day: chrono::NaiveDate,
    /// Who confirmed or, where that is not known, asked for it.
    pub joined: u64,
    /// Who left.
    pub left: u64,
}

/// Which subscribers are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// A part of address or name, whatever its letter case; empty for all.
    /// `@example.org` finds a whole domain.
    pub text: String,
    /// Only those with this status.
    pub status: Option<Status>,
    /// Only those with this tag.
    pub tag: Option<String>,
}

impl Search {
    /// Whether its text finds somebody, by the key of their address and their name.
    pub fn finds(&self, key: &str, name: &str) -> bool {
        Wanted::new(&self.text).matches(key, name)
    }
}

/// Mail that came back from somebody, and what is to follow from it.
#[derive(Clone, Debug)]
pub struct Return {
    /// Their address.
    pub address: Address,
    /// What is to follow.
    pub what: Returned,
}

/// What is to follow from mail that came back.
#[derive(Clone, Debug)]
pub enum Returned {
    /// The address is suppressed, as by [`crate::store::Store::suppress`].
    Suppress(Suppression),
    /// They leave.
    Leave,
    /// A message was not delivered this time. It is counted once, however often
    /// it is told, and the address is suppressed when there are `limit` of them
    /// since `since`.
    Soft {
        /// Names the message: of each issue there is one for each subscriber.
        message: String,
        /// What was counted before is forgotten.
        since: DateTime<Utc>,
        /// How many are too many.
        limit: u64,
        /// What follows then.
        then: Suppression,
    },
}

/// What became of mail that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The address is suppressed from now on.
    Suppressed,
    /// They have left.
    Left,
    /// It was counted; so many there are.
    Counted(u64),
    /// Nothing is new: they were suppressed, had left or are not known.
    Unchanged,
}

/// What is fixed when a mailing is confirmed.
#[derive(Clone, Debug)]
pub struct NewMailing {
    /// Key of the issue.
    pub issue: String,
    /// Its title.
    pub title: String,
    /// Digest of the content.
    pub digest: String,
    /// The frozen content; the store does not look into it.
    pub content: Vec<u8>,
    /// Who gets it.
    pub filter: Filter,
    /// The same as the editor wrote it.
    pub filter_text: String,
    /// `Scheduled` or `Open`.
    pub stage: Stage,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// What was sent to a person, for `subscribers show`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Key of the issue.
    pub issue: String,
    /// Its title.
    pub title: String,
    /// Where the delivery stands.
    pub state: State,
    /// The last reply.
    pub reply: Option<Reply>,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

/// Who is the one that sends. Dropping it lets another one in.
pub struct Engagement(
    #[expect(dead_code, reason = "held for its Drop")] Box<dyn Any + Send + Sync>,
);

impl Engagement {
    /// Lasts as long as `held`.
    pub fn holding(held: impl Any + Send + Sync) -> Engagement {
        Engagement(Box::new(held))
    }
}

impl fmt::Debug for Engagement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Engagement")
    }
}

/// One who sends.
#[derive(Clone, Debug, PartialEq)]
pub struct Worker {
    /// Program, process and host, as they said themselves.
    pub who: String,
    /// Whether it is this process.
    pub is_us: bool,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
    /// When they gave a sign of life last.
    pub beat: Option<DateTime<Utc>>,
    /// How many messages of theirs were taken over.
    pub sent: u64,
    /// How many a second, of late.
    pub per_second: f64,
}

impl Worker {
    /// One of whom nothing else is known.
    pub(crate) fn named(who: String) -> Worker {
        Worker {
            who,
            is_us: false,
            since: None,
            beat: None,
            sent: 0,
            per_second: 0.0,
        }
    }
}

/// Makes what a limit is to remember out of what it remembers. It may be asked
/// more than once.
pub type Adjust = Box<dyn Fn(&str) -> String + Send>;

/// A place in the order in which open deliveries are due: by time, then in the
/// order in which subscribers came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// Milliseconds since 1970; 0 for what was never tried.
    pub due: i64,
    /// The subscriber.
    pub subscriber: SubscriberId,
}

/// Which open deliveries are wanted.
#[derive(Clone, Debug)]
pub struct Due {
    /// Of this mailing.
    pub mailing: MailingId,
    /// Due by then.
    pub now: DateTime<Utc>,
    /// To this provider alone.
    pub provider: Option<String>,
    /// Behind this place.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: usize,
}

/// An open delivery with what its message is made from.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Whose it is.
    pub subscriber: SubscriberId,
    /// Their values.
    pub recipient: Recipient,
    /// Who takes their mail ([`crate::mailing::provider`]).
    pub provider: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was first tried.
    pub first_attempt: Option<DateTime<Utc>>,
    /// Its place.
    pub cursor: Cursor,
}

/// One step of one connection.
#[derive(Clone, Debug)]
pub struct Step {
    /// The mailing.
    pub mailing: MailingId,
    /// What became of the connection's last delivery.
    pub finished: Option<Finished>,
    /// What it wants to hand over next.
    pub next: Option<Start>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// A delivery about to be handed over.
#[derive(Clone, Debug)]
pub struct Start {
    /// Whose it is.
    pub subscriber: SubscriberId,
    /// Message-ID of the message, with the angle brackets.
    pub message_id: String,
}

/// What became of a delivery.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Whose it was.
    pub subscriber: SubscriberId,
    /// Its new state.
    pub ended: Ended,
    /// How far it had come.
    pub phase: Phase,
    /// The server's reply, where there was one.
    pub reply: Option<Reply>,
    /// What else is to be said, for people: why no reply came.
    pub note: String,
}

/// The new state of a delivery that was `sending`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The next server has taken it over.
    Accepted,
    /// Refused for good; with a reason the address is suppressed too.
    Rejected(Option<Reason>),
    /// To be tried again at this time.
    Deferred(DateTime<Utc>),
    /// The content left and no reply came.
    Unknown,
    /// Not tried after all, or refused for reasons that are not the
    /// recipient's: open as before, the attempt not counted.
    Returned,
}

/// Whether the content of the next message may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is recorded as `sending`: go.
    Go,
    /// Nothing was asked to be sent; the outcome is recorded.
    Recorded,
    /// The recipient gets nothing; recorded as skipped.
    Skipped(Skip),
    /// The delivery is not open any more, or not due yet, or the mailing is not
    /// open: nothing was changed for it.
    Withheld(Stage),
}

/// Why a recipient of the plan is not tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Left since.
    Unsubscribed,
    /// Suppressed since.
    Suppressed(Reason),
    /// All of the domain was suppressed since.
    DomainSuppressed,
}
