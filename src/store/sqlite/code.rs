//! How columns become values.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::Row;
use rusqlite::types::Type;
use serde_json::{Map, Value as Json};

use crate::mailing::{Reply, Stage, State};
use crate::store::numbers;
use crate::store::signup::NoticeKind;
use crate::subscriber::{
    Address, Consent, Entry, Reason, Recipient, Status, Subscriber, SubscriberId, Suppression,
    flat_attributes,
};

pub(super) use crate::store::numbers::{
    DEFERRED, PENDING, enhanced, millis, notice, phase, reason, rows, stage, state, status,
};

fn named<T>(of: fn(i64) -> Option<T>, column: usize, number: i64) -> Result<T, rusqlite::Error> {
    of(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number))
}

pub(super) fn notice_at(row: &Row<'_>, column: usize) -> Result<NoticeKind, rusqlite::Error> {
    named(numbers::notice_of, column, row.get(column)?)
}

pub(super) fn state_at(row: &Row<'_>, column: usize) -> Result<State, rusqlite::Error> {
    named(numbers::state_of, column, row.get(column)?)
}

pub(super) fn stage_at(row: &Row<'_>, column: usize) -> Result<Stage, rusqlite::Error> {
    named(numbers::stage_of, column, row.get(column)?)
}

pub(super) fn status_at(row: &Row<'_>, column: usize) -> Result<Status, rusqlite::Error> {
    named(numbers::status_of, column, row.get(column)?)
}

pub(super) fn reason_at(row: &Row<'_>, column: usize) -> Result<Reason, rusqlite::Error> {
    named(numbers::reason_of, column, row.get(column)?)
}

pub(super) fn reason_of(code: i64) -> Result<Reason, rusqlite::Error> {
    named(numbers::reason_of, 0, code)
}

pub(super) fn time_at(row: &Row<'_>, column: usize) -> Result<DateTime<Utc>, rusqlite::Error> {
    let millis = row.get(column)?;
    DateTime::from_timestamp_millis(millis)
        .ok_or(rusqlite::Error::IntegralValueOutOfRange(column, millis))
}

pub(super) fn maybe_time_at(
    row: &Row<'_>,
    column: usize,
) -> Result<Option<DateTime<Utc>>, rusqlite::Error> {
    match row.get::<_, Option<i64>>(column)? {
        None => Ok(None),
        Some(_) => time_at(row, column).map(Some),
    }
}

pub(super) fn address_at(row: &Row<'_>, column: usize) -> Result<Address, rusqlite::Error> {
    let text = row.get_ref(column)?.as_str()?;
    // The cause says what is wrong with an address and not which one it is.
    Address::parse(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

/// A JSON object.
pub(super) fn attributes_at(
    row: &Row<'_>,
    column: usize,
) -> Result<Map<String, Json>, rusqlite::Error> {
    match row.get_ref(column)?.as_str()? {
        "{}" => Ok(Map::new()),
        text => serde_json::from_str(text).map_err(|_| unreadable(column)),
    }
}

fn tags_at(row: &Row<'_>, column: usize) -> Result<BTreeSet<String>, rusqlite::Error> {
    match row.get_ref(column)?.as_str()? {
        "[]" => Ok(BTreeSet::new()),
        text => serde_json::from_str(text).map_err(|_| unreadable(column)),
    }
}

fn unreadable(column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, "it is no JSON".into())
}

pub(super) fn tags(tags: &BTreeSet<String>) -> String {
    serde_json::to_string(tags).expect("texts are always JSON")
}

pub(super) fn attributes(attributes: &Map<String, Json>) -> String {
    serde_json::to_string(attributes).expect("JSON values are always JSON")
}

/// Reads `address, name, language, attributes`, from `first` on.
pub(super) fn recipient_at(row: &Row<'_>, first: usize) -> Result<Recipient, rusqlite::Error> {
    Ok(Recipient {
        address: address_at(row, first)?,
        name: row.get(first + 1)?,
        language: row.get(first + 2)?,
        attributes: flat_attributes(&attributes_at(row, first + 3)?),
    })
}

/// Reads the columns of `ENTRY_*`.
pub(super) fn entry_at(row: &Row<'_>) -> Result<(SubscriberId, Entry), rusqlite::Error> {
    let subscriber = Subscriber {
        address: address_at(row, 1)?,
        name: row.get(2)?,
        language: row.get(3)?,
        attributes: attributes_at(row, 4)?,
        status: status_at(row, 5)?,
        edition: row.get(6)?,
        edition_until: maybe_time_at(row, 7)?,
        tags: tags_at(row, 8)?,
        consent: Consent {
            origin: row.get(9)?,
            joined_at: maybe_time_at(row, 10)?,
            joined_ip: row.get(11)?,
            confirmed_at: maybe_time_at(row, 12)?,
            confirmed_ip: row.get(13)?,
            left_at: maybe_time_at(row, 14)?,
        },
    };
    let suppression = match row.get::<_, Option<i64>>(15)? {
        None => None,
        Some(_) => Some(suppression_at(row, 15)?),
    };
    let entry = Entry {
        subscriber,
        suppression,
    };
    Ok((SubscriberId(row.get(0)?), entry))
}

/// Reads `reason, at, note`, from `first` on.
pub(super) fn suppression_at(row: &Row<'_>, first: usize) -> Result<Suppression, rusqlite::Error> {
    Ok(Suppression {
        reason: reason_at(row, first)?,
        at: time_at(row, first + 1)?,
        note: row.get(first + 2)?,
    })
}

/// Reads `code, enhanced, text`, from `first` on.
pub(super) fn reply_at(row: &Row<'_>, first: usize) -> Result<Option<Reply>, rusqlite::Error> {
    let Some(code) = row.get(first)? else {
        return Ok(None);
    };
    let (enhanced, text) = (row.get(first + 1)?, row.get(first + 2)?);
    Ok(Some(numbers::reply_of(code, enhanced, text)))
}
