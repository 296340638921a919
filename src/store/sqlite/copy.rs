//! Whole tables, for another kind of store and from one.

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use crate::store::copy::{Birth, Cell, Table};
use crate::store::sqlite::failure::Failure;
use crate::store::sqlite::{code, statements as sql};

/// Rows behind this one, in the order of their names.
pub(super) fn dump(
    connection: &Connection,
    table: &Table,
    after: Option<&[Cell]>,
    limit: usize,
) -> Result<Vec<Vec<Cell>>, Failure> {
    let (names, key) = (table.names(), table.key());
    let places: Vec<String> = (1..=table.keys).map(|place| format!("?{place}")).collect();
    let behind = match after {
        Some(_) => format!("WHERE ({key}) > ({})", places.join(", ")),
        None => String::new(),
    };
    let limit = code::rows(limit);
    let text = format!(
        "SELECT {names} FROM {} {behind} ORDER BY {key} LIMIT {limit}",
        table.name
    );
    let values = after.unwrap_or_default().iter().map(value);
    let mut statement = connection.prepare_cached(&text)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = (0..table.columns.len()).map(|column| {
            Ok(match row.get_ref(column)? {
                ValueRef::Null => Cell::Null,
                ValueRef::Integer(number) => Cell::Int(number),
                ValueRef::Text(_) => Cell::Text(row.get(column)?),
                ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
                ValueRef::Real(_) => {
                    return Err(rusqlite::Error::IntegralValueOutOfRange(column, 0));
                }
            })
        });
        found.push(cells.collect::<Result<_, rusqlite::Error>>()?);
    }
    Ok(found)
}

pub(super) fn load(
    connection: &Connection,
    table: &Table,
    rows: &[Vec<Cell>],
) -> Result<(), Failure> {
    let places: Vec<String> = (1..=table.columns.len())
        .map(|place| format!("?{place}"))
        .collect();
    let text = format!(
        "INSERT INTO {} ({}) VALUES ({})",
        table.name,
        table.names(),
        places.join(", ")
    );
    let mut statement = connection.prepare_cached(&text)?;
    for row in rows {
        statement.execute(params_from_iter(row.iter().map(value)))?;
    }
    Ok(())
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Int(number) => Value::Integer(*number),
        Cell::Text(text) => Value::Text(text.clone()),
        Cell::Bytes(bytes) => Value::Blob(bytes.clone()),
    }
}

pub(super) fn birth(connection: &Connection) -> Result<Birth, Failure> {
    let mut get = connection.prepare_cached(sql::META_GET)?;
    Ok(Birth {
        id: get.query_row(["id"], |row| row.get(0))?,
        salt: get.query_row(["salt"], |row| row.get(0))?,
        first_subscriber: get
            .query_row(["first_subscriber"], |row| row.get(0))
            .optional()?,
    })
}

/// Gives the store its name, when all else is there. Ids of people who are gone
/// go to nobody else.
pub(super) fn be_born(connection: &Connection, birth: &Birth) -> Result<(), Failure> {
    connection.execute(sql::META_FORGET, ())?;
    let mut put = connection.prepare_cached(sql::META_PUT)?;
    put.execute(("id", &birth.id))?;
    put.execute(("salt", &birth.salt))?;
    if let Some(first) = birth.first_subscriber {
        put.execute(("first_subscriber", first))?;
    }
    connection.execute(sql::SUBSCRIBERS_COUNTED, ())?;
    connection.execute(sql::SUBSCRIBERS_COUNT, ())?;
    Ok(())
}
