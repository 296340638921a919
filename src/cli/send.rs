//! `send`: an issue's mail, as files for a look or as a test to the editor.

use serde_json::json;

use crate::cli::args::{Global, Send};
use crate::cli::catalog::Catalog;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::letters::Letters;
use crate::cli::newsroom::Newsroom;
use crate::cli::outbox;
use crate::cli::report::{self, counted};
use crate::cli::terminal::{Terminal, printable};
use crate::diagnostic::Level;
use crate::email::{Report, WayOut};
use crate::files::read_limited;
use crate::mailing::{Outcome, Reply};
use crate::subscriber::Recipient;
use crate::transport::{Failure, Smtp, Transport};

/// No password is near this size.
const PASSWORD_LIMIT: u64 = 4 << 10;

/// Runs `letterpress send`.
pub(crate) fn run(
    global: &Global,
    options: &Send,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    if !options.dry_run && options.test.is_empty() {
        return Err(CommandError::usage(
            "this version sends to no list: say --dry-run or --test ADDR",
        )
        .hint(format!(
            "`letterpress send {} --dry-run` shows every message and sends none",
            options.issue
        )));
    }
    let folder = Folder::open_sound(global, terminal)?;
    folder.settings().require_mail()?;
    let recipients = recipients(options)?;
    let newsroom = Newsroom::read_with(&folder, &options.issue)?;
    let places = choose(&folder, &newsroom, &options.issue)?;
    let errors = say_findings(&newsroom, &places, terminal);
    if options.dry_run {
        let letters = compose(&folder, &newsroom, &places, terminal)?;
        let root = folder.path(&options.outbox);
        let title = &folder.settings().newsletter.title;
        let report = outbox::write(title, &letters, &newsroom.templates, &root, terminal)?;
        if options.json {
            terminal.json(&json!(report))?;
        } else {
            say_report(
                &report,
                &root.join("index.html").display().to_string(),
                terminal,
            )?;
        }
        return Ok(if errors > 0 {
            Exit::Findings
        } else {
            Exit::Done
        });
    }
    if errors > 0 {
        let words = has_errors(&newsroom, &places, errors);
        return Err(CommandError::findings(words)
            .hint("mend what is marked above; `send --dry-run` shows the mail as it would be"));
    }
    let relay = relay(&folder)?;
    let letters = compose(&folder, &newsroom, &places, terminal)?;
    let sent = send_test(&letters, relay, &recipients, terminal)?;
    if options.json {
        terminal.json(&json!({ "sent": sent }))?;
    }
    Ok(Exit::Done)
}

/// The issue's mail as it would be if it left now.
pub(crate) fn compose(
    folder: &Folder,
    newsroom: &Newsroom,
    places: &[usize],
    terminal: &Terminal,
) -> Result<Letters, CommandError> {
    let way_out = WayOut::default();
    Letters::new(folder, newsroom, places, folder.now, way_out, terminal)
}

/// The places in the newsroom of the issue that `selector` names: its files in
/// all languages, the default first.
pub(crate) fn choose(
    folder: &Folder,
    newsroom: &Newsroom,
    selector: &str,
) -> Result<Vec<usize>, CommandError> {
    let catalog = Catalog::of(newsroom, folder);
    let selected = catalog.select(folder, selector)?;
    let mut places = Vec::with_capacity(selected.len());
    for summary in &selected {
        let path = &summary.path;
        match newsroom.place(path) {
            Some(place) => places.push(place),
            None if newsroom
                .unreadable
                .iter()
                .any(|one| one.summary.path == *path) =>
            {
                return Err(
                    CommandError::findings(format!("{path} cannot be read as text"))
                        .hint(format!("`letterpress check {path}` says why")),
                );
            }
            None => {
                return Err(CommandError::usage(format!(
                    "{path} is none of the newsletter's issues"
                ))
                .hint("issues.paths in the settings names their folders"));
            }
        }
    }
    Ok(places)
}

/// Prints errors and warnings of the issue; says how many errors there are.
pub(crate) fn say_findings(newsroom: &Newsroom, places: &[usize], terminal: &Terminal) -> usize {
    let mut errors = 0;
    for &place in places {
        let path = &newsroom.manuscripts[place].summary.path;
        for finding in newsroom.findings_of(path) {
            if finding.level != Level::Note {
                terminal.err(&report::human(finding, terminal.color_err()));
            }
            errors += usize::from(finding.level == Level::Error);
        }
    }
    errors
}

