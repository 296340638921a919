use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;
use url::Host;

/// A mail address that may stand in an envelope and in a header: unquoted, at a
/// domain name with a dot. The domain is in lower case and an
/// internationalised one in its A-label form (RFC 5890 §2.3.2.1), which every
/// server takes; the local part stays as written, for only its host may fold
/// it (RFC 5321 §2.4). One that is not ASCII (RFC 6531 §3.3) is in NFC, for it
/// looks the same in every form (RFC 6532 §3.1), and takes a relay with
/// SMTPUTF8.
///
/// `Debug` hides the local part, so that addresses do not slip into logs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(lettre::Address);

/// Why a text is no [`Address`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is no `@`, or nothing on one side of it.
    #[error("an address looks like name@example.org")]
    Form,
    /// The part before the `@` is quoted, too long or has characters that are
    /// not allowed there.
    #[error("the part before the @ is not allowed in a mail address")]
    Local,
    /// The part before the `@` is not ASCII, of somebody whom every server must
    /// take.
    #[error(
        "the part before the @ is not ASCII, and a sender's must be: many servers take no other"
    )]
    International,
    /// The part after the `@` is no domain name with a dot.
    #[error("the part after the @ is not a full domain name")]
    Domain,
}

impl Address {
    /// Reads an address; blanks around it are dropped.
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::Form)?;
        if local.is_empty() || domain.is_empty() {
            return Err(AddressError::Form);
        }
        let local: String = local.nfc().collect();
        let domain = domain_name(domain)?;
        // RFC 5321 §4.5.3.1.1: 64 octets; §4.5.3.1.3: 256 with the brackets.
        if local.len() > 64 || local.len() + 1 + domain.len() > 254 {
            return Err(AddressError::Local);
        }
        if !is_dot_atom(&local) {
            return Err(AddressError::Local);
        }
        lettre::Address::new(local, domain)
            .map(Address)
            .map_err(|_| AddressError::Local)
    }

    /// Reads the address of a sender. Bounces, answers and requests of programs
    /// go there from anywhere, so it must be one that every server takes.
    ///
    /// # Errors
    ///
    /// As [`Address::parse`], and [`AddressError::International`].
    pub fn parse_sender(text: &str) -> Result<Address, AddressError> {
        let address = Address::parse(text)?;
        match address.is_international() {
            true => Err(AddressError::International),
            false => Ok(address),
        }
    }

    /// Whether its local part is not ASCII: it takes a relay with SMTPUTF8 (RFC
    /// 6531), and so does every server behind it.
    pub fn is_international(&self) -> bool {
        !self.local().is_ascii()
    }

    /// `local@domain`.
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// The part before the `@`.
    pub fn local(&self) -> &str {
        self.0.user()
    }

    /// The domain, in ASCII and lower case.
    pub fn domain(&self) -> &str {
        self.0.domain()
    }

    /// The form by which two spellings of one mailbox are told to be the same:
    /// all in lower case, in NFC. Never send to it.
    pub fn key(&self) -> String {
        match self.is_international() {
            true => self.as_str().to_lowercase().nfc().collect(),
            false => self.as_str().to_ascii_lowercase(),
        }
    }
}

/// RFC 5321 §4.1.2 `Dot-string`; quoted local parts are refused, for they are
/// typing mistakes far more often than mailboxes. RFC 6531 §3.3 adds all that is
/// not ASCII; what nobody sees or what turns the writing is left out of it.
fn is_dot_atom(local: &str) -> bool {
    let allowed = |letter: char| match letter.is_ascii() {
        true => letter.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(letter),
        false => !is_unseen(letter),
    };
    let mut atoms = local.split('.');
    atoms.all(|atom| !atom.is_empty() && atom.chars().all(allowed))
}

/// Blanks, controls, marks of direction, private and replaced characters: two
/// addresses that look the same would not be the same.
fn is_unseen(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{10ffff}')
}

