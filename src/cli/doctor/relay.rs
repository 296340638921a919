//! The relays, as far as a message would come without leaving.

use std::error::Error;

use chrono::{TimeDelta, Utc};

use crate::cli::doctor::line::{Line, State};
use crate::cli::folder::Folder;
use crate::cli::send::{is_loopback, relay};
use crate::transport::{Examination, Failure, Settings, Tls};

/// A certificate should be good for so long.
const AHEAD: TimeDelta = TimeDelta::days(14);

/// Asks the relay, and the one that takes over.
pub(crate) async fn relays(folder: &Folder, lines: &mut Vec<Line>) {
    let smtp = &folder.settings().smtp;
    if smtp.relay.host.is_empty() {
        let words = "smtp.host is not set: there is nobody to ask";
        lines.push(Line::new(State::Skipped, "relay", "", words));
        return;
    }
    let ways = [("relay", Some((&smtp.relay, smtp.password_file.as_deref())))];
    let second = smtp.fallback.as_ref();
    let second = second.map(|one| (&one.relay, one.password_file.as_deref()));
    for (check, way) in ways.into_iter().chain([("fallback-relay", second)]) {
        let Some((settings, password)) = way else {
            continue;
        };
        let name = relay::name(settings);
        match relay::way(folder, settings, password) {
            Err(error) => lines.push(Line::of(State::Wrong, check, name, &error)),
            Ok(smtp) => match smtp.examine(Utc::now() + AHEAD).await {
                Ok(found) => lines.extend(of(check, &name, settings, &found)),
                Err(failure) => lines.push(failed(check, name, &failure)),
            },
        }
    }
}

fn failed(check: &'static str, name: String, failure: &Failure) -> Line {
    let mut words = failure.phase.name().to_owned();
    let mut cause = Error::source(failure);
    while let Some(error) = cause {
        let said = error.to_string();
        if !words.contains(&said) {
            words = format!("{words}: {said}");
        }
        cause = error.source();
    }
    let line = Line::new(State::Outside, check, name, words);
    match &failure.hint {
        Some(hint) => line.help(hint.clone()),
        None => line,
    }
}

fn of(check: &'static str, name: &str, settings: &Settings, found: &Examination) -> Vec<Line> {
    let way = match &found.protection {
        Some(version) => version.as_str(),
        None => "without TLS",
    };
    let login = match found.logged_in {
        true => "logged in",
        false => "no login",
    };
    let offers = match found.offers.keywords.as_slice() {
        [] => "offers nothing".to_owned(),
        keywords => format!("offers {}", keywords.join(", ")),
    };
    let line = Line::new(State::Ok, check, name, format!("{way}, {login}, {offers}"));
    let mut lines = vec![line];
    if settings.tls == Tls::None && !is_loopback(&settings.host) {
        let words = "mail goes there unprotected";
        let help = "set smtp.tls to \"starttls\" or \"implicit\"";
        lines.push(Line::new(State::Warning, check, name, words).help(help));
    }
    if found.ends_soon {
        let words = "its certificate is good for less than two weeks";
        let help = "whoever runs it should renew it: without one nothing is sent";
        lines.push(Line::new(State::Warning, check, name, words).help(help));
    }
    lines
}
