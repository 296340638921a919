//! `subscribers import`: a list is looked through once, and taken in at the
//! second reading, so that an opt-out at its end counts from its beginning on.

use std::path::Path;

use crate::cli::args::ImportList;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::store::{create, open_if_there, wait};
use crate::cli::subscribers::account::Account;
use crate::cli::subscribers::progress::Progress;
use crate::cli::subscribers::status;
use crate::cli::terminal::{Terminal, printable};
use crate::files::Pieces;
use crate::store::{Absorbed, Sqlite, Store};
use crate::subscriber::Status;
use crate::subscriber::list::{
    Format, Item, Line, ListError, Options, Reader, Repeats, Survey, What,
};

/// Entries that the store takes in one transaction.
const BATCH: usize = 2_000;

/// Runs `letterpress subscribers import`.
pub(super) fn run(
    folder: &Folder,
    options: &ImportList,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let reading = reading(folder, options)?;
    let mut pieces = match options.file == Path::new("-") {
        true => Pieces::keep(std::io::stdin().lock(), Path::new("standard input"))?,
        false => Pieces::open(&folder.path(&options.file))?,
    };
    let mut progress = Progress::of(&pieces, options, terminal);
    let mut survey = Survey::default();
    let seen = each_line(&mut pieces, &reading, &mut progress, |line| {
        survey.note(&line);
        Ok(())
    })?;
    advise(&seen, &reading, terminal);
    let store = match options.dry_run {
        true => open_if_there(folder)?,
        false => Some(create(folder)?),
    };
    let mut account = Account::new(options.dry_run, options.json);
    let mut import = Import {
        folder,
        store: store.as_ref(),
        dry_run: options.dry_run,
        tell: options.dry_run && !options.json,
        repeats: survey.repeats(),
        batch: Vec::new(),
        account: &mut account,
        terminal,
    };
    each_line(&mut pieces, &reading, &mut progress, |line| {
        import.take(line)
    })?;
    import.flush()?;
    progress.end();
    let format = seen.format().unwrap_or(Format::Plain);
    if options.json {
        account.json(format, seen.recoded(), terminal)?;
    } else {
        account.say(format, seen.recoded(), terminal)?;
    }
    Ok(account.exit())
}

fn reading(folder: &Folder, options: &ImportList) -> Result<Options, CommandError> {
    let format = match &options.from {
        None => None,
        Some(name) => Some(Format::of(name).ok_or_else(|| {
            let known: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
            CommandError::usage(format!("{name} is no format of lists"))
                .hint(format!("say one of {}", known.join(", ")))
        })?),
    };
    let status = match options.confirmed {
        true => Some(Status::Confirmed),
        false => status(options.status.as_ref())?,
    };
    let name = match options.file == Path::new("-") {
        true => None,
        false => options.file.file_name(),
    };
    Ok(Options {
        format,
        file: name.unwrap_or_default().to_string_lossy().into_owned(),
        status,
        now: folder.now,
    })
}

/// What the editor should know before it happens.
fn advise(seen: &Reader, reading: &Options, terminal: &Terminal) {
    let format = seen.format().unwrap_or(Format::Plain);
    if seen.tells_status() && reading.status.is_some() && format != Format::Listmonk {
        terminal.note(
            "the list itself says where people stand; --status and --confirmed count only where it is silent",
        );
    }
    if reading.status.is_some() {
        return;
    }
    if format == Format::Listmonk {
        terminal.note(
            "listmonk keeps apart who left a list: whom it calls enabled is taken as not confirmed. \
             Export those with the subscription status Confirmed alone, and import them with --confirmed",
        );
    } else if format == Format::Mailchimp && !seen.tells_status() {
        terminal.note(
            "neither the name of the file nor its columns say whether these people are subscribed: taken as not \
             confirmed. Keep the name that Mailchimp gives the file, or say --confirmed",
        );
    } else if !seen.tells_status() {
        terminal.note(
            "the list does not say who confirmed: taken as not confirmed, and not mailed. \
             --confirmed says that all of them asked for it, --status unsubscribed that all of them left",
        );
    }
}

/// Reads a list and gives each of its lines; the reader at its end.
fn each_line(
    pieces: &mut Pieces,
    reading: &Options,
    progress: &mut Progress,
    mut take: impl FnMut(Line) -> Result<(), CommandError>,
) -> Result<Reader, CommandError> {
    let mut reader = Reader::new(reading.clone());
    let mut lines = Vec::new();
    pieces.each(|piece| {
        reader.feed(piece, &mut lines).map_err(no_list)?;
        progress.advance(piece.len());
        lines.drain(..).try_for_each(&mut take)
    })?;
    reader.finish(&mut lines).map_err(no_list)?;
    lines.drain(..).try_for_each(&mut take)?;
    Ok(reader)
}

fn no_list(error: ListError) -> CommandError {
    let hint = match &error {
        ListError::Archive => Some("unpack it, or save the sheet as CSV"),
        ListError::Array => Some("`jq -c '.[]' FILE | letterpress subscribers import -`"),
        ListError::NoAddresses => {
            Some("name the column of the addresses `email` in the first line")
        }
        ListError::Missing { .. } => Some("export the list again with all its columns"),
        ListError::Empty | ListError::Header(_) => None,
    };
    let error = CommandError::new(Exit::Usage, error);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// An import under way.
struct Import<'i> {
    folder: &'i Folder,
    /// None where a dry run finds no store.
    store: Option<&'i Sqlite>,
    dry_run: bool,
    /// Each line is told.
    tell: bool,
    repeats: Repeats,
    batch: Vec<(Line, Option<u64>)>,
    account: &'i mut Account,
    terminal: &'i mut Terminal,
}

impl Import<'_> {
    fn take(&mut self, mut line: Line) -> Result<(), CommandError> {
        let first = self.repeats.settle(&mut line);
        self.batch.push((line, first));
        match self.batch.len() >= BATCH {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Hands what was gathered to the store.
    fn flush(&mut self) -> Result<(), CommandError> {
        let batch = std::mem::take(&mut self.batch);
        let entries = batch.iter().filter_map(|(line, _)| match &line.what {
            What::Item(Item::Entry(entry)) => Some((**entry).clone()),
            _ => None,
        });
        let mut answers: Vec<Absorbed> = match self.store {
            Some(store) => {
                let entries = entries.collect();
                wait(store.absorb(entries, self.folder.now, !self.dry_run))?
            }
            None => Vec::new(),
        };
        answers.reverse();
        for (line, first) in batch {
            let answer = match &line.what {
                What::Item(Item::Entry(_)) => answers.pop(),
                What::Item(item) => {
                    self.keep(item)?;
                    None
                }
                _ => None,
            };
            let words = self.account.note(&line, first, answer);
            if self.tell {
                self.terminal.line(&printable(&words))?;
            }
        }
        Ok(())
    }

    /// Keeps what is no person.
    fn keep(&self, item: &Item) -> Result<(), CommandError> {
        let Some(store) = self.store.filter(|_| !self.dry_run) else {
            return Ok(());
        };
        match item {
            Item::Entry(_) => {}
            Item::Suppressed(address, suppression) => {
                wait(store.suppress(address, suppression.clone()))?;
            }
            Item::Domain(domain, suppression) => {
                wait(store.suppress_domain(domain, suppression.clone()))?;
            }
            Item::Erased(hash) => {
                wait(store.absorb_erased(vec![hash.clone()]))?;
            }
        }
        Ok(())
    }
}
