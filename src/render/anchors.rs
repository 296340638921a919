//! Names that addresses like `#x` find: headings and footnotes of one issue.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::issue::{Issue, Item, Section, slug};

/// The names of one issue, worked out once.
#[derive(Debug, Default)]
pub(crate) struct Anchors<'i> {
    /// Name of a heading, by the index of its start event.
    headings: BTreeMap<usize, String>,
    /// Footnotes in the order in which they are first spoken of.
    footnotes: BTreeMap<&'i str, usize>,
    /// Names of sections, those included that bold paragraphs open.
    sections: Vec<String>,
    /// The sections themselves, for the names of their items.
    all: &'i [Section],
    /// Names of items, by section; made when one is asked for.
    items: OnceCell<Vec<Vec<String>>>,
    /// Whether the body holds raw HTML at all.
    pub(crate) raw: bool,
}

impl<'i> Anchors<'i> {
    /// Gathers the names of an issue.
    pub(crate) fn of(issue: &'i Issue<'_>) -> Anchors<'i> {
        let mut anchors = Anchors::default();
        let mut taken: BTreeSet<String> = issue.census.anchors.iter().cloned().collect();
        let known: BTreeMap<usize, &str> = issue
            .sections
            .iter()
            .map(|section| (section.heading.start, section.slug.as_str()))
            .collect();
        let mut open: Option<(usize, String)> = None;
        for (index, (event, _)) in issue.document.events.iter().enumerate() {
            match event {
                Event::Start(Tag::Heading { .. }) => open = Some((index, String::new())),
                Event::End(TagEnd::Heading(_)) => {
                    if let Some((start, text)) = open.take() {
                        let slug = known
                            .get(&start)
                            .map_or_else(|| slug(&text), |&slug| slug.to_owned());
                        anchors.headings.insert(start, unique(slug, &mut taken));
                    }
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some((_, heading)) = &mut open {
                        heading.push_str(text);
                    }
                }
                Event::FootnoteReference(name) | Event::Start(Tag::FootnoteDefinition(name)) => {
                    let next = anchors.footnotes.len() + 1;
                    anchors.footnotes.entry(name).or_insert(next);
                }
                Event::Html(_) | Event::InlineHtml(_) => anchors.raw = true,
                _ => {}
            }
        }
        anchors.sections = issue
            .sections
            .iter()
            .map(
                |section| match anchors.headings.get(&section.heading.start) {
                    Some(name) => name.clone(),
                    None => unique(section.slug.clone(), &mut taken),
                },
            )
            .collect();
        anchors.all = &issue.sections;
        anchors
    }

    /// The name of an item, which stays: made from the item's number where no
    /// other item of the section has it, else from its place.
    pub(crate) fn item(&self, section: usize, item: usize) -> &str {
        let names = || {
            let sections = self.all.iter().zip(&self.sections);
            sections
                .map(|(section, name)| item_names(section, name))
                .collect()
        };
        self.items
            .get_or_init(names)
            .get(section)
            .and_then(|items| items.get(item))
            .map_or("", String::as_str)
    }

    /// The name of the heading that starts at an event.
    pub(crate) fn heading(&self, event: usize) -> Option<&str> {
        self.headings.get(&event).map(String::as_str)
    }

    /// The name of a section.
    pub(crate) fn section(&self, index: usize) -> &str {
        self.sections.get(index).map_or("", String::as_str)
    }

    /// The number of a footnote.
    pub(crate) fn footnote(&self, name: &str) -> usize {
        self.footnotes.get(name).copied().unwrap_or_default()
    }
}

fn item_names(section: &Section, name: &str) -> Vec<String> {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for number in section.items.iter().filter_map(|item| item.number) {
        *counts.entry(number).or_default() += 1;
    }
    let of = |(index, item): (usize, &Item)| match item.number {
        Some(number) if counts[&number] == 1 => format!("{name}-{number}"),
        _ => format!("{name}.{}", index + 1),
    };
    section.items.iter().enumerate().map(of).collect()
}

fn unique(slug: String, taken: &mut BTreeSet<String>) -> String {
    let slug = if slug.is_empty() {
        "section".to_owned()
    } else {
        slug
    };
    let mut name = slug.clone();
    let mut count = 1;
    while !taken.insert(name.clone()) {
        count += 1;
        name = format!("{slug}-{count}");
    }
    name
}
