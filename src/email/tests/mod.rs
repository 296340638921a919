mod checks;
mod choices;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use mail_parser::{Addr, MessageParser, MimeHeaders};
use serde_json::json;
use url::Url;

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::email::{
    Composition, Content, Edition, Error, Excluded, Facts, Letter, Message, Parts, Reporter,
    Settings, ThawError, WayOut, check, check_design, invented,
};
use crate::newsletter::{Mailbox, Newsletter};
use crate::render::{MailFrame, Templates};
use crate::subscriber::{Address, Key, Recipient};

pub(crate) const SUBJECT: &str = "Issue 7 — bridges, 桥 and брід";
pub(crate) const HTML: &str = "<!doctype html><html><head></head><body><p>Grüße 桥</p>\n\
    <a href=\"{{links.unsubscribe}}\">Leave</a>\n</body></html>";
pub(crate) const TEXT: &str = "Grüße 桥\n\nLeave: {{links.unsubscribe}}\n";

pub(crate) fn newsletter() -> Newsletter {
    Newsletter {
        title: "The Weekly, of Things".to_owned(),
        description: String::new(),
        url: Url::parse("https://news.example.org/").unwrap(),
        language: "en".to_owned(),
        time_zone: chrono_tz::UTC,
        author: String::new(),
        from: Some(Mailbox {
            name: "Weekly Things".to_owned(),
            address: "editor@example.org".to_owned(),
        }),
        reply_to: None,
        address: String::new(),
        list_id: "weekly.example.org".to_owned(),
        languages: BTreeMap::new(),
    }
}

pub(crate) fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_258_123, 0).unwrap()
}

/// A mail with these templates.
pub(crate) fn frame(subject: &str, html: &str, text: &str) -> MailFrame {
    let overrides = [
        ("email.subject.hbs", subject),
        ("email.html.hbs", html),
        ("email.txt.hbs", text),
    ];
    let overrides =
        overrides.map(|(name, text)| (name.to_owned(), SourceFile::new(name, text.to_owned())));
    let (templates, findings) = Templates::new(&overrides);
    assert_eq!(findings, []);
    let model = json!({
        "labels": { "reason": "" },
        "links": {},
        "newsletter": { "title": "The Weekly, of Things" },
    });
    MailFrame::new(&templates, model, true, None).unwrap()
}

pub(crate) fn edition(language: &str, frame: MailFrame) -> Edition {
    Edition {
        language: language.to_owned(),
        newsletter: newsletter(),
        page: Url::parse("https://news.example.org/issues/7/").unwrap(),
        preheader: "First words".to_owned(),
        frame,
    }
}

pub(crate) fn attempt(settings: &Settings, editions: Vec<Edition>) -> Result<Composition, Error> {
    let server = Url::parse("https://news.example.org/").unwrap();
    let way_out = WayOut::OneClick;
    Composition::new(
        settings,
        "7",
        "Bridges",
        editions,
        &server,
        moment(),
        way_out,
    )
}

fn composition(settings: &Settings) -> Composition {
    attempt(settings, vec![edition("en", frame(SUBJECT, HTML, TEXT))]).unwrap()
}

pub(crate) fn key() -> Key {
    Key::new(vec![9; 32]).unwrap()
}

pub(crate) fn ada() -> Recipient {
    Recipient::new(Address::parse("ada@example.net").unwrap()).named("Ada Lovelace")
}

fn made(settings: &Settings, recipient: &Recipient) -> Message {
    composition(settings)
        .message(Some(&key()), None, recipient)
        .unwrap()
}

fn with(parts: Parts) -> Settings {
    Settings {
        parts,
        ..Settings::default()
    }
}

#[test]
fn a_relay_that_repeats_metadata_gets_the_token_there() {
    let settings = Settings {
        token_field: Some("X-PM-Metadata-letterpress".to_owned()),
        ..Settings::default()
    };
    let message = made(&settings, &ada());
    let sender = message.envelope.sender.local().to_owned();
    let token = sender.strip_prefix("bounce+").unwrap();
    let line = format!("\r\nX-PM-Metadata-letterpress: {token}\r\n");
    assert!(message.header().contains(&line), "{}", message.header());
    let thawed = Composition::thaw(&composition(&settings).freeze()).unwrap();
    assert_eq!(thawed.message(Some(&key()), None, &ada()).unwrap(), message);
    assert!(!made(&Settings::default(), &ada()).header().contains("X-PM"));
}

