use chrono::{DateTime, Utc};
use lettre::message::header::{
    ContentTransferEncoding, ContentType, HeaderName, HeaderValue, MessageId,
};
use lettre::message::{Body, MessageBuilder, MultiPart, SinglePart};
use serde::{Deserialize, Serialize};

use crate::email::header;
use crate::email::links::{Links, mailto};
use crate::newsletter::{Mailbox, Newsletter};
use crate::subscriber::{Address, AddressError, Recipient, fingerprint};

/// RFC 2045 §6.7 and §6.8: no encoded line is longer.
const BODY_LINE: usize = 76;
/// RFC 5322 §2.1.1: no line is ever longer.
const ANY_LINE: usize = 998;

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
    /// Header and body, lines ended by CR LF, all of it ASCII.
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
    /// The library that builds messages refused.
    #[error("the message cannot be built")]
    Build(#[source] BuildError),
}

/// What the library that builds messages said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BuildError(String);

/// Makes the message of `content` for `recipient`, dated `moment`.
///
/// The result is a function of the arguments. DKIM signatures go in front of
/// the finished bytes, they are not made here.
pub fn assemble(
    settings: &Settings,
    newsletter: &Newsletter,
    content: &Content,
    recipient: &Recipient,
    links: &Links,
    moment: DateTime<Utc>,
) -> Result<Message, Error> {
    let from = newsletter.from.as_ref().ok_or(Error::NoSender)?;
    let sender = address("newsletter.from", from)?;
    let message_id = format!("<{}@{}>", links.seed, sender.domain());
    let envelope = Envelope {
        sender: links.bounce.clone().unwrap_or_else(|| sender.clone()),
        recipient: recipient.address.clone(),
    };

    let builder = headers(newsletter, content, recipient, links, &sender)?
        .envelope(lettre_envelope(&envelope)?)
        .date(in_range(moment).into())
        // RFC 5322 §3.6.4: unique for ever, so its right side is a domain of
        // the sender's and never the name of the machine.
        .header(MessageId::from(message_id.clone()));
    let text = || part(ContentType::TEXT_PLAIN, &content.text);
    let html = || part(ContentType::TEXT_HTML, &content.html);
    // lettre adds MIME-Version (RFC 2045 §4).
    let built = match settings.parts {
        Parts::Text => builder.singlepart(text()),
        Parts::Html => builder.singlepart(html()),
        // RFC 2046 §5.1.4: the plainest first, the best last.
        Parts::Both => builder.multipart(
            MultiPart::alternative()
                .boundary(boundary(&links.seed))
                .singlepart(text())
                .singlepart(html()),
        ),
    };
    let message = Message {
        envelope,
        bytes: built
            .map_err(|error| Error::Build(BuildError(error.to_string())))?
            .formatted(),
        message_id,
    };
    long_header(&message).map_or(Ok(message), Err)
}

