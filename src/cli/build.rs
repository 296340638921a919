//! `build`: feeds and archive from all issues.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::archive::{File, Plan, Tree};
use crate::cli::args::{Build, Global};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::{Folder, LOCK_FILE};
use crate::cli::newsroom::{Newsroom, template_error};
use crate::cli::parallel::in_parallel;
use crate::cli::report::{self, Counts, counted};
use crate::cli::terminal::{Terminal, Volume};
use crate::diagnostic::{Finding, Level};
use crate::feed::{self, Entry, Feed, Loss};
use crate::files::{self, Output, Tally, write_durable};

/// How many errors are shown whole; `check` shows all.
const SHOWN: usize = 20;
/// Pages are rendered in portions of this many, so that a large archive does
/// not lie in memory at once.
const PORTION: usize = 64;

/// Runs `letterpress build`.
pub(crate) fn run(
    global: &Global,
    options: &Build,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    folder.settings().require_web()?;
    let newsroom = Newsroom::read(&folder)?;
    let root = match &options.out {
        Some(out) => folder.path(out),
        None => folder.root.clone(),
    };
    let built = build(&folder, &newsroom, &root, options.allow_loss, terminal)?;
    if options.json {
        terminal.json(&built.json())?;
    } else {
        built.say(&newsroom, terminal)?;
    }
    if newsroom.unreadable.is_empty() {
        Ok(Exit::Done)
    } else {
        Ok(Exit::Findings)
    }
}

/// What a build did.
#[derive(Debug)]
pub(crate) struct Built {
    /// Published issues.
    issues: usize,
    /// Entries of the main feed.
    entries: usize,
    public: Tally,
    feeds: Tally,
    root: PathBuf,
    counts: Counts,
}

/// Writes all files of a build below `root`. Nothing is written when readers
/// would lose something and the editor did not say that they may.
pub(crate) fn build(
    folder: &Folder,
    newsroom: &Newsroom,
    root: &Path,
    allow_loss: bool,
    terminal: &Terminal,
) -> Result<Built, CommandError> {
    newsroom.require_templates(terminal)?;
    let plan = newsroom.plan(folder);
    let feeds = plan.feeds();
    let mut findings = newsroom.public_findings();
    for feed in &feeds {
        let found = feed::check(feed, folder.now).into_iter();
        findings.extend(found.map(|one| Finding::whole_file("feeds", one)));
    }
    say_errors(&findings, terminal);
    let lock = keep_promises(newsroom, &plan, &feeds, allow_loss, terminal)?;

    // What is pinned must be on the disk before anybody can read it in a feed.
    write_durable(&root.join(LOCK_FILE), lock.to_text().as_bytes())?;
    let mut public = Output::open(&root.join("public"))?;
    let mut written = Output::open(&root.join("feeds"))?.adopting();
    if newsroom.settings.archive {
        for image in plan.image_files() {
            public.write(&image.path, &image.bytes)?;
        }
        let count = plan.issue_count();
        for start in (0..count).step_by(PORTION) {
            let portion = PORTION.min(count - start);
            let pages = in_parallel(portion, |index| plan.issue_file(start + index));
            for page in pages {
                write(&mut public, page, terminal)?;
            }
        }
        for page in plan.other_files().map_err(|one| broken(&one, terminal))? {
            public.write(&page.path, &page.bytes)?;
        }
        for path in plan.kept_pages(&newsroom.kept) {
            public.keep(&path);
        }
    }
    // Feeds come last: no entry leads to a page that is not there yet.
    let files = plan.feed_files(&feeds);
    for file in files.map_err(|one| broken(&one, terminal))? {
        match file.tree {
            Tree::Public => public.write(&file.path, &file.bytes)?,
            Tree::Feeds => written.write(&file.path, &file.bytes)?,
        };
    }
    Ok(Built {
        issues: plan.issue_count(),
        entries: feeds.first().map_or(0, |feed| feed.entries.len()),
        public: public.finish()?,
        feeds: written.finish()?,
        root: root.to_owned(),
        counts: Counts::of(&findings),
    })
}

fn write(
    output: &mut Output,
    page: Result<File, Box<Finding>>,
    terminal: &Terminal,
) -> Result<(), CommandError> {
    let page = page.map_err(|one| broken(&one, terminal))?;
    output.write(&page.path, &page.bytes)?;
    Ok(())
}

fn broken(finding: &Finding, terminal: &Terminal) -> CommandError {
    terminal.err(&report::human(finding, terminal.color_err()));
    template_error()
}

fn say_errors(findings: &[Finding], terminal: &Terminal) {
    let errors: Vec<&Finding> = findings
        .iter()
        .filter(|one| one.level == Level::Error)
        .collect();
    for finding in errors.iter().take(SHOWN) {
        terminal.err(&report::human(finding, terminal.color_err()));
    }
    if errors.len() > SHOWN {
        let more = counted(errors.len() - SHOWN, "more error");
        terminal.err(&format!("and {more}; `letterpress check` shows all\n"));
    }
}

