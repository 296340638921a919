//! Finding subscribers and what they or the editor change about them.

use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use tokio_postgres::Client;

use crate::mailing::provider;
use crate::store::numbers;
use crate::store::postgres::failure::Failure;
use crate::store::postgres::link::{change, first, rows};
use crate::store::postgres::row::{
    self, ENTRY, attributes_at, entry_at, maybe_time_at, reply_at, state_at, status_at, time_of,
};
use crate::store::postgres::{erasure, suppression};
use crate::store::rules::Wanted;
use crate::store::{Error, Growth, Past, Search};
use crate::subscriber::{Address, Entry, Reason, Status, SubscriberId, Suppression};

/// Rows that are looked through at once for a text.
const PAGE: usize = 5_000;
/// A day, in the milliseconds of stored times.
const DAY: i64 = 86_400_000;

pub(super) async fn find(
    client: &Client,
    address: &Address,
) -> Result<Option<(SubscriberId, Entry)>, Failure> {
    let text = format!("SELECT {ENTRY} WHERE s.key = $1");
    let found = first(client, &text, &[&address.key()]).await?;
    found.map(|row| entry_at(&row)).transpose()
}

pub(super) async fn person(client: &Client, subscriber: i64) -> Result<Option<Entry>, Failure> {
    let text = format!("SELECT {ENTRY} WHERE s.id = $1");
    let found = first(client, &text, &[&subscriber]).await?;
    found.map(|row| Ok(entry_at(&row)?.1)).transpose()
}

pub(super) async fn list(
    client: &Client,
    search: &Search,
    after: Option<SubscriberId>,
    limit: usize,
) -> Result<Vec<(SubscriberId, Entry)>, Failure> {
    let wanted = Wanted::new(&search.text);
    let all = search.text.trim().is_empty();
    let page = match all {
        true => limit,
        false => PAGE,
    };
    let text = format!(
        "SELECT {ENTRY} WHERE s.id > $1 AND ($2::bigint IS NULL OR s.status = $2)
            AND ($3::text IS NULL OR (s.tags <> '[]' AND s.tags::jsonb ? $3))
         ORDER BY s.id LIMIT $4"
    );
    let mut after = after.map_or(0, |after| after.0);
    let mut found = Vec::new();
    loop {
        let piece = rows(
            client,
            &text,
            &[
                &after,
                &search.status.map(numbers::status),
                &search.tag,
                &numbers::rows(page),
            ],
        )
        .await?;
        for row in &piece {
            after = row.try_get(0)?;
            if found.len() < limit && (all || wanted.matches(row.try_get(18)?, row.try_get(2)?)) {
                found.push(entry_at(row)?);
            }
        }
        if found.len() >= limit || piece.len() < page {
            return Ok(found);
        }
    }
}

pub(super) async fn count(client: &Client, search: &Search) -> Result<u64, Failure> {
    let wanted = Wanted::new(&search.text);
    let (mut after, mut count) = (0_i64, 0);
    loop {
        let piece = rows(
            client,
            "SELECT s.id, s.key, s.name FROM subscriber s
             WHERE s.id > $1 AND ($2::bigint IS NULL OR s.status = $2)
                AND ($3::text IS NULL OR (s.tags <> '[]' AND s.tags::jsonb ? $3))
             ORDER BY s.id LIMIT $4",
            &[
                &after,
                &search.status.map(numbers::status),
                &search.tag,
                &numbers::rows(PAGE),
            ],
        )
        .await?;
        for row in &piece {
            after = row.try_get(0)?;
            count += u64::from(wanted.matches(row.try_get(1)?, row.try_get(2)?));
        }
        if piece.len() < PAGE {
            return Ok(count);
        }
    }
}

