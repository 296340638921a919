//! Who sends: a row with the number of the lease, which its worker has to renew.
//!
//! A lease that ran out is marked dead by whoever sees it first, with nobody else
//! in a step; from then on the server refuses whatever its worker wants to
//! write. Only after that its rows are looked at. All times are the server's.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use tokio::sync::mpsc::WeakUnboundedSender;
use tokio::time::{Duration, sleep};
use tokio_postgres::Client;

use crate::store::numbers;
use crate::store::postgres::failure::Failure;
use crate::store::postgres::host::{Inner, Job};
use crate::store::postgres::link::{Lock, first, rows};
use crate::store::postgres::row::{count_at, time_at};
use crate::store::{Error, Worker};

/// Said of rows that a dead worker left in the middle.
const INTERRUPTED: &str = "the program ended before the reply was recorded";

/// What a lease is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Sending.
    Sender = 0,
    /// Seeing to it that what is scheduled is sent.
    Keeper = 1,
}

/// A lease, until it is dropped.
pub(super) struct Lease {
    id: i64,
    fence: Arc<AtomicI64>,
    jobs: WeakUnboundedSender<Job>,
}

impl Lease {
    pub(super) fn new(id: i64, fence: &Arc<AtomicI64>, jobs: WeakUnboundedSender<Job>) -> Lease {
        Lease {
            id,
            fence: Arc::clone(fence),
            jobs,
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let _ = self
            .fence
            .compare_exchange(self.id, 0, Ordering::SeqCst, Ordering::SeqCst);
        if let Some(jobs) = self.jobs.upgrade() {
            let id = self.id;
            // Where the store is closed already, it has ended its leases.
            let _ = jobs.send(Box::new(move |inner| {
                Box::pin(async move { end(&inner, id).await })
            }));
        }
    }
}

/// Takes a lease and keeps it until [`end`].
pub(super) async fn begin(inner: &Rc<Inner>, kind: Kind, who: &str) -> Result<i64, Error> {
    let lease = inner.lease.as_millis() as i64;
    let id = inner
        .home
        .write("taking a lease", Lock::Alone, true, async |client| {
            let row = first(
                client,
                "INSERT INTO worker (kind, who, since, beat, before_beat, until)
                 SELECT $1, $2, now, now, now, now + $3 FROM letterpress_clock() AS c(now)
                 RETURNING id, since",
                &[&(kind as i64), &who, &lease],
            )
            .await?;
            let row = row.ok_or_else(|| Failure::unreadable("a lease"))?;
            inner.clock(row.try_get(1)?);
            Ok(row.try_get(0)?)
        })
        .await?;
    let now = Utc::now().timestamp_millis() + inner.skew();
    inner.home.tidy(now).await?;
    let keeping = Rc::clone(inner);
    let beats = tokio::task::spawn_local(async move {
        loop {
            sleep(keeping.lease / 5).await;
            // A server that is away is asked again with the next beat.
            let _ = beat(&keeping, id).await;
        }
    });
    inner.leases.borrow_mut().insert(id, beats.abort_handle());
    Ok(id)
}

/// Gives a lease back. What its worker left in the middle becomes unknown.
pub(super) async fn end(inner: &Rc<Inner>, id: i64) {
    let Some(beats) = inner.leases.borrow_mut().remove(&id) else {
        return;
    };
    beats.abort();
    let marked = inner
        .home
        .write("giving a lease back", Lock::Alone, true, async |client| {
            rows(
                client,
                "UPDATE worker SET dead = true WHERE id = $1",
                &[&id],
            )
            .await
        })
        .await;
    if marked.is_ok() {
        // Otherwise it runs out by itself.
        let _ = bury(inner, Utc::now(), false).await;
    }
}

async fn beat(inner: &Rc<Inner>, id: i64) -> Result<(), Error> {
    let lease = inner.lease.as_millis() as i64;
    let sent = inner.sent.get() as i64;
    let (now, expired) = inner
        .home
        .read("renewing a lease", async |client| {
            let row = first(
                client,
                "UPDATE worker SET before_beat = beat, before_sent = sent, beat = now, sent = $2,
                    until = now + $3
                 FROM letterpress_clock() AS c(now) WHERE id = $1 AND NOT dead
                 RETURNING now",
                &[&id, &sent, &lease],
            )
            .await?;
            let now = row.map(|row| row.try_get::<_, i64>(0)).transpose()?;
            Ok((now, any_expired(client).await?))
        })
        .await?;
    if let Some(now) = now {
        inner.clock(now);
    }
    if expired {
        bury(inner, Utc::now(), false).await?;
    }
    Ok(())
}

async fn any_expired(client: &Client) -> Result<bool, Failure> {
    let found = first(
        client,
        "SELECT 1 FROM worker WHERE dead OR until < letterpress_clock() LIMIT 1",
        &[],
    )
    .await?;
    Ok(found.is_some())
}

/// Takes over from those whose lease ran out. With `nobodys` also what was begun
/// without a lease. How many became unknown.
pub(super) async fn bury(
    inner: &Rc<Inner>,
    now: DateTime<Utc>,
    nobodys: bool,
) -> Result<u64, Error> {
    let dead = inner
        .home
        .write(
            "looking for dead workers",
            Lock::Alone,
            true,
            async |client| {
                rows(
                    client,
                    "UPDATE worker SET dead = true WHERE NOT dead AND until < letterpress_clock()",
                    &[],
                )
                .await?;
                let mut dead = Vec::new();
                for row in rows(client, "SELECT id FROM worker WHERE dead", &[]).await? {
                    dead.push(row.try_get::<_, i64>(0)?);
                }
                Ok(dead)
            },
        )
        .await?;
    let mut fences = dead;
    if nobodys {
        fences.push(0);
    }
    if fences.is_empty() {
        return Ok(0);
    }
    // They are fenced off: nobody else writes to their rows, and steps of others
    // need not wait for the search.
    inner
        .home
        .write(
            "recording what was interrupted",
            Lock::Beside,
            true,
            async |client| {
                let row = first(
                    client,
                    "SELECT letterpress_bury($1, $2, $3)",
                    &[&fences, &numbers::millis(now), &INTERRUPTED],
                )
                .await?;
                row.map_or(Ok(0), |row| count_at(&row, 0))
            },
        )
        .await
}

/// Those whose lease has not run out.
pub(super) async fn living(client: &Client, fence: i64) -> Result<Vec<(Kind, Worker)>, Failure> {
    rows(
        client,
        "SELECT kind, who, since, beat, sent,
            CASE WHEN beat > before_beat
                THEN (sent - before_sent) * 1000.0::float8 / (beat - before_beat) ELSE 0 END, id = $1
         FROM worker WHERE NOT dead AND until >= letterpress_clock() ORDER BY id",
        &[&fence],
    )
    .await?
    .iter()
    .map(|row| {
        let kind = match row.try_get::<_, i64>(0)? {
            0 => Kind::Sender,
            _ => Kind::Keeper,
        };
        let worker = Worker {
            who: row.try_get(1)?,
            is_us: row.try_get(6)?,
            since: Some(time_at(row, 2)?),
            beat: Some(time_at(row, 3)?),
            sent: count_at(row, 4)?,
            per_second: row.try_get(5)?,
        };
        Ok((kind, worker))
    })
    .collect()
}

/// The usual length of a lease.
pub(super) const LEASE: Duration = Duration::from_secs(15);
