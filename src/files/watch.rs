//! Hearing of changes: from the system where it tells, by the clock where it does
//! not (network file systems and some virtual machines send no word).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// Editors write a file in several steps: it is read when they have been silent for
/// so long, or at the latest when so much has passed.
const SILENCE: Duration = Duration::from_millis(12);
const LATEST: Duration = Duration::from_millis(60);
/// How often is looked where the system tells nothing, and where it does, in case it
/// missed something.
const LOOK: Duration = Duration::from_secs(1);
const RARE_LOOK: Duration = Duration::from_secs(20);

/// Tells of changes until it is dropped.
#[derive(Debug)]
pub struct Watch {
    end: Arc<AtomicBool>,
    polls: bool,
}

impl Watch {
    /// Watches these files and folders, folders with all that lies in them, and hands
    /// what changed to `tell`: an empty set says that something may have. With `poll`
    /// the system is not asked. A path that is not there is watched once it is.
    pub fn new(
        paths: Vec<PathBuf>,
        poll: bool,
        tell: impl Fn(BTreeSet<PathBuf>) + Send + 'static,
    ) -> Watch {
        let (sender, events) = mpsc::channel();
        let watcher = match poll {
            true => None,
            false => watcher(sender.clone()),
        };
        let end = Arc::new(AtomicBool::new(false));
        let polls = watcher.is_none();
        let ended = Arc::clone(&end);
        thread::spawn(move || {
            let mut watched = Watched {
                watcher,
                missing: paths,
            };
            let whole = watched.go_on();
            let pause = if polls || !whole { LOOK } else { RARE_LOOK };
            // Held so that the channel stays open where nobody else sends.
            let _sender = sender;
            loop {
                let mut touched = BTreeSet::new();
                match events.recv_timeout(pause) {
                    Ok(path) => touched.extend(path),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
                let begun = Instant::now();
                while !touched.is_empty() && begun.elapsed() < LATEST {
                    match events.recv_timeout(SILENCE) {
                        Ok(path) => touched.extend(path),
                        Err(_) => break,
                    }
                }
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                watched.go_on();
                tell(touched);
            }
        });
        Watch { end, polls }
    }

    /// Whether it looks by the clock, because the system tells nothing.
    pub fn polls(&self) -> bool {
        self.polls
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
    }
}

struct Watched {
    watcher: Option<RecommendedWatcher>,
    missing: Vec<PathBuf>,
}

impl Watched {
    /// Watches what is there by now; false where the system refuses some.
    fn go_on(&mut self) -> bool {
        let Some(watcher) = &mut self.watcher else {
            return false;
        };
        let mut whole = true;
        self.missing.retain(|path| {
            if !path.exists() {
                return true;
            }
            whole &= watcher.watch(path, mode(path)).is_ok();
            false
        });
        whole
    }
}

/// A folder that holds the newsletter is watched by itself alone: what lies below is
/// watched where it belongs to it.
fn mode(path: &Path) -> RecursiveMode {
    match path.join("config").is_dir() {
        true => RecursiveMode::NonRecursive,
        false => RecursiveMode::Recursive,
    }
}

fn watcher(sender: mpsc::Sender<Vec<PathBuf>>) -> Option<RecommendedWatcher> {
    let heard = move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        if !matches!(event.kind, EventKind::Access(_)) {
            // Nobody listens any more where that fails.
            let _ = sender.send(event.paths);
        }
    };
    notify::recommended_watcher(heard).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sets that were told of, until one holds a file of this name.
    fn heard(poll: bool, act: impl Fn(&Path)) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let (sender, told) = mpsc::channel();
        let paths = vec![folder.path().to_owned(), folder.path().join("later")];
        let watch = Watch::new(paths, poll, move |set| {
            let _ = sender.send(set);
        });
        assert_eq!(watch.polls(), poll);
        // The first word may come before the folder is watched: then the file is
        // written anew.
        act(folder.path());
        (0..40).any(|_| {
            let set = told.recv_timeout(Duration::from_millis(250));
            let named = set.is_ok_and(|set| poll || set.iter().any(|path| path.ends_with("a.md")));
            if !named {
                act(folder.path());
            }
            named
        })
    }

    #[test]
    fn a_written_file_is_told_of_by_its_name() {
        assert!(heard(false, |root| std::fs::write(root.join("a.md"), "x")
            .unwrap()));
    }

    #[test]
    fn a_folder_that_comes_later_is_watched_too() {
        assert!(heard(false, |root| {
            std::fs::create_dir_all(root.join("later")).unwrap();
            std::fs::write(root.join("later/a.md"), "x").unwrap();
        }));
    }

    #[test]
    fn without_the_system_the_clock_tells() {
        assert!(heard(true, |_| {}));
    }
}