pub(super) async fn set_status(
    client: &Client,
    address: &Address,
    status: Status,
    now: DateTime<Utc>,
) -> Result<bool, Failure> {
    let key = address.key();
    let Some((id, before)) = id_and_status(client, &key).await? else {
        return Ok(false);
    };
    let at = numbers::millis(now);
    match status {
        Status::Pending => {
            change(
                client,
                "UPDATE subscriber SET status = 0 WHERE id = $1",
                &[&id],
            )
            .await?;
        }
        Status::Confirmed => {
            if before != Status::Confirmed {
                change(
                    client,
                    "UPDATE subscriber SET status = 1, confirmed_at = $2, left_at = NULL
                     WHERE id = $1",
                    &[&id, &at],
                )
                .await?;
            }
            // Their own word lifts their own word and nothing else.
            let held = suppression::of_key(client, &key).await?;
            if held.is_some_and(|held| held.reason == Reason::Unsubscribed) {
                suppression::lift(client, &key).await?;
            }
        }
        Status::Unsubscribed => {
            if before != Status::Unsubscribed {
                change(
                    client,
                    "UPDATE subscriber SET status = 2, left_at = $2 WHERE id = $1",
                    &[&id, &at],
                )
                .await?;
            }
            let left = Suppression {
                reason: Reason::Unsubscribed,
                at: now,
                note: String::new(),
            };
            suppression::add(client, address, &left).await?;
        }
    }
    Ok(true)
}

pub(super) async fn id_and_status(
    client: &Client,
    key: &str,
) -> Result<Option<(i64, Status)>, Failure> {
    let found = first(
        client,
        "SELECT id, status FROM subscriber WHERE key = $1",
        &[&key],
    )
    .await?;
    found
        .map(|row| Ok((row.try_get(0)?, status_at(&row, 1)?)))
        .transpose()
}

pub(super) async fn take_back(
    client: &Client,
    address: &Address,
    left_at: DateTime<Utc>,
) -> Result<bool, Failure> {
    let key = address.key();
    let taken = change(
        client,
        "UPDATE subscriber s SET status = 1, left_at = NULL
         FROM suppression x
         WHERE s.key = $1 AND x.key = s.key AND s.status = 2 AND s.left_at = $2
            AND x.reason = $3 AND x.at = $2",
        &[
            &key,
            &numbers::millis(left_at),
            &numbers::reason(Reason::Unsubscribed),
        ],
    )
    .await?;
    if taken == 0 {
        return Ok(false);
    }
    suppression::lift(client, &key).await?;
    Ok(true)
}

pub(super) async fn set_language(
    client: &Client,
    address: &Address,
    language: &str,
) -> Result<bool, Failure> {
    let changed = change(
        client,
        "UPDATE subscriber SET language = $2 WHERE key = $1",
        &[&address.key(), &language],
    )
    .await?;
    Ok(changed > 0)
}

pub(super) async fn set_attribute(
    client: &Client,
    key: &str,
    name: &str,
    value: Option<&Json>,
) -> Result<bool, Failure> {
    let found = first(
        client,
        "SELECT attributes FROM subscriber WHERE key = $1",
        &[&key],
    )
    .await?;
    let Some(found) = found else {
        return Ok(false);
    };
    let mut attributes = attributes_at(&found, 0)?;
    match value {
        Some(value) => attributes.insert(name.to_owned(), value.clone()),
        None => attributes.shift_remove(name),
    };
    change(
        client,
        "UPDATE subscriber SET attributes = $2 WHERE key = $1",
        &[&key, &row::attributes(&attributes)],
    )
    .await?;
    Ok(true)
}

pub(super) async fn former(
    client: &Client,
    after: i64,
    limit: usize,
) -> Result<Vec<(i64, SubscriberId, String)>, Failure> {
    rows(
        client,
        "SELECT id, subscriber, key FROM former WHERE id > $1 ORDER BY id LIMIT $2",
        &[&after, &numbers::rows(limit)],
    )
    .await?
    .iter()
    .map(|row| {
        Ok((
            row.try_get(0)?,
            SubscriberId(row.try_get(1)?),
            row.try_get(2)?,
        ))
    })
    .collect()
}

