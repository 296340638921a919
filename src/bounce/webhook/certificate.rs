//! As much of a certificate (RFC 5280 §4.1) as a signature is checked by: its
//! key, and from when to when it is good.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDateTime, Utc};

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// A certificate, as far as it is read.
#[derive(Debug)]
pub(crate) struct Certificate {
    pub(crate) begins: DateTime<Utc>,
    pub(crate) ends: DateTime<Utc>,
    /// SubjectPublicKeyInfo, as DER.
    pub(crate) key: Vec<u8>,
}

impl Certificate {
    /// Reads the first certificate of a PEM file (RFC 7468 §5.1), or DER.
    pub(crate) fn read(bytes: &[u8]) -> Option<Certificate> {
        let der = match std::str::from_utf8(bytes) {
            Ok(text) => pem(text)?,
            Err(_) => bytes.to_vec(),
        };
        let (_, certificate, _) = element(&der, SEQUENCE)?;
        let (_, mut rest, _) = element(certificate, SEQUENCE)?;
        if let Some((_, _, after)) = element(rest, VERSION) {
            rest = after;
        }
        // Serial number, algorithm, issuer.
        for tag in [INTEGER, SEQUENCE, SEQUENCE] {
            (_, _, rest) = element(rest, tag)?;
        }
        let (_, validity, after) = element(rest, SEQUENCE)?;
        let (begins, second) = time(validity)?;
        let (ends, _) = time(second)?;
        let (_, _, rest) = element(after, SEQUENCE)?;
        let (key, _, _) = element(rest, SEQUENCE)?;
        Some(Certificate {
            begins,
            ends,
            key: key.to_vec(),
        })
    }
}

fn pem(text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (content, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let content: String = content.split_ascii_whitespace().collect();
    STANDARD.decode(content).ok()
}

/// The element of this tag at the beginning: the whole of it, its content, and
/// what follows.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8], &[u8])> {
    let (&first, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    if first != tag {
        return None;
    }
    let (length, rest) = match length {
        ..=0x7f => (usize::from(length), rest),
        0x81..=0x83 => {
            let (octets, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            let length = octets
                .iter()
                .fold(0, |sum, octet| sum << 8 | usize::from(*octet));
            (length, rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    let whole = der.len() - after.len();
    Some((&der[..whole], content, after))
}

/// RFC 5280 §4.1.2.5; and what follows.
fn time(der: &[u8]) -> Option<(DateTime<Utc>, &[u8])> {
    let (text, after, century) = match element(der, UTC_TIME) {
        // §4.1.2.5.1: 50 and later are of the twentieth century.
        Some((_, text, after)) => {
            let century = if text.first()? >= &b'5' { "19" } else { "20" };
            (text, after, century)
        }
        None => {
            let (_, text, after) = element(der, GENERALIZED_TIME)?;
            (text, after, "")
        }
    };
    let text = format!("{century}{}", std::str::from_utf8(text).ok()?);
    let time = NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%SZ").ok()?;
    Some((time.and_utc(), after))
}
