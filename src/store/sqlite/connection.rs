//! Opening the file, bringing it to the newest layout, and transactions.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::store::Error;
use crate::store::sqlite::failure::{Failure, is_busy};
use crate::store::sqlite::statements as sql;

/// How long others may keep the store locked before it is an error.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at a lock. Short, for each look is a chance only where a
/// busy process has just let go.
const LOOK: Duration = Duration::from_millis(2);

/// `ltpr`: tells our files from other SQLite files.
const APPLICATION: i64 = 0x6c74_7072;

/// Layouts in their order. Only ever added to.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001-first.sql"),
    include_str!("migrations/0002-soft-bounces.sql"),
    include_str!("migrations/0003-former-addresses.sql"),
    include_str!("migrations/0004-sign-ups.sql"),
];

/// Statements that a connection keeps compiled.
const STATEMENTS: usize = 128;

/// How a store is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The most pages of 4096 bytes that the file may grow to; what would make
    /// it larger fails with [`Error::Full`]. `None`: as large as the disk.
    pub max_pages: Option<u32>,
    /// Whether it is opened for the public server: then the database itself refuses
    /// whatever strangers have no need of.
    pub strangers: bool,
}

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Writer,
    Reader,
}

/// Makes an empty file that only its owner may read, and its folder; nothing
/// where there is a file.
pub(super) fn make_file(path: &Path) -> Result<(), Failure> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder).map_err(|source| Failure::file(folder, source))?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(file) => {
            file.sync_all()
                .and_then(|()| sync_folder(path))
                .map_err(|source| Failure::file(path, source))?;
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(Failure::file(path, source)),
    }
}

/// Puts the name of a new file on the disk too.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// A connection to the store at `path`, of the newest layout.
pub(super) fn connect(path: &Path, role: Role, options: Options) -> Result<Connection, Failure> {
    let connection = unsettled(path)?;
    patiently(|| settle(&connection, role, options))?;
    Ok(connection)
}

/// The first connection to the file at `path`: brings it to the newest layout.
/// An empty file becomes a store only where `make` says so, and nothing that is
/// no store is changed.
pub(super) fn connect_first(
    path: &Path,
    options: Options,
    make: bool,
) -> Result<Connection, Failure> {
    let mut connection = unsettled(path)?;
    recognise(&connection, path, make)?;
    patiently(|| settle(&connection, Role::Writer, options))?;
    migrate(&mut connection, path, make)?;
    Ok(connection)
}

fn unsettled(path: &Path) -> Result<Connection, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    let mut since = None;
    connection.busy_handler(Some(move |tries| {
        if tries == 0 {
            since = Some(Instant::now());
        }
        thread::sleep(LOOK);
        since.is_some_and(|since: Instant| since.elapsed() < PATIENCE)
    }))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Plans must not depend on values: SQLite would compile a statement anew each
    // time that a value is bound which a partial index speaks of.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn settle(connection: &Connection, role: Role, options: Options) -> Result<(), rusqlite::Error> {
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA journal_size_limit = 16777216;
         PRAGMA wal_autocheckpoint = 4096;",
    )?;
    match role {
        Role::Writer => connection.execute_batch("PRAGMA cache_size = -8000")?,
        Role::Reader => {
            connection.execute_batch("PRAGMA cache_size = -4000; PRAGMA query_only = ON")?;
        }
    }
    if let Some(pages) = options.max_pages {
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    Ok(())
}

/// Gives the connection more pages to hold, from now on. Addresses of a list come
/// in any order: with a small cache nearly each of them reads a page of the
/// index, and one that must be written before its commit is written twice.
pub(super) fn widen(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.execute_batch("PRAGMA cache_size = -16000")
}

/// The layout of the file, where it is a store that this program knows.
fn recognise(connection: &Connection, path: &Path, make: bool) -> Result<usize, Failure> {
    let number = |name: &str| {
        patiently(|| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)))
    };
    let (found, known) = (number("user_version")?, MIGRATIONS.len());
    let empty = number("schema_version")? == 0;
    if number("application_id")? != APPLICATION && !(empty && make) {
        return Err(Failure::Said(Error::Damaged {
            path: path.to_owned(),
            source: "it is not a file of letterpress".into(),
        }));
    }
    match usize::try_from(found) {
        Ok(found) if found <= known => Ok(found),
        _ => Err(Failure::Said(Error::Newer {
            path: path.to_owned(),
            found,
            known: known as i64,
        })),
    }
}

fn migrate(connection: &mut Connection, path: &Path, make: bool) -> Result<(), Failure> {
    if recognise(connection, path, make)? == MIGRATIONS.len() {
        return Ok(());
    }
    write(connection, |connection| {
        // Another process may have been faster.
        let found = recognise(connection, path, make)?;
        for migration in &MIGRATIONS[found..] {
            connection.execute_batch(migration)?;
        }
        if found == 0 {
            let mut draw = [0; 48];
            getrandom::fill(&mut draw).map_err(|error| Error::Database {
                doing: "drawing its name",
                path: path.to_owned(),
                source: Box::new(error),
            })?;
            let (id, salt) = draw.split_at(16);
            let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
            connection.execute(sql::META_PUT, ("id", id))?;
            connection.execute(sql::META_PUT, ("salt", salt))?;
            connection.pragma_update(None, "application_id", APPLICATION)?;
        }
        connection.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
        Ok(())
    })
}

/// Tries again as long as somebody is in the way: a process that closes or
/// recovers the file shuts others out without asking their busy handlers.
fn patiently<T>(
    mut attempt: impl FnMut() -> Result<T, rusqlite::Error>,
) -> Result<T, rusqlite::Error> {
    let since = Instant::now();
    loop {
        match attempt() {
            Err(error) if is_busy(&error) && since.elapsed() < PATIENCE => thread::sleep(LOOK),
            other => return other,
        }
    }
}

/// Does `work` in one transaction that holds the write lock from its beginning,
/// so that it cannot fail in the middle because somebody else writes.
pub(super) fn write<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    write_if(connection, true, work)
}

/// The same, and takes it all back where `keep` is false.
pub(super) fn write_if<T>(
    connection: &mut Connection,
    keep: bool,
    work: impl FnOnce(&Connection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    begin(connection)?;
    let done = work(connection).and_then(|done| {
        if keep {
            commit(connection)?;
        }
        Ok(done)
    });
    if done.is_err() || !keep {
        roll_back(connection);
    }
    done
}

/// Does `work` on one state of the store, whatever others write meanwhile.
pub(super) fn read<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    connection.prepare_cached(sql::BEGIN_READ)?.execute(())?;
    let done = work(connection);
    roll_back(connection);
    done
}

pub(super) fn begin(connection: &Connection) -> Result<(), rusqlite::Error> {
    patiently(|| connection.prepare_cached(sql::BEGIN)?.execute(()).map(drop))
}

pub(super) fn commit(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached(sql::COMMIT)?
        .execute(())
        .map(drop)
}

/// Ends a transaction that came to nothing. SQLite has done so already after
/// some errors; there is nobody to tell if it fails, and the next `BEGIN` does.
pub(super) fn roll_back(connection: &Connection) {
    if !connection.is_autocommit() {
        let _ = connection
            .prepare_cached(sql::ROLLBACK)
            .and_then(|mut statement| statement.execute(()));
    }
}
