//! From the blocks of a section to its items and what lies between them.

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::issue::document::{Block, Kind};
use crate::issue::is_block;
use crate::issue::item::{Breaks, Items, Parts};
use crate::issue::model::{Content, Events, Item, Style};

/// Where an item begins.
#[derive(Debug)]
pub(super) struct Begin {
    /// Index of its block among the blocks of the section.
    pub(super) block: usize,
    pub(super) number: Option<u64>,
    /// Bytes of number and sign.
    pub(super) mark: usize,
    /// The lines of a paragraph, or the item of a list.
    pub(super) line: Events,
}

/// What was found in the blocks of a section.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) style: Style,
    pub(crate) content: Vec<Content>,
    pub(crate) items: Vec<Item>,
}

impl Collected {
    /// Blocks that belong to no item.
    fn prose(&mut self, events: Events) {
        if !events.is_empty() {
            self.content.push(Content::Prose(events));
        }
    }
}

impl Items<'_, '_> {
    /// Finds the items in the blocks of a section, by the first style that
    /// applies.
    pub(crate) fn collect(&mut self, blocks: &[Block], styles: &[Style]) -> Collected {
        let forced = styles.len() == 1;
        let found = styles.iter().find_map(|style| {
            let begins = match style {
                Style::Cjk => self.cjk_begins(blocks),
                Style::Circled => self.circled_begins(blocks),
                Style::Ordered => self.ordered_begins(blocks, forced),
                Style::Bullet => self.bullet_begins(blocks),
                Style::Heading | Style::Prose | Style::Outro => Vec::new(),
            };
            (!begins.is_empty()).then_some((*style, begins))
        });
        let (style, begins) = found.unwrap_or((Style::Prose, Vec::new()));
        let mut collected = Collected {
            style,
            content: Vec::new(),
            items: Vec::with_capacity(begins.len()),
        };
        let Some(last) = blocks.last() else {
            return collected;
        };
        let section_end = last.events.end;
        // All before this event is dealt with.
        let mut done = blocks[0].events.start;
        for (index, begin) in begins.iter().enumerate() {
            let block = &blocks[begin.block];
            let next = begins.get(index + 1);
            let shared =
                |other: Option<&Begin>| other.is_some_and(|other| other.block == begin.block);
            let last_of_block = !shared(next);
            // Blocks that follow the item's own, up to the next item.
            let takes_blocks = matches!(style, Style::Cjk | Style::Ordered) && last_of_block;
            let next_block = next.map_or(blocks.len(), |next| next.block);
            let further = match takes_blocks {
                true => &blocks[begin.block + 1..next_block],
                false => &[],
            };
            let is_list = matches!(block.kind, Kind::Ordered(_) | Kind::Bullet);
            // A paragraph that is one item alone belongs to it whole.
            let whole_block =
                !is_list && last_of_block && begin.line.start == block.events.start + 1;
            let own = if whole_block {
                block.events.clone()
            } else {
                begin.line.clone()
            };
            // List and paragraph marks around items belong to nobody.
            let inside = match whole_block {
                true => own.start,
                false => block.events.start + 1,
            };
            collected.prose(done..own.start.min(block.events.start));
            collected.prose(done.max(inside)..own.start);
            done = own.end;
            let mut parts = if is_list {
                self.list_item(begin)
            } else {
                let trailing = self.trailing_break(&begin.line);
                Parts {
                    number: begin.number,
                    mark: begin.mark,
                    events: vec![own],
                    first: begin.line.start..begin.line.end - trailing,
                    breaks: Breaks::Any,
                    blocks: Vec::new(),
                }
            };
            if let Some(last) = further.last() {
                let rest = further[0].events.start..last.events.end;
                match parts.events.last_mut() {
                    Some(events) if events.end == rest.start => events.end = rest.end,
                    _ => parts.events.push(rest),
                }
                parts
                    .blocks
                    .extend(further.iter().map(|block| block.events.clone()));
                done = last.events.end;
            }
            collected.content.push(Content::Item(collected.items.len()));
            let item = self.build(parts);
            collected.items.push(item);
            if last_of_block && done < block.events.end {
                collected.prose(done..block.events.end - 1);
                done = block.events.end;
            }
        }
        collected.prose(done..section_end);
        collected
    }

    /// The parts of an item of a list.
    fn list_item(&self, begin: &Begin) -> Parts {
        let item = &begin.line;
        let end = item.end - 1;
        let mut index = item.start + 1;
        // A comment or image in HTML may stand before the words.
        while index < end
            && matches!(
                self.document.event(index),
                Some(Event::Start(Tag::HtmlBlock))
            )
        {
            index = self.document.close_of(index);
        }
        let mut blocks = Vec::new();
        let first = match self.document.event(index) {
            Some(Event::Start(Tag::Paragraph)) => {
                let close = self.document.close_of(index);
                let inner = index + 1..close - 1;
                index = close;
                inner
            }
            _ => {
                let run = self.inline_run(index, end);
                index = run.end;
                run
            }
        };
        while index < end {
            let close = match self.document.event(index) {
                Some(Event::Start(tag)) if is_block(tag) => self.document.close_of(index),
                Some(Event::Rule) => index + 1,
                // Words of a tight list after a block in it.
                _ => self.inline_run(index, end).end,
            };
            blocks.push(index..close.max(index + 1));
            index = close.max(index + 1);
        }
        Parts {
            number: begin.number,
            mark: 0,
            events: vec![item.clone()],
            first,
            breaks: if begin.number.is_some() {
                Breaks::Any
            } else {
                Breaks::Hard
            },
            blocks,
        }
    }

    /// Inline events from `start` on, up to a block or `end`.
    fn inline_run(&self, start: usize, end: usize) -> Events {
        let mut index = start;
        while index < end {
            match self.document.event(index) {
                Some(Event::Start(tag)) if is_block(tag) => break,
                Some(Event::Rule | Event::End(TagEnd::Item)) => break,
                Some(Event::Start(_)) => index = self.document.close_of(index),
                _ => index += 1,
            }
        }
        start..index
    }

    /// 1 when a line's last event is the break before the next line.
    fn trailing_break(&self, line: &Events) -> usize {
        let last = line.end.saturating_sub(1);
        let is_break = matches!(
            self.document.event(last),
            Some(Event::SoftBreak | Event::HardBreak)
        );
        usize::from(is_break && last >= line.start)
    }
}
