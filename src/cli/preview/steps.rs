//! The last steps, with the functions of `send`: a test, what a mailing would be, its
//! confirmation, and going on with it.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use chrono::Utc;

use crate::cli::args::{Confirm, Unsubscribe};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::preview::gather::gather;
use crate::cli::preview::room::Desk;
use crate::cli::preview::sender::may_go_on;
use crate::cli::preview::speak::trouble_of;
use crate::cli::send::{self, Shelf};
use crate::cli::terminal::Terminal;
use crate::desk::{Approval, Outlook, Trouble};
use crate::email::WayOut;
use crate::mailing::{Mailing, Stage, State};

/// Of those who get none so many are named.
const NAMED: usize = 200;
/// For how long the answer to Resume waits until there is something to see.
const LOOKS: u32 = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

impl Desk {
    /// Sends the message to the editor alone.
    pub(super) fn test(&self, path: &str, to: &str) -> Result<String, Trouble> {
        let to: Vec<String> = to.split(',').map(|one| one.trim().to_owned()).collect();
        // The relay may take its time; the folder is not held meanwhile.
        let (letters, folder) = self.with(|gathered, terminal| {
            let place = gathered.place(path)?;
            let folder = Folder::open_sound(&self.global, terminal)?;
            Ok((gathered.letters(place, WayOut::OneClick, terminal)?, folder))
        })?;
        let mut terminal = Terminal::keeping();
        let sent = send::test(&folder, &letters, &to, &mut terminal);
        sent.map_err(|error| trouble_of(&error, &terminal))
    }

    /// What a mailing would be now.
    pub(super) fn weigh(&self, path: &str, approval: &Approval) -> Result<Outlook, Trouble> {
        self.again()?;
        let asked = Approval {
            digest: String::new(),
            ..approval.clone()
        };
        self.with(|gathered, terminal| {
            let place = gathered.place(path)?;
            let places = gathered.editions(place);
            let Some(shelf) = self.shelf()? else {
                return Err(CommandError::usage("there is no list yet")
                    .hint("`letterpress subscribers import FILE` brings one in"));
            };
            send::require_key(&gathered.folder)?;
            let options = options(&asked);
            let (folder, newsroom) = (&gathered.folder, &gathered.newsroom);
            if let Some(known) =
                shelf.ask(shelf.store.mailing_of(newsroom.issues[place].key.as_str()))?
            {
                let words = format!("the mailing of {} is confirmed already", known.issue);
                return Err(CommandError::usage(words).hint("Mailings shows how far it is"));
            }
            let prospect = send::prospect(folder, newsroom, &places, &shelf, &options, terminal)?;
            let composition = &prospect.letters.composition;
            let filter = send::filter(&approval.to)?;
            let key = composition.issue();
            let named = shelf.ask(shelf.store.excluded(key, filter, Utc::now(), NAMED))?;
            let zone = folder.settings().newsletter.time_zone;
            Ok(Outlook {
                key: key.to_owned(),
                digest: composition.digest().to_owned(),
                recipients: prospect.planned.recipients,
                excluded: prospect.planned.excluded.clone(),
                named: named
                    .into_iter()
                    .map(|(address, why)| (address.to_string(), why.words()))
                    .collect(),
                begins: prospect.at.map(|at| send::time_words(at, zone)),
                relay: send::relay_name(&folder.settings().smtp.relay),
            })
        })
    }

    /// Confirms exactly the build that was approved, and begins its mailing.
    pub(super) fn confirm(&self, path: &str, approval: &Approval) -> Result<(), Trouble> {
        self.again()?;
        let shelf = {
            let terminal = Terminal::keeping();
            self.need_shelf()
                .map_err(|error| trouble_of(&error, &terminal))?
        };
        let options = options(approval);
        // Asked before anything is confirmed, and not while the folder is held: a
        // server may take its time.
        self.asked_server(&shelf, &options)?;
        let mailing = self.with(|gathered, terminal| {
            let (folder, newsroom) = (&gathered.folder, &gathered.newsroom);
            let place = gathered.place(path)?;
            let places = gathered.editions(place);
            if send::count_errors(newsroom, &places) > 0 {
                return Err(CommandError::findings(
                    "the issue has errors: nothing was sent",
                ));
            }
            let prospect = send::prospect(folder, newsroom, &places, &shelf, &options, terminal)?;
            prospect.possible(&shelf)?;
            prospect.confirm(folder, newsroom, &places, &shelf, terminal)
        })?;
        let begun = self.sender.begin(&self.global, mailing);
        begun.map_err(|error| trouble_of(&error, &Terminal::keeping()))
    }

