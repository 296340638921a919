use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::files::write::{same, sweep, write_pieces_if_changed};
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
    adopts: bool,
    ledger: Mutex<Ledger>,
}

/// What a run has done so far.
#[derive(Debug, Default)]
struct Ledger {
    written: BTreeMap<String, u64>,
    journal: Option<File>,
    tally: Tally,
}

/// What a run did to its folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// All files that are there now, of the folder's list.
    #[serde(skip)]
    pub files: Vec<String>,
}

impl Tally {
    /// What a run would do that finds everything as this one left it.
    pub fn again(&self) -> Tally {
        Tally {
            unchanged: self.created + self.replaced + self.unchanged,
            ..Tally::default()
        }
    }
}

impl Output {
    /// Opens a folder for writing; it is made when the first file is.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] if the list of an earlier run cannot be read.
    pub fn open(root: &Path) -> Result<Output, Error> {
        sweep(root);
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
            adopts: false,
            ledger: Mutex::default(),
        })
    }

    /// Takes files of the same names for an earlier run's, whatever wrote them:
    /// for a folder that belongs to this program alone and comes without its list,
    /// as from a clone.
    pub fn adopting(mut self) -> Output {
        self.adopts = true;
        self
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Each change of it is whole, whatever became of another thread.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the file at `path` (relative, with `/`) hold `bytes`. Threads may
    /// write different files at once.
    ///
    /// # Errors
    ///
    /// [`Error::NotOurs`] for a file that no earlier run wrote,
    /// [`Error::Outside`] for a path that leads out of the folder, and those of
    /// [`write_if_changed`].
    pub fn write(&self, path: &str, bytes: &[u8]) -> Result<Change, Error> {
        self.write_pieces(path, std::iter::once(bytes))
    }

    /// The same with bytes that lie in pieces.
    ///
    /// # Errors
    ///
    /// As [`Output::write`].
    pub fn write_pieces<'b>(
        &self,
        path: &str,
        pieces: impl Iterator<Item = &'b [u8]> + Clone,
    ) -> Result<Change, Error> {
        if !is_below(path) || path == MANIFEST {
            return Err(Error::Outside {
                path: path.to_owned(),
            });
        }
        let target = self.root.join(path);
        let hash = fingerprint(pieces.clone());
        let known = self.known.get(path);
        if known.is_none() && !self.adopts && same(&target, pieces.clone()) == Some(false) {
            return Err(Error::NotOurs { path: target });
        }
        if known != Some(&hash) {
            self.claim(path, hash)?;
        }
        let change = write_pieces_if_changed(&target, pieces)?;
        let mut ledger = self.ledger();
        match change {
            Change::Created => ledger.tally.created += 1,
            Change::Replaced => ledger.tally.replaced += 1,
            Change::Unchanged => ledger.tally.unchanged += 1,
        }
        ledger.written.insert(path.to_owned(), hash);
        drop(ledger);
        Ok(change)
    }

    /// Leaves a file of an earlier run as it is.
    pub fn keep(&self, path: &str) {
        if let Some(hash) = self.known.get(path) {
            self.ledger().written.insert(path.to_owned(), *hash);
        }
    }

    /// Leaves all files of earlier runs in a folder (with its `/`) as they are.
    pub fn keep_below(&self, folder: &str) {
        let known = self.known.iter();
        for (path, hash) in known.filter(|(path, _)| path.starts_with(folder)) {
            self.ledger().written.entry(path.clone()).or_insert(*hash);
        }
    }

    /// Deletes what earlier runs wrote and this one did not, with the folders
    /// that are empty then, and keeps the list for the next run.
    ///
    /// # Errors
    ///
    /// [`Error::Delete`] and those of [`write_if_changed`].
    pub fn finish(self) -> Result<Tally, Error> {
        let Output {
            root,
            known,
            ledger,
            ..
        } = self;
        let mut ledger = ledger.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut folders = BTreeSet::new();
        for (path, hash) in &known {
            if !ledger.written.contains_key(path) {
                delete(&root, path, *hash, &mut ledger.tally, &mut folders)?;
            }
        }
        // Longest first: a folder is empty once those in it are gone.
        for folder in folders.iter().rev() {
            // One that is not empty stays, and that is no failure.
            let _ = fs::remove_dir(folder);
        }
        drop(ledger.journal.take());
        if !ledger.written.is_empty() || !known.is_empty() {
            let mut list = HEADER.to_owned();
            for (path, hash) in &ledger.written {
                list.push_str(&format!("{hash:016x} {path}\n"));
            }
            write_if_changed(&root.join(MANIFEST), list.as_bytes())?;
        }
        ledger.tally.files = ledger.written.into_keys().collect();
        Ok(ledger.tally)
    }

    /// Notes a file in the list before it is made.
    fn claim(&self, path: &str, hash: u64) -> Result<(), Error> {
        let list = self.root.join(MANIFEST);
        let failed = |source| Error::Write {
            path: list.clone(),
            source,
        };
        let mut ledger = self.ledger();
        if ledger.journal.is_none() {
            create_folder(&self.root)?;
            let file = OpenOptions::new().create(true).append(true).open(&list);
            ledger.journal = Some(file.map_err(failed)?);
        }
        if let Some(journal) = &mut ledger.journal {
            let line = format!("{hash:016x} {path}\n");
            journal.write_all(line.as_bytes()).map_err(failed)?;
        }
        Ok(())
    }
}

