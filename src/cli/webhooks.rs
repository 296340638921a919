//! How services tell the server what became of mail.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::cli::error::CommandError;
use crate::cli::folder::Folder;
use crate::config::HookSecret;
use crate::files::{self, read_limited, write_new};
use crate::probe::{Client, Reach};
use crate::subscriber::fingerprint;
use crate::web::Webhooks;

/// No secret is near this size.
const LIMIT: u64 = 4 << 10;
/// Shorter ones are guessed.
const SHORTEST: usize = 20;
/// How long SNS may take to hand out its certificate.
const PATIENCE: Duration = Duration::from_secs(15);
/// Where `bounces` keeps such things too.
const UNREADABLE: &str = "data/unreadable";

/// What the settings say of webhooks.
pub(crate) fn webhooks(folder: &Folder) -> Result<Webhooks, CommandError> {
    let settings = folder.settings();
    let client = Arc::new(Client::new(Reach::Public, PATIENCE));
    let place = folder.path(UNREADABLE);
    Ok(Webhooks {
        ses: secret(folder, &settings.webhooks.ses, "webhooks.ses_secret")?,
        postmark: secret(
            folder,
            &settings.webhooks.postmark,
            "webhooks.postmark_secret",
        )?,
        soft_limit: settings.bounces.soft_limit,
        soft_window: settings.bounces.soft_window,
        fetch: Arc::new(move |url, limit| {
            let client = Arc::clone(&client);
            Box::pin(async move {
                let answer = client.get(&url, limit).await;
                let answer = answer.map_err(|error| error.to_string())?;
                match answer.is_success() && answer.url == url {
                    true => Ok(answer.body),
                    // A redirect could lead to anybody.
                    false => Err(format!("SNS answers with {}", answer.status)),
                }
            })
        }),
        keep: Arc::new(move |bytes| {
            let name = fingerprint(None, &[&String::from_utf8_lossy(bytes)]);
            let name = format!("{name}.json");
            match write_new(&place.join(&name), bytes, true) {
                Ok(()) | Err(files::Error::Exists { .. }) => Ok(format!("{UNREADABLE}/{name}")),
                Err(error) => Err(error.to_string()),
            }
        }),
    })
}

/// The secret that stands in the address, from the environment or its file.
fn secret(
    folder: &Folder,
    about: &HookSecret,
    setting: &str,
) -> Result<Option<SecretString>, CommandError> {
    if let Some(secret) = &about.secret {
        return sound(secret.clone(), setting).map(Some);
    }
    let Some(file) = &about.file else {
        return Ok(None);
    };
    let bytes = read_limited(&folder.path(file), LIMIT)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| CommandError::usage(format!("{file} is not text: it holds no secret")))?;
    sound(text.trim().to_owned().into(), file).map(Some)
}

fn sound(secret: SecretString, place: &str) -> Result<SecretString, CommandError> {
    use secrecy::ExposeSecret;
    let text = secret.expose_secret();
    let plain = text
        .bytes()
        .all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet));
    if plain && text.len() >= SHORTEST {
        return Ok(secret);
    }
    let words = format!("{place}: this is no secret that can stand in an address");
    Err(CommandError::usage(words).hint(format!(
        "it takes {SHORTEST} letters and digits or more, such as `openssl rand -hex 24` prints"
    )))
}
