//! STARTTLS and TLS from the start.

use std::io::Write;
use std::sync::Arc;

use letterpress::mailing::{Halt, Outcome, Phase};
use letterpress::transport::{Cause, Settings, Smtp, Tls, Transport};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use secrecy::SecretString;
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;

use crate::smtp::message;
use crate::smtp::server::{Act, Server, usual};

/// An authority of our own: what a server needs of it, and what a client does.
struct Authority {
    acceptor: TlsAcceptor,
    file: NamedTempFile,
}

/// An authority with a certificate for `name`.
fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let leaf_key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new([name.to_owned()])
        .unwrap()
        .signed_by(&leaf_key, &issuer)
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::try_from(leaf_key.serialize_der()).unwrap(),
        )
        .unwrap();
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(pem.as_bytes()).unwrap();
    Authority {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        file,
    }
}

fn with_start_tls(question: &str, count: usize) -> Act {
    match question {
        ehlo if ehlo.starts_with("EHLO") && count == 1 => {
            Act::Say("250-mail.test\r\n250 STARTTLS\r\n")
        }
        "STARTTLS" => Act::Tls("220 2.0.0 go ahead\r\n"),
        other => usual(other),
    }
}

fn smtp(server: &Server, tls: Tls, authority: &Authority) -> Smtp {
    Smtp::new(Settings {
        port: server.port(),
        username: Some("editor".to_owned()),
        password: Some(SecretString::from("secret")),
        ca_file: Some(authority.file.path().to_owned()),
        ..Settings::new("127.0.0.1", tls)
    })
    .unwrap()
}

#[tokio::test]
async fn starttls_protects_login_and_message() {
    let authority = authority("127.0.0.1");
    let server = Server::with_tls(Some(authority.acceptor.clone()), false, with_start_tls).await;
    let mut smtp = smtp(&server, Tls::StartTls, &authority);
    smtp.send(&message()).await.unwrap();
    smtp.send(&message()).await.unwrap();
    smtp.close().await.unwrap();
    assert_eq!(
        server.asked(),
        "CONNECT EHLO STARTTLS EHLO AUTH MAIL RCPT DATA CONTENT MAIL RCPT DATA CONTENT QUIT"
    );
    assert_eq!(server.contents(), [message().bytes, message().bytes]);
}

#[tokio::test]
async fn what_a_server_takes_at_once_is_asked_again_below_tls() {
    const OFFERED: &str = "250-mail.test\r\n250-STARTTLS\r\n250-AUTH PLAIN\r\n250 PIPELINING\r\n";
    const NOT_OFFERED: &str = "250-mail.test\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n";
    for (open, protected, at_once) in [(OFFERED, NOT_OFFERED, false), (NOT_OFFERED, OFFERED, true)]
    {
        let authority = authority("127.0.0.1");
        let acceptor = Some(authority.acceptor.clone());
        let server = Server::with_tls(acceptor, false, move |question, count| {
            match (question.split(' ').next(), count) {
                (Some("EHLO"), 1) => Act::Say(open),
                (Some("EHLO"), _) => Act::Say(protected),
                _ => with_start_tls(question, count),
            }
        })
        .await;
        let mut smtp = smtp(&server, Tls::StartTls, &authority);
        smtp.send(&message()).await.unwrap();
        assert_eq!(!server.behind("MAIL", 1).is_empty(), at_once);
    }
}

#[tokio::test]
async fn a_server_is_examined_without_a_message() {
    let authority = authority("127.0.0.1");
    let server = Server::with_tls(Some(authority.acceptor.clone()), false, with_start_tls).await;
    let smtp = smtp(&server, Tls::StartTls, &authority);
    let now = chrono::Utc::now();
    let found = smtp.examine(now).await.unwrap();
    assert_eq!(found.protection.as_deref(), Some("TLS 1.3"));
    assert!(found.logged_in && !found.ends_soon);
    assert!(found.offers.eight_bit, "{:?}", found.offers);
    // The certificates of tests end in the year 4096.
    let later = now + chrono::TimeDelta::days(3000 * 366);
    let second = Server::with_tls(Some(authority.acceptor.clone()), false, with_start_tls).await;
    let smtp = self::smtp(&second, Tls::StartTls, &authority);
    assert!(smtp.examine(later).await.unwrap().ends_soon);
    assert_eq!(server.asked(), "CONNECT EHLO STARTTLS EHLO AUTH QUIT");
}

