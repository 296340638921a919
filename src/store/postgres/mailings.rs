//! Mailings as a whole: their stage, their content, their deliveries in numbers
//! and lists.

use chrono::{DateTime, Utc};
use tokio_postgres::{Client, Row};

use crate::mailing::{Delivery, Mailing, MailingId, Stage, State, Tally};
use crate::store::numbers;
use crate::store::postgres::failure::Failure;
use crate::store::postgres::link::{change, first, rows};
use crate::store::postgres::row::{
    address_at, count_at, maybe_time_at, reply_at, stage_at, state_at, time_at, time_of,
};
use crate::subscriber::SubscriberId;

const MAILING: &str = "SELECT id, issue, title, digest, filter, stage, why, confirmed_at,
    starts_at, changed_at FROM mailing";

pub(super) async fn all(client: &Client) -> Result<Vec<Mailing>, Failure> {
    let text = format!("{MAILING} ORDER BY confirmed_at DESC, id DESC");
    rows(client, &text, &[])
        .await?
        .iter()
        .map(mailing_at)
        .collect()
}

pub(super) async fn of_issue(client: &Client, issue: &str) -> Result<Option<Mailing>, Failure> {
    let text = format!("{MAILING} WHERE issue = $1");
    let found = first(client, &text, &[&issue]).await?;
    found.as_ref().map(mailing_at).transpose()
}

fn mailing_at(row: &Row) -> Result<Mailing, Failure> {
    Ok(Mailing {
        id: MailingId(row.try_get(0)?),
        issue: row.try_get(1)?,
        title: row.try_get(2)?,
        digest: row.try_get(3)?,
        filter: row.try_get(4)?,
        stage: stage_at(row, 5)?,
        why: row.try_get(6)?,
        confirmed_at: time_at(row, 7)?,
        starts_at: time_at(row, 8)?,
        changed_at: time_at(row, 9)?,
    })
}

pub(super) async fn content(client: &Client, mailing: MailingId) -> Result<Vec<u8>, Failure> {
    let found = first(
        client,
        "SELECT bytes FROM content WHERE mailing = $1",
        &[&mailing.0],
    )
    .await?;
    match found {
        Some(row) => Ok(row.try_get(0)?),
        None => Err(Failure::unreadable("the content of a mailing")),
    }
}

pub(super) async fn set_stage(
    client: &Client,
    mailing: MailingId,
    stage: Stage,
    why: &str,
    now: DateTime<Utc>,
) -> Result<bool, Failure> {
    let now = numbers::millis(now);
    let moved = change(
        client,
        "UPDATE mailing SET stage = $2, why = $3, changed_at = $4
         WHERE id = $1 AND stage <> $5",
        &[
            &mailing.0,
            &numbers::stage(stage),
            &why,
            &now,
            &numbers::stage(Stage::Cancelled),
        ],
    )
    .await?;
    if moved == 0 {
        return Ok(false);
    }
    if stage == Stage::Cancelled {
        change(
            client,
            "UPDATE delivery SET state = 7, claim = NULL, at = $2
             WHERE mailing = $1 AND state < 2 AND token IS NULL",
            &[&mailing.0, &now],
        )
        .await?;
    }
    Ok(true)
}

pub(super) async fn tally(client: &Client, mailing: MailingId) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    let counted = rows(
        client,
        "SELECT CASE WHEN token IS NULL THEN state ELSE 2 END, count(*)
         FROM delivery WHERE mailing = $1 GROUP BY 1",
        &[&mailing.0],
    )
    .await?;
    for row in &counted {
        tally.add(state_at(row, 0)?, count_at(row, 1)?);
    }
    let next = first(
        client,
        "SELECT due FROM delivery
         WHERE mailing = $1 AND state < 2 AND state = 1 AND token IS NULL AND due > 0
         ORDER BY due LIMIT 1",
        &[&mailing.0],
    )
    .await?;
    tally.next_due = next.map(|row| time_of(row.try_get(0)?)).transpose()?;
    Ok(tally)
}

