use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::subscriber::address::Address;
use crate::subscriber::recipient::Recipient;
use crate::subscriber::suppression::Suppression;

/// The attribute that says which sections a subscriber does without: their slugs,
/// parted by commas. Those that are not optional come all the same.
pub const WITHOUT_SECTIONS: &str = "without_sections";

/// Names a subscriber in one store, for ever: it is not given to anybody else,
/// also when the person is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SubscriberId(pub i64);

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Asked for, not yet confirmed by the owner of the address: not mailed.
    Pending,
    /// Confirmed: mailed.
    Confirmed,
    /// Left: not mailed.
    Unsubscribed,
}

impl Status {
    /// Its word in lists, JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Confirmed => "confirmed",
            Status::Unsubscribed => "unsubscribed",
        }
    }

    /// The status of this word.
    pub fn of(name: &str) -> Option<Status> {
        [Status::Pending, Status::Confirmed, Status::Unsubscribed]
            .into_iter()
            .find(|status| status.name() == name)
    }
}

/// How somebody came to the list: what the editor can show when asked for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Where the subscription came from, such as `substack: list.csv` or
    /// `editor`.
    pub origin: String,
    /// When they asked for it.
    pub joined_at: Option<DateTime<Utc>>,
    /// From which address of the Internet, where it was recorded.
    pub joined_ip: Option<String>,
    /// When they confirmed it.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// From which address of the Internet.
    pub confirmed_ip: Option<String>,
    /// When they left.
    pub left_at: Option<DateTime<Utc>>,
}

/// A person who asked for the newsletter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// Where the mail goes.
    pub address: Address,
    /// Display name, clean; may be empty.
    pub name: String,
    /// Where the subscription stands.
    pub status: Status,
    /// The language they read, a BCP 47 tag; `None` is the newsletter's.
    pub language: Option<String>,
    /// The edition they get, such as `paid`.
    pub edition: Option<String>,
    /// Until when they get it; `None` is for ever.
    pub edition_until: Option<DateTime<Utc>>,
    /// Free words that FILTER can choose by.
    pub tags: BTreeSet<String>,
    /// What else is known of them, for templates: a JSON object.
    pub attributes: Map<String, Json>,
    /// How they came.
    pub consent: Consent,
}

impl Subscriber {
    /// Somebody of whom only the address is known.
    pub fn new(address: Address, status: Status) -> Subscriber {
        Subscriber {
            address,
            name: String::new(),
            status,
            language: None,
            edition: None,
            edition_until: None,
            tags: BTreeSet::new(),
            attributes: Map::new(),
            consent: Consent::default(),
        }
    }

    /// What a message is made from.
    pub fn recipient(&self) -> Recipient {
        Recipient {
            address: self.address.clone(),
            name: self.name.clone(),
            language: self.language.clone(),
            attributes: flat_attributes(&self.attributes),
        }
    }
}

/// Attributes as templates see them: texts as they are, all else as JSON;
/// `null` as nothing.
pub fn flat_attributes(attributes: &Map<String, Json>) -> BTreeMap<String, String> {
    let flat = |value: &Json| match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    attributes
        .iter()
        .map(|(name, value)| (name.clone(), flat(value)))
        .collect()
}

/// A subscriber as lists hold them: with the reason why they must not be
/// mailed, where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The person.
    pub subscriber: Subscriber,
    /// Why they are never mailed.
    pub suppression: Option<Suppression>,
}
