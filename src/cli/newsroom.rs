//! The whole newsletter as it lies in its folder: every issue read, understood,
//! rendered and identified, with templates, pages and local images. `build`,
//! `publish`, `send` and `render` all begin here, so that they agree.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;

use crate::archive::{self, Carried, Image, ImageUse, Inputs, Manuscript, Plan, Wanted};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::{Folder, LOCK_FILE};
use crate::cli::terminal::Terminal;
use crate::diagnostic::{Finding, Level, SourceFile};
use crate::feed;
use crate::files::{Search, names_in, read_if_there, read_limited, slashed};
use crate::identity::{IdLock, Identified, Pin, Question, Resolution};
use crate::issue::{Reader, Summary};
use crate::render::Templates;

const FEED_LIMIT: u64 = 256 << 20;
const TEMPLATE_LIMIT: u64 = 4 << 20;
pub(crate) const IMAGE_LIMIT: u64 = 64 << 20;

/// Everything of a newsletter that a build or a mail is made of.
#[derive(Debug)]
pub(crate) struct Newsroom {
    pub(crate) reader: Reader,
    pub(crate) templates: Templates,
    /// Paths of the issues' files, as they were found.
    pub(crate) files: Vec<String>,
    /// Readable issues, by path.
    pub(crate) manuscripts: Vec<Manuscript>,
    /// Who they are, in the same order.
    pub(crate) issues: Vec<Identified>,
    /// The lock as it is to be written.
    pub(crate) lock: IdLock,
    /// Pinned issues whose file is gone.
    pub(crate) gone: Vec<Pin>,
    /// What `send` must have answered.
    pub(crate) questions: Vec<Question>,
    /// Issues whose file cannot be read at the moment.
    pub(crate) unreadable: Vec<Manuscript>,
    /// The pins of those.
    pub(crate) kept: Vec<Pin>,
    /// Their entries, as they were published.
    pub(crate) carried: Vec<Carried>,
    /// Entries of the feed as last published, where nothing is pinned yet: what
    /// is pinned cannot change its id.
    pub(crate) published: Vec<feed::ForeignEntry>,
    pub(crate) pages: Vec<Manuscript>,
    pub(crate) images: BTreeMap<String, Image>,
    pub(crate) settings: archive::Settings,
    /// What is to be said, by file and place; that of issues included.
    pub(crate) findings: Vec<Finding>,
}

impl Newsroom {
    /// Reads it all.
    pub(crate) fn read(folder: &Folder) -> Result<Newsroom, CommandError> {
        Newsroom::read_with(folder, "")
    }

    /// Reads it all and, where `selector` is the path of a file that is none of the
    /// newsletter's, that file as one more issue.
    pub(crate) fn read_with(folder: &Folder, selector: &str) -> Result<Newsroom, CommandError> {
        let reader = folder.reader()?;
        let language = folder.settings().newsletter.language.clone();
        let lock = read_lock(folder)?;
        let (templates, mut findings) = read_templates(folder)?;
        let mut files = folder.issue_files()?;
        if !selector.is_empty() && folder.path(selector).is_file() {
            let name = folder.name_of(selector.as_ref());
            if !files.contains(&name) {
                files.push(name);
            }
        }
        let newest = Newest::new(folder.settings().feeds.entries);
        let in_archive = folder.settings().archive.enabled;
        let build = folder.settings().build(String::new());
        let every_text = build.needs_every_text();
        let links = build.feeds && build.links;
        let read = folder.read_all(&reader, &files, |text| {
            let in_feeds = |summary: &Summary| {
                let admitted = newest.admits(summary);
                Wanted {
                    content: admitted || every_text,
                    items: admitted && links,
                }
            };
            archive::prepare(&reader, text, &language, in_archive, in_feeds)
        });
        let (mut manuscripts, unreadable): (Vec<Manuscript>, Vec<Manuscript>) =
            read.into_iter().partition(|manuscript| manuscript.readable);
        let pages = read_pages(folder, &reader, &language)?;

        let resolution = resolved(folder, &lock, &mut manuscripts);
        findings.extend(resolution.findings);
        for manuscript in manuscripts.iter().chain(&unreadable).chain(&pages) {
            findings.extend(manuscript.findings.iter().cloned());
        }
        let is_unreadable = |pin: &Pin| {
            let mut paths = unreadable.iter().map(|one| &one.summary.path);
            paths.any(|path| *path == pin.path)
        };
        let (kept, gone): (Vec<Pin>, Vec<Pin>) =
            resolution.gone.into_iter().partition(is_unreadable);
        let published = if lock.is_empty() {
            read_published(folder)?
        } else {
            Vec::new()
        };
        let carried = carried_entries(folder, &kept)?;
        let (images, missing) = read_images(folder, manuscripts.iter().chain(&pages))?;
        findings.extend(missing);
        let shown = manuscripts.iter().chain(&unreadable).chain(&pages);
        findings.extend(shown.flat_map(|one| heavy(one, &images)));
        let feed_id = resolution.lock.feed_id().unwrap_or_default();
        let mut newsroom = Newsroom {
            settings: folder.settings().build(feed_id.to_owned()),
            reader,
            templates,
            files,
            manuscripts,
            issues: resolution.issues,
            lock: resolution.lock,
            gone,
            questions: resolution.questions,
            unreadable,
            kept,
            carried,
            published,
            pages,
            images,
            findings,
        };
        let mut plan = newsroom.plan(folder);
        let plan_findings = std::mem::take(&mut plan.findings);
        // Pinned dates may order the issues otherwise than written ones.
        for place in plan.without_content() {
            let path = newsroom.manuscripts[place].summary.path.clone();
            let text = folder.read_issue(&newsroom.reader, &path);
            let wanted = Wanted {
                content: true,
                items: links,
            };
            let (content, items) = archive::texts(&newsroom.reader, &text, &language, wanted);
            newsroom.manuscripts[place].content = content;
            newsroom.manuscripts[place].items = items;
        }
        newsroom.findings.extend(plan_findings);
        let key = |finding: &Finding| {
            let (path, line, column, code) = finding.sort_key();
            (path.to_owned(), line, column, code)
        };
        newsroom.findings.sort_by_cached_key(key);
        Ok(newsroom)
    }

