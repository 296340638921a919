//! Subscribers, suppressions, the erased.

use letterpress::store::{Absorbed, Error, Growth, Search};
use letterpress::subscriber::{Entry, Reason, Status};
use serde_json::json;

use crate::store::contract::{
    Kept, absorb, address, confirmed, deliver, due, due_now, entry, id_of, mailing, minute,
    numbered, readers, suppression,
};

/// An entry with a value in each of its fields.
fn full(text: &str) -> Entry {
    let mut full = confirmed(text);
    let person = &mut full.subscriber;
    person.name = "Ada L".to_owned();
    person.language = Some("zh-Hans".to_owned());
    person.edition = Some("paid".to_owned());
    // Finer than what is kept.
    person.edition_until = Some(minute(9) + chrono::TimeDelta::nanoseconds(1_234_567));
    person.tags.insert("press".to_owned());
    person.attributes.insert("city".to_owned(), json!("臺北"));
    person.attributes.insert("age".to_owned(), json!(36));
    person.consent.origin = "list.csv".to_owned();
    person.consent.joined_at = Some(minute(-9));
    person.consent.joined_ip = Some("192.0.2.7".to_owned());
    full
}

pub(crate) async fn a_list_taken_in_twice_changes_nothing(store: Kept) {
    let mut left = entry("left@example.org", Status::Unsubscribed);
    left.subscriber.consent.left_at = Some(minute(-5));
    let mut bounced = confirmed("bounced@example.org");
    bounced.suppression = Some(suppression(Reason::HardBounce));
    let list = vec![
        full("Ada@example.org"),
        entry("waits@example.org", Status::Pending),
        left,
        bounced,
    ];
    let first = absorb(&store, list.clone()).await;
    assert_eq!(first, [Absorbed::Added; 4]);
    let again = absorb(&store, list).await;
    assert_eq!(again, [Absorbed::Unchanged; 4]);
    assert_eq!(store.suppressions(None, 10).await.unwrap().len(), 2);
}

pub(crate) async fn a_subscriber_comes_back_as_they_were_given(store: Kept) {
    let mut given = full("Ada@example.org");
    absorb(&store, vec![given.clone()]).await;
    let (_, found) = store
        .find(&address("ADA@example.org"))
        .await
        .unwrap()
        .unwrap();
    given.subscriber.edition_until = Some(minute(9) + chrono::TimeDelta::milliseconds(1));
    assert_eq!(found, given);
    assert_eq!(found.subscriber.address.as_str(), "Ada@example.org");
}

pub(crate) async fn a_second_list_adds_what_is_new(store: Kept) {
    let mut first = full("ada@example.org");
    first.subscriber.status = Status::Pending;
    let mut second = confirmed("ADA@example.org");
    second.subscriber.tags.insert("friend".to_owned());
    second
        .subscriber
        .attributes
        .insert("age".to_owned(), json!(37));
    second.subscriber.consent.origin = "other.csv".to_owned();
    second.subscriber.consent.confirmed_at = Some(minute(3));
    absorb(&store, vec![first]).await;
    assert_eq!(absorb(&store, vec![second]).await, [Absorbed::Updated]);
    let (_, found) = store
        .find(&address("ada@example.org"))
        .await
        .unwrap()
        .unwrap();
    let person = found.subscriber;
    assert_eq!(person.status, Status::Confirmed);
    assert_eq!(person.name, "Ada L");
    assert_eq!(person.language.as_deref(), Some("zh-Hans"));
    assert_eq!(Vec::from_iter(&person.tags), ["friend", "press"]);
    assert_eq!(person.attributes["age"], json!(37));
    assert_eq!(person.attributes["city"], json!("臺北"));
    assert_eq!(person.consent.origin, "list.csv");
    assert_eq!(person.consent.confirmed_at, Some(minute(3)));
}

