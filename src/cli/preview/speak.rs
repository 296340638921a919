//! Errors of commands as trouble of the desk, and back.

use crate::cli::error::CommandError;
use crate::cli::terminal::{Kept, Terminal};
use crate::desk::Trouble;

/// An error, with what was said on its way.
pub(super) fn trouble_of(error: &CommandError, terminal: &Terminal) -> Trouble {
    let Kept { findings, remarks } = terminal.kept();
    let mut causes = error.causes();
    causes.extend(
        remarks
            .into_iter()
            .filter(|remark| !remark.trim().is_empty()),
    );
    Trouble {
        what: error.headline(),
        causes,
        hints: error.hints().to_vec(),
        findings,
    }
}

/// Trouble of the desk as an error of a command.
pub(super) fn error_of(trouble: &Trouble) -> CommandError {
    let mut words = trouble.what.clone();
    for finding in &trouble.findings {
        let line = finding.place.as_ref().map(|place| place.start.line);
        let line = line.map_or_else(String::new, |line| format!(":{line}"));
        words += &format!("\n{}{line}: {}", finding.path, finding.message);
    }
    let error = CommandError::usage(words);
    trouble
        .hints
        .iter()
        .fold(error, |error, hint| error.hint(hint.clone()))
}
