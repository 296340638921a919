//! Signatures, read back by a verifier that shares no code with the signer.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{LazyLock, Mutex};
use std::time::Instant;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use chrono::DateTime;
use letterpress::email::Parts;
use letterpress::email::dkim::{Signer, SigningKey};
use letterpress::subscriber::Address;
use mail_auth::common::parse::TxtRecordParser;
use mail_auth::common::verify::DomainKey;
use mail_auth::hickory_resolver::config::{ResolverConfig, ResolverOpts};
use mail_auth::{
    AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt,
};
use proptest::prelude::*;

use crate::properties::mail::{WRITES, composed, recipient, text};

/// RFC 8463 §A.2.
const SEED: &[u8] = b"nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";

static SIGNER: LazyLock<Signer> = LazyLock::new(|| {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<Pkcs8V1Der<'static>>::as_der(&pair).unwrap();
    let rsa = SigningKey::parse(der.as_ref()).unwrap();
    let ed25519 = SigningKey::parse(SEED).unwrap();
    Signer::new("example.org", "one", rsa).and("two", ed25519)
});

/// The records in place of the DNS.
struct Records(Mutex<HashMap<Box<str>, Txt>>);

impl Records {
    fn of(signer: &Signer) -> Records {
        let records = signer.records().into_iter().map(|record| {
            let key = DomainKey::parse(record.value.as_bytes()).unwrap();
            (format!("{}.", record.name).into_boxed_str(), Txt::from(key))
        });
        Records(Mutex::new(records.collect()))
    }
}

impl ResolverCache<Box<str>, Txt> for Records {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.lock().unwrap().get(name).cloned()
    }

    fn remove<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.lock().unwrap().remove(name)
    }

    fn insert(&self, name: Box<str>, value: Txt, _: Instant) {
        self.0.lock().unwrap().insert(name, value);
    }
}

/// Whether each signature of a message verifies.
fn verified(message: &[u8]) -> Vec<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        // It knows no server, so that nothing is ever asked for outside.
        let nobody = ResolverConfig::from_parts(None, Vec::new(), Vec::new());
        let verifier = MessageAuthenticator::new(nobody, ResolverOpts::default()).unwrap();
        let records = Records::of(&SIGNER);
        let message = AuthenticatedMessage::parse(message).unwrap();
        let parameters = Parameters::new(&message).with_txt_cache(&records);
        let results = verifier.verify_dkim(parameters).await;
        let passed = |one: &mail_auth::DkimOutput| one.result() == &DkimResult::Pass;
        results.iter().map(passed).collect()
    })
}

/// A signed message of these words.
fn signed(subject: &str, name: &str, title: &str, body: &str, parts: Parts) -> Vec<u8> {
    composed(title, &WRITES, parts)
        .message(None, Some(&SIGNER), &recipient(subject, name, body))
        .unwrap()
        .bytes
}

fn changed(message: &[u8], old: &str, new: &str) -> Vec<u8> {
    let text = std::str::from_utf8(message).unwrap();
    assert!(text.contains(old), "{old} is not in {text}");
    text.replacen(old, new, 1).into_bytes()
}

