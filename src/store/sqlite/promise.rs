//! What a store promises, each thing handed to the thread that does it.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use tokio::sync::oneshot;

use crate::mailing::{
    Delivery, Exclusion, Filter, Mailing, MailingId, Planned, Stage, State, Tally,
};
use crate::store::copy::{Birth, Cell, Table};
use crate::store::sqlite::connection::{widen, write, write_if};
use crate::store::sqlite::lock::For;
use crate::store::sqlite::{
    Sqlite, absorb, backup, copy, door, erasure, lock, mailings, people, plan, returns, step,
    suppression,
};
use crate::store::{
    Absorbed, Adjust, Answer, Candidate, Due, Engagement, Error, Growth, NewMailing, NewNotice,
    Notice, NoticeId, NoticeKind, OptIn, Past, Return, Search, Settled, SignUp, Standing, Step,
    Store, StoreId, Verdict,
};
use crate::subscriber::{
    Address, Entry, Reason, Recipient, Status, SubscriberId, Suppression, Tag,
};

impl Store for Sqlite {
    fn id(&self) -> StoreId {
        self.id.clone()
    }

    fn absorb(
        &self,
        entries: Vec<Entry>,
        now: DateTime<Utc>,
        commit: bool,
    ) -> Answer<Vec<Absorbed>> {
        self.writer.ask("taking in a list", move |connection| {
            widen(connection)?;
            write_if(connection, commit, |connection| {
                absorb::absorb(connection, entries, now)
            })
        })
    }

    fn find(&self, address: &Address) -> Answer<Option<(SubscriberId, Entry)>> {
        let address = address.clone();
        self.read("looking for a subscriber", move |connection| {
            people::find(connection, &address)
        })
    }

    fn list(
        &self,
        search: Search,
        after: Option<SubscriberId>,
        limit: usize,
    ) -> Answer<Vec<(SubscriberId, Entry)>> {
        self.read("listing subscribers", move |connection| {
            people::list(connection, &search, after, limit)
        })
    }

    fn count(&self, search: Search) -> Answer<u64> {
        self.count_all("counting subscribers", move |connection| {
            people::count(connection, &search)
        })
    }

    fn set_status(&self, address: &Address, status: Status, now: DateTime<Utc>) -> Answer<bool> {
        let address = address.clone();
        self.write("changing a subscriber", move |connection| {
            people::set_status(connection, &address, status, now)
        })
    }

    fn person(&self, subscriber: SubscriberId) -> Answer<Option<Entry>> {
        self.read("looking for a subscriber", move |connection| {
            people::person(connection, subscriber)
        })
    }

    fn take_back(&self, address: &Address, left_at: DateTime<Utc>) -> Answer<bool> {
        let address = address.clone();
        self.write("taking back a departure", move |connection| {
            people::take_back(connection, &address, left_at)
        })
    }

    fn set_language(&self, address: &Address, language: &str) -> Answer<bool> {
        let (address, language) = (address.clone(), language.to_owned());
        self.write("changing a language", move |connection| {
            people::set_language(connection, &address, &language)
        })
    }

    fn set_attribute(&self, address: &Address, name: &str, value: Option<Json>) -> Answer<bool> {
        let (key, name) = (address.key(), name.to_owned());
        self.write("changing an attribute", move |connection| {
            people::set_attribute(connection, &key, &name, value)
        })
    }

    fn former(&self, after: i64, limit: usize) -> Answer<Vec<(i64, SubscriberId, String)>> {
        self.read("reading former addresses", move |connection| {
            people::former(connection, after, limit)
        })
    }

    fn change_address(&self, old: &Address, new: &Address, now: DateTime<Utc>) -> Answer<bool> {
        let (old, new) = (old.clone(), new.clone());
        self.write("changing an address", move |connection| {
            people::change_address(connection, &old, &new, now)
        })
    }

    fn erase(&self, address: &Address, now: DateTime<Utc>) -> Answer<bool> {
        let address = address.clone();
        self.writer.ask("erasing a person", move |connection| {
            let erased = write(connection, |connection| {
                erasure::erase(connection, &address, now)
            })?;
            erasure::empty_log(connection)?;
            Ok(erased)
        })
    }

    fn erased(&self) -> Answer<Vec<String>> {
        self.read("listing the erased", erasure::list)
    }

    fn absorb_erased(&self, hashes: Vec<String>) -> Answer<u64> {
        let path = Arc::clone(&self.path);
        self.write("taking in the erased", move |connection| {
            erasure::absorb(connection, &path, &hashes, Utc::now())
        })
    }

    fn first_subscriber(&self) -> Answer<Option<DateTime<Utc>>> {
        self.read("reading its beginning", people::first_subscriber)
    }

