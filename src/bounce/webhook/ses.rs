//! Amazon SES: what stands in the message of an SNS notification, by identity
//! (`notificationType`) or by configuration set (`eventType`).

use serde_json::Value;

use crate::bounce::head::Head;
use crate::bounce::proof;
use crate::bounce::report::{Class, Reading, Report, Who};
use crate::bounce::webhook::{Facts, moment, relayed, text, unreadable};
use crate::mailing::Enhanced;
use crate::subscriber::{Keys, Purpose};

/// Nobody's header has more fields.
const MOST: usize = 200;

/// Reads one notification of SES.
pub fn read(message: &str, keys: &Keys) -> Reading {
    let Ok(value) = serde_json::from_str::<Value>(message) else {
        return unreadable("the message in it is no JSON");
    };
    let kind = match text(&value, "notificationType") {
        "" => text(&value, "eventType"),
        kind => kind,
    };
    match kind {
        "Bounce" => bounce(&value, keys),
        "Complaint" => complaint(&value, keys),
        "Delivery" | "Send" | "Open" | "Click" | "DeliveryDelay" | "Reject"
        | "Rendering Failure" | "Subscription" => Reading {
            report: Report::Notice,
            arrived: moment(text(mail(&value), "timestamp")),
        },
        _ => unreadable("SES has no such notification, as far as is known here"),
    }
}

fn mail(value: &Value) -> &Value {
    value.get("mail").unwrap_or(&Value::Null)
}

/// Everything that is said of a message and of one of its recipients.
fn facts(value: &Value, about: &Value, recipients: &str, keys: &Keys) -> Facts {
    let named = about.get(recipients).and_then(Value::as_array);
    // Our messages have one.
    let recipient = named.and_then(|list| list.first());
    let recipient = recipient.unwrap_or(&Value::Null);
    let address = text(recipient, "emailAddress");
    let mail = mail(value);
    let message = text(mail, "messageId");
    let source = proof::in_address(text(mail, "source"), Purpose::Bounce, keys).map(Who::Tag);
    let header = || match proof::returned(&header(mail), keys) {
        // That alone is seen by everybody whom the message is passed on to.
        Some(Who::Message(_)) | None => None,
        who => who,
    };
    Facts {
        who: source.or_else(header).or_else(|| relayed(address, message)),
        message: (!message.is_empty()).then(|| message.to_owned()),
        status: Enhanced::parse(text(recipient, "status")),
        diagnostic: untyped(text(recipient, "diagnosticCode")).to_owned(),
        recipient: (!address.is_empty()).then(|| address.to_owned()),
        at: moment(text(about, "timestamp")),
    }
}

fn bounce(value: &Value, keys: &Keys) -> Reading {
    let about = value.get("bounce").unwrap_or(&Value::Null);
    let facts = facts(value, about, "bouncedRecipients", keys);
    let said = facts.said();
    let status = said.and_then(|(_, status)| status).or(facts.status);
    match (text(about, "bounceType"), text(about, "bounceSubType")) {
        // Those are on a list of addresses that had failed before.
        ("Permanent", "NoEmail" | "Suppressed" | "OnAccountSuppressionList") => {
            facts.bounce(Class::Hard, status)
        }
        ("Permanent", _) => facts.bounce(said.map_or(Class::Hard, |(class, _)| class), status),
        ("Transient", "MessageTooLarge" | "ContentRejected" | "AttachmentRejected") => {
            facts.bounce(Class::Other, status)
        }
        // Automatic answers are told as these, without any code.
        ("Transient", "General") if said.is_none() => facts.nothing(Report::AutoReply),
        ("Transient", _) => {
            let class = said.map_or(Class::Soft, |(class, _)| class.min(Class::Soft));
            facts.bounce(class, status)
        }
        ("Undetermined", _) => facts.bounce(Class::Other, status),
        _ => unreadable("SES has no such type of bounce, as far as is known here"),
    }
}

fn complaint(value: &Value, keys: &Keys) -> Reading {
    let about = value.get("complaint").unwrap_or(&Value::Null);
    let facts = facts(value, about, "complainedRecipients", keys);
    match text(about, "complaintFeedbackType") {
        // RFC 6430 §3, RFC 6591 §3.2.
        "not-spam" | "auth-failure" => facts.nothing(Report::Notice),
        _ => facts.complaint(),
    }
}

/// The fields of the message as far as SES repeats them.
fn header(mail: &Value) -> Head {
    let list = mail.get("headers").and_then(Value::as_array);
    let mut lines = String::new();
    for field in list.into_iter().flatten().take(MOST) {
        let (name, value) = (text(field, "name"), text(field, "value"));
        let value = value.replace(['\r', '\n'], " ");
        lines.push_str(&format!("{name}: {value}\n"));
    }
    let read = Head::read(lines.as_bytes());
    read.map(|(head, _)| head).unwrap_or_default()
}

