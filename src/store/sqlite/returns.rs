//! What follows from mail that came back.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use crate::store::model::{Return, Returned, Settled};
use crate::store::sqlite::failure::Failure;
use crate::store::sqlite::{code, erasure, people, statements as sql, suppression};
use crate::subscriber::Status;

/// Settles all of it, in order.
pub(super) fn settle(
    connection: &Connection,
    returns: &[Return],
    now: DateTime<Utc>,
) -> Result<Vec<Settled>, Failure> {
    let erased = erasure::Hashes::read(connection)?;
    let mut settled = Vec::with_capacity(returns.len());
    for one in returns {
        if erased.have(connection, &one.address.key())? {
            settled.push(Settled::Unchanged);
        } else {
            settled.push(settle_one(connection, one, now)?);
        }
    }
    Ok(settled)
}

fn settle_one(
    connection: &Connection,
    one: &Return,
    now: DateTime<Utc>,
) -> Result<Settled, Failure> {
    let key = one.address.key();
    let suppress = |suppression| {
        let changed = suppression::add(connection, &one.address, suppression)?;
        Ok(if changed {
            Settled::Suppressed
        } else {
            Settled::Unchanged
        })
    };
    match &one.what {
        Returned::Suppress(with) => suppress(with),
        Returned::Leave => match people::id_and_status(connection, &key)? {
            None | Some((_, Status::Unsubscribed)) => Ok(Settled::Unchanged),
            Some(_) => {
                people::set_status(connection, &one.address, Status::Unsubscribed, now)?;
                Ok(Settled::Left)
            }
        },
        Returned::Soft {
            message,
            since,
            limit,
            then,
        } => {
            let Some((id, _)) = people::id_and_status(connection, &key)? else {
                return Ok(Settled::Unchanged);
            };
            if suppression::of_key(connection, &key)?.is_some() {
                return Ok(Settled::Unchanged);
            }
            connection
                .prepare_cached(sql::SOFT_DROP)?
                .execute((id, code::millis(*since)))?;
            connection.prepare_cached(sql::SOFT_ADD)?.execute(params![
                id,
                message,
                code::millis(now)
            ])?;
            let count: i64 = connection
                .prepare_cached(sql::SOFT_COUNT)?
                .query_row([id], |row| row.get(0))?;
            let count = u64::try_from(count).unwrap_or(0);
            if count < *limit {
                return Ok(Settled::Counted(count));
            }
            // Whoever is let in again begins anew.
            connection.prepare_cached(sql::SOFT_FORGET)?.execute([id])?;
            suppress(then)
        }
    }
}
