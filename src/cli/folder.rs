//! The newsletter's folder as a command finds it: settings, issue files, clock.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use url::Url;

use crate::cli::args::Global;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::parallel::in_parallel;
use crate::cli::report;
use crate::cli::terminal::Terminal;
use crate::config::{self, Loaded, Settings, Sources};
use crate::diagnostic::{Diagnostic, Finding, Level, SourceFile};
use crate::files::{self, Search, read_if_there, read_limited, slashed};
use crate::identity::{self, IdLock, Identified, PermalinkFields, Resolution, permalink};
use crate::issue::{Reader, Summary, Text};

/// The newsletter's own settings, below its folder.
pub(crate) const CONFIG_FILE: &str = "config/letterpress.toml";

/// Where ids are pinned, below the newsletter's folder.
pub(crate) const LOCK_FILE: &str = "feeds/ids.lock";

/// Ten thousand issues have a lock of about 10 MB.
const LOCK_LIMIT: u64 = 256 << 20;

/// No settings file is near this size.
const CONFIG_LIMIT: u64 = 1 << 20;

/// A newsletter's folder with its settings.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Where it is, as the user said it.
    pub(crate) root: PathBuf,
    /// Its settings, where each came from, and what is wrong with them.
    pub(crate) loaded: Loaded,
    /// The moment the command began; `SOURCE_DATE_EPOCH` fixes it.
    pub(crate) now: DateTime<Utc>,
}

impl Folder {
    /// Reads the settings. What is wrong with them is kept for the command to
    /// say.
    pub(crate) fn open(global: &Global) -> Result<Folder, CommandError> {
        let root = global.folder.clone();
        if !root.is_dir() {
            let words = format!("there is no folder {}", root.display());
            return Err(CommandError::usage(words)
                .hint(format!("`letterpress init {}` makes one", root.display())));
        }
        let environment: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let sources = Sources {
            file: config_file(&root, global.config.as_deref())?,
            flags: global.set.clone(),
            environment,
        };
        Ok(Folder {
            now: now(sources.environment.get("SOURCE_DATE_EPOCH"))?,
            loaded: config::load(&sources),
            root,
        })
    }

    /// The same for commands that must not go on with wrong settings: those are
    /// printed, and the command stops.
    pub(crate) fn open_sound(global: &Global, terminal: &Terminal) -> Result<Folder, CommandError> {
        let folder = Folder::open(global)?;
        let mut errors = 0;
        for finding in &folder.loaded.findings {
            terminal.finding(finding);
            errors += usize::from(finding.level == Level::Error);
        }
        if errors > 0 {
            let words = format!("the settings have {}", report::counted(errors, "error"));
            return Err(CommandError::usage(words)
                .hint("`letterpress config show` prints every setting with its place"));
        }
        Ok(folder)
    }

    /// The settings.
    pub(crate) fn settings(&self) -> &Settings {
        &self.loaded.settings
    }

