//! `completions` and `man`: both come from the command line's own description.

use clap::CommandFactory;

use crate::cli::args::{Arguments, Completions};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::terminal::Terminal;

/// Prints completions for a shell.
pub(crate) fn completions(
    options: &Completions,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    let mut command = Arguments::command();
    clap_complete::generate(options.shell, &mut command, "letterpress", &mut script);
    terminal.data(&script)?;
    Ok(Exit::Done)
}

/// Prints the manual page: the program, then each command.
pub(crate) fn man(terminal: &mut Terminal) -> Result<Exit, CommandError> {
    let mut command = Arguments::command();
    command.build();
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    page.extend_from_slice(b".SH COMMANDS\n");
    for one in command.get_subcommands() {
        subcommand(one, &mut page)?;
        for inner in one.get_subcommands() {
            subcommand(inner, &mut page)?;
        }
    }
    man.render_extra_section(&mut page)?;
    terminal.data(&page)?;
    Ok(Exit::Done)
}

fn subcommand(command: &clap::Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    use std::io::Write;
    let about = command.get_about().map(ToString::to_string);
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    writeln!(
        page,
        ".SS {}",
        roff(command.get_bin_name().unwrap_or(command.get_name()))
    )?;
    writeln!(
        page,
        "{}.\n.PP\n.B {}",
        roff(&about.unwrap_or_default()),
        roff(&usage)
    )?;
    for argument in command.get_arguments().filter(|one| !one.is_global_set()) {
        if matches!(argument.get_id().as_str(), "help" | "version") {
            continue;
        }
        let help = argument.get_help().map(ToString::to_string);
        writeln!(page, ".TP\n.B {}", roff(&argument.to_string()))?;
        writeln!(page, "{}", roff(&help.unwrap_or_default()))?;
    }
    if let Some(after) = command.get_after_help() {
        writeln!(page, ".PP\n.nf\n{}\n.fi", roff(&after.to_string()))?;
    }
    Ok(())
}

/// Text that roff prints as it stands.
fn roff(text: &str) -> String {
    let escaped = text.replace('\\', "\\e").replace('-', "\\-");
    let lines: Vec<String> = escaped
        .lines()
        .map(|line| match line.starts_with(['.', '\'']) {
            true => format!("\\&{line}"),
            false => line.to_owned(),
        })
        .collect();
    lines.join("\n")
}
