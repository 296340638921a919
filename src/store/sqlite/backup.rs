//! A copy of the store while others write to it.

use std::io;
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use crate::store::sqlite::connection::{Options, Role, connect, sync_folder};
use crate::store::sqlite::failure::Failure;

/// Copies the store at `from`: one state of it, whole or not at all, readable
/// by its owner alone.
pub(super) fn backup(from: &Path, to: &Path) -> Result<(), Failure> {
    let failed = |source| Failure::file(to, source);
    let folder = match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Made for its owner alone (mode 0600), removed unless it is renamed.
    let copy = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let source = connect(from, Role::Reader, Options::default())?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut target = Connection::open_with_flags(copy.path(), flags)?;
    // All pages in one step: one read transaction, which no writer disturbs.
    match Backup::new(&source, &mut target)?.step(-1)? {
        StepResult::Done => {}
        _ => return Err(Failure::Sql(busy())),
    }
    target.close().map_err(|(_, error)| Failure::Sql(error))?;
    copy.as_file().sync_all().map_err(failed)?;
    copy.persist(to)
        .map_err(|error| failed(io::Error::from(error)))?;
    sync_folder(to).map_err(failed)
}

fn busy() -> rusqlite::Error {
    let error = ffi::Error::new(ffi::SQLITE_BUSY);
    debug_assert_eq!(error.code, ErrorCode::DatabaseBusy);
    rusqlite::Error::SqliteFailure(error, None)
}
