//! What an issue is compared with: content that was confirmed, thawed from the store.

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::keys::signing_keys;
use crate::cli::preview::gather::Gathered;
use crate::cli::send::Shelf;
use crate::desk::Earlier;
use crate::email::Composition;
use crate::mailing::{Mailing, Stage};
use crate::subscriber::Recipient;

impl Gathered {
    /// What was confirmed of the issue at `place`.
    pub(super) fn confirmed(
        &self,
        shelf: &Shelf,
        place: usize,
        reader: &Recipient,
    ) -> Result<Option<Earlier>, CommandError> {
        let key = self.newsroom.issues[place].key.as_str();
        let mailing = shelf.ask(shelf.store.mailing_of(key))?;
        mailing
            .map(|mailing| self.thawed(shelf, &mailing, place, reader))
            .transpose()
    }

    /// The issue of the same language that was mailed last before the one at `place`.
    pub(super) fn last_sent(
        &self,
        shelf: &Shelf,
        place: usize,
        reader: &Recipient,
    ) -> Result<Option<Earlier>, CommandError> {
        let issues = &self.newsroom.issues;
        let own = &issues[place];
        let mut last: Option<(usize, Mailing)> = None;
        for mailing in shelf.ask(shelf.store.mailings())? {
            if mailing.stage == Stage::Cancelled || mailing.issue == own.key.as_str() {
                continue;
            }
            let other = issues.iter().position(|other| {
                other.key.as_str() == mailing.issue && other.language == own.language
            });
            let Some(other) = other.filter(|other| issues[*other].date <= own.date) else {
                continue;
            };
            let later = |(known, _): &(usize, Mailing)| issues[*known].date < issues[other].date;
            if last.as_ref().is_none_or(later) {
                last = Some((other, mailing));
            }
        }
        last.map(|(other, mailing)| self.thawed(shelf, &mailing, other, reader))
            .transpose()
    }

    fn thawed(
        &self,
        shelf: &Shelf,
        mailing: &Mailing,
        place: usize,
        reader: &Recipient,
    ) -> Result<Earlier, CommandError> {
        let content = shelf.ask(shelf.store.content(mailing.id))?;
        let unexpected = |cause| CommandError::new(Exit::Unexpected, cause);
        let composition = Composition::thaw(&content).map_err(unexpected)?;
        let key = signing_keys(&self.folder)?.map(|keys| keys.current);
        let letter = composition
            .letter(key.as_ref(), None, reader)
            .map_err(|cause| CommandError::new(Exit::Unexpected, cause))?;
        let when = crate::cli::send::time_words(
            mailing.confirmed_at,
            self.folder.settings().newsletter.time_zone,
        );
        Ok(Earlier {
            name: format!("{}, as confirmed {when}", self.name(place)),
            html: letter.content.html,
            text: letter.content.text,
        })
    }
}
