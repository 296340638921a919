//! The threads behind a store: one that writes, one that reads and one that counts,
//! each with a connection of its own. They end when what was asked of them is done and
//! nobody can ask any more.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::store::model::{Step, Verdict};
use crate::store::sqlite::connection::{begin, commit, roll_back, write};
use crate::store::sqlite::failure::{Failure, again};
use crate::store::sqlite::{statements as sql, step};
use crate::store::traffic::{Share, Traffic};
use crate::store::{Answer, Error};

/// Steps in one commit at most. More waiting connections than that would not
/// make a commit any cheaper for each.
const GROUP: usize = 256;
/// A commit is to serve one in so many of the deliveries under way.
const SHARE: Share = Share { of: 4, steps: 1 };

type Work = Box<dyn FnOnce(&mut Connection) + Send>;
type Asker = oneshot::Sender<Result<Verdict, Error>>;

enum Job {
    /// May share a commit with other steps.
    Step(Step, Asker),
    /// Has the connection to itself.
    Work(Work),
}

/// A thread with a connection.
#[derive(Debug)]
pub(super) struct Worker {
    path: Arc<PathBuf>,
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts one.
    pub(super) fn start(
        name: &str,
        path: Arc<PathBuf>,
        connection: Connection,
    ) -> Result<Worker, Failure> {
        let (jobs, inbox) = mpsc::channel();
        let of = Arc::clone(&path);
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(connection, &of, &inbox))
            .map_err(|source| Failure::file(&path, source))?;
        Ok(Worker {
            path,
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    /// Does `work` there; `doing` is said of it where it fails.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&mut Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Answer<T> {
        let (asker, answer) = oneshot::channel();
        let path = Arc::clone(&self.path);
        self.send(Job::Work(Box::new(move |connection| {
            let done = work(connection).map_err(|failure| failure.into_error(&path, doing));
            // Whoever asked may be gone; the work is done all the same.
            let _ = asker.send(done);
        })));
        expect(answer)
    }

    /// Takes one step there.
    pub(super) fn step(&self, step: Step) -> Answer<Verdict> {
        let (asker, answer) = oneshot::channel();
        self.send(Job::Step(step, asker));
        expect(answer)
    }

    fn send(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // Where the thread is gone, the job is dropped and with it the
            // asker: the answer is `Closed`.
            let _ = jobs.send(job);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn expect<T: Send + 'static>(answer: oneshot::Receiver<Result<T, Error>>) -> Answer<T> {
    Box::pin(async move { answer.await.unwrap_or(Err(Error::Closed)) })
}

fn run(mut connection: Connection, path: &Path, inbox: &Receiver<Job>) {
    let mut traffic = Traffic::new(SHARE, Instant::now());
    while let Ok(job) = inbox.recv() {
        let work = match job {
            Job::Work(work) => Some(work),
            Job::Step(step, asker) => {
                group(&mut connection, path, inbox, &mut traffic, (step, asker))
            }
        };
        if let Some(work) = work {
            work(&mut connection);
        }
    }
}

/// Takes the steps that are waiting, `first` among them, and gives back the
/// other work that it met.
fn group(
    connection: &mut Connection,
    path: &Path,
    inbox: &Receiver<Job>,
    traffic: &mut Traffic,
    first: (Step, Asker),
) -> Option<Work> {
    let (mut steps, mut askers) = (vec![first.0], vec![first.1]);
    let mut other = gather(inbox, &mut steps, &mut askers);
    if other.is_none()
        && let Some(time) = traffic.wait(steps.len())
    {
        thread::sleep(time);
        other = gather(inbox, &mut steps, &mut askers);
    }
    let verdicts = take(connection, &steps);
    let answers = verdicts.iter().map(|one| one.as_ref().ok().copied());
    traffic.took(&steps, answers, Instant::now());
    for (asker, verdict) in askers.into_iter().zip(verdicts) {
        let _ =
            asker.send(verdict.map_err(|failure| failure.into_error(path, "recording a delivery")));
    }
    other
}

/// Adds the steps that are waiting, up to the first other work.
fn gather(inbox: &Receiver<Job>, steps: &mut Vec<Step>, askers: &mut Vec<Asker>) -> Option<Work> {
    while steps.len() < GROUP {
        match inbox.try_recv() {
            Ok(Job::Step(step, asker)) => {
                steps.push(step);
                askers.push(asker);
            }
            Ok(Job::Work(work)) => return Some(work),
            Err(_) => break,
        }
    }
    None
}

/// Takes steps in one transaction; one that fails undoes no other. What is answered
/// `Ok` is on the disk.
pub(super) fn take(connection: &mut Connection, steps: &[Step]) -> Vec<Result<Verdict, Failure>> {
    let verdicts = match steps {
        [_] => None,
        // Hardly ever does a step fail, and savepoints for the case that one might
        // are a third of its work.
        _ => together(connection, steps, |connection, one| {
            step::step(connection, one).map(Ok).map_err(drop)
        })
        .or_else(|| {
            together(connection, steps, |connection, one| {
                apart(connection, one).map_err(drop)
            })
        }),
    };
    verdicts.unwrap_or_else(|| {
        steps
            .iter()
            .map(|one| write(connection, |connection| step::step(connection, one)))
            .collect()
    })
}

/// Takes each step by `take`; `None` where that says that the whole transaction is
/// lost: then nothing was done.
fn together(
    connection: &Connection,
    steps: &[Step],
    take: impl Fn(&Connection, &Step) -> Result<Result<Verdict, Failure>, ()>,
) -> Option<Vec<Result<Verdict, Failure>>> {
    let all_failed = |error: rusqlite::Error| {
        let each = steps.iter().map(|_| Err(Failure::Sql(again(&error))));
        Some(each.collect())
    };
    if let Err(error) = begin(connection) {
        return all_failed(error);
    }
    let mut verdicts = Vec::with_capacity(steps.len());
    for one in steps {
        match take(connection, one) {
            Ok(verdict) => verdicts.push(verdict),
            Err(()) => {
                roll_back(connection);
                return None;
            }
        }
    }
    match commit(connection) {
        Ok(()) => Some(verdicts),
        Err(error) => {
            roll_back(connection);
            all_failed(error)
        }
    }
}

/// One step in its savepoint. The outer error says that the transaction as a
/// whole is lost.
fn apart(connection: &Connection, one: &Step) -> Result<Result<Verdict, Failure>, rusqlite::Error> {
    let run = |statement| connection.prepare_cached(statement)?.execute(()).map(drop);
    run(sql::SAVEPOINT)?;
    let verdict = step::step(connection, one);
    if verdict.is_err() {
        run(sql::ROLLBACK_TO)?;
    }
    run(sql::RELEASE)?;
    Ok(verdict)
}
