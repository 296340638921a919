//! The title of an issue, and the heading that is it.

use pulldown_cmark::{Event, HeadingLevel, Tag, TagEnd};

use crate::diagnostic::Span;
use crate::issue::document::collapse;
use crate::issue::model::Events;
use crate::issue::{Document, Field, FrontMatter, Origin, Title, Value};

/// What the text itself says of its title.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The title, if front matter or the first heading gives one.
    pub(crate) title: Option<Title>,
    /// The level-1 heading that is the title or repeats it.
    pub(crate) events: Option<Events>,
}

/// The title by front matter, else by a level-1 heading that is the first block.
/// Below a title of the front matter such a heading is a section, unless it says
/// the same.
pub(crate) fn of(text: &str, front_matter: &FrontMatter, document: &Document) -> Told {
    let given = ["title", "subject"].into_iter().find_map(|key| {
        let field = front_matter.get(key)?;
        Some(Title {
            text: scalar(field, text)?,
            from: Origin::FrontMatter,
            span: Some(field.span),
        })
    });
    let heading = first_heading(document);
    match (given, heading) {
        (Some(given), Some((heading, events))) => Told {
            events: (same_words(&given.text, &heading.text)).then_some(events),
            title: Some(given),
        },
        (None, Some((heading, events))) => Told {
            title: Some(heading),
            events: Some(events),
        },
        (title, None) => Told {
            title,
            events: None,
        },
    }
}

/// The words of a field that holds one value, as written where it is a number.
pub(crate) fn scalar(field: &Field, text: &str) -> Option<String> {
    let words = match &field.value {
        Value::Text(words) => words.as_str(),
        Value::Integer(_) | Value::Float(_) | Value::Bool(_) => text.get(field.span.range())?,
        Value::Null | Value::List(_) | Value::Table(_) => return None,
    };
    let words = collapse(words);
    (!words.is_empty()).then_some(words)
}

/// The title that the settings make, when all that it names is known.
pub(crate) fn by_template(
    template: &str,
    stem: &str,
    number: Option<u64>,
    date: Option<chrono::NaiveDate>,
) -> Option<Title> {
    let mut text = template.replace("{stem}", stem);
    for (name, value) in [
        ("{number}", number.map(|number| number.to_string())),
        ("{date}", date.map(|date| date.to_string())),
    ] {
        if text.contains(name) {
            text = text.replace(name, &value?);
        }
    }
    Some(Title {
        text,
        from: Origin::Settings,
        span: None,
    })
}

/// Whether the body may begin with something before its title: only comments.
fn first_heading(document: &Document) -> Option<(Title, Events)> {
    let events = &document.events;
    let mut start = 0;
    while matches!(events.get(start)?.0, Event::Start(Tag::HtmlBlock)) {
        let end = start
            + events[start..]
                .iter()
                .position(|(event, _)| matches!(event, Event::End(TagEnd::HtmlBlock)))?;
        let mut html = events[start + 1..end]
            .iter()
            .filter_map(|(event, _)| match event {
                Event::Html(html) => Some(html.trim_start()),
                _ => None,
            });
        if !html.next()?.starts_with("<!--") {
            return None;
        }
        start = end + 1;
    }
    let (Event::Start(Tag::Heading { level, .. }), range) = events.get(start)? else {
        return None;
    };
    if *level != HeadingLevel::H1 {
        return None;
    }
    let end = start
        + events[start..]
            .iter()
            .position(|(event, _)| matches!(event, Event::End(TagEnd::Heading(_))))?;
    let text = plain_text(document, start + 1..end);
    let title = Title {
        text,
        from: Origin::Heading,
        span: Some(Span::from(range.clone())),
    };
    (!title.text.is_empty()).then_some((title, start..end + 1))
}

/// Words without markup, images and HTML.
pub(crate) fn plain_text(document: &Document, events: Events) -> String {
    let mut text = String::new();
    let mut images = 0;
    for (event, _) in &document.events[events] {
        match event {
            Event::Start(Tag::Image { .. }) => images += 1,
            Event::End(TagEnd::Image) => images -= 1,
            Event::Text(words) | Event::Code(words) if images == 0 => text.push_str(words),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            _ => {}
        }
    }
    collapse(&text)
}

fn same_words(first: &str, second: &str) -> bool {
    let letters = |text: &str| -> String {
        let letters = text.chars().filter(|character| character.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    letters(first) == letters(second)
}
