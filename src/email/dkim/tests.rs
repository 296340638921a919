use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use crate::email::dkim::{
    Algorithm, KeyError, SignError, Signer, SigningKey, body, is_aligned, is_domain, is_selector,
};

/// RFC 8463 §A.2.
const SEED: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
const PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
/// RFC 8463 §A.3.
const HEADER: &str = "From: Joe SixPack <joe@football.example.com>\r\n\
    To: Suzie Q <suzie@shopping.example.net>\r\n\
    Subject: Is dinner ready?\r\n";
const BODY: &str = "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
const BODY_HASH: &str = "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=";

fn seed() -> SigningKey {
    SigningKey::parse(SEED.as_bytes()).unwrap()
}

fn signer() -> Signer {
    Signer::new("football.example.com", "brisbane", seed())
}

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_528_637_909, 0).unwrap()
}

/// The fields, and their tags without any blank.
fn signed(signer: &Signer, message: &str) -> (String, Vec<String>) {
    let fields = signer.fields(message.as_bytes(), moment()).unwrap();
    let fields = String::from_utf8(fields).unwrap();
    let bare: String = fields.split_whitespace().collect();
    let tags = bare["DKIM-Signature:".len()..].split(';');
    let tags = tags.map(str::to_owned).collect();
    (fields, tags)
}

#[test]
fn the_key_and_the_body_hash_of_the_standard_come_out() {
    assert_eq!(
        seed().published(),
        format!("v=DKIM1; k=ed25519; p={PUBLIC}")
    );
    assert_eq!(STANDARD.encode(body::hash(BODY.as_bytes())), BODY_HASH);
    let (_, tags) = signed(&signer(), &format!("{HEADER}\r\n{BODY}"));
    let expected = [
        "v=1",
        "a=ed25519-sha256",
        "c=relaxed/relaxed",
        "d=football.example.com",
        "s=brisbane",
        "t=1528637909",
        "h=From:From:Reply-To:To:To:Cc:Subject:Subject",
        "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=",
    ];
    assert_eq!(tags[..8], expected);
    // The public key judges the bytes that §3.7 of RFC 6376 puts together; the
    // blank within h= is a fold.
    let canonical = "from:Joe SixPack <joe@football.example.com>\r\n\
        to:Suzie Q <suzie@shopping.example.net>\r\n\
        subject:Is dinner ready?\r\n\
        dkim-signature:v=1; a=ed25519-sha256; c=relaxed/relaxed; d=football.example.com; \
        s=brisbane; t=1528637909; h=From:From:Reply-To:To: To:Cc:Subject:Subject; \
        bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b=";
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, canonical.as_bytes());
    let signature = STANDARD.decode(&tags[8]["b=".len()..]).unwrap();
    let public = STANDARD.decode(PUBLIC).unwrap();
    aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ED25519, public)
        .verify(hash.as_ref(), &signature)
        .unwrap();
}

#[test]
fn a_field_that_comes_twice_is_named_each_time_and_once_more() {
    let twice = "From: a@example.org\r\nSubject: 1\r\nSubject: 2\r\nList-Id: <a.b>\r\n\r\n";
    let (_, tags) = signed(&signer(), twice);
    assert_eq!(
        tags[6],
        "h=From:From:Reply-To:To:Cc:Subject:Subject:Subject:List-Id"
    );
    let open = signer().leaving(&["subject", "List-ID"]);
    assert_eq!(signed(&open, twice).1[6], "h=From:From:Reply-To:To:Cc");
}

#[test]
fn signatures_are_folded_and_end_with_their_value() {
    let message = "From: a@example.org\r\nDate: now\r\nMessage-ID: <a@b>\r\n\r\n";
    let long = format!("{}.example.org", "x".repeat(60));
    let selector = "y".repeat(63);
    for signer in [
        signer(),
        Signer::new(&long, &selector, seed()).and("second", seed()),
    ] {
        let mut bytes = message.as_bytes().to_vec();
        signer.sign(&mut bytes, moment()).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let fields = text.strip_suffix(message).unwrap();
        assert_eq!(
            fields.matches("DKIM-Signature: v=1;").count(),
            signer.keys().count()
        );
        assert!(fields.ends_with("=\r\n"), "{fields}");
        for line in fields.split("\r\n") {
            assert!(line.len() <= 76, "{line}");
            assert!(line.is_empty() || !line.trim().is_empty());
        }
        let again = signer.fields(message.as_bytes(), moment()).unwrap();
        assert_eq!(again, fields.as_bytes());
    }
}

#[test]
fn a_message_without_a_sender_is_not_signed() {
    for message in [
        "",
        "\r\n",
        "To: a@example.org\r\n\r\nFrom: b@example.org\r\n",
    ] {
        let mut bytes = message.as_bytes().to_vec();
        assert_eq!(signer().sign(&mut bytes, moment()), Err(SignError::NoFrom));
        assert_eq!(bytes, message.as_bytes());
    }
}

