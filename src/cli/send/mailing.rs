//! `send ISSUE`: a new mailing, or the one that the issue has.

use chrono::{DateTime, Utc};

use crate::cli::args::{Confirm, Only};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::{Folder, LOCK_FILE};
use crate::cli::keys::signing_keys;
use crate::cli::letters::Letters;
use crate::cli::newsroom::Newsroom;
use crate::cli::send::drive::{self, Manner, Sent, drive};
use crate::cli::send::shelf::Shelf;
use crate::cli::send::{confirm, gate, leaving, noted, relay, time, way_out};
use crate::cli::terminal::Terminal;
use crate::diagnostic::Level;
use crate::email::{Composition, invented};
use crate::files::write_durable;
use crate::mailing::{Filter, Mailed, Mailing, Planned, Stage, State};
use crate::store::{self, NewMailing};
use crate::subscriber::Key;

/// What the editor wants of an issue's mailing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) confirm: &'a Confirm,
    pub(crate) only: &'a [Only],
}

/// Mails the issue at these places of the newsroom, or goes on with that.
pub(crate) fn mail(
    folder: &Folder,
    newsroom: &Newsroom,
    places: &[usize],
    wish: Wish<'_>,
    terminal: &Terminal,
) -> Result<Sent, CommandError> {
    let Some(&first) = places.first() else {
        return Err(CommandError::unexpected("no issue was chosen"));
    };
    let shelf = Shelf::open(folder)?;
    let signing_key = require_key(folder)?;
    let issue = newsroom.issues[first].key.as_str();
    let known = shelf.ask(shelf.store.mailing_of(issue))?;
    let (mailing, manner) = match known {
        Some(mailing) => {
            say_changes(folder, newsroom, places, &shelf, &mailing, terminal);
            return again(folder, &shelf, &mailing, wish, signing_key, terminal);
        }
        None => new(
            folder,
            newsroom,
            places,
            &shelf,
            wish,
            &signing_key,
            terminal,
        )?,
    };
    drive(folder, &shelf, &mailing, signing_key, manner, terminal)
}

/// The key that signs links and answers: without it nothing is sent.
pub(crate) fn require_key(folder: &Folder) -> Result<Key, CommandError> {
    let keys = signing_keys(folder)?.map(|keys| keys.current);
    keys.ok_or_else(|| {
        let file = &folder.settings().server.key_file;
        CommandError::usage(format!("there is no key in {file}: nobody could leave"))
            .hint("`letterpress init .` makes one; keep it, mail already sent needs it")
    })
}

/// Asks, and confirms a mailing.
fn new(
    folder: &Folder,
    newsroom: &Newsroom,
    places: &[usize],
    shelf: &Shelf,
    wish: Wish<'_>,
    signing_key: &Key,
    terminal: &Terminal,
) -> Result<(Mailing, Manner), CommandError> {
    let options = wish.confirm;
    if !wish.only.is_empty() {
        let issue = &newsroom.issues[places[0]];
        let words = format!(
            "issue {} was not mailed yet: --only has no meaning",
            issue.key
        );
        return Err(CommandError::usage(words).hint("send it to everybody first"));
    }
    let prospect = prospect(folder, newsroom, places, shelf, options, terminal)?;
    let (zone, settings) = (folder.settings().newsletter.time_zone, folder.settings());
    let composition = &prospect.letters.composition;
    terminal.note(&format!(
        "issue {}: {}",
        composition.issue(),
        composition.title()
    ));
    confirm::show(&prospect.planned, terminal);
    terminal.note(&format!("digest {}", composition.digest()));
    terminal.note(&format!("relay {}", relay::name(&settings.smtp.relay)));
    if let Some(at) = prospect.at {
        terminal.note(&format!("begins {}", time::words(at, zone)));
    }
    prospect.possible(shelf)?;
    // Asked again before the first message; here before anything is confirmed.
    leaving::answers(
        folder,
        shelf,
        composition.way_out(),
        signing_key,
        Exit::Usage,
        terminal,
    )?;
    let question = format!(
        "Mail it to {}?",
        confirm::recipients(prospect.planned.recipients)
    );
    confirm::ask(
        &question,
        &[composition.issue(), "yes"],
        options.yes,
        terminal,
    )?;

    let mailing = prospect.confirm(folder, newsroom, places, shelf, terminal)?;
    Ok((mailing, manner(options)))
}

/// A mailing as it would be if it were confirmed now.
pub(crate) struct Prospect {
    pub(crate) letters: Letters,
    /// Who gets it, and who does not.
    pub(crate) planned: Planned,
    filter: Filter,
    filter_text: String,
    /// When it begins, where that is not now.
    pub(crate) at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
}

