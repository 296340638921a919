//! The messages of one issue: composed once in each of its languages, then
//! filled for each recipient. Dry run, test send and mailing all take them from
//! here; they differ in the last step alone.

use std::cell::RefCell;

use chrono::{DateTime, Utc};

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::keys::signing_keys;
use crate::cli::newsroom::{Newsroom, template_error};
use crate::cli::signer;
use crate::cli::terminal::Terminal;
use crate::diagnostic::{Diagnostic, Finding};
use crate::email::dkim::Signer;
use crate::email::{self, Composition, Content, Edition, Message, WayOut};
use crate::render::{self, MailRequest};
use crate::subscriber::{Key, Recipient};

/// One issue, ready to be filled in for anybody.
#[derive(Debug)]
pub(crate) struct Letters {
    /// What all recipients share.
    pub(crate) composition: Composition,
    /// The key that signs links, where there is one.
    pub(crate) signing_key: Option<Key>,
    /// What signs the messages (DKIM), where a key is set.
    pub(crate) signer: Option<Signer>,
    /// What was said of the variant looked at last.
    design: RefCell<Option<Designed>>,
}

/// A variant, and what was said of it.
type Designed = ((usize, Vec<String>), Vec<Diagnostic>);

/// A message with what it was made of.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) recipient: Recipient,
    pub(crate) content: Content,
    pub(crate) preheader: String,
    pub(crate) message: Message,
    pub(crate) findings: Vec<Diagnostic>,
}

impl Letters {
    /// Composes the issue at these places of the newsroom: its files in several
    /// languages, the default first. `moment` is the Date of all messages.
    pub(crate) fn new(
        folder: &Folder,
        newsroom: &Newsroom,
        places: &[usize],
        moment: DateTime<Utc>,
        way_out: WayOut,
        terminal: &Terminal,
    ) -> Result<Letters, CommandError> {
        let letters = Letters::without_keys(folder, newsroom, places, moment, way_out, terminal)?;
        Ok(Letters {
            signing_key: signing_keys(folder)?.map(|keys| keys.current),
            signer: signer::signer(folder)?,
            ..letters
        })
    }

    /// The same without a look for keys: nothing is signed, links are dead.
    pub(crate) fn without_keys(
        folder: &Folder,
        newsroom: &Newsroom,
        places: &[usize],
        moment: DateTime<Utc>,
        way_out: WayOut,
        terminal: &Terminal,
    ) -> Result<Letters, CommandError> {
        let settings = folder.settings();
        settings.require_mail()?;
        newsroom.require_templates(terminal)?;
        let plan = newsroom.plan(folder);
        let mut editions = Vec::with_capacity(places.len());
        for &place in places {
            let addresses = plan.addresses(place);
            let edition = edition(folder, newsroom, place, &addresses, way_out);
            editions.push(edition.map_err(|findings| broken(&findings, terminal))?);
        }
        let Some(&first) = places.first() else {
            return Err(CommandError::unexpected("no issue was chosen"));
        };
        let composition = Composition::new(
            &settings.mail.message,
            newsroom.issues[first].key.as_str(),
            &newsroom.manuscripts[first].summary.title,
            editions,
            &settings.server.url,
            moment,
            way_out,
        );
        Ok(Letters {
            composition: composition.map_err(|error| failed(error, terminal))?,
            signing_key: None,
            signer: None,
            design: RefCell::new(None),
        })
    }

    /// The finished message for one recipient, in their language or the default.
    pub(crate) fn letter(
        &self,
        recipient: &Recipient,
        terminal: &Terminal,
    ) -> Result<Letter, CommandError> {
        let letter = self
            .composition
            .letter(self.signing_key.as_ref(), self.signer.as_ref(), recipient)
            .map_err(|error| failed(error, terminal))?;
        let mut findings = email::check(&letter.message, &letter.content, &letter.links);
        findings.extend(self.design(recipient, &letter));
        Ok(Letter {
            findings,
            recipient: recipient.clone(),
            preheader: letter.preheader,
            content: letter.content,
            message: letter.message,
        })
    }

    /// What there is to say of a message's variant: it is looked at once, for
    /// neighbors in a list mostly have the same.
    fn design(&self, recipient: &Recipient, letter: &email::Letter) -> Vec<Diagnostic> {
        let variant = self
            .composition
            .variant(self.signing_key.as_ref(), recipient);
        let mut last = self.design.borrow_mut();
        match last.as_ref() {
            Some((known, findings)) if *known == variant => findings.clone(),
            _ => {
                let findings = email::check_design(&letter.content, &letter.links);
                *last = Some((variant, findings.clone()));
                findings
            }
        }
    }
}

/// The issue in one language.
fn edition(
    folder: &Folder,
    newsroom: &Newsroom,
    place: usize,
    addresses: &render::Addresses,
    way_out: WayOut,
) -> Result<Edition, Vec<Finding>> {
    let settings = folder.settings();
    let issue = &newsroom.issues[place];
    let summary = &newsroom.manuscripts[place].summary;
    let newsletter = settings.newsletter.in_language(&issue.language);
    let text = folder.read_issue(&newsroom.reader, &summary.path);
    let (parsed, _) = newsroom.reader.parse(&text);
    let date = summary.date.map_or_else(
        || {
            let zone = newsletter.time_zone;
            let day = issue.date.with_timezone(&zone).date_naive();
            (day, crate::issue::Precision::Day)
        },
        |date| (date.date, date.precision),
    );
    let form = settings.form();
    let frame = render::email(
        &newsroom.templates,
        &MailRequest {
            issue: &parsed,
            summary,
            newsletter: &newsletter,
            addresses,
            language: &issue.language,
            date: Some(date),
            subscribe: form.as_ref().map(url::Url::as_str),
            has_preferences: way_out == WayOut::OneClick,
            linkify: newsroom.reader.settings().linkify,
            look: &settings.look,
            text: settings.mail.text,
            optional: &settings.optional_sections(),
        },
    )?;
    Ok(Edition {
        preheader: render::preheader(summary, &parsed, &issue.language),
        language: issue.language.clone(),
        page: addresses.page.clone(),
        newsletter,
        frame,
    })
}

/// Why no message can be made; what is wrong with templates is printed.
fn failed(error: email::Error, terminal: &Terminal) -> CommandError {
    match error {
        email::Error::Template(findings) => broken(&findings, terminal),
        error @ (email::Error::NoSender | email::Error::Sender { .. }) => {
            CommandError::new(Exit::Usage, error).hint("newsletter.from is the sender of all mail")
        }
        error => CommandError::new(Exit::Usage, error),
    }
}

fn broken(findings: &[Finding], terminal: &Terminal) -> CommandError {
    for finding in findings {
        terminal.finding(finding);
    }
    template_error()
}