/// `smtp; 550 5.1.1 …`
fn untyped(code: &str) -> &str {
    let code = code.trim();
    code.strip_prefix("smtp;").unwrap_or(code).trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounce::report::Kind;
    use crate::subscriber::{Address, Key};

    fn keys() -> Keys {
        Keys {
            current: Key::new(vec![6; 32]).unwrap(),
            old: Vec::new(),
        }
    }

    fn ada() -> Address {
        Address::parse("ada@example.org").unwrap()
    }

    fn token() -> String {
        let key = keys().current;
        key.address_token(Purpose::Bounce, key.tag(&ada()))
    }

    /// As SES writes it, where the message had this sender and this header.
    fn bounced(kind: &str, sub: &str, recipient: &str, source: &str, headers: &str) -> Reading {
        let message = format!(
            "{{\"notificationType\":\"Bounce\",\"bounce\":{{\"bounceType\":\"{kind}\",\
             \"bounceSubType\":\"{sub}\",\"bouncedRecipients\":[{{\"emailAddress\":\
             \"ada@example.org\"{recipient}}}],\"timestamp\":\"2026-02-27T00:00:00.000Z\"}},\
             \"mail\":{{\"messageId\":\"00000137860315fd-34208509-5b74-41f3-95c5-22c1edc3c924\",\
             \"source\":\"{source}\",\"headers\":[{headers}]}}}}"
        );
        read(&message, &keys())
    }

    #[test]
    fn bounces_are_classed_as_mail_is() {
        let unknown = r#","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown""#;
        let policy = r#","status":"5.7.1","diagnosticCode":"smtp; 550 5.7.1 blocked""#;
        let full = r#","status":"4.2.2","diagnosticCode":"smtp; 452 4.2.2 full""#;
        let cases = [
            ("Permanent", "General", unknown, "hard"),
            ("Permanent", "NoEmail", "", "hard"),
            ("Permanent", "Suppressed", "", "hard"),
            ("Permanent", "General", "", "hard"),
            ("Permanent", "General", policy, "other"),
            ("Transient", "MailboxFull", full, "soft"),
            ("Transient", "MailboxFull", "", "soft"),
            ("Transient", "General", unknown, "soft"),
            ("Transient", "General", "", "auto"),
            ("Transient", "ContentRejected", "", "other"),
            ("Undetermined", "Undetermined", "", "other"),
            ("Later", "", "", "unreadable"),
        ];
        for (kind, sub, recipient, expected) in cases {
            let found = match bounced(kind, sub, recipient, "", "").report {
                Report::Bounce(bounce) => bounce.class.name(),
                Report::AutoReply => "auto",
                Report::Unreadable { .. } => "unreadable",
                other => panic!("{other:?}"),
            };
            assert_eq!(found, expected, "{kind} {sub} {recipient}");
        }
    }

    #[test]
    fn a_token_says_whom_it_means_else_the_name_that_the_relay_gave() {
        let who = |source: &str, headers: &str| match bounced(
            "Permanent",
            "NoEmail",
            "",
            source,
            headers,
        )
        .report
        {
            Report::Bounce(bounce) => bounce.who,
            other => panic!("{other:?}"),
        };
        let tag = Who::Tag(keys().current.tag(&ada()));
        let verp = format!("bounce+{}@example.org", token());
        assert_eq!(who(&verp, ""), tag);
        let field = format!("{{\"name\":\"Return-Path\",\"value\":\"<{verp}>\"}}");
        assert_eq!(who("editor@example.org", &field), tag);
        let Who::Relayed { address, message } = who("bounce+forged@example.org", "") else {
            panic!("it is not ours");
        };
        assert_eq!(address, ada());
        assert!(message.starts_with("00000137860315fd"));
        let complaint = |kind: &str, id: &str| {
            let message = format!(
                "{{\"eventType\":\"Complaint\",\"complaint\":{{\"complaintFeedbackType\":\
                 \"{kind}\",\"complainedRecipients\":[{{\"emailAddress\":\"ada@example.org\"}}]}},\
                 \"mail\":{{\"messageId\":\"{id}\"}}}}"
            );
            read(&message, &keys()).report
        };
        assert!(matches!(
            complaint("abuse", &"a".repeat(60)),
            Report::Complaint { .. }
        ));
        assert_eq!(complaint("not-spam", &"a".repeat(60)), Report::Notice);
        assert_eq!(complaint("abuse", ""), Report::Unproven(Kind::Complaint));
    }

    #[test]
    fn all_else_is_nothing_or_not_understood() {
        let delivered = r#"{"notificationType":"Delivery","mail":{}}"#;
        assert_eq!(read(delivered, &keys()).report, Report::Notice);
        for garbage in ["", "[]", "{}", "{\"notificationType\":[]}", "Hello"] {
            let report = read(garbage, &keys()).report;
            assert!(matches!(report, Report::Unreadable { .. }), "{garbage}");
        }
    }
}
