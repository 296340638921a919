//! Subscribers, suppressions, mailings and deliveries, kept for ever.
//!
//! [`Store`] is the promise; [`Sqlite`] keeps it in one file. Everything that
//! is answered with `Ok` is on the disk. What the engine relies on is
//! [`Store::step`]: one transaction that holds the outcome of a connection's
//! last delivery and marks its next one as `sending`, with suppression and
//! subscription looked up inside it.
//!
//! What a store does not do: decide what follows from a reply, wait, send.

pub mod copy;
mod error;
mod model;
mod numbers;
pub mod postgres;
mod public;
mod rules;
mod signup;
pub mod sqlite;
mod traffic;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value as Json;

use crate::mailing::{
    Delivery, Exclusion, Filter, Mailing, MailingId, Planned, Stage, State, Tally,
};
use crate::subscriber::{Address, Entry, Reason, Status, SubscriberId, Suppression, Tag};

pub use error::Error;
pub use model::{
    Absorbed, Adjust, Candidate, Cursor, Due, Ended, Engagement, Finished, Growth, NewMailing,
    Past, Return, Returned, Search, Settled, Skip, Start, Step, StoreId, Verdict, Worker,
};
pub use postgres::Postgres;
pub use public::Public;
pub use signup::{BOUNCE_REST, NewNotice, Notice, NoticeId, NoticeKind, OptIn, SignUp, Standing};
pub use sqlite::Sqlite;

/// The attribute that says until when a subscriber wants no mail: a day such as
/// `2026-04-01`, on which it comes again. Lists can bring it; anything else in it
/// says nothing.
pub const PAUSED_UNTIL: &str = "paused_until";

/// The answer of a store, when it is there. What was asked is under way as soon
/// as the method returns, whether or not the answer is awaited.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// Where subscribers and mailings are kept. All methods are safe to call from
/// several tasks, and several processes may have the same store open.
pub trait Store: Send + Sync {
    /// Drawn at random when the store was made.
    fn id(&self) -> StoreId;

    // ---- subscribers ----

    /// Takes in entries of a list, in one transaction: adds who is new, adds
    /// what is new of who is known. Nothing is lifted by it: an opt-out here or
    /// there stays one. Answers come in the order of the entries. With `commit`
    /// false nothing is kept.
    fn absorb(
        &self,
        entries: Vec<Entry>,
        now: DateTime<Utc>,
        commit: bool,
    ) -> Answer<Vec<Absorbed>>;

    /// The subscriber with this address, whatever its letter case.
    fn find(&self, address: &Address) -> Answer<Option<(SubscriberId, Entry)>>;

    /// Subscribers after this one, in the order in which they came.
    fn list(
        &self,
        search: Search,
        after: Option<SubscriberId>,
        limit: usize,
    ) -> Answer<Vec<(SubscriberId, Entry)>>;

    /// How many a search finds.
    fn count(&self, search: Search) -> Answer<u64>;

    /// Changes the status; leaving suppresses too. False where there is no such
    /// subscriber.
    fn set_status(&self, address: &Address, status: Status, now: DateTime<Utc>) -> Answer<bool>;

    /// The subscriber with this id.
    fn person(&self, subscriber: SubscriberId) -> Answer<Option<Entry>>;

    /// Takes back that a subscriber left at this moment: they are confirmed as
    /// they were before. False where nobody left then, or where something else
    /// keeps them from being mailed.
    fn take_back(&self, address: &Address, left_at: DateTime<Utc>) -> Answer<bool>;

    /// The language a subscriber reads, a BCP 47 tag. False where there is no
    /// such subscriber.
    fn set_language(&self, address: &Address, language: &str) -> Answer<bool>;

    /// Sets an attribute of a subscriber, or takes it away. False where there is
    /// no such subscriber. [`PAUSED_UNTIL`] keeps them from being mailed for a
    /// while.
    fn set_attribute(&self, address: &Address, name: &str, value: Option<Json>) -> Answer<bool>;

    /// Addresses that subscribers had before, with a mark to go on after, in
    /// the order in which they were given up. Links in mail sent there still
    /// mean the same person.
    fn former(&self, after: i64, limit: usize) -> Answer<Vec<(i64, SubscriberId, String)>>;

    /// Moves a subscriber to another address. [`Error::Taken`] where that
    /// belongs to somebody.
    fn change_address(&self, old: &Address, new: &Address, now: DateTime<Utc>) -> Answer<bool>;

    /// Removes a person everywhere and leaves a hash that keeps them
    /// suppressed; true where anything was there. They are suppressed either
    /// way.
    fn erase(&self, address: &Address, now: DateTime<Utc>) -> Answer<bool>;

    /// Salted hashes of the erased, for an export: `salt:hash` in hexadecimal.
    fn erased(&self) -> Answer<Vec<String>>;

