//! `preview`: the editor's desk in the browser.

mod board;
mod compare;
mod gather;
mod links;
mod proofs;
mod room;
mod sender;
mod speak;
mod steps;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use chrono::Utc;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::cli::args::{Global, Preview};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::keys::signing_keys;
use crate::cli::newsroom::Newsroom;
use crate::cli::preview::room::Desk;
use crate::cli::preview::speak::error_of;
use crate::cli::send::{self, Signals};
use crate::cli::terminal::Terminal;
use crate::desk::{self, Parts, Room};
use crate::files::{Output, Watch};
use crate::subscriber::Key;

/// Changes of which the desk has not heard yet.
const WAITING: usize = 64;

/// Runs `letterpress preview`.
pub(crate) fn run(
    global: &Global,
    options: &Preview,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open(global)?;
    let key = match signing_keys(&folder)? {
        Some(keys) => keys.current,
        None => drawn_key()?,
    };
    let room = Arc::new(Desk::new(global.clone()));
    // What is wrong with the folder is shown at the desk; it opens all the same.
    let opened = room.refresh(&Default::default());
    if let Some(out) = &options.export {
        opened.map_err(|trouble| error_of(&trouble))?;
        return export(global, options, key, &room, out, terminal);
    }
    let at = options
        .listen
        .unwrap_or_else(|| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), options.port));
    let runtime = send::runtime()?;
    let serving = Arc::clone(&room);
    let served = runtime.block_on(async {
        let listener = TcpListener::bind(at).await.map_err(|cause| {
            CommandError::unexpected(format!("cannot listen at {at}: {cause}"))
                .hint("another desk may be open there: --port names another place")
        })?;
        let here = listener.local_addr().unwrap_or(at);
        let secret = random_hex()?;
        terminal.line(&desk::address(here, &secret))?;
        terminal.finish()?;
        terminal.note("open that address in a browser; Ctrl-C closes the desk");
        if !here.ip().is_loopback() {
            terminal
                .note("anybody on this network who has the address can send: it is not encrypted");
        }
        let (sender, changes) = mpsc::channel(WAITING);
        let poll = folder.settings().preview.poll;
        let watch = Watch::new(serving.watched(), poll, move |touched| {
            // A desk that is behind reads everything anyway.
            let _ = sender.try_send(touched);
        });
        if watch.polls() && !poll {
            terminal.detail("the system tells of no changes: the folder is looked at every second");
        }
        let parts = Parts {
            room: serving,
            key,
            secret,
            listen: here,
            clock: Arc::new(Utc::now),
        };
        let mut signals = Signals::new()?;
        tokio::select! {
            served = desk::serve(listener, parts, changes) => served.map_err(|cause| {
                CommandError::unexpected(format!("the desk cannot go on: {cause}"))
            }),
            () = signals.next() => Ok(()),
        }
    });
    if room.is_sending() {
        terminal.note("finishing what is being handed over; `letterpress resume` goes on");
    }
    room.halt();
    // Pages that wait for news are not waited for.
    runtime.shutdown_background();
    served.map(|()| Exit::Done)
}

/// Writes the desk's views as pages of a folder.
fn export(
    global: &Global,
    options: &Preview,
    key: Key,
    room: &Arc<Desk>,
    out: &std::path::Path,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    let newsroom = Newsroom::read(&folder)?;
    let mut issues = Vec::new();
    let selectors = match options.issues.is_empty() {
        true => vec!["next".to_owned(), "latest".to_owned()],
        false => options.issues.clone(),
    };
    for selector in &selectors {
        match send::choose(&folder, &newsroom, selector) {
            Ok(places) => issues.extend(
                places
                    .into_iter()
                    .map(|place| newsroom.manuscripts[place].summary.path.clone()),
            ),
            // Where none was named, one of the two may well be missing.
            Err(_) if options.issues.is_empty() => {}
            Err(error) => return Err(error),
        }
    }
    issues.dedup();
    let output = Output::open(&folder.path(out))?;
    let parts = Parts {
        room: Arc::clone(room) as Arc<dyn Room>,
        key,
        secret: String::new(),
        listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
        clock: Arc::new({
            let now = folder.now;
            move || now
        }),
    };
    let mut failed = None;
    let made = desk::export(parts, &issues, |(path, bytes)| {
        output.write(&path, &bytes).map(drop).map_err(|error| {
            failed = Some(error);
            desk::Trouble::new("the pages cannot be written")
        })
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    made.map_err(|trouble| error_of(&trouble))?;
    output.finish()?;
    let page = folder.path(out).join("index.html");
    terminal.line(&format!("look at {}", page.display()))?;
    Ok(Exit::Done)
}

/// A key for this run alone, where the newsletter has none.
fn drawn_key() -> Result<Key, CommandError> {
    let mut secret = vec![0; 32];
    fill(&mut secret)?;
    Key::new(secret).map_err(|cause| CommandError::new(Exit::Unexpected, cause))
}

fn random_hex() -> Result<String, CommandError> {
    let mut draw = [0_u8; 16];
    fill(&mut draw)?;
    Ok(draw.iter().map(|octet| format!("{octet:02x}")).collect())
}

fn fill(octets: &mut [u8]) -> Result<(), CommandError> {
    getrandom::fill(octets).map_err(|cause| {
        CommandError::unexpected(format!("the system gives no random numbers: {cause}"))
    })
}