    /// The same of what was read and understood already. Nothing is built from it: what
    /// was published is not looked at.
    pub(crate) fn of(folder: &Folder, found: Found) -> Newsroom {
        let (mut manuscripts, unreadable): (Vec<Manuscript>, Vec<Manuscript>) = found
            .manuscripts
            .into_iter()
            .partition(|manuscript| manuscript.readable);
        let resolution = resolved(folder, &found.lock, &mut manuscripts);
        let mut findings = found.findings;
        findings.extend(resolution.findings);
        for manuscript in manuscripts.iter().chain(&unreadable).chain(&found.pages) {
            findings.extend(manuscript.findings.iter().cloned());
            let images = manuscript.images.iter();
            let missing = images.filter(|image| !found.images.contains_key(&image.path));
            findings.extend(missing.map(ImageUse::missing));
            findings.extend(heavy(manuscript, &found.images));
        }
        let feed_id = resolution.lock.feed_id().unwrap_or_default();
        let mut newsroom = Newsroom {
            settings: folder.settings().build(feed_id.to_owned()),
            reader: found.reader,
            templates: found.templates,
            files: Vec::new(),
            manuscripts,
            issues: resolution.issues,
            lock: resolution.lock,
            gone: resolution.gone,
            questions: resolution.questions,
            unreadable,
            kept: Vec::new(),
            carried: Vec::new(),
            published: Vec::new(),
            pages: found.pages,
            images: found.images,
            findings,
        };
        let mut plan = newsroom.plan(folder);
        let plan_findings = std::mem::take(&mut plan.findings);
        newsroom.findings.extend(plan_findings);
        newsroom
            .findings
            .sort_by(|one, other| one.sort_key().cmp(&other.sort_key()));
        newsroom
    }

    /// Settles addresses and order.
    pub(crate) fn plan<'a>(&'a self, folder: &'a Folder) -> Plan<'a> {
        Plan::new(Inputs {
            newsletter: &folder.settings().newsletter,
            settings: &self.settings,
            manuscripts: &self.manuscripts,
            issues: &self.issues,
            carried: &self.carried,
            pages: &self.pages,
            images: &self.images,
            templates: &self.templates,
        })
    }

    /// The place of the issue whose file is `path`.
    pub(crate) fn place(&self, path: &str) -> Option<usize> {
        let found = |one: &Manuscript| one.summary.path == path;
        self.manuscripts.iter().position(found)
    }

    /// What is to be said about one issue's file.
    pub(crate) fn findings_of<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Finding> {
        let file = path.split('#').next().unwrap_or(path);
        self.findings.iter().filter(move |one| one.path == file)
    }

    /// What is to be said about all that is published: not about drafts.
    pub(crate) fn public_findings(&self) -> Vec<Finding> {
        let drafts: BTreeSet<&str> = self
            .manuscripts
            .iter()
            .zip(&self.issues)
            .filter(|(_, issue)| issue.publication.is_draft())
            .map(|(manuscript, _)| manuscript.summary.path.as_str())
            .collect();
        let published = |one: &&Finding| !drafts.contains(one.path.as_str());
        self.findings.iter().filter(published).cloned().collect()
    }

