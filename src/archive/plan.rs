//! Addresses and order of everything in a build.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono_tz::Tz;
use url::Url;

use crate::archive::edition::Edition;
use crate::archive::{Image, Manuscript};
use crate::diagnostic::{Diagnostic, Finding};
use crate::feed;
use crate::identity::{Identified, PermalinkFields, collisions, permalink};
use crate::newsletter::Newsletter;
use crate::render::{Addresses, FileAddress, Look, Templates};

/// What an editor may say about a build.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Path of an issue's page below the root, with `{slug}` and the like.
    pub permalink: String,
    /// Whether the web archive is written.
    pub archive: bool,
    /// Whether feeds are written.
    pub feeds: bool,
    /// Entries of a feed; `None` for all.
    pub entries: Option<usize>,
    /// Size at which a feed takes no older entry, in bytes.
    pub max_bytes: usize,
    /// Whether sections that recur have feeds.
    pub sections: bool,
    /// Sections that have one however seldom they are, and their other names: the
    /// slug of each to that of the section.
    pub known_sections: BTreeMap<String, String>,
    /// Whether there is a feed of single items.
    pub links: bool,
    /// Entries in a document of older entries; 0 for no such documents.
    pub archive_entries: usize,
    /// Further addresses of the same feeds.
    pub also: Vec<Also>,
    /// Hubs that are told of changes in feeds.
    pub hubs: Vec<String>,
    /// Logo and second colour.
    pub look: Look,
    /// Where one subscribes, where one can.
    pub subscribe: Option<Url>,
    /// Id of the main feed; those of other languages are made of it.
    pub feed_id: String,
}

impl Settings {
    /// Whether feeds hold the text of every issue, and not of the newest alone.
    pub fn needs_every_text(&self) -> bool {
        let archive = self.archive_entries > 0 && self.entries.is_some();
        self.feeds && (self.sections || archive)
    }
}

/// A further address of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Also {
    /// Path below the archive's root, without a leading `/`.
    pub path: String,
    /// Path of the feed below `feeds/`.
    pub feed: String,
}

/// All that a build is made of.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The publication.
    pub newsletter: &'a Newsletter,
    /// The editor's wishes.
    pub settings: &'a Settings,
    /// The readable issues, in order of their paths.
    pub manuscripts: &'a [Manuscript],
    /// Who they are, in the same order.
    pub issues: &'a [Identified],
    /// Entries of issues that cannot be read at the moment, as they were
    /// published before.
    pub carried: &'a [Carried],
    /// Pages of the editor's own.
    pub pages: &'a [Manuscript],
    /// Local images by their path in the newsletter's folder.
    pub images: &'a BTreeMap<String, Image>,
    /// The templates.
    pub templates: &'a Templates,
}

/// An entry that is taken over from what an earlier build wrote.
#[derive(Clone, Debug)]
pub struct Carried {
    /// Its JSON Feed document, below `feeds/`.
    pub document: String,
    /// The entry.
    pub entry: Arc<feed::Entry>,
}

/// The folder that a file goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tree {
    /// `feeds/`.
    Feeds,
    /// `public/`.
    Public,
}

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The folder.
    pub tree: Tree,
    /// Path in that folder, with `/`.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A build whose addresses and order are settled.
#[derive(Debug)]
pub struct Plan<'a> {
    pub(crate) inputs: Inputs<'a>,
    /// Address of each issue's page, in the order of the manuscripts.
    pub(crate) addresses: Vec<Url>,
    /// Published issues, newest first.
    pub(crate) order: Vec<usize>,
    pub(crate) editions: Vec<Edition>,
    pub(crate) files: Arc<BTreeMap<String, FileAddress>>,
    /// What is wrong with addresses.
    pub findings: Vec<Finding>,
}

