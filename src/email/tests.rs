use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use mail_parser::{Addr, MessageParser, MimeHeaders};
use url::Url;

use crate::diagnostic::Diagnostic;
use crate::email::{
    Content, Error, Excluded, Facts, Links, Message, Parts, Settings, assemble, check, invented,
    report,
};
use crate::newsletter::{Mailbox, Newsletter};
use crate::render::Templates;
use crate::subscriber::{Address, Key, Recipient};

fn newsletter() -> Newsletter {
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

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_258_123, 0).unwrap()
}

fn links(key: Option<&Key>, recipient: &Recipient) -> Links {
    Links::new(
        key,
        &Url::parse("https://news.example.org/").unwrap(),
        &Address::parse("editor@example.org").unwrap(),
        "7",
        Url::parse("https://news.example.org/issues/7/").unwrap(),
        &recipient.address,
    )
}

fn content(links: &Links) -> Content {
    let leave = &links.unsubscribe;
    Content {
        issue: "7".to_owned(),
        language: "en".to_owned(),
        subject: "Issue 7 — bridges, 桥 and брід".to_owned(),
        html: format!("<!doctype html><p>Grüße 桥</p>\n<a href=\"{leave}\">Leave</a>\n"),
        text: format!("Grüße 桥\n\nLeave: {leave}\n"),
    }
}

fn key() -> Key {
    Key::new(vec![9; 32]).unwrap()
}

fn ada() -> Recipient {
    Recipient::new(Address::parse("ada@example.net").unwrap()).named("Ada Lovelace")
}

fn made(settings: &Settings, recipient: &Recipient) -> Message {
    let links = links(Some(&key()), recipient);
    assemble(
        settings,
        &newsletter(),
        &content(&links),
        recipient,
        &links,
        moment(),
    )
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
    let lines = |text: &str| text.replace("\r\n", "\n");
    let links = links(Some(&key()), &ada());
    assert_eq!(
        lines(&parsed.body_text(0).unwrap()).trim_end(),
        content(&links).text.trim_end()
    );
    assert_eq!(
        lines(&parsed.body_html(0).unwrap()).trim_end(),
        content(&links).html.trim_end()
    );
}

#[test]
fn one_part_alone_needs_no_multipart() {
    for (parts, kind) in [(Parts::Text, "text/plain"), (Parts::Html, "text/html")] {
        let message = made(&Settings { parts }, &ada());
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
    let links = links(None, &ada());
    let message = assemble(
        &Settings::default(),
        &newsletter(),
        &content(&links),
        &ada(),
        &links,
        moment(),
    )
    .unwrap();
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
    let links = links(None, &ada());
    let attempt = |newsletter: &Newsletter| {
        assemble(
            &Settings::default(),
            newsletter,
            &content(&links),
            &ada(),
            &links,
            moment(),
        )
    };
    let mut without = newsletter();
    without.from = None;
    assert_eq!(attempt(&without).unwrap_err(), Error::NoSender);
    let mut wrong = newsletter();
    wrong.reply_to = Some(Mailbox {
        name: String::new(),
        address: "nobody".to_owned(),
    });
    let error = attempt(&wrong).unwrap_err().to_string();
    assert!(error.contains("newsletter.reply_to") && error.contains("nobody"));
}

#[test]
fn moments_out_of_range_still_make_a_date() {
    let links = links(None, &ada());
    for (moment, year) in [
        (DateTime::<Utc>::MIN_UTC, "1970"),
        (DateTime::<Utc>::MAX_UTC, "9999"),
    ] {
        let message = assemble(
            &Settings::default(),
            &newsletter(),
            &content(&links),
            &ada(),
            &links,
            moment,
        )
        .unwrap();
        assert!(message.header().contains(&format!(" {year} ")));
    }
}

#[test]
fn the_smaller_encoding_is_taken() {
    let links = links(None, &ada());
    let cases = [
        ("Plain text.\n".to_owned(), "7bit"),
        ("A long line. ".repeat(20), "quoted-printable"),
        ("Mostly ASCII, one é.\n".repeat(20), "quoted-printable"),
        ("漢字仮名交じり文\n".repeat(20), "base64"),
    ];
    for (text, encoding) in cases {
        let content = Content {
            text,
            ..content(&links)
        };
        let settings = Settings { parts: Parts::Text };
        let message =
            assemble(&settings, &newsletter(), &content, &ada(), &links, moment()).unwrap();
        assert!(
            message
                .header()
                .contains(&format!("Content-Transfer-Encoding: {encoding}\r\n")),
            "{encoding}: {}",
            message.header()
        );
    }
}

fn codes(change: impl FnOnce(&mut Content, &mut Newsletter)) -> Vec<&'static str> {
    let links = links(Some(&key()), &ada());
    let (mut content, mut newsletter) = (content(&links), newsletter());
    change(&mut content, &mut newsletter);
    let message = assemble(
        &Settings::default(),
        &newsletter,
        &content,
        &ada(),
        &links,
        moment(),
    )
    .unwrap();
    check(&message, &content, &links)
        .iter()
        .map(|diagnostic| diagnostic.code)
        .collect()
}

