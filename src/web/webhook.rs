//! What services tell of our mail: `POST /webhooks/ses/<secret>` and
//! `POST /webhooks/postmark/<secret>`. Whoever does not have the secret finds
//! nothing there. The same thing told twice is told once.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use url::Url;

use crate::bounce::webhook::sns::{Envelope, Error as SnsError, Kind};
use crate::bounce::webhook::{postmark, ses};
use crate::bounce::{Consequence, Reading, Report, Who, consequence};
use crate::store::{Error, Return, Returned, Settled};
use crate::subscriber::{Entry, Reason, Suppression};
use crate::web::app::App;

/// SNS posts at most 256 KiB, and Postmark far less.
const LIMIT: usize = 256 << 10;
/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);
/// A certificate has 2 kB.
const CERTIFICATE: usize = 32 << 10;
/// So many certificates are kept; SNS changes them once a year.
const KEPT: usize = 8;

/// Fetches what lies at an address of SNS, of so many octets at most; a fragment
/// that says why it did not come otherwise.
pub type Fetch = Arc<
    dyn Fn(Url, usize) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send>>
        + Send
        + Sync,
>;

/// Keeps what was not understood, for somebody to look at: where, or why not.
pub type Keep = Arc<dyn Fn(&[u8]) -> Result<String, String> + Send + Sync>;

/// How services tell what became of mail.
#[derive(Clone)]
pub struct Webhooks {
    /// What stands behind `/webhooks/ses/`; without it nothing is there.
    pub ses: Option<SecretString>,
    /// The same for Postmark.
    pub postmark: Option<SecretString>,
    /// So many messages that were not delivered for now suppress an address.
    pub soft_limit: u64,
    /// Within this time.
    pub soft_window: Duration,
    /// Fetches certificates, and confirms subscriptions.
    pub fetch: Fetch,
    /// Keeps what was not understood.
    pub keep: Keep,
}

impl Default for Webhooks {
    /// Nobody is listened to.
    fn default() -> Webhooks {
        Webhooks {
            ses: None,
            postmark: None,
            soft_limit: 3,
            soft_window: Duration::from_secs(90 * 86_400),
            fetch: Arc::new(|_, _| Box::pin(std::future::ready(Err("nothing is fetched".into())))),
            keep: Arc::new(|_| Err("nothing is kept".to_owned())),
        }
    }
}

/// The webhooks with what was fetched for them.
pub(super) struct Desk {
    hooks: Webhooks,
    certificates: Mutex<BTreeMap<Url, Arc<Vec<u8>>>>,
}

impl Desk {
    pub(super) fn new(hooks: Webhooks) -> Desk {
        Desk {
            hooks,
            certificates: Mutex::default(),
        }
    }
}

/// Which service posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    Ses,
    Postmark,
}

/// `POST /webhooks/<service>/<secret>`.
pub(super) async fn take(
    State(app): State<Arc<App>>,
    Path((service, secret)): Path<(String, String)>,
    request: Request,
) -> Response {
    let Some(service) = app.desk.admits(&service, &secret) else {
        // As any path at which there is nothing.
        return (StatusCode::NOT_FOUND, "not found\n").into_response();
    };
    let body = match read(request.into_body()).await {
        Ok(body) => body,
        Err(status) => return status.into_response(),
    };
    let answer = match service {
        Service::Ses => app.posted_by_sns(&body).await,
        Service::Postmark => {
            app.told(service, &body, postmark::read(&body, &app.keys))
                .await
        }
    };
    match answer {
        Ok(()) => (StatusCode::OK, "ok\n").into_response(),
        Err(Refused::Forged(why)) => {
            app.say(service, "forged", why);
            (StatusCode::FORBIDDEN, "not signed by SNS\n").into_response()
        }
        // Both services come again.
        Err(Refused::Later(why)) => {
            app.say(service, "later", &why);
            (StatusCode::SERVICE_UNAVAILABLE, "later\n").into_response()
        }
        Err(Refused::Store(error)) => {
            app.trouble(&error);
            (StatusCode::SERVICE_UNAVAILABLE, "later\n").into_response()
        }
    }
}

