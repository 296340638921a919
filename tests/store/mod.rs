//! What every store promises, run against the one in SQLite and the one in
//! PostgreSQL, and what each promises besides.

pub(crate) mod contract;
mod postgres;
pub(crate) mod server;
mod sqlite;
