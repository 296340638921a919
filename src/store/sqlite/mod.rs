//! The store in one SQLite file.

use std::path::PathBuf;

/// A store in one SQLite file.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
}
