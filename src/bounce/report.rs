use std::fmt;

use chrono::{DateTime, Utc};

use crate::mailing::Enhanced;
use crate::subscriber::{Address, Tag};

/// What was understood of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What it says.
    pub report: Report,
    /// When our side took it in: the date of its newest Received field.
    pub arrived: Option<DateTime<Utc>>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// A message of ours was not delivered.
    Bounce(Bounce),
    /// Somebody called a message of ours spam.
    Complaint {
        /// Who.
        who: Who,
    },
    /// Somebody wrote to the address that their List-Unsubscribe names.
    Unsubscribe {
        /// Who.
        who: Who,
    },
    /// A report after which there is nothing to do: delayed, delivered, passed
    /// on, read, not spam.
    Notice,
    /// A machine's answer: out of office, a challenge (RFC 3834).
    AutoReply,
    /// A report that carries no token of ours, or not one for its purpose.
    Unproven(Kind),
    /// None of these, or damaged.
    Unreadable {
        /// Why, for people.
        why: &'static str,
    },
}

/// Whom a report means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// The subscriber with this tag under one of our keys: the token's
    /// signature was right.
    Tag(Tag),
    /// Who has this address, if the relay took a message to them from us by this
    /// name of its own. A service has said so that proved who it is.
    Relayed {
        /// Where the message went.
        address: Address,
        /// The relay's name for it, as it stands in its reply to the content.
        message: String,
    },
    /// The recipient of the message with this Message-ID, with the angle
    /// brackets. It has the form of ours; whether it is one, the store knows.
    Message(String),
}

/// Which kind of report it was that proved nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A delivery report.
    Bounce,
    /// A complaint.
    Complaint,
    /// A mail to an unsubscribe address.
    Unsubscribe,
}

/// A message of ours that was not delivered. `Debug` leaves out what may hold
/// an address.
#[derive(Clone, PartialEq, Eq)]
pub struct Bounce {
    /// Whose message it was.
    pub who: Who,
    /// What follows.
    pub class: Class,
    /// The enhanced status code (RFC 3463).
    pub status: Option<Enhanced>,
    /// What the server said, on one line, shortened. Never a reason by itself.
    pub diagnostic: String,
    /// Which address it was in the end, for display only: mail is forwarded.
    pub final_recipient: Option<String>,
    /// Message-ID of the returned message, with the angle brackets.
    pub message_id: Option<String>,
}

/// What follows from a bounce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The trouble is not the recipient's: reputation, the message, the relay.
    Other,
    /// Not this time: the mailbox is full, the server was away for days.
    Soft,
    /// There is no such mailbox.
    Hard,
}

impl Report {
    /// The word of its kind in reports, JSON and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Report::Bounce(bounce) => bounce.class.name(),
            Report::Complaint { .. } => "complaint",
            Report::Unsubscribe { .. } => "unsubscribe",
            Report::Notice => "notice",
            Report::AutoReply => "auto-reply",
            Report::Unproven(_) => "unproven",
            Report::Unreadable { .. } => "unreadable",
        }
    }
}

impl Class {
    /// Its word in reports and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Class::Other => "other",
            Class::Soft => "soft",
            Class::Hard => "hard",
        }
    }
}

impl Kind {
    /// Its word in reports and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Bounce => "bounce",
            Kind::Complaint => "complaint",
            Kind::Unsubscribe => "unsubscribe",
        }
    }
}

impl fmt::Debug for Bounce {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Bounce")
            .field("who", &self.who)
            .field("class", &self.class)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
