//! The server's own messages, and relays that fail.

use std::sync::Arc;

use chrono::TimeDelta;
use letterpress::delivery::{self, Letter, Post, Relay};
use letterpress::email::{Envelope, Message};
use letterpress::mailing::Phase;
use letterpress::store::{NewNotice, NoticeKind, SignUp};
use letterpress::subscriber::{Address, Tag};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::delivery::rig::{Fate, Rig, World, relay};

const ADA: &str = "ada@example.org";
const LATER: Fate = Fate::Refuse(Phase::Recipient, "451 4.7.1 <ada@example.org>: later");

/// Sends notices, and tells what it logs.
struct Posting {
    work: JoinHandle<()>,
    end: watch::Sender<bool>,
    lines: UnboundedReceiver<String>,
}

impl Posting {
    fn begin(rig: &Rig, relays: Vec<Relay>) -> Posting {
        let (say, lines) = unbounded_channel();
        let (end, ended) = watch::channel(false);
        let post = Post {
            store: Arc::clone(&rig.store),
            relays,
            compose: Arc::new(compose),
            life: TimeDelta::hours(3),
            forget: TimeDelta::days(30),
            clock: rig.clock(),
            log: Arc::new(move |line| {
                let _ = say.send(line.to_owned());
            }),
            wake: Arc::new(Notify::new()),
        };
        let work = tokio::spawn(delivery::post(post, ended));
        Posting { work, end, lines }
    }

    /// Lets it end, and gives what it said and was not asked for yet.
    async fn end(mut self) -> Vec<String> {
        self.end.send(true).unwrap();
        self.work.await.unwrap();
        let mut lines = Vec::new();
        while let Ok(line) = self.lines.try_recv() {
            lines.push(line);
        }
        lines
    }
}

fn compose(letter: &Letter<'_>) -> Result<Message, String> {
    let address = &letter.notice.address;
    Ok(Message {
        envelope: Envelope {
            sender: Address::parse("editor@example.org").unwrap(),
            recipient: address.clone(),
        },
        bytes: b"Subject: x\r\n\r\nHello\r\n".to_vec(),
        message_id: format!("<{}.{address}>", letter.notice.id.0),
    })
}

async fn notify(rig: &Rig, of: &str) {
    let notice = NewNotice {
        kind: NoticeKind::Confirm,
        address: Address::parse(of).unwrap(),
        language: None,
        at: rig.now(),
    };
    assert!(rig.store.notify(notice, 10).await.unwrap());
}

/// How many wait, whenever they are due.
async fn waiting(rig: &Rig) -> usize {
    let later = rig.now() + TimeDelta::days(365);
    rig.store
        .take_notices(later, later, 100)
        .await
        .unwrap()
        .len()
}

/// A relay that tells of each message, and does with it what is said.
fn telling(
    script: impl Fn(usize) -> Fate + Send + Sync + 'static,
) -> (Arc<World>, UnboundedReceiver<usize>) {
    let (tell, told): (UnboundedSender<usize>, _) = unbounded_channel();
    let world = World::new(move |_, time| {
        let _ = tell.send(time);
        script(time)
    });
    (world, told)
}