/// Why a notification was not taken.
enum Refused {
    Forged(&'static str),
    Later(String),
    Store(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused::Store(error)
    }
}

async fn read(body: Body) -> Result<Vec<u8>, StatusCode> {
    let whole = Limited::new(body, LIMIT).collect();
    match tokio::time::timeout(PATIENCE, whole).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes().into()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

impl Desk {
    /// Which service this is, where it says the secret. What is compared are
    /// digests, so that the time it takes tells nothing of it.
    fn admits(&self, service: &str, secret: &str) -> Option<Service> {
        let (service, wanted) = match service {
            "ses" => (Service::Ses, &self.hooks.ses),
            "postmark" => (Service::Postmark, &self.hooks.postmark),
            _ => return None,
        };
        let digest = |text: &str| Sha256::digest(text);
        let wanted = digest(wanted.as_ref()?.expose_secret());
        let same = wanted
            .iter()
            .zip(digest(secret))
            .fold(0, |sum, (a, b)| sum | (a ^ b));
        (same == 0).then_some(service)
    }

    /// The certificate at an address of SNS.
    async fn certificate(&self, address: &Url) -> Result<Arc<Vec<u8>>, String> {
        // Held meanwhile: a hundred notifications fetch it once.
        let mut known = self.certificates.lock().await;
        if let Some(certificate) = known.get(address) {
            return Ok(Arc::clone(certificate));
        }
        let fetched = (self.hooks.fetch)(address.clone(), CERTIFICATE).await?;
        let certificate = Arc::new(fetched);
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(address.clone(), Arc::clone(&certificate));
        Ok(certificate)
    }

    async fn forget(&self, address: &Url) {
        self.certificates.lock().await.remove(address);
    }
}

impl App {
    /// What SNS has posted, once it has shown that it did.
    async fn posted_by_sns(&self, body: &[u8]) -> Result<(), Refused> {
        let envelope = match Envelope::read(body) {
            Ok(envelope) => envelope,
            Err(SnsError::Form) => {
                let why = "it is no message of SNS";
                return self.told(Service::Ses, body, unreadable(why)).await;
            }
            Err(_) => {
                return Err(Refused::Forged(
                    "it leads elsewhere, or has a strange signature",
                ));
            }
        };
        let certificate = self.desk.certificate(&envelope.certificate).await;
        let certificate = certificate.map_err(Refused::Later)?;
        match envelope.verify(&certificate, (self.clock)()) {
            Ok(()) => {}
            Err(SnsError::Certificate | SnsError::Expired) => {
                self.desk.forget(&envelope.certificate).await;
                return Err(Refused::Later("its certificate is not good".to_owned()));
            }
            Err(_) => return Err(Refused::Forged("its signature does not fit")),
        }
        match envelope.kind {
            Kind::Notification(message) => {
                let reading = ses::read(&message, &self.keys);
                self.told(Service::Ses, body, reading).await
            }
            Kind::Confirmation(address) => {
                let fetched = (self.desk.hooks.fetch)(address, LIMIT).await;
                fetched.map_err(Refused::Later)?;
                self.say(Service::Ses, "confirmation", "confirmed");
                Ok(())
            }
            Kind::Ended => {
                self.say(Service::Ses, "subscription-ended", "nothing");
                Ok(())
            }
        }
    }

    /// Does what follows.
    async fn told(&self, service: Service, body: &[u8], reading: Reading) -> Result<(), Refused> {
        let kind = reading.report.name();
        let who = match &reading.report {
            Report::Unreadable { why } => {
                let kept = (self.desk.hooks.keep)(body);
                let done = match kept {
                    Ok(place) => format!("{why}, kept as {place}"),
                    Err(cause) => return Err(Refused::Later(cause)),
                };
                self.say(service, kind, &done);
                return Ok(());
            }
            Report::Bounce(bounce) => &bounce.who,
            Report::Complaint { who } | Report::Unsubscribe { who } => who,
            Report::Notice | Report::AutoReply | Report::Unproven(_) => {
                self.say(service, kind, "nothing");
                return Ok(());
            }
        };
        let Some(entry) = self.meant(who).await? else {
            self.say(service, kind, "nobody");
            return Ok(());
        };
        let done = self.follow(&reading, &entry).await?;
        self.say(service, kind, done);
        Ok(())
    }

    /// The subscriber who is meant.
    async fn meant(&self, who: &Who) -> Result<Option<Entry>, Error> {
        match who {
            Who::Tag(tag) => self.index.find(*tag).await,
            // No service says whom a Message-ID of ours means.
            Who::Message(_) => Ok(None),
            Who::Relayed { address, message } => {
                let Some((subscriber, entry)) = self.store.find(address).await? else {
                    return Ok(None);
                };
                let history = self.store.history(subscriber).await?;
                let replies = history.iter().filter_map(|past| past.reply.as_ref());
                let taken = replies
                    .map(|reply| &reply.text)
                    .any(|text| names(text, message));
                Ok(taken.then_some(entry))
            }
        }
    }

    async fn follow(&self, reading: &Reading, entry: &Entry) -> Result<&'static str, Error> {
        let now = (self.clock)();
        let hooks = &self.desk.hooks;
        let suppression = |reason, note| Suppression {
            reason,
            at: now,
            note,
        };
        let confirmed = entry.subscriber.consent.confirmed_at;
        let what = match consequence(reading, confirmed, now) {
            Consequence::Nothing => return Ok("nothing"),
            Consequence::Outdated => return Ok("outdated"),
            Consequence::Leave => Returned::Leave,
            Consequence::Suppress { reason, note } => Returned::Suppress(suppression(reason, note)),
            Consequence::Soft { message, note } => {
                let window = TimeDelta::from_std(hooks.soft_window);
                Returned::Soft {
                    message,
                    since: now - window.unwrap_or(TimeDelta::MAX),
                    limit: hooks.soft_limit,
                    then: suppression(Reason::HardBounce, note),
                }
            }
        };
        let address = entry.subscriber.address.clone();
        let settled = self.store.settle(vec![Return { address, what }], now);
        Ok(match settled.await?.first() {
            Some(Settled::Suppressed) => "suppressed",
            Some(Settled::Left) => "unsubscribed",
            Some(Settled::Counted(_)) => "counted",
            Some(Settled::Unchanged) | None => "unchanged",
        })
    }

    /// A line for the log, without anybody's address.
    fn say(&self, service: Service, kind: &str, done: &str) {
        let service = match service {
            Service::Ses => "ses",
            Service::Postmark => "postmark",
        };
        let done = done.replace(['"', '\n', '\r'], "'");
        (self.log)(&format!("webhook={service} kind={kind} done=\"{done}\""));
    }
}

/// Whether the relay's reply to a message has this name in it, as a word.
fn names(reply: &str, message: &str) -> bool {
    let within = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    reply
        .split(|letter| !within(letter))
        .any(|word| word == message)
}

fn unreadable(why: &'static str) -> Reading {
    Reading {
        report: Report::Unreadable { why },
        arrived: None,
    }
}
