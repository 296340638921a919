use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::files::Error;

/// What parts a message's name from its flags; a colon is none of Windows'
/// characters.
const INFO: char = if cfg!(windows) { ';' } else { ':' };

/// A mailbox of one file for each message: `new/` for those that nobody has
/// looked at, `cur/` for the others, with flags at the end of their names.
#[derive(Debug)]
pub struct Maildir {
    root: PathBuf,
}

impl Maildir {
    /// The folder as a Maildir; `None` where it is none.
    pub fn at(root: &Path) -> Option<Maildir> {
        let is = ["new", "cur"].iter().all(|name| root.join(name).is_dir());
        is.then(|| Maildir {
            root: root.to_owned(),
        })
    }

    /// The messages that nobody has seen, as paths below the Maildir: those of
    /// `new/`, and those of `cur/` that have neither the flag Seen nor Trashed.
    ///
    /// # Errors
    ///
    /// [`Error::List`].
    pub fn unseen(&self) -> Result<Vec<PathBuf>, Error> {
        let mut found = Vec::new();
        for folder in ["cur", "new"] {
            for name in self.names(folder)? {
                let (_, flags) = parted(&name);
                if !flags.contains(['S', 'T']) {
                    found.push(Path::new(folder).join(name));
                }
            }
        }
        // Names begin with the second in which they came.
        found.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
        Ok(found)
    }

    fn names(&self, folder: &str) -> Result<Vec<String>, Error> {
        let path = self.root.join(folder);
        let failed = |source| Error::List {
            path: path.clone(),
            source,
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // Neither folders nor links out of the Maildir are messages.
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if let Some(name) = entry.file_name().to_str()
                && is_file
                && !name.starts_with('.')
            {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// A message of [`Maildir::unseen`] as a path to open.
    pub fn path(&self, message: &Path) -> PathBuf {
        self.root.join(message)
    }

    /// Puts a message into `cur/` with the flag Seen. One that another program
    /// has moved meanwhile is left alone.
    ///
    /// # Errors
    ///
    /// [`Error::Write`].
    pub fn mark_seen(&self, message: &Path) -> Result<(), Error> {
        let name = message.file_name().map(OsString::from).unwrap_or_default();
        let name = name.to_string_lossy();
        let (base, flags) = parted(&name);
        let mut flags: Vec<char> = flags.chars().chain(['S']).collect();
        flags.sort_unstable();
        flags.dedup();
        let flags: String = flags.into_iter().collect();
        let to = self.root.join("cur").join(format!("{base}{INFO}2,{flags}"));
        let failed = |source| Error::Write {
            path: to.clone(),
            source,
        };
        // A rename would replace a message of the same name.
        if fs::symlink_metadata(&to).is_ok() {
            return Err(failed(io::ErrorKind::AlreadyExists.into()));
        }
        match fs::rename(self.path(message), &to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        }
    }
}

/// A name and its flags.
fn parted(name: &str) -> (&str, &str) {
    match name.rsplit_once(INFO) {
        Some((base, info)) => (base, info.strip_prefix("2,").unwrap_or_default()),
        None => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_not_seen_again() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        assert!(Maildir::at(root).is_none());
        for name in ["new", "cur", "tmp"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        let seen = format!("cur/2.a{INFO}2,S");
        let replied = format!("cur/1.a{INFO}2,FR");
        for name in ["new/3.a", "new/.hidden", "tmp/9.a", &seen, &replied] {
            fs::write(root.join(name), "x").unwrap();
        }
        let maildir = Maildir::at(root).unwrap();
        let unseen = maildir.unseen().unwrap();
        assert_eq!(unseen, [Path::new(&replied), Path::new("new/3.a")]);
        for message in &unseen {
            maildir.mark_seen(message).unwrap();
        }
        assert!(maildir.unseen().unwrap().is_empty());
        assert!(root.join(format!("cur/3.a{INFO}2,S")).is_file());
        assert!(root.join(format!("cur/1.a{INFO}2,FRS")).is_file());
        assert!(root.join(seen).is_file());
        maildir.mark_seen(Path::new("new/gone")).unwrap();
    }
}
