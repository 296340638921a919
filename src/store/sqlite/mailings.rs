//! Mailings as a whole: their stage, their content, their deliveries in numbers
//! and lists.

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};

use crate::mailing::{Delivery, Mailing, MailingId, Stage, State, Tally};
use crate::store::sqlite::failure::Failure;
use crate::store::sqlite::{code, statements as sql};
use crate::subscriber::SubscriberId;

pub(super) fn all(connection: &Connection) -> Result<Vec<Mailing>, Failure> {
    Ok(connection
        .prepare_cached(sql::MAILINGS)?
        .query_map((), mailing_at)?
        .collect::<Result<_, _>>()?)
}

pub(super) fn of_issue(connection: &Connection, issue: &str) -> Result<Option<Mailing>, Failure> {
    Ok(connection
        .prepare_cached(sql::MAILING_OF)?
        .query_row([issue], mailing_at)
        .optional()?)
}

fn mailing_at(row: &Row<'_>) -> Result<Mailing, rusqlite::Error> {
    Ok(Mailing {
        id: MailingId(row.get(0)?),
        issue: row.get(1)?,
        title: row.get(2)?,
        digest: row.get(3)?,
        filter: row.get(4)?,
        stage: code::stage_at(row, 5)?,
        why: row.get(6)?,
        confirmed_at: code::time_at(row, 7)?,
        starts_at: code::time_at(row, 8)?,
        changed_at: code::time_at(row, 9)?,
    })
}

pub(super) fn content(connection: &Connection, mailing: MailingId) -> Result<Vec<u8>, Failure> {
    Ok(connection
        .prepare_cached(sql::CONTENT)?
        .query_row([mailing.0], |row| row.get(0))?)
}

pub(super) fn set_stage(
    connection: &Connection,
    mailing: MailingId,
    stage: Stage,
    why: &str,
    now: DateTime<Utc>,
) -> Result<bool, Failure> {
    let before = connection
        .prepare_cached(sql::STAGE)?
        .query_row([mailing.0], |row| code::stage_at(row, 0))
        .optional()?;
    if before.is_none_or(|before| before == Stage::Cancelled) {
        return Ok(false);
    }
    let now = code::millis(now);
    connection.prepare_cached(sql::STAGE_PUT)?.execute((
        mailing.0,
        code::stage(stage),
        why,
        now,
    ))?;
    if stage == Stage::Cancelled {
        connection
            .prepare_cached(sql::CANCEL_OPEN)?
            .execute((mailing.0, now))?;
    }
    Ok(true)
}

pub(super) fn tally(connection: &Connection, mailing: MailingId) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    connection
        .prepare_cached(sql::TALLY)?
        .query_row([mailing.0], |row| {
            for state in State::ALL {
                let count: Option<i64> = row.get(code::state(state) as usize)?;
                tally.add(state, count.unwrap_or(0).unsigned_abs());
            }
            Ok(())
        })?;
    tally.next_due = connection
        .prepare_cached(sql::NEXT_DUE)?
        .query_row([mailing.0], |row| code::time_at(row, 0))
        .optional()?;
    Ok(tally)
}

/// States as bits, by their numbers.
fn bits(states: &[State]) -> i64 {
    states
        .iter()
        .fold(0, |bits, state| bits | 1 << code::state(*state))
}

pub(super) fn deliveries(
    connection: &Connection,
    mailing: MailingId,
    states: &[State],
    after: Option<SubscriberId>,
    limit: usize,
) -> Result<Vec<Delivery>, Failure> {
    let wanted = if states.is_empty() {
        bits(&State::ALL)
    } else {
        bits(states)
    };
    let after = after.map_or(0, |after| after.0);
    Ok(connection
        .prepare_cached(sql::DELIVERIES)?
        .query_map((mailing.0, after, wanted, code::rows(limit)), delivery_at)?
        .collect::<Result<_, _>>()?)
}

fn delivery_at(row: &Row<'_>) -> Result<Delivery, rusqlite::Error> {
    let state = code::state_at(row, 2)?;
    let reply = code::reply_at(row, 4)?;
    let address = match row.get_ref(1)? {
        ValueRef::Null => None,
        _ => Some(code::address_at(row, 1)?),
    };
    let due = match state {
        State::Deferred => Some(code::time_at(row, 10)?),
        _ => None,
    };
    Ok(Delivery {
        subscriber: SubscriberId(row.get(0)?),
        address,
        state,
        attempts: row.get(3)?,
        relay_id: reply
            .as_ref()
            .and_then(|reply| reply.queue_id())
            .map(str::to_owned),
        reply,
        note: row.get::<_, Option<String>>(7)?.unwrap_or_default(),
        message_id: row.get(8)?,
        at: code::maybe_time_at(row, 9)?,
        due,
    })
}

/// What is under way, taken over or cancelled with its mailing is not reopened,
/// whoever asks.
pub(super) fn reopen(
    connection: &Connection,
    mailing: MailingId,
    states: &[State],
    now: DateTime<Utc>,
) -> Result<u64, Failure> {
    let wanted: Vec<State> = states
        .iter()
        .copied()
        .filter(|state| {
            matches!(
                state,
                State::Deferred | State::Rejected | State::Unknown | State::Skipped
            )
        })
        .collect();
    let opened = connection.prepare_cached(sql::REOPEN)?.execute((
        mailing.0,
        code::millis(now).max(1),
        bits(&wanted),
    ))?;
    Ok(opened as u64)
}

pub(super) fn limits(connection: &Connection) -> Result<Vec<(String, String)>, Failure> {
    Ok(connection
        .prepare_cached(sql::LIMITS)?
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?)
}

pub(super) fn save_limits(
    connection: &Connection,
    limits: &[(String, String)],
) -> Result<(), Failure> {
    for (scope, state) in limits {
        if state.is_empty() {
            connection
                .prepare_cached(sql::LIMIT_REMOVE)?
                .execute([scope])?;
        } else {
            connection
                .prepare_cached(sql::LIMIT_PUT)?
                .execute((scope, state))?;
        }
    }
    Ok(())
}
