//! Whose a token is. A tag is a keyed digest of an address and cannot be turned
//! back, so the tags of all subscribers are kept in memory: some 40 octets each.
//!
//! What is in memory is only a hint: each answer is read from the store anew,
//! and what came since the last look is read before anybody is called unknown.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::store::{Error, Public};
use crate::subscriber::{Address, Entry, Keys, SubscriberId, Tag};

/// Subscribers in one look into the store. Others wait for it in between.
const PAGE: usize = 2_000;

/// Finds subscribers by their tags.
pub(super) struct Index {
    store: Public,
    keys: Arc<Keys>,
    known: Mutex<Known>,
}

/// What was read so far.
#[derive(Default)]
struct Known {
    tags: BTreeSet<(Tag, SubscriberId)>,
    last: Option<SubscriberId>,
    last_former: i64,
}

impl Index {
    pub(super) fn new(store: Public, keys: Arc<Keys>) -> Index {
        Index {
            store,
            keys,
            known: Mutex::default(),
        }
    }

    /// The subscriber whose address has this tag, or had it before it changed.
    pub(super) async fn find(&self, tag: Tag) -> Result<Option<Entry>, Error> {
        let (holder, _) = self.look(tag).await?;
        if holder.is_some() {
            return Ok(holder);
        }
        self.refresh().await?;
        let (holder, former) = self.look(tag).await?;
        Ok(holder.or(former))
    }

    /// Who has the address of this tag, and who had it.
    async fn look(&self, tag: Tag) -> Result<(Option<Entry>, Option<Entry>), Error> {
        let (least, most) = (SubscriberId(i64::MIN), SubscriberId(i64::MAX));
        let candidates: Vec<SubscriberId> = {
            let known = self.known.lock().await;
            let range = known.tags.range((tag, least)..=(tag, most));
            range.map(|(_, subscriber)| *subscriber).collect()
        };
        let mut former = None;
        for subscriber in candidates {
            let Some(entry) = self.store.person(subscriber).await? else {
                continue;
            };
            let address = &entry.subscriber.address;
            if self.tags(address).any(|own| own == tag) {
                return Ok((Some(entry), None));
            }
            former = Some(entry);
        }
        Ok((None, former))
    }

    /// Reads who came and which addresses changed since the last look.
    pub(super) async fn refresh(&self) -> Result<(), Error> {
        // Held all the while: whoever asks meanwhile waits for the answer.
        let mut known = self.known.lock().await;
        loop {
            let page = self.store.list(known.last, PAGE).await?;
            for (subscriber, entry) in &page {
                let tags = self.tags(&entry.subscriber.address);
                known.tags.extend(tags.map(|tag| (tag, *subscriber)));
                known.last = Some(*subscriber);
            }
            if page.len() < PAGE {
                break;
            }
        }
        loop {
            let page = self.store.former(known.last_former, PAGE).await?;
            for (mark, subscriber, address) in &page {
                let former = Address::parse(address).ok();
                let now = self.store.person(*subscriber).await?;
                let now = now.map(|entry| entry.subscriber.address);
                for address in former.iter().chain(&now) {
                    let tags = self.tags(address);
                    known.tags.extend(tags.map(|tag| (tag, *subscriber)));
                }
                known.last_former = *mark;
            }
            if page.len() < PAGE {
                return Ok(());
            }
        }
    }

    /// The tags that this address has or had: one for each key.
    fn tags<'a>(&'a self, address: &'a Address) -> impl Iterator<Item = Tag> + 'a {
        let keys = std::iter::once(&self.keys.current).chain(&self.keys.old);
        keys.map(|key| key.tag(address))
    }
}
