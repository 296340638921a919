//! What the store says and what the relay saw, held against each other.

use std::collections::{BTreeMap, BTreeSet};

use letterpress::mailing::{Delivery, State};

use crate::kill::relay::{GONE, Log};

/// A mailing's deliveries by address.
pub(crate) type Rows = BTreeMap<String, Delivery>;

/// Addresses in one of `states`.
pub(crate) fn in_states(rows: &Rows, states: &[State]) -> BTreeSet<String> {
    rows.iter()
        .filter(|(_, row)| states.contains(&row.state))
        .map(|(address, _)| address.clone())
        .collect()
}

/// How often the relay took a message for whom, told or not.
pub(crate) fn taken(log: &Log) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for taken in &log.taken {
        *counts.entry(taken.recipient.clone()).or_default() += 1;
    }
    counts
}

/// Those whose message was taken without a word, on purpose.
pub(crate) fn lost(log: &Log) -> BTreeSet<String> {
    let lost = log.taken.iter().filter(|taken| taken.lost);
    lost.map(|taken| taken.recipient.clone()).collect()
}

/// Holds at any time: `resent` were named unknown and sent again on request.
pub(crate) fn check(rows: &Rows, log: &Log, resent: &BTreeSet<String>) {
    let counts = taken(log);
    for (address, count) in &counts {
        let most = 1 + usize::from(resent.contains(address));
        assert!(*count <= most, "{address} was mailed {count} times");
        assert!(rows.contains_key(address), "{address} is not in the plan");
    }
    for (address, row) in rows {
        let count = counts.get(address).copied().unwrap_or_default();
        match row.state {
            State::Accepted => {
                let told = log
                    .taken
                    .iter()
                    .any(|taken| taken.recipient == *address && !taken.lost);
                assert!(
                    told,
                    "{address} is called accepted, and the relay never said so"
                );
            }
            State::Pending | State::Deferred | State::Rejected | State::Skipped => {
                let state = row.state.name();
                // Sent again on request, they may have been taken before.
                let most = usize::from(resent.contains(address));
                assert!(count <= most, "{address} is {state}, and was mailed");
            }
            State::Sending | State::Unknown => {}
            State::Cancelled => panic!("{address}: nobody cancelled anything"),
        }
        if row.state == State::Rejected {
            assert!(address.starts_with(GONE), "{address} was never refused");
        }
    }
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    for taken in &log.taken {
        let name = names.entry(&taken.recipient).or_insert(&taken.message_id);
        assert_eq!(
            *name, taken.message_id,
            "{} got two Message-IDs",
            taken.recipient
        );
    }
}
