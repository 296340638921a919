//! The public door: who asked to come in, their confirmation, and the messages
//! that go out about it.

use chrono::{DateTime, Utc};
use tokio_postgres::{Client, Row};

use crate::mailing::provider;
use crate::store::numbers;
use crate::store::postgres::failure::Failure;
use crate::store::postgres::link::{change, first, rows};
use crate::store::postgres::row::{address_at, time_at};
use crate::store::postgres::{erasure, people, suppression};
use crate::store::{BOUNCE_REST, NewNotice, Notice, NoticeId, NoticeKind, OptIn, SignUp, Standing};
use crate::subscriber::{Address, Reason, Status, SubscriberId, Tag};

const SIGNUP: &str = "SELECT tag, address, name, language, origin, network, asked_at, moves
    FROM signup";

/// Keeps that somebody asked, with a message to their address. The same is
/// written for every address: how long it takes tells nothing about it.
pub(super) async fn ask(client: &Client, asked: &SignUp, room: usize) -> Result<bool, Failure> {
    let notice = NewNotice {
        kind: match asked.moves {
            Some(_) => NoticeKind::Move,
            None => NoticeKind::Confirm,
        },
        address: asked.address.clone(),
        language: asked.language.clone(),
        at: asked.at,
    };
    if !notify(client, &notice, room).await? {
        return Ok(false);
    }
    change(
        client,
        "INSERT INTO signup AS s (tag, key, address, name, language, origin, network,
            asked_at, moves)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (key) DO UPDATE SET tag = excluded.tag, address = excluded.address,
            name = excluded.name, language = excluded.language, origin = excluded.origin,
            network = excluded.network, asked_at = excluded.asked_at,
            moves = coalesce(excluded.moves, s.moves)",
        &[
            &asked.tag.bytes().to_vec(),
            &asked.address.key(),
            &asked.address.as_str(),
            &asked.name,
            &asked.language,
            &asked.origin,
            &asked.network,
            &numbers::millis(asked.at),
            &asked.moves.map(|subscriber| subscriber.0),
        ],
    )
    .await?;
    Ok(true)
}

pub(super) async fn asked(client: &Client, tag: Tag) -> Result<Option<SignUp>, Failure> {
    let text = format!("{SIGNUP} WHERE tag = $1");
    let found = first(client, &text, &[&tag.bytes().to_vec()]).await?;
    found.as_ref().map(signup_at).transpose()
}

