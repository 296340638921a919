//! Who gets a mailing. One expression says of each subscriber whether they do
//! or why not; counting, listing and confirming all use it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use crate::mailing::{Exclusion, Filter, MailingId, Planned};
use crate::store::model::NewMailing;
use crate::store::sqlite::failure::Failure;
use crate::store::sqlite::{code, statements as sql};
use crate::store::{Error, PAUSED_UNTIL};
use crate::subscriber::{Address, Recipient, SubscriberId};

/// The class of those who get it.
const CHOSEN: i64 = 0;
/// What a day looks like.
const DAY: &str = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]";
/// Added to the number of a reason.
const SUPPRESSED: i64 = 10;

/// The statement that says of each subscriber `s` in which class they are.
struct Question {
    /// An expression over `s` and their suppression `x`.
    class: String,
    values: Vec<Value>,
}

impl Question {
    /// `mailing` is the one they may be in already.
    fn new(filter: &Filter, mailing: Option<MailingId>, now: DateTime<Utc>) -> Question {
        let mut question = Question {
            class: String::from("CASE "),
            values: Vec::new(),
        };
        if let Some(mailing) = mailing {
            let mailing = question.value(mailing.0);
            question.class += &format!(
                "WHEN EXISTS (SELECT 1 FROM delivery d \
                 WHERE d.mailing = {mailing} AND d.subscriber = s.id) THEN 5 "
            );
        }
        question.class += "WHEN s.status = 0 THEN 1 WHEN s.status = 2 THEN 2 \
            WHEN x.reason IS NOT NULL THEN 10 + x.reason \
            WHEN EXISTS (SELECT 1 FROM suppressed_domain \
                WHERE domain = substr(s.key, instr(s.key, '@') + 1)) THEN 3 ";
        // Nearly everybody has no attributes, and JSON is read of the others alone.
        let today = question.value(now.format("%Y-%m-%d").to_string());
        question.class += &format!(
            "WHEN s.attributes <> '{{}}' \
                AND json_extract(s.attributes, '$.{PAUSED_UNTIL}') GLOB '{DAY}' \
                AND json_extract(s.attributes, '$.{PAUSED_UNTIL}') > {today} THEN 6 "
        );
        if *filter != Filter::All {
            let chosen = question.chosen(filter, code::millis(now));
            question.class += &format!("WHEN NOT {chosen} THEN 4 ");
        }
        question.class += "ELSE 0 END";
        question
    }

