//! Addresses and domains that are never mailed.

use rusqlite::{Connection, OptionalExtension, params};

use crate::store::rules::{domain_name, outweighs};
use crate::store::sqlite::failure::Failure;
use crate::store::sqlite::{code, erasure, statements as sql};
use crate::subscriber::{Address, Reason, Suppression};

/// Suppresses an address, unless that says no more than what is known of it.
pub(super) fn add(
    connection: &Connection,
    address: &Address,
    suppression: &Suppression,
) -> Result<bool, Failure> {
    let key = address.key();
    if let Some(held) = of_key(connection, &key)?
        && !outweighs(suppression.reason, held.reason)
    {
        return Ok(false);
    }
    connection.prepare_cached(sql::SUPPRESS)?.execute(params![
        key,
        address.as_str(),
        code::reason(suppression.reason),
        code::millis(suppression.at),
        suppression.note,
    ])?;
    Ok(true)
}

/// The same for the trait: whoever was erased is suppressed already, and their
/// address is not written down again.
pub(super) fn suppress(
    connection: &Connection,
    address: &Address,
    suppression: &Suppression,
) -> Result<bool, Failure> {
    if erasure::Hashes::read(connection)?.have(connection, &address.key())? {
        return Ok(false);
    }
    add(connection, address, suppression)
}

pub(super) fn of_key(connection: &Connection, key: &str) -> Result<Option<Suppression>, Failure> {
    Ok(connection
        .prepare_cached(sql::SUPPRESSION)?
        .query_row([key], |row| code::suppression_at(row, 0))
        .optional()?)
}

pub(super) fn of_domain(
    connection: &Connection,
    domain: &str,
) -> Result<Option<Suppression>, Failure> {
    Ok(connection
        .prepare_cached(sql::DOMAIN)?
        .query_row([domain], |row| code::suppression_at(row, 0))
        .optional()?)
}

pub(super) fn lift(connection: &Connection, key: &str) -> Result<Option<Reason>, Failure> {
    Ok(connection
        .prepare_cached(sql::LIFT)?
        .query_row([key], |row| code::reason_at(row, 0))
        .optional()?)
}

pub(super) fn suppress_domain(
    connection: &Connection,
    domain: &str,
    suppression: &Suppression,
) -> Result<bool, Failure> {
    let domain = domain_name(domain);
    if let Some(held) = of_domain(connection, &domain)?
        && !outweighs(suppression.reason, held.reason)
    {
        return Ok(false);
    }
    connection.prepare_cached(sql::DOMAIN_SUPPRESS)?.execute((
        domain,
        code::reason(suppression.reason),
        code::millis(suppression.at),
        &suppression.note,
    ))?;
    Ok(true)
}

pub(super) fn lift_domain(
    connection: &Connection,
    domain: &str,
) -> Result<Option<Reason>, Failure> {
    Ok(connection
        .prepare_cached(sql::DOMAIN_LIFT)?
        .query_row([domain_name(domain)], |row| code::reason_at(row, 0))
        .optional()?)
}

pub(super) fn list(
    connection: &Connection,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(String, Suppression)>, Failure> {
    let after = after.unwrap_or_default().to_ascii_lowercase();
    Ok(connection
        .prepare_cached(sql::SUPPRESSIONS)?
        .query_map((after, code::rows(limit)), |row| {
            Ok((row.get(1)?, code::suppression_at(row, 2)?))
        })?
        .collect::<Result<_, _>>()?)
}
