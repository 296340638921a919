use std::fmt;
use std::str::FromStr;

use url::Host;

/// A mail address that may stand in an envelope and in a header: ASCII,
/// unquoted, at a domain name with a dot. The domain is in lower case and an
/// internationalised one in its A-label form (RFC 5890 §2.3.2.1), which every
/// server takes; the local part stays as written, for only its host may fold
/// it (RFC 5321 §2.4).
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
    /// The part before the `@` is not ASCII.
    #[error("the part before the @ is not ASCII, which hardly any mail server accepts")]
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
        if !local.is_ascii() {
            return Err(AddressError::International);
        }
        let domain = domain_name(domain)?;
        // RFC 5321 §4.5.3.1.1: 64 octets; §4.5.3.1.3: 256 with the brackets.
        if local.len() > 64 || local.len() + 1 + domain.len() > 254 {
            return Err(AddressError::Local);
        }
        if !is_dot_atom(local) {
            return Err(AddressError::Local);
        }
        lettre::Address::new(local, domain)
            .map(Address)
            .map_err(|_| AddressError::Local)
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
    /// all in lower case. Never send to it.
    pub fn key(&self) -> String {
        self.as_str().to_ascii_lowercase()
    }
}

/// RFC 5321 §4.1.2 `Dot-string`; quoted local parts are refused, for they are
/// typing mistakes far more often than mailboxes.
fn is_dot_atom(local: &str) -> bool {
    local.split('.').all(|atom| {
        !atom.is_empty()
            && atom
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
    })
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
            ("ü@example.org", Err(AddressError::International)),
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
    fn debug_tells_nobodys_address() {
        let address = Address::parse("ada@example.org").unwrap();
        assert!(!format!("{address:?}").contains("ada"));
    }
}
