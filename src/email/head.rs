//! The header of a message: what is common to all, written once, and what is
//! each recipient's.

use chrono::{DateTime, Utc};
use lettre::message::header::{Date, Headers};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::email::header;
use crate::email::links::{Links, WayOut, mailto};
use crate::email::message::Error;
use crate::newsletter::{Mailbox, Newsletter};
use crate::subscriber::{Address, Recipient, fingerprint};

/// RFC 5322 §2.1.1: no line is ever longer.
const ANY_LINE: usize = 998;

/// The common fields of one edition, as they are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// From and Reply-To.
    authors: String,
    /// List-Id.
    list: String,
    /// List-Archive to Date, which is the last.
    rest: String,
    /// The field for the relay alone that holds the token of the envelope sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token_field: Option<String>,
}

impl Head {
    /// The common fields of the mail of the issue whose key is `issue`.
    pub(crate) fn new(
        newsletter: &Newsletter,
        issue: &str,
        language: &str,
        page: &Url,
        moment: DateTime<Utc>,
    ) -> Result<Head, Error> {
        let (_, reply) = reply(newsletter)?;
        let archive = [format!("<{page}>,"), format!("<{}>", newsletter.url)];
        let help = format!("<{}>", mailto(reply.as_str(), "help"));
        let feedback = feedback_id(newsletter, issue, language);
        let head = Head {
            authors: authors(newsletter)?,
            // RFC 2919 §2: the same for ever, whatever the title.
            list: header::identified("List-Id", &newsletter.title, &newsletter.list_id),
            rest: [
                // RFC 2369 §3.6, in the order of preference (§2): this issue,
                // then all.
                header::words("List-Archive", archive.each_ref().map(String::as_str)),
                // RFC 2369 §3.1.
                header::words("List-Help", [help.as_str()]),
                // Google's Feedback-ID: four values, the last names the sender.
                header::words("Feedback-ID", [feedback.as_str()]),
                // RFC 3834 §5: made by a program, so responders stay silent.
                header::words("Auto-Submitted", ["auto-generated"]),
                date(moment),
            ]
            .concat(),
            token_field: None,
        };
        for part in [&head.authors, &head.list, &head.rest] {
            short_enough(part)?;
        }
        Ok(head)
    }

    /// Another Date.
    pub(crate) fn set_date(&mut self, moment: DateTime<Utc>) {
        if let Some(at) = self.rest.rfind("\r\nDate: ") {
            self.rest.truncate(at + "\r\n".len());
            self.rest.push_str(&date(moment));
        }
    }

    /// What does not change with the date.
    pub(crate) fn lasting(&self) -> [&str; 2] {
        [&self.authors, &self.list]
    }

    /// Appends all fields but those of the body (RFC 2045 §4) to `out`.
    pub(crate) fn write(
        &self,
        out: &mut Vec<u8>,
        recipient: &Recipient,
        links: &Links,
        subject: &str,
        message_id: &str,
    ) -> Result<(), Error> {
        // RFC 5322 §3.6.3: the recipient alone, nobody sees the others.
        let to = header::mailbox("To", &recipient.name, recipient.address.as_str());
        let leave = leave(links);
        short_enough(&leave)?;
        let token = self.token_line(links);
        for part in [
            &self.authors,
            &to,
            subject,
            &self.list,
            &leave,
            &self.rest,
            &token,
            // RFC 5322 §3.6.4: unique for ever, so its right side is a domain of
            // the sender's and never the name of the machine.
            "Message-ID: ",
            message_id,
            "\r\nMIME-Version: 1.0\r\n",
        ] {
            out.extend_from_slice(part.as_bytes());
        }
        Ok(())
    }
}

impl Head {
    /// `FIELD: TOKEN`, where the relay wants it and there is a token.
    fn token_line(&self, links: &Links) -> String {
        let token = links.bounce.as_ref();
        let token = token.and_then(|sender| sender.local().split_once('+'));
        match (&self.token_field, token) {
            (Some(field), Some((_, token))) => format!("{field}: {token}\r\n"),
            _ => String::new(),
        }
    }
}

