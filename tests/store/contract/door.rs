//! Who asked to come in, their confirmation, and the messages about it.

use chrono::TimeDelta;
use letterpress::store::{BOUNCE_REST, NewNotice, NoticeKind, OptIn, SignUp, Standing};
use letterpress::subscriber::{Reason, Status, Tag};

use crate::store::contract::{Kept, absorb, address, confirmed, entry, id_of, minute, suppression};

const ADA: &str = "ada@example.org";

fn tag(of: &str) -> Tag {
    let mut bytes = [7; 16];
    for (place, byte) in of.bytes().take(16).enumerate() {
        bytes[place] = byte;
    }
    Tag::of_bytes(bytes)
}

fn asked(of: &str, at: i64) -> SignUp {
    SignUp {
        tag: tag(of),
        address: address(of),
        name: "Ada".to_owned(),
        language: Some("zh".to_owned()),
        origin: "https://weekly.example.org/subscribe".to_owned(),
        network: "192.0.2.0/24".to_owned(),
        at: minute(at),
        moves: None,
    }
}

async fn ask(store: &Kept, of: &str, at: i64) {
    assert!(store.ask(asked(of, at), 100).await.unwrap());
}

async fn opt_in(store: &Kept, of: &str, at: i64) -> OptIn {
    let welcome = [NoticeKind::Welcome];
    let done = store.opt_in(tag(of), "198.51.100.0/24", &welcome, minute(at));
    done.await.unwrap()
}

async fn kinds(store: &Kept, at: i64) -> Vec<NoticeKind> {
    let due = store.take_notices(minute(at), minute(at), 100).await;
    due.unwrap().into_iter().map(|one| one.kind).collect()
}

async fn standing(store: &Kept, of: &str, at: i64) -> Standing {
    store.standing(&address(of), minute(at)).await.unwrap()
}

pub(crate) async fn a_sign_up_is_nobody_until_it_is_confirmed(store: Kept) {
    ask(&store, ADA, 1).await;
    assert_eq!(store.asked(tag(ADA)).await.unwrap(), Some(asked(ADA, 1)));
    assert!(store.find(&address(ADA)).await.unwrap().is_none());
    assert_eq!(store.first_subscriber().await.unwrap(), None);
    // The later word counts, and there is one message still.
    ask(&store, ADA, 2).await;
    assert_eq!(store.unconfirmed(None, 9).await.unwrap(), [asked(ADA, 2)]);
    assert_eq!(kinds(&store, 3).await, [NoticeKind::Confirm]);
    assert_eq!(opt_in(&store, ADA, 4).await, OptIn::Confirmed);
    let (_, found) = store.find(&address(ADA)).await.unwrap().unwrap();
    let (person, consent) = (&found.subscriber, &found.subscriber.consent);
    assert_eq!(person.status, Status::Confirmed);
    assert_eq!(
        (person.name.as_str(), person.language.as_deref()),
        ("Ada", Some("zh"))
    );
    assert_eq!(consent.origin, asked(ADA, 2).origin);
    assert_eq!(consent.joined_at, Some(minute(2)));
    assert_eq!(consent.joined_ip.as_deref(), Some("192.0.2.0/24"));
    assert_eq!(consent.confirmed_at, Some(minute(4)));
    assert_eq!(consent.confirmed_ip.as_deref(), Some("198.51.100.0/24"));
    assert_eq!(store.first_subscriber().await.unwrap(), Some(minute(4)));
    assert_eq!(
        kinds(&store, 5).await,
        [NoticeKind::Confirm, NoticeKind::Welcome]
    );
    assert_eq!(opt_in(&store, ADA, 6).await, OptIn::Unknown);
    assert_eq!(standing(&store, ADA, 6).await, Standing::Subscribed);
    ask(&store, ADA, 7).await;
    assert_eq!(opt_in(&store, ADA, 8).await, OptIn::Already);
    let (_, same) = store.find(&address(ADA)).await.unwrap().unwrap();
    assert_eq!(same, found);
}

pub(crate) async fn sign_ups_are_forgotten(store: Kept) {
    ask(&store, ADA, 1).await;
    ask(&store, "bob@example.org", 5).await;
    assert_eq!(store.forget_asked(minute(5)).await.unwrap(), 1);
    assert_eq!(opt_in(&store, ADA, 6).await, OptIn::Unknown);
    assert_eq!(opt_in(&store, "bob@example.org", 6).await, OptIn::Confirmed);
}

pub(crate) async fn an_opt_in_lifts_what_is_its_owners_to_lift(store: Kept) {
    for reason in Reason::ALL {
        let of = format!("{}@example.org", reason.name());
        absorb(&store, vec![confirmed(&of)]).await;
        store
            .suppress(&address(&of), suppression(reason))
            .await
            .unwrap();
        let barred = matches!(reason, Reason::Complaint | Reason::Manual);
        let expected = match barred {
            true => (Standing::Barred(reason), OptIn::Barred(reason)),
            false => (Standing::Free, OptIn::Confirmed),
        };
        assert_eq!(standing(&store, &of, 1).await, expected.0, "{of}");
        ask(&store, &of, 1).await;
        assert_eq!(opt_in(&store, &of, 2).await, expected.1, "{of}");
        let (_, found) = store.find(&address(&of)).await.unwrap().unwrap();
        assert_eq!(found.suppression.is_some(), barred, "{of}");
    }
    let held = suppression(Reason::Manual);
    store
        .suppress_domain("barred.example.org", held)
        .await
        .unwrap();
    ask(&store, "a@barred.example.org", 1).await;
    let barred = OptIn::Barred(Reason::Manual);
    assert_eq!(opt_in(&store, "a@barred.example.org", 2).await, barred);
}