/// What must be right before a mailing can be confirmed is looked at; nothing is
/// changed.
pub(crate) fn prospect(
    folder: &Folder,
    newsroom: &Newsroom,
    places: &[usize],
    shelf: &Shelf,
    options: &Confirm,
    terminal: &Terminal,
) -> Result<Prospect, CommandError> {
    let settings = folder.settings();
    let issue = &newsroom.issues[places[0]];
    let now = Utc::now();
    let zone = settings.newsletter.time_zone;
    let at = match &options.at {
        Some(text) => Some(time::parse(text, zone, now)?),
        None => None,
    };
    gate::published(newsroom, places, at, folder)?;
    gate::unmistaken(newsroom, places)?;
    gate::answerable(folder)?;
    let filter_text = options.to.clone().unwrap_or_default();
    let filter = gate::filter(&filter_text)?;
    let at = at.filter(|at| *at > now);
    let moment = at.unwrap_or(folder.now);
    let letters = Letters::new(folder, newsroom, places, moment, way_out(options), terminal)?;
    let composition = &letters.composition;
    gate::expected(options, composition.digest())?;
    sound(&letters, terminal)?;
    let ledger = noted::read(folder, terminal)?;
    let first = shelf.ask(shelf.store.first_subscriber())?;
    let id = shelf.store.id().0;
    let refusal = ledger.refusal(composition.issue(), &id, Some(issue.date), first, now);
    if let Some(refusal) = refusal.filter(|_| !options.yes_again) {
        return Err(gate::refused(&refusal));
    }

    let planned = shelf.ask(shelf.store.survey(composition.issue(), filter.clone(), now))?;
    Ok(Prospect {
        letters,
        planned,
        filter,
        filter_text,
        at,
        now,
    })
}

impl Prospect {
    /// Whether somebody would get it, and nobody else is sending.
    pub(crate) fn possible(&self, shelf: &Shelf) -> Result<(), CommandError> {
        if self.planned.recipients == 0 {
            return Err(CommandError::usage("nobody would get it: nothing was sent")
                .hint("`letterpress subscribers list` shows who is on the list"));
        }
        if self.at.is_none()
            && !shelf.store.is_shared()
            && let Some(who) = shelf.ask(shelf.store.engaged())?
        {
            return Err(store::Error::Engaged { who }.into());
        }
        Ok(())
    }

    /// Confirms it: content and recipients are fixed.
    pub(crate) fn confirm(
        self,
        folder: &Folder,
        newsroom: &Newsroom,
        places: &[usize],
        shelf: &Shelf,
        terminal: &Terminal,
    ) -> Result<Mailing, CommandError> {
        let Prospect {
            letters,
            filter,
            filter_text,
            at,
            now,
            ..
        } = self;
        let composition = &letters.composition;
        pin(folder, newsroom, places)?;
        let confirmed = NewMailing {
            issue: composition.issue().to_owned(),
            title: composition.title().to_owned(),
            digest: composition.digest().to_owned(),
            content: composition.freeze(),
            filter,
            filter_text,
            stage: if at.is_some() {
                Stage::Scheduled
            } else {
                Stage::Open
            },
            starts_at: at.unwrap_or(now),
            now,
        };
        let (_, planned) = shelf.ask(shelf.store.confirm(confirmed))?;
        let mailed = Mailed {
            issue: composition.issue().to_owned(),
            store: shelf.store.id().0,
            digest: composition.digest().to_owned(),
            count: planned.recipients,
            at: now,
        };
        noted::note(folder, mailed, terminal)?;
        let mailing = shelf.ask(shelf.store.mailing_of(composition.issue()))?;
        let mailing = mailing.ok_or_else(|| CommandError::unexpected("the mailing is gone"))?;
        Ok(mailing)
    }
}

/// Goes on with a mailing: whom `--only` names is added or tried again before.
fn again(
    folder: &Folder,
    shelf: &Shelf,
    mailing: &Mailing,
    wish: Wish<'_>,
    signing_key: Key,
    terminal: &Terminal,
) -> Result<Sent, CommandError> {
    let options = wish.confirm;
    gate::expected(options, &mailing.digest)?;
    if mailing.stage == Stage::Cancelled {
        return Err(drive::cancelled(mailing));
    }
    let new = wish.only.contains(&Only::New);
    if options.at.is_some() || (options.to.is_some() && !new) {
        let words = format!(
            "the mailing of issue {} is confirmed already",
            mailing.issue
        );
        return Err(CommandError::usage(words)
            .hint("its recipients and its time are fixed; --only new adds who joined since"));
    }
    let now = Utc::now();
    let filter_text = options.to.as_ref().unwrap_or(&mailing.filter);
    let filter = gate::filter(filter_text)?;
    let states: Vec<State> = wish.only.iter().filter_map(|only| state(*only)).collect();
    let tally = shelf.ask(shelf.store.tally(mailing.id))?;
    let (mut more, mut question) = (0, Vec::new());
    if new {
        let planned = shelf.ask(shelf.store.survey(&mailing.issue, filter.clone(), now))?;
        confirm::show(&planned, terminal);
        more += planned.recipients;
        question.push(format!("{} new", planned.recipients));
    }
    for state in &states {
        more += tally.of(*state);
        question.push(format!("{} {}", tally.of(*state), state.name()));
    }
    if more > 0 {
        let risk = if states.contains(&State::Unknown) {
            " Who is unknown may get it twice."
        } else {
            ""
        };
        let question = format!(
            "Mail issue {} to {}?{risk}",
            mailing.issue,
            question.join(", ")
        );
        confirm::ask(&question, &[&mailing.issue, "yes"], options.yes, terminal)?;
        if new {
            shelf.ask(shelf.store.include(mailing.id, filter, now))?;
        }
        if !states.is_empty() {
            shelf.ask(shelf.store.reopen(mailing.id, &states, now))?;
        }
    }
    let tally = shelf.ask(shelf.store.tally(mailing.id))?;
    if tally.open() + tally.of(State::Sending) == 0 {
        terminal.note("there is nobody left to mail it to");
        return drive::sent(shelf, mailing, drive::finished(&tally), terminal);
    }
    drive(
        folder,
        shelf,
        mailing,
        signing_key,
        manner(options),
        terminal,
    )
}

