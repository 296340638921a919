//! Feedback reports (RFC 5965).

use crate::bounce::head::Head;
use crate::bounce::proof;
use crate::bounce::report::{Kind, Report, Who};
use crate::subscriber::{Keys, Purpose};

/// What a feedback report says; `addressee` is who the address means that it
/// came to, `returned` the message that it is about.
pub(crate) fn read(
    body: &[u8],
    addressee: Option<Who>,
    returned: Option<Who>,
    keys: &Keys,
) -> Report {
    let fields = Head::read(body)
        .map(|(fields, _)| fields)
        .unwrap_or_default();
    let kind = fields
        .first("feedback-type")
        .unwrap_or_default()
        .to_ascii_lowercase();
    // RFC 6430: moved out of the spam folder. RFC 6591: about signatures. A type
    // that nobody knows counts as `other` (RFC 5965 §3.5), a complaint.
    if matches!(kind.as_str(), "not-spam" | "auth-failure" | "dmarc" | "") {
        return Report::Notice;
    }
    let named = || {
        let mut senders = fields.all("original-mail-from");
        let tag = senders.find_map(|value| proof::in_address(value, Purpose::Bounce, keys));
        tag.map(Who::Tag)
    };
    match addressee.or_else(named).or(returned) {
        Some(who) => Report::Complaint { who },
        None => Report::Unproven(Kind::Complaint),
    }
}
