//! Opening the store, and waiting for its answers.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::files::read_limited;
use crate::store::sqlite::Options;
use crate::store::{self, Answer, Postgres, Public, Sqlite, Store, postgres};

/// No password is near this size.
const PASSWORD_LIMIT: u64 = 4 << 10;

/// The store of this newsletter. It is never made here: a fresh store must not
/// mean that nobody was mailed.
pub(crate) fn open(folder: &Folder) -> Result<Arc<dyn Store>, CommandError> {
    Ok(match server(folder)? {
        Some(server) => {
            let lease = folder.settings().store.lease;
            Arc::new(Postgres::open_with(server, lease)?)
        }
        None => Arc::new(Sqlite::open(&path(folder))?),
    })
}

/// The same as strangers may use it; `store` is it without bounds.
pub(crate) fn open_for_strangers(
    folder: &Folder,
    store: &Arc<dyn Store>,
) -> Result<Public, CommandError> {
    if folder.settings().store.server.is_some() {
        // The rights of the role in store.url are the operator's to give.
        return Ok(Public::new(Arc::clone(store)));
    }
    let options = Options {
        strangers: true,
        ..Options::default()
    };
    let store = Sqlite::open_with(&path(folder), options)?;
    Ok(Public::new(Arc::new(store)))
}

/// The same, `None` where there is none yet.
pub(crate) fn open_if_there(folder: &Folder) -> Result<Option<Arc<dyn Store>>, CommandError> {
    let opened = match server(folder)? {
        Some(server) => {
            let lease = folder.settings().store.lease;
            Postgres::open_with(server, lease).map(|store| Arc::new(store) as Arc<dyn Store>)
        }
        None => Sqlite::open(&path(folder)).map(|store| Arc::new(store) as Arc<dyn Store>),
    };
    match opened {
        Ok(store) => Ok(Some(store)),
        Err(store::Error::Missing { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The store, made where there is none: for commands that bring in people.
pub(crate) fn create(folder: &Folder) -> Result<Arc<dyn Store>, CommandError> {
    Ok(match server(folder)? {
        Some(server) => Arc::new(Postgres::create(server)?),
        None => Arc::new(Sqlite::create(&path(folder))?),
    })
}

/// A store that is named as in store.url; made where `make` says so.
pub(crate) fn named(
    folder: &Folder,
    url: &str,
    make: bool,
) -> Result<Arc<dyn Store>, CommandError> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = folder.path(path.strip_prefix("//").unwrap_or(path));
        return Ok(match make {
            true => Arc::new(Sqlite::create(&path)?),
            false => Arc::new(Sqlite::open(&path)?),
        });
    }
    let server = postgres::Settings::parse(url).map_err(|why| {
        CommandError::usage(format!("a store's URL names none: {why}"))
            .hint("write sqlite:data/letterpress.db, or postgres://USER@HOST/DATABASE")
    })?;
    let server = with_password(folder, server)?;
    Ok(match make {
        true => Arc::new(Postgres::create(server)?),
        false => Arc::new(Postgres::open(server)?),
    })
}

/// The database that the settings name, with its password.
fn server(folder: &Folder) -> Result<Option<postgres::Settings>, CommandError> {
    let server = folder.settings().store.server.clone();
    server.map(|one| with_password(folder, one)).transpose()
}

fn with_password(
    folder: &Folder,
    server: postgres::Settings,
) -> Result<postgres::Settings, CommandError> {
    let settings = &folder.settings().store;
    let server = server.with_password(settings.password.clone());
    match &settings.password_file {
        Some(file) if !server.has_password() => {
            let password = read_password(folder, file)?;
            Ok(server.with_password(Some(password)))
        }
        _ => Ok(server),
    }
}

/// What a file holds in its only line.
pub(crate) fn read_password(folder: &Folder, file: &str) -> Result<SecretString, CommandError> {
    let bytes = read_limited(&folder.path(file), PASSWORD_LIMIT)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| CommandError::usage(format!("{file} is not text: it holds no password")))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned().into())
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
            store::Error::Unreachable { .. } => {
                (Exit::Again, Some("run it again once the server answers"))
            }
            store::Error::Refused { .. } => (
                Exit::Usage,
                Some("look at store.url and store.password_file in the settings"),
            ),
            store::Error::NotDurable { .. } => (
                Exit::Usage,
                Some("turn it on in the server's settings, and for the role and the database"),
            ),
            store::Error::Fenced => (Exit::Again, Some("run it again: it goes on")),
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
