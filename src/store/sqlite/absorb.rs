//! Taking in a list. Nothing is lifted by it, and taking in the same list twice
//! changes nothing.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use crate::mailing::provider;
use crate::store::model::Absorbed;
use crate::store::rules::{merge, opt_out, round};
use crate::store::sqlite::erasure::Hashes;
use crate::store::sqlite::failure::Failure;
use crate::store::sqlite::{code, statements as sql, suppression};
use crate::subscriber::{Entry, Reason, Status, Subscriber, Suppression};

/// Takes in entries, in their order.
pub(super) fn absorb(
    connection: &Connection,
    entries: Vec<Entry>,
    now: DateTime<Utc>,
) -> Result<Vec<Absorbed>, Failure> {
    let mut against = Against::read(connection)?;
    let mut answers = Vec::with_capacity(entries.len());
    for entry in entries {
        answers.push(one(connection, &mut against, entry, now)?);
    }
    if answers
        .iter()
        .any(|answer| matches!(answer, Absorbed::Added | Absorbed::Withheld(_)))
    {
        connection
            .prepare_cached(sql::META_PUT)?
            .execute(("first_subscriber", code::millis(now)))?;
    }
    Ok(answers)
}

/// What may speak against somebody new. Most stores have little of it, and what
/// is not there is not looked for a million times.
struct Against {
    hashes: Hashes,
    suppressions: bool,
    domains: bool,
}

impl Against {
    /// As it is now: good for one transaction.
    fn read(connection: &Connection) -> Result<Against, Failure> {
        let any = |statement| {
            connection
                .prepare_cached(statement)?
                .query_row((), |row| row.get(0))
        };
        Ok(Against {
            hashes: Hashes::read(connection)?,
            suppressions: any(sql::SUPPRESSION_ANY)?,
            domains: any(sql::DOMAIN_ANY)?,
        })
    }

    fn of_key(&self, connection: &Connection, key: &str) -> Result<Option<Suppression>, Failure> {
        match self.suppressions {
            true => suppression::of_key(connection, key),
            false => Ok(None),
        }
    }

    fn of_domain(
        &self,
        connection: &Connection,
        domain: &str,
    ) -> Result<Option<Suppression>, Failure> {
        match self.domains {
            true => suppression::of_domain(connection, domain),
            false => Ok(None),
        }
    }
}

fn one(
    connection: &Connection,
    against: &mut Against,
    entry: Entry,
    now: DateTime<Utc>,
) -> Result<Absorbed, Failure> {
    let key = entry.subscriber.address.key();
    let opt_out = opt_out(&entry, now);
    let says_confirmed = entry.subscriber.status == Status::Confirmed && opt_out.is_none();
    let address = entry.subscriber.address.clone();
    let domain = against.of_domain(connection, address.domain())?;
    let known = connection
        .prepare_cached(sql::ENTRY_BY_KEY)?
        .query_row([&key], code::entry_at)
        .optional()?;

    let (answer, held) = match known {
        None => {
            if against.hashes.have(connection, &key)? {
                return Ok(Absorbed::Erased);
            }
            let held = against.of_key(connection, &key)?;
            if let Some(Reason::Erased) = opt_out.as_ref().map(|opt_out| opt_out.reason) {
                let held = held.map(|held| held.reason);
                against.hashes.add(connection, &key, None, held)?;
                suppression::lift(connection, &key)?;
                return Ok(Absorbed::Erased);
            }
            let mut new = entry.subscriber;
            round(&mut new);
            add(connection, &key, &new)?;
            (Absorbed::Added, held)
        }
        Some((id, known)) => {
            let mut merged = known.subscriber.clone();
            merge(&mut merged, entry.subscriber);
            let held = match (known.suppression, merged.status) {
                // Left, and the suppression of it lifted by the editor: still gone.
                (None, Status::Unsubscribed) if says_confirmed => {
                    return changed(connection, id.0, &known.subscriber, &merged)
                        .map(|_| Absorbed::Withheld(Reason::Unsubscribed));
                }
                (held, _) => held,
            };
            match changed(connection, id.0, &known.subscriber, &merged)? {
                true => (Absorbed::Updated, held),
                false => (Absorbed::Unchanged, held),
            }
        }
    };

    if let Some(opt_out) = opt_out {
        let written = suppression::add(connection, &address, &opt_out)?;
        against.suppressions = true;
        if written && answer == Absorbed::Unchanged {
            return Ok(Absorbed::Updated);
        }
    }
    Ok(match held.or(domain) {
        Some(held) if says_confirmed => Absorbed::Withheld(held.reason),
        _ => answer,
    })
}

fn add(connection: &Connection, key: &str, new: &Subscriber) -> Result<(), Failure> {
    let consent = &new.consent;
    connection
        .prepare_cached(sql::SUBSCRIBER_ADD)?
        .execute(params![
            key,
            new.address.as_str(),
            provider(new.address.domain()),
            new.name,
            code::status(new.status),
            new.language,
            new.edition,
            new.edition_until.map(code::millis),
            code::tags(&new.tags),
            code::attributes(&new.attributes),
            consent.origin,
            consent.joined_at.map(code::millis),
            consent.joined_ip,
            consent.confirmed_at.map(code::millis),
            consent.confirmed_ip,
            consent.left_at.map(code::millis),
        ])?;
    Ok(())
}

/// Writes what is new; false where nothing is.
fn changed(
    connection: &Connection,
    id: i64,
    before: &Subscriber,
    after: &Subscriber,
) -> Result<bool, Failure> {
    if before == after {
        return Ok(false);
    }
    let consent = &after.consent;
    connection
        .prepare_cached(sql::SUBSCRIBER_UPDATE)?
        .execute(params![
            id,
            after.name,
            code::status(after.status),
            after.language,
            after.edition,
            after.edition_until.map(code::millis),
            code::tags(&after.tags),
            code::attributes(&after.attributes),
            consent.origin,
            consent.joined_at.map(code::millis),
            consent.joined_ip,
            consent.confirmed_at.map(code::millis),
            consent.confirmed_ip,
            consent.left_at.map(code::millis),
        ])?;
    Ok(true)
}