    /// The place of a value in the statement.
    fn value(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    /// A filter as an expression that is 0 or 1 and never NULL, so that `not`
    /// means all others.
    fn chosen(&mut self, filter: &Filter, now: i64) -> String {
        match filter {
            Filter::All => "1".to_owned(),
            Filter::Language(tag) => {
                let tag = self.value(tag.to_ascii_lowercase().replace('_', "-"));
                let language = "replace(lower(coalesce(s.language, '')), '_', '-')";
                // RFC 4647 §3.3.1: basic filtering, subtag by subtag.
                format!(
                    "(s.language IS NOT NULL AND ({language} = {tag} OR \
                     substr({language}, 1, length({tag}) + 1) = {tag} || '-'))"
                )
            }
            Filter::Tag(tag) => {
                let tag = self.value(tag.clone());
                format!(
                    "(s.tags <> '[]' AND \
                     EXISTS (SELECT 1 FROM json_each(s.tags) WHERE value = {tag}))"
                )
            }
            Filter::Edition(edition) => {
                let edition = self.value(edition.clone());
                let now = self.value(now);
                format!(
                    "(coalesce(s.edition, '') = {edition} AND s.edition IS NOT NULL \
                     AND (s.edition_until IS NULL OR s.edition_until > {now}))"
                )
            }
            Filter::Mailed(issue) => {
                let issue = self.value(issue.clone());
                format!(
                    "EXISTS (SELECT 1 FROM delivery e \
                     WHERE e.mailing = (SELECT id FROM mailing WHERE issue = {issue}) \
                     AND e.subscriber = s.id AND e.state = 3)"
                )
            }
            Filter::Not(one) => format!("(NOT {})", self.chosen(one, now)),
            Filter::And(one, other) => {
                let one = self.chosen(one, now);
                format!("({one} AND {})", self.chosen(other, now))
            }
            Filter::Or(one, other) => {
                let one = self.chosen(one, now);
                format!("({one} OR {})", self.chosen(other, now))
            }
        }
    }

    /// Looks at subscribers after this one in their order, until `each` has
    /// enough. The class comes first, then `columns`.
    fn ask(
        mut self,
        connection: &Connection,
        columns: &str,
        after: Option<SubscriberId>,
        mut each: impl FnMut(&Row<'_>) -> Result<bool, rusqlite::Error>,
    ) -> Result<(), Failure> {
        let after = self.value(after.map_or(0, |after| after.0));
        let text = format!(
            "SELECT {}{columns} FROM subscriber s LEFT JOIN suppression x ON x.key = s.key \
             WHERE s.id > {after} ORDER BY s.id",
            self.class
        );
        let mut statement = connection.prepare(&text)?;
        let mut rows = statement.query(params_from_iter(self.values))?;
        while let Some(row) = rows.next()? {
            if !each(row)? {
                break;
            }
        }
        Ok(())
    }

    /// Makes a delivery for each who gets it; how many.
    fn fill(mut self, connection: &Connection, mailing: MailingId) -> Result<u64, Failure> {
        let mailing = self.value(mailing.0);
        let text = format!(
            "INSERT INTO delivery (mailing, subscriber) SELECT {mailing}, s.id \
             FROM subscriber s LEFT JOIN suppression x ON x.key = s.key \
             WHERE {} = 0 ORDER BY s.id",
            self.class
        );
        let added = connection
            .prepare(&text)?
            .execute(params_from_iter(self.values))?;
        Ok(added as u64)
    }
}

/// Reads a class; `None` for those who get it.
fn exclusion_at(row: &Row<'_>, column: usize) -> Result<Option<Exclusion>, rusqlite::Error> {
    Ok(match row.get(column)? {
        CHOSEN => None,
        1 => Some(Exclusion::Pending),
        2 => Some(Exclusion::Unsubscribed),
        3 => Some(Exclusion::DomainSuppressed),
        4 => Some(Exclusion::Filtered),
        5 => Some(Exclusion::AlreadyIn),
        6 => Some(Exclusion::Paused),
        more => Some(Exclusion::Suppressed(code::reason_of(more - SUPPRESSED)?)),
    })
}

/// The mailing of an issue, where it has one.
pub(super) fn mailing_id(
    connection: &Connection,
    issue: &str,
) -> Result<Option<MailingId>, Failure> {
    Ok(connection
        .prepare_cached(sql::MAILING_ID)?
        .query_row([issue], |row| row.get(0))
        .optional()?
        .map(MailingId))
}

pub(super) fn survey(
    connection: &Connection,
    filter: &Filter,
    mailing: Option<MailingId>,
    now: DateTime<Utc>,
) -> Result<Planned, Failure> {
    let mut planned = Planned::default();
    let mut excluded = BTreeMap::new();
    Question::new(filter, mailing, now).ask(connection, "", None, |row| {
        match exclusion_at(row, 0)? {
            None => planned.recipients += 1,
            Some(exclusion) => *excluded.entry(exclusion).or_default() += 1,
        }
        Ok(true)
    })?;
    planned.excluded = excluded.into_iter().collect();
    Ok(planned)
}

pub(super) fn recipients(
    connection: &Connection,
    issue: &str,
    filter: &Filter,
    now: DateTime<Utc>,
    after: Option<SubscriberId>,
    limit: usize,
) -> Result<Vec<(SubscriberId, Recipient)>, Failure> {
    let mut found = Vec::new();
    if limit == 0 {
        return Ok(found);
    }
    let mailing = mailing_id(connection, issue)?;
    let columns = ", s.id, s.address, s.name, s.language, s.attributes";
    Question::new(filter, mailing, now).ask(connection, columns, after, |row| {
        if exclusion_at(row, 0)?.is_none() {
            found.push((SubscriberId(row.get(1)?), code::recipient_at(row, 2)?));
        }
        Ok(found.len() < limit)
    })?;
    Ok(found)
}

pub(super) fn excluded(
    connection: &Connection,
    issue: &str,
    filter: &Filter,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<(Address, Exclusion)>, Failure> {
    let mut found = Vec::new();
    if limit == 0 {
        return Ok(found);
    }
    let mailing = mailing_id(connection, issue)?;
    Question::new(filter, mailing, now).ask(connection, ", s.address", None, |row| {
        if let Some(exclusion) = exclusion_at(row, 0)? {
            found.push((code::address_at(row, 1)?, exclusion));
        }
        Ok(found.len() < limit)
    })?;
    Ok(found)
}

/// Fixes content and recipients of a mailing.
pub(super) fn confirm(
    connection: &Connection,
    new: &NewMailing,
) -> Result<(MailingId, Planned), Failure> {
    if mailing_id(connection, &new.issue)?.is_some() {
        return Err(Failure::Said(Error::Taken {
            what: "a mailing of this issue",
        }));
    }
    connection
        .prepare_cached(sql::MAILING_ADD)?
        .execute(params![
            new.issue,
            new.title,
            new.digest,
            new.filter_text,
            code::stage(new.stage),
            code::millis(new.now),
            code::millis(new.starts_at),
        ])?;
    let mailing = MailingId(connection.last_insert_rowid());
    connection
        .prepare_cached(sql::CONTENT_ADD)?
        .execute((mailing.0, &new.content))?;
    let planned = survey(connection, &new.filter, None, new.now)?;
    let added = Question::new(&new.filter, None, new.now).fill(connection, mailing)?;
    debug_assert_eq!(added, planned.recipients);
    Ok((mailing, planned))
}

/// Adds those who are not in a mailing yet.
pub(super) fn include(
    connection: &Connection,
    mailing: MailingId,
    filter: &Filter,
    now: DateTime<Utc>,
) -> Result<Planned, Failure> {
    let planned = survey(connection, filter, Some(mailing), now)?;
    Question::new(filter, Some(mailing), now).fill(connection, mailing)?;
    Ok(planned)
}
