//! `feeds/mailed.lock`: what was mailed, noted where Git keeps it.

use crate::cli::error::CommandError;
use crate::cli::folder::Folder;
use crate::cli::report::counted;
use crate::cli::terminal::Terminal;
use crate::diagnostic::{Level, SourceFile};
use crate::files::{read_if_there, write_durable};
use crate::mailing::{Ledger, Mailed};

/// Where mailings are noted, below the newsletter's folder.
pub(crate) const LEDGER_FILE: &str = "feeds/mailed.lock";

/// A mailing takes some 250 bytes.
const LIMIT: u64 = 64 << 20;

/// Reads it. One with an error must not be written back, so nothing is mailed
/// over it.
pub(crate) fn read(folder: &Folder, terminal: &Terminal) -> Result<Ledger, CommandError> {
    let bytes = read_if_there(&folder.path(LEDGER_FILE), LIMIT)?.unwrap_or_default();
    let source = SourceFile::new(LEDGER_FILE, String::from_utf8_lossy(&bytes).into_owned());
    let (ledger, diagnostics) = Ledger::parse(&source);
    let mut errors = 0;
    for diagnostic in diagnostics {
        errors += usize::from(diagnostic.level == Level::Error);
        let finding = diagnostic.locate(&source);
        terminal.finding(&finding);
    }
    if errors > 0 {
        let words = format!("{LEDGER_FILE} has {}", counted(errors, "error"));
        return Err(CommandError::usage(words)
            .hint("it says which issues were mailed: mend it before anything is mailed again"));
    }
    Ok(ledger)
}

/// Notes a mailing; when it returns, that is on the disk.
pub(crate) fn note(
    folder: &Folder,
    mailed: Mailed,
    terminal: &Terminal,
) -> Result<(), CommandError> {
    let mut ledger = read(folder, terminal)?;
    let same = |other: &&Mailed| other.issue == mailed.issue && other.store == mailed.store;
    let noted = ledger.mailings().into_iter().find(same).cloned();
    if noted.is_some_and(|noted| noted.count == mailed.count && noted.digest == mailed.digest) {
        return Ok(());
    }
    ledger.note(mailed);
    write_durable(&folder.path(LEDGER_FILE), ledger.to_text().as_bytes())?;
    Ok(())
}
