//! The engine, with a real store and a relay that does what a test tells it to.

mod bad_days;
mod notices;
mod promises;
mod providers;
mod rig;
mod several;
