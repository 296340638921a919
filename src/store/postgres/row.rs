//! How columns become values.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json};
use tokio_postgres::Row;

use crate::mailing::{Reply, Stage, State};
use crate::store::numbers;
use crate::store::postgres::failure::Failure;
use crate::subscriber::{
    Address, Consent, Entry, Reason, Recipient, Status, Subscriber, SubscriberId, Suppression,
    flat_attributes,
};

fn named<T>(of: fn(i64) -> Option<T>, row: &Row, column: usize) -> Result<T, Failure> {
    of(row.try_get(column)?).ok_or_else(|| Failure::unreadable("a number"))
}

pub(super) fn state_at(row: &Row, column: usize) -> Result<State, Failure> {
    named(numbers::state_of, row, column)
}

pub(super) fn stage_at(row: &Row, column: usize) -> Result<Stage, Failure> {
    named(numbers::stage_of, row, column)
}

pub(super) fn status_at(row: &Row, column: usize) -> Result<Status, Failure> {
    named(numbers::status_of, row, column)
}

pub(super) fn reason_at(row: &Row, column: usize) -> Result<Reason, Failure> {
    named(numbers::reason_of, row, column)
}

pub(super) fn time_of(millis: i64) -> Result<DateTime<Utc>, Failure> {
    DateTime::from_timestamp_millis(millis).ok_or_else(|| Failure::unreadable("a time"))
}

pub(super) fn time_at(row: &Row, column: usize) -> Result<DateTime<Utc>, Failure> {
    time_of(row.try_get(column)?)
}

pub(super) fn maybe_time_at(row: &Row, column: usize) -> Result<Option<DateTime<Utc>>, Failure> {
    row.try_get::<_, Option<i64>>(column)?
        .map(time_of)
        .transpose()
}

pub(super) fn address_at(row: &Row, column: usize) -> Result<Address, Failure> {
    // What is wrong with an address must not say which one it is.
    Address::parse(row.try_get(column)?).map_err(|_| Failure::unreadable("an address"))
}

pub(super) fn attributes_at(row: &Row, column: usize) -> Result<Map<String, Json>, Failure> {
    match row.try_get(column)? {
        "{}" => Ok(Map::new()),
        text => serde_json::from_str(text).map_err(|_| Failure::unreadable("JSON")),
    }
}

fn tags_at(row: &Row, column: usize) -> Result<BTreeSet<String>, Failure> {
    match row.try_get(column)? {
        "[]" => Ok(BTreeSet::new()),
        text => serde_json::from_str(text).map_err(|_| Failure::unreadable("JSON")),
    }
}

pub(super) fn tags(tags: &BTreeSet<String>) -> String {
    serde_json::to_string(tags).expect("texts are always JSON")
}

pub(super) fn attributes(attributes: &Map<String, Json>) -> String {
    serde_json::to_string(attributes).expect("JSON values are always JSON")
}

/// Reads `address, name, language, attributes`, from `first` on.
pub(super) fn recipient_at(row: &Row, first: usize) -> Result<Recipient, Failure> {
    Ok(Recipient {
        address: address_at(row, first)?,
        name: row.try_get(first + 1)?,
        language: row.try_get(first + 2)?,
        attributes: flat_attributes(&attributes_at(row, first + 3)?),
    })
}

/// The columns that [`entry_at`] reads, of a subscriber `s` and their
/// suppression `x`.
pub(super) const ENTRY: &str = "s.id, s.address, s.name, s.language, s.attributes, s.status,
    s.edition, s.edition_until, s.tags, s.origin, s.joined_at, s.joined_ip,
    s.confirmed_at, s.confirmed_ip, s.left_at, x.reason, x.at, x.note, s.key
    FROM subscriber s LEFT JOIN suppression x ON x.key = s.key";

pub(super) fn entry_at(row: &Row) -> Result<(SubscriberId, Entry), Failure> {
    let subscriber = Subscriber {
        address: address_at(row, 1)?,
        name: row.try_get(2)?,
        language: row.try_get(3)?,
        attributes: attributes_at(row, 4)?,
        status: status_at(row, 5)?,
        edition: row.try_get(6)?,
        edition_until: maybe_time_at(row, 7)?,
        tags: tags_at(row, 8)?,
        consent: Consent {
            origin: row.try_get(9)?,
            joined_at: maybe_time_at(row, 10)?,
            joined_ip: row.try_get(11)?,
            confirmed_at: maybe_time_at(row, 12)?,
            confirmed_ip: row.try_get(13)?,
            left_at: maybe_time_at(row, 14)?,
        },
    };
    let suppression = match row.try_get::<_, Option<i64>>(15)? {
        None => None,
        Some(_) => Some(suppression_at(row, 15)?),
    };
    let entry = Entry {
        subscriber,
        suppression,
    };
    Ok((SubscriberId(row.try_get(0)?), entry))
}

/// Reads `reason, at, note`, from `first` on.
pub(super) fn suppression_at(row: &Row, first: usize) -> Result<Suppression, Failure> {
    Ok(Suppression {
        reason: reason_at(row, first)?,
        at: time_at(row, first + 1)?,
        note: row.try_get(first + 2)?,
    })
}

/// Reads `code, enhanced, text`, from `first` on.
pub(super) fn reply_at(row: &Row, first: usize) -> Result<Option<Reply>, Failure> {
    let Some(code) = row.try_get::<_, Option<i64>>(first)? else {
        return Ok(None);
    };
    let code = u16::try_from(code).map_err(|_| Failure::unreadable("a reply"))?;
    let (enhanced, text) = (row.try_get(first + 1)?, row.try_get(first + 2)?);
    Ok(Some(numbers::reply_of(code, enhanced, text)))
}

/// A number that counts something.
pub(super) fn count_at(row: &Row, column: usize) -> Result<u64, Failure> {
    Ok(row.try_get::<_, i64>(column)?.unsigned_abs())
}
