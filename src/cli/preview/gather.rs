//! The newsletter as the desk holds it: read once, and then only what changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use unicode_segmentation::UnicodeSegmentation;

use crate::archive::{self, Image, Manuscript, Wanted};
use crate::cli::args::Global;
use crate::cli::error::CommandError;
use crate::cli::folder::{CONFIG_FILE, Folder, LOCK_FILE};
use crate::cli::newsroom::{
    Found, IMAGE_LIMIT, Newsroom, TEMPLATES, page_files, read_lock, read_pages, read_templates,
};
use crate::cli::terminal::Terminal;
use crate::config::show_json;
use crate::diagnostic::Level;
use crate::files::{Marks, names_in, read_if_there};
use crate::issue::Text;

/// What the desk shows things of.
pub(super) struct Gathered {
    pub(super) folder: Folder,
    pub(super) newsroom: Newsroom,
    /// Words of each issue's text, by path.
    pub(super) words: BTreeMap<String, usize>,
    /// Errors, warnings and notes of each file.
    pub(super) counts: BTreeMap<String, [usize; 3]>,
    seen: Seen,
    /// Images that are shown, and whether they are for everybody.
    open: BTreeMap<String, bool>,
}

/// What it was made of.
#[derive(Debug, PartialEq)]
struct Seen {
    settings: serde_json::Value,
    issues: Marks,
    /// Pages, templates, settings, what is pinned.
    others: Marks,
    images: Marks,
}

/// An issue's file as it was understood.
struct Read {
    manuscript: Manuscript,
    words: usize,
}

/// Reads what changed since `before`. `None` where nothing did. What was there before
/// is left as it is where the folder cannot be read.
pub(super) fn gather(
    global: &Global,
    before: &mut Option<Gathered>,
    touched: &BTreeSet<PathBuf>,
    anyway: bool,
    terminal: &Terminal,
) -> Result<bool, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    let files = folder.issue_files()?;
    let root = &folder.root;
    let others = other_files(&folder)?;
    let mut seen = Seen {
        settings: show_json(&folder.loaded.values),
        issues: Marks::take(root, files.iter().cloned()),
        others: Marks::take(root, others),
        images: Marks::default(),
    };
    let touched = named(&folder, touched);
    if let Some(known) = before
        && !anyway
    {
        let images = known.seen.images.paths().map(str::to_owned);
        seen.images = Marks::take(root, images);
        if seen == known.seen && touched.iter().all(|path| !known.knows(path)) {
            return Ok(false);
        }
    }
    let lock = read_lock(&folder)?;
    let (templates, findings) = read_templates(&folder)?;
    let reader = folder.reader()?;
    let language = folder.settings().newsletter.language.clone();
    let pages = read_pages(&folder, &reader, &language)?;

    // From here on what was there before is taken apart.
    let same_settings = before
        .as_ref()
        .is_some_and(|known| known.seen.settings == seen.settings);
    let mut kept: BTreeMap<String, Vec<Read>> = BTreeMap::new();
    let mut images: BTreeMap<String, Image> = BTreeMap::new();
    let mut image_marks = Marks::default();
    let mut was_open: BTreeMap<String, bool> = BTreeMap::new();
    let known = before.take();
    if let Some(mut known) = known {
        let changed: BTreeSet<String> = seen.issues.other_than(&known.seen.issues).collect();
        if same_settings {
            let newsroom = &mut known.newsroom;
            let all = std::mem::take(&mut newsroom.manuscripts)
                .into_iter()
                .chain(std::mem::take(&mut newsroom.unreadable));
            for manuscript in all {
                let file = known.folder.file_of(&manuscript.summary.path).to_owned();
                if !changed.contains(&file) && !touched.contains(&file) {
                    let words = known.words.get(&manuscript.summary.path);
                    let words = words.copied().unwrap_or_default();
                    kept.entry(file)
                        .or_default()
                        .push(Read { manuscript, words });
                }
            }
        }
        images = std::mem::take(&mut known.newsroom.images);
        image_marks = known.seen.images;
        was_open = known.open;
    }
    let fresh: Vec<String> = files
        .iter()
        .filter(|file| !kept.contains_key(*file))
        .cloned()
        .collect();
    let read = folder.read_all(&reader, &fresh, |text| {
        (
            text.source.path().to_owned(),
            understood(&reader, text, &language),
        )
    });
    for (file, read) in read {
        kept.entry(file).or_default().push(read);
    }
    let mut words = BTreeMap::new();
    let mut manuscripts = Vec::with_capacity(files.len());
    for file in &files {
        for read in kept.remove(file).unwrap_or_default() {
            words.insert(read.manuscript.summary.path.clone(), read.words);
            manuscripts.push(read.manuscript);
        }
    }
    let shown = manuscripts.iter().chain(&pages).flat_map(|one| &one.images);
    // By path, and whether they are for everybody: that is part of their names.
    let mut open: BTreeMap<String, bool> = BTreeMap::new();
    for image in shown {
        *open.entry(image.path.clone()).or_default() |= image.open;
    }
    let shown: BTreeSet<String> = open.keys().cloned().collect();
    seen.images = Marks::take(&folder.root, shown.iter().cloned());
    let other: BTreeSet<String> = seen.images.other_than(&image_marks).collect();
    images.retain(|path, _| {
        shown.contains(path) && !other.contains(path) && was_open.get(path) == open.get(path)
    });
    for path in &shown {
        if !images.contains_key(path)
            && let Ok(Some(bytes)) = read_if_there(&folder.path(path), IMAGE_LIMIT)
        {
            images.insert(path.clone(), Image::new(path, bytes, open[path]));
        }
    }
    let newsroom = Newsroom::of(
        &folder,
        Found {
            reader,
            lock,
            templates,
            manuscripts,
            pages,
            images,
            findings,
        },
    );
    let mut counts: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for finding in &newsroom.findings {
        let count = counts.entry(finding.path.clone()).or_default();
        count[match finding.level {
            Level::Error => 0,
            Level::Warning => 1,
            Level::Note => 2,
        }] += 1;
    }
    *before = Some(Gathered {
        folder,
        newsroom,
        words,
        counts,
        seen,
        open,
    });
    Ok(true)
}