#[test]
fn a_header_in_utf_8_is_signed_as_others_read_it() {
    let mut reader = recipient("Hello", "Ümit", "Words");
    reader.address = Address::parse("ümit@bücher.test").unwrap();
    let composition = composed("Weekly", &WRITES, Parts::Both);
    let message = composition.message(None, Some(&SIGNER), &reader).unwrap();
    assert_eq!(verified(&message.bytes), [true, true]);
    // RFC 6532 §3: the address alone is in UTF-8.
    let odd: Vec<&str> = message
        .header()
        .split("\r\n")
        .filter(|line| !line.is_ascii())
        .collect();
    assert_eq!(odd, ["To: =?utf-8?B?w5xtaXQ=?= <ümit@xn--bcher-kva.test>"]);
    let parsed = mail_parser::MessageParser::new()
        .parse(&message.bytes)
        .unwrap();
    let to = parsed.to().and_then(|to| to.first()).unwrap();
    assert_eq!(to.name(), Some("Ümit"));
    assert_eq!(to.address(), Some("ümit@xn--bcher-kva.test"));
    assert_eq!(parsed.subject(), Some("Hello"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_a_message_says_its_signatures_verify(
        subject in text(), name in text(), title in text(), body in text(), form in 0..3
    ) {
        let parts = [Parts::Both, Parts::Text, Parts::Html][form as usize];
        let message = signed(&subject, &name, &title, &body, parts);
        prop_assert_eq!(verified(&message), [true, true]);
        let fields = std::str::from_utf8(&message).unwrap().split("\r\nFrom:").next().unwrap();
        for line in fields.split("\r\n") {
            prop_assert!(line.len() <= 76, "{}", line);
        }
    }

    #[test]
    fn any_message_is_signed_as_others_read_it(
        lines in proptest::collection::vec("[ -~\t]{0,20}", 0..6),
        value in "[ -~]{0,30}(\r\n[ \t]{1,3}[!-~]{1,9}){0,3}[ \t]{0,2}",
        end in "(\r\n){0,4}",
    ) {
        // The verifier takes a last line of blanks for one that says something, and
        // a blank before a colon for a part of the name; others are asked of these.
        let body = match lines.is_empty() {
            true => end,
            false => lines.join("\r\n") + "." + &end,
        };
        let mut message = format!(
            "from: a@example.org\r\nSubject:{value}\r\nX: y\r\nTO: b\r\n\tc\r\n\r\n{body}"
        ).into_bytes();
        let moment = DateTime::from_timestamp(1_767_258_123, 0).unwrap();
        SIGNER.sign(&mut message, moment).unwrap();
        prop_assert_eq!(verified(&message), [true, true], "{:?}", String::from_utf8(message));
    }

    #[test]
    fn a_change_anywhere_in_the_body_is_found(place in any::<prop::sample::Index>()) {
        let mut message = signed("Bridges", "Ada", "Weekly", "words and more words", Parts::Both);
        let text = std::str::from_utf8(&message).unwrap();
        let start = text.find("\r\n\r\n").unwrap() + 4;
        let letters: Vec<usize> = (start..message.len())
            .filter(|at| message[*at].is_ascii_alphanumeric())
            .collect();
        let at = letters[place.index(letters.len())];
        message[at] = if message[at] == b'x' { b'y' } else { b'x' };
        prop_assert_eq!(verified(&message), [false, false]);
    }
}

#[test]
fn what_relays_do_to_a_message_breaks_nothing() {
    let message = signed("Bridges", "Ada", "Weekly", "words", Parts::Both);
    let mut relayed = b"Return-Path: <x@example.net>\r\n\
        Received: from a (b [192.0.2.1])\r\n\tby c; Thu, 1 Jan 2026 09:02:03 +0000\r\n"
        .to_vec();
    relayed.extend(&message);
    assert_eq!(verified(&relayed), [true, true]);
    let refolded = changed(&message, "Subject: ", "SUBJECT:\r\n\t  ");
    assert_eq!(verified(&refolded), [true, true]);
    let mut longer = message;
    longer.extend(b"\r\n\r\n\r\n");
    assert_eq!(verified(&longer), [true, true]);
}

#[test]
fn no_field_that_matters_can_be_changed_or_added() {
    let message = signed("Bridges", "Ada", "Weekly", "words", Parts::Both);
    for name in [
        "From",
        "Reply-To",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "MIME-Version",
        "Content-Type",
        "List-Id",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "List-Archive",
        "List-Help",
        "Feedback-ID",
        "Auto-Submitted",
    ] {
        let other = changed(
            &message,
            &format!("\r\n{name}: "),
            &format!("\r\n{name}: x"),
        );
        assert_eq!(verified(&other), [false, false], "{name} changed");
        let less = changed(
            &message,
            &format!("\r\n{name}: "),
            &format!("\r\nX-{name}: "),
        );
        assert_eq!(verified(&less), [false, false], "{name} taken away");
    }
    for added in [
        "From: x@example.net",
        "To: x@example.net",
        "Cc: x@example.net",
        "Subject: Win",
        "Reply-To: x@example.net",
        "Content-Type: text/html",
        "List-Unsubscribe: <https://x.test/>",
    ] {
        let mut above = format!("{added}\r\n").into_bytes();
        above.extend(&message);
        assert_eq!(verified(&above), [false, false], "{added} above");
        let below = changed(&message, "\r\n\r\n", &format!("\r\n{added}\r\n\r\n"));
        assert_eq!(verified(&below), [false, false], "{added} below");
    }
}
