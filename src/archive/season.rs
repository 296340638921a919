//! Seasons: every so many issues, one page that gathers their items by section.

use std::collections::BTreeMap;

use url::Url;

use crate::archive::edition::Edition;
use crate::archive::plan::{File, Plan, under};
use crate::diagnostic::Finding;
use crate::render::{
    Addresses, ContentsEntry, Labels, PageLink, PagePiece, SeasonItem, SeasonPage, SeasonSection,
    season_html,
};

/// A section of a season as its issues have it.
struct Gathered<'p> {
    title: &'p str,
    emoji: Option<&'p str>,
    /// Place of the issue in the season, and the item.
    items: Vec<(usize, &'p PagePiece)>,
}

impl Plan<'_> {
    /// The page of each season of each language.
    pub(crate) fn season_files(&self) -> Result<Vec<File>, Box<Finding>> {
        let mut files = Vec::new();
        for edition in &self.editions {
            let seasons = self.seasons(edition);
            for place in 0..seasons.len() {
                let page = self.season_page(edition, &seasons, place);
                let url = self.season_url(edition, seasons[place].0);
                files.push(self.html_file(&url, self.inputs.templates.season_page(page)?));
            }
        }
        Ok(files)
    }

    /// The seasons of a language that have items, oldest first, with their issues,
    /// oldest first.
    pub(crate) fn seasons(&self, edition: &Edition) -> Vec<(u64, Vec<usize>)> {
        let mut seasons: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for &index in edition.order.iter().rev() {
            let manuscript = &self.inputs.manuscripts[index];
            if let Some(season) = manuscript.summary.season {
                seasons.entry(season).or_default().push(index);
            }
        }
        seasons.retain(|_, issues| {
            let mut pieces = issues.iter().map(|&at| &self.inputs.manuscripts[at].pieces);
            pieces.any(|pieces| !pieces.is_empty())
        });
        seasons.into_iter().collect()
    }

    /// The address of a season's page.
    pub(crate) fn season_url(&self, edition: &Edition, season: u64) -> Url {
        let path = format!("{}seasons/{season}/", edition.folder);
        under(&self.inputs.newsletter.url, &path)
    }

    fn season_page(
        &self,
        edition: &Edition,
        seasons: &[(u64, Vec<usize>)],
        place: usize,
    ) -> SeasonPage {
        let (season, issues) = &seasons[place];
        let labels = Labels::of(&edition.newsletter.language);
        let name = |season: u64| labels.season.replace("{n}", &season.to_string());
        let beside = |place: Option<usize>| {
            let (season, _) = seasons.get(place?)?;
            Some(PageLink {
                title: name(*season),
                url: self.season_url(edition, *season).to_string(),
            })
        };
        let marks: Vec<PageLink> = issues.iter().map(|&index| self.mark(index)).collect();
        let addresses: Vec<Addresses> = issues.iter().map(|&at| self.addresses(at)).collect();
        let sections: Vec<SeasonSection<'_>> = self
            .gathered(issues)
            .into_iter()
            .enumerate()
            .map(|(number, section)| SeasonSection {
                title: section.title,
                emoji: section.emoji,
                anchor: format!("section-{}", number + 1),
                items: section
                    .items
                    .iter()
                    .map(|&(place, piece)| SeasonItem {
                        piece,
                        page: &self.inputs.manuscripts[issues[place]].page,
                        addresses: &addresses[place],
                        issue: &marks[place].title,
                        language: self.other_language(issues[place], edition),
                    })
                    .collect(),
            })
            .collect();
        SeasonPage {
            site: edition.site.clone(),
            title: name(*season),
            full_title: format!("{}: {}", edition.newsletter.title, name(*season)),
            url: self.season_url(edition, *season).to_string(),
            contents: sections
                .iter()
                .map(|section| ContentsEntry {
                    title: section.title.to_owned(),
                    emoji: section.emoji.map(str::to_owned),
                    anchor: section.anchor.clone(),
                    count: section.items.len(),
                })
                .collect(),
            body_html: season_html(&sections),
            issues: marks,
            older: beside(place.checked_sub(1)),
            newer: beside(place.checked_add(1)),
        }
    }

    /// The language of an issue, where it is not that of the page it stands in.
    fn other_language(&self, index: usize, edition: &Edition) -> Option<&str> {
        let language = self.inputs.issues[index].language.as_str();
        (language != edition.newsletter.language).then_some(language)
    }

    /// The items of some issues by the section that they lie in, in the order in
    /// which the sections first come.
    fn gathered(&self, issues: &[usize]) -> Vec<Gathered<'_>> {
        let known = &self.inputs.settings.known_sections;
        let mut order: Vec<Gathered<'_>> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, &index) in issues.iter().enumerate() {
            for piece in &self.inputs.manuscripts[index].pieces {
                let slug = known.get(&piece.slug).unwrap_or(&piece.slug);
                let at = *places.entry(slug).or_insert_with(|| {
                    order.push(Gathered {
                        title: &piece.section,
                        emoji: piece.emoji.as_deref(),
                        items: Vec::new(),
                    });
                    order.len() - 1
                });
                order[at].items.push((place, piece));
            }
        }
        order.retain(|section| !section.title.is_empty());
        order
    }

    /// How an issue is named in few words, with its address.
    fn mark(&self, index: usize) -> PageLink {
        let summary = &self.inputs.manuscripts[index].summary;
        PageLink {
            title: match summary.number {
                Some(number) => format!("#{}", number.value),
                None => crate::render::display_title(&summary.title),
            },
            url: self.addresses[index].to_string(),
        }
    }
}
