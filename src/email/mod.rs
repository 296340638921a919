//! One message for one recipient: headers, parts, envelope, and what a check
//! of the finished message has to say.
//!
//! A message is a function of its inputs. Message-ID and boundary are derived
//! from issue and recipient, the date is given, nothing is drawn: what a dry
//! run shows is what leaves, and a resumed message is the same message. All of
//! it is 7-bit (RFC 5322 §2.3, RFC 2045), so that no relay has a reason to
//! touch it on the way.
//!
//! Nothing here sends; `transport` does. [`dkim`] signs what is finished.
//!
//! A [`Composition`] holds what all recipients share, encoded; each message is
//! made from it by putting the recipient's values in their places. It can be
//! frozen, and what is thawed makes the same messages.

mod base64;
mod check;
mod clean;
mod composition;
mod digest;
pub mod dkim;
mod frozen;
mod head;
mod header;
mod invented;
mod links;
mod message;
mod notice;
mod outbox;
mod quoted;
mod stencil;
#[cfg(test)]
mod tests;

pub use check::{check, check_design, html_size};
pub use composition::{Composition, Edition, Letter};
pub use digest::Digests;
pub use frozen::ThawError;
pub use invented::invented;
pub use links::{LinkRoots, Links, WayOut};
pub use message::{Content, Envelope, Error, Message, Parts, Settings};
pub use notice::{Note, note};
pub use outbox::{Excluded, Facts, FindingLine, MessageLine, Report, Reporter, Totals};
