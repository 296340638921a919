//! What follows from a reply, or from none: one function, one table.

use crate::mailing::reply::{Enhanced, Phase};
use crate::subscriber::Reason;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The next server has taken it over (2yz). It may still come back.
    Accepted,
    /// Not now; the same envelope is worth another try.
    Deferred(Delay),
    /// Not to this recipient.
    Rejected(Rejection),
    /// The content left and no reply came: it may have arrived. Only a person
    /// may decide to send it again.
    Unknown,
    /// The trouble is not the recipient's: the run stops, nobody has bounced.
    Halted(Halt),
}

/// Why a message waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delay {
    /// The connection failed before any content left, or the relay takes
    /// nothing at the moment, for whomever it is.
    Connection,
    /// The server wants to see whether we come back: 450 or 451 to the
    /// recipient (RFC 6647 §2).
    Greylisted,
    /// The server says no more than "later".
    Later,
    /// The mailbox is full at the moment.
    MailboxFull,
    /// We are too fast or not trusted enough yet: the whole provider waits.
    Throttled,
}

/// Why a recipient cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// There is no such mailbox: never try again.
    NoMailbox,
    /// The mailbox is full or resting: it may come back.
    MailboxFull,
    /// Refused without a reason that is known here.
    Other,
}

impl Rejection {
    /// Why the address is never to be mailed again, where that follows.
    ///
    /// Only [`Rejection::NoMailbox`] says so. [`classify`] gives it where the
    /// server names the address as the reason, not where a bare 550 or a 5.2.1
    /// may as well mean that we are blocked: a reader who was blocked by
    /// mistake would be lost for ever.
    pub fn suppresses(self) -> Option<Reason> {
        match self {
            Rejection::NoMailbox => Some(Reason::HardBounce),
            Rejection::MailboxFull | Rejection::Other => None,
        }
    }
}

/// Whom trouble concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All that goes through this relay.
    Relay,
    /// All that goes to the recipient's provider.
    Provider,
    /// This recipient alone.
    Recipient,
}

impl Outcome {
    /// Whom it concerns, where it came in `phase`: who must wait, or rest.
    pub fn scope(self, phase: Phase) -> Scope {
        let named = if phase < Phase::Recipient {
            Scope::Relay
        } else {
            Scope::Provider
        };
        match self {
            Outcome::Accepted | Outcome::Rejected(_) | Outcome::Unknown => Scope::Recipient,
            Outcome::Deferred(Delay::MailboxFull) => Scope::Recipient,
            Outcome::Deferred(Delay::Connection) => Scope::Relay,
            Outcome::Deferred(Delay::Greylisted | Delay::Later | Delay::Throttled)
            | Outcome::Halted(Halt::Reputation) => named,
            Outcome::Halted(_) => Scope::Relay,
        }
    }
}

/// Why a run stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Halt {
    /// The server does not let us in.
    Login,
    /// The server does not pass mail on for us, or not from this sender.
    Relay,
    /// This message is refused, for whomever it is.
    Message,
    /// The sender is not trusted: reputation or authentication. Only the
    /// provider that says so need wait.
    Reputation,
    /// The server did not understand us.
    Protocol,
    /// Our settings do not fit the server.
    Settings,
}

/// What follows from `code` with `enhanced` and `text` in `phase`; `code` is
/// `None` when the connection was lost or no answer came in time.
///
/// RFC 5321 §4.2.1 gives the classes; but a 5yz speaks of the recipient only
/// where a recipient was named and neither login nor relay, reputation nor
/// message is meant. Some providers use one code for several things, so the
/// text is read too.
pub fn classify(
    phase: Phase,
    code: Option<u16>,
    enhanced: Option<Enhanced>,
    text: &str,
) -> Outcome {
    let Some(code) = code else {
        // RFC 5321 §4.5.3.2.6: the server may have delivered it.
        return match phase {
            Phase::Content => Outcome::Unknown,
            _ => Outcome::Deferred(Delay::Connection),
        };
    };
    let text = words(text);
    match code {
        200..=299 if phase == Phase::Content => Outcome::Accepted,
        400..=499 => Outcome::Deferred(delay(phase, code, enhanced, &text)),
        500..=599 => refusal(phase, code, enhanced, &text),
        // A positive reply out of turn. With the content gone, it proves
        // nothing.
        _ if phase == Phase::Content => Outcome::Unknown,
        _ => Outcome::Deferred(Delay::Connection),
    }
}

/// The text in which reasons are looked for: without the recipient's address,
/// whose letters are no reason.
fn words(text: &str) -> String {
    let words: Vec<String> = text
        .split_whitespace()
        .filter(|word| !word.contains('@'))
        .map(str::to_ascii_lowercase)
        .collect();
    words.join(" ")
}

fn delay(phase: Phase, code: u16, enhanced: Option<Enhanced>, text: &str) -> Delay {
    let subject = enhanced.map(|Enhanced(_, subject, detail)| (subject, detail));
    let named = phase >= Phase::Recipient;
    match (code, subject) {
        (_, Some((2, 2))) => Delay::MailboxFull,
        _ if named && says(text, GREYLIST) => Delay::Greylisted,
        (_, Some((7, _))) => Delay::Throttled,
        _ if says(text, FAST) => Delay::Throttled,
        // Whatever it is, it would meet the next message too.
        _ if !named => Delay::Connection,
        (452, None) if says(text, FULL) => Delay::MailboxFull,
        (421 | 452 | 454, _) => Delay::Throttled,
        (450 | 451, _) if phase == Phase::Recipient => Delay::Greylisted,
        _ => Delay::Later,
    }
}

