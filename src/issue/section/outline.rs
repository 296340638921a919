//! Which headings open sections, which are items, where promo and outro begin.

use std::ops::Range;

use pulldown_cmark::{Event, Tag};

use crate::issue::document::{Block, Kind};
use crate::issue::item::Items;
use crate::issue::model::{Content, Events, Style};
use crate::issue::section::heading::{self, Words};
use crate::issue::section::whole;

/// The heads of a body in order, and what lies outside of them.
#[derive(Debug)]
pub(super) struct Outline {
    /// Blocks before the title: comments alone, for anything else before it
    /// would make it no title.
    pub(super) above: Range<usize>,
    /// Blocks before the first head, the title left out.
    pub(super) intro: Range<usize>,
    pub(super) heads: Vec<Head>,
    /// Paragraphs in which the newsletter speaks of itself.
    pub(super) promo_marks: Vec<usize>,
    /// First block of the closing part.
    outro: usize,
}

/// A heading and its place.
#[derive(Debug)]
pub(super) struct Head {
    /// Index of its block.
    pub(super) block: usize,
    /// The blocks below it, up to the next head.
    pub(super) body: Range<usize>,
    pub(super) level: u8,
    pub(super) words: Words,
    /// Index of the head that it lies below.
    pub(super) parent: Option<usize>,
    pub(super) role: Role,
    /// Whether it belongs to the closing part.
    pub(super) outro: bool,
}

/// What a heading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Section,
    /// An item of its parent.
    Item,
}

impl Outline {
    pub(super) fn of(items: &Items, title: Option<&Events>) -> Outline {
        let blocks = &items.document.blocks;
        let levels = &items.rules.section_levels;
        let is_title = |block: &Block| title.is_some_and(|title| title.start == block.events.start);
        let opens = |block: &Block| match block.kind {
            Kind::Heading(level) => {
                !is_title(block)
                    && (levels.is_empty()
                        || levels.contains(&level)
                        || items.rules.item_heading_level == Some(level))
            }
            _ => false,
        };
        let has_headings = blocks
            .iter()
            .any(|block| matches!(block.kind, Kind::Heading(_)) && !is_title(block));
        let heads: Vec<usize> = (0..blocks.len())
            .filter(|index| match has_headings {
                true => opens(&blocks[*index]),
                false => heading::stands_for_heading(items.document, &blocks[*index]),
            })
            .collect();
        let title = blocks.iter().position(is_title);
        let after_title = title.map_or(0, |index| index + 1);
        let mut outline = Outline {
            above: 0..title.unwrap_or_default(),
            intro: after_title..heads.first().copied().unwrap_or(blocks.len()),
            heads: Vec::with_capacity(heads.len()),
            promo_marks: Vec::new(),
            outro: blocks.len(),
        };
        outline.find_marks(items);
        for (place, index) in heads.iter().enumerate() {
            let end = heads.get(place + 1).copied().unwrap_or(blocks.len());
            outline.add_head(items, *index, *index + 1..end);
        }
        outline.find_items(items);
        outline
    }

    /// Parts a run of blocks: `ordinary` says what those are that are neither
    /// promo nor outro.
    pub(super) fn parts(
        &self,
        blocks: &[Block],
        run: Range<usize>,
        ordinary: &mut dyn FnMut(&[Block]) -> Vec<Content>,
    ) -> Vec<Content> {
        let outro = self.outro.clamp(run.start, run.end.max(run.start));
        let promo = self
            .promo_marks
            .iter()
            .copied()
            .find(|mark| run.contains(mark))
            .map_or(outro, |mark| mark.min(outro));
        let mut parts = Vec::new();
        if run.start < promo {
            parts = ordinary(&blocks[run.start..promo]);
        }
        if promo < outro {
            parts.push(Content::Promo(whole(&blocks[promo..outro])));
        }
        if outro < run.end {
            parts.push(Content::Outro(whole(&blocks[outro..run.end])));
        }
        parts
    }

    /// Finds the paragraphs that begin promo and outro.
    fn find_marks(&mut self, items: &Items) {
        let blocks = &items.document.blocks;
        for place in items.rules.promo_places(items.text) {
            let next = blocks.partition_point(|block| block.span.start <= place);
            let Some(index) = next.checked_sub(1) else {
                continue;
            };
            let block = &blocks[index];
            let is_new = self.promo_marks.last() != Some(&index);
            if block.kind == Kind::Paragraph && place < block.span.end && is_new {
                self.promo_marks.push(index);
            }
        }
        let is_outro = |block: &Block| {
            let source = &items.text[block.span.range()];
            block.kind == Kind::Paragraph
                && items
                    .rules
                    .is_outro_marker(source.trim_start_matches(['*', '_']))
        };
        if let Some(index) = blocks.iter().position(is_outro) {
            self.outro = index;
            self.promo_marks.retain(|mark| *mark < index);
        }
    }

