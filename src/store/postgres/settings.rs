//! Where the database is and how it is reached.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use url::Url;

/// A database, as `store.url` names it.
#[derive(Clone)]
pub struct Settings {
    url: SecretString,
    password: Option<SecretString>,
    place: String,
    tls: bool,
    ca_file: Option<PathBuf>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.place)
    }
}

impl Settings {
    /// Reads `postgres://USER@HOST:PORT/DATABASE?sslmode=…`. Of libpq's words
    /// `sslmode` and `sslrootcert` are known: `disable`, or any other for TLS
    /// with a certificate that is verified. Without it a server on this machine
    /// is reached as it is, any other by TLS.
    ///
    /// # Errors
    ///
    /// What is wrong with it, without any part of it that may be secret.
    pub fn parse(text: &str) -> Result<Settings, String> {
        let mut url = Url::parse(text).map_err(|cause| format!("it is no URL: {cause}"))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err("it begins with postgres://".to_owned());
        }
        let (mut tls, mut ca_file, mut rest) = (None, None, Vec::new());
        for (name, value) in url.query_pairs() {
            match (&*name, &*value) {
                ("sslmode", "disable") => tls = Some(false),
                ("sslmode", "require" | "verify-ca" | "verify-full") => tls = Some(true),
                ("sslmode", _) => {
                    return Err("sslmode is disable, require or verify-full".to_owned());
                }
                ("sslrootcert", file) => ca_file = Some(PathBuf::from(file)),
                _ => rest.push((name.into_owned(), value.into_owned())),
            }
        }
        url.set_query(None);
        if !rest.is_empty() {
            url.query_pairs_mut().extend_pairs(rest);
        }
        let config: Config = url
            .as_str()
            .parse()
            .map_err(|_| "it names no database: postgres://USER@HOST/DATABASE".to_owned())?;
        if config.get_hosts().is_empty() {
            return Err("it names no host: postgres://USER@HOST/DATABASE".to_owned());
        }
        let tls = tls.unwrap_or_else(|| !config.get_hosts().iter().all(is_here));
        let mut shown = url.clone();
        shown.set_query(None);
        // Both fail only where there is nothing to take away.
        let _ = shown.set_password(None);
        Ok(Settings {
            place: shown.to_string(),
            url: SecretString::from(url.to_string()),
            password: None,
            tls,
            ca_file,
        })
    }

    /// The same with a password that does not stand in the URL.
    #[must_use]
    pub fn with_password(mut self, password: Option<SecretString>) -> Settings {
        self.password = password.or(self.password);
        self
    }

    /// Whether it knows a password.
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// The URL without its password.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether the connection is encrypted.
    pub(super) fn tls(&self) -> bool {
        self.tls
    }

    /// Certificates to trust in place of the system's.
    pub(super) fn ca_file(&self) -> Option<&PathBuf> {
        self.ca_file.as_ref()
    }

    /// For one connection. A server that is gone is noticed in less than a
    /// minute.
    pub(super) fn config(&self) -> Result<Config, tokio_postgres::Error> {
        let mut config: Config = self.url.expose_secret().parse()?;
        if let Some(password) = &self.password {
            config.password(password.expose_secret());
        }
        config
            .application_name("letterpress")
            .connect_timeout(Duration::from_secs(5))
            .tcp_user_timeout(Duration::from_secs(20))
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3)
            .ssl_mode(match self.tls {
                true => SslMode::Require,
                false => SslMode::Disable,
            });
        Ok(config)
    }
}

/// A socket of this machine, or its loopback.
fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .trim_matches(['[', ']'])
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|ip| ip.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_elsewhere_is_reached_by_tls_and_no_password_is_shown() {
        let cases = [
            (
                "postgres://me:secret@localhost/x",
                "postgres://me@localhost/x",
                false,
            ),
            (
                "postgres://me@127.0.0.1:5433/x",
                "postgres://me@127.0.0.1:5433/x",
                false,
            ),
            (
                "postgresql://me@db.example.org/x",
                "postgresql://me@db.example.org/x",
                true,
            ),
            (
                "postgres://me:secret@db.example.org/x?sslmode=disable",
                "postgres://me@db.example.org/x",
                false,
            ),
            (
                "postgres://me@localhost/x?sslmode=verify-full&sslrootcert=ca.pem",
                "postgres://me@localhost/x",
                true,
            ),
        ];
        for (text, place, tls) in cases {
            let settings = Settings::parse(text).unwrap();
            assert_eq!((settings.place(), settings.tls()), (place, tls), "{text}");
            assert!(!format!("{settings:?}").contains("secret"));
        }
        for text in [
            "sqlite:x",
            "postgres://",
            "postgres://db.example.org/x?sslmode=maybe",
            "postgres:///x",
        ] {
            Settings::parse(text).unwrap_err();
        }
    }
}
