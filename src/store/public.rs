//! The store as strangers meet it.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use crate::store::{
    Answer, NewNotice, NoticeKind, OptIn, Past, Return, Search, Settled, SignUp, Store, StoreId,
};
use crate::subscriber::{Address, Entry, Status, SubscriberId, Tag};

/// What the public server may ask of a store, and nothing else. The store behind it
/// was opened for strangers ([`crate::store::sqlite::Options::strangers`]), so the
/// database refuses the rest too.
#[derive(Clone)]
pub struct Public(Arc<dyn Store>);

impl fmt::Debug for Public {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Public")
    }
}

/// Each method is the one of [`Store`] of the same name.
impl Public {
    /// A store that was opened for strangers.
    pub fn new(store: Arc<dyn Store>) -> Public {
        Public(store)
    }

    /// See [`Store::id`].
    pub fn id(&self) -> StoreId {
        self.0.id()
    }

    /// Subscribers after this one, in the order in which they came.
    pub fn list(
        &self,
        after: Option<SubscriberId>,
        limit: usize,
    ) -> Answer<Vec<(SubscriberId, Entry)>> {
        self.0.list(Search::default(), after, limit)
    }

    /// See [`Store::find`].
    pub fn find(&self, address: &Address) -> Answer<Option<(SubscriberId, Entry)>> {
        self.0.find(address)
    }

    /// See [`Store::person`].
    pub fn person(&self, subscriber: SubscriberId) -> Answer<Option<Entry>> {
        self.0.person(subscriber)
    }

    /// See [`Store::former`].
    pub fn former(&self, after: i64, limit: usize) -> Answer<Vec<(i64, SubscriberId, String)>> {
        self.0.former(after, limit)
    }

    /// See [`Store::history`].
    pub fn history(&self, subscriber: SubscriberId) -> Answer<Vec<Past>> {
        self.0.history(subscriber)
    }

    /// A subscriber leaves. False where there is none.
    pub fn leave(&self, address: &Address, now: DateTime<Utc>) -> Answer<bool> {
        self.0.set_status(address, Status::Unsubscribed, now)
    }

    /// See [`Store::take_back`].
    pub fn take_back(&self, address: &Address, left_at: DateTime<Utc>) -> Answer<bool> {
        self.0.take_back(address, left_at)
    }

    /// See [`Store::set_language`].
    pub fn set_language(&self, address: &Address, language: &str) -> Answer<bool> {
        self.0.set_language(address, language)
    }

    /// See [`Store::set_attribute`].
    pub fn set_attribute(
        &self,
        address: &Address,
        name: &str,
        value: Option<Json>,
    ) -> Answer<bool> {
        self.0.set_attribute(address, name, value)
    }

    /// See [`Store::erase`].
    pub fn erase(&self, address: &Address, now: DateTime<Utc>) -> Answer<bool> {
        self.0.erase(address, now)
    }

    /// See [`Store::ask`].
    pub fn ask(&self, asked: SignUp, room: usize) -> Answer<bool> {
        self.0.ask(asked, room)
    }

    /// See [`Store::asked`].
    pub fn asked(&self, tag: Tag) -> Answer<Option<SignUp>> {
        self.0.asked(tag)
    }

    /// See [`Store::opt_in`].
    pub fn opt_in(
        &self,
        tag: Tag,
        network: &str,
        welcome: &[NoticeKind],
        now: DateTime<Utc>,
    ) -> Answer<OptIn> {
        self.0.opt_in(tag, network, welcome, now)
    }

    /// See [`Store::settle`]: what services tell of mail.
    pub fn settle(&self, returns: Vec<Return>, now: DateTime<Utc>) -> Answer<Vec<Settled>> {
        self.0.settle(returns, now, true)
    }

    /// See [`Store::notify`].
    pub fn notify(&self, notice: NewNotice, room: usize) -> Answer<bool> {
        self.0.notify(notice, room)
    }
}