pub(crate) fn letter(key: Option<&Key>) -> Letter {
    composition(&Settings::default())
        .letter(key, None, &ada())
        .unwrap()
}

fn addresses(address: Option<&mail_parser::Address<'_>>) -> Vec<(String, String)> {
    let list = address.unwrap().as_list().unwrap();
    let owned = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().unwrap_or("").to_owned();
    list.iter()
        .map(|Addr { name, address }| (owned(name), owned(address)))
        .collect()
}

#[test]
fn a_message_has_every_header_once_and_reads_back() {
    let message = made(&Settings::default(), &ada());
    let parsed = MessageParser::new().parse(&message.bytes).unwrap();
    assert_eq!(parsed.subject(), Some("Issue 7 — bridges, 桥 and брід"));
    let from = ("Weekly Things".to_owned(), "editor@example.org".to_owned());
    assert_eq!(addresses(parsed.from()), std::slice::from_ref(&from));
    assert_eq!(addresses(parsed.reply_to()), [from]);
    assert_eq!(
        addresses(parsed.to()),
        [("Ada Lovelace".to_owned(), "ada@example.net".to_owned())]
    );
    assert_eq!(parsed.date().unwrap().to_timestamp(), moment().timestamp());
    let wanted = [
        "From",
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
        "Reply-To",
        "Feedback-ID",
        "Auto-Submitted",
    ];
    for name in wanted {
        let count = message
            .header()
            .lines()
            .filter(|line| {
                line.split(':')
                    .next()
                    .is_some_and(|key| key.eq_ignore_ascii_case(name))
            })
            .count();
        assert_eq!(count, 1, "{name}\n{}", message.header());
    }
    let unfolded = message.header().replace("\r\n ", " ");
    for line in [
        "List-Id: \"The Weekly, of Things\" <weekly.example.org>\r\n",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Date: Thu, 01 Jan 2026 09:02:03 +0000\r\n",
        "List-Archive: <https://news.example.org/issues/7/>, <https://news.example.org/>\r\n",
        "List-Help: <mailto:editor@example.org?subject=help>\r\n",
    ] {
        assert!(unfolded.contains(line), "{line}{unfolded}");
    }
    assert!(
        unfolded.contains("\r\nList-Unsubscribe: <https://news.example.org/unsubscribe/")
            && unfolded.contains(">, <mailto:unsubscribe+"),
        "{unfolded}"
    );
}

#[test]
fn parts_are_text_first_in_utf_8_and_7_bit() {
    let message = made(&Settings::default(), &ada());
    assert!(message.bytes.is_ascii());
    let text = String::from_utf8(message.bytes.clone()).unwrap();
    assert!(text.lines().all(|line| line.len() <= 998));
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(body.lines().all(|line| line.len() <= 76), "{body}");
    assert!(text.replace("\r\n", "").find(['\r', '\n']).is_none());
    let parsed = MessageParser::new().parse(&message.bytes).unwrap();
    let kinds: Vec<&str> = parsed
        .parts
        .iter()
        .map(|part| part.content_type().unwrap().subtype().unwrap())
        .collect();
    assert_eq!(kinds, ["alternative", "plain", "html"]);
    for part in &parsed.parts[1..] {
        let charset = part.content_type().unwrap().attribute("charset");
        assert_eq!(charset, Some("utf-8"));
    }
    let letter = letter(Some(&key()));
    assert_eq!(letter.message, message);
    let lines = |text: &str| text.replace("\r\n", "\n");
    assert_eq!(
        lines(parsed.parts[1].text_contents().unwrap()),
        letter.content.text
    );
    assert_eq!(
        lines(parsed.parts[2].text_contents().unwrap()).trim_end(),
        letter.content.html.trim_end()
    );
    assert!(
        letter
            .content
            .html
            .contains(letter.links.unsubscribe.as_str())
    );
}

#[test]
fn one_part_alone_needs_no_multipart() {
    for (parts, kind) in [(Parts::Text, "text/plain"), (Parts::Html, "text/html")] {
        let message = made(&with(parts), &ada());
        let header = message.header();
        assert!(header.contains(&format!("Content-Type: {kind}; charset=utf-8\r\n")));
        assert!(header.contains("MIME-Version: 1.0\r\n"), "{header}");
        assert!(!header.contains("multipart"));
    }
}

