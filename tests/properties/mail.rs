//! Whatever titles and names say: a message is sound, and a token is ours.

use std::collections::BTreeMap;

use chrono::DateTime;
use letterpress::diagnostic::SourceFile;
use letterpress::email::{
    Composition, Content, Edition, Letter, Message, Parts, Settings, WayOut, check_design,
};
use letterpress::issue::{Reader, Settings as IssueSettings};
use letterpress::newsletter::{Mailbox, Newsletter};
use letterpress::render::{self, Addresses, Look, MailRequest, Templates, TextStyle};
use letterpress::subscriber::{
    Address, Key, Keys, Purpose, Recipient, clean_line, clean_name, without_turns,
};
use mail_parser::{MessageParser, MimeHeaders};
use proptest::prelude::*;
use url::Url;

/// Text as people, and those who mean harm, write it.
pub(super) fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z]{1,12}",
        any::<String>(),
        Just(" ".to_owned()),
        Just("\r\n".to_owned()),
        Just("\r\nBcc: victim@example.com\r\n\r\n".to_owned()),
        Just("\u{0}".to_owned()),
        Just("=?utf-8?q?=0D=0ABcc:?=".to_owned()),
        Just("\" <x@example.com>, \\".to_owned()),
        Just("漢字と👩‍🚀".to_owned()),
        Just("é".repeat(300)),
        Just("x".repeat(1200)),
        Just("ж".repeat(5_120)),
        Just("\u{202e}gpj.moc.elpmaxe\u{202c}\u{2066}x".to_owned()),
        Just("a\u{2028}b\u{85}c\u{b}d".to_owned()),
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// Templates that only write values out.
pub(super) const WRITES: [(&str, &str); 3] = [
    ("email.subject.hbs", "{{recipient.attributes.subject}}"),
    ("email.html.hbs", "<p>{{recipient.attributes.body}}</p>"),
    ("email.txt.hbs", "{{recipient.attributes.body}}"),
];

/// Templates that ask, decide and take the recipient as a whole.
const DECIDES: [(&str, &str); 3] = [
    ("email.subject.hbs", "{{issue.subject}}"),
    (
        "email.html.hbs",
        "<p>{{#if recipient.name}}{{recipient.name}}{{/if}}{{#each recipient.attributes}}{{this}}{{/each}}</p>",
    ),
    (
        "email.txt.hbs",
        "{{#if recipient.attributes.body}}a{{else}}b{{/if}}{{recipient.attributes.subject}}",
    ),
];

pub(super) fn composed(title: &str, templates: &[(&str, &str)], parts: Parts) -> Composition {
    let newsletter = Newsletter {
        title: title.to_owned(),
        description: String::new(),
        url: Url::parse("https://news.example.org/").unwrap(),
        language: "en".to_owned(),
        time_zone: chrono_tz::UTC,
        author: String::new(),
        from: Some(Mailbox {
            name: title.to_owned(),
            address: "editor@example.org".to_owned(),
        }),
        reply_to: None,
        address: String::new(),
        list_id: "weekly.example.org".to_owned(),
        languages: BTreeMap::new(),
    };
    let overrides: Vec<(String, SourceFile)> = templates
        .iter()
        .map(|(name, text)| {
            (
                (*name).to_owned(),
                SourceFile::new(*name, (*text).to_owned()),
            )
        })
        .collect();
    let (templates, findings) = Templates::new(&overrides);
    assert_eq!(findings, []);
    let reader = Reader::new(IssueSettings::default()).unwrap();
    let text = reader.decode(
        "issues/7.md",
        b"# Bridges\n\n1. [One](https://example.com/)\n",
    );
    let (issue, _) = reader.parse(&text);
    let mut summary = issue.summary();
    summary.title = title.to_owned();
    let addresses = Addresses {
        page: Url::parse("https://news.example.org/issues/7/").unwrap(),
        folder: "issues".to_owned(),
        files: Default::default(),
    };
    let request = MailRequest {
        issue: &issue,
        summary: &summary,
        newsletter: &newsletter,
        addresses: &addresses,
        language: "en",
        date: None,
        subscribe: None,
        has_preferences: true,
        linkify: true,
        look: &Look::default(),
        text: TextStyle::default(),
        optional: &[],
    };
    let frame = render::email(&templates, &request).unwrap();
    let edition = Edition {
        language: "en".to_owned(),
        page: addresses.page.clone(),
        preheader: title.to_owned(),
        frame,
        newsletter: newsletter.clone(),
    };
    let moment = DateTime::from_timestamp(1_767_258_123, 0).unwrap();
    let settings = Settings {
        parts,
        ..Settings::default()
    };
    let editions = vec![edition];
    let way_out = WayOut::OneClick;
    Composition::new(
        &settings,
        title,
        title,
        editions,
        &newsletter.url,
        moment,
        way_out,
    )
    .unwrap()
}

