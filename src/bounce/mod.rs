//! What comes back after a mailing: delivery reports (RFC 3464), complaints
//! (RFC 5965), mails to the unsubscribe address, automatic answers.
//!
//! [`read`] takes the bytes of one message and says what it is. Only a signed
//! token of ours, or a Message-ID that only our key can have made, says whom it
//! means: what carries neither is [`Report::Unproven`] and does nothing, so
//! that nobody is taken off the list by a report that somebody wrote. What
//! cannot be read is never guessed at.
//!
//! Bounded: the first [`LONGEST`] octets of a message are looked at, and parts
//! only a few levels deep. Whose tag it is and what follows is decided
//! elsewhere.

mod auto;
mod class;
mod consequence;
mod feedback;
mod head;
mod mbox;
mod part;
mod proof;
mod read;
mod report;
mod status;
mod text;
pub mod webhook;

#[cfg(test)]
mod tests;

pub use consequence::{Consequence, consequence};
pub use mbox::{Raw, Splitter};
pub use read::{LONGEST, read};
pub use report::{Bounce, Class, Kind, Reading, Report, Who};
