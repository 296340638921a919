//! The list of all pages for search engines (sitemaps.org, 0.9).

use crate::archive::plan::{File, Plan, Tree, text_page_address};

/// So many addresses may one list hold.
const MOST: usize = 50_000;

impl Plan<'_> {
    /// The list of all pages, the newest issues first.
    pub(crate) fn sitemap(&self) -> File {
        let mut urls = Vec::new();
        let day = |moment: chrono::DateTime<chrono::Utc>| {
            moment.with_timezone(&self.zone()).date_naive().to_string()
        };
        for edition in &self.editions {
            let others = self.editions.iter().filter(|_| self.editions.len() > 1);
            let others = others.map(|one| (one.newsletter.language.as_str(), one.home.as_str()));
            urls.push(entry(edition.home.as_str(), None, others));
        }
        for &index in &self.order {
            let issue = &self.inputs.issues[index];
            let translations = self.translations(index);
            let own = (issue.language.as_str(), self.addresses[index].as_str());
            let all = translations
                .iter()
                .map(|other| (other.language.as_str(), other.url.as_str()))
                .chain((!translations.is_empty()).then_some(own));
            let changed = day(issue.updated);
            urls.push(entry(own.1, Some(&changed), all));
        }
        for edition in &self.editions {
            for (season, _) in self.seasons(edition) {
                let url = self.season_url(edition, season);
                urls.push(entry(url.as_str(), None, []));
            }
        }
        for page in self.inputs.pages {
            let url = text_page_address(&self.inputs, page);
            urls.push(entry(url.as_str(), None, []));
        }
        urls.truncate(MOST);
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
             <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
             xmlns:xhtml=\"http://www.w3.org/1999/xhtml\">\n{}</urlset>\n",
            urls.concat()
        );
        File {
            tree: Tree::Public,
            path: "sitemap.xml".to_owned(),
            bytes: text.into_bytes(),
        }
    }
}

/// One page, with itself in all its languages.
fn entry<'a>(
    url: &str,
    changed: Option<&str>,
    languages: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    // An address of ours has no other character that XML minds.
    let escaped = |url: &str| url.replace('&', "&amp;").replace('\'', "&apos;");
    let mut text = format!("<url><loc>{}</loc>", escaped(url));
    if let Some(changed) = changed {
        text.push_str(&format!("<lastmod>{changed}</lastmod>"));
    }
    for (language, url) in languages {
        text.push_str(&format!(
            "<xhtml:link rel=\"alternate\" hreflang=\"{language}\" href=\"{}\"/>",
            escaped(url)
        ));
    }
    text.push_str("</url>\n");
    text
}