impl<'a> Plan<'a> {
    /// Settles where everything goes.
    pub fn new(inputs: Inputs<'a>) -> Plan<'a> {
        let mut findings = Vec::new();
        let addresses: Vec<Url> = inputs
            .issues
            .iter()
            .zip(inputs.manuscripts)
            .map(|(issue, manuscript)| {
                page_address(&inputs, issue).unwrap_or_else(|diagnostic| {
                    let path = manuscript.summary.path.clone();
                    findings.push(Finding::whole_file(path, diagnostic));
                    inputs.newsletter.url.clone()
                })
            })
            .collect();
        let mut order: Vec<usize> = (0..inputs.issues.len())
            .filter(|&index| !inputs.issues[index].publication.is_draft())
            .collect();
        order.sort_by(|&left, &right| {
            let key = |index: usize| (inputs.issues[index].date, &inputs.issues[index].id);
            key(right).cmp(&key(left))
        });
        let published = order.iter().map(|&index| {
            let path = inputs.manuscripts[index].summary.path.as_str();
            (addresses[index].path(), path)
        });
        findings.extend(
            collisions(published)
                .into_iter()
                .map(|(path, diagnostic)| Finding::whole_file(path, diagnostic)),
        );
        let mut files = BTreeMap::new();
        for (&index, url) in order
            .iter()
            .zip(order.iter().map(|&index| &addresses[index]))
        {
            let target = FileAddress {
                url: url.to_string(),
                size: None,
            };
            files.insert(inputs.manuscripts[index].summary.path.clone(), target);
        }
        for page in inputs.pages {
            let target = FileAddress {
                url: text_page_address(&inputs, page).to_string(),
                size: None,
            };
            files.insert(page.summary.path.clone(), target);
        }
        for (path, image) in inputs.images {
            let target = FileAddress {
                url: under(&inputs.newsletter.url, &image.published).to_string(),
                size: image.size,
            };
            files.insert(path.clone(), target);
        }
        let mut plan = Plan {
            inputs,
            addresses,
            order,
            editions: Vec::new(),
            files: Arc::new(files),
            findings,
        };
        plan.editions = Edition::all(&plan);
        plan
    }

    /// The address of an issue's page, by the place of its manuscript.
    pub fn address(&self, index: usize) -> &Url {
        &self.addresses[index]
    }

    /// The file of an issue's page below `public/`.
    pub fn page_file(&self, index: usize) -> Option<String> {
        file_of(&self.inputs.newsletter.url, &self.addresses[index])
    }

    /// Where relative addresses of an issue lead.
    pub fn addresses(&self, index: usize) -> Addresses {
        let path = &self.inputs.manuscripts[index].summary.path;
        self.addresses_of(path, self.addresses[index].clone())
    }

    pub(crate) fn addresses_of(&self, path: &str, page: Url) -> Addresses {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        Addresses {
            page,
            files: Arc::clone(&self.files),
            folder: folder.to_owned(),
        }
    }

    pub(crate) fn zone(&self) -> Tz {
        self.inputs.newsletter.time_zone
    }

    /// Languages of published issues, the main one first.
    pub(crate) fn languages(&self) -> Vec<String> {
        let main = &self.inputs.newsletter.language;
        let others: BTreeSet<&String> = self
            .order
            .iter()
            .map(|&index| &self.inputs.issues[index].language)
            .filter(|language| *language != main)
            .collect();
        std::iter::once(main).chain(others).cloned().collect()
    }

    /// The files that images become: those of drafts are for nobody yet.
    pub fn image_files(&self) -> impl Iterator<Item = File> + '_ {
        let issues = self.order.iter();
        let shown: BTreeSet<&str> = issues
            .map(|&index| &self.inputs.manuscripts[index])
            .chain(self.inputs.pages)
            .flat_map(|manuscript| &manuscript.images)
            .map(|image| image.path.as_str())
            .collect();
        let images = self.inputs.images.iter();
        let published = images.filter(move |(path, _)| shown.contains(path.as_str()));
        published.map(|(_, image)| File {
            tree: Tree::Public,
            path: image.published.clone(),
            bytes: image.bytes.clone(),
        })
    }
}

/// The address of an issue's page.
fn page_address(inputs: &Inputs<'_>, issue: &Identified) -> Result<Url, Diagnostic> {
    let newsletter = inputs.newsletter;
    let fields = PermalinkFields::of(issue, newsletter.time_zone, &newsletter.language);
    let path = permalink(&inputs.settings.permalink, &fields)?;
    Ok(under(&newsletter.url, path.trim_start_matches('/')))
}

/// The address of a page of the editor's own: `/about/` for `pages/about.md`,
/// `/zh/about/` in another language.
pub(crate) fn text_page_address(inputs: &Inputs<'_>, page: &Manuscript) -> Url {
    let main = &inputs.newsletter.language;
    let slug = page.summary.slug.as_ref().unwrap_or(&page.summary.stem);
    let slug = crate::issue::slug(slug);
    let path = match &page.summary.language {
        Some(language) if language != main => format!("{language}/{slug}/"),
        _ => format!("{slug}/"),
    };
    under(&inputs.newsletter.url, &path)
}

/// `path` (percent-encoded, relative) below the archive's root.
pub(crate) fn under(root: &Url, path: &str) -> Url {
    root.join(&format!("./{path}"))
        .unwrap_or_else(|_| root.clone())
}

/// The file that a web server gives out for an address below the root; `None`
/// for one that is not below it.
pub(crate) fn file_of(root: &Url, address: &Url) -> Option<String> {
    let path = address.path().strip_prefix(root.path())?;
    let mut file: Vec<u8> = Vec::new();
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next()?, bytes.next()?];
            let digits = std::str::from_utf8(&digits).ok()?.to_owned();
            file.push(u8::from_str_radix(&digits, 16).ok()?);
        } else {
            file.push(byte);
        }
    }
    let mut file = String::from_utf8(file).ok()?;
    let last = file.rsplit('/').next().unwrap_or_default();
    if last.is_empty() {
        file.push_str("index.html");
    } else if !last.contains('.') {
        // Every static host leads `/a` to `/a/`.
        file.push_str("/index.html");
    }
    Some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_to_the_file_that_a_static_host_gives_out() {
        let root = Url::parse("https://example.org/weekly/").unwrap();
        for (path, file) in [
            ("issues/1/", Some("issues/1/index.html")),
            ("issues/1", Some("issues/1/index.html")),
            ("issues/1.html", Some("issues/1.html")),
            ("%E7%AC%AC/", Some("第/index.html")),
            ("", Some("index.html")),
        ] {
            assert_eq!(file_of(&root, &under(&root, path)).as_deref(), file);
        }
        let other = Url::parse("https://example.org/").unwrap();
        assert_eq!(file_of(&root, &other), None);
    }
}
