use std::fmt;

use aws_lc_rs::digest::Digest;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::email::dkim::der::{self, Kind};

/// RFC 8301 §3.2 allows 1024 bits and advises 2048; the library signs with no
/// fewer, and large providers ask for them.
const FEWEST_BITS: usize = 2048;
/// RFC 8301 §3.2: verifiers need not take longer ones.
const MOST_BITS: usize = 4096;
/// RFC 8032 §5.1.5.
const SEED: usize = 32;

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 6376 §3.3.3).
    RsaSha256,
    /// PureEdDSA over SHA-256 (RFC 8463 §3).
    Ed25519Sha256,
}

impl Algorithm {
    /// Its name in `a=`.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::RsaSha256 => "rsa-sha256",
            Algorithm::Ed25519Sha256 => "ed25519-sha256",
        }
    }

    /// The kind of its key in `k=`.
    pub fn key_type(self) -> &'static str {
        match self {
            Algorithm::RsaSha256 => "rsa",
            Algorithm::Ed25519Sha256 => "ed25519",
        }
    }
}

/// Why a text is no key to sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Nothing is there.
    #[error("there is no key in it")]
    Empty,
    /// Neither PEM nor the base64 of DER.
    #[error("this is no private key in PEM form")]
    NoKey,
    /// A public key or a certificate.
    #[error("this is the public half of a key; the private one signs")]
    Public,
    /// It wants a password.
    #[error("the key is encrypted with a password")]
    Encrypted,
    /// Neither RSA nor Ed25519.
    #[error("the key is neither RSA nor Ed25519, and DKIM has no others")]
    Other,
    /// RSA of too few bits.
    #[error("the RSA key has {bits} bits, and fewer than 2048 are not trusted")]
    Weak {
        /// How many it has.
        bits: usize,
    },
    /// RSA of more bits than receivers must take.
    #[error("the RSA key has {bits} bits, and receivers need not take more than 4096")]
    Long {
        /// How many it has.
        bits: usize,
    },
    /// It looks like a key, but its parts do not fit.
    #[error("the key is damaged")]
    Damaged,
}

impl KeyError {
    /// What to do about it.
    pub fn help(self) -> &'static str {
        match self {
            KeyError::Encrypted => "`openssl pkey -in FILE -out NEW` writes it without a password",
            KeyError::Public => "name the file that begins with -----BEGIN PRIVATE KEY-----",
            KeyError::Weak { .. } | KeyError::Long { .. } | KeyError::Other => {
                "`letterpress dkim generate` makes a new one; publish it under a new selector"
            }
            KeyError::Empty | KeyError::NoKey | KeyError::Damaged => {
                "`letterpress dkim generate` makes one and says what to publish"
            }
        }
    }
}

/// A private key. `Debug` does not show it.
pub struct SigningKey(Pair);

enum Pair {
    Rsa(rsa::KeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Reads PKCS#8 or PKCS#1 as PEM, as the base64 of its DER or as DER itself,
    /// or the base64 of an Ed25519 seed. Line ends do not matter, so that a key
    /// may stand in a variable of the environment; `\n` is taken for one too.
    ///
    /// # Errors
    ///
    /// Why it is none; the key's own text is never told.
    pub fn parse(text: &[u8]) -> Result<SigningKey, KeyError> {
        if let Some(kind) = der::kind(text) {
            return SigningKey::read(kind, text);
        }
        let text = std::str::from_utf8(text).map_err(|_| KeyError::NoKey)?;
        let text = text.replace("\\r", "").replace("\\n", "\n");
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return Err(KeyError::Empty);
        }
        let content = match text.contains("-----BEGIN ") {
            true => pem(text)?,
            false => text,
        };
        let der = decode(content).ok_or(KeyError::NoKey)?;
        if let Ok(seed) = <&[u8; SEED]>::try_from(der.as_slice()) {
            let pair = Ed25519KeyPair::from_seed_unchecked(seed);
            return pair
                .map(|pair| SigningKey(Pair::Ed25519(pair)))
                .map_err(|_| KeyError::Damaged);
        }
        let kind = der::kind(&der).ok_or(KeyError::NoKey)?;
        SigningKey::read(kind, &der)
    }

