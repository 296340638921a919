//! Headings and the sections below them.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::issue::checks::links::placeholder_in;
use crate::issue::checks::{Report, Trouble, excerpt};
use crate::issue::document::{Document, Kind};
use crate::issue::model::{Content, Issue, Section, Style};
use crate::issue::rules::Rules;
use crate::issue::slug::slug;

pub(super) fn check(issue: &Issue, rules: &Rules, trouble: Trouble, report: &mut Report) {
    heading_levels(&issue.document, report);
    if trouble.placeholders {
        placeholders(issue, report);
    }
    for (index, section) in issue.sections.iter().enumerate() {
        if is_empty(issue, index) {
            let message = format!("nothing stands below “{}”", excerpt(&section.title, 60));
            report.push(Diagnostic::note("empty-section", message).at(section.span));
        }
        if !rules.known_sections.is_empty() {
            unknown_section(section, rules, report);
        }
    }
    if !rules.known_sections.is_empty() {
        lost_headings(issue, rules, report);
    }
}

/// Headings and titles that are yet to be written.
fn placeholders(issue: &Issue, report: &mut Report) {
    for section in &issue.sections {
        if let Some(word) = placeholder_in(&section.title) {
            let message = format!("this heading still says {word}");
            report.push(Diagnostic::warning("placeholder", message).at(section.span));
        }
        for item in &section.items {
            // A link says it of itself.
            let is_link = item.links.first().map(|link| &link.text) == Some(&item.title);
            if let Some(word) = placeholder_in(&item.title).filter(|_| !is_link) {
                let message = format!("this title still says {word}");
                report.push(Diagnostic::warning("placeholder", message).at(item.span));
            }
        }
    }
}

/// A heading two levels below the one before it.
fn heading_levels(document: &Document, report: &mut Report) {
    let mut last: Option<u8> = None;
    for block in &document.blocks {
        let Kind::Heading(level) = block.kind else {
            continue;
        };
        if let Some(last) = last.filter(|last| level > last + 1) {
            let message = format!("a heading of level {level} follows one of level {last}");
            report.push(Diagnostic::note("heading-jump", message).at(block.span));
        }
        last = Some(level);
    }
}

fn is_empty(issue: &Issue, index: usize) -> bool {
    let section = &issue.sections[index];
    let next = issue.sections.get(index + 1);
    let has_below = next.is_some_and(|next| next.parent == Some(index));
    let says_nothing = section.content.iter().all(|content| match content {
        Content::Prose(events) => issue.document.blocks_in(events).iter().all(|block| {
            let source = issue.source.text()[block.span.range()].trim();
            block.kind == Kind::Html && source.starts_with("<!--") && source.ends_with("-->")
        }),
        Content::Item(_) | Content::Promo(_) | Content::Outro(_) => false,
    });
    says_nothing && !has_below
}

fn unknown_section(section: &Section, rules: &Rules, report: &mut Report) {
    if section.style == Style::Outro
        || section.title.is_empty()
        || rules.known_sections.contains_key(&section.slug)
    {
        return;
    }
    let message = format!("“{}” is no known section", excerpt(&section.title, 60));
    let mut diagnostic = Diagnostic::warning("unknown-section", message).at(section.span);
    let nearest = rules
        .known_sections
        .iter()
        .map(|(known, name)| (strsim::jaro_winkler(known, &section.slug), name))
        .max_by(|one, other| one.0.total_cmp(&other.0));
    if let Some((likeness, name)) = nearest
        && likeness > 0.8
    {
        diagnostic = diagnostic.help(format!("did you mean “{name}”?"));
    }
    report.push(diagnostic);
}

/// A lone paragraph with the words of a known section: its `##` was lost.
fn lost_headings(issue: &Issue, rules: &Rules, report: &mut Report) {
    let blocks = &issue.document.blocks;
    if !blocks
        .iter()
        .any(|block| matches!(block.kind, Kind::Heading(_)))
    {
        return;
    }
    let headings: BTreeSet<usize> = issue
        .sections
        .iter()
        .map(|section| section.heading.start)
        .collect();
    for block in blocks {
        // No title of a section is longer than this.
        if block.kind != Kind::Paragraph || block.span.range().len() > 200 {
            continue;
        }
        let text = issue.document.plain_text(block.events.clone());
        let is_heading = headings.contains(&block.events.start);
        let known = rules.known_sections.get(&slug(&text));
        if let Some(name) = known.filter(|_| !is_heading) {
            let message = format!("“{name}” stands here as a paragraph");
            report.push(
                Diagnostic::warning("lost-heading", message)
                    .at(block.span)
                    .help(format!("write `## {text}` to begin the section")),
            );
        }
    }
}
