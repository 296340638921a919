//! `doctor`: whether mail can leave, arrive and be answered. It looks and asks,
//! sends nothing and changes nothing. Each thing is a line: in order, or what to
//! do about it.

mod domain;
mod folder;
mod keys;
mod line;
mod machine;
mod relay;
mod senders;
mod way_out;

use crate::cli::args::{Doctor, Global};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::send::runtime;
use crate::cli::terminal::Terminal;

use line::{Line, State};

/// Runs `letterpress doctor`.
pub(crate) fn run(
    global: &Global,
    options: &Doctor,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open(global)?;
    let runtime = runtime()?;
    let mut lines = folder::settings(&folder);
    let keys = keys::links(&folder, &mut lines);
    let signer = keys::signatures(&folder, &mut lines);
    lines.extend(keys::password(&folder));
    let store = machine::store(&folder, &mut lines);
    lines.push(machine::disk(&folder));
    let clock = runtime.block_on(async {
        relay::relays(&folder, &mut lines).await;
        let server = options.resolver;
        domain::published(&folder, signer.as_ref(), server, &mut lines).await;
        way_out::answers(&folder, keys.as_ref(), store.as_deref(), &mut lines).await
    });
    lines.push(machine::clock(clock));
    if options.json {
        terminal.json(&line::json(&lines))?;
    } else {
        line::print(&lines, terminal)?;
    }
    Ok(exit(&lines))
}

/// What is wrong in the folder comes first: the rest may follow from it.
fn exit(lines: &[Line]) -> Exit {
    let any = |state| lines.iter().any(|line| line.state == state);
    match (any(State::Wrong), any(State::Outside)) {
        (true, _) => Exit::Usage,
        (_, true) => Exit::Partial,
        _ => Exit::Done,
    }
}
