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
mod layout;
mod lease;
mod link;
mod mailings;
mod people;
mod plan;
mod returns;
mod row;
mod settings;
mod step;
mod suppression;
mod tls;
mod value;

use std::fmt;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value as Json;

use crate::mailing::{
    Delivery, Exclusion, Filter, Mailing, MailingId, Planned, Stage, State, Tally,
};
use crate::store::copy::{Birth, Cell, Table};
use crate::store::postgres::host::{Host, Inner};
use crate::store::postgres::lease::{Kind, Lease};
use crate::store::postgres::link::Lock;
use crate::store::{
    Absorbed, Adjust, Answer, Candidate, Due, Engagement, Error, Growth, NewMailing, NewNotice,
    Notice, NoticeId, NoticeKind, OptIn, Past, Return, Search, Settled, SignUp, Standing, Step,
    Store, StoreId, Verdict, Worker,
};
use crate::subscriber::{
    Address, Entry, Reason, Recipient, Status, SubscriberId, Suppression, Tag,
};

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

impl Store for Postgres {
    fn id(&self) -> StoreId {
        self.id.clone()
    }

    fn absorb(
        &self,
        entries: Vec<Entry>,
        now: DateTime<Utc>,
        commit: bool,
    ) -> Answer<Vec<Absorbed>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("taking in a list", Lock::Alone, commit, async |client| {
                    absorb::absorb(client, &entries, now).await
                })
                .await
        })
    }

    fn find(&self, address: &Address) -> Answer<Option<(SubscriberId, Entry)>> {
        let address = address.clone();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("looking for a subscriber", async |client| {
                    people::find(client, &address).await
                })
                .await
        })
    }

    fn list(
        &self,
        search: Search,
        after: Option<SubscriberId>,
        limit: usize,
    ) -> Answer<Vec<(SubscriberId, Entry)>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("listing subscribers", async |client| {
                    people::list(client, &search, after, limit).await
                })
                .await
        })
    }

    fn count(&self, search: Search) -> Answer<u64> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("counting subscribers", async |client| {
                    people::count(client, &search).await
                })
                .await
        })
    }

    fn set_status(&self, address: &Address, status: Status, now: DateTime<Utc>) -> Answer<bool> {
        let address = address.clone();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("changing a subscriber", Lock::Alone, true, async |client| {
                    people::set_status(client, &address, status, now).await
                })
                .await
        })
    }

    fn person(&self, subscriber: SubscriberId) -> Answer<Option<Entry>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("looking for a subscriber", async |client| {
                    people::person(client, subscriber.0).await
                })
                .await
        })
    }

    fn take_back(&self, address: &Address, left_at: DateTime<Utc>) -> Answer<bool> {
        let address = address.clone();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write(
                    "taking back a departure",
                    Lock::Alone,
                    true,
                    async |client| people::take_back(client, &address, left_at).await,
                )
                .await
        })
    }

    fn set_language(&self, address: &Address, language: &str) -> Answer<bool> {
        let address = address.clone();
        let language = language.to_owned();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("changing a language", Lock::Alone, true, async |client| {
                    people::set_language(client, &address, &language).await
                })
                .await
        })
    }

    fn former(&self, after: i64, limit: usize) -> Answer<Vec<(i64, SubscriberId, String)>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("reading former addresses", async |client| {
                    people::former(client, after, limit).await
                })
                .await
        })
    }

    fn change_address(&self, old: &Address, new: &Address, now: DateTime<Utc>) -> Answer<bool> {
        let old = old.clone();
        let new = new.clone();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("changing an address", Lock::Alone, true, async |client| {
                    people::change_address(client, &old, &new, now).await
                })
                .await
        })
    }

    fn erase(&self, address: &Address, now: DateTime<Utc>) -> Answer<bool> {
        let address = address.clone();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("erasing a person", Lock::Alone, true, async |client| {
                    erasure::erase(client, &address, now).await
                })
                .await
        })
    }

    fn erased(&self) -> Answer<Vec<String>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("listing the erased", async |client| {
                    erasure::list(client).await
                })
                .await
        })
    }

    fn absorb_erased(&self, hashes: Vec<String>) -> Answer<u64> {
        let place = self.place.clone();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("taking in the erased", Lock::Alone, true, async |client| {
                    erasure::absorb(client, &place, &hashes, Utc::now()).await
                })
                .await
        })
    }

    fn first_subscriber(&self) -> Answer<Option<DateTime<Utc>>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("reading its beginning", async |client| {
                    people::first_subscriber(client).await
                })
                .await
        })
    }

    fn growth(&self) -> Answer<Vec<Growth>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("reading how it grew", async |client| {
                    people::growth(client).await
                })
                .await
        })
    }

    fn history(&self, subscriber: SubscriberId) -> Answer<Vec<Past>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("reading a history", async |client| {
                    people::history(client, subscriber.0).await
                })
                .await
        })
    }

    fn suppress(&self, address: &Address, suppression: Suppression) -> Answer<bool> {
        let address = address.clone();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write(
                    "suppressing an address",
                    Lock::Alone,
                    true,
                    async |client| suppression::suppress(client, &address, &suppression).await,
                )
                .await
        })
    }

    fn suppress_domain(&self, domain: &str, suppression: Suppression) -> Answer<bool> {
        let domain = domain.to_owned();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("suppressing a domain", Lock::Alone, true, async |client| {
                    suppression::suppress_domain(client, &domain, &suppression).await
                })
                .await
        })
    }

    fn lift(&self, address: &Address) -> Answer<Option<Reason>> {
        let key = address.key();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("lifting a suppression", Lock::Alone, true, async |client| {
                    suppression::lift(client, &key).await
                })
                .await
        })
    }

    fn lift_domain(&self, domain: &str) -> Answer<Option<Reason>> {
        let domain = domain.to_owned();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("lifting a suppression", Lock::Alone, true, async |client| {
                    suppression::lift_domain(client, &domain).await
                })
                .await
        })
    }

    fn suppressions(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> Answer<Vec<(String, Suppression)>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("listing suppressions", async |client| {
                    suppression::list(client, after.as_deref(), limit).await
                })
                .await
        })
    }

    fn settle(
        &self,
        returns: Vec<Return>,
        now: DateTime<Utc>,
        commit: bool,
    ) -> Answer<Vec<Settled>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write(
                    "recording what came back",
                    Lock::Alone,
                    commit,
                    async |client| returns::settle(client, &returns, now).await,
                )
                .await
        })
    }

    fn set_attribute(&self, address: &Address, name: &str, value: Option<Json>) -> Answer<bool> {
        let (key, name) = (address.key(), name.to_owned());
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("changing an attribute", Lock::Alone, true, async |client| {
                    people::set_attribute(client, &key, &name, value.as_ref()).await
                })
                .await
        })
    }

    fn ask(&self, asked: SignUp, room: usize) -> Answer<bool> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("keeping a sign-up", Lock::Alone, true, async |client| {
                    door::ask(client, &asked, room).await
                })
                .await
        })
    }

    fn asked(&self, tag: Tag) -> Answer<Option<SignUp>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("looking for a sign-up", async |client| {
                    door::asked(client, tag).await
                })
                .await
        })
    }

    fn unconfirmed(&self, after: Option<String>, limit: usize) -> Answer<Vec<SignUp>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("listing sign-ups", async |client| {
                    door::waiting(client, after.as_deref(), limit).await
                })
                .await
        })
    }

    fn forget_asked(&self, before: DateTime<Utc>) -> Answer<u64> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("forgetting sign-ups", Lock::Alone, true, async |client| {
                    door::forget(client, before).await
                })
                .await
        })
    }

    fn opt_in(
        &self,
        tag: Tag,
        network: &str,
        welcome: &[NoticeKind],
        now: DateTime<Utc>,
    ) -> Answer<OptIn> {
        let (network, welcome) = (network.to_owned(), welcome.to_vec());
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("confirming a sign-up", Lock::Alone, true, async |client| {
                    door::opt_in(client, tag, &network, &welcome, now).await
                })
                .await
        })
    }

    fn standing(&self, address: &Address, now: DateTime<Utc>) -> Answer<Standing> {
        let address = address.clone();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("looking at an address", async |client| {
                    door::standing(client, &address, now).await
                })
                .await
        })
    }

    fn notify(&self, notice: NewNotice, room: usize) -> Answer<bool> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("adding a notice", Lock::Alone, true, async |client| {
                    door::notify(client, &notice, room).await
                })
                .await
        })
    }

    fn take_notices(
        &self,
        now: DateTime<Utc>,
        lease: DateTime<Utc>,
        limit: usize,
    ) -> Answer<Vec<Notice>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("taking notices", Lock::Alone, true, async |client| {
                    door::take(client, now, lease, limit).await
                })
                .await
        })
    }

    fn put_off_notice(&self, notice: NoticeId, due: DateTime<Utc>) -> Answer<()> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("putting off a notice", Lock::Alone, true, async |client| {
                    door::put_off(client, notice, due).await
                })
                .await
        })
    }

    fn end_notice(&self, notice: NoticeId) -> Answer<()> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("ending a notice", Lock::Alone, true, async |client| {
                    door::end(client, notice).await
                })
                .await
        })
    }

    fn survey(&self, issue: &str, filter: Filter, now: DateTime<Utc>) -> Answer<Planned> {
        let issue = issue.to_owned();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("counting recipients", async |client| {
                    let mailing = plan::mailing_id(client, &issue).await?;
                    plan::survey(client, &filter, mailing, now).await
                })
                .await
        })
    }

    fn recipients(
        &self,
        issue: &str,
        filter: Filter,
        now: DateTime<Utc>,
        after: Option<SubscriberId>,
        limit: usize,
    ) -> Answer<Vec<(SubscriberId, Recipient)>> {
        let issue = issue.to_owned();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("listing recipients", async |client| {
                    plan::recipients(client, &issue, &filter, now, after, limit).await
                })
                .await
        })
    }

    fn excluded(
        &self,
        issue: &str,
        filter: Filter,
        now: DateTime<Utc>,
        limit: usize,
    ) -> Answer<Vec<(Address, Exclusion)>> {
        let issue = issue.to_owned();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("listing who is left out", async |client| {
                    plan::excluded(client, &issue, &filter, now, limit).await
                })
                .await
        })
    }

    fn confirm(&self, mailing: NewMailing) -> Answer<(MailingId, Planned)> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("confirming a mailing", Lock::Alone, true, async |client| {
                    plan::confirm(client, &mailing).await
                })
                .await
        })
    }

    fn include(&self, mailing: MailingId, filter: Filter, now: DateTime<Utc>) -> Answer<Planned> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("adding to a mailing", Lock::Alone, true, async |client| {
                    plan::include(client, mailing, &filter, now).await
                })
                .await
        })
    }

    fn mailings(&self) -> Answer<Vec<Mailing>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("listing mailings", async |client| {
                    mailings::all(client).await
                })
                .await
        })
    }

    fn mailing_of(&self, issue: &str) -> Answer<Option<Mailing>> {
        let issue = issue.to_owned();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("looking for a mailing", async |client| {
                    mailings::of_issue(client, &issue).await
                })
                .await
        })
    }

    fn content(&self, mailing: MailingId) -> Answer<Vec<u8>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("reading the content of a mailing", async |client| {
                    mailings::content(client, mailing).await
                })
                .await
        })
    }

    fn set_stage(
        &self,
        mailing: MailingId,
        stage: Stage,
        why: &str,
        now: DateTime<Utc>,
    ) -> Answer<bool> {
        let why = why.to_owned();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("changing a mailing", Lock::Alone, true, async |client| {
                    mailings::set_stage(client, mailing, stage, &why, now).await
                })
                .await
        })
    }

    fn tally(&self, mailing: MailingId) -> Answer<Tally> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("counting deliveries", async |client| {
                    mailings::tally(client, mailing).await
                })
                .await
        })
    }

    fn deliveries(
        &self,
        mailing: MailingId,
        states: &[State],
        after: Option<SubscriberId>,
        limit: usize,
    ) -> Answer<Vec<Delivery>> {
        let states = states.to_vec();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("listing deliveries", async |client| {
                    mailings::deliveries(client, mailing, &states, after, limit).await
                })
                .await
        })
    }

    fn reopen(&self, mailing: MailingId, states: &[State], now: DateTime<Utc>) -> Answer<u64> {
        let states = states.to_vec();
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("reopening deliveries", Lock::Alone, true, async |client| {
                    mailings::reopen(client, mailing, &states, now).await
                })
                .await
        })
    }

    fn limits(&self) -> Answer<Vec<(String, String)>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("reading limits", async |client| {
                    mailings::limits(client).await
                })
                .await
        })
    }

    fn save_limits(&self, limits: Vec<(String, String)>) -> Answer<()> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("recording limits", Lock::Beside, true, async |client| {
                    mailings::save_limits(client, &limits).await
                })
                .await
        })
    }

    fn engage(&self, who: &str) -> Answer<Engagement> {
        self.lease(Kind::Sender, who)
    }

    fn engaged(&self) -> Answer<Option<String>> {
        let holders = self.holders(Kind::Sender);
        Box::pin(async move { Ok(holders.await?.into_iter().next().map(|one| one.who)) })
    }

    fn recover(&self, _: &Engagement, now: DateTime<Utc>) -> Answer<u64> {
        self.host
            .ask(async move |inner: Rc<Inner>| lease::bury(&inner, now, true).await)
    }

    fn due(&self, due: Due) -> Answer<Vec<Candidate>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("looking who is due", async |client| {
                    step::due(&inner, client, &due).await
                })
                .await
        })
    }

    fn step(&self, step: Step) -> Answer<Verdict> {
        self.host.step(step)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn skew(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.host.state.skew.load(Ordering::Relaxed))
    }

    fn workers(&self) -> Answer<Vec<Worker>> {
        self.holders(Kind::Sender)
    }

    fn release(&self, mailing: MailingId, subscribers: Vec<SubscriberId>) -> Answer<()> {
        self.host.ask(async move |inner: Rc<Inner>| {
            let fence = inner.fence();
            inner
                .home
                .read("giving deliveries back", async |client| {
                    step::release(client, fence, mailing, &subscribers).await
                })
                .await
        })
    }

    fn adjust(&self, scope: String, change: Adjust) -> Answer<String> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("recording a limit", Lock::Beside, true, async |client| {
                    let state = change(&mailings::limit(client, &scope).await?);
                    mailings::save_limits(client, &[(scope.clone(), state.clone())]).await?;
                    Ok(state)
                })
                .await
        })
    }

    fn dump(
        &self,
        table: &'static Table,
        after: Option<Vec<Cell>>,
        limit: usize,
    ) -> Answer<Vec<Vec<Cell>>> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .read("copying a table", async |client| {
                    copy::dump(client, table, after.as_deref(), limit).await
                })
                .await
        })
    }

    fn load(&self, table: &'static Table, rows: Vec<Vec<Cell>>) -> Answer<()> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("filling a table", Lock::Alone, true, async |client| {
                    copy::load(client, table, &rows).await
                })
                .await
        })
    }

    fn birth(&self) -> Answer<Birth> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner.home.read("reading its name", copy::birth).await
        })
    }

    fn be_born(&self, birth: Birth) -> Answer<()> {
        self.host.ask(async move |inner: Rc<Inner>| {
            inner
                .home
                .write("giving it a name", Lock::Alone, true, async |client| {
                    copy::be_born(client, &birth).await
                })
                .await
        })
    }

    fn keep(&self, who: &str) -> Answer<Engagement> {
        self.lease(Kind::Keeper, who)
    }

    fn keeper(&self) -> Answer<Option<String>> {
        let holders = self.holders(Kind::Keeper);
        Box::pin(async move { Ok(holders.await?.into_iter().next().map(|one| one.who)) })
    }

    fn backup(&self, _: &Path) -> Answer<()> {
        let path = self.place.clone().into();
        Box::pin(async move {
            Err(Error::Database {
                doing: "copying it",
                path,
                source: "a database is copied by `letterpress store copy` or by pg_dump".into(),
            })
        })
    }
}
