//! The numbers by which the file knows states, stages and reasons, and how
//! columns become values. A number once given is never given again.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::Row;
use rusqlite::types::Type;
use serde_json::{Map, Value as Json};

use crate::mailing::{Enhanced, Phase, Reply, Stage, State};
use crate::subscriber::{
    Address, Consent, Entry, Reason, Recipient, Status, Subscriber, SubscriberId, Suppression,
    flat_attributes,
};

pub(super) const PENDING: i64 = 0;
pub(super) const DEFERRED: i64 = 1;

const STATES: [State; 8] = [
    State::Pending,
    State::Deferred,
    State::Sending,
    State::Accepted,
    State::Rejected,
    State::Unknown,
    State::Skipped,
    State::Cancelled,
];

const STAGES: [Stage; 5] = [
    Stage::Scheduled,
    Stage::Open,
    Stage::Paused,
    Stage::Cancelled,
    Stage::Finished,
];

const STATUSES: [Status; 3] = [Status::Pending, Status::Confirmed, Status::Unsubscribed];

const REASONS: [Reason; 5] = [
    Reason::Unsubscribed,
    Reason::Erased,
    Reason::HardBounce,
    Reason::Complaint,
    Reason::Manual,
];

const PHASES: [Phase; 8] = [
    Phase::Connect,
    Phase::Tls,
    Phase::Hello,
    Phase::Login,
    Phase::Sender,
    Phase::Recipient,
    Phase::Data,
    Phase::Content,
];

fn number<T: PartialEq, const N: usize>(list: &[T; N], value: &T) -> i64 {
    list.iter()
        .position(|other| other == value)
        .expect("each list above names all values of its type") as i64
}

fn named<T: Copy, const N: usize>(
    list: &[T; N],
    column: usize,
    number: i64,
) -> Result<T, rusqlite::Error> {
    usize::try_from(number)
        .ok()
        .and_then(|index| list.get(index).copied())
        .ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number))
}

pub(super) fn state(value: State) -> i64 {
    number(&STATES, &value)
}

pub(super) fn stage(value: Stage) -> i64 {
    number(&STAGES, &value)
}

pub(super) fn status(value: Status) -> i64 {
    number(&STATUSES, &value)
}

pub(super) fn reason(value: Reason) -> i64 {
    number(&REASONS, &value)
}

pub(super) fn phase(value: Phase) -> i64 {
    number(&PHASES, &value)
}

pub(super) fn state_at(row: &Row<'_>, column: usize) -> Result<State, rusqlite::Error> {
    named(&STATES, column, row.get(column)?)
}

pub(super) fn stage_at(row: &Row<'_>, column: usize) -> Result<Stage, rusqlite::Error> {
    named(&STAGES, column, row.get(column)?)
}

pub(super) fn status_at(row: &Row<'_>, column: usize) -> Result<Status, rusqlite::Error> {
    named(&STATUSES, column, row.get(column)?)
}

pub(super) fn reason_at(row: &Row<'_>, column: usize) -> Result<Reason, rusqlite::Error> {
    named(&REASONS, column, row.get(column)?)
}

pub(super) fn reason_of(code: i64) -> Result<Reason, rusqlite::Error> {
    named(&REASONS, 0, code)
}

pub(super) fn millis(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis()
}

/// How many rows at most.
pub(super) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// As the file would give it back.
pub(super) fn rounded(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis(time)).unwrap_or(time)
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
fn attributes_at(row: &Row<'_>, column: usize) -> Result<Map<String, Json>, rusqlite::Error> {
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

/// An enhanced code as one number.
pub(super) fn enhanced(code: Enhanced) -> i64 {
    let Enhanced(class, subject, detail) = code;
    (i64::from(class) * 1000 + i64::from(subject)) * 1000 + i64::from(detail)
}

/// Reads `code, enhanced, text`, from `first` on.
pub(super) fn reply_at(row: &Row<'_>, first: usize) -> Result<Option<Reply>, rusqlite::Error> {
    let Some(code) = row.get(first)? else {
        return Ok(None);
    };
    let part = |number: i64| number.rem_euclid(1000) as u16;
    let enhanced = row
        .get::<_, Option<i64>>(first + 1)?
        .map(|all| Enhanced(part(all / 1_000_000) as u8, part(all / 1000), part(all)));
    let text = row.get::<_, Option<String>>(first + 2)?;
    Ok(Some(Reply {
        code,
        enhanced,
        text: text.unwrap_or_default(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_stage_and_reason_has_a_number() {
        for value in State::ALL {
            assert_eq!(STATES[state(value) as usize], value);
        }
        for value in Stage::ALL {
            assert_eq!(STAGES[stage(value) as usize], value);
        }
        for value in Reason::ALL {
            assert_eq!(REASONS[reason(value) as usize], value);
        }
    }

    #[test]
    fn the_partial_index_holds_pending_deferred_and_sending() {
        for value in State::ALL {
            let live = value.is_open() || value == State::Sending;
            assert_eq!(state(value) < 3, live, "{}", value.name());
        }
    }
}
