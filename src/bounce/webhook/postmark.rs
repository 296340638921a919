//! Postmark. It signs nothing: that a notification is its own is known by the
//! secret in the address it was posted to.

use serde_json::Value;

use crate::bounce::report::{Class, Reading, Report, Who};
use crate::bounce::webhook::{Facts, moment, relayed, text, unreadable};
use crate::mailing::Enhanced;
use crate::subscriber::{Keys, Purpose};

/// The name under which a message's token travels in Postmark's metadata.
const METADATA: &str = "letterpress";

/// Reads one notification.
pub fn read(body: &[u8], keys: &Keys) -> Reading {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return unreadable("it is no JSON");
    };
    let record = text(&value, "RecordType");
    let address = match text(&value, "Email") {
        "" => text(&value, "Recipient"),
        address => address,
    };
    let at = ["BouncedAt", "ChangedAt", "ReceivedAt", "DeliveredAt"];
    let at = at.into_iter().find_map(|key| moment(text(&value, key)));
    let message = text(&value, "MessageID");
    let details = text(&value, "Details");
    let facts = Facts {
        who: proven(&value, keys).or_else(|| relayed(address, message)),
        message: (!message.is_empty()).then(|| message.to_owned()),
        status: status(details),
        diagnostic: details.to_owned(),
        recipient: (!address.is_empty()).then(|| address.to_owned()),
        at,
    };
    match record {
        "Bounce" => bounce(facts, text(&value, "Type")),
        "SpamComplaint" => facts.complaint(),
        "SubscriptionChange" => subscription(facts, &value),
        "Delivery" | "Open" | "Click" => facts.nothing(Report::Notice),
        _ => unreadable("Postmark has no such notification, as far as is known here"),
    }
}

/// Whom a token of ours means, in the metadata of the message or in the bounce
/// itself, where Postmark is told to hand that on.
fn proven(value: &Value, keys: &Keys) -> Option<Who> {
    let metadata = value.get("Metadata").unwrap_or(&Value::Null);
    let token = text(metadata, METADATA).to_ascii_lowercase();
    if let Ok(tag) = keys.open_address(Purpose::Bounce, &token) {
        return Some(Who::Tag(tag));
    }
    match crate::bounce::read(text(value, "Content").as_bytes(), keys).report {
        Report::Bounce(bounce) => Some(bounce.who).filter(|who| matches!(who, Who::Tag(_))),
        _ => None,
    }
}

/// The types of bounces as their documentation lists them.
fn bounce(facts: Facts, kind: &str) -> Reading {
    let said = facts.said();
    let status = said.and_then(|(_, status)| status).or(facts.status);
    match kind {
        "HardBounce" | "BadEmailAddress" => {
            // Where the server's words blame somebody else, they are believed.
            let class = match said {
                Some((Class::Other, Some(code))) if code.1 == 7 => Class::Other,
                _ => Class::Hard,
            };
            facts.bounce(class, status)
        }
        "SoftBounce" | "DnsError" => {
            let class = said.map_or(Class::Soft, |(class, _)| class.min(Class::Soft));
            facts.bounce(class, status)
        }
        "SpamComplaint" => facts.complaint(),
        "Unsubscribe" => facts.unsubscribe(),
        "AutoResponder" | "ChallengeVerification" => facts.nothing(Report::AutoReply),
        // It is tried again, or it says something else than that it came back.
        "Transient" | "Subscribe" | "AddressChange" | "OpenRelayTest" => {
            facts.nothing(Report::Notice)
        }
        "SpamNotification"
        | "VirusNotification"
        | "ManuallyDeactivated"
        | "Unconfirmed"
        | "Blocked"
        | "SMTPApiError"
        | "InboundError"
        | "DMARCPolicy"
        | "TemplateRenderingFailed"
        | "Unknown" => facts.bounce(Class::Other, status),
        _ => unreadable("Postmark has no such type of bounce, as far as is known here"),
    }
}

/// It put somebody on its own list of those who get nothing, or took them off.
fn subscription(facts: Facts, value: &Value) -> Reading {
    if value.get("SuppressSending").and_then(Value::as_bool) != Some(true) {
        return facts.nothing(Report::Notice);
    }
    match (text(value, "SuppressionReason"), text(value, "Origin")) {
        ("HardBounce", _) => facts.bounce(Class::Hard, None),
        ("SpamComplaint", _) => facts.complaint(),
        ("ManualSuppression", "Recipient") => facts.unsubscribe(),
        // The editor did it there.
        ("ManualSuppression", _) => facts.nothing(Report::Notice),
        _ => unreadable("Postmark has no such reason, as far as is known here"),
    }
}

