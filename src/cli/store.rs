//! Opening the store, and waiting for its answers.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::store::{self, Answer, Sqlite, Store};

/// The store of this newsletter. It is never made here: a fresh store must not
/// mean that nobody was mailed.
pub(crate) fn open(folder: &Folder) -> Result<Arc<dyn Store>, CommandError> {
    Ok(Arc::new(Sqlite::open(&path(folder))?))
}

/// The same, `None` where there is none yet.
pub(crate) fn open_if_there(folder: &Folder) -> Result<Option<Arc<dyn Store>>, CommandError> {
    match Sqlite::open(&path(folder)) {
        Ok(store) => Ok(Some(Arc::new(store))),
        Err(store::Error::Missing { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The store, made where there is none: for commands that bring in people.
pub(crate) fn create(folder: &Folder) -> Result<Arc<dyn Store>, CommandError> {
    Ok(Arc::new(Sqlite::create(&path(folder))?))
}

fn path(folder: &Folder) -> PathBuf {
    folder.path(&folder.settings().store.path)
}

/// Waits for an answer of the store.
pub(crate) fn wait<T>(answer: Answer<T>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|cause| {
            CommandError::unexpected(format!("the system gives no runtime: {cause}"))
        })?;
    Ok(runtime.block_on(answer)?)
}

impl From<store::Error> for CommandError {
    fn from(error: store::Error) -> Self {
        let (kind, hint) = match &error {
            store::Error::Missing { .. } => (
                Exit::Usage,
                Some(
                    "`letterpress subscribers import FILE` makes it; store.url in the settings says where it is",
                ),
            ),
            store::Error::Damaged { .. } => (
                Exit::Unexpected,
                Some("bring back a backup, and keep the damaged file"),
            ),
            store::Error::Newer { .. } => (Exit::Usage, Some("use the newer letterpress")),
            store::Error::Engaged { .. } => (
                Exit::Again,
                Some("wait until it is done, or stop it, and run this again"),
            ),
            store::Error::Locked { .. } => (Exit::Again, Some("run it again")),
            store::Error::Full { .. } => (Exit::Unexpected, Some("make room and run it again")),
            store::Error::ReadOnly { .. } => (
                Exit::Unexpected,
                Some("look at the owner and mode of the file and of its folder"),
            ),
            store::Error::Taken { .. } => (Exit::Usage, None),
            store::Error::File { .. } | store::Error::Database { .. } | store::Error::Closed => {
                (Exit::Unexpected, None)
            }
        };
        let error = CommandError::new(kind, error);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}
