//! Knowing that a build would change nothing, without doing it.
//!
//! After a build without errors, `data/build.json` keeps what it was made of:
//! settings, marks of all files read and written, and the moment at which the
//! next draft is due. Anything else than the very same makes a whole build.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::cli::build::Built;
use crate::cli::error::CommandError;
use crate::cli::folder::{CONFIG_FILE, Folder, LOCK_FILE};
use crate::cli::newsroom::{Newsroom, TEMPLATES, page_files};
use crate::config::show_json;
use crate::files::{Marks, names_in, read_if_there, write_if_changed};

const STAMP_FILE: &str = "data/build.json";
const STAMP_LIMIT: u64 = 256 << 20;

/// What a build was made of, and what it made.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stamp {
    /// Version of the program.
    program: String,
    /// All settings with the layers that set them.
    settings: serde_json::Value,
    /// When the next draft is due.
    until: Option<DateTime<Utc>>,
    /// Files found by looking: issues, pages, templates.
    sources: Marks,
    /// Further files that were read: settings and images.
    others: Marks,
    /// Files that were written, below the folder that was built.
    outputs: Marks,
    /// What the build said.
    pub(crate) built: Built,
}

impl Stamp {
    /// The stamp of the last build into `root`, if another one now would do
    /// nothing.
    pub(crate) fn valid(folder: &Folder, root: &Path) -> Option<Stamp> {
        let bytes = read_if_there(&root.join(STAMP_FILE), STAMP_LIMIT).ok()??;
        let stamp: Stamp = serde_json::from_slice(&bytes).ok()?;
        let same = stamp.program == program()
            && stamp.settings == show_json(&folder.loaded.values)
            && stamp.until.is_none_or(|until| folder.now < until)
            && stamp
                .sources
                .are_of(&sources(folder, folder.issue_files().ok()?).ok()?)
            && stamp.sources.hold(&folder.root)
            && stamp.others.hold(&folder.root)
            && stamp.outputs.hold(root);
        same.then_some(stamp)
    }

    /// Keeps what a build was made of that began at `begun`. A build with errors
    /// is not kept, so that the next one says them again; nor one whose files
    /// were written to while it ran.
    pub(crate) fn keep(
        folder: &Folder,
        newsroom: &Newsroom,
        root: &Path,
        built: Built,
        begun: SystemTime,
    ) -> Result<(), CommandError> {
        if !built.is_clean() || !newsroom.unreadable.is_empty() {
            return Ok(());
        }
        let images = newsroom.manuscripts.iter().chain(&newsroom.pages);
        let images = images.flat_map(|one| one.images.iter().map(|image| image.path.clone()));
        let mut others: BTreeSet<String> = images.collect();
        others.insert(CONFIG_FILE.to_owned());
        let outputs = built.outputs().chain([LOCK_FILE.to_owned()]);
        let due = newsroom.issues.iter();
        let stamp = Stamp {
            program: program(),
            settings: show_json(&folder.loaded.values),
            until: due.filter_map(|issue| issue.publication.due()).min(),
            sources: Marks::take(&folder.root, sources(folder, newsroom.files.clone())?),
            others: Marks::take(&folder.root, others),
            outputs: Marks::take(root, outputs),
            built,
        };
        if stamp.sources.touched_since(begun) || stamp.others.touched_since(begun) {
            return Ok(());
        }
        let text = serde_json::to_vec(&stamp)
            .map_err(|cause| CommandError::unexpected(format!("the stamp is no JSON: {cause}")))?;
        write_if_changed(&root.join(STAMP_FILE), &text)?;
        Ok(())
    }
}

fn program() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// All files that a build finds by looking; `paths` are those of the issues.
fn sources(folder: &Folder, mut paths: Vec<String>) -> Result<Vec<String>, CommandError> {
    paths.extend(page_files(folder)?);
    let templates = names_in(&folder.path(TEMPLATES))?;
    paths.extend(templates.iter().map(|name| format!("{TEMPLATES}/{name}")));
    paths.sort();
    paths.dedup();
    Ok(paths)
}
