//! `send --test`: the real message through the real relay, to the editor alone.

use serde_json::json;

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::letters::Letters;
use crate::cli::terminal::{Terminal, printable};
use crate::diagnostic::Level;
use crate::mailing::{Outcome, Reply};
use crate::subscriber::Recipient;
use crate::transport::{Failure, Smtp, Transport};

/// Understands whom `--test` names.
pub(crate) fn recipients(addresses: &[String]) -> Result<Vec<Recipient>, CommandError> {
    let parse = |text: &String| {
        Recipient::parse(text).map_err(|cause| {
            CommandError::new(Exit::Usage, cause)
                .hint("--test takes addresses such as me@example.org")
        })
    };
    addresses.iter().map(parse).collect()
}

/// Sends each message over one connection; stops at the first that does not
/// leave.
pub(crate) fn send(
    letters: &Letters,
    mut relay: Smtp,
    recipients: &[Recipient],
    terminal: &mut Terminal,
) -> Result<Vec<serde_json::Value>, CommandError> {
    let runtime = crate::cli::send::runtime()?;
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
