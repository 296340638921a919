//! What is done with foreign bytes, and what must be true of the result: one
//! function for each reader. The fuzzer's programs and `cargo test` share this
//! file (tests/properties/mutations.rs).

use std::collections::BTreeMap;

use letterpress::bounce::webhook::sns::{Envelope, Kind};
use letterpress::bounce::webhook::{postmark, ses};
use letterpress::bounce::{self, Raw, Report, Splitter, Who};
use letterpress::config::{self, Sources};
use letterpress::diagnostic::{Diagnostic, SourceFile, Span};
use letterpress::feed;
use letterpress::issue::{self, MojibakeMode, Reader, Settings, Text};
use letterpress::render::{self, Addresses, Fragment, LinkPlace, PageStyle, TextStyle};
use letterpress::subscriber::{Address, Key, Keys, Recipient};

/// A target's name (that of its seeds' folder) and its function.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// All targets.
pub(crate) const TARGETS: &[Target] = &[
    ("issue", issue),
    ("front_matter", front_matter),
    ("mojibake", mojibake),
    ("feed_read", feed_read),
    ("config", settings),
    ("recipients", recipients),
    ("bounce", bounce),
    ("webhook", webhook),
];

/// Runs the target of this name.
pub(crate) fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    target.expect("the target is in the table").1(bytes);
}

/// Bytes of an issue file to text, to an issue, to HTML and plain text.
fn issue(bytes: &[u8]) {
    READER.with(|reader| {
        let text = reader.decode("issues/2026-01-09-weekly.md", bytes);
        let (issue, diagnostics) = reader.parse(&text);
        let _ = issue::inspect(&issue, &diagnostics);
        let _ = issue.summary();
        check_diagnostics(&text.source, diagnostics);
        for section in &issue.sections {
            check_span(&text.source, section.span);
            for item in &section.items {
                check_span(&text.source, item.span);
            }
        }
        for link in &issue.census.links {
            check_span(&text.source, link.span);
        }
        check_diagnostics(&text.source, render::local_paths(&issue));

        let addresses = Addresses {
            page: PAGE.parse().expect("the address is valid"),
            files: BTreeMap::new().into(),
            folder: "issues".to_owned(),
        };
        let style = PageStyle {
            language: "en",
            linkify: true,
        };
        check_html(&render::feed_html(&issue), &addresses);
        check_html(&render::page_html(&issue, &style), &addresses);
        let style = TextStyle {
            links: LinkPlace::Notes,
            ..TextStyle::default()
        };
        let _ = render::text(&issue, &addresses, "en", style);
    });
}

/// The first line is the file's path, the rest its text: where title, number,
/// date and language come from.
fn front_matter(bytes: &[u8]) {
    let end = bytes.iter().position(|&byte| byte == b'\n');
    let (path, body) = bytes.split_at(end.unwrap_or(0));
    let path = String::from_utf8_lossy(path);
    let body = body.strip_prefix(b"\n").unwrap_or(body);
    READER.with(|reader| {
        let text = reader.decode(&path, body);
        let (issue, diagnostics) = reader.parse(&text);
        check_diagnostics(&text.source, diagnostics);
        check_span(&text.source, issue.front_matter.span);
        for field in &issue.front_matter.fields {
            check_span(&text.source, field.span);
        }
        if let Some(span) = issue.title.as_ref().and_then(|title| title.span) {
            check_span(&text.source, span);
        }
        if let Some(date) = issue.date {
            let _ = date.moment("America/Sao_Paulo".parse().expect("the zone exists"));
        }
        let _ = issue.summary();
    });
}

/// Text decoded by a wrong table: repaired, reported or left alone.
fn mojibake(bytes: &[u8]) {
    let [auto, report, off] =
        MODES.with(|readers| [0, 1, 2].map(|index| readers[index].decode("issues/1.md", bytes)));
    assert_eq!(report.source.text(), off.source.text(), "a report mends");
    assert!(off.repair.is_none(), "a repair though it is off");
    if off.source.text().is_ascii() {
        assert_eq!(auto.source.text(), off.source.text(), "ASCII was mended");
    }
    if auto.repair.is_none() {
        assert_eq!(auto.source.text(), off.source.text(), "mended in silence");
    }
    for text in [auto, report, off] {
        check_positions(&text.source);
        let Text {
            source,
            diagnostics,
            ..
        } = text;
        check_diagnostics(&source, diagnostics);
    }
}

/// A settings file, and the same text as a flag and in the environment.
fn settings(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let line = text.lines().last().unwrap_or_default().to_owned();
    let loaded = config::load(&Sources {
        file: Some(("config/letterpress.toml".to_owned(), bytes.to_vec())),
        environment: BTreeMap::from([("LETTERPRESS__NEWSLETTER__URL".to_owned(), line.clone())]),
        flags: vec![line],
    });
    let lines = text.split(['\n', '\r']).count();
    for finding in loaded.findings {
        assert!(!finding.message.is_empty());
        let in_file = finding.path == "config/letterpress.toml";
        if let Some(place) = finding.place.filter(|_| in_file) {
            assert!((1..=lines).contains(&place.start.line), "a line too far");
            assert!(
                place.start <= place.end,
                "a place that ends before it begins"
            );
        }
    }
}

/// A feed that somebody published.
fn feed_read(bytes: &[u8]) {
    if let Ok(feed) = feed::read(bytes) {
        for entry in feed.entries {
            assert!(!entry.id.is_empty(), "an entry without an id");
            assert_eq!(entry.id, entry.id.trim(), "blanks around an id");
        }
    }
}

