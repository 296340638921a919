//! Whole tables, for another kind of store and from one.

use tokio_postgres::Client;

use crate::store::copy::{Birth, Cell, Kind, Table};
use crate::store::numbers;
use crate::store::postgres::failure::Failure;
use crate::store::postgres::link::{change, first, rows};
use crate::store::postgres::value::Value;

/// Rows behind this one, in the order of their names.
pub(super) async fn dump(
    client: &Client,
    table: &Table,
    after: Option<&[Cell]>,
    limit: usize,
) -> Result<Vec<Vec<Cell>>, Failure> {
    let (names, key) = (table.names(), table.key());
    let places: Vec<String> = (1..=table.keys).map(|place| format!("${place}")).collect();
    let behind = match after {
        Some(_) => format!("WHERE ({key}) > ({})", places.join(", ")),
        None => String::new(),
    };
    let order = table.columns[..table.keys]
        .iter()
        .map(|(name, kind)| match kind {
            // As bytes, and so as the other store orders them.
            Kind::Text => format!("{name} COLLATE \"C\""),
            _ => (*name).to_owned(),
        })
        .collect::<Vec<_>>()
        .join(", ");
    let limit = numbers::rows(limit);
    let text = format!(
        "SELECT {names} FROM {} {behind} ORDER BY {order} LIMIT {limit}",
        table.name
    );
    let values: Vec<Box<dyn Value>> = after
        .unwrap_or_default()
        .iter()
        .map(|cell| -> Box<dyn Value> {
            match cell {
                Cell::Null => Box::new(None::<i64>),
                Cell::Int(number) => Box::new(*number),
                Cell::Text(text) => Box::new(text.clone()),
                Cell::Bytes(bytes) => Box::new(bytes.clone()),
            }
        })
        .collect();
    let values: Vec<&dyn Value> = values.iter().map(|value| &**value).collect();
    let mut found = Vec::new();
    for row in rows(client, &text, &values).await? {
        let mut cells = Vec::with_capacity(table.columns.len());
        for (column, (_, kind)) in table.columns.iter().enumerate() {
            cells.push(match kind {
                Kind::Int => row
                    .try_get::<_, Option<i64>>(column)?
                    .map_or(Cell::Null, Cell::Int),
                Kind::Text => row
                    .try_get::<_, Option<String>>(column)?
                    .map_or(Cell::Null, Cell::Text),
                Kind::Bytes => row
                    .try_get::<_, Option<Vec<u8>>>(column)?
                    .map_or(Cell::Null, Cell::Bytes),
            });
        }
        found.push(cells);
    }
    Ok(found)
}

pub(super) async fn load(client: &Client, table: &Table, all: &[Vec<Cell>]) -> Result<(), Failure> {
    let mut values: Vec<Box<dyn Value>> = Vec::with_capacity(table.columns.len());
    for (column, (_, kind)) in table.columns.iter().enumerate() {
        let cells = all.iter().map(|row| &row[column]);
        values.push(match kind {
            Kind::Int => Box::new(
                cells
                    .map(|cell| match cell {
                        Cell::Int(number) => Some(*number),
                        _ => None,
                    })
                    .collect::<Vec<Option<i64>>>(),
            ),
            Kind::Text => Box::new(
                cells
                    .map(|cell| match cell {
                        // PostgreSQL keeps no NUL.
                        Cell::Text(text) => Some(text.replace('\0', "\u{fffd}")),
                        _ => None,
                    })
                    .collect::<Vec<Option<String>>>(),
            ),
            Kind::Bytes => Box::new(
                cells
                    .map(|cell| match cell {
                        Cell::Bytes(bytes) => Some(bytes.clone()),
                        _ => None,
                    })
                    .collect::<Vec<Option<Vec<u8>>>>(),
            ),
        });
    }
    let values: Vec<&dyn Value> = values.iter().map(|value| &**value).collect();
    let places: Vec<String> = (1..=values.len())
        .map(|place| format!("${place}"))
        .collect();
    let text = format!(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT * FROM unnest({})",
        table.name,
        table.names(),
        places.join(", ")
    );
    change(client, &text, &values).await?;
    Ok(())
}

pub(super) async fn birth(client: &Client) -> Result<Birth, Failure> {
    let row = first(
        client,
        "SELECT (SELECT value FROM meta WHERE name = 'id'),
            (SELECT decode(value, 'hex') FROM meta WHERE name = 'salt'),
            (SELECT value::bigint FROM meta WHERE name = 'first_subscriber')",
        &[],
    )
    .await?;
    let row = row.ok_or_else(|| Failure::unreadable("the store's id"))?;
    Ok(Birth {
        id: row.try_get(0)?,
        salt: row.try_get(1)?,
        first_subscriber: row.try_get(2)?,
    })
}

/// Gives the store its name, when all else is there. Ids of people who are gone
/// go to nobody else.
pub(super) async fn be_born(client: &Client, birth: &Birth) -> Result<(), Failure> {
    change(
        client,
        "INSERT INTO meta (name, value)
         SELECT * FROM (VALUES ('id', $1), ('salt', encode($2, 'hex')),
            ('first_subscriber', $3::bigint::text)) AS v(name, value)
         WHERE value IS NOT NULL
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        &[&birth.id, &birth.salt, &birth.first_subscriber],
    )
    .await?;
    for statement in [
        "SELECT setval(pg_get_serial_sequence('subscriber', 'id'), greatest(1,
            (SELECT max(id) FROM subscriber), (SELECT max(subscriber) FROM erased),
            (SELECT max(subscriber) FROM delivery)))",
        "SELECT setval(pg_get_serial_sequence('mailing', 'id'), greatest(1,
            (SELECT max(id) FROM mailing)))",
        "SELECT setval(pg_get_serial_sequence('notice', 'id'), greatest(1,
            (SELECT max(id) FROM notice)))",
        "SELECT setval(pg_get_serial_sequence('former', 'id'), greatest(1,
            (SELECT max(id) FROM former)))",
    ] {
        rows(client, statement, &[]).await?;
    }
    Ok(())
}
