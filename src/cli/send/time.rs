//! `--at TIME`: when a mailing begins.

use chrono::{DateTime, Days, LocalResult, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use crate::cli::error::CommandError;

/// Understands a date with a time, or a time alone, which is its next coming;
/// without a zone it is the newsletter's.
pub(crate) fn parse(
    text: &str,
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, CommandError> {
    let text = text.trim();
    for format in [
        "%Y-%m-%dT%H:%M:%S%#z",
        "%Y-%m-%dT%H:%M%#z",
        "%Y-%m-%d %H:%M%#z",
    ] {
        if let Ok(at) = DateTime::parse_from_str(text, format) {
            return Ok(at.to_utc());
        }
    }
    for format in ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"] {
        if let Ok(local) = NaiveDateTime::parse_from_str(text, format) {
            return in_zone(local, zone);
        }
    }
    let time = NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| {
        CommandError::usage(format!("--at {text} is no time")).hint(
            "write 2026-03-06T08:00, 08:00 for the next time it is that late, \
             or a zone with it: 2026-03-06T08:00+01:00",
        )
    })?;
    let today = now.with_timezone(&zone).date_naive();
    let mut at = in_zone(today.and_time(time), zone)?;
    if at <= now {
        let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
        at = in_zone(tomorrow.and_time(time), zone)?;
    }
    Ok(at)
}

/// For people, in the newsletter's zone.
pub(crate) fn words(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone)
        .format("%Y-%m-%d %H:%M %Z")
        .to_string()
}

fn in_zone(local: NaiveDateTime, zone: Tz) -> Result<DateTime<Utc>, CommandError> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Ok(at.to_utc()),
        LocalResult::None => Err(CommandError::usage(format!(
            "{local} does not exist in {zone}: clocks are put forward over it"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<String> {
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        let at = parse(text, chrono_tz::Europe::Lisbon, now).ok()?;
        Some(at.format("%Y-%m-%dT%H:%M").to_string())
    }

    #[test]
    fn times_are_read_in_the_newsletters_zone_or_their_own() {
        let cases = [
            ("2026-03-06T08:00", Some("2026-03-06T08:00")),
            ("2026-07-06 08:00", Some("2026-07-06T07:00")),
            ("2026-03-06T08:00+01:00", Some("2026-03-06T07:00")),
            ("2026-03-06T08:00:30Z", Some("2026-03-06T08:00")),
            ("13:00", Some("2026-03-01T13:00")),
            ("11:00", Some("2026-03-02T11:00")),
            ("2026-03-29T01:30", None),
            ("soon", None),
            ("2026-03-06", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(at(text).as_deref(), expected, "{text}");
        }
    }
}
