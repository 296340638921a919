//! What the editor sees before a mailing starts, and their word.

use std::io::{self, IsTerminal};

use crate::cli::error::CommandError;
use crate::cli::report::counted;
use crate::cli::terminal::Terminal;
use crate::mailing::{Exclusion, Planned};

/// Says who gets it, who does not, and why.
pub(crate) fn show(planned: &Planned, terminal: &Terminal) {
    terminal.note(&recipients(planned.recipients));
    for (exclusion, count) in &planned.excluded {
        if *count > 0 && *exclusion != Exclusion::AlreadyIn {
            terminal.note(&format!("  {count} not: {}", exclusion.words()));
        }
    }
}

/// `1 recipient`.
pub(crate) fn recipients(count: u64) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), "recipient")
}

/// Goes on only with the editor's word: one of `words`, or `yes` said before.
pub(crate) fn ask(
    question: &str,
    words: &[&str],
    yes: bool,
    terminal: &Terminal,
) -> Result<(), CommandError> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(
            CommandError::usage("nobody is there to be asked: nothing was sent")
                .hint("say --yes to go on without being asked"),
        );
    }
    terminal.err(&format!("{question} Type {}: ", words.join(" or ")));
    let mut answer = String::new();
    io::stdin()
        .read_line(&mut answer)
        .map_err(|cause| CommandError::unexpected(format!("the answer cannot be read: {cause}")))?;
    if words.contains(&answer.trim()) {
        return Ok(());
    }
    Err(CommandError::usage("that was no yes: nothing was sent"))
}
