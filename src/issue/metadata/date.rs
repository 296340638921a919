//! Dates as people write them, in front matter, titles, file names, folders.

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::LazyLock;

use chrono::{FixedOffset, NaiveDate, NaiveTime};
use regex::{Captures, Regex};

use crate::issue::{IssueDate, Origin, Precision};

/// A date found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its bytes.
    pub(crate) range: Range<usize>,
    /// The day, or the first one of the month.
    pub(crate) date: NaiveDate,
    /// Day or month.
    pub(crate) precision: Precision,
    /// `4` for the fourth: a month or day of one digit after a year, as file
    /// names should not have it.
    pub(crate) is_unpadded: bool,
}

/// The whole of a text as a date, with a time and offset if they are there: the
/// value of a key. `None` when it is anything else.
pub(crate) fn whole(text: &str) -> Option<IssueDate> {
    let text = text.trim();
    let day = if text.starts_with(|first: char| first.is_alphabetic()) {
        WEEKDAY.find(text).map_or(text, |day| &text[day.end()..])
    } else {
        text
    };
    let found = find(day)
        .into_iter()
        .find(|found| found.range.start == 0)
        .or_else(|| find_loose_month(day))?;
    let (time, offset) = match day[found.range.end..].trim() {
        "" => (None, None),
        _ if found.precision == Precision::Month => return None,
        rest => time_and_offset(rest)?,
    };
    Some(IssueDate {
        date: found.date,
        time,
        offset,
        precision: match time {
            Some(_) => Precision::Time,
            None => found.precision,
        },
        from: Origin::FrontMatter,
    })
}

/// The dates of a text, days and months, in the order of their forms; none
/// overlaps another.
pub(crate) fn find(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    // Every form has a year.
    if !has_digits(text, 4) {
        return found;
    }
    // Files and front matter mostly begin with one and have no other.
    if let Some(first) = leading(text)
        && !has_digits(&text[first.range.end..], 4)
    {
        return vec![first];
    }
    for form in FORMS.iter().filter(|form| (form.may_be_in)(text)) {
        // The digits of a date are of no other one.
        let is_free = |at: usize| !found.iter().any(|other| other.range.contains(&at));
        let mut digits = text.bytes().enumerate();
        if !digits.any(|(at, byte)| byte.is_ascii_digit() && is_free(at)) {
            break;
        }
        for captures in form.pattern.captures_iter(text) {
            let Some(date) = (form.read)(text, &captures) else {
                continue;
            };
            let free = |other: &Found| {
                other.range.end <= date.range.start || date.range.end <= other.range.start
            };
            if found.iter().all(free) {
                found.push(date);
            }
        }
    }
    found
}