#[tokio::test(start_paused = true)]
async fn a_notice_that_a_relay_puts_off_is_kept_tried_again_and_given_up_once() {
    for fate in [LATER, Fate::Lose(Phase::Connect), Fate::Lose(Phase::Data)] {
        let rig = Rig::with(&[]).await;
        notify(&rig, ADA).await;
        let (world, _told) = telling(move |_| fate);
        let mut posting = Posting::begin(&rig, vec![relay(&world)]);
        let mut lines = Vec::new();
        while !lines.iter().any(|line: &String| line.contains("given up")) {
            lines.push(posting.lines.recv().await.unwrap());
        }
        lines.extend(posting.end().await);
        // At once, then after 1, 5, 15 and 30 minutes and each hour, for three hours.
        assert_eq!(world.times_named(ADA), 7, "{fate:?}");
        assert_eq!(lines.len(), 8, "{lines:?}");
        assert!(lines[..7].iter().all(|line| line.contains("error=")));
        assert!(lines[7].ends_with("given up"), "{lines:?}");
        assert!(!lines.concat().contains("ada@"), "{lines:?}");
        assert_eq!((waiting(&rig).await, world.taken().len()), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_notice_goes_out_once_when_the_relay_takes_mail_again() {
    let rig = Rig::with(&[]).await;
    notify(&rig, ADA).await;
    let (world, mut told) = telling(|time| if time < 4 { LATER } else { Fate::Accept });
    let posting = Posting::begin(&rig, vec![relay(&world)]);
    while told.recv().await.unwrap() < 4 {}
    assert_eq!(posting.end().await.len(), 3);
    assert_eq!(world.taken(), [ADA]);
    assert_eq!(waiting(&rig).await, 0);
    // Another server finds nothing to do.
    let again = Posting::begin(&rig, vec![relay(&world)]);
    again.end().await;
    assert_eq!(world.taken(), [ADA]);
}

#[tokio::test(start_paused = true)]
async fn a_notice_that_is_refused_for_good_is_not_tried_again() {
    let rig = Rig::with(&[]).await;
    notify(&rig, ADA).await;
    let refused = Fate::Refuse(Phase::Recipient, "550 5.1.1 no such user");
    let (world, _told) = telling(move |_| refused);
    let mut posting = Posting::begin(&rig, vec![relay(&world)]);
    let line = posting.lines.recv().await.unwrap();
    assert!(line.contains("550"), "{line}");
    assert!(posting.end().await.is_empty());
    assert_eq!((world.times_named(ADA), waiting(&rig).await), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn notices_take_another_relay_where_the_first_cannot_be_reached() {
    let rig = Rig::with(&[]).await;
    notify(&rig, ADA).await;
    notify(&rig, "bob@example.org").await;
    let (down, _) = telling(|_| Fate::Lose(Phase::Connect));
    let (up, mut told) = telling(|_| Fate::Accept);
    let posting = Posting::begin(&rig, vec![relay(&down), relay(&up)]);
    told.recv().await.unwrap();
    told.recv().await.unwrap();
    posting.end().await;
    assert_eq!(up.taken(), [ADA, "bob@example.org"]);
    assert_eq!(waiting(&rig).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_was_lost_has_the_same_message_sent_again() {
    let rig = Rig::with(&[]).await;
    notify(&rig, ADA).await;
    let (world, mut told) = telling(|time| match time {
        1 => Fate::Lose(Phase::Content),
        _ => Fate::Accept,
    });
    let posting = Posting::begin(&rig, vec![relay(&world)]);
    while told.recv().await.unwrap() < 2 {}
    posting.end().await;
    let sent = world.message_ids();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1]);
    assert_eq!(waiting(&rig).await, 0);
}

#[tokio::test(start_paused = true)]
async fn sign_ups_that_nobody_confirmed_are_forgotten_after_thirty_days() {
    let rig = Rig::with(&[]).await;
    for (of, days) in [(ADA, 31), ("bob@example.org", 29)] {
        let at = rig.now() - TimeDelta::days(days);
        let asked = SignUp {
            tag: Tag::of_bytes([u8::try_from(days).unwrap(); 16]),
            address: Address::parse(of).unwrap(),
            name: String::new(),
            language: None,
            origin: "https://weekly.example.org/subscribe".to_owned(),
            network: "192.0.2.0/24".to_owned(),
            at,
            moves: None,
        };
        assert!(rig.store.ask(asked, 10).await.unwrap());
    }
    let (world, _told) = telling(|_| Fate::Accept);
    let mut posting = Posting::begin(&rig, vec![relay(&world)]);
    // Messages of so long ago are not sent any more: then all was looked at once.
    for _ in 0..2 {
        let line = posting.lines.recv().await.unwrap();
        assert!(line.ends_with("given up"), "{line}");
    }
    posting.end().await;
    let kept = rig.store.unconfirmed(None, 10).await.unwrap();
    let kept: Vec<&str> = kept.iter().map(|one| one.address.as_str()).collect();
    assert_eq!(kept, ["bob@example.org"]);
    assert_eq!(world.taken().len(), 0);
}
