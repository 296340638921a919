use crate::subscriber::token::{Key, fingerprint};

/// Names the header in which a sender says a nonce, when it asks whether the
/// server answers.
pub const NONCE_HEADER: &str = "letterpress-nonce";

/// Names the header in which the server proves what it has: a proof for each of
/// its keys.
pub const PROOF_HEADER: &str = "letterpress-proof";

/// What a server and a sender prove to each other: the same key, and the same
/// store. Whoever lacks the key cannot make it, and a nonce keeps an old answer
/// from standing for a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    key: String,
    store: String,
}

impl Proof {
    /// By this key, for the store of this name.
    pub fn new(key: &Key, nonce: &str, store: &str) -> Proof {
        Proof {
            key: fingerprint(Some(key), &["proof of key", nonce]),
            store: fingerprint(Some(key), &["proof of store", nonce, store]),
        }
    }

    /// As it stands in the header.
    pub fn text(&self) -> String {
        format!("{}.{}", self.key, self.store)
    }

    /// Whether a header with proofs, parted by blanks, has one of the same key,
    /// and whether that is of the same store.
    pub fn found_in(&self, header: &str) -> (bool, bool) {
        let same_key = header
            .split(' ')
            .filter_map(|proof| proof.split_once('.'))
            .find(|(key, _)| *key == self.key);
        (
            same_key.is_some(),
            same_key.is_some_and(|(_, store)| store == self.store),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_tells_key_and_store_apart() {
        let key = |octet| Key::new(vec![octet; 32]).unwrap();
        let asked = Proof::new(&key(1), "n", "store");
        let of = |octet, nonce, store| Proof::new(&key(octet), nonce, store).text();
        assert_eq!(asked.found_in(&of(1, "n", "store")), (true, true));
        assert_eq!(asked.found_in(&of(1, "n", "other")), (true, false));
        assert_eq!(asked.found_in(&of(1, "m", "store")), (false, false));
        assert_eq!(asked.found_in(&of(2, "n", "store")), (false, false));
        let both = format!("{} {}", of(2, "n", "store"), of(1, "n", "store"));
        assert_eq!(asked.found_in(&both), (true, true));
        assert_eq!(asked.found_in(""), (false, false));
    }
}