pub(crate) async fn a_list_lifts_nothing(store: Kept) {
    readers(&store, 4).await;
    let left = store.set_status(&numbered(0), Status::Unsubscribed, minute(1));
    assert!(left.await.unwrap());
    let complaint = store.suppress(&numbered(1), suppression(Reason::Complaint));
    assert!(complaint.await.unwrap());
    // Left, and the editor lifted the suppression of it: they stay away.
    store
        .set_status(&numbered(2), Status::Unsubscribed, minute(1))
        .await
        .unwrap();
    store.lift(&numbered(2)).await.unwrap();
    store
        .suppress(&address("new@example.net"), suppression(Reason::Manual))
        .await
        .unwrap();
    let mut list: Vec<Entry> = (0..4)
        .map(|number| confirmed(numbered(number).as_str()))
        .collect();
    list.push(confirmed("new@example.net"));
    let answers = absorb(&store, list.clone()).await;
    let expected = [
        Absorbed::Withheld(Reason::Unsubscribed),
        Absorbed::Withheld(Reason::Complaint),
        Absorbed::Withheld(Reason::Unsubscribed),
        Absorbed::Unchanged,
        Absorbed::Withheld(Reason::Manual),
    ];
    assert_eq!(answers, expected);
    assert_eq!(absorb(&store, list).await, expected);
    let mailing = mailing(&store).await;
    let who = due_now(&store, due(mailing, 9, 10)).await;
    assert_eq!(who, [id_of(&store, numbered(3).as_str()).await]);
}

pub(crate) async fn an_opt_out_in_a_list_wins(store: Kept) {
    readers(&store, 2).await;
    let mut complained = confirmed(numbered(1).as_str());
    complained.suppression = Some(suppression(Reason::Complaint));
    let list = vec![
        entry(numbered(0).as_str(), Status::Unsubscribed),
        complained,
    ];
    assert_eq!(absorb(&store, list).await, [Absorbed::Updated; 2]);
    let reasons: Vec<Reason> = store
        .suppressions(None, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|(_, held)| held.reason)
        .collect();
    assert_eq!(reasons, [Reason::Unsubscribed, Reason::Complaint]);
    let mailing = mailing(&store).await;
    assert!(due_now(&store, due(mailing, 9, 10)).await.is_empty());
}

pub(crate) async fn a_rehearsal_answers_the_same_and_keeps_nothing(store: Kept) {
    readers(&store, 1).await;
    let mut renamed = confirmed(numbered(0).as_str());
    renamed.subscriber.name = "Ada".to_owned();
    let list = vec![
        renamed,
        confirmed("new@example.org"),
        confirmed("NEW@example.org"),
    ];
    let rehearsed = store.absorb(list.clone(), minute(0), false).await.unwrap();
    assert_eq!(store.count(Search::default()).await.unwrap(), 1);
    assert_eq!(absorb(&store, list).await, rehearsed);
    let expected = [Absorbed::Updated, Absorbed::Added, Absorbed::Unchanged];
    assert_eq!(rehearsed, expected);
}

pub(crate) async fn searches_find_parts_of_names_and_whole_domains(store: Kept) {
    let mut named = confirmed("x@example.net");
    named.subscriber.name = "Åsa ÖBERG".to_owned();
    named.subscriber.tags.insert("press".to_owned());
    let list = vec![
        confirmed("Ada@example.org"),
        named,
        confirmed("b@sub.example.org"),
        entry("100%_c@example.org", Status::Pending),
    ];
    absorb(&store, list).await;
    let search = |text: &str| Search {
        text: text.to_owned(),
        ..Search::default()
    };
    let cases = [
        (search(""), 4),
        (search("ADA"), 1),
        (search("öberg"), 1),
        (search("@example.org"), 2),
        (search("@EXAMPLE.net"), 1),
        (search("%"), 1),
        (search("_"), 1),
        (search("nobody"), 0),
        (
            Search {
                status: Some(Status::Pending),
                ..search("example")
            },
            1,
        ),
        (
            Search {
                tag: Some("press".to_owned()),
                ..search("")
            },
            1,
        ),
        (
            Search {
                tag: Some("pres".to_owned()),
                ..search("")
            },
            0,
        ),
    ];
    for (search, expected) in cases {
        let listed = store.list(search.clone(), None, 10).await.unwrap();
        assert_eq!(listed.len(), expected, "{search:?}");
        let count = store.count(search.clone()).await.unwrap();
        assert_eq!(count, expected as u64, "{search:?}");
    }
    let first = store.list(search("example"), None, 1).await.unwrap();
    let next = store
        .list(search("example"), Some(first[0].0), 1)
        .await
        .unwrap();
    assert_eq!(next[0].1.subscriber.address.as_str(), "x@example.net");
}