    fn read(kind: Kind, der: &[u8]) -> Result<SigningKey, KeyError> {
        let rsa = match kind {
            Kind::Rsa1 { bits } | Kind::Rsa8 { bits } if bits < FEWEST_BITS => {
                return Err(KeyError::Weak { bits });
            }
            Kind::Rsa1 { bits } | Kind::Rsa8 { bits } if bits > MOST_BITS => {
                return Err(KeyError::Long { bits });
            }
            Kind::Rsa1 { .. } => rsa::KeyPair::from_der(der),
            Kind::Rsa8 { .. } => rsa::KeyPair::from_pkcs8(der),
            Kind::Ed25519 => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der);
                return pair
                    .map(|pair| SigningKey(Pair::Ed25519(pair)))
                    .map_err(|_| KeyError::Damaged);
            }
            Kind::Public => return Err(KeyError::Public),
            Kind::Other => return Err(KeyError::Other),
        };
        rsa.map(|pair| SigningKey(Pair::Rsa(pair)))
            .map_err(|_| KeyError::Damaged)
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Pair::Rsa(_) => Algorithm::RsaSha256,
            Pair::Ed25519(_) => Algorithm::Ed25519Sha256,
        }
    }

    /// Bits of its public half.
    pub fn bits(&self) -> usize {
        match &self.0 {
            Pair::Rsa(pair) => pair.public_modulus_len() * 8,
            Pair::Ed25519(_) => 256,
        }
    }

    /// The value of the TXT record that publishes it (RFC 6376 §3.6.1, RFC 8463
    /// §4).
    pub fn published(&self) -> String {
        let public = match &self.0 {
            Pair::Rsa(pair) => {
                let der = pair.public_key().as_der();
                let der = der.expect("a key that was read can be written");
                STANDARD.encode(der.as_ref())
            }
            Pair::Ed25519(pair) => STANDARD.encode(pair.public_key()),
        };
        let kind = self.algorithm().key_type();
        format!("v=DKIM1; k={kind}; p={public}")
    }

    /// The signature of a hash; `None` where the library gives none.
    pub(super) fn sign(&self, hash: &Digest) -> Option<Vec<u8>> {
        match &self.0 {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&RSA_PKCS1_SHA256, hash, &mut signature)
                    .ok()?;
                Some(signature)
            }
            Pair::Ed25519(pair) => Some(pair.try_sign(hash.as_ref()).ok()?.as_ref().to_vec()),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({})", self.algorithm().name())
    }
}

/// What stands between the lines of the private key in a PEM file (RFC 7468).
fn pem(text: &str) -> Result<&str, KeyError> {
    let mut others = KeyError::NoKey;
    for block in text.split("-----BEGIN ").skip(1) {
        let Some((label, rest)) = block.split_once("-----") else {
            continue;
        };
        let content = rest.split("-----END").next().unwrap_or(rest);
        match label.trim() {
            "ENCRYPTED PRIVATE KEY" => return Err(KeyError::Encrypted),
            "PRIVATE KEY" | "RSA PRIVATE KEY" if content.contains("ENCRYPTED") => {
                return Err(KeyError::Encrypted);
            }
            "PRIVATE KEY" | "RSA PRIVATE KEY" => return Ok(content),
            label if label.ends_with("PRIVATE KEY") => others = KeyError::Other,
            _ if others == KeyError::NoKey => others = KeyError::Public,
            _ => {}
        }
    }
    Err(others)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let text: String = text.split_ascii_whitespace().collect();
    GeneralPurpose::new(&ALPHABET, config).decode(text).ok()
}
