//! `store copy`: all of a store into an empty one of another kind.

use sha2::{Digest, Sha256};
use std::sync::Arc;

use crate::cli::args::{Copy, Global, StoreAbout};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::mailings::grouped;
use crate::cli::send::who;
use crate::cli::store::{named, wait};
use crate::cli::terminal::Terminal;
use crate::mailing::State;
use crate::store::copy::{Cell, TABLES, Table, sum};
use crate::store::{Engagement, Error, Search, Store};

/// Rows that are taken over at once; contents are large.
const PAGE: usize = 2_000;
const LARGE_PAGE: usize = 4;

/// Runs `letterpress store`.
pub(crate) fn run(
    global: &Global,
    options: &crate::cli::args::StoreCommand,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    match &options.about {
        StoreAbout::Copy(options) => copy(global, options, terminal),
    }
}

fn copy(global: &Global, options: &Copy, terminal: &mut Terminal) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    let from = named(&folder, &options.from, false)?;
    let to = named(&folder, &options.to, true)?;
    if from.id() == to.id() {
        return Err(
            CommandError::usage("both are the same store, or one is a copy already")
                .hint("empty the target, or name another"),
        );
    }
    let _idle = [alone(&from)?, alone(&to)?];
    refuse_full(&to, &options.to)?;
    let mut count = 0;
    for table in TABLES {
        each(&from, table, |rows| {
            count += rows.len() as u64;
            wait(to.load(table, rows))
        })?;
    }
    for table in TABLES {
        if digest(&from, table)? != digest(&to, table)? {
            return Err(CommandError::unexpected(format!(
                "the copy differs in its table `{}`",
                table.name
            ))
            .hint("empty the target and copy again; nothing of the source was changed"));
        }
    }
    // Last of all: until then the target is nobody's store.
    wait(to.be_born(wait(from.birth())?))?;
    terminal.note(&format!(
        "copied {} rows and read them back; store.url = \"{}\" uses the copy. It is the same \
         store: do not go on with the old one",
        grouped(count),
        options.to
    ));
    Ok(Exit::Done)
}

/// Sees to it that nobody sends from the store, and that nothing is left in the
/// middle.
fn alone(store: &Arc<dyn Store>) -> Result<Engagement, CommandError> {
    let engagement = wait(store.engage(&who("store copy")))?;
    let others = wait(store.workers())?;
    if let Some(other) = others
        .iter()
        .find(|worker| store.is_shared() && !worker.is_us)
    {
        let who = other.who.clone();
        return Err(Error::Engaged { who }.into());
    }
    wait(store.recover(&engagement, chrono::Utc::now()))?;
    for mailing in wait(store.mailings())? {
        if wait(store.tally(mailing.id))?.of(State::Sending) > 0 {
            return Err(CommandError::new(
                Exit::Again,
                Error::Engaged {
                    who: "a sender that gives no sign of life".to_owned(),
                },
            )
            .hint("wait until its lease has run out, and copy again"));
        }
    }
    Ok(engagement)
}

fn refuse_full(to: &Arc<dyn Store>, name: &str) -> Result<(), CommandError> {
    let empty = wait(to.count(Search::default()))? == 0
        && wait(to.mailings())?.is_empty()
        && wait(to.suppressions(None, 1))?.is_empty()
        && wait(to.erased())?.is_empty();
    if empty {
        return Ok(());
    }
    Err(CommandError::usage(format!("{name} is not empty"))
        .hint("a store is copied into an empty one"))
}

/// Goes through a table in the order of its rows' names.
fn each(
    store: &Arc<dyn Store>,
    table: &'static Table,
    mut take: impl FnMut(Vec<Vec<Cell>>) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let page = match table.name {
        "content" => LARGE_PAGE,
        _ => PAGE,
    };
    let mut after: Option<Vec<Cell>> = None;
    loop {
        let rows = wait(store.dump(table, after, page))?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = Some(last[..table.keys].to_vec());
        take(rows)?;
    }
}

fn digest(store: &Arc<dyn Store>, table: &'static Table) -> Result<Vec<u8>, CommandError> {
    let mut hasher = Sha256::new();
    each(store, table, |rows| {
        sum(&mut hasher, &rows);
        Ok(())
    })?;
    Ok(hasher.finalize().to_vec())
}
