//! What the desk asks of the newsletter's folder, and the plain answers.
//!
//! The folder is read, mail composed and mailings confirmed by whoever implements
//! [`Room`]; the commands do it with the very functions that `send` uses. The desk
//! shows what it is told.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::delivery::Watch;
use crate::diagnostic::{Diagnostic, Finding};
use crate::mailing::{Exclusion, Planned, State};
use crate::store::Store;
use crate::subscriber::Recipient;

/// Why something cannot be shown or done, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// What is wrong, one sentence.
    pub what: String,
    /// Why, from near to far.
    pub causes: Vec<String>,
    /// What to do.
    pub hints: Vec<String>,
    /// Where it is wrong, when it is a file of the editor's.
    pub findings: Vec<Finding>,
}

impl Trouble {
    /// Trouble in one sentence.
    pub fn new(what: impl Into<String>) -> Trouble {
        Trouble {
            what: what.into(),
            ..Trouble::default()
        }
    }

    /// Adds what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Trouble {
        self.hints.push(hint.into());
        self
    }
}

impl From<crate::store::Error> for Trouble {
    fn from(error: crate::store::Error) -> Trouble {
        let mut causes = Vec::new();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        Trouble {
            what: error.to_string(),
            causes,
            ..Trouble::default()
        }
    }
}

/// Where an issue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Not published, not mailed.
    Draft,
    /// Published, not mailed.
    Published,
    /// Confirmed, to be mailed later.
    Scheduled,
    /// Being mailed.
    Sending,
    /// Stopped in the middle.
    Paused,
    /// Mailed.
    Sent,
    /// Ended before all had it.
    Cancelled,
    /// Its file cannot be read.
    Unreadable,
}

impl Standing {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Draft => "Draft",
            Standing::Published => "Not mailed",
            Standing::Scheduled => "Scheduled",
            Standing::Sending => "Sending",
            Standing::Paused => "Paused",
            Standing::Sent => "Sent",
            Standing::Cancelled => "Cancelled",
            Standing::Unreadable => "Unreadable",
        }
    }
}

/// One issue of the list.
#[derive(Clone, Debug)]
pub struct Row {
    /// Path of its file; names it everywhere on the desk.
    pub path: String,
    /// Key of the issue, shared by its translations.
    pub key: String,
    /// Its number.
    pub number: Option<u64>,
    /// Its date.
    pub date: Option<NaiveDate>,
    /// Its title.
    pub title: String,
    /// Language tag.
    pub language: String,
    /// Where it stands.
    pub standing: Standing,
    /// Names of its sections, and how many items each has.
    pub sections: Vec<(String, usize)>,
    /// Words of its text.
    pub words: usize,
    /// Errors, warnings, notes.
    pub findings: [usize; 3],
}

/// Something of an issue that stands in the mail at one place: an item or a
/// section, with the lines of the file that make it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Block {
    /// First line in the file, from 1.
    pub line: usize,
    /// `section` or `item`.
    pub kind: &'static str,
    /// Its title.
    pub title: String,
    /// Its first link.
    pub url: Option<String>,
}

/// A section as the outline has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Emoji, may be empty.
    pub emoji: String,
    /// Title.
    pub title: String,
    /// Items in it.
    pub items: usize,
    /// Octets of it as sent.
    pub size: usize,
    /// Line in the file.
    pub line: usize,
}

/// An issue as one reader gets it: what leaves, and what there is to say.
#[derive(Clone, Debug)]
pub struct Proof {
    /// As in the list.
    pub row: Row,
    /// Files of the same issue in other languages: path and language.
    pub translations: Vec<(String, String)>,
    /// For whom it is made.
    pub reader: Recipient,
    /// Name of the sender as inboxes show it.
    pub sender: String,
    /// The subject.
    pub subject: String,
    /// What inboxes show beside it.
    pub preheader: String,
    /// The HTML part, exactly.
    pub html: String,
    /// The plain text part, exactly.
    pub text: String,
    /// The whole message, exactly.
    pub message: Vec<u8>,
    /// Octets of the HTML part as sent.
    pub size: usize,
    /// Its sections.
    pub parts: Vec<Part>,
    /// Places that findings can be about, in the order of the file.
    pub blocks: Vec<Block>,
    /// What there is to say, by place.
    pub findings: Vec<Finding>,
    /// Digest of the build.
    pub digest: String,
    /// Local images: address in the mail, and path in the folder.
    pub images: Vec<(String, String)>,
}

/// An issue as an entry of a feed.
#[derive(Clone, Debug)]
pub struct FeedEntry {
    /// Title.
    pub title: String,
    /// Address of its page.
    pub url: String,
    /// Id, for ever.
    pub id: String,
    /// When it was, or will be, published.
    pub published: DateTime<Utc>,
    /// The text.
    pub html: String,
}

/// What was, or would be, compared with.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// What it is, for people: `#10, sent on 8 July 2023`.
    pub name: String,
    /// HTML of its mail.
    pub html: String,
    /// Plain text of its mail.
    pub text: String,
}

