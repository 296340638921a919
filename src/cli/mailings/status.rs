//! `status`: how far mailings are, and who is sending.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::{Value, json};

use crate::cli::args::{Global, Status};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::mailings::{counts, facts, grouped, moment, named, tally_words, time, unfinished};
use crate::cli::store::{open, wait};
use crate::cli::terminal::{BOLD, Terminal, paint, printable};
use crate::delivery::{Rest, rests};
use crate::mailing::{Mailing, Stage, State, Tally};
use crate::store::{Store, Worker};

/// How often `--watch` looks, and how long a rate is measured.
const LOOK: Duration = Duration::from_secs(1);
/// Looks that a rate is measured over under `--watch`.
const LOOKS: usize = 15;

/// Runs `letterpress status`.
pub(crate) fn status(
    global: &Global,
    options: &Status,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    let store = open(&folder)?;
    let asked = match &options.mailing {
        Some(said) => Some(named(store.as_ref(), &folder, said)?.issue),
        None => None,
    };
    let mut history = vec![look(store.as_ref(), asked.as_deref())?];
    if !options.watch {
        if history[0].is_sending() {
            std::thread::sleep(LOOK);
            history.push(look(store.as_ref(), asked.as_deref())?);
        }
        let view = View::of(&history, &folder);
        match options.json {
            true => terminal.json(&view.json())?,
            false => view.print(terminal)?,
        }
        return Ok(Exit::Done);
    }
    watch(
        store.as_ref(),
        asked.as_deref(),
        history,
        &folder,
        options,
        terminal,
    )
}

/// Looks again and again until nobody is sending.
fn watch(
    store: &dyn Store,
    asked: Option<&str>,
    mut history: Vec<Sight>,
    folder: &Folder,
    options: &Status,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let redraws = std::io::stdout().is_terminal() && !options.json;
    let mut drawn = 0;
    let mut last = String::new();
    loop {
        let view = View::of(&history, folder);
        let now = match options.json {
            true => format!("{}\n", view.json()),
            false => view.text(terminal.color_out()),
        };
        if redraws {
            // Back to the first line, and all below it away.
            if drawn > 0 {
                terminal.data(format!("\x1b[{drawn}A\x1b[J").as_bytes())?;
            }
            drawn = now.lines().count();
        }
        if redraws || now != last {
            terminal.data(now.as_bytes())?;
        }
        terminal.finish()?;
        last = now;
        let sight = history.last().is_some_and(Sight::is_sending);
        if !sight {
            return Ok(Exit::Done);
        }
        std::thread::sleep(LOOK);
        if history.len() >= LOOKS {
            history.remove(0);
        }
        history.push(look(store, asked)?);
    }
}

/// What there was to be seen at one moment.
struct Sight {
    at: Instant,
    sender: Option<String>,
    workers: Vec<Worker>,
    keeper: Option<String>,
    mailings: Vec<(Mailing, Tally)>,
    rests: Vec<Rest>,
}

impl Sight {
    /// Whether what is seen is being sent.
    fn is_sending(&self) -> bool {
        let going = |(mailing, _): &(Mailing, Tally)| {
            matches!(mailing.stage, Stage::Open | Stage::Scheduled)
        };
        self.sender.is_some() && self.mailings.iter().any(going)
    }
}

/// The mailing that was asked for; else all that are unfinished, or the last.
fn look(store: &dyn Store, asked: Option<&str>) -> Result<Sight, CommandError> {
    let workers = wait(store.workers())?;
    let sender = workers.first().map(|worker| worker.who.clone());
    let mut mailings = wait(store.mailings())?;
    match asked {
        Some(issue) => mailings.retain(|one| one.issue == issue),
        None if mailings.iter().any(unfinished) => mailings.retain(unfinished),
        None => mailings.truncate(1),
    }
    let tallied = mailings.into_iter().map(|mailing| {
        let tally = wait(store.tally(mailing.id))?;
        Ok((mailing, tally))
    });
    Ok(Sight {
        at: Instant::now(),
        sender,
        workers,
        keeper: wait(store.keeper())?,
        mailings: tallied.collect::<Result<_, CommandError>>()?,
        rests: rests(&wait(store.limits())?, Utc::now()),
    })
}

/// What is shown of it.
struct View<'v> {
    now: &'v Sight,
    /// The first of the looks that a rate is measured over.
    before: &'v Sight,
    folder: &'v Folder,
}

