//! letterpress: from one Markdown file an issue to feeds, an archive and mail.
//!
//! The data flows one way: file, issue, render, feed or message, delivery.
//! ARCHITECTURE.md holds the table of modules with what each may import; a test
//! holds this tree to it.

pub mod diagnostic;
pub mod newsletter;

pub mod issue;
pub mod subscriber;

pub mod identity;
pub mod render;

pub mod email;
pub mod feed;
pub mod mailing;

pub mod bounce;

pub mod archive;

pub mod files;
pub mod store;
pub mod transport;

pub mod delivery;

pub mod probe;
pub mod web;

pub mod desk;

pub mod config;

pub mod cli;
