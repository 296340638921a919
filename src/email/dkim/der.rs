//! As much of DER (X.690) as tells what kind of key a file holds, and how long it
//! is. The key itself is read and judged by the cryptographic library.

/// What a file of DER holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `RSAPrivateKey` alone (RFC 8017 §A.1.2), with the bits of its modulus.
    Rsa1 { bits: usize },
    /// The same inside of `PrivateKeyInfo` (RFC 5958 §2).
    Rsa8 { bits: usize },
    /// An Ed25519 key inside of `PrivateKeyInfo` (RFC 8410 §7).
    Ed25519,
    /// A public key or a certificate.
    Public,
    /// A private key of another algorithm.
    Other,
}

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// 1.2.840.113549.1.1.1 and 1.3.101.112.
const RSA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const ED25519: [u8; 3] = [0x2b, 0x65, 0x70];

/// What `der` holds; `None` where it is no key at all.
pub(super) fn kind(der: &[u8]) -> Option<Kind> {
    let (inside, _) = expect(der, SEQUENCE)?;
    let (tag, first, rest) = element(inside)?;
    match tag {
        // SubjectPublicKeyInfo, or a certificate.
        SEQUENCE => return Some(Kind::Public),
        // RSAPublicKey begins with the modulus, private keys with a version.
        INTEGER if first.len() > 1 => return Some(Kind::Public),
        INTEGER => {}
        _ => return None,
    }
    let (tag, second, rest) = element(rest)?;
    match tag {
        INTEGER => Some(Kind::Rsa1 { bits: bits(second) }),
        SEQUENCE => {
            let (algorithm, _) = expect(second, OID)?;
            if algorithm == ED25519 {
                return Some(Kind::Ed25519);
            }
            if algorithm != RSA {
                return Some(Kind::Other);
            }
            let (key, _) = expect(rest, OCTETS)?;
            match kind(key)? {
                Kind::Rsa1 { bits } => Some(Kind::Rsa8 { bits }),
                _ => None,
            }
        }
        // A key of an elliptic curve has its octets here.
        _ => Some(Kind::Other),
    }
}

/// Bits of an unsigned number.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = &number[zeros..];
    let unused = number.first().map_or(0, |first| first.leading_zeros());
    number.len() * 8 - unused as usize
}

fn expect(der: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = element(der)?;
    (tag == wanted).then_some((content, rest))
}

/// Tag, content and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, short], rest) = der.split_first_chunk()?;
    let (length, rest) = match short {
        0..=0x7f => (usize::from(short), rest),
        0x81..=0x83 => {
            let (long, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
            let length = long
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}
