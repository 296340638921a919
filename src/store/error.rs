use std::path::PathBuf;

/// Why a store did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no store.
    #[error("there is no store at {}", .path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is no store, or a damaged one.
    #[error("{} is damaged, or no store", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A newer version of the program made it.
    #[error("{} was made by a newer letterpress (layout {found}, this one knows {known})", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// Somebody is sending.
    #[error("{who} is sending from this store")]
    Engaged {
        /// Program, process and host, as they said themselves.
        who: String,
    },
    /// There is one already: a mailing of the issue, a subscriber of the
    /// address.
    #[error("{what} exists already")]
    Taken {
        /// What.
        what: &'static str,
    },
    /// The disk is full.
    #[error("the disk is full: nothing was written to {}", .path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The file may not be written to.
    #[error("{} cannot be written to", .path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// Others kept it locked for longer than anybody should.
    #[error("{} stayed locked for {seconds} s", .path.display())]
    Locked {
        /// The file.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
    /// A file beside the store could not be used.
    #[error("cannot use {}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Anything else that the database says.
    #[error("the store {} failed while {doing}", .path.display())]
    Database {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server cannot be reached, or the connection to it broke.
    #[error("{} cannot be reached: {doing} came to nothing", .path.display())]
    Unreachable {
        /// What was being done.
        doing: &'static str,
        /// The database.
        path: PathBuf,
        /// What happened.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server lets us not in, or has no such database.
    #[error("{} does not let us in", .path.display())]
    Refused {
        /// The database.
        path: PathBuf,
        /// What the server said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server may lose what it confirmed.
    #[error("{} has {setting} = off: it may lose what it confirmed, and mail would go out twice", .path.display())]
    NotDurable {
        /// The database.
        path: PathBuf,
        /// The setting of the server.
        setting: &'static str,
    },
    /// Our lease ran out, and others have taken over.
    #[error("this process gave no sign of life for too long, and another took over its deliveries")]
    Fenced,
    /// The store was closed while it was asked.
    #[error("the store was closed")]
    Closed,
}
