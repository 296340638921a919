//! What every store promises, run against the one in SQLite and the one in
//! PostgreSQL, and what each promises besides.

mod bad_days;
pub(crate) mod contract;
mod postgres;
pub(crate) mod role;
pub(crate) mod server;
mod sqlite;
