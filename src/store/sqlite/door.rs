//! The public door: who asked to come in, their confirmation, and the messages
//! that go out about it.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::mailing::provider;
use crate::store::signup::{
    BOUNCE_REST, NewNotice, Notice, NoticeId, NoticeKind, OptIn, SignUp, Standing,
};
use crate::store::sqlite::erasure::Hashes;
use crate::store::sqlite::failure::Failure;
use crate::store::sqlite::{code, people, statements as sql, suppression};
use crate::subscriber::{Address, Reason, Status, SubscriberId, Tag};

/// Keeps that somebody asked, with a message to their address. The same is
/// written for every address: how long it takes tells nothing about it.
pub(super) fn ask(connection: &Connection, asked: &SignUp, room: usize) -> Result<bool, Failure> {
    let notice = NewNotice {
        kind: match asked.moves {
            Some(_) => NoticeKind::Move,
            None => NoticeKind::Confirm,
        },
        address: asked.address.clone(),
        language: asked.language.clone(),
        at: asked.at,
    };
    if !notify(connection, &notice, room)? {
        return Ok(false);
    }
    connection
        .prepare_cached(sql::SIGNUP_PUT)?
        .execute(params![
            asked.tag.bytes(),
            asked.address.key(),
            asked.address.as_str(),
            asked.name,
            asked.language,
            asked.origin,
            asked.network,
            code::millis(asked.at),
            asked.moves.map(|subscriber| subscriber.0),
        ])?;
    Ok(true)
}

pub(super) fn asked(connection: &Connection, tag: Tag) -> Result<Option<SignUp>, Failure> {
    Ok(connection
        .prepare_cached(sql::SIGNUP)?
        .query_row([tag.bytes()], signup_at)
        .optional()?)
}

