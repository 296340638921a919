//! The messages of one issue: rendered once in each of its languages, then
//! filled for each recipient. The dry run and the test send both take them from
//! here; they differ in the last step alone.

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::newsroom::{Newsroom, template_error};
use crate::cli::report;
use crate::cli::terminal::Terminal;
use crate::diagnostic::{Diagnostic, Finding};
use crate::email::{self, Content, Links, Message, Said};
use crate::files::read_if_there;
use crate::identity::IssueKey;
use crate::newsletter::Newsletter;
use crate::render::{self, MailFrame, MailRequest, Personal};
use crate::subscriber::{Address, Key, Recipient};
use url::Url;

/// No key file is near this size.
const KEY_LIMIT: u64 = 64 << 10;

/// One issue, ready to be filled in for anybody.
#[derive(Debug)]
pub(crate) struct Letters<'a> {
    folder: &'a Folder,
    /// The issue's key.
    pub(crate) key: IssueKey,
    editions: Vec<Edition>,
    signing_key: Option<Key>,
    sender: Address,
}

/// The issue in one language.
#[derive(Debug)]
struct Edition {
    language: String,
    newsletter: Newsletter,
    page: Url,
    preheader: String,
    frame: MailFrame,
}

/// A message with what it was made of.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) recipient: Recipient,
    pub(crate) content: Content,
    pub(crate) preheader: String,
    pub(crate) message: Message,
    pub(crate) findings: Vec<Diagnostic>,
}

impl<'a> Letters<'a> {
    /// Renders the issue at these places of the newsroom: its files in several
    /// languages, the default first.
    pub(crate) fn new(
        folder: &'a Folder,
        newsroom: &Newsroom,
        places: &[usize],
        terminal: &Terminal,
    ) -> Result<Letters<'a>, CommandError> {
        folder.settings().require_mail()?;
        newsroom.require_templates(terminal)?;
        let from = folder.settings().newsletter.from.as_ref();
        let address = from.map_or("", |from| from.address.as_str());
        let sender = Address::parse(address).map_err(|cause| {
            CommandError::new(Exit::Usage, cause).hint("newsletter.from is the sender of all mail")
        })?;
        let plan = newsroom.plan(folder);
        let mut editions = Vec::with_capacity(places.len());
        for &place in places {
            let addresses = plan.addresses(place);
            let edition = Edition::new(folder, newsroom, place, &addresses);
            editions.push(edition.map_err(|findings| broken(&findings, terminal))?);
        }
        let Some(first) = places.first() else {
            return Err(CommandError::unexpected("no issue was chosen"));
        };
        Ok(Letters {
            key: newsroom.issues[*first].key.clone(),
            signing_key: signing_key(folder)?,
            folder,
            editions,
            sender,
        })
    }

    /// Languages of the issue, the default first.
    pub(crate) fn languages(&self) -> impl Iterator<Item = &str> {
        self.editions
            .iter()
            .map(|edition| edition.language.as_str())
    }

    /// SHA-256 of what leaves, before recipients' own values.
    pub(crate) fn digest(&self, terminal: &Terminal) -> Result<String, CommandError> {
        let mut parts = Vec::with_capacity(self.editions.len());
        for edition in &self.editions {
            let unfilled = edition.frame.unfilled();
            parts.push(unfilled.map_err(|findings| broken(&findings, terminal))?);
        }
        let said = self
            .editions
            .iter()
            .zip(&parts)
            .map(|(edition, parts)| Said {
                language: &edition.language,
                subject: &parts.subject,
                html: &parts.html,
                text: &parts.text,
            });
        Ok(email::digest(said))
    }

    /// The finished message for one recipient, in their language or the default.
    pub(crate) fn letter(
        &self,
        recipient: &Recipient,
        terminal: &Terminal,
    ) -> Result<Letter, CommandError> {
        let settings = self.folder.settings();
        let wanted = recipient.language.as_deref();
        let edition = self
            .editions
            .iter()
            .find(|edition| Some(edition.language.as_str()) == wanted)
            .unwrap_or(&self.editions[0]);
        let links = Links::new(
            self.signing_key.as_ref(),
            &settings.server.url,
            &self.sender,
            self.key.as_str(),
            edition.page.clone(),
            &recipient.address,
        );
        let personal = Personal {
            name: recipient.name.clone(),
            address: recipient.address.to_string(),
            attributes: recipient.attributes.clone(),
            unsubscribe: links.unsubscribe.to_string(),
            preferences: links.preferences.to_string(),
        };
        let parts = edition.frame.fill(&personal);
        let parts = parts.map_err(|findings| broken(&findings, terminal))?;
        let wanted = settings.mail.message.parts;
        let kept = |text: String, unwanted: email::Parts| {
            if wanted == unwanted {
                String::new()
            } else {
                text
            }
        };
        let content = Content {
            issue: self.key.to_string(),
            language: edition.language.clone(),
            subject: parts.subject,
            html: kept(parts.html, email::Parts::Text),
            text: kept(parts.text, email::Parts::Html),
        };
        let message = email::assemble(
            &settings.mail.message,
            &edition.newsletter,
            &content,
            recipient,
            &links,
            self.folder.now,
        );
        let message = message.map_err(|cause| CommandError::new(Exit::Usage, cause))?;
        Ok(Letter {
            findings: email::check(&message, &content, &links),
            recipient: recipient.clone(),
            preheader: edition.preheader.clone(),
            content,
            message,
        })
    }
}

impl Edition {
    fn new(
        folder: &Folder,
        newsroom: &Newsroom,
        place: usize,
        addresses: &render::Addresses,
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
        let frame = render::email(
            &newsroom.templates,
            &MailRequest {
                issue: &parsed,
                summary,
                newsletter: &newsletter,
                addresses,
                language: &issue.language,
                date: Some(date),
                subscribe: None,
                has_preferences: true,
                linkify: newsroom.reader.settings().linkify,
                look: &settings.look,
                text: settings.mail.text,
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
}

fn broken(findings: &[Finding], terminal: &Terminal) -> CommandError {
    for finding in findings {
        terminal.err(&report::human(finding, terminal.color_err()));
    }
    template_error()
}

/// The key that signs links, from its file: hexadecimal digits, the current key
/// on the first line. Without the file links are dead, and a dry run says so.
fn signing_key(folder: &Folder) -> Result<Option<Key>, CommandError> {
    let name = &folder.settings().server.key_file;
    if name.is_empty() {
        return Ok(None);
    }
    let Some(bytes) = read_if_there(&folder.path(name), KEY_LIMIT)? else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().next().unwrap_or_default().trim();
    let secret = hexadecimal(line).ok_or_else(|| {
        CommandError::usage(format!(
            "{name} does not begin with a line of hexadecimal digits"
        ))
        .hint("`letterpress init` makes such a file; links in mail already sent need the old key")
    })?;
    let key = Key::new(secret).map_err(|cause| CommandError::new(Exit::Usage, cause))?;
    Ok(Some(key))
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16)?).ok())
        .collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2) && !digits.is_empty())?;
    Some(
        digits
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect(),
    )
}
