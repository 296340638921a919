//! Who gets a mailing.

use letterpress::mailing::{Exclusion, Filter, Stage, State};
use letterpress::store::{Ended, Error, PAUSED_UNTIL};
use letterpress::subscriber::{Reason, Status};
use serde_json::json;

use crate::store::contract::{
    Kept, absorb, address, confirmed, deliver, due, due_now, entry, mailing, minute, new_mailing,
    readers, suppression,
};

fn language(tag: &str) -> Filter {
    Filter::Language(tag.to_owned())
}

fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

fn both(one: Filter, other: Filter) -> Filter {
    Filter::And(Box::new(one), Box::new(other))
}

fn either(one: Filter, other: Filter) -> Filter {
    Filter::Or(Box::new(one), Box::new(other))
}

/// `name` reads `language` and has `tags`.
async fn reader(store: &Kept, name: &str, language: &str, tags: &[&str]) {
    let mut new = confirmed(&format!("{name}@example.org"));
    let person = &mut new.subscriber;
    person.language = Some(language.to_owned()).filter(|language| !language.is_empty());
    person.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    match name {
        "b" => person.edition = Some("paid".to_owned()),
        "c" => {
            person.edition = Some("paid".to_owned());
            person.edition_until = Some(minute(5));
        }
        _ => {}
    }
    absorb(store, vec![new]).await;
}

pub(crate) async fn filters_choose_whom_they_name(store: Kept) {
    reader(&store, "a", "zh", &["press", "it's"]).await;
    reader(&store, "b", "zh-Hans", &[]).await;
    reader(&store, "c", "zho", &["press"]).await;
    reader(&store, "d", "", &["pres"]).await;
    reader(&store, "e", "EN_us", &[]).await;
    let (first, _) = store
        .confirm(new_mailing("0", language("zh")))
        .await
        .unwrap();
    let who = due_now(&store, due(first, 2, 10)).await;
    deliver(&store, first, who[0], Ended::Accepted).await;
    deliver(&store, first, who[1], Ended::Rejected(None)).await;

    let tag = |tag: &str| Filter::Tag(tag.to_owned());
    let paid = || Filter::Edition("paid".to_owned());
    let cases = [
        (Filter::All, "abcde"),
        (language("zh"), "ab"),
        (language("ZH-hans"), "b"),
        (language("en"), "e"),
        (language("en-US"), "e"),
        (language(""), ""),
        (not(language("zh")), "cde"),
        (tag("press"), "ac"),
        (tag("it's"), "a"),
        (tag("%"), ""),
        (not(tag("press")), "bde"),
        (paid(), "bc"),
        (not(paid()), "ade"),
        (Filter::Mailed("0".to_owned()), "a"),
        (not(Filter::Mailed("0".to_owned())), "bcde"),
        (Filter::Mailed("none".to_owned()), ""),
        (both(language("zh"), not(tag("press"))), "b"),
        (either(language("en"), both(paid(), tag("press"))), "ce"),
        (not(either(paid(), language("en"))), "ad"),
    ];
    for (filter, expected) in cases {
        let chosen = store
            .recipients("1", filter.clone(), minute(1), None, 10)
            .await
            .unwrap();
        let names: String = chosen
            .iter()
            .map(|(_, recipient)| recipient.address.local())
            .collect();
        assert_eq!(names, expected, "{filter:?}");
        let planned = store.survey("1", filter.clone(), minute(1)).await.unwrap();
        assert_eq!(planned.recipients, expected.len() as u64, "{filter:?}");
        let left_out: u64 = planned.excluded.iter().map(|(_, count)| count).sum();
        assert_eq!(planned.recipients + left_out, 5, "{filter:?}");
    }
    // An edition ends.
    let later = store.survey("1", paid(), minute(5)).await.unwrap();
    assert_eq!(later.recipients, 1);
}

pub(crate) async fn everybody_who_is_left_out_has_a_reason(store: Kept) {
    reader(&store, "a", "en", &[]).await;
    reader(&store, "b", "de", &[]).await;
    let list = vec![
        entry("c@example.org", Status::Pending),
        entry("d@example.org", Status::Unsubscribed),
        confirmed("e@example.org"),
        confirmed("f@example.net"),
    ];
    absorb(&store, list).await;
    store
        .suppress(&address("e@example.org"), suppression(Reason::HardBounce))
        .await
        .unwrap();
    store
        .suppress_domain("example.net", suppression(Reason::Manual))
        .await
        .unwrap();
    let expected = [
        ("b@example.org", Exclusion::Filtered),
        ("c@example.org", Exclusion::Pending),
        ("d@example.org", Exclusion::Unsubscribed),
        ("e@example.org", Exclusion::Suppressed(Reason::HardBounce)),
        ("f@example.net", Exclusion::DomainSuppressed),
    ];
    let excluded = store
        .excluded("1", language("en"), minute(1), 10)
        .await
        .unwrap();
    let excluded: Vec<(&str, Exclusion)> = excluded
        .iter()
        .map(|(address, why)| (address.as_str(), *why))
        .collect();
    assert_eq!(excluded, expected);
    let some = store.excluded("1", language("en"), minute(1), 2);
    assert_eq!(some.await.unwrap().len(), 2);

    let surveyed = store.survey("1", language("en"), minute(1)).await.unwrap();
    let (mailing, planned) = store
        .confirm(new_mailing("1", language("en")))
        .await
        .unwrap();
    assert_eq!(planned, surveyed);
    assert_eq!(planned.recipients, 1);
    assert_eq!(store.tally(mailing).await.unwrap().total(), 1);
}

