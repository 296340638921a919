//! Logging in.

use letterpress::mailing::{Halt, Outcome, Phase};
use letterpress::transport::{Cause, Settings, Smtp, Transport};
use secrecy::SecretString;

use crate::smtp::server::{Act, Server, usual};
use crate::smtp::{message, settings};

fn with_password(server: &Server) -> Smtp {
    Smtp::new(Settings {
        username: Some("editor".to_owned()),
        password: Some(SecretString::from("open sesame")),
        ..settings(server)
    })
    .unwrap()
}

#[tokio::test]
async fn the_user_is_named_by_plain_once_a_connection() {
    let server = Server::start(|question, _| usual(question)).await;
    let mut smtp = with_password(&server);
    smtp.send(&message()).await.unwrap();
    smtp.send(&message()).await.unwrap();
    assert!(server.asked().starts_with("CONNECT EHLO AUTH MAIL"));
    assert_eq!(server.asked().matches("AUTH").count(), 1);
    // NUL editor NUL open sesame (RFC 4616).
    let line = "AUTH PLAIN AGVkaXRvcgBvcGVuIHNlc2FtZQ==".to_owned();
    assert!(server.lines().contains(&line));
}

#[tokio::test]
async fn a_server_that_only_knows_login_is_answered_so() {
    let server = Server::start(|question, _| match question {
        "AUTH LOGIN" => Act::Say("334 VXNlcm5hbWU6\r\n"),
        "ZWRpdG9y" => Act::Say("334 UGFzc3dvcmQ6\r\n"),
        "b3BlbiBzZXNhbWU=" => Act::Say("235 2.7.0 welcome\r\n"),
        ehlo if ehlo.starts_with("EHLO") => Act::Say("250-mail.test\r\n250 AUTH LOGIN\r\n"),
        other => usual(other),
    })
    .await;
    with_password(&server).send(&message()).await.unwrap();
    assert_eq!(server.contents().len(), 1);
}

#[tokio::test]
async fn a_server_that_never_stops_asking_is_left() {
    let server = Server::start(|question, _| match question {
        ehlo if ehlo.starts_with("EHLO") => Act::Say("250-mail.test\r\n250 AUTH LOGIN\r\n"),
        mail if mail.starts_with("MAIL") => usual(mail),
        "CONNECT" => usual("CONNECT"),
        _ => Act::Say("334 VXNlcm5hbWU6\r\n"),
    })
    .await;
    let failure = with_password(&server).send(&message()).await.unwrap_err();
    assert_eq!(failure.phase, Phase::Login);
    assert!(!server.asked().contains("MAIL"));
}

#[tokio::test]
async fn a_wrong_password_stops_the_run_and_says_what_to_check() {
    let server = Server::start(|question, _| {
        if question.starts_with("AUTH") {
            Act::Say("535 5.7.8 authentication failed\r\n")
        } else {
            usual(question)
        }
    })
    .await;
    let mut smtp = with_password(&server);
    let failure = smtp.send(&message()).await.unwrap_err();
    assert_eq!(failure.outcome(), Outcome::Halted(Halt::Login));
    assert!(
        failure
            .hint
            .as_deref()
            .unwrap()
            .contains("smtp.password_file")
    );
    let all = format!("{failure} {failure:?} {smtp:?}");
    assert!(
        !all.contains("sesame") && !all.contains("c2VzYW1l"),
        "{all}"
    );
}

#[tokio::test]
async fn no_login_on_offer_is_told() {
    let server = Server::start(|question, _| match question {
        ehlo if ehlo.starts_with("EHLO") => Act::Say("250-mail.test\r\n250 AUTH GSSAPI\r\n"),
        other => usual(other),
    })
    .await;
    let failure = with_password(&server).send(&message()).await.unwrap_err();
    assert!(matches!(failure.cause, Cause::Unsupported(_)));
    assert_eq!(failure.outcome(), Outcome::Halted(Halt::Settings));
    assert!(!server.asked().contains("MAIL"));
}

#[tokio::test]
async fn a_probe_logs_in_and_leaves_the_connection_for_the_first_message() {
    let server = Server::start(|question, _| usual(question)).await;
    let mut smtp = with_password(&server);
    smtp.probe().await.unwrap();
    assert_eq!(server.asked(), "CONNECT EHLO AUTH");
    smtp.send(&message()).await.unwrap();
    assert_eq!(server.asked(), "CONNECT EHLO AUTH MAIL RCPT DATA CONTENT");
}
