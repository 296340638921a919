//! The list of issues, and the newsletter over time.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use crate::desk::app::{App, Asked, encoded};
use crate::desk::bars::{grouped, several};
use crate::desk::marks::Mark;
use crate::desk::plot::{Plot, Series, plot};
use crate::desk::{Row, Standing, Trouble};
use crate::issue::Precision;
use crate::render::Labels;

/// Issues on one page.
const PAGE: usize = 100;
/// Sections that have a line of their own.
const LINES: usize = 3;
/// Sections of an issue that its row names.
const NAMED: usize = 5;

/// A row as the page has it.
#[derive(Debug, Serialize)]
struct Shown {
    /// None where a kept page has nowhere to lead to.
    href: Option<String>,
    number: String,
    date: String,
    title: String,
    language: String,
    standing: &'static str,
    tone: &'static str,
    items: String,
    sections: String,
    words: String,
    errors: usize,
    warnings: usize,
    notes: usize,
}

#[derive(Serialize)]
struct Page {
    rows: Vec<Shown>,
    total: String,
    search: String,
    searched: bool,
    newer: Option<String>,
    older: Option<String>,
    plots: Vec<Plot>,
    table: Vec<Year>,
    names: Vec<String>,
    marks: Vec<Mark>,
    empty: bool,
    static_page: bool,
}

/// A year of the table beside the plot.
#[derive(Debug, Serialize)]
struct Year {
    year: String,
    issues: usize,
    items: Vec<usize>,
    words: String,
}

impl App {
    /// `/`: all issues.
    pub(super) async fn issues(self: &Arc<Self>, asked: Asked) -> Response<Body> {
        let search = asked.get("q").unwrap_or_default().to_owned();
        let number = asked.get("page").and_then(|page| page.parse().ok());
        let number: usize = number.unwrap_or(1).max(1);
        let made = self
            .work(move |app| app.issues_html(&search, number, None))
            .await;
        match made {
            Ok(body) => self.page(StatusCode::OK, &asked.session, "issues", "Issues", body),
            Err(trouble) => {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                self.trouble(status, &asked.session, "issues", &trouble)
            }
        }
    }

    /// The list as a part of a page; with `kept` as a page to be kept, beside the
    /// pages of these issues.
    pub(super) fn issues_html(
        &self,
        search: &str,
        number: usize,
        kept: Option<&[String]>,
    ) -> Result<String, Trouble> {
        let rows = self.room.rows()?;
        let found: Vec<&Row> = rows.iter().filter(|row| matches(row, search)).collect();
        let page = kept.map_or(PAGE, |_| found.len());
        let shown = found.iter().skip((number - 1) * page).take(page);
        let main = main_language(&rows);
        // Translations say the same again, and drafts are not finished.
        let plotted = |row: &&Row| row.language == main && row.standing != Standing::Draft;
        let oldest_first: Vec<&Row> = rows.iter().rev().filter(plotted).collect();
        let names = largest(&oldest_first);
        let link = |number: usize| {
            let query: String = url::form_urlencoded::byte_serialize(search.as_bytes()).collect();
            format!("/?page={number}&q={query}")
        };
        let page = Page {
            rows: shown.map(|row| shown_row(row, main, kept)).collect(),
            total: several(found.len(), "issue"),
            search: search.to_owned(),
            searched: !search.is_empty(),
            newer: (number > 1).then(|| link(number - 1)),
            older: (number * page < found.len()).then(|| link(number + 1)),
            plots: plots(&oldest_first, &names),
            table: years(&oldest_first, &names),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            marks: self.marks(&self.room.remarks(), &[]),
            empty: rows.is_empty(),
            static_page: kept.is_some(),
        };
        Ok(self.pages.fill("issues", &page))
    }
}

fn matches(row: &Row, search: &str) -> bool {
    let search = search.trim().to_lowercase();
    // A short number is that of an issue, not a part of a date.
    let number = search.strip_prefix('#').unwrap_or(&search);
    let is_number = number.len() < 4 && number.bytes().all(|one| one.is_ascii_digit());
    if is_number && !number.is_empty() {
        return row.number.is_some_and(|own| own.to_string() == number);
    }
    row.number.is_some_and(|own| own.to_string() == number)
        || row.title.to_lowercase().contains(&search)
        || row.path.to_lowercase().contains(&search)
        || row
            .date
            .is_some_and(|date| date.to_string().starts_with(&search))
}

/// The language of most issues.
fn main_language(rows: &[Row]) -> &str {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(&row.language).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map_or("", |(language, _)| language)
}

