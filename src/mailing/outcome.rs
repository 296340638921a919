//! What follows from a reply, or from none: one function, one table.

use crate::mailing::reply::{Enhanced, Phase};

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
    /// The connection failed before any content left.
    Connection,
    /// The server wants to see whether we come back, or says no more than
    /// "later" (RFC 6647 §2).
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
    let text = text.to_ascii_lowercase();
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

fn delay(phase: Phase, code: u16, enhanced: Option<Enhanced>, text: &str) -> Delay {
    let subject = enhanced.map(|Enhanced(_, subject, detail)| (subject, detail));
    match (code, subject) {
        (_, Some((2, 2))) => Delay::MailboxFull,
        (_, Some((7, 28 | 32))) => Delay::Throttled,
        (421, Some((7, _))) => Delay::Throttled,
        _ if says(text, FAST) => Delay::Throttled,
        (452, None) if phase == Phase::Recipient && says(text, FULL) => Delay::MailboxFull,
        (421, _) | (_, Some((3 | 4, _))) if phase < Phase::Recipient => Delay::Connection,
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
        Some((7, 0)) => return Outcome::Halted(Halt::Relay),
        Some((7, _)) => return Outcome::Halted(Halt::Reputation),
        Some((3, 4) | (6, _)) => return Outcome::Halted(Halt::Message),
        Some((5, _)) => return Outcome::Halted(Halt::Protocol),
        _ => {}
    }
    if phase == Phase::Sender {
        return Outcome::Halted(Halt::Relay);
    }
    match subject {
        Some((1, 1 | 2 | 3 | 6 | 10)) => return Outcome::Rejected(Rejection::NoMailbox),
        Some((2, 2)) => return Outcome::Rejected(Rejection::MailboxFull),
        // RFC 3463 §3.3: disabled, not accepting messages.
        Some((2, 1)) => return Outcome::Rejected(Rejection::NoMailbox),
        Some((1 | 2 | 4, _)) => return Outcome::Rejected(Rejection::Other),
        _ => {}
    }
    if says(text, FULL) {
        return Outcome::Rejected(Rejection::MailboxFull);
    }
    if says(text, DISTRUST) {
        return Outcome::Halted(Halt::Reputation);
    }
    match (phase, code) {
        (Phase::Content | Phase::Data, _) => Outcome::Halted(Halt::Message),
        (_, 500..=504) => Outcome::Halted(Halt::Protocol),
        // RFC 5321 §4.2.3: 552 at RCPT is "exceeded storage allocation".
        (_, 552) => Outcome::Rejected(Rejection::MailboxFull),
        (_, 550 | 551 | 553) => Outcome::Rejected(Rejection::NoMailbox),
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
mod tests {
    use super::*;

    #[test]
    fn replies_are_classified_by_phase_code_and_text() {
        use Phase::{Connect, Content, Data, Hello, Login, Recipient, Sender};
        let cases: &[(Phase, &str, Outcome)] = &[
            (Content, "250 2.0.0 Ok: queued as 1", Outcome::Accepted),
            (Content, "354 go on", Outcome::Unknown),
            (Connect, "", Outcome::Deferred(Delay::Connection)),
            (Recipient, "", Outcome::Deferred(Delay::Connection)),
            (Data, "", Outcome::Deferred(Delay::Connection)),
            (Content, "", Outcome::Unknown),
            (
                Login,
                "535 5.7.8 bad password",
                Outcome::Halted(Halt::Login),
            ),
            (Login, "454 4.7.0 later", Outcome::Deferred(Delay::Later)),
            (
                Sender,
                "530 5.7.0 log in first",
                Outcome::Halted(Halt::Login),
            ),
            (
                Recipient,
                "554 5.7.1 <x>: Relay access denied",
                Outcome::Halted(Halt::Relay),
            ),
            (
                Recipient,
                "550 5.7.0 not for you",
                Outcome::Halted(Halt::Relay),
            ),
            (
                Recipient,
                "550 5.1.1 unknown",
                Outcome::Rejected(Rejection::NoMailbox),
            ),
            (
                Recipient,
                "550 5.1.2 no host",
                Outcome::Rejected(Rejection::NoMailbox),
            ),
            (
                Recipient,
                "553 5.1.3 bad",
                Outcome::Rejected(Rejection::NoMailbox),
            ),
            (
                Recipient,
                "551 5.1.6 moved",
                Outcome::Rejected(Rejection::NoMailbox),
            ),
            (
                Recipient,
                "550 No such user",
                Outcome::Rejected(Rejection::NoMailbox),
            ),
            (
                Recipient,
                "552 5.2.2 full",
                Outcome::Rejected(Rejection::MailboxFull),
            ),
            (
                Recipient,
                "550 over quota",
                Outcome::Rejected(Rejection::MailboxFull),
            ),
            (
                Recipient,
                "452 4.2.2 full",
                Outcome::Deferred(Delay::MailboxFull),
            ),
            (
                Recipient,
                "450 4.2.0 greylisted",
                Outcome::Deferred(Delay::Later),
            ),
            (
                Recipient,
                "451 4.3.0 several domains",
                Outcome::Deferred(Delay::Later),
            ),
            (
                Content,
                "550 5.1.1 gone",
                Outcome::Rejected(Rejection::NoMailbox),
            ),
            (Content, "552 5.3.4 too big", Outcome::Halted(Halt::Message)),
            (Sender, "552 5.3.4 too big", Outcome::Halted(Halt::Message)),
            (Content, "552 too big", Outcome::Halted(Halt::Message)),
            (
                Content,
                "554 5.6.0 bad header",
                Outcome::Halted(Halt::Message),
            ),
            (
                Content,
                "550 5.7.26 not authenticated",
                Outcome::Halted(Halt::Reputation),
            ),
            (
                Recipient,
                "550 5.7.515 access denied",
                Outcome::Halted(Halt::Reputation),
            ),
            (
                Content,
                "554 message looks like spam",
                Outcome::Halted(Halt::Reputation),
            ),
            (
                Recipient,
                "550 5.2.1 account is inactive",
                Outcome::Rejected(Rejection::NoMailbox),
            ),
            (
                Recipient,
                "550 5.2.1 user is receiving mail at a rate that",
                Outcome::Deferred(Delay::Throttled),
            ),
            (
                Content,
                "421 4.7.28 rate",
                Outcome::Deferred(Delay::Throttled),
            ),
            (
                Content,
                "421 5.7.32 not accepted",
                Outcome::Deferred(Delay::Throttled),
            ),
            (
                Hello,
                "421 4.3.2 closing",
                Outcome::Deferred(Delay::Connection),
            ),
            (Hello, "554 blocked", Outcome::Halted(Halt::Reputation)),
            (Connect, "554 no service", Outcome::Halted(Halt::Relay)),
            (Sender, "550 sender refused", Outcome::Halted(Halt::Relay)),
            (
                Sender,
                "503 5.5.1 out of order",
                Outcome::Halted(Halt::Protocol),
            ),
            (Recipient, "501 syntax", Outcome::Halted(Halt::Protocol)),
        ];
        for (phase, reply, expected) in cases {
            let (code, text) = reply.split_once(' ').unwrap_or((reply, ""));
            let code = code.parse().ok();
            assert_eq!(
                classify(*phase, code, Enhanced::parse(text), text),
                *expected,
                "{phase:?} {reply}"
            );
        }
    }
}