#[test]
fn the_same_inputs_give_the_same_message_and_others_another() {
    let settings = Settings::default();
    let one = made(&settings, &ada());
    assert_eq!(one, made(&settings, &ada()));
    let bob = Recipient::new(Address::parse("bob@example.net").unwrap());
    let other = made(&settings, &bob);
    assert_ne!(one.message_id, other.message_id);
    assert!(one.message_id.ends_with("@example.org>"));
    assert!(one.header().contains(&one.message_id));
    assert!(
        one.envelope.sender.local().starts_with("bounce+"),
        "{}",
        one.envelope.sender
    );
    assert_ne!(one.envelope.sender, other.envelope.sender);
    assert_eq!(one.envelope.recipient, ada().address);
}

#[test]
fn without_a_key_reports_go_to_the_sender() {
    let message = letter(None).message;
    assert_eq!(message.envelope.sender.as_str(), "editor@example.org");
}

#[test]
fn invented_people_get_messages_that_read_back() {
    for recipient in invented(12) {
        let message = made(&Settings::default(), &recipient);
        let parsed = MessageParser::new().parse(&message.bytes).unwrap();
        assert_eq!(
            addresses(parsed.to()),
            [(recipient.name.clone(), recipient.address.to_string())]
        );
    }
}

#[test]
fn a_sender_that_is_missing_or_wrong_is_named() {
    let from = |change: &dyn Fn(&mut Newsletter)| {
        let mut edition = edition("en", frame(SUBJECT, HTML, TEXT));
        change(&mut edition.newsletter);
        attempt(&Settings::default(), vec![edition]).unwrap_err()
    };
    assert_eq!(from(&|newsletter| newsletter.from = None), Error::NoSender);
    let error = from(&|newsletter| {
        newsletter.reply_to = Some(Mailbox {
            name: String::new(),
            address: "nobody".to_owned(),
        });
    });
    let error = error.to_string();
    assert!(error.contains("newsletter.reply_to") && error.contains("nobody"));
    let none = attempt(&Settings::default(), Vec::new()).unwrap_err();
    assert_eq!(none, Error::NoEdition);
}

#[test]
fn moments_out_of_range_still_make_a_date() {
    let server = Url::parse("https://news.example.org/").unwrap();
    for (moment, year) in [
        (DateTime::<Utc>::MIN_UTC, "1970"),
        (DateTime::<Utc>::MAX_UTC, "9999"),
    ] {
        let editions = vec![edition("en", frame(SUBJECT, HTML, TEXT))];
        let settings = Settings::default();
        let way_out = WayOut::OneClick;
        let made = Composition::new(&settings, "7", "", editions, &server, moment, way_out);
        let message = made.unwrap().message(None, None, &ada()).unwrap();
        assert!(message.header().contains(&format!(" {year} ")));
    }
}

#[test]
fn the_smaller_encoding_is_taken() {
    let cases = [
        ("Plain text.\n".to_owned(), "7bit"),
        (
            "Plain text, {{recipient.name}}.\n".to_owned(),
            "quoted-printable",
        ),
        ("A long line. ".repeat(20), "quoted-printable"),
        ("Mostly ASCII, one é.\n".repeat(20), "quoted-printable"),
        ("漢字仮名交じり文\n".repeat(20), "base64"),
        ("漢字{{recipient.name}}仮名交じり文\n".repeat(20), "base64"),
    ];
    for (text, encoding) in cases {
        let settings = with(Parts::Text);
        let editions = vec![edition("en", frame(SUBJECT, HTML, &text))];
        let composition = attempt(&settings, editions).unwrap();
        let message = composition.message(None, None, &ada()).unwrap();
        assert!(
            message
                .header()
                .contains(&format!("Content-Transfer-Encoding: {encoding}\r\n")),
            "{encoding}: {}",
            message.header()
        );
    }
}

