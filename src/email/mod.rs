//! One message for one recipient: headers, parts, envelope, and what a check
//! of the finished message has to say.
//!
//! A message is a function of its inputs. Message-ID and boundary are derived
//! from issue and recipient, the date is given, nothing is drawn: what a dry
//! run shows is what leaves, and a resumed message is the same message. All of
//! it is 7-bit (RFC 5322 §2.3, RFC 2045), so that no relay has a reason to
//! touch it on the way.
//!
//! Nothing here sends; `transport` does.

mod assemble;
mod check;
mod digest;
mod header;
mod invented;
mod links;
mod outbox;
#[cfg(test)]
mod tests;

pub use assemble::{Content, Envelope, Error, Message, Parts, Settings, assemble};
pub use check::check;
pub use digest::{Said, digest};
pub use invented::invented;
pub use links::Links;
pub use outbox::{Excluded, Facts, FindingLine, MessageLine, Report, Totals, report};
