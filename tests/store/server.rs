//! Databases on the PostgreSQL server that `LETTERPRESS_TEST_POSTGRES` names,
//! one for each test. Where there is none, tests say so on the real standard
//! error and pass; the checks run for a release treat that as a failure.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use letterpress::store::Postgres;
use letterpress::store::postgres::Settings;
use tokio_postgres::NoTls;

use crate::store::contract::Kept;

/// A database, until it is dropped.
pub(crate) struct Database {
    server: String,
    name: String,
    /// Where it lies, of its own.
    space: Option<String>,
}

impl Database {
    /// A new one, empty; `None` where no server is named.
    pub(crate) fn new() -> Option<Database> {
        let server = named("LETTERPRESS_TEST_POSTGRES")?;
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "test_{}_{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        run(&server, &format!("CREATE DATABASE {name}"));
        Some(Database {
            server,
            name,
            space: None,
        })
    }

    /// The same in this folder of the server's.
    pub(crate) fn on(folder: &str) -> Option<Database> {
        let mut database = Database::new()?;
        let (name, space) = (&database.name, format!("space_of_{}", database.name));
        let server = &database.server;
        run(
            server,
            &format!("CREATE TABLESPACE {space} LOCATION '{folder}'"),
        );
        run(
            server,
            &format!("ALTER DATABASE {name} SET TABLESPACE {space}"),
        );
        database.space = Some(space);
        Some(database)
    }

    /// As `store.url` has it.
    pub(crate) fn url(&self) -> String {
        at(&self.server, &self.name)
    }

    /// The same through PgBouncer.
    pub(crate) fn pooled_url(&self) -> Option<String> {
        Some(at(&named("LETTERPRESS_TEST_PGBOUNCER")?, &self.name))
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings::parse(&self.url()).unwrap()
    }

    /// Runs statements there.
    pub(crate) fn run(&self, text: &str) {
        run(&self.url(), text);
    }

    /// The server, for what must not happen in the database itself.
    pub(crate) fn run_beside(&self, text: &str) {
        run(&self.server, text);
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        run(
            &self.server,
            &format!("DROP DATABASE {} WITH (FORCE)", self.name),
        );
        if let Some(space) = &self.space {
            run(&self.server, &format!("DROP TABLESPACE {space}"));
        }
    }
}

/// An empty store in a database of its own.
pub(crate) fn made() -> Option<(Kept, Database)> {
    let database = Database::new()?;
    let store = Postgres::create(database.settings()).unwrap();
    Some((Arc::new(store), database))
}

/// The same through PgBouncer.
pub(crate) fn pooled() -> Option<(Kept, Database)> {
    let database = Database::new()?;
    let settings = Settings::parse(&database.pooled_url()?).unwrap();
    Some((Arc::new(Postgres::create(settings).unwrap()), database))
}

pub(crate) fn named(variable: &str) -> Option<String> {
    if let Ok(url) = std::env::var(variable) {
        return Some(url);
    }
    use std::io::Write;
    // The test runner swallows `eprintln!`, not this.
    let _ = writeln!(
        std::io::stderr(),
        "a test of PostgreSQL left out: {variable} names no server"
    );
    None
}

fn at(server: &str, database: &str) -> String {
    let mut url = url::Url::parse(server).unwrap();
    url.set_path(database);
    url.to_string()
}

/// On a thread of its own: tests have runtimes already.
fn run(url: &str, text: &str) {
    let (url, text) = (url.to_owned(), text.to_owned());
    let work = async move {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        client.batch_execute(&text).await.unwrap();
        drop(client);
        let _ = connection.await;
    };
    std::thread::spawn(|| {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(work);
    })
    .join()
    .unwrap();
}
