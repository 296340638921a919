//! What services tell of mail, as they tell it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use letterpress::mailing::{Filter, Phase, Reply, Stage};
use letterpress::store::{Ended, Finished, NewMailing, Start, Step, Store};
use letterpress::subscriber::{Purpose, Reason, Status};
use letterpress::web::Webhooks;
use rcgen::CertificateParams;
use serde_json::{Value, json};

use crate::web::{Site, address, key};

const ADA: &str = "ada@example.org";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const PLACE: &str = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem";
/// What the relay called the message to Ada.
const MESSAGE: &str = "00000137860315fd-34208509-5b74-41f3-95c5-22c1edc3c924";

/// A key that SNS could have, and its certificate.
struct Sns {
    pair: KeyPair,
    certificate: String,
}

static SNS: LazyLock<Sns> = LazyLock::new(|| {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<Pkcs8V1Der<'static>>::as_der(&pair).unwrap();
    let key = rcgen::KeyPair::try_from(der.as_ref()).unwrap();
    let params = CertificateParams::new(["sns.amazonaws.com".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    Sns { pair, certificate }
});

/// Signed as SNS signs.
fn signed(mut message: Value) -> String {
    let names = match message["Type"].as_str().unwrap() {
        "Notification" => "Message MessageId Subject Timestamp TopicArn Type",
        _ => "Message MessageId SubscribeURL Timestamp Token TopicArn Type",
    };
    let mut text = String::new();
    for name in names.split(' ') {
        if let Some(value) = message[name].as_str() {
            text.push_str(&format!("{name}\n{value}\n"));
        }
    }
    let mut signature = vec![0; SNS.pair.public_modulus_len()];
    let random = SystemRandom::new();
    let sign = SNS
        .pair
        .sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature);
    sign.unwrap();
    message["Signature"] = Value::from(STANDARD.encode(signature));
    message.to_string()
}

fn envelope(message: &Value) -> Value {
    json!({
        "Type": "Notification",
        "MessageId": "1",
        "TopicArn": "arn:aws:sns:eu-central-1:123456789012:weekly",
        "Message": message.to_string(),
        "Timestamp": "2026-03-01T11:59:00.000Z",
        "SignatureVersion": "2",
        "SigningCertURL": PLACE,
    })
}

/// A bounce as SES tells it, of a message with this envelope sender.
fn bounce(kind: &str, sender: &str, message: &str) -> Value {
    json!({
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": kind, "bounceSubType": "General",
            "bouncedRecipients": [{
                "emailAddress": ADA, "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown",
            }],
            "timestamp": "2026-03-01T11:59:00.000Z",
        },
        "mail": {"messageId": message, "source": sender},
    })
}

fn sender_of(reader: &str) -> String {
    let token = key(1).address_token(Purpose::Bounce, key(1).tag(&address(reader)));
    format!("bounce+{token}@weekly.test")
}

/// A server that listens to both, what it fetched, and what it kept.
struct Listening {
    site: Site,
    fetched: Arc<Mutex<Vec<String>>>,
    kept: Arc<AtomicUsize>,
}

async fn listening() -> Listening {
    let fetched = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::new(AtomicUsize::new(0));
    let (asked, count) = (Arc::clone(&fetched), Arc::clone(&kept));
    let hooks = Webhooks {
        ses: Some(SECRET.to_owned().into()),
        postmark: Some(SECRET.to_owned().into()),
        soft_limit: 2,
        fetch: Arc::new(move |url, _| {
            asked.lock().unwrap().push(url.to_string());
            let certificate = SNS.certificate.clone().into_bytes();
            Box::pin(std::future::ready(Ok(certificate)))
        }),
        keep: Arc::new(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            Ok("data/unreadable/x.json".to_owned())
        }),
        ..Webhooks::default()
    };
    let site = Site::listening("https://weekly.test/", hooks).await;
    site.join(ADA, Status::Confirmed).await;
    Listening {
        site,
        fetched,
        kept,
    }
}

