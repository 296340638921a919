//! What services tell by HTTP of the mail that they took: Amazon SES through SNS,
//! Postmark. The same [`Reading`] comes out as of a mail that came back, so that
//! the same follows from it.
//!
//! Whom it means is said by a token of ours in what the service repeats of the
//! message, as in a mail. Where it repeats nothing, its own name for the message
//! must be the one with which it took it from us, and the address the one that
//! the message went to ([`Who::Relayed`]): an address alone means nobody.
//!
//! Pure: the certificate that a signature is checked by is handed in.

mod certificate;
pub mod postmark;
pub mod ses;
pub mod sns;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::bounce::class::{Said, class};
use crate::bounce::report::{Bounce, Class, Kind, Reading, Report, Who};
use crate::bounce::status::shortened;
use crate::mailing::Enhanced;
use crate::subscriber::Address;

/// What a service said, as it said it.
#[derive(Debug, Default)]
struct Facts {
    who: Option<Who>,
    /// Its own name for the message.
    message: Option<String>,
    status: Option<Enhanced>,
    diagnostic: String,
    recipient: Option<String>,
    at: Option<DateTime<Utc>>,
}

impl Facts {
    /// What the server's own words mean; nothing where it had none.
    fn said(&self) -> Option<(Class, Option<Enhanced>)> {
        let silent = self.status.is_none() && self.diagnostic.is_empty();
        (!silent).then(|| class(self.status, &Said::parse(&self.diagnostic)))
    }

    fn bounce(self, class: Class, status: Option<Enhanced>) -> Reading {
        let report = match self.who {
            None => Report::Unproven(Kind::Bounce),
            Some(who) => Report::Bounce(Bounce {
                who,
                class,
                status,
                diagnostic: shortened(&self.diagnostic),
                final_recipient: self.recipient,
                message_id: self.message,
            }),
        };
        Reading {
            report,
            arrived: self.at,
        }
    }

    fn complaint(self) -> Reading {
        Reading {
            report: match self.who {
                Some(who) => Report::Complaint { who },
                None => Report::Unproven(Kind::Complaint),
            },
            arrived: self.at,
        }
    }

    fn unsubscribe(self) -> Reading {
        Reading {
            report: match self.who {
                Some(who) => Report::Unsubscribe { who },
                None => Report::Unproven(Kind::Unsubscribe),
            },
            arrived: self.at,
        }
    }

    fn nothing(self, report: Report) -> Reading {
        Reading {
            report,
            arrived: self.at,
        }
    }
}

fn unreadable(why: &'static str) -> Reading {
    Reading {
        report: Report::Unreadable { why },
        arrived: None,
    }
}

/// A text of a JSON object.
fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    let moment = DateTime::parse_from_rfc3339(text).ok()?;
    Some(moment.to_utc())
}

/// The recipient by address and by the service's name for the message, which
/// must be long enough that nobody guesses it.
fn relayed(address: &str, message: &str) -> Option<Who> {
    let sound = (20..=200).contains(&message.len())
        && message
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
    let address = Address::parse(address).ok()?;
    sound.then(|| Who::Relayed {
        address,
        message: message.to_owned(),
    })
}
