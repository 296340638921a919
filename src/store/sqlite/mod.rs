//! The store in one SQLite file.
//!
//! One thread writes, another reads; what is asked of them waits in a channel,
//! and steps that wait together share a commit. The file is in WAL mode with
//! `synchronous = FULL`: what is answered `Ok` survives a loss of power.
//! Several processes may have it open; each waits for the others.
//!
//! SQLite stands in this module and nowhere else.

mod absorb;
mod backup;
mod code;
mod connection;
mod copy;
mod door;
mod erasure;
mod failure;
mod integrity;
mod lock;
mod mailings;
mod people;
mod plan;
mod promise;
mod returns;
mod statements;
mod step;
mod stranger;
mod suppression;
#[cfg(test)]
mod tests;
mod thread;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use crate::store::sqlite::connection::{Role, connect, connect_first, make_file, read, write};
use crate::store::sqlite::failure::Failure;
use crate::store::sqlite::thread::Worker;
use crate::store::{Answer, Error, StoreId};

pub use connection::Options;

/// A store in one SQLite file. Dropping it waits for what was asked of it.
pub struct Sqlite {
    path: Arc<PathBuf>,
    id: StoreId,
    writer: Worker,
    reader: Worker,
    /// Reads what takes long of a large list: nobody else waits for it.
    counter: Worker,
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sqlite")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Sqlite {
    /// Opens the store at `path`.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] where there is none; it is never made here.
    /// [`Error::Damaged`], [`Error::Newer`] and those of the disk.
    pub fn open(path: &Path) -> Result<Sqlite, Error> {
        Sqlite::open_with(path, Options::default())
    }

    /// The same with options.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::open`].
    pub fn open_with(path: &Path, options: Options) -> Result<Sqlite, Error> {
        start(path, options, false).map_err(|failure| failure.into_error(path, "opening it"))
    }

    /// Opens the store at `path`, and makes it and its folder where there is
    /// none. The file is for its owner alone.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::open`], but never [`Error::Missing`].
    pub fn create(path: &Path) -> Result<Sqlite, Error> {
        make_file(path)
            .and_then(|()| start(path, Options::default(), true))
            .map_err(|failure| failure.into_error(path, "making it"))
    }

    fn write<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Answer<T> {
        self.writer
            .ask(doing, move |connection| write(connection, work))
    }

    fn read<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Answer<T> {
        self.reader
            .ask(doing, move |connection| read(connection, work))
    }

    /// The same for what looks through all people or all deliveries.
    fn count_all<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Answer<T> {
        self.counter
            .ask(doing, move |connection| read(connection, work))
    }
}

fn start(path: &Path, options: Options, make: bool) -> Result<Sqlite, Failure> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            return Err(Failure::file(path, io::ErrorKind::IsADirectory.into()));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Failure::Said(Error::Missing {
                path: path.to_owned(),
            }));
        }
        Err(source) => return Err(Failure::file(path, source)),
    }
    let mut connection = connect_first(path, options, make)?;
    let id = connection.query_row(statements::META_GET, ["id"], |row| row.get(0))?;
    let path = Arc::new(path.to_owned());
    let mut other = connect(&path, Role::Reader, options)?;
    let mut third = connect(&path, Role::Reader, options)?;
    if options.strangers {
        for one in [&mut connection, &mut other, &mut third] {
            stranger::restrict(one)?;
        }
    }
    Ok(Sqlite {
        id: StoreId(id),
        writer: Worker::start("store-writer", Arc::clone(&path), connection)?,
        reader: Worker::start("store-reader", Arc::clone(&path), other)?,
        counter: Worker::start("store-counter", Arc::clone(&path), third)?,
        path,
    })
}
