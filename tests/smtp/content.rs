//! The content of a message on its way, and whether it may go.

use std::future::poll_fn;
use std::sync::Arc;

use letterpress::mailing::{Delay, Outcome, Phase};
use letterpress::transport::{Cause, Transport};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::{collection, proptest};
use tokio::sync::{Semaphore, oneshot};

use crate::smtp::server::{Act, Server, pipelining, usual};
use crate::smtp::{message, smtp};

/// Servers that take commands one after the other and all at once.
const KINDS: [fn(&str) -> Act; 2] = [usual, pipelining];

#[tokio::test]
async fn a_withheld_message_leaves_nothing_with_the_server() {
    for kind in KINDS {
        let server = Server::start(move |question, _| kind(question)).await;
        let mut smtp = smtp(&server);
        let message = message();
        let failure = smtp
            .deliver(&message, Box::pin(std::future::ready(false)))
            .await
            .unwrap_err();
        assert!(matches!(failure.cause, Cause::Withheld));
        assert_eq!(failure.phase, Phase::Data);
        assert_eq!(failure.outcome(), Outcome::Deferred(Delay::Connection));
        // The server waits for content: the next message needs another one.
        smtp.send(&message).await.unwrap();
        smtp.close().await.unwrap();
        assert_eq!(
            server.asked(),
            "CONNECT EHLO MAIL RCPT DATA CONNECT EHLO MAIL RCPT DATA CONTENT QUIT"
        );
        assert_eq!(server.contents(), [message.bytes]);
        assert!(server.fragment().await.is_empty());
    }
}

#[tokio::test]
async fn content_waits_for_a_permission_that_comes_late() {
    for kind in KINDS {
        let server = Server::start(move |question, _| kind(question)).await;
        let (mut smtp, message) = (smtp(&server), message());
        let (asked, reached) = oneshot::channel();
        let (allow, allowed) = oneshot::channel();
        let permission = Box::pin(async move {
            asked.send(()).unwrap();
            allowed.await.unwrap()
        });
        let (receipt, ()) = tokio::join!(smtp.deliver(&message, permission), async {
            reached.await.unwrap();
            // All three are answered before it is asked.
            assert_eq!(server.asked(), "CONNECT EHLO MAIL RCPT DATA");
            assert!(server.contents().is_empty());
            allow.send(true).unwrap();
        });
        receipt.unwrap();
        assert_eq!(server.contents(), [message.bytes]);
    }
}

#[tokio::test]
async fn a_message_that_is_refused_before_its_content_asks_for_no_permission() {
    for kind in KINDS {
        for step in ["MAIL", "RCPT", "DATA"] {
            let server = Server::start(move |question, _| {
                if question.starts_with(step) {
                    Act::Say("451 4.3.0 later\r\n")
                } else {
                    kind(question)
                }
            })
            .await;
            let (mut smtp, message) = (smtp(&server), message());
            let permission = Box::pin(poll_fn(|_| panic!("nobody should ask")));
            smtp.deliver(&message, permission).await.unwrap_err();
        }
    }
}

#[tokio::test]
async fn a_dead_connection_is_replaced_without_asking_twice() {
    for kind in KINDS {
        for step in ["MAIL", "RCPT", "DATA"] {
            let server = Server::start(move |question, count| match count {
                2 if question.starts_with(step) => Act::Close,
                _ => kind(question),
            })
            .await;
            let (mut smtp, message) = (smtp(&server), message());
            smtp.send(&message).await.unwrap();
            let asked = Arc::new(Semaphore::new(0));
            let times = asked.clone();
            let permission = Box::pin(async move {
                times.add_permits(1);
                true
            });
            smtp.deliver(&message, permission).await.unwrap();
            assert_eq!(asked.available_permits(), 1, "{step}");
            assert_eq!(server.contents().len(), 2, "{step}");
            assert_eq!(server.asked().matches("CONNECT").count(), 2, "{step}");
        }
    }
}

#[tokio::test]
async fn content_and_its_end_leave_together_and_nothing_behind_them() {
    let server = Server::start(|question, _| pipelining(question)).await;
    let mut smtp = smtp(&server);
    smtp.send(&message()).await.unwrap();
    smtp.send(&message()).await.unwrap();
    assert_eq!(server.behind("CONTENT", 1), "");
    assert_eq!(
        server.beginning(),
        "Subject: x\r\n\r\n..\r\n...dots\r\n..RSET\r\n\r\nlast\r\n.\r\n"
    );
}

#[tokio::test]
async fn a_message_that_is_not_7_bit_goes_nowhere() {
    let server = Server::start(|question, _| usual(question)).await;
    let mut eight = message();
    eight.bytes.extend("gr\u{fc}n\r\n".bytes());
    let mut smtp = smtp(&server);
    let failure = smtp.send(&eight).await.unwrap_err();
    assert!(matches!(failure.cause, Cause::Unsupported(_)));
    assert!(!server.asked().contains("MAIL"));
}

fn awkward_lines() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(".".to_owned()),
        Just("\r\n".to_owned()),
        Just("\r\n.".to_owned()),
        Just("\r\n.\r\n".to_owned()),
        Just("..".to_owned()),
        Just("\r\nEHLO x\r\n".to_owned()),
        any::<u8>().prop_map(|octet| char::from(octet % 95 + 32).to_string()),
    ];
    collection::vec(piece, 0..60).prop_map(|pieces| (pieces.concat() + "\r\n").into_bytes())
}

proptest! {
    #[test]
    fn what_the_server_undoes_is_what_was_sent(contents in collection::vec(awkward_lines(), 1..4)) {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(async {
                let server = Server::start(|question, _| pipelining(question)).await;
                let mut smtp = smtp(&server);
                for bytes in &contents {
                    let mut awkward = message();
                    awkward.bytes = bytes.clone();
                    smtp.send(&awkward).await.unwrap();
                }
                assert_eq!(server.contents(), contents);
            });
    }
}
