use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::archive::{self, Also};
use crate::config::Missing;
use crate::delivery;
use crate::email;
use crate::issue;
use crate::newsletter::Newsletter;
use crate::render::{Look, OptionalSection, TextStyle};
use crate::store::postgres;
use crate::transport::{self, Preset};
use crate::web::{self, Forwarders, Network};

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
    /// Where subscribers and mailings are kept.
    pub store: Store,
    /// How a mailing is handed over.
    pub delivery: delivery::Settings,
    /// What follows from messages that come back.
    pub bounces: Bounces,
    /// The relay.
    pub smtp: Smtp,
    /// The signature under each mail.
    pub dkim: Dkim,
    /// The public server that links in mail lead to.
    pub server: Server,
    /// What services tell of mail.
    pub webhooks: Webhooks,
    /// Joining by the public server's form.
    pub subscribe: Subscribe,
    /// The look of pages and mail.
    pub look: Look,
    /// The editor's desk.
    pub preview: Preview,
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
    /// Folders whose issues are drafts; without `/` a folder anywhere.
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
    /// Whether sections that recur have feeds.
    pub sections: bool,
    /// Whether there is a feed of single items.
    pub links: bool,
    /// Entries in a document of older entries; 0 for no such documents.
    pub archive_entries: usize,
    /// Further addresses of the same feeds.
    pub also: Vec<Also>,
    /// WebSub hubs that are told of changes.
    pub hubs: Vec<Url>,
}

/// The editor's desk.
#[derive(Clone, Debug)]
pub struct Preview {
    /// What opens a place of a file, with `{path}`, `{line}` and `{column}`; empty for
    /// the source on the desk itself.
    pub editor_url: String,
    /// Whether files are looked at by the clock.
    pub poll: bool,
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
    pub message: email::Settings,
    /// How its plain text is set.
    pub text: TextStyle,
}

/// The relay.
#[derive(Debug)]
pub struct Smtp {
    /// Where it is and how to log in; the host is empty when not set, the
    /// password there when the environment gives it.
    pub relay: transport::Settings,
    /// The file that holds the password otherwise, relative to the newsletter's
    /// folder.
    pub password_file: Option<String>,
    /// What is known of it; limits are in [`Settings::delivery`] already.
    pub preset: &'static Preset,
    /// The relay that is used when the first cannot be reached.
    pub fallback: Option<Fallback>,
}

/// A second relay.
#[derive(Debug)]
pub struct Fallback {
    /// Where it is and how to log in; the password there when the environment
    /// gives it.
    pub relay: transport::Settings,
    /// The file that holds the password otherwise, relative to the newsletter's
    /// folder.
    pub password_file: Option<String>,
}

/// Where subscribers and mailings are kept.
#[derive(Clone, Debug)]
pub struct Store {
    /// The SQLite file, absolute or relative to the newsletter's folder.
    pub path: String,
    /// A database in its place, which several machines share.
    pub server: Option<postgres::Settings>,
    /// The database's password.
    pub password: Option<SecretString>,
    /// A file with the database's password.
    pub password_file: Option<String>,
    /// So long a sender of a database may give no sign of life.
    pub lease: Duration,
}

/// What follows from messages that come back.
#[derive(Clone, Copy, Debug)]
pub struct Bounces {
    /// So many messages that were not delivered for now suppress an address.
    pub soft_limit: u64,
    /// Within this time.
    pub soft_window: Duration,
}

/// The signature under each mail (RFC 6376).
#[derive(Debug)]
pub struct Dkim {
    /// The domain that signs, in ASCII; empty where no sender is set either.
    pub domain: String,
    /// The RSA key; without one nothing is signed.
    pub rsa: Option<DkimKey>,
    /// The Ed25519 key of a second signature.
    pub ed25519: Option<DkimKey>,
}

/// Where a private key is, and where its public half is published.
#[derive(Debug)]
pub struct DkimKey {
    /// The name below `_domainkey` of the domain.
    pub selector: String,
    /// The key itself, where the environment gives it.
    pub secret: Option<SecretString>,
    /// Its file otherwise, relative to the newsletter's folder.
    pub file: Option<String>,
}

/// The public server.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its address, ends with `/`.
    pub url: Url,
    /// Where `serve` listens.
    pub listen: SocketAddr,
    /// The file with the key that signs links, relative to the newsletter's
    /// folder.
    pub key_file: String,
    /// The web servers in front of it that are believed.
    pub forwarders: Forwarders,
    /// Who may read its numbers.
    pub metrics: Vec<Network>,
}

/// What services tell of mail, each at an address with its secret.
#[derive(Debug)]
pub struct Webhooks {
    /// That of Amazon SES.
    pub ses: HookSecret,
    /// That of Postmark.
    pub postmark: HookSecret,
}

/// Where a secret is; neither where nothing is listened to.
#[derive(Debug)]
pub struct HookSecret {
    /// The secret itself, where the environment gives it.
    pub secret: Option<SecretString>,
    /// Its file otherwise, relative to the newsletter's folder.
    pub file: Option<String>,
}

/// Joining by the public server's form.
#[derive(Clone, Debug)]
pub struct Subscribe {
    /// Whether one can.
    pub enabled: bool,
    /// After so long a sign-up that nobody confirmed is forgotten.
    pub forget: Duration,
    /// What the server asks and how much it takes.
    pub door: web::DoorSettings,
}

/// How `publish` brings the built folder to the web.
#[derive(Clone, Debug)]
pub struct Publish {
    /// The command that does it.
    pub deploy: Option<String>,
    /// How long after it the web may take to show the issue; `None`: it is not
    /// asked.
    pub wait: Option<Duration>,
}

impl Settings {
    /// What a build is told; `feed_id` is the id of the main feed.
    pub fn build(&self, feed_id: String) -> archive::Settings {
        archive::Settings {
            permalink: self.issues.permalink.clone(),
            archive: self.archive.enabled,
            feeds: self.feeds.enabled,
            entries: self.feeds.entries,
            max_bytes: self.feeds.max_bytes,
            sections: self.feeds.sections,
            known_sections: self.known_sections(),
            links: self.feeds.links,
            archive_entries: self.feeds.archive_entries,
            also: self.feeds.also.clone(),
            hubs: self.feeds.hubs.iter().map(Url::to_string).collect(),
            look: self.look.clone(),
            subscribe: self.form(),
            feed_id,
        }
    }

    /// Where one subscribes, if one can.
    pub fn form(&self) -> Option<Url> {
        let form = self.server.url.join("subscribe").ok();
        form.filter(|_| self.subscribe.enabled)
    }

    /// Sections that readers may leave out of their mail.
    pub fn optional_sections(&self) -> Vec<OptionalSection> {
        let sections = self.issues.reading.sections.iter();
        let optional = sections.filter(|(_, section)| section.optional);
        optional
            .map(|(name, section)| OptionalSection {
                title: name.clone(),
                slugs: std::iter::once(name)
                    .chain(&section.aliases)
                    .map(|one| issue::slug(one))
                    // What is all signs says nothing of which section is meant.
                    .filter(|slug| !slug.is_empty())
                    .collect(),
            })
            .filter(|section| !section.slugs.is_empty())
            .collect()
    }

    /// The slugs of known sections and of their other names, each to that of the
    /// section.
    fn known_sections(&self) -> BTreeMap<String, String> {
        let sections = self.issues.reading.sections.iter();
        sections
            .flat_map(|(name, section)| {
                let names = std::iter::once(name).chain(&section.aliases);
                names.map(move |one| (issue::slug(one), issue::slug(name)))
            })
            .collect()
    }

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
