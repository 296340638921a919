//! `subscribers export`: everybody as a list that `import` reads as the same.

use std::io::Write;

use crate::cli::args::{ExportList, ListForm};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::report::counted;
use crate::cli::store::{open, wait};
use crate::cli::subscribers::PAGE;
use crate::cli::terminal::Terminal;
use crate::files::{Error, write_private};
use crate::store::{Search, Store};
use crate::subscriber::Address;
use crate::subscriber::list::{CSV_HEADER, Item, csv_line, json_line};

/// Runs `letterpress subscribers export`.
pub(super) fn run(
    folder: &Folder,
    options: &ExportList,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let store = open(folder)?;
    let Some(out) = &options.out else {
        let count = write(store.as_ref(), options.format, |text| {
            Ok(terminal.data(text.as_bytes())?)
        })?;
        terminal.finish()?;
        terminal.detail(&counted(count, "line"));
        return Ok(Exit::Done);
    };
    let path = folder.path(out);
    let mut count = 0;
    write_private(&path, |file: &mut dyn Write| {
        count = write(store.as_ref(), options.format, |text| {
            file.write_all(text.as_bytes()).map_err(|source| {
                let path = path.clone();
                CommandError::from(Error::Write { path, source })
            })
        })?;
        Ok::<(), CommandError>(())
    })?;
    let lines = counted(count, "line");
    terminal.note(&format!("{lines} in {}", folder.name_of(out)));
    Ok(Exit::Done)
}

/// Writes all that is known of people; how many lines.
fn write(
    store: &dyn Store,
    form: ListForm,
    mut put: impl FnMut(&str) -> Result<(), CommandError>,
) -> Result<usize, CommandError> {
    if form == ListForm::Csv {
        put(CSV_HEADER)?;
    }
    let mut count = 0;
    let mut line = |item: &Item| {
        count += 1;
        match form {
            ListForm::Csv => put(&csv_line(item)),
            ListForm::Ndjson => put(&json_line(item)),
        }
    };
    let mut after = None;
    loop {
        let page = wait(store.list(Search::default(), after, PAGE))?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        for (_, entry) in page {
            line(&Item::Entry(Box::new(entry)))?;
        }
    }
    suppressions(store, &mut line)?;
    for hash in wait(store.erased())? {
        line(&Item::Erased(hash))?;
    }
    Ok(count)
}

/// Suppressed domains, and addresses that are nobody's subscription.
fn suppressions(
    store: &dyn Store,
    line: &mut impl FnMut(&Item) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let mut after = None;
    loop {
        let page = wait(store.suppressions(after, PAGE))?;
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        after = Some(last.clone());
        for (name, suppression) in page {
            if let Some(domain) = name.strip_prefix('@') {
                line(&Item::Domain(domain.to_owned(), suppression))?;
                continue;
            }
            let Ok(address) = Address::parse(&name) else {
                continue;
            };
            if wait(store.find(&address))?.is_none() {
                line(&Item::Suppressed(address, suppression))?;
            }
        }
    }
}
