//! What the server says, as errors of the store.

use std::path::PathBuf;

use tokio_postgres::error::SqlState;

use crate::store::Error;

/// Why a piece of work came to nothing, before it is known to whom and at what.
#[derive(Debug)]
pub(super) enum Failure {
    /// The connection broke, or none can be made just now.
    Lost(String),
    /// The server asks for the same once more.
    Again(String),
    /// The server says so: its code and its words.
    Sql(String, String),
    /// The store says so.
    Said(Error),
}

/// Raised by the functions of the layout.
const FENCED: &str = "LP001";
const NOT_DURABLE: &str = "LP002";

impl From<tokio_postgres::Error> for Failure {
    /// Only what the server says in one line is taken: its details may hold
    /// values of a row, and so addresses.
    fn from(error: tokio_postgres::Error) -> Failure {
        let Some(said) = error.as_db_error() else {
            return match is_unreadable(&error) {
                true => Failure::Sql(String::new(), error.to_string()),
                false => Failure::Lost(chain(&error)),
            };
        };
        let code = said.code().code();
        let words = format!("{} ({code})", said.message());
        // Classes 08 and 57P: the connection, or the server, ends or begins.
        if code.starts_with("08") || code.starts_with("57P") || code == "53300" {
            return Failure::Lost(words);
        }
        match *said.code() {
            SqlState::T_R_SERIALIZATION_FAILURE
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::LOCK_NOT_AVAILABLE => Failure::Again(words),
            _ => Failure::Sql(code.to_owned(), words),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Said(error)
    }
}

fn is_unreadable(error: &tokio_postgres::Error) -> bool {
    let source = std::error::Error::source(error);
    !error.is_closed()
        && source.is_some_and(|source| source.is::<tokio_postgres::types::WrongType>())
}

/// An error with its causes.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let more = next.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = next.source();
    }
    words
}

impl Failure {
    /// Values in the database that no letterpress has written.
    pub(super) fn unreadable(what: &str) -> Failure {
        Failure::Sql(String::new(), format!("{what} cannot be read"))
    }

    /// Whether the layout is not the one this program knows.
    pub(super) fn is_layout(&self) -> bool {
        let missing = [
            SqlState::UNDEFINED_FUNCTION,
            SqlState::UNDEFINED_TABLE,
            SqlState::UNDEFINED_COLUMN,
        ];
        matches!(self, Failure::Sql(code, _) if missing.iter().any(|one| one.code() == code))
    }

    /// The error, said of the store at `place`.
    pub(super) fn into_error(self, place: &str, doing: &'static str) -> Error {
        let path = PathBuf::from(place);
        match self {
            Failure::Said(error) => error,
            Failure::Lost(words) | Failure::Again(words) => Error::Unreachable {
                doing,
                path,
                source: words.into(),
            },
            Failure::Sql(code, words) => match code.as_str() {
                FENCED => Error::Fenced,
                NOT_DURABLE => Error::NotDurable {
                    path,
                    setting: "synchronous_commit",
                },
                // Disk full, and out of memory.
                "53100" | "53200" => Error::Full { path },
                "25006" | "42501" => Error::ReadOnly { path },
                "28000" | "28P01" | "3D000" => Error::Refused {
                    path,
                    source: words.into(),
                },
                _ => Error::Database {
                    doing,
                    path,
                    source: words.into(),
                },
            },
        }
    }
}