pub(crate) async fn leaving_suppresses_and_coming_back_lifts_that_alone(store: Kept) {
    readers(&store, 2).await;
    let nobody = store.set_status(&numbered(9), Status::Confirmed, minute(1));
    assert!(!nobody.await.unwrap());
    for number in [0, 1] {
        store
            .set_status(&numbered(number), Status::Unsubscribed, minute(1))
            .await
            .unwrap();
    }
    let stronger = store.suppress(&numbered(1), suppression(Reason::Complaint));
    assert!(stronger.await.unwrap());
    for number in [0, 1] {
        store
            .set_status(&numbered(number), Status::Confirmed, minute(2))
            .await
            .unwrap();
    }
    let held = store.suppressions(None, 10).await.unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].1.reason, Reason::Complaint);
    let (_, found) = store.find(&numbered(0)).await.unwrap().unwrap();
    assert_eq!(found.subscriber.status, Status::Confirmed);
    assert_eq!(found.subscriber.consent.confirmed_at, Some(minute(2)));
}

pub(crate) async fn a_stronger_reason_replaces_a_weaker_one(store: Kept) {
    let someone = address("Someone@example.org");
    let cases = [
        (Reason::HardBounce, true, Reason::HardBounce),
        (Reason::Unsubscribed, false, Reason::HardBounce),
        (Reason::Complaint, true, Reason::Complaint),
        (Reason::HardBounce, false, Reason::Complaint),
        (Reason::Manual, false, Reason::Complaint),
    ];
    for (reason, changes, expected) in cases {
        let changed = store.suppress(&someone, suppression(reason)).await.unwrap();
        assert_eq!(changed, changes, "{reason:?}");
        let held = store.suppressions(None, 10).await.unwrap();
        assert_eq!(held[0].1.reason, expected, "{reason:?}");
    }
    assert_eq!(
        store.lift(&address("someone@example.org")).await.unwrap(),
        Some(Reason::Complaint)
    );
    assert_eq!(store.lift(&someone).await.unwrap(), None);
}

pub(crate) async fn suppressions_are_listed_with_domains_in_the_order_of_letters(store: Kept) {
    for text in ["b@example.org", "A@example.org", "1@example.org"] {
        store
            .suppress(&address(text), suppression(Reason::Manual))
            .await
            .unwrap();
    }
    for domain in ["Example.NET", "münchen.example"] {
        store
            .suppress_domain(domain, suppression(Reason::Manual))
            .await
            .unwrap();
    }
    let expected = [
        "1@example.org",
        "@example.net",
        "@xn--mnchen-3ya.example",
        "A@example.org",
        "b@example.org",
    ];
    let mut seen: Vec<String> = Vec::new();
    loop {
        let piece = store.suppressions(seen.last().cloned(), 2).await.unwrap();
        if piece.is_empty() {
            break;
        }
        seen.extend(piece.into_iter().map(|(text, _)| text));
    }
    assert_eq!(seen, expected);
    let lifted = store.lift_domain("@example.net").await.unwrap();
    assert_eq!(lifted, Some(Reason::Manual));
    assert_eq!(store.lift_domain("example.net").await.unwrap(), None);
}

pub(crate) async fn a_change_of_address_takes_decisions_along(store: Kept) {
    readers(&store, 4).await;
    let mailing = mailing(&store).await;
    let taken = store.change_address(&numbered(0), &numbered(1), minute(1));
    assert!(matches!(taken.await, Err(Error::Taken { .. })));
    let nobody = store.change_address(&numbered(9), &address("n@example.net"), minute(1));
    assert!(!nobody.await.unwrap());

    let reasons = [(1, Reason::Complaint), (2, Reason::HardBounce)];
    for (number, reason) in reasons {
        store
            .suppress(&numbered(number), suppression(reason))
            .await
            .unwrap();
    }
    store
        .erase(&address("new3@gmail.com"), minute(1))
        .await
        .unwrap();
    let before = id_of(&store, numbered(0).as_str()).await;
    for number in 0..4 {
        let new = address(&format!("New{number}@gmail.com"));
        let moved = store.change_address(&numbered(number), &new, minute(1));
        assert!(moved.await.unwrap());
    }
    assert_eq!(id_of(&store, "new0@gmail.com").await, before);
    let candidates = store.due(due(mailing, 9, 10)).await.unwrap();
    assert_eq!(candidates[0].recipient.address.as_str(), "New0@gmail.com");
    assert_eq!(candidates[0].provider, "gmail.com");

    let held = |number: usize| {
        let store = store.clone();
        async move {
            let new = address(&format!("new{number}@gmail.com"));
            let (_, found) = store.find(&new).await.unwrap().unwrap();
            found.suppression.map(|held| held.reason)
        }
    };
    assert_eq!(held(0).await, None);
    assert_eq!(held(1).await, Some(Reason::Complaint));
    assert_eq!(held(2).await, None);
    // Somebody who was erased at that address asked not to be mailed there.
    assert_eq!(held(3).await, Some(Reason::Erased));
}

