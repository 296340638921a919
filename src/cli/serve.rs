//! `serve`: the public server.

use std::sync::Arc;

use chrono::Utc;
use tokio::net::TcpListener;

use crate::cli::args::{Global, Serve};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::keys::signing_keys;
use crate::cli::newsroom::{TEMPLATES, read_templates, template_error};
use crate::cli::send::{Shelf, Signals};
use crate::cli::terminal::{Terminal, printable};
use crate::cli::webhooks::webhooks;
use crate::diagnostic::Level;
use crate::web::{self, Parts, Settings};

/// Where a build writes the archive.
const PUBLIC: &str = "public";

/// Runs `letterpress serve`.
pub(crate) fn run(
    global: &Global,
    options: &Serve,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    let settings = folder.settings();
    settings.require_web()?;
    let keys = signing_keys(&folder)?.ok_or_else(|| {
        let file = &settings.server.key_file;
        CommandError::usage(format!("there is no key in {file}: no link can be read")).hint(
            "`letterpress init .` makes one; mail already sent needs the one it was sent with",
        )
    })?;
    let (templates, findings) = read_templates(&folder)?;
    if findings.iter().any(|one| one.level == Level::Error) {
        for finding in &findings {
            terminal.finding(finding);
        }
        return Err(template_error().hint(format!("overrides are in {TEMPLATES}/")));
    }
    let shelf = Shelf::open(&folder)?;
    let at = options.listen.unwrap_or(settings.server.listen);
    let public = folder.path(PUBLIC);
    let built = public.join("index.html").is_file();
    let parts = Parts {
        settings: Settings {
            newsletter: settings.newsletter.clone(),
            url: settings.server.url.clone(),
            look: settings.look.clone(),
            public,
            forwarders: settings.server.forwarders.clone(),
            hubs: settings.feeds.hubs.clone(),
            metrics: settings.server.metrics.clone(),
        },
        store: Arc::clone(&shelf.store),
        keys,
        templates,
        webhooks: webhooks(&folder)?,
        clock: Arc::new(Utc::now),
        log: Arc::new(|line| {
            use std::io::Write;
            // Nobody is left to tell if that is closed.
            let _ = writeln!(std::io::stderr(), "{}", printable(line));
        }),
    };
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
        web::serve(listener, parts, signals.next()).await;
        Ok(Exit::Done)
    })
}
