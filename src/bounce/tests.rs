//! Reports of the shapes that servers give them, one for each line.

use std::fs;
use std::path::Path;

use crate::bounce::{Class, Kind, Reading, Report, Who, read};
use crate::mailing::Enhanced;
use crate::subscriber::{Address, Key, Keys};

/// The key that has signed the tokens in the reports.
fn keys() -> Keys {
    Keys {
        current: Key::new(vec![6; 32]).unwrap(),
        old: vec![Key::new(vec![5; 32]).unwrap()],
    }
}

fn ada() -> Who {
    let address = Address::parse("ada@example.org").unwrap();
    Who::Tag(Key::new(vec![5; 32]).unwrap().tag(&address))
}

fn seed(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/bounce");
    fs::read(folder.join(name)).unwrap()
}

fn reading(name: &str) -> Reading {
    let bytes = seed(name);
    let reading = read(&bytes, &keys());
    // The same with the line ends of the wire.
    let wire = String::from_utf8(bytes).unwrap().replace('\n', "\r\n");
    assert_eq!(read(wire.as_bytes(), &keys()), reading, "{name}");
    reading
}

#[test]
fn bounces_of_every_shape_are_read() {
    let cases = [
        ("postfix-unknown-user.eml", Class::Hard, Some("5.1.1")),
        ("exim-text.eml", Class::Hard, None),
        ("exim-report.eml", Class::Soft, Some("5.2.2")),
        // Why stands in its text alone.
        ("exim-unrouteable.eml", Class::Hard, Some("5.0.0")),
        ("exim-retry.eml", Class::Soft, Some("5.0.0")),
        ("exchange.eml", Class::Hard, Some("5.1.10")),
        ("gmail.eml", Class::Hard, Some("5.2.1")),
        ("ses-relayed.eml", Class::Hard, Some("5.1.1")),
        ("qmail-text.eml", Class::Hard, Some("5.1.1")),
        ("wrapped.eml", Class::Other, Some("5.7.1")),
    ];
    for (name, class, status) in cases {
        let Report::Bounce(bounce) = reading(name).report else {
            panic!("{name}: {:?}", reading(name));
        };
        assert_eq!(bounce.who, ada(), "{name}");
        assert_eq!(bounce.class, class, "{name}");
        assert_eq!(bounce.status, status.and_then(Enhanced::parse), "{name}");
    }
}

#[test]
fn a_bounce_tells_what_was_said_and_of_which_message() {
    let reading = reading("postfix-unknown-user.eml");
    let arrived = reading.arrived.unwrap();
    assert_eq!(arrived.to_rfc3339(), "2026-02-20T10:00:00+00:00");
    let Report::Bounce(bounce) = reading.report else {
        panic!("it is one");
    };
    let said = "550 5.1.1 <ada@example.org>: Recipient address";
    assert!(bounce.diagnostic.starts_with(said), "{}", bounce.diagnostic);
    assert_eq!(bounce.final_recipient.as_deref(), Some("ada@example.org"));
    let id = "<0123456789abcdef0123456789abcdef@weekly.test>";
    assert_eq!(bounce.message_id.as_deref(), Some(id));
    assert!(!format!("{bounce:?}").contains("ada"));
}

#[test]
fn what_exim_says_in_its_text_alone_is_told() {
    let cases = [
        ("exim-unrouteable.eml", "Unrouteable address"),
        (
            "exim-retry.eml",
            "host mx.example.org [192.0.2.1] retry timeout exceeded",
        ),
    ];
    for (name, expected) in cases {
        let Report::Bounce(bounce) = reading(name).report else {
            panic!("{name} is one");
        };
        assert_eq!(bounce.diagnostic, expected);
    }
}