pub(crate) async fn the_erased_are_forgotten_and_not_taken_in_again(store: Kept) {
    readers(&store, 2).await;
    let mailing = mailing(&store).await;
    let who = due_now(&store, due(mailing, 9, 10)).await;
    let refused = letterpress::store::Ended::Rejected(Some(Reason::HardBounce));
    deliver(&store, mailing, who[0], refused).await;
    assert!(store.erase(&numbered(0), minute(3)).await.unwrap());
    assert!(!store.erase(&numbered(0), minute(3)).await.unwrap());
    assert!(store.find(&numbered(0)).await.unwrap().is_none());
    assert!(store.suppressions(None, 10).await.unwrap().is_empty());
    let row = store
        .deliveries(mailing, &[], None, 1)
        .await
        .unwrap()
        .remove(0);
    assert_eq!((row.address, row.message_id), (None, None));
    let reply = row.reply.unwrap();
    assert_eq!((reply.code, reply.text.as_str()), (550, ""));
    // Nothing writes the address down again.
    let late = store.suppress(&numbered(0), suppression(Reason::HardBounce));
    assert!(!late.await.unwrap());
    let list = vec![
        confirmed("READER0@example.org"),
        entry(numbered(0).as_str(), Status::Unsubscribed),
        confirmed("third@example.org"),
    ];
    let expected = [Absorbed::Erased, Absorbed::Erased, Absorbed::Added];
    assert_eq!(absorb(&store, list).await, expected);
    // Their number went to nobody else.
    assert!(id_of(&store, "third@example.org").await > who[1]);
}

pub(crate) async fn hashes_of_the_erased_are_known_by_another_salt(store: Kept) {
    // SHA-256 of the salt `ab` and `reader0@example.org`.
    let mut input = vec![0xab];
    input.extend_from_slice(b"reader0@example.org");
    let digest = <sha2::Sha256 as sha2::Digest>::digest(&input);
    let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let line = format!("ab:{hash}");

    readers(&store, 2).await;
    let taken = store.absorb_erased(vec![line.clone()]).await.unwrap();
    assert_eq!(taken, 1);
    assert_eq!(store.absorb_erased(vec![line.clone()]).await.unwrap(), 0);
    assert_eq!(store.erased().await.unwrap(), [line]);
    // Who is there already is mailed no more.
    let mailing = mailing(&store).await;
    assert_eq!(due_now(&store, due(mailing, 9, 10)).await.len(), 1);
    store.erase(&numbered(0), minute(1)).await.unwrap();
    let again = absorb(&store, vec![confirmed("Reader0@example.org")]).await;
    assert_eq!(again, [Absorbed::Erased]);
    assert_eq!(store.erased().await.unwrap().len(), 2);
    for wrong in ["", "ab", "ab:zz", "ab:00", "a:é"] {
        let refused = store.absorb_erased(vec![wrong.to_owned()]).await;
        assert!(refused.is_err(), "{wrong}");
    }
}

pub(crate) async fn the_first_subscriber_is_remembered(store: Kept) {
    assert_eq!(store.first_subscriber().await.unwrap(), None);
    readers(&store, 1).await;
    store.erase(&numbered(0), minute(1)).await.unwrap();
    store
        .absorb(vec![confirmed("late@example.org")], minute(7), true)
        .await
        .unwrap();
    assert_eq!(store.first_subscriber().await.unwrap(), Some(minute(0)));
}

