use chrono::{DateTime, Utc};

use crate::bounce::report::{Bounce, Class, Reading, Report, Who};
use crate::subscriber::Reason;

/// What follows for a subscriber from what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// Nothing.
    Nothing,
    /// Nothing: they confirmed the address after it had failed.
    Outdated,
    /// The address is suppressed.
    Suppress {
        /// Why.
        reason: Reason,
        /// The status, without the server's words, which like to repeat the
        /// address.
        note: String,
    },
    /// They leave.
    Leave,
    /// A message was not delivered for now, which counts.
    Soft {
        /// Names the message, so that it is counted once.
        message: String,
        /// What is noted where that is once too often.
        note: String,
    },
}

/// What follows from `reading` for a subscriber who confirmed the address at
/// `confirmed`.
pub fn consequence(
    reading: &Reading,
    confirmed: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Consequence {
    let bounce = match &reading.report {
        Report::Bounce(bounce) => bounce,
        Report::Complaint { .. } => {
            return Consequence::Suppress {
                reason: Reason::Complaint,
                note: String::new(),
            };
        }
        Report::Unsubscribe { .. } => return Consequence::Leave,
        _ => return Consequence::Nothing,
    };
    // Whoever has confirmed the address since it failed has shown that it works
    // again.
    let arrived = reading.arrived.zip(confirmed);
    if arrived.is_some_and(|(at, since)| at < since) {
        return Consequence::Outdated;
    }
    let status = bounce.status.map(|status| status.to_string());
    let status = status.unwrap_or_default();
    match bounce.class {
        Class::Other => Consequence::Nothing,
        Class::Hard => Consequence::Suppress {
            reason: Reason::HardBounce,
            note: status,
        },
        Class::Soft => Consequence::Soft {
            message: name_of(bounce, reading.arrived.unwrap_or(now)),
            note: match status.as_str() {
                "" => "several messages were not delivered".to_owned(),
                status => format!("several messages were not delivered, last {status}"),
            },
        },
    }
}

/// Names the message that came back: by its Message-ID, or where the report
/// does not tell it, by the day on which it came.
fn name_of(bounce: &Bounce, at: DateTime<Utc>) -> String {
    match (&bounce.message_id, &bounce.who) {
        (Some(id), _) | (None, Who::Message(id)) | (None, Who::Relayed { message: id, .. }) => {
            id.clone()
        }
        (None, Who::Tag(_)) => format!("day {}", at.date_naive()),
    }
}
