//! The server's log: lines to standard error, written by a thread of their own, so
//! that no request waits for whoever reads them.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::cli::terminal::printable;

/// Octets that wait to be written; what comes beyond is counted and left out.
const ROOM: usize = 1 << 20;

/// Takes lines from many threads.
pub(crate) struct Journal {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    more: Condvar,
}

#[derive(Default)]
struct Waiting {
    text: Vec<u8>,
    lost: u64,
    ended: bool,
}

impl Journal {
    /// A log whose lines go to `out`.
    pub(crate) fn to(mut out: impl Write + Send + 'static) -> Journal {
        let shared = Arc::new(Shared::default());
        let of_writer = Arc::clone(&shared);
        let writer = std::thread::spawn(move || {
            while let Some(text) = of_writer.next() {
                // Nobody is left to tell if that is closed.
                let _ = out.write_all(&text).and_then(|()| out.flush());
            }
        });
        Journal {
            shared,
            writer: Some(writer),
        }
    }

    /// What takes a line.
    pub(crate) fn log(&self) -> Arc<dyn Fn(&str) + Send + Sync> {
        let shared = Arc::clone(&self.shared);
        Arc::new(move |line| shared.add(line))
    }
}

impl Drop for Journal {
    /// Writes what is left.
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.more.notify_one();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: &str) {
        let line = printable(line);
        let mut waiting = self.lock();
        if waiting.text.len() + line.len() > ROOM {
            waiting.lost += 1;
            return;
        }
        let first = waiting.text.is_empty();
        waiting.text.extend_from_slice(line.as_bytes());
        waiting.text.push(b'\n');
        drop(waiting);
        if first {
            self.more.notify_one();
        }
    }

    /// What is to be written next; `None` at the end.
    fn next(&self) -> Option<Vec<u8>> {
        let mut waiting = self.lock();
        while waiting.text.is_empty() && waiting.lost == 0 {
            if waiting.ended {
                return None;
            }
            let woken = self.more.wait(waiting);
            waiting = woken.unwrap_or_else(PoisonError::into_inner);
        }
        let mut text = std::mem::take(&mut waiting.text);
        let lost = std::mem::take(&mut waiting.lost);
        if lost > 0 {
            text.extend_from_slice(format!("lost={lost}\n").as_bytes());
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps what is written, after it was let go.
    struct Slow(Arc<Mutex<Vec<u8>>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn all_lines_are_written_in_order_before_the_end() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let journal = Journal::to(Slow(Arc::clone(&written)));
        let log = journal.log();
        for number in 0..1000 {
            log(&format!("at={number}"));
        }
        drop(journal);
        let expected: String = (0..1000).map(|number| format!("at={number}\n")).collect();
        assert_eq!(written.lock().unwrap().as_slice(), expected.as_bytes());
    }

    #[test]
    fn lines_that_nobody_takes_are_counted() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let held = written.lock().unwrap();
        let journal = Journal::to(Slow(Arc::clone(&written)));
        let log = journal.log();
        let long = "x".repeat(ROOM / 4);
        for _ in 0..20 {
            log(&long);
        }
        drop(held);
        drop(journal);
        let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        let lost = text.lines().filter_map(|line| line.strip_prefix("lost="));
        let lost: usize = lost.map(|count| count.parse::<usize>().unwrap()).sum();
        let kept = text.lines().filter(|line| line.starts_with('x')).count();
        assert!(lost > 0 && lost + kept == 20, "{lost} lost, {kept} kept");
    }
}