    /// Errors of templates.
    pub(crate) fn broken_templates(&self) -> impl Iterator<Item = &Finding> {
        let inside = |one: &Finding| {
            let rest = one.path.strip_prefix(TEMPLATES);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let errors = self.findings.iter();
        errors.filter(move |one| one.level == Level::Error && inside(one))
    }

    /// Errors of templates: nothing is made with a broken one.
    pub(crate) fn require_templates(&self, terminal: &Terminal) -> Result<(), CommandError> {
        let mut any = false;
        for finding in self.broken_templates() {
            terminal.finding(finding);
            any = true;
        }
        if any {
            return Err(template_error());
        }
        Ok(())
    }
}

/// What a newsroom is made of, read and understood.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) reader: Reader,
    pub(crate) lock: IdLock,
    pub(crate) templates: Templates,
    /// Issues in the order of their files, those that cannot be read too.
    pub(crate) manuscripts: Vec<Manuscript>,
    pub(crate) pages: Vec<Manuscript>,
    pub(crate) images: BTreeMap<String, Image>,
    /// What is to be said of templates.
    pub(crate) findings: Vec<Finding>,
}

/// A written date and the path of its file.
type Dated = (NaiveDate, String);

/// Which issues may be among the newest of their language, by their written
/// dates, as they come to be read: the text of others is not rendered for feeds.
struct Newest {
    count: Option<usize>,
    seen: Mutex<BTreeMap<Option<String>, BTreeSet<Dated>>>,
}

impl Newest {
    fn new(count: Option<usize>) -> Newest {
        Newest {
            count,
            seen: Mutex::default(),
        }
    }

    fn admits(&self, summary: &Summary) -> bool {
        let (Some(count), Some(date)) = (self.count, summary.date) else {
            return true;
        };
        let key = (date.date, summary.path.clone());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = seen.entry(summary.language.clone()).or_default();
        newest.insert(key.clone());
        while newest.len() > count {
            newest.pop_first();
        }
        newest.contains(&key)
    }
}

/// The folder of overridden templates.
pub(crate) const TEMPLATES: &str = "templates";

/// Images that make readers wait.
fn heavy<'a>(
    manuscript: &'a Manuscript,
    images: &'a BTreeMap<String, Image>,
) -> impl Iterator<Item = Finding> + 'a {
    let shown = manuscript.images.iter();
    shown.filter_map(|image| image.heavy(images.get(&image.path)?.bytes.len()))
}

/// Who the issues of these manuscripts are. Their summaries are lent, not copied: there
/// may be thousands.
fn resolved(folder: &Folder, lock: &IdLock, manuscripts: &mut [Manuscript]) -> Resolution {
    let lent = manuscripts.iter_mut().map(|one| &mut one.summary);
    let summaries: Vec<Summary> = lent.map(std::mem::take).collect();
    let resolution = folder.resolve(lock, &summaries);
    for (manuscript, summary) in manuscripts.iter_mut().zip(summaries) {
        manuscript.summary = summary;
    }
    resolution
}

/// The error after a template's mistake was printed.
pub(crate) fn template_error() -> CommandError {
    CommandError::usage("a template has a mistake")
        .hint("mend it, or delete the file to have the built-in template back")
}

/// The lock. One with mistakes stops everything, for ids would change.
pub(crate) fn read_lock(folder: &Folder) -> Result<IdLock, CommandError> {
    let (lock, findings) = folder.id_lock()?;
    let Some(first) = findings.into_iter().find(|one| one.level == Level::Error) else {
        return Ok(lock);
    };
    let line = first.place.as_ref().map_or(1, |place| place.start.line);
    let words = format!("{LOCK_FILE}:{line}: {}", first.message);
    Err(
        CommandError::usage(words).hint(first.help.unwrap_or_else(|| {
            "this file keeps the ids that readers know; take it from Git as it was".to_owned()
        })),
    )
}

/// Built-in templates with the editor's over them.
pub(crate) fn read_templates(folder: &Folder) -> Result<(Templates, Vec<Finding>), CommandError> {
    let mut overrides = Vec::new();
    let wanted = |name: &&String| name.ends_with(".hbs") || *name == "style.css";
    for name in names_in(&folder.path(TEMPLATES))?.iter().filter(wanted) {
        let path = format!("{TEMPLATES}/{name}");
        let bytes = read_limited(&folder.path(&path), TEMPLATE_LIMIT)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        overrides.push((name.clone(), SourceFile::new(path, text)));
    }
    Ok(Templates::new(&overrides))
}