/// What the editor says when a mailing is approved.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Approval {
    /// Digest of the build that was looked at; empty before approval.
    pub digest: String,
    /// When, as `--at` reads it; empty for now.
    pub at: String,
    /// Whom, as `--to` reads it; empty for all.
    pub to: String,
    /// Whether readers leave by a mail, where no server answers links.
    pub by_mail: bool,
    /// Mail it although it was mailed before, or is older than the list.
    pub again: bool,
}

/// A mailing as it would be.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// Key of the issue; typing it (or the number) sends.
    pub key: String,
    /// Digest of the build.
    pub digest: String,
    /// How many get it.
    pub recipients: u64,
    /// How many do not, by reason.
    pub excluded: Vec<(Exclusion, u64)>,
    /// Some of those who do not, with the reason.
    pub named: Vec<(String, &'static str)>,
    /// When it begins, in the newsletter's zone; `None` for at once.
    pub begins: Option<String>,
    /// Relay that takes it.
    pub relay: String,
}

/// What a mailing in this program's hands is doing.
#[derive(Clone)]
pub struct Underway {
    /// Key of the issue.
    pub issue: String,
    /// How far it is, and how to stop it.
    pub watch: Arc<Watch>,
}

/// The newsletter's folder, as the desk needs it. All methods may read files and
/// ask the store, so they are called where waiting is allowed.
pub trait Room: Send + Sync {
    /// Title of the newsletter.
    fn title(&self) -> String;

    /// Zone, look and the like for pages: the address of a place in a file for the
    /// editor's program, where one is set.
    fn editor_url(&self, path: &str, line: usize, column: usize) -> Option<String>;

    /// The editor's own address, to whom a test goes.
    fn editor(&self) -> String;

    /// A moment for people, in the newsletter's zone.
    fn moment(&self, at: DateTime<Utc>) -> String;

    /// Folders and files to be watched.
    fn watched(&self) -> Vec<std::path::PathBuf>;

    /// Reads what changed; `touched` is read whether or not it seems to have.
    /// True where anything did.
    fn refresh(&self, touched: &BTreeSet<std::path::PathBuf>) -> Result<bool, Trouble>;

    /// All issues, newest first.
    fn rows(&self) -> Result<Vec<Row>, Trouble>;

    /// What is wrong with settings, templates and the folder as a whole.
    fn remarks(&self) -> Vec<Finding>;

    /// Where the mailing of this issue stands; `None` where it has none.
    fn standing(&self, key: &str) -> Result<Option<Standing>, Trouble>;

    /// What there is to say of a file.
    fn findings_of(&self, path: &str) -> Vec<Finding>;

    /// How many would get an issue, and how many not; `None` without a list.
    fn survey(&self, path: &str) -> Result<Option<Planned>, Trouble>;

    /// One issue for a reader: an address of the list, an invented one, or the
    /// first invented one where none is named. `by_mail` says that readers leave by a
    /// mail, as in [`Approval::by_mail`].
    fn proof(&self, path: &str, reader: Option<&str>, by_mail: bool) -> Result<Proof, Trouble>;

    /// Its page in the archive.
    fn page(&self, path: &str) -> Result<String, Trouble>;

    /// The archive's style sheet.
    fn stylesheet(&self) -> String;

    /// It as an entry of a feed.
    fn entry(&self, path: &str) -> Result<FeedEntry, Trouble>;

    /// The text of a file of the newsletter's, as stored.
    fn source(&self, path: &str) -> Result<String, Trouble>;

    /// A local image that an issue shows, by its path in the folder.
    fn image(&self, path: &str) -> Option<Vec<u8>>;

    /// The issue of the same kind that was last sent before this one.
    fn last_sent(&self, path: &str, reader: Option<&str>) -> Result<Option<Earlier>, Trouble>;

    /// What was confirmed or sent of this very issue.
    fn confirmed(&self, path: &str, reader: Option<&str>) -> Result<Option<Earlier>, Trouble>;

    /// The list, where there is one.
    fn store(&self) -> Result<Option<Arc<dyn Store>>, Trouble>;

    /// What SpamAssassin says; nothing where it is not installed. Takes seconds.
    fn spam(&self, message: &[u8]) -> Option<Diagnostic>;

    /// Whether these addresses answer; one line for each that does not. Takes
    /// long.
    fn links(&self, urls: &[String]) -> Vec<(String, String)>;

    /// Sends the message to the editor alone; says what the relay said.
    fn trial(&self, path: &str, to: &str) -> Result<String, Trouble>;

    /// What a mailing would be now. Nothing is changed.
    fn outlook(&self, path: &str, approval: &Approval) -> Result<Outlook, Trouble>;

    /// Confirms the mailing of exactly the build that was approved, and begins
    /// it.
    fn send(&self, path: &str, approval: &Approval) -> Result<(), Trouble>;

    /// Goes on with a mailing; deliveries in these states are tried again.
    fn go_on(&self, issue: &str, again: &[State]) -> Result<(), Trouble>;

    /// The mailing that this program has in hand.
    fn underway(&self) -> Option<Underway>;

    /// What happened in the run of an issue, the last first.
    fn events(&self, issue: &str) -> Vec<String>;

    /// Why the last run in this program ended, where that needs a hand.
    fn ended(&self, issue: &str) -> Option<Trouble>;
}
