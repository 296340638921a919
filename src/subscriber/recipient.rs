use std::collections::BTreeMap;

use crate::subscriber::address::{Address, AddressError};
use crate::subscriber::name::clean_name;

/// Somebody a message is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Where it goes.
    pub address: Address,
    /// Display name, already clean; may be empty.
    pub name: String,
    /// The language they read, a BCP 47 tag; `None` is the newsletter's.
    pub language: Option<String>,
    /// What else is known of them, for templates.
    pub attributes: BTreeMap<String, String>,
}

/// A place in a list of recipients that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {place} is not a mail address")]
pub struct ListError {
    /// Which entry, from 1.
    pub place: usize,
    /// What is wrong with it.
    #[source]
    pub source: AddressError,
}

impl Recipient {
    /// Somebody of whom only the address is known.
    pub fn new(address: Address) -> Recipient {
        Recipient {
            address,
            name: String::new(),
            language: None,
            attributes: BTreeMap::new(),
        }
    }

    /// Adds the display name, cleaned.
    pub fn named(mut self, name: &str) -> Recipient {
        self.name = clean_name(name);
        self
    }

    /// Reads `ada@example.org`, `<ada@example.org>` or
    /// `Ada Lovelace <ada@example.org>`, the name quoted or not.
    pub fn parse(text: &str) -> Result<Recipient, AddressError> {
        let text = text.trim();
        let Some(rest) = text.strip_suffix('>') else {
            return Address::parse(text).map(Recipient::new);
        };
        let (name, address) = rest.rsplit_once('<').ok_or(AddressError::Form)?;
        Ok(Recipient::new(Address::parse(address)?).named(&unquote(name.trim())))
    }

    /// Reads recipients parted by commas, semicolons or line ends; entries
    /// that are empty are skipped. A comma inside quotes parts nothing.
    pub fn parse_list(text: &str) -> Result<Vec<Recipient>, ListError> {
        entries(text)
            .filter(|entry| !entry.trim().is_empty())
            .enumerate()
            .map(|(index, entry)| {
                Recipient::parse(entry).map_err(|source| ListError {
                    place: index + 1,
                    source,
                })
            })
            .collect()
    }
}

fn entries(text: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |character: char| {
        let part = match character {
            '\n' | '\r' => {
                quoted = false;
                true
            }
            '"' if !escaped => {
                quoted = !quoted;
                false
            }
            ',' | ';' => !quoted,
            _ => false,
        };
        escaped = quoted && character == '\\' && !escaped;
        part
    })
}

/// The text of a quoted string (RFC 5322 §3.2.4); anything else as it is.
fn unquote(text: &str) -> String {
    let inner = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let Some(inner) = inner else {
        return text.to_owned();
    };
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_are_read_with_and_without_a_name() {
        let cases = [
            ("ada@example.org", ("", "ada@example.org")),
            ("<ada@example.org>", ("", "ada@example.org")),
            ("Ada L <ada@example.org>", ("Ada L", "ada@example.org")),
            ("\"L, Ada\" <a@example.org>", ("L, Ada", "a@example.org")),
            (
                r#""A \"x\" L" <a@example.org>"#,
                ("A \"x\" L", "a@example.org"),
            ),
            ("林 <lin@example.org>", ("林", "lin@example.org")),
        ];
        for (text, (name, address)) in cases {
            let read = Recipient::parse(text).unwrap();
            assert_eq!((read.name.as_str(), read.address.as_str()), (name, address));
        }
        assert_eq!(Recipient::parse("ada>"), Err(AddressError::Form));
    }

    #[test]
    fn a_list_names_the_entry_that_is_wrong() {
        let list = "a@example.org, \"B, c\" <b@example.org>;\n\n c@example.org\n";
        let read = Recipient::parse_list(list).unwrap();
        let addresses: Vec<&str> = read.iter().map(|one| one.address.as_str()).collect();
        assert_eq!(
            addresses,
            ["a@example.org", "b@example.org", "c@example.org"]
        );
        let error = Recipient::parse_list("a@example.org, oops").unwrap_err();
        assert_eq!(error.place, 2);
    }
}
