//! `subscribers`: the people who get the mail.

mod account;
mod export;
mod import;
mod people;
mod progress;

use crate::cli::args::{Global, Subscribers};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::terminal::Terminal;
use crate::subscriber::{Address, Status};

/// How many people are asked of the store at once.
const PAGE: usize = 1_000;

/// Runs `letterpress subscribers`.
pub(crate) fn run(
    global: &Global,
    options: &Subscribers,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    match options {
        Subscribers::Import(options) => import::run(&folder, options, terminal),
        Subscribers::Export(options) => export::run(&folder, options, terminal),
        Subscribers::List(options) => people::list(&folder, options, terminal),
        Subscribers::Show { address, json } => people::show(&folder, address, *json, terminal),
        Subscribers::Add(options) => people::add(&folder, options, terminal),
        Subscribers::Remove { address } => people::remove(&folder, address, terminal),
        Subscribers::Change { old, new } => people::change(&folder, old, new, terminal),
        Subscribers::Erase { address } => people::erase(&folder, address, terminal),
    }
}

/// An address of the command line.
pub(crate) fn address(text: &str) -> Result<Address, CommandError> {
    Address::parse(text).map_err(|cause| CommandError::usage(format!("{text}: {cause}")))
}

/// A status of the command line.
fn status(word: Option<&String>) -> Result<Option<Status>, CommandError> {
    let Some(word) = word else { return Ok(None) };
    let status = Status::of(word).ok_or_else(|| {
        CommandError::usage(format!("{word} is no status"))
            .hint("say pending, confirmed or unsubscribed")
    })?;
    Ok(Some(status))
}

/// The error of a person who is not there.
fn nobody(address: &Address) -> CommandError {
    CommandError::usage(format!("{address} is no subscriber"))
        .hint("`letterpress subscribers list SEARCH` finds people by parts of address or name")
}
