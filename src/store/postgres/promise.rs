//! Each promise of a store, and which transaction keeps it.

use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value as Json;

use crate::mailing::{
    Delivery, Exclusion, Filter, Mailing, MailingId, Planned, Stage, State, Tally,
};
use crate::store::copy::{Birth, Cell, Table};
use crate::store::postgres::host::Inner;
use crate::store::postgres::lease::Kind;
use crate::store::postgres::link::Lock;
use crate::store::postgres::{
    Postgres, absorb, copy, door, erasure, lease, mailings, people, plan, returns, step,
    suppression,
};
use crate::store::{
    Absorbed, Adjust, Answer, Candidate, Due, Engagement, Error, Growth, NewMailing, NewNotice,
    Notice, NoticeId, NoticeKind, OptIn, Past, Return, Search, Settled, SignUp, Standing, Step,
    Store, StoreId, Verdict, Worker,
};
use crate::subscriber::{
    Address, Entry, Reason, Recipient, Status, SubscriberId, Suppression, Tag,
};

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
        self.write(
            "taking in a list",
            Lock::Alone,
            commit,
            async move |client| absorb::absorb(client, &entries, now).await,
        )
    }

    fn find(&self, address: &Address) -> Answer<Option<(SubscriberId, Entry)>> {
        let address = address.clone();
        self.read("looking for a subscriber", async move |client| {
            people::find(client, &address).await
        })
    }

    fn list(
        &self,
        search: Search,
        after: Option<SubscriberId>,
        limit: usize,
    ) -> Answer<Vec<(SubscriberId, Entry)>> {
        self.read("listing subscribers", async move |client| {
            people::list(client, &search, after, limit).await
        })
    }

    fn count(&self, search: Search) -> Answer<u64> {
        self.read("counting subscribers", async move |client| {
            people::count(client, &search).await
        })
    }

    fn set_status(&self, address: &Address, status: Status, now: DateTime<Utc>) -> Answer<bool> {
        let address = address.clone();
        self.write(
            "changing a subscriber",
            Lock::Alone,
            true,
            async move |client| people::set_status(client, &address, status, now).await,
        )
    }

    fn person(&self, subscriber: SubscriberId) -> Answer<Option<Entry>> {
        self.read("looking for a subscriber", async move |client| {
            people::person(client, subscriber.0).await
        })
    }

    fn take_back(&self, address: &Address, left_at: DateTime<Utc>) -> Answer<bool> {
        let address = address.clone();
        self.write(
            "taking back a departure",
            Lock::Alone,
            true,
            async move |client| people::take_back(client, &address, left_at).await,
        )
    }

    fn set_language(&self, address: &Address, language: &str) -> Answer<bool> {
        let address = address.clone();
        let language = language.to_owned();
        self.write(
            "changing a language",
            Lock::Alone,
            true,
            async move |client| people::set_language(client, &address, &language).await,
        )
    }

    fn former(&self, after: i64, limit: usize) -> Answer<Vec<(i64, SubscriberId, String)>> {
        self.read("reading former addresses", async move |client| {
            people::former(client, after, limit).await
        })
    }

    fn change_address(&self, old: &Address, new: &Address, now: DateTime<Utc>) -> Answer<bool> {
        let old = old.clone();
        let new = new.clone();
        self.write(
            "changing an address",
            Lock::Alone,
            true,
            async move |client| people::change_address(client, &old, &new, now).await,
        )
    }

    fn erase(&self, address: &Address, now: DateTime<Utc>) -> Answer<bool> {
        let address = address.clone();
        self.write("erasing a person", Lock::Alone, true, async move |client| {
            erasure::erase(client, &address, now).await
        })
    }

    fn erased(&self) -> Answer<Vec<String>> {
        self.read("listing the erased", async move |client| {
            erasure::list(client).await
        })
    }

    fn absorb_erased(&self, hashes: Vec<String>) -> Answer<u64> {
        let place = self.place.clone();
        self.write(
            "taking in the erased",
            Lock::Alone,
            true,
            async move |client| erasure::absorb(client, &place, &hashes, Utc::now()).await,
        )
    }

    fn first_subscriber(&self) -> Answer<Option<DateTime<Utc>>> {
        self.read("reading its beginning", async move |client| {
            people::first_subscriber(client).await
        })
    }

    fn growth(&self) -> Answer<Vec<Growth>> {
        self.read("reading how it grew", async move |client| {
            people::growth(client).await
        })
    }

    fn history(&self, subscriber: SubscriberId) -> Answer<Vec<Past>> {
        self.read("reading a history", async move |client| {
            people::history(client, subscriber.0).await
        })
    }

    fn suppress(&self, address: &Address, suppression: Suppression) -> Answer<bool> {
        let address = address.clone();
        self.write(
            "suppressing an address",
            Lock::Alone,
            true,
            async move |client| suppression::suppress(client, &address, &suppression).await,
        )
    }

    fn suppress_domain(&self, domain: &str, suppression: Suppression) -> Answer<bool> {
        let domain = domain.to_owned();
        self.write(
            "suppressing a domain",
            Lock::Alone,
            true,
            async move |client| suppression::suppress_domain(client, &domain, &suppression).await,
        )
    }

    fn lift(&self, address: &Address) -> Answer<Option<Reason>> {
        let key = address.key();
        self.write(
            "lifting a suppression",
            Lock::Alone,
            true,
            async move |client| suppression::lift(client, &key).await,
        )
    }

    fn lift_domain(&self, domain: &str) -> Answer<Option<Reason>> {
        let domain = domain.to_owned();
        self.write(
            "lifting a suppression",
            Lock::Alone,
            true,
            async move |client| suppression::lift_domain(client, &domain).await,
        )
    }

    fn suppressions(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> Answer<Vec<(String, Suppression)>> {
        self.read("listing suppressions", async move |client| {
            suppression::list(client, after.as_deref(), limit).await
        })
    }

    fn settle(
        &self,
        returns: Vec<Return>,
        now: DateTime<Utc>,
        commit: bool,
    ) -> Answer<Vec<Settled>> {
        self.write(
            "recording what came back",
            Lock::Alone,
            commit,
            async move |client| returns::settle(client, &returns, now).await,
        )
    }

    fn set_attribute(&self, address: &Address, name: &str, value: Option<Json>) -> Answer<bool> {
        let (key, name) = (address.key(), name.to_owned());
        self.write(
            "changing an attribute",
            Lock::Alone,
            true,
            async move |client| people::set_attribute(client, &key, &name, value.as_ref()).await,
        )
    }

    fn ask(&self, asked: SignUp, room: usize) -> Answer<bool> {
        self.write(
            "keeping a sign-up",
            Lock::Alone,
            true,
            async move |client| door::ask(client, &asked, room).await,
        )
    }

    fn asked(&self, tag: Tag) -> Answer<Option<SignUp>> {
        self.read("looking for a sign-up", async move |client| {
            door::asked(client, tag).await
        })
    }

    fn unconfirmed(&self, after: Option<String>, limit: usize) -> Answer<Vec<SignUp>> {
        self.read("listing sign-ups", async move |client| {
            door::waiting(client, after.as_deref(), limit).await
        })
    }

    fn forget_asked(&self, before: DateTime<Utc>) -> Answer<u64> {
        self.write(
            "forgetting sign-ups",
            Lock::Alone,
            true,
            async move |client| door::forget(client, before).await,
        )
    }

    fn opt_in(
        &self,
        tag: Tag,
        network: &str,
        welcome: &[NoticeKind],
        now: DateTime<Utc>,
    ) -> Answer<OptIn> {
        let (network, welcome) = (network.to_owned(), welcome.to_vec());
        self.write(
            "confirming a sign-up",
            Lock::Alone,
            true,
            async move |client| door::opt_in(client, tag, &network, &welcome, now).await,
        )
    }

    fn standing(&self, address: &Address, now: DateTime<Utc>) -> Answer<Standing> {
        let address = address.clone();
        self.read("looking at an address", async move |client| {
            door::standing(client, &address, now).await
        })
    }

    fn notify(&self, notice: NewNotice, room: usize) -> Answer<bool> {
        self.write("adding a notice", Lock::Alone, true, async move |client| {
            door::notify(client, &notice, room).await
        })
    }

    fn take_notices(
        &self,
        now: DateTime<Utc>,
        lease: DateTime<Utc>,
        limit: usize,
    ) -> Answer<Vec<Notice>> {
        self.write("taking notices", Lock::Alone, true, async move |client| {
            door::take(client, now, lease, limit).await
        })
    }

    fn put_off_notice(&self, notice: NoticeId, due: DateTime<Utc>) -> Answer<()> {
        self.write(
            "putting off a notice",
            Lock::Alone,
            true,
            async move |client| door::put_off(client, notice, due).await,
        )
    }

    fn end_notice(&self, notice: NoticeId) -> Answer<()> {
        self.write("ending a notice", Lock::Alone, true, async move |client| {
            door::end(client, notice).await
        })
    }

    fn survey(&self, issue: &str, filter: Filter, now: DateTime<Utc>) -> Answer<Planned> {
        let issue = issue.to_owned();
        self.read("counting recipients", async move |client| {
            let mailing = plan::mailing_id(client, &issue).await?;
            plan::survey(client, &filter, mailing, now).await
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
        self.read("listing recipients", async move |client| {
            plan::recipients(client, &issue, &filter, now, after, limit).await
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
        self.read("listing who is left out", async move |client| {
            plan::excluded(client, &issue, &filter, now, limit).await
        })
    }

    fn confirm(&self, mailing: NewMailing) -> Answer<(MailingId, Planned)> {
        self.write(
            "confirming a mailing",
            Lock::Alone,
            true,
            async move |client| plan::confirm(client, &mailing).await,
        )
    }

    fn include(&self, mailing: MailingId, filter: Filter, now: DateTime<Utc>) -> Answer<Planned> {
        self.write(
            "adding to a mailing",
            Lock::Alone,
            true,
            async move |client| plan::include(client, mailing, &filter, now).await,
        )
    }

    fn mailings(&self) -> Answer<Vec<Mailing>> {
        self.read("listing mailings", async move |client| {
            mailings::all(client).await
        })
    }

    fn mailing_of(&self, issue: &str) -> Answer<Option<Mailing>> {
        let issue = issue.to_owned();
        self.read("looking for a mailing", async move |client| {
            mailings::of_issue(client, &issue).await
        })
    }

    fn content(&self, mailing: MailingId) -> Answer<Vec<u8>> {
        self.read("reading the content of a mailing", async move |client| {
            mailings::content(client, mailing).await
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
        self.write(
            "changing a mailing",
            Lock::Alone,
            true,
            async move |client| mailings::set_stage(client, mailing, stage, &why, now).await,
        )
    }

    fn tally(&self, mailing: MailingId) -> Answer<Tally> {
        self.read("counting deliveries", async move |client| {
            mailings::tally(client, mailing).await
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
        self.read("listing deliveries", async move |client| {
            mailings::deliveries(client, mailing, &states, after, limit).await
        })
    }

    fn reopen(&self, mailing: MailingId, states: &[State], now: DateTime<Utc>) -> Answer<u64> {
        let states = states.to_vec();
        self.write(
            "reopening deliveries",
            Lock::Alone,
            true,
            async move |client| mailings::reopen(client, mailing, &states, now).await,
        )
    }

    fn limits(&self) -> Answer<Vec<(String, String)>> {
        self.read("reading limits", async move |client| {
            mailings::limits(client).await
        })
    }

    fn save_limits(&self, limits: Vec<(String, String)>) -> Answer<()> {
        self.write(
            "recording limits",
            Lock::Beside,
            true,
            async move |client| mailings::save_limits(client, &limits).await,
        )
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
        self.write(
            "recording a limit",
            Lock::Beside,
            true,
            async move |client| {
                let state = change(&mailings::limit(client, &scope).await?);
                mailings::save_limits(client, &[(scope.clone(), state.clone())]).await?;
                Ok(state)
            },
        )
    }

    fn dump(
        &self,
        table: &'static Table,
        after: Option<Vec<Cell>>,
        limit: usize,
    ) -> Answer<Vec<Vec<Cell>>> {
        self.read("copying a table", async move |client| {
            copy::dump(client, table, after.as_deref(), limit).await
        })
    }

    fn load(&self, table: &'static Table, rows: Vec<Vec<Cell>>) -> Answer<()> {
        self.write("filling a table", Lock::Alone, true, async move |client| {
            copy::load(client, table, &rows).await
        })
    }

    fn birth(&self) -> Answer<Birth> {
        self.read("reading its name", copy::birth)
    }

    fn be_born(&self, birth: Birth) -> Answer<()> {
        self.write("giving it a name", Lock::Alone, true, async move |client| {
            copy::be_born(client, &birth).await
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
