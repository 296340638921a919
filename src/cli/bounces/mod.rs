//! `bounces`: what came back follows its way into the list.

mod read;
mod report;
mod resolve;

use chrono::TimeDelta;

use crate::bounce::{Consequence, Report, consequence};
use crate::cli::args::{Bounces, Global};
use crate::cli::bounces::read::{Inbox, Item};
use crate::cli::bounces::report::Done;
use crate::cli::bounces::resolve::{Known, resolve};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::keys::signing_keys;
use crate::cli::store::{open, wait};
use crate::cli::terminal::Terminal;
use crate::store::{Return, Returned};
use crate::subscriber::{Reason, Suppression};

/// How much is settled in one transaction.
const GROUP: usize = 10_000;

/// Runs `letterpress bounces`.
pub(crate) fn run(
    global: &Global,
    options: &Bounces,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    let keys = signing_keys(&folder)?.ok_or_else(|| {
        let name = &folder.settings().server.key_file;
        CommandError::usage(format!(
            "there is no key in {name:?} to know our own mail by"
        ))
        .hint("server.key_file in the settings names the file with the key that signed it")
    })?;
    let store = open(&folder)?;
    let mut inbox = Inbox::new(&folder, options);
    inbox.read(&keys)?;
    let known = resolve(
        store.as_ref(),
        &keys,
        inbox.items.iter().filter_map(Item::who),
    )?;
    let window = TimeDelta::from_std(folder.settings().bounces.soft_window);
    let since = folder.now - window.unwrap_or(TimeDelta::MAX);
    let mut done: Vec<Done> = Vec::with_capacity(inbox.items.len());
    let mut returns = Vec::new();
    for item in &inbox.items {
        let soft = |message: String, then: Suppression| Returned::Soft {
            message,
            since,
            limit: folder.settings().bounces.soft_limit,
            then,
        };
        match follows(item, &known, &folder, soft) {
            Next::Nothing(what) => done.push(what),
            Next::Settle(one) => {
                done.push(Done::Waiting(returns.len()));
                returns.push(one);
            }
        }
    }
    let mut settled = Vec::with_capacity(returns.len());
    for group in returns.chunks(GROUP) {
        let answer = store.settle(group.to_vec(), folder.now, !options.dry_run);
        settled.extend(wait(answer)?);
    }
    for one in &mut done {
        if let Done::Waiting(place) = one {
            *one = Done::Settled(settled[*place]);
        }
    }
    if !options.dry_run {
        inbox.mark_seen()?;
    }
    report::print(&inbox.items, &done, &known, options, terminal)?;
    let unreadable = inbox
        .items
        .iter()
        .any(|item| matches!(item.reading.report, Report::Unreadable { .. }));
    Ok(if unreadable {
        Exit::Partial
    } else {
        Exit::Done
    })
}

/// What a message leads to.
enum Next {
    Nothing(Done),
    Settle(Return),
}

fn follows(
    item: &Item,
    known: &Known,
    folder: &Folder,
    soft: impl Fn(String, Suppression) -> Returned,
) -> Next {
    let Some(who) = item.who() else {
        return Next::Nothing(Done::Nothing);
    };
    let Some(person) = known.get(who) else {
        return Next::Nothing(Done::Nobody);
    };
    let suppression = |reason: Reason, note: String| Suppression {
        reason,
        at: folder.now,
        note,
    };
    let what = match consequence(&item.reading, person.confirmed_at, folder.now) {
        Consequence::Nothing => return Next::Nothing(Done::Nothing),
        Consequence::Outdated => return Next::Nothing(Done::Outdated),
        Consequence::Suppress { reason, note } => Returned::Suppress(suppression(reason, note)),
        Consequence::Leave => Returned::Leave,
        Consequence::Soft { message, note } => soft(message, suppression(Reason::HardBounce, note)),
    };
    Next::Settle(Return {
        address: person.address.clone(),
        what,
    })
}
