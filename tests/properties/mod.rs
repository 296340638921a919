//! Properties that hold for any input.

mod decode;
mod dkim;
mod feed;
mod mail;
mod mutations;
mod structure;
