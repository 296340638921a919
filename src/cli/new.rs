//! `new`: the next issue, as a draft, from `templates/issue.md`.

use chrono::{Days, NaiveDate};

use crate::cli::args::{Global, New};
use crate::cli::catalog::Catalog;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::terminal::Terminal;
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::files::{read_if_there, write_new};
use crate::identity::{DraftReason, Publication};
use crate::issue::{Summary, slug};

/// The template, below the newsletter's folder.
const TEMPLATE: &str = "templates/issue.md";
const TEMPLATE_LIMIT: u64 = 1 << 20;

/// Runs `letterpress new`.
pub(crate) fn run(
    global: &Global,
    options: &New,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    let catalog = Catalog::read(&folder)?;
    let zone = folder.settings().newsletter.time_zone;
    let today = folder.now.with_timezone(&zone).date_naive();
    let date = options.date.unwrap_or_else(|| next_date(&catalog, today));
    let number = next_number(&catalog);
    let title = options.title.trim();
    if title.chars().any(char::is_control) {
        return Err(CommandError::usage("a title is one line of text"));
    }
    let template = match read_if_there(&folder.path(TEMPLATE), TEMPLATE_LIMIT)? {
        Some(bytes) => String::from_utf8(bytes)
            .map_err(|_| CommandError::usage(format!("{TEMPLATE} is not UTF-8 text")))?,
        None => include_str!("init/issue.md").to_owned(),
    };
    let newsletter = &folder.settings().newsletter;
    let values = [
        ("newsletter.title", newsletter.title.clone()),
        ("newsletter.url", newsletter.url.to_string()),
        ("newsletter.language", newsletter.language.clone()),
        ("issue.title", title.to_owned()),
        (
            "issue.number",
            number.map_or_else(String::new, |number| number.to_string()),
        ),
        ("issue.date", date.to_string()),
    ];
    let text = fill(&template, &values).map_err(|diagnostic| {
        let finding = diagnostic.locate(&SourceFile::new(TEMPLATE, template.as_str()));
        terminal.finding(&finding);
        CommandError::usage(format!("{TEMPLATE} cannot be filled in"))
    })?;
    let path = place(&folder, &catalog, date, number, title);
    write_new(&folder.path(&path), text.as_bytes(), false).map_err(|error| {
        CommandError::from(error).hint("say another date with --date, or another title")
    })?;
    let shown = folder.path(&path).to_string_lossy().replace('\\', "/");
    terminal.line(shown.trim_start_matches("./"))?;
    let numbered = number.map_or_else(String::new, |number| format!(", number {number}"));
    terminal.note(&format!("a draft for {date}{numbered}"));
    Ok(Exit::Done)
}

/// The issues that follow each other, by number and date: all that are
/// published, then drafts that continue them at about their pace. One that is
/// dated years ahead is no part.
fn chain(catalog: &Catalog) -> Vec<&Summary> {
    let all = || {
        catalog
            .oldest_first()
            .map(|index| (index, &catalog.summaries[index]))
    };
    let mut chain: Vec<&Summary> = all()
        .filter(|&(index, _)| !catalog.is_draft(index))
        .map(|(_, summary)| summary)
        .collect();
    let limit = 3 * gap(&chain);
    for (_, summary) in all().filter(|&(index, _)| catalog.is_draft(index)) {
        let last = chain.iter().rev().find_map(|last| last.date);
        match (summary.date, last) {
            (Some(date), Some(last)) if (date.date - last.date).num_days() > limit => {}
            _ => chain.push(summary),
        }
    }
    chain
}

/// The days between two issues: the median, or a week.
fn gap(chain: &[&Summary]) -> i64 {
    let mut dates: Vec<NaiveDate> = chain
        .iter()
        .filter_map(|known| known.date.map(|date| date.date))
        .collect();
    dates.sort();
    dates.dedup();
    // The pace of late tells more than that of years ago.
    let recent = &dates[dates.len().saturating_sub(13)..];
    let mut gaps: Vec<i64> = recent
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).num_days())
        .collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().unwrap_or(7)
}

/// The date that the pace of the issues gives, not before today.
fn next_date(catalog: &Catalog, today: NaiveDate) -> NaiveDate {
    let chain = chain(catalog);
    let last = chain
        .iter()
        .filter_map(|known| known.date.map(|date| date.date))
        .max();
    let Some(mut date) = last else {
        return today;
    };
    let gap = gap(&chain);
    loop {
        let next = match gap {
            28..=31 => date.checked_add_months(chrono::Months::new(1)),
            _ => date.checked_add_days(Days::new(gap.unsigned_abs().max(1))),
        };
        match next {
            Some(next) if next < today => date = next,
            Some(next) => return next,
            None => return today,
        }
    }
}

/// One more than the last number; none where issues have none.
fn next_number(catalog: &Catalog) -> Option<u64> {
    if catalog.summaries.is_empty() {
        return Some(1);
    }
    let numbers = chain(catalog).into_iter().filter_map(|one| one.number);
    numbers.map(|number| number.value + 1).max()
}

