//! `build`: feeds and archive from all issues.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::archive::{FeedKind, Plan, PlannedFeed, Tree};
use crate::cli::args::{Build, Global};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::{Folder, LOCK_FILE};
use crate::cli::newsroom::{Newsroom, template_error};
use crate::cli::parallel::in_parallel;
use crate::cli::report::{Counts, counted};
use crate::cli::stamp::Stamp;
use crate::cli::terminal::{Terminal, Volume};
use crate::diagnostic::{Finding, Level};
use crate::feed::{self, Entry, Looked, Loss};
use crate::files::{self, Output, Tally, write_durable};

/// How many errors are shown whole; `check` shows all.
const SHOWN: usize = 20;
/// Where images lie below `public/`.
const IMAGES: &str = "images/";

/// Runs `letterpress build`.
pub(crate) fn run(
    global: &Global,
    options: &Build,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    folder.settings().require_web()?;
    let root = match &options.out {
        Some(out) => folder.path(out),
        None => folder.root.clone(),
    };
    let say = |built: &Built, terminal: &mut Terminal| {
        if options.json {
            Ok(terminal.json(&built.json())?)
        } else {
            built.say(&root, terminal)
        }
    };
    if let Some(stamp) = Stamp::valid(&folder, &root) {
        say(&stamp.built.again(), terminal)?;
        return Ok(Exit::Done);
    }
    let begun = SystemTime::now();
    let newsroom = Newsroom::read(&folder)?;
    let built = build(&folder, &newsroom, &root, options.allow_loss, terminal)?;
    say(&built, terminal)?;
    if !newsroom.unreadable.is_empty() {
        return Ok(Exit::Findings);
    }
    Stamp::keep(&folder, &newsroom, &root, built, begun)?;
    // The process ends here. Taking every issue apart first would be a twentieth
    // of the work, for memory that the system takes back whole.
    std::mem::forget(newsroom);
    Ok(Exit::Done)
}

/// What a build did.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Built {
    /// Published issues.
    issues: usize,
    /// Entries of the main feed.
    entries: usize,
    /// What was done to `public/`, where an archive is written.
    public: Option<Tally>,
    /// What was done to `feeds/`, where feeds are written.
    feeds: Option<Tally>,
    /// Files that look like an issue that is known: what they are, what they look
    /// like.
    questions: Vec<(String, String)>,
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
    findings.extend(check_feeds(&feeds, folder.now));
    say_errors(&findings, terminal);
    let lock = keep_promises(newsroom, &plan, &feeds, allow_loss, terminal)?;

    // What is pinned must be on the disk before anybody can read it in a feed.
    write_durable(&root.join(LOCK_FILE), lock.to_text().as_bytes())?;
    let public = Output::open(&root.join("public"))?;
    let written = Output::open(&root.join("feeds"))?.adopting();
    let put = |tree: Tree, path: &str, bytes: &[u8]| match tree {
        Tree::Public => public.write(path, bytes).map(drop),
        Tree::Feeds => written.write(path, bytes).map(drop),
    };
    if newsroom.settings.archive {
        for image in plan.image_files() {
            put(image.tree, &image.path, &image.bytes)?;
        }
        let pages = in_parallel(1 + plan.issue_count(), |piece| -> Result<(), Trouble> {
            // The index of all issues takes longest, so it comes first.
            let files = match piece.checked_sub(1) {
                None => plan.other_files()?,
                Some(place) => vec![plan.issue_file(place)?],
            };
            for page in files {
                put(page.tree, &page.path, &page.bytes)?;
            }
            Ok(())
        });
        all(pages, terminal)?;
        for path in plan.kept_pages(&newsroom.kept) {
            public.keep(&path);
        }
        if !newsroom.kept.is_empty() {
            // Nobody knows which images the kept pages show.
            public.keep_below(IMAGES);
        }
    }
    // Feeds come last: no entry leads to a page that is not there yet.
    let documents = plan.feed_documents(&feeds);
    let documents = in_parallel(documents.len(), |place| -> Result<(), Trouble> {
        let (path, document) = plan.feed_document(&feeds, documents[place])?;
        for (tree, place) in plan.places_of(&path) {
            match tree {
                Tree::Public => public.write_pieces(&place, document.pieces())?,
                Tree::Feeds => written.write_pieces(&place, document.pieces())?,
            };
        }
        Ok(())
    });
    all(documents, terminal)?;
    Ok(Built {
        issues: plan.issue_count(),
        entries: feeds.first().map_or(0, |main| main.feed.entries.len()),
        public: finish(public, newsroom.settings.archive)?,
        feeds: finish(written, newsroom.settings.feeds)?,
        questions: newsroom
            .questions
            .iter()
            .map(|question| {
                let path = &newsroom.manuscripts[question.issue].summary.path;
                (path.clone(), question.other.clone())
            })
            .collect(),
        counts: Counts::of(&findings),
    })
}

/// Entries that one core checks at a time: few enough that the cores end
/// together, for one feed may hold all the text there is.
const CHECKED: usize = 32;

