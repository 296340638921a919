use crate::mailing::outcome::{Delay, Halt, Outcome, Rejection, Scope, classify};
use crate::mailing::reply::{Enhanced, Phase};
use crate::subscriber::Reason;

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
        (
            Login,
            "454 4.7.0 later",
            Outcome::Deferred(Delay::Throttled),
        ),
        (Login, "454 later", Outcome::Deferred(Delay::Connection)),
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
            Outcome::Deferred(Delay::Greylisted),
        ),
        (
            Recipient,
            "451 4.3.0 several domains",
            Outcome::Deferred(Delay::Greylisted),
        ),
        (
            Recipient,
            "451 4.7.1 Greylisting in action",
            Outcome::Deferred(Delay::Greylisted),
        ),
        (
            Recipient,
            "450 4.7.1 your host is not known",
            Outcome::Deferred(Delay::Throttled),
        ),
        (
            Content,
            "451 4.3.0 try later",
            Outcome::Deferred(Delay::Later),
        ),
        (
            Recipient,
            "452 too many",
            Outcome::Deferred(Delay::Throttled),
        ),
        (
            Recipient,
            "452 mailbox full",
            Outcome::Deferred(Delay::MailboxFull),
        ),
        (
            Recipient,
            "452 <quota@example.org> not now",
            Outcome::Deferred(Delay::Throttled),
        ),
        (
            Data,
            "421 4.3.2 shutting down",
            Outcome::Deferred(Delay::Throttled),
        ),
        (
            Sender,
            "451 4.3.0 no space",
            Outcome::Deferred(Delay::Connection),
        ),
        (Sender, "452 full", Outcome::Deferred(Delay::Connection)),
        (
            Recipient,
            "550 <blocked@spam.example.org>: user unknown",
            Outcome::Rejected(Rejection::NoMailbox),
        ),
        (
            Recipient,
            "550 mailbox unavailable",
            Outcome::Rejected(Rejection::Other),
        ),
        (
            Recipient,
            "550 5.2.1 not accepting messages",
            Outcome::Rejected(Rejection::Other),
        ),
        (
            Recipient,
            "550 5.1.1 listed in our blocklist",
            Outcome::Rejected(Rejection::Other),
        ),
        (
            Recipient,
            "550 5.1.0 rejected",
            Outcome::Rejected(Rejection::NoMailbox),
        ),
        (
            Recipient,
            "550 5.1.0 <l@example.org> sender rejected",
            Outcome::Halted(Halt::Reputation),
        ),
        (
            Recipient,
            "550 5.1.8 <l@example.org>: sender address rejected: domain not found",
            Outcome::Halted(Halt::Relay),
        ),
        (
            Recipient,
            "553 5.7.1 <l@example.org>: not owned by user l",
            Outcome::Halted(Halt::Relay),
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

#[test]
fn whom_trouble_concerns_follows_from_phase_and_reply() {
    let cases = [
        (Phase::Hello, "421 4.3.2 closing", Scope::Relay),
        (Phase::Login, "454 4.7.0 later", Scope::Relay),
        (Phase::Sender, "421 4.7.0 too fast", Scope::Relay),
        (Phase::Recipient, "", Scope::Relay),
        (Phase::Recipient, "421 4.7.0 too fast", Scope::Provider),
        (Phase::Recipient, "450 4.2.0 greylisted", Scope::Provider),
        (Phase::Recipient, "452 4.2.2 full", Scope::Recipient),
        (Phase::Content, "451 4.3.0 later", Scope::Provider),
        (Phase::Content, "550 5.7.26 no", Scope::Provider),
        (Phase::Hello, "554 5.7.1 no", Scope::Relay),
        (Phase::Content, "554 5.6.0 bad header", Scope::Relay),
        (Phase::Recipient, "554 relay access denied", Scope::Relay),
        (Phase::Recipient, "550 5.1.1 unknown", Scope::Recipient),
        (Phase::Content, "", Scope::Recipient),
    ];
    for (phase, reply, expected) in cases {
        let (code, text) = reply.split_once(' ').unwrap_or((reply, ""));
        let code = code.parse().ok();
        let outcome = classify(phase, code, Enhanced::parse(text), text);
        assert_eq!(outcome.scope(phase), expected, "{phase:?} {reply}");
    }
}

#[test]
fn only_an_address_that_does_not_exist_is_suppressed() {
    assert_eq!(Rejection::NoMailbox.suppresses(), Some(Reason::HardBounce));
    assert_eq!(Rejection::MailboxFull.suppresses(), None);
    assert_eq!(Rejection::Other.suppresses(), None);
}