/// A sequence of an integer 0 and an integer of so many bits.
fn stub(bits: usize) -> Vec<u8> {
    let mut number = vec![0xff; bits / 8];
    number.insert(0, 0);
    let length = number.len() as u16;
    let mut inside = vec![2, 1, 0, 2, 0x82];
    inside.extend(length.to_be_bytes());
    inside.extend(number);
    let mut der = vec![0x30, 0x82];
    der.extend((inside.len() as u16).to_be_bytes());
    der.extend(inside);
    der
}

#[test]
fn a_key_is_read_however_it_is_written() {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8 = AsDer::<Pkcs8V1Der<'static>>::as_der(&pair).unwrap();
    let pkcs8 = pkcs8.as_ref();
    // version, algorithm and the head of the octets take 26 octets.
    let pkcs1 = &pkcs8[26..];
    let wrapped = |label: &str, der: &[u8], line_end: &str| {
        let text = STANDARD.encode(der);
        let lines: Vec<&str> = (0..text.len())
            .step_by(64)
            .map(|at| &text[at..text.len().min(at + 64)])
            .collect();
        let text = lines.join(line_end);
        format!("-----BEGIN {label}-----{line_end}{text}{line_end}-----END {label}-----")
    };
    let published = SigningKey::parse(pkcs8).unwrap().published();
    for text in [
        wrapped("PRIVATE KEY", pkcs8, "\n"),
        wrapped("PRIVATE KEY", pkcs8, "\r\n"),
        wrapped("PRIVATE KEY", pkcs8, " "),
        wrapped("PRIVATE KEY", pkcs8, "\\n"),
        wrapped("PRIVATE KEY", pkcs8, ""),
        wrapped("RSA PRIVATE KEY", pkcs1, "\n"),
        format!(
            "\u{feff}A comment\n{}\n",
            wrapped("PRIVATE KEY", pkcs8, "\n")
        ),
        STANDARD.encode(pkcs8),
        STANDARD.encode(pkcs1) + "\n",
    ] {
        let key = SigningKey::parse(text.as_bytes()).unwrap();
        assert_eq!(key.algorithm(), Algorithm::RsaSha256);
        assert_eq!((key.bits(), key.published()), (2048, published.clone()));
        assert_eq!(format!("{key:?}"), "SigningKey(rsa-sha256)");
    }
    let public = wrapped("PUBLIC KEY", &[0], "\n");
    let both = format!("{public}\n{}", wrapped("PRIVATE KEY", pkcs8, "\n"));
    assert!(SigningKey::parse(both.as_bytes()).is_ok());
    let mut damaged = pkcs8.to_vec();
    damaged[200] ^= 1;
    assert_eq!(SigningKey::parse(&damaged).unwrap_err(), KeyError::Damaged);
    for end in [1, 20, 30, 300] {
        assert!(SigningKey::parse(&pkcs8[..end]).is_err());
    }
}

#[test]
fn what_is_no_key_is_refused_with_the_reason() {
    let curve = rcgen::KeyPair::generate().unwrap();
    let encrypted = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n";
    for (text, expected) in [
        (String::new(), KeyError::Empty),
        (" \n".to_owned(), KeyError::Empty),
        ("hunter2".to_owned(), KeyError::NoKey),
        (
            "-----BEGIN PRIVATE KEY-----\n-----END".to_owned(),
            KeyError::NoKey,
        ),
        (STANDARD.encode([0x30, 0x80, 1, 2]), KeyError::NoKey),
        (STANDARD.encode(stub(512)), KeyError::Weak { bits: 512 }),
        (STANDARD.encode(stub(1024)), KeyError::Weak { bits: 1024 }),
        (STANDARD.encode(stub(8192)), KeyError::Long { bits: 8192 }),
        (STANDARD.encode(stub(2048)), KeyError::Damaged),
        (curve.serialize_pem(), KeyError::Other),
        (curve.public_key_pem(), KeyError::Public),
        (encrypted.to_owned(), KeyError::Encrypted),
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA".to_owned(),
            KeyError::Encrypted,
        ),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nAA".to_owned(),
            KeyError::Other,
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAA".to_owned(),
            KeyError::Public,
        ),
    ] {
        let error = SigningKey::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error, expected, "{text}");
        assert!(!error.help().is_empty());
    }
}

#[test]
fn names_are_those_of_the_dns() {
    assert!(is_domain("mail.example.org") && is_selector("a.2026-03") && is_selector("s1"));
    for wrong in [
        "",
        ".",
        "a..b",
        "-a.org",
        "a b.org",
        "a.org;",
        "exämple.org",
    ] {
        assert!(!is_domain(wrong) && !is_selector(wrong), "{wrong}");
    }
    assert!(!is_domain("localhost"));
}

#[test]
fn a_domain_speaks_for_itself_and_its_own() {
    for (domain, from, aligned) in [
        ("example.org", "example.org", true),
        ("example.org", "News.Example.org", true),
        ("mail.example.org", "example.org", true),
        ("example.org", "badexample.org", false),
        ("example.org", "example.com", false),
        ("a.example.org", "b.example.org", false),
    ] {
        assert_eq!(is_aligned(domain, from), aligned, "{domain} {from}");
    }
}
