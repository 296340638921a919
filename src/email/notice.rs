//! Messages of the server's own: to one reader, about their subscription.

use chrono::{DateTime, Utc};

use crate::email::composition::{boundary, part};
use crate::email::dkim::Signer;
use crate::email::head;
use crate::email::header;
use crate::email::links;
use crate::email::message::{Envelope, Error, Message};
use crate::email::stencil::Stencil;
use crate::newsletter::Newsletter;
use crate::render::{Parts, Place, Slotted};
use crate::subscriber::{Address, Key, Purpose, fingerprint};

/// What such a message is made of.
#[derive(Clone, Copy, Debug)]
pub struct Note<'a> {
    /// The publication in the reader's language.
    pub newsletter: &'a Newsletter,
    /// Where it goes. It has no name: what a stranger wrote is not sent on.
    pub address: &'a Address,
    /// What it is about, a word.
    pub kind: &'a str,
    /// Its moment: the Date, and what tells it from the next of its kind.
    pub moment: DateTime<Utc>,
    /// What it says.
    pub content: &'a Parts,
}

/// The finished message. It is a function of its inputs.
///
/// # Errors
///
/// Where the newsletter's own values make no header, or it cannot be signed.
pub fn note(note: &Note<'_>, key: &Key, signer: Option<&Signer>) -> Result<Message, Error> {
    let sender = head::sender(note.newsletter)?;
    let moment = note.moment.timestamp_millis().to_string();
    let seed = fingerprint(
        Some(key),
        &["notice", note.kind, &note.address.key(), &moment],
    );
    let message_id = format!("<{seed}@{}>", sender.domain());
    let mut bytes = Vec::with_capacity(8 << 10);
    bytes.extend_from_slice(head::authors(note.newsletter)?.as_bytes());
    for field in [
        // RFC 5322 §3.6.3.
        header::mailbox("To", "", note.address.as_str()),
        head::subject(&note.content.subject)?,
        // RFC 3834 §5: asked for on a page and made by a program, so responders
        // stay silent.
        header::words("Auto-Submitted", ["auto-generated"]),
        head::date(note.moment),
        header::words("Message-ID", [message_id.as_str()]),
        "MIME-Version: 1.0\r\n".to_owned(),
    ] {
        bytes.extend_from_slice(field.as_bytes());
    }
    let boundary = boundary(&seed);
    let line = |out: &mut Vec<u8>, text: String| out.extend_from_slice(text.as_bytes());
    line(
        &mut bytes,
        format!("Content-Type: multipart/alternative; boundary=\"{boundary}\"\r\n\r\n"),
    );
    // RFC 2046 §5.1.4: the plainest first, the best last.
    let parts = [
        (&note.content.text, "plain", Place::Text),
        (&note.content.html, "html", Place::Html),
    ];
    for (text, subtype, place) in parts {
        line(&mut bytes, format!("--{boundary}\r\n"));
        let stencil = Stencil::new(&Slotted::common(text));
        part(&mut bytes, &stencil, subtype, place, None);
    }
    line(&mut bytes, format!("--{boundary}--\r\n"));
    let token = key.address_token(Purpose::Bounce, key.tag(note.address));
    let mut message = Message {
        envelope: Envelope {
            sender: links::bounce_address(&token, sender.domain()).unwrap_or(sender),
            recipient: note.address.clone(),
        },
        bytes,
        message_id,
    };
    if let Some(signer) = signer {
        signer
            .sign(&mut message.bytes, note.moment)
            .map_err(Error::Sign)?;
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;
    use crate::email::tests::{moment, newsletter};

    #[test]
    fn a_note_is_a_message_to_one_address_and_the_same_each_time() {
        let content = Parts {
            subject: "Please confirm: Grüße\r\nBcc: x@example.org".to_owned(),
            html: "<p>桥</p>".to_owned(),
            text: "桥\n".repeat(40),
        };
        let (newsletter, key) = (newsletter(), Key::new(vec![3; 32]).unwrap());
        let address = Address::parse("ada@example.net").unwrap();
        let of = Note {
            newsletter: &newsletter,
            address: &address,
            kind: "confirm",
            moment: moment(),
            content: &content,
        };
        let message = note(&of, &key, None).unwrap();
        assert_eq!(note(&of, &key, None).unwrap(), message);
        assert_eq!(message.envelope.recipient, address);
        assert!(message.envelope.sender.local().starts_with("bounce+"));
        assert!(message.bytes.is_ascii());
        let parsed = MessageParser::new().parse(&message.bytes).unwrap();
        let to: Vec<_> = parsed.to().unwrap().iter().collect();
        assert_eq!(to.len(), 1);
        assert_eq!(to[0].address(), Some("ada@example.net"));
        assert!(parsed.bcc().is_none());
        assert_eq!(
            parsed.header_raw("Auto-Submitted").map(str::trim),
            Some("auto-generated")
        );
        assert_eq!(parsed.body_html(0).unwrap().trim(), "<p>桥</p>");
        assert!(parsed.body_text(0).unwrap().starts_with("桥"));
        let later = Note {
            moment: moment() + chrono::TimeDelta::seconds(1),
            ..of
        };
        assert_ne!(
            note(&later, &key, None).unwrap().message_id,
            message.message_id
        );
    }
}