/// The enhanced code somewhere in the words of a server.
fn status(words: &str) -> Option<Enhanced> {
    words
        .split(|letter: char| !(letter.is_ascii_digit() || letter == '.'))
        .find_map(Enhanced::parse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounce::report::Kind;
    use crate::subscriber::{Address, Key};

    const ID: &str = "00000000-0000-0000-0000-000000000000";

    fn keys() -> Keys {
        Keys {
            current: Key::new(vec![6; 32]).unwrap(),
            old: Vec::new(),
        }
    }

    fn read(body: &[u8]) -> Reading {
        super::read(body, &keys())
    }

    #[test]
    fn a_token_in_the_metadata_means_its_reader_whatever_the_address() {
        let key = keys().current;
        let tag = key.tag(&Address::parse("cy@example.org").unwrap());
        let token = key.address_token(Purpose::Bounce, tag);
        let of = |token: &str| {
            let fields = format!(
                "\"RecordType\":\"SpamComplaint\",\"Metadata\":{{\"letterpress\":\"{token}\"}}"
            );
            match notification(&fields) {
                Report::Complaint { who } => who,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(of(&token), Who::Tag(tag));
        assert!(matches!(of("forged"), Who::Relayed { .. }));
    }

    fn notification(fields: &str) -> Report {
        let body = format!(
            "{{\"MessageID\":\"{ID}\",\"Email\":\"ada@example.org\",\
             \"BouncedAt\":\"2026-02-27T21:41:30Z\",{fields}}}"
        );
        read(body.as_bytes()).report
    }

    #[test]
    fn every_type_means_what_mail_of_that_kind_means() {
        let soft = |details: &str| {
            format!("\"RecordType\":\"Bounce\",\"Type\":\"SoftBounce\",\"Details\":\"{details}\"")
        };
        let of = |kind: &str| format!("\"RecordType\":\"Bounce\",\"Type\":\"{kind}\"");
        let hard = |details: &str| {
            format!("\"RecordType\":\"Bounce\",\"Type\":\"HardBounce\",\"Details\":\"{details}\"")
        };
        let changed = |reason: &str, origin: &str, suppress: bool| {
            format!(
                "\"RecordType\":\"SubscriptionChange\",\"SuppressSending\":{suppress},\
                 \"SuppressionReason\":\"{reason}\",\"Origin\":\"{origin}\""
            )
        };
        let cases = [
            (of("HardBounce"), "hard"),
            (
                hard("smtp;550 5.1.1 The email account does not exist"),
                "hard",
            ),
            (hard("smtp;550 5.7.1 blocked"), "other"),
            (of("BadEmailAddress"), "hard"),
            (of("SoftBounce"), "soft"),
            (soft("smtp;552 5.2.2 over quota"), "soft"),
            (of("DnsError"), "soft"),
            (of("SpamNotification"), "other"),
            (of("Blocked"), "other"),
            (of("AutoResponder"), "auto"),
            (of("ChallengeVerification"), "auto"),
            (of("Transient"), "notice"),
            (of("Unsubscribe"), "leave"),
            (of("SpamComplaint"), "complaint"),
            ("\"RecordType\":\"SpamComplaint\"".to_owned(), "complaint"),
            ("\"RecordType\":\"Open\"".to_owned(), "notice"),
            (changed("HardBounce", "Recipient", true), "hard"),
            (changed("SpamComplaint", "Recipient", true), "complaint"),
            (changed("ManualSuppression", "Recipient", true), "leave"),
            (changed("ManualSuppression", "Customer", true), "notice"),
            (changed("", "Recipient", false), "notice"),
            (of("SomethingNew"), "unreadable"),
            ("\"RecordType\":\"SomethingNew\"".to_owned(), "unreadable"),
            ("\"RecordType\":7".to_owned(), "unreadable"),
        ];
        for (fields, expected) in cases {
            let found = match notification(&fields) {
                Report::Bounce(bounce) => bounce.class.name(),
                Report::Complaint { .. } => "complaint",
                Report::Unsubscribe { .. } => "leave",
                Report::Notice => "notice",
                Report::AutoReply => "auto",
                Report::Unproven(_) => "unproven",
                Report::Unreadable { .. } => "unreadable",
            };
            assert_eq!(found, expected, "{fields}");
        }
    }

    #[test]
    fn an_address_without_the_name_of_a_message_means_nobody() {
        let body = br#"{"RecordType":"SpamComplaint","Email":"ada@example.org","MessageID":"1"}"#;
        assert_eq!(read(body).report, Report::Unproven(Kind::Complaint));
        let body = br#"{"RecordType":"SpamComplaint","Email":"ada@example.org"}"#;
        assert_eq!(read(body).report, Report::Unproven(Kind::Complaint));
        let Report::Complaint { who } = notification("\"RecordType\":\"SpamComplaint\"") else {
            panic!("it is one");
        };
        let Who::Relayed { address, message } = who else {
            panic!("{who:?}");
        };
        assert_eq!(
            (address.as_str(), message.as_str()),
            ("ada@example.org", ID)
        );
        for garbage in [&b"[]"[..], b"", b"{", b"\xff\xfe", b"{\"RecordType\":null}"] {
            assert!(matches!(read(garbage).report, Report::Unreadable { .. }));
        }
    }
}
