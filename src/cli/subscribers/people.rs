//! Looking at people, and at one of them: list, show, add, remove, change, erase.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json, json};

use crate::cli::args::{AddSubscribers, ListSubscribers};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::report::counted;
use crate::cli::store::{create, open, wait};
use crate::cli::subscribers::{PAGE, address, nobody, status};
use crate::cli::terminal::{Terminal, printable};
use crate::store::{Absorbed, Past, Search, SignUp, Store};
use crate::subscriber::list::{Item, json_object, language_tag};
use crate::subscriber::{Entry, Recipient, Status, Subscriber, SubscriberId, clean_line};

/// Runs `letterpress subscribers list`.
pub(super) fn list(
    folder: &Folder,
    options: &ListSubscribers,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let search = Search {
        text: options.search.clone(),
        status: status(options.status.as_ref())?,
        tag: options.tag.clone(),
    };
    let store = open(folder)?;
    let mut count = 0;
    let mut after = None;
    loop {
        let page = wait(store.list(search.clone(), after, PAGE))?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        for (id, entry) in page {
            if options.json {
                terminal.data(if count == 0 { b"[\n" } else { b",\n" })?;
                terminal.data(Json::Object(object(id, entry)).to_string().as_bytes())?;
            } else {
                terminal.line(&printable(&row(&entry)))?;
            }
            count += 1;
        }
    }
    let whole = search == Search::default();
    let asked = match search.status == Some(Status::Pending) || whole {
        true => asked(store.as_ref(), &search)?,
        false => Vec::new(),
    };
    let listed = if whole { &[][..] } else { &asked[..] };
    for sign_up in listed {
        if options.json {
            terminal.data(if count == 0 { b"[\n" } else { b",\n" })?;
            let object = json_object(&Item::Entry(Box::new(sign_up.clone())));
            let mut all = Map::from_iter([("id".to_owned(), Json::Null)]);
            all.extend(object);
            terminal.data(Json::Object(all).to_string().as_bytes())?;
        } else {
            let at = sign_up.subscriber.consent.joined_at.map(day_and_time);
            let at = at.unwrap_or_default();
            terminal.line(&printable(&format!("{}, signed up {at}", row(sign_up))))?;
        }
        count += 1;
    }
    if options.json {
        terminal.data(if count == 0 { b"[]\n" } else { b"\n]\n" })?;
    }
    terminal.finish()?;
    let count = count - listed.len();
    terminal.note(&match asked.len() {
        0 => counted(count, "subscriber"),
        waiting => {
            let waiting = counted(waiting, "sign-up");
            let hint = if whole {
                ": --status pending shows them"
            } else {
                ""
            };
            format!(
                "{}, and {waiting} not confirmed yet{hint}",
                counted(count, "subscriber")
            )
        }
    });
    Ok(Exit::Done)
}

/// Who signed up and has not confirmed it, as far as a search finds them: nobody's
/// subscription yet.
fn asked(store: &dyn Store, search: &Search) -> Result<Vec<Entry>, CommandError> {
    let (mut found, mut after) = (Vec::new(), None);
    // A sign-up has no tags.
    while search.tag.is_none() {
        let page = wait(store.unconfirmed(after, PAGE))?;
        let Some(last) = page.last() else { break };
        after = Some(last.address.key());
        for one in page {
            // Who moves is on the list already, with the address of now.
            if one.moves.is_some() || !search.finds(&one.address.key(), &one.name) {
                continue;
            }
            // And so is who forgot that they have it.
            let known = wait(store.find(&one.address))?;
            let has_it = |entry: &Entry| entry.subscriber.status == Status::Confirmed;
            if !known.is_some_and(|(_, entry)| has_it(&entry)) {
                found.push(sign_up(one));
            }
        }
    }
    Ok(found)
}

fn sign_up(asked: SignUp) -> Entry {
    let mut person = Subscriber::new(asked.address, Status::Pending);
    person.name = asked.name;
    person.language = asked.language;
    person.consent.origin = asked.origin;
    person.consent.joined_at = Some(asked.at);
    person.consent.joined_ip = Some(asked.network).filter(|network| !network.is_empty());
    Entry {
        subscriber: person,
        suppression: None,
    }
}

/// A person as JSON: our columns, and the id.
fn object(id: SubscriberId, entry: Entry) -> Map<String, Json> {
    let mut object = Map::new();
    object.insert("id".to_owned(), json!(id));
    object.extend(json_object(&Item::Entry(Box::new(entry))));
    object
}

