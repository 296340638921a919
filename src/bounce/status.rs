//! Delivery status notifications (RFC 3464).

use crate::bounce::class::{Said, class};
use crate::bounce::head::Head;
use crate::bounce::report::Class;
use crate::mailing::Enhanced;

/// A report on one message of ours names one recipient, or those to whom their
/// server passed it on.
const MOST: usize = 100;
/// Longer words of a server are cut.
const LONGEST: usize = 500;

/// What a delivery status says of the message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// It failed for all who are named.
    Failed(Failed),
    /// For somebody it did not: delayed, delivered, passed on.
    Open,
}

/// How it failed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) class: Option<Class>,
    pub(crate) status: Option<Enhanced>,
    pub(crate) diagnostic: String,
    pub(crate) final_recipient: Option<String>,
}

/// Reads the groups of fields (RFC 3464 §2.1): one of the message, then one of
/// each recipient. `None` where no recipient is spoken of.
pub(crate) fn read(body: &[u8]) -> Option<Status> {
    let mut mildest: Option<Failed> = None;
    let mut rest = body;
    for _ in 0..=MOST {
        rest = skip_empty_lines(rest);
        let Some((group, after)) = Head::read(rest) else {
            break;
        };
        rest = after;
        match recipient(&group) {
            None => {}
            Some(Status::Open) => return Some(Status::Open),
            Some(Status::Failed(failed)) => match &mildest {
                Some(known) if known.class <= failed.class => {}
                _ => mildest = Some(failed),
            },
        }
    }
    mildest.map(Status::Failed)
}

/// What the group of one recipient says; `None` for the group of the message.
fn recipient(group: &Head) -> Option<Status> {
    let action = group.first("action").map(str::to_ascii_lowercase);
    let status = group.first("status").and_then(Enhanced::parse);
    let has_recipient = group.has("final-recipient") || group.has("original-recipient");
    if !has_recipient && action.is_none() && status.is_none() {
        return None;
    }
    // RFC 3464 §2.3.3. Without the field, which must be there, only a class of
    // 5 is a failure.
    let failed = match action
        .as_deref()
        .and_then(|words| words.split_whitespace().next())
    {
        Some(word) => word == "failed",
        None => status.is_some_and(|status| status.0 == 5),
    };
    if !failed || status.is_some_and(|status| status.0 == 2) {
        return Some(Status::Open);
    }
    let diagnostic = untyped(group.first("diagnostic-code").unwrap_or_default());
    let (class, status) = class(status, &Said::parse(&diagnostic));
    let named = group
        .first("final-recipient")
        .or(group.first("original-recipient"));
    Some(Status::Failed(Failed {
        class: Some(class),
        status,
        diagnostic: shortened(&diagnostic),
        final_recipient: named.map(|named| shortened(&untyped(named))),
    }))
}

/// The value without its type and comments' blanks: `smtp; 550 …`,
/// `rfc822;reader@example.org` (RFC 3464 §2.1.2).
fn untyped(value: &str) -> String {
    let value = match value.split_once(';') {
        Some((kind, rest)) if kind.trim().len() <= 20 && !kind.contains('@') => rest,
        _ => value,
    };
    value.trim().to_owned()
}

/// On one line and not too long.
pub(crate) fn shortened(text: &str) -> String {
    let line = crate::subscriber::clean_line(text);
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn skip_empty_lines(mut bytes: &[u8]) -> &[u8] {
    while let Some(rest) = bytes.strip_prefix(b"\n").or(bytes.strip_prefix(b"\r\n")) {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class_of(body: &str) -> Option<Option<Class>> {
        match read(body.as_bytes())? {
            Status::Open => Some(None),
            Status::Failed(failed) => Some(failed.class),
        }
    }

    #[test]
    fn each_recipient_must_have_failed() {
        let message = "Reporting-MTA: dns; mx.example.org\r\n\r\n";
        let group = |action: &str, status: &str| {
            format!(
                "Final-Recipient: rfc822; a@example.org\nAction: {action}\nStatus: {status}\n\n"
            )
        };
        let cases = [
            (group("failed", "5.1.1"), Some(Some(Class::Hard))),
            (
                group("Failed (permanently)", "5.1.1 (no such)"),
                Some(Some(Class::Hard)),
            ),
            (group("delayed", "4.4.1"), Some(None)),
            (group("relayed", "2.0.0"), Some(None)),
            (group("expanded", "2.0.0"), Some(None)),
            (
                group("failed", "5.1.1") + &group("delivered", "2.0.0"),
                Some(None),
            ),
            (
                group("failed", "5.1.1") + &group("failed", "5.2.2"),
                Some(Some(Class::Soft)),
            ),
            (
                group("failed", "5.1.1") + &group("failed", "5.1.2"),
                Some(Some(Class::Hard)),
            ),
            ("Status: 5.1.1\n".to_owned(), Some(Some(Class::Hard))),
            (String::new(), None),
        ];
        for (groups, expected) in cases {
            assert_eq!(
                class_of(&format!("{message}{groups}")),
                expected,
                "{groups}"
            );
        }
    }

    #[test]
    fn the_servers_words_lose_their_type_and_their_length() {
        let body = format!(
            "Final-Recipient: RFC822; a@example.org\nAction: failed\nStatus: 5.0.0\n\
             Diagnostic-Code: smtp; 550 5.1.1 no\n such {}\n",
            "x".repeat(9_000)
        );
        let Some(Status::Failed(failed)) = read(body.as_bytes()) else {
            panic!("it failed");
        };
        assert_eq!(failed.status, Some(Enhanced(5, 1, 1)));
        assert_eq!(failed.final_recipient.as_deref(), Some("a@example.org"));
        assert!(failed.diagnostic.starts_with("550 5.1.1 no such xxx"));
        assert_eq!(failed.diagnostic.chars().count(), LONGEST + 1);
    }
}
