//! The public server: the built archive and feeds, the way in, and what a link in
//! a mail may do: confirm, leave, take that back, choose language, sections or a pause; and,
//! by a link that is mailed for it, see, move and erase what is kept of oneself.
//!
//! A page that is fetched changes nothing, for programs fetch links to look for
//! harm; only POST acts. Leaving by one click (RFC 8058) needs no page, cookie
//! or second request. A token tells whose it is by a keyed digest of the
//! address; `index` finds the subscriber to it. Answers to whoever holds no
//! token of ours never depend on who is on the list.
//!
//! What it does not do: TLS, which belongs to the web server in front of it
//! (docs/serve.md); sending mail: what a request leads to waits in the store, and
//! `delivery::post` sends it.

mod account;
mod answer;
mod app;
mod client;
mod coding;
mod confirm;
mod connection;
mod door;
mod files;
mod form;
mod held;
mod index;
mod large;
mod leave;
mod limits;
mod media;
mod metrics;
mod path;
mod patient;
mod preferences;
mod server;
mod subscribe;
mod webhook;
mod words;

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use url::Url;

use crate::newsletter::Newsletter;
use crate::render::{Look, OptionalSection, Templates};
use crate::store::Public;
use crate::subscriber::Keys;

pub use client::{ForwardedHeader, Forwarders, Network, NoNetwork};
pub use door::{ACCOUNT_LIFE, DoorParts, DoorSettings, Kept, link_days};
pub(crate) use form::Form;
pub use server::{serve, serve_renewed};
pub use webhook::{Fetch, Keep, Webhooks};

/// Tells the moment.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Takes a line for whoever looks after the server. It holds no address and no
/// token.
pub type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// What the server needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The publication.
    pub newsletter: Newsletter,
    /// Its address as links in mail have it, ends with `/`.
    pub url: Url,
    /// The look of its pages.
    pub look: Look,
    /// The folder that a build wrote.
    pub public: PathBuf,
    /// The web servers in front of it that are believed.
    pub forwarders: Forwarders,
    /// WebSub hubs of the feeds.
    pub hubs: Vec<Url>,
    /// Who may read `/metrics`.
    pub metrics: Vec<Network>,
    /// Sections that readers may leave out of their mail.
    pub sections: Vec<OptionalSection>,
}

/// What the server works with.
pub struct Parts {
    /// What it needs to know.
    pub settings: Settings,
    /// Who subscribes.
    pub store: Public,
    /// The keys that read tokens.
    pub keys: Keys,
    /// The pages' templates.
    pub templates: Templates,
    /// How services tell what became of mail.
    pub webhooks: Webhooks,
    /// The way in, where there is one.
    pub door: Option<DoorParts>,
    /// Tells the moment.
    pub clock: Clock,
    /// Takes a line for each request.
    pub log: Log,
}
