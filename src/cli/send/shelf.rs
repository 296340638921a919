//! The store, as commands use it that also send.

use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::cli::error::CommandError;
use crate::cli::folder::Folder;
use crate::cli::store;
use crate::store::{Answer, Store};

/// The store, with what it takes to wait for its answers.
pub(crate) struct Shelf {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) runtime: Runtime,
}

impl Shelf {
    fn of(store: Arc<dyn Store>) -> Result<Shelf, CommandError> {
        Ok(Shelf {
            store,
            runtime: crate::cli::send::runtime()?,
        })
    }

    /// The newsletter's store; it is never made here.
    pub(crate) fn open(folder: &Folder) -> Result<Shelf, CommandError> {
        Shelf::of(store::open(folder)?)
    }

    /// The same, `None` where there is no list yet.
    pub(crate) fn open_if_there(folder: &Folder) -> Result<Option<Shelf>, CommandError> {
        store::open_if_there(folder)?.map(Shelf::of).transpose()
    }

    /// Waits for an answer.
    pub(crate) fn ask<T>(&self, answer: Answer<T>) -> Result<T, CommandError> {
        Ok(self.runtime.block_on(answer)?)
    }
}
