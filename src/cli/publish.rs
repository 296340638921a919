//! The command `publish`.

use crate::cli::args::{Global, Publish};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::terminal::Terminal;

/// Runs `letterpress publish`.
pub(crate) fn run(
    global: &Global,
    _options: &Publish,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    folder.settings().require_web()?;
    Err(CommandError::unexpected("publish is not built in"))
}
