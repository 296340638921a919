//! The editor's desk: issues as their readers will see them, what is wrong with
//! them, and the sending, in the browser on loopback.
//!
//! The desk decides nothing about mail. What it shows and sends comes from a
//! [`Room`], which the commands implement with the functions that a dry run and a
//! mailing use; so what is seen is what leaves. Nothing is sent without an approval
//! of exactly one build, by its digest.
//!
//! It is for one person at one machine: a secret in the address opens a session, the
//! names of the machine are checked on every request (a page elsewhere may let its
//! own name lead here), and what changes anything is a form with a token. Mail is
//! shown in frames in which no script runs and which fetch nothing from elsewhere.
//!
//! What it does not do: write issues, change who is on the list, leave the machine.

mod actions;
mod answer;
mod app;
mod approve;
mod bars;
mod books;
mod difference;
mod export;
mod frames;
mod guard;
mod inbox;
mod issue;
mod issues;
mod live;
mod mailings;
mod marks;
mod message;
mod outlooks;
mod people;
mod plot;
mod room;
mod server;
mod source;

use std::net::SocketAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::subscriber::Key;

pub use export::{File, export};
pub use room::{
    Approval, Block, Earlier, FeedEntry, Outlook, Part, Proof, Room, Row, Standing, Trouble,
    Underway,
};
pub use server::serve;

/// Tells the moment.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What the desk works with.
pub struct Parts {
    /// The newsletter's folder.
    pub room: Arc<dyn Room>,
    /// What signs sessions: the newsletter's key, so that a session outlasts a
    /// restart, or one drawn for this run.
    pub key: Key,
    /// What opens a session, as part of the address that was printed.
    pub secret: String,
    /// Where the desk listens: its names are those of this address.
    pub listen: SocketAddr,
    /// Tells the moment.
    pub clock: Clock,
}

/// The first address to open: the desk with the secret.
pub fn address(listen: SocketAddr, secret: &str) -> String {
    format!("http://{listen}/?key={secret}")
}
