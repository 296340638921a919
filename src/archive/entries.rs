//! Entries of feeds: an issue, a section of it, one of its items.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::Timelike;
use sha2::{Digest, Sha256};

use crate::archive::plan::Plan;
use crate::feed::{self, Entry, Person, Translation};
use crate::render::{Html, ItemLink, SectionPiece, list_comma};

/// Bytes of a digest in the id of an item's entry.
const DIGEST: usize = 8;

impl Plan<'_> {
    /// The entry of an issue in a feed of `language`.
    pub(crate) fn issue_entry(&self, index: usize, language: &str) -> Entry {
        let manuscript = &self.inputs.manuscripts[index];
        let issue = &self.inputs.issues[index];
        let summary = &manuscript.summary;
        let published = |other: &&usize| !self.inputs.issues[**other].publication.is_draft();
        Entry {
            content_html: manuscript
                .content
                .as_ref()
                .map(|content| content.whole(&self.addresses(index)))
                .unwrap_or_default(),
            summary: summary.description.clone(),
            categories: summary.categories.clone(),
            translations: issue
                .translations
                .iter()
                .filter(published)
                .map(|&other| Translation {
                    language: self.inputs.issues[other].language.clone(),
                    url: self.addresses[other].to_string(),
                })
                .collect(),
            ..self.frame(index, language)
        }
    }

    /// The entry of the parts of an issue that are one section.
    pub(crate) fn section_entry(
        &self,
        index: usize,
        language: &str,
        slug: &str,
        parts: &[&SectionPiece],
    ) -> Option<Entry> {
        let first = parts.first()?;
        let content = self.inputs.manuscripts[index].content.as_ref()?;
        let addresses = self.addresses(index);
        let frame = self.frame(index, language);
        let comma = list_comma(&self.inputs.issues[index].language);
        let mut id = within(&frame.id);
        id.push_str("section-");
        push_escaped(&mut id, slug);
        Some(Entry {
            id,
            url: place(&frame.url, &first.anchor),
            title: format!("{} · {}", first.title, frame.title),
            summary: first.first_items.join(comma),
            content_html: match parts {
                [only] => content.section(only, &addresses),
                parts => {
                    let texts = parts.iter().map(|part| content.section(part, &addresses));
                    let texts: Vec<Html> = texts.collect();
                    texts
                        .iter()
                        .map(|text| text.as_str())
                        .collect::<String>()
                        .into()
                }
            },
            categories: vec![first.title.clone()],
            ..frame
        })
    }

    /// The entries of an issue's items, in their order.
    pub(crate) fn link_entries(&self, index: usize, language: &str) -> Vec<Entry> {
        let Some(items) = &self.inputs.manuscripts[index].items else {
            return Vec::new();
        };
        let issue = &self.inputs.issues[index];
        let addresses = self.addresses(index);
        let frame = self.frame(index, language);
        let local = issue.date.with_timezone(&self.zone());
        let whole_day = (local.hour(), local.minute()) == (0, 0);
        let mut ordinals: BTreeMap<[u8; DIGEST], usize> = BTreeMap::new();
        let entries = items.pieces.iter().map(|item| {
            let mut id = within(&frame.id);
            id.push_str("item-");
            let mut digest = [0; DIGEST];
            digest.copy_from_slice(&Sha256::digest(&item.mark)[..DIGEST]);
            let _ = write!(id, "{:016x}", u64::from_be_bytes(digest));
            let ordinal = ordinals.entry(digest).or_default();
            *ordinal += 1;
            if *ordinal > 1 {
                let _ = write!(id, "-{ordinal}");
            }
            let published = feed::item_moment(issue.date, whole_day, item.index);
            let related = item.link.as_ref().map(|link| match link {
                ItemLink::Absolute(url) => url.clone(),
                ItemLink::Relative(reference) => addresses.target(reference).url,
            });
            let section = Some(&item.section).filter(|title| !title.is_empty());
            Entry {
                id,
                url: place(&frame.url, &item.anchor),
                title: item.title.clone(),
                published,
                updated: published + (issue.updated - issue.date),
                content_html: items.content(item, &addresses),
                categories: section.into_iter().cloned().collect(),
                related: related.filter(|url| is_web_address(url)),
                authors: frame.authors.clone(),
                language: frame.language.clone(),
                ..Entry::default()
            }
        });
        entries.collect()
    }

    /// What all entries of an issue share.
    fn frame(&self, index: usize, language: &str) -> Entry {
        let issue = &self.inputs.issues[index];
        let summary = &self.inputs.manuscripts[index].summary;
        Entry {
            id: issue.id.clone(),
            url: self.addresses[index].to_string(),
            title: summary.title.clone(),
            published: issue.date,
            updated: issue.updated,
            authors: summary.author.iter().map(Person::named).collect(),
            language: (issue.language != language).then(|| issue.language.clone()),
            ..Entry::default()
        }
    }
}

/// The begin of the id of a part of an entry: its id as RFC 3986 §3.5 names a part
/// of a thing.
fn within(id: &str) -> String {
    let separator = if id.contains('#') { '/' } else { '#' };
    format!("{id}{separator}")
}

/// The place of a name in a page.
fn place(page: &str, anchor: &str) -> String {
    let mut url = format!("{page}#");
    push_escaped(&mut url, anchor);
    url
}

/// Text as part of a URI: all but the unreserved characters of RFC 3986 §2.3 as
/// percent escapes.
pub(crate) fn push_escaped(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

fn is_web_address(url: &str) -> bool {
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    host.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && !url.contains(char::is_whitespace)
}
