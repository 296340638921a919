//! The digest of what a mailing says.

use sha2::{Digest, Sha256};

/// What one edition says before recipients' own values.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Language of the edition.
    pub language: &'a str,
    /// Subject.
    pub subject: &'a str,
    /// HTML part.
    pub html: &'a str,
    /// Text part.
    pub text: &'a str,
}

/// SHA-256 over all editions, in hexadecimal. It is equal as long as the same
/// content would leave, whoever receives it and whenever.
pub fn digest<'a>(editions: impl IntoIterator<Item = Said<'a>>) -> String {
    let mut hash = Sha256::new();
    for said in editions {
        for part in [said.language, said.subject, said.html, said.text] {
            // The length keeps apart what would read the same when joined.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    let bytes = hash.finalize();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_tells_every_part_and_their_borders() {
        let of = |subject, html| {
            digest([Said {
                language: "en",
                subject,
                html,
                text: "",
            }])
        };
        assert_eq!(of("a", "b"), of("a", "b"));
        assert_ne!(of("ab", ""), of("a", "b"));
        assert_eq!(of("a", "b").len(), 64);
    }
}
