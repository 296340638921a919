//! What every store promises, run against the one in SQLite, and what that one
//! promises besides.

pub(crate) mod contract;
mod sqlite;
