//! Who sends, and who keeps the schedule: an OS lock on a file beside the store, which the kernel frees
//! when its holder dies.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::store::Error;
use crate::store::model::Engagement;
use crate::store::sqlite::failure::Failure;

/// What there is one for at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// Sending.
    Sending,
    /// Seeing to it that what is scheduled is sent.
    Keeping,
}

/// Said where the holder cannot be read (or has not said so yet).
const SOMEBODY: &str = "another process";

/// Somebody who only looks holds the lock too, for a moment: a lock that is
/// held at this many looks is held by one who sends.
const LOOKS: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// Becomes the one.
pub(super) fn engage(store: &Path, what: For, who: &str) -> Result<Engagement, Failure> {
    let path = beside(store, what);
    let failed = |source| Failure::file(&path, source);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path).map_err(failed)?;
    for look in 1.. {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if look < LOOKS => thread::sleep(BETWEEN_LOOKS),
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::Said(Error::Engaged {
                    who: holder(&mut file),
                }));
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
    file.set_len(0)
        .and_then(|()| file.write_all(who.as_bytes()))
        .map_err(failed)?;
    Ok(Engagement::holding(file))
}

/// Who is it now.
pub(super) fn engaged(store: &Path, what: For) -> Result<Option<String>, Failure> {
    let path = beside(store, what);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Failure::file(&path, source)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(holder(&mut file))),
        Err(TryLockError::Error(source)) => Err(Failure::file(&path, source)),
    }
}

/// What the holder wrote of themselves. Some systems do not let others read
/// what is locked.
fn holder(file: &mut File) -> String {
    let mut who = String::new();
    let read = file.take(1024).read_to_string(&mut who);
    match read {
        Ok(_) if !who.trim().is_empty() => who.trim().to_owned(),
        _ => SOMEBODY.to_owned(),
    }
}

fn beside(store: &Path, what: For) -> PathBuf {
    let mut name = OsString::from(store);
    name.push(match what {
        For::Sending => ".sending",
        For::Keeping => ".keeping",
    });
    PathBuf::from(name)
}