/// Sign-ups in the order of their addresses.
pub(super) fn waiting(
    connection: &Connection,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<SignUp>, Failure> {
    let after = after.unwrap_or_default().to_ascii_lowercase();
    Ok(connection
        .prepare_cached(sql::SIGNUPS)?
        .query_map((after, code::rows(limit)), signup_at)?
        .collect::<Result<_, _>>()?)
}

pub(super) fn forget(connection: &Connection, before: DateTime<Utc>) -> Result<u64, Failure> {
    let gone = connection
        .prepare_cached(sql::SIGNUP_FORGET)?
        .execute([code::millis(before)])?;
    Ok(gone as u64)
}

/// How an address stands, with what was decided about it and its domain.
pub(super) fn standing(
    connection: &Connection,
    address: &Address,
    now: DateTime<Utc>,
) -> Result<Standing, Failure> {
    let key = address.key();
    if suppression::of_domain(connection, address.domain())?.is_some() {
        return Ok(Standing::Barred(Reason::Manual));
    }
    if let Some(reason) = Hashes::read(connection)?.held(connection, &key)? {
        return Ok(Standing::Barred(reason));
    }
    let held = suppression::of_key(connection, &key)?.map(|held| held.reason);
    match held {
        Some(reason @ (Reason::Complaint | Reason::Manual)) => Ok(Standing::Barred(reason)),
        Some(Reason::HardBounce) => {
            let lifted = connection
                .prepare_cached(sql::LIFTED)?
                .query_row([&key], |row| code::time_at(row, 0))
                .optional()?;
            // Promise: once in 30 days.
            let rests = lifted.is_some_and(|at| now - at < BOUNCE_REST);
            Ok(match rests {
                true => Standing::Barred(Reason::HardBounce),
                false => Standing::Free,
            })
        }
        Some(Reason::Unsubscribed | Reason::Erased) => Ok(Standing::Free),
        None => {
            let known = people::id_and_status(connection, &key)?;
            Ok(match known {
                Some((_, Status::Confirmed)) => Standing::Subscribed,
                _ => Standing::Free,
            })
        }
    }
}

/// Does what was asked for, now that the owner of the address says so too.
pub(super) fn opt_in(
    connection: &Connection,
    tag: Tag,
    network: &str,
    welcome: &[NoticeKind],
    now: DateTime<Utc>,
) -> Result<OptIn, Failure> {
    let Some(asked) = asked(connection, tag)? else {
        return Ok(OptIn::Unknown);
    };
    connection
        .prepare_cached(sql::SIGNUP_DROP)?
        .execute([asked.address.key()])?;
    match standing(connection, &asked.address, now)? {
        Standing::Barred(reason) => return Ok(OptIn::Barred(reason)),
        Standing::Subscribed => return Ok(OptIn::Already),
        Standing::Free => {}
    }
    if let Some(subscriber) = asked.moves {
        return move_here(connection, &asked, subscriber, now);
    }
    lift(connection, &asked.address, now)?;
    enrol(connection, &asked, network, now)?;
    for kind in welcome {
        let notice = NewNotice {
            kind: *kind,
            address: asked.address.clone(),
            language: asked.language.clone(),
            at: now,
        };
        // Whoever confirmed is mailed, however many others wait.
        notify(connection, &notice, usize::MAX)?;
    }
    Ok(OptIn::Confirmed)
}

fn move_here(
    connection: &Connection,
    asked: &SignUp,
    subscriber: SubscriberId,
    now: DateTime<Utc>,
) -> Result<OptIn, Failure> {
    let Some(entry) = people::person(connection, subscriber)? else {
        return Ok(OptIn::Unknown);
    };
    let key = asked.address.key();
    let known = people::id_and_status(connection, &key)?;
    if known.is_some_and(|(id, _)| id != subscriber.0) {
        // Somebody who left or never confirmed had it. There is one person behind
        // an address, and what they were is in the way.
        connection
            .prepare_cached(sql::SUBSCRIBER_REMOVE_KEY)?
            .execute([&key])?;
    }
    lift(connection, &asked.address, now)?;
    let moved = people::change_address(connection, &entry.subscriber.address, &asked.address, now)?;
    Ok(if moved { OptIn::Moved } else { OptIn::Unknown })
}

/// Lifts what an owner's own word lifts; [`standing`] was asked before.
fn lift(connection: &Connection, address: &Address, now: DateTime<Utc>) -> Result<(), Failure> {
    let key = address.key();
    if suppression::lift(connection, &key)? == Some(Reason::HardBounce) {
        connection
            .prepare_cached(sql::LIFTED_PUT)?
            .execute((&key, code::millis(now)))?;
    }
    Hashes::read(connection)?.forget(connection, &key)
}

/// Makes them a subscriber, or one again. How they came before is no proof of
/// this time.
fn enrol(
    connection: &Connection,
    asked: &SignUp,
    network: &str,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let key = asked.address.key();
    let (asked_at, at) = (code::millis(asked.at), code::millis(now));
    if let Some((id, _)) = people::id_and_status(connection, &key)? {
        connection
            .prepare_cached(sql::SUBSCRIBER_RETURN)?
            .execute(params![
                id,
                asked.origin,
                asked_at,
                asked.network,
                at,
                network,
                asked.language,
                asked.name,
            ])?;
        // A new word of theirs; the mailbox has not failed since.
        connection.prepare_cached(sql::SOFT_FORGET)?.execute([id])?;
        return Ok(());
    }
    connection
        .prepare_cached(sql::SUBSCRIBER_ADD)?
        .execute(params![
            key,
            asked.address.as_str(),
            provider(asked.address.domain()),
            asked.name,
            code::status(Status::Confirmed),
            asked.language,
            None::<String>,
            None::<i64>,
            "[]",
            "{}",
            asked.origin,
            asked_at,
            asked.network,
            at,
            network,
            None::<i64>,
        ])?;
    connection
        .prepare_cached(sql::META_PUT)?
        .execute(("first_subscriber", at))?;
    Ok(())
}

/// Adds a message to send, where there are fewer than `room`. One of the kind
/// that waits for the address already is that one.
pub(super) fn notify(
    connection: &Connection,
    notice: &NewNotice,
    room: usize,
) -> Result<bool, Failure> {
    let full = connection
        .prepare_cached(sql::NOTICE_COUNT)?
        .query_row((), |row| row.get::<_, i64>(0))?
        >= code::rows(room);
    if full {
        return Ok(false);
    }
    connection
        .prepare_cached(sql::NOTICE_PUT)?
        .execute(params![
            code::notice(notice.kind),
            notice.address.key(),
            notice.address.as_str(),
            notice.language,
            code::millis(notice.at),
        ])?;
    Ok(true)
}

/// Takes messages that are due, each until `lease`: then another one may.
pub(super) fn take(
    connection: &Connection,
    now: DateTime<Utc>,
    lease: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<Notice>, Failure> {
    let mut taken = connection
        .prepare_cached(sql::NOTICE_TAKE)?
        .query_map(
            (code::millis(now), code::millis(lease), code::rows(limit)),
            notice_at,
        )?
        .collect::<Result<Vec<Notice>, _>>()?;
    // The order of RETURNING is nobody's promise.
    taken.sort_by_key(|notice| notice.id);
    Ok(taken)
}

pub(super) fn put_off(
    connection: &Connection,
    notice: NoticeId,
    due: DateTime<Utc>,
) -> Result<(), Failure> {
    connection
        .prepare_cached(sql::NOTICE_PUT_OFF)?
        .execute((notice.0, code::millis(due)))?;
    Ok(())
}

pub(super) fn end(connection: &Connection, notice: NoticeId) -> Result<(), Failure> {
    connection
        .prepare_cached(sql::NOTICE_END)?
        .execute([notice.0])?;
    Ok(())
}

/// Forgets all that waits for an address.
pub(super) fn erase(connection: &Connection, key: &str) -> Result<(), Failure> {
    for statement in [sql::SIGNUP_DROP, sql::NOTICE_ERASE, sql::LIFTED_ERASE] {
        connection.prepare_cached(statement)?.execute([key])?;
    }
    Ok(())
}

fn signup_at(row: &Row<'_>) -> Result<SignUp, rusqlite::Error> {
    Ok(SignUp {
        tag: Tag::of_bytes(row.get(0)?),
        address: code::address_at(row, 1)?,
        name: row.get(2)?,
        language: row.get(3)?,
        origin: row.get(4)?,
        network: row.get(5)?,
        at: code::time_at(row, 6)?,
        moves: row.get::<_, Option<i64>>(7)?.map(SubscriberId),
    })
}

fn notice_at(row: &Row<'_>) -> Result<Notice, rusqlite::Error> {
    Ok(Notice {
        id: NoticeId(row.get(0)?),
        kind: code::notice_at(row, 1)?,
        address: code::address_at(row, 2)?,
        language: row.get(3)?,
        at: code::time_at(row, 4)?,
        attempts: row.get(5)?,
    })
}
