//! Whether readers can leave (the same question as before each mailing).

use chrono::{DateTime, Utc};

use crate::cli::doctor::folder::domain;
use crate::cli::doctor::line::{Line, State};
use crate::cli::folder::Folder;
use crate::cli::send::{is_nobodys, nonce, what_to_do};
use crate::probe::{self, Question};
use crate::subscriber::Keys;

/// Asks the server; what its clock says.
pub(crate) async fn answers(
    folder: &Folder,
    keys: Option<&Keys>,
    store: Option<&str>,
    lines: &mut Vec<Line>,
) -> Option<DateTime<Utc>> {
    let check = "way-out";
    let server = &folder.settings().server.url;
    let subject = server.as_str();
    let skipped = |words| Line::new(State::Skipped, check, subject, words);
    let host = server.host_str().unwrap_or_default();
    if is_nobodys(domain(host)) {
        lines.push(skipped("it belongs to nobody"));
        return None;
    }
    let (Some(keys), Some(store)) = (keys, store) else {
        lines.push(skipped("it takes the key and the list first"));
        return None;
    };
    let nonce = match nonce() {
        Ok(nonce) => nonce,
        Err(error) => {
            lines.push(Line::of(State::Outside, check, subject, &error));
            return None;
        }
    };
    let question = Question {
        server,
        key: &keys.current,
        store,
        nonce: &nonce,
    };
    match probe::way_out(&question).await {
        Ok(clock) => {
            let words = "readers leave there by one click";
            lines.push(Line::new(State::Ok, check, subject, words));
            clock
        }
        Err(error) => {
            let mut words = error.to_string();
            if let Some(cause) = std::error::Error::source(&error) {
                words = format!("{words}: {cause}");
            }
            let line = Line::new(State::Outside, check, subject, words);
            lines.push(line.help(what_to_do(&error)));
            None
        }
    }
}