/// A date such as `2026-03-31` with which a text begins.
fn leading(text: &str) -> Option<Found> {
    let bytes: &[u8; 10] = text.as_bytes().first_chunk()?;
    let is_form = bytes.iter().enumerate().all(|(at, byte)| match at {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let is_cut = text.as_bytes().get(10).is_some_and(u8::is_ascii_digit);
    let year: i32 = text.get(..4)?.parse().ok()?;
    if !is_form || is_cut || !(1900..=2199).contains(&year) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(year, text[5..7].parse().ok()?, text[8..10].parse().ok()?)?;
    Some(Found {
        range: 0..10,
        date,
        precision: Precision::Day,
        is_unpadded: false,
    })
}

/// Whether a text has so many digits one after another.
fn has_digits(text: &str, count: usize) -> bool {
    let others = text.split(|character: char| !character.is_ascii_digit());
    others.into_iter().any(|digits| digits.len() >= count)
}

/// A year and month that are the whole name of a file or folder: `2023-2`.
pub(crate) fn whole_month(name: &str) -> Option<Found> {
    find_loose_month(name).filter(|found| found.range == (0..name.len()))
}

fn find_loose_month(text: &str) -> Option<Found> {
    let captures = LOOSE_MONTH.captures(text)?;
    numeric(text, &captures)
}

struct Form {
    pattern: LazyLock<Regex>,
    /// A cheap look at a text.
    may_be_in: fn(&str) -> bool,
    read: fn(&str, &Captures) -> Option<Found>,
}

const MONTHS: &str = "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|\
                      aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";

/// Each is compiled when a text first comes to it that may have it.
static FORMS: [Form; 7] = [
    // 2023-06-10, also with / . _
    Form {
        pattern: LazyLock::new(|| pattern(r"([0-9]{4})[-/._]([0-9]{1,2})[-/._]([0-9]{1,2})")),
        may_be_in: |_| true,
        read: numeric,
    },
    // 2023年6月10日, 2023년 6월 10일
    Form {
        pattern: LazyLock::new(|| {
            pattern(r"([0-9]{4})\s?[年년]\s?([0-9]{1,2})\s?[月월](?:\s?([0-9]{1,2})\s?[日号號일])?")
        }),
        may_be_in: |text| text.contains(['年', '년']),
        read: numeric,
    },
    // June 19, 2022
    Form {
        pattern: LazyLock::new(|| {
            pattern(&format!(
                r"(?i){MONTHS}\.?\s+([0-9]{{1,2}})(?:st|nd|rd|th)?,?\s+([0-9]{{4}})"
            ))
        }),
        may_be_in: has_month,
        read: month_day_year,
    },
    // 19 June 2022
    Form {
        pattern: LazyLock::new(|| {
            pattern(&format!(
                r"(?i)([0-9]{{1,2}})(?:st|nd|rd|th|\.)?[\s-]+(?:of\s+)?{MONTHS}\.?,?[\s-]+([0-9]{{4}})"
            ))
        }),
        may_be_in: has_month,
        read: day_month_year,
    },
    // June 2022
    Form {
        pattern: LazyLock::new(|| pattern(&format!(r"(?i){MONTHS}\.?,?\s+([0-9]{{4}})"))),
        may_be_in: has_month,
        read: month_year,
    },
    // 20230610
    Form {
        pattern: LazyLock::new(|| pattern(r"(20[0-9]{2})([0-9]{2})([0-9]{2})")),
        may_be_in: |text| has_digits(text, 8),
        read: numeric,
    },
    // 2023-06
    Form {
        pattern: LazyLock::new(|| pattern(r"([0-9]{4})[-/]([0-9]{2})")),
        may_be_in: |_| true,
        read: numeric,
    },
];

/// The beginnings of the English names of months.
const SHORT_MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Whether a text may have the name of a month.
fn has_month(text: &str) -> bool {
    let mut starts = text.as_bytes().windows(3);
    starts.any(|start| {
        SHORT_MONTHS
            .iter()
            .any(|month| start.eq_ignore_ascii_case(month.as_bytes()))
    })
}

static LOOSE_MONTH: LazyLock<Regex> = LazyLock::new(|| pattern(r"^([0-9]{4})[-/._]([0-9]{1,2})$"));

static MONTH_NAME: LazyLock<Regex> = LazyLock::new(|| pattern(&format!(r"(?i)^{MONTHS}\.?$")));

static WEEKDAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)^(?:mon|tues?|wed(?:nes)?|thur?s?|fri|sat(?:ur)?|sun)(?:day)?[.,]?\s+")
});

static TIME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix)^ ,? [T\s]* ([0-9]{1,2}) : ([0-9]{2}) (?: : ([0-9]{2}) (?: [.,][0-9]+ )? )? \s* ([ap]m)? \s*
          ( Z | (?:UTC|GMT)? \s* [+-][0-9]{2}:?(?:[0-9]{2})? | UTC | GMT )? (?: \s* \([^()]*\) )? $",
    )
});

/// Compiles a pattern of this module; all of them are valid, which the tests of
/// each show.
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern that is written here is valid")
}

fn numeric(text: &str, captures: &Captures) -> Option<Found> {
    let day = captures.get(3).map(|day| day.as_str());
    let (year, month) = (&captures[1], &captures[2]);
    let is_month = day.is_none();
    let mut found = build(
        text,
        captures,
        year,
        month.parse().ok()?,
        day.unwrap_or("1"),
    )?;
    if is_month {
        found.precision = Precision::Month;
        // A part of something longer, such as an address or a version.
        let before = text[..found.range.start].chars().next_back();
        let after = text[found.range.end..].chars().next();
        let joins = |side: Option<char>| matches!(side, Some('-' | '/' | '.' | '_'));
        if joins(before) || matches!(after, Some('/' | '_')) || joins_digit(text, found.range.end) {
            return None;
        }
    }
    // 2024.1.3 is a version.
    if text[found.range.clone()].contains('.') && found.range.len() < 10 {
        return None;
    }
    found.is_unpadded = month.len() == 1 || day.is_some_and(|day| day.len() == 1);
    Some(found)
}