pub(crate) async fn a_bounce_is_lifted_once_in_a_while(store: Kept) {
    absorb(&store, vec![confirmed(ADA)]).await;
    let bounce = || store.suppress(&address(ADA), suppression(Reason::HardBounce));
    bounce().await.unwrap();
    ask(&store, ADA, 0).await;
    assert_eq!(opt_in(&store, ADA, 0).await, OptIn::Confirmed);
    bounce().await.unwrap();
    ask(&store, ADA, 1).await;
    let barred = OptIn::Barred(Reason::HardBounce);
    assert_eq!(opt_in(&store, ADA, 1).await, barred);
    let rest = BOUNCE_REST.num_minutes();
    assert_eq!(
        standing(&store, ADA, rest - 1).await,
        Standing::Barred(Reason::HardBounce)
    );
    ask(&store, ADA, rest).await;
    assert_eq!(opt_in(&store, ADA, rest).await, OptIn::Confirmed);
}

pub(crate) async fn the_erased_come_back_by_themselves_alone(store: Kept) {
    absorb(&store, vec![confirmed(ADA)]).await;
    ask(&store, ADA, 0).await;
    store.erase(&address(ADA), minute(1)).await.unwrap();
    // With the person goes what waited for them.
    assert_eq!(store.unconfirmed(None, 9).await.unwrap(), []);
    assert_eq!(kinds(&store, 1).await, []);
    ask(&store, ADA, 2).await;
    assert_eq!(opt_in(&store, ADA, 3).await, OptIn::Confirmed);
    assert_eq!(store.erased().await.unwrap(), Vec::<String>::new());
    // They can be suppressed again, as anybody can.
    let left = suppression(Reason::Complaint);
    assert!(store.suppress(&address(ADA), left).await.unwrap());
    store.erase(&address(ADA), minute(4)).await.unwrap();
    // What only the editor lifts outlasts an erasure.
    assert_eq!(
        standing(&store, ADA, 5).await,
        Standing::Barred(Reason::Complaint)
    );
    ask(&store, ADA, 5).await;
    assert_eq!(
        opt_in(&store, ADA, 6).await,
        OptIn::Barred(Reason::Complaint)
    );
    assert!(store.find(&address(ADA)).await.unwrap().is_none());
}

pub(crate) async fn a_subscriber_moves_when_the_new_address_says_so_too(store: Kept) {
    absorb(&store, vec![confirmed(ADA)]).await;
    let id = id_of(&store, ADA).await;
    let new = "ada@example.net";
    absorb(&store, vec![entry(new, Status::Pending)]).await;
    let moving = SignUp {
        moves: Some(id),
        ..asked(new, 1)
    };
    assert!(store.ask(moving, 9).await.unwrap());
    assert_eq!(kinds(&store, 1).await, [NoticeKind::Move]);
    assert_eq!(id_of(&store, ADA).await, id);
    assert_eq!(opt_in(&store, new, 2).await, OptIn::Moved);
    assert_eq!(id_of(&store, new).await, id);
    assert!(store.find(&address(ADA)).await.unwrap().is_none());
    // Not onto somebody else.
    absorb(&store, vec![confirmed("bob@example.org")]).await;
    let moving = SignUp {
        moves: Some(id),
        ..asked("bob@example.org", 3)
    };
    assert!(store.ask(moving, 9).await.unwrap());
    assert_eq!(opt_in(&store, "bob@example.org", 4).await, OptIn::Already);
    assert_eq!(id_of(&store, new).await, id);
}

pub(crate) async fn notices_wait_are_taken_by_one_and_have_bounds(store: Kept) {
    let notice = |of: &str, at: i64| NewNotice {
        kind: NoticeKind::Account,
        address: address(of),
        language: None,
        at: minute(at),
    };
    for at in 0..3 {
        let of = format!("r{at}@example.org");
        assert!(store.notify(notice(&of, at), 3).await.unwrap());
    }
    assert!(
        !store
            .notify(notice("more@example.org", 3), 3)
            .await
            .unwrap()
    );
    assert!(!store.ask(asked(ADA, 3), 3).await.unwrap());
    assert_eq!(store.unconfirmed(None, 9).await.unwrap(), []);
    let lease = minute(1) + TimeDelta::minutes(10);
    let taken = store.take_notices(minute(1), lease, 9).await.unwrap();
    let places: Vec<&str> = taken.iter().map(|one| one.address.as_str()).collect();
    assert_eq!(places, ["r0@example.org", "r1@example.org"]);
    assert!(taken.iter().all(|one| one.attempts == 1));
    assert_eq!(store.take_notices(minute(1), lease, 9).await.unwrap(), []);
    store.end_notice(taken[0].id).await.unwrap();
    store.put_off_notice(taken[1].id, minute(5)).await.unwrap();
    let later = store.take_notices(minute(6), lease, 9).await.unwrap();
    let places: Vec<(&str, u32)> = later
        .iter()
        .map(|one| (one.address.as_str(), one.attempts))
        .collect();
    assert_eq!(places, [("r1@example.org", 2), ("r2@example.org", 1)]);
    let again = store
        .take_notices(lease, lease + TimeDelta::minutes(1), 9)
        .await;
    assert_eq!(again.unwrap().len(), 2);
}
