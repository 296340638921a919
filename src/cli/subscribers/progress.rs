//! How far an import is, for those who wait for it at a terminal.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::args::ImportList;
use crate::cli::terminal::{Terminal, Volume};
use crate::files::Pieces;

/// What is done sooner needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar on standard error that appears when it is worth it.
pub(super) struct Progress {
    /// Bytes of both readings.
    total: u64,
    done: u64,
    began: Instant,
    wanted: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(super) fn of(pieces: &Pieces, options: &ImportList, terminal: &Terminal) -> Progress {
        // Between the lines of a dry run a bar would only be in the way.
        let lines = options.dry_run && !options.json;
        Progress {
            total: 2 * pieces.length(),
            done: 0,
            began: Instant::now(),
            wanted: !lines && terminal.volume() != Volume::Quiet && std::io::stderr().is_terminal(),
            bar: None,
        }
    }

    /// Notes that so many bytes more were read.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.done += bytes as u64;
        if !self.wanted || self.began.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{bar:40} {percent}% {eta}")
                .expect("the template is sound");
            ProgressBar::new(self.total).with_style(style)
        });
        bar.set_position(self.done);
    }

    /// Takes the bar away.
    pub(super) fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