fn row(entry: &Entry) -> String {
    let person = &entry.subscriber;
    let mut row = format!("{}  {}", person.address, standing(entry));
    if !person.name.is_empty() {
        row += &format!("  {}", person.name);
    }
    if !person.tags.is_empty() {
        let tags: Vec<&str> = person.tags.iter().map(String::as_str).collect();
        row += &format!("  [{}]", tags.join(", "));
    }
    row
}

/// Where somebody stands, and why they are not mailed.
fn standing(entry: &Entry) -> String {
    let status = entry.subscriber.status.name();
    match &entry.suppression {
        Some(suppression) => format!("{status}, suppressed: {}", suppression.reason.name()),
        None => status.to_owned(),
    }
}

/// Runs `letterpress subscribers show`.
pub(super) fn show(
    folder: &Folder,
    text: &str,
    json: bool,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let address = address(text)?;
    let store = open(folder)?;
    let Some((id, entry)) = wait(store.find(&address))? else {
        let search = Search {
            text: address.key(),
            ..Search::default()
        };
        let waits = |one: &Entry| one.subscriber.address.key() == address.key();
        return Err(
            match asked(store.as_ref(), &search)?
                .iter()
                .find(|one| waits(one))
            {
                Some(one) => {
                    let at = one.subscriber.consent.joined_at.map(day_and_time);
                    let at = at.unwrap_or_default();
                    CommandError::usage(format!(
                        "{address} signed up {at} and has not confirmed it: nobody's subscription yet"
                    ))
                }
                None => nobody(&address),
            },
        );
    };
    let history = wait(store.history(id))?;
    if json {
        let mut object = object(id, entry);
        let history: Vec<Json> = history.iter().map(past).collect();
        object.insert("history".to_owned(), json!(history));
        terminal.json(&Json::Object(object))?;
        return Ok(Exit::Done);
    }
    for (name, value) in facts(&entry) {
        terminal.line(&printable(&format!("{name:<14} {value}")))?;
    }
    for one in &history {
        let reply = one.reply.as_ref().map_or(String::new(), |reply| {
            format!("  {} {}", reply.code, reply.text)
        });
        let at = one.at.map(day_and_time).unwrap_or_default();
        let words = format!(
            "{:<14} {}  {}  {at}{reply}",
            "mailed",
            one.title,
            one.state.name()
        );
        terminal.line(&printable(&words))?;
    }
    if history.is_empty() {
        terminal.line(&format!("{:<14} nothing yet", "mailed"))?;
    }
    Ok(Exit::Done)
}

fn past(past: &Past) -> Json {
    json!({
        "issue": past.issue,
        "title": past.title,
        "state": past.state.name(),
        "reply": past.reply.as_ref().map(|reply| format!("{} {}", reply.code, reply.text)),
        "at": past.at.map(day_and_time),
    })
}

