//! Forgetting a person. What stays is a salted hash of the address, by which
//! they are known again should a list bring them back.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use crate::mailing::Exclusion;
use crate::store::Error;
use crate::store::rules::{editors, hash, hash_line, parse_hash_line};
use crate::store::sqlite::failure::Failure;
use crate::store::sqlite::{code, door, statements as sql, suppression};
use crate::subscriber::{Address, Reason, Suppression};

/// Knows whether somebody was erased, here or in a store whose hashes were
/// taken in.
pub(super) struct Hashes {
    salts: Vec<Vec<u8>>,
}

impl Hashes {
    /// As they are now: good for one transaction.
    pub(super) fn read(connection: &Connection) -> Result<Hashes, Failure> {
        let salts = connection
            .prepare_cached(sql::ERASED_SALTS)?
            .query_map((), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(Hashes { salts })
    }

    /// Whether the person with this key was erased.
    pub(super) fn have(&self, connection: &Connection, key: &str) -> Result<bool, Failure> {
        for salt in &self.salts {
            let found = connection
                .prepare_cached(sql::ERASED_HAS)?
                .exists((salt, hash(salt, key)))?;
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Why the person with this key was not mailed before they were erased, where
    /// their own word does not lift that.
    pub(super) fn held(
        &self,
        connection: &Connection,
        key: &str,
    ) -> Result<Option<Reason>, Failure> {
        for salt in &self.salts {
            let held = connection
                .prepare_cached(sql::ERASED_HELD)?
                .query_row((salt, hash(salt, key)), |row| row.get::<_, Option<i64>>(0))
                .optional()?;
            if let Some(held) = held.flatten() {
                return Ok(Some(code::reason_of(held)?));
            }
        }
        Ok(None)
    }

    /// Forgets that the person with this key was erased: they came back.
    pub(super) fn forget(&self, connection: &Connection, key: &str) -> Result<(), Failure> {
        for salt in &self.salts {
            connection
                .prepare_cached(sql::ERASED_DROP)?
                .execute((salt, hash(salt, key)))?;
        }
        Ok(())
    }

    /// Adds a person by our own salt; `held` is a reason of before.
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        key: &str,
        id: Option<i64>,
        held: Option<Reason>,
    ) -> Result<(), Failure> {
        let salt: Vec<u8> = connection
            .prepare_cached(sql::META_GET)?
            .query_row(["salt"], |row| row.get(0))?;
        let held = held.filter(|reason| editors(*reason)).map(code::reason);
        connection
            .prepare_cached(sql::ERASED_ADD)?
            .execute(params![salt, hash(&salt, key), id, held])?;
        if !self.salts.contains(&salt) {
            self.salts.push(salt);
        }
        Ok(())
    }
}

/// Removes a person everywhere; true where anything was there.
pub(super) fn erase(
    connection: &Connection,
    address: &Address,
    now: DateTime<Utc>,
) -> Result<bool, Failure> {
    let key = address.key();
    let id: Option<i64> = connection
        .prepare_cached(sql::SUBSCRIBER_ID)?
        .query_row([&key], |row| row.get(0))
        .optional()?;
    let held = suppression::lift(connection, &key)?;
    Hashes::read(connection)?.add(connection, &key, id, held)?;
    door::erase(connection, &key)?;
    if let Some(id) = id {
        let run = |statement| connection.prepare_cached(statement)?.execute([id]);
        run(sql::SUBSCRIBER_REMOVE)?;
        run(sql::SOFT_FORGET)?;
        run(sql::FORMER_FORGET)?;
        run(sql::ATTEMPTS_SCRUB)?;
        run(sql::DELIVERIES_SCRUB)?;
        connection.prepare_cached(sql::DELIVERIES_SKIP)?.execute((
            id,
            Exclusion::Suppressed(Reason::Erased).words(),
            code::millis(now),
        ))?;
    }
    Ok(id.is_some() || held.is_some())
}

/// Moves what was committed out of the log beside the file and empties the log:
/// erased bytes, which are zeroes in the file, must not live on there.
pub(super) fn empty_log(connection: &Connection) -> Result<(), Failure> {
    connection.query_row(sql::CHECKPOINT, (), |_| Ok(()))?;
    Ok(())
}

/// All hashes as `salt:hash`.
pub(super) fn list(connection: &Connection) -> Result<Vec<String>, Failure> {
    Ok(connection
        .prepare_cached(sql::ERASED_ALL)?
        .query_map((), |row| {
            let (salt, hash): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
            Ok(hash_line(&salt, &hash))
        })?
        .collect::<Result<_, _>>()?)
}

/// Takes in hashes of this or another store; how many were new. Subscribers
/// whom they mean are suppressed as erased: the file keeps them, for they may
/// have come back by themselves, but nobody mails them.
pub(super) fn absorb(
    connection: &Connection,
    path: &Path,
    lines: &[String],
    now: DateTime<Utc>,
) -> Result<u64, Failure> {
    let mut new: BTreeMap<Vec<u8>, HashSet<[u8; 32]>> = BTreeMap::new();
    let mut count = 0;
    for line in lines {
        let Some((salt, hash)) = parse_hash_line(line) else {
            return Err(Failure::Said(Error::Database {
                doing: "reading the hashes of the erased",
                path: path.to_owned(),
                source: "a line does not look like salt:hash in hexadecimal".into(),
            }));
        };
        let added = connection
            .prepare_cached(sql::ERASED_ABSORB)?
            .execute((&salt, hash))?;
        if added > 0 {
            count += 1;
            new.entry(salt).or_default().insert(hash);
        }
    }
    if !new.is_empty() {
        suppress_meant(connection, &new, now)?;
    }
    Ok(count)
}

fn suppress_meant(
    connection: &Connection,
    new: &BTreeMap<Vec<u8>, HashSet<[u8; 32]>>,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let suppression = Suppression {
        reason: Reason::Erased,
        at: now,
        note: String::new(),
    };
    let mut statement = connection.prepare_cached(sql::SUBSCRIBER_KEYS)?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let key = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        let meant =
            |(salt, hashes): (&Vec<u8>, &HashSet<[u8; 32]>)| hashes.contains(&hash(salt, key));
        if new.iter().any(meant) {
            suppression::add(connection, &code::address_at(row, 1)?, &suppression)?;
        }
    }
    Ok(())
}
