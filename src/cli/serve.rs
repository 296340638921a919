//! `serve`: the public server.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::cli::args::{Global, Serve};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::journal::Journal;
use crate::cli::keeper::Keeper;
use crate::cli::keys::signing_keys;
use crate::cli::newsroom::{TEMPLATES, read_templates, template_error};
use crate::cli::notices::Postman;
use crate::cli::send::{Shelf, Signals};
use crate::cli::store::open_for_strangers;
use crate::cli::terminal::Terminal;
use crate::cli::webhooks::webhooks;
use crate::diagnostic::Level;
use crate::store::Public;
use crate::web::{self, DoorParts, Log, Parts, Settings};

/// How long a message that is being handed over may take once the server is told
/// to end; it is sent again otherwise.
const FAREWELL: Duration = Duration::from_secs(5);
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
    let counter = Counter {
        strangers: open_for_strangers(&folder, &shelf.store)?,
        shelf: &shelf,
        log: &log,
    };
    let (parts, postman) = counter.parts(&folder, terminal)?;
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
        let round = RefCell::new(postman.map(Round::begin));
        let (renew, renewed) = mpsc::channel(1);
        let renewing = async {
            let mut hangups = Hangups::new()?;
            loop {
                hangups.next().await;
                match counter.again(global, terminal) {
                    Ok((parts, postman)) => {
                        if let Some(round) = round.replace(postman.map(Round::begin)) {
                            round.tell_to_end();
                        }
                        // It has ended where nobody takes it.
                        let _ = renew.send(parts).await;
                    }
                    Err(error) => {
                        error.print(terminal);
                        log("reload=refused: what was read before stays in use");
                    }
                }
            }
        };
        // Whatever is scheduled is sent as long as this lives.
        let keeper = Keeper::beside(folder);
        let ended = tokio::select! {
            () = web::serve_renewed(listener, parts, renewed, signals.next()) => Ok(Exit::Done),
            failed = renewing => failed,
        };
        if let Some(round) = round.take() {
            round.end().await;
        }
        tokio::task::block_in_place(|| drop(keeper));
        ended
    })
}

/// The sending of the server's own messages.
struct Round {
    tell: watch::Sender<bool>,
    work: JoinHandle<()>,
}

impl Round {
    fn begin(postman: Postman) -> Round {
        let (tell, told) = watch::channel(false);
        let work = tokio::spawn(postman.work(told));
        Round { tell, work }
    }

    /// It ends once the message is handed over that is on its way.
    fn tell_to_end(&self) {
        // Nobody listens where it has ended.
        let _ = self.tell.send(true);
    }

    async fn end(self) {
        self.tell_to_end();
        let _ = tokio::time::timeout(FAREWELL, self.work).await;
    }
}

/// What lasts, whatever is read anew.
struct Counter<'a> {
    /// The store as it is sent from.
    shelf: &'a Shelf,
    /// The same as strangers may use it.
    strangers: Public,
    log: &'a Log,
}

impl Counter<'_> {
    /// Everything that is read from the folder, anew.
    fn again(
        &self,
        global: &Global,
        terminal: &mut Terminal,
    ) -> Result<(Parts, Option<Postman>), CommandError> {
        let folder = Folder::open_sound(global, terminal)?;
        folder.settings().require_web()?;
        self.parts(&folder, terminal)
    }

    /// What the server works with, and who sends its own messages.
    fn parts(
        &self,
        folder: &Folder,
        terminal: &Terminal,
    ) -> Result<(Parts, Option<Postman>), CommandError> {
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
        let postman = if settings.subscribe.enabled {
            let store = Arc::clone(&self.shelf.store);
            Some(Postman::new(
                folder,
                &templates,
                store,
                Arc::clone(self.log),
            )?)
        } else {
            None
        };
        let door = postman.as_ref().map(|postman| {
            let wake = Arc::clone(&postman.wake);
            DoorParts {
                settings: settings.subscribe.door.clone(),
                wake: Arc::new(move || wake.notify_one()),
            }
        });
        let parts = Parts {
            settings: Settings {
                newsletter: settings.newsletter.clone(),
                url: settings.server.url.clone(),
                look: settings.look.clone(),
                public: folder.path(PUBLIC),
                forwarders: settings.server.forwarders.clone(),
                hubs: settings.feeds.hubs.clone(),
                metrics: settings.server.metrics.clone(),
                sections: settings.optional_sections(),
            },
            store: self.strangers.clone(),
            keys,
            templates,
            webhooks: webhooks(folder)?,
            door,
            clock: Arc::new(Utc::now),
            log: Arc::clone(self.log),
        };
        Ok((parts, postman))
    }
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