#[test]
fn a_recipient_gets_the_nearest_language() {
    let editions = ["en", "zh-Hans", "de"]
        .map(|language| edition(language, frame(language, HTML, TEXT)))
        .into();
    let composition = attempt(&Settings::default(), editions).unwrap();
    let cases = [
        (None, "en"),
        (Some("de"), "de"),
        (Some("de-AT"), "de"),
        (Some("ZH-hans"), "zh-Hans"),
        (Some("zh"), "zh-Hans"),
        (Some("zh-Hans-CN"), "zh-Hans"),
        (Some("fr"), "en"),
        (Some(""), "en"),
        (Some("e"), "en"),
    ];
    for (wanted, expected) in cases {
        let mut recipient = ada();
        recipient.language = wanted.map(str::to_owned);
        let letter = composition.letter(None, None, &recipient).unwrap();
        assert_eq!(letter.content.language, expected, "{wanted:?}");
        assert_eq!(letter.content.subject, expected);
    }
}

#[test]
fn a_mailing_without_a_server_is_left_by_mail() {
    let server = Url::parse("https://news.example.org/").unwrap();
    let html = "<p>{{links.unsubscribe}}{{#if links.preferences}}, choose{{/if}}</p>";
    let editions = vec![edition("en", frame(SUBJECT, html, TEXT))];
    let settings = Settings::default();
    let composition = Composition::new(
        &settings,
        "7",
        "",
        editions,
        &server,
        moment(),
        WayOut::Mailto,
    )
    .unwrap();
    let letter = composition.letter(Some(&key()), None, &ada()).unwrap();
    let header = letter.message.header().replace("\r\n ", " ");
    assert!(
        header.contains("\r\nList-Unsubscribe: <mailto:unsubscribe+"),
        "{header}"
    );
    assert!(!header.contains("List-Unsubscribe-Post"));
    let list = header
        .lines()
        .find(|line| line.starts_with("List-Unsubscribe:"));
    assert!(!list.unwrap().contains("https"));
    assert!(letter.content.text.contains("Leave: mailto:unsubscribe+"));
    let found = check(&letter.message, &letter.content, &letter.links);
    let codes: Vec<(&str, &str)> = found
        .iter()
        .map(|finding| (finding.level.name(), finding.code))
        .collect();
    assert_eq!(
        codes,
        [("note", "unsubscribe-by-mail"), ("note", "unsigned")]
    );
}

#[test]
fn who_has_a_name_is_greeted_and_a_name_makes_no_variant() {
    let text = "{{#if recipient.name}}Dear {{recipient.name}},\n{{/if}}Hello.\n";
    let settings = with(Parts::Text);
    let editions = vec![edition("en", frame(SUBJECT, HTML, text))];
    let composition = attempt(&settings, editions).unwrap();
    let said = |name: &str| {
        let recipient = Recipient::new(ada().address).named(name);
        let letter = composition.letter(None, None, &recipient).unwrap();
        (letter.content.text, composition.variant(None, &recipient))
    };
    let (ada, bob, nobody) = (said("Ada"), said("Bob"), said(""));
    assert_eq!(ada.0, "Dear Ada,\nHello.\n");
    assert_eq!(bob.0, "Dear Bob,\nHello.\n");
    assert_eq!(nobody.0, "Hello.\n");
    assert_eq!(ada.1, bob.1);
    assert_ne!(ada.1, nobody.1);
}

#[test]
fn a_digest_tells_every_change_of_content_and_no_other() {
    let of = |subject: &str, text: &str| {
        let editions = vec![edition("en", frame(subject, HTML, text))];
        attempt(&Settings::default(), editions)
            .unwrap()
            .digests()
            .clone()
    };
    let one = of(SUBJECT, TEXT);
    assert_eq!(one, of(SUBJECT, TEXT));
    assert_eq!(one.content.len(), 64);
    let decides = "{{#if recipient.attributes.vip}}A{{/if}}";
    let others = [
        of("Another", TEXT),
        of(SUBJECT, "Another"),
        of(SUBJECT, "{{recipient.name}}"),
        of(SUBJECT, "{{recipient.address}}"),
        of(SUBJECT, decides),
        of(SUBJECT, &decides.replace('A', "B")),
    ];
    for (at, digests) in others.iter().enumerate() {
        assert_ne!(digests.content, one.content);
        assert!(
            others[..at]
                .iter()
                .all(|other| other.content != digests.content)
        );
        assert_eq!(digests.settings, one.settings);
    }
    let later = {
        let editions = vec![edition("en", frame(SUBJECT, HTML, TEXT))];
        let server = Url::parse("https://news.example.org/").unwrap();
        let way_out = WayOut::OneClick;
        let moment = moment() + chrono::Duration::days(3);
        Composition::new(
            &Settings::default(),
            "7",
            "",
            editions,
            &server,
            moment,
            way_out,
        )
    };
    assert_eq!(*later.unwrap().digests(), one);
}

