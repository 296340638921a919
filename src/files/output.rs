use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::files::write::same;
use crate::files::{Change, Error, create_folder, read_if_there, write_if_changed};

/// Name of the list of written files, in the folder that is written.
const MANIFEST: &str = ".letterpress";
const HEADER: &str = "# files that letterpress wrote and may delete again\n";
const MANIFEST_LIMIT: u64 = 256 << 20;

/// A folder that is filled anew by each run: unchanged files are not touched,
/// files of the run before that this one does not write are deleted, and
/// nothing of another origin is deleted or overwritten.
///
/// What was written stands in a list in the folder, which is added to before a
/// file is made, so that a run that was killed leaves no file unclaimed.
#[derive(Debug)]
pub struct Output {
    root: PathBuf,
    known: BTreeMap<String, u64>,
    written: BTreeMap<String, u64>,
    journal: Option<File>,
    folders: BTreeSet<PathBuf>,
    tally: Tally,
    adopts: bool,
}

/// What a run did to its folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Files that were not there before.
    pub created: usize,
    /// Files whose bytes changed.
    pub replaced: usize,
    /// Files that were not touched.
    pub unchanged: usize,
    /// Files of an earlier run that were deleted.
    pub deleted: usize,
    /// Files of an earlier run that someone changed since; they were kept.
    pub kept: Vec<String>,
}

impl Output {
    /// Opens a folder for writing; it is made when the first file is.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] if the list of an earlier run cannot be read.
    pub fn open(root: &Path) -> Result<Output, Error> {
        let list = read_if_there(&root.join(MANIFEST), MANIFEST_LIMIT)?.unwrap_or_default();
        let list = String::from_utf8_lossy(&list);
        let known = list
            .lines()
            .filter_map(|line| {
                let (hash, path) = line.split_once(' ')?;
                let hash = u64::from_str_radix(hash, 16).ok()?;
                is_below(path).then(|| (path.to_owned(), hash))
            })
            .collect();
        Ok(Output {
            root: root.to_owned(),
            known,
            written: BTreeMap::new(),
            journal: None,
            folders: BTreeSet::new(),
            tally: Tally::default(),
            adopts: false,
        })
    }

    /// Takes files of the same names for an earlier run's, whatever wrote them:
    /// for a folder that belongs to this program alone and comes without its list,
    /// as from a clone.
    pub fn adopting(mut self) -> Output {
        self.adopts = true;
        self
    }

    /// Makes the file at `path` (relative, with `/`) hold `bytes`.
    ///
    /// # Errors
    ///
    /// [`Error::NotOurs`] for a file that no earlier run wrote,
    /// [`Error::Outside`] for a path that leads out of the folder, and those of
    /// [`write_if_changed`].
    pub fn write(&mut self, path: &str, bytes: &[u8]) -> Result<Change, Error> {
        if !is_below(path) || path == MANIFEST {
            return Err(Error::Outside {
                path: path.to_owned(),
            });
        }
        let target = self.root.join(path);
        let hash = fingerprint(bytes);
        let known = self.known.get(path);
        if known.is_none() && !self.adopts && same(&target, bytes) == Some(false) {
            return Err(Error::NotOurs { path: target });
        }
        if known != Some(&hash) {
            self.claim(path, hash)?;
        }
        let change = write_if_changed(&target, bytes)?;
        match change {
            Change::Created => self.tally.created += 1,
            Change::Replaced => self.tally.replaced += 1,
            Change::Unchanged => self.tally.unchanged += 1,
        }
        self.written.insert(path.to_owned(), hash);
        Ok(change)
    }

    /// Leaves a file of an earlier run as it is.
    pub fn keep(&mut self, path: &str) {
        if let Some(hash) = self.known.get(path) {
            self.written.insert(path.to_owned(), *hash);
        }
    }

    /// Deletes what earlier runs wrote and this one did not, with the folders
    /// that are empty then, and keeps the list for the next run.
    ///
    /// # Errors
    ///
    /// [`Error::Delete`] and those of [`write_if_changed`].
    pub fn finish(mut self) -> Result<Tally, Error> {
        let stale: Vec<(String, u64)> = self
            .known
            .iter()
            .filter(|(path, _)| !self.written.contains_key(*path))
            .map(|(path, hash)| (path.clone(), *hash))
            .collect();
        for (path, hash) in stale {
            self.delete(&path, hash)?;
        }
        // Longest first: a folder is empty once those in it are gone.
        for folder in self.folders.iter().rev() {
            // One that is not empty stays, and that is no failure.
            let _ = fs::remove_dir(folder);
        }
        drop(self.journal.take());
        if !self.written.is_empty() || !self.known.is_empty() {
            let mut list = HEADER.to_owned();
            for (path, hash) in &self.written {
                list.push_str(&format!("{hash:016x} {path}\n"));
            }
            write_if_changed(&self.root.join(MANIFEST), list.as_bytes())?;
        }
        Ok(self.tally)
    }

