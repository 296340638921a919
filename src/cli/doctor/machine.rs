//! The store, the disk and the clock.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use crate::cli::doctor::line::{Line, State};
use crate::cli::folder::Folder;
use crate::cli::report::counted;
use crate::cli::store;
use crate::store::{Search, Sqlite};

/// A mailing of ten thousand writes some 20 MB.
const LITTLE: u64 = 1 << 30;
const TOO_LITTLE: u64 = 100 << 20;

/// Beyond this signatures look as if they came from the future.
const OFF: TimeDelta = TimeDelta::minutes(5);
const SOMEWHAT_OFF: TimeDelta = TimeDelta::minutes(1);

/// Looks through the store; its name, which the server must have too.
pub(crate) fn store(folder: &Folder, lines: &mut Vec<Line>) -> Option<String> {
    let check = "store";
    let name = folder.settings().store.path.as_str();
    let opened = match store::open_if_there(folder) {
        Err(error) => {
            lines.push(Line::of(State::Outside, check, "", &error));
            return None;
        }
        Ok(None) => {
            let words = "there is no list yet: nobody would be mailed";
            let help = "`letterpress subscribers import list.csv --dry-run` shows what it makes \
                        of yours";
            lines.push(Line::new(State::Wrong, check, name, words).help(help));
            return None;
        }
        Ok(Some(opened)) => opened,
    };
    let id = opened.id().0.clone();
    let people = store::wait(opened.count(Search::default()));
    drop(opened);
    let damaged = |words: String| {
        let help = "stop what writes to it, keep the file, and bring back the last \
                    `letterpress backup`";
        Line::new(State::Outside, check, name, words).help(help)
    };
    lines.push(match (Sqlite::faults(&folder.path(name)), people) {
        (Ok(faults), Ok(people)) if faults.is_empty() => {
            let words = format!("sound, with {}", counted(people as usize, "subscriber"));
            Line::new(State::Ok, check, name, words)
        }
        (Ok(faults), Ok(_)) => damaged(faults.join("; ")),
        (Err(error), _) => damaged(error.to_string()),
        (_, Err(error)) => damaged(error.words()),
    });
    Some(id)
}

pub(crate) fn disk(folder: &Folder) -> Line {
    let check = "disk";
    let store = folder.path(&folder.settings().store.path);
    let place = store.parent().filter(|place| place.is_dir());
    let place = place.unwrap_or(Path::new(&folder.root));
    let subject = folder.name_of(place);
    let subject = if subject.is_empty() { "." } else { &subject };
    match crate::files::free_space(place) {
        Ok(Some(free)) => {
            let words = format!("{} free", size(free));
            let help = "make room: each message is noted on the disk before it leaves";
            match free {
                ..TOO_LITTLE => Line::new(State::Outside, check, subject, words).help(help),
                TOO_LITTLE..LITTLE => Line::new(State::Warning, check, subject, words).help(help),
                _ => Line::new(State::Ok, check, subject, words),
            }
        }
        Ok(None) => Line::new(State::Skipped, check, subject, "this system is not asked"),
        Err(error) => Line::new(State::Outside, check, subject, error.to_string()),
    }
}

/// Our clock beside another's; without one, whether it can be right at all.
pub(crate) fn clock(other: Option<DateTime<Utc>>) -> Line {
    judge(Utc::now(), other)
}

fn judge(now: DateTime<Utc>, other: Option<DateTime<Utc>>) -> Line {
    let check = "clock";
    let ours = now.format("%Y-%m-%d %H:%M:%S UTC");
    let help = "let this machine's clock be set by NTP: `timedatectl set-ntp true`";
    let Some(other) = other else {
        // Before this program was written.
        let early = now.timestamp() < 1_764_547_200;
        return match early {
            true => Line::new(State::Outside, check, "", format!("it says {ours}")).help(help),
            false => {
                let words = format!("{ours}; no other clock was heard");
                Line::new(State::Ok, check, "", words)
            }
        };
    };
    let off = (now - other).abs();
    let words = format!("{ours}, {} s off the server's", off.num_seconds());
    if off >= OFF {
        Line::new(State::Outside, check, "", words).help(help)
    } else if off >= SOMEWHAT_OFF {
        Line::new(State::Warning, check, "", words).help(help)
    } else {
        Line::new(State::Ok, check, "", words)
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..0x4000_0000 => format!("{} MB", bytes >> 20),
        _ => format!("{:.1} GB", bytes as f64 / f64::from(1 << 30)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_judged_by_another() {
        let now: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
        let after = |seconds| Some(now + TimeDelta::seconds(seconds));
        let cases = [
            (after(0), State::Ok),
            (after(-59), State::Ok),
            (after(90), State::Warning),
            (after(-400), State::Outside),
            (None, State::Ok),
        ];
        for (other, state) in cases {
            assert_eq!(judge(now, other).state, state, "{other:?}");
        }
        let early = "1970-01-01T00:10:00Z".parse().unwrap();
        assert_eq!(judge(early, None).state, State::Outside);
    }

    #[test]
    fn sizes_have_their_unit() {
        assert_eq!(size(5 << 20), "5 MB");
        assert_eq!(size(3 << 29), "1.5 GB");
    }
}
