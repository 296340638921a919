//! One connection for many messages, and when it must not be used again.

use std::sync::Arc;

use letterpress::mailing::{Delay, Outcome};
use letterpress::transport::Transport;
use tokio::sync::Semaphore;

use crate::smtp::server::{Act, Server, usual};
use crate::smtp::{message, smtp};

#[tokio::test]
async fn messages_arrive_as_they_are_over_one_connection() {
    let server = Server::start(|question, _| usual(question)).await;
    let mut smtp = smtp(&server);
    for _ in 0..3 {
        let receipt = smtp.send(&message()).await.unwrap();
        let reply = receipt.reply.unwrap();
        assert_eq!((reply.code, reply.queue_id()), (250, Some("4F1A2B")));
    }
    smtp.close().await.unwrap();
    assert_eq!(
        server.asked(),
        "CONNECT EHLO MAIL RCPT DATA CONTENT MAIL RCPT DATA CONTENT MAIL RCPT DATA CONTENT QUIT"
    );
    assert_eq!(
        server.contents(),
        [message().bytes, message().bytes, message().bytes]
    );
    let lines = server.lines();
    assert!(lines.contains(&"EHLO [127.0.0.1]".to_owned()));
    assert!(lines.contains(&"MAIL FROM:<bounce+1@example.org>".to_owned()));
    assert!(lines.contains(&"RCPT TO:<ada@example.net>".to_owned()));
}

#[tokio::test]
async fn a_refused_recipient_costs_a_reset_and_not_the_connection() {
    let server = Server::start(|question, count| match (question, count) {
        (rcpt, 1) if rcpt.starts_with("RCPT") => Act::Say("550 5.1.1 unknown\r\n"),
        _ => usual(question),
    })
    .await;
    let mut smtp = smtp(&server);
    smtp.send(&message()).await.unwrap_err();
    smtp.send(&message()).await.unwrap();
    assert_eq!(
        server.asked(),
        "CONNECT EHLO MAIL RCPT RSET MAIL RCPT DATA CONTENT"
    );
}

#[tokio::test]
async fn a_refused_content_needs_no_reset() {
    let server = Server::start(|question, count| match (question, count) {
        ("CONTENT", 1) => Act::Say("554 5.6.0 no\r\n"),
        _ => usual(question),
    })
    .await;
    let mut smtp = smtp(&server);
    smtp.send(&message()).await.unwrap_err();
    smtp.send(&message()).await.unwrap();
    assert_eq!(
        server.asked(),
        "CONNECT EHLO MAIL RCPT DATA CONTENT MAIL RCPT DATA CONTENT"
    );
}

#[tokio::test]
async fn a_reset_that_fails_ends_the_connection() {
    let server = Server::start(|question, count| match (question, count) {
        (rcpt, 1) if rcpt.starts_with("RCPT") => Act::Say("550 5.1.1 unknown\r\n"),
        ("RSET", _) => Act::Close,
        _ => usual(question),
    })
    .await;
    let mut smtp = smtp(&server);
    smtp.send(&message()).await.unwrap_err();
    smtp.send(&message()).await.unwrap();
    assert_eq!(
        server.asked(),
        "CONNECT EHLO MAIL RCPT RSET CONNECT EHLO MAIL RCPT DATA CONTENT"
    );
}

#[tokio::test]
async fn a_connection_closed_between_two_messages_is_opened_again() {
    for farewell in [Act::Close, Act::Reset, Act::Say("421 4.4.2 timeout\r\n")] {
        let server = Server::start(move |question, count| match (question, count) {
            (mail, 2) if mail.starts_with("MAIL") => farewell.clone(),
            _ => usual(question),
        })
        .await;
        let mut smtp = smtp(&server);
        smtp.send(&message()).await.unwrap();
        smtp.send(&message()).await.unwrap();
        assert_eq!(
            server.asked(),
            "CONNECT EHLO MAIL RCPT DATA CONTENT MAIL CONNECT EHLO MAIL RCPT DATA CONTENT"
        );
    }
}

#[tokio::test]
async fn a_new_connection_that_is_closed_is_not_tried_again_at_once() {
    let server = Server::start(|question, _| {
        if question.starts_with("MAIL") {
            Act::Say("421 4.3.2 closing\r\n")
        } else {
            usual(question)
        }
    })
    .await;
    let mut smtp = smtp(&server);
    let failure = smtp.send(&message()).await.unwrap_err();
    assert_eq!(failure.outcome(), Outcome::Deferred(Delay::Connection));
    assert_eq!(server.asked(), "CONNECT EHLO MAIL");
}

#[tokio::test]
async fn after_an_unknown_message_the_next_has_its_own_connection() {
    let server = Server::start(|question, count| match (question, count) {
        ("CONTENT", 1) => Act::Close,
        _ => usual(question),
    })
    .await;
    let mut smtp = smtp(&server);
    let failure = smtp.send(&message()).await.unwrap_err();
    assert_eq!(failure.outcome(), Outcome::Unknown);
    smtp.send(&message()).await.unwrap();
    assert_eq!(
        server.asked(),
        "CONNECT EHLO MAIL RCPT DATA CONTENT CONNECT EHLO MAIL RCPT DATA CONTENT"
    );
}

#[tokio::test]
async fn a_send_given_up_in_the_middle_cannot_lend_its_replies_to_the_next() {
    for step in ["MAIL", "RCPT", "DATA", "CONTENT"] {
        let permits = Arc::new(Semaphore::new(0));
        let (gate, reached) = (permits.clone(), Arc::new(Semaphore::new(0)));
        let arrived = reached.clone();
        let server = Server::start(move |question, count| {
            if question.starts_with(step) && count == 1 {
                arrived.add_permits(1);
                Act::SayLater(gate.clone(), "250 2.0.0 Ok\r\n")
            } else if question.starts_with("RCPT") && count > 1 {
                Act::Say("550 5.1.1 unknown\r\n")
            } else {
                usual(question)
            }
        })
        .await;
        let mut smtp = smtp(&server);
        let first = message();
        tokio::select! {
            _ = smtp.send(&first) => panic!("no answer was given"),
            _ = reached.acquire() => {}
        }
        permits.add_permits(1);
        // The late answers of the first must not be taken for the second's.
        let second = smtp.send(&message()).await;
        let asked = server.asked();
        assert_eq!(asked.matches("CONNECT").count(), 2, "{step}: {asked}");
        let connected_late = step == "MAIL";
        assert_eq!(second.is_ok(), connected_late, "{step}: {asked}");
    }
}
