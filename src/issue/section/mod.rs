//! From the blocks of a body to intro, sections, items, promo and outro.
//!
//! Every block belongs to exactly one of them. Headings open sections; in a
//! text without headings, lone bold paragraphs and lone links that begin with
//! an emoji do. A deeper heading that is one link and has text is an item of
//! its parent section.

use crate::diagnostic::Span;
use crate::issue::document::Block;
use crate::issue::item::{Breaks, Items, Mark, Parts};
use crate::issue::model::{Content, Events, Issue, Item, Section, Style};
use crate::issue::rules::Rules;

mod heading;
mod outline;

use outline::{Outline, Role};

/// Fills sections, intro, promo and census of an issue whose document and title
/// are set.
pub(crate) fn understand(issue: &mut Issue, rules: &Rules) {
    let text = issue.source.text();
    let listing = crate::issue::census::Listing::of(&issue.document, text);
    let mut items = Items::new(&issue.document, text, &listing, rules);
    let outline = Outline::of(&items, issue.title_events.as_ref());
    let blocks = &issue.document.blocks;

    issue.intro = [&outline.above, &outline.intro]
        .into_iter()
        .flat_map(|run| {
            outline.parts(blocks, run.clone(), &mut |blocks| {
                vec![Content::Prose(whole(blocks))]
            })
        })
        .collect();
    let mut sections: Vec<Section> = Vec::with_capacity(outline.heads.len());
    // The section of each head; for those that are items, that of their parent.
    let mut places: Vec<usize> = Vec::with_capacity(outline.heads.len());
    for head in &outline.heads {
        let parent = head.parent.and_then(|parent| places.get(parent).copied());
        if let (Role::Item, Some(place)) = (head.role, parent) {
            places.push(place);
            let section = &mut sections[place];
            let number = head.words.as_item.flatten();
            let body = &blocks[head.body.clone()];
            let item = heading_item(&mut items, number, &blocks[head.block], body);
            section.content.push(Content::Item(section.items.len()));
            section.items.push(item);
            if section.style == Style::Prose {
                section.style = Style::Heading;
            }
            continue;
        }
        places.push(sections.len());
        let styles = rules.styles_of(&head.words.slug);
        let mut found = (Style::Prose, Vec::new());
        let content = outline.parts(blocks, head.body.clone(), &mut |blocks| {
            let collected = items.collect(blocks, styles);
            found = (collected.style, collected.items);
            collected.content
        });
        let heading = blocks.get(head.block);
        sections.push(Section {
            title: head.words.title.clone(),
            emoji: head.words.emoji.clone(),
            slug: head.words.slug.clone(),
            level: head.level,
            parent,
            url: head.words.url.clone(),
            span: heading.map_or_else(Span::default, |block| block.span),
            style: if head.outro { Style::Outro } else { found.0 },
            heading: heading.map_or(0..0, |block| block.events.clone()),
            content,
            items: found.1,
        });
    }
    issue.promo_marks = outline
        .promo_marks
        .iter()
        .map(|index| blocks[*index].span)
        .collect();
    issue.season_url = season_url(&outline, &items, blocks);
    issue.sections = sections;
    issue.census = listing.census;
}

/// An item whose title is a heading.
fn heading_item(items: &mut Items, mark: Option<Mark>, heading: &Block, body: &[Block]) -> Item {
    let end = body
        .last()
        .map_or(heading.events.end, |block| block.events.end);
    let first = heading.events.start + 1..heading.events.end - 1;
    let all = heading.events.start..end;
    let mut item = items.build(Parts {
        number: mark.map(|mark| mark.number),
        mark: mark.map_or(0, |mark| mark.length),
        events: Vec::from([all]),
        first: first.clone(),
        breaks: Breaks::Never,
        blocks: body.iter().map(|block| block.events.clone()).collect(),
    });
    item.lead = first.end..first.end;
    item
}

/// The first link of a promo paragraph that speaks of seasons.
fn season_url(outline: &Outline, items: &Items, blocks: &[Block]) -> Option<String> {
    outline.promo_marks.iter().find_map(|index| {
        let block = &blocks[*index];
        let words = items.text[block.span.range()].to_lowercase();
        let speaks = ["season", "季", "シーズン"]
            .iter()
            .any(|word| words.contains(word));
        let link = items.listing.links(&block.events).first()?;
        speaks.then(|| link.url.clone())
    })
}

fn whole(blocks: &[Block]) -> Events {
    match (blocks.first(), blocks.last()) {
        (Some(first), Some(last)) => first.events.start..last.events.end,
        _ => 0..0,
    }
}

#[cfg(test)]
mod tests;
