//! Taking in a list, many rows a statement. Nothing is lifted by it, and taking
//! in the same list twice changes nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use tokio_postgres::Client;

use crate::mailing::provider;
use crate::store::Absorbed;
use crate::store::numbers;
use crate::store::postgres::failure::Failure;
use crate::store::postgres::link::{change, first, rows};
use crate::store::postgres::row::{self, ENTRY, entry_at, suppression_at};
use crate::store::postgres::{erasure, suppression};
use crate::store::rules::{merge, opt_out, outweighs, round};
use crate::subscriber::{Address, Entry, Reason, Status, Subscriber, Suppression};

/// Entries that are looked up and written together.
const CHUNK: usize = 2_000;

/// Takes in entries, in their order.
pub(super) async fn absorb(
    client: &Client,
    entries: &[Entry],
    now: DateTime<Utc>,
) -> Result<Vec<Absorbed>, Failure> {
    let mut answers = Vec::with_capacity(entries.len());
    for chunk in entries.chunks(CHUNK) {
        let mut known = Known::read(client, chunk).await?;
        for entry in chunk {
            answers.push(known.take(entry.clone(), now));
        }
        known.write(client).await?;
    }
    if answers
        .iter()
        .any(|answer| matches!(answer, Absorbed::Added | Absorbed::Withheld(_)))
    {
        change(
            client,
            "INSERT INTO meta (name, value) VALUES ('first_subscriber', $1::bigint::text)
             ON CONFLICT DO NOTHING",
            &[&numbers::millis(now)],
        )
        .await?;
    }
    Ok(answers)
}

/// What is known of those in a chunk, and what is new of them.
struct Known {
    people: HashMap<String, Person>,
    suppressions: HashMap<String, Suppression>,
    domains: HashMap<String, Suppression>,
    erased: HashSet<String>,
    /// In the order in which they came.
    added: Vec<String>,
    changed: HashSet<String>,
    suppressed: BTreeMap<String, Address>,
    /// With the reason of before.
    forgotten: Vec<(String, Option<Reason>)>,
}

struct Person {
    /// 0 of somebody new.
    id: i64,
    subscriber: Subscriber,
}

impl Known {
    async fn read(client: &Client, chunk: &[Entry]) -> Result<Known, Failure> {
        let keys: Vec<String> = chunk
            .iter()
            .map(|entry| entry.subscriber.address.key())
            .collect();
        let domains: Vec<String> = chunk
            .iter()
            .map(|entry| entry.subscriber.address.domain().to_owned())
            .collect();
        let mut known = Known {
            people: HashMap::new(),
            suppressions: HashMap::new(),
            domains: HashMap::new(),
            erased: HashSet::new(),
            added: Vec::new(),
            changed: HashSet::new(),
            suppressed: BTreeMap::new(),
            forgotten: Vec::new(),
        };
        let text = format!("SELECT {ENTRY} WHERE s.key = ANY ($1)");
        for row in rows(client, &text, &[&keys]).await? {
            let (id, entry) = entry_at(&row)?;
            let person = Person {
                id: id.0,
                subscriber: entry.subscriber,
            };
            known.people.insert(row.try_get(18)?, person);
        }
        for row in rows(
            client,
            "SELECT key, reason, at, note FROM suppression WHERE key = ANY ($1)",
            &[&keys],
        )
        .await?
        {
            known
                .suppressions
                .insert(row.try_get(0)?, suppression_at(&row, 1)?);
        }
        for row in rows(
            client,
            "SELECT domain, reason, at, note FROM suppressed_domain WHERE domain = ANY ($1)",
            &[&domains],
        )
        .await?
        {
            known
                .domains
                .insert(row.try_get(0)?, suppression_at(&row, 1)?);
        }
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        known.erased = erasure::which(client, &keys)
            .await?
            .into_iter()
            .map(str::to_owned)
            .collect();
        Ok(known)
    }

    fn take(&mut self, entry: Entry, now: DateTime<Utc>) -> Absorbed {
        let key = entry.subscriber.address.key();
        let opt_out = opt_out(&entry, now);
        let says_confirmed = entry.subscriber.status == Status::Confirmed && opt_out.is_none();
        let address = entry.subscriber.address.clone();
        let domain = self.domains.get(address.domain()).map(|held| held.reason);
        let held = self.suppressions.get(&key).map(|held| held.reason);

        let answer = match self.people.get_mut(&key) {
            None => {
                if self.erased.contains(&key) {
                    return Absorbed::Erased;
                }
                if opt_out
                    .as_ref()
                    .is_some_and(|opt_out| opt_out.reason == Reason::Erased)
                {
                    self.suppressions.remove(&key);
                    self.suppressed.remove(&key);
                    self.erased.insert(key.clone());
                    self.forgotten.push((key, held));
                    return Absorbed::Erased;
                }
                let mut new = entry.subscriber;
                round(&mut new);
                let new = Person {
                    id: 0,
                    subscriber: new,
                };
                self.people.insert(key.clone(), new);
                self.added.push(key.clone());
                Absorbed::Added
            }
            Some(person) => {
                let mut merged = person.subscriber.clone();
                merge(&mut merged, entry.subscriber);
                // Left, and the suppression of it lifted by the editor: still gone.
                let gone =
                    held.is_none() && merged.status == Status::Unsubscribed && says_confirmed;
                let differs = merged != person.subscriber;
                if differs {
                    person.subscriber = merged;
                    if person.id != 0 {
                        self.changed.insert(key.clone());
                    }
                }
                match (gone, differs) {
                    (true, _) => return Absorbed::Withheld(Reason::Unsubscribed),
                    (false, true) => Absorbed::Updated,
                    (false, false) => Absorbed::Unchanged,
                }
            }
        };

        if let Some(opt_out) = opt_out {
            let stronger = held.is_none_or(|held| outweighs(opt_out.reason, held));
            if stronger {
                self.suppressions.insert(key.clone(), opt_out);
                self.suppressed.insert(key, address);
                if answer == Absorbed::Unchanged {
                    return Absorbed::Updated;
                }
            }
        }
        match held.or(domain) {
            Some(held) if says_confirmed => Absorbed::Withheld(held),
            _ => answer,
        }
    }

