//! `publish`: the editor's week in one command.

use std::process::Command;

use serde_json::json;

use crate::cli::args::{Global, Publish};
use crate::cli::arrival;
use crate::cli::build;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::hubs;
use crate::cli::newsroom::Newsroom;
use crate::cli::send::{self, Look, Sent, Shelf, Wish};
use crate::cli::terminal::Terminal;
use crate::files::read_if_there;

/// Where a dry run writes.
const OUTBOX: &str = "outbox";
const PAGE_LIMIT: u64 = 64 << 20;

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
    if !options.json {
        built.say(&folder.root, terminal)?;
    }
    if let Some(command) = &folder.settings().publish.deploy {
        deploy(&folder, command, terminal)?;
        arrive(&folder, &newsroom, &places, terminal)?;
    }
    let told = hubs::tell(&folder, &built, terminal)?;
    let sent = mail(&folder, &newsroom, &places, options, terminal)?;
    if options.json {
        let mail = sent.as_ref().map(|sent| &sent.json);
        let hubs: Vec<_> = told.iter().map(hubs::Told::json).collect();
        terminal.json(&json!({ "build": built.json(), "hubs": hubs, "mail": mail }))?;
    }
    Ok(sent.map_or(Exit::Done, |sent| sent.exit))
}

/// Waits until the web shows the issue as it was built: mail and hubs lead there.
fn arrive(
    folder: &Folder,
    newsroom: &Newsroom,
    places: &[usize],
    terminal: &Terminal,
) -> Result<(), CommandError> {
    let Some(most) = folder.settings().publish.wait else {
        return Ok(());
    };
    let plan = newsroom.plan(folder);
    let runtime = send::runtime()?;
    for &place in places {
        let url = plan.address(place);
        let file = plan.page_file(place).unwrap_or_default();
        let page = read_if_there(&folder.path("public").join(file), PAGE_LIMIT)?;
        // Without an archive there is no page to wait for.
        let Some(page) = page else { continue };
        terminal.detail(&format!("waiting for {url}"));
        let arrived = runtime.block_on(arrival::await_page(url, &page, most));
        arrived.map_err(|seen| {
            let words = format!("{url} does not show this build: {seen}");
            CommandError::again(words)
                .hint("no hub was told and nothing was mailed; publish again once it is there")
                .hint("publish.wait says how long to wait, \"off\" not to ask")
        })?;
    }
    Ok(())
}

/// Mails it where there are a relay and a list; otherwise says what is missing.
fn mail(
    folder: &Folder,
    newsroom: &Newsroom,
    places: &[usize],
    options: &Publish,
    terminal: &Terminal,
) -> Result<Option<Sent>, CommandError> {
    if let Err(missing) = folder.settings().require_relay() {
        terminal.note(&format!("no mail was sent: {missing}"));
        return Ok(None);
    }
    if Shelf::open_if_there(folder)?.is_none() {
        terminal.note(
            "no mail was sent: there is no list yet; `letterpress subscribers import FILE` makes one",
        );
        return Ok(None);
    }
    let wish = Wish {
        confirm: &options.confirm,
        only: &[],
    };
    send::mail(folder, newsroom, places, wish, terminal).map(Some)
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
            terminal.json(&json!({ "build": built.json(), "mail": null }))?;
        }
        return Ok(Exit::Done);
    }
    let look = Look {
        root: &root,
        all: false,
        confirm: &options.confirm,
    };
    let report = send::dry_run(folder, newsroom, places, &look, terminal)?;
    if options.json {
        terminal.json(&json!({ "build": built.json(), "mail": report }))?;
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
