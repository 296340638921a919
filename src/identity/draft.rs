use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::issue::Summary;

/// Whether an issue may appear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publication {
    /// It may.
    Published,
    /// It is a draft until the editor says otherwise.
    Draft(DraftReason),
}

/// What makes an issue a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftReason {
    /// Its front matter says so.
    Marked,
    /// It lies in the folder of drafts.
    Folder,
    /// Nothing but its date, this moment, which has not come.
    Date(DateTime<Utc>),
}

impl Publication {
    /// Whether it is a draft for whatever reason.
    pub fn is_draft(self) -> bool {
        self != Publication::Published
    }

    /// The moment from which on it is none, if its date alone makes it a draft.
    pub fn due(self) -> Option<DateTime<Utc>> {
        match self {
            Publication::Draft(DraftReason::Date(at)) => Some(at),
            Publication::Draft(_) | Publication::Published => None,
        }
    }
}

/// Whether an issue is a draft: marked in its front matter, under one of the
/// folders of `drafts` (a name means a folder anywhere, a path with `/` one
/// relative to the newsletter's folder), or dated later than `now`.
pub fn publication(
    summary: &Summary,
    drafts: &[String],
    now: DateTime<Utc>,
    zone: Tz,
) -> Publication {
    let inside = |folder: &String| {
        let folder = folder.trim_start_matches("./").trim_end_matches('/');
        if !folder.contains('/') {
            let above = summary.path.rsplit_once('/').map_or("", |(above, _)| above);
            return above
                .split('/')
                .any(|part| part == folder && !part.is_empty());
        }
        let rest = summary.path.strip_prefix(folder);
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    if summary.draft {
        return Publication::Draft(DraftReason::Marked);
    }
    if drafts.iter().any(inside) {
        return Publication::Draft(DraftReason::Folder);
    }
    let moment = summary.date.map(|date| date.moment(zone));
    match moment.filter(|moment| *moment > now) {
        Some(moment) => Publication::Draft(DraftReason::Date(moment)),
        None => Publication::Published,
    }
}
