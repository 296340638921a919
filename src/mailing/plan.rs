use crate::subscriber::Reason;

/// Why a subscriber is not among the recipients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exclusion {
    /// Has not confirmed yet.
    Pending,
    /// Has left.
    Unsubscribed,
    /// The address is suppressed.
    Suppressed(Reason),
    /// All of the domain is suppressed.
    DomainSuppressed,
    /// They want no mail for a while.
    Paused,
    /// FILTER leaves them out.
    Filtered,
    /// Is in this mailing already.
    AlreadyIn,
}

impl Exclusion {
    /// Its words, for people.
    pub fn words(self) -> &'static str {
        match self {
            Exclusion::Pending => "not confirmed",
            Exclusion::Unsubscribed => "unsubscribed",
            Exclusion::Suppressed(Reason::Unsubscribed) => "suppressed: unsubscribed",
            Exclusion::Suppressed(Reason::Erased) => "suppressed: erased",
            Exclusion::Suppressed(Reason::HardBounce) => "suppressed: hard-bounce",
            Exclusion::Suppressed(Reason::Complaint) => "suppressed: complaint",
            Exclusion::Suppressed(Reason::Manual) => "suppressed: manual",
            Exclusion::DomainSuppressed => "suppressed: domain",
            Exclusion::Paused => "paused for a while",
            Exclusion::Filtered => "not chosen by the filter",
            Exclusion::AlreadyIn => "in this mailing already",
        }
    }
}

/// Who gets a mailing, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Planned {
    /// How many get it.
    pub recipients: u64,
    /// How many do not, by reason.
    pub excluded: Vec<(Exclusion, u64)>,
}
