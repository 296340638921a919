use serde::{Deserialize, Serialize};

use crate::diagnostic::Finding;
use crate::email::dkim::SignError;
use crate::subscriber::{Address, AddressError};

/// Which parts a message has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Parts {
    /// Plain text and HTML, the reader's program chooses.
    #[default]
    Both,
    /// Plain text alone.
    Text,
    /// HTML alone.
    Html,
}

/// What the editor decides about messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Which parts a message has.
    pub parts: Parts,
    /// The field in which the relay wants what it is to repeat of a message when
    /// it tells of it; the token of the envelope sender stands there then.
    pub token_field: Option<String>,
}

/// What a message says, rendered for its recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Key of the issue, the one pinned for ever.
    pub issue: String,
    /// Language of this edition, a BCP 47 tag.
    pub language: String,
    /// Subject, plain.
    pub subject: String,
    /// The whole HTML document.
    pub html: String,
    /// The plain text.
    pub text: String,
}

/// Who is told when it fails, and where it goes (RFC 5321 §2.3.1). Always one
/// recipient: several in one transaction would share a fate and a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// MAIL FROM.
    pub sender: Address,
    /// RCPT TO.
    pub recipient: Address,
}

/// A finished message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// For the dialogue with the server.
    pub envelope: Envelope,
    /// Header and body, lines ended by CR LF, all of it ASCII; but where the
    /// recipient's address is not, To holds it in UTF-8 (RFC 6532 §3).
    pub bytes: Vec<u8>,
    /// Its Message-ID, with the angle brackets.
    pub message_id: String,
}

impl Message {
    /// The header as text, without the blank line that ends it.
    pub fn header(&self) -> &str {
        let end = self
            .bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .map_or(self.bytes.len(), |at| at + 2);
        std::str::from_utf8(&self.bytes[..end]).unwrap_or_default()
    }
}

/// Why no message can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The newsletter does not say who sends it.
    #[error("no sender is set: newsletter.from is missing")]
    NoSender,
    /// An address of the newsletter is none.
    #[error("{setting} is not a mail address: {address:?}")]
    Sender {
        /// The setting it stands in.
        setting: &'static str,
        /// What stands there.
        address: String,
        /// What is wrong with it.
        #[source]
        source: AddressError,
    },
    /// A header cannot be written within 998 octets a line.
    #[error("the header {name} would have a line of more than 998 octets")]
    LongHeader {
        /// The header.
        name: String,
    },
    /// The issue has no edition.
    #[error("the mailing has no edition in any language")]
    NoEdition,
    /// A template fails on the values of a recipient.
    #[error("a template of the mail cannot be filled{}", first(.0))]
    Template(Vec<Finding>),
    /// It cannot be signed.
    #[error("the message cannot be signed")]
    Sign(#[source] SignError),
}

fn first(findings: &[Finding]) -> String {
    let first = findings.first();
    first.map_or_else(String::new, |finding| {
        format!(": {}: {}", finding.path, finding.message)
    })
}