/// The lock to be written; an error when readers would lose entries.
fn keep_promises(
    newsroom: &Newsroom,
    plan: &Plan<'_>,
    feeds: &[Feed],
    allow_loss: bool,
    terminal: &Terminal,
) -> Result<crate::identity::IdLock, CommandError> {
    let mut losses: Vec<Loss> = Vec::new();
    if newsroom.settings.feeds
        && let Some(main) = feeds.first()
    {
        let all: Vec<Entry> = plan.outlines();
        losses = feed::losses(&newsroom.published, main, &all);
        let emptied = !newsroom.gone.is_empty() && main.entries.is_empty();
        if emptied && losses.is_empty() {
            losses.push(Loss::Emptied {
                entries: newsroom.gone.len(),
            });
        }
        losses.extend(newsroom.gone.iter().map(|pin| Loss::Gone {
            id: pin.id.clone(),
            title: pin.title.clone(),
        }));
    }
    let mut lock = newsroom.lock.clone();
    if losses.is_empty() {
        return Ok(lock);
    }
    if allow_loss {
        let ids: BTreeSet<String> = newsroom.gone.iter().map(|pin| pin.id.clone()).collect();
        lock.retire(&ids);
        return Ok(lock);
    }
    for loss in losses.iter().take(SHOWN) {
        let finding = Finding::whole_file(LOCK_FILE, loss.to_diagnostic());
        terminal.err(&report::human(&finding, terminal.color_err()));
    }
    let words = format!(
        "readers of the feeds would lose {}; nothing was written",
        counted(losses.len(), "entry")
    );
    Err(CommandError::findings(words)
        .hint("bring the files back, or say `letterpress build --allow-loss` if you mean it")
        .hint("`letterpress ids import FILE` takes over the ids of a feed published by another program"))
}

impl Built {
    /// For people: one line for what was made, one for what is wrong.
    pub(crate) fn say(
        &self,
        newsroom: &Newsroom,
        terminal: &mut Terminal,
    ) -> Result<(), CommandError> {
        if terminal.volume() == Volume::Quiet {
            return Ok(());
        }
        let place = |name: &str| {
            let path = self.root.join(name);
            let path = path.strip_prefix(".").unwrap_or(&path);
            path.display().to_string()
        };
        let mut parts = vec![counted(self.issues, "issue")];
        if newsroom.settings.archive {
            parts.push(format!("{}: {}", place("public"), tally(&self.public)));
        }
        if newsroom.settings.feeds {
            let entries = counted(self.entries, "entry");
            parts.push(format!(
                "{}: {entries}, {}",
                place("feeds"),
                tally(&self.feeds)
            ));
        }
        terminal.line(&parts.join("; "))?;
        // Remarks and the output of publish.deploy come after it.
        terminal.finish()?;
        for path in self.public.kept.iter().chain(&self.feeds.kept) {
            terminal.note(&format!(
                "{path} is of no use any more, but was changed by hand: kept"
            ));
        }
        for question in &newsroom.questions {
            let path = &newsroom.manuscripts[question.issue].summary.path;
            terminal.note(&format!(
                "{path} looks like {}: taken for a new issue",
                question.other
            ));
        }
        let counts = self.counts;
        if counts.errors + counts.warnings > 0 {
            terminal.note(&format!(
                "{}, {}: `letterpress check` shows them",
                counted(counts.errors, "error"),
                counted(counts.warnings, "warning")
            ));
        }
        Ok(())
    }

    /// For scripts; docs/json.md describes it.
    pub(crate) fn json(&self) -> serde_json::Value {
        let tally = |tally: &files::Tally| {
            json!({
                "created": tally.created,
                "replaced": tally.replaced,
                "unchanged": tally.unchanged,
                "deleted": tally.deleted,
                "kept": tally.kept,
            })
        };
        json!({
            "issues": self.issues,
            "entries": self.entries,
            "public": tally(&self.public),
            "feeds": tally(&self.feeds),
            "errors": self.counts.errors,
            "warnings": self.counts.warnings,
            "notes": self.counts.notes,
        })
    }
}

fn tally(tally: &Tally) -> String {
    let written = tally.created + tally.replaced;
    if written + tally.deleted == 0 {
        return "nothing changed".to_owned();
    }
    let mut words = format!("{} written", counted(written, "file"));
    if tally.unchanged > 0 {
        words.push_str(&format!(", {} unchanged", tally.unchanged));
    }
    if tally.deleted > 0 {
        words.push_str(&format!(", {} deleted", tally.deleted));
    }
    words
}
