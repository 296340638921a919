//! `ids import`: the ids of a feed that was published before are kept.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use url::Url;

use crate::cli::args::{Global, Ids, Import};
use crate::cli::catalog::Catalog;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::{Folder, LOCK_FILE};
use crate::cli::newsroom::read_lock;
use crate::cli::report::counted;
use crate::cli::send::runtime;
use crate::cli::terminal::Terminal;
use crate::feed;
use crate::files::{self, read_limited, write_durable};
use crate::identity::{ImportReport, MatchedBy, PublishedEntry, import};
use crate::probe::{Client, Reach};

/// Larger than any feed that a reader would take.
const FEED_LIMIT: usize = 64 << 20;
/// How long a server may take for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `letterpress ids`.
pub(crate) fn run(
    global: &Global,
    options: &Ids,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let Ids::Import(options) = options;
    let folder = Folder::open_sound(global, terminal)?;
    folder.settings().require_web()?;
    let published = entries(&folder, options)?;
    read_lock(&folder)?;
    let catalog = Catalog::read(&folder)?;
    let pages: Result<Vec<String>, CommandError> = catalog
        .resolution
        .issues
        .iter()
        .map(|issue| folder.page_address(issue).map(String::from))
        .collect();
    let (lock, done) = import(&catalog.resolution, &catalog.summaries, &pages?, &published);
    if !options.dry_run {
        write_durable(&folder.path(LOCK_FILE), lock.to_text().as_bytes())?;
    }
    print(&done, options, terminal)?;
    Ok(Exit::Done)
}

fn entries(folder: &Folder, options: &Import) -> Result<Vec<PublishedEntry>, CommandError> {
    let bytes = match Source::of(&options.feed) {
        Source::Input => {
            let mut bytes = Vec::new();
            let mut input = std::io::stdin().lock().take(FEED_LIMIT as u64);
            input
                .read_to_end(&mut bytes)
                .map_err(|source| files::Error::Read {
                    path: "standard input".into(),
                    source,
                })?;
            bytes
        }
        Source::Web(url) => fetch(&url)?,
        Source::File(path) => read_limited(&folder.path(path), FEED_LIMIT as u64)?,
    };
    let feed = feed::read(&bytes).map_err(|error| {
        CommandError::new(Exit::Usage, error).hint("save the feed itself, not a page about it")
    })?;
    let entries = feed.entries.into_iter().map(|entry| PublishedEntry {
        id: entry.id,
        url: entry.url,
        title: entry.title,
        published: entry.published,
    });
    Ok(entries.collect())
}

/// Where a feed comes from.
enum Source<'a> {
    Input,
    Web(Url),
    File(&'a Path),
}

impl Source<'_> {
    fn of(said: &Path) -> Source<'_> {
        let text = said.to_string_lossy();
        let web = text.starts_with("http://") || text.starts_with("https://");
        match Url::parse(&text) {
            _ if text == "-" => Source::Input,
            Ok(url) if web => Source::Web(url),
            _ => Source::File(said),
        }
    }
}

fn fetch(url: &Url) -> Result<Vec<u8>, CommandError> {
    let save = || format!("save the feed as a file, then `letterpress ids import FILE`: {url}");
    let answer = runtime()?
        .block_on(Client::new(Reach::Anywhere, PATIENCE).get(url, FEED_LIMIT))
        .map_err(|error| CommandError::new(Exit::Unexpected, error).hint(save()))?;
    if !answer.is_success() {
        let words = format!("{} answers with {}", answer.url, answer.status);
        return Err(CommandError::unexpected(words).hint(save()));
    }
    Ok(answer.body)
}

fn print(
    done: &ImportReport,
    options: &Import,
    terminal: &mut Terminal,
) -> Result<(), CommandError> {
    if options.json {
        let imported: Vec<_> = done
            .imported
            .iter()
            .map(|one| {
                json!({
                    "path": one.path,
                    "id": one.id,
                    "replaced": one.replaced,
                    "by": by(one.by),
                })
            })
            .collect();
        let unmatched: Vec<_> = done
            .unmatched
            .iter()
            .map(|one| json!({"id": one.id, "url": one.url, "title": one.title}))
            .collect();
        terminal.json(&json!({
            "imported": imported,
            "unmatched": unmatched,
            "missing": done.missing,
            "written": !options.dry_run,
        }))?;
        return Ok(());
    }
    for one in &done.imported {
        terminal.line(&format!("{}  {} (by {})", one.path, one.id, by(one.by)))?;
    }
    for one in &done.unmatched {
        terminal.line(&format!("no issue for {}  {}", one.url, one.title))?;
    }
    for path in &done.missing {
        terminal.line(&format!("not in the feed: {path}"))?;
    }
    terminal.finish()?;
    let verb = if options.dry_run {
        "would pin"
    } else {
        "pinned"
    };
    terminal.note(&format!(
        "{verb} {} in {LOCK_FILE}; {} of the feed without an issue",
        counted(done.imported.len(), "id"),
        counted(done.unmatched.len(), "entry"),
    ));
    Ok(())
}

fn by(matched: MatchedBy) -> &'static str {
    match matched {
        MatchedBy::Id => "id",
        MatchedBy::Link => "link",
        MatchedBy::Title => "title",
    }
}
