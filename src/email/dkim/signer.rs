use aws_lc_rs::digest::{Digest, SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use crate::email::dkim::body;
use crate::email::dkim::fields::{self, Field, relax};
use crate::email::dkim::key::SigningKey;
use crate::email::dkim::record::Record;
use crate::email::quoted::LINE;

/// How often a field is named in `h=` (RFC 6376 §5.4.2): once for each time it is
/// there, and once more where nobody on the way has a reason to add another. That
/// one is signed as absent, so whoever adds it breaks the signature (§8.15).
#[derive(Clone, Copy, PartialEq)]
enum Seal {
    /// Once more, also where there is none at all.
    Always,
    /// Once more where there is one.
    IfThere,
    /// No more: relays and lists may add one of their own.
    Open,
}

/// What is signed, in this order: what says who writes what to whom (RFC 6376
/// §5.4.1), how it is to be read, and all that concerns the list. Both fields of
/// RFC 8058 are in it, as its §4 demands.
const SIGNED: [(&str, Seal); 17] = [
    ("From", Seal::Always),
    ("Reply-To", Seal::Always),
    ("To", Seal::Always),
    ("Cc", Seal::Always),
    ("Subject", Seal::Always),
    ("Date", Seal::IfThere),
    ("Message-ID", Seal::IfThere),
    ("MIME-Version", Seal::IfThere),
    ("Content-Type", Seal::IfThere),
    ("Content-Transfer-Encoding", Seal::IfThere),
    ("List-Unsubscribe", Seal::IfThere),
    ("List-Unsubscribe-Post", Seal::IfThere),
    ("List-Id", Seal::Open),
    ("List-Archive", Seal::Open),
    ("List-Help", Seal::Open),
    ("Feedback-ID", Seal::Open),
    ("Auto-Submitted", Seal::Open),
];

/// Why a message cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// RFC 6376 §5.4: From must be signed.
    #[error("the message has no From field to sign")]
    NoFrom,
    /// The library gave no signature; it was out of memory.
    #[error("the {0} key gives no signature")]
    Key(&'static str),
}

/// Signs messages for one domain. It is made once and shared by all connections.
#[derive(Debug)]
pub struct Signer {
    domain: String,
    keys: Vec<(String, SigningKey)>,
    open: Vec<String>,
}

impl Signer {
    /// Signs for `domain` with the key whose record stands at `selector`; both
    /// are names as [`is_domain`] and [`is_selector`] want them.
    pub fn new(domain: &str, selector: &str, key: SigningKey) -> Signer {
        Signer {
            domain: domain.to_ascii_lowercase(),
            keys: vec![(selector.to_owned(), key)],
            open: Vec::new(),
        }
    }

    /// The same with a second signature below the first (RFC 8463 §5). Receivers
    /// that do not know its algorithm pass over it.
    pub fn and(mut self, selector: &str, key: SigningKey) -> Signer {
        self.keys.push((selector.to_owned(), key));
        self
    }

    /// The same, with fields left unsigned that the relay is known to replace.
    pub fn leaving(mut self, fields: &[&str]) -> Signer {
        self.open
            .extend(fields.iter().map(|name| name.to_ascii_lowercase()));
        self
    }

    /// The domain in `d=`.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Its keys with their selectors.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &SigningKey)> {
        self.keys
            .iter()
            .map(|(selector, key)| (selector.as_str(), key))
    }

    /// The records that must stand in the DNS.
    pub fn records(&self) -> Vec<Record> {
        self.keys()
            .map(|(selector, key)| Record {
                name: format!("{selector}._domainkey.{}", self.domain),
                value: key.published(),
            })
            .collect()
    }

    /// Puts the signatures in front of a finished message, dated `moment`.
    ///
    /// # Errors
    ///
    /// As [`Signer::fields`]; the message is as before then.
    pub fn sign(&self, message: &mut Vec<u8>, moment: DateTime<Utc>) -> Result<(), SignError> {
        let fields = self.fields(message, moment)?;
        let length = message.len();
        message.resize(length + fields.len(), 0);
        message.copy_within(..length, fields.len());
        message[..fields.len()].copy_from_slice(&fields);
        Ok(())
    }

    /// The DKIM-Signature fields for `message`, each ended by CR LF, lines of 76
    /// octets at most where the domain is not longer.
    ///
    /// # Errors
    ///
    /// A message without From, and a library without memory.
    pub fn fields(&self, message: &[u8], moment: DateTime<Utc>) -> Result<Vec<u8>, SignError> {
        let (fields, body) = fields::split(message);
        let mut signed = Vec::with_capacity(2048);
        let names = self.cover(&fields, &mut signed);
        if !fields.iter().any(|field| is(field, "From")) {
            return Err(SignError::NoFrom);
        }
        let body_hash = STANDARD.encode(body::hash(body));
        let seconds = moment.timestamp().max(0);
        let mut written = Vec::with_capacity(2048);
        let common = signed.len();
        for (selector, key) in &self.keys {
            let unsigned = self.unsigned(selector, key, &names, &body_hash, seconds);
            let value = &unsigned.text.as_bytes()["DKIM-Signature:".len()..];
            signed.truncate(common);
            // RFC 6376 §3.7: the field itself comes last, with an empty b=.
            let own = Field {
                name: b"DKIM-Signature",
                value,
            };
            relax(own, &mut signed);
            let hash: Digest = digest(&SHA256, &signed);
            let signature = key.sign(&hash);
            let signature = signature.ok_or(SignError::Key(key.algorithm().name()))?;
            written.extend(unsigned.signed(&STANDARD.encode(signature)).into_bytes());
        }
        Ok(written)
    }

    /// Appends what is signed of the header to `out`; gives the names for `h=`.
    fn cover(&self, fields: &[Field<'_>], out: &mut Vec<u8>) -> Vec<&'static str> {
        let mut names = Vec::with_capacity(2 * SIGNED.len());
        for (name, seal) in SIGNED {
            if self.open.iter().any(|open| name.eq_ignore_ascii_case(open)) {
                continue;
            }
            // RFC 6376 §5.4.2: of several, the last is signed first.
            let mut count = 0;
            for field in fields.iter().rev().filter(|field| is(field, name)) {
                relax(*field, out);
                out.extend_from_slice(b"\r\n");
                names.push(name);
                count += 1;
            }
            if seal == Seal::Always || (seal == Seal::IfThere && count > 0) {
                names.push(name);
            }
        }
        names
    }

    /// The whole field with nothing in `b=`, which is its last tag and has no
    /// semicolon behind it: some verifiers trip over what could stand there.
    fn unsigned(
        &self,
        selector: &str,
        key: &SigningKey,
        names: &[&str],
        body_hash: &str,
        seconds: i64,
    ) -> Folded {
        let mut field = Folded::default();
        field.word("DKIM-Signature:");
        field.word("v=1;");
        field.word(&format!("a={};", key.algorithm().name()));
        field.word("c=relaxed/relaxed;");
        field.word(&format!("d={};", self.domain));
        field.word(&format!("s={selector};"));
        field.word(&format!("t={seconds};"));
        let last = names.len().saturating_sub(1);
        for (index, name) in names.iter().enumerate() {
            let end = if index == last { ';' } else { ':' };
            match index {
                0 => field.word(&format!("h={name}{end}")),
                _ => field.part(&format!("{name}{end}")),
            }
        }
        field.word(&format!("bh={body_hash};"));
        field.word("b=");
        field
    }
}

/// A field that is folded as it grows (RFC 6376 §2.8).
#[derive(Default)]
struct Folded {
    text: String,
    column: usize,
}

impl Folded {
    /// Goes on after a blank.
    fn word(&mut self, word: &str) {
        if !self.text.is_empty() {
            if self.column + 1 + word.len() > LINE {
                self.text.push_str("\r\n");
                self.column = 0;
            }
            self.text.push(' ');
            self.column += 1;
        }
        self.text.push_str(word);
        self.column += word.len();
    }

    /// Goes on without a blank, where it fits.
    fn part(&mut self, part: &str) {
        if self.column + part.len() > LINE {
            self.text.push_str("\r\n ");
            self.column = 1;
        }
        self.text.push_str(part);
        self.column += part.len();
    }

    /// The field with its signature, which begins behind `b=` at once.
    fn signed(mut self, signature: &str) -> String {
        let mut rest = signature;
        while !rest.is_empty() {
            if self.column >= LINE {
                self.text.push_str("\r\n ");
                self.column = 1;
            }
            // Base64 is ASCII.
            let (now, later) = rest.split_at(rest.len().min(LINE - self.column));
            self.text.push_str(now);
            self.column += now.len();
            rest = later;
        }
        self.text.push_str("\r\n");
        self.text
    }
}

fn is(field: &Field<'_>, name: &str) -> bool {
    field.name.eq_ignore_ascii_case(name.as_bytes())
}

/// Whether `text` can stand in `d=`: a name of the DNS of two labels at least, in
/// ASCII (RFC 6376 §3.5).
pub fn is_domain(text: &str) -> bool {
    text.contains('.') && text.len() <= 253 && text.split('.').all(is_label)
}

/// Whether `text` can stand in `s=` (RFC 6376 §3.1).
pub fn is_selector(text: &str) -> bool {
    text.len() <= 189 && text.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=63).contains(&label.len())
        && label.bytes().all(inside)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether a signature of `domain` speaks for a sender at `from`, as DMARC's
/// relaxed alignment has it (RFC 7489 §3.1.1): one is the other or lies below it.
pub fn is_aligned(domain: &str, from: &str) -> bool {
    let (domain, from) = (domain.to_ascii_lowercase(), from.to_ascii_lowercase());
    let below = |one: &str, other: &str| {
        one.strip_suffix(other)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    below(&from, &domain) || below(&domain, &from)
}
