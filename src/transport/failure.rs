use std::time::Duration;

use crate::mailing::{Halt, Outcome, Phase, Rejection, Reply, classify};

/// A message was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What the server said to it; `None` where there is no server.
    pub reply: Option<Reply>,
    /// Name of the file it was written to, where it was.
    pub file: Option<String>,
}

/// Why a message was not handed over, or may not have been.
#[derive(Debug, thiserror::Error)]
#[error("{}{}", .phase.name(), .place)]
pub struct Failure {
    /// How far it had come.
    pub phase: Phase,
    /// Host and port or folder, as ` to mail.example.org:587`; may be empty.
    pub place: String,
    /// What happened.
    #[source]
    pub cause: Cause,
    /// What to look at, a sentence for people.
    pub hint: Option<String>,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The content was not allowed to leave; it did not.
    #[error("the message was withheld")]
    Withheld,
    /// The server said no.
    #[error("the server answered {0}")]
    Refused(Reply),
    /// The connection ended or broke.
    #[error("the connection was lost")]
    Lost(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// There is no such server, or it does not let us connect.
    #[error("cannot connect")]
    Unreachable(#[source] std::io::Error),
    /// No answer came in time.
    #[error("no answer within {}", seconds(*.0))]
    TimedOut(Duration),
    /// What came is no SMTP, or out of turn.
    #[error("the answer was not understood: {0}")]
    Garbled(String),
    /// The recipient's address is not ASCII, and the server takes no others (RFC
    /// 6531 §3.1).
    #[error("the server does not take addresses that are not ASCII (it has no SMTPUTF8)")]
    International,
    /// TLS could not be agreed upon.
    #[error("no safe connection could be agreed upon")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server lacks what the settings demand.
    #[error("{0}")]
    Unsupported(String),
    /// The file could not be written.
    #[error("cannot write the file")]
    File(#[source] std::io::Error),
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        whole => format!("{whole} s"),
    }
}

impl Failure {
    /// The message was not allowed to leave, and did not.
    pub(crate) fn withheld(place: String) -> Failure {
        Failure {
            phase: Phase::Data,
            place,
            cause: Cause::Withheld,
            hint: None,
        }
    }

    /// The reply, where the server gave one.
    pub fn reply(&self) -> Option<&Reply> {
        match &self.cause {
            Cause::Refused(reply) => Some(reply),
            _ => None,
        }
    }

    /// What follows from it.
    pub fn outcome(&self) -> Outcome {
        match &self.cause {
            Cause::Refused(reply) => {
                classify(self.phase, Some(reply.code), reply.enhanced, &reply.text)
            }
            // Every other recipient can be served. The mailbox may well be there.
            Cause::International => Outcome::Rejected(Rejection::Other),
            // Nothing about the settings will be better on the next try.
            Cause::Unsupported(_) | Cause::Tls(_) | Cause::File(_) => {
                Outcome::Halted(Halt::Settings)
            }
            Cause::Withheld
            | Cause::Lost(_)
            | Cause::Unreachable(_)
            | Cause::TimedOut(_)
            | Cause::Garbled(_) => classify(self.phase, None, None, ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_logged_holds_no_address() {
        let failure = Failure {
            phase: Phase::Recipient,
            place: " at mail.example.org:25".to_owned(),
            cause: Cause::Refused(Reply::new(550, "5.1.1 <ada@example.org>: unknown")),
            hint: None,
        };
        let all = format!("{failure} {} {failure:?}", failure.cause);
        assert!(all.contains("550 5.1.1") && !all.contains("ada"), "{all}");
    }
}
