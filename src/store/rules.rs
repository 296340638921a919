//! What follows from a list, an opt-out and an erasure, whichever store keeps it.

use chrono::{DateTime, Utc};
use memchr::memmem::Finder;
use sha2::{Digest, Sha256};

use crate::store::numbers::rounded;
use crate::subscriber::{Address, Consent, Entry, Reason, Status, Subscriber, Suppression};

/// The longest text of a reply, in bytes, that is kept.
const LONGEST_TEXT: usize = 1024;

/// What the list says against mailing them.
pub(crate) fn opt_out(entry: &Entry, now: DateTime<Utc>) -> Option<Suppression> {
    if entry.suppression.is_some() {
        return entry.suppression.clone();
    }
    (entry.subscriber.status == Status::Unsubscribed).then(|| Suppression {
        reason: Reason::Unsubscribed,
        at: entry.subscriber.consent.left_at.unwrap_or(now),
        note: String::new(),
    })
}

/// Times as a store keeps them, so that the same list is the same again.
pub(crate) fn round(subscriber: &mut Subscriber) {
    let consent = &mut subscriber.consent;
    for time in [
        &mut subscriber.edition_until,
        &mut consent.joined_at,
        &mut consent.confirmed_at,
        &mut consent.left_at,
    ] {
        *time = time.map(rounded);
    }
}

/// Adds to `ours` what `theirs` says. An opt-out on either side stays one; how
/// they came is proof, so the older word stays.
pub(crate) fn merge(ours: &mut Subscriber, mut theirs: Subscriber) {
    round(&mut theirs);
    let joins = ours.status == Status::Pending && theirs.status == Status::Confirmed;
    if joins || theirs.status == Status::Unsubscribed {
        ours.status = theirs.status;
    }
    if !theirs.name.is_empty() {
        ours.name = theirs.name;
    }
    if theirs.language.is_some() {
        ours.language = theirs.language;
    }
    if theirs.edition.is_some() {
        ours.edition = theirs.edition;
        ours.edition_until = theirs.edition_until;
    }
    ours.tags.append(&mut theirs.tags);
    ours.attributes.extend(theirs.attributes);
    fill(&mut ours.consent, theirs.consent);
}

fn fill(ours: &mut Consent, theirs: Consent) {
    if ours.origin.is_empty() {
        ours.origin = theirs.origin;
    }
    ours.joined_at = ours.joined_at.or(theirs.joined_at);
    ours.confirmed_at = ours.confirmed_at.or(theirs.confirmed_at);
    ours.left_at = ours.left_at.or(theirs.left_at);
    ours.joined_ip = ours.joined_ip.take().or(theirs.joined_ip);
    ours.confirmed_ip = ours.confirmed_ip.take().or(theirs.confirmed_ip);
}

/// What only the editor lifts outweighs what people lift themselves; among
/// equals the first one stays.
pub(crate) fn outweighs(new: Reason, held: Reason) -> bool {
    editors(new) && !editors(held)
}

/// Whether only the editor lifts it.
pub(crate) fn editors(reason: Reason) -> bool {
    matches!(reason, Reason::Complaint | Reason::Manual)
}

/// A domain as addresses have it: in lower case, in ASCII, with or without `@`.
pub(crate) fn domain_name(text: &str) -> String {
    let text = text.trim();
    let bare = text.strip_prefix('@').unwrap_or(text);
    match Address::parse(&format!("postmaster@{bare}")) {
        Ok(address) => address.domain().to_owned(),
        Err(_) => bare.to_lowercase(),
    }
}

/// By what somebody who was erased is known again.
pub(crate) fn hash(salt: &[u8], key: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(salt);
    hasher.update(key);
    hasher.finalize().into()
}

/// `salt:hash` in hexadecimal.
pub(crate) fn hash_line(salt: &[u8], hash: &[u8]) -> String {
    format!("{}:{}", hex(salt), hex(hash))
}

/// Reads what [`hash_line`] wrote.
pub(crate) fn parse_hash_line(line: &str) -> Option<(Vec<u8>, [u8; 32])> {
    let (salt, hash) = line.trim().split_once(':')?;
    Some((unhex(salt)?, <[u8; 32]>::try_from(unhex(hash)?).ok()?))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.is_empty()
        || !text.len().is_multiple_of(2)
        || !text.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|start| u8::from_str_radix(&text[start..start + 2], 16).ok())
        .collect()
}

/// As much of a reply's text as is kept.
pub(crate) fn beginning(text: &str) -> &str {
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The text of a search: a part of address or name, or a whole `@domain`. It is
/// compared here, for databases fold letters in their own ways.
pub(crate) struct Wanted {
    text: String,
    finder: Finder<'static>,
}

impl Wanted {
    pub(crate) fn new(text: &str) -> Wanted {
        let text = text.trim().to_lowercase();
        Wanted {
            finder: Finder::new(&text).into_owned(),
            text,
        }
    }

    /// Whether it is everybody.
    pub(crate) fn is_all(&self) -> bool {
        self.text.is_empty()
    }

    pub(crate) fn matches(&self, key: &str, name: &str) -> bool {
        if self.text.starts_with('@') {
            return key.ends_with(&self.text);
        }
        self.finder.find(key.as_bytes()).is_some() || self.is_in_name(name)
    }

    /// Called for each of a million: a name of ASCII is compared as it stands.
    fn is_in_name(&self, name: &str) -> bool {
        if !name.is_ascii() {
            return name.to_lowercase().contains(&self.text);
        }
        let text = self.text.as_bytes();
        let Some(first) = text.first() else {
            return true;
        };
        let name = name.as_bytes();
        let starts = memchr::memchr2_iter(*first, first.to_ascii_uppercase(), name);
        starts
            .filter_map(|at| name.get(at..at + text.len()))
            .any(|part| part.eq_ignore_ascii_case(text))
    }
}