pub(super) fn recipient(subject: &str, name: &str, body: &str) -> Recipient {
    let mut recipient = Recipient::new(Address::parse("ada@example.net").unwrap()).named(name);
    recipient.attributes = BTreeMap::from([
        ("subject".to_owned(), subject.to_owned()),
        ("body".to_owned(), body.to_owned()),
    ]);
    recipient
}

fn made(subject: &str, name: &str, title: &str, body: &str, parts: Parts) -> Message {
    let composition = composed(title, &WRITES, parts);
    composition
        .message(None, None, &recipient(subject, name, body))
        .unwrap()
}

thread_local! {
    static FROZEN: Vec<u8> = composed("Weekly", &DECIDES, Parts::Both).freeze();
    static LETTER: Letter = composed("Weekly", &WRITES, Parts::Both)
        .letter(None, None, &recipient("Hello", "Ada", "x"))
        .unwrap();
}

/// What the header makes of a value: no controls, line ends and tabs as blanks.
fn header_value(text: &str) -> String {
    let text = text.replace(['\r', '\n', '\t'], " ");
    let text = text.replace(|character: char| character.is_control(), "");
    clean_line(&without_turns(&text))
}

/// Blanks and line ends as one, without what no part may hold.
fn words(text: &str) -> Vec<String> {
    text.split(['\r', '\n', ' ', '\t'])
        .map(|word| {
            word.replace(
                |c: char| c.is_control() || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}'),
                "",
            )
        })
        .filter(|word| !word.is_empty())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_header_comes_from_a_title_or_a_name(subject in text(), name in text(), title in text()) {
        let message = made(&subject, &name, &title, "Hello", Parts::Both);
        let names: Vec<&str> = message
            .header()
            .split("\r\n")
            .filter(|line| !line.is_empty() && !line.starts_with(' '))
            .map(|line| line.split(':').next().unwrap())
            .collect();
        prop_assert_eq!(names, [
            "From", "Reply-To", "To", "Subject", "List-Id", "List-Unsubscribe",
            "List-Unsubscribe-Post", "List-Archive", "List-Help", "Feedback-ID",
            "Auto-Submitted", "Date", "Message-ID", "MIME-Version", "Content-Type",
        ]);
    }

    #[test]
    fn no_line_is_too_long_and_all_is_7_bit(
        subject in text(), name in text(), title in text(), body in text()
    ) {
        let message = made(&subject, &name, &title, &body, Parts::Both);
        prop_assert!(message.bytes.is_ascii());
        let text = String::from_utf8(message.bytes).unwrap();
        let bare = text.replace("\r\n", "").contains(['\r', '\n', '\0']);
        prop_assert!(!bare);
        let (header, body) = text.split_once("\r\n\r\n").unwrap();
        for line in header.split("\r\n") {
            prop_assert!(line.len() <= 998, "{}", line);
            prop_assert!(!line.contains("=?") || line.len() <= 76, "{}", line);
            prop_assert!(!line.trim().is_empty());
        }
        for line in body.split("\r\n") {
            prop_assert!(line.len() <= 76, "{}", line);
        }
    }

    #[test]
    fn html_of_anybody_is_looked_at_and_each_thing_told_once(
        html in "([<>/=\"'{}:;!&#.(@ -]|[a-z]{1,3}|<style|<a href=\"|<img src=|style='|[0-9é]){0,60}"
    ) {
        let letter = LETTER.with(Letter::clone);
        let content = Content { html, ..letter.content };
        let found = check_design(&content, &letter.links);
        let mut codes: Vec<&str> = found.iter().map(|one| one.code).collect();
        codes.sort_unstable();
        codes.dedup();
        prop_assert_eq!(codes.len(), found.len());
    }

    #[test]
    fn another_parser_reads_what_was_meant(
        subject in text(), name in text(), title in text(), body in text()
    ) {
        let message = made(&subject, &name, &title, &body, Parts::Both);
        let parsed = MessageParser::new().parse(&message.bytes).unwrap();
        prop_assert_eq!(parsed.subject().unwrap_or_default(), header_value(&subject));
        let to = parsed.to().unwrap().first().unwrap();
        prop_assert_eq!(to.name().unwrap_or_default(), clean_name(&name));
        let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let shown = [parsed.subject(), to.name()];
        prop_assert!(!shown.into_iter().flatten().any(|text| text.contains(turns)));
        prop_assert_eq!(to.address(), Some("ada@example.net"));
        prop_assert_eq!(parsed.to().unwrap().iter().count(), 1);
        let from = parsed.from().unwrap().first().unwrap();
        prop_assert_eq!(from.name().unwrap_or_default(), clean_name(&title));
        prop_assert_eq!(from.address(), Some("editor@example.org"));
        prop_assert_eq!(parsed.parts.len(), 3);
        for part in &parsed.parts[1..] {
            prop_assert_eq!(part.content_type().unwrap().attribute("charset"), Some("utf-8"));
        }
        let text = parsed.parts[1].text_contents().unwrap();
        prop_assert_eq!(words(text), words(&body));
        let html = parsed.parts[2].text_contents().unwrap();
        let escaped = body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let escaped = escaped.replace('"', "&quot;");
        let written = format!("<html><head></head><body><p>{escaped}</p></body></html>");
        prop_assert_eq!(words(html), words(&written));
    }

    #[test]
    fn what_was_frozen_makes_the_same_messages_byte_for_byte(
        subject in text(), name in text(), title in text(), body in text()
    ) {
        let key = Key::new(vec![5; 32]).unwrap();
        for templates in [&WRITES[..], &DECIDES[..], &DECIDES[2..], &[]] {
            let composition = composed(&title, templates, Parts::Both);
            let frozen = composition.freeze();
            let thawed = Composition::thaw(&frozen).unwrap();
            prop_assert_eq!(thawed.freeze(), frozen);
            for name in [name.as_str(), ""] {
                let recipient = recipient(&subject, name, &body);
                let message = composition.letter(Some(&key), None, &recipient).unwrap();
                let again = thawed.letter(Some(&key), None, &recipient).unwrap();
                prop_assert_eq!(&again, &message);
                let alone = thawed.message(Some(&key), None, &recipient).unwrap();
                prop_assert_eq!(alone, message.message);
            }
        }
    }

    #[test]
    fn no_bytes_make_thawing_panic(any in any::<Vec<u8>>(), at in any::<prop::sample::Index>(), byte: u8) {
        prop_assert!(Composition::thaw(&any).is_err());
        let mut frozen = FROZEN.with(Clone::clone);
        let at = at.index(frozen.len());
        frozen[at] = byte;
        if let Ok(composition) = Composition::thaw(&frozen) {
            let _ = composition.message(None, None, &recipient("a", "b", "c"));
        }
    }

    #[test]
    fn tokens_refuse_any_change(place in 0_usize..44, flip in 1_u8..=255, local in "[a-z]{1,9}") {
        let key = || Key::new(vec![5; 32]).unwrap();
        let keys = Keys { current: key(), old: vec![Key::new(vec![6; 40]).unwrap()] };
        let address = Address::parse(&format!("{local}@example.org")).unwrap();
        let tag = key().tag(&address);
        let token = key().token(Purpose::Unsubscribe, tag);
        prop_assert_eq!(keys.open(Purpose::Unsubscribe, &token), Ok(tag));
        let mut bytes = token.clone().into_bytes();
        bytes[place % token.len()] ^= flip;
        if let Ok(changed) = String::from_utf8(bytes) {
            prop_assert!(keys.open(Purpose::Unsubscribe, &changed).is_err(), "{}", changed);
        }
        let bounce = key().address_token(Purpose::Bounce, tag);
        let mut bytes = bounce.clone().into_bytes();
        bytes[place] ^= flip;
        if let Ok(changed) = String::from_utf8(bytes) {
            let same = changed.to_lowercase() == bounce;
            prop_assert_eq!(keys.open_address(Purpose::Bounce, &changed).is_ok(), same);
        }
    }

    #[test]
    fn no_text_makes_the_readers_of_tokens_and_addresses_panic(any in any::<String>()) {
        let keys = Keys { current: Key::new(vec![5; 32]).unwrap(), old: Vec::new() };
        prop_assert!(keys.open(Purpose::Unsubscribe, &any).is_err());
        prop_assert!(keys.open_address(Purpose::Bounce, &any).is_err());
        if let Ok(address) = Address::parse(&any) {
            prop_assert!(address.domain().is_ascii());
            prop_assert_eq!(Address::parse(address.as_str()), Ok(address.clone()));
            prop_assert_eq!(Address::parse(&address.key()).map(|one| one.key()), Ok(address.key()));
            prop_assert!(!address.as_str().contains(|c: char| c.is_control() || c == ' '));
        }
        let _ = Recipient::parse_list(&any);
    }
}
