//! SMTP (RFC 5321) over one connection, on lettre's protocol code.
//!
//! lettre's own transport is not used: it sets no time limit after the connect,
//! leaves Nagle's algorithm on, closes after each refusal, and a cancelled send
//! returns its connection to the pool one reply behind, so that later messages
//! are called sent that were not. Here a connection belongs to one worker, each
//! step has its own limit, a connection is used again only after a dialogue
//! that ended in order, and a refused recipient costs a RSET. Where the server
//! has PIPELINING (RFC 2920) a message costs two waits: one for the replies up
//! to DATA, one for the reply to the content.

mod connection;
mod content;
mod dialogue;
mod examine;
mod offers;
mod stream;
mod trust;

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::email::Message;
use crate::mailing::Phase;
use crate::transport::failure::{Cause, Failure, Receipt};
use crate::transport::{Answer, Permission, Transport};

use connection::Connection;

pub use examine::Examination;
pub use offers::Offers;
pub use trust::{Trust, TrustError};

/// How the way to the server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Not at all: for a relay on this machine.
    None,
    /// By STARTTLS, which the server must offer (RFC 3207).
    #[default]
    StartTls,
    /// From the first octet (RFC 8314 §3.3).
    Implicit,
}

impl Tls {
    /// The port such a server usually listens on.
    pub fn usual_port(self) -> u16 {
        match self {
            Tls::None => 25,
            Tls::StartTls => 587,
            Tls::Implicit => 465,
        }
    }
}

/// Where and how mail leaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name or address of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub tls: Tls,
    /// User name, where the server wants one.
    pub username: Option<String>,
    /// Password of that user.
    pub password: Option<SecretString>,
    /// Whether the password may travel unprotected to another machine.
    pub plaintext_login: bool,
    /// Further certificates to trust, a PEM file.
    pub ca_file: Option<PathBuf>,
    /// The name to greet with; without it the address of this end is used, as
    /// RFC 5321 §4.1.4 has it.
    pub hello: Option<String>,
    /// Messages on one connection before it is closed and another opened; 0
    /// for no limit. Refused ones count.
    pub messages_per_connection: u32,
    /// How long each step may take.
    pub limits: Limits,
}

impl Settings {
    /// A server without a login, on the usual port for `tls`.
    pub fn new(host: impl Into<String>, tls: Tls) -> Settings {
        Settings {
            host: host.into(),
            port: tls.usual_port(),
            tls,
            username: None,
            password: None,
            plaintext_login: false,
            ca_file: None,
            hello: None,
            messages_per_connection: 0,
            limits: Limits::default(),
        }
    }

    fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// How long to wait for each step, by default as RFC 5321 §4.5.3.2 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For the name to be found and each address to answer.
    pub connect: Duration,
    /// For TLS to be agreed upon.
    pub tls: Duration,
    /// For the greeting and EHLO (RFC 5321 §4.5.3.2.1).
    pub hello: Duration,
    /// For the login.
    pub login: Duration,
    /// For MAIL (RFC 5321 §4.5.3.2.2) and RSET.
    pub sender: Duration,
    /// For RCPT (RFC 5321 §4.5.3.2.3).
    pub recipient: Duration,
    /// For the answer to DATA (RFC 5321 §4.5.3.2.4).
    pub data: Duration,
    /// For the content to leave and be confirmed (RFC 5321 §4.5.3.2.6): a
    /// shorter time leads to copies of mail that had arrived.
    pub content: Duration,
    /// For a polite end.
    pub quit: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        Limits {
            connect: minutes(1),
            tls: minutes(1),
            hello: minutes(5),
            login: minutes(2),
            sender: minutes(5),
            recipient: minutes(5),
            data: minutes(2),
            content: minutes(10),
            quit: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// The same limit for every step.
    pub fn all(limit: Duration) -> Limits {
        Limits {
            connect: limit,
            tls: limit,
            hello: limit,
            login: limit,
            sender: limit,
            recipient: limit,
            data: limit,
            content: limit,
            quit: limit,
        }
    }
}

/// A worker's way to one server. It connects when the first message comes and
/// keeps the connection for the next.
pub struct Smtp {
    settings: Settings,
    trust: Option<Trust>,
    /// Taken out while a dialogue runs: whatever ends it early, a connection in
    /// an unknown state is never found here.
    idle: Option<Connection>,
}

impl Smtp {
    /// Prepares the way; reads the certificates to trust, connects nowhere.
    pub fn new(settings: Settings) -> Result<Smtp, TrustError> {
        let trust = match settings.tls {
            Tls::None => None,
            Tls::StartTls | Tls::Implicit => Some(Trust::load(settings.ca_file.as_deref())?),
        };
        Ok(Smtp {
            settings,
            trust,
            idle: None,
        })
    }

    /// Another way to the same server, with a connection of its own.
    pub fn another(&self) -> Smtp {
        Smtp {
            settings: self.settings.clone(),
            trust: self.trust.clone(),
            idle: None,
        }
    }

    /// Connects and logs in without sending anything, to see that it works.
    pub async fn probe(&mut self) -> Result<(), Failure> {
        if self.idle.is_none() {
            self.idle = Some(connection::open(&self.settings, self.trust.as_ref()).await?);
        }
        Ok(())
    }

    async fn hand_over(
        &mut self,
        message: &Message,
        mut permission: Permission<'_>,
    ) -> Result<Receipt, Failure> {
        let most = self.settings.messages_per_connection;
        if most > 0 && self.idle.as_ref().is_some_and(|idle| idle.begun >= most) {
            self.quit().await;
        }
        if let Some(connection) = self.idle.take() {
            match self.talk(connection, message, &mut permission).await {
                // A server may close between two messages, by itself or with a
                // 421. Nothing of this one has left yet, nor was it asked
                // whether it may.
                Err(failure) if ended_between(&failure) => {}
                answer => return answer,
            }
        }
        let connection = connection::open(&self.settings, self.trust.as_ref()).await?;
        self.talk(connection, message, &mut permission).await
    }

    async fn talk(
        &mut self,
        mut connection: Connection,
        message: &Message,
        permission: &mut Permission<'_>,
    ) -> Result<Receipt, Failure> {
        let (answer, in_order) =
            dialogue::deliver(&mut connection, &self.settings, message, permission).await;
        if in_order {
            self.idle = Some(connection);
        }
        answer
    }

    async fn quit(&mut self) {
        if let Some(mut connection) = self.idle.take() {
            // All is done; an answer to QUIT would change nothing.
            let _ = tokio::time::timeout(self.settings.limits.quit, connection.smtp.quit()).await;
        }
    }
}

fn ended_between(failure: &Failure) -> bool {
    match &failure.cause {
        Cause::Lost(_) => failure.phase < Phase::Content,
        Cause::Refused(reply) => failure.phase == Phase::Sender && reply.code == 421,
        _ => false,
    }
}

impl Transport for Smtp {
    fn deliver<'a>(
        &'a mut self,
        message: &'a Message,
        permission: Permission<'a>,
    ) -> Answer<'a, Receipt> {
        Box::pin(self.hand_over(message, permission))
    }

    fn close(&mut self) -> Answer<'_, ()> {
        Box::pin(async move {
            self.quit().await;
            Ok(())
        })
    }
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Smtp")
            .field("settings", &self.settings)
            .field("connected", &self.idle.is_some())
            .finish_non_exhaustive()
    }
}
