//! What an issue says of itself: title, number, date, language, the issue that
//! it translates. Each fact has an order of sources; where they contradict each
//! other the editor is told.

mod checks;
mod chinese;
mod date;
mod dates;
mod language;
mod number;
mod place;
mod title;
mod translation;

#[cfg(test)]
mod tests;

use pulldown_cmark::Event;
use regex::Regex;

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::issue::model::Events;
use crate::issue::{Document, FrontMatter, IssueDate, Number, Origin, Settings, Title, Value};

pub(crate) use crate::issue::metadata::date::whole as parse_date;
pub(crate) use crate::issue::metadata::place::Place;
pub(crate) use crate::issue::metadata::title::{plain_text, scalar};

/// The facts, as they go into [`crate::issue::Issue`].
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) title: Option<Title>,
    pub(crate) title_events: Option<Events>,
    pub(crate) number: Option<Number>,
    pub(crate) date: Option<IssueDate>,
    pub(crate) language: Option<String>,
    pub(crate) original_url: Option<String>,
    pub(crate) season: Option<u64>,
}

/// Patterns of the settings that metadata needs, compiled once.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    number: Option<Regex>,
}

impl Patterns {
    /// Compiles them, or says which is none.
    pub(crate) fn new(settings: &Settings) -> Result<Patterns, Vec<Diagnostic>> {
        let Some(pattern) = &settings.number_regex else {
            return Ok(Patterns::default());
        };
        let problem = match Regex::new(pattern) {
            Ok(pattern) if pattern.captures_len() > 1 => {
                let number = Some(pattern);
                return Ok(Patterns { number });
            }
            Ok(_) => "`number_regex` has no group for the number".to_owned(),
            Err(_) => format!("`number_regex` is no valid pattern: `{pattern}`"),
        };
        Err(vec![Diagnostic::error("invalid-setting", problem).help(
            "put round brackets around the digits, as in `Letter ([0-9]+)`",
        )])
    }
}

/// Works out the facts of an issue from its front matter, body and path.
pub(crate) fn understand(
    settings: &Settings,
    patterns: &Patterns,
    source: &SourceFile,
    front_matter: &FrontMatter,
    document: &Document,
) -> (Metadata, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let text = source.text();
    let place = Place::of(source.path());
    let told = title::of(text, front_matter, document);
    let number = number_of(patterns, front_matter, told.title.as_ref(), &place);
    let date = dates::of(
        settings,
        front_matter.get("date"),
        told.title.as_ref(),
        &place,
        &mut diagnostics,
    );
    checks::title(text, told.title.as_ref(), &mut diagnostics);
    checks::placeholders(text, front_matter, told.title.as_ref(), &mut diagnostics);
    checks::number(number, told.title.as_ref(), &mut diagnostics);
    dates::check_file_name(&place, &mut diagnostics);
    let title = told.title.or_else(|| {
        let template = settings.title_template.as_deref()?;
        let (number, date) = (
            number.map(|number| number.value),
            date.map(|date| date.date),
        );
        title::by_template(template, place.stem, number, date)
    });
    let season = settings
        .season_length
        .filter(|length| *length > 0)
        .zip(number)
        .map(|(length, number)| number.value.div_ceil(length));
    let metadata = Metadata {
        title,
        number,
        date,
        language: language_of(settings, front_matter, &place, document),
        original_url: front_matter
            .text("original_url")
            .map(str::to_owned)
            .or_else(|| translation::original_url(document, told.events.as_ref())),
        title_events: told.events,
        season,
    };
    (metadata, diagnostics)
}

fn number_of(
    patterns: &Patterns,
    front_matter: &FrontMatter,
    title: Option<&Title>,
    place: &Place,
) -> Option<Number> {
    let given = front_matter
        .get("number")
        .and_then(|field| match &field.value {
            Value::Integer(number) => u64::try_from(*number).ok(),
            Value::Text(text) => number::of_text(text),
            _ => None,
        });
    let title = title.map(title_head);
    let folder = place.folders.get(usize::from(place.is_index)).copied();
    let by_pattern = |text| number::by_pattern(patterns.number.as_ref()?, text);
    let stem_origin = if place.is_index {
        Origin::Folder
    } else {
        Origin::FileName
    };
    let sources: [(Origin, &dyn Fn() -> Option<u64>); 6] = [
        (Origin::FrontMatter, &|| given),
        (Origin::Title, &|| by_pattern(title?)),
        (stem_origin, &|| by_pattern(place.stem)),
        (Origin::Title, &|| number::of_title(title?)),
        (stem_origin, &|| number::of_stem(place.stem, folder)),
        (Origin::Title, &|| number::at_end_of_title(title?)),
    ];
    sources.into_iter().find_map(|(from, read)| {
        Some(Number {
            value: read()?,
            from,
        })
    })
}

/// As much of a title as can say a number or a date: nobody's is longer.
fn title_head(title: &Title) -> &str {
    let end = title.text.char_indices().nth(500);
    end.map_or(title.text.as_str(), |(end, _)| &title.text[..end])
}

fn language_of(
    settings: &Settings,
    front_matter: &FrontMatter,
    place: &Place,
    document: &Document,
) -> Option<String> {
    let folder = |name: &str| settings.language_folders.get(name).map(String::as_str);
    front_matter
        .text("language")
        .and_then(language::canonical)
        .or_else(|| language::of_path(place, folder))
        .or_else(|| language::canonical(settings.language.as_deref()?))
        .or_else(|| {
            let words = document.events.iter().filter_map(|(event, _)| match event {
                Event::Text(words) => Some(words.as_ref()),
                _ => None,
            });
            language::of_text(words)
        })
}
