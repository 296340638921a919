//! One issue as one reader gets it: composed by what `send` composes with.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::error::CommandError;
use crate::cli::letters::{Letter, Letters};
use crate::cli::preview::gather::Gathered;
use crate::cli::terminal::Terminal;
use crate::desk::{Block, Part, Proof, Row};
use crate::diagnostic::{Diagnostic, Finding, Level};
use crate::email::{self, WayOut};
use crate::issue::{Issue, Link, Section, Style};
use crate::render;
use crate::subscriber::{Address, Recipient};

/// Links of which it is looked up which item had them.
const LOOKED_UP: usize = 40;

impl Gathered {
    /// The place of an issue's file.
    pub(super) fn place(&self, path: &str) -> Result<usize, CommandError> {
        let newsroom = &self.newsroom;
        if let Some(place) = newsroom.place(path) {
            return Ok(place);
        }
        let unreadable = newsroom.unreadable.iter();
        if unreadable.clone().any(|one| one.summary.path == path) {
            return Err(
                CommandError::findings(format!("{path} cannot be read as text"))
                    .hint("save it as UTF-8, or set issues.encoding"),
            );
        }
        Err(CommandError::usage(format!("{path} is not there any more"))
            .hint("it was moved, renamed or deleted; the list has what there is now"))
    }

    /// The places of an issue in all its languages, the newsletter's first, as a
    /// mailing has them.
    pub(super) fn editions(&self, place: usize) -> Vec<usize> {
        let issues = &self.newsroom.issues;
        let own = |other: &usize| issues[*other].key == issues[place].key;
        let mut places: Vec<usize> = (0..issues.len()).filter(own).collect();
        let default = &self.folder.settings().newsletter.language;
        places.sort_by_key(|other| issues[*other].language != *default);
        places
    }

    /// The mail of an issue as it would leave now.
    pub(super) fn letters(
        &self,
        place: usize,
        way_out: WayOut,
        terminal: &Terminal,
    ) -> Result<Letters, CommandError> {
        let (folder, newsroom) = (&self.folder, &self.newsroom);
        let places = self.editions(place);
        Letters::new(folder, newsroom, &places, folder.now, way_out, terminal)
    }

    /// What a reader gets, with what there is to say of it. `dead` are links that gave
    /// no answer, with why.
    pub(super) fn proof(
        &self,
        row: Row,
        reader: Recipient,
        way_out: WayOut,
        dead: &BTreeMap<String, String>,
        terminal: &Terminal,
    ) -> Result<Proof, CommandError> {
        let place = self.place(&row.path)?;
        let letters = self.letters(place, way_out, terminal)?;
        let letter = letters.letter(&reader, terminal)?;
        let newsroom = &self.newsroom;
        // A reader of another language gets another of the issue's files.
        let language = &letter.content.language;
        let shown = self.editions(place);
        let shown = shown
            .into_iter()
            .find(|other| newsroom.issues[*other].language == *language)
            .unwrap_or(place);
        let path = newsroom.manuscripts[shown].summary.path.clone();
        let text = self.folder.read_issue(&newsroom.reader, &path);
        let (issue, _) = newsroom.reader.parse(&text);
        let translations = newsroom.issues[place].translations.iter().map(|other| {
            let path = newsroom.manuscripts[*other].summary.path.clone();
            (path, newsroom.issues[*other].language.clone())
        });
        let newsletter = self.folder.settings().newsletter.in_language(language);
        let sender = newsletter
            .from
            .as_ref()
            .map(|from| match from.name.is_empty() {
                true => from.address.clone(),
                false => from.name.clone(),
            });
        let size = email::html_size(&letter.message.bytes);
        Ok(Proof {
            translations: translations.collect(),
            sender: sender.unwrap_or_default(),
            subject: letter.content.subject.clone(),
            preheader: letter.preheader.clone(),
            size,
            parts: parts(&issue, &letter.content.html, size),
            blocks: blocks(&issue),
            findings: self.findings(shown, &issue, &letter, dead),
            digest: letters.composition.digest().to_owned(),
            images: self.images(shown),
            html: letter.content.html,
            text: letter.content.text,
            message: letter.message.bytes,
            reader: letter.recipient,
            row,
        })
    }

    /// Addresses of local images in the mail, and their paths.
    fn images(&self, place: usize) -> Vec<(String, String)> {
        let newsroom = &self.newsroom;
        let root = &self.folder.settings().newsletter.url;
        let shown = newsroom.manuscripts[place].images.iter();
        let images = shown.filter_map(|image| {
            let known = newsroom.images.get(&image.path)?;
            let address = root.join(&format!("./{}", known.published)).ok()?;
            Some((address.to_string(), image.path.clone()))
        });
        images.collect()
    }