/// What is wrong with the feeds, each thing once: most entries stand in several.
pub(crate) fn check_feeds(feeds: &[PlannedFeed], now: DateTime<Utc>) -> Vec<Finding> {
    let chunks = feeds.iter().flat_map(|planned| {
        let entries = planned.feed.entries.chunks(CHECKED);
        entries.map(move |entries| (planned, entries))
    });
    let chunks: Vec<(&PlannedFeed, &[Arc<Entry>])> = chunks.collect();
    let alone = in_parallel(chunks.len(), |number| {
        let (PlannedFeed { feed, kind, .. }, entries) = chunks[number];
        let latest = match kind {
            FeedKind::Issues | FeedKind::Section | FeedKind::Archive => now,
            // Items of a day's issue stand in its first quarter of an hour.
            FeedKind::Links => now + TimeDelta::minutes(15),
        };
        let entries = entries.iter();
        let found = entries.map(|entry| feed::check_entry(feed, entry, latest));
        found.collect::<Vec<Looked>>()
    });
    let mut alone = alone.into_iter().flatten();
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for PlannedFeed { feed, kind, .. } in feeds {
        let entries = alone.by_ref().take(feed.entries.len()).collect();
        let mut found = feed::check_with(feed, entries);
        found.retain(|one| match kind {
            FeedKind::Issues => true,
            // A note was made of the issue already, and so was the moment that
            // items of two issues of one day may share.
            FeedKind::Section | FeedKind::Links | FeedKind::Archive => {
                one.level != Level::Note && one.code != "duplicate-updated"
            }
        });
        all.extend(found);
    }
    all.into_iter()
        .filter(|one| seen.insert((one.code, one.message.clone())))
        .map(|one| Finding::whole_file("feeds", one))
        .collect()
}

/// Ends the writing of a folder; `None` where the settings want none.
fn finish(output: Output, wanted: bool) -> Result<Option<Tally>, CommandError> {
    let tally = output.finish()?;
    Ok(wanted.then_some(tally))
}

/// Why a file could not be made.
enum Trouble {
    /// A template has a mistake.
    Template(Box<Finding>),
    /// The disk said no.
    Files(files::Error),
}

impl From<Box<Finding>> for Trouble {
    fn from(finding: Box<Finding>) -> Self {
        Trouble::Template(finding)
    }
}

impl From<files::Error> for Trouble {
    fn from(error: files::Error) -> Self {
        Trouble::Files(error)
    }
}

/// The first trouble of all pieces as the command's error.
fn all(pieces: Vec<Result<(), Trouble>>, terminal: &Terminal) -> Result<(), CommandError> {
    pieces
        .into_iter()
        .collect::<Result<(), Trouble>>()
        .map_err(|trouble| match trouble {
            Trouble::Template(finding) => broken(&finding, terminal),
            Trouble::Files(error) => error.into(),
        })
}

fn broken(finding: &Finding, terminal: &Terminal) -> CommandError {
    terminal.finding(finding);
    template_error()
}

fn say_errors(findings: &[Finding], terminal: &Terminal) {
    let errors: Vec<&Finding> = findings
        .iter()
        .filter(|one| one.level == Level::Error)
        .collect();
    for finding in errors.iter().take(SHOWN) {
        terminal.finding(finding);
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
    feeds: &[PlannedFeed],
    allow_loss: bool,
    terminal: &Terminal,
) -> Result<crate::identity::IdLock, CommandError> {
    let mut losses: Vec<Loss> = Vec::new();
    if newsroom.settings.feeds
        && let Some(PlannedFeed { feed: main, .. }) = feeds.first()
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
        terminal.finding(&finding);
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
    /// Whether nothing is wrong with what was built.
    pub(crate) fn is_clean(&self) -> bool {
        self.counts.errors == 0
    }

    /// All files of the build, below its folder.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = String> + '_ {
        let below = |folder: &'static str, tally: &'_ Option<Tally>| {
            let files = tally.as_ref().map(|tally| tally.files.clone());
            let files = files.unwrap_or_default().into_iter();
            files.map(move |path| format!("{folder}/{path}"))
        };
        below("public", &self.public).chain(below("feeds", &self.feeds))
    }

    /// What a build does that finds everything as this one left it.
    fn again(&self) -> Built {
        Built {
            public: self.public.as_ref().map(Tally::again),
            feeds: self.feeds.as_ref().map(Tally::again),
            questions: self.questions.clone(),
            ..*self
        }
    }

    /// For people: one line for what was made, one for what is wrong.
    pub(crate) fn say(&self, root: &Path, terminal: &mut Terminal) -> Result<(), CommandError> {
        if terminal.volume() == Volume::Quiet {
            return Ok(());
        }
        let place = |name: &str| {
            let path = root.join(name);
            let path = path.strip_prefix(".").unwrap_or(&path);
            path.display().to_string()
        };
        let mut parts = vec![counted(self.issues, "issue")];
        if let Some(public) = &self.public {
            parts.push(format!("{}: {}", place("public"), tally(public)));
        }
        if let Some(feeds) = &self.feeds {
            let entries = counted(self.entries, "entry");
            parts.push(format!("{}: {entries}, {}", place("feeds"), tally(feeds)));
        }
        terminal.line(&parts.join("; "))?;
        // Remarks and the output of publish.deploy come after it.
        terminal.finish()?;
        for path in self
            .public
            .iter()
            .chain(&self.feeds)
            .flat_map(|one| &one.kept)
        {
            terminal.note(&format!(
                "{path} is of no use any more, but was changed by hand: kept"
            ));
        }
        for (path, other) in &self.questions {
            terminal.note(&format!("{path} looks like {other}: taken for a new issue"));
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
        let tally = |tally: &files::Tally| -> serde_json::Value {
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
            "public": self.public.as_ref().map(tally),
            "feeds": self.feeds.as_ref().map(tally),
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
