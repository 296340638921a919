//! The date of an issue out of its several sources, and whether they agree.

use crate::diagnostic::{Diagnostic, Span};
use crate::issue::metadata::date::{self, Found};
use crate::issue::metadata::place::Place;
use crate::issue::metadata::title_head;
use crate::issue::{Field, IssueDate, Origin, Precision, Settings, Title, Value};

/// A date with the place that says it.
struct Said {
    date: IssueDate,
    span: Option<Span>,
}

/// The date of an issue. `date_from` orders the sources; a day goes before a
/// month, which often names what an issue is about rather than when it came, but
/// the front matter's word goes before all.
pub(crate) fn of(
    settings: &Settings,
    field: Option<&Field>,
    title: Option<&Title>,
    place: &Place,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<IssueDate> {
    let given = field.and_then(|field| of_field(field, diagnostics));
    let said: Vec<Said> = settings
        .date_from
        .iter()
        .filter_map(|source| match source.as_str() {
            "front_matter" => Some(Said {
                date: given?,
                span: field.map(|field| field.span),
            }),
            "title" => {
                let found = best(date::find(title_head(title?)))?;
                Some(Said {
                    date: from(&found, Origin::Title),
                    span: title?.span,
                })
            }
            "file_name" if !place.is_index => Some(Said {
                date: from(&of_name(place.stem)?, Origin::FileName),
                span: None,
            }),
            "folder" => Some(Said {
                date: from(&of_folders(&place.folders)?, Origin::Folder),
                span: None,
            }),
            _ => None,
        })
        .collect();
    let is_exact = |said: &&Said| {
        said.date.from == Origin::FrontMatter || said.date.precision != Precision::Month
    };
    let chosen = said.iter().find(is_exact).or(said.first())?;
    for other in &said {
        if !agree(&chosen.date, &other.date, settings.date_tolerance_days) {
            diagnostics.push(mismatch(chosen, other));
            break;
        }
    }
    Some(chosen.date)
}

/// Notes a file name whose date does not sort: `2020-11-4-…`.
pub(crate) fn check_file_name(place: &Place, diagnostics: &mut Vec<Diagnostic>) {
    let Some(found) = of_name(place.stem).filter(|found| found.is_unpadded) else {
        return;
    };
    let right = match found.precision {
        Precision::Month => found.date.format("%Y-%m").to_string(),
        Precision::Day | Precision::Time => found.date.to_string(),
    };
    let message = format!(
        "the date in the file's name is `{}`, so files do not sort by date",
        &place.stem[found.range]
    );
    diagnostics
        .push(Diagnostic::note("file-name-date", message).help(format!("write it as `{right}`")));
}

fn of_field(field: &Field, diagnostics: &mut Vec<Diagnostic>) -> Option<IssueDate> {
    let date = match &field.value {
        Value::Null => return None,
        Value::Text(text) if text.trim().is_empty() => return None,
        Value::Text(text) => date::whole(text),
        Value::Integer(number) => date::whole(&number.to_string()),
        Value::Float(_) | Value::Bool(_) | Value::List(_) | Value::Table(_) => None,
    };
    if date.is_none() {
        diagnostics.push(
            Diagnostic::error("invalid-date", "this is no date")
                .at(field.span)
                .label("not understood")
                .help("write it as `2026-03-31` or `2026-03-31 18:30 +0200`"),
        );
    }
    date
}

fn of_name(stem: &str) -> Option<Found> {
    best(date::find(stem)).or_else(|| date::whole_month(stem))
}

/// A dated folder, or `2023/02/` and `2023/02/10/`.
fn of_folders(folders: &[&str]) -> Option<Found> {
    let dated = folders.iter().find_map(|folder| of_name(folder));
    dated.or_else(|| {
        let nested = |count: usize| {
            let mut parts: Vec<&str> = folders.get(..count)?.to_vec();
            parts.reverse();
            let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
            if !parts.iter().all(is_number) {
                return None;
            }
            of_name(&parts.join("-"))
        };
        nested(3).or_else(|| nested(2))
    })
}

/// The first day, else the first month.
fn best(mut found: Vec<Found>) -> Option<Found> {
    found.sort_by_key(|found| (found.precision == Precision::Month, found.range.start));
    found.into_iter().next()
}

fn from(found: &Found, origin: Origin) -> IssueDate {
    IssueDate {
        date: found.date,
        time: None,
        offset: None,
        precision: found.precision,
        from: origin,
    }
}

/// A month and a day are not compared: an issue about a month often comes in
/// the next one.
fn agree(first: &IssueDate, second: &IssueDate, tolerance: u32) -> bool {
    let is_month = |date: &IssueDate| date.precision == Precision::Month;
    match (is_month(first), is_month(second)) {
        (true, true) => first.date == second.date,
        (false, false) => {
            (first.date - second.date).num_days().unsigned_abs() <= u64::from(tolerance)
        }
        _ => true,
    }
}

fn mismatch(chosen: &Said, other: &Said) -> Diagnostic {
    let place = |origin: Origin| match origin {
        Origin::FrontMatter => "the front matter",
        Origin::Title | Origin::Heading => "the title",
        Origin::FileName => "the file's name",
        Origin::Folder => "the folder's name",
        Origin::Settings => "the settings",
    };
    let message = format!(
        "{} says {}, but {} says {}",
        place(chosen.date.from),
        chosen.date.date,
        place(other.date.from),
        other.date.date
    );
    let mut diagnostic = Diagnostic::warning("date-mismatch", message)
        .help("make them agree, or allow it by `issues.date_tolerance_days`");
    if let Some(span) = chosen.span.or(other.span) {
        let date = if chosen.span.is_some() { chosen } else { other };
        diagnostic = diagnostic
            .at(span)
            .label(format!("says {}", date.date.date));
    }
    diagnostic
}
