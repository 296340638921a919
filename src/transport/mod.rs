//! The ways out: SMTP, a folder of `.eml` files, memory.
//!
//! A [`Transport`] takes one finished message at a time and answers with a
//! [`Receipt`] or a [`Failure`] that says in which [`Phase`] what was replied.
//! [`classify`] turns that into an [`Outcome`], the one place where permanent
//! and transient are told apart. What a transport does not do: retry, wait,
//! choose recipients, remember.

mod failure;
mod folder;
mod memory;
mod outcome;
mod smtp;

use std::future::Future;
use std::pin::Pin;

use crate::email::Message;

pub use failure::{Cause, Enhanced, Failure, Phase, Receipt, Reply};
pub use folder::Folder;
pub use memory::Memory;
pub use outcome::{Delay, Halt, Outcome, Rejection, classify};
pub use smtp::{Limits, Settings, Smtp, Tls, Trust, TrustError};

/// The answer of a transport, when it is there.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// A way out. One worker has one transport; it is not shared.
pub trait Transport: Send {
    /// Hands one message over. Dropping the future in the middle is safe for
    /// the next message, but what became of this one is then unknown.
    fn send<'a>(&'a mut self, message: &'a Message) -> Answer<'a, Receipt>;

    /// Ends politely. What was sent is sent, whatever this answers.
    fn close(&mut self) -> Answer<'_, ()>;
}
