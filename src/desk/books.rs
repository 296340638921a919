//! What a mailing's deliveries come to, counted aside: a million rows take longer than
//! a page may. A small mailing is always counted anew; of a large one is shown what was
//! counted last.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::desk::Trouble;
use crate::desk::app::App;
use crate::mailing::{Delivery, Mailing, MailingId, Stage, State, Tally};
use crate::store::{Error, Store};

/// How long a page waits for a count.
const PATIENCE: Duration = Duration::from_millis(220);
/// Deliveries that are looked through for who needs a hand, and for what holds a mailing
/// up.
const SEEN: usize = 1_000;
/// Counts of one mailing at a time: one that runs, and one that sees what changed since
/// it began.
const AT_ONCE: usize = 2;

/// What was counted.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) tally: Tally,
    /// Deliveries that were not taken over: first those that need a hand, each kind by
    /// subscriber.
    pub(super) held: Vec<Delivery>,
    /// When the stage of the mailing had changed last.
    changed_at: DateTime<Utc>,
}

/// The books of all mailings that were looked at.
#[derive(Default)]
pub(super) struct Shelf {
    slots: Mutex<BTreeMap<MailingId, Arc<Slot>>>,
}

#[derive(Default)]
struct Slot {
    latest: Mutex<Option<Arc<Books>>>,
    turn: tokio::sync::Mutex<()>,
    asked: AtomicUsize,
}

impl Slot {
    fn latest(&self) -> Option<Arc<Books>> {
        self.latest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn count(&self, store: &dyn Store, mailing: &Mailing) -> Result<Arc<Books>, Error> {
        let _turn = self.turn.lock().await;
        let hand = [State::Rejected, State::Unknown];
        let rest = [State::Deferred, State::Skipped];
        let mut held = store.deliveries(mailing.id, &hand, None, SEEN).await?;
        held.extend(store.deliveries(mailing.id, &rest, None, SEEN).await?);
        let books = Arc::new(Books {
            tally: store.tally(mailing.id).await?,
            held,
            changed_at: mailing.changed_at,
        });
        let latest = self.latest.lock();
        *latest.unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&books));
        Ok(books)
    }
}

impl App {
    /// The books of a mailing as they were counted last.
    pub(super) fn last_books(&self, mailing: &Mailing) -> Option<Arc<Books>> {
        self.slot(mailing.id).latest()
    }

    fn slot(&self, mailing: MailingId) -> Arc<Slot> {
        let slots = self.shelf.slots.lock();
        let mut slots = slots.unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(mailing).or_default())
    }

    /// The books of a mailing: as they are now where that is quickly told, otherwise as
    /// they were counted last; `None` where they never were.
    pub(super) async fn books(
        self: &Arc<Self>,
        store: &Arc<dyn Store>,
        mailing: &Mailing,
    ) -> Result<Option<Arc<Books>>, Trouble> {
        let slot = self.slot(mailing.id);
        let known = slot.latest();
        // What is closed stays as it is until it is opened again, which changes its stage.
        let closed = matches!(mailing.stage, Stage::Cancelled | Stage::Finished);
        let same = |books: &Arc<Books>| books.changed_at == mailing.changed_at;
        if closed && let Some(books) = known.clone().filter(same) {
            return Ok(Some(books));
        }
        if slot.asked.fetch_add(1, Ordering::Relaxed) >= AT_ONCE {
            slot.asked.fetch_sub(1, Ordering::Relaxed);
            return Ok(known);
        }
        let (store, mailing, counting) = (Arc::clone(store), mailing.clone(), Arc::clone(&slot));
        let count = tokio::spawn(async move {
            let counted = counting.count(store.as_ref(), &mailing).await;
            counting.asked.fetch_sub(1, Ordering::Relaxed);
            counted
        });
        match tokio::time::timeout(PATIENCE, count).await {
            Ok(Ok(counted)) => Ok(Some(counted?)),
            Ok(Err(_)) => Err(Trouble::new("the deliveries could not be counted")),
            Err(_) => Ok(slot.latest()),
        }
    }
}
