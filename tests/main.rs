//! All tests that are not beside their code, one module for each theme.

mod architecture;
mod cli;
mod corpus;
mod golden;
mod properties;
mod smtp;