impl Listening {
    async fn ses(&self, body: &str) -> u16 {
        let path = format!("/webhooks/ses/{SECRET}");
        self.site.post(&path, "text/plain", body).await.status
    }

    async fn postmark(&self, body: &Value) -> u16 {
        let path = format!("/webhooks/postmark/{SECRET}");
        let body = body.to_string();
        self.site
            .post(&path, "application/json", &body)
            .await
            .status
    }

    async fn reason(&self) -> Option<Reason> {
        self.site.status(ADA).await.1
    }
}

/// Ada was sent a message, and the relay called it [`MESSAGE`].
async fn mailed(site: &Site, reply: &str) {
    let now = site.now();
    let mailing = NewMailing {
        issue: "1".to_owned(),
        title: "Issue 1".to_owned(),
        digest: "digest".to_owned(),
        content: b"frozen".to_vec(),
        filter: Filter::All,
        filter_text: String::new(),
        stage: Stage::Open,
        starts_at: now,
        now,
    };
    let (mailing, _) = site.store.confirm(mailing).await.unwrap();
    let _engaged = site.store.engage("test").await.unwrap();
    let (subscriber, _) = site.store.find(&address(ADA)).await.unwrap().unwrap();
    let start = Start {
        subscriber,
        message_id: "<1@weekly.test>".to_owned(),
    };
    let finished = Finished {
        subscriber,
        ended: Ended::Accepted,
        phase: Phase::Content,
        reply: Some(Reply::new(250, reply)),
        note: String::new(),
    };
    for (finished, next) in [(None, Some(start)), (Some(finished), None)] {
        let step = Step {
            mailing,
            finished,
            next,
            now,
        };
        site.store.step(step).await.unwrap();
    }
}

#[tokio::test]
async fn a_signed_bounce_suppresses_by_its_token_once() {
    let on = listening().await;
    let body = signed(envelope(&bounce("Permanent", &sender_of(ADA), MESSAGE)));
    assert_eq!(on.ses(&body).await, 200);
    assert_eq!(on.reason().await, Some(Reason::HardBounce));
    assert_eq!(on.ses(&body).await, 200);
    // Fetched once, whatever comes.
    assert_eq!(*on.fetched.lock().unwrap(), [PLACE]);
    let log = on.site.log();
    assert!(
        log.contains("webhook=ses kind=hard done=\"suppressed\""),
        "{log}"
    );
    assert!(
        log.contains("webhook=ses kind=hard done=\"unchanged\""),
        "{log}"
    );
    assert!(log.contains("path=/webhooks/… status=200"), "{log}");
    assert!(!log.contains(SECRET) && !log.contains("ada"), "{log}");
}

#[tokio::test]
async fn without_a_token_the_relays_own_name_must_fit_the_address() {
    let on = listening().await;
    let of = |message: &str| {
        let bounce = bounce("Permanent", "editor@weekly.test", message);
        signed(envelope(&bounce))
    };
    assert_eq!(on.ses(&of(MESSAGE)).await, 200);
    assert_eq!(on.reason().await, None, "nothing was ever sent");
    mailed(&on.site, &format!("Ok {MESSAGE}")).await;
    let other = MESSAGE.replace('5', "6");
    assert_eq!(on.ses(&of(&other)).await, 200);
    assert_eq!(on.reason().await, None, "another message");
    assert_eq!(on.ses(&of(MESSAGE)).await, 200);
    assert_eq!(on.reason().await, Some(Reason::HardBounce));
}

#[tokio::test]
async fn soft_bounces_are_counted_once_a_message() {
    let on = listening().await;
    for (message, reason) in [
        (MESSAGE, None),
        (MESSAGE, None),
        ("another-message-of-the-relay", Some(Reason::HardBounce)),
    ] {
        let body = signed(envelope(&bounce("Transient", &sender_of(ADA), message)));
        assert_eq!(on.ses(&body).await, 200);
        assert_eq!(on.reason().await, reason, "{message}");
    }
}

