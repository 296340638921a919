//! The newsletter in one language: which issues it holds, where its index and
//! its feeds lie.

use url::Url;

use crate::archive::feeds::feed_links;
use crate::archive::plan::{Plan, under};
use crate::feed;
use crate::newsletter::Newsletter;
use crate::render::{PageLink, Site};

/// One language of the newsletter.
#[derive(Clone, Debug)]
pub(crate) struct Edition {
    /// The publication in this language.
    pub(crate) newsletter: Newsletter,
    /// Empty for the main language, else `LANG/`.
    pub(crate) folder: String,
    /// Its issues, newest first. Those that are not in the main language are in
    /// the main edition too, unless a translation is, so that it misses none.
    pub(crate) order: Vec<usize>,
    /// Address of its index.
    pub(crate) home: Url,
    /// What its pages share.
    pub(crate) site: Site,
}

impl Edition {
    /// All languages that have an issue, the main one first.
    pub(crate) fn all(plan: &Plan<'_>) -> Vec<Edition> {
        let languages = plan.languages();
        languages
            .iter()
            .map(|language| Edition::new(plan, language))
            .collect()
    }

    fn new(plan: &Plan<'_>, language: &str) -> Edition {
        let inputs = &plan.inputs;
        let main = language == inputs.newsletter.language;
        let newsletter = if main {
            inputs.newsletter.clone()
        } else {
            inputs.newsletter.in_language(language)
        };
        let folder = if main {
            String::new()
        } else {
            format!("{language}/")
        };
        let belongs = |&index: &usize| {
            let issue = &inputs.issues[index];
            let spoken = |index: &usize| {
                let other = &inputs.issues[*index];
                other.language == language && !other.publication.is_draft()
            };
            spoken(&index) || (main && !issue.translations.iter().any(spoken))
        };
        let order: Vec<usize> = plan.order.iter().copied().filter(belongs).collect();
        // Of several translations of one issue, none in the main language, the
        // main edition has one.
        let first = |&index: &usize| {
            let others = &inputs.issues[index].translations;
            !main
                || inputs.issues[index].language == language
                || !others
                    .iter()
                    .any(|other| *other < index && order.contains(other))
        };
        let order = order.iter().copied().filter(first).collect();
        let home = under(&inputs.newsletter.url, &folder);
        let site = site(plan, &newsletter, &folder, &home);
        Edition {
            newsletter,
            folder,
            order,
            home,
            site,
        }
    }

    /// Addresses of its feeds.
    pub(crate) fn feeds(&self, root: &Url) -> feed::Addresses {
        feed::Addresses::in_folder(under(root, &format!("feeds/{}", self.folder)).as_str())
    }
}

fn site(plan: &Plan<'_>, newsletter: &Newsletter, folder: &str, home: &Url) -> Site {
    let inputs = &plan.inputs;
    let root = &inputs.newsletter.url;
    let feeds_url = under(root, "feeds/");
    let links = if inputs.settings.feeds {
        let folder_url = under(root, &format!("feeds/{folder}"));
        let addresses = feed::Addresses::in_folder(folder_url.as_str());
        feed_links(&newsletter.title, &addresses)
    } else {
        Vec::new()
    };
    let main = &inputs.newsletter.language;
    let pages = inputs
        .pages
        .iter()
        .filter(|page| page.summary.language.as_ref().unwrap_or(main) == &newsletter.language)
        .map(|page| PageLink {
            title: page.summary.title.clone(),
            url: crate::archive::plan::text_page_address(inputs, page).to_string(),
        })
        .collect();
    Site {
        title: newsletter.title.clone(),
        description: newsletter.description.clone(),
        language: newsletter.language.clone(),
        home_url: home.to_string(),
        feeds_url: inputs.settings.feeds.then(|| feeds_url.to_string()),
        subscribe_url: inputs.settings.subscribe.as_ref().map(|form| {
            let mut form = form.clone();
            if newsletter.language != inputs.newsletter.language {
                form.set_query(Some(&format!("lang={}", newsletter.language)));
            }
            form.to_string()
        }),
        style_url: under(root, "style.css").to_string(),
        logo_url: inputs.settings.look.logo.as_ref().map(Url::to_string),
        feeds: links,
        pages,
        address: newsletter.address.clone(),
    }
}
