//! Connections and transactions.
//!
//! A transaction that was not committed when its connection broke is made anew.
//! One whose commit had been asked for is looked up first: each leaves a receipt,
//! and whoever looks waits for the lock that the first one holds to its end. No
//! transaction is ever taken for done or for undone without that.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::{Client, NoTls, Row};

use crate::store::Error;
use crate::store::postgres::failure::Failure;
use crate::store::postgres::layout;
use crate::store::postgres::settings::Settings;
use crate::store::postgres::tls::Tls;
use crate::store::postgres::value::Value;

/// So long a server that is away is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// The longest that one statement of the engine may take before its connection
/// counts as broken.
pub(super) const STEP_PATIENCE: Duration = Duration::from_secs(15);
/// The same for all others: lists are long.
const LONGEST: Duration = Duration::from_secs(600);
/// Between two tries to reach the server.
const BETWEEN: Duration = Duration::from_millis(200);
/// Connections at once.
const CONNECTIONS: usize = 4;
/// Receipts older than this are removed now and then.
const RECEIPTS_KEPT: i64 = 24 * 3_600_000;

/// Who else may be at it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    /// Nobody who writes, neither steps.
    Alone,
    /// All others.
    Beside,
}

/// The way to a database.
pub(super) struct Home {
    settings: Settings,
    tls: Option<Tls>,
    idle: RefCell<Vec<Client>>,
    places: Semaphore,
    /// How often a transaction was looked up whose end was unclear.
    pub(super) looked_up: Cell<u64>,
}

impl Home {
    pub(super) fn new(settings: Settings) -> Result<Home, Error> {
        let tls = match settings.tls() {
            true => Some(Tls::new(&settings)?),
            false => None,
        };
        Ok(Home {
            settings,
            tls,
            idle: RefCell::default(),
            places: Semaphore::new(CONNECTIONS),
            looked_up: Cell::new(0),
        })
    }

    /// The URL without its password.
    pub(super) fn place(&self) -> &str {
        self.settings.place()
    }

    /// An error, said of this database. A layout that is not the one that this
    /// program knows is told from a fault.
    pub(super) async fn error(&self, failure: Failure, doing: &'static str) -> Error {
        if failure.is_layout()
            && let Ok(client) = self.client().await
            && let Err(Failure::Said(newer)) = layout::recognize(&client, self.place()).await
        {
            return newer;
        }
        failure.into_error(self.place(), doing)
    }

    /// A connection that is at hand, or a new one.
    pub(super) async fn client(&self) -> Result<Client, Failure> {
        loop {
            let idle = self.idle.borrow_mut().pop();
            match idle {
                Some(client) if client.is_closed() => {}
                Some(client) => return Ok(client),
                None => return self.connect().await,
            }
        }
    }

    /// Takes a connection back that nothing is under way on.
    pub(super) fn give_back(&self, client: Client) {
        self.idle.borrow_mut().push(client);
    }

    async fn connect(&self) -> Result<Client, Failure> {
        let config = self.settings.config()?;
        let client = match &self.tls {
            None => {
                let (client, connection) = config.connect(NoTls).await?;
                tokio::task::spawn_local(connection);
                client
            }
            Some(tls) => {
                let (client, connection) = config.connect(tls.clone()).await?;
                tokio::task::spawn_local(connection);
                client
            }
        };
        // A server that loses what it confirmed keeps no promise.
        let row = client
            .query_typed_one(
                "SELECT current_setting('synchronous_commit'), current_setting('fsync')",
                &[],
            )
            .await?;
        for (index, setting) in ["synchronous_commit", "fsync"].into_iter().enumerate() {
            if row.try_get::<_, &str>(index)? == "off" {
                let path = self.place().into();
                return Err(Failure::Said(Error::NotDurable { path, setting }));
            }
        }
        Ok(client)
    }

    /// Asks without changing anything; once more where the connection breaks.
    pub(super) async fn read<T>(
        &self,
        doing: &'static str,
        work: impl AsyncFn(&Client) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let until = Instant::now() + PATIENCE;
        let _place = self.places.acquire().await;
        loop {
            let failure = match self.client().await {
                Err(failure) => failure,
                Ok(client) => match within(LONGEST, work(&client)).await {
                    Ok(value) => {
                        self.give_back(client);
                        return Ok(value);
                    }
                    Err(failure) => failure,
                },
            };
            self.again_or(failure, until, doing).await?;
        }
    }