/// Sign-ups in the order of their addresses.
pub(super) async fn waiting(
    client: &Client,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<SignUp>, Failure> {
    let after = after.unwrap_or_default().to_ascii_lowercase();
    let text = format!("{SIGNUP} WHERE key > $1 ORDER BY key LIMIT $2");
    rows(client, &text, &[&after, &numbers::rows(limit)])
        .await?
        .iter()
        .map(signup_at)
        .collect()
}

pub(super) async fn forget(client: &Client, before: DateTime<Utc>) -> Result<u64, Failure> {
    change(
        client,
        "DELETE FROM signup WHERE asked_at < $1",
        &[&numbers::millis(before)],
    )
    .await
}

/// How an address stands, with what was decided about it and its domain.
pub(super) async fn standing(
    client: &Client,
    address: &Address,
    now: DateTime<Utc>,
) -> Result<Standing, Failure> {
    let key = address.key();
    let domain = first(
        client,
        "SELECT 1 FROM suppressed_domain WHERE domain = $1",
        &[&address.domain()],
    )
    .await?;
    if domain.is_some() {
        return Ok(Standing::Barred(Reason::Manual));
    }
    if let Some(reason) = erasure::held(client, &key).await? {
        return Ok(Standing::Barred(reason));
    }
    let held = suppression::of_key(client, &key).await?;
    match held.map(|held| held.reason) {
        Some(reason @ (Reason::Complaint | Reason::Manual)) => Ok(Standing::Barred(reason)),
        Some(Reason::HardBounce) => {
            let lifted = first(client, "SELECT at FROM lifted WHERE key = $1", &[&key]).await?;
            let lifted = lifted.map(|row| time_at(&row, 0)).transpose()?;
            // Promise: once in 30 days.
            let rests = lifted.is_some_and(|at| now - at < BOUNCE_REST);
            Ok(match rests {
                true => Standing::Barred(Reason::HardBounce),
                false => Standing::Free,
            })
        }
        Some(Reason::Unsubscribed | Reason::Erased) => Ok(Standing::Free),
        None => Ok(match people::id_and_status(client, &key).await? {
            Some((_, Status::Confirmed)) => Standing::Subscribed,
            _ => Standing::Free,
        }),
    }
}

/// Does what was asked for, now that the owner of the address says so too.
pub(super) async fn opt_in(
    client: &Client,
    tag: Tag,
    network: &str,
    welcome: &[NoticeKind],
    now: DateTime<Utc>,
) -> Result<OptIn, Failure> {
    let Some(asked) = asked(client, tag).await? else {
        return Ok(OptIn::Unknown);
    };
    change(
        client,
        "DELETE FROM signup WHERE key = $1",
        &[&asked.address.key()],
    )
    .await?;
    match standing(client, &asked.address, now).await? {
        Standing::Barred(reason) => return Ok(OptIn::Barred(reason)),
        Standing::Subscribed => return Ok(OptIn::Already),
        Standing::Free => {}
    }
    if let Some(subscriber) = asked.moves {
        return move_here(client, &asked, subscriber, now).await;
    }
    lift(client, &asked.address, now).await?;
    enrol(client, &asked, network, now).await?;
    for kind in welcome {
        let notice = NewNotice {
            kind: *kind,
            address: asked.address.clone(),
            language: asked.language.clone(),
            at: now,
        };
        // Whoever confirmed is mailed, however many others wait.
        notify(client, &notice, usize::MAX).await?;
    }
    Ok(OptIn::Confirmed)
}

async fn move_here(
    client: &Client,
    asked: &SignUp,
    subscriber: SubscriberId,
    now: DateTime<Utc>,
) -> Result<OptIn, Failure> {
    let Some(entry) = people::person(client, subscriber.0).await? else {
        return Ok(OptIn::Unknown);
    };
    // Somebody else who left or never confirmed may have it. There is one person
    // behind an address, and what they were is in the way.
    change(
        client,
        "DELETE FROM subscriber WHERE key = $1 AND id <> $2",
        &[&asked.address.key(), &subscriber.0],
    )
    .await?;
    lift(client, &asked.address, now).await?;
    let old = &entry.subscriber.address;
    let moved = people::change_address(client, old, &asked.address, now).await?;
    Ok(if moved { OptIn::Moved } else { OptIn::Unknown })
}

/// Lifts what an owner's own word lifts; [`standing`] was asked before.
async fn lift(client: &Client, address: &Address, now: DateTime<Utc>) -> Result<(), Failure> {
    let key = address.key();
    if suppression::lift(client, &key).await? == Some(Reason::HardBounce) {
        change(
            client,
            "INSERT INTO lifted (key, at) VALUES ($1, $2)
             ON CONFLICT (key) DO UPDATE SET at = excluded.at",
            &[&key, &numbers::millis(now)],
        )
        .await?;
    }
    erasure::forget(client, &key).await
}

/// Makes them a subscriber, or one again. How they came before is no proof of
/// this time.
async fn enrol(
    client: &Client,
    asked: &SignUp,
    network: &str,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let (asked_at, at) = (numbers::millis(asked.at), numbers::millis(now));
    let enrolled = first(
        client,
        "INSERT INTO subscriber AS s (key, address, provider, name, status, language, tags,
            attributes, origin, joined_at, joined_ip, confirmed_at, confirmed_ip)
         VALUES ($1, $2, $3, $4, 1, $5, '[]', '{}', $6, $7, $8, $9, $10)
         ON CONFLICT (key) DO UPDATE SET status = 1, origin = excluded.origin,
            joined_at = excluded.joined_at, joined_ip = excluded.joined_ip,
            confirmed_at = excluded.confirmed_at, confirmed_ip = excluded.confirmed_ip,
            left_at = NULL, language = coalesce(excluded.language, s.language),
            name = CASE WHEN excluded.name = '' THEN s.name ELSE excluded.name END
         RETURNING id",
        &[
            &asked.address.key(),
            &asked.address.as_str(),
            &provider(asked.address.domain()),
            &asked.name,
            &asked.language,
            &asked.origin,
            &asked_at,
            &asked.network,
            &at,
            &network,
        ],
    )
    .await?;
    if let Some(row) = enrolled {
        // A new word of theirs; the mailbox has not failed since.
        change(
            client,
            "DELETE FROM soft_bounce WHERE subscriber = $1",
            &[&row.try_get::<_, i64>(0)?],
        )
        .await?;
    }
    change(
        client,
        "INSERT INTO meta (name, value) VALUES ('first_subscriber', $1::bigint::text)
         ON CONFLICT DO NOTHING",
        &[&at],
    )
    .await?;
    Ok(())
}

