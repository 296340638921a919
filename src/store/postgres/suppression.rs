//! Addresses and domains that are never mailed.

use tokio_postgres::Client;

use crate::store::numbers;
use crate::store::postgres::erasure;
use crate::store::postgres::failure::Failure;
use crate::store::postgres::link::{change, first, rows};
use crate::store::postgres::row::{reason_at, suppression_at};
use crate::store::rules::{domain_name, outweighs};
use crate::subscriber::{Address, Reason, Suppression};

/// Suppresses an address, unless that says no more than what is known of it.
pub(super) async fn add(
    client: &Client,
    address: &Address,
    suppression: &Suppression,
) -> Result<bool, Failure> {
    let key = address.key();
    if let Some(held) = of_key(client, &key).await?
        && !outweighs(suppression.reason, held.reason)
    {
        return Ok(false);
    }
    change(
        client,
        "INSERT INTO suppression (key, address, reason, at, note) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (key) DO UPDATE SET address = excluded.address, reason = excluded.reason,
            at = excluded.at, note = excluded.note",
        &[
            &key,
            &address.as_str(),
            &numbers::reason(suppression.reason),
            &numbers::millis(suppression.at),
            &suppression.note,
        ],
    )
    .await?;
    Ok(true)
}

/// The same for the trait: whoever was erased is suppressed already, and their
/// address is not written down again.
pub(super) async fn suppress(
    client: &Client,
    address: &Address,
    suppression: &Suppression,
) -> Result<bool, Failure> {
    if erasure::is_erased(client, &address.key()).await? {
        return Ok(false);
    }
    add(client, address, suppression).await
}

pub(super) async fn of_key(client: &Client, key: &str) -> Result<Option<Suppression>, Failure> {
    let found = first(
        client,
        "SELECT reason, at, note FROM suppression WHERE key = $1",
        &[&key],
    )
    .await?;
    found.map(|row| suppression_at(&row, 0)).transpose()
}

pub(super) async fn lift(client: &Client, key: &str) -> Result<Option<Reason>, Failure> {
    let found = first(
        client,
        "DELETE FROM suppression WHERE key = $1 RETURNING reason",
        &[&key],
    )
    .await?;
    found.map(|row| reason_at(&row, 0)).transpose()
}

pub(super) async fn suppress_domain(
    client: &Client,
    domain: &str,
    suppression: &Suppression,
) -> Result<bool, Failure> {
    let domain = domain_name(domain);
    let held = first(
        client,
        "SELECT reason FROM suppressed_domain WHERE domain = $1",
        &[&domain],
    )
    .await?;
    if let Some(held) = held
        && !outweighs(suppression.reason, reason_at(&held, 0)?)
    {
        return Ok(false);
    }
    change(
        client,
        "INSERT INTO suppressed_domain (domain, reason, at, note) VALUES ($1, $2, $3, $4)
         ON CONFLICT (domain) DO UPDATE SET reason = excluded.reason, at = excluded.at,
            note = excluded.note",
        &[
            &domain,
            &numbers::reason(suppression.reason),
            &numbers::millis(suppression.at),
            &suppression.note,
        ],
    )
    .await?;
    Ok(true)
}

pub(super) async fn lift_domain(client: &Client, domain: &str) -> Result<Option<Reason>, Failure> {
    let found = first(
        client,
        "DELETE FROM suppressed_domain WHERE domain = $1 RETURNING reason",
        &[&domain_name(domain)],
    )
    .await?;
    found.map(|row| reason_at(&row, 0)).transpose()
}

pub(super) async fn list(
    client: &Client,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(String, Suppression)>, Failure> {
    let after = after.unwrap_or_default().to_ascii_lowercase();
    let found = rows(
        client,
        "SELECT key AS place, address, reason, at, note FROM suppression WHERE key > $1
         UNION ALL
         SELECT '@' || domain, '@' || domain, reason, at, note FROM suppressed_domain
            WHERE '@' || domain > $1
         ORDER BY place LIMIT $2",
        &[&after, &numbers::rows(limit)],
    )
    .await?;
    found
        .iter()
        .map(|row| Ok((row.try_get(1)?, suppression_at(row, 2)?)))
        .collect()
}
