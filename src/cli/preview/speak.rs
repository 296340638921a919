//! Errors of commands as trouble of the desk, and back.

use crate::cli::error::CommandError;
use crate::cli::terminal::{Kept, Terminal};
use crate::desk::Trouble;

/// Options of `send` as the form of an approval names them.
const FORM: [(&str, &str); 5] = [
    (
        "say --yes-again",
        "tick “Mail it although it was mailed before” and count again",
    ),
    (
        "say --unsubscribe mailto",
        "tick “Readers leave by a mail” and count again",
    ),
    ("say --at", "write into When"),
    ("--at", "When:"),
    ("--to", "To whom"),
];

/// An error, with what was said on its way.
pub(super) fn trouble_of(error: &CommandError, terminal: &Terminal) -> Trouble {
    let Kept { findings, remarks } = terminal.kept();
    let mut causes = error.causes();
    // What is to be said of the mail stands among the findings of its issue.
    let of_mail = |remark: &&String| {
        ["error[", "warning[", "note["]
            .iter()
            .any(|begin| remark.starts_with(begin))
    };
    let remarks = remarks.iter().filter(|remark| !of_mail(remark));
    causes.extend(remarks.filter(|one| !one.trim().is_empty()).cloned());
    Trouble {
        what: at_the_desk(&error.headline()),
        causes: causes.iter().map(|one| at_the_desk(one)).collect(),
        hints: error.hints().iter().map(|one| at_the_desk(one)).collect(),
        findings,
    }
}

fn at_the_desk(words: &str) -> String {
    FORM.iter()
        .fold(words.to_owned(), |words, (option, field)| {
            words.replace(option, field)
        })
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