    /// Does `work` in one transaction. With `keep` false it is taken back.
    pub(super) async fn write<T>(
        &self,
        doing: &'static str,
        lock: Lock,
        keep: bool,
        work: impl AsyncFn(&Client) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let until = Instant::now() + PATIENCE;
        let mut nonce = vec![0; 16];
        getrandom::fill(&mut nonce).map_err(|cause| Error::Database {
            doing: "drawing a number",
            path: self.place().into(),
            source: Box::new(cause),
        })?;
        let _place = self.places.acquire().await;
        let mut unclear = None;
        loop {
            let failure = match self.client().await {
                Err(failure) => failure,
                Ok(client) => {
                    let done = within(
                        LONGEST,
                        self.attempt(&client, lock, keep, &nonce, &mut unclear, &work),
                    )
                    .await;
                    match done {
                        Ok(value) => {
                            self.give_back(client);
                            return Ok(value);
                        }
                        Err(failure) => {
                            let healthy = !matches!(failure, Failure::Lost(_));
                            if healthy && client.batch_execute("ROLLBACK").await.is_ok() {
                                self.give_back(client);
                            }
                            failure
                        }
                    }
                }
            };
            self.again_or(failure, until, doing).await?;
        }
    }

    async fn attempt<T>(
        &self,
        client: &Client,
        lock: Lock,
        keep: bool,
        nonce: &[u8],
        unclear: &mut Option<T>,
        work: &impl AsyncFn(&Client) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let begin = match lock {
            Lock::Alone => {
                "BEGIN; SELECT letterpress_durable(); SELECT pg_advisory_xact_lock(7814992)"
            }
            Lock::Beside => {
                "BEGIN; SELECT letterpress_durable(); SELECT pg_advisory_xact_lock_shared(7814992)"
            }
        };
        client.batch_execute(begin).await?;
        if unclear.is_some() {
            if lock == Lock::Beside {
                // Whoever was at it before holds the same lock.
                client
                    .batch_execute("SELECT pg_advisory_xact_lock(7814992)")
                    .await?;
            }
            self.looked_up.set(self.looked_up.get() + 1);
            let kept = rows(client, "SELECT 1 FROM receipt WHERE nonce = $1", &[&nonce]).await?;
            if !kept.is_empty() {
                client.batch_execute("ROLLBACK").await?;
                return unclear
                    .take()
                    .ok_or_else(|| Failure::unreadable("a receipt"));
            }
            *unclear = None;
        }
        let value = work(client).await?;
        if !keep {
            client.batch_execute("ROLLBACK").await?;
            return Ok(value);
        }
        rows(
            client,
            "INSERT INTO receipt (nonce, at) VALUES ($1, letterpress_clock())",
            &[&nonce],
        )
        .await?;
        *unclear = Some(value);
        client.batch_execute("COMMIT").await?;
        unclear
            .take()
            .ok_or_else(|| Failure::unreadable("a receipt"))
    }

    /// Waits a moment where the same may be tried once more.
    pub(super) async fn again_or(
        &self,
        failure: Failure,
        until: Instant,
        doing: &'static str,
    ) -> Result<(), Error> {
        match failure {
            Failure::Lost(_) | Failure::Again(_) if Instant::now() < until => {
                sleep(BETWEEN).await;
                Ok(())
            }
            other => Err(self.error(other, doing).await),
        }
    }

    /// Forgets receipts that nobody asks for any more.
    pub(super) async fn tidy(&self, now: i64) -> Result<(), Error> {
        self.read("removing old receipts", async |client| {
            rows(
                client,
                "DELETE FROM receipt WHERE at < $1",
                &[&(now - RECEIPTS_KEPT)],
            )
            .await
        })
        .await
        .map(drop)
    }
}

/// Gives up on a connection that does not answer.
pub(super) async fn within<T>(
    time: Duration,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    match timeout(time, work).await {
        Ok(done) => done,
        Err(_) => Err(Failure::Lost("the server does not answer".to_owned())),
    }
}

/// What a statement answers.
pub(super) async fn rows(
    client: &Client,
    text: &str,
    values: &[&dyn Value],
) -> Result<Vec<Row>, Failure> {
    let typed: Vec<_> = values.iter().map(|value| value.typed()).collect();
    Ok(client.query_typed(text, &typed).await?)
}

/// The first row, where there is one.
pub(super) async fn first(
    client: &Client,
    text: &str,
    values: &[&dyn Value],
) -> Result<Option<Row>, Failure> {
    Ok(rows(client, text, values).await?.into_iter().next())
}

/// How many rows a statement changed.
pub(super) async fn change(
    client: &Client,
    text: &str,
    values: &[&dyn Value],
) -> Result<u64, Failure> {
    let typed: Vec<_> = values.iter().map(|value| value.typed()).collect();
    Ok(client.execute_typed(text, &typed).await?)
}
