//! Steps of the engine: the outcome of a connection's last delivery and
//! `sending` for its next, with suppression and subscription looked up beside
//! them. The caller holds the transaction.

use chrono::{DateTime, Utc};
use rusqlite::types::{Null, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::mailing::{Exclusion, MailingId, Stage, State};
use crate::store::model::{Candidate, Cursor, Due, Ended, Finished, Skip, Start, Step, Verdict};
use crate::store::rules::beginning;
use crate::store::sqlite::failure::Failure;
use crate::store::sqlite::{code, statements as sql, suppression};
use crate::subscriber::{Reason, Status, SubscriberId, Suppression};

/// Said of rows that a dead process left in the middle.
const INTERRUPTED: &str = "the program ended before the reply was recorded";

/// One step.
pub(super) fn step(connection: &Connection, step: &Step) -> Result<Verdict, Failure> {
    if let Some(finished) = &step.finished {
        finish(connection, step.mailing, finished, step.now)?;
    }
    match &step.next {
        Some(start) => begin(connection, step.mailing, start, step.now),
        None => Ok(Verdict::Recorded),
    }
}

/// Records how a delivery ended, where it is `sending` and nowhere else.
fn finish(
    connection: &Connection,
    mailing: MailingId,
    finished: &Finished,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let (mailing, subscriber) = (mailing.0, finished.subscriber.0);
    let (at, now) = (now, code::millis(now));
    if finished.ended == Ended::Accepted && accept(connection, mailing, finished, now)? {
        return Ok(());
    }
    let sending = connection
        .prepare_cached(sql::SENDING)?
        .query_row((mailing, subscriber), |row| {
            let attempts: i64 = row.get(0)?;
            let erased = row.get_ref(1)? == ValueRef::Null;
            Ok((attempts, erased))
        })
        .optional()?;
    let Some((attempts, erased)) = sending else {
        return Ok(());
    };
    let mut due = None;
    let state = match finished.ended {
        Ended::Returned => {
            connection
                .prepare_cached(sql::RETURN)?
                .execute((mailing, subscriber, now))?;
            return cancel_too(connection, mailing, subscriber);
        }
        Ended::Accepted => State::Accepted,
        Ended::Rejected(_) => State::Rejected,
        Ended::Deferred(time) => {
            // 0 is kept for what was never tried.
            due = Some(code::millis(time).max(1));
            State::Deferred
        }
        Ended::Unknown => State::Unknown,
    };
    if attempts > 1 {
        connection
            .prepare_cached(sql::ATTEMPT_KEEP)?
            .execute((mailing, subscriber))?;
    }
    let reply = finished.reply.as_ref();
    // Servers repeat addresses in their replies; nothing of somebody who was
    // erased meanwhile is to come back that way.
    let (text, note) = if erased {
        (reply.map(|_| ""), None)
    } else {
        (
            reply.map(|reply| beginning(&reply.text)),
            Some(finished.note.as_str()).filter(|note| !note.is_empty()),
        )
    };
    connection.prepare_cached(sql::FINISH)?.execute(params![
        mailing,
        subscriber,
        code::state(state),
        now,
        code::phase(finished.phase),
        reply.map(|reply| reply.code),
        reply.and_then(|reply| reply.enhanced).map(code::enhanced),
        text,
        note,
        due,
    ])?;
    match finished.ended {
        Ended::Deferred(_) => cancel_too(connection, mailing, subscriber),
        Ended::Rejected(Some(reason)) if !erased => {
            let address = connection
                .prepare_cached(sql::SENDING_ADDRESS)?
                .query_row([subscriber], |row| code::address_at(row, 0))?;
            let suppression = Suppression {
                reason,
                at,
                note: text.unwrap_or_default().to_owned(),
            };
            suppression::add(connection, &address, &suppression)?;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Records at once what nearly all deliveries come to; false where there is more to
/// look at, and nothing was changed.
fn accept(
    connection: &Connection,
    mailing: i64,
    finished: &Finished,
    now: i64,
) -> Result<bool, Failure> {
    if !finished.note.is_empty() {
        return Ok(false);
    }
    let reply = finished.reply.as_ref();
    let changed = connection.prepare_cached(sql::ACCEPT)?.execute(params![
        mailing,
        finished.subscriber.0,
        now,
        code::phase(finished.phase),
        reply.map(|reply| reply.code),
        reply.and_then(|reply| reply.enhanced).map(code::enhanced),
        reply.map(|reply| beginning(&reply.text)),
    ])?;
    Ok(changed > 0)
}

/// What is open again after its mailing was cancelled is cancelled with it.
fn cancel_too(connection: &Connection, mailing: i64, subscriber: i64) -> Result<(), Failure> {
    connection
        .prepare_cached(sql::CANCEL_RETURNED)?
        .execute((mailing, subscriber))?;
    Ok(())
}

/// Marks a delivery as `sending`, or says why not.
fn begin(
    connection: &Connection,
    mailing: MailingId,
    start: &Start,
    now: DateTime<Utc>,
) -> Result<Verdict, Failure> {
    let (mailing, subscriber) = (mailing.0, start.subscriber.0);
    let now = code::millis(now);
    let found = connection
        .prepare_cached(sql::NEXT)?
        .query_row((mailing, subscriber), |row| {
            let stage = code::stage_at(row, 0)?;
            let before: Option<i64> = row.get(1)?;
            let due: Option<i64> = row.get(5)?;
            Ok((
                stage,
                before,
                due.is_none_or(|due| due <= now),
                skip_at(row)?,
            ))
        })
        .optional()?;
    let Some((stage, before, is_due, skip)) = found else {
        return Ok(Verdict::Withheld(Stage::Cancelled));
    };
    let before = match before {
        // What was read as due may have been deferred since.
        Some(before @ (code::PENDING | code::DEFERRED)) if stage == Stage::Open && is_due => before,
        _ => return Ok(Verdict::Withheld(stage)),
    };
    if let Some(skip) = skip {
        let words = match skip {
            Skip::Unsubscribed => Exclusion::Unsubscribed.words(),
            Skip::Suppressed(reason) => Exclusion::Suppressed(reason).words(),
            Skip::DomainSuppressed => Exclusion::DomainSuppressed.words(),
        };
        connection
            .prepare_cached(sql::SKIP)?
            .execute((mailing, subscriber, now, words))?;
        return Ok(Verdict::Skipped(skip));
    }
    connection.prepare_cached(sql::START)?.execute((
        mailing,
        subscriber,
        before,
        now,
        &start.message_id,
    ))?;
    Ok(Verdict::Go)
}

/// Reads `status, reason, whether the domain is suppressed` of [`sql::NEXT`].
fn skip_at(row: &Row<'_>) -> Result<Option<Skip>, rusqlite::Error> {
    if row.get::<_, Option<i64>>(2)?.is_none() {
        // Nobody is there any more.
        return Ok(Some(Skip::Suppressed(Reason::Erased)));
    }
    if code::status_at(row, 2)? != Status::Confirmed {
        return Ok(Some(Skip::Unsubscribed));
    }
    if row.get::<_, Option<i64>>(3)?.is_some() {
        return Ok(Some(Skip::Suppressed(code::reason_at(row, 3)?)));
    }
    Ok(row.get::<_, bool>(4)?.then_some(Skip::DomainSuppressed))
}

/// Rows in the middle become unknown.
pub(super) fn recover(connection: &Connection, now: DateTime<Utc>) -> Result<u64, Failure> {
    let interrupted = connection
        .prepare_cached(sql::INTERRUPTED)?
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<Vec<(i64, i64, i64)>, _>>()?;
    for (mailing, subscriber, attempts) in &interrupted {
        if *attempts > 1 {
            connection
                .prepare_cached(sql::ATTEMPT_KEEP)?
                .execute((mailing, subscriber))?;
        }
        connection.prepare_cached(sql::FINISH)?.execute(params![
            mailing,
            subscriber,
            code::state(State::Unknown),
            code::millis(now),
            Null,
            Null,
            Null,
            Null,
            INTERRUPTED,
            Null,
        ])?;
    }
    Ok(interrupted.len() as u64)
}

/// Open deliveries that are due.
pub(super) fn due(connection: &Connection, due: &Due) -> Result<Vec<Candidate>, Failure> {
    let now = code::millis(due.now);
    let mailing = due.mailing.0;
    let after = due.after.unwrap_or(Cursor {
        due: -1,
        subscriber: SubscriberId(0),
    });
    let Some(provider) = &due.provider else {
        return Ok(connection
            .prepare_cached(sql::DUE)?
            .query_map(
                params![
                    mailing,
                    now,
                    after.due,
                    after.subscriber.0,
                    code::rows(due.limit)
                ],
                candidate_at,
            )?
            .collect::<Result<_, _>>()?);
    };
    let mut found = Vec::new();
    if after.due <= 0 {
        found = new_of(connection, due, provider, after)?;
    }
    if found.len() < due.limit {
        let small: bool = connection
            .prepare_cached(sql::IS_SMALL)?
            .query_row([provider], |row| row.get(0))?;
        let statement = if small {
            sql::DUE_TRIED_OF_SMALL
        } else {
            sql::DUE_TRIED_OF_LARGE
        };
        // What was never tried is done with here.
        let (from, behind) = match after.due {
            ..=0 => (1, 0),
            from => (from, after.subscriber.0),
        };
        let rest = code::rows(due.limit - found.len());
        let mut statement = connection.prepare_cached(statement)?;
        let tried = statement.query_map(
            params![mailing, provider, now, from, behind, rest],
            candidate_at,
        )?;
        for candidate in tried {
            found.push(candidate?);
        }
    }
    Ok(found)
}

/// Deliveries to a provider that were never tried. They are found by walking
/// its subscribers; those before the first of all that was never tried need not
/// be looked at.
fn new_of(
    connection: &Connection,
    due: &Due,
    provider: &str,
    after: Cursor,
) -> Result<Vec<Candidate>, Failure> {
    let mailing = due.mailing.0;
    let first: Option<i64> = connection
        .prepare_cached(sql::FIRST_NEW)?
        .query_row([mailing], |row| row.get(0))
        .optional()?;
    let Some(first) = first else {
        return Ok(Vec::new());
    };
    let behind = match after.due {
        0 => after.subscriber.0.max(first - 1),
        _ => first - 1,
    };
    Ok(connection
        .prepare_cached(sql::DUE_NEW_OF)?
        .query_map(
            params![mailing, provider, behind, code::rows(due.limit)],
            candidate_at,
        )?
        .collect::<Result<_, _>>()?)
}

fn candidate_at(row: &Row<'_>) -> Result<Candidate, rusqlite::Error> {
    let subscriber = SubscriberId(row.get(0)?);
    Ok(Candidate {
        subscriber,
        recipient: code::recipient_at(row, 4)?,
        provider: row.get(8)?,
        attempts: row.get(2)?,
        first_attempt: code::maybe_time_at(row, 3)?,
        cursor: Cursor {
            due: row.get(1)?,
            subscriber,
        },
    })
}
