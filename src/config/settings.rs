use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::config::Missing;
use crate::issue;
use crate::newsletter::Newsletter;

/// All settings in their types.
#[derive(Debug)]
pub struct Settings {
    /// The publication. Title and address are placeholders until
    /// [`Settings::require_web`] has passed.
    pub newsletter: Newsletter,
    /// Where the issues are and how they are written.
    pub issues: Issues,
    /// What `build` writes into `feeds/`.
    pub feeds: Feeds,
    /// The web archive.
    pub archive: Archive,
    /// What a mail is made of.
    pub mail: Mail,
    /// The relay.
    pub smtp: Smtp,
    /// The public server that links in mail lead to.
    pub server: Server,
    /// The look of pages and mail.
    pub look: Look,
    /// How `publish` brings the built folder to the web.
    pub publish: Publish,
    pub(crate) unset: Vec<&'static str>,
}

/// Where the issues are and how they are written.
#[derive(Debug)]
pub struct Issues {
    /// How they are written.
    pub reading: issue::Settings,
    /// Folders, files or patterns; empty: found by looking.
    pub paths: Vec<String>,
    /// Patterns left out.
    pub exclude: Vec<String>,
    /// Folders whose issues are drafts; without `/` in any folder.
    pub drafts: Vec<String>,
    /// Address below the archive's root, with `{slug}` and the like.
    pub permalink: String,
}

/// What `build` writes into `feeds/`.
#[derive(Clone, Debug)]
pub struct Feeds {
    /// Whether feeds are written.
    pub enabled: bool,
    /// Entries in each; `None` for all.
    pub entries: Option<usize>,
    /// Size at which a feed takes no older entry, in bytes.
    pub max_bytes: usize,
    /// Further addresses of the same feeds.
    pub also: Vec<Also>,
}

/// A further address of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Also {
    /// Path below the archive's root, without a leading `/`.
    pub path: String,
    /// The feed that lies there: a path below `feeds/`, such as `rss.xml`.
    pub feed: String,
}

/// The web archive.
#[derive(Clone, Debug)]
pub struct Archive {
    /// Whether it is written.
    pub enabled: bool,
}

/// What a mail is made of.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Which parts it has.
    pub parts: Parts,
    /// Links of the plain text.
    pub links: LinkStyle,
}

/// The parts of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// HTML and plain text.
    Both,
    /// Plain text alone.
    Text,
    /// HTML alone.
    Html,
}

/// How plain text shows links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkStyle {
    /// Numbered notes after each item.
    Notes,
    /// In brackets after the words.
    Inline,
}

/// The relay.
#[derive(Debug)]
pub struct Smtp {
    /// Its host name; empty when not set.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// Name to log in with.
    pub username: Option<String>,
    /// The password, when the environment gives it.
    pub password: Option<SecretString>,
    /// The file that holds it otherwise, relative to the newsletter's folder.
    pub password_file: Option<String>,
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not at all.
    None,
    /// By STARTTLS (RFC 3207), which must succeed.
    StartTls,
    /// From the first byte (RFC 8314 §3.3).
    Implicit,
}

/// The public server.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its address, ends with `/`.
    pub url: Url,
    /// The file with the key that signs links, relative to the newsletter's
    /// folder.
    pub key_file: String,
}

/// The look of pages and mail.
#[derive(Clone, Debug)]
pub struct Look {
    /// Address of the logo.
    pub logo: Option<Url>,
    /// Second colour, `#RRGGBB`.
    pub accent: String,
}

/// How `publish` brings the built folder to the web.
#[derive(Clone, Debug)]
pub struct Publish {
    /// The command that does it.
    pub deploy: Option<String>,
    /// How long to wait for the issue's address.
    pub wait: Duration,
}

impl Settings {
    /// Asks for what feeds and archive need.
    ///
    /// # Errors
    ///
    /// The names of what is not set.
    pub fn require_web(&self) -> Result<(), Missing> {
        self.require(
            &["newsletter.title", "newsletter.url"],
            "a feed or an archive",
        )
    }

    /// Asks for what a message needs.
    ///
    /// # Errors
    ///
    /// The names of what is not set.
    pub fn require_mail(&self) -> Result<(), Missing> {
        let keys = ["newsletter.title", "newsletter.url", "newsletter.from"];
        self.require(&keys, "a mail")
    }

    /// Asks for what a message needs that really leaves.
    ///
    /// # Errors
    ///
    /// The names of what is not set.
    pub fn require_relay(&self) -> Result<(), Missing> {
        let keys = [
            "newsletter.title",
            "newsletter.url",
            "newsletter.from",
            "smtp.host",
        ];
        self.require(&keys, "sending mail")
    }

    fn require(&self, keys: &[&'static str], needed_for: &'static str) -> Result<(), Missing> {
        let keys: Vec<&'static str> = keys
            .iter()
            .copied()
            .filter(|key| self.unset.contains(key))
            .collect();
        if keys.is_empty() {
            return Ok(());
        }
        Err(Missing { keys, needed_for })
    }
}
