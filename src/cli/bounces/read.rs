//! From files to reports.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::bounce::{self, LONGEST, Raw, Reading, Report, Splitter, Who};
use crate::cli::args::Bounces;
use crate::cli::error::CommandError;
use crate::cli::folder::Folder;
use crate::files::{self, Maildir, read_beginning, slashed, write_new};
use crate::subscriber::{Keys, fingerprint};

/// How much of a mailbox is read at once.
const PIECE: usize = 256 << 10;

/// A message that came back.
#[derive(Debug)]
pub(crate) struct Item {
    /// Its name below a Maildir, or its place in an mbox, from 1.
    pub(crate) name: String,
    /// What was understood.
    pub(crate) reading: Reading,
    /// Where a copy is of what cannot be read.
    pub(crate) kept: Option<String>,
}

impl Item {
    /// Whom it means, where it means anybody.
    pub(crate) fn who(&self) -> Option<&Who> {
        match &self.reading.report {
            Report::Bounce(bounce) => Some(&bounce.who),
            Report::Complaint { who } | Report::Unsubscribe { who } => Some(who),
            _ => None,
        }
    }
}

/// What `bounces` was given.
#[derive(Debug)]
pub(crate) struct Inbox<'a> {
    folder: &'a Folder,
    options: &'a Bounces,
    pub(crate) items: Vec<Item>,
    /// Where the messages lie that are to be seen afterwards.
    maildir: Option<(Maildir, Vec<PathBuf>)>,
}

impl<'a> Inbox<'a> {
    pub(crate) fn new(folder: &'a Folder, options: &'a Bounces) -> Inbox<'a> {
        Inbox {
            folder,
            options,
            items: Vec::new(),
            maildir: None,
        }
    }

    /// Reads all messages. What cannot be read is copied at once.
    pub(crate) fn read(&mut self, keys: &Keys) -> Result<(), CommandError> {
        let path = self.folder.path(&self.options.source);
        if self.options.source == Path::new("-") {
            return self.read_stream(io::stdin().lock(), Path::new("standard input"), keys);
        }
        if !path.is_dir() {
            let file = File::open(&path).map_err(|source| files::Error::Read {
                path: path.clone(),
                source,
            })?;
            return self.read_stream(file, &path, keys);
        }
        let maildir = Maildir::at(&path).ok_or_else(|| {
            CommandError::usage(format!("{} is no Maildir", path.display()))
                .hint("a Maildir has the folders new/ and cur/; name a file for anything else")
        })?;
        let unseen = maildir.unseen()?;
        for message in &unseen {
            let bytes = match read_beginning(&maildir.path(message), LONGEST as u64) {
                // Another program was faster.
                Err(files::Error::Read { source, .. })
                    if source.kind() == io::ErrorKind::NotFound =>
                {
                    continue;
                }
                other => other?,
            };
            self.take(slashed(message), &bytes, keys)?;
        }
        self.maildir = Some((maildir, unseen));
        Ok(())
    }

    fn read_stream(
        &mut self,
        mut input: impl Read,
        path: &Path,
        keys: &Keys,
    ) -> Result<(), CommandError> {
        let mut splitter = Splitter::new(LONGEST);
        let mut whole: Vec<Raw> = Vec::new();
        let mut piece = vec![0; PIECE];
        loop {
            let read = match input.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => {
                    let path = path.to_owned();
                    return Err(files::Error::Read { path, source }.into());
                }
            };
            splitter.push(&piece[..read], |raw| whole.push(raw));
            self.take_all(&mut whole, keys)?;
        }
        splitter.finish(|raw| whole.push(raw));
        self.take_all(&mut whole, keys)
    }

    fn take_all(&mut self, whole: &mut Vec<Raw>, keys: &Keys) -> Result<(), CommandError> {
        for raw in whole.drain(..) {
            let place = self.items.len() + 1;
            self.take(place.to_string(), &raw.bytes, keys)?;
        }
        Ok(())
    }

    fn take(&mut self, name: String, bytes: &[u8], keys: &Keys) -> Result<(), CommandError> {
        let reading = bounce::read(bytes, keys);
        let unreadable = matches!(reading.report, Report::Unreadable { .. });
        let kept = if unreadable && !self.options.dry_run {
            Some(self.keep(bytes)?)
        } else {
            None
        };
        self.items.push(Item {
            name,
            reading,
            kept,
        });
        Ok(())
    }

    /// Copies a message under a name made of its content, so that a second run
    /// makes no second copy.
    fn keep(&self, bytes: &[u8]) -> Result<String, CommandError> {
        let name = fingerprint(None, &[&String::from_utf8_lossy(bytes)]);
        let path = self.options.keep.join(format!("{name}.eml"));
        match write_new(&self.folder.path(&path), bytes, true) {
            Ok(()) | Err(files::Error::Exists { .. }) => Ok(slashed(&path)),
            Err(error) => Err(error.into()),
        }
    }

    /// Messages of a Maildir are seen, once all that follows from them is done.
    pub(crate) fn mark_seen(&self) -> Result<(), CommandError> {
        if let Some((maildir, unseen)) = &self.maildir {
            for message in unseen {
                maildir.mark_seen(message)?;
            }
        }
        Ok(())
    }
}