/// Says that the issue has a mailing, and whether it says something else now.
fn say_changes(
    folder: &Folder,
    newsroom: &Newsroom,
    places: &[usize],
    shelf: &Shelf,
    mailing: &Mailing,
    terminal: &Terminal,
) {
    let zone = folder.settings().newsletter.time_zone;
    terminal.note(&format!(
        "issue {} was confirmed on {}: that list and that content go on",
        mailing.issue,
        time::words(mailing.confirmed_at, zone)
    ));
    let frozen = shelf
        .ask(shelf.store.content(mailing.id))
        .ok()
        .and_then(|content| Composition::thaw(&content).ok());
    let Some(frozen) = frozen else { return };
    let moment: DateTime<Utc> = frozen.moment();
    let now = Letters::new(folder, newsroom, places, moment, frozen.way_out(), terminal);
    let Ok(now) = now else { return };
    let (old, new) = (frozen.digests(), now.composition.digests());
    if old.content == new.content {
        return;
    }
    let what = if old.templates == new.templates {
        "the issue"
    } else {
        "the issue or its templates"
    };
    terminal.note(&format!(
        "{what} changed since: what was confirmed is sent, not what it says now"
    ));
}

/// What the checks of a finished message have to say; an error stops it.
fn sound(letters: &Letters, terminal: &Terminal) -> Result<(), CommandError> {
    let Some(reader) = invented(1).pop() else {
        return Ok(());
    };
    let letter = letters.letter(&reader, terminal)?;
    let mut errors = 0;
    for finding in &letter.findings {
        errors += usize::from(finding.level == Level::Error);
        if finding.level != Level::Note {
            let level = finding.level.name();
            terminal.note(&format!("{level}[{}]: {}", finding.code, finding.message));
        }
    }
    if errors == 0 {
        return Ok(());
    }
    Err(
        CommandError::findings("the mail has errors: nothing was sent")
            .hint("`send --dry-run` shows every message"),
    )
}

/// Pins who the issue is, as a build would: its key is that of its mailing for
/// ever.
fn pin(folder: &Folder, newsroom: &Newsroom, places: &[usize]) -> Result<(), CommandError> {
    let unpinned = |place: &usize| {
        let issue = &newsroom.issues[*place];
        issue.is_new && !issue.publication.is_draft()
    };
    if places.iter().any(unpinned) {
        write_durable(&folder.path(LOCK_FILE), newsroom.lock.to_text().as_bytes())?;
    }
    Ok(())
}

fn state(only: Only) -> Option<State> {
    match only {
        Only::New => None,
        Only::Rejected => Some(State::Rejected),
        Only::Deferred => Some(State::Deferred),
        Only::Unknown => Some(State::Unknown),
    }
}

fn manner(options: &Confirm) -> Manner {
    Manner {
        wait: options.wait,
        by_hand: false,
        yes: options.yes,
        is_keeper: false,
    }
}

/// Goes on with a mailing on the editor's word: what was put off is due at once.
pub(crate) fn go_on(
    folder: &Folder,
    shelf: &Shelf,
    mailing: &Mailing,
    manner: Manner,
    terminal: &Terminal,
) -> Result<Sent, CommandError> {
    if mailing.stage == Stage::Cancelled {
        return Err(drive::cancelled(mailing));
    }
    let signing_key = require_key(folder)?;
    let now = Utc::now();
    shelf.ask(shelf.store.reopen(mailing.id, &[State::Deferred], now))?;
    let tally = shelf.ask(shelf.store.tally(mailing.id))?;
    if tally.open() + tally.of(State::Sending) == 0 {
        let exit = drive::finished(&tally);
        return drive::sent(shelf, mailing, exit, terminal);
    }
    drive(folder, shelf, mailing, signing_key, manner, terminal)
}

/// The worse of two ends.
pub(crate) fn worse(one: Exit, other: Exit) -> Exit {
    if one as u8 >= other as u8 { one } else { other }
}
