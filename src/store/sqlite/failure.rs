//! What SQLite says, as errors of the store.

use std::io;
use std::path::Path;

use rusqlite::{ErrorCode, ffi};

use crate::store::Error;
use crate::store::sqlite::connection::PATIENCE;

/// Why a piece of work came to nothing, before it is known to whom and at what.
#[derive(Debug)]
pub(super) enum Failure {
    /// The database says so.
    Sql(rusqlite::Error),
    /// The store says so.
    Said(Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::Sql(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Said(error)
    }
}

impl Failure {
    /// A file beside the store, or the store's own, could not be used.
    pub(super) fn file(path: &Path, source: io::Error) -> Failure {
        Failure::Said(Error::File {
            path: path.to_owned(),
            source,
        })
    }

    /// The error, said of the store at `path`. No message of SQLite's holds a
    /// value out of a row, so no address can be in it.
    pub(super) fn into_error(self, path: &Path, doing: &'static str) -> Error {
        let error = match self {
            Failure::Said(error) => return error,
            Failure::Sql(error) => error,
        };
        let path = path.to_owned();
        match code(&error) {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Error::Damaged {
                path,
                source: Box::new(error),
            },
            Some(ErrorCode::DiskFull) => Error::Full { path },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Error::ReadOnly { path },
            Some(ErrorCode::CannotOpen) => Error::File {
                path,
                source: io::Error::other(error),
            },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Locked {
                path,
                seconds: PATIENCE.as_secs(),
            },
            _ if is_unreadable(&error) => Error::Damaged {
                path,
                source: Box::new(error),
            },
            _ => Error::Database {
                doing,
                path,
                source: Box::new(error),
            },
        }
    }
}

/// Whether somebody else holds a lock that is in the way.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        code(error),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn code(error: &rusqlite::Error) -> Option<ErrorCode> {
    error.sqlite_error_code()
}

/// Values in the file that no letterpress has written.
fn is_unreadable(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..)
    )
}

/// The same error once more, for one who shares its transaction.
pub(super) fn again(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, words) => {
            rusqlite::Error::SqliteFailure(*code, words.clone())
        }
        other => rusqlite::Error::SqliteFailure(
            ffi::Error::new(ffi::SQLITE_ERROR),
            Some(other.to_string()),
        ),
    }
}
