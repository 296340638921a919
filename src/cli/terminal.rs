//! Standard output and standard error, as one place that knows colors.

use std::io::{self, BufWriter, Write};
use std::sync::{Mutex, PoisonError};

use annotate_snippets::renderer::{AnsiColor, Effects, Style};

use crate::cli::report;
use crate::diagnostic::Finding;

/// When to use colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

pub(crate) const BOLD: Style = Style::new().effects(Effects::BOLD);
pub(crate) const RED: Style = AnsiColor::BrightRed.on_default().effects(Effects::BOLD);
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD);
pub(crate) const GREEN: Style = AnsiColor::BrightGreen.on_default().effects(Effects::BOLD);
pub(crate) const CYAN: Style = AnsiColor::BrightCyan.on_default().effects(Effects::BOLD);

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Volume {
    /// Errors alone.
    Quiet,
    /// What one wants to know.
    Usual,
    /// What one may want to know.
    Verbose,
}

/// Where a command speaks: results to standard output, remarks to standard
/// error.
pub(crate) struct Terminal {
    out: BufWriter<io::Stdout>,
    color_out: bool,
    color_err: bool,
    volume: Volume,
    /// Where remarks go instead, for whoever shows them elsewhere.
    kept: Option<Mutex<Kept>>,
}

/// What would have been said on standard error.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Findings, in the order in which they were said.
    pub(crate) findings: Vec<Finding>,
    /// All else, remark by remark.
    pub(crate) remarks: Vec<String>,
}

impl Terminal {
    pub(crate) fn new(color: Color, volume: Volume) -> Terminal {
        let decide = |auto: anstream::ColorChoice| match color {
            Color::Auto => auto != anstream::ColorChoice::Never,
            Color::Always => true,
            Color::Never => false,
        };
        Terminal {
            out: BufWriter::new(io::stdout()),
            color_out: decide(anstream::AutoStream::choice(&io::stdout())),
            color_err: decide(anstream::AutoStream::choice(&io::stderr())),
            volume,
            kept: None,
        }
    }

    /// One that says nothing and keeps it: what is shown is shown elsewhere.
    pub(crate) fn keeping() -> Terminal {
        Terminal {
            kept: Some(Mutex::default()),
            ..Terminal::new(Color::Never, Volume::Usual)
        }
    }

    /// What was kept since this was asked last.
    pub(crate) fn kept(&self) -> Kept {
        let kept = self.kept.as_ref();
        kept.map_or_else(Kept::default, |kept| {
            std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner))
        })
    }

    /// Says a finding with the line that it speaks of.
    pub(crate) fn finding(&self, finding: &Finding) {
        match &self.kept {
            Some(kept) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.findings.push(finding.clone());
            }
            None => self.err(&report::human(finding, self.color_err)),
        }
    }

    /// Writes bytes to standard output as they are.
    pub(crate) fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    /// Writes a line to standard output.
    pub(crate) fn line(&mut self, line: &str) -> io::Result<()> {
        self.out.write_all(line.as_bytes())?;
        self.out.write_all(b"\n")
    }

    /// Writes a value as JSON with a final line end.
    pub(crate) fn json(&mut self, value: &serde_json::Value) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.out, value)?;
        self.out.write_all(b"\n")
    }

    /// Ends the output; must be called, for a failure shows only then.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Whether standard output shows colors.
    pub(crate) fn color_out(&self) -> bool {
        self.color_out
    }

    /// How much is to be said.
    pub(crate) fn volume(&self) -> Volume {
        self.volume
    }

    /// A remark to standard error, unless all is to be quiet.
    pub(crate) fn note(&self, words: &str) {
        if self.volume >= Volume::Usual {
            self.err(&format!("{words}\n"));
        }
    }

    /// A remark for those who asked for more.
    pub(crate) fn detail(&self, words: &str) {
        if self.volume >= Volume::Verbose {
            self.err(&format!("{words}\n"));
        }
    }

    pub(crate) fn say_error(&self, words: &str) {
        let label = paint(self.color_err, RED, "error:");
        self.err(&format!("{label} {}\n", printable(words)));
    }

    pub(crate) fn say_labeled(&self, label: &str, words: &str) {
        let label = paint(self.color_err, CYAN, &format!("{label}:"));
        self.err(&format!("{label} {}\n", printable(words)));
    }

    /// Writes to standard error. Nobody is left to tell if that is closed.
    pub(crate) fn err(&self, text: &str) {
        if let Some(kept) = &self.kept {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.remarks.push(text.trim_end().to_owned());
            return;
        }
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

/// Text in a style, or as it is.
pub(crate) fn paint(color: bool, style: Style, text: &str) -> String {
    if color {
        format!("{style}{text}{style:#}")
    } else {
        text.to_owned()
    }
}

/// Foreign text without the characters that steer a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            c if c.is_control() => '\u{FFFD}',
            // Overrides of the writing direction make one text look like another.
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => '\u{FFFD}',
            c => c,
        })
        .collect()
}
