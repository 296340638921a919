//! Forgetting a person. What stays is a salted hash of the address, by which
//! they are known again should a list bring them back.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use tokio_postgres::Client;

use crate::mailing::Exclusion;
use crate::store::Error;
use crate::store::numbers;
use crate::store::postgres::failure::Failure;
use crate::store::postgres::link::{change, first, rows};
use crate::store::postgres::row::{address_at, reason_at};
use crate::store::postgres::{door, suppression};
use crate::store::rules::{editors, hash, hash_line, parse_hash_line};
use crate::subscriber::{Address, Reason, Suppression};

/// Subscribers whose hashes are made at once.
const PAGE: i64 = 10_000;

/// Whether the person with this key was erased.
pub(super) async fn is_erased(client: &Client, key: &str) -> Result<bool, Failure> {
    Ok(!which(client, &[key]).await?.is_empty())
}

/// Which of these were erased.
pub(super) async fn which<'k>(
    client: &Client,
    keys: &[&'k str],
) -> Result<HashSet<&'k str>, Failure> {
    let mut found = HashSet::new();
    for row in rows(client, "SELECT DISTINCT salt FROM erased", &[]).await? {
        let salt: Vec<u8> = row.try_get(0)?;
        let hashes: Vec<Vec<u8>> = keys.iter().map(|key| hash(&salt, key).to_vec()).collect();
        let known = rows(
            client,
            "SELECT hash FROM erased WHERE salt = $1 AND hash = ANY ($2)",
            &[&salt, &hashes],
        )
        .await?;
        let mut all = HashSet::with_capacity(known.len());
        for row in known {
            all.insert(row.try_get::<_, Vec<u8>>(0)?);
        }
        let meant = keys.iter().zip(&hashes);
        found.extend(
            meant
                .filter(|(_, hash)| all.contains(*hash))
                .map(|(key, _)| *key),
        );
    }
    Ok(found)
}

/// Why the person with this key was not mailed before they were erased, where
/// their own word does not lift that.
pub(super) async fn held(client: &Client, key: &str) -> Result<Option<Reason>, Failure> {
    for row in rows(client, "SELECT DISTINCT salt FROM erased", &[]).await? {
        let salt: Vec<u8> = row.try_get(0)?;
        let held = first(
            client,
            "SELECT held FROM erased WHERE salt = $1 AND hash = $2 AND held IS NOT NULL",
            &[&salt, &hash(&salt, key).to_vec()],
        )
        .await?;
        if let Some(held) = held {
            return reason_at(&held, 0).map(Some);
        }
    }
    Ok(None)
}

/// Forgets that the person with this key was erased: they came back.
pub(super) async fn forget(client: &Client, key: &str) -> Result<(), Failure> {
    for row in rows(client, "SELECT DISTINCT salt FROM erased", &[]).await? {
        let salt: Vec<u8> = row.try_get(0)?;
        change(
            client,
            "DELETE FROM erased WHERE salt = $1 AND hash = $2",
            &[&salt, &hash(&salt, key).to_vec()],
        )
        .await?;
    }
    Ok(())
}

/// Adds a person by our own salt; `held` is a reason of before.
pub(super) async fn add(
    client: &Client,
    key: &str,
    id: Option<i64>,
    held: Option<Reason>,
) -> Result<(), Failure> {
    let row = first(
        client,
        "SELECT decode(value, 'hex') FROM meta WHERE name = 'salt'",
        &[],
    )
    .await?;
    let salt: Vec<u8> = match row {
        Some(row) => row.try_get(0)?,
        None => return Err(Failure::unreadable("the salt of hashes")),
    };
    let held = held.filter(|reason| editors(*reason)).map(numbers::reason);
    change(
        client,
        "INSERT INTO erased AS e (salt, hash, subscriber, held) VALUES ($1, $2, $3, $4)
         ON CONFLICT (salt, hash) DO UPDATE SET
            subscriber = coalesce(excluded.subscriber, e.subscriber),
            held = coalesce(excluded.held, e.held)",
        &[&salt, &hash(&salt, key).to_vec(), &id, &held],
    )
    .await?;
    Ok(())
}

