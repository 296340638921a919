//! The server's own messages: what they are made of, and who sends them.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::{Notify, watch};
use url::Url;

use crate::cli::error::CommandError;
use crate::cli::folder::Folder;
use crate::cli::keys::signing_keys;
use crate::cli::send::relays;
use crate::cli::signer;
use crate::delivery::{self, Letter, Post};
use crate::email::{self, Message, Note, dkim::Signer};
use crate::newsletter::Newsletter;
use crate::render::{Look, NoticeRequest, Templates, Topic, notice};
use crate::store::{NoticeKind, Standing, Store};
use crate::subscriber::{Key, Purpose};
use crate::web::{ACCOUNT_LIFE, link_days};

/// After so long a message of the server's own is given up.
const LIFE: TimeDelta = TimeDelta::days(2);

/// What such messages are made of.
struct Desk {
    newsletter: Newsletter,
    server: Url,
    look: Look,
    templates: Templates,
    key: Key,
    signer: Option<Signer>,
    link_days: u64,
}

/// Sends the server's own messages while it runs.
pub(crate) struct Postman {
    post: Post,
    /// Says that there is something to send.
    pub(crate) wake: Arc<Notify>,
}

impl Postman {
    /// What sends the messages of this newsletter.
    pub(crate) fn new(
        folder: &Folder,
        templates: &Templates,
        store: Arc<dyn Store>,
        log: Arc<dyn Fn(&str) + Send + Sync>,
    ) -> Result<Postman, CommandError> {
        let settings = folder.settings();
        settings.require_relay()?;
        let key = signing_keys(folder)?.map(|keys| keys.current);
        let key = key.ok_or_else(|| CommandError::usage("there is no key to sign links with"))?;
        let desk = Desk {
            newsletter: settings.newsletter.clone(),
            server: settings.server.url.clone(),
            look: settings.look.clone(),
            templates: templates.clone(),
            key,
            signer: signer::signer(folder)?,
            link_days: link_days(settings.subscribe.door.link_life),
        };
        desk.try_all()?;
        let wake = Arc::new(Notify::new());
        let life = TimeDelta::from_std(settings.subscribe.door.link_life).unwrap_or(LIFE);
        Ok(Postman {
            post: Post {
                store,
                relays: relays(folder)?,
                compose: Arc::new(move |letter| desk.message(letter)),
                life: life.min(LIFE),
                forget: TimeDelta::from_std(settings.subscribe.forget)
                    .unwrap_or(TimeDelta::days(30)),
                clock: Arc::new(chrono::Utc::now),
                log,
                wake: Arc::clone(&wake),
            },
            wake,
        })
    }

    /// Sends until `end` says so.
    pub(crate) async fn work(self, end: watch::Receiver<bool>) {
        delivery::post(self.post, end).await;
    }
}

impl Desk {
    /// Makes one of each, so that what is wrong with a template shows when the
    /// server starts.
    fn try_all(&self) -> Result<(), CommandError> {
        for topic in [
            Topic::Confirm,
            Topic::Already,
            Topic::Move,
            Topic::Welcome,
            Topic::Account,
        ] {
            let request = NoticeRequest {
                topic,
                newsletter: &self.newsletter,
                language: &self.newsletter.language,
                look: &self.look,
                action: self.server.as_str(),
                days: 1,
                issue: "",
                unsubscribe: "",
                preferences: "",
            };
            notice(&self.templates, &request).map_err(|finding| {
                CommandError::usage(format!("{}: {}", finding.path, finding.message))
                    .hint("docs/templates.md lists the variables of each template")
            })?;
        }
        Ok(())
    }

    /// The message of a notice.
    fn message(&self, letter: &Letter<'_>) -> Result<Message, String> {
        let kind = letter.notice.kind;
        if let (NoticeKind::Issue, Some(newest), Some(recipient)) =
            (kind, letter.newest, letter.recipient)
        {
            let made = newest.message(Some(&self.key), self.signer.as_ref(), recipient);
            return made.map_err(|error| error.to_string());
        }
        let notice_of = letter.notice;
        let own = letter.recipient.and_then(|one| one.language.as_deref());
        let language = notice_of.language.as_deref().or(own);
        let language = language.unwrap_or(&self.newsletter.language);
        let newsletter = self.newsletter.in_language(language);
        let tag = self.key.tag(&notice_of.address);
        let ticket = |place: &str, purpose: Purpose| {
            let moment = notice_of.at.timestamp_millis();
            format!(
                "{}{place}/{}",
                self.server,
                self.key.ticket(purpose, tag, moment)
            )
        };
        let token = |place: &str, purpose: Purpose| {
            format!("{}{place}/{}", self.server, self.key.token(purpose, tag))
        };
        let subscribed = letter.standing == Standing::Subscribed;
        let topic = match kind {
            NoticeKind::Confirm | NoticeKind::Move if subscribed => Topic::Already,
            NoticeKind::Confirm => Topic::Confirm,
            NoticeKind::Move => Topic::Move,
            NoticeKind::Welcome | NoticeKind::Issue => Topic::Welcome,
            NoticeKind::Account => Topic::Account,
        };
        let (mut issue, mut days) = ("", self.link_days);
        let action = match topic {
            Topic::Confirm | Topic::Move => ticket("confirm", Purpose::Confirm),
            Topic::Already => token("preferences", Purpose::Preferences),
            Topic::Welcome => match (letter.newest, letter.recipient) {
                (Some(newest), Some(recipient)) => {
                    issue = newest.title();
                    newest.page(recipient).to_string()
                }
                _ => String::new(),
            },
            Topic::Account => {
                days = link_days(ACCOUNT_LIFE);
                ticket("account", Purpose::Account)
            }
        };
        let (unsubscribe, preferences) = match topic {
            Topic::Already | Topic::Welcome => (
                token("unsubscribe", Purpose::Unsubscribe),
                token("preferences", Purpose::Preferences),
            ),
            Topic::Confirm | Topic::Move | Topic::Account => (String::new(), String::new()),
        };
        let request = NoticeRequest {
            topic,
            newsletter: &newsletter,
            language,
            look: &self.look,
            action: &action,
            days,
            issue,
            unsubscribe: &unsubscribe,
            preferences: &preferences,
        };
        let content =
            notice(&self.templates, &request).map_err(|finding| finding.message.clone())?;
        let note = Note {
            newsletter: &newsletter,
            address: &notice_of.address,
            kind: topic.name(),
            moment: notice_of.at,
            content: &content,
        };
        email::note(&note, &self.key, self.signer.as_ref()).map_err(|error| error.to_string())
    }
}
