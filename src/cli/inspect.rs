//! `inspect`: what was understood of files, as JSON.

use std::fs::File;
use std::io::ErrorKind;

use serde_json::Value;

use crate::cli::args::{Global, Inspect};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::terminal::Terminal;
use crate::files;
use crate::issue::inspect;

/// Runs `letterpress inspect`.
pub(crate) fn run(
    global: &Global,
    options: &Inspect,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    let reader = folder.reader()?;
    let names: Vec<String> = options
        .files
        .iter()
        .map(|path| folder.name_of(path))
        .collect();
    // A file that is named must be there; what else is wrong is said inside.
    for name in &names {
        let path = folder.path(name);
        let opened = File::open(&path).and_then(|file| file.metadata());
        let about = opened.map_err(|source| files::Error::Read {
            path: path.clone(),
            source,
        })?;
        if about.is_dir() {
            let source = ErrorKind::IsADirectory.into();
            return Err(files::Error::Read { path, source }.into());
        }
    }
    let mut objects = folder.read_all(&reader, &names, |text| {
        let (issue, diagnostics) = reader.parse(text);
        inspect(&issue, &diagnostics)
    });
    match objects.len() {
        1 => terminal.json(&objects.remove(0))?,
        _ => terminal.json(&Value::Array(objects))?,
    }
    Ok(Exit::Done)
}
