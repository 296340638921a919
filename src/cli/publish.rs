//! `publish`: the editor's week in one command.

use std::process::Command;

use crate::cli::args::{Global, Publish};
use crate::cli::build;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::newsroom::Newsroom;
use crate::cli::outbox;
use crate::cli::send;
use crate::cli::terminal::Terminal;

/// Where a dry run writes.
const OUTBOX: &str = "outbox";

/// Runs `letterpress publish`.
pub(crate) fn run(
    global: &Global,
    options: &Publish,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    folder.settings().require_web()?;
    let newsroom = Newsroom::read(&folder)?;
    let places = send::choose(&folder, &newsroom, &options.issue)?;
    let errors = send::say_findings(&newsroom, &places, terminal);
    if errors > 0 {
        let words = send::has_errors(&newsroom, &places, errors);
        let hint = "mend what is marked above, then publish again";
        return Err(CommandError::findings(words).hint(hint));
    }
    if options.dry_run {
        return dry_run(&folder, &newsroom, &places, options, terminal);
    }
    let drafts = places
        .iter()
        .any(|&place| newsroom.issues[place].publication.is_draft());
    if drafts {
        let words = format!("{} is a draft", options.issue);
        return Err(CommandError::usage(words)
            .hint("`publish --dry-run` shows a draft; remove its mark, or wait for its date"));
    }
    let built = build::build(&folder, &newsroom, &folder.root, false, terminal)?;
    if options.json {
        terminal.json(&built.json())?;
    } else {
        built.say(&folder.root, terminal)?;
    }
    if let Some(command) = &folder.settings().publish.deploy {
        deploy(&folder, command, terminal)?;
    }
    terminal.note("no mail was sent: this version mails no list. `letterpress send ISSUE --test ADDR` sends a test");
    Ok(Exit::Done)
}

fn dry_run(
    folder: &Folder,
    newsroom: &Newsroom,
    places: &[usize],
    options: &Publish,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let root = folder.path(OUTBOX);
    let built = build::build(folder, newsroom, &root, false, terminal)?;
    if !options.json {
        built.say(&root, terminal)?;
    }
    if let Err(missing) = folder.settings().require_mail() {
        terminal.note(&format!("no mail: {missing}"));
        if options.json {
            terminal.json(&serde_json::json!({ "build": built.json(), "mail": null }))?;
        }
        return Ok(Exit::Done);
    }
    let letters = send::compose(folder, newsroom, places, terminal)?;
    let title = &folder.settings().newsletter.title;
    let report = outbox::write(title, &letters, &newsroom.templates, &root, terminal)?;
    if options.json {
        terminal.json(&serde_json::json!({ "build": built.json(), "mail": report }))?;
    } else {
        let page = root.join("index.html").display().to_string();
        send::say_report(&report, &page, terminal)?;
    }
    Ok(Exit::Done)
}

/// Runs the editor's command in the newsletter's folder.
fn deploy(folder: &Folder, command: &str, terminal: &Terminal) -> Result<(), CommandError> {
    terminal.note(&format!("$ {command}"));
    let shell = if cfg!(windows) {
        ("cmd", "/C")
    } else {
        ("sh", "-c")
    };
    let status = Command::new(shell.0)
        .args([shell.1, command])
        .current_dir(&folder.root)
        .status()
        .map_err(|cause| CommandError::unexpected(format!("publish.deploy cannot run: {cause}")))?;
    if status.success() {
        return Ok(());
    }
    Err(
        CommandError::unexpected(format!("publish.deploy ended with {status}"))
            .hint("feeds and archive are built; run the command again by hand, or publish again"),
    )
}