/// Addresses as an editor types them.
fn recipients(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(list) = Recipient::parse_list(&text) else {
        return;
    };
    for recipient in list {
        let address = recipient.address.as_str();
        assert!(recipient.address.domain().is_ascii(), "{address}");
        assert!(address.len() <= 254, "{address}");
        for word in [address, &recipient.name] {
            assert!(!word.chars().any(char::is_control), "{word:?}");
        }
    }
}

/// A mailbox or a message that came back. The seeds hold tokens of one reader;
/// no change of them makes a report on anybody else.
fn bounce(bytes: &[u8]) {
    let key = |octet| Key::new(vec![octet; 32]).expect("the key is long enough");
    let keys = Keys {
        current: key(6),
        old: vec![key(5)],
    };
    let reader = Address::parse("ada@example.org").expect("it is an address");
    let tag = Who::Tag(key(5).tag(&reader));
    let whole = split(bytes, bytes.len().max(1));
    assert_eq!(whole, split(bytes, 7), "chunks make a difference");
    let lengths: u64 = whole.iter().map(|raw| raw.length).sum();
    assert!(lengths <= bytes.len() as u64, "octets from nowhere");
    let message = |raw: &Raw| bounce::read(&raw.bytes, &keys);
    for reading in whole
        .iter()
        .map(message)
        .chain([bounce::read(bytes, &keys)])
    {
        let who = match reading.report {
            Report::Bounce(bounce) => {
                assert!(!bounce.diagnostic.chars().any(char::is_control));
                bounce.who
            }
            Report::Complaint { who } | Report::Unsubscribe { who } => who,
            _ => continue,
        };
        assert!(who == tag || matches!(who, Who::Message(_)), "forged");
    }
}

/// What a service posts. As above; and no change of what SNS signed is believed.
fn webhook(bytes: &[u8]) {
    let key = |octet| Key::new(vec![octet; 32]).expect("the key is long enough");
    let keys = Keys {
        current: key(6),
        old: vec![key(5)],
    };
    let reader = Address::parse("ada@example.org").expect("it is an address");
    let tag = Who::Tag(key(5).tag(&reader));
    let text = String::from_utf8_lossy(bytes);
    for reading in [postmark::read(bytes, &keys), ses::read(&text, &keys)] {
        let who = match reading.report {
            Report::Bounce(bounce) => {
                assert!(!bounce.diagnostic.chars().any(char::is_control));
                bounce.who
            }
            Report::Complaint { who } | Report::Unsubscribe { who } => who,
            _ => continue,
        };
        assert!(who == tag || matches!(who, Who::Relayed { .. }), "forged");
    }
    let now = "2026-12-01T00:00:00Z".parse().expect("it is a moment");
    let delivered = "{\"notificationType\":\"Delivery\"}".to_owned();
    if let Ok(envelope) = Envelope::read(bytes) {
        let _ = envelope.verify(bytes, now);
        if envelope.verify(CERTIFICATE, now).is_ok() {
            assert_eq!(envelope.kind, Kind::Notification(delivered), "forged");
        }
    }
    // A certificate that is none.
    let _ = Envelope::read(NOTIFICATION)
        .expect("it has the form")
        .verify(bytes, now);
}

const CERTIFICATE: &[u8] = include_bytes!("seeds/webhook/sns.pem");
const NOTIFICATION: &[u8] = include_bytes!("seeds/webhook/sns.json");

fn split(bytes: &[u8], step: usize) -> Vec<Raw> {
    let mut found = Vec::new();
    let mut splitter = Splitter::new(bounce::LONGEST);
    for chunk in bytes.chunks(step) {
        splitter.push(chunk, |raw| found.push(raw));
    }
    splitter.finish(|raw| found.push(raw));
    found
}

/// Holes are in order, and nothing active came through, whatever is filled in.
fn check_html(fragment: &Fragment, addresses: &Addresses) {
    let mut last = 0;
    for hole in &fragment.holes {
        assert!(last <= hole.at, "holes are out of order");
        assert!(fragment.html.is_char_boundary(hole.at));
        last = hole.at;
    }
    let html = fragment.resolve(addresses).to_ascii_lowercase();
    for word in ["<script", "<iframe", "<style", "<form"] {
        assert!(!html.contains(word), "{word} came through");
    }
    // What the text says of tags is escaped, so each `<a ` is one.
    for tag in html.split("<a ").skip(1) {
        let attributes = tag.split('>').next().unwrap_or_default();
        assert!(
            !attributes.contains("href=\"javascript:"),
            "a script came through"
        );
    }
}

/// Positions grow with the offset, over the whole text.
fn check_positions(source: &SourceFile) {
    let offsets = source.text().char_indices().map(|(offset, _)| offset);
    let mut last = source.position(0);
    for offset in offsets.step_by(7) {
        let position = source.position(offset);
        assert!(last <= position, "positions go back at byte {offset}");
        last = position;
    }
}

fn check_diagnostics(source: &SourceFile, diagnostics: Vec<Diagnostic>) {
    for diagnostic in diagnostics {
        if let Some(span) = diagnostic.span {
            check_span(source, span);
        }
        let finding = diagnostic.locate(source);
        assert!(!finding.message.is_empty());
    }
}

fn check_span(source: &SourceFile, span: Span) {
    assert!(
        source.text().get(span.range()).is_some(),
        "bytes {} to {} of {} are no text",
        span.start,
        span.end,
        source.text().len()
    );
}

const PAGE: &str = "https://news.example.org/issues/1/";

fn reader(settings: Settings) -> Reader {
    Reader::new(settings).expect("the built-in patterns are valid")
}

thread_local! {
    static READER: Reader = reader(Settings::default());
    static MODES: [Reader; 3] = [MojibakeMode::Auto, MojibakeMode::Report, MojibakeMode::Off]
        .map(|mojibake| reader(Settings { mojibake, ..Settings::default() }));
}