pub(crate) async fn who_came_and_who_left_is_counted_day_by_day(store: Kept) {
    assert_eq!(store.growth().await.unwrap(), []);
    let day = |days: i64| minute(0) + chrono::TimeDelta::days(days);
    let mut list: Vec<Entry> = ["a@example.org", "b@example.org"].map(confirmed).into();
    list[0].subscriber.consent.confirmed_at = Some(day(-3));
    // Where it is not known when somebody confirmed, the day they asked counts.
    list[1].subscriber.consent.joined_at = Some(day(-1));
    list[1].subscriber.consent.confirmed_at = None;
    let mut left = entry("left@example.org", Status::Unsubscribed);
    left.subscriber.consent.confirmed_at = Some(day(-3));
    left.subscriber.consent.left_at = Some(day(-1));
    let mut waits = entry("waits@example.org", Status::Pending);
    waits.subscriber.consent.joined_at = Some(day(-2));
    list.extend([left, waits]);
    absorb(&store, list).await;
    let growth = |days: i64, joined, left| Growth {
        day: day(days).date_naive(),
        joined,
        left,
    };
    let expected = [growth(-3, 2, 0), growth(-1, 1, 1)];
    assert_eq!(store.growth().await.unwrap(), expected);
}

pub(crate) async fn leaving_is_taken_back_by_its_own_moment_alone(store: Kept) {
    readers(&store, 2).await;
    let reader = numbered(0);
    let before = store.find(&reader).await.unwrap();
    let leave = |at| store.set_status(&reader, Status::Unsubscribed, minute(at));
    let take_back = |at| store.take_back(&reader, minute(at));
    assert!(!take_back(1).await.unwrap());
    leave(1).await.unwrap();
    assert!(!take_back(2).await.unwrap());
    assert!(take_back(1).await.unwrap());
    assert!(!take_back(1).await.unwrap());
    assert_eq!(store.find(&reader).await.unwrap(), before);
    // What they said before, or what others say, stays.
    let earlier = suppression(Reason::Unsubscribed);
    store.suppress(&reader, earlier).await.unwrap();
    leave(4).await.unwrap();
    assert!(!take_back(4).await.unwrap());
    let nobody = store.take_back(&address("n@example.net"), minute(1));
    assert!(!nobody.await.unwrap());
}

pub(crate) async fn a_language_is_changed_of_who_is_there(store: Kept) {
    readers(&store, 2).await;
    assert!(store.set_language(&numbered(0), "zh").await.unwrap());
    let id = id_of(&store, numbered(0).as_str()).await;
    let entry = store.person(id).await.unwrap().unwrap();
    assert_eq!(entry.subscriber.language.as_deref(), Some("zh"));
    assert_eq!(entry.subscriber.status, Status::Confirmed);
    let nobody = address("n@example.net");
    assert!(!store.set_language(&nobody, "zh").await.unwrap());
    assert_eq!(store.find(&nobody).await.unwrap(), None);
}

pub(crate) async fn former_addresses_are_kept_as_long_as_the_person(store: Kept) {
    readers(&store, 1).await;
    let id = id_of(&store, numbered(0).as_str()).await;
    let changes = [
        (numbered(0), address("B@example.net")),
        (address("b@example.net"), address("b@EXAMPLE.net")),
        (address("b@example.net"), address("c@example.net")),
    ];
    for (old, new) in &changes {
        let changed = store.change_address(old, new, minute(1)).await;
        assert!(changed.unwrap());
    }
    let former = store.former(0, 10).await.unwrap();
    let told: Vec<&str> = former.iter().map(|one| one.2.as_str()).collect();
    // Another spelling is no other address.
    assert_eq!(told, [numbered(0).as_str(), "b@example.net"]);
    assert!(former.iter().all(|one| one.1 == id));
    let rest = store.former(former[0].0, 10).await.unwrap();
    assert_eq!(rest, former[1..]);
    let erased = store.erase(&address("c@example.net"), minute(2)).await;
    assert!(erased.unwrap());
    assert_eq!(store.former(0, 10).await.unwrap(), []);
    assert_eq!(store.person(id).await.unwrap(), None);
}
