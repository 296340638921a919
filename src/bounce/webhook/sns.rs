//! Amazon SNS, which carries the notifications of SES: what surrounds them, and
//! whether SNS has signed it.

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters,
    UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::Value;
use url::Url;

use crate::bounce::webhook::certificate::Certificate;

/// Why it is not believed, or not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It has not the form of SNS.
    #[error("it is no message of SNS")]
    Form,
    /// It names a certificate or an address that is none of SNS.
    #[error("it leads to an address that is not of SNS")]
    Place,
    /// Its signature has a version that is not known.
    #[error("its signature is of a version that is not known")]
    Version,
    /// What was fetched is no certificate.
    #[error("what lies at its address is no certificate")]
    Certificate,
    /// The certificate is not good at this time.
    #[error("the certificate is not good at this time")]
    Expired,
    /// The signature is not of this certificate, or the message was changed.
    #[error("the signature does not fit")]
    Signature,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It carries this message.
    Notification(String),
    /// A subscription begins once this address was fetched.
    Confirmation(Url),
    /// A subscription has ended.
    Ended,
}

/// What SNS posts.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// What is wanted.
    pub kind: Kind,
    /// Where the certificate lies; it is an address of SNS.
    pub certificate: Url,
    algorithm: &'static RsaParameters,
    signature: Vec<u8>,
    signed: String,
}

impl Envelope {
    /// Reads it; nothing in it is believed yet but the form.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn read(body: &[u8]) -> Result<Envelope, Error> {
        let value: Value = serde_json::from_slice(body).map_err(|_| Error::Form)?;
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let must = |key: &str| text(key).ok_or(Error::Form);
        let (names, kind) = match must("Type")? {
            "Notification" => (
                NOTIFICATION,
                Kind::Notification(must("Message")?.to_owned()),
            ),
            "SubscriptionConfirmation" => {
                let address = Url::parse(must("SubscribeURL")?).map_err(|_| Error::Form)?;
                if !is_sns(&address) {
                    return Err(Error::Place);
                }
                (CONFIRMATION, Kind::Confirmation(address))
            }
            "UnsubscribeConfirmation" => (CONFIRMATION, Kind::Ended),
            _ => return Err(Error::Form),
        };
        let certificate = text("SigningCertURL").or_else(|| text("SigningCertUrl"));
        let certificate = Url::parse(certificate.ok_or(Error::Form)?).map_err(|_| Error::Form)?;
        if !is_sns(&certificate) || !certificate.path().ends_with(".pem") {
            return Err(Error::Place);
        }
        let algorithm = match must("SignatureVersion")? {
            "1" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            "2" => &RSA_PKCS1_2048_8192_SHA256,
            _ => return Err(Error::Version),
        };
        let signature = STANDARD.decode(must("Signature")?);
        // Names and values, each with a line end, in the order of the names.
        let mut signed = String::new();
        for &name in names {
            match text(name) {
                Some(value) => signed.push_str(&format!("{name}\n{value}\n")),
                // It is the one that need not be there.
                None if name == "Subject" => {}
                None => return Err(Error::Form),
            }
        }
        Ok(Envelope {
            kind,
            certificate,
            algorithm,
            signature: signature.map_err(|_| Error::Form)?,
            signed,
        })
    }

    /// Holds the signature against a certificate, as PEM, that came from
    /// [`Envelope::certificate`] over a connection that was checked.
    ///
    /// # Errors
    ///
    /// Why it is not believed.
    pub fn verify(&self, certificate: &[u8], now: DateTime<Utc>) -> Result<(), Error> {
        let certificate = Certificate::read(certificate).ok_or(Error::Certificate)?;
        if now < certificate.begins || now > certificate.ends {
            return Err(Error::Expired);
        }
        UnparsedPublicKey::new(self.algorithm, &certificate.key)
            .verify(self.signed.as_bytes(), &self.signature)
            .map_err(|_| Error::Signature)
    }
}

const NOTIFICATION: &[&str] = &[
    "Message",
    "MessageId",
    "Subject",
    "Timestamp",
    "TopicArn",
    "Type",
];
const CONFIRMATION: &[&str] = &[
    "Message",
    "MessageId",
    "SubscribeURL",
    "Timestamp",
    "Token",
    "TopicArn",
    "Type",
];

/// Whether an address is one of SNS itself: `https://sns.REGION.amazonaws.com/…`.
fn is_sns(address: &Url) -> bool {
    let region = address
        .host_str()
        .and_then(|host| host.strip_prefix("sns."))
        .and_then(|rest| rest.strip_suffix(".amazonaws.com"));
    let plain = |region: &str| {
        !region.is_empty()
            && region
                .bytes()
                .all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-')
    };
    address.scheme() == "https"
        && address.port().is_none()
        && address.username().is_empty()
        && address.password().is_none()
        && region.is_some_and(plain)
}

#[cfg(test)]
mod tests;
