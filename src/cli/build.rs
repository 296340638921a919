//! The command `build`.

use crate::cli::args::{Build, Global};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::terminal::Terminal;

/// Runs `letterpress build`.
pub(crate) fn run(
    global: &Global,
    _options: &Build,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    folder.settings().require_web()?;
    Err(CommandError::unexpected("build is not built in"))
}
