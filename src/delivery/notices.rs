//! Messages of the server's own: links to confirm, words of welcome. They are
//! few, go out one at a time over one connection, and whoever asked for one can
//! ask again; so one may arrive twice after a crash, with the same Message-ID.
//!
//! Who gets one is decided when it leaves, not when it was asked for: the
//! request that asked says nothing then, in words or in time, about the address.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{Notify, watch};

use crate::delivery::{Clock, Relay, judge};
use crate::email::{Composition, Message};
use crate::mailing::{MailingId, Outcome, Phase, Scope, Stage};
use crate::store::{self, Notice, NoticeKind, Standing, Store};
use crate::subscriber::{Recipient, Status};
use crate::transport::{Failure, Transport};

/// Notices taken at once.
const BATCH: usize = 16;
/// For so long nobody else takes them; longer than a slow relay needs.
const LEASE: TimeDelta = TimeDelta::minutes(15);
/// Between two looks, where nobody says that there is something.
const LOOK: Duration = Duration::from_secs(30);
/// Between two looks for what is to be forgotten.
const TIDY: TimeDelta = TimeDelta::hours(1);
/// Before the second, third … try.
const RETRY: [TimeDelta; 5] = [
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(15),
    TimeDelta::minutes(30),
    TimeDelta::hours(1),
];

/// What a notice says, and to whom.
#[derive(Debug)]
pub struct Letter<'a> {
    /// The notice.
    pub notice: &'a Notice,
    /// How its address stands.
    pub standing: Standing,
    /// The subscriber there, where there is one.
    pub recipient: Option<&'a Recipient>,
    /// The newest issue that everybody was mailed, where there is one.
    pub newest: Option<&'a Composition>,
}

