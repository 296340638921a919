//! All tests that are not beside their code, one module for each theme.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod architecture;
mod cli;
mod corpus;
mod delivery;
mod desk;
mod golden;
mod kill;
mod properties;
mod smtp;
mod store;
mod web;