    fn add_head(&mut self, items: &Items, block: usize, body: Range<usize>) {
        let level = match items.document.blocks[block].kind {
            Kind::Heading(level) => level,
            _ => 2,
        };
        let words = heading::read(items, &items.document.blocks[block]);
        let mut parent = self.heads.len().checked_sub(1);
        while let Some(index) = parent {
            if self.heads[index].level < level {
                break;
            }
            parent = self.heads[index].parent;
        }
        let outro = block >= self.outro
            || items.rules.is_outro_section(&words.slug)
            || parent.is_some_and(|parent| self.heads[parent].outro);
        self.heads.push(Head {
            block,
            body,
            level,
            words,
            parent,
            role: Role::Section,
            outro,
        });
    }

    /// Decides which heads are items of their parents.
    fn find_items(&mut self, items: &Items) {
        let mut has_heads_below = vec![false; self.heads.len()];
        for head in &self.heads {
            if let Some(parent) = head.parent {
                has_heads_below[parent] = true;
            }
        }
        // Of the linked heads below each head: all, and those surely items.
        let mut linked = vec![(0, 0); self.heads.len()];
        let mut undecided = Vec::new();
        for (index, has_heads_below) in has_heads_below.into_iter().enumerate() {
            let head = &self.heads[index];
            let Some(parent) = head.parent else {
                continue;
            };
            if items.rules.item_heading_level == Some(head.level) && !has_heads_below {
                self.heads[index].role = Role::Item;
                continue;
            }
            let styles = items.rules.styles_of(&self.heads[parent].words.slug);
            if head.words.as_item.is_none() || !styles.contains(&Style::Heading) {
                continue;
            }
            linked[parent].0 += 1;
            let body = &items.document.blocks[head.body.clone()];
            if has_heads_below || !has_text(items, body) {
                continue;
            }
            if has_linked_list(items, body) || begins_with_empty_list(items, body) {
                undecided.push((index, parent));
            } else {
                linked[parent].1 += 1;
                self.heads[index].role = Role::Item;
            }
        }
        for (index, parent) in undecided {
            let (all, sure) = linked[parent];
            if sure * 2 > all {
                self.heads[index].role = Role::Item;
            }
        }
    }
}

/// Whether there is more below a heading than comments or one emphasised line.
fn has_text(items: &Items, body: &[Block]) -> bool {
    let mut blocks = body.iter().filter(|block| !is_comment(items, block));
    match (blocks.next(), blocks.next()) {
        (None, _) => false,
        (Some(only), None) => !is_emphasised(items, only),
        _ => true,
    }
}

/// Whether what is below a heading begins with a list that only says that there
/// is nothing; what follows may belong to the section above.
fn begins_with_empty_list(items: &Items, body: &[Block]) -> bool {
    let mut blocks = body.iter().filter(|block| !is_comment(items, block));
    blocks
        .next()
        .is_some_and(|block| block.kind != Kind::Paragraph && is_emphasised(items, block))
}

fn is_comment(items: &Items, block: &Block) -> bool {
    let source = items.text[block.span.range()].trim();
    block.kind == Kind::Html && source.starts_with("<!--") && source.ends_with("-->")
}

/// Whether a paragraph, or the only item of a list, is one emphasised text.
fn is_emphasised(items: &Items, block: &Block) -> bool {
    let mut inside = block.events.start + 1..block.events.end - 1;
    loop {
        let first = inside.start;
        if first >= inside.end || items.document.close_of(first) != inside.end {
            return false;
        }
        match items.document.event(first) {
            Some(Event::Start(Tag::Emphasis)) => {
                return matches!(
                    block.kind,
                    Kind::Paragraph | Kind::Bullet | Kind::Ordered(_)
                );
            }
            Some(Event::Start(Tag::Item | Tag::Paragraph)) => {
                inside = first + 1..inside.end - 1;
            }
            _ => return false,
        }
    }
}

/// Whether the lists below a heading are of links.
fn has_linked_list(items: &Items, body: &[Block]) -> bool {
    body.iter()
        .filter(|block| matches!(block.kind, Kind::Bullet | Kind::Ordered(_)))
        .any(|block| items.list_begins_with_link(block))
}
