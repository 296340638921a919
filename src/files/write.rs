use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::iter::once;
use std::path::Path;
use std::time::Duration;

use crate::files::Error;

/// What writing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The file was not there.
    Created,
    /// Its bytes were others.
    Replaced,
    /// It had these bytes already and was not touched.
    Unchanged,
}

/// Makes a file hold `bytes`: whole or not at all, and untouched if it does
/// already. Its folder is made when missing.
///
/// # Errors
///
/// [`Error::Folder`] and [`Error::Write`]; what lay there before still does.
pub fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<Change, Error> {
    write_pieces_if_changed(path, once(bytes))
}

/// The same with bytes that lie in pieces.
pub(crate) fn write_pieces_if_changed<'b>(
    path: &Path,
    pieces: impl Iterator<Item = &'b [u8]> + Clone,
) -> Result<Change, Error> {
    let change = match same(path, pieces.clone()) {
        Some(true) => return Ok(Change::Unchanged),
        Some(false) => Change::Replaced,
        None => Change::Created,
    };
    replace(path, pieces, Mode::Usual)?;
    Ok(change)
}

/// The same for locks and keys: when it returns, the file and its name are on
/// the disk.
///
/// # Errors
///
/// As [`write_if_changed`].
pub fn write_durable(path: &Path, bytes: &[u8]) -> Result<Change, Error> {
    let change = match same(path, once(bytes)) {
        Some(true) => return Ok(Change::Unchanged),
        Some(false) => Change::Replaced,
        None => Change::Created,
    };
    replace(path, once(bytes), Mode::Durable)?;
    Ok(change)
}

/// The same for a copy of a key: it is hidden from others, and takes the place
/// of an older one.
///
/// # Errors
///
/// As [`write_if_changed`].
pub fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    replace(path, once(bytes), Mode::SecretAgain)
}

/// Makes a file that must not be there yet; `secret` hides it from others.
///
/// # Errors
///
/// [`Error::Exists`], and as [`write_if_changed`].
pub fn write_new(path: &Path, bytes: &[u8], secret: bool) -> Result<(), Error> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(Error::Exists {
            path: path.to_owned(),
        });
    }
    replace(
        path,
        once(bytes),
        if secret { Mode::Secret } else { Mode::New },
    )
}

/// Makes a folder and those above it.
///
/// # Errors
///
/// [`Error::Folder`].
pub fn create_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|source| Error::Folder {
        path: path.to_owned(),
        source,
    })
}

/// How names of files begin and end that are not written yet.
const UNFINISHED: (&str, &str) = (".letterpress-", ".tmp");
/// A file that is written takes less.
const LONG_AGO: Duration = Duration::from_secs(60);

/// Removes what a program that was killed left half-written in a folder. What
/// another one may be writing now stays, and so does what cannot be removed.
pub(crate) fn sweep(folder: &Path) {
    let names = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in names {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let unfinished = name.starts_with(UNFINISHED.0) && name.ends_with(UNFINISHED.1);
        let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        if unfinished && age().is_some_and(|age| age > LONG_AGO) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Usual,
    Durable,
    New,
    Secret,
    SecretAgain,
}

impl Mode {
    fn hides(self) -> bool {
        matches!(self, Mode::Secret | Mode::SecretAgain)
    }

    fn lasts(self) -> bool {
        self.hides() || self == Mode::Durable
    }
}

/// Whether the file holds these bytes; `None` if there is none. The size is
/// compared first: most changed files are not read.
pub(crate) fn same<'b>(
    path: &Path,
    pieces: impl Iterator<Item = &'b [u8]> + Clone,
) -> Option<bool> {
    let about = fs::symlink_metadata(path).ok()?;
    let length: usize = pieces.clone().map(<[u8]>::len).sum();
    Some(
        about.is_file()
            && about.len() == length as u64
            && fs::read(path).is_ok_and(|stored| holds(&stored, pieces)),
    )
}

/// Whether bytes are these pieces, one after another.
fn holds<'b>(mut stored: &[u8], mut pieces: impl Iterator<Item = &'b [u8]>) -> bool {
    let all = pieces.all(|piece| match stored.strip_prefix(piece) {
        Some(rest) => {
            stored = rest;
            true
        }
        None => false,
    });
    all && stored.is_empty()
}