#[test]
fn foreign_bytes_thaw_to_nothing() {
    let frozen = composition(&Settings::default()).freeze();
    let text = String::from_utf8(frozen).unwrap();
    let newer = text.replacen("\"version\":1", "\"version\":3", 1);
    assert_eq!(
        Composition::thaw(newer.as_bytes()).unwrap_err(),
        ThawError::Newer(3)
    );
    let deciding = edition("en", frame(SUBJECT, HTML, "{{wrap recipient.name 9}}"));
    let deciding = attempt(&Settings::default(), vec![deciding])
        .unwrap()
        .freeze();
    let deciding = String::from_utf8(deciding).unwrap();
    for foreign in [
        "",
        "null",
        "{}",
        "{\"version\":1}",
        &text[..text.len() / 2],
        &text.replace("{\"language\"", "[{\"language\""),
        &text.replace("editor@example.org\",\"head\"", "nobody\",\"head\""),
        &text.replace("\"slots\":[[", "\"slots\":[[9"),
        &deciding.replace("\"labels\":{\"reason\":\"\"}", "\"labels\":1"),
        &deciding.replace("{{wrap", "{{#wrap"),
    ] {
        let thawed = Composition::thaw(foreign.as_bytes());
        assert!(thawed.is_err(), "{foreign}");
    }
}

#[test]
fn a_report_counts_each_finding_once_a_message_and_its_page_escapes_all() {
    let evil = Recipient::new(Address::parse("eve@example.net").unwrap())
        .named("<script>alert(1)</script>");
    let people = [ada(), evil];
    let made: Vec<(Content, Message, Vec<Diagnostic>)> = people
        .iter()
        .map(|recipient| {
            let letter = composition(&Settings::default()).letter(None, None, recipient);
            let mut letter = letter.unwrap();
            letter.content.html += "<img alt=a width=9 src=a.png><img alt=b width=9 src=b.png>";
            let mut found = check(&letter.message, &letter.content, &letter.links);
            found.extend(check_design(&letter.content, &letter.links));
            (letter.content, letter.message, found)
        })
        .collect();
    let facts: Vec<Facts<'_>> = people
        .iter()
        .zip(&made)
        .enumerate()
        .map(|(index, (recipient, (content, message, findings)))| Facts {
            recipient,
            content,
            preheader: "First words",
            message,
            findings,
            file: (index == 0).then_some("0001-ada@example.net.eml"),
            html_file: (index == 0).then_some("0001-ada@example.net.html"),
        })
        .collect();
    let excluded = vec![Excluded {
        address: "gone@example.net".to_owned(),
        reason: "unsubscribed".to_owned(),
    }];
    let mut reporter = Reporter::new("Weekly", "7", "abc", true);
    facts.iter().for_each(|facts| reporter.add(facts));
    let report = reporter.finish(excluded);
    let found: Vec<(&str, usize)> = report
        .findings
        .iter()
        .map(|line| (line.code.as_str(), line.messages))
        .collect();
    assert_eq!(
        found,
        [("mail-local-image", 2), ("dead-links", 2), ("unsigned", 2)]
    );
    assert_eq!((report.totals.messages, report.totals.written), (2, 1));
    assert!(!report.live_links);
    assert!(report.messages[0].header.starts_with("From: "));
    assert_eq!(report.messages[1].header, "");

    let (templates, found) = Templates::new(&[]);
    assert_eq!(found, []);
    let page = templates.outbox_page(&report).unwrap();
    assert!(!page.contains("<script"));
    assert!(page.contains("&lt;script&gt;"));
    assert!(page.contains("0001-ada@example.net.eml") && page.contains("unsubscribed"));
    let frames = page.matches("<iframe ").count();
    assert!(frames > 0);
    assert_eq!(page.matches("sandbox=\"\"").count(), frames);
}
