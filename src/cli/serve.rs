//! `serve`: the public server.

use std::sync::Arc;

use chrono::Utc;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::cli::args::{Global, Serve};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::journal::Journal;
use crate::cli::keys::signing_keys;
use crate::cli::newsroom::{TEMPLATES, read_templates, template_error};
use crate::cli::send::{Shelf, Signals};
use crate::cli::terminal::Terminal;
use crate::cli::webhooks::webhooks;
use crate::diagnostic::Level;
use crate::web::{self, Log, Parts, Settings};

/// Where a build writes the archive.
const PUBLIC: &str = "public";

/// Runs `letterpress serve`.
pub(crate) fn run(
    global: &Global,
    options: &Serve,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    folder.settings().require_web()?;
    let shelf = Shelf::open(&folder)?;
    let journal = Journal::to(std::io::stderr());
    let log = journal.log();
    let parts = parts(&folder, &shelf, &log, terminal)?;
    let at = options.listen.unwrap_or(folder.settings().server.listen);
    let built = parts.settings.public.join("index.html").is_file();
    shelf.runtime.block_on(async {
        let listener = TcpListener::bind(at).await.map_err(|cause| {
            let words = format!("cannot listen at {at}: {cause}");
            CommandError::unexpected(words)
                .hint("another program may be there: server.listen or --listen names another place")
        })?;
        let mut signals = Signals::new()?;
        let here = listener.local_addr().unwrap_or(at);
        terminal.note(&format!("listening at http://{here}/"));
        if !built {
            terminal.note("nothing is built yet: `letterpress build` makes the archive");
        }
        let (renew, renewed) = mpsc::channel(1);
        let renewing = async {
            let mut hangups = Hangups::new()?;
            loop {
                hangups.next().await;
                match again(global, &shelf, &log, terminal) {
                    Ok(parts) => {
                        // It has ended where nobody takes it.
                        let _ = renew.send(parts).await;
                        log("reload=done");
                    }
                    Err(error) => {
                        error.print(terminal);
                        log("reload=refused: what was read before stays in use");
                    }
                }
            }
        };
        tokio::select! {
            () = web::serve_renewed(listener, parts, renewed, signals.next()) => Ok(Exit::Done),
            failed = renewing => failed,
        }
    })
}

/// Everything that is read from the folder, anew.
fn again(
    global: &Global,
    shelf: &Shelf,
    log: &Log,
    terminal: &mut Terminal,
) -> Result<Parts, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    folder.settings().require_web()?;
    parts(&folder, shelf, log, terminal)
}

/// What the server works with.
fn parts(
    folder: &Folder,
    shelf: &Shelf,
    log: &Log,
    terminal: &Terminal,
) -> Result<Parts, CommandError> {
    let settings = folder.settings();
    let keys = signing_keys(folder)?.ok_or_else(|| {
        let file = &settings.server.key_file;
        CommandError::usage(format!("there is no key in {file}: no link can be read")).hint(
            "`letterpress init .` makes one; mail already sent needs the one it was sent with",
        )
    })?;
    let (templates, findings) = read_templates(folder)?;
    if findings.iter().any(|one| one.level == Level::Error) {
        for finding in &findings {
            terminal.finding(finding);
        }
        return Err(template_error().hint(format!("overrides are in {TEMPLATES}/")));
    }
    Ok(Parts {
        settings: Settings {
            newsletter: settings.newsletter.clone(),
            url: settings.server.url.clone(),
            look: settings.look.clone(),
            public: folder.path(PUBLIC),
            forwarders: settings.server.forwarders.clone(),
            hubs: settings.feeds.hubs.clone(),
            metrics: settings.server.metrics.clone(),
        },
        store: Arc::clone(&shelf.store),
        keys,
        templates,
        webhooks: webhooks(folder)?,
        clock: Arc::new(Utc::now),
        log: Arc::clone(log),
    })
}

/// Waits for the signal to read everything anew (SIGHUP).
struct Hangups {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
}

impl Hangups {
    fn new() -> Result<Hangups, CommandError> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let signal = signal(SignalKind::hangup()).map_err(|cause| {
                CommandError::unexpected(format!("the system passes no signals: {cause}"))
            })?;
            Ok(Hangups { signal })
        }
        #[cfg(not(unix))]
        Ok(Hangups {})
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        self.signal.recv().await;
        #[cfg(not(unix))]
        std::future::pending::<()>().await;
    }
}