fn headers(
    newsletter: &Newsletter,
    content: &Content,
    recipient: &Recipient,
    links: &Links,
    sender: &Address,
) -> Result<MessageBuilder, Error> {
    let from_name = match newsletter.from.as_ref() {
        Some(from) if !from.name.trim().is_empty() => &from.name,
        _ => &newsletter.title,
    };
    let (reply_name, reply) = match &newsletter.reply_to {
        Some(mailbox) => (&mailbox.name, address("newsletter.reply_to", mailbox)?),
        None => (from_name, sender.clone()),
    };
    let leave = [
        format!("<{}>,", links.unsubscribe),
        format!("<{}>", links.unsubscribe_by_mail),
    ];
    let archive = [
        format!("<{}>,", links.browser),
        format!("<{}>", newsletter.url),
    ];
    let help = format!("<{}>", mailto(reply.as_str(), "help"));
    let feedback = feedback_id(newsletter, content);
    Ok(MessageBuilder::new()
        // RFC 5322 §3.6.2: one author, so there is no Sender.
        .raw_header(header::mailbox("From", from_name, sender.as_str()))
        .raw_header(header::mailbox("Reply-To", reply_name, reply.as_str()))
        // RFC 5322 §3.6.3: the recipient alone, nobody sees the others.
        .raw_header(header::mailbox(
            "To",
            &recipient.name,
            recipient.address.as_str(),
        ))
        // RFC 5322 §3.6.5.
        .raw_header(header::unstructured("Subject", &content.subject))
        // RFC 2919 §2: the same for ever, whatever the title.
        .raw_header(header::identified(
            "List-Id",
            &newsletter.title,
            &newsletter.list_id,
        ))
        // RFC 8058 §3.1: one HTTPS address; RFC 2369 §3.2: the mail address for
        // programs that know no other way.
        .raw_header(header::words(
            "List-Unsubscribe",
            leave.each_ref().map(String::as_str),
        ))
        // RFC 8058 §3.1: exactly this.
        .raw_header(plain("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        // RFC 2369 §3.6, in the order of preference (§2): this issue, then all.
        .raw_header(header::words(
            "List-Archive",
            archive.each_ref().map(String::as_str),
        ))
        // RFC 2369 §3.1.
        .raw_header(header::words("List-Help", [help.as_str()]))
        // Google's Feedback-ID: four values, the last names the sender.
        .raw_header(header::words("Feedback-ID", [feedback.as_str()]))
        // RFC 3834 §5: made by a program, so responders stay silent.
        .raw_header(plain("Auto-Submitted", "auto-generated")))
}

fn plain(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn address(setting: &'static str, mailbox: &Mailbox) -> Result<Address, Error> {
    Address::parse(&mailbox.address).map_err(|source| Error::Sender {
        setting,
        address: mailbox.address.clone(),
        source,
    })
}

fn lettre_envelope(envelope: &Envelope) -> Result<lettre::address::Envelope, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Build(BuildError(error.to_string()));
    let read = |address: &Address| {
        address
            .as_str()
            .parse::<lettre::Address>()
            .map_err(|error| failed(&error))
    };
    lettre::address::Envelope::new(
        Some(read(&envelope.sender)?),
        vec![read(&envelope.recipient)?],
    )
    .map_err(|error| failed(&error))
}

/// `issue:language:kind:sender`. The sender's name has 5 to 15 characters and
/// stays when title and domain change; the others name no recipient.
fn feedback_id(newsletter: &Newsletter, content: &Content) -> String {
    let field = |text: &str, fallback: &str| {
        let kept: String = text
            .chars()
            .filter(|character| character.is_ascii_alphanumeric() || "._-".contains(*character))
            .take(40)
            .collect();
        if kept.is_empty() {
            fallback.to_owned()
        } else {
            kept
        }
    };
    format!(
        "{}:{}:newsletter:lp{}",
        field(&content.issue, "issue"),
        field(&content.language, "und"),
        &fingerprint(None, &["feedback", &newsletter.list_id])[..12],
    )
}

/// RFC 2045 §6.7 rule 5: `=_` cannot occur in either encoding, so the boundary
/// cannot occur in a part.
fn boundary(seed: &str) -> String {
    let end = seed.len().min(24);
    format!("=_{}", seed.get(..end).unwrap_or_default())
}

/// A part in the shortest encoding that is 7-bit and keeps lines short.
fn part(kind: ContentType, text: &str) -> SinglePart {
    let text = clean_body(text);
    SinglePart::builder().content_type(kind).body(encode(text))
}

fn encode(text: String) -> Body {
    let short = text.split("\r\n").all(|line| line.len() <= BODY_LINE);
    if text.is_ascii() && short {
        return Body::dangerous_pre_encoded(text.into_bytes(), ContentTransferEncoding::SevenBit);
    }
    let as_it_takes = |encoding| {
        Body::new_with_encoding(text.clone(), encoding)
            .expect("quoted-printable and base64 take any text")
    };
    let quoted = as_it_takes(ContentTransferEncoding::QuotedPrintable);
    let base64 = as_it_takes(ContentTransferEncoding::Base64);
    if quoted.len() <= base64.len() {
        quoted
    } else {
        base64
    }
}

/// Lines end by CR LF, the last one too; no other control character is left
/// but the tab.
fn clean_body(text: &str) -> String {
    let mut clean = String::with_capacity(text.len() + text.len() / 32 + 2);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                characters.next_if_eq(&'\n');
                clean.push_str("\r\n");
            }
            '\n' => clean.push_str("\r\n"),
            '\t' => clean.push('\t'),
            '\u{feff}' => {}
            other if other.is_control() => {}
            other => clean.push(other),
        }
    }
    if !clean.ends_with("\r\n") {
        clean.push_str("\r\n");
    }
    clean
}

/// RFC 5322 §3.3 has years of four digits; the library ends at the epoch.
fn in_range(moment: DateTime<Utc>) -> DateTime<Utc> {
    let first = DateTime::UNIX_EPOCH;
    let last = DateTime::from_timestamp(253_402_300_799, 0).unwrap_or(first);
    moment.clamp(first, last)
}

fn long_header(message: &Message) -> Option<Error> {
    let header = message.header();
    let mut name = "";
    for line in header.split("\r\n") {
        if !line.starts_with(' ') {
            name = line.split(':').next().unwrap_or(line);
        }
        if line.len() > ANY_LINE {
            return Some(Error::LongHeader {
                name: name.to_owned(),
            });
        }
    }
    None
}