    /// A path of the settings or the command line, below the root.
    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        // As the user would say it: `outbox`, not `./outbox`.
        if self.root == Path::new(".") && relative.as_ref() != Path::new("") {
            return relative.as_ref().to_owned();
        }
        self.root.join(relative)
    }

    /// How the user would say a file's path: relative to the root, with `/`,
    /// where it lies below it.
    pub(crate) fn name_of(&self, path: &Path) -> String {
        let below = std::fs::canonicalize(self.path(path))
            .ok()
            .zip(std::fs::canonicalize(&self.root).ok());
        if let Some((file, root)) = &below
            && let Ok(relative) = file.strip_prefix(root)
        {
            return slashed(relative);
        }
        path.to_string_lossy().replace('\\', "/")
    }

    /// All issue files, sorted.
    pub(crate) fn issue_files(&self) -> Result<Vec<String>, CommandError> {
        let issues = &self.settings().issues;
        let search = Search {
            paths: issues.paths.clone(),
            exclude: issues.exclude.clone(),
        };
        search.files(&self.root).map_err(|error| match error {
            error @ files::Error::List { .. } if !issues.paths.is_empty() => {
                CommandError::new(Exit::Usage, error)
                    .hint("issues.paths in the settings names the folders of the issues")
            }
            error => error.into(),
        })
    }

    /// Compiles the settings of reading. They were tried when they were loaded.
    pub(crate) fn reader(&self) -> Result<Reader, CommandError> {
        Reader::new(self.settings().issues.reading.clone()).map_err(|diagnostics| {
            let words: Vec<String> = diagnostics.into_iter().map(|one| one.message).collect();
            CommandError::usage(words.join("; "))
        })
    }

    /// What is pinned for ever, and what is wrong with its file.
    pub(crate) fn id_lock(&self) -> Result<(IdLock, Vec<Finding>), CommandError> {
        let bytes = read_if_there(&self.path(LOCK_FILE), LOCK_LIMIT)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let source = SourceFile::new(LOCK_FILE, text);
        let (lock, diagnostics) = IdLock::parse(&source);
        let located = diagnostics.into_iter().map(|one| one.locate(&source));
        Ok((lock, located.collect()))
    }

    /// Who the issues are, by what is pinned.
    pub(crate) fn resolve(&self, lock: &IdLock, summaries: &[Summary]) -> Resolution {
        let newsletter = &self.settings().newsletter;
        let settings = identity::Settings {
            domain: newsletter.url.host_str().unwrap_or("localhost"),
            language: &newsletter.language,
            drafts: &self.settings().issues.drafts,
            zone: newsletter.time_zone,
            now: self.now,
        };
        identity::resolve(lock, summaries, &settings)
    }

    /// The address of an issue's page.
    pub(crate) fn page_address(&self, issue: &Identified) -> Result<Url, CommandError> {
        let newsletter = &self.settings().newsletter;
        let fields = PermalinkFields::of(issue, newsletter.time_zone, &newsletter.language);
        let path = permalink(&self.settings().issues.permalink, &fields)
            .map_err(|diagnostic| CommandError::usage(diagnostic.message))?;
        let page = newsletter.url.join(path.trim_start_matches('/'));
        page.map_err(|cause| CommandError::new(Exit::Usage, cause))
    }

    /// The file that a summary's path names: `a.md` of `a.md#2`, the second
    /// issue in it.
    pub(crate) fn file_of<'p>(&self, path: &'p str) -> &'p str {
        match path.rsplit_once('#') {
            Some((file, _)) if !self.path(path).is_file() => file,
            _ => path,
        }
    }

    /// Reads one issue file. One that is over the limit, or that may not be read,
    /// becomes a text that is not readable and says so: it must not stop the
    /// others.
    pub(crate) fn read(&self, reader: &Reader, path: &str) -> Text {
        let limit = reader.settings().max_bytes;
        let diagnostic = match read_limited(&self.path(path), limit) {
            Ok(bytes) => return reader.decode(path, &bytes),
            Err(files::Error::TooLarge { .. }) => {
                let words = format!("the file is larger than {limit} bytes and was not read");
                Diagnostic::error("too-large", words)
                    .help("raise issues.max_bytes if it is meant to be an issue")
            }
            Err(files::Error::Read { source, .. }) => {
                let words = format!("the file cannot be read: {source}");
                Diagnostic::error("unreadable-file", words)
                    .help("look at the owner and mode of the file and of the folders above it")
            }
            Err(error) => Diagnostic::error("unreadable-file", error.to_string()),
        };
        Text {
            source: SourceFile::new(path, ""),
            repair: None,
            diagnostics: vec![diagnostic],
            readable: false,
            part: false,
        }
    }

    /// Reads many files on all cores; answers come in the order of the paths,
    /// one for each issue of a file. The last path comes first: names are most
    /// often dates or numbers, and the newest issues matter most.
    pub(crate) fn read_all<T: Send>(
        &self,
        reader: &Reader,
        paths: &[String],
        work: impl Fn(&Text) -> T + Sync,
    ) -> Vec<T> {
        let answers = in_parallel(paths.len(), |index| {
            let path = &paths[paths.len() - 1 - index];
            let texts = reader.split(self.read(reader, path));
            texts.iter().map(&work).collect::<Vec<T>>()
        });
        answers.into_iter().rev().flatten().collect()
    }

    /// Reads the one issue that a summary's path names.
    pub(crate) fn read_issue(&self, reader: &Reader, path: &str) -> Text {
        let file = path.split('#').next().unwrap_or(path);
        if file == path || self.path(path).is_file() {
            return self.read(reader, path);
        }
        let mut texts = reader.split(self.read(reader, file));
        let named = |text: &Text| reader.parse(text).0.summary().path == path;
        let place = texts.iter().position(named).unwrap_or(0);
        texts.swap_remove(place)
    }
}

/// The settings file and its bytes. Only a file that was named must be there.
fn config_file(
    root: &Path,
    named: Option<&Path>,
) -> Result<Option<(String, Vec<u8>)>, CommandError> {
    let path = named.unwrap_or(Path::new(CONFIG_FILE));
    let name = match named {
        Some(path) => path.to_string_lossy().replace('\\', "/"),
        None => CONFIG_FILE.to_owned(),
    };
    match read_if_there(&root.join(path), CONFIG_LIMIT) {
        Ok(Some(bytes)) => Ok(Some((name, bytes))),
        Ok(None) if named.is_some() => Err(CommandError::usage(format!("there is no file {name}"))
            .hint("--config names a file relative to the newsletter's folder")),
        Ok(None) => Ok(None),
        Err(error) => Err(CommandError::new(Exit::Usage, error)),
    }
}

/// The moment, for a command that has no folder yet.
pub(crate) fn now_from_environment() -> Result<DateTime<Utc>, CommandError> {
    now(std::env::var("SOURCE_DATE_EPOCH").ok().as_ref())
}

/// The clock, or the moment that reproducible builds fix.
fn now(source_date_epoch: Option<&String>) -> Result<DateTime<Utc>, CommandError> {
    let Some(seconds) = source_date_epoch else {
        return Ok(Utc::now());
    };
    seconds
        .trim()
        .parse()
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .ok_or_else(|| {
            CommandError::usage(format!(
                "SOURCE_DATE_EPOCH is \"{seconds}\", not a number of seconds since 1970"
            ))
        })
}
