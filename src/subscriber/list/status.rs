use crate::subscriber::list::format::Format;
use crate::subscriber::suppression::Reason;

/// What a list says about whether somebody may be mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing.
    Unsaid,
    /// They asked for it, and nothing speaks against it.
    Confirmed,
    /// They have not confirmed yet.
    Pending,
    /// A word that nobody told us of.
    Unknown,
    /// They left, or may not be mailed.
    Out(Reason),
}

impl Standing {
    /// Of two things that one line says, the one that counts.
    pub(super) fn and(self, other: Standing) -> Standing {
        if other.weight() > self.weight() {
            other
        } else {
            self
        }
    }

    pub(super) fn weight(self) -> u8 {
        match self {
            Standing::Unsaid => 0,
            Standing::Confirmed => 1,
            Standing::Pending => 2,
            Standing::Unknown => 3,
            Standing::Out(Reason::Unsubscribed) => 4,
            Standing::Out(Reason::HardBounce) => 5,
            Standing::Out(Reason::Erased) => 6,
            Standing::Out(Reason::Manual) => 7,
            Standing::Out(Reason::Complaint) => 8,
        }
    }
}

/// What a word in a status column means. That somebody is mailed is believed
/// of each platform's own words alone, that they are not of everybody's.
pub(super) fn status(format: Format, word: &str) -> Standing {
    let word = word.trim().to_lowercase().replace([' ', '-'], "_");
    if good(format).contains(&word.as_str()) {
        return Standing::Confirmed;
    }
    let out = |words: &[&str], reason| words.contains(&word.as_str()).then_some(reason);
    let reason = out(LEFT, Reason::Unsubscribed)
        .or_else(|| out(BOUNCED, Reason::HardBounce))
        .or_else(|| out(COMPLAINED, Reason::Complaint))
        .or_else(|| out(BLOCKED, Reason::Manual))
        .or_else(|| (word == "erased").then_some(Reason::Erased));
    match reason {
        Some(reason) => Standing::Out(reason),
        None if word.is_empty() => Standing::Unsaid,
        None if format == Format::Listmonk && word == "enabled" => Standing::Unsaid,
        None if WAITING.contains(&word.as_str()) => Standing::Pending,
        None => Standing::Unknown,
    }
}

/// What a platform calls those to whom it sends. listmonk's `enabled` is not
/// among them: it stays so when somebody leaves the list.
fn good(format: Format) -> &'static [&'static str] {
    match format {
        Format::Letterpress => &["confirmed"],
        Format::Mailchimp => &["subscribed"],
        Format::Beehiiv | Format::Keila => &["active"],
        Format::Buttondown => &["regular", "premium", "gifted", "trialed", "churning"],
        Format::Listmonk => &["confirmed"],
        Format::Plain => &["confirmed", "subscribed", "active"],
        Format::Substack | Format::Ghost | Format::Curated => &[],
    }
}

const LEFT: &[&str] = &[
    "unsubscribed",
    "unsubscribe",
    "left",
    "inactive",
    "opted_out",
    "optedout",
    "opt_out",
    "removed",
    "deleted",
    "cancelled",
    "canceled",
    "archived",
];
const BOUNCED: &[&str] = &[
    "cleaned",
    "bounced",
    "bounce",
    "hard_bounce",
    "hardbounce",
    "invalid",
    "undeliverable",
    "unreachable",
];
const COMPLAINED: &[&str] = &[
    "complained",
    "complaint",
    "spam",
    "spam_complaint",
    "reported_as_spam",
];
const BLOCKED: &[&str] = &[
    "disabled",
    "blocklisted",
    "blacklisted",
    "blocked",
    "banned",
    "spammy",
    "suppressed",
    "suspended",
];
const WAITING: &[&str] = &[
    "pending",
    "unconfirmed",
    "unactivated",
    "unverified",
    "validating",
    "nonsubscribed",
    "transactional",
];

/// What the name of a Mailchimp file says of all who are in it.
pub(super) fn of_file_name(name: &str) -> Standing {
    let name = name.to_lowercase();
    let mut words = name.split(|character: char| !character.is_alphanumeric());
    let known = |word: &str| match word {
        "subscribed" | "nonsubscribed" | "unsubscribed" | "cleaned" | "transactional" => {
            Some(status(Format::Mailchimp, word))
        }
        _ => None,
    };
    words.find_map(known).unwrap_or(Standing::Unsaid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_platforms_own_words_make_somebody_mailable() {
        let cases = [
            (Format::Beehiiv, "Active", Standing::Confirmed),
            (Format::Beehiiv, "validating", Standing::Pending),
            (Format::Beehiiv, "needs_attention", Standing::Unknown),
            (Format::Beehiiv, "confirmed", Standing::Unknown),
            (Format::Buttondown, "regular", Standing::Confirmed),
            (Format::Buttondown, "active", Standing::Unknown),
            (Format::Buttondown, "past_due", Standing::Unknown),
            (Format::Listmonk, "enabled", Standing::Unsaid),
            (Format::Listmonk, "disabled", Standing::Out(Reason::Manual)),
            (Format::Keila, "active", Standing::Confirmed),
            (
                Format::Keila,
                "unreachable",
                Standing::Out(Reason::HardBounce),
            ),
            (
                Format::Plain,
                "Opted-out",
                Standing::Out(Reason::Unsubscribed),
            ),
            (Format::Plain, "enabled", Standing::Unknown),
            (Format::Plain, "", Standing::Unsaid),
        ];
        for (format, word, expected) in cases {
            assert_eq!(status(format, word), expected, "{format:?} {word}");
        }
    }

    #[test]
    fn the_name_of_a_mailchimp_file_is_read_by_whole_words() {
        let cases = [
            ("subscribed_members_export_ab12.csv", Standing::Confirmed),
            (
                "unsubscribed_members_export_ab12.csv",
                Standing::Out(Reason::Unsubscribed),
            ),
            (
                "cleaned_email_audience_export.csv",
                Standing::Out(Reason::HardBounce),
            ),
            ("nonsubscribed_members.csv", Standing::Pending),
            ("my subscribers.csv", Standing::Unsaid),
        ];
        for (name, expected) in cases {
            assert_eq!(of_file_name(name), expected, "{name}");
        }
    }
}
