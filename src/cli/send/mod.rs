//! `send`: an issue's mail, as files for a look, as a test to the editor, or to
//! the list.

mod confirm;
mod drive;
mod gate;
mod leaving;
mod mailing;
mod noted;
mod outbox;
mod progress;
pub(crate) mod relay;
mod shelf;
mod spam;
mod time;
mod trial;

pub(crate) use drive::{Manner, Ready, Sent, Signals, cancelled, drive, ready, who};
pub(crate) use gate::{filter, is_nobodys};
pub(crate) use leaving::{answers, nonce, what_to_do};
pub(crate) use mailing::{Wish, go_on, mail, prospect, require_key, worse};
pub(crate) use outbox::{Look, dry_run, say_report};
pub(crate) use progress::words as event_words;
pub(crate) use relay::{is_loopback, name as relay_name, relays};
pub(crate) use shelf::Shelf;
pub(crate) use spam::Assassin;
pub(crate) use time::words as time_words;

use serde_json::json;

use crate::cli::args::{Confirm, Global, Send};
use crate::cli::catalog::Catalog;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::letters::Letters;
use crate::cli::newsroom::Newsroom;
use crate::cli::report::counted;
use crate::cli::terminal::Terminal;
use crate::diagnostic::Level;
use crate::email::WayOut;

/// Runs `letterpress send`.
pub(crate) fn run(
    global: &Global,
    options: &Send,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    folder.settings().require_mail()?;
    let testers = trial::recipients(&options.test)?;
    let newsroom = Newsroom::read_with(&folder, &options.issue)?;
    let places = choose(&folder, &newsroom, &options.issue)?;
    let errors = say_findings(&newsroom, &places, terminal);
    if options.dry_run {
        let root = folder.path(&options.outbox);
        let look = Look {
            root: &root,
            all: options.all,
            confirm: &options.confirm,
        };
        let report = dry_run(&folder, &newsroom, &places, &look, terminal)?;
        if options.json {
            terminal.json(&json!(report))?;
        } else {
            let page = root.join("index.html").display().to_string();
            say_report(&report, &page, terminal)?;
        }
        return Ok(if errors > 0 {
            Exit::Findings
        } else {
            Exit::Done
        });
    }
    if errors > 0 {
        let words = has_errors(&newsroom, &places, errors);
        return Err(CommandError::findings(words)
            .hint("mend what is marked above; `send --dry-run` shows the mail as it would be"));
    }
    if testers.is_empty() {
        let wish = Wish {
            confirm: &options.confirm,
            only: &options.only,
        };
        let sent = mail(&folder, &newsroom, &places, wish, terminal)?;
        if options.json {
            terminal.json(&sent.json)?;
        }
        return Ok(sent.exit);
    }
    let relay = relay::relay(&folder)?;
    let way_out = way_out(&options.confirm);
    let letters = Letters::new(&folder, &newsroom, &places, folder.now, way_out, terminal)?;
    let sent = trial::send(&letters, relay, &testers, terminal)?;
    if options.json {
        terminal.json(&json!({ "sent": sent }))?;
    }
    Ok(Exit::Done)
}

/// How readers leave, as the command says.
pub(crate) fn way_out(confirm: &Confirm) -> WayOut {
    match confirm.unsubscribe {
        Some(_) => WayOut::Mailto,
        None => WayOut::OneClick,
    }
}

/// The issue's mail as it would be if it left now.
pub(crate) fn compose(
    folder: &Folder,
    newsroom: &Newsroom,
    places: &[usize],
    terminal: &Terminal,
) -> Result<Letters, CommandError> {
    let way_out = WayOut::default();
    Letters::new(folder, newsroom, places, folder.now, way_out, terminal)
}

/// What waits for stores and relays.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, CommandError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| CommandError::unexpected(format!("the system gives no runtime: {cause}")))
}

/// The places in the newsroom of the issue that `selector` names: its files in
/// all languages, the default first.
pub(crate) fn choose(
    folder: &Folder,
    newsroom: &Newsroom,
    selector: &str,
) -> Result<Vec<usize>, CommandError> {
    let catalog = Catalog::of(newsroom, folder);
    let selected = catalog.select(folder, selector)?;
    let mut places = Vec::with_capacity(selected.len());
    for summary in &selected {
        let path = &summary.path;
        match newsroom.place(path) {
            Some(place) => places.push(place),
            None if newsroom
                .unreadable
                .iter()
                .any(|one| one.summary.path == *path) =>
            {
                return Err(
                    CommandError::findings(format!("{path} cannot be read as text"))
                        .hint(format!("`letterpress check {path}` says why")),
                );
            }
            None => {
                return Err(CommandError::usage(format!(
                    "{path} is none of the newsletter's issues"
                ))
                .hint("issues.paths in the settings names their folders"));
            }
        }
    }
    Ok(places)
}

/// Prints errors and warnings of the issue; says how many errors there are.
pub(crate) fn say_findings(newsroom: &Newsroom, places: &[usize], terminal: &Terminal) -> usize {
    let mut errors = 0;
    for &place in places {
        let path = &newsroom.manuscripts[place].summary.path;
        for finding in newsroom.findings_of(path) {
            if finding.level != Level::Note {
                terminal.finding(finding);
            }
            errors += usize::from(finding.level == Level::Error);
        }
    }
    errors
}

/// How many errors these files of an issue have.
pub(crate) fn count_errors(newsroom: &Newsroom, places: &[usize]) -> usize {
    let paths = places.iter();
    let paths = paths.map(|&place| newsroom.manuscripts[place].summary.path.as_str());
    let findings = paths.flat_map(|path| newsroom.findings_of(path));
    findings.filter(|one| one.level == Level::Error).count()
}

/// Sends the message to these addresses alone; says what the relay said.
pub(crate) fn test(
    folder: &Folder,
    letters: &Letters,
    addresses: &[String],
    terminal: &mut Terminal,
) -> Result<String, CommandError> {
    let testers = trial::recipients(addresses)?;
    let sent = trial::send(letters, relay::relay(folder)?, &testers, terminal)?;
    let replies = sent.iter().filter_map(|one| one["reply"].as_str());
    Ok(replies.collect::<Vec<&str>>().join("; "))
}

/// `issues/12.md has 2 errors`, of a number of errors that is not none.
pub(crate) fn has_errors(newsroom: &Newsroom, places: &[usize], errors: usize) -> String {
    let paths: Vec<&str> = places
        .iter()
        .map(|&place| newsroom.manuscripts[place].summary.path.as_str())
        .collect();
    let has = if paths.len() == 1 { "has" } else { "have" };
    format!("{} {has} {}", paths.join(", "), counted(errors, "error"))
}