    /// All that there is to say about an issue: its file's, its mail's, and what it
    /// shares with earlier ones.
    fn findings(
        &self,
        place: usize,
        issue: &Issue<'_>,
        letter: &Letter,
        dead: &BTreeMap<String, String>,
    ) -> Vec<Finding> {
        let newsroom = &self.newsroom;
        let path = &newsroom.manuscripts[place].summary.path;
        let mut findings: Vec<Finding> = newsroom.findings_of(path).cloned().collect();
        let of_mail = letter.findings.iter().cloned();
        findings.extend(of_mail.map(|one| Finding::whole_file(path.as_str(), one)));
        findings.extend(self.seen_before(place, issue));
        findings.extend(silent(issue, dead));
        let levels = &newsroom.reader.settings().levels;
        findings.retain_mut(|one| {
            // Those of the file are leveled already; the same word changes nothing.
            let set = levels.get(one.code).and_then(|word| Level::parse(word));
            match set.unwrap_or(Some(one.level)) {
                Some(level) => {
                    one.level = level;
                    true
                }
                None => false,
            }
        });
        findings
    }

    /// Items whose link an earlier issue had: which issue, and which of its items.
    fn seen_before(&self, place: usize, issue: &Issue<'_>) -> Vec<Finding> {
        let newsroom = &self.newsroom;
        let own = &newsroom.manuscripts[place].summary;
        let identity = &newsroom.issues[place];
        let wanted: BTreeSet<u64> = own.links.iter().map(|link| link.hash).collect();
        // The latest issue that had each of them.
        let mut earlier: BTreeMap<u64, (usize, u32)> = BTreeMap::new();
        for (other, manuscript) in newsroom.manuscripts.iter().enumerate() {
            let about = &newsroom.issues[other];
            let comes_later = (about.date, other) >= (identity.date, place);
            if about.key == identity.key || about.language != identity.language || comes_later {
                continue;
            }
            for link in &manuscript.summary.links {
                if !wanted.contains(&link.hash) {
                    continue;
                }
                let known = earlier.entry(link.hash).or_insert((other, link.line));
                if newsroom.issues[known.0].date < about.date {
                    *known = (other, link.line);
                }
            }
        }
        let mut findings = Vec::new();
        for first in first_links(issue) {
            let line = u32::try_from(issue.source.line(first.span.start)).unwrap_or(0);
            let mark = own
                .links
                .iter()
                .find(|mark| mark.line == line && earlier.contains_key(&mark.hash));
            let Some((other, line)) = mark.and_then(|mark| earlier.get(&mark.hash)) else {
                continue;
            };
            if findings.len() >= LOOKED_UP {
                break;
            }
            let words = format!(
                "{} had this link already{}",
                self.name(*other),
                self.item_at(*other, *line)
            );
            let file = &newsroom.manuscripts[*other].summary.path;
            let diagnostic = Diagnostic::note("seen-before", words)
                .at(first.span)
                .help(format!("it stands in {file}:{line}"));
            findings.push(diagnostic.locate(issue.source));
        }
        findings
    }

    /// `#9 of 1 July 2023`, or the title of an issue that has neither.
    pub(super) fn name(&self, place: usize) -> String {
        let summary = &self.newsroom.manuscripts[place].summary;
        let number = summary.number.map(|number| format!("#{}", number.value));
        let date = summary
            .date
            .map(|date| render::Labels::date("en", date.date, date.precision));
        match (number, date) {
            (Some(number), Some(date)) => format!("{number} of {date}"),
            (Some(number), None) => number,
            (None, Some(date)) => format!("the issue of {date}"),
            (None, None) => summary.title.clone(),
        }
    }

    /// The title of an item, by its line.
    fn item_at(&self, place: usize, line: u32) -> String {
        let newsroom = &self.newsroom;
        let path = &newsroom.manuscripts[place].summary.path;
        let text = self.folder.read_issue(&newsroom.reader, path);
        let (issue, _) = newsroom.reader.parse(&text);
        let line = usize::try_from(line).unwrap_or(0);
        let before = issue
            .items()
            .filter(|(_, item)| issue.source.line(item.span.start) <= line);
        match before.last() {
            Some((_, item)) => match item.number {
                Some(number) => format!(", as item {number}, “{}”", item.title),
                None => format!(", as “{}”", item.title),
            },
            None => String::new(),
        }
    }
}

