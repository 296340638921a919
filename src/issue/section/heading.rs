//! Headings: real ones, and paragraphs that stand for one.

use pulldown_cmark::{Event, Tag};

use crate::issue::document::{Block, Document, Kind, collapse};
use crate::issue::emoji;
use crate::issue::item::{Breaks, Items, Line, Mark, begins_with_mark};
use crate::issue::slug::slug;

/// What a heading says.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) title: String,
    pub(super) emoji: Option<String>,
    pub(super) slug: String,
    /// The address, when all of the heading is one link.
    pub(super) url: Option<String>,
    /// Its number, when it is one link with no more than number, emoji and tags
    /// around it, so that it may be an item.
    pub(super) as_item: Option<Option<Mark>>,
}

/// Reads a heading.
pub(super) fn read(items: &Items, block: &Block) -> Words {
    let inner = block.events.start + 1..block.events.end.saturating_sub(1);
    let mut line = Line::default();
    line.read(items.document, inner, Breaks::Never);
    let text = collapse(&line.text);
    let (emoji, title) = emoji::split(&text);
    let url = match line.links.as_slice() {
        [link] if line.text[link.text.clone()].trim() == line.text.trim() => items
            .listing
            .links(&link.events)
            .first()
            .map(|link| link.url.clone()),
        _ => None,
    };
    Words {
        title: title.to_owned(),
        emoji: emoji.map(str::to_owned),
        slug: slug(title),
        url: url.filter(|_| !text.is_empty()),
        as_item: items.linked_line(&line),
    }
}

/// Whether a paragraph stands for a heading in a text that has none: it is one
/// bold text, or one link whose text begins with an emoji.
pub(super) fn stands_for_heading(document: &Document, block: &Block) -> bool {
    if block.kind != Kind::Paragraph {
        return false;
    }
    let first = block.events.start + 1;
    let last = block.events.end.saturating_sub(1);
    if first >= last || document.close_of(first) != last {
        return false;
    }
    let text = || document.plain_text(first..last);
    match document.event(first) {
        Some(Event::Start(Tag::Strong)) => {
            let text = text();
            // A sentence in bold is a sentence, a numbered line an item.
            !text.is_empty()
                && text.chars().count() <= 80
                && !text.ends_with(['.', '。', '!', '！', ',', '，', ':', '：'])
                && !begins_with_mark(&text)
        }
        Some(Event::Start(Tag::Link { .. })) => emoji::leading(&text()) > 0,
        _ => false,
    }
}
