//! The store that the settings name, and what may go wrong with it.

use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::store::{self, Answer, Sqlite, Store};

/// The store, with what it takes to wait for its answers.
pub(crate) struct Shelf {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) runtime: Runtime,
}

impl Shelf {
    /// Waits for an answer.
    pub(crate) fn ask<T>(&self, answer: Answer<T>) -> Result<T, CommandError> {
        self.runtime.block_on(answer).map_err(failed)
    }
}

/// Opens the store; it is never made here.
pub(crate) fn open_store(folder: &Folder) -> Result<Shelf, CommandError> {
    open(folder)?.map_err(failed)
}

/// The same, where a folder without a store is one without a list.
pub(crate) fn open_store_if_there(folder: &Folder) -> Result<Option<Shelf>, CommandError> {
    match open(folder)? {
        Ok(shelf) => Ok(Some(shelf)),
        Err(store::Error::Missing { .. }) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn open(folder: &Folder) -> Result<Result<Shelf, store::Error>, CommandError> {
    let runtime = crate::cli::send::runtime()?;
    let path = folder.path(&folder.settings().store.path);
    Ok(Sqlite::open(&path).map(|store| Shelf {
        store: Arc::new(store),
        runtime,
    }))
}

/// A store's error with the next thing to do.
pub(crate) fn failed(error: store::Error) -> CommandError {
    let (exit, hint) = match &error {
        store::Error::Missing { .. } => (
            Exit::Usage,
            "`letterpress subscribers import FILE` makes one from a list",
        ),
        store::Error::Engaged { .. } => (Exit::Again, "wait until it is done, then run this again"),
        store::Error::Locked { .. } => (Exit::Again, "see what else has the file open"),
        store::Error::Newer { .. } => (Exit::Usage, "use that version, or a newer one"),
        store::Error::Damaged { .. } => (Exit::Unexpected, "take the last backup in its place"),
        store::Error::Full { .. } => (Exit::Again, "make room, then run this again"),
        _ => return CommandError::new(Exit::Unexpected, error),
    };
    CommandError::new(exit, error).hint(hint)
}
