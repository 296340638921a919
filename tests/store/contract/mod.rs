//! The promises of `Store`. Each function takes an empty store; whoever adds a
//! store calls `every_promise!` with a way to make one.

pub(crate) mod door;
pub(crate) mod engine;
pub(crate) mod people;
pub(crate) mod plan;
pub(crate) mod random;
pub(crate) mod returns;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use letterpress::mailing::{Filter, MailingId, Phase, Reply, Stage, State};
use letterpress::store::{Absorbed, Due, Ended, Finished, NewMailing, Start, Step, Store, Verdict};
use letterpress::subscriber::{
    Address, Entry, Reason, Status, Subscriber, SubscriberId, Suppression,
};

pub(crate) use random::events;

/// A store that all tasks of a test share.
pub(crate) type Kept = Arc<dyn Store>;

/// Runs every promise against the stores that `$make` makes: it gives a store
/// and what must live as long, or nothing where there is no server to make it on.
macro_rules! promises {
    ($make:path: $($theme:ident { $($name:ident)* })*) => {$($(
        #[tokio::test]
        async fn $name() {
            let Some((store, _held)) = $make() else {
                return;
            };
            $crate::store::contract::$theme::$name(store).await;
        }
    )*)*};
}
pub(crate) use promises;

/// All promises, against the stores that `$make` makes.
macro_rules! every_promise {
    ($make:path) => {
        $crate::store::contract::promises! {
            $make:
            people {
                a_list_taken_in_twice_changes_nothing
                a_subscriber_comes_back_as_they_were_given
                a_second_list_adds_what_is_new
                a_list_lifts_nothing
                an_opt_out_in_a_list_wins
                a_rehearsal_answers_the_same_and_keeps_nothing
                searches_find_parts_of_names_and_whole_domains
                leaving_suppresses_and_coming_back_lifts_that_alone
                a_stronger_reason_replaces_a_weaker_one
                suppressions_are_listed_with_domains_in_the_order_of_letters
                a_change_of_address_takes_decisions_along
                the_erased_are_forgotten_and_not_taken_in_again
                hashes_of_the_erased_are_known_by_another_salt
                the_first_subscriber_is_remembered
                who_came_and_who_left_is_counted_day_by_day
                leaving_is_taken_back_by_its_own_moment_alone
                a_language_is_changed_of_who_is_there
                former_addresses_are_kept_as_long_as_the_person
            }
            door {
                a_sign_up_is_nobody_until_it_is_confirmed
                sign_ups_are_forgotten
                an_opt_in_lifts_what_is_its_owners_to_lift
                a_bounce_is_lifted_once_in_a_while
                the_erased_come_back_by_themselves_alone
                a_subscriber_moves_when_the_new_address_says_so_too
                notices_wait_are_taken_by_one_and_have_bounds
            }
            plan {
                filters_choose_whom_they_name
                everybody_who_is_left_out_has_a_reason
                an_issue_has_one_mailing_for_ever
                those_who_came_later_can_be_added
                recipients_are_listed_in_pieces
                whoever_pauses_is_left_out_until_their_day
            }
            engine {
                a_delivery_is_handed_over_once
                an_outcome_and_the_next_start_are_one_step
                an_outcome_of_what_is_not_under_way_changes_nothing
                whoever_left_or_was_suppressed_since_the_plan_is_skipped
                nothing_starts_unless_the_mailing_is_open
                what_is_returned_is_as_it_was
                a_refusal_for_good_suppresses_where_it_says_so
                deferred_deliveries_come_back_when_due_and_behind_new_ones
                one_provider_can_be_asked_for_alone
                what_a_dead_process_left_becomes_unknown
                only_the_editor_reopens_and_never_what_was_taken_over
                what_is_not_due_yet_is_withheld
                what_comes_back_can_begin_again_in_the_same_step
                a_history_of_tries_tells_when_each_of_them_ended
                a_cancelled_mailing_stays_so
                many_connections_step_at_once
                a_history_tells_what_was_sent
                limits_are_remembered_by_name
            }
            returns {
                soft_bounces_of_several_messages_suppress
                old_soft_bounces_are_forgotten
                a_new_address_begins_without_soft_bounces
                what_came_back_is_settled_in_order_or_not_at_all
            }
        }
    };
}
pub(crate) use every_promise;

