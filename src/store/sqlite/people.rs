//! Finding subscribers and what they or the editor change about them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value as Json;

use crate::mailing::provider;
use crate::store::Error;
use crate::store::model::{Growth, Past, Search};
use crate::store::rules::Wanted;
use crate::store::sqlite::erasure::Hashes;
use crate::store::sqlite::failure::Failure;
use crate::store::sqlite::{code, statements as sql, suppression};
use crate::subscriber::{Address, Entry, Reason, Status, SubscriberId, Suppression};

/// Seconds of a day.
const DAY: i64 = 86_400;

pub(super) fn find(
    connection: &Connection,
    address: &Address,
) -> Result<Option<(SubscriberId, Entry)>, Failure> {
    Ok(connection
        .prepare_cached(sql::ENTRY_BY_KEY)?
        .query_row([address.key()], code::entry_at)
        .optional()?)
}

pub(super) fn person(
    connection: &Connection,
    subscriber: SubscriberId,
) -> Result<Option<Entry>, Failure> {
    let found = connection
        .prepare_cached(sql::ENTRY_BY_ID)?
        .query_row([subscriber.0], code::entry_at)
        .optional()?;
    Ok(found.map(|(_, entry)| entry))
}

pub(super) fn list(
    connection: &Connection,
    search: &Search,
    after: Option<SubscriberId>,
    limit: usize,
) -> Result<Vec<(SubscriberId, Entry)>, Failure> {
    let wanted = Wanted::new(&search.text);
    let after = after.map_or(0, |after| after.0);
    let status = search.status.map(code::status);
    if !wanted.is_all() {
        return matching(connection, search, &wanted, after, limit);
    }
    let mut statement = connection.prepare_cached(sql::ENTRIES)?;
    let mut rows = statement.query(params![after, status, search.tag])?;
    let mut found = Vec::new();
    while found.len() < limit {
        let Some(row) = rows.next()? else {
            break;
        };
        found.push(code::entry_at(row)?);
    }
    Ok(found)
}

/// Looks through all names and then for the few that are wanted.
fn matching(
    connection: &Connection,
    search: &Search,
    wanted: &Wanted,
    after: i64,
    limit: usize,
) -> Result<Vec<(SubscriberId, Entry)>, Failure> {
    let mut names = connection.prepare_cached(sql::NAMES)?;
    let mut names = names.query(params![after, search.status.map(code::status), search.tag])?;
    let mut entry = connection.prepare_cached(sql::ENTRY_BY_ID)?;
    let mut found = Vec::new();
    while found.len() < limit {
        let Some(row) = names.next()? else {
            break;
        };
        if is_wanted(wanted, row, 1, 2)? {
            found.push(entry.query_row([row.get::<_, i64>(0)?], code::entry_at)?);
        }
    }
    Ok(found)
}

pub(super) fn count(connection: &Connection, search: &Search) -> Result<u64, Failure> {
    let wanted = Wanted::new(&search.text);
    let mut statement = connection.prepare_cached(sql::SEARCHED)?;
    let mut rows = statement.query(params![search.status.map(code::status), search.tag])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        count += u64::from(is_wanted(&wanted, row, 0, 1)?);
    }
    Ok(count)
}

fn is_wanted(
    wanted: &Wanted,
    row: &Row<'_>,
    key: usize,
    name: usize,
) -> Result<bool, rusqlite::Error> {
    let (key, name) = (row.get_ref(key)?.as_str()?, row.get_ref(name)?.as_str()?);
    Ok(wanted.matches(key, name))
}

pub(super) fn set_status(
    connection: &Connection,
    address: &Address,
    status: Status,
    now: DateTime<Utc>,
) -> Result<bool, Failure> {
    let key = address.key();
    let Some((id, before)) = id_and_status(connection, &key)? else {
        return Ok(false);
    };
    let at = code::millis(now);
    match status {
        Status::Pending => {
            connection
                .prepare_cached(sql::SUBSCRIBER_ASK)?
                .execute([id])?;
        }
        Status::Confirmed => {
            if before != Status::Confirmed {
                connection
                    .prepare_cached(sql::SUBSCRIBER_CONFIRM)?
                    .execute((id, at))?;
            }
            // Their own word lifts their own word and nothing else.
            let held = suppression::of_key(connection, &key)?;
            if held.is_some_and(|held| held.reason == Reason::Unsubscribed) {
                suppression::lift(connection, &key)?;
            }
        }
        Status::Unsubscribed => {
            if before != Status::Unsubscribed {
                connection
                    .prepare_cached(sql::SUBSCRIBER_LEAVE)?
                    .execute((id, at))?;
            }
            let left = Suppression {
                reason: Reason::Unsubscribed,
                at: now,
                note: String::new(),
            };
            suppression::add(connection, address, &left)?;
        }
    }
    Ok(true)
}

pub(super) fn id_and_status(
    connection: &Connection,
    key: &str,
) -> Result<Option<(i64, Status)>, Failure> {
    Ok(connection
        .prepare_cached(sql::SUBSCRIBER_ID)?
        .query_row([key], |row| Ok((row.get(0)?, code::status_at(row, 1)?)))
        .optional()?)
}

