//! What is seen while mail is being sent.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use chrono::Utc;
use chrono_tz::Tz;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::mailings::tally_words;
use crate::cli::send::time;
use crate::cli::terminal::{Terminal, Volume, printable};
use crate::delivery::{Event, Watch};
use crate::mailing::State;

/// How often a line is printed where there is no terminal for a bar.
const LINE: Duration = Duration::from_secs(10);

/// A bar on a terminal, otherwise a line now and then.
pub(crate) struct View {
    bar: Option<ProgressBar>,
    last: Instant,
    zone: Tz,
}

impl View {
    pub(crate) fn new(zone: Tz, terminal: &Terminal) -> View {
        let shown = io::stderr().is_terminal() && terminal.volume() >= Volume::Usual;
        let bar = shown.then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        View {
            bar,
            last: Instant::now(),
            zone,
        }
    }

    /// Shows how far a run is, and what happened since.
    pub(crate) fn show(&mut self, watch: &Watch, terminal: &Terminal) {
        for event in watch.events() {
            self.say(&words(&event, self.zone), terminal);
        }
        let progress = watch.progress();
        let tally = progress.tally;
        let left = tally.open() + tally.of(State::Sending);
        let done = tally.total() - left;
        let seconds = progress
            .since
            .map_or(0, |since| (Utc::now() - since).num_seconds());
        let rate = progress.accepted.checked_div(seconds.unsigned_abs().max(1));
        let rate = rate.unwrap_or_default();
        let message = match left.checked_div(rate) {
            Some(seconds) => format!(
                "{rate}/s, about {} left; {}",
                span(seconds),
                tally_words(&tally)
            ),
            None => tally_words(&tally),
        };
        match &self.bar {
            Some(bar) => {
                bar.set_length(tally.total());
                bar.set_position(done);
                bar.set_message(message);
            }
            None if self.last.elapsed() >= LINE => {
                self.last = Instant::now();
                terminal.note(&format!("{done} done; {message}"));
            }
            None => {}
        }
    }

    /// Prints a line above the bar.
    pub(crate) fn say(&self, line: &str, terminal: &Terminal) {
        match &self.bar {
            Some(bar) => bar.suspend(|| terminal.note(line)),
            None => terminal.note(line),
        }
    }

    /// Removes the bar.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// An event, for people.
pub(crate) fn words(event: &Event, zone: Tz) -> String {
    let at = |until| time::words(until, zone);
    let words = match event {
        Event::Resting {
            provider: Some(provider),
            until,
        } => format!(
            "{provider} asks us to wait: its mail rests until {}",
            at(*until)
        ),
        Event::Resting {
            provider: None,
            until,
        } => format!("the relay asks us to wait until {}", at(*until)),
        Event::Refused { provider, reply } => format!(
            "{provider} does not trust this sender ({reply}): its mail waits for `letterpress resume`"
        ),
        Event::Down { why } => format!("the relay cannot be reached: {why}"),
        Event::Switched { relay } => format!("{relay} takes over"),
        Event::StoreTrouble { why } => format!("the store cannot be written to: {why}"),
        Event::Waiting { until } => format!("nothing can be done until {}", at(*until)),
    };
    printable(&words)
}

fn span(seconds: u64) -> String {
    match seconds {
        0..=99 => format!("{seconds} s"),
        100..=5999 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}
