use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::files::Error;
use crate::files::write::create_folder;

/// How much is read at once.
const PIECE: usize = 256 << 10;

/// A file that is too large to be held, read in pieces and more than once.
#[derive(Debug)]
pub struct Pieces {
    file: File,
    path: PathBuf,
    length: u64,
}

impl Pieces {
    /// The file at `path`. What is no plain file, such as a pipe, is kept in a
    /// temporary file without a name first.
    ///
    /// # Errors
    ///
    /// [`Error::Read`].
    pub fn open(path: &Path) -> Result<Pieces, Error> {
        let failed = |source| Error::Read {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        if about.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        if !about.is_file() {
            return Pieces::keep(file, path);
        }
        Ok(Pieces {
            file,
            path: path.to_owned(),
            length: about.len(),
        })
    }

    /// Keeps what `input` gives in a temporary file without a name; `path` is
    /// what it is called in errors.
    ///
    /// # Errors
    ///
    /// [`Error::Read`].
    pub fn keep(mut input: impl Read, path: &Path) -> Result<Pieces, Error> {
        let failed = |source| Error::Read {
            path: path.to_owned(),
            source,
        };
        let mut file = tempfile::tempfile().map_err(failed)?;
        let length = io::copy(&mut input, &mut file).map_err(failed)?;
        let path = path.to_owned();
        Ok(Pieces { file, path, length })
    }

    /// How many bytes there are.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Gives all pieces to `take`, from the beginning, until that fails.
    ///
    /// # Errors
    ///
    /// [`Error::Read`], and what `take` says.
    pub fn each<E: From<Error>>(
        &mut self,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let path = &self.path;
        let failed = |source| Error::Read {
            path: path.clone(),
            source,
        };
        self.file.rewind().map_err(failed)?;
        let mut piece = vec![0; PIECE];
        loop {
            let read = match self.file.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(failed(source).into()),
            };
            take(&piece[..read])?;
        }
    }
}

/// Writes a file that is for its owner alone, whole or not at all.
///
/// # Errors
///
/// [`Error::Folder`], [`Error::Write`], and what `fill` says.
pub fn write_private<E: From<Error>>(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |source| Error::Write {
        path: path.to_owned(),
        source,
    };
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    create_folder(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let mut out = BufWriter::new(file.as_file_mut());
    fill(&mut out)?;
    out.flush().map_err(failed)?;
    drop(out);
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_read_twice_like_a_file() {
        let bytes: Vec<u8> = (0..=255).cycle().take(PIECE + 7).collect();
        let mut pieces = Pieces::keep(bytes.as_slice(), Path::new("input")).unwrap();
        assert_eq!(pieces.length(), bytes.len() as u64);
        for _ in 0..2 {
            let mut read = Vec::new();
            let done: Result<(), Error> = pieces.each(|piece| {
                read.extend_from_slice(piece);
                Ok(())
            });
            done.unwrap();
            assert_eq!(read, bytes);
        }
        assert!(Pieces::open(Path::new("/")).is_err());
    }

    #[test]
    fn a_list_that_could_not_be_written_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lists/a.csv");
        let fill = |out: &mut dyn Write| {
            out.write_all(b"old").expect("the disk takes it");
            Ok::<(), Error>(())
        };
        write_private(&path, fill).unwrap();
        let failing: Result<(), Error> = write_private(&path, |out| {
            out.write_all(b"new").expect("the disk takes it");
            Err(Error::Exists { path: path.clone() })
        });
        assert!(failing.is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0);
        }
    }
}
