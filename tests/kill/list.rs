//! A list with all sorts of people on it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use letterpress::subscriber::{Address, Entry, Reason, Status, Subscriber, Suppression};

use crate::kill::relay::{GONE, LATER};

pub(crate) struct List {
    pub(crate) entries: Vec<Entry>,
    /// Confirmed and not suppressed.
    pub(crate) plan: BTreeSet<String>,
    /// All others.
    pub(crate) shunned: BTreeSet<String>,
}

impl List {
    /// So many who are to be mailed, and some who are not.
    pub(crate) fn of(recipients: usize, then: DateTime<Utc>) -> List {
        let mut list = List {
            entries: Vec::new(),
            plan: BTreeSet::new(),
            shunned: BTreeSet::new(),
        };
        for number in 0..recipients {
            let address = match number % 40 {
                13 => format!("{GONE}{number}@example.com"),
                // Each at a provider of its own: three who put us off make it
                // rest for minutes.
                7 | 27 => format!("{LATER}{number}@host{number}.test"),
                _ => format!("reader{number}@example{}.test", number % 7),
            };
            list.add(&address, Status::Confirmed, None);
            list.plan.insert(address);
        }
        let suppressed = |reason| {
            Some(Suppression {
                reason,
                at: then,
                note: String::new(),
            })
        };
        for (status, suppression) in [
            (Status::Confirmed, suppressed(Reason::Manual)),
            (Status::Confirmed, suppressed(Reason::Complaint)),
            (Status::Unsubscribed, suppressed(Reason::Unsubscribed)),
            (Status::Unsubscribed, None),
            (Status::Pending, None),
        ] {
            for _ in 0..4 {
                let address = format!("shunned{}@example.org", list.shunned.len());
                list.add(&address, status, suppression.clone());
                list.shunned.insert(address);
            }
        }
        list
    }

    fn add(&mut self, address: &str, status: Status, suppression: Option<Suppression>) {
        self.entries.push(Entry {
            subscriber: Subscriber::new(Address::parse(address).unwrap(), status),
            suppression,
        });
    }
}