/// Removes a person everywhere; true where anything was there.
pub(super) async fn erase(
    client: &Client,
    address: &Address,
    now: DateTime<Utc>,
) -> Result<bool, Failure> {
    let key = address.key();
    let row = first(client, "SELECT id FROM subscriber WHERE key = $1", &[&key]).await?;
    let id: Option<i64> = row.map(|row| row.try_get(0)).transpose()?;
    let held = suppression::lift(client, &key).await?;
    add(client, &key, id, held).await?;
    door::erase(client, &key).await?;
    if let Some(id) = id {
        for statement in [
            "DELETE FROM subscriber WHERE id = $1",
            "DELETE FROM soft_bounce WHERE subscriber = $1",
            "DELETE FROM former WHERE subscriber = $1",
            "DELETE FROM attempt WHERE mailing IN (SELECT id FROM mailing) AND subscriber = $1",
            "UPDATE delivery SET text = CASE WHEN text IS NOT NULL THEN '' END, note = NULL,
                message_id = NULL
             WHERE mailing IN (SELECT id FROM mailing) AND subscriber = $1",
        ] {
            change(client, statement, &[&id]).await?;
        }
        change(
            client,
            "UPDATE delivery SET state = 6, claim = NULL, note = $2, at = $3
             WHERE mailing IN (SELECT id FROM mailing) AND subscriber = $1 AND state < 2
                AND token IS NULL",
            &[
                &id,
                &Exclusion::Suppressed(Reason::Erased).words(),
                &numbers::millis(now),
            ],
        )
        .await?;
    }
    Ok(id.is_some() || held.is_some())
}

/// All hashes as `salt:hash`.
pub(super) async fn list(client: &Client) -> Result<Vec<String>, Failure> {
    rows(
        client,
        "SELECT salt, hash FROM erased ORDER BY salt, hash",
        &[],
    )
    .await?
    .iter()
    .map(|row| Ok(hash_line(row.try_get(0)?, row.try_get(1)?)))
    .collect()
}

/// Takes in hashes of this or another store; how many were new. Subscribers
/// whom they mean are suppressed as erased.
pub(super) async fn absorb(
    client: &Client,
    place: &str,
    lines: &[String],
    now: DateTime<Utc>,
) -> Result<u64, Failure> {
    let (mut salts, mut hashes) = (Vec::new(), Vec::new());
    for line in lines {
        let Some((salt, hash)) = parse_hash_line(line) else {
            return Err(Failure::Said(Error::Database {
                doing: "reading the hashes of the erased",
                path: place.into(),
                source: "a line does not look like salt:hash in hexadecimal".into(),
            }));
        };
        salts.push(salt);
        hashes.push(hash.to_vec());
    }
    let new = rows(
        client,
        "INSERT INTO erased (salt, hash) SELECT DISTINCT * FROM unnest($1, $2)
         ON CONFLICT DO NOTHING RETURNING salt, hash",
        &[&salts, &hashes],
    )
    .await?;
    let mut meant: HashSet<(Vec<u8>, Vec<u8>)> = HashSet::with_capacity(new.len());
    for row in &new {
        meant.insert((row.try_get(0)?, row.try_get(1)?));
    }
    if !meant.is_empty() {
        suppress_meant(client, &meant, now).await?;
    }
    Ok(meant.len() as u64)
}

async fn suppress_meant(
    client: &Client,
    meant: &HashSet<(Vec<u8>, Vec<u8>)>,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let erased = Suppression {
        reason: Reason::Erased,
        at: now,
        note: String::new(),
    };
    let salts: HashSet<&Vec<u8>> = meant.iter().map(|(salt, _)| salt).collect();
    let mut after = 0_i64;
    loop {
        let page = rows(
            client,
            "SELECT id, key, address FROM subscriber WHERE id > $1 ORDER BY id LIMIT $2",
            &[&after, &PAGE],
        )
        .await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.try_get(0)?;
        for row in &page {
            let key: &str = row.try_get(1)?;
            let is_meant =
                |salt: &&Vec<u8>| meant.contains(&((*salt).clone(), hash(salt, key).to_vec()));
            if salts.iter().any(is_meant) {
                suppression::add(client, &address_at(row, 2)?, &erased).await?;
            }
        }
    }
}