#[test]
fn all_else_is_what_it_is() {
    let letter = "it is no delivery report, no complaint and no wish to leave";
    let cases = [
        ("yahoo-complaint.eml", Report::Complaint { who: ada() }),
        ("redacted-complaint.eml", Report::Complaint { who: ada() }),
        ("unsubscribe.eml", Report::Unsubscribe { who: ada() }),
        ("postfix-delayed.eml", Report::Notice),
        ("not-spam.eml", Report::Notice),
        ("receipt.eml", Report::Notice),
        ("out-of-office.eml", Report::AutoReply),
        ("challenge.eml", Report::AutoReply),
        ("forged.eml", Report::Unproven(Kind::Bounce)),
        ("forged-purpose.eml", Report::Unproven(Kind::Bounce)),
        ("letter.eml", Report::Unreadable { why: letter }),
        ("passed-on.eml", Report::Unreadable { why: letter }),
        (
            "without-status.eml",
            Report::Unreadable {
                why: "the report in it is missing",
            },
        ),
    ];
    for (name, expected) in cases {
        assert_eq!(reading(name).report, expected, "{name}");
    }
}

#[test]
fn a_message_id_of_our_form_says_whose_message_it_was() {
    let Report::Bounce(bounce) = reading("by-message-id.eml").report else {
        panic!("it is one");
    };
    let id = "<0123456789abcdef0123456789abcdef@weekly.test>";
    assert_eq!(bounce.who, Who::Message(id.to_owned()));
}

#[test]
fn without_our_key_no_report_means_anybody() {
    let keys = Keys {
        current: Key::new(vec![7; 32]).unwrap(),
        old: Vec::new(),
    };
    let shapes = [
        "ses-relayed.eml",
        "wrapped.eml",
        "redacted-complaint.eml",
        "unsubscribe.eml",
    ];
    for name in shapes {
        let report = read(&seed(name), &keys).report;
        assert!(matches!(report, Report::Unproven(_)), "{name}: {report:?}");
    }
}

#[test]
fn a_report_that_is_cut_off_is_read_or_not_but_never_taken_for_another() {
    for name in [
        "postfix-unknown-user.eml",
        "yahoo-complaint.eml",
        "qmail-text.eml",
    ] {
        let bytes = seed(name);
        for end in 0..bytes.len() {
            match read(&bytes[..end], &keys()).report {
                Report::Bounce(bounce) => assert_eq!(bounce.who, ada()),
                Report::Complaint { who } => assert_eq!(who, ada()),
                Report::Unsubscribe { .. } => panic!("{name} to {end}"),
                _ => {}
            }
        }
    }
}

#[test]
fn nesting_and_size_have_bounds() {
    let mut nested = String::from("To: a\n");
    for depth in 0..100 {
        nested += &format!("Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n");
    }
    let deep = read(nested.as_bytes(), &keys()).report;
    let why = "its parts are nested too deep";
    assert_eq!(deep, Report::Unreadable { why });
    let nested = "Content-Type: message/rfc822\n\n".repeat(30_000);
    let report = read(nested.as_bytes(), &keys()).report;
    assert!(matches!(report, Report::Unreadable { .. }));
    let mut large = seed("postfix-unknown-user.eml");
    large.resize(100 << 20, b'x');
    assert!(matches!(read(&large, &keys()).report, Report::Bounce(_)));
}

#[test]
fn words_in_any_charset_change_nothing_of_a_report() {
    let bytes = seed("postfix-unknown-user.eml");
    let expected = read(&bytes, &keys());
    let words = b"I'm sorry to have to inform you";
    let at = bytes.windows(words.len()).position(|part| part == words);
    let at = at.expect("the report begins with these words");
    let said = "Ваше письмо не доставлено · 您的邮件无法投递 · 配信できません";
    let utf_16: Vec<u8> = said.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let others = [
        encoding_rs::GB18030.encode(said).0.into_owned(),
        encoding_rs::KOI8_R
            .encode("Ваше письмо не доставлено")
            .0
            .into_owned(),
        encoding_rs::ISO_2022_JP
            .encode("配信できません")
            .0
            .into_owned(),
        encoding_rs::SHIFT_JIS
            .encode("配信できません")
            .0
            .into_owned(),
        // Its line ends are part of letters.
        utf_16,
        (0..=255).collect(),
    ];
    for other in others {
        let mut changed = bytes.clone();
        changed.splice(at..at + words.len(), other.iter().copied());
        assert_eq!(read(&changed, &keys()), expected, "{other:?}");
    }
}
