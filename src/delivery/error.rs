use crate::store;

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store did not do what it was asked to.
    #[error("the store could not be written to while mail was being sent")]
    Store(#[source] store::Error),
    /// A worker ended in a way that is a fault of this program.
    #[error("a connection's worker broke down: {0}")]
    Worker(String),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Error::Store(error)
    }
}
