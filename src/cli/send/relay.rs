//! The ways out that the settings name.

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::store::read_password;
use crate::delivery::Relay;
use crate::transport::{Settings, Smtp, Transport};

/// The relay with its password.
pub(crate) fn relay(folder: &Folder) -> Result<Smtp, CommandError> {
    folder.settings().require_relay()?;
    let smtp = &folder.settings().smtp;
    way(folder, &smtp.relay, smtp.password_file.as_deref())
}

/// The relay, and the one that takes over where it cannot be reached.
pub(crate) fn relays(folder: &Folder) -> Result<Vec<Relay>, CommandError> {
    let smtp = &folder.settings().smtp;
    let mut relays = vec![opener(&smtp.relay, relay(folder)?)];
    if let Some(second) = &smtp.fallback {
        let way = way(folder, &second.relay, second.password_file.as_deref())?;
        relays.push(opener(&second.relay, way));
    }
    Ok(relays)
}

/// `host:port` of the relay, for people.
pub(crate) fn name(settings: &Settings) -> String {
    format!("{}:{}", settings.host, settings.port)
}

/// Whether the relay is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn opener(settings: &Settings, first: Smtp) -> Relay {
    Relay {
        name: name(settings),
        open: Box::new(move || -> Box<dyn Transport> { Box::new(first.another()) }),
    }
}

/// A way to one of them, with its password.
pub(crate) fn way(
    folder: &Folder,
    settings: &Settings,
    password_file: Option<&str>,
) -> Result<Smtp, CommandError> {
    let mut settings = settings.clone();
    if settings.password.is_none()
        && let Some(file) = password_file
    {
        settings.password = Some(read_password(folder, file)?);
    }
    if let Some(file) = &settings.ca_file {
        settings.ca_file = Some(folder.path(file));
    }
    settings.messages_per_connection = folder.settings().delivery.messages_per_connection;
    Smtp::new(settings).map_err(|cause| CommandError::new(Exit::Usage, cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_told_by_name_and_number() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["smtp.example.org", "10.0.0.1", "localhost.example.org", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
