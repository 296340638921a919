//! The arithmetic of a mailing: who gets it, what state each delivery is in,
//! what follows from a reply, when the next try is due, how fast it may go.
//!
//! A [`Mailing`] is the one sending of one issue. Each [`Delivery`] of it is one
//! message to one recipient and has a [`State`]; [`classify`] turns a server's
//! reply into an [`Outcome`], the one place where permanent and transient are
//! told apart. Everything here is a function of its arguments: the clock, the
//! store and the relay are elsewhere (`delivery`).

mod delivery;
mod filter;
mod outcome;
mod pace;
mod plan;
mod provider;
mod reply;
mod retry;

pub use delivery::{Delivery, Mailing, MailingId, Stage, State, Tally};
pub use filter::Filter;
pub use outcome::{Delay, Halt, Outcome, Rejection, classify};
pub use pace::Pace;
pub use plan::{Exclusion, Planned};
pub use provider::provider;
pub use reply::{Enhanced, Phase, Reply};
pub use retry::Retry;