/// So much is handed to the system at once.
const BUFFER: usize = 64 << 10;

/// Writes beside the place, under another name, then renames. On any failure
/// the other file is removed.
fn replace<'b>(
    path: &Path,
    pieces: impl Iterator<Item = &'b [u8]>,
    mode: Mode,
) -> Result<(), Error> {
    let failed = |source: io::Error| Error::Write {
        path: path.to_owned(),
        source,
    };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED.0).suffix(UNFINISHED.1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The user's umask takes its share of 0666.
        let bits = if mode.hides() { 0o600 } else { 0o666 };
        builder.permissions(fs::Permissions::from_mode(bits));
    }
    let made = match builder.tempfile_in(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create_folder(folder)?;
            builder.tempfile_in(folder)
        }
        other => other,
    };
    let mut file = made.map_err(|error| failed(without_path(error)))?;
    let mut out = BufWriter::with_capacity(BUFFER, file.as_file_mut());
    for piece in pieces {
        out.write_all(piece).map_err(failed)?;
    }
    out.flush().map_err(failed)?;
    drop(out);
    if mode.lasts() {
        file.as_file().sync_all().map_err(failed)?;
    }
    let persisted = match mode {
        Mode::New | Mode::Secret => file.persist_noclobber(path),
        Mode::Usual | Mode::Durable | Mode::SecretAgain => file.persist(path),
    };
    persisted.map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists {
            path: path.to_owned(),
        },
        _ => failed(error.error),
    })?;
    if mode.lasts() && cfg!(unix) {
        let folder = File::open(folder).map_err(failed)?;
        folder.sync_all().map_err(failed)?;
    }
    Ok(())
}

/// tempfile puts the other file's name into its errors, which tells nobody
/// anything.
fn without_path(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => match error.get_ref().and_then(|inner| inner.source()) {
            Some(inner) => match inner.downcast_ref::<io::Error>() {
                Some(inner) if inner.raw_os_error().is_some() => {
                    io::Error::from_raw_os_error(inner.raw_os_error().unwrap_or_default())
                }
                _ => io::Error::from(error.kind()),
            },
            None => io::Error::from(error.kind()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_a_killed_program_left_is_swept_and_what_is_being_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let old = folder.path().join(".letterpress-old.tmp");
        for name in [".letterpress-old.tmp", ".letterpress-new.tmp", "old.tmp"] {
            fs::write(folder.path().join(name), "half").unwrap();
        }
        let long_ago = std::time::SystemTime::now() - 2 * LONG_AGO;
        File::open(&old).unwrap().set_modified(long_ago).unwrap();
        sweep(folder.path());
        assert_eq!(names(folder.path()), [".letterpress-new.tmp", "old.tmp"]);
    }

    #[test]
    fn a_file_is_created_replaced_and_then_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/c.xml");
        assert_eq!(write_if_changed(&path, b"one").unwrap(), Change::Created);
        assert_eq!(write_if_changed(&path, b"two").unwrap(), Change::Replaced);
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(write_if_changed(&path, b"two").unwrap(), Change::Unchanged);
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
        assert_eq!(names(path.parent().unwrap()), ["c.xml"]);
    }

    #[test]
    fn a_failure_names_the_path_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("keep"), "x").unwrap();
        let error = write_if_changed(&path, b"text").unwrap_err();
        assert!(error.to_string().ends_with("taken"), "{error}");
        assert_eq!(names(folder.path()), ["taken"]);
        assert_eq!(names(&path), ["keep"]);
        let error = write_if_changed(&path.join("keep/file"), b"text").unwrap_err();
        assert!(error.to_string().contains("keep"), "{error}");
    }

    #[test]
    fn a_new_file_never_replaces_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write_new(&path, b"secret", true).unwrap();
        assert!(matches!(
            write_new(&path, b"other", true),
            Err(Error::Exists { .. })
        ));
        assert_eq!(fs::read(&path).unwrap(), b"secret");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let bits = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(bits, 0o600);
        }
    }
}
