//! Several commands at once, where the server takes them so (RFC 2920).

use letterpress::mailing::{Delay, Halt, Outcome, Phase, Rejection};
use letterpress::transport::{Cause, Settings, Smtp, Transport};

use crate::smtp::server::{Act, Server, pipelining, usual};
use crate::smtp::{message, settings, smtp};

#[tokio::test]
async fn the_commands_up_to_data_leave_in_one_write() {
    // It answers none of them before it has all.
    let server = Server::start(|question, _| {
        if question.starts_with("MAIL") {
            Act::ReadAhead(2, "250 2.1.0 Ok\r\n")
        } else {
            pipelining(question)
        }
    })
    .await;
    let mut smtp = smtp(&server);
    smtp.send(&message()).await.unwrap();
    smtp.send(&message()).await.unwrap();
    assert_eq!(
        server.asked(),
        "CONNECT EHLO MAIL RCPT DATA CONTENT MAIL RCPT DATA CONTENT"
    );
    for nth in [1, 2] {
        assert_eq!(
            server.behind("MAIL", nth),
            "RCPT TO:<ada@example.net>\r\nDATA\r\n"
        );
        assert_eq!(server.behind("CONTENT", nth), "");
    }
    assert_eq!(server.contents(), [message().bytes, message().bytes]);
}

#[tokio::test]
async fn only_a_server_that_offers_it_gets_several_commands_at_once() {
    let cases = [
        ("250-mail.test\r\n250 PIPELINING\r\n", true),
        ("250-mail.test\r\n250-pipelining\r\n250 SIZE\r\n", true),
        ("250 mail.test\r\n", false),
        ("250 PIPELINING\r\n", false),
        ("250-PIPELINING\r\n250 SIZE\r\n", false),
        ("250-mail.test\r\n250-XPIPELINING\r\n250 SIZE 10\r\n", false),
    ];
    for (answer, expected) in cases {
        let server = Server::start(move |question, _| {
            if question.starts_with("EHLO") {
                Act::Say(answer)
            } else {
                usual(question)
            }
        })
        .await;
        smtp(&server).send(&message()).await.unwrap();
        let at_once = !server.behind("MAIL", 1).is_empty();
        assert_eq!(at_once, expected, "{answer}");
    }
}

/// Sends two messages to a server that says `reply` to the first `step`, where
/// the others are not refused, and `data` to the DATA behind it.
async fn refused_once(
    step: &'static str,
    reply: &'static str,
    data: &'static str,
) -> (Phase, Outcome, Server) {
    let server = Server::start(move |question, count| match (question, count) {
        (refused, 1) if refused.starts_with(step) => Act::Say(reply),
        ("DATA", 1) => Act::Say(data),
        _ => pipelining(question),
    })
    .await;
    let mut smtp = smtp(&server);
    let failure = smtp.send(&message()).await.unwrap_err();
    smtp.send(&message()).await.unwrap();
    (failure.phase, failure.outcome(), server)
}

#[tokio::test]
async fn a_refusal_is_judged_by_its_own_step_and_costs_a_reset() {
    let cases = [
        (
            "MAIL",
            "451 4.7.1 later\r\n",
            Phase::Sender,
            Outcome::Deferred(Delay::Throttled),
        ),
        (
            "MAIL",
            "553 5.7.1 not you\r\n",
            Phase::Sender,
            Outcome::Halted(Halt::Reputation),
        ),
        (
            "RCPT",
            "550 5.1.1 unknown\r\n",
            Phase::Recipient,
            Outcome::Rejected(Rejection::NoMailbox),
        ),
        (
            "RCPT",
            "450 4.2.0 greylisted\r\n",
            Phase::Recipient,
            Outcome::Deferred(Delay::Greylisted),
        ),
        (
            "DATA",
            "451 4.3.0 later\r\n",
            Phase::Data,
            Outcome::Deferred(Delay::Later),
        ),
    ];
    for (step, reply, phase, outcome) in cases {
        let (at, seen, server) = refused_once(step, reply, "503 5.5.1 no recipient\r\n").await;
        assert_eq!((at, seen), (phase, outcome), "{step} {reply}");
        assert_eq!(
            server.asked(),
            "CONNECT EHLO MAIL RCPT DATA RSET MAIL RCPT DATA CONTENT"
        );
        assert_eq!(server.contents(), [message().bytes]);
    }
}

