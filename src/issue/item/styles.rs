//! The beginnings of items, one function for each style.

use pulldown_cmark::{Event, Tag};

use crate::issue::document::{Block, Document, Kind};
use crate::issue::emoji;
use crate::issue::item::Items;
use crate::issue::item::collect::Begin;
use crate::issue::item::mark::{self, Mark};
use crate::issue::item::tail;
use crate::issue::model::Events;

impl Items<'_, '_> {
    /// Paragraphs (or lines of one) that begin `1、` and the like. The first
    /// mark of a section is the only one that counts in it.
    pub(super) fn cjk_begins(&self, blocks: &[Block]) -> Vec<Begin> {
        let mut sign = None;
        let mut begins = Vec::new();
        for (index, block) in blocks.iter().enumerate() {
            if block.kind != Kind::Paragraph {
                continue;
            }
            let mut lines = self.marked_lines(block, mark::cjk, sign);
            // Numbered lines of one paragraph are items only with links;
            // otherwise they are an enumeration in a text.
            if lines.len() > 1 {
                lines.retain(|(events, _)| !self.listing.links(events).is_empty());
            }
            for (place, (events, found)) in lines.iter().enumerate() {
                sign.get_or_insert(found.sign);
                let end = lines
                    .get(place + 1)
                    .map_or(block.events.end - 1, |next| next.0.start);
                begins.push(Begin {
                    block: index,
                    number: Some(found.number),
                    mark: found.length,
                    line: events.start..end,
                });
            }
        }
        begins
    }

    /// Paragraphs (or lines of one) that begin `①` and the like.
    pub(super) fn circled_begins(&self, blocks: &[Block]) -> Vec<Begin> {
        let mut begins = Vec::new();
        for (index, block) in blocks.iter().enumerate() {
            if block.kind != Kind::Paragraph {
                continue;
            }
            for (events, found) in self.marked_lines(block, mark::circled, None) {
                begins.push(Begin {
                    block: index,
                    number: Some(found.number),
                    mark: found.length,
                    line: events,
                });
            }
        }
        begins
    }

    /// Items of ordered lists, if at least half of them begin with a link, bold
    /// or emphasis (or if `forced`).
    pub(super) fn ordered_begins(&self, blocks: &[Block], forced: bool) -> Vec<Begin> {
        let mut begins: Vec<Begin> = Vec::new();
        let mut marked = 0;
        for (index, block) in blocks.iter().enumerate() {
            let Kind::Ordered(first) = block.kind else {
                continue;
            };
            let items = list_items(self.document, block);
            let linked = items
                .iter()
                .filter(|item| self.begins_marked(item) == Some(Lead::Link))
                .count();
            // A list that starts anew without links inside an item describes it.
            if !begins.is_empty() && first == 1 && linked == 0 {
                continue;
            }
            for (place, item) in items.into_iter().enumerate() {
                marked += usize::from(self.begins_marked(&item).is_some());
                begins.push(Begin {
                    block: index,
                    number: first.checked_add(place as u64),
                    mark: 0,
                    line: item,
                });
            }
        }
        if forced || marked * 2 >= begins.len() {
            begins
        } else {
            Vec::new()
        }
    }

    /// Items with links of bullet lists of which at least half have links.
    pub(super) fn bullet_begins(&self, blocks: &[Block]) -> Vec<Begin> {
        let mut begins = Vec::new();
        for (index, block) in blocks.iter().enumerate() {
            if block.kind != Kind::Bullet {
                continue;
            }
            let links = self.listing.links(&block.events);
            // Addresses within the text alone are a table of contents.
            if links.iter().all(|link| link.url.starts_with('#')) {
                continue;
            }
            let items = list_items(self.document, block);
            let linked = |item: &Events| !self.listing.links(item).is_empty();
            let count = items.iter().filter(|item| linked(item)).count();
            if count * 2 < items.len() {
                continue;
            }
            begins.extend(items.into_iter().filter(linked).map(|item| Begin {
                block: index,
                number: None,
                mark: 0,
                line: item,
            }));
        }
        begins
    }

    /// Whether any item of a list begins with a link.
    pub(crate) fn list_begins_with_link(&self, list: &Block) -> bool {
        list_items(self.document, list)
            .iter()
            .any(|item| self.begins_marked(item) == Some(Lead::Link))
    }

    /// The lines of a paragraph that have a mark, each with all that follows up
    /// to the next marked one.
    fn marked_lines(
        &self,
        block: &Block,
        find: fn(&Document, usize) -> Option<Mark>,
        sign: Option<char>,
    ) -> Vec<(Events, Mark)> {
        let inner = block.events.start + 1..block.events.end.saturating_sub(1);
        let mut lines: Vec<(Events, Mark)> = Vec::new();
        let mut depth = 0_usize;
        let mut begins_line = true;
        let mut sign = sign;
        for index in inner.clone() {
            if begins_line
                && let Some(found) = find(self.document, index)
                && sign.is_none_or(|sign| sign == found.sign)
            {
                if let Some((last, _)) = lines.last_mut() {
                    last.end = index;
                }
                sign = Some(found.sign);
                lines.push((index..inner.end, found));
            }
            begins_line = false;
            match self.document.event(index) {
                Some(Event::Start(_)) => depth += 1,
                Some(Event::End(_)) => depth = depth.saturating_sub(1),
                Some(Event::SoftBreak | Event::HardBreak) => begins_line = depth == 0,
                _ => {}
            }
        }
        lines
    }

    /// What an item of a list begins with, after tags and emoji.
    fn begins_marked(&self, item: &Events) -> Option<Lead> {
        for index in item.start + 1..item.end {
            match self.document.event(index)? {
                Event::Start(Tag::Paragraph) | Event::TaskListMarker(_) => {}
                Event::Start(Tag::Link { .. }) => return Some(Lead::Link),
                Event::Start(Tag::Strong | Tag::Emphasis | Tag::Strikethrough) => {
                    return Some(Lead::Emphasis);
                }
                Event::Text(words) => {
                    let words = words.trim();
                    let only_emoji = emoji::leading(words) == words.len();
                    // The parts of a tag are events of their own.
                    if !only_emoji && !self.is_tag_at(index) {
                        return None;
                    }
                }
                _ => return None,
            }
        }
        None
    }

    /// Whether the event is part of a tag in brackets, such as `[video]`.
    fn is_tag_at(&self, index: usize) -> bool {
        let word = |index: usize| match self.document.event(index) {
            Some(Event::Text(words)) => words.trim(),
            _ => "",
        };
        matches!(word(index), "[" | "]")
            || word(index.wrapping_sub(1)) == "[" && word(index + 1) == "]"
            || tail::tag(word(index)).is_some_and(|(_, length)| length == word(index).len())
    }
}

/// What an item begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    Link,
    Emphasis,
}

/// The items of a list, each with its start and end.
fn list_items(document: &Document, block: &Block) -> Vec<Events> {
    let mut items = Vec::new();
    let mut index = block.events.start + 1;
    while index + 1 < block.events.end {
        let end = document.close_of(index);
        items.push(index..end);
        index = end;
    }
    items
}