/// What is known of somebody, in the order of asking.
fn facts(entry: &Entry) -> Vec<(&'static str, String)> {
    let person = &entry.subscriber;
    let consent = &person.consent;
    let when = |at: Option<DateTime<Utc>>, ip: Option<&String>| match (at, ip) {
        (None, None) => String::new(),
        (None, Some(ip)) => format!("at a time not known, from {ip}"),
        (Some(at), None) => day_and_time(at),
        (Some(at), Some(ip)) => format!("{}, from {ip}", day_and_time(at)),
    };
    let edition = match (&person.edition, person.edition_until) {
        (Some(edition), Some(until)) => format!("{edition}, until {}", day_and_time(until)),
        (Some(edition), None) => edition.clone(),
        (None, _) => String::new(),
    };
    let tags: Vec<&str> = person.tags.iter().map(String::as_str).collect();
    let suppressed = entry.suppression.as_ref().map(|suppression| {
        let at = day_and_time(suppression.at);
        let note = clean_line(&suppression.note);
        format!("{} since {at}  {note}", suppression.reason.name())
    });
    let attributes = match person.attributes.is_empty() {
        true => String::new(),
        false => Json::Object(person.attributes.clone()).to_string(),
    };
    let all = vec![
        ("address", person.address.to_string()),
        ("name", person.name.clone()),
        ("status", person.status.name().to_owned()),
        ("suppressed", suppressed.unwrap_or_default()),
        ("language", person.language.clone().unwrap_or_default()),
        ("edition", edition),
        ("tags", tags.join(", ")),
        ("attributes", attributes),
        ("came from", consent.origin.clone()),
        (
            "joined",
            when(consent.joined_at, consent.joined_ip.as_ref()),
        ),
        (
            "confirmed",
            when(consent.confirmed_at, consent.confirmed_ip.as_ref()),
        ),
        ("left", when(consent.left_at, None)),
    ];
    all.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

fn day_and_time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// Runs `letterpress subscribers add`.
pub(super) fn add(
    folder: &Folder,
    options: &AddSubscribers,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    if options.name.is_some() && options.addresses.len() > 1 {
        return Err(CommandError::usage("--name is the name of one person")
            .hint("write 'Ada <ada@example.org>' for each of them"));
    }
    if let Some(language) = &options.language
        && language_tag(language).is_none()
    {
        return Err(
            CommandError::usage(format!("{language} is no language tag"))
                .hint("say en, de, zh-Hans"),
        );
    }
    let entries: Result<Vec<Entry>, CommandError> = options
        .addresses
        .iter()
        .map(|text| entry(text, options, folder.now))
        .collect();
    let entries = entries?;
    let store = create(folder)?;
    let addresses: Vec<String> = entries
        .iter()
        .map(|entry| entry.subscriber.address.to_string())
        .collect();
    let answers = wait(store.absorb(entries, folder.now, true))?;
    let mut exit = Exit::Done;
    for (address, answer) in addresses.iter().zip(answers) {
        let words = match answer {
            Absorbed::Added => "added".to_owned(),
            Absorbed::Updated => "was there, brought up to date".to_owned(),
            Absorbed::Unchanged => "was there already".to_owned(),
            Absorbed::Withheld(reason) => {
                exit = Exit::Partial;
                format!("kept, but not mailed: {}", reason.name())
            }
            Absorbed::Erased => {
                exit = Exit::Partial;
                "not added: asked to be forgotten".to_owned()
            }
        };
        terminal.line(&printable(&format!("{address}  {words}")))?;
    }
    if exit == Exit::Partial {
        terminal.finish()?;
        terminal.note("who left, bounced or was erased comes back by subscribing themselves; `suppressions remove` lifts a complaint or your own decision");
    }
    Ok(exit)
}

fn entry(text: &str, options: &AddSubscribers, now: DateTime<Utc>) -> Result<Entry, CommandError> {
    let mut recipient =
        Recipient::parse(text).map_err(|cause| CommandError::usage(format!("{text}: {cause}")))?;
    if let Some(name) = &options.name {
        recipient = recipient.named(name);
    }
    let mut person = Subscriber::new(recipient.address, Status::Confirmed);
    person.name = recipient.name;
    person.language.clone_from(&options.language);
    person.edition = options.edition.as_deref().map(clean_line);
    let tags = options.tag.iter().map(|tag| clean_line(tag));
    person.tags = tags.filter(|tag| !tag.is_empty()).collect();
    person.consent.origin = "editor".to_owned();
    person.consent.joined_at = Some(now);
    Ok(Entry {
        subscriber: person,
        suppression: None,
    })
}

/// Runs `letterpress subscribers remove`.
pub(super) fn remove(
    folder: &Folder,
    text: &str,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let address = address(text)?;
    let store = open(folder)?;
    match wait(store.set_status(&address, Status::Unsubscribed, folder.now))? {
        true => {
            terminal.note(&format!(
                "{address} is unsubscribed and not mailed any more"
            ));
            Ok(Exit::Done)
        }
        false => Err(nobody(&address).hint(
            "`letterpress suppressions add` keeps an address from being mailed that is not there",
        )),
    }
}

/// Runs `letterpress subscribers change`.
pub(super) fn change(
    folder: &Folder,
    old: &str,
    new: &str,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let (old, new) = (address(old)?, address(new)?);
    let store = open(folder)?;
    match wait(store.change_address(&old, &new, folder.now))? {
        true => {
            terminal.note(&format!("{old} is {new} now"));
            Ok(Exit::Done)
        }
        false => Err(nobody(&old)),
    }
}

/// Runs `letterpress subscribers erase`.
pub(super) fn erase(
    folder: &Folder,
    text: &str,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let address = address(text)?;
    let store = open(folder)?;
    let found = wait(store.erase(&address, folder.now))?;
    terminal.note(match found {
        true => {
            "erased; a hash that tells nobody the address keeps later lists from bringing it back"
        }
        false => "nothing was known of this address; a hash keeps later lists from bringing it in",
    });
    Ok(Exit::Done)
}
