//! Telling without reading whether files are as they were.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// Clocks of file systems go in steps; a change within this time of a moment may
/// bear the same time.
const GRAIN: Duration = Duration::from_millis(50);

/// Size and times of some files at one moment, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks(BTreeMap<String, Option<Mark>>);

/// Any change of a file's content changes one of these: nobody can set the time
/// of the last change of its inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    length: u64,
    modified: u128,
    changed: u128,
    inode: u64,
}

impl Marks {
    /// Looks at files below `root`; one that is not there is marked as that.
    pub fn take(root: &Path, paths: impl IntoIterator<Item = String>) -> Marks {
        let marks = paths.into_iter().map(|path| {
            let mark = fs::metadata(root.join(&path))
                .ok()
                .map(|about| mark(&about));
            (path, mark)
        });
        Marks(marks.collect())
    }

    /// Whether each file is as it was.
    pub fn hold(&self, root: &Path) -> bool {
        self.0.iter().all(|(path, before)| {
            let now = fs::metadata(root.join(path)).ok().map(|about| mark(&about));
            now == *before
        })
    }

    /// Whether these are the marks of exactly these files.
    pub fn are_of<'p>(&self, paths: impl IntoIterator<Item = &'p String>) -> bool {
        let mut count = 0;
        let known = paths.into_iter().all(|path| {
            count += 1;
            self.0.contains_key(path)
        });
        known && count == self.0.len()
    }

    /// Paths of all files.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Paths of the files that are otherwise than they were `before`, or were not
    /// looked at then.
    pub fn other_than(&self, before: &Marks) -> impl Iterator<Item = String> {
        let marks = self.0.iter();
        let other = marks.filter(|(path, mark)| before.0.get(*path) != Some(mark));
        other.map(|(path, _)| path.clone())
    }

    /// Whether a file may have changed at `moment` or later, so that what was
    /// read of it before the marks were taken may be something else.
    pub fn touched_since(&self, moment: SystemTime) -> bool {
        let since = nanoseconds(moment).saturating_sub(GRAIN.as_nanos());
        let marks = self.0.values().flatten();
        marks.into_iter().any(|mark| mark.changed >= since)
    }
}

fn mark(about: &Metadata) -> Mark {
    let modified = about.modified().map_or(0, nanoseconds);
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let seconds = u128::try_from(about.ctime()).unwrap_or(0);
        let rest = u128::try_from(about.ctime_nsec()).unwrap_or(0);
        Mark {
            length: about.len(),
            modified,
            changed: seconds * 1_000_000_000 + rest,
            inode: about.ino(),
        }
    }
    #[cfg(not(unix))]
    Mark {
        length: about.len(),
        modified,
        changed: modified,
        inode: 0,
    }
}

fn nanoseconds(moment: SystemTime) -> u128 {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_change_of_a_file_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::write(root.join("a"), "one").unwrap();
        let paths = || ["a".to_owned(), "gone".to_owned()];
        let marks = Marks::take(root, paths());
        assert!(marks.hold(root));
        assert!(marks.are_of(&paths()));
        assert!(!marks.are_of(&["a".to_owned()]));
        fs::write(root.join("gone"), "").unwrap();
        assert!(!marks.hold(root), "a file that is there now");
        fs::remove_file(root.join("gone")).unwrap();
        fs::write(root.join("a"), "longer").unwrap();
        assert!(!marks.hold(root), "another size");
    }

    #[test]
    fn a_file_written_while_it_was_read_is_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let before = SystemTime::now();
        fs::write(folder.path().join("a"), "one").unwrap();
        let marks = Marks::take(folder.path(), ["a".to_owned()]);
        assert!(marks.touched_since(before));
        assert!(!marks.touched_since(SystemTime::now() + 2 * GRAIN));
    }
}