    fn growth(&self) -> Answer<Vec<Growth>> {
        self.count_all("reading how it grew", people::growth)
    }

    fn history(&self, subscriber: SubscriberId) -> Answer<Vec<Past>> {
        self.read("reading a history", move |connection| {
            people::history(connection, subscriber)
        })
    }

    fn suppress(&self, address: &Address, suppression: Suppression) -> Answer<bool> {
        let address = address.clone();
        self.write("suppressing an address", move |connection| {
            suppression::suppress(connection, &address, &suppression)
        })
    }

    fn suppress_domain(&self, domain: &str, suppression: Suppression) -> Answer<bool> {
        let domain = domain.to_owned();
        self.write("suppressing a domain", move |connection| {
            suppression::suppress_domain(connection, &domain, &suppression)
        })
    }

    fn lift(&self, address: &Address) -> Answer<Option<Reason>> {
        let key = address.key();
        self.write("lifting a suppression", move |connection| {
            suppression::lift(connection, &key)
        })
    }

    fn lift_domain(&self, domain: &str) -> Answer<Option<Reason>> {
        let domain = domain.to_owned();
        self.write("lifting a suppression", move |connection| {
            suppression::lift_domain(connection, &domain)
        })
    }

    fn suppressions(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> Answer<Vec<(String, Suppression)>> {
        self.read("listing suppressions", move |connection| {
            suppression::list(connection, after.as_deref(), limit)
        })
    }

    fn ask(&self, asked: SignUp, room: usize) -> Answer<bool> {
        self.write("recording a sign-up", move |connection| {
            door::ask(connection, &asked, room)
        })
    }

    fn asked(&self, tag: Tag) -> Answer<Option<SignUp>> {
        self.read("looking for a sign-up", move |connection| {
            door::asked(connection, tag)
        })
    }

    fn unconfirmed(&self, after: Option<String>, limit: usize) -> Answer<Vec<SignUp>> {
        self.read("listing sign-ups", move |connection| {
            door::waiting(connection, after.as_deref(), limit)
        })
    }

    fn forget_asked(&self, before: DateTime<Utc>) -> Answer<u64> {
        self.write("forgetting sign-ups", move |connection| {
            door::forget(connection, before)
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
        self.write("confirming a subscription", move |connection| {
            door::opt_in(connection, tag, &network, &welcome, now)
        })
    }

    fn standing(&self, address: &Address, now: DateTime<Utc>) -> Answer<Standing> {
        let address = address.clone();
        self.read("looking how an address stands", move |connection| {
            door::standing(connection, &address, now)
        })
    }

    fn notify(&self, notice: NewNotice, room: usize) -> Answer<bool> {
        self.write("adding a notice", move |connection| {
            door::notify(connection, &notice, room)
        })
    }

    fn take_notices(
        &self,
        now: DateTime<Utc>,
        lease: DateTime<Utc>,
        limit: usize,
    ) -> Answer<Vec<Notice>> {
        self.write("taking notices", move |connection| {
            door::take(connection, now, lease, limit)
        })
    }

    fn put_off_notice(&self, notice: NoticeId, due: DateTime<Utc>) -> Answer<()> {
        self.write("putting a notice off", move |connection| {
            door::put_off(connection, notice, due)
        })
    }

    fn end_notice(&self, notice: NoticeId) -> Answer<()> {
        self.write("ending a notice", move |connection| {
            door::end(connection, notice)
        })
    }

    fn settle(
        &self,
        returns: Vec<Return>,
        now: DateTime<Utc>,
        commit: bool,
    ) -> Answer<Vec<Settled>> {
        self.writer
            .ask("recording what came back", move |connection| {
                write_if(connection, commit, |connection| {
                    returns::settle(connection, &returns, now)
                })
            })
    }

    fn survey(&self, issue: &str, filter: Filter, now: DateTime<Utc>) -> Answer<Planned> {
        let issue = issue.to_owned();
        self.count_all("counting recipients", move |connection| {
            let mailing = plan::mailing_id(connection, &issue)?;
            plan::survey(connection, &filter, mailing, now)
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
        self.read("listing recipients", move |connection| {
            plan::recipients(connection, &issue, &filter, now, after, limit)
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
        self.count_all("listing who is left out", move |connection| {
            plan::excluded(connection, &issue, &filter, now, limit)
        })
    }

    fn confirm(&self, mailing: NewMailing) -> Answer<(MailingId, Planned)> {
        self.write("confirming a mailing", move |connection| {
            plan::confirm(connection, &mailing)
        })
    }

    fn include(&self, mailing: MailingId, filter: Filter, now: DateTime<Utc>) -> Answer<Planned> {
        self.write("adding to a mailing", move |connection| {
            plan::include(connection, mailing, &filter, now)
        })
    }

    fn mailings(&self) -> Answer<Vec<Mailing>> {
        self.read("listing mailings", mailings::all)
    }

    fn mailing_of(&self, issue: &str) -> Answer<Option<Mailing>> {
        let issue = issue.to_owned();
        self.read("looking for a mailing", move |connection| {
            mailings::of_issue(connection, &issue)
        })
    }

    fn content(&self, mailing: MailingId) -> Answer<Vec<u8>> {
        self.read("reading the content of a mailing", move |connection| {
            mailings::content(connection, mailing)
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
        self.write("changing a mailing", move |connection| {
            mailings::set_stage(connection, mailing, stage, &why, now)
        })
    }

    fn tally(&self, mailing: MailingId) -> Answer<Tally> {
        self.count_all("counting deliveries", move |connection| {
            mailings::tally(connection, mailing)
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
        self.count_all("listing deliveries", move |connection| {
            mailings::deliveries(connection, mailing, &states, after, limit)
        })
    }

    fn reopen(&self, mailing: MailingId, states: &[State], now: DateTime<Utc>) -> Answer<u64> {
        let states = states.to_vec();
        self.write("reopening deliveries", move |connection| {
            mailings::reopen(connection, mailing, &states, now)
        })
    }

    fn engage(&self, who: &str) -> Answer<Engagement> {
        let (path, who) = (Arc::clone(&self.path), who.to_owned());
        self.reader.ask("locking it", move |_| {
            lock::engage(&path, For::Sending, &who)
        })
    }

    fn engaged(&self) -> Answer<Option<String>> {
        let path = Arc::clone(&self.path);
        self.reader.ask("looking who sends", move |_| {
            lock::engaged(&path, For::Sending)
        })
    }

    fn recover(&self, _: &Engagement, now: DateTime<Utc>) -> Answer<u64> {
        self.write("recording what was interrupted", move |connection| {
            step::recover(connection, now)
        })
    }

    fn due(&self, due: Due) -> Answer<Vec<Candidate>> {
        self.read("looking who is due", move |connection| {
            step::due(connection, &due)
        })
    }

    fn step(&self, step: Step) -> Answer<Verdict> {
        self.writer.step(step)
    }

    fn limits(&self) -> Answer<Vec<(String, String)>> {
        self.read("reading limits", mailings::limits)
    }

    fn save_limits(&self, limits: Vec<(String, String)>) -> Answer<()> {
        self.write("recording limits", move |connection| {
            mailings::save_limits(connection, &limits)
        })
    }

    fn adjust(&self, scope: String, change: Adjust) -> Answer<String> {
        self.write("recording a limit", move |connection| {
            let limits = mailings::limits(connection)?;
            let state = limits.into_iter().find(|(name, _)| *name == scope);
            let state = change(&state.map_or(String::new(), |(_, state)| state));
            mailings::save_limits(connection, &[(scope, state.clone())])?;
            Ok(state)
        })
    }

    fn dump(
        &self,
        table: &'static Table,
        after: Option<Vec<Cell>>,
        limit: usize,
    ) -> Answer<Vec<Vec<Cell>>> {
        self.read("copying a table", move |connection| {
            copy::dump(connection, table, after.as_deref(), limit)
        })
    }

    fn load(&self, table: &'static Table, rows: Vec<Vec<Cell>>) -> Answer<()> {
        self.write("filling a table", move |connection| {
            copy::load(connection, table, &rows)
        })
    }

    fn birth(&self) -> Answer<Birth> {
        self.read("reading its name", copy::birth)
    }

    fn be_born(&self, birth: Birth) -> Answer<()> {
        self.write("giving it a name", move |connection| {
            copy::be_born(connection, &birth)
        })
    }

    fn keep(&self, who: &str) -> Answer<Engagement> {
        let (path, who) = (Arc::clone(&self.path), who.to_owned());
        self.reader.ask("locking it", move |_| {
            lock::engage(&path, For::Keeping, &who)
        })
    }

    fn keeper(&self) -> Answer<Option<String>> {
        let path = Arc::clone(&self.path);
        self.reader.ask("looking who keeps the schedule", move |_| {
            lock::engaged(&path, For::Keeping)
        })
    }

    fn backup(&self, to: &Path) -> Answer<()> {
        // On a thread of its own: it may take a while, and nobody waits for it.
        let (from, to) = (Arc::clone(&self.path), to.to_owned());
        let (asker, answer) = oneshot::channel();
        std::thread::spawn(move || {
            let done = backup::backup(&from, &to)
                .map_err(|failure| failure.into_error(&from, "copying it"));
            let _ = asker.send(done);
        });
        Box::pin(async move { answer.await.unwrap_or(Err(Error::Closed)) })
    }
}
