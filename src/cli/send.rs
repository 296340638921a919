//! The command `send`.

use crate::cli::args::{Global, Send};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::terminal::Terminal;

/// Runs `letterpress send`.
pub(crate) fn run(
    global: &Global,
    _options: &Send,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    folder.settings().require_web()?;
    Err(CommandError::unexpected("send is not built in"))
}
