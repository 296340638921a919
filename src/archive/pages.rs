//! The pages of a build.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use crate::archive::edition::Edition;
use crate::archive::plan::{File, Plan, Tree, file_of, text_page_address, under};
use crate::archive::title::own_title;
use crate::diagnostic::Finding;
use crate::identity::{PermalinkFields, Pin, permalink};
use crate::issue::Precision;
use crate::render::{
    IndexGroup, IndexPage, IndexRow, IssuePage, Labels, PageLink, RedirectPage, TextPage,
    Translation, display_title, own_name,
};

/// So many sections of an issue are counted in the index; a year's gathering has one
/// for each week.
const SECTIONS: usize = 8;

impl Plan<'_> {
    /// How many issues have a page; [`Plan::issue_file`] makes each. They are
    /// made one by one, so that no build holds all pages at once.
    pub fn issue_count(&self) -> usize {
        self.order.len()
    }

    /// The page of the published issue at this place, newest first.
    ///
    /// # Errors
    ///
    /// What is wrong with an overridden template; likewise below.
    pub fn issue_file(&self, place: usize) -> Result<File, Box<Finding>> {
        let page = self.issue_page(self.order[place]);
        let html = self.inputs.templates.issue_page(page)?;
        Ok(self.html_file(&self.addresses[self.order[place]], html))
    }

    /// The page of the issue at this place of the manuscripts, a draft's too.
    ///
    /// # Errors
    ///
    /// See [`Plan::issue_file`].
    pub fn page(&self, index: usize) -> Result<String, Box<Finding>> {
        self.inputs.templates.issue_page(self.issue_page(index))
    }

    /// All other pages: indexes, redirects, the editor's own, the style sheet.
    ///
    /// # Errors
    ///
    /// See [`Plan::issue_file`].
    pub fn other_files(&self) -> Result<Vec<File>, Box<Finding>> {
        let templates = self.inputs.templates;
        let mut files = vec![File {
            tree: Tree::Public,
            path: "style.css".to_owned(),
            bytes: self
                .inputs
                .settings
                .look
                .accent
                .styled(templates.stylesheet())
                .into_bytes(),
        }];
        for edition in &self.editions {
            let html = templates.index_page(&self.index_page(edition))?;
            files.push(self.html_file(&edition.home, html));
        }
        files.extend(self.season_files()?);
        files.push(self.sitemap());
        files.push(self.lost_page()?);
        files.extend(self.robots());
        for page in self.inputs.pages {
            let url = text_page_address(&self.inputs, page);
            let language = page.summary.language.as_ref();
            let language = language.unwrap_or(&self.inputs.newsletter.language);
            let addresses = self.addresses_of(&page.summary.path, url.clone());
            let html = templates.text_page(&TextPage {
                site: self.edition_of(language).site.clone(),
                title: page.summary.title.clone(),
                language: language.clone(),
                url: url.to_string(),
                body_html: page.page.resolve(&addresses),
            })?;
            files.push(self.html_file(&url, html));
        }
        let mut taken: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
        taken.extend(
            self.order
                .iter()
                .filter_map(|&index| file_of(&self.inputs.newsletter.url, &self.addresses[index])),
        );
        for (path, page) in self.redirects() {
            // A page that exists is never hidden by one that only leads on.
            if !taken.contains(&path) {
                let html = templates.redirect_page(&page)?;
                files.push(File {
                    tree: Tree::Public,
                    path,
                    bytes: html.into_bytes(),
                });
            }
        }
        Ok(files)
    }

    /// Files of pages that stay as they were: those of pinned issues whose source
    /// cannot be read at the moment.
    pub fn kept_pages(&self, pins: &[Pin]) -> Vec<String> {
        let root = &self.inputs.newsletter.url;
        pins.iter()
            .filter_map(|pin| {
                let fields = PermalinkFields {
                    slug: &pin.slug,
                    date: pin.date.with_timezone(&self.zone()),
                    number: pin.first_number.or(pin.number),
                    language: &pin.language,
                    stem: &pin.stem,
                    main_language: pin.language == self.inputs.newsletter.language,
                };
                let path = permalink(&self.inputs.settings.permalink, &fields).ok()?;
                file_of(root, &under(root, path.trim_start_matches('/')))
            })
            .collect()
    }

    pub(crate) fn html_file(&self, address: &url::Url, html: String) -> File {
        let root = &self.inputs.newsletter.url;
        File {
            tree: Tree::Public,
            path: file_of(root, address).unwrap_or_else(|| "index.html".to_owned()),
            bytes: html.into_bytes(),
        }
    }

    fn edition_of(&self, language: &str) -> &Edition {
        self.editions
            .iter()
            .find(|edition| edition.newsletter.language == language)
            .unwrap_or(&self.editions[0])
    }

    fn issue_page(&self, index: usize) -> IssuePage {
        let manuscript = &self.inputs.manuscripts[index];
        let issue = &self.inputs.issues[index];
        let summary = &manuscript.summary;
        let edition = self.edition_of(&issue.language);
        let place = edition.order.iter().position(|&other| other == index);
        let beside = |step: isize| {
            let place = place?.checked_add_signed(step)?;
            let other = *edition.order.get(place)?;
            Some(PageLink {
                title: display_title(&self.inputs.manuscripts[other].summary.title),
                url: self.addresses[other].to_string(),
            })
        };
        let (date, date_words) = self.date(index, &issue.language);
        let addresses = self.addresses(index);
        let image = manuscript.images.iter().find(|image| image.open);
        IssuePage {
            site: edition.site.clone(),
            title: display_title(&summary.title),
            description: summary.description.clone(),
            language: issue.language.clone(),
            url: self.addresses[index].to_string(),
            date,
            date_words,
            link_words: if summary.link_count == 0 {
                String::new()
            } else {
                Labels::count_of_links(&issue.language, summary.link_count)
            },
            translations: self.translations(index),
            contents: manuscript.contents.clone(),
            body_html: manuscript.page.resolve(&addresses),
            older: beside(1),
            newer: beside(-1),
            image_url: image
                .and_then(|image| self.files.get(&image.path))
                .map(|target| target.url.clone()),
        }
    }

    pub(crate) fn translations(&self, index: usize) -> Vec<Translation> {
        let others = self.inputs.issues[index].translations.iter();
        others
            .filter(|&&other| !self.inputs.issues[other].publication.is_draft())
            .map(|&other| {
                let language = &self.inputs.issues[other].language;
                Translation {
                    language: language.clone(),
                    name: own_name(language),
                    url: self.addresses[other].to_string(),
                }
            })
            .collect()
    }

    /// An issue's date as ISO 8601 and in words.
    fn date(&self, index: usize, language: &str) -> (String, String) {
        let day = self.day(index);
        let written = self.inputs.manuscripts[index].summary.date;
        let precision = written.map_or(Precision::Day, |date| date.precision);
        let iso = match precision {
            Precision::Month => day.format("%Y-%m"),
            Precision::Day | Precision::Time => day.format("%Y-%m-%d"),
        };
        (iso.to_string(), Labels::date(language, day, precision))
    }

    /// The day that readers know an issue by: the written one, else that of its
    /// first appearance.
    fn day(&self, index: usize) -> NaiveDate {
        let written = self.inputs.manuscripts[index].summary.date;
        written.map_or_else(
            || {
                let moment = self.inputs.issues[index].date;
                moment.with_timezone(&self.zone()).date_naive()
            },
            |date| date.date,
        )
    }

    fn index_page(&self, edition: &Edition) -> IndexPage {
        let language = &edition.newsletter.language;
        let mut groups: Vec<IndexGroup> = Vec::new();
        let seasons = self.seasons(edition);
        for &index in &edition.order {
            let summary = &self.inputs.manuscripts[index].summary;
            let issue = &self.inputs.issues[index];
            let year = self.day(index).year();
            let title = match summary.season {
                Some(season) => {
                    let season = Labels::of(language)
                        .season
                        .replace("{n}", &season.to_string());
                    format!("{year} · {season}")
                }
                None => year.to_string(),
            };
            let (date, date_words) = self.date(index, language);
            let row = IndexRow {
                number: summary.number.map(|number| number.value),
                title: own_title(summary),
                language: (issue.language != *language).then(|| issue.language.clone()),
                url: self.addresses[index].to_string(),
                date,
                date_words,
                sections: self.inputs.manuscripts[index]
                    .contents
                    .iter()
                    .filter(|section| section.count > 0)
                    .take(SECTIONS)
                    .cloned()
                    .collect(),
            };
            match groups.last_mut().filter(|group| group.title == title) {
                Some(group) => group.rows.push(row),
                None => groups.push(IndexGroup {
                    title,
                    url: summary
                        .season
                        .filter(|season| seasons.iter().any(|(other, _)| other == season))
                        .map(|season| self.season_url(edition, season).to_string()),
                    rows: vec![row],
                }),
            }
        }
        let others = self
            .editions
            .iter()
            .filter(|other| other.folder != edition.folder);
        IndexPage {
            site: edition.site.clone(),
            url: edition.home.to_string(),
            translations: others
                .map(|other| Translation {
                    language: other.newsletter.language.clone(),
                    name: own_name(&other.newsletter.language),
                    url: other.home.to_string(),
                })
                .collect(),
            groups,
        }
    }

    /// Pages at addresses that an issue had before, or that its front matter
    /// names as aliases: file and page.
    fn redirects(&self) -> BTreeMap<String, RedirectPage> {
        let mut pages = BTreeMap::new();
        let root = &self.inputs.newsletter.url;
        for &index in &self.order {
            let issue = &self.inputs.issues[index];
            let summary = &self.inputs.manuscripts[index].summary;
            let page = RedirectPage {
                language: issue.language.clone(),
                title: display_title(&summary.title),
                url: self.addresses[index].to_string(),
            };
            let earlier = issue.earlier_slugs.iter().filter_map(|slug| {
                let mut former = issue.clone();
                former.slug.clone_from(slug);
                let language = &self.inputs.newsletter.language;
                let fields = PermalinkFields::of(&former, self.zone(), language);
                permalink(&self.inputs.settings.permalink, &fields).ok()
            });
            for path in earlier.chain(summary.aliases.iter().cloned()) {
                let address = under(root, path.trim_start_matches('/'));
                if let Some(file) = file_of(root, &address) {
                    pages.insert(file, page.clone());
                }
            }
        }
        pages
    }
}