fn domain_name(domain: &str) -> Result<String, AddressError> {
    // `Host` would decode percent signs, which are no part of a domain name.
    if domain.contains('%') {
        return Err(AddressError::Domain);
    }
    let Ok(Host::Domain(name)) = Host::parse(domain) else {
        return Err(AddressError::Domain);
    };
    let labels: Vec<&str> = name.split('.').collect();
    let sound = |label: &&str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let top_is_name = labels
        .last()
        .is_some_and(|top| !top.bytes().all(|byte| byte.is_ascii_digit()));
    if labels.len() < 2 || !labels.iter().all(sound) || !top_is_name {
        return Err(AddressError::Domain);
    }
    Ok(name)
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Address::parse(text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address(…@{})", self.domain())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_by_our_rules() {
        let cases = [
            ("a@example.org", Ok("a@example.org")),
            ("  Ada.L@Example.ORG ", Ok("Ada.L@example.org")),
            ("a+b@münchen.example", Ok("a+b@xn--mnchen-3ya.example")),
            ("a@例え.テスト", Ok("a@xn--r8jz45g.xn--zckzah")),
            ("o'brien@example.org", Ok("o'brien@example.org")),
            ("", Err(AddressError::Form)),
            ("example.org", Err(AddressError::Form)),
            ("@example.org", Err(AddressError::Form)),
            ("a@", Err(AddressError::Form)),
            ("ü@example.org", Ok("ü@example.org")),
            ("u\u{308}@example.org", Ok("ü@example.org")),
            ("用户.名@例え.テスト", Ok("用户.名@xn--r8jz45g.xn--zckzah")),
            (
                "δοκιμή@παράδειγμα.δοκιμή",
                Ok("δοκιμή@xn--hxajbheg2az3al.xn--jxalpdlp"),
            ),
            ("ü\u{202e}x@example.org", Err(AddressError::Local)),
            ("ü\u{200b}@example.org", Err(AddressError::Local)),
            ("ü\u{a0}x@example.org", Err(AddressError::Local)),
            ("\u{fffd}@example.org", Err(AddressError::Local)),
            ("ü..x@example.org", Err(AddressError::Local)),
            ("“ü”@@example.org", Err(AddressError::Local)),
            ("a b@example.org", Err(AddressError::Local)),
            ("\"a b\"@example.org", Err(AddressError::Local)),
            (".a@example.org", Err(AddressError::Local)),
            ("a..b@example.org", Err(AddressError::Local)),
            ("a\r\nb@example.org", Err(AddressError::Local)),
            ("a@b", Err(AddressError::Domain)),
            ("a@localhost", Err(AddressError::Domain)),
            ("a@[127.0.0.1]", Err(AddressError::Domain)),
            ("a@127.0.0.1", Err(AddressError::Domain)),
            ("a@example..org", Err(AddressError::Domain)),
            ("a@example.org.", Err(AddressError::Domain)),
            ("a@-x.example.org", Err(AddressError::Domain)),
            ("a@ex_ample.org", Err(AddressError::Domain)),
            ("a@exam%70le.org", Err(AddressError::Domain)),
            ("a@example.org\u{0}", Err(AddressError::Domain)),
        ];
        for (text, expected) in cases {
            let read = Address::parse(text);
            assert_eq!(
                read.as_ref().map(Address::as_str).map_err(|error| *error),
                expected,
                "{text:?}"
            );
        }
        assert!(Address::parse(&format!("{}@example.org", "a".repeat(64))).is_ok());
        assert!(Address::parse(&format!("{}@example.org", "a".repeat(65))).is_err());
    }

    #[test]
    fn spellings_of_one_mailbox_have_one_key() {
        let key = |text: &str| Address::parse(text).unwrap().key();
        assert_eq!(key("ÜMIT@example.org"), key("u\u{308}mit@Example.ORG"));
        assert_eq!(key("ДОБРО@example.org"), "добро@example.org");
        assert_eq!(key("Ada@example.org"), "ada@example.org");
        assert_ne!(key("ümit@example.org"), key("umit@example.org"));
        // 64 octets, not characters.
        assert!(Address::parse(&format!("{}@example.org", "ü".repeat(32))).is_ok());
        assert!(Address::parse(&format!("{}@example.org", "ü".repeat(33))).is_err());
        let sender = Address::parse_sender("ü@example.org");
        assert_eq!(sender, Err(AddressError::International));
        assert!(Address::parse_sender("a@münchen.example").is_ok());
    }

    #[test]
    fn debug_tells_nobodys_address() {
        let address = Address::parse("ada@example.org").unwrap();
        assert!(!format!("{address:?}").contains("ada"));
    }
}