/// `issues/12.md has 2 errors`, of a number of errors that is not none.
pub(crate) fn has_errors(newsroom: &Newsroom, places: &[usize], errors: usize) -> String {
    let paths: Vec<&str> = places
        .iter()
        .map(|&place| newsroom.manuscripts[place].summary.path.as_str())
        .collect();
    let has = if paths.len() == 1 { "has" } else { "have" };
    format!("{} {has} {}", paths.join(", "), counted(errors, "error"))
}

/// What a dry run found, for people.
pub(crate) fn say_report(
    report: &Report,
    page: &str,
    terminal: &mut Terminal,
) -> Result<(), CommandError> {
    for finding in &report.findings {
        let help = finding.help.as_deref().unwrap_or_default();
        terminal.note(&format!(
            "{}[{}]: {} ({}){}{help}",
            finding.level,
            finding.code,
            finding.message,
            counted(finding.messages, "message"),
            if help.is_empty() { "" } else { "; " },
        ));
    }
    let totals = &report.totals;
    let whom = if report.invented {
        " for invented readers on example.org"
    } else {
        ""
    };
    terminal.line(&format!(
        "{}{whom}, {} kB at most each; nothing left this machine",
        counted(totals.messages, "message"),
        totals.largest.div_ceil(1000)
    ))?;
    terminal.line(&format!("digest {}", report.digest))?;
    terminal.line(&format!("look at {page}"))?;
    Ok(())
}

fn recipients(options: &Send) -> Result<Vec<Recipient>, CommandError> {
    let parse = |text: &String| {
        Recipient::parse(text).map_err(|cause| {
            CommandError::new(Exit::Usage, cause)
                .hint("--test takes addresses such as me@example.org")
        })
    };
    options.test.iter().map(parse).collect()
}

/// The relay with its password.
fn relay(folder: &Folder) -> Result<Smtp, CommandError> {
    folder.settings().require_relay()?;
    let smtp = &folder.settings().smtp;
    let mut settings = smtp.relay.clone();
    if settings.password.is_none()
        && let Some(file) = &smtp.password_file
    {
        let bytes = read_limited(&folder.path(file), PASSWORD_LIMIT)?;
        let text = String::from_utf8(bytes).map_err(|_| {
            CommandError::usage(format!("{file} is not text: it holds no password"))
        })?;
        settings.password = Some(text.trim_end_matches(['\r', '\n']).to_owned().into());
    }
    if let Some(file) = &settings.ca_file {
        settings.ca_file = Some(folder.path(file));
    }
    Smtp::new(settings).map_err(|cause| CommandError::new(Exit::Usage, cause))
}

/// Sends each message over one connection; stops at the first that does not
/// leave.
fn send_test(
    letters: &Letters,
    mut relay: Smtp,
    recipients: &[Recipient],
    terminal: &mut Terminal,
) -> Result<Vec<serde_json::Value>, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| {
            CommandError::unexpected(format!("the system gives no runtime: {cause}"))
        })?;
    let mut sent = Vec::new();
    for recipient in recipients {
        let letter = letters.letter(recipient, terminal)?;
        for finding in letter
            .findings
            .iter()
            .filter(|one| one.level != Level::Note)
        {
            let level = finding.level.name();
            terminal.note(&format!("{level}[{}]: {}", finding.code, finding.message));
        }
        let receipt = runtime
            .block_on(relay.send(&letter.message))
            .map_err(failed)?;
        let reply = receipt.reply.as_ref().map(words_of);
        terminal.note(&format!(
            "sent {} to the relay: {}",
            letter.message.message_id,
            reply.as_deref().unwrap_or("accepted")
        ));
        sent.push(json!({
            "address": recipient.address.to_string(),
            "message_id": letter.message.message_id,
            "reply": reply,
        }));
    }
    // Everything is accepted; how the connection ends changes nothing.
    let _ = runtime.block_on(relay.close());
    Ok(sent)
}

/// A reply with the relay's own words. They may name an address, so they are for
/// the editor's terminal alone.
fn words_of(reply: &Reply) -> String {
    printable(&format!("{} {}", reply.code, reply.text.trim()))
}

fn failed(failure: Failure) -> CommandError {
    let hint = failure.hint.clone();
    let exit = match failure.outcome() {
        Outcome::Deferred(_) => Exit::Again,
        Outcome::Rejected(_) | Outcome::Unknown => Exit::Partial,
        Outcome::Halted(_) | Outcome::Accepted => Exit::Unexpected,
    };
    let said = failure.reply().map(words_of);
    let mut error = CommandError::new(exit, failure);
    if let Some(said) = said {
        error = error.hint(format!("the relay's own words: {said}"));
    }
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
