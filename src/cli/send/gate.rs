//! What must be right before a mailing can be confirmed.

use chrono::{DateTime, Utc};

use crate::cli::args::Confirm;
use crate::cli::error::CommandError;
use crate::cli::folder::Folder;
use crate::cli::newsroom::Newsroom;
use crate::cli::send::relay::{self, is_loopback};
use crate::cli::send::time;
use crate::identity::Publication;
use crate::mailing::{Filter, Refusal};

/// Domains that belong to nobody (RFC 2606 §2 and §3): `init` writes them.
const NOBODYS: [&str; 4] = ["example.org", "example.com", "example.net", "example"];

/// Refuses a draft, unless nothing but its date makes it one and the mailing
/// begins then or later.
pub(crate) fn published(
    newsroom: &Newsroom,
    places: &[usize],
    at: Option<DateTime<Utc>>,
    folder: &Folder,
) -> Result<(), CommandError> {
    for &place in places {
        let path = &newsroom.manuscripts[place].summary.path;
        let publication = newsroom.issues[place].publication;
        let due = publication.due();
        match (publication, due) {
            (Publication::Published, _) => {}
            (_, Some(due)) if at.is_some_and(|at| at >= due) => {}
            (_, Some(due)) => {
                let due = time::words(due, folder.settings().newsletter.time_zone);
                return Err(
                    CommandError::usage(format!("{path} is a draft until {due}"))
                        .hint(format!("say --at \"{}\", or wait", due_words(&due))),
                );
            }
            (_, None) => {
                return Err(CommandError::usage(format!("{path} is a draft"))
                    .hint("remove its mark, or move it out of the folder of drafts"));
            }
        }
    }
    Ok(())
}

/// Without the name of the zone, which `--at` does not read.
fn due_words(due: &str) -> &str {
    due.get(..16).unwrap_or(due)
}

/// Asks for an answer where a file looks like an issue that is known.
pub(crate) fn unmistaken(newsroom: &Newsroom, places: &[usize]) -> Result<(), CommandError> {
    let asked = newsroom
        .questions
        .iter()
        .find(|question| places.contains(&question.issue));
    let Some(question) = asked else { return Ok(()) };
    let path = &newsroom.manuscripts[question.issue].summary.path;
    let words = format!(
        "{path} looks like {}, which is pinned already: is it the same issue?",
        question.other
    );
    Err(CommandError::usage(words).hint(format!(
        "the same: remove {}, and the other is known by its id; a new one: run \
         `letterpress build` once, which pins it as such",
        question.other
    )))
}

/// Refuses what cannot be answered: addresses that belong to nobody.
pub(crate) fn answerable(folder: &Folder) -> Result<(), CommandError> {
    let settings = folder.settings();
    settings.require_relay()?;
    let from = settings.newsletter.from.as_ref();
    let address = from.map_or("", |from| from.address.as_str());
    let domain = address.rsplit('@').next().unwrap_or_default();
    let host = settings.newsletter.url.host_str().unwrap_or_default();
    if !is_loopback(&settings.smtp.relay.host) {
        for (name, domain) in [("newsletter.from", domain), ("newsletter.url", host)] {
            if is_nobodys(domain) {
                let words = format!("{name} is at {domain}, which belongs to nobody");
                return Err(
                    CommandError::usage(words).hint("write your own into config/letterpress.toml")
                );
            }
        }
    }
    // A password that is missing shows before anybody is asked.
    relay::relay(folder).map(drop)
}

/// Whether a domain is one of those that documents and tests use.
pub(crate) fn is_nobodys(domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    NOBODYS.iter().any(|nobodys| {
        domain == *nobodys
            || domain
                .strip_suffix(nobodys)
                .is_some_and(|rest| rest.ends_with('.'))
    }) || [".test", ".invalid"]
        .iter()
        .any(|end| domain.ends_with(end))
}

/// Refuses content that is not what the editor looked at.
pub(crate) fn expected(confirm: &Confirm, digest: &str) -> Result<(), CommandError> {
    match &confirm.expect {
        Some(wanted) if !wanted.eq_ignore_ascii_case(digest) => Err(CommandError::usage(format!(
            "the content is not that of --expect: its digest is {digest}"
        ))
        .hint("look at it with `send --dry-run`, with the same --unsubscribe")),
        _ => Ok(()),
    }
}

/// Understands `--to`.
pub(crate) fn filter(text: &str) -> Result<Filter, CommandError> {
    Filter::parse(text).map_err(|error| {
        let marked = format!(
            "--to: {} at \"{}\"",
            error.message,
            text.get(error.span.start..error.span.end).unwrap_or(text)
        );
        CommandError::usage(marked).hint(error.help)
    })
}

/// An issue that was mailed before, or is older than the list.
pub(crate) fn refused(refusal: &Refusal) -> CommandError {
    CommandError::usage(refusal.to_string())
        .hint("if it is to be mailed all the same, say --yes-again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_nobody_are_told() {
        for domain in ["example.org", "mail.example.COM", "a.example", "b.test"] {
            assert!(is_nobodys(domain), "{domain}");
        }
        for domain in ["myexample.org", "example.de", "test.org"] {
            assert!(!is_nobodys(domain), "{domain}");
        }
    }
}
