//! Questions that are asked outside, over HTTP.
//!
//! [`way_out`] asks the server that links in mail lead to whether readers can
//! leave there; nothing is sent before it says so. [`Client`] fetches what lies
//! at an address of the web, within bounds of time and size, and where asked to,
//! from public addresses alone.
//!
//! [`dns`], [`spf`] and [`published`] ask what a domain publishes about its mail.
//!
//! Nothing here decides what follows from an answer.

mod client;
pub mod dns;
mod fetch;
mod hub;
pub mod published;
pub mod spf;
mod way_out;

pub use fetch::{Answer, Client, FetchError, Reach};
pub use hub::{HubError, tell_hub};
pub use way_out::{Error, Question, way_out};
