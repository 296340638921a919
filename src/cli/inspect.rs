//! `inspect`: what was understood of files, as JSON.

use serde_json::Value;

use crate::cli::args::{Global, Inspect};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::terminal::Terminal;
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
