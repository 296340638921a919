use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::files::Error;

/// The bytes of a file of at most `limit` bytes. The size is looked at before
/// anything is read, and kept to while reading, for the file may grow.
///
/// # Errors
///
/// [`Error::TooLarge`] and [`Error::Read`].
pub fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let too_large = || Error::TooLarge {
        path: path.to_owned(),
        limit,
    };
    let mut file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if about.is_dir() {
        return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    if about.len() > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(about.len() as usize + 1);
    let mut bounded = (&mut file).take(limit.saturating_add(1));
    bounded.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(too_large());
    }
    Ok(bytes)
}

/// The first `limit` bytes of a file, or all of a smaller one.
///
/// # Errors
///
/// [`Error::Read`].
pub fn read_beginning(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// The same as [`read_limited`], with `None` for a file that is not there.
///
/// # Errors
///
/// As [`read_limited`].
pub fn read_if_there(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    match read_limited(path, limit) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(Error::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_over_the_limit_is_refused_and_one_at_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_limited(&path, 5).unwrap(), b"12345");
        assert!(matches!(
            read_limited(&path, 4),
            Err(Error::TooLarge { limit: 4, .. })
        ));
    }

    #[test]
    fn only_a_missing_file_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("absent");
        assert!(read_if_there(&absent, 9).unwrap().is_none());
        assert!(read_if_there(folder.path(), 9).is_err());
    }
}
