//! The ways out: SMTP, a folder of `.eml` files, memory.
//!
//! A [`Transport`] takes one finished message at a time and answers with a
//! [`Receipt`] or a [`Failure`] that says in which phase what was replied; what
//! follows from it is [`Failure::outcome`]. What a transport does not do: retry,
//! wait, choose recipients, remember.

mod failure;
mod folder;
mod memory;
mod preset;
mod smtp;

use std::future::Future;
use std::pin::Pin;

use crate::email::Message;

pub use failure::{Cause, Failure, Receipt};
pub use folder::Folder;
pub use memory::Memory;
pub use preset::Preset;
pub use smtp::{Examination, Limits, Offers, Settings, Smtp, Tls, Trust, TrustError};

/// The answer of a transport, when it is there.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// Whether the content of a message may leave, when that is known. It is asked
/// after everything before the content, so that writing the journal costs no
/// time of the dialogue.
pub type Permission<'a> = Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

/// A way out. One worker has one transport; it is not shared.
pub trait Transport: Send {
    /// Hands one message over, its content only once `permission` says so;
    /// refused, the answer is [`Cause::Withheld`] and nothing was handed over.
    ///
    /// Dropping the future in the middle is safe for the next message, but what
    /// became of this one is then unknown.
    fn deliver<'a>(
        &'a mut self,
        message: &'a Message,
        permission: Permission<'a>,
    ) -> Answer<'a, Receipt>;

    /// Hands one message over that nobody withholds.
    fn send<'a>(&'a mut self, message: &'a Message) -> Answer<'a, Receipt> {
        self.deliver(message, Box::pin(std::future::ready(true)))
    }

    /// Ends politely. What was sent is sent, whatever this answers.
    fn close(&mut self) -> Answer<'_, ()>;
}
