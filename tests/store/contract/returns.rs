//! What follows from mail that came back.

use chrono::TimeDelta;
use letterpress::store::{Return, Returned, Settled};
use letterpress::subscriber::{Reason, Status};

use crate::store::contract::{Kept, address, minute, readers, suppression};

fn soft(reader: &str, message: &str, at: i64) -> Return {
    Return {
        address: address(reader),
        what: Returned::Soft {
            message: message.to_owned(),
            since: minute(at) - TimeDelta::minutes(60),
            limit: 3,
            then: suppression(Reason::HardBounce),
        },
    }
}

async fn settle(store: &Kept, one: Return, at: i64) -> Settled {
    store.settle(vec![one], minute(at), true).await.unwrap()[0]
}

async fn reason(store: &Kept, reader: &str) -> Option<Reason> {
    let (_, entry) = store.find(&address(reader)).await.unwrap().unwrap();
    entry.suppression.map(|held| held.reason)
}

const READER: &str = "reader0@example.org";

pub(crate) async fn soft_bounces_of_several_messages_suppress(store: Kept) {
    readers(&store, 2).await;
    assert_eq!(
        settle(&store, soft(READER, "1", 1), 1).await,
        Settled::Counted(1)
    );
    assert_eq!(
        settle(&store, soft(READER, "1", 2), 2).await,
        Settled::Counted(1)
    );
    let other = soft("reader1@example.org", "3", 3);
    assert_eq!(settle(&store, other, 3).await, Settled::Counted(1));
    assert_eq!(
        settle(&store, soft(READER, "2", 3), 3).await,
        Settled::Counted(2)
    );
    assert_eq!(reason(&store, READER).await, None);
    assert_eq!(
        settle(&store, soft(READER, "3", 4), 4).await,
        Settled::Suppressed
    );
    assert_eq!(reason(&store, READER).await, Some(Reason::HardBounce));
    assert_eq!(
        settle(&store, soft(READER, "4", 5), 5).await,
        Settled::Unchanged
    );
    // Whom the editor lets in again begins anew.
    store.lift(&address(READER)).await.unwrap();
    assert_eq!(
        settle(&store, soft(READER, "5", 6), 6).await,
        Settled::Counted(1)
    );
}

pub(crate) async fn old_soft_bounces_are_forgotten(store: Kept) {
    readers(&store, 1).await;
    settle(&store, soft(READER, "1", 0), 0).await;
    settle(&store, soft(READER, "2", 30), 30).await;
    assert_eq!(
        settle(&store, soft(READER, "3", 70), 70).await,
        Settled::Counted(2)
    );
}

pub(crate) async fn a_new_address_begins_without_soft_bounces(store: Kept) {
    readers(&store, 1).await;
    settle(&store, soft(READER, "1", 0), 0).await;
    let new = "reader@example.net";
    let moved = store.change_address(&address(READER), &address(new), minute(1));
    assert!(moved.await.unwrap());
    assert_eq!(
        settle(&store, soft(new, "2", 2), 2).await,
        Settled::Counted(1)
    );
    assert_eq!(
        settle(&store, soft(READER, "3", 3), 3).await,
        Settled::Unchanged
    );
}

pub(crate) async fn what_came_back_is_settled_in_order_or_not_at_all(store: Kept) {
    readers(&store, 3).await;
    let complaint = || Return {
        address: address("reader1@example.org"),
        what: Returned::Suppress(suppression(Reason::Complaint)),
    };
    let leave = |reader: &str| Return {
        address: address(reader),
        what: Returned::Leave,
    };
    store
        .erase(&address("reader2@example.org"), minute(0))
        .await
        .unwrap();
    let all = || {
        vec![
            leave(READER),
            complaint(),
            complaint(),
            leave(READER),
            leave("nobody@example.org"),
            leave("reader2@example.org"),
        ]
    };
    use Settled::{Left, Suppressed, Unchanged};
    let expected = vec![Left, Suppressed, Unchanged, Unchanged, Unchanged, Unchanged];
    let tried = store.settle(all(), minute(1), false).await.unwrap();
    assert_eq!(tried, expected);
    assert_eq!(reason(&store, READER).await, None);
    assert_eq!(
        store.settle(all(), minute(1), true).await.unwrap(),
        expected
    );
    let (_, entry) = store.find(&address(READER)).await.unwrap().unwrap();
    assert_eq!(entry.subscriber.status, Status::Unsubscribed);
    assert_eq!(reason(&store, READER).await, Some(Reason::Unsubscribed));
    assert_eq!(
        reason(&store, "reader1@example.org").await,
        Some(Reason::Complaint)
    );
}
