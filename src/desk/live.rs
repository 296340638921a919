//! Change: which version of the folder is shown, who waits for the next, and the
//! last good view of each issue.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::desk::{Proof, Trouble};

/// Views that are kept.
const KEPT: usize = 32;
/// How long somebody waits before they ask anew.
const PATIENCE: Duration = Duration::from_secs(25);

/// What is shown of an issue.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) proof: Arc<Proof>,
    /// Since when it has been out of date, where it is.
    pub(super) as_of: Option<DateTime<Utc>>,
    /// Why it is.
    pub(super) trouble: Option<Trouble>,
}

/// An issue for a reader, and whether they leave by a mail.
pub(super) type Name = (String, Option<String>, bool);

struct Good {
    version: u64,
    at: DateTime<Utc>,
    proof: Arc<Proof>,
    /// What was shown before its content last changed.
    before: Option<Arc<Proof>>,
    used: u64,
}

/// The state of the folder as pages show it.
pub(super) struct Live {
    version: watch::Sender<u64>,
    trouble: Mutex<Option<Trouble>>,
    good: Mutex<(u64, BTreeMap<Name, Good>)>,
}

impl Live {
    /// Versions go on from the moment of the start, so that a page of an earlier
    /// run is told from ours.
    pub(super) fn new(now: DateTime<Utc>) -> Live {
        let first = u64::try_from(now.timestamp_millis()).unwrap_or(1);
        Live {
            version: watch::channel(first).0,
            trouble: Mutex::default(),
            good: Mutex::default(),
        }
    }

    pub(super) fn version(&self) -> u64 {
        *self.version.borrow()
    }

    /// The folder was read anew.
    pub(super) fn changed(&self, trouble: Option<Trouble>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
        self.version.send_modify(|version| *version += 1);
    }

    /// Why the folder could not be read, where that is so.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        let trouble = self.trouble.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until there is another version than `known`, or for a while.
    pub(super) async fn wait(&self, known: u64) -> u64 {
        let mut versions = self.version.subscribe();
        let next = versions.wait_for(|version| *version != known);
        match tokio::time::timeout(PATIENCE, next).await {
            Ok(Ok(version)) => *version,
            _ => known,
        }
    }

    /// What to show of an issue: as it is now, by `make`, or the last that could be
    /// made. What was made of this version is not made again.
    pub(super) fn view(
        &self,
        name: Name,
        now: DateTime<Utc>,
        make: impl FnOnce() -> Result<Proof, Trouble>,
    ) -> Result<View, Trouble> {
        let version = self.version();
        let mut good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        good.0 += 1;
        let tick = good.0;
        if let Some(known) = good.1.get_mut(&name) {
            known.used = tick;
            if known.version == version {
                return Ok(View {
                    proof: Arc::clone(&known.proof),
                    as_of: None,
                    trouble: None,
                });
            }
        }
        drop(good);
        let made = make();
        let mut good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        match made {
            Ok(proof) => {
                let proof = Arc::new(proof);
                let old = good.1.remove(&name);
                let before = old.and_then(|old| match old.proof.digest == proof.digest {
                    true => old.before,
                    false => Some(old.proof),
                });
                let shown = Good {
                    version,
                    at: now,
                    proof: Arc::clone(&proof),
                    before,
                    used: tick,
                };
                good.1.insert(name, shown);
                if good.1.len() > KEPT {
                    let oldest = good.1.iter().min_by_key(|(_, good)| good.used);
                    let oldest = oldest.map(|(name, _)| name.clone());
                    oldest.and_then(|name| good.1.remove(&name));
                }
                Ok(View {
                    proof,
                    as_of: None,
                    trouble: None,
                })
            }
            Err(trouble) => match good.1.get(&name) {
                Some(known) => Ok(View {
                    proof: Arc::clone(&known.proof),
                    as_of: Some(known.at),
                    trouble: Some(trouble),
                }),
                None => Err(trouble),
            },
        }
    }

    /// What was shown before an issue last changed.
    pub(super) fn before(&self, name: &Name) -> Option<Arc<Proof>> {
        let good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        good.1.get(name)?.before.clone()
    }
}