/// Minutes after the beginning of the tests' time.
pub(crate) fn minute(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap() + TimeDelta::minutes(minutes)
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(crate) fn numbered(number: usize) -> Address {
    address(&format!("reader{number}@example.org"))
}

pub(crate) fn entry(text: &str, status: Status) -> Entry {
    Entry {
        subscriber: Subscriber::new(address(text), status),
        suppression: None,
    }
}

pub(crate) fn confirmed(text: &str) -> Entry {
    entry(text, Status::Confirmed)
}

pub(crate) fn suppression(reason: Reason) -> Suppression {
    Suppression {
        reason,
        at: minute(0),
        note: "because".to_owned(),
    }
}

pub(crate) async fn absorb(store: &Kept, entries: Vec<Entry>) -> Vec<Absorbed> {
    store.absorb(entries, minute(0), true).await.unwrap()
}

/// So many confirmed readers.
pub(crate) async fn readers(store: &Kept, count: usize) {
    let entries = (0..count)
        .map(|number| confirmed(numbered(number).as_str()))
        .collect();
    absorb(store, entries).await;
}

pub(crate) fn new_mailing(issue: &str, filter: Filter) -> NewMailing {
    NewMailing {
        issue: issue.to_owned(),
        title: format!("Issue {issue}"),
        digest: "digest".to_owned(),
        content: b"frozen".to_vec(),
        filter,
        filter_text: String::new(),
        stage: Stage::Open,
        starts_at: minute(1),
        now: minute(1),
    }
}

/// A mailing to everybody.
pub(crate) async fn mailing(store: &Kept) -> MailingId {
    let (mailing, _) = store.confirm(new_mailing("1", Filter::All)).await.unwrap();
    mailing
}

pub(crate) fn start(subscriber: SubscriberId) -> Option<Start> {
    Some(Start {
        subscriber,
        message_id: format!("<{}@example.org>", subscriber.0),
    })
}

pub(crate) fn finished(subscriber: SubscriberId, ended: Ended) -> Option<Finished> {
    let reply = match ended {
        Ended::Accepted => Some(Reply::new(250, "2.0.0 Ok: queued as 4F1A2B")),
        Ended::Rejected(_) => Some(Reply::new(550, "5.1.1 no such user")),
        Ended::Deferred(_) => Some(Reply::new(451, "4.7.1 later")),
        Ended::Unknown | Ended::Returned => None,
    };
    Some(Finished {
        subscriber,
        ended,
        phase: Phase::Content,
        reply,
        note: String::new(),
    })
}

pub(crate) async fn step(
    store: &Kept,
    mailing: MailingId,
    finished: Option<Finished>,
    next: Option<Start>,
) -> Verdict {
    let step = Step {
        mailing,
        finished,
        next,
        now: minute(60),
    };
    store.step(step).await.unwrap()
}

/// One delivery from its beginning to its end.
pub(crate) async fn deliver(
    store: &Kept,
    mailing: MailingId,
    subscriber: SubscriberId,
    ended: Ended,
) {
    assert_eq!(
        step(store, mailing, None, start(subscriber)).await,
        Verdict::Go
    );
    let recorded = step(store, mailing, finished(subscriber, ended), None).await;
    assert_eq!(recorded, Verdict::Recorded);
}

pub(crate) fn due(mailing: MailingId, minutes: i64, limit: usize) -> Due {
    Due {
        mailing,
        now: minute(minutes),
        provider: None,
        after: None,
        limit,
    }
}

/// Who is due, in their order.
pub(crate) async fn due_now(store: &Kept, due: Due) -> Vec<SubscriberId> {
    let candidates = store.due(due).await.unwrap();
    candidates
        .into_iter()
        .map(|candidate| candidate.subscriber)
        .collect()
}

pub(crate) async fn id_of(store: &Kept, text: &str) -> SubscriberId {
    let found = store.find(&address(text)).await.unwrap();
    found.unwrap().0
}

/// The state of one delivery.
pub(crate) async fn state(store: &Kept, mailing: MailingId, subscriber: SubscriberId) -> State {
    let after = SubscriberId(subscriber.0 - 1);
    let rows = store
        .deliveries(mailing, &[], Some(after), 1)
        .await
        .unwrap();
    assert_eq!(rows[0].subscriber, subscriber);
    rows[0].state
}
