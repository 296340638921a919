//! The issue that an issue is a translation of.

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::issue::Document;
use crate::issue::metadata::title::plain_text;
use crate::issue::model::Events;

/// Words with which the text of such a link ends, in lower case.
const ENDINGS: [&str; 2] = ["original version", "原文"];

/// The address of the first link of the intro that leads to the original. The
/// intro ends with the first heading or list.
pub(crate) fn original_url(document: &Document, title: Option<&Events>) -> Option<String> {
    let events = &document.events;
    let start = title.map_or(0, |title| title.end);
    let mut open: Option<(usize, &str)> = None;
    for (index, (event, _)) in events.iter().enumerate().skip(start) {
        match event {
            Event::Start(Tag::Heading { .. } | Tag::List(_)) => return None,
            Event::Start(Tag::Link { dest_url, .. }) => open = Some((index, dest_url)),
            Event::End(TagEnd::Link) => {
                let (first, url) = open.take()?;
                let text = plain_text(document, first + 1..index).to_lowercase();
                let text = text.trim_end_matches(|character: char| !character.is_alphanumeric());
                if ENDINGS.iter().any(|ending| text.ends_with(ending)) {
                    return Some(url.to_owned());
                }
            }
            _ => {}
        }
    }
    None
}