    fn delete(&mut self, path: &str, hash: u64) -> Result<(), Error> {
        let target = self.root.join(path);
        let Ok(bytes) = fs::read(&target) else {
            return Ok(());
        };
        if fingerprint(&bytes) != hash {
            self.tally.kept.push(path.to_owned());
            return Ok(());
        }
        fs::remove_file(&target).map_err(|source| Error::Delete {
            path: target.clone(),
            source,
        })?;
        self.tally.deleted += 1;
        let above = target.ancestors().skip(1);
        for folder in above.take_while(|folder| *folder != self.root) {
            self.folders.insert(folder.to_owned());
        }
        Ok(())
    }

    /// Notes a file in the list before it is made.
    fn claim(&mut self, path: &str, hash: u64) -> Result<(), Error> {
        let list = self.root.join(MANIFEST);
        let failed = |source| Error::Write {
            path: list.clone(),
            source,
        };
        if self.journal.is_none() {
            create_folder(&self.root)?;
            let file = OpenOptions::new().create(true).append(true).open(&list);
            self.journal = Some(file.map_err(failed)?);
        }
        if let Some(journal) = &mut self.journal {
            let line = format!("{hash:016x} {path}\n");
            journal.write_all(line.as_bytes()).map_err(failed)?;
        }
        Ok(())
    }
}

/// Whether a path stays below the folder that it is relative to.
fn is_below(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\\', '\n', '\r', '\0'])
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// FNV-1a over eight bytes at a time: tells a file that someone edited from one
/// that was left as written. Not a protection against malice.
fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325 ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01b3);
        hash ^= hash >> 29;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(root: &Path, files: &[(&str, &str)]) -> Result<Tally, Error> {
        let mut output = Output::open(root)?;
        for (path, text) in files {
            output.write(path, text.as_bytes())?;
        }
        output.finish()
    }

    #[test]
    fn a_second_run_touches_nothing_and_a_third_deletes_what_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("public");
        let first = run(&root, &[("a.html", "1"), ("old/deep/b.html", "2")]).unwrap();
        assert_eq!(first.created, 2);
        let second = run(&root, &[("a.html", "1"), ("old/deep/b.html", "2")]).unwrap();
        assert_eq!((second.unchanged, second.deleted), (2, 0));
        fs::write(root.join("mine.txt"), "mine").unwrap();
        let third = run(&root, &[("a.html", "3")]).unwrap();
        assert_eq!((third.replaced, third.deleted), (1, 1));
        assert!(!root.join("old").exists());
        assert!(root.join("mine.txt").exists());
    }

    #[test]
    fn a_file_of_another_origin_is_neither_overwritten_nor_deleted() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("index.html"), "by hand").unwrap();
        let error = run(folder.path(), &[("index.html", "made")]).unwrap_err();
        assert!(matches!(error, Error::NotOurs { .. }), "{error}");
        let kept = fs::read_to_string(folder.path().join("index.html")).unwrap();
        assert_eq!(kept, "by hand");
    }

    #[test]
    fn a_file_that_was_edited_since_is_kept_and_named() {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), &[("a", "1"), ("b", "2")]).unwrap();
        fs::write(folder.path().join("b"), "edited").unwrap();
        let tally = run(folder.path(), &[("a", "1")]).unwrap();
        assert_eq!(tally.kept, ["b"]);
        assert!(folder.path().join("b").exists());
    }

    #[test]
    fn a_killed_run_leaves_no_file_unclaimed() {
        let folder = tempfile::tempdir().unwrap();
        let mut output = Output::open(folder.path()).unwrap();
        output.write("a", b"half").unwrap();
        drop(output);
        let tally = run(folder.path(), &[("a", "whole")]).unwrap();
        assert_eq!(tally.replaced, 1);
    }

    #[test]
    fn no_path_leads_out() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            "../x",
            "/etc/x",
            "a//b",
            "a/../../x",
            "",
            ".letterpress",
            "a\\b",
        ] {
            let mut output = Output::open(folder.path()).unwrap();
            assert!(
                matches!(output.write(path, b""), Err(Error::Outside { .. })),
                "{path}"
            );
        }
        let list = folder.path().join(MANIFEST);
        fs::write(&list, "0000000000000000 ../victim\n").unwrap();
        assert!(Output::open(folder.path()).unwrap().known.is_empty());
    }
}
