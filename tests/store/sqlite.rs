//! The store in one SQLite file.

use std::sync::Arc;

use letterpress::store::Sqlite;
use tempfile::TempDir;

use crate::store::contract::{Kept, promises};

/// An empty store and the folder in which it lies.
fn fresh() -> (Kept, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::create(&folder.path().join("letterpress.db")).unwrap();
    (Arc::new(store), folder)
}

promises! {
    fresh:
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
        a_cancelled_mailing_stays_so
        one_sends_at_a_time
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
