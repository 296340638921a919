use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::{Digest, Sha256};

use crate::subscriber::address::Address;

/// First byte of every token; another layout gets another number, and this one
/// stays readable for ever, because mail that was sent keeps its links.
const VERSION: u8 = 1;
/// First byte of every ticket.
const TICKET: u8 = 2;
/// Octets of the signature that a web token carries.
const SIGNATURE: usize = 16;
/// Octets of the signature in a bounce address, whose local part has 64 at most.
const SHORT_SIGNATURE: usize = 10;

/// What a token may be used for. A token made for one purpose is refused for
/// every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Leaving the list, also by one click.
    Unsubscribe,
    /// Choosing language, sections, a pause.
    Preferences,
    /// Confirming a subscription.
    Confirm,
    /// Telling to which delivery a bounce belongs.
    Bounce,
    /// Taking back that somebody has left.
    Undo,
    /// Sending a form: it tells when it was shown.
    Form,
    /// All that is kept of a subscriber, to be seen, moved or erased. Only mail
    /// to the address on record has such a link.
    Account,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Purpose::Unsubscribe => "unsubscribe",
            Purpose::Preferences => "preferences",
            Purpose::Confirm => "confirm",
            Purpose::Bounce => "bounce",
            Purpose::Undo => "undo",
            Purpose::Form => "form",
            Purpose::Account => "account",
        }
    }
}

/// Whom a token speaks of: a keyed digest of the address. It tells a stranger
/// nothing, and the same address gives the same tag after any re-import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag([u8; 16]);

impl Tag {
    /// Nobody's: the token by which a sender asks whether the server answers.
    pub const PROBE: Tag = Tag([0; 16]);

    /// The tag of these octets, as a store kept them.
    pub fn of_bytes(bytes: [u8; 16]) -> Tag {
        Tag(bytes)
    }

    /// Its sixteen octets.
    pub fn bytes(&self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex(&self.0))
    }
}

/// A key is too short to protect anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a signing key has 32 octets at least, this one has {0}")]
pub struct KeyError(pub usize);

/// A text is no token for this purpose that any of our keys has signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid token")]
pub struct TokenError;

/// The secret that signs tokens and derives tags. `Debug` hides it.
#[derive(Debug)]
pub struct Key(SecretSlice<u8>);

impl Key {
    /// A key of at least 32 octets.
    pub fn new(secret: Vec<u8>) -> Result<Key, KeyError> {
        if secret.len() < 32 {
            return Err(KeyError(secret.len()));
        }
        Ok(Key(SecretSlice::from(secret)))
    }

    /// The tag of an address, whatever its letter case.
    pub fn tag(&self, address: &Address) -> Tag {
        Tag(first(&self.digest(&["subscriber", &address.key()], &[])))
    }

