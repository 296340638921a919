//! What becomes of a message when something goes wrong at each step.

use std::sync::Arc;
use std::time::Duration;

use letterpress::mailing::{Delay, Halt, Outcome, Phase, Rejection};
use letterpress::transport::{Cause, Limits, Settings, Smtp, Transport};
use secrecy::SecretString;
use tokio::sync::Semaphore;

use crate::smtp::server::{Act, Server, pipelining, usual};
use crate::smtp::{message, settings, smtp};

const STEPS: [(&str, Phase); 7] = [
    ("CONNECT", Phase::Hello),
    ("EHLO", Phase::Hello),
    ("AUTH", Phase::Login),
    ("MAIL", Phase::Sender),
    ("RCPT", Phase::Recipient),
    ("DATA", Phase::Data),
    ("CONTENT", Phase::Content),
];

/// Sends one message to a server that does `act` at `step`, and to one that
/// takes several commands at once: both times the same follows. A reset may
/// overtake replies that were on their way, so what several commands at once had
/// come to may be less.
async fn attempt(step: &'static str, act: Act, limits: Limits) -> (Phase, Outcome, Cause) {
    let at_once = attempt_with(pipelining, step, act.clone(), limits).await;
    let in_turn = attempt_with(usual, step, act, limits).await;
    assert!(at_once.0 <= in_turn.0, "{step}");
    assert_eq!(at_once.1, in_turn.1, "{step}");
    assert_eq!(at_once.2.to_string(), in_turn.2.to_string(), "{step}");
    in_turn
}

async fn attempt_with(
    kind: fn(&str) -> Act,
    step: &'static str,
    act: Act,
    limits: Limits,
) -> (Phase, Outcome, Cause) {
    let server = Server::start(move |question, _| {
        if question.starts_with(step) {
            act.clone()
        } else {
            kind(question)
        }
    })
    .await;
    let mut smtp = Smtp::new(Settings {
        username: Some("editor".to_owned()),
        password: Some(SecretString::from("secret")),
        limits,
        ..settings(&server)
    })
    .unwrap();
    let failure = smtp.send(&message()).await.unwrap_err();
    let server_is_named = failure
        .place
        .contains(&format!("127.0.0.1:{}", server.port()));
    assert!(server_is_named, "{failure}");
    (failure.phase, failure.outcome(), failure.cause)
}

/// What follows from no answer: only after the content nobody knows.
fn unanswered(phase: Phase) -> Outcome {
    match phase {
        Phase::Content => Outcome::Unknown,
        _ => Outcome::Deferred(Delay::Connection),
    }
}

#[tokio::test]
async fn a_connection_lost_at_any_step_is_unknown_only_after_the_content() {
    for (step, phase) in STEPS {
        for act in [Act::Close, Act::Reset, Act::SayAndClose("250-and")] {
            let (at, outcome, cause) = attempt(step, act, Limits::default()).await;
            assert_eq!((at, outcome), (phase, unanswered(phase)), "{step}");
            assert!(matches!(cause, Cause::Lost(_)), "{step}: {cause:?}");
        }
    }
}

#[tokio::test]
async fn a_silent_server_is_left_when_the_limit_of_the_step_is_over() {
    let short = Duration::from_millis(50);
    for (step, phase) in STEPS {
        // Half a reply and a closed ear.
        let half = Arc::new(Semaphore::new(0));
        for act in [Act::Silence, Act::ReadLater(half, "250-and")] {
            let mut limits = Limits::default();
            match phase {
                Phase::Hello => limits.hello = short,
                Phase::Login => limits.login = short,
                Phase::Sender => limits.sender = short,
                Phase::Recipient => limits.recipient = short,
                Phase::Data => limits.data = short,
                _ => limits.content = short,
            }
            let (at, outcome, cause) = attempt(step, act, limits).await;
            assert_eq!((at, outcome), (phase, unanswered(phase)), "{step}");
            assert!(
                matches!(cause, Cause::TimedOut(limit) if limit == short),
                "{step}"
            );
        }
    }
}

#[tokio::test]
async fn garbage_is_no_answer() {
    let lines: &'static str = Box::leak(
        format!("250-{}\r\n", "x".repeat(400))
            .repeat(100)
            .into_boxed_str(),
    );
    let line: &'static str = Box::leak("2".repeat(1 << 20).into_boxed_str());
    for (step, phase) in STEPS {
        for garbage in [
            "HTTP/1.1 400 Bad Request\r\n",
            "2\u{e9}\u{0}\r\n",
            "\r\n",
            lines,
            line,
        ] {
            let (at, outcome, cause) = attempt(step, Act::Say(garbage), Limits::default()).await;
            assert_eq!((at, outcome), (phase, unanswered(phase)), "{step}");
            assert!(matches!(cause, Cause::Garbled(_)), "{step}: {cause:?}");
        }
    }
}

#[tokio::test]
async fn a_positive_answer_out_of_turn_proves_nothing() {
    let cases = [
        ("MAIL", "354 go\r\n", Phase::Sender),
        ("RCPT", "354 go\r\n", Phase::Recipient),
        ("DATA", "250 Ok\r\n", Phase::Data),
        ("CONTENT", "354 go\r\n", Phase::Content),
    ];
    for (step, reply, phase) in cases {
        let (at, outcome, cause) = attempt(step, Act::Say(reply), Limits::default()).await;
        assert_eq!((at, outcome), (phase, unanswered(phase)), "{step}");
        assert!(matches!(cause, Cause::Garbled(_)), "{step}: {cause:?}");
    }
}

