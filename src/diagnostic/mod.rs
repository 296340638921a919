//! What the editor wrote and what is to be said about it.
//!
//! A [`Diagnostic`] points at bytes of a [`SourceFile`]; [`Diagnostic::locate`]
//! turns it into a [`Finding`], which owns its words and knows line and column
//! in characters, so that it outlives the text it speaks of. Drawing it on a
//! terminal is the work of the command line.

mod source;

pub use source::{Position, SourceFile, Span};

use serde::Serialize;

/// How much a diagnostic matters. `Error` stops `send` of the issue it is in
/// (exit code 3 of `check`), `Warning` does so under `--strict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Must be mended before the issue leaves.
    Error,
    /// Very likely a mistake.
    Warning,
    /// Worth knowing.
    Note,
}

impl Level {
    /// The word for people: `error`, `warning` or `note`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        }
    }

    /// Reads a level from a setting; `off` is `None` inside `Some`.
    pub fn parse(word: &str) -> Option<Option<Level>> {
        match word {
            "error" => Some(Some(Level::Error)),
            "warning" => Some(Some(Level::Warning)),
            "note" => Some(Some(Level::Note)),
            "off" => Some(None),
            _ => None,
        }
    }
}

/// Something to tell the editor about a text of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable name, such as `missing-date`; scripts and settings use it.
    pub code: &'static str,
    /// How much it matters.
    pub level: Level,
    /// What is wrong, one lower-case sentence without a full stop.
    pub message: String,
    /// The bytes of the source text it speaks of; `None` for the whole file.
    pub span: Option<Span>,
    /// A few words beside the mark, may be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A diagnostic about the whole file.
    pub fn new(level: Level, code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            level,
            message: message.into(),
            span: None,
            label: String::new(),
            help: None,
        }
    }

    /// An error.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Level::Error, code, message)
    }

    /// A warning.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Level::Warning, code, message)
    }

    /// A note.
    pub fn note(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Level::Note, code, message)
    }

    /// Points it at bytes of the source text.
    pub fn at(mut self, span: impl Into<Span>) -> Self {
        self.span = Some(span.into());
        self
    }

    /// Adds the words beside the mark.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds what to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Binds it to its file: path, line, column and the line's text.
    pub fn locate(self, source: &SourceFile) -> Finding {
        let place = self.span.map(|span| Place {
            start: source.position(span.start),
            end: source.position(span.end.max(span.start)),
            excerpt: source.stored_line(span.start).to_owned(),
        });
        Finding {
            path: source.path().to_owned(),
            place,
            level: self.level,
            code: self.code,
            message: self.message,
            label: self.label,
            help: self.help,
        }
    }
}

/// A diagnostic bound to its place; owns everything it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file's path as the editor knows it.
    pub path: String,
    /// Where in the file, as stored on disk; `None` for the whole file.
    pub place: Option<Place>,
    /// How much it matters.
    pub level: Level,
    /// Stable name.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Words beside the mark.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
}

/// A stretch of a stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// First character.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
    /// The whole first line, without its line end.
    pub excerpt: String,
}

impl Finding {
    /// A finding about a file that could not be opened as a [`SourceFile`].
    pub fn whole_file(path: impl Into<String>, diagnostic: Diagnostic) -> Self {
        diagnostic.locate(&SourceFile::new(path, String::new()))
    }

    /// Orders findings by file, then place, then code, for stable output.
    pub fn sort_key(&self) -> (&str, usize, usize, &'static str) {
        let start = self.place.as_ref().map(|place| place.start);
        (
            &self.path,
            start.map_or(0, |at| at.line),
            start.map_or(0, |at| at.column),
            self.code,
        )
    }
}