    async fn write(&self, client: &Client) -> Result<(), Failure> {
        if !self.added.is_empty() {
            let added = self.added.iter().filter_map(|key| {
                let person = self.people.get(key)?;
                Some((key.as_str(), &person.subscriber))
            });
            add(client, added).await?;
        }
        for key in &self.changed {
            if let Some(person) = self.people.get(key) {
                update(client, person.id, &person.subscriber).await?;
            }
        }
        for (key, address) in &self.suppressed {
            if let Some(held) = self.suppressions.get(key) {
                suppression::add(client, address, held).await?;
            }
        }
        for (key, held) in &self.forgotten {
            suppression::lift(client, key).await?;
            erasure::add(client, key, None, *held).await?;
        }
        Ok(())
    }
}

async fn add<'s>(
    client: &Client,
    new: impl Iterator<Item = (&'s str, &'s Subscriber)>,
) -> Result<(), Failure> {
    let (mut keys, mut addresses, mut providers) = (Vec::new(), Vec::new(), Vec::new());
    let (mut names, mut statuses, mut languages) = (Vec::new(), Vec::new(), Vec::new());
    let (mut editions, mut until, mut tags) = (Vec::new(), Vec::new(), Vec::new());
    let (mut attributes, mut origins, mut joined) = (Vec::new(), Vec::new(), Vec::new());
    let (mut joined_ips, mut confirmed) = (Vec::new(), Vec::new());
    let (mut confirmed_ips, mut left) = (Vec::new(), Vec::new());
    for (key, one) in new {
        let consent = &one.consent;
        keys.push(key);
        addresses.push(one.address.as_str());
        providers.push(provider(one.address.domain()));
        names.push(one.name.as_str());
        statuses.push(numbers::status(one.status));
        languages.push(one.language.as_deref());
        editions.push(one.edition.as_deref());
        until.push(one.edition_until.map(numbers::millis));
        tags.push(row::tags(&one.tags));
        attributes.push(row::attributes(&one.attributes));
        origins.push(consent.origin.as_str());
        joined.push(consent.joined_at.map(numbers::millis));
        joined_ips.push(consent.joined_ip.as_deref());
        confirmed.push(consent.confirmed_at.map(numbers::millis));
        confirmed_ips.push(consent.confirmed_ip.as_deref());
        left.push(consent.left_at.map(numbers::millis));
    }
    change(
        client,
        "INSERT INTO subscriber (key, address, provider, name, status, language, edition,
            edition_until, tags, attributes, origin, joined_at, joined_ip, confirmed_at,
            confirmed_ip, left_at)
         SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
            WITH ORDINALITY AS t(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, place)
         ORDER BY place",
        &[
            &keys,
            &addresses,
            &providers,
            &names,
            &statuses,
            &languages,
            &editions,
            &until,
            &tags,
            &attributes,
            &origins,
            &joined,
            &joined_ips,
            &confirmed,
            &confirmed_ips,
            &left,
        ],
    )
    .await?;
    Ok(())
}

async fn update(client: &Client, id: i64, now: &Subscriber) -> Result<(), Failure> {
    let consent = &now.consent;
    first(
        client,
        "UPDATE subscriber SET name = $2, status = $3, language = $4, edition = $5,
            edition_until = $6, tags = $7, attributes = $8, origin = $9, joined_at = $10,
            joined_ip = $11, confirmed_at = $12, confirmed_ip = $13, left_at = $14
         WHERE id = $1",
        &[
            &id,
            &now.name,
            &numbers::status(now.status),
            &now.language,
            &now.edition,
            &now.edition_until.map(numbers::millis),
            &row::tags(&now.tags),
            &row::attributes(&now.attributes),
            &consent.origin,
            &consent.joined_at.map(numbers::millis),
            &consent.joined_ip,
            &consent.confirmed_at.map(numbers::millis),
            &consent.confirmed_ip,
            &consent.left_at.map(numbers::millis),
        ],
    )
    .await?;
    Ok(())
}
