use crate::bounce::part::Part;
use crate::bounce::proof;
use crate::bounce::report::{Bounce, Class, Kind, Reading, Report, Who};
use crate::bounce::status::{self, Failed, Status};
use crate::bounce::{auto, feedback, head::Head, text};
use crate::subscriber::{Keys, Purpose};

/// How many octets of a message are looked at: a report says what matters
/// before the message that it returns.
pub const LONGEST: usize = 1 << 20;
/// How deep a report may lie in what lists and scanners wrap around it.
const DEEPEST: usize = 8;

/// Says what the bytes of one message are. Octets beyond [`LONGEST`] are not
/// looked at.
pub fn read(message: &[u8], keys: &Keys) -> Reading {
    let message = &message[..message.len().min(LONGEST)];
    let Some(message) = Part::message(message) else {
        return Reading {
            report: Report::Unreadable {
                why: "it has no header",
            },
            arrived: None,
        };
    };
    Reading {
        arrived: message.head.arrived(),
        report: report(&message, keys),
    }
}

fn report(message: &Part<'_>, keys: &Keys) -> Report {
    let head = &message.head;
    let bounced = || proof::addressee(head, Purpose::Bounce, keys).map(Who::Tag);
    let (found, too_deep) = find_report(message);
    if let Some((kind, parts)) = found {
        let returned = parts.iter().find(|part| part.is_returned());
        let returned = returned.and_then(|part| Head::read(&part.body()).map(|(head, _)| head));
        let meant = returned
            .as_ref()
            .and_then(|head| proof::returned(head, keys));
        let of = |kind: Format| parts.iter().find(|part| kind.is_part(part));
        return match (kind, of(kind)) {
            (Format::Disposition, _) => Report::Notice,
            (Format::Feedback, Some(part)) => feedback::read(&part.body(), bounced(), meant, keys),
            (Format::Status, Some(part)) => match status::read(&part.body()) {
                Some(Status::Failed(failed)) => {
                    let failed = match is_unexplained(head, &failed) {
                        true => text::explained(failed, &first_plain(&parts)),
                        false => failed,
                    };
                    bounce(failed, bounced().or(meant), returned.as_ref())
                }
                Some(Status::Open) => Report::Notice,
                None => Report::Unreadable {
                    why: "its delivery status names no recipient",
                },
            },
            (_, None) => Report::Unreadable {
                why: "the report in it is missing",
            },
        };
    }
    if let Some(text) = text::read(head, &first_text(message)) {
        let meant = || {
            text.returned
                .as_ref()
                .and_then(|head| proof::returned(head, keys))
        };
        let who = bounced().or_else(meant);
        return bounce(text.failed, who, text.returned.as_ref());
    }
    if proof::is_addressed(head, Purpose::Unsubscribe) && !auto::is_reply_to_request(head) {
        return match proof::addressee(head, Purpose::Unsubscribe, keys) {
            Some(tag) => Report::Unsubscribe { who: Who::Tag(tag) },
            None => Report::Unproven(Kind::Unsubscribe),
        };
    }
    if auto::is_reply(head) {
        return Report::AutoReply;
    }
    Report::Unreadable {
        why: if too_deep {
            "its parts are nested too deep"
        } else {
            "it is no delivery report, no complaint and no wish to leave"
        },
    }
}

/// Whether Exim says nowhere but in its text why an address failed.
fn is_unexplained(head: &Head, failed: &Failed) -> bool {
    failed.diagnostic.is_empty() && head.has("x-failed-recipients")
}

fn bounce(failed: Failed, who: Option<Who>, returned: Option<&Head>) -> Report {
    let Some(who) = who else {
        return Report::Unproven(Kind::Bounce);
    };
    Report::Bounce(Bounce {
        who,
        class: failed.class.unwrap_or(Class::Other),
        status: failed.status,
        diagnostic: failed.diagnostic,
        final_recipient: failed.final_recipient,
        message_id: returned.and_then(proof::message_id),
    })
}

/// What a multipart/report reports on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// RFC 3464.
    Status,
    /// RFC 5965.
    Feedback,
    /// RFC 8098: whether somebody has read it.
    Disposition,
}

impl Format {
    /// By what the message says of itself, or by the parts that it has: some
    /// forget to say it.
    fn of(message: &Part<'_>, parts: &[Part<'_>]) -> Option<Format> {
        let said = match message.content.report_type.as_deref() {
            Some("delivery-status") => Some(Format::Status),
            Some("feedback-report") => Some(Format::Feedback),
            Some("disposition-notification") => Some(Format::Disposition),
            _ => None,
        };
        let all = [Format::Status, Format::Feedback, Format::Disposition];
        let mut all = all.into_iter();
        said.or_else(|| all.find(|kind| parts.iter().any(|part| kind.is_part(part))))
    }

    fn is_part(self, part: &Part<'_>) -> bool {
        match self {
            Format::Status => {
                part.is("message", "delivery-status")
                    // RFC 6533: the same with addresses that are not ASCII.
                    || part.is("message", "global-delivery-status")
            }
            Format::Feedback => part.is("message", "feedback-report"),
            Format::Disposition => {
                part.is("message", "disposition-notification")
                    || part.is("message", "global-disposition-notification")
            }
        }
    }
}

/// The report in a message with its parts, in itself or in what is wrapped
/// around it; and whether something lay too deep to be looked at. A report
/// within a message that somebody passes on is not ours to act upon.
fn find_report<'a>(message: &Part<'a>) -> (Option<(Format, Vec<Part<'a>>)>, bool) {
    let mut parts = message.parts();
    if let Some(kind) = Format::of(message, &parts) {
        return (Some((kind, parts)), false);
    }
    for _ in 1..DEEPEST {
        let mut deeper = Vec::new();
        for part in parts.iter().filter(|part| part.content.main == "multipart") {
            let inner = part.parts();
            if let Some(kind) = Format::of(part, &inner) {
                return (Some((kind, inner)), false);
            }
            deeper.extend(inner);
        }
        if deeper.is_empty() {
            return (None, false);
        }
        parts = deeper;
    }
    (None, true)
}

/// The first text of a message.
fn first_text(message: &Part<'_>) -> Vec<u8> {
    match message.is("text", "plain") {
        true => message.body().into_owned(),
        false => first_plain(&message.parts()),
    }
}

fn first_plain(parts: &[Part<'_>]) -> Vec<u8> {
    let mut plain = parts.iter().filter(|part| part.is("text", "plain"));
    plain
        .next()
        .map(|part| part.body().into_owned())
        .unwrap_or_default()
}