#[tokio::test]
async fn content_that_is_wanted_for_nobody_is_a_lone_dot() {
    for answer in ["554 5.5.1 no valid recipients\r\n", "250 2.0.0 Ok\r\n"] {
        let server = Server::start(move |question, count| match (question, count) {
            (rcpt, 1) if rcpt.starts_with("RCPT") => Act::Say("550 5.1.1 unknown\r\n"),
            ("CONTENT", 1) => Act::Say(answer),
            _ => pipelining(question),
        })
        .await;
        let mut smtp = smtp(&server);
        let failure = smtp.send(&message()).await.unwrap_err();
        assert_eq!(failure.phase, Phase::Recipient);
        assert_eq!(failure.reply().unwrap().code, 550);
        smtp.send(&message()).await.unwrap();
        assert_eq!(
            server.asked(),
            "CONNECT EHLO MAIL RCPT DATA CONTENT RSET MAIL RCPT DATA CONTENT"
        );
        assert_eq!(server.contents(), [Vec::new(), message().bytes]);
    }
}

#[tokio::test]
async fn content_that_is_wanted_of_a_refused_sender_never_leaves() {
    let (phase, outcome, server) = refused_once("MAIL", "452 4.3.1 disk\r\n", "354 go\r\n").await;
    assert_eq!(phase, Phase::Sender);
    assert_eq!(outcome, Outcome::Deferred(Delay::Connection));
    assert!(server.fragment().await.is_empty());
    assert_eq!(
        server.asked(),
        "CONNECT EHLO MAIL RCPT DATA CONNECT EHLO MAIL RCPT DATA CONTENT"
    );
    assert_eq!(server.contents(), [message().bytes]);
}

#[tokio::test]
async fn a_refusal_counts_though_the_connection_ends_behind_it() {
    for end in [Act::Close, Act::Say("421 4.3.2 closing\r\n")] {
        let server = Server::start(move |question, count| match (question, count) {
            (rcpt, 1) if rcpt.starts_with("RCPT") => Act::Say("550 5.1.1 unknown\r\n"),
            ("DATA", 1) => end.clone(),
            _ => pipelining(question),
        })
        .await;
        let mut smtp = smtp(&server);
        let failure = smtp.send(&message()).await.unwrap_err();
        assert_eq!(failure.outcome(), Outcome::Rejected(Rejection::NoMailbox));
        smtp.send(&message()).await.unwrap();
        assert_eq!(server.asked().matches("CONNECT").count(), 2);
    }
}

#[tokio::test]
async fn a_farewell_behind_the_recipient_is_not_taken_for_an_ended_connection() {
    let server = Server::start(|question, count| match (question, count) {
        (rcpt, 2) if rcpt.starts_with("RCPT") => Act::SayAndClose("421 4.7.0 slow down\r\n"),
        _ => pipelining(question),
    })
    .await;
    let mut smtp = smtp(&server);
    smtp.send(&message()).await.unwrap();
    let failure = smtp.send(&message()).await.unwrap_err();
    assert_eq!(failure.outcome(), Outcome::Deferred(Delay::Throttled));
    assert!(matches!(failure.cause, Cause::Refused(_)));
}

#[tokio::test]
async fn a_connection_is_left_politely_after_its_messages() {
    let server = Server::start(|question, count| match (question, count) {
        // Refused ones count.
        (rcpt, 2) if rcpt.starts_with("RCPT") => Act::Say("550 5.1.1 unknown\r\n"),
        ("DATA", 2) => Act::Say("503 5.5.1 no recipient\r\n"),
        _ => pipelining(question),
    })
    .await;
    let mut smtp = Smtp::new(Settings {
        messages_per_connection: 2,
        ..settings(&server)
    })
    .unwrap();
    for refused in [false, true, false, false, false] {
        assert_eq!(smtp.send(&message()).await.is_err(), refused);
    }
    assert_eq!(
        server.asked(),
        "CONNECT EHLO MAIL RCPT DATA CONTENT MAIL RCPT DATA RSET QUIT \
         CONNECT EHLO MAIL RCPT DATA CONTENT MAIL RCPT DATA CONTENT QUIT \
         CONNECT EHLO MAIL RCPT DATA CONTENT"
    );
}
