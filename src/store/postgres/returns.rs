//! What follows from mail that came back.

use chrono::{DateTime, Utc};
use tokio_postgres::Client;

use crate::store::numbers;
use crate::store::postgres::failure::Failure;
use crate::store::postgres::link::{change, first};
use crate::store::postgres::row::count_at;
use crate::store::postgres::{erasure, people, suppression};
use crate::store::{Return, Returned, Settled};
use crate::subscriber::Status;

/// Settles all of it, in order.
pub(super) async fn settle(
    client: &Client,
    returns: &[Return],
    now: DateTime<Utc>,
) -> Result<Vec<Settled>, Failure> {
    let keys: Vec<String> = returns.iter().map(|one| one.address.key()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let erased = erasure::which(client, &keys).await?;
    let mut settled = Vec::with_capacity(returns.len());
    for (one, key) in returns.iter().zip(&keys) {
        settled.push(match erased.contains(key) {
            true => Settled::Unchanged,
            false => settle_one(client, one, key, now).await?,
        });
    }
    Ok(settled)
}

async fn settle_one(
    client: &Client,
    one: &Return,
    key: &str,
    now: DateTime<Utc>,
) -> Result<Settled, Failure> {
    let suppress = async |with| {
        Ok(match suppression::add(client, &one.address, with).await? {
            true => Settled::Suppressed,
            false => Settled::Unchanged,
        })
    };
    match &one.what {
        Returned::Suppress(with) => suppress(with).await,
        Returned::Leave => match people::id_and_status(client, key).await? {
            None | Some((_, Status::Unsubscribed)) => Ok(Settled::Unchanged),
            Some(_) => {
                people::set_status(client, &one.address, Status::Unsubscribed, now).await?;
                Ok(Settled::Left)
            }
        },
        Returned::Soft {
            message,
            since,
            limit,
            then,
        } => {
            let Some((id, _)) = people::id_and_status(client, key).await? else {
                return Ok(Settled::Unchanged);
            };
            if suppression::of_key(client, key).await?.is_some() {
                return Ok(Settled::Unchanged);
            }
            change(
                client,
                "DELETE FROM soft_bounce WHERE subscriber = $1 AND at < $2",
                &[&id, &numbers::millis(*since)],
            )
            .await?;
            change(
                client,
                "INSERT INTO soft_bounce (subscriber, message, at) VALUES ($1, $2, $3)
                 ON CONFLICT DO NOTHING",
                &[&id, message, &numbers::millis(now)],
            )
            .await?;
            let row = first(
                client,
                "SELECT count(*) FROM soft_bounce WHERE subscriber = $1",
                &[&id],
            )
            .await?;
            let count = row.map_or(Ok(0), |row| count_at(&row, 0))?;
            if count < *limit {
                return Ok(Settled::Counted(count));
            }
            // Whoever is let in again begins anew.
            change(
                client,
                "DELETE FROM soft_bounce WHERE subscriber = $1",
                &[&id],
            )
            .await?;
            suppress(then).await
        }
    }
}