/// Paths of the editor's own pages, `pages/*.md`.
pub(crate) fn page_files(folder: &Folder) -> Result<Vec<String>, CommandError> {
    if !folder.path("pages").is_dir() {
        return Ok(Vec::new());
    }
    let search = Search {
        paths: vec!["pages".to_owned()],
        exclude: Vec::new(),
    };
    Ok(search.files(&folder.root)?)
}

/// The editor's own pages.
pub(crate) fn read_pages(
    folder: &Folder,
    reader: &Reader,
    language: &str,
) -> Result<Vec<Manuscript>, CommandError> {
    let files = page_files(folder)?;
    let read = folder.read_all(reader, &files, |text| {
        archive::prepare_page(reader, text, language)
    });
    Ok(read
        .into_iter()
        .filter(|page| page.readable && !page.summary.draft)
        .collect())
}

/// The local images that are shown, and what is to be said of those that are not
/// there.
fn read_images<'m>(
    folder: &Folder,
    manuscripts: impl Iterator<Item = &'m Manuscript> + Clone,
) -> Result<(BTreeMap<String, Image>, Vec<Finding>), CommandError> {
    let all = manuscripts.clone().flat_map(|one| &one.images);
    let open: BTreeSet<&str> = all
        .filter(|image| image.open)
        .map(|image| image.path.as_str())
        .collect();
    let mut images = BTreeMap::new();
    let mut findings = Vec::new();
    let mut tried: BTreeMap<String, bool> = BTreeMap::new();
    for manuscript in manuscripts {
        for image in &manuscript.images {
            let path = image.path.clone();
            let there = match tried.get(&path) {
                Some(there) => *there,
                None => {
                    let bytes = read_if_there(&folder.path(&image.path), IMAGE_LIMIT)?;
                    let there = bytes.is_some();
                    if let Some(bytes) = bytes {
                        let open = open.contains(image.path.as_str());
                        let image = Image::new(&image.path, bytes, open);
                        images.insert(path, image);
                    }
                    tried.insert(image.path.clone(), there);
                    there
                }
            };
            if !there {
                findings.push(image.missing());
            }
        }
    }
    Ok((images, findings))
}

/// What readers know of the main feed.
fn read_published(folder: &Folder) -> Result<Vec<feed::ForeignEntry>, CommandError> {
    for name in ["feed.json", "atom.xml", "rss.xml"] {
        let path = Path::new("feeds").join(name);
        if let Some(bytes) = read_if_there(&folder.path(&path), FEED_LIMIT)? {
            let read = feed::read(&bytes).map_err(|cause| {
                CommandError::new(Exit::Usage, cause).hint(format!(
                    "{} is what was published last; take it from Git, or delete it to have it written anew",
                    slashed(&path)
                ))
            })?;
            return Ok(read.entries);
        }
    }
    Ok(Vec::new())
}

/// Whole entries of the published feeds, for issues that cannot be read now.
fn carried_entries(folder: &Folder, pins: &[Pin]) -> Result<Vec<Carried>, CommandError> {
    let mut carried = Vec::new();
    let main = &folder.settings().newsletter.language;
    let languages: BTreeSet<&str> = pins.iter().map(|pin| pin.language.as_str()).collect();
    let others = languages
        .iter()
        .filter(|language| !language.is_empty() && *language != main);
    let folders = others.map(|language| format!("{language}/"));
    for below in folders.chain((!pins.is_empty()).then(String::new)) {
        let mut documents = vec![format!("{below}feed.json"), format!("{below}links.json")];
        for part in ["archive", "sections"] {
            let names = names_in(&folder.path(format!("feeds/{below}{part}")))?;
            let json = names.into_iter().filter(|name| name.ends_with(".json"));
            documents.extend(json.map(|name| format!("{below}{part}/{name}")));
        }
        for document in documents {
            let path = folder.path(format!("feeds/{document}"));
            let Some(bytes) = read_if_there(&path, FEED_LIMIT)? else {
                continue;
            };
            let pinned = |entry: &feed::Entry| pins.iter().any(|pin| is_of(&entry.id, &pin.id));
            let entries = feed::carry(&bytes).into_iter().filter(pinned);
            carried.extend(entries.map(|entry| Carried {
                document: document.clone(),
                entry: Arc::new(entry),
            }));
        }
    }
    Ok(carried)
}

/// Whether an id is that of an issue's entry, or of a part of it.
fn is_of(id: &str, issue: &str) -> bool {
    let part = id.strip_prefix(issue);
    part.is_some_and(|part| {
        let parts = ["#section-", "#item-", "/section-", "/item-"];
        part.is_empty() || parts.iter().any(|begin| part.starts_with(begin))
    })
}
