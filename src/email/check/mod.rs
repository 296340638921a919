//! What can be said of a finished message: that which receivers refuse, hide or
//! mistrust, and which shows in no single line of the issue's text.
//!
//! [`check`] looks at what belongs to one message, [`check_design`] at what all
//! messages of a variant share and what costs a reading of the HTML. Codes are
//! stable; docs/mail-support.md lists them. Programs that judge mail are asked by
//! the command line, not here.

mod likeness;
mod markup;
mod reading;
mod references;
mod style;
mod support;
mod weight;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use unicode_segmentation::UnicodeSegmentation;

use crate::diagnostic::Diagnostic;
use crate::email::check::reading::Reading;
use crate::email::dkim::is_aligned;
use crate::email::links::{Links, WayOut};
use crate::email::message::{Content, Message};
use crate::issue::{is_damaged, is_emoji};

/// Octets of the HTML part of a message as it is sent; 0 where it has none.
pub fn html_size(message: &[u8]) -> usize {
    weight::encoded(message)
}

/// Phones cut subjects earlier; past this every program does.
const LONG_SUBJECT: usize = 100;

/// What there is to say of one message.
pub fn check(message: &Message, content: &Content, links: &Links) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    subject(content, &mut found);
    headers(message, links, &mut found);
    signature(message, &mut found);
    weight::check(message, content, &mut found);
    parts(content, links, &mut found);
    if message.envelope.recipient.is_international() {
        found.push(
            Diagnostic::note(
                "international-address",
                "the address is not ASCII: relay and receiver must have SMTPUTF8",
            )
            .help(
                "`letterpress doctor` says whether the relay has; without it this one is rejected",
            ),
        );
    }
    if !links.live {
        found.push(
            Diagnostic::note("dead-links", "the links to leave and to choose are dead")
                .help("they work once a signing key is set: server.key_file"),
        );
    }
    found
}

/// What there is to say of the words and the HTML of a message, which are the
/// same for all messages of its variant, but for the recipients' own values.
pub fn check_design(content: &Content, links: &Links) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let reading = Reading::of(&content.html);
    let unsubscribe = links.unsubscribe.as_str();
    // Where it is not there at all, `check` says so.
    if content.html.contains(unsubscribe) && !reading.shows(unsubscribe) {
        found.push(no_way_out("HTML"));
    }
    reading.tell(&mut found);
    let (shown, addresses) = reading.contents();
    let page = links.browser.as_str();
    likeness::check(&content.text, shown, addresses, page, &mut found);
    for (name, part) in [("subject", &content.subject), ("text", &content.text)] {
        if part.contains(char::REPLACEMENT_CHARACTER) || is_damaged(part) {
            found.push(
                Diagnostic::warning(
                    "mail-mojibake",
                    format!("the {name} holds characters that were decoded wrongly"),
                )
                .help("look at the templates and settings; `check` shows those of issues"),
            );
            break;
        }
    }
    found
}

fn subject(content: &Content, found: &mut Vec<Diagnostic>) {
    let subject = content.subject.trim();
    let characters = subject.chars().count();
    if subject.is_empty() {
        found.push(Diagnostic::error("empty-subject", "the subject is empty"));
    }
    if characters > LONG_SUBJECT {
        found.push(
            Diagnostic::warning(
                "long-subject",
                format!("the subject has {characters} characters"),
            )
            .help("inboxes show the first 40 to 70"),
        );
    }
    let lower = subject.to_lowercase();
    if ["re:", "fwd:", "fw:", "aw:"]
        .iter()
        .any(|prefix| lower.starts_with(prefix))
    {
        found.push(Diagnostic::warning(
            "reply-subject",
            "the subject pretends to be an answer or a forwarded mail",
        ));
    }
}

