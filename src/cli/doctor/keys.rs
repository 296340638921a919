//! The keys and the password that lie in the folder.

use crate::cli::doctor::line::{Line, State};
use crate::cli::folder::Folder;
use crate::cli::keys::signing_keys;
use crate::cli::signer;
use crate::email::dkim::Signer;
use crate::files::is_exposed;
use crate::subscriber::Keys;

/// The keys that sign links, where they can be read.
pub(crate) fn links(folder: &Folder, lines: &mut Vec<Line>) -> Option<Keys> {
    let check = "link-key";
    let file = folder.settings().server.key_file.as_str();
    match signing_keys(folder) {
        Err(error) => {
            lines.push(Line::of(State::Wrong, check, "", &error));
            None
        }
        Ok(None) => {
            let words = "there is no key: nobody could leave by a link";
            let help = "`letterpress init .` makes one and keeps all that is there; mail already \
                        sent needs the one it was sent with";
            lines.push(Line::new(State::Wrong, check, file, words).help(help));
            None
        }
        Ok(Some(keys)) => {
            let words = match keys.old.len() {
                0 => "signs the links in mail".to_owned(),
                old => format!("signs the links in mail; {old} older still read theirs"),
            };
            lines.push(
                exposed(folder, check, file)
                    .unwrap_or_else(|| Line::new(State::Ok, check, file, words)),
            );
            Some(keys)
        }
    }
}

/// What signs mail, where it can be read.
pub(crate) fn signatures(folder: &Folder, lines: &mut Vec<Line>) -> Option<Signer> {
    let check = "dkim-key";
    let settings = folder.settings();
    let signer = match signer::read(folder) {
        Ok(signer) => signer,
        Err(finding) => {
            let line = Line::new(State::Wrong, check, finding.path, finding.message);
            lines.push(match finding.help {
                Some(help) => line.help(help),
                None => line,
            });
            return None;
        }
    };
    let Some(signer) = signer else {
        let preset = settings.smtp.preset;
        lines.push(if preset.signs {
            let words = format!(
                "mail is not signed here; {} signs for your domain once that is set up there",
                preset.name
            );
            let help = "set your domain up in its console, or run `letterpress dkim generate`";
            Line::new(State::Warning, check, "", words).help(help)
        } else {
            let words = "mail is not signed: large providers turn it away";
            let help = "`letterpress dkim generate` makes a key and says what to publish";
            Line::new(State::Wrong, check, "", words).help(help)
        });
        return None;
    };
    let files = [&settings.dkim.rsa, &settings.dkim.ed25519];
    let files: Vec<&str> = files
        .into_iter()
        .map(|key| key.as_ref().and_then(|key| key.file.as_deref()))
        .map(Option::unwrap_or_default)
        .collect();
    for ((selector, key), file) in signer.keys().zip(files) {
        let words = format!(
            "{} with {} bits signs for {}",
            key.algorithm().name(),
            key.bits(),
            signer.domain()
        );
        let open = (!file.is_empty()).then(|| exposed(folder, check, file));
        let line = open.flatten();
        lines.push(line.unwrap_or_else(|| Line::new(State::Ok, check, selector, words)));
    }
    Some(signer)
}

/// The file with the relay's password, where one is named.
pub(crate) fn password(folder: &Folder) -> Option<Line> {
    let smtp = &folder.settings().smtp;
    let file = smtp.password_file.as_deref()?;
    if smtp.relay.password.is_some() {
        return None;
    }
    exposed(folder, "password", file)
}

/// A secret that others on this machine may read.
fn exposed(folder: &Folder, check: &'static str, file: &str) -> Option<Line> {
    // One that is not there is told elsewhere.
    if !is_exposed(&folder.path(file)).unwrap_or(false) {
        return None;
    }
    let words = "others on this machine may read it";
    let line = Line::new(State::Warning, check, file, words);
    Some(
        line.help("let it be yours alone:")
            .paste(format!("chmod 600 {file}")),
    )
}
