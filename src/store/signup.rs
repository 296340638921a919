//! What a store keeps of those who knock at the public door.

use chrono::{DateTime, TimeDelta, Utc};

use crate::subscriber::{Address, Reason, SubscriberId, Tag};

/// For so long after an opt-in lifted that an address had bounced, no other one
/// does.
pub const BOUNCE_REST: TimeDelta = TimeDelta::days(30);

/// Somebody asked for the newsletter and has not confirmed it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignUp {
    /// What the link names that is mailed to them.
    pub tag: Tag,
    /// Where the mail shall go.
    pub address: Address,
    /// Their name, clean; may be empty.
    pub name: String,
    /// The language they chose.
    pub language: Option<String>,
    /// Where they asked: the form's address.
    pub origin: String,
    /// From which network.
    pub network: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The subscriber who wants to move to this address; `None` for somebody
    /// who wants to subscribe.
    pub moves: Option<SubscriberId>,
}

/// What became of a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptIn {
    /// They are subscribed from now on.
    Confirmed,
    /// They were subscribed already.
    Already,
    /// Their mail goes to this address from now on.
    Moved,
    /// They are not mailed all the same, for this reason.
    Barred(Reason),
    /// Nobody asked for it, or it was confirmed or forgotten since.
    Unknown,
}

/// How an address stands to a sign-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its owner may subscribe, also again.
    Free,
    /// Its owner is subscribed.
    Subscribed,
    /// It is not to be mailed, whatever its owner asks for.
    Barred(Reason),
}

/// Names a notice in one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId(pub i64);

/// What a message of the server's own is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeKind {
    /// The link that confirms a subscription.
    Confirm,
    /// The link that confirms a move to this address.
    Move,
    /// The words of welcome.
    Welcome,
    /// The newest issue, as it was mailed.
    Issue,
    /// The link to all that is kept of a subscriber.
    Account,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [NoticeKind; 5] = [
        NoticeKind::Confirm,
        NoticeKind::Move,
        NoticeKind::Welcome,
        NoticeKind::Issue,
        NoticeKind::Account,
    ];

    /// Its word in templates and logs.
    pub fn name(self) -> &'static str {
        match self {
            NoticeKind::Confirm => "confirm",
            NoticeKind::Move => "move",
            NoticeKind::Welcome => "welcome",
            NoticeKind::Issue => "issue",
            NoticeKind::Account => "account",
        }
    }
}

/// A message of the server's own that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNotice {
    /// What it is about.
    pub kind: NoticeKind,
    /// Where it goes.
    pub address: Address,
    /// Its language; `None` is the newsletter's.
    pub language: Option<String>,
    /// Since when.
    pub at: DateTime<Utc>,
}

/// The same, as it waits in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its name.
    pub id: NoticeId,
    /// What it is about.
    pub kind: NoticeKind,
    /// Where it goes.
    pub address: Address,
    /// Its language; `None` is the newsletter's.
    pub language: Option<String>,
    /// Since when it waits: the moment in its link and its Date.
    pub at: DateTime<Utc>,
    /// How often it was taken to be sent, this time too.
    pub attempts: u32,
}