#[tokio::test]
async fn refusals_are_told_apart_by_step_and_reply() {
    let cases = [
        (
            "CONNECT",
            "554 5.7.1 blocked\r\n",
            Outcome::Halted(Halt::Reputation),
        ),
        (
            "CONNECT",
            "421 4.3.2 busy\r\n",
            Outcome::Deferred(Delay::Connection),
        ),
        ("EHLO", "502 5.5.1 no\r\n", Outcome::Halted(Halt::Relay)),
        ("AUTH", "535 5.7.8 wrong\r\n", Outcome::Halted(Halt::Login)),
        (
            "AUTH",
            "454 4.7.0 later\r\n",
            Outcome::Deferred(Delay::Throttled),
        ),
        ("MAIL", "530 5.7.0 log in\r\n", Outcome::Halted(Halt::Login)),
        (
            "MAIL",
            "452 4.3.1 disk\r\n",
            Outcome::Deferred(Delay::Connection),
        ),
        (
            "RCPT",
            "550 5.1.1 unknown\r\n",
            Outcome::Rejected(Rejection::NoMailbox),
        ),
        (
            "RCPT",
            "550-5.1.1 The account does not\r\n550 5.1.1 exist.\r\n",
            Outcome::Rejected(Rejection::NoMailbox),
        ),
        (
            "RCPT",
            "450 4.2.0 greylisted\r\n",
            Outcome::Deferred(Delay::Greylisted),
        ),
        (
            "RCPT",
            "452 4.2.2 full\r\n",
            Outcome::Deferred(Delay::MailboxFull),
        ),
        (
            "RCPT",
            "554 5.7.1 Relay access denied\r\n",
            Outcome::Halted(Halt::Relay),
        ),
        (
            "DATA",
            "451 4.3.0 later\r\n",
            Outcome::Deferred(Delay::Later),
        ),
        (
            "DATA",
            "554 5.5.1 no recipients\r\n",
            Outcome::Halted(Halt::Protocol),
        ),
        (
            "CONTENT",
            "451 4.3.0 later\r\n",
            Outcome::Deferred(Delay::Later),
        ),
        (
            "CONTENT",
            "552 5.3.4 too big\r\n",
            Outcome::Halted(Halt::Message),
        ),
        (
            "CONTENT",
            "550 5.7.26 no DKIM\r\n",
            Outcome::Halted(Halt::Reputation),
        ),
    ];
    for (step, reply, expected) in cases {
        let (phase, outcome, cause) = attempt(step, Act::Say(reply), Limits::default()).await;
        let at = STEPS.iter().find(|(name, _)| *name == step).unwrap().1;
        assert_eq!((phase, outcome), (at, expected), "{step} {reply}");
        let Cause::Refused(kept) = cause else {
            panic!("{step}: {cause:?}");
        };
        assert_eq!(kept.code.to_string(), reply[..3], "{reply}");
        assert_eq!(
            kept.enhanced.unwrap().to_string(),
            reply[4..].split(' ').next().unwrap()
        );
    }
}

#[tokio::test]
async fn nobody_listening_is_told_with_the_port_to_check() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let mut smtp = Smtp::new(Settings {
        port,
        ..Settings::new("127.0.0.1", letterpress::transport::Tls::None)
    })
    .unwrap();
    let failure = smtp.send(&message()).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        format!("connecting to 127.0.0.1:{port}")
    );
    assert!(failure.hint.unwrap().contains("smtp.port"));
}

#[tokio::test]
async fn a_server_that_reads_slowly_gets_everything() {
    let permits = Arc::new(Semaphore::new(0));
    let gate = permits.clone();
    let server = Server::start(move |question, _| match question {
        "DATA" => Act::ReadLater(gate.clone(), "354 go\r\n"),
        other => usual(other),
    })
    .await;
    // More than the buffers between the two ends hold.
    let mut large = message();
    large.bytes = b"Subject: x\r\n\r\n".to_vec();
    large.bytes.extend(b"0123456789\r\n".repeat(1 << 20));
    let mut smtp = smtp(&server);
    let (receipt, ()) = tokio::join!(smtp.send(&large), async {
        tokio::task::yield_now().await;
        permits.add_permits(1);
    });
    assert!(receipt.is_ok());
    assert!(server.contents() == [large.bytes]);
}

#[tokio::test]
async fn a_server_that_stops_reading_leaves_the_message_unknown() {
    let never = Arc::new(Semaphore::new(0));
    let server = Server::start(move |question, _| match question {
        "DATA" => Act::ReadLater(never.clone(), "354 go\r\n"),
        other => usual(other),
    })
    .await;
    let mut large = message();
    large.bytes.extend(b"0123456789\r\n".repeat(1 << 20));
    let mut smtp = Smtp::new(Settings {
        limits: Limits {
            content: Duration::from_millis(50),
            ..Limits::default()
        },
        ..settings(&server)
    })
    .unwrap();
    let failure = smtp.send(&large).await.unwrap_err();
    assert_eq!(failure.outcome(), Outcome::Unknown);
}
