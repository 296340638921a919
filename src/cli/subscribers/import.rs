//! `subscribers import`: a list is looked through once, and taken in at the
//! second reading, so that an opt-out at its end counts from its beginning on.

use std::path::Path;

use crate::cli::args::ImportList;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::store::{create, open_if_there, wait};
use crate::cli::subscribers::account::{Account, Gist};
use crate::cli::subscribers::progress::Progress;
use crate::cli::subscribers::status;
use crate::cli::terminal::{Terminal, printable};
use crate::files::Pieces;
use crate::store::{Absorbed, Answer, Store};
use crate::subscriber::list::{Format, Item, Line, ListError, Options, Reader, Repeats, Survey};
use crate::subscriber::{Entry, Status};

/// Lines that the store takes in one transaction. The more they are, the fewer
/// pages of its index are written twice.
const BATCH: usize = 4_000;

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
        store: store.as_deref(),
        dry_run: options.dry_run,
        repeats: survey.repeats(),
        batch: Batch::default(),
        under_way: None,
        account: &mut account,
        terminal,
    };
    each_line(&mut pieces, &reading, &mut progress, |line| {
        import.take(line)
    })?;
    import.flush()?;
    import.settle()?;
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

/// An import under way. While the store takes in a batch, the next is read.
struct Import<'i> {
    folder: &'i Folder,
    /// None where a dry run finds no store.
    store: Option<&'i dyn Store>,
    dry_run: bool,
    repeats: Repeats,
    batch: Batch,
    under_way: Option<(Lines, Answer<Vec<Absorbed>>)>,
    account: &'i mut Account,
    terminal: &'i mut Terminal,
}

/// Lines with what they hold that is no person.
type Lines = Vec<(Gist, Option<Item>)>;

#[derive(Default)]
struct Batch {
    lines: Lines,
    /// The people whom the other lines are about, in the same order.
    entries: Vec<Entry>,
}

impl Import<'_> {
    fn take(&mut self, mut line: Line) -> Result<(), CommandError> {
        let first = self.repeats.settle(&mut line);
        let batch = &mut self.batch;
        let (gist, item) = self.account.part(line, first);
        batch.lines.push(match item {
            Some(Item::Entry(entry)) => {
                batch.entries.push(*entry);
                (gist, None)
            }
            item => (gist, item),
        });
        match batch.lines.len() >= BATCH {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Hands what was gathered to the store, when it is done with what it had.
    fn flush(&mut self) -> Result<(), CommandError> {
        self.settle()?;
        let Batch { lines, entries } = std::mem::take(&mut self.batch);
        let answer = match self.store {
            Some(store) => store.absorb(entries, self.folder.now, !self.dry_run),
            None => Box::pin(async { Ok(Vec::new()) }),
        };
        self.under_way = Some((lines, answer));
        Ok(())
    }

    /// Waits for what the store was given, and notes what became of it.
    fn settle(&mut self) -> Result<(), CommandError> {
        let Some((lines, answer)) = self.under_way.take() else {
            return Ok(());
        };
        let mut answers = wait(answer)?.into_iter();
        for (gist, item) in lines {
            let answer = match gist.is_entry() {
                true => answers.next(),
                false => None,
            };
            if let Some(item) = &item {
                self.keep(item)?;
            }
            if let Some(words) = self.account.note(&gist, answer) {
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