    /// A token for a link: base64url without padding (RFC 4648 §5).
    pub fn token(&self, purpose: Purpose, tag: Tag) -> String {
        let mut bytes = Vec::with_capacity(1 + tag.0.len() + SIGNATURE);
        bytes.push(VERSION);
        bytes.extend_from_slice(&tag.0);
        let signature = self.digest(&["token", purpose.name()], &bytes);
        bytes.extend_from_slice(&signature[..SIGNATURE]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// A token that also holds a moment, in milliseconds since 1970: by it the
    /// reader of a ticket tells for how long it is good.
    pub fn ticket(&self, purpose: Purpose, tag: Tag, moment: i64) -> String {
        let mut bytes = Vec::with_capacity(25 + SIGNATURE);
        bytes.push(TICKET);
        bytes.extend_from_slice(&tag.0);
        bytes.extend_from_slice(&moment.to_be_bytes());
        let signature = self.digest(&["ticket", purpose.name()], &bytes);
        bytes.extend_from_slice(&signature[..SIGNATURE]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// A token for the local part of an address: lower-case hexadecimal, since
    /// servers on the way may fold letter case.
    pub fn address_token(&self, purpose: Purpose, tag: Tag) -> String {
        let signature = self.digest(&["address token", purpose.name()], &tag.0);
        hex(&tag.0) + &hex(&signature[..SHORT_SIGNATURE])
    }

    fn mac(&self, parts: &[&str], bytes: &[u8]) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.0.expose_secret())
            .expect("HMAC takes keys of any length");
        for part in parts {
            // The length in front keeps `ab` + `c` from looking like `a` + `bc`.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.update(bytes);
        mac
    }

    fn digest(&self, parts: &[&str], bytes: &[u8]) -> [u8; 32] {
        self.mac(parts, bytes).finalize().into_bytes().into()
    }
}

/// The key that signs, and older ones that only read.
#[derive(Debug)]
pub struct Keys {
    /// Signs.
    pub current: Key,
    /// Read what they once signed.
    pub old: Vec<Key>,
}

impl Keys {
    /// Reads a token made by [`Key::token`].
    pub fn open(&self, purpose: Purpose, token: &str) -> Result<Tag, TokenError> {
        // Longer text is not worth decoding.
        if token.len() > 64 {
            return Err(TokenError);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| TokenError)?;
        let (signed, signature) = bytes
            .split_at_checked(17)
            .filter(|(_, signature)| signature.len() == SIGNATURE)
            .ok_or(TokenError)?;
        if signed[0] != VERSION {
            return Err(TokenError);
        }
        self.verify(&["token", purpose.name()], signed, signature)?;
        Ok(Tag(first(&signed[1..])))
    }

    /// Reads a ticket made by [`Key::ticket`]: whom it speaks of, and its moment.
    pub fn open_ticket(&self, purpose: Purpose, ticket: &str) -> Result<(Tag, i64), TokenError> {
        if ticket.len() > 64 {
            return Err(TokenError);
        }
        let bytes = URL_SAFE_NO_PAD.decode(ticket).map_err(|_| TokenError)?;
        let (signed, signature) = bytes
            .split_at_checked(25)
            .filter(|(_, signature)| signature.len() == SIGNATURE)
            .ok_or(TokenError)?;
        if signed[0] != TICKET {
            return Err(TokenError);
        }
        self.verify(&["ticket", purpose.name()], signed, signature)?;
        let (tag, moment) = signed[1..].split_at(16);
        let moment = moment.try_into().map_err(|_| TokenError)?;
        Ok((Tag(first(tag)), i64::from_be_bytes(moment)))
    }

    /// Reads a token made by [`Key::address_token`], whatever its letter case.
    pub fn open_address(&self, purpose: Purpose, token: &str) -> Result<Tag, TokenError> {
        let bytes = unhex(token).ok_or(TokenError)?;
        let (signed, signature) = bytes
            .split_at_checked(16)
            .filter(|(_, signature)| signature.len() == SHORT_SIGNATURE)
            .ok_or(TokenError)?;
        self.verify(&["address token", purpose.name()], signed, signature)?;
        Ok(Tag(first(signed)))
    }

    fn verify(&self, parts: &[&str], signed: &[u8], signature: &[u8]) -> Result<(), TokenError> {
        // Compared in constant time, and never shorter than what we make.
        std::iter::once(&self.current)
            .chain(&self.old)
            .any(|key| {
                key.mac(parts, signed)
                    .verify_truncated_left(signature)
                    .is_ok()
            })
            .then_some(())
            .ok_or(TokenError)
    }
}

/// A short, stable name made of several values, in lower-case hexadecimal: the
/// same values give the same 32 characters. With a key nobody else can guess
/// them; without one they are only as secret as the values.
pub fn fingerprint(key: Option<&Key>, parts: &[&str]) -> String {
    let digest: [u8; 32] = match key {
        Some(key) => key.digest(parts, b"fingerprint"),
        None => {
            let mut hash = Sha256::new();
            for part in parts {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part.as_bytes());
            }
            hash.finalize().into()
        }
    };
    hex(&digest[..16])
}

/// The first sixteen octets of at least as many.
fn first(bytes: &[u8]) -> [u8; 16] {
    let mut head = [0; 16];
    head.copy_from_slice(&bytes[..16]);
    head
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .take(65)
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|value| u8::try_from(value).ok())
        })
        .collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0 && digits.len() <= 64)?;
    Some(
        digits
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(octet: u8) -> Key {
        Key::new(vec![octet; 32]).unwrap()
    }

    fn address() -> Address {
        Address::parse("Ada@example.org").unwrap()
    }

    fn keys(current: u8, old: &[u8]) -> Keys {
        Keys {
            current: key(current),
            old: old.iter().copied().map(key).collect(),
        }
    }

    #[test]
    fn a_token_opens_for_its_purpose_only() {
        let tag = key(1).tag(&address());
        let token = key(1).token(Purpose::Unsubscribe, tag);
        assert_eq!(keys(1, &[]).open(Purpose::Unsubscribe, &token), Ok(tag));
        assert!(keys(1, &[]).open(Purpose::Preferences, &token).is_err());
        assert!(keys(2, &[]).open(Purpose::Unsubscribe, &token).is_err());
        assert_eq!(keys(2, &[3, 1]).open(Purpose::Unsubscribe, &token), Ok(tag));
        let bounce = key(1).address_token(Purpose::Bounce, tag);
        let read = keys(1, &[]);
        assert_eq!(read.open_address(Purpose::Bounce, &bounce), Ok(tag));
        assert_eq!(
            read.open_address(Purpose::Bounce, &bounce.to_uppercase()),
            Ok(tag)
        );
        assert!(read.open_address(Purpose::Unsubscribe, &bounce).is_err());
        assert!(read.open(Purpose::Bounce, &bounce).is_err());
    }

    #[test]
    fn shortened_and_lengthened_tokens_are_refused() {
        let token = key(1).token(Purpose::Unsubscribe, key(1).tag(&address()));
        let read = keys(1, &[]);
        for end in 0..token.len() {
            assert!(read.open(Purpose::Unsubscribe, &token[..end]).is_err());
        }
        for more in ["A", "AA", "AAAA", "=", "==", " ", "\n"] {
            let longer = format!("{token}{more}");
            assert!(read.open(Purpose::Unsubscribe, &longer).is_err(), "{more}");
        }
        assert!(
            read.open(Purpose::Unsubscribe, &"A".repeat(10_000))
                .is_err()
        );
    }

    #[test]
    fn one_mailbox_has_one_tag_and_tokens_never_show_it() {
        let spelled = Address::parse("ada@EXAMPLE.org").unwrap();
        assert_eq!(key(1).tag(&address()), key(1).tag(&spelled));
        assert_ne!(key(1).tag(&address()), key(2).tag(&address()));
        assert!(!format!("{:?}", key(65)).contains("65"));
    }

    #[test]
    fn a_bounce_address_fits_its_64_octets() {
        let token = key(1).address_token(Purpose::Bounce, key(1).tag(&address()));
        assert!("bounce+".len() + token.len() <= 64);
        assert!("unsubscribe+".len() + token.len() <= 64);
    }

    #[test]
    fn a_ticket_holds_its_moment_and_is_no_token() {
        let tag = key(1).tag(&address());
        let ticket = key(1).ticket(Purpose::Undo, tag, 1_772_366_400_123);
        let read = keys(1, &[]);
        let opened = read.open_ticket(Purpose::Undo, &ticket);
        assert_eq!(opened, Ok((tag, 1_772_366_400_123)));
        assert!(read.open_ticket(Purpose::Unsubscribe, &ticket).is_err());
        assert!(read.open(Purpose::Undo, &ticket).is_err());
        assert!(keys(2, &[]).open_ticket(Purpose::Undo, &ticket).is_err());
        for end in 0..ticket.len() {
            assert!(read.open_ticket(Purpose::Undo, &ticket[..end]).is_err());
        }
        let token = key(1).token(Purpose::Undo, tag);
        assert!(read.open_ticket(Purpose::Undo, &token).is_err());
    }

    #[test]
    fn short_keys_are_refused() {
        assert_eq!(Key::new(vec![7; 31]).unwrap_err(), KeyError(31));
    }

    #[test]
    fn a_fingerprint_keeps_its_parts_apart() {
        assert_ne!(
            fingerprint(None, &["ab", "c"]),
            fingerprint(None, &["a", "bc"])
        );
        assert_eq!(fingerprint(None, &["a"]), fingerprint(None, &["a"]));
        assert_ne!(
            fingerprint(Some(&key(1)), &["a"]),
            fingerprint(None, &["a"])
        );
    }
}