fn headers(message: &Message, links: &Links, found: &mut Vec<Diagnostic>) {
    let header = message.header();
    let unfolded = header.replace("\r\n ", " ");
    let value = |name: &str| {
        unfolded.split("\r\n").find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    };
    // RFC 8058 §3.1.
    let https =
        value("List-Unsubscribe").is_some_and(|list| list.matches("<https://").count() == 1);
    let post = value("List-Unsubscribe-Post") == Some("List-Unsubscribe=One-Click");
    if links.way_out == WayOut::Mailto {
        found.push(
            Diagnostic::note(
                "unsubscribe-by-mail",
                "readers leave by a mail alone, there is no one click",
            )
            .help("somebody must read the mail to the address in List-Unsubscribe"),
        );
    } else if !https || !post {
        found.push(
            Diagnostic::warning(
                "missing-one-click",
                "there is no way to unsubscribe by one click, which large providers demand",
            )
            .help("server.url must begin with https://"),
        );
    }
    let from = value("From").unwrap_or_default();
    if from
        .rsplit_once('<')
        .is_some_and(|(name, _)| name.contains('@'))
    {
        found.push(Diagnostic::warning(
            "address-as-name",
            "the name of the sender looks like a mail address",
        ));
    }
    if decoded(from).graphemes(true).any(is_emoji) {
        found.push(
            Diagnostic::warning(
                "emoji-in-name",
                "the name of the sender holds an emoji, which Gmail asks senders not to do",
            )
            .help("newsletter.from is who writes; the subject may be merry"),
        );
    }
    let reply = value("Reply-To").unwrap_or(from).to_lowercase();
    let reply = reply.replace(['-', '_', '.'], "");
    if reply.contains("noreply@") || reply.contains("donotreply@") {
        found.push(
            Diagnostic::warning("no-reply", "answers of readers reach nobody")
                .help("set newsletter.reply_to to an address that is read"),
        );
    }
    // RFC 5322 §2.1.1. Composing refuses such a line; relays cut it.
    let lines = message.bytes.split(|byte| *byte == b'\n');
    let longest = lines.map(|line| line.len().saturating_sub(1)).max();
    if let Some(longest @ 999..) = longest {
        found.push(Diagnostic::error(
            "line-too-long",
            format!("a line has {longest} octets, and mail allows 998"),
        ));
    }
    for line in header.split("\r\n").filter(|line| line.len() > 78) {
        // An address cannot be folded, so a line of one word is as short as
        // it can be.
        let words = line.split_whitespace().filter(|word| !word.ends_with(':'));
        if words.count() > 1 {
            let name = line.split(':').next().unwrap_or_default().trim();
            found.push(Diagnostic::note(
                "long-header-line",
                format!("a header line ({name}) has {} characters", line.len()),
            ));
        }
    }
}

/// A field's encoded-words as we write them (RFC 2047 §4.1), decoded one by one: none
/// of them ends within a character.
fn decoded(field: &str) -> String {
    let words = field.split(' ').map(|word| {
        let inner = word
            .strip_prefix("=?utf-8?B?")
            .and_then(|word| word.strip_suffix("?="));
        let bytes = inner.and_then(|inner| STANDARD.decode(inner).ok());
        bytes.map_or_else(
            || word.to_owned(),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    });
    words.collect::<Vec<String>>().join(" ")
}

/// Who signs, and whether that speaks for the sender.
fn signature(message: &Message, found: &mut Vec<Diagnostic>) {
    let unfolded = message
        .header()
        .replace("\r\n\t", " ")
        .replace("\r\n ", " ");
    let values = |name: &'static str| {
        unfolded.split("\r\n").filter_map(move |line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    };
    let signing: Vec<&str> = values("DKIM-Signature")
        .filter_map(|value| {
            let mut tags = value.split(';').filter_map(|tag| tag.split_once('='));
            tags.find_map(|(name, value)| (name.trim() == "d").then_some(value.trim()))
        })
        .collect();
    let Some(first) = signing.first() else {
        found.push(
            Diagnostic::note("unsigned", "messages are not signed (DKIM)")
                .help("unless the relay signs, set dkim.key_file: `letterpress dkim generate`"),
        );
        return;
    };
    let from = values("From").next().unwrap_or_default();
    let domain = from.rsplit_once('@').map_or("", |(_, domain)| domain);
    let domain = domain.trim().trim_end_matches('>');
    if !signing.iter().any(|signing| is_aligned(signing, domain)) {
        found.push(
            Diagnostic::error(
                "dkim-alignment",
                format!("mail from {domain} is signed by {first}, which says nothing for it"),
            )
            .help(format!(
                "set dkim.domain to \"{domain}\" or one above it, with a key for it"
            )),
        );
    }
}

fn no_way_out(part: &str) -> Diagnostic {
    Diagnostic::warning(
        "no-visible-unsubscribe",
        format!("the {part} part shows no link to unsubscribe"),
    )
    .help("the templates have it as {{links.unsubscribe}}")
}

fn parts(content: &Content, links: &Links, found: &mut Vec<Diagnostic>) {
    for (name, part) in [
        ("subject", &content.subject),
        ("HTML", &content.html),
        ("text", &content.text),
    ] {
        if name != "subject" && part.trim().is_empty() {
            found.push(Diagnostic::error(
                "empty-part",
                format!("the {name} part is empty"),
            ));
        } else if name != "subject" && !part.contains(links.unsubscribe.as_str()) {
            found.push(no_way_out(name));
        }
        if part.contains("{{") {
            found.push(Diagnostic::warning(
                "leftover-template",
                format!("the {name} holds {{{{, as if a template was not filled in"),
            ));
        }
    }
}