pub(super) fn take_back(
    connection: &Connection,
    address: &Address,
    left_at: DateTime<Utc>,
) -> Result<bool, Failure> {
    let (key, at) = (address.key(), code::millis(left_at));
    let gone = connection.prepare_cached(sql::SUBSCRIBER_GONE)?.exists((
        &key,
        at,
        code::reason(Reason::Unsubscribed),
    ))?;
    if !gone {
        return Ok(false);
    }
    connection
        .prepare_cached(sql::SUBSCRIBER_TAKE_BACK)?
        .execute([&key])?;
    suppression::lift(connection, &key)?;
    Ok(true)
}

pub(super) fn set_language(
    connection: &Connection,
    address: &Address,
    language: &str,
) -> Result<bool, Failure> {
    let changed = connection
        .prepare_cached(sql::SUBSCRIBER_LANGUAGE)?
        .execute((address.key(), language))?;
    Ok(changed > 0)
}

pub(super) fn set_attribute(
    connection: &Connection,
    key: &str,
    name: &str,
    value: Option<Json>,
) -> Result<bool, Failure> {
    let found = connection
        .prepare_cached(sql::SUBSCRIBER_ATTRIBUTES)?
        .query_row([key], |row| code::attributes_at(row, 0))
        .optional()?;
    let Some(mut attributes) = found else {
        return Ok(false);
    };
    match value {
        Some(value) => attributes.insert(name.to_owned(), value),
        None => attributes.shift_remove(name),
    };
    connection
        .prepare_cached(sql::SUBSCRIBER_ATTRIBUTES_PUT)?
        .execute((key, code::attributes(&attributes)))?;
    Ok(true)
}

pub(super) fn former(
    connection: &Connection,
    after: i64,
    limit: usize,
) -> Result<Vec<(i64, SubscriberId, String)>, Failure> {
    Ok(connection
        .prepare_cached(sql::FORMER)?
        .query_map((after, code::rows(limit)), |row| {
            Ok((row.get(0)?, SubscriberId(row.get(1)?), row.get(2)?))
        })?
        .collect::<Result<_, _>>()?)
}

pub(super) fn change_address(
    connection: &Connection,
    old: &Address,
    new: &Address,
    now: DateTime<Utc>,
) -> Result<bool, Failure> {
    let (from, to) = (old.key(), new.key());
    let Some((id, _)) = id_and_status(connection, &from)? else {
        return Ok(false);
    };
    if from != to {
        if id_and_status(connection, &to)?.is_some() {
            return Err(Failure::Said(Error::Taken {
                what: "a subscriber with the new address",
            }));
        }
        // A mailbox that is gone stays behind; what somebody decided comes along.
        let mut comes = suppression::of_key(connection, &from)?
            .filter(|held| held.reason != Reason::HardBounce);
        if Hashes::read(connection)?.have(connection, &to)? {
            comes.get_or_insert(Suppression {
                reason: Reason::Erased,
                at: now,
                note: String::new(),
            });
        }
        if let Some(comes) = comes {
            suppression::add(connection, new, &comes)?;
        }
        connection
            .prepare_cached(sql::FORMER_ADD)?
            .execute((id, &from))?;
    }
    // The new mailbox has not failed yet.
    connection.prepare_cached(sql::SOFT_FORGET)?.execute([id])?;
    connection.prepare_cached(sql::SUBSCRIBER_MOVE)?.execute((
        id,
        to,
        new.as_str(),
        provider(new.domain()),
    ))?;
    Ok(true)
}

pub(super) fn first_subscriber(connection: &Connection) -> Result<Option<DateTime<Utc>>, Failure> {
    Ok(connection
        .prepare_cached(sql::META_GET)?
        .query_row(["first_subscriber"], |row| code::time_at(row, 0))
        .optional()?)
}

pub(super) fn growth(connection: &Connection) -> Result<Vec<Growth>, Failure> {
    let mut days: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for (statement, came) in [(sql::CAME_BY_DAY, true), (sql::LEFT_BY_DAY, false)] {
        let mut statement = connection.prepare_cached(statement)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let count = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
            let day = days.entry(row.get(0)?).or_default();
            match came {
                true => day.0 += count,
                false => day.1 += count,
            }
        }
    }
    let growth = days.into_iter().filter_map(|(day, (joined, left))| {
        let day = DateTime::from_timestamp(day.checked_mul(DAY)?, 0)?.date_naive();
        Some(Growth { day, joined, left })
    });
    Ok(growth.collect())
}

pub(super) fn history(
    connection: &Connection,
    subscriber: SubscriberId,
) -> Result<Vec<Past>, Failure> {
    Ok(connection
        .prepare_cached(sql::HISTORY)?
        .query_map([subscriber.0], |row| {
            Ok(Past {
                issue: row.get(0)?,
                title: row.get(1)?,
                state: code::state_at(row, 2)?,
                reply: code::reply_at(row, 3)?,
                at: code::maybe_time_at(row, 6)?,
            })
        })?
        .collect::<Result<_, _>>()?)
}
