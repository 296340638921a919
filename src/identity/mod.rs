//! What is fixed for ever about an issue: key, entry id, slug, first date.
//!
//! All of it is pinned in `feeds/ids.lock` when an issue first appears.
//! [`resolve()`] finds each file's pin again after it was moved, or after title,
//! number or date were corrected, and makes a new one for a new issue. Where it
//! cannot tell, it asks ([`Question`]). Ids are made once and never from an
//! address or a title (RFC 4287 §4.2.6).
//!
//! Not here: files, the clock, what the ids are used for.

mod draft;
mod group;
mod import;
mod lock_file;
mod matching;
mod mint;
mod permalink;
mod pin;
mod resolve;
mod sketch;
mod taken;

#[cfg(test)]
mod tests;

pub use draft::{DraftReason, Publication, publication};
pub use import::{ImportReport, Imported, MatchedBy, PublishedEntry, import};
pub use permalink::{PermalinkFields, collisions, permalink};
pub use pin::{IdLock, IssueKey, Pin};
pub use resolve::{Identified, Question, Resolution, Settings, resolve};
