//! What stands in the settings.

use crate::cli::doctor::line::{Line, State};
use crate::cli::folder::{CONFIG_FILE, Folder};
use crate::cli::report::counted;
use crate::cli::send::{is_loopback, is_nobodys};
use crate::diagnostic::Level;

/// The domain of an address of the settings.
pub(crate) fn domain(address: &str) -> &str {
    address.rsplit('@').next().unwrap_or_default()
}

pub(crate) fn settings(folder: &Folder) -> Vec<Line> {
    let check = "settings";
    let findings = &folder.loaded.findings;
    let mut lines: Vec<Line> = findings
        .iter()
        .map(|finding| {
            let state = match finding.level {
                Level::Error => State::Wrong,
                Level::Warning | Level::Note => State::Warning,
            };
            let place = finding.place.as_ref().map_or_else(String::new, |place| {
                format!(":{}:{}", place.start.line, place.start.column)
            });
            let subject = format!("{}{place}", finding.path);
            let line = Line::new(state, check, subject, finding.message.clone());
            match &finding.help {
                Some(help) => line.help(help.clone()),
                None => line,
            }
        })
        .collect();
    let settings = folder.settings();
    match settings.require_relay() {
        Err(missing) => {
            let line = Line::new(State::Wrong, check, "", missing.to_string());
            let help = format!("write your own into {CONFIG_FILE}:");
            lines.push(line.help(help).paste(missing.example()));
        }
        Ok(()) if lines.is_empty() => {
            let set = counted(folder.loaded.values.iter().count(), "setting");
            let words = format!("{set}, and all that mail needs");
            lines.push(Line::new(State::Ok, check, "", words));
        }
        Ok(()) => {}
    }
    lines.extend(belongs_to_somebody(folder));
    lines
}

/// `init` writes addresses of examples, which no mail may bear.
fn belongs_to_somebody(folder: &Folder) -> Vec<Line> {
    let settings = folder.settings();
    let from = settings.newsletter.from.as_ref();
    let from = from.map_or("", |from| domain(&from.address));
    let host = settings.newsletter.url.host_str().unwrap_or_default();
    let unset = |key: &str| settings.unset.contains(&key);
    [("newsletter.from", from), ("newsletter.url", host)]
        .into_iter()
        .filter(|(name, domain)| !unset(name) && is_nobodys(domain))
        .map(|(name, domain)| {
            let words = format!("it is at {domain}, which belongs to nobody");
            // Where one only tries, on this machine, that is what they are for.
            let state = match is_loopback(&settings.smtp.relay.host) {
                true => State::Warning,
                false => State::Wrong,
            };
            let help = format!("write your own into {CONFIG_FILE}");
            Line::new(state, "addresses", name, words).help(help)
        })
        .collect()
}
