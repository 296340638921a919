//! What there is to know of a server without a message.

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::transport::Failure;
use crate::transport::smtp::connection;
use crate::transport::smtp::offers::Offers;
use crate::transport::smtp::{Limits, Smtp};

/// What a server was like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examination {
    /// The version of TLS that was agreed upon, such as `TLS 1.3`; `None` on an
    /// open way.
    pub protection: Option<String>,
    /// Whether its certificate is no longer good at the moment that was asked
    /// for.
    pub ends_soon: bool,
    /// What it offers once the way is protected.
    pub offers: Offers,
    /// Whether it took our name and password.
    pub logged_in: bool,
}

/// How a way was protected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Protection {
    pub(crate) version: String,
    pub(crate) chain: Vec<CertificateDer<'static>>,
}

impl Smtp {
    /// Connects, protects the way, greets and logs in as for a message, and ends.
    /// `ahead` is a moment at which the certificate should still be good.
    ///
    /// # Errors
    ///
    /// What stands in the way of the first message.
    pub async fn examine(&self, ahead: DateTime<Utc>) -> Result<Examination, Failure> {
        let mut settings = self.settings.clone();
        // Nobody waits for minutes at a screen.
        settings.limits = Limits {
            connect: Duration::from_secs(15),
            tls: Duration::from_secs(15),
            hello: Duration::from_secs(30),
            login: Duration::from_secs(30),
            quit: Duration::from_secs(5),
            ..settings.limits
        };
        let mut connection = connection::open(&settings, self.trust.as_ref()).await?;
        let _ = tokio::time::timeout(settings.limits.quit, connection.smtp.quit()).await;
        let ends_soon = match (&connection.protection, &self.trust) {
            (Some(protection), Some(trust)) => {
                let at = u64::try_from(ahead.timestamp()).unwrap_or_default();
                let at = UnixTime::since_unix_epoch(Duration::from_secs(at));
                let name = ServerName::try_from(settings.host.clone());
                name.is_ok_and(|name| !trust.believes(&protection.chain, &name, at))
            }
            _ => false,
        };
        Ok(Examination {
            protection: connection.protection.map(|one| one.version),
            ends_soon,
            offers: connection.offers,
            logged_in: settings.username.is_some(),
        })
    }
}
