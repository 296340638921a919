//! The role for the public side, made by the statements that stand in
//! docs/postgres.md: it does what the server needs for readers who leave, and the
//! database refuses it everything else.

use std::sync::Arc;

use letterpress::mailing::{Filter, Stage, State};
use letterpress::store::postgres::Settings;
use letterpress::store::{Ended, Error, Postgres, Search};
use letterpress::subscriber::{Reason, Status};

use crate::store::contract::{
    Kept, address, confirmed, due, finished, id_of, mailing, minute, new_mailing, numbered,
    readers, start, suppression,
};
use crate::store::server::{self, Database};

/// A role of one database, until it is dropped.
pub(crate) struct PublicRole<'d> {
    database: &'d Database,
    name: String,
}

impl PublicRole<'_> {
    /// Makes it as the page says, under a name of its own.
    pub(crate) fn made(database: &Database) -> PublicRole<'_> {
        let page = include_str!("../../docs/postgres.md");
        let (_, rest) = page.split_once("```sql\n").unwrap();
        let (statements, _) = rest.split_once("```").unwrap();
        assert_eq!(statements.matches("DATABASE weekly ").count(), 1);
        let name = format!("public_of_{}", database.name());
        let statements = statements.replace("letterpress_public", &name).replace(
            "DATABASE weekly ",
            &format!("DATABASE {} ", database.name()),
        );
        database.run(&statements);
        PublicRole { database, name }
    }

    /// `store.url` of whoever uses it.
    pub(crate) fn url(&self) -> String {
        let mut url = url::Url::parse(&self.database.url()).unwrap();
        url.set_username(&self.name).unwrap();
        url.to_string()
    }

    pub(crate) fn open(&self) -> Kept {
        Arc::new(Postgres::open(Settings::parse(&self.url()).unwrap()).unwrap())
    }
}

impl Drop for PublicRole<'_> {
    fn drop(&mut self) {
        let name = &self.name;
        self.database
            .run(&format!("DROP OWNED BY {name} CASCADE; DROP ROLE {name}"));
    }
}

#[tokio::test]
async fn the_public_role_records_who_leaves() {
    let Some((store, database)) = server::made() else {
        return;
    };
    readers(&store, 3).await;
    let role = PublicRole::made(&database);
    let public = role.open();
    assert_eq!(public.id(), store.id());
    let one = numbered(1);
    assert!(public.find(&one).await.unwrap().is_some());
    let all = public.list(Search::default(), None, 10).await.unwrap();
    assert_eq!(all.len(), 3);
    assert!(public.former(0, 10).await.unwrap().is_empty());
    assert!(public.set_language(&one, "de").await.unwrap());

    let left = minute(3);
    let gone = public.set_status(&one, Status::Unsubscribed, left).await;
    assert!(gone.unwrap());
    let (_, entry) = store.find(&one).await.unwrap().unwrap();
    assert_eq!(entry.subscriber.status, Status::Unsubscribed);
    assert_eq!(entry.suppression.unwrap().reason, Reason::Unsubscribed);
    assert!(public.take_back(&one, left).await.unwrap());
    let (_, entry) = store.find(&one).await.unwrap().unwrap();
    assert_eq!(entry.subscriber.status, Status::Confirmed);
    assert_eq!(entry.suppression, None);
}

#[tokio::test]
async fn the_public_role_is_refused_everything_else() {
    let Some((store, database)) = server::made() else {
        return;
    };
    readers(&store, 3).await;
    let mailing = mailing(&store).await;
    let reader = id_of(&store, numbered(1).as_str()).await;
    let role = PublicRole::made(&database);
    let public = role.open();
    let one = numbered(1);
    macro_rules! refused {
        ($($what:expr),* $(,)?) => {$(
            let answer = $what.await;
            assert!(
                matches!(answer, Err(Error::ReadOnly { .. })),
                "{}: {answer:?}", stringify!($what)
            );
        )*};
    }
    let outcome = letterpress::store::Step {
        mailing,
        finished: finished(reader, Ended::Accepted),
        next: start(reader),
        now: minute(2),
    };
    refused!(
        public.erase(&one, minute(2)),
        public.change_address(&one, &address("other@example.org"), minute(2)),
        public.absorb(vec![confirmed("new@example.org")], minute(2), true),
        public.confirm(new_mailing("other", Filter::All)),
        public.set_stage(mailing, Stage::Cancelled, "", minute(2)),
        public.content(mailing),
        public.deliveries(mailing, &[], None, 10),
        public.tally(mailing),
        public.history(reader),
        public.reopen(mailing, &[State::Unknown], minute(2)),
        public.due(due(mailing, 2, 10)),
        public.step(outcome),
        public.save_limits(vec![("relay:x".to_owned(), "1".to_owned())]),
        public.suppress_domain("example.org", suppression(Reason::Manual)),
        public.unconfirmed(None, 10),
    );
    // What a lease is taken with tells `serve` that it keeps no schedule.
    assert!(matches!(
        public.engage("x").await,
        Err(Error::ReadOnly { .. })
    ));
    assert!(matches!(
        public.keep("x").await,
        Err(Error::ReadOnly { .. })
    ));
    drop(public);
    let (_, entry) = store.find(&one).await.unwrap().unwrap();
    assert_eq!(entry.subscriber.status, Status::Confirmed);
}
