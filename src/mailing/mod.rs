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
mod ledger;
mod outcome;
mod pace;
mod plan;
mod provider;
mod reply;
mod retry;
mod window;

pub use delivery::{Delivery, Mailing, MailingId, Stage, State, Tally};
pub use filter::{Filter, FilterError};
pub use ledger::{Ledger, Mailed, Refusal};
pub use outcome::{Delay, Halt, Outcome, Rejection, Scope, classify};
pub use pace::{Exchanged, Meter, Pace, Ready};
pub use plan::{Exclusion, Planned};
pub use provider::provider;
pub use reply::{Enhanced, Phase, Reply};
pub use retry::{Next, Retry};
