//! What follows from a status and a diagnostic: the table of a live reply, read
//! as if it had been given to the recipient's name.

use crate::bounce::report::Class;
use crate::mailing::{Delay, Enhanced, Outcome, Phase, Rejection, classify};

/// What a server said, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// The reply code (RFC 5321 §4.2).
    pub(crate) code: Option<u16>,
    /// The enhanced code.
    pub(crate) enhanced: Option<Enhanced>,
    /// All of it.
    pub(crate) text: String,
}

impl Said {
    /// Reads `550 5.1.1 No such user`, also with the dash of a longer reply.
    pub(crate) fn parse(text: &str) -> Said {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let code = match digits {
            3 => text[..3].parse().ok(),
            _ => None,
        };
        let code = code.filter(|code| (400..600).contains(code));
        let rest = match code {
            Some(_) => text[3..].trim_start_matches(['-', ' ', '#']),
            None => text.trim_start_matches('#'),
        };
        Said {
            code,
            enhanced: Enhanced::parse(rest),
            text: text.to_owned(),
        }
    }
}

/// The class of a final failure with this status (RFC 3464 §2.3.4), and the code
/// that tells the most.
pub(crate) fn class(status: Option<Enhanced>, said: &Said) -> (Class, Option<Enhanced>) {
    // `5.0.0` says no more than "no".
    let telling = |code: &Enhanced| code.1 != 0;
    let enhanced = said.enhanced.filter(telling).or(status).or(said.enhanced);
    let code = said.code.or(enhanced.map(|enhanced| match enhanced.0 {
        4 => 450,
        // Not 550, which alone would mean that there is no such mailbox.
        _ => 554,
    }));
    let Some(code) = code else {
        return (Class::Other, None);
    };
    let class = match classify(Phase::Recipient, Some(code), enhanced, &said.text) {
        Outcome::Rejected(Rejection::NoMailbox) => Class::Hard,
        Outcome::Rejected(_) => Class::Soft,
        Outcome::Deferred(Delay::Throttled) => Class::Other,
        Outcome::Deferred(_) => Class::Soft,
        Outcome::Halted(_) | Outcome::Accepted | Outcome::Unknown => Class::Other,
    };
    // Where status and reply disagree, the milder one is believed: 550 for a
    // message that waited too long (4.4.7).
    let transient = [status, said.enhanced]
        .into_iter()
        .flatten()
        .any(|e| e.0 == 4);
    let class = if transient {
        class.min(Class::Soft)
    } else {
        class
    };
    (class, enhanced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounces_are_classed_as_replies_are() {
        let cases = [
            (
                "5.1.1",
                "550 5.1.1 <x>: Recipient address rejected",
                Class::Hard,
            ),
            (
                "5.1.1",
                "550-5.1.1 The email account does not exist",
                Class::Hard,
            ),
            ("5.0.0", "550 No such user here", Class::Hard),
            (
                "5.1.10",
                "550 5.1.10 RESOLVER.ADR.RecipientNotFound",
                Class::Hard,
            ),
            ("5.1.2", "", Class::Hard),
            (
                "5.2.1",
                "550 5.2.1 The email account is disabled",
                Class::Hard,
            ),
            ("5.2.2", "552 5.2.2 over quota", Class::Soft),
            ("4.2.2", "452 4.2.2 mailbox full", Class::Soft),
            ("4.4.1", "connection timed out", Class::Soft),
            (
                "4.4.7",
                "550 4.4.7 QUEUE.Expired; message expired",
                Class::Soft,
            ),
            ("4.4.7", "550 gone", Class::Soft),
            ("5.0.0", "Unrouteable address", Class::Soft),
            ("5.7.1", "550 5.7.1 looks like spam", Class::Other),
            ("5.7.26", "550-5.7.26 unauthenticated", Class::Other),
            ("5.3.4", "552 5.3.4 too big", Class::Other),
            ("4.7.28", "421 4.7.28 rate", Class::Other),
            ("", "", Class::Other),
        ];
        for (status, text, expected) in cases {
            let (class, _) = class(Enhanced::parse(status), &Said::parse(text));
            assert_eq!(class, expected, "{status} {text}");
        }
    }
}
