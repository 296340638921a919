//! Properties that hold for any input.

mod decode;
mod dkim;
mod feed;
mod lists;
mod mail;
mod mailing;
mod mutations;
mod structure;