pub(super) async fn deliveries(
    client: &Client,
    mailing: MailingId,
    states: &[State],
    after: Option<SubscriberId>,
    limit: usize,
) -> Result<Vec<Delivery>, Failure> {
    let wanted = match states {
        [] => &State::ALL[..],
        some => some,
    };
    let wanted: Vec<i64> = wanted.iter().copied().map(numbers::state).collect();
    rows(
        client,
        "SELECT d.subscriber, s.address, CASE WHEN d.token IS NULL THEN d.state ELSE 2 END,
            d.attempts, d.code, d.enhanced, d.text, d.note, d.message_id, d.at, d.due
         FROM delivery d LEFT JOIN subscriber s ON s.id = d.subscriber
         WHERE d.mailing = $1 AND d.subscriber > $2
            AND CASE WHEN d.token IS NULL THEN d.state ELSE 2 END = ANY ($3)
         ORDER BY d.subscriber LIMIT $4",
        &[
            &mailing.0,
            &after.map_or(0, |after| after.0),
            &wanted,
            &numbers::rows(limit),
        ],
    )
    .await?
    .iter()
    .map(delivery_at)
    .collect()
}

fn delivery_at(row: &Row) -> Result<Delivery, Failure> {
    let state = state_at(row, 2)?;
    let reply = reply_at(row, 4)?;
    let address = match row.try_get::<_, Option<&str>>(1)? {
        None => None,
        Some(_) => Some(address_at(row, 1)?),
    };
    let due = match state {
        State::Deferred => Some(time_at(row, 10)?),
        _ => None,
    };
    let attempts: i64 = row.try_get(3)?;
    Ok(Delivery {
        subscriber: SubscriberId(row.try_get(0)?),
        address,
        state,
        attempts: u32::try_from(attempts).map_err(|_| Failure::unreadable("a number"))?,
        relay_id: reply
            .as_ref()
            .and_then(|reply| reply.queue_id())
            .map(str::to_owned),
        reply,
        note: row.try_get::<_, Option<String>>(7)?.unwrap_or_default(),
        message_id: row.try_get(8)?,
        at: maybe_time_at(row, 9)?,
        due,
    })
}

/// What is under way, taken over or cancelled with its mailing is not reopened,
/// whoever asks.
pub(super) async fn reopen(
    client: &Client,
    mailing: MailingId,
    states: &[State],
    now: DateTime<Utc>,
) -> Result<u64, Failure> {
    let wanted: Vec<i64> = states
        .iter()
        .filter(|state| {
            matches!(
                state,
                State::Deferred | State::Rejected | State::Unknown | State::Skipped
            )
        })
        .map(|state| numbers::state(*state))
        .collect();
    change(
        client,
        "UPDATE delivery SET state = CASE state WHEN 1 THEN 1 ELSE 0 END, due = $2,
            first_attempt = NULL
         WHERE mailing = $1 AND state = ANY ($3) AND token IS NULL",
        &[&mailing.0, &numbers::millis(now).max(1), &wanted],
    )
    .await
}

pub(super) async fn limits(client: &Client) -> Result<Vec<(String, String)>, Failure> {
    rows(
        client,
        "SELECT scope, state FROM limits ORDER BY scope",
        &[],
    )
    .await?
    .iter()
    .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
    .collect()
}

/// What is remembered of one scope; whoever asks next waits for the end of this
/// transaction.
pub(super) async fn limit(client: &Client, scope: &str) -> Result<String, Failure> {
    change(
        client,
        "INSERT INTO limits (scope, state) VALUES ($1, '') ON CONFLICT DO NOTHING",
        &[&scope],
    )
    .await?;
    let found = first(
        client,
        "SELECT state FROM limits WHERE scope = $1 FOR UPDATE",
        &[&scope],
    )
    .await?;
    Ok(found.map_or(Ok(String::new()), |row| row.try_get(0))?)
}

pub(super) async fn save_limits(
    client: &Client,
    limits: &[(String, String)],
) -> Result<(), Failure> {
    for (scope, state) in limits {
        if state.is_empty() {
            change(client, "DELETE FROM limits WHERE scope = $1", &[scope]).await?;
        } else {
            change(
                client,
                "INSERT INTO limits (scope, state) VALUES ($1, $2)
                 ON CONFLICT (scope) DO UPDATE SET state = excluded.state",
                &[scope, state],
            )
            .await?;
        }
    }
    Ok(())
}
