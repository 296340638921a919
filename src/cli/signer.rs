//! The signer of mail, from the keys that the settings name.

use secrecy::ExposeSecret;

use crate::cli::error::CommandError;
use crate::cli::folder::Folder;
use crate::config::DkimKey;
use crate::diagnostic::{Diagnostic, Finding};
use crate::email::dkim::{Algorithm, Signer, SigningKey};
use crate::files::read_if_there;

/// No key is near this size.
pub(crate) const KEY_LIMIT: u64 = 64 << 10;

/// What signs the messages; nothing where no key is set.
pub(crate) fn signer(folder: &Folder) -> Result<Option<Signer>, CommandError> {
    read(folder).map_err(|finding| {
        let error = CommandError::usage(format!("{}: {}", finding.path, finding.message));
        match finding.help {
            Some(help) => error.hint(help),
            None => error,
        }
    })
}

/// The same, with what is wrong as a finding.
pub(crate) fn read(folder: &Folder) -> Result<Option<Signer>, Box<Finding>> {
    let settings = folder.settings();
    let dkim = &settings.dkim;
    let Some(rsa) = &dkim.rsa else {
        return Ok(None);
    };
    if dkim.domain.is_empty() {
        let words = "no domain is set to sign for";
        let diagnostic = Diagnostic::error("bad-dkim-key", words);
        let diagnostic = diagnostic.help("set newsletter.from or dkim.domain");
        return Err(Box::new(Finding::whole_file("dkim.domain", diagnostic)));
    }
    let key = key(folder, rsa, "dkim.key", Algorithm::RsaSha256)?;
    let mut signer = Signer::new(&dkim.domain, &rsa.selector, key);
    if let Some(second) = &dkim.ed25519 {
        let wanted = Algorithm::Ed25519Sha256;
        let key = self::key(folder, second, "dkim.ed25519_key", wanted)?;
        signer = signer.and(&second.selector, key);
    }
    let preset = settings.smtp.preset;
    if preset.replaces_message_id {
        signer = signer.leaving(&["Message-ID"]);
    }
    if preset.replaces_date {
        signer = signer.leaving(&["Date"]);
    }
    Ok(Some(signer))
}

fn key(
    folder: &Folder,
    about: &DkimKey,
    setting: &str,
    wanted: Algorithm,
) -> Result<SigningKey, Box<Finding>> {
    let file = about.file.as_deref().unwrap_or_default();
    let place = match about.secret {
        Some(_) => setting.to_owned(),
        None => file.to_owned(),
    };
    let wrong = |words: String, help: &str| {
        let diagnostic = Diagnostic::error("bad-dkim-key", words).help(help);
        Box::new(Finding::whole_file(place.as_str(), diagnostic))
    };
    let text = match &about.secret {
        Some(secret) => secret.expose_secret().as_bytes().to_vec(),
        None => match read_if_there(&folder.path(file), KEY_LIMIT) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                let help = "`letterpress dkim generate` makes a key and says what to publish";
                return Err(wrong(
                    format!("there is no such file ({setting}_file)"),
                    help,
                ));
            }
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                let words = format!("the key cannot be read: {}", cause.unwrap_or_default());
                return Err(wrong(words, "look at the owner and mode of the file"));
            }
        },
    };
    let key = SigningKey::parse(&text).map_err(|error| wrong(error.to_string(), error.help()))?;
    if key.algorithm() == wanted {
        return Ok(key);
    }
    Err(match key.algorithm() {
        Algorithm::RsaSha256 => wrong(
            "this is an RSA key".to_owned(),
            "it belongs to dkim.selector and dkim.key_file",
        ),
        Algorithm::Ed25519Sha256 => wrong(
            "this is an Ed25519 key".to_owned(),
            "it belongs to dkim.ed25519_selector and dkim.ed25519_key_file",
        ),
    })
}
