use std::error::Error;
use std::fmt;
use std::io;

use crate::cli::exit::Exit;
use crate::cli::terminal::Terminal;
use crate::{config, files};

/// Why a command stopped, with what to do about it.
#[derive(Debug)]
pub(crate) struct CommandError {
    kind: Exit,
    source: Box<dyn Error + Send + Sync>,
    hints: Vec<String>,
}

/// Words that have no cause.
#[derive(Debug)]
struct Words(String);

impl fmt::Display for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for Words {}

impl CommandError {
    /// An error with a cause, or a chain of them.
    pub(crate) fn new(kind: Exit, source: impl Error + Send + Sync + 'static) -> Self {
        CommandError {
            kind,
            source: Box::new(source),
            hints: Vec::new(),
        }
    }

    /// Wrong usage, in words.
    pub(crate) fn usage(words: impl Into<String>) -> Self {
        Self::new(Exit::Usage, Words(words.into()))
    }

    /// Any other failure, in words.
    pub(crate) fn unexpected(words: impl Into<String>) -> Self {
        Self::new(Exit::Unexpected, Words(words.into()))
    }

    /// Unfinished, in words: the same command goes on.
    pub(crate) fn again(words: impl Into<String>) -> Self {
        Self::new(Exit::Again, Words(words.into()))
    }

    /// The issue has errors that stop the command, in words.
    pub(crate) fn findings(words: impl Into<String>) -> Self {
        Self::new(Exit::Findings, Words(words.into()))
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The exit code. A closed pipe is success.
    pub(crate) fn exit(&self) -> Exit {
        let mut cause: Option<&(dyn Error + 'static)> = Some(self.source.as_ref());
        while let Some(error) = cause {
            let broken = error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
            if broken {
                return Exit::Done;
            }
            cause = error.source();
        }
        self.kind
    }

    /// It and its causes on one line.
    pub(crate) fn words(&self) -> String {
        let causes = self.causes().into_iter();
        causes.fold(self.headline(), |words, cause| format!("{words}: {cause}"))
    }

    /// What went wrong, in one sentence.
    pub(crate) fn headline(&self) -> String {
        self.source.to_string()
    }

    /// Why, from near to far; a cause that the words before already hold is left
    /// out.
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut last = self.headline();
        let mut causes = Vec::new();
        let mut cause = self.source.source();
        while let Some(error) = cause {
            let words = error.to_string();
            if !last.contains(&words) {
                causes.push(words.clone());
                last = words;
            }
            cause = error.source();
        }
        causes
    }

    /// What to do about it.
    pub(crate) fn hints(&self) -> &[String] {
        &self.hints
    }

    /// Prints it: the error, its causes, the hints. A cause that the line above
    /// already holds is left out.
    pub(crate) fn print(&self, terminal: &Terminal) {
        if self.exit() == Exit::Done {
            return;
        }
        terminal.say_error(&self.headline());
        for cause in self.causes() {
            terminal.say_labeled("caused by", &cause);
        }
        for hint in &self.hints {
            terminal.say_labeled("hint", hint);
        }
    }
}

impl From<io::Error> for CommandError {
    /// Only for what is written to standard output: all else names its path.
    fn from(error: io::Error) -> Self {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot write the output")]
        struct Output(#[source] io::Error);
        CommandError::new(Exit::Unexpected, Output(error))
    }
}

impl From<files::Error> for CommandError {
    fn from(error: files::Error) -> Self {
        let hint = match &error {
            files::Error::NotOurs { .. } => Some(
                "move that file away, or let --out name a folder of letterpress's own".to_owned(),
            ),
            files::Error::TooLarge { .. } => {
                Some("raise issues.max_bytes if that file is meant".to_owned())
            }
            _ => None,
        };
        let error = CommandError::new(Exit::Unexpected, error);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

impl From<config::Missing> for CommandError {
    fn from(missing: config::Missing) -> Self {
        let lines = missing.example().replace('\n', "\n        ");
        CommandError::new(Exit::Usage, missing).hint(format!(
            "write your own into config/letterpress.toml:\n        {lines}"
        ))
    }
}