#[tokio::test]
async fn what_sns_did_not_sign_does_nothing() {
    let on = listening().await;
    let honest = envelope(&bounce("Permanent", &sender_of(ADA), MESSAGE));
    let mut changed: Value = serde_json::from_str(&signed(honest.clone())).unwrap();
    changed["Timestamp"] = Value::from("2026-03-01T11:59:01.000Z");
    assert_eq!(on.ses(&changed.to_string()).await, 403);
    let mut elsewhere = honest.clone();
    elsewhere["SigningCertURL"] = Value::from("https://sns.example.org/a.pem");
    assert_eq!(on.ses(&signed(elsewhere)).await, 403);
    let body = signed(honest);
    let path = "/webhooks/ses/0123456789abcdef0123456789abcdee";
    on.site.post(path, "text/plain", &body).await.expect(404);
    on.site
        .post("/webhooks/other/x", "text/plain", &body)
        .await
        .expect(404);
    on.site
        .get(&format!("/webhooks/ses/{SECRET}"))
        .await
        .expect(405);
    assert_eq!(on.reason().await, None);
    assert_eq!(*on.fetched.lock().unwrap(), [PLACE]);
    let closed = Site::start().await;
    let path = format!("/webhooks/ses/{SECRET}");
    closed.post(&path, "text/plain", &body).await.expect(404);
}

#[tokio::test]
async fn a_subscription_is_confirmed_at_sns_alone() {
    let on = listening().await;
    let address = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=t";
    let mut wish = envelope(&Value::Null);
    wish["Type"] = Value::from("SubscriptionConfirmation");
    wish["Token"] = Value::from("t");
    wish["SubscribeURL"] = Value::from(address);
    assert_eq!(on.ses(&signed(wish.clone())).await, 200);
    assert_eq!(*on.fetched.lock().unwrap(), [PLACE, address]);
    wish["SubscribeURL"] = Value::from("https://sns.example.org/?Token=t");
    assert_eq!(on.ses(&signed(wish)).await, 403);
    assert_eq!(on.fetched.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_not_understood_is_kept_and_too_much_is_refused() {
    let on = listening().await;
    assert_eq!(on.ses("Hello").await, 200);
    assert_eq!(
        on.ses(&signed(envelope(&json!({"notificationType": "New"}))))
            .await,
        200
    );
    assert_eq!(on.postmark(&json!({"RecordType": "New"})).await, 200);
    assert_eq!(on.kept.load(Ordering::SeqCst), 3);
    assert_eq!(on.ses(&"x".repeat(300 << 10)).await, 413);
    assert_eq!(on.kept.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn postmark_is_believed_by_its_secret_and_the_name_of_the_message() {
    let on = listening().await;
    let complaint = json!({"RecordType": "SpamComplaint", "Email": ADA, "MessageID": MESSAGE});
    assert_eq!(on.postmark(&complaint).await, 200);
    assert_eq!(on.reason().await, None, "nothing was ever sent");
    mailed(&on.site, &format!("2.0.0 Ok: queued as {MESSAGE}")).await;
    assert_eq!(on.postmark(&complaint).await, 200);
    assert_eq!(on.reason().await, Some(Reason::Complaint));
    let on = listening().await;
    let token = sender_of(ADA);
    let token = token
        .strip_prefix("bounce+")
        .and_then(|rest| rest.split('@').next());
    let left = json!({
        "RecordType": "SubscriptionChange", "Recipient": ADA, "SuppressSending": true,
        "SuppressionReason": "ManualSuppression", "Origin": "Recipient",
        "Metadata": {"letterpress": token.unwrap()},
    });
    assert_eq!(on.postmark(&left).await, 200);
    assert_eq!(
        on.site.entry(ADA).await.subscriber.status,
        Status::Unsubscribed
    );
}
