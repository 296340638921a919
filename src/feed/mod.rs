//! The neutral model of a feed, and what is made of it: RSS 2.0, Atom 1.0, JSON
//! Feed 1.1, OPML 2.0.
//!
//! A [`Feed`] says everything once; the writers only spell it. An entry has the
//! same id, dates, title and content in each format. Whatever text is put in,
//! the documents are well-formed, and the same feed always gives the same
//! bytes. [`check()`] says what readers' programs would complain of, [`read()`] reads
//! what others (or an earlier build) have published, and [`losses`] names the
//! entries that a new feed would lose.
//!
//! Not here: which issues make which feed, addresses, files, the clock.

pub mod atom;
pub mod json;
pub mod opml;
pub mod rss;

mod cadence;
mod carry;
mod check;
mod document;
mod html;
mod loss;
mod model;
mod read;
mod select;
mod splice;
mod text;

#[cfg(test)]
mod tests;

pub use cadence::Cadence;
pub use carry::carry;
pub use check::{Looked, check, check_entry, check_with};
pub use document::Document;
pub use loss::{Loss, losses};
pub use model::{Addresses, Enclosure, Entry, Feed, Paging, Person, Translation};
pub use read::{ForeignEntry, ForeignFeed, ReadError, read};
pub use select::{ArchivePage, archive_pages, item_moment, limit, separate, sort};

/// RFC 5005.
const HISTORY_NAMESPACE: &str = "http://purl.org/syndication/history/1.0";
/// The RSS module that says how often a feed changes.
const SYNDICATION_NAMESPACE: &str = "http://purl.org/rss/1.0/modules/syndication/";

/// The other documents of a paged feed with their link relations (RFC 5005 §4).
fn page_links(paging: &Paging) -> impl Iterator<Item = (&'static str, &Addresses)> {
    let (current, previous, next) = match paging {
        Paging::Alone | Paging::Complete => (None, None, None),
        Paging::Subscription { previous } => (None, Some(previous), None),
        Paging::Archive {
            current,
            previous,
            next,
        } => (Some(current), previous.as_ref(), next.as_ref()),
    };
    let links = [
        ("current", current),
        ("prev-archive", previous),
        ("next-archive", next),
    ];
    links.into_iter().filter_map(|(rel, at)| Some((rel, at?)))
}