#[tokio::test]
async fn implicit_tls_protects_all() {
    let authority = authority("127.0.0.1");
    let server = Server::with_tls(Some(authority.acceptor.clone()), true, |question, _| {
        usual(question)
    })
    .await;
    let mut smtp = smtp(&server, Tls::Implicit, &authority);
    smtp.send(&message()).await.unwrap();
    smtp.close().await.unwrap();
    assert_eq!(
        server.asked(),
        "CONNECT EHLO AUTH MAIL RCPT DATA CONTENT QUIT"
    );
    assert_eq!(server.contents(), [message().bytes]);
}

#[tokio::test]
async fn a_server_without_starttls_is_told_nothing() {
    let authority = authority("127.0.0.1");
    let server = Server::start(|question, _| usual(question)).await;
    let failure = smtp(&server, Tls::StartTls, &authority)
        .send(&message())
        .await
        .unwrap_err();
    assert!(matches!(failure.cause, Cause::Unsupported(_)));
    assert_eq!(failure.outcome(), Outcome::Halted(Halt::Settings));
    assert!(failure.hint.unwrap().contains("implicit"));
    assert_eq!(server.asked(), "CONNECT EHLO");
}

#[tokio::test]
async fn text_slipped_in_before_tls_ends_the_connection() {
    let slipped = [
        "220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n",
        "220-go\r\n220 go\r\n250 Ok\r\n",
    ];
    for text in slipped {
        let authority = authority("127.0.0.1");
        let server = Server::with_tls(
            Some(authority.acceptor.clone()),
            false,
            move |question, count| match question {
                "STARTTLS" => Act::Tls(text),
                other => with_start_tls(other, count),
            },
        )
        .await;
        let failure = smtp(&server, Tls::StartTls, &authority)
            .send(&message())
            .await
            .unwrap_err();
        assert_eq!(failure.phase, Phase::Tls);
        assert_eq!(failure.outcome(), Outcome::Halted(Halt::Settings));
        assert_eq!(server.asked(), "CONNECT EHLO STARTTLS");
    }
}

#[tokio::test]
async fn starttls_may_be_answered_on_several_lines() {
    let authority = authority("127.0.0.1");
    let server = Server::with_tls(
        Some(authority.acceptor.clone()),
        false,
        |question, count| match question {
            "STARTTLS" => Act::Tls("220-2.0.0 go\r\n220 2.0.0 ahead\r\n"),
            other => with_start_tls(other, count),
        },
    )
    .await;
    smtp(&server, Tls::StartTls, &authority)
        .send(&message())
        .await
        .unwrap();
}

#[tokio::test]
async fn strangers_and_wrong_names_are_not_believed() {
    let known = authority("127.0.0.1");
    let stranger = authority("127.0.0.1");
    let renamed = authority("mail.example.org");
    for tls in [Tls::StartTls, Tls::Implicit] {
        for (server_has, client_has) in [(&stranger, &known), (&renamed, &renamed)] {
            let server = Server::with_tls(
                Some(server_has.acceptor.clone()),
                tls == Tls::Implicit,
                with_start_tls,
            )
            .await;
            let failure = smtp(&server, tls, client_has)
                .send(&message())
                .await
                .unwrap_err();
            assert_eq!(failure.phase, Phase::Tls, "{failure:?}");
            assert!(matches!(failure.cause, Cause::Tls(_)), "{failure:?}");
            assert!(failure.hint.unwrap().contains("smtp.ca_file"));
            assert!(!server.asked().contains("AUTH"));
        }
    }
}

#[tokio::test]
async fn a_refused_starttls_goes_no_further() {
    let authority = authority("127.0.0.1");
    let server = Server::start(|question, count| match question {
        "STARTTLS" => Act::Say("454 4.7.0 not now\r\n"),
        other => with_start_tls(other, count),
    })
    .await;
    let failure = smtp(&server, Tls::StartTls, &authority)
        .send(&message())
        .await
        .unwrap_err();
    assert_eq!(failure.phase, Phase::Tls);
    assert!(matches!(failure.outcome(), Outcome::Deferred(_)));
    assert!(!server.asked().contains("AUTH"));
}

#[tokio::test]
async fn tls_from_the_start_at_a_port_without_it_names_the_setting() {
    let authority = authority("127.0.0.1");
    let server = Server::start(|question, _| usual(question)).await;
    let failure = smtp(&server, Tls::Implicit, &authority)
        .send(&message())
        .await
        .unwrap_err();
    assert_eq!(failure.phase, Phase::Tls);
    assert!(failure.hint.is_some());
    assert_eq!(server.contents().len(), 0);
}
