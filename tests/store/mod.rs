//! What every store promises, run against the one in SQLite, and what that one
//! promises besides.

mod contract;
mod sqlite;