fn refusal(phase: Phase, code: u16, enhanced: Option<Enhanced>, text: &str) -> Outcome {
    let subject = enhanced.map(|Enhanced(_, subject, detail)| (subject, detail));
    // Phases in which no recipient was named yet.
    match phase {
        Phase::Login => return Outcome::Halted(Halt::Login),
        Phase::Connect | Phase::Tls | Phase::Hello => {
            return Outcome::Halted(match subject {
                Some((7, _)) => Halt::Reputation,
                _ if says(text, DISTRUST) => Halt::Reputation,
                _ => Halt::Relay,
            });
        }
        Phase::Sender | Phase::Recipient | Phase::Data | Phase::Content => {}
    }
    if matches!(code, 530 | 534 | 535 | 538) {
        return Outcome::Halted(Halt::Login);
    }
    if says(text, RELAY) {
        return Outcome::Halted(Halt::Relay);
    }
    if says(text, FAST) {
        // Gmail's 550 5.2.1 "receiving mail at a rate …".
        return Outcome::Deferred(Delay::Throttled);
    }
    match subject {
        // RFC 6531 §3.2: an address, or a header, that is not ASCII, which only
        // somebody who has such an address has.
        Some((6, 7..=10)) => return Outcome::Rejected(Rejection::Other),
        Some((7, 0)) => return Outcome::Halted(Halt::Relay),
        Some((7, _)) => return Outcome::Halted(Halt::Reputation),
        Some((3, 4) | (6, _)) => return Outcome::Halted(Halt::Message),
        Some((5, _)) => return Outcome::Halted(Halt::Protocol),
        // RFC 3463 §3.2: the sender's address, whoever the recipient is.
        Some((1, 7 | 8)) => return Outcome::Halted(Halt::Relay),
        _ => {}
    }
    if phase == Phase::Sender {
        return Outcome::Halted(Halt::Relay);
    }
    match subject {
        Some((1, _)) if says(text, SENDER) => return Outcome::Halted(Halt::Reputation),
        // Some say "no such user" to those whom they block.
        Some((1, _)) if says(text, DISTRUST) => return Outcome::Rejected(Rejection::Other),
        Some((1, _)) => return Outcome::Rejected(Rejection::NoMailbox),
        Some((2, 2)) => return Outcome::Rejected(Rejection::MailboxFull),
        // RFC 3463 §3.3: disabled, not accepting messages; for good only where
        // the text says that too.
        Some((2, 1)) if says(text, GONE) && !says(text, DISTRUST) => {
            return Outcome::Rejected(Rejection::NoMailbox);
        }
        Some((2 | 4, _)) => return Outcome::Rejected(Rejection::Other),
        _ => {}
    }
    if says(text, FULL) {
        return Outcome::Rejected(Rejection::MailboxFull);
    }
    if says(text, DISTRUST) || says(text, SENDER) {
        return Outcome::Halted(Halt::Reputation);
    }
    match (phase, code) {
        (Phase::Content | Phase::Data, _) => Outcome::Halted(Halt::Message),
        (_, 500..=504) => Outcome::Halted(Halt::Protocol),
        // RFC 5321 §4.2.3: 552 at RCPT is "exceeded storage allocation".
        (_, 552) => Outcome::Rejected(Rejection::MailboxFull),
        // 550 alone is also "command rejected for policy reasons" there.
        (_, 550 | 551 | 553) if says(text, GONE) => Outcome::Rejected(Rejection::NoMailbox),
        _ => Outcome::Rejected(Rejection::Other),
    }
}

const RELAY: &[&str] = &[
    "relay access denied",
    "relaying denied",
    "relay not permitted",
    "not permitted to relay",
    "unable to relay",
    "authentication required",
    // Whose address the relay does not let us use.
    "not owned by user",
    "does not have permissions to send as",
];
const GREYLIST: &[&str] = &["greylist", "graylist", "grey-list", "grey list"];
const SENDER: &[&str] = &["sender rejected", "sender denied", "sender verify failed"];
const GONE: &[&str] = &[
    "no such",
    "unknown user",
    "user unknown",
    "unknown recipient",
    "recipient unknown",
    "unknown address",
    "address unknown",
    "unknown mailbox",
    "unknown or illegal alias",
    "unrouteable address",
    "does not exist",
    "doesn't exist",
    "doesn't have a",
    "not a valid",
    "invalid recipient",
    "invalid mailbox",
    "invalid address",
    "not found",
    "no mailbox",
    "inactive",
    "disabled",
    "deactivated",
    "closed",
    "suspended",
    "no longer",
];
const FULL: &[&str] = &[
    "quota",
    "mailbox full",
    "mailbox is full",
    "over its storage",
];
const FAST: &[&str] = &[
    "at a rate",
    "rate limit",
    "rate-limit",
    "too many messages",
    "too many connections",
    "unsolicited mail originating",
    "temporarily deferred due to",
];
const DISTRUST: &[&str] = &[
    "spam",
    "blocked",
    "blacklist",
    "blocklist",
    "reputation",
    "dmarc",
    "policy",
];

fn says(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests;