pub(super) async fn change_address(
    client: &Client,
    old: &Address,
    new: &Address,
    now: DateTime<Utc>,
) -> Result<bool, Failure> {
    let (from, to) = (old.key(), new.key());
    let Some((id, _)) = id_and_status(client, &from).await? else {
        return Ok(false);
    };
    if from != to {
        if id_and_status(client, &to).await?.is_some() {
            return Err(Failure::Said(Error::Taken {
                what: "a subscriber with the new address",
            }));
        }
        // A mailbox that is gone stays behind; what somebody decided comes along.
        let mut comes = suppression::of_key(client, &from)
            .await?
            .filter(|held| held.reason != Reason::HardBounce);
        if erasure::is_erased(client, &to).await? {
            comes.get_or_insert(Suppression {
                reason: Reason::Erased,
                at: now,
                note: String::new(),
            });
        }
        if let Some(comes) = comes {
            suppression::add(client, new, &comes).await?;
        }
        change(
            client,
            "INSERT INTO former (subscriber, key) VALUES ($1, $2)",
            &[&id, &from],
        )
        .await?;
    }
    // The new mailbox has not failed yet.
    change(
        client,
        "DELETE FROM soft_bounce WHERE subscriber = $1",
        &[&id],
    )
    .await?;
    change(
        client,
        "UPDATE subscriber SET key = $2, address = $3, provider = $4 WHERE id = $1",
        &[&id, &to, &new.as_str(), &provider(new.domain())],
    )
    .await?;
    Ok(true)
}

pub(super) async fn first_subscriber(client: &Client) -> Result<Option<DateTime<Utc>>, Failure> {
    let found = first(
        client,
        "SELECT value::bigint FROM meta WHERE name = 'first_subscriber'",
        &[],
    )
    .await?;
    found.map(|row| time_of(row.try_get(0)?)).transpose()
}

pub(super) async fn growth(client: &Client) -> Result<Vec<Growth>, Failure> {
    // Days since 1970, as who came and who left say them.
    let days = rows(
        client,
        "SELECT day, sum(came)::bigint, sum(gone)::bigint FROM (
            SELECT COALESCE(confirmed_at, joined_at) / 86400000 AS day, 1 AS came, 0 AS gone
            FROM subscriber
            WHERE COALESCE(confirmed_at, joined_at) IS NOT NULL AND status <> $1
            UNION ALL
            SELECT left_at / 86400000, 0, 1 FROM subscriber
            WHERE left_at IS NOT NULL AND status = $2
         ) AS one GROUP BY day ORDER BY day",
        &[
            &numbers::status(Status::Pending),
            &numbers::status(Status::Unsubscribed),
        ],
    )
    .await?;
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    let mut growth = Vec::with_capacity(days.len());
    for row in &days {
        let day = row.try_get::<_, i64>(0)?.checked_mul(DAY);
        let Some(day) = day.and_then(DateTime::from_timestamp_millis) else {
            continue;
        };
        growth.push(Growth {
            day: day.date_naive(),
            joined: count(row.try_get(1)?),
            left: count(row.try_get(2)?),
        });
    }
    Ok(growth)
}

pub(super) async fn history(client: &Client, subscriber: i64) -> Result<Vec<Past>, Failure> {
    rows(
        client,
        "SELECT m.issue, m.title, CASE WHEN d.token IS NULL THEN d.state ELSE 2 END,
            d.code, d.enhanced, d.text, d.at
         FROM mailing m JOIN delivery d ON d.mailing = m.id AND d.subscriber = $1
         ORDER BY m.confirmed_at, m.id",
        &[&subscriber],
    )
    .await?
    .iter()
    .map(|row| {
        Ok(Past {
            issue: row.try_get(0)?,
            title: row.try_get(1)?,
            state: state_at(row, 2)?,
            reply: reply_at(row, 3)?,
            at: maybe_time_at(row, 6)?,
        })
    })
    .collect()
}
