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
    /// Names of headings, and those in raw HTML.
    taken: BTreeSet<String>,
    /// Names of items, by section; made when one is asked for.
    items: OnceCell<Vec<Vec<String>>>,
    /// Whether the body holds raw HTML at all.
    pub(crate) raw: bool,
}

impl<'i> Anchors<'i> {
    /// Gathers the names of an issue.
    pub(crate) fn of(issue: &'i Issue<'_>) -> Anchors<'i> {
        let mut anchors = Anchors::default();
        let mut names = Names {
            taken: issue.census.anchors.iter().cloned().collect(),
            sections: BTreeMap::new(),
        };
        let known: BTreeMap<usize, &Section> = issue
            .sections
            .iter()
            .map(|section| (section.heading.start, section))
            .collect();
        let mut open: Option<(usize, String)> = None;
        for (index, (event, _)) in issue.document.events.iter().enumerate() {
            match event {
                Event::Start(Tag::Heading { .. }) => open = Some((index, String::new())),
                Event::End(TagEnd::Heading(_)) => {
                    if let Some((start, text)) = open.take() {
                        let name = match known.get(&start) {
                            Some(section) => names.of_section(section),
                            None => names.of(slug(&text)),
                        };
                        anchors.headings.insert(start, name);
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
                    None => names.of_section(section),
                },
            )
            .collect();
        anchors.all = &issue.sections;
        anchors.taken = names.taken;
        anchors
    }

    /// The name of an item, which stays: made from the item's number where no
    /// other item of the section has it, else from its place.
    pub(crate) fn item(&self, section: usize, item: usize) -> &str {
        let names = || {
            let sections = self.all.iter().zip(&self.sections);
            sections
                .map(|(section, name)| self.item_names(section, name))
                .collect()
        };
        self.items
            .get_or_init(names)
            .get(section)
            .and_then(|items| items.get(item))
            .map_or("", String::as_str)
    }

    fn item_names(&self, section: &Section, name: &str) -> Vec<String> {
        let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
        for number in section.items.iter().filter_map(|item| item.number) {
            *counts.entry(number).or_default() += 1;
        }
        let of = |(index, item): (usize, &Item)| {
            let numbered = item.number.filter(|number| counts[number] == 1);
            let numbered = numbered.map(|number| format!("{name}-{number}"));
            // A heading before it may have that name.
            numbered
                .filter(|numbered| !self.taken.contains(numbered))
                .unwrap_or_else(|| format!("{name}.{}", index + 1))
        };
        section.items.iter().enumerate().map(of).collect()
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

/// Names that are given already.
struct Names<'i> {
    /// To headings, and by raw HTML.
    taken: BTreeSet<String>,
    /// The sections that have a name: their items will have names made of it.
    sections: BTreeMap<String, &'i Section>,
}

impl<'i> Names<'i> {
    /// A name for a section.
    fn of_section(&mut self, section: &'i Section) -> String {
        let name = self.of(section.slug.clone());
        self.sections.insert(name.clone(), section);
        name
    }

    /// A name that nothing has: `tools`, and `tools-2` for the next of the kind, or
    /// `tools--2` where the second item of `tools` has that.
    fn of(&mut self, slug: String) -> String {
        let slug = if slug.is_empty() {
            "section".to_owned()
        } else {
            slug
        };
        let mut name = slug.clone();
        let mut count = 1;
        loop {
            if self.is_of_an_item(&name) {
                name = format!("{slug}--{count}");
            }
            if self.taken.insert(name.clone()) {
                return name;
            }
            count += 1;
            name = format!("{slug}-{count}");
        }
    }

    /// Whether an item of a section will have this name.
    fn is_of_an_item(&self, name: &str) -> bool {
        let Some((section, number)) = name.rsplit_once('-') else {
            return false;
        };
        let Ok(number) = number.parse::<u64>() else {
            return false;
        };
        self.sections.get(section).is_some_and(|section| {
            let mut numbers = section.items.iter().filter_map(|item| item.number);
            numbers.any(|one| one == number)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::{Reader, Settings};

    #[test]
    fn a_second_section_of_a_title_has_a_name_that_no_item_of_the_first_has() {
        let text = "## Tools\n\n1. [A](https://a.example.org/)\n2. [B](https://b.example.org/)\n\n\
                    ## Tools\n\n1. [C](https://c.example.org/)\n\n## Tools\n\nWords.\n\n\
                    ## Notes\n\nWords.\n\n## Notes\n\nWords.\n";
        let reader = Reader::new(Settings::default()).unwrap();
        let source = reader.decode("issues/1.md", text.as_bytes());
        let (issue, _) = reader.parse(&source);
        let anchors = Anchors::of(&issue);
        assert_eq!(
            anchors.sections,
            ["tools", "tools--2", "tools-3", "notes", "notes-2"]
        );
        let items = [(0, 0), (0, 1), (1, 0)].map(|(section, item)| anchors.item(section, item));
        assert_eq!(items, ["tools-1", "tools-2", "tools--2-1"]);
        let mut all: Vec<&str> = anchors.sections.iter().map(String::as_str).collect();
        all.extend(items);
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
