//! No mail leaves with a dead way out.

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::send::shelf::Shelf;
use crate::cli::terminal::Terminal;
use crate::email::WayOut;
use crate::probe::{self, Error, Question};
use crate::subscriber::Key;

/// Asks the server that links in the mail lead to; `exit` is the end where
/// readers could not leave. Those who leave by a mail need no server.
pub(crate) fn answers(
    folder: &Folder,
    shelf: &Shelf,
    way_out: WayOut,
    key: &Key,
    exit: Exit,
    terminal: &Terminal,
) -> Result<(), CommandError> {
    if way_out == WayOut::Mailto {
        return Ok(());
    }
    let server = &folder.settings().server.url;
    let nonce = nonce()?;
    let question = Question {
        server,
        key,
        store: &shelf.store.id().0,
        nonce: &nonce,
    };
    match shelf.runtime.block_on(probe::way_out(&question)) {
        Ok(_) => {
            terminal.detail(&format!("readers can leave at {server}"));
            Ok(())
        }
        Err(error) => Err(refused(error, exit)),
    }
}

/// A text that was never used before.
pub(crate) fn nonce() -> Result<String, CommandError> {
    let mut draw = [0_u8; 16];
    getrandom::fill(&mut draw).map_err(|cause| {
        CommandError::unexpected(format!("the system gives no random numbers: {cause}"))
    })?;
    Ok(draw.iter().map(|octet| format!("{octet:02x}")).collect())
}

/// What mends it.
pub(crate) fn what_to_do(error: &Error) -> &'static str {
    match error {
        Error::Insecure { .. } => "set server.url to the https address of the server",
        Error::Connect { .. } | Error::Silent { .. } | Error::Broken { .. } => {
            "start `letterpress serve` there; docs/serve.md shows how"
        }
        Error::Tls { .. } | Error::Trust(_) => {
            "mail programs would not get there either: mend the certificate"
        }
        Error::Status { .. } | Error::Redirect { .. } => {
            "let the web server there pass /unsubscribe/ and /preferences/ on to \
             `letterpress serve`, POST too and without a redirect"
        }
        Error::OtherKey { .. } => {
            "`letterpress serve` must run there, with the key file of this newsletter"
        }
        Error::OtherStore { .. } => "send from the folder that the server runs in",
    }
}

fn refused(error: Error, exit: Exit) -> CommandError {
    let what_to_do = what_to_do(&error);
    CommandError::new(exit, Refused(error))
        .hint(what_to_do)
        .hint(
            "or say --unsubscribe mailto: readers then leave by a mail to unsubscribe+…@, which \
             somebody must read",
        )
}

/// What was seen of the server.
#[derive(Debug, thiserror::Error)]
#[error("readers could not leave, so nothing was sent")]
struct Refused(#[source] Error);
