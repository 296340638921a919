//! Who gets a mailing. One expression says of each subscriber whether they do
//! or why not; counting, listing and confirming all use it.

use chrono::{DateTime, Utc};
use tokio_postgres::{Client, Row};

use crate::mailing::{Exclusion, Filter, MailingId, Planned};
use crate::store::numbers;
use crate::store::postgres::failure::Failure;
use crate::store::postgres::link::{change, first, rows};
use crate::store::postgres::row::{address_at, count_at, recipient_at};
use crate::store::postgres::value::Value;
use crate::store::{Error, NewMailing, PAUSED_UNTIL};
use crate::subscriber::{Address, Recipient, SubscriberId};

/// What a day looks like.
const DAY: &str = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
/// Added to the number of a reason.
const SUPPRESSED: i64 = 10;

/// The statement that says of each subscriber `s` in which class they are: 0
/// for those who get it.
struct Question {
    /// An expression over `s` and their suppression `x`.
    class: String,
    values: Vec<Box<dyn Value>>,
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
                WHERE domain = split_part(s.key, '@', 2)) THEN 3 ";
        // Nearly everybody has no attributes, and JSON is read of the others alone.
        let today = question.value(now.format("%Y-%m-%d").to_string());
        question.class += &format!(
            "WHEN s.attributes <> '{{}}' \
                AND s.attributes::jsonb ->> '{PAUSED_UNTIL}' ~ '^{DAY}$' \
                AND (s.attributes::jsonb ->> '{PAUSED_UNTIL}') COLLATE \"C\" > {today} THEN 6 "
        );
        if *filter != Filter::All {
            let chosen = question.chosen(filter, numbers::millis(now));
            question.class += &format!("WHEN NOT {chosen} THEN 4 ");
        }
        question.class += "ELSE 0 END::bigint";
        question
    }

    /// The place of a value in the statement.
    fn value(&mut self, value: impl Value + 'static) -> String {
        self.values.push(Box::new(value));
        format!("${}", self.values.len())
    }

    /// A filter as an expression that is true or false and never NULL, so that
    /// `not` means all others.
    fn chosen(&mut self, filter: &Filter, now: i64) -> String {
        match filter {
            Filter::All => "true".to_owned(),
            Filter::Language(tag) => {
                let tag = self.value(tag.to_ascii_lowercase().replace('_', "-"));
                let language = "replace(lower(coalesce(s.language, '')), '_', '-')";
                // RFC 4647 §3.3.1: basic filtering, subtag by subtag.
                format!(
                    "(s.language IS NOT NULL AND ({language} = {tag} OR \
                     left({language}, length({tag}) + 1) = {tag} || '-'))"
                )
            }
            Filter::Tag(tag) => {
                let tag = self.value(tag.clone());
                format!("(s.tags <> '[]' AND s.tags::jsonb ? {tag})")
            }
            Filter::Edition(edition) => {
                let edition = self.value(edition.clone());
                let now = self.value(now);
                format!(
                    "(s.edition IS NOT NULL AND s.edition = {edition} \
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

    fn values(&self) -> Vec<&dyn Value> {
        self.values.iter().map(|value| &**value).collect()
    }

    /// Those of a class, or of any but one, after this subscriber in their order.
    async fn list(
        mut self,
        client: &Client,
        columns: &str,
        is: &str,
        after: Option<SubscriberId>,
        limit: usize,
    ) -> Result<Vec<Row>, Failure> {
        let after = self.value(after.map_or(0, |after| after.0));
        let limit = self.value(numbers::rows(limit));
        let text = format!(
            "SELECT * FROM (SELECT {} AS class, {columns} \
             FROM subscriber s LEFT JOIN suppression x ON x.key = s.key \
             WHERE s.id > {after}) c WHERE class {is} ORDER BY id LIMIT {limit}",
            self.class
        );
        rows(client, &text, &self.values()).await
    }

    /// Makes a delivery for each who gets it; how many.
    async fn fill(mut self, client: &Client, mailing: MailingId) -> Result<u64, Failure> {
        let mailing = self.value(mailing.0);
        let text = format!(
            "INSERT INTO delivery (mailing, subscriber) SELECT {mailing}, s.id \
             FROM subscriber s LEFT JOIN suppression x ON x.key = s.key \
             WHERE {} = 0 ORDER BY s.id",
            self.class
        );
        change(client, &text, &self.values()).await
    }
}

/// What a class means; `None` for those who get it.
fn exclusion(class: i64) -> Result<Option<Exclusion>, Failure> {
    Ok(match class {
        0 => None,
        1 => Some(Exclusion::Pending),
        2 => Some(Exclusion::Unsubscribed),
        3 => Some(Exclusion::DomainSuppressed),
        4 => Some(Exclusion::Filtered),
        5 => Some(Exclusion::AlreadyIn),
        6 => Some(Exclusion::Paused),
        more => Some(Exclusion::Suppressed(
            numbers::reason_of(more - SUPPRESSED).ok_or_else(|| Failure::unreadable("a reason"))?,
        )),
    })
}

/// The mailing of an issue, where it has one.
pub(super) async fn mailing_id(client: &Client, issue: &str) -> Result<Option<MailingId>, Failure> {
    let found = first(client, "SELECT id FROM mailing WHERE issue = $1", &[&issue]).await?;
    found.map(|row| Ok(MailingId(row.try_get(0)?))).transpose()
}

pub(super) async fn survey(
    client: &Client,
    filter: &Filter,
    mailing: Option<MailingId>,
    now: DateTime<Utc>,
) -> Result<Planned, Failure> {
    let question = Question::new(filter, mailing, now);
    let text = format!(
        "SELECT {} AS class, count(*) \
         FROM subscriber s LEFT JOIN suppression x ON x.key = s.key GROUP BY 1",
        question.class
    );
    let mut planned = Planned::default();
    let mut excluded = std::collections::BTreeMap::new();
    for row in rows(client, &text, &question.values()).await? {
        let count = count_at(&row, 1)?;
        match exclusion(row.try_get(0)?)? {
            None => planned.recipients = count,
            Some(why) => drop(excluded.insert(why, count)),
        }
    }
    planned.excluded = excluded.into_iter().collect();
    Ok(planned)
}

pub(super) async fn recipients(
    client: &Client,
    issue: &str,
    filter: &Filter,
    now: DateTime<Utc>,
    after: Option<SubscriberId>,
    limit: usize,
) -> Result<Vec<(SubscriberId, Recipient)>, Failure> {
    let mailing = mailing_id(client, issue).await?;
    let columns = "s.id, s.address, s.name, s.language, s.attributes";
    Question::new(filter, mailing, now)
        .list(client, columns, "= 0", after, limit)
        .await?
        .iter()
        .map(|row| Ok((SubscriberId(row.try_get(1)?), recipient_at(row, 2)?)))
        .collect()
}

pub(super) async fn excluded(
    client: &Client,
    issue: &str,
    filter: &Filter,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<(Address, Exclusion)>, Failure> {
    let mailing = mailing_id(client, issue).await?;
    let found = Question::new(filter, mailing, now)
        .list(client, "s.id, s.address", "<> 0", None, limit)
        .await?;
    let mut excluded = Vec::with_capacity(found.len());
    for row in &found {
        if let Some(why) = exclusion(row.try_get(0)?)? {
            excluded.push((address_at(row, 2)?, why));
        }
    }
    Ok(excluded)
}

/// Fixes content and recipients of a mailing.
pub(super) async fn confirm(
    client: &Client,
    new: &NewMailing,
) -> Result<(MailingId, Planned), Failure> {
    let added = first(
        client,
        "INSERT INTO mailing (issue, title, digest, filter, stage, why, confirmed_at,
            starts_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, '', $6, $7, $6)
         ON CONFLICT (issue) DO NOTHING RETURNING id",
        &[
            &new.issue,
            &new.title,
            &new.digest,
            &new.filter_text,
            &numbers::stage(new.stage),
            &numbers::millis(new.now),
            &numbers::millis(new.starts_at),
        ],
    )
    .await?;
    let Some(added) = added else {
        return Err(Failure::Said(Error::Taken {
            what: "a mailing of this issue",
        }));
    };
    let mailing = MailingId(added.try_get(0)?);
    change(
        client,
        "INSERT INTO content (mailing, bytes) VALUES ($1, $2)",
        &[&mailing.0, &new.content],
    )
    .await?;
    let planned = survey(client, &new.filter, None, new.now).await?;
    Question::new(&new.filter, None, new.now)
        .fill(client, mailing)
        .await?;
    Ok((mailing, planned))
}

/// Adds those who are not in a mailing yet.
pub(super) async fn include(
    client: &Client,
    mailing: MailingId,
    filter: &Filter,
    now: DateTime<Utc>,
) -> Result<Planned, Failure> {
    let planned = survey(client, filter, Some(mailing), now).await?;
    Question::new(filter, Some(mailing), now)
        .fill(client, mailing)
        .await?;
    Ok(planned)
}