/// Where the draft goes: into the folder of drafts, under a name like those of
/// the issues before it.
fn place(
    folder: &Folder,
    catalog: &Catalog,
    date: NaiveDate,
    number: Option<u64>,
    title: &str,
) -> String {
    let published: Vec<usize> = catalog
        .oldest_first()
        .filter(|&index| !catalog.is_draft(index))
        .collect();
    let main = &folder.settings().newsletter.language;
    let own = |&index: &usize| catalog.resolution.issues[index].language == *main;
    let mut before: Vec<usize> = published.iter().copied().filter(own).collect();
    if before.is_empty() {
        before = published;
    }
    let before: Vec<&Summary> = before
        .into_iter()
        .map(|index| &catalog.summaries[index])
        .collect();
    let home = before.last().map_or("issues", |last| parent(&last.path));
    let name = file_name(&before, date, number, title);
    match drafts_folder(folder, catalog, home).as_str() {
        "" => name,
        folder => format!("{folder}/{name}"),
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The folder of drafts that is in use, or the first that the settings name: a
/// bare name means one beside the issues.
fn drafts_folder(folder: &Folder, catalog: &Catalog, home: &str) -> String {
    let used = catalog.oldest_first().rev().find_map(|index| {
        let (summary, identified) = catalog.get(index);
        let in_folder = identified.publication == Publication::Draft(DraftReason::Folder);
        in_folder.then(|| parent(&summary.path).to_owned())
    });
    let first = folder.settings().issues.drafts.first();
    let named = first.map(|path| match path.trim_end_matches('/') {
        name if name.contains('/') || home.is_empty() => name.to_owned(),
        name => format!("{home}/{name}"),
    });
    used.or(named).unwrap_or_else(|| home.to_owned())
}

/// The name of the last issue's file with its date and number moved on. Words
/// that change from issue to issue are those of the title.
fn file_name(before: &[&Summary], date: NaiveDate, number: Option<u64>, title: &str) -> String {
    let slug = match (slug(title), number) {
        (words, _) if !words.is_empty() => words,
        (_, Some(number)) => format!("issue-{number}"),
        (_, None) => "issue".to_owned(),
    };
    let mut recent = before.iter().rev();
    let Some(last) = recent.next() else {
        return format!("{date}-{slug}.md");
    };
    let shape = Shape::of(last);
    let ending = if last.path.ends_with(".markdown") {
        "markdown"
    } else {
        "md"
    };
    let usual = recent.next().map(|known| Shape::of(known));
    let words_stay = usual.is_some_and(|usual| usual.words == shape.words);
    let mut name = String::new();
    for part in &shape.parts {
        match (part, number) {
            (Part::Day, _) => name.push_str(&date.to_string()),
            (Part::Month, _) => name.push_str(&date.format("%Y-%m").to_string()),
            (Part::Number { width }, Some(number)) => {
                name.push_str(&format!("{number:0width$}", width = *width));
            }
            (Part::Words(words), _) if words_stay => name.push_str(words),
            _ => {}
        }
    }
    let tells = shape
        .parts
        .iter()
        .any(|part| !matches!(part, Part::Words(_)));
    match (tells, words_stay) {
        (true, true) => format!("{name}.{ending}"),
        (true, false) if !name.is_empty() => format!("{name}-{slug}.{ending}"),
        _ => format!("{date}-{slug}.{ending}"),
    }
}

/// What a file's name is made of.
struct Shape {
    parts: Vec<Part>,
    words: String,
}

enum Part {
    Day,
    Month,
    Number { width: usize },
    Words(String),
}

impl Shape {
    fn of(known: &Summary) -> Shape {
        let stem = known.stem.as_str();
        let date = known.date.map(|date| date.date);
        let day = date.map(|date| date.to_string());
        let month = date.map(|date| date.format("%Y-%m").to_string());
        let number = known.number.map(|number| number.value);
        let mut shape = Shape {
            parts: Vec::new(),
            words: String::new(),
        };
        let mut rest = stem;
        while let Some(first) = rest.chars().next() {
            let starts = |text: &Option<String>| {
                text.as_ref()
                    .is_some_and(|text| rest.starts_with(text.as_str()))
            };
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (part, length) = if starts(&day) {
                (Part::Day, 10)
            } else if starts(&month) {
                (Part::Month, 7)
            } else if digits > 0 && number.is_some() && rest[..digits].parse().ok() == number {
                (Part::Number { width: digits }, digits)
            } else {
                let length = digits.max(first.len_utf8());
                shape.word(&rest[..length]);
                rest = &rest[length..];
                continue;
            };
            shape.parts.push(part);
            rest = &rest[length..];
        }
        shape
    }

    fn word(&mut self, text: &str) {
        self.words.push_str(text);
        match self.parts.last_mut() {
            Some(Part::Words(words)) => words.push_str(text),
            _ => self.parts.push(Part::Words(text.to_owned())),
        }
    }
}

/// The template with its variables filled in. An unknown one is an error that
/// names its line.
fn fill(template: &str, values: &[(&str, String)]) -> Result<String, Diagnostic> {
    let mut text = String::with_capacity(template.len());
    let mut at = 0;
    while let Some(start) = template[at..].find("{{").map(|start| at + start) {
        let Some(end) = template[start..].find("}}").map(|length| start + length) else {
            let words = "{{ without its }}";
            return Err(Diagnostic::error("template", words).at(start..start + 2));
        };
        text.push_str(&template[at..start]);
        let name = template[start + 2..end].trim();
        let Some((_, value)) = values.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
            return Err(
                Diagnostic::error("template", format!("there is no variable {name}"))
                    .at(start..end + 2)
                    .help(format!("there are {}", names.join(", "))),
            );
        };
        // Within quotes, front matter wants its escapes.
        if text.ends_with('"') && template[end + 2..].starts_with('"') {
            text.push_str(&value.replace('\\', "\\\\").replace('"', "\\\""));
        } else {
            text.push_str(value);
        }
        at = end + 2;
    }
    text.push_str(&template[at..]);
    let lines: Vec<&str> = text.split('\n').map(trim_heading).collect();
    Ok(lines.join("\n"))
}

/// A heading without the sign that parted it from a title that is empty.
fn trim_heading(line: &str) -> &str {
    if line.starts_with('#') {
        line.trim_end_matches([' ', ':', '-', '–', '—'])
    } else {
        line
    }
}