    /// Goes on with a mailing; deliveries in these states are tried again.
    pub(super) fn resume(&self, issue: &str, again: &[State]) -> Result<(), Trouble> {
        let terminal = Terminal::keeping();
        let go = || {
            let shelf = self.need_shelf()?;
            let mailing = shelf.ask(shelf.store.mailing_of(issue))?;
            let mut mailing = mailing
                .ok_or_else(|| CommandError::usage(format!("issue {issue} was not mailed")))?;
            may_go_on(&mailing)?;
            let ours = self.sender.has(issue);
            if !ours && let Some(who) = shelf.ask(shelf.store.engaged())? {
                return Err(crate::store::Error::Engaged { who }.into());
            }
            let mut states = vec![State::Deferred];
            states.extend(again);
            let now = Utc::now();
            shelf.ask(shelf.store.reopen(mailing.id, &states, now))?;
            let stage = match mailing.stage {
                // What waits for its time goes on waiting.
                Stage::Paused if mailing.starts_at > now => Some(Stage::Scheduled),
                // The run that is ending finds that it is to go on.
                Stage::Paused | Stage::Finished if ours => Some(Stage::Open),
                _ => None,
            };
            if let Some(stage) = stage {
                if !shelf.ask(shelf.store.set_stage(mailing.id, stage, "", now))? {
                    return Err(send::cancelled(&mailing));
                }
                mailing.stage = stage;
            }
            self.sender.begin(&self.global, mailing)?;
            self.wait_until_it_goes(&shelf, issue)
        };
        go().map_err(|error| trouble_of(&error, &terminal))
    }

    /// Waits a moment until a run has begun or ended, so that the page which follows
    /// shows it going on, or why it does not.
    fn wait_until_it_goes(&self, shelf: &Shelf, issue: &str) -> Result<(), CommandError> {
        for _ in 0..LOOKS {
            let mailing = shelf.ask(shelf.store.mailing_of(issue))?;
            let stands = |one: Mailing| matches!(one.stage, Stage::Paused | Stage::Finished);
            if !mailing.is_some_and(stands) || !self.sender.has(issue) {
                break;
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        Ok(())
    }

    /// The folder as of now: drafts become due while the desk is open.
    fn again(&self) -> Result<(), Trouble> {
        let terminal = Terminal::keeping();
        let mut gathered = self.write();
        let read = gather(
            &self.global,
            &mut gathered,
            &BTreeSet::new(),
            true,
            &terminal,
        );
        read.map(drop)
            .map_err(|error| trouble_of(&error, &terminal))
    }

    /// Whether readers could leave.
    fn asked_server(&self, shelf: &Shelf, options: &Confirm) -> Result<(), Trouble> {
        let terminal = Terminal::keeping();
        let ask = || {
            let folder = Folder::open_sound(&self.global, &terminal)?;
            let key = send::require_key(&folder)?;
            let way_out = send::way_out(options);
            send::answers(&folder, shelf, way_out, &key, Exit::Usage, &terminal)
        };
        ask().map_err(|error| trouble_of(&error, &terminal))
    }
}

/// An approval as the options of `send`.
fn options(approval: &Approval) -> Confirm {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Confirm {
        yes: true,
        at: some(&approval.at),
        expect: some(&approval.digest),
        to: some(&approval.to),
        unsubscribe: approval.by_mail.then_some(Unsubscribe::Mailto),
        yes_again: approval.again,
        wait: true,
    }
}
