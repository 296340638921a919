//! Bringing a database to the newest layout.

use tokio_postgres::Client;

use crate::store::Error;
use crate::store::postgres::failure::Failure;
use crate::store::postgres::link::first;

/// Layouts in their order. Only ever added to. One that changes what a function
/// of the layout means gives it a new name and drops the old one, so that an
/// older program that is running is refused and not misled.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001-first.sql")];

/// What tells our databases from others.
const PROGRAM: &str = "letterpress";

/// Two programs that begin at once migrate one after the other.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7814991)";

/// The layout of the database; `None` where it is empty.
pub(super) async fn recognize(client: &Client, place: &str) -> Result<Option<usize>, Failure> {
    let foreign = || {
        Failure::Said(Error::Damaged {
            path: place.into(),
            source: "it is no database of letterpress".into(),
        })
    };
    let found = first(
        client,
        // Not by to_regclass, which may answer from before another's commit.
        "SELECT coalesce(bool_or(relname = 'meta'), false),
            coalesce(bool_or(relname = 'subscriber'), false)
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = ANY (current_schemas(false)) AND relkind = 'r'",
        &[],
    )
    .await?;
    let Some(found) = found else {
        return Err(foreign());
    };
    match (found.try_get(0)?, found.try_get(1)?) {
        (false, false) => return Ok(None),
        (true, true) => {}
        _ => return Err(foreign()),
    }
    let layout = first(
        client,
        "SELECT l.value FROM meta l JOIN meta p ON p.name = 'program' AND p.value = $1
         WHERE l.name = 'layout'",
        &[&PROGRAM],
    )
    .await;
    let layout: i64 = match layout {
        Ok(Some(row)) => row.try_get::<_, &str>(0)?.parse().map_err(|_| foreign())?,
        Ok(None) => return Err(foreign()),
        Err(failure) if failure.is_layout() => return Err(foreign()),
        Err(failure) => return Err(failure),
    };
    match usize::try_from(layout) {
        Ok(known) if known <= MIGRATIONS.len() => Ok(Some(known)),
        _ => Err(Failure::Said(Error::Newer {
            path: place.into(),
            found: layout,
            known: MIGRATIONS.len() as i64,
        })),
    }
}

/// Brings the database to the newest layout; an empty one only where `make`
/// says so. Answers the store's id.
pub(super) async fn migrate(client: &Client, place: &str, make: bool) -> Result<String, Failure> {
    match recognize(client, place).await? {
        None if !make => return Err(Failure::Said(Error::Missing { path: place.into() })),
        Some(found) if found == MIGRATIONS.len() => return id(client).await,
        _ => {}
    }
    client.batch_execute(&format!("BEGIN; {LOCK}")).await?;
    // Another process may have been faster.
    let found = recognize(client, place).await?.unwrap_or(0);
    for migration in &MIGRATIONS[found..] {
        client.batch_execute(migration).await?;
    }
    let mut facts = vec![("layout", MIGRATIONS.len().to_string())];
    if found == 0 {
        let mut draw = [0; 48];
        getrandom::fill(&mut draw).map_err(|cause| Error::Database {
            doing: "drawing its name",
            path: place.into(),
            source: Box::new(cause),
        })?;
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        facts.push(("program", PROGRAM.to_owned()));
        facts.push(("id", hex(&draw[..16])));
        facts.push(("salt", hex(&draw[16..])));
    }
    for (name, value) in facts {
        first(
            client,
            "INSERT INTO meta (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            &[&name, &value],
        )
        .await?;
    }
    client.batch_execute("COMMIT").await?;
    id(client).await
}

async fn id(client: &Client) -> Result<String, Failure> {
    let row = first(client, "SELECT value FROM meta WHERE name = 'id'", &[]).await?;
    match row {
        Some(row) => Ok(row.try_get(0)?),
        None => Err(Failure::unreadable("the store's id")),
    }
}
