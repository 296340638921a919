//! Numbers for people, and how many would get an issue, counted aside: a list of a
//! million takes longer than a page may.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::desk::app::{App, Asked};
use crate::desk::{Trouble, answer};
use crate::render::Labels;

/// For how long a count is good enough to be shown.
const FRESH: TimeDelta = TimeDelta::seconds(20);
/// How long a count may take before the answer comes without it.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many would get an issue, or why nobody.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    at: DateTime<Utc>,
    words: String,
    excluded: u64,
    recipients: u64,
}

impl App {
    /// How many would get an issue, for the bar at the foot.
    pub(super) async fn count(self: &Arc<Self>, asked: Asked) -> Response<Body> {
        let now = (self.clock)();
        let known = {
            let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
            counted.get(&asked.rest).cloned()
        };
        let fresh = known.filter(|one| now - one.at < FRESH);
        let counted = match fresh {
            Some(counted) => counted,
            None => {
                let path = asked.rest.clone();
                let count = self.work(move |app| app.recount(&path));
                match tokio::time::timeout(PATIENCE, count).await {
                    Ok(Ok(counted)) => counted,
                    Ok(Err(trouble)) => Counted {
                        at: now,
                        words: trouble.what,
                        excluded: 0,
                        recipients: 0,
                    },
                    Err(_) => return answer::json(&json!({ "words": "counting…" })),
                }
            }
        };
        answer::json(&json!({
            "words": counted.words,
            "recipients": counted.recipients,
            "excluded": counted.excluded,
        }))
    }

    fn recount(&self, path: &str) -> Result<Counted, Trouble> {
        let outlook = self.room.survey(path)?;
        let counted = match outlook {
            Some(outlook) => Counted::of(&outlook, (self.clock)()),
            None => Counted {
                at: (self.clock)(),
                words: "no list yet".to_owned(),
                excluded: 0,
                recipients: 0,
            },
        };
        let mut all = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(path.to_owned(), counted.clone());
        Ok(counted)
    }
}

impl Counted {
    fn of(planned: &crate::mailing::Planned, at: DateTime<Utc>) -> Counted {
        let excluded = planned.excluded.iter().map(|(_, count)| count).sum();
        let recipients = planned.recipients;
        let mut words = match recipients {
            1 => "1 recipient".to_owned(),
            _ => format!("{} recipients", grouped(recipients)),
        };
        if excluded > 0 {
            words += &format!(" · {} excluded", grouped(excluded));
        }
        Counted {
            at,
            words,
            excluded,
            recipients,
        }
    }
}

/// `1,204`.
pub(super) fn grouped(number: u64) -> String {
    Labels::thousands("en", number)
}

/// `50.3`, of octets in thousands.
pub(super) fn kilobytes(octets: usize) -> String {
    let tenths = octets.div_ceil(100);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// `1 error`, `2 errors`.
pub(super) fn several(count: usize, name: &str) -> String {
    match count {
        1 => format!("1 {name}"),
        _ => format!("{} {name}s", grouped(count as u64)),
    }
}

/// The share of a whole in thousandths of a bar, so that something is seen of
/// anything.
pub(super) fn share(part: usize, whole: usize) -> usize {
    match (part, whole) {
        (0, _) | (_, 0) => 0,
        _ => (part * 1000 / whole).clamp(8, 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_say_them() {
        assert_eq!(several(1, "error"), "1 error");
        assert_eq!(several(1204, "note"), "1,204 notes");
        assert_eq!(kilobytes(50_251), "50.3");
        assert_eq!(share(1, 1_000_000), 8);
        assert_eq!(share(51, 102), 500);
        assert_eq!(share(3, 2), 1000);
    }
}