/// The Subject field (RFC 5322 §3.6.5).
pub(crate) fn subject(text: &str) -> Result<String, Error> {
    let field = header::unstructured("Subject", text);
    short_enough(&field)?;
    Ok(field)
}

/// From and Reply-To.
pub(crate) fn authors(newsletter: &Newsletter) -> Result<String, Error> {
    let sender = sender(newsletter)?;
    let (reply_name, reply) = reply(newsletter)?;
    // RFC 5322 §3.6.2: one author, so there is no Sender.
    let fields = header::mailbox("From", from_name(newsletter), sender.as_str())
        + &header::mailbox("Reply-To", reply_name, reply.as_str());
    short_enough(&fields)?;
    Ok(fields)
}

fn from_name(newsletter: &Newsletter) -> &str {
    match newsletter.from.as_ref() {
        Some(from) if !from.name.trim().is_empty() => &from.name,
        _ => &newsletter.title,
    }
}

/// Where answers go.
fn reply(newsletter: &Newsletter) -> Result<(&str, Address), Error> {
    match &newsletter.reply_to {
        Some(mailbox) => Ok((&mailbox.name, address("newsletter.reply_to", mailbox)?)),
        None => Ok((from_name(newsletter), sender(newsletter)?)),
    }
}

/// The address of From.
pub(crate) fn sender(newsletter: &Newsletter) -> Result<Address, Error> {
    let from = newsletter.from.as_ref().ok_or(Error::NoSender)?;
    address("newsletter.from", from)
}

/// How to leave.
fn leave(links: &Links) -> String {
    let by_mail = format!("<{}>", links.unsubscribe_by_mail);
    match links.way_out {
        // RFC 8058 §3.1: one HTTPS address, and exactly this second field;
        // RFC 2369 §3.2: the mail address for programs that know no other way.
        WayOut::OneClick => {
            let one_click = format!("<{}>,", links.unsubscribe);
            header::words("List-Unsubscribe", [one_click.as_str(), &by_mail])
                + "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        }
        WayOut::Mailto => header::words("List-Unsubscribe", [by_mail.as_str()]),
    }
}

fn address(setting: &'static str, mailbox: &Mailbox) -> Result<Address, Error> {
    Address::parse_sender(&mailbox.address).map_err(|source| Error::Sender {
        setting,
        address: mailbox.address.clone(),
        source,
    })
}

/// `issue:language:kind:sender`. The sender's name has 5 to 15 characters and
/// stays when title and domain change; the others name no recipient.
fn feedback_id(newsletter: &Newsletter, issue: &str, language: &str) -> String {
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
        field(issue, "issue"),
        field(language, "und"),
        &fingerprint(None, &["feedback", &newsletter.list_id])[..12],
    )
}

/// The Date field (RFC 5322 §3.6.1).
pub(crate) fn date(moment: DateTime<Utc>) -> String {
    let mut headers = Headers::new();
    headers.set(Date::new(in_range(moment).into()));
    headers.to_string()
}

/// RFC 5322 §3.3 has years of four digits; the library ends at the epoch.
fn in_range(moment: DateTime<Utc>) -> DateTime<Utc> {
    let first = DateTime::UNIX_EPOCH;
    let last = DateTime::from_timestamp(253_402_300_799, 0).unwrap_or(first);
    moment.clamp(first, last)
}

fn short_enough(fields: &str) -> Result<(), Error> {
    let mut name = "";
    for line in fields.split("\r\n") {
        if !line.starts_with(' ') {
            name = line.split(':').next().unwrap_or(line);
        }
        if line.len() > ANY_LINE {
            return Err(Error::LongHeader {
                name: name.to_owned(),
            });
        }
    }
    Ok(())
}