impl View<'_> {
    fn of<'v>(history: &'v [Sight], folder: &'v Folder) -> View<'v> {
        View {
            now: &history[history.len() - 1],
            before: &history[0],
            folder,
        }
    }

    /// Messages a second, where some were seen to go.
    fn rate(&self, mailing: &Mailing, tally: &Tally) -> Option<f64> {
        let done = |tally: &Tally| tally.total() - tally.open() - tally.of(State::Sending);
        let (_, before) = self
            .before
            .mailings
            .iter()
            .find(|(other, _)| other.id == mailing.id)?;
        let seconds = self.now.at.duration_since(self.before.at).as_secs_f64();
        let more = done(tally).saturating_sub(done(before));
        (more > 0 && seconds > 0.0).then(|| more as f64 / seconds)
    }

    /// Seconds until all were tried, at this rate.
    fn remaining(tally: &Tally, rate: f64) -> u64 {
        (tally.of(State::Pending) as f64 / rate).ceil() as u64
    }

    fn json(&self) -> Value {
        let mailings = self.now.mailings.iter().map(|(mailing, tally)| {
            let rate = self.rate(mailing, tally);
            let mut facts = facts(mailing);
            facts.insert("counts".to_owned(), counts(tally));
            facts.insert("next_due".to_owned(), tally.next_due.map(time).into());
            facts.insert("per_second".to_owned(), rate.map(tenths).into());
            let remaining = rate.map(|rate| View::remaining(tally, rate));
            facts.insert("remaining_seconds".to_owned(), remaining.into());
            Value::Object(facts)
        });
        let rests = self.now.rests.iter().map(|rest| {
            json!({
                "provider": rest.provider,
                "until": rest.until.map(time),
            })
        });
        json!({
            "sender": self.now.sender,
            "workers": self.now.workers.iter().map(worker_json).collect::<Vec<Value>>(),
            "keeper": self.now.keeper,
            "mailings": mailings.collect::<Vec<Value>>(),
            "rests": rests.collect::<Vec<Value>>(),
        })
    }

    fn print(&self, terminal: &mut Terminal) -> Result<(), CommandError> {
        let text = self.text(terminal.color_out());
        terminal.data(text.as_bytes())?;
        terminal.finish()?;
        if self.now.mailings.is_empty() {
            terminal.note("nothing was mailed from this store yet");
        }
        Ok(())
    }

    fn text(&self, color: bool) -> String {
        let mut out = String::new();
        for (mailing, tally) in &self.now.mailings {
            let head = format!("{}  {}", mailing.issue, mailing.title);
            let head = paint(color, BOLD, &printable(&head));
            out.push_str(&format!("{head}\n"));
            for line in self.lines(mailing, tally) {
                out.push_str(&format!("  {}\n", printable(&line)));
            }
        }
        for worker in &self.now.workers {
            out.push_str(&printable(&format!("{}\n", worker_words(worker))));
        }
        if let Some(keeper) = &self.now.keeper {
            out.push_str(&printable(&format!("{keeper} keeps the schedule\n")));
        }
        for rest in &self.now.rests {
            let who = rest.provider.as_deref().unwrap_or("the relay");
            let words = match rest.until {
                Some(until) => format!("is left alone until {}", moment(until, self.folder)),
                None => "refuses us: see to it, then `letterpress resume`".to_owned(),
            };
            out.push_str(&printable(&format!("{who} {words}\n")));
        }
        out
    }

    fn lines(&self, mailing: &Mailing, tally: &Tally) -> Vec<String> {
        let at = |time| moment(time, self.folder);
        let sent = self.now.sender.is_some();
        let stage = match mailing.stage {
            Stage::Scheduled => format!("scheduled for {}", at(mailing.starts_at)),
            Stage::Open if sent => format!("begun {}", at(mailing.starts_at)),
            Stage::Open => format!(
                "begun {}, nobody is sending: `letterpress resume` goes on",
                at(mailing.starts_at)
            ),
            Stage::Paused if mailing.why.is_empty() => {
                format!("paused {}", at(mailing.changed_at))
            }
            Stage::Paused => format!("paused {}: {}", at(mailing.changed_at), mailing.why),
            Stage::Cancelled => format!("cancelled {}", at(mailing.changed_at)),
            Stage::Finished => format!("finished {}", at(mailing.changed_at)),
        };
        let mut lines = vec![stage, tally_words(tally)];
        if let Some(rate) = self.rate(mailing, tally) {
            let left = View::remaining(tally, rate);
            lines.push(match left {
                0 => format!("{} a second", words_of_rate(rate)),
                _ => format!(
                    "{} a second, {} left for those not tried yet",
                    words_of_rate(rate),
                    words_of_time(left)
                ),
            });
        }
        if let Some(due) = tally.next_due.filter(|_| tally.of(State::Deferred) > 0) {
            lines.push(format!("the next deferred one is due {}", at(due)));
        }
        if tally.of(State::Unknown) > 0 {
            lines.push(format!(
                "unknown ones may have arrived: `letterpress report {} --state unknown`",
                mailing.issue
            ));
        }
        lines
    }
}

fn worker_json(worker: &Worker) -> Value {
    json!({
        "who": worker.who,
        "since": worker.since.map(time),
        "beat": worker.beat.map(time),
        "sent": worker.sent,
        "per_second": tenths(worker.per_second),
    })
}

fn worker_words(worker: &Worker) -> String {
    let mut words = format!("{} is sending", worker.who);
    if let Some(beat) = worker.beat {
        let ago = (Utc::now() - beat).num_seconds().max(0);
        words += &format!(
            ", {} a second, {} so far, last heard of {ago} s ago",
            words_of_rate(worker.per_second),
            grouped(worker.sent)
        );
    }
    words
}

fn tenths(rate: f64) -> f64 {
    (rate * 10.0).round() / 10.0
}

fn words_of_rate(rate: f64) -> String {
    if rate >= 10.0 {
        grouped(rate.round() as u64)
    } else {
        format!("{:.1}", rate)
    }
}

/// `40 s`, `12 min`, `3 h 20 min`.
fn words_of_time(seconds: u64) -> String {
    let minutes = seconds.div_ceil(60);
    match (seconds, minutes) {
        (..=90, _) => format!("{seconds} s"),
        (_, ..=90) => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_times_are_said_in_round_numbers() {
        assert_eq!(words_of_rate(0.26), "0.3");
        assert_eq!(words_of_rate(1234.4), "1,234");
        assert_eq!(words_of_time(40), "40 s");
        assert_eq!(words_of_time(91), "2 min");
        assert_eq!(words_of_time(12_000), "3 h 20 min");
    }
}
