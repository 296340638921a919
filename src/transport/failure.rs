use std::fmt;
use std::time::Duration;

use crate::transport::outcome::{Outcome, classify};

/// How far a message had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Finding the server and connecting to it.
    Connect,
    /// Agreeing on TLS.
    Tls,
    /// Greeting and EHLO.
    Hello,
    /// Logging in.
    Login,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA, before any content has left.
    Data,
    /// The content is under way or was received; the reply is not there yet.
    Content,
}

impl Phase {
    /// What was being done, for people.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Connect => "connecting",
            Phase::Tls => "agreeing on TLS",
            Phase::Hello => "greeting",
            Phase::Login => "logging in",
            Phase::Sender => "naming the sender",
            Phase::Recipient => "naming the recipient",
            Phase::Data => "announcing the message",
            Phase::Content => "sending the message",
        }
    }
}

/// An enhanced status code (RFC 3463 §2): class, subject, detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Enhanced(pub u8, pub u16, pub u16);

impl Enhanced {
    /// Reads the code at the beginning of a reply's text, where RFC 2034 §4
    /// puts it.
    pub fn parse(text: &str) -> Option<Enhanced> {
        let word = text.split_whitespace().next()?;
        let mut parts = word.split('.');
        let mut number = |longest: usize| {
            let part = parts.next()?;
            let sound = (1..=longest).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_digit());
            sound.then(|| part.parse::<u16>().ok()).flatten()
        };
        let (class, subject, detail) = (number(1)?, number(3)?, number(3)?);
        let class = u8::try_from(class).ok()?;
        (matches!(class, 2 | 4 | 5) && parts.next().is_none())
            .then_some(Enhanced(class, subject, detail))
    }
}

impl fmt::Display for Enhanced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// A reply of a server (RFC 5321 §4.2). `Debug` and `Display` leave the text
/// out of what might be logged: servers like to repeat the address in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// Three digits.
    pub code: u16,
    /// The enhanced code, where the server gives one.
    pub enhanced: Option<Enhanced>,
    /// All lines, joined by blanks, with the enhanced code.
    pub text: String,
}

impl Reply {
    /// A reply of this code and text.
    pub fn new(code: u16, text: impl Into<String>) -> Reply {
        let text = text.into();
        Reply {
            code,
            enhanced: Enhanced::parse(&text),
            text,
        }
    }

    /// The name the server gave to the message, where it says so in one of the
    /// usual ways: `queued as 4F1A2B`, `id=1abc-000`.
    pub fn queue_id(&self) -> Option<&str> {
        let (_, after) = self
            .text
            .split_once("queued as ")
            .or_else(|| self.text.split_once("id="))?;
        after
            .split(|character: char| character.is_whitespace() || ",;)>".contains(character))
            .next()
            .filter(|id| !id.is_empty())
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(formatter, " {enhanced}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Reply({self})")
    }
}

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
            // Nothing about the settings will be better on the next try.
            Cause::Unsupported(_) | Cause::Tls(_) | Cause::File(_) => {
                Outcome::Halted(crate::transport::outcome::Halt::Settings)
            }
            Cause::Lost(_) | Cause::Unreachable(_) | Cause::TimedOut(_) | Cause::Garbled(_) => {
                classify(self.phase, None, None, "")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enhanced_codes_are_read_at_the_beginning_only() {
        let cases = [
            ("5.1.1 no such user", Some(Enhanced(5, 1, 1))),
            ("4.7.28 slow down", Some(Enhanced(4, 7, 28))),
            ("2.0.0", Some(Enhanced(2, 0, 0))),
            ("no 5.1.1", None),
            ("5.1", None),
            ("5.1.1.1", None),
            ("3.1.1", None),
            ("5.1234.1", None),
            ("5.-1.1", None),
            ("127.0.0.1 refused", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Enhanced::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn the_servers_own_name_for_a_message_is_found() {
        let cases = [
            ("2.0.0 Ok: queued as 4F1A2B", Some("4F1A2B")),
            ("OK id=1abc-0002-Xy", Some("1abc-0002-Xy")),
            ("2.0.0 Ok", None),
            ("queued as ", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Reply::new(250, text).queue_id(), expected);
        }
    }

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