/// The link of each item that has one.
fn first_links<'i>(issue: &'i Issue<'_>) -> impl Iterator<Item = &'i Link> {
    let items = issue.items().filter(|(_, item)| !item.deleted);
    items.filter_map(|(_, item)| {
        item.links
            .iter()
            .find(|link| Some(&link.url) == item.url.as_ref())
    })
}

/// Items whose link gave no answer.
fn silent(issue: &Issue<'_>, dead: &BTreeMap<String, String>) -> Vec<Finding> {
    let silent = first_links(issue).filter_map(|link| {
        let why = dead.get(&link.url)?;
        let words = format!("this link leads nowhere: {why}");
        let diagnostic = Diagnostic::warning("no-answer", words)
            .at(link.span)
            .help("Check the links asks once more");
        Some(diagnostic.locate(issue.source))
    });
    silent.collect()
}

/// Somebody to whom a proof is addressed: of the list, invented, or merely named.
pub(super) fn somebody(
    wanted: Option<&str>,
    language: &str,
    find: impl FnOnce(&Address) -> Result<Option<Recipient>, CommandError>,
) -> Result<Recipient, CommandError> {
    let invented = email::invented(12);
    let Some(wanted) = wanted else {
        let mut first = invented
            .into_iter()
            .next()
            .ok_or_else(|| CommandError::unexpected("nobody could be invented"))?;
        first.language = Some(language.to_owned());
        return Ok(first);
    };
    let asked = Recipient::parse(wanted).map_err(|cause| {
        CommandError::new(crate::cli::exit::Exit::Usage, cause)
            .hint("a reader is named by an address such as me@example.org")
    })?;
    if let Some(found) = find(&asked.address)? {
        return Ok(found);
    }
    let mut known = invented
        .into_iter()
        .find(|one| one.address == asked.address);
    if let Some(known) = &mut known {
        known.language = Some(language.to_owned());
    }
    Ok(known.unwrap_or(asked))
}

/// Sections and items, in the order of the file.
fn blocks(issue: &Issue<'_>) -> Vec<Block> {
    let line = |at: usize| issue.source.position(at).line;
    let mut blocks = Vec::new();
    for section in &issue.sections {
        blocks.push(Block {
            line: line(section.span.start),
            kind: "section",
            title: section.title.clone(),
            url: None,
        });
        blocks.extend(section.items.iter().map(|item| Block {
            line: line(item.span.start),
            kind: "item",
            title: item.title.clone(),
            url: item.url.clone(),
        }));
    }
    blocks.sort_by_key(|block| block.line);
    blocks
}

/// The sections with what each weighs of the whole as sent.
fn parts(issue: &Issue<'_>, html: &str, size: usize) -> Vec<Part> {
    let mut starts = Vec::new();
    let mut from = 0;
    let top = issue
        .sections
        .iter()
        .filter(|section| section.parent.is_none());
    for section in top.clone() {
        let title = section.title.replace('&', "&amp;").replace('<', "&lt;");
        let found = html[from..].match_indices("<h2").find(|(at, _)| {
            let rest = &html[from + at..];
            let end = rest.find("</h2>").unwrap_or(rest.len());
            rest[..end].contains(&title)
        });
        let start = found.map(|(at, _)| from + at);
        from = start.map_or(from, |start| start + 3);
        starts.push(start);
    }
    let mut parts = Vec::new();
    for (index, section) in top.enumerate() {
        let end = starts[index + 1..].iter().flatten().next();
        let end = end.copied().unwrap_or(html.len());
        let share = starts[index].map_or(0, |start| end.saturating_sub(start));
        // With the sections below it, however deep.
        let within = |other: &&Section| {
            let mut up = Some(*other);
            while let Some(here) = up {
                if std::ptr::eq(here, section) {
                    return true;
                }
                up = here.parent.and_then(|parent| issue.sections.get(parent));
            }
            false
        };
        let all = issue.sections.iter().filter(within);
        let items: usize = all.map(|other| other.items.len()).sum();
        parts.push(Part {
            emoji: section.emoji.clone().unwrap_or_default(),
            title: section.title.clone(),
            items: if section.style == Style::Outro {
                0
            } else {
                items
            },
            size: (share * size).checked_div(html.len()).unwrap_or(0),
            line: issue.source.position(section.span.start).line,
        });
    }
    parts
}