pub(crate) async fn an_issue_has_one_mailing_for_ever(store: Kept) {
    readers(&store, 1).await;
    let first = mailing(&store).await;
    let again = store.confirm(new_mailing("1", Filter::All)).await;
    assert!(matches!(again, Err(Error::Taken { .. })));
    let (second, _) = store.confirm(new_mailing("2", Filter::All)).await.unwrap();
    assert_eq!(store.content(first).await.unwrap(), b"frozen");
    let all = store.mailings().await.unwrap();
    let ids: Vec<_> = all.iter().map(|mailing| mailing.id).collect();
    assert_eq!(ids, [second, first]);
    let found = store.mailing_of("1").await.unwrap().unwrap();
    assert_eq!((found.id, found.stage), (first, Stage::Open));
    assert_eq!(found.title, "Issue 1");
    assert_eq!(
        (found.confirmed_at, found.starts_at),
        (minute(1), minute(1))
    );
    assert_eq!(store.mailing_of("3").await.unwrap(), None);
}

pub(crate) async fn those_who_came_later_can_be_added(store: Kept) {
    readers(&store, 3).await;
    let mailing = mailing(&store).await;
    let who = due_now(&store, due(mailing, 2, 10)).await;
    deliver(&store, mailing, who[0], Ended::Accepted).await;
    absorb(&store, vec![confirmed("late@example.org")]).await;
    let surveyed = store.survey("1", Filter::All, minute(3)).await.unwrap();
    let planned = store
        .include(mailing, Filter::All, minute(3))
        .await
        .unwrap();
    assert_eq!(planned, surveyed);
    assert_eq!(planned.recipients, 1);
    assert_eq!(planned.excluded, [(Exclusion::AlreadyIn, 3)]);
    let tally = store.tally(mailing).await.unwrap();
    assert_eq!((tally.total(), tally.of(State::Accepted)), (4, 1));
    let again = store
        .include(mailing, Filter::All, minute(3))
        .await
        .unwrap();
    assert_eq!(again.recipients, 0);
}

pub(crate) async fn recipients_are_listed_in_pieces(store: Kept) {
    readers(&store, 5).await;
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let piece = store
            .recipients("1", Filter::All, minute(1), after, 2)
            .await
            .unwrap();
        let Some(last) = piece.last() else {
            break;
        };
        after = Some(last.0);
        seen.extend(piece.into_iter().map(|(_, one)| one.address.to_string()));
    }
    let expected: Vec<String> = (0..5)
        .map(|number| format!("reader{number}@example.org"))
        .collect();
    assert_eq!(seen, expected);
}

pub(crate) async fn whoever_pauses_is_left_out_until_their_day(store: Kept) {
    let people = ["on@example.org", "off@example.org", "odd@example.org"];
    absorb(&store, people.map(confirmed).to_vec()).await;
    let pause =
        |of: &str, until: &str| store.set_attribute(&address(of), PAUSED_UNTIL, Some(json!(until)));
    let today = minute(1).date_naive();
    let tomorrow = (today + chrono::Days::new(1)).to_string();
    assert!(pause("on@example.org", &tomorrow).await.unwrap());
    assert!(pause("off@example.org", &today.to_string()).await.unwrap());
    // What is no day pauses nobody.
    assert!(pause("odd@example.org", "never").await.unwrap());
    assert!(!pause("nobody@example.org", &tomorrow).await.unwrap());
    let planned = store.survey("1", Filter::All, minute(1)).await.unwrap();
    assert_eq!(planned.recipients, 2);
    assert_eq!(planned.excluded, [(Exclusion::Paused, 1)]);
    let later = minute(1) + chrono::TimeDelta::days(1);
    let planned = store.survey("1", Filter::All, later).await.unwrap();
    assert_eq!(planned.recipients, 3);
    let again = store.set_attribute(&address("on@example.org"), PAUSED_UNTIL, None);
    assert!(again.await.unwrap());
    let (_, on) = store
        .find(&address("on@example.org"))
        .await
        .unwrap()
        .unwrap();
    assert!(on.subscriber.attributes.is_empty());
    let planned = store.survey("1", Filter::All, minute(1)).await.unwrap();
    assert_eq!(planned.recipients, 3);
}
