//! DKIM signatures over finished messages (RFC 6376), by RSA with SHA-256 and,
//! beside it, by Ed25519 (RFC 8463).
//!
//! A [`Signer`] holds the keys and puts its signatures in front of the bytes of
//! a message. The same message, key and moment give the same signature: neither
//! algorithm draws anything. Canonicalization is relaxed for header and body, no
//! part of the body is left out (no `l=`), and the fields that must not come
//! twice are named once more than they are there.
//!
//! Not here: reading key files, drawing new keys, asking the DNS. A key is handed
//! in as text and leaves neither by `Debug` nor in an error.

mod body;
mod der;
mod fields;
mod key;
mod record;
mod signer;
#[cfg(test)]
mod tests;

pub use key::{Algorithm, KeyError, SigningKey};
pub use record::Record;
pub use signer::{SignError, Signer, is_aligned, is_domain, is_selector};