    /// Takes in hashes that [`Store::erased`] of this or another store gave;
    /// how many were new.
    fn absorb_erased(&self, hashes: Vec<String>) -> Answer<u64>;

    /// When the first subscriber came to this store.
    fn first_subscriber(&self) -> Answer<Option<DateTime<Utc>>>;

    /// How many came and left, day by day in UTC, in order; days without either are
    /// left out. Whoever is pending has not come.
    fn growth(&self) -> Answer<Vec<Growth>>;

    /// What was sent to a person.
    fn history(&self, subscriber: SubscriberId) -> Answer<Vec<Past>>;

    // ---- suppressions ----

    /// Suppresses an address. A stronger reason replaces a weaker one
    /// (manual and complaint over the others); false where nothing changed.
    fn suppress(&self, address: &Address, suppression: Suppression) -> Answer<bool>;

    /// Suppresses all addresses of a domain.
    fn suppress_domain(&self, domain: &str, suppression: Suppression) -> Answer<bool>;

    /// Lifts a suppression on the editor's word; why it had been.
    fn lift(&self, address: &Address) -> Answer<Option<Reason>>;

    /// The same for a domain.
    fn lift_domain(&self, domain: &str) -> Answer<Option<Reason>>;

    /// Suppressed addresses and, as `@domain`, domains, in the order of their
    /// letters, after this one.
    fn suppressions(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> Answer<Vec<(String, Suppression)>>;

    // ---- the public door ----

    /// Keeps that somebody asked for the newsletter, and a notice to their
    /// address with it; what they asked before is replaced. False where `room`
    /// notices wait already: then nothing is kept. Nothing that is known of the
    /// address changes this, nor how long it takes.
    fn ask(&self, asked: SignUp, room: usize) -> Answer<bool>;

    /// The sign-up that the link with this tag confirms.
    fn asked(&self, tag: Tag) -> Answer<Option<SignUp>>;

    /// Sign-ups that nobody has confirmed, in the order of their addresses'
    /// letters, after this one.
    fn unconfirmed(&self, after: Option<String>, limit: usize) -> Answer<Vec<SignUp>>;

    /// Forgets sign-ups from before this moment. How many.
    fn forget_asked(&self, before: DateTime<Utc>) -> Answer<u64>;

    /// The owner of an address confirms what was asked, from this network. That
    /// lifts that they left or were erased, that the address bounced once in
    /// [`BOUNCE_REST`], and nothing else. Who is new here is sent the notices of
    /// `welcome`. A second time it is [`OptIn::Unknown`] and changes nothing.
    fn opt_in(
        &self,
        tag: Tag,
        network: &str,
        welcome: &[NoticeKind],
        now: DateTime<Utc>,
    ) -> Answer<OptIn>;

    /// How an address stands to a sign-up.
    fn standing(&self, address: &Address, now: DateTime<Utc>) -> Answer<Standing>;

    /// Adds a notice; one of its kind that waits for the address already takes
    /// its moment. False where `room` wait already.
    fn notify(&self, notice: NewNotice, room: usize) -> Answer<bool>;

    /// Takes notices that are due, the longest due first. Nobody else is given
    /// them before `lease`, or ever, once [`Store::end_notice`] is told.
    fn take_notices(
        &self,
        now: DateTime<Utc>,
        lease: DateTime<Utc>,
        limit: usize,
    ) -> Answer<Vec<Notice>>;

    /// A notice is due again then.
    fn put_off_notice(&self, notice: NoticeId, due: DateTime<Utc>) -> Answer<()>;

    /// A notice was sent or is given up.
    fn end_notice(&self, notice: NoticeId) -> Answer<()>;

    // ---- what comes back ----

    /// Does what follows from mail that came back, in one transaction. Answers
    /// come in the order of `returns`. With `commit` false nothing is kept.
    fn settle(
        &self,
        returns: Vec<Return>,
        now: DateTime<Utc>,
        commit: bool,
    ) -> Answer<Vec<Settled>>;

    // ---- mailings ----

    /// Counts who would get the issue of this key; changes nothing.
    fn survey(&self, issue: &str, filter: Filter, now: DateTime<Utc>) -> Answer<Planned>;

    /// Recipients that [`Store::survey`] counts, in the order in which they
    /// came.
    fn recipients(
        &self,
        issue: &str,
        filter: Filter,
        now: DateTime<Utc>,
        after: Option<SubscriberId>,
        limit: usize,
    ) -> Answer<Vec<(SubscriberId, crate::subscriber::Recipient)>>;

    /// Who is left out and why, `limit` at most.
    fn excluded(
        &self,
        issue: &str,
        filter: Filter,
        now: DateTime<Utc>,
        limit: usize,
    ) -> Answer<Vec<(Address, Exclusion)>>;

    /// Confirms a mailing: content and recipients are fixed in one transaction.
    /// [`Error::Taken`] where the issue has one.
    fn confirm(&self, mailing: NewMailing) -> Answer<(MailingId, Planned)>;

    /// Adds those to a mailing who are not in it yet (`--only new`).
    fn include(&self, mailing: MailingId, filter: Filter, now: DateTime<Utc>) -> Answer<Planned>;

    /// All mailings, the last confirmed first.
    fn mailings(&self) -> Answer<Vec<Mailing>>;

    /// The mailing of the issue of this key.
    fn mailing_of(&self, issue: &str) -> Answer<Option<Mailing>>;

    /// The frozen content of a mailing, as it was given to [`Store::confirm`].
    fn content(&self, mailing: MailingId) -> Answer<Vec<u8>>;

    /// Moves a mailing to another stage. `why` is kept for people. A cancelled
    /// mailing's open deliveries become cancelled with it, and one that is
    /// cancelled stays so: false then.
    fn set_stage(
        &self,
        mailing: MailingId,
        stage: Stage,
        why: &str,
        now: DateTime<Utc>,
    ) -> Answer<bool>;

    /// Counts deliveries by state.
    fn tally(&self, mailing: MailingId) -> Answer<Tally>;

    /// Deliveries in one of these states (all, where none is named), after this
    /// one.
    fn deliveries(
        &self,
        mailing: MailingId,
        states: &[State],
        after: Option<SubscriberId>,
        limit: usize,
    ) -> Answer<Vec<Delivery>>;

    /// Puts deliveries in these states back to pending on the editor's word;
    /// deferred ones become due at once. How many.
    fn reopen(&self, mailing: MailingId, states: &[State], now: DateTime<Utc>) -> Answer<u64>;

    // ---- the engine ----

    /// Becomes the one that sends, until the answer is dropped or the process
    /// ends. [`Error::Engaged`] says who is. In a shared store several may: each
    /// has a lease, and whoever lets it run out finds [`Error::Fenced`].
    fn engage(&self, who: &str) -> Answer<Engagement>;

    /// Who is sending now; `None` where nobody is.
    fn engaged(&self) -> Answer<Option<String>>;

    /// Deliveries that a dead process left in the middle become unknown; only
    /// who is engaged may say so. How many. In a shared store a process is dead
    /// when its lease ran out.
    fn recover(&self, engagement: &Engagement, now: DateTime<Utc>) -> Answer<u64>;

    /// Open deliveries that are due, in the order of [`Cursor`]. In a shared store
    /// they are claimed: nobody else who is engaged is given them.
    fn due(&self, due: Due) -> Answer<Vec<Candidate>>;

    /// One step of one connection, in one transaction.
    fn step(&self, step: Step) -> Answer<Verdict>;

    /// What limits and delays remember, by name.
    fn limits(&self) -> Answer<Vec<(String, String)>>;

    /// Keeps what limits and delays remember; an empty text removes it.
    fn save_limits(&self, limits: Vec<(String, String)>) -> Answer<()>;

    // ---- several who send ----

    /// Whether several processes may be engaged at once.
    fn is_shared(&self) -> bool {
        false
    }

    /// How far the store's clock is ahead of ours. Who shares a store goes by
    /// the store's.
    fn skew(&self) -> TimeDelta {
        TimeDelta::zero()
    }

    /// All who send now.
    fn workers(&self) -> Answer<Vec<Worker>> {
        let engaged = self.engaged();
        Box::pin(async move { Ok(engaged.await?.into_iter().map(Worker::named).collect()) })
    }

    /// Lets others have deliveries that [`Store::due`] gave us and that are not
    /// begun.
    fn release(&self, mailing: MailingId, subscribers: Vec<SubscriberId>) -> Answer<()> {
        let _ = (mailing, subscribers);
        Box::pin(std::future::ready(Ok(())))
    }

    /// Changes what a limit remembers while nobody else does, and answers that.
    fn adjust(&self, scope: String, change: Adjust) -> Answer<String>;

    // ---- what is scheduled ----

    /// Sees to it that what is scheduled is sent, until the answer is dropped or
    /// the process ends.
    fn keep(&self, who: &str) -> Answer<Engagement>;

    /// Who does; `None` where nobody does.
    fn keeper(&self) -> Answer<Option<String>>;

    // ---- the whole ----

    /// Rows of a table behind the one of this name, in the order of their names.
    fn dump(
        &self,
        table: &'static copy::Table,
        after: Option<Vec<copy::Cell>>,
        limit: usize,
    ) -> Answer<Vec<Vec<copy::Cell>>>;

    /// Adds rows that [`Store::dump`] of another store gave.
    fn load(&self, table: &'static copy::Table, rows: Vec<Vec<copy::Cell>>) -> Answer<()>;

    /// What names the store.
    fn birth(&self) -> Answer<copy::Birth>;

    /// Becomes the store of that name, once all its rows are loaded.
    fn be_born(&self, birth: copy::Birth) -> Answer<()>;

    /// A consistent copy, while others write.
    fn backup(&self, to: &Path) -> Answer<()>;
}
