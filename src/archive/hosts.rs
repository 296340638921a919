//! What hosts and robots look for by its name: `404.html` and `robots.txt`.

use crate::archive::plan::{File, Plan, Tree};
use crate::diagnostic::Finding;
use crate::render::{AnswerPage, Labels, PageLink};

/// Where the links in mail lead: they belong to people and are none of a robot's
/// business.
const PERSONAL: [&str; 4] = ["account/", "confirm/", "preferences/", "unsubscribe/"];

impl Plan<'_> {
    /// What static hosts, and `serve`, answer at an address where there is nothing.
    /// All of its links are absolute, for it is shown at any depth.
    ///
    /// # Errors
    ///
    /// What is wrong with an overridden template.
    pub(crate) fn lost_page(&self) -> Result<File, Box<Finding>> {
        let site = self.editions[0].site.clone();
        let labels = Labels::of(&site.language);
        let page = AnswerPage {
            title: labels.no_page.to_owned(),
            language: site.language.clone(),
            text: vec![labels.no_page_text.to_owned()],
            links: vec![PageLink {
                title: labels.all_issues.to_owned(),
                url: site.home_url.clone(),
            }],
            site,
            ..AnswerPage::default()
        };
        Ok(File {
            tree: Tree::Public,
            path: "404.html".to_owned(),
            bytes: self.inputs.templates.answer_page(&page)?.into_bytes(),
        })
    }

    /// What robots may fetch (RFC 9309), and where all pages are listed. They ask for
    /// it at the root of a host alone: an archive below it has none.
    pub(crate) fn robots(&self) -> Option<File> {
        let root = &self.inputs.newsletter.url;
        if root.path() != "/" {
            return None;
        }
        let personal = PERSONAL.map(|path| format!("Disallow: /{path}\n"));
        let text = format!(
            "User-agent: *\n{}\nSitemap: {root}sitemap.xml\n",
            personal.concat()
        );
        Some(File {
            tree: Tree::Public,
            path: "robots.txt".to_owned(),
            bytes: text.into_bytes(),
        })
    }
}
