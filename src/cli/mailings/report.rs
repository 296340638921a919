//! `report`: what became of each recipient's message. It is written as it is
//! read, however long the list is.

use serde_json::{Value, json};

use crate::cli::args::{Global, Report};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::mailings::{counts, facts, moment, named, tally_words, time};
use crate::cli::store::{open, wait};
use crate::cli::terminal::{BOLD, Terminal, paint, printable};
use crate::mailing::{Delivery, Reply, State};

/// Deliveries asked of the store at once.
const PAGE: usize = 1_000;

/// Runs `letterpress report`.
pub(crate) fn report(
    global: &Global,
    options: &Report,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let states = states(&options.state)?;
    let folder = Folder::open_sound(global, terminal)?;
    let store = open(&folder)?;
    let mailing = match &options.mailing {
        Some(said) => named(store.as_ref(), &folder, said)?,
        None => wait(store.mailings())?.into_iter().next().ok_or_else(|| {
            CommandError::usage("nothing was mailed from this store yet")
                .hint("`letterpress send latest` mails an issue")
        })?,
    };
    let tally = wait(store.tally(mailing.id))?;
    if options.json {
        let mut facts = facts(&mailing);
        facts.insert("counts".to_owned(), counts(&tally));
        // All but the closing bracket; deliveries follow one by one.
        let head = Value::Object(facts).to_string();
        let open = head.strip_suffix('}').unwrap_or(&head);
        terminal.data(format!("{open},\"deliveries\":[").as_bytes())?;
    } else {
        let head = format!("{}  {}", mailing.issue, mailing.title);
        let head = paint(terminal.color_out(), BOLD, &printable(&head));
        terminal.line(&head)?;
        let stage = match mailing.why.as_str() {
            "" => mailing.stage.name().to_owned(),
            why => format!("{}: {why}", mailing.stage.name()),
        };
        terminal.line(&printable(&stage))?;
        terminal.line(&tally_words(&tally))?;
    }
    let mut after = None;
    let mut count = 0_u64;
    loop {
        let page = wait(store.deliveries(mailing.id, &states, after, PAGE))?;
        let Some(last) = page.last() else { break };
        after = Some(last.subscriber);
        for delivery in &page {
            if options.json {
                terminal.data(if count == 0 { b"\n" } else { b",\n" })?;
                terminal.data(object(delivery).to_string().as_bytes())?;
            } else {
                terminal.line(printable(&row(delivery, &folder)).trim_end())?;
            }
            count += 1;
        }
    }
    if options.json {
        terminal.data(b"\n]}\n")?;
    }
    terminal.finish()?;
    if count == 0 && !states.is_empty() && !options.json {
        let names: Vec<&str> = states.iter().map(|state| state.name()).collect();
        terminal.note(&format!("none is {}", names.join(" or ")));
    }
    Ok(Exit::Done)
}

fn states(words: &[String]) -> Result<Vec<State>, CommandError> {
    let state = |word: &String| {
        State::of(word.trim()).ok_or_else(|| {
            let names = State::ALL.map(State::name).join(", ");
            CommandError::usage(format!("{word} is no state"))
                .hint(format!("the states are {names}"))
        })
    };
    words.iter().map(state).collect()
}

/// One delivery as JSON.
fn object(delivery: &Delivery) -> Value {
    json!({
        "address": delivery.address.as_ref().map(|address| address.as_str()),
        "state": delivery.state.name(),
        "attempts": delivery.attempts,
        "reply": delivery.reply.as_ref().map(said),
        "message_id": delivery.message_id,
        "at": delivery.at.map(time),
        "due": delivery.due.map(time),
        "relay_id": delivery.relay_id,
        "note": delivery.note,
    })
}

/// One delivery on a line: state, address, and what was said of it.
fn row(delivery: &Delivery, folder: &Folder) -> String {
    let address = delivery
        .address
        .as_ref()
        .map_or("(erased)", |address| address.as_str());
    let tries = match delivery.attempts {
        0 | 1 => None,
        some => Some(format!("{some} tries")),
    };
    let words = [
        delivery.reply.as_ref().map(said),
        Some(delivery.note.clone()).filter(|note| !note.is_empty()),
        tries,
        delivery
            .due
            .map(|due| format!("again {}", moment(due, folder))),
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    format!(
        "{:9}  {address}  {}",
        delivery.state.name(),
        words.join("; ")
    )
}

/// A reply as the server gave it: `550 5.1.1 no such user`.
fn said(reply: &Reply) -> String {
    format!("{} {}", reply.code, reply.text)
        .trim_end()
        .to_owned()
}
