//! Whose tags these are. A tag is a digest of the address: to find it, all
//! addresses are gone through once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::bounce::Who;
use crate::cli::error::CommandError;
use crate::cli::store::wait;
use crate::store::{Search, Store};
use crate::subscriber::{Address, Keys, SubscriberId, Tag};

/// How many are asked of the store at once.
const PAGE: usize = 1_000;

/// A subscriber whom a report means.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) address: Address,
    pub(crate) confirmed_at: Option<DateTime<Utc>>,
}

/// Who is meant, as far as they are subscribers.
#[derive(Debug, Default)]
pub(crate) struct Known {
    people: BTreeMap<Who, Person>,
}

impl Known {
    pub(crate) fn get(&self, who: &Who) -> Option<&Person> {
        self.people.get(who)
    }
}

/// Finds all who are meant.
pub(crate) fn resolve<'a>(
    store: &dyn Store,
    keys: &Keys,
    meant: impl Iterator<Item = &'a Who>,
) -> Result<Known, CommandError> {
    let mut tags: BTreeSet<Tag> = BTreeSet::new();
    let mut messages: BTreeSet<String> = BTreeSet::new();
    for who in meant {
        match who {
            Who::Tag(tag) => drop(tags.insert(*tag)),
            Who::Message(id) => drop(messages.insert(id.clone())),
            // Services say that over HTTP alone.
            Who::Relayed { .. } => {}
        }
    }
    let receivers = receivers(store, messages)?;
    let mut known = Known::default();
    let mut after = None;
    while !tags.is_empty() || !receivers.is_empty() {
        let page = wait(store.list(Search::default(), after, PAGE))?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        for (id, entry) in page {
            let subscriber = entry.subscriber;
            let person = || Person {
                address: subscriber.address.clone(),
                confirmed_at: subscriber.consent.confirmed_at,
            };
            for key in std::iter::once(&keys.current).chain(&keys.old) {
                let tag = key.tag(&subscriber.address);
                if tags.remove(&tag) {
                    known.people.insert(Who::Tag(tag), person());
                }
            }
            for message in receivers.get(&id).into_iter().flatten() {
                known.people.insert(Who::Message(message.clone()), person());
            }
        }
    }
    Ok(known)
}

/// Who was sent the messages with these Message-IDs.
fn receivers(
    store: &dyn Store,
    mut messages: BTreeSet<String>,
) -> Result<BTreeMap<SubscriberId, Vec<String>>, CommandError> {
    let mut found: BTreeMap<SubscriberId, Vec<String>> = BTreeMap::new();
    if messages.is_empty() {
        return Ok(found);
    }
    for mailing in wait(store.mailings())? {
        let mut after = None;
        while !messages.is_empty() {
            let page = wait(store.deliveries(mailing.id, &[], after, PAGE))?;
            let Some(last) = page.last() else { break };
            after = Some(last.subscriber);
            for delivery in page {
                if let Some(id) = delivery.message_id.filter(|id| messages.remove(id)) {
                    found.entry(delivery.subscriber).or_default().push(id);
                }
            }
        }
    }
    Ok(found)
}
