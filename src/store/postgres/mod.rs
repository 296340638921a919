//! The store in a PostgreSQL database, which several machines share.
//!
//! Whoever sends takes a lease; rows are claimed under it in batches, and a step
//! is refused once somebody took over. All that is known of others is in the
//! database: no session keeps anything, so that PgBouncer may stand between, in
//! transaction mode. Writes that are no steps hold a lock for their transaction,
//! as they have SQLite's file to themselves; steps hold it together.
//!
//! PostgreSQL stands in this module and nowhere else.

mod absorb;
mod copy;
mod door;
mod erasure;
mod failure;
mod host;
mod inbox;
mod layout;
mod lease;
mod link;
mod mailings;
mod people;
mod plan;
mod promise;
mod returns;
mod row;
mod settings;
mod step;
mod suppression;
mod tls;
mod value;

use std::fmt;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_postgres::Client;

use crate::store::postgres::failure::Failure;
use crate::store::postgres::host::{Host, Inner};
use crate::store::postgres::lease::{Kind, Lease};
use crate::store::postgres::link::Lock;
use crate::store::{Answer, Engagement, Error, StoreId, Worker};

pub use settings::Settings;

/// A store in a PostgreSQL database. Dropping it waits for what was asked of it.
pub struct Postgres {
    place: String,
    id: StoreId,
    host: Host,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Postgres")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl Postgres {
    /// Opens the store; the database is never filled here.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] where the database is empty, [`Error::Newer`],
    /// [`Error::NotDurable`] where the server loses what it confirmed, and those
    /// of the network.
    pub fn open(settings: Settings) -> Result<Postgres, Error> {
        Postgres::start(settings, lease::LEASE, false)
    }

    /// The same, and makes the tables in an empty database.
    ///
    /// # Errors
    ///
    /// As [`Postgres::open`], but never [`Error::Missing`].
    pub fn create(settings: Settings) -> Result<Postgres, Error> {
        Postgres::start(settings, lease::LEASE, true)
    }

    /// Opens the store; a lease of this process lasts so long without a sign of
    /// life.
    ///
    /// # Errors
    ///
    /// As [`Postgres::open`].
    pub fn open_with(settings: Settings, lease: Duration) -> Result<Postgres, Error> {
        Postgres::start(settings, lease, false)
    }

    fn start(settings: Settings, lease: Duration, make: bool) -> Result<Postgres, Error> {
        let place = settings.place().to_owned();
        let (host, id) = Host::start(settings, lease, make)?;
        Ok(Postgres {
            place,
            id: StoreId(id),
            host,
        })
    }

    /// Asks without changing anything.
    fn read<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl AsyncFn(&Client) -> Result<T, Failure> + Send + 'static,
    ) -> Answer<T> {
        self.host
            .ask(async move |inner: Rc<Inner>| inner.home.read(doing, work).await)
    }

    /// Does `work` in one transaction. With `keep` false it is taken back.
    fn write<T: Send + 'static>(
        &self,
        doing: &'static str,
        lock: Lock,
        keep: bool,
        work: impl AsyncFn(&Client) -> Result<T, Failure> + Send + 'static,
    ) -> Answer<T> {
        self.host
            .ask(async move |inner: Rc<Inner>| inner.home.write(doing, lock, keep, work).await)
    }

    fn lease(&self, kind: Kind, who: &str) -> Answer<Engagement> {
        let who = who.to_owned();
        let fence = std::sync::Arc::clone(&self.host.state.fence);
        let Some(jobs) = self.host.jobs() else {
            return Box::pin(async { Err(Error::Closed) });
        };
        self.host.ask(async move |inner: Rc<Inner>| {
            let id = lease::begin(&inner, kind, &who).await?;
            if kind == Kind::Sender {
                fence.store(id, Ordering::SeqCst);
            }
            Ok(Engagement::holding(Lease::new(id, &fence, jobs)))
        })
    }

    /// Who has a lease of this kind.
    fn holders(&self, kind: Kind) -> Answer<Vec<Worker>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            let fence = inner.fence();
            let living = inner
                .home
                .read("looking who sends", async |client| {
                    lease::living(client, fence).await
                })
                .await?;
            let same = living.into_iter().filter(|(other, _)| *other == kind);
            Ok(same.map(|(_, worker)| worker).collect())
        })
    }
}
