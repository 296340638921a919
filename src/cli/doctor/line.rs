//! What is said of one thing.

use serde_json::{Value, json};

use crate::cli::error::CommandError;
use crate::cli::report::counted;
use crate::cli::terminal::{GREEN, RED, Terminal, Volume, YELLOW, paint, printable};

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Ok,
    /// Mail leaves; it could be better.
    Warning,
    /// Mail does not leave, or does not arrive, and the cause is in this folder.
    Wrong,
    /// The same, and the cause is elsewhere.
    Outside,
    /// Nothing was asked, because something else must come first.
    Skipped,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Warning => "warning",
            State::Wrong | State::Outside => "error",
            State::Skipped => "skipped",
        }
    }
}

/// One line, with what to do below it.
#[derive(Debug)]
pub(crate) struct Line {
    /// What was looked at: a stable word.
    pub(crate) check: &'static str,
    /// Which one, where there may be several: a name, a file.
    pub(crate) subject: String,
    pub(crate) state: State,
    pub(crate) message: String,
    /// What to do, a sentence.
    pub(crate) help: Option<String>,
    /// What to copy, such as a record.
    pub(crate) paste: Option<String>,
}

impl Line {
    pub(crate) fn new(
        state: State,
        check: &'static str,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Line {
        Line {
            check,
            subject: subject.into(),
            state,
            message: message.into(),
            help: None,
            paste: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Line {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn paste(mut self, text: impl Into<String>) -> Line {
        self.paste = Some(text.into());
        self
    }

    /// An error of a command, as a line.
    pub(crate) fn of(
        state: State,
        check: &'static str,
        subject: impl Into<String>,
        error: &CommandError,
    ) -> Line {
        let line = Line::new(state, check, subject, error.words());
        match error.hints() {
            [] => line,
            hints => line.help(hints.join("; ")),
        }
    }

    fn json(&self) -> Value {
        json!({
            "check": self.check,
            "subject": self.subject,
            "state": self.state.word(),
            "message": self.message,
            "help": self.help,
            "paste": self.paste,
        })
    }
}

/// How many there are of each.
fn count(lines: &[Line], word: &str) -> usize {
    lines
        .iter()
        .filter(|line| line.state.word() == word)
        .count()
}

pub(crate) fn json(lines: &[Line]) -> Value {
    json!({
        "ok": count(lines, "error") == 0,
        "counts": {
            "ok": count(lines, "ok"),
            "warnings": count(lines, "warning"),
            "errors": count(lines, "error"),
            "skipped": count(lines, "skipped"),
        },
        "checks": lines.iter().map(Line::json).collect::<Vec<_>>(),
    })
}

pub(crate) fn print(lines: &[Line], terminal: &mut Terminal) -> Result<(), CommandError> {
    let quiet = terminal.volume() == Volume::Quiet;
    let width = lines.iter().map(|line| line.check.len()).max().unwrap_or(0);
    for line in lines {
        if quiet && !matches!(line.state, State::Wrong | State::Outside) {
            continue;
        }
        let style = match line.state {
            State::Ok => Some(GREEN),
            State::Warning => Some(YELLOW),
            State::Wrong | State::Outside => Some(RED),
            State::Skipped => None,
        };
        let word = format!("{:<7}", line.state.word());
        let word = style.map_or(word.clone(), |style| {
            paint(terminal.color_out(), style, &word)
        });
        let subject = match line.subject.as_str() {
            "" => String::new(),
            subject => format!("{subject}: "),
        };
        let words = printable(&format!("{subject}{}", line.message));
        terminal.line(&format!("{word}  {:<width$}  {words}", line.check))?;
        if let Some(help) = &line.help {
            terminal.line(&format!("         {:<width$}  → {}", "", printable(help)))?;
        }
        // At the margin, so that it can be copied as it is.
        if let Some(paste) = &line.paste {
            terminal.line(&format!("\n{}\n", printable(paste)))?;
        }
    }
    terminal.finish()?;
    let words = [
        counted(count(lines, "error"), "error"),
        counted(count(lines, "warning"), "warning"),
        format!("{} ok", count(lines, "ok")),
    ];
    terminal.note(&words.join(", "));
    Ok(())
}