/// Makes the message of a notice: the same each time it is asked. Says why it
/// cannot, for people.
pub type ComposeNotice = Arc<dyn Fn(&Letter<'_>) -> Result<Message, String> + Send + Sync>;

/// What notices are sent with.
pub struct Post {
    /// Where they wait.
    pub store: Arc<dyn Store>,
    /// The relay, and those that take over when it cannot be reached.
    pub relays: Vec<Relay>,
    /// Makes their messages.
    pub compose: ComposeNotice,
    /// After so long one is given up.
    pub life: TimeDelta,
    /// After so long a sign-up that nobody confirmed is forgotten.
    pub forget: TimeDelta,
    /// The time.
    pub clock: Clock,
    /// Takes a line about trouble, without addresses.
    pub log: Arc<dyn Fn(&str) + Send + Sync>,
    /// Says that there is something to send.
    pub wake: Arc<Notify>,
}

/// What became of a notice.
enum Fate {
    Done,
    Later,
    /// The relay takes nothing at the moment: all others wait too.
    Rest,
}

/// Sends notices until `end` says so; one that is being handed over then is
/// handed over.
pub async fn post(post: Post, mut end: watch::Receiver<bool>) {
    let mut newest = None;
    let mut tidied = None;
    while !*end.borrow() {
        let now = (post.clock)();
        if tidied.is_none_or(|at| now - at >= TIDY) {
            tidied = Some(now);
            if let Err(error) = post.store.forget_asked(now - post.forget).await {
                post.trouble(&error);
            }
        }
        match post.round(&mut newest, &end).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => post.trouble(&error),
        }
        tokio::select! {
            _ = end.changed() => {}
            () = post.wake.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Whether its address may get it now.
fn is_wanted(kind: NoticeKind, standing: Standing) -> bool {
    match (kind, standing) {
        (_, Standing::Barred(_)) => false,
        (NoticeKind::Confirm | NoticeKind::Move | NoticeKind::Account, _) => true,
        (NoticeKind::Welcome | NoticeKind::Issue, standing) => standing == Standing::Subscribed,
    }
}

/// The mailing of the newest issue, and what it sent, where that can be read.
type Newest = Option<(MailingId, Option<Composition>)>;

impl Post {
    /// Sends what is due; whether there may be more.
    async fn round(
        &self,
        newest: &mut Newest,
        end: &watch::Receiver<bool>,
    ) -> Result<bool, store::Error> {
        let now = (self.clock)();
        let due = self.store.take_notices(now, now + LEASE, BATCH).await?;
        let more = due.len() == BATCH;
        let mut way: Option<Box<dyn Transport>> = None;
        let mut rests = false;
        for notice in due {
            if *end.borrow() || rests {
                let due = if rests { now + RETRY[0] } else { now };
                self.store.put_off_notice(notice.id, due).await?;
                continue;
            }
            match self.send(&notice, newest, &mut way).await? {
                Fate::Done => self.store.end_notice(notice.id).await?,
                fate @ (Fate::Later | Fate::Rest) => {
                    rests = matches!(fate, Fate::Rest);
                    let tries = notice.attempts.saturating_sub(1) as usize;
                    let wait = RETRY[tries.min(RETRY.len() - 1)];
                    let due = (self.clock)() + wait;
                    self.store.put_off_notice(notice.id, due).await?;
                }
            }
        }
        if let Some(mut way) = way {
            // What was sent is sent.
            let _ = way.close().await;
        }
        Ok(more && !rests)
    }

    async fn send(
        &self,
        notice: &Notice,
        newest: &mut Newest,
        way: &mut Option<Box<dyn Transport>>,
    ) -> Result<Fate, store::Error> {
        let now = (self.clock)();
        if now - notice.at > self.life {
            self.say(notice, "given up");
            return Ok(Fate::Done);
        }
        let standing = self.store.standing(&notice.address, now).await?;
        if !is_wanted(notice.kind, standing) {
            return Ok(Fate::Done);
        }
        let found = self.store.find(&notice.address).await?;
        let recipient = found
            .filter(|(_, entry)| entry.subscriber.status != Status::Pending)
            .map(|(_, entry)| entry.subscriber.recipient());
        if notice.kind == NoticeKind::Account && recipient.is_none() {
            return Ok(Fate::Done);
        }
        if matches!(notice.kind, NoticeKind::Welcome | NoticeKind::Issue) {
            self.look_for_newest(newest).await?;
        }
        let newest = newest.as_mut().and_then(|(_, newest)| newest.as_mut());
        if newest.is_none() && notice.kind == NoticeKind::Issue {
            return Ok(Fate::Done);
        }
        let newest = newest.map(|newest| {
            newest.set_moment(notice.at);
            &*newest
        });
        let letter = Letter {
            notice,
            standing,
            recipient: recipient.as_ref(),
            newest,
        };
        let message = match (self.compose)(&letter) {
            Ok(message) => message,
            Err(why) => {
                // A template or a key: somebody mends it.
                (self.log)(&format!("notices error=\"{}\"", why.replace('"', "'")));
                return Ok(Fate::Later);
            }
        };
        Ok(self.hand_over(notice, &message, way).await)
    }

    /// Tries each relay that can be reached.
    async fn hand_over(
        &self,
        notice: &Notice,
        message: &Message,
        way: &mut Option<Box<dyn Transport>>,
    ) -> Fate {
        let mut others = self.relays.iter();
        loop {
            let mut through = match way.take() {
                Some(open) => open,
                None => match others.next() {
                    Some(relay) => (relay.open)(),
                    None => return Fate::Rest,
                },
            };
            match through.send(message).await {
                Ok(_) => {
                    *way = Some(through);
                    return Fate::Done;
                }
                Err(failure) => {
                    self.failed(notice, &failure);
                    match failure.outcome() {
                        Outcome::Rejected(_) | Outcome::Accepted => {
                            *way = Some(through);
                            return Fate::Done;
                        }
                        Outcome::Deferred(_) if failure.phase == Phase::Connect => {}
                        outcome if outcome.scope(failure.phase) == Scope::Relay => {
                            return Fate::Rest;
                        }
                        _ => return Fate::Later,
                    }
                }
            }
        }
    }

    /// Reads the newest issue that went to everybody, unless that is known.
    async fn look_for_newest(&self, newest: &mut Newest) -> Result<(), store::Error> {
        let mailings = self.store.mailings().await?;
        // What only some may read is no welcome for all.
        let found = mailings.into_iter().find(|mailing| {
            let left = matches!(mailing.stage, Stage::Open | Stage::Paused | Stage::Finished);
            left && mailing.filter.is_empty()
        });
        let Some(mailing) = found else {
            *newest = None;
            return Ok(());
        };
        if newest.as_ref().is_some_and(|(id, _)| *id == mailing.id) {
            return Ok(());
        }
        let content = self.store.content(mailing.id).await?;
        let composition = match Composition::thaw(&content) {
            Ok(composition) => Some(composition),
            Err(error) => {
                self.trouble(&error);
                None
            }
        };
        *newest = Some((mailing.id, composition));
        Ok(())
    }

    fn failed(&self, notice: &Notice, failure: &Failure) {
        // Neither holds the relay's words, which may name the address.
        let words = judge::words(failure);
        self.say(notice, &format!("error=\"{}\"", words.replace('"', "'")));
    }

    fn trouble(&self, error: &dyn std::error::Error) {
        let mut words = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            words = format!("{words}: {error}");
            cause = error.source();
        }
        (self.log)(&format!(
            "notices error=\"{}\"",
            words.replace(['"', '\n'], "'")
        ));
    }

    fn say(&self, notice: &Notice, what: &str) {
        (self.log)(&format!(
            "notice={} kind={} tries={} {what}",
            notice.id.0,
            notice.kind.name(),
            notice.attempts
        ));
    }
}