impl Gathered {
    /// Whether a path is one of those that it is made of.
    fn knows(&self, path: &str) -> bool {
        let seen = [&self.seen.issues, &self.seen.others, &self.seen.images];
        seen.into_iter()
            .any(|marks| marks.paths().any(|known| known == path))
    }
}

fn understood(reader: &crate::issue::Reader, text: &Text, language: &str) -> Read {
    // Pages and feeds are made when somebody looks at them.
    let manuscript = archive::prepare(reader, text, language, false, |_| Wanted::default());
    Read {
        manuscript,
        words: text.source.text().unicode_words().count(),
    }
}

/// Templates, pages, settings and what is pinned.
fn other_files(folder: &Folder) -> Result<Vec<String>, CommandError> {
    let mut others = vec![CONFIG_FILE.to_owned(), LOCK_FILE.to_owned()];
    let templates = names_in(&folder.path(TEMPLATES))?;
    others.extend(templates.iter().map(|name| format!("{TEMPLATES}/{name}")));
    others.extend(page_files(folder)?);
    Ok(others)
}

/// Paths as the newsletter's folder says them.
fn named(folder: &Folder, touched: &BTreeSet<PathBuf>) -> BTreeSet<String> {
    let root = std::fs::canonicalize(&folder.root).unwrap_or_else(|_| folder.root.clone());
    let below = |path: &PathBuf| {
        let path = path
            .strip_prefix(&root)
            .or_else(|_| path.strip_prefix(&folder.root));
        path.ok().map(|path: &Path| crate::files::slashed(path))
    };
    touched.iter().filter_map(below).collect()
}