/// Adds a message to send, where there are fewer than `room`. One of the kind
/// that waits for the address already is that one.
pub(super) async fn notify(
    client: &Client,
    notice: &NewNotice,
    room: usize,
) -> Result<bool, Failure> {
    let added = change(
        client,
        "INSERT INTO notice (kind, key, address, language, made_at, due)
         SELECT $1, $2, $3, $4, $5, $5 WHERE (SELECT count(*) FROM notice) < $6
         ON CONFLICT (kind, key) DO UPDATE SET address = excluded.address,
            language = excluded.language, made_at = excluded.made_at",
        &[
            &numbers::notice(notice.kind),
            &notice.address.key(),
            &notice.address.as_str(),
            &notice.language,
            &numbers::millis(notice.at),
            &numbers::rows(room),
        ],
    )
    .await?;
    Ok(added > 0)
}

/// Takes messages that are due, each until `lease`: then another one may.
pub(super) async fn take(
    client: &Client,
    now: DateTime<Utc>,
    lease: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<Notice>, Failure> {
    let taken = rows(
        client,
        "UPDATE notice SET due = $2, attempts = attempts + 1
         WHERE id IN (SELECT id FROM notice WHERE due <= $1 ORDER BY due LIMIT $3)
         RETURNING id, kind, address, language, made_at, attempts",
        &[
            &numbers::millis(now),
            &numbers::millis(lease),
            &numbers::rows(limit),
        ],
    )
    .await?;
    let mut taken = taken
        .iter()
        .map(notice_at)
        .collect::<Result<Vec<Notice>, Failure>>()?;
    // The order of RETURNING is nobody's promise.
    taken.sort_by_key(|notice| notice.id);
    Ok(taken)
}

pub(super) async fn put_off(
    client: &Client,
    notice: NoticeId,
    due: DateTime<Utc>,
) -> Result<(), Failure> {
    change(
        client,
        "UPDATE notice SET due = $2 WHERE id = $1",
        &[&notice.0, &numbers::millis(due)],
    )
    .await?;
    Ok(())
}

pub(super) async fn end(client: &Client, notice: NoticeId) -> Result<(), Failure> {
    change(client, "DELETE FROM notice WHERE id = $1", &[&notice.0]).await?;
    Ok(())
}

/// Forgets all that waits for an address.
pub(super) async fn erase(client: &Client, key: &str) -> Result<(), Failure> {
    for statement in [
        "DELETE FROM signup WHERE key = $1",
        "DELETE FROM notice WHERE key = $1",
        "DELETE FROM lifted WHERE key = $1",
    ] {
        change(client, statement, &[&key]).await?;
    }
    Ok(())
}

fn signup_at(row: &Row) -> Result<SignUp, Failure> {
    let tag = row
        .try_get::<_, &[u8]>(0)?
        .try_into()
        .map_err(|_| Failure::unreadable("a tag"))?;
    Ok(SignUp {
        tag: Tag::of_bytes(tag),
        address: address_at(row, 1)?,
        name: row.try_get(2)?,
        language: row.try_get(3)?,
        origin: row.try_get(4)?,
        network: row.try_get(5)?,
        at: time_at(row, 6)?,
        moves: row.try_get::<_, Option<i64>>(7)?.map(SubscriberId),
    })
}

fn notice_at(row: &Row) -> Result<Notice, Failure> {
    let attempts: i64 = row.try_get(5)?;
    Ok(Notice {
        id: NoticeId(row.try_get(0)?),
        kind: numbers::notice_of(row.try_get(1)?).ok_or_else(|| Failure::unreadable("a number"))?,
        address: address_at(row, 2)?,
        language: row.try_get(3)?,
        at: time_at(row, 4)?,
        attempts: u32::try_from(attempts).map_err(|_| Failure::unreadable("a number"))?,
    })
}
