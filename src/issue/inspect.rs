//! What was understood of an issue, as JSON.
//!
//! The keys and their meaning are stable: scripts read them.

use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::issue::document::Kind;
use crate::issue::model::{Issue, Item, Section, Style};
use crate::issue::preset::Preset;

/// All that was understood of an issue, with what is to be said about it.
pub fn inspect(issue: &Issue, diagnostics: &[Diagnostic]) -> Value {
    let source = issue.source;
    let markdown_links = issue.census.links.iter().filter(|link| !link.html).count();
    let markdown_images = issue.census.images.iter().filter(|image| !image.html);
    let missing_alt = markdown_images
        .clone()
        .filter(|image| image.alt.trim().is_empty())
        .count();
    let image_count = markdown_images.count();
    let promo_lines: Vec<usize> = issue
        .promo_marks
        .iter()
        .map(|span| line(source, *span))
        .collect();
    let findings: Vec<Value> = diagnostics
        .iter()
        .map(|diagnostic| finding(source, diagnostic))
        .collect();
    json!({
        "file": source.path(),
        "front_matter": issue.front_matter.kind.name(),
        "number": issue.number.map(|number| number.value),
        "number_from": issue.number.map(|number| number.from.name()),
        "date": issue.date.map(|date| date.date.to_string()),
        "time": issue.date.and_then(|date| date.time).map(|time| time.to_string()),
        "date_precision": issue.date.map(|date| date.precision.name()),
        "date_from": issue.date.map(|date| date.from.name()),
        "title": issue.title.as_ref().map(|title| title.text.as_str()),
        "title_from": issue.title.as_ref().map(|title| title.from.name()),
        "language": issue.language,
        "preset": preset(issue).name(),
        "mojibake": issue.mojibake.as_ref().map(|repair| json!({
            "page": repair.page,
            "mode": if repair.whole { "whole" } else { "partial" },
            "sequences": repair.sequences,
        })),
        "original_url": issue.original_url,
        "promo_lines": promo_lines,
        "season": issue.season,
        "season_url": issue.season_url,
        "intro_line": intro_line(issue),
        "sections": issue.sections.iter().map(|found| section(issue, found)).collect::<Vec<_>>(),
        "section_count": issue.sections.len(),
        "item_count": issue.items().count(),
        "link_count": markdown_links,
        "image_count": image_count,
        "html_link_count": issue.census.links.len() - markdown_links,
        "html_image_count": issue.census.images.len() - image_count,
        "missing_alt_count": missing_alt,
        "diagnostics": findings,
    })
}

fn section(issue: &Issue, section: &Section) -> Value {
    let items: Vec<Value> = section
        .items
        .iter()
        .map(|found| item(issue.source, found))
        .collect();
    json!({
        "title": section.title,
        "emoji": section.emoji,
        "slug": section.slug,
        "level": section.level,
        "parent": section.parent,
        "url": section.url,
        "line": line(issue.source, section.span),
        "style": section.style.name(),
        "items": items,
    })
}

fn item(source: &SourceFile, item: &Item) -> Value {
    json!({
        "number": item.number,
        "title": Some(&item.title).filter(|title| !title.is_empty()),
        "url": item.url,
        "language": item.language,
        "tags": item.tags,
        "byline": item.byline,
        "suffix": item.suffix,
        "deleted": item.deleted,
        "stars": item.stars,
        "contributor": item.contributor,
        "links": item.links.iter().map(|link| link.url.as_str()).collect::<Vec<_>>(),
        "images": item.images.iter().map(|image| image.url.as_str()).collect::<Vec<_>>(),
        "line": line(source, item.span),
        "link_places": item.links.iter().map(|link| place(source, link.span)).collect::<Vec<_>>(),
        "image_places": item.images.iter().map(|image| place(source, image.span)).collect::<Vec<_>>(),
    })
}

fn finding(source: &SourceFile, diagnostic: &Diagnostic) -> Value {
    let position = diagnostic.span.map(|span| source.position(span.start));
    json!({
        "path": source.path(),
        "line": position.map(|position| position.line),
        "column": position.map(|position| position.column),
        "level": diagnostic.level.name(),
        "code": diagnostic.code,
        "message": diagnostic.message,
        "help": diagnostic.help,
    })
}

/// `line:column-line:column`, the end exclusive.
fn place(source: &SourceFile, span: Span) -> String {
    let start = source.position(span.start);
    let end = source.position(span.end);
    format!(
        "{}:{}-{}:{}",
        start.line, start.column, end.line, end.column
    )
}

fn line(source: &SourceFile, span: Span) -> usize {
    source.position(span.start).line
}

/// The line of the first words of the intro.
fn intro_line(issue: &Issue) -> Option<usize> {
    let title = issue.title_events.as_ref().map_or(0, |title| title.end);
    let first_section = issue.sections.first().map(|section| section.span.start);
    issue
        .document
        .blocks
        .iter()
        .find(|block| block.events.start >= title && block.kind != Kind::Html)
        .filter(|block| first_section.is_none_or(|start| block.span.start < start))
        .map(|block| line(issue.source, block.span))
}

/// The preset whose style most items have.
fn preset(issue: &Issue) -> Preset {
    let styles = [
        Style::Cjk,
        Style::Circled,
        Style::Ordered,
        Style::Bullet,
        Style::Heading,
    ];
    let items_of = |style: Style| -> usize {
        issue
            .sections
            .iter()
            .filter(|section| section.style == style)
            .map(|section| section.items.len())
            .sum()
    };
    styles
        .into_iter()
        .rev()
        .max_by_key(|style| items_of(*style))
        .filter(|style| items_of(*style) > 0)
        .map_or(Preset::Prose, Preset::of_style)
}