fn shown_row(row: &Row, main: &str, kept: Option<&[String]>) -> Shown {
    let sections = row.sections.iter().filter(|(_, items)| *items > 0);
    let more = sections.clone().count().saturating_sub(NAMED);
    let mut sections: Vec<String> = sections
        .take(NAMED)
        .map(|(name, items)| format!("{name} {items}"))
        .collect();
    if more > 0 {
        sections.push(format!("{} more", several(more, "section")));
    }
    let folder = || format!("{}/index.html", crate::desk::export::folder_of(&row.path));
    Shown {
        href: match kept {
            Some(kept) => kept.contains(&row.path).then(folder),
            None => Some(format!("/issue/{}", encoded(&row.path))),
        },
        number: row
            .number
            .map(|number| format!("#{number}"))
            .unwrap_or_default(),
        date: row.date.map(day).unwrap_or_default(),
        title: row.title.clone(),
        language: match row.language == main {
            true => String::new(),
            false => crate::render::own_name(&row.language),
        },
        standing: row.standing.word(),
        tone: tone(row.standing),
        items: grouped(row.sections.iter().map(|(_, items)| *items as u64).sum()),
        sections: sections.join(" · "),
        words: grouped(row.words as u64),
        errors: row.findings[0],
        warnings: row.findings[1],
        notes: row.findings[2],
    }
}

/// `15 July 2023`.
pub(super) fn day(date: NaiveDate) -> String {
    Labels::date("en", date, Precision::Day)
}

/// The colour of a state: quiet until it matters.
pub(super) fn tone(standing: Standing) -> &'static str {
    match standing {
        Standing::Unreadable | Standing::Cancelled => "error",
        Standing::Paused => "warning",
        Standing::Sending | Standing::Scheduled => "going",
        Standing::Draft => "draft",
        Standing::Published | Standing::Sent => "quiet",
    }
}

/// Names of the sections with the most items.
fn largest<'r>(rows: &[&'r Row]) -> Vec<&'r str> {
    let mut sums: BTreeMap<&'r str, usize> = BTreeMap::new();
    for (name, items) in rows.iter().flat_map(|row| &row.sections) {
        *sums.entry(name).or_default() += items;
    }
    let mut sums: Vec<(&'r str, usize)> = sums.into_iter().filter(|(_, sum)| *sum > 0).collect();
    sums.sort_by_key(|(name, sum)| (std::cmp::Reverse(*sum), *name));
    sums.into_iter().take(LINES).map(|(name, _)| name).collect()
}

/// Items of each named section, and of all others together.
fn items(row: &Row, names: &[&str]) -> Vec<usize> {
    let mut counts = vec![0; names.len() + 1];
    for (name, items) in &row.sections {
        let place = names.iter().position(|other| other == name);
        counts[place.unwrap_or(names.len())] += items;
    }
    counts
}

fn plots(rows: &[&Row], names: &[&str]) -> Vec<Plot> {
    let label = |row: Option<&&Row>| {
        let date = row.and_then(|row| row.date);
        date.map(day).unwrap_or_default()
    };
    let (first, last) = (label(rows.first()), label(rows.last()));
    let all: Vec<Vec<usize>> = rows.iter().map(|row| items(row, names)).collect();
    let others = all.iter().any(|counts| counts[names.len()] > 0);
    let series = names
        .iter()
        .copied()
        .chain(others.then_some("Other sections"))
        .enumerate()
        .map(|(place, name)| Series {
            name: name.to_owned(),
            values: all.iter().map(|counts| counts[place] as f64).collect(),
        });
    let words = Series {
        name: "Words".to_owned(),
        values: rows.iter().map(|row| row.words as f64).collect(),
    };
    let drawn = [
        plot("Items by section", series.collect(), &first, &last),
        plot("Words of an issue", vec![words], &first, &last),
    ];
    drawn.into_iter().flatten().collect()
}

fn years(rows: &[&Row], names: &[&str]) -> Vec<Year> {
    let mut years: BTreeMap<Option<i32>, (usize, Vec<usize>, usize)> = BTreeMap::new();
    for row in rows {
        let year = years.entry(row.date.map(|date| date.year())).or_default();
        year.0 += 1;
        year.1.resize(names.len() + 1, 0);
        for (sum, more) in year.1.iter_mut().zip(items(row, names)) {
            *sum += more;
        }
        year.2 += row.words;
    }
    let newest_first = years.into_iter().rev();
    let year = newest_first.map(|(year, (issues, items, words))| Year {
        year: year.map_or_else(|| "no date".to_owned(), |year| year.to_string()),
        issues,
        items,
        words: grouped(words as u64),
    });
    year.collect()
}
