//! Whether the file is whole.

use std::path::Path;

use rusqlite::Connection;

use crate::store::Error;
use crate::store::sqlite::Sqlite;
use crate::store::sqlite::connection::{Options, Role, connect};
use crate::store::sqlite::failure::Failure;

/// Faults beyond these say nothing new.
const MOST: usize = 5;

impl Sqlite {
    /// Reads the whole store at `path` and says what is wrong with it, on
    /// single lines without any content; empty where it is sound. It takes a
    /// second for each gigabyte or so, and others may write meanwhile.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::open`]: a file that is too damaged to be read is one.
    pub fn faults(path: &Path) -> Result<Vec<String>, Error> {
        connect(path, Role::Reader, Options::default())
            .and_then(|connection| Ok(look(&connection)?))
            .map_err(|failure: Failure| failure.into_error(path, "looking through it"))
    }
}

fn look(connection: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    let mut faults = Vec::new();
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({MOST})"))?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let words: String = row.get(0)?;
        if words != "ok" {
            faults.push(crate::subscriber::clean_line(&words));
        }
    }
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query(())?;
    if let Some(row) = rows.next()? {
        let table: String = row.get(0)?;
        faults.push(format!("rows of {table} lead nowhere"));
    }
    Ok(faults)
}
