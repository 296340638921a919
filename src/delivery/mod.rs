//! The engine: takes a mailing from the store through transports, one recorded
//! step at a time.

mod settings;

pub use settings::Settings;
