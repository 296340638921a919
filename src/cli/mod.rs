//! The commands: arguments, reports, exit codes.
//!
//! Everything that prints, reads the environment or the clock is here; the
//! work is in the modules above. A command returns an [`Exit`] or an error with
//! its hints; [`run`] prints that error and turns both into the exit code.

mod args;
mod arrival;
mod backup;
mod bounces;
mod build;
mod catalog;
mod check;
mod completions;
mod config;
mod copy;
mod dkim;
mod doctor;
mod error;
mod exit;
mod folder;
mod hubs;
mod ids;
mod init;
mod inspect;
mod journal;
mod keeper;
mod keys;
mod letters;
mod mailings;
mod new;
mod newsroom;
mod notices;
mod parallel;
mod preview;
mod publish;
mod render;
mod report;
mod resume;
mod send;
mod serve;
mod signer;
mod since;
mod stamp;
mod store;
mod subscribers;
mod suppressions;
mod terminal;
mod webhooks;

pub use exit::Exit;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::args::{Arguments, Command};
use crate::cli::error::CommandError;
use crate::cli::terminal::{Terminal, Volume};

/// Runs the command that the arguments name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let exit = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => answer(&arguments),
        Err(error) => {
            // Help and version are asked for; all else is wrong usage. A closed
            // pipe is no failure here either.
            let _ = error.print();
            if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            }
        }
    };
    ExitCode::from(exit as u8)
}

fn answer(arguments: &Arguments) -> Exit {
    let global = &arguments.global;
    let volume = match (global.quiet, global.verbose) {
        (true, _) => Volume::Quiet,
        (_, true) => Volume::Verbose,
        _ => Volume::Usual,
    };
    let mut terminal = Terminal::new(global.color, volume);
    let result = command(arguments, &mut terminal);
    // What was written before a failure is still worth reading.
    let finished = terminal.finish().map_err(CommandError::from);
    match result.and_then(|exit| finished.map(|()| exit)) {
        Ok(exit) => exit,
        Err(error) => {
            error.print(&terminal);
            error.exit()
        }
    }
}

fn command(arguments: &Arguments, terminal: &mut Terminal) -> Result<Exit, CommandError> {
    let global = &arguments.global;
    match &arguments.command {
        Command::Init(options) => init::run(global, options, terminal),
        Command::New(options) => new::run(global, options, terminal),
        Command::Check(options) => check::run(global, options, terminal),
        Command::Inspect(options) => inspect::run(global, options, terminal),
        Command::Render(options) => render::run(global, options, terminal),
        Command::Build(options) => build::run(global, options, terminal),
        Command::Preview(options) => preview::run(global, options, terminal),
        Command::Publish(options) => publish::run(global, options, terminal),
        Command::Send(options) => send::run(global, options, terminal),
        Command::Resume(options) => resume::run(global, options, terminal),
        Command::Mailings(options) => mailings::list(global, options, terminal),
        Command::Status(options) => mailings::status(global, options, terminal),
        Command::Pause(options) => mailings::pause(global, options, terminal),
        Command::Cancel(options) => mailings::cancel(global, options, terminal),
        Command::Report(options) => mailings::report(global, options, terminal),
        Command::Store(options) => copy::run(global, options, terminal),
        Command::Worker(options) => keeper::run(global, options, terminal),
        Command::Serve(options) => serve::run(global, options, terminal),
        Command::Backup(options) => backup::run(global, options, terminal),
        Command::Subscribers(options) => subscribers::run(global, options, terminal),
        Command::Suppressions(options) => suppressions::run(global, options, terminal),
        Command::Bounces(options) => bounces::run(global, options, terminal),
        Command::Ids(options) => ids::run(global, options, terminal),
        Command::Dkim(options) => dkim::run(global, options, terminal),
        Command::Doctor(options) => doctor::run(global, options, terminal),
        Command::Config(options) => config::run(global, options, terminal),
        Command::Completions(options) => completions::completions(options, terminal),
        Command::Man => completions::man(terminal),
    }
}