#[test]
fn a_sound_message_has_no_findings() {
    assert_eq!(codes(|_, _| {}), [""; 0]);
}

#[test]
fn checks_find_what_receivers_would() {
    type Change = fn(&mut Content, &mut Newsletter);
    let cases: [(&str, &str, Change); 14] = [
        ("empty-subject", "subject", |content, _| {
            content.subject = " ".into()
        }),
        ("long-subject", "subject", |content, _| {
            content.subject = "é".repeat(101)
        }),
        ("reply-subject", "subject", |content, _| {
            content.subject = "Re: hello".into()
        }),
        ("leftover-template", "subject", |content, _| {
            content.subject = "Hi {{name}}".into()
        }),
        ("mail-too-large", "html", |content, _| {
            content.html += &"x ".repeat(51_000)
        }),
        ("mail-nearly-too-large", "html", |content, _| {
            content.html += &"x ".repeat(46_000)
        }),
        ("empty-part", "text", |content, _| {
            content.text = "\n".into()
        }),
        ("no-visible-unsubscribe", "text", |content, _| {
            content.text = "Hello".into()
        }),
        ("mail-link-without-scheme", "html", |content, _| {
            content.html += "<a class=\"x\" href=\"www.example.com\">";
        }),
        ("mail-local-image", "html", |content, _| {
            content.html += "<img alt=\"\" src=\"a.png\">";
        }),
        ("mail-local-image", "html", |content, _| {
            content.html += "<img src=\"data:image/png;base64,AA\">";
        }),
        ("mail-http-image", "html", |content, _| {
            content.html += "<img src=\"http://example.com/a.png\">";
        }),
        ("address-as-name", "from", |_, newsletter| {
            newsletter.from.as_mut().unwrap().name = "me@example.org".into();
        }),
        ("no-reply", "from", |_, newsletter| {
            newsletter.from.as_mut().unwrap().address = "no-reply@example.org".into();
        }),
    ];
    for (code, part, change) in cases {
        assert_eq!(codes(change), [code], "{part}");
    }
}

#[test]
fn a_server_without_https_has_no_one_click() {
    let mut links = links(Some(&key()), &ada());
    links.unsubscribe.set_scheme("http").unwrap();
    let content = content(&links);
    let message = assemble(
        &Settings::default(),
        &newsletter(),
        &content,
        &ada(),
        &links,
        moment(),
    )
    .unwrap();
    let found = check(&message, &content, &links);
    assert_eq!(found[0].code, "missing-one-click");
}

#[test]
fn anchors_and_good_links_are_left_alone() {
    let good = "<a href=\"#top\"></a><a href='x'></a><abbr href=\"x\"></abbr>\
                <a href=\"mailto:a@example.org\"></a><a name=\"x\"></a><a \
                title=\"a > b\" href=\"https://example.com/\"></a>";
    assert_eq!(codes(|content, _| content.html += good), [""; 0]);
}

#[test]
fn a_report_counts_each_finding_once_a_message_and_its_page_escapes_all() {
    let evil = Recipient::new(Address::parse("eve@example.net").unwrap())
        .named("<script>alert(1)</script>");
    let people = [ada(), evil];
    let made: Vec<(Content, Message, Vec<Diagnostic>)> = people
        .iter()
        .map(|recipient| {
            let links = links(None, recipient);
            let mut content = content(&links);
            content.html += "<img src=\"a.png\"><img src=\"b.png\">";
            let message = assemble(
                &Settings::default(),
                &newsletter(),
                &content,
                recipient,
                &links,
                moment(),
            )
            .unwrap();
            let found = check(&message, &content, &links);
            (content, message, found)
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
    let report = report("Weekly", "7", "abc", true, excluded, &facts);
    let found: Vec<(&str, usize)> = report
        .findings
        .iter()
        .map(|line| (line.code.as_str(), line.messages))
        .collect();
    assert_eq!(found, [("mail-local-image", 2), ("dead-links", 2)]);
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