fn month_day_year(text: &str, captures: &Captures) -> Option<Found> {
    build(
        text,
        captures,
        &captures[3],
        month(&captures[1])?,
        &captures[2],
    )
}

fn day_month_year(text: &str, captures: &Captures) -> Option<Found> {
    build(
        text,
        captures,
        &captures[3],
        month(&captures[2])?,
        &captures[1],
    )
}

fn month_year(text: &str, captures: &Captures) -> Option<Found> {
    let found = build(text, captures, &captures[2], month(&captures[1])?, "1")?;
    Some(Found {
        precision: Precision::Month,
        ..found
    })
}

/// A date that exists and is no part of a longer word or number.
fn build(text: &str, captures: &Captures, year: &str, month: u32, day: &str) -> Option<Found> {
    let range = captures.get(0)?.range();
    let before = text[..range.start].chars().next_back();
    let after = text[range.end..].chars().next();
    let starts_word = text[range.clone()].starts_with(|first: char| first.is_alphabetic());
    let is_cut = before.is_some_and(|character| {
        character.is_ascii_digit() || (starts_word && character.is_ascii_alphabetic())
    }) || after.is_some_and(|character| character.is_ascii_digit());
    let year: i32 = year.parse().ok()?;
    if is_cut || !(1900..=2199).contains(&year) {
        return None;
    }
    Some(Found {
        range,
        date: NaiveDate::from_ymd_opt(year, month, day.parse().ok()?)?,
        precision: Precision::Day,
        is_unpadded: false,
    })
}

fn joins_digit(text: &str, end: usize) -> bool {
    let mut rest = text[end..].chars();
    matches!(rest.next(), Some('-' | '.'))
        && rest
            .next()
            .is_some_and(|character| character.is_ascii_digit())
}

/// Whether a word is the English name of a month, short or long.
pub(crate) fn is_month_name(word: &str) -> bool {
    MONTH_NAME.is_match(word)
}

fn month(name: &str) -> Option<u32> {
    let name = name.get(..3)?.to_ascii_lowercase();
    let index = SHORT_MONTHS.iter().position(|short| *short == name)?;
    u32::try_from(index + 1).ok()
}

type TimeAndOffset = (Option<NaiveTime>, Option<FixedOffset>);

fn time_and_offset(text: &str) -> Option<TimeAndOffset> {
    let captures = TIME.captures(text)?;
    let number = |index: usize| {
        captures
            .get(index)
            .map_or(Ok(0), |part| part.as_str().parse())
    };
    let (mut hour, minute, second): (u32, u32, u32) =
        (number(1).ok()?, number(2).ok()?, number(3).ok()?);
    if let Some(half) = captures.get(4) {
        if !(1..=12).contains(&hour) {
            return None;
        }
        let is_afternoon = half.as_str().eq_ignore_ascii_case("pm");
        hour = hour % 12 + if is_afternoon { 12 } else { 0 };
    }
    let time = NaiveTime::from_hms_opt(hour, minute, second.min(59))?;
    let offset = match captures.get(5) {
        None => None,
        Some(zone) => Some(offset(zone.as_str())?),
    };
    Some((Some(time), offset))
}

/// `Z`, `UTC`, `+0800`, `+08:00`, `+08`, `GMT+0800`.
fn offset(zone: &str) -> Option<FixedOffset> {
    let upper = zone.to_ascii_uppercase();
    let zone = upper
        .trim_start_matches(['U', 'T', 'C', 'G', 'M', 'Z'])
        .trim();
    let (sign, digits) = match zone.split_at_checked(1) {
        Some(("-", digits)) => (-1, digits),
        Some((_, digits)) => (1, digits),
        None => return FixedOffset::east_opt(0),
    };
    let digits = digits.replace(':', "");
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = match digits.get(2..) {
        Some("") | None => 0,
        Some(minutes) => minutes.parse().ok()?,
    };
    FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))
}
