//! What readers may do without: sections that the settings call optional.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::issue::{Section, Style, slug};
use crate::render::escape;
use crate::render::labels::Labels;
use crate::render::mail::MailRequest;
use crate::render::mail::preview::Lead;

/// A section that readers may leave out of their mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionalSection {
    /// What it is called.
    pub title: String,
    /// Its slug, and those of its other names; one at least.
    pub slugs: Vec<String>,
}

/// Slugs of the sections that the attribute `without_sections` of a subscriber names:
/// names or slugs, parted by commas; a list in JSON is read too.
pub fn sections_left_out(value: &str) -> BTreeSet<String> {
    value
        .split([',', ';', '"', '[', ']'])
        .map(slug)
        .filter(|slug| !slug.is_empty())
        .collect()
}

/// The sections of one issue, as far as readers may do without some of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Choices {
    lead: Lead,
    /// As many as the issue has sections.
    sections: Vec<Choice>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Choice {
    /// By each of these names it is left out; those of the sections that it lies in
    /// too.
    slugs: BTreeSet<String>,
    /// How many links its items have.
    links: usize,
}

impl Choices {
    /// Those of an issue; none where everybody gets all of it.
    pub(crate) fn of(request: &MailRequest<'_, '_>) -> Option<Choices> {
        let issue = request.issue;
        let mut sections: Vec<Choice> = Vec::with_capacity(issue.sections.len());
        for section in &issue.sections {
            let own = |optional: &&OptionalSection| optional.slugs.contains(&section.slug);
            let mut slugs: BTreeSet<String> = request
                .optional
                .iter()
                .find(own)
                .map(|optional| optional.slugs.iter().cloned().collect())
                .unwrap_or_default();
            if let Some(around) = section.parent.and_then(|parent| sections.get(parent)) {
                slugs.extend(around.slugs.iter().cloned());
            }
            let links = links(section);
            sections.push(Choice { slugs, links });
        }
        let chosen = sections.iter().any(|one| !one.slugs.is_empty());
        chosen.then(|| Choices {
            lead: Lead::of(request.summary, issue, request.language),
            sections,
        })
    }

    /// How many sections the issue has.
    pub(crate) fn len(&self) -> usize {
        self.sections.len()
    }

    /// Places of the sections that somebody does not get.
    pub(crate) fn left_out(&self, without: &BTreeSet<String>) -> Vec<usize> {
        if without.is_empty() {
            return Vec::new();
        }
        let sections = self.sections.iter().enumerate();
        sections
            .filter(|(_, section)| !section.slugs.is_disjoint(without))
            .map(|(place, _)| place)
            .collect()
    }

    /// Takes these sections out of the variables of a mail, and out of what is
    /// counted there.
    pub(crate) fn take_out(&self, out: &[usize], model: &mut Json) {
        let issue = &mut model["issue"];
        if let Some(sections) = issue["sections"].as_array_mut() {
            let mut place = 0;
            sections.retain(|_| {
                place += 1;
                !out.contains(&(place - 1))
            });
        }
        let links = self.links(out, issue);
        let language = issue["language"].as_str().unwrap_or_default();
        let words = match links {
            0 => String::new(),
            _ => Labels::count_of_links(language, links),
        };
        issue["preheader"] = self.preheader(out, issue).into();
        issue["link_count"] = links.into();
        issue["link_words"] = words.into();
    }

    /// The preview line without these sections; `issue` are the variables of all of
    /// it.
    pub(crate) fn preheader(&self, out: &[usize], issue: &Json) -> String {
        let language = issue["language"].as_str().unwrap_or_default();
        let is_kept = |place: usize| !out.contains(&place);
        let said = self.lead.said(is_kept, self.links(out, issue), language);
        escape::without_controls(&said).into_owned()
    }

    /// Links that are left.
    fn links(&self, out: &[usize], issue: &Json) -> usize {
        let all = issue["link_count"].as_u64().unwrap_or(0);
        let gone: usize = out.iter().map(|place| self.sections[*place].links).sum();
        usize::try_from(all).unwrap_or(0).saturating_sub(gone)
    }
}

/// The links of a section's items, as [`Summary::link_count`](crate::issue::Summary)
/// counts them.
fn links(section: &Section) -> usize {
    match section.style {
        Style::Outro => 0,
        _ => section.items.iter().map(|item| item.links.len()).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_slugs_and_lists_say_what_is_left_out() {
        let read = |value: &str| sections_left_out(value).into_iter().collect::<Vec<_>>();
        assert_eq!(read("Job offers, events"), ["events", "job-offers"]);
        assert_eq!(read("[\"Jobs\",\"活动\"]"), ["jobs", "活动"]);
        assert!(read(" , ").is_empty());
    }
}
