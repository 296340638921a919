//! Recipients whose addresses are not ASCII (RFC 6531).

use letterpress::email::{Envelope, Message};
use letterpress::mailing::{Outcome, Phase, Rejection};
use letterpress::subscriber::Address;
use letterpress::transport::{Cause, Transport};

use crate::smtp::server::{Act, Server, pipelining, usual};
use crate::smtp::{message, smtp};

const OFFERS: &str = "250-mail.test\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n";
const OFFERS_AT_ONCE: &str = "250-mail.test\r\n250-PIPELINING\r\n250-SMTPUTF8\r\n250 8BITMIME\r\n";
const OFFERS_ALONE: &str = "250-mail.test\r\n250 SMTPUTF8\r\n";

fn international() -> Message {
    Message {
        envelope: Envelope {
            sender: Address::parse("bounce+1@example.org").unwrap(),
            recipient: Address::parse("用户@例え.テスト").unwrap(),
        },
        bytes: "To: <用户@xn--r8jz45g.xn--zckzah>\r\n\r\n.\r\nHello\r\n".into(),
        message_id: "<2@example.org>".to_owned(),
    }
}

#[tokio::test]
async fn it_is_announced_where_the_server_takes_it_and_only_then() {
    let cases = [
        (OFFERS, " BODY=8BITMIME SMTPUTF8"),
        (OFFERS_AT_ONCE, " BODY=8BITMIME SMTPUTF8"),
        (OFFERS_ALONE, " SMTPUTF8"),
    ];
    for (offers, parameters) in cases {
        let server = Server::start(move |question, _| match question {
            line if line.starts_with("EHLO") => Act::Say(offers),
            _ => usual(question),
        })
        .await;
        let mut smtp = smtp(&server);
        smtp.send(&international()).await.unwrap();
        smtp.send(&message()).await.unwrap();
        smtp.close().await.unwrap();
        let lines = server.lines();
        let senders: Vec<&String> = lines
            .iter()
            .filter(|line| line.starts_with("MAIL"))
            .collect();
        assert_eq!(
            senders,
            [
                &format!("MAIL FROM:<bounce+1@example.org>{parameters}"),
                "MAIL FROM:<bounce+1@example.org>"
            ]
        );
        // The domain is in ASCII, whatever the server can.
        assert!(
            lines.contains(&"RCPT TO:<用户@xn--r8jz45g.xn--zckzah>".to_owned()),
            "{lines:?}"
        );
        assert_eq!(server.contents(), [international().bytes, message().bytes]);
    }
}

#[tokio::test]
async fn where_the_server_does_not_take_it_this_one_is_rejected_and_the_next_is_not() {
    for kind in [usual, pipelining] {
        let server = Server::start(move |question, _| kind(question)).await;
        let mut smtp = smtp(&server);
        let failure = smtp.send(&international()).await.unwrap_err();
        assert!(matches!(failure.cause, Cause::International));
        assert_eq!(failure.phase, Phase::Recipient);
        assert_eq!(failure.outcome(), Outcome::Rejected(Rejection::Other));
        let words = format!("{failure}: {}", failure.cause);
        assert!(
            words.contains("SMTPUTF8") && !words.contains("用户"),
            "{words}"
        );
        smtp.send(&message()).await.unwrap();
        smtp.close().await.unwrap();
        // Nothing was said of the first, and the connection served the second.
        assert_eq!(server.asked(), "CONNECT EHLO MAIL RCPT DATA CONTENT QUIT");
    }
}

#[tokio::test]
async fn a_server_further_on_that_does_not_take_it_stops_nobody_else() {
    let server = Server::start(|question, _| match question {
        line if line.starts_with("EHLO") => Act::Say(OFFERS),
        line if line.starts_with("RCPT TO:<用户") => Act::Say("553 5.6.7 not ASCII\r\n"),
        _ => usual(question),
    })
    .await;
    let mut smtp = smtp(&server);
    let failure = smtp.send(&international()).await.unwrap_err();
    assert_eq!(failure.outcome(), Outcome::Rejected(Rejection::Other));
    smtp.send(&message()).await.unwrap();
}