/// Deletes a file of an earlier run, unless someone changed it since; notes the
/// folders above it.
fn delete(
    root: &Path,
    path: &str,
    hash: u64,
    tally: &mut Tally,
    folders: &mut BTreeSet<PathBuf>,
) -> Result<(), Error> {
    let target = root.join(path);
    let Ok(bytes) = fs::read(&target) else {
        return Ok(());
    };
    if fingerprint(std::iter::once(bytes.as_slice())) != hash {
        tally.kept.push(path.to_owned());
        return Ok(());
    }
    fs::remove_file(&target).map_err(|source| Error::Delete {
        path: target.clone(),
        source,
    })?;
    tally.deleted += 1;
    let above = target.ancestors().skip(1);
    folders.extend(
        above
            .take_while(|folder| *folder != root)
            .map(Path::to_owned),
    );
    Ok(())
}

/// Whether a path stays below the folder that it is relative to.
fn is_below(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\\', '\n', '\r', '\0'])
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// FNV-1a over eight bytes at a time: tells a file that someone edited from one
/// that was left as written. Not a protection against malice.
fn fingerprint<'b>(pieces: impl Iterator<Item = &'b [u8]> + Clone) -> u64 {
    let length: usize = pieces.clone().map(<[u8]>::len).sum();
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325 ^ length as u64;
    let mut add = |word: [u8; 8]| {
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01b3);
        hash ^= hash >> 29;
    };
    // A word may begin in one piece and end in another.
    let (mut word, mut filled) = ([0; 8], 0);
    for mut piece in pieces {
        if filled > 0 {
            let (first, rest) = piece.split_at(piece.len().min(8 - filled));
            word[filled..filled + first.len()].copy_from_slice(first);
            filled += first.len();
            if filled < 8 {
                continue;
            }
            add(word);
            piece = rest;
        }
        let (words, rest) = piece.as_chunks();
        words.iter().for_each(|word| add(*word));
        word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        filled = rest.len();
    }
    if filled > 0 {
        // The rest of the last word may be of an earlier one.
        word[filled..].fill(0);
        add(word);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_same_file_however_they_are_cut() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let whole = fingerprint(std::iter::once(bytes.as_slice()));
        let folder = tempfile::tempdir().unwrap();
        let output = Output::open(folder.path()).unwrap().adopting();
        output.write("a", &bytes).unwrap();
        for size in [1, 2, 3, 7, 8, 9, 64, 999] {
            let empty: &[u8] = &[];
            let pieces = bytes.chunks(size).flat_map(|piece| [empty, piece]);
            assert_eq!(fingerprint(pieces.clone()), whole, "{size}");
            let change = output.write_pieces("a", pieces).unwrap();
            assert_eq!(change, Change::Unchanged, "{size}");
        }
        let short = [&bytes[..999], &[0]];
        let change = output.write_pieces("a", short.into_iter()).unwrap();
        assert_eq!(change, Change::Replaced);
        assert_eq!(fs::read(folder.path().join("a")).unwrap(), short.concat());
    }

    fn run(root: &Path, files: &[(&str, &str)]) -> Result<Tally, Error> {
        let output = Output::open(root)?;
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
        let output = Output::open(folder.path()).unwrap();
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
            let output = Output::open(folder.path()).unwrap();
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
