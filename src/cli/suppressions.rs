//! `suppressions`: addresses and domains that are never mailed.

use serde_json::json;

use crate::cli::args::{AddSuppression, Global, Suppressions};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::report::counted;
use crate::cli::store::{create, open, wait};
use crate::cli::subscribers::address;
use crate::cli::terminal::{Terminal, printable};
use crate::store::Store;
use crate::subscriber::{Address, Reason, Suppression, clean_line};

/// How many are asked of the store at once.
const PAGE: usize = 1_000;

/// Runs `letterpress suppressions`.
pub(crate) fn run(
    global: &Global,
    options: &Suppressions,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    match options {
        Suppressions::List { json } => list(&folder, *json, terminal),
        Suppressions::Add(options) => add(&folder, options, terminal),
        Suppressions::Remove { address } => remove(&folder, address, terminal),
    }
}

fn list(folder: &Folder, json: bool, terminal: &mut Terminal) -> Result<Exit, CommandError> {
    let store = open(folder)?;
    let mut count = 0;
    let mut after = None;
    loop {
        let page = wait(store.suppressions(after, PAGE))?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        for (address, suppression) in page {
            let Suppression { reason, at, note } = suppression;
            let at = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            if json {
                let one = json!({
                    "address": address, "reason": reason.name(), "at": at, "note": note,
                });
                terminal.data(if count == 0 { b"[\n" } else { b",\n" })?;
                terminal.data(one.to_string().as_bytes())?;
            } else {
                let row = format!("{address}  {}  {at}  {}", reason.name(), clean_line(&note));
                terminal.line(printable(&row).trim_end())?;
            }
            count += 1;
        }
    }
    if json {
        terminal.data(if count == 0 { b"[]\n" } else { b"\n]\n" })?;
    }
    terminal.finish()?;
    terminal.note(&counted(count, "suppression"));
    Ok(Exit::Done)
}

/// An address, or all of a domain.
enum Whom {
    Address(Address),
    Domain(String),
}

impl Whom {
    fn parse(text: &str) -> Result<Whom, CommandError> {
        let Some(domain) = text.trim().strip_prefix('@') else {
            return Ok(Whom::Address(address(text)?));
        };
        // Any local part does to see whether the domain is one.
        let known = Address::parse(&format!("a@{domain}"));
        let known = known.map_err(|cause| CommandError::usage(format!("{text}: {cause}")))?;
        Ok(Whom::Domain(known.domain().to_owned()))
    }

    fn words(&self) -> String {
        match self {
            Whom::Address(address) => address.to_string(),
            Whom::Domain(domain) => format!("@{domain}"),
        }
    }
}

fn add(
    folder: &Folder,
    options: &AddSuppression,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let whom = Whom::parse(&options.address)?;
    let reason = Reason::of(&options.reason).filter(|reason| *reason != Reason::Erased);
    let Some(reason) = reason else {
        let words = format!("{} is no reason of a suppression", options.reason);
        let hint = "say manual, complaint, hard-bounce or unsubscribed; `letterpress subscribers erase` forgets somebody";
        return Err(CommandError::usage(words).hint(hint));
    };
    let suppression = Suppression {
        reason,
        at: folder.now,
        note: clean_line(&options.note),
    };
    let store = create(folder)?;
    let new = wait(match &whom {
        Whom::Address(address) => store.suppress(address, suppression),
        Whom::Domain(domain) => store.suppress_domain(domain, suppression),
    })?;
    let words = match new {
        true => "is never mailed",
        false => "was suppressed already",
    };
    terminal.note(&format!("{} {words}", whom.words()));
    Ok(Exit::Done)
}

fn remove(folder: &Folder, text: &str, terminal: &mut Terminal) -> Result<Exit, CommandError> {
    let whom = Whom::parse(text)?;
    let store = open(folder)?;
    let lifted = match &whom {
        Whom::Address(address) => {
            if let Some(held) = held(store.as_ref(), address)? {
                theirs(address, &held)?;
            }
            wait(store.lift(address))?
        }
        Whom::Domain(domain) => wait(store.lift_domain(domain))?,
    };
    match lifted {
        Some(reason) => {
            terminal.note(&format!("{}: lifted, was {}", whom.words(), reason.name()));
            Ok(Exit::Done)
        }
        None => Err(
            CommandError::usage(format!("{} is not suppressed", whom.words()))
                .hint("`letterpress suppressions list` prints who is"),
        ),
    }
}

/// What is theirs to lift is not the editor's.
fn theirs(address: &Address, held: &Suppression) -> Result<(), CommandError> {
    let why = match held.reason {
        Reason::Complaint | Reason::Manual => return Ok(()),
        Reason::Unsubscribed => "left",
        Reason::Erased => "asked to be forgotten",
        Reason::HardBounce => "could not be reached",
    };
    let words = format!("{address} {why}: only their own confirmed subscription lifts that");
    Err(CommandError::usage(words).hint("ask them to subscribe again"))
}

/// Why an address is suppressed.
fn held(store: &dyn Store, address: &Address) -> Result<Option<Suppression>, CommandError> {
    let key = address.key();
    // The list begins behind a name: the key without its last letter is before it.
    let mut after = key[..key.len() - 1].to_owned();
    loop {
        let page = wait(store.suppressions(Some(after), PAGE))?;
        let Some((last, _)) = page.last() else {
            return Ok(None);
        };
        let last = last.to_ascii_lowercase();
        let found = page
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&key));
        if let Some((_, suppression)) = found {
            return Ok(Some(suppression));
        }
        if last > key {
            return Ok(None);
        }
        after = last;
    }
}
