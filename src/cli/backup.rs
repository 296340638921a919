//! `backup`: a whole copy of the store with its keys, while all goes on.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::cli::args::{BackUp, Global};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::store::{open, wait};
use crate::cli::terminal::Terminal;
use crate::files::{create_folder, read_if_there, write_secret};

/// No key file is near this size.
const KEY_LIMIT: u64 = 64 << 10;
/// How each SQLite file begins.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// Runs `letterpress backup`.
pub(crate) fn run(
    global: &Global,
    options: &BackUp,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    let target = folder.path(&options.file);
    let shown = target.display().to_string();
    let settings = folder.settings();
    let sources = [&settings.store.path, &settings.server.key_file];
    let keys = beside(&target);
    for place in [&target, &keys] {
        if sources.iter().any(|own| same(&folder.path(own), place)) {
            let words = format!("{} is what is to be copied", place.display());
            return Err(CommandError::usage(words).hint("name another file"));
        }
    }
    replaceable(&target, SQLITE.len(), "store", |head| head == SQLITE)?;
    replaceable(&keys, 16, "key", |head| {
        head.iter().all(u8::is_ascii_hexdigit)
    })?;
    let store = open(&folder)?;
    if store.is_shared() {
        let words = "the store is a database, which is no file to copy";
        return Err(CommandError::usage(words).hint(
            "`pg_dump` makes a backup; `letterpress store copy` makes one file of it, and the \
             key file has to be kept too",
        ));
    }
    if let Some(parent) = target.parent().filter(|path| *path != Path::new("")) {
        create_folder(parent)?;
    }
    // The keys first: a store without them could not be used, keys without a
    // store do no harm.
    let name = &settings.server.key_file;
    let secret = match name.as_str() {
        "" => None,
        name => read_if_there(&folder.path(name), KEY_LIMIT)?,
    };
    if let Some(secret) = &secret {
        write_secret(&keys, secret)?;
    }
    wait(store.backup(&target))?;
    match secret {
        Some(_) => terminal.note(&format!("wrote {shown} and {}", keys.display())),
        None => terminal.note(&format!(
            "wrote {shown}; there is no key at {name} to copy with it"
        )),
    }
    Ok(Exit::Done)
}

/// `FILE.key`.
fn beside(target: &Path) -> PathBuf {
    let mut name = OsString::from(target.as_os_str());
    name.push(".key");
    PathBuf::from(name)
}

/// Whether both are one file, by whatever name.
fn same(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Only an older copy may be replaced: a slip must not cost an issue. `is_one`
/// judges the first bytes.
fn replaceable(
    target: &Path,
    length: usize,
    what: &str,
    is_one: impl Fn(&[u8]) -> bool,
) -> Result<(), CommandError> {
    let refuse = |words: String| {
        let words = format!("{} is {words}", target.display());
        Err(CommandError::usage(words).hint("name a new file, or an older copy"))
    };
    if target.is_dir() {
        return refuse("a folder".to_owned());
    }
    let Ok(mut file) = fs::File::open(target) else {
        return Ok(());
    };
    let mut head = vec![0; length];
    if file.read_exact(&mut head).is_err() || !is_one(&head) {
        return refuse(format!("there already and no {what}"));
    }
    Ok(())
}
