//! `check`: what is wrong with issues, settings and templates; of chosen issues
//! also with their mail.

mod mail;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::archive::{ImageUse, local_images};
use crate::cli::args::{Check, Global};
use crate::cli::build::check_feeds;
use crate::cli::catalog::Catalog;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::{Folder, LOCK_FILE};
use crate::cli::newsroom::{Newsroom, read_pages, read_templates};
use crate::cli::report::{self, Counts, Format, counted};
use crate::cli::signer;
use crate::cli::since::{Added, tracked};
use crate::cli::terminal::{Terminal, Volume};
use crate::diagnostic::{Diagnostic, Finding, Level};
use crate::issue::{Reader, Summary, Text};
use crate::render::local_paths;

/// How many notes of one kind are shown when all issues are checked.
const NOTES_SHOWN: usize = 3;

/// Runs `letterpress check`.
pub(crate) fn run(
    global: &Global,
    options: &Check,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open(global)?;
    let added = match &options.since {
        Some(revision) => Some(Added::since(&folder.root, revision)?),
        None => None,
    };
    let reader = folder.reader()?;
    let (catalog, mut findings) = read(&folder, &reader)?;
    let chosen = choose(&folder, &catalog, options)?;
    if let Some(chosen) = &chosen {
        findings.extend(outside(&folder, &reader, &catalog, chosen)?);
    }
    findings.extend(across(&folder, &reader, &catalog, chosen.as_ref())?);
    // Read where mail or feeds are looked at, and once for both.
    let mut newsroom = None;
    findings.extend(mail::findings(
        &folder,
        &mailed(&folder, &catalog, chosen.as_ref(), added.as_ref()),
        &mut newsroom,
        terminal,
    )?);
    let files = match &chosen {
        Some(chosen) => {
            findings.retain(|finding| chosen.contains(&finding.path));
            chosen.len()
        }
        None => {
            findings.extend(folder.loaded.findings.iter().cloned());
            findings.extend(read_templates(&folder)?.1);
            findings.extend(pages(&folder, &reader)?);
            findings.extend(published(&folder, &findings, &mut newsroom)?);
            findings.extend(exposed(&folder));
            findings.extend(signer::read(&folder).err().map(|one| *one));
            catalog.summaries.len()
        }
    };
    if let Some(added) = &added {
        findings.retain(|finding| added.holds(finding));
    }
    findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    print(&findings, files, options, terminal)?;
    let counts = Counts::of(&findings);
    if counts.errors > 0 || (options.strict && counts.warnings > 0) {
        return Ok(Exit::Findings);
    }
    Ok(Exit::Done)
}

/// All issues, and what there is to say about each alone.
fn read(folder: &Folder, reader: &Reader) -> Result<(Catalog, Vec<Finding>), CommandError> {
    let files = folder.issue_files()?;
    let read = folder.read_all(reader, &files, |text| found(folder, reader, text));
    let (lock, mut findings) = folder.id_lock()?;
    let mut summaries: Vec<Summary> = Vec::with_capacity(read.len());
    for (summary, found) in read {
        summaries.push(summary);
        findings.extend(found);
    }
    let catalog = Catalog::new(summaries, &lock, folder);
    findings.extend(catalog.resolution.findings.iter().cloned());
    Ok((catalog, findings))
}

/// What there is to say about chosen files that are not among the issues.
fn outside(
    folder: &Folder,
    reader: &Reader,
    catalog: &Catalog,
    chosen: &BTreeSet<String>,
) -> Result<Vec<Finding>, CommandError> {
    let listed = |path: &String| {
        let mut paths = catalog
            .summaries
            .iter()
            .map(|one| folder.file_of(&one.path));
        paths.any(|own| own == path)
    };
    let outside: Vec<String> = chosen
        .iter()
        .filter(|path| !listed(path))
        .cloned()
        .collect();
    let found = folder.read_all(reader, &outside, |text| found(folder, reader, text).1);
    Ok(found.into_iter().flatten().collect())
}

/// The facts of a text and what there is to say about it.
fn found(folder: &Folder, reader: &Reader, text: &Text) -> (Summary, Vec<Finding>) {
    let (issue, mut diagnostics) = reader.parse(text);
    diagnostics.extend(local_paths(&issue));
    let located = diagnostics.into_iter().map(|one| one.locate(&text.source));
    let mut findings: Vec<Finding> = located.collect();
    findings.extend(missing_images(folder, &local_images(&issue)));
    (issue.summary(), findings)
}

fn missing_images(folder: &Folder, images: &[ImageUse]) -> Vec<Finding> {
    let missing = images
        .iter()
        .filter(|one| !folder.path(&one.path).is_file());
    missing.map(ImageUse::missing).collect()
}

/// What there is to say about the editor's own pages.
fn pages(folder: &Folder, reader: &Reader) -> Result<Vec<Finding>, CommandError> {
    let pages = read_pages(folder, reader, &folder.settings().newsletter.language)?;
    let mut findings = Vec::new();
    for page in pages {
        findings.extend(missing_images(folder, &page.images));
        findings.extend(page.findings);
    }
    Ok(findings)
}

/// The whole newsletter, if it was read already as it was.
fn read_once<'n>(
    folder: &Folder,
    newsroom: &'n mut Option<Newsroom>,
) -> Result<&'n Newsroom, CommandError> {
    let read = match newsroom.take() {
        Some(read) => read,
        None => Newsroom::read(folder)?,
    };
    Ok(newsroom.insert(read))
}

/// What `build` finds once all issues have their places: addresses that two of them
/// would have, and what is wrong with the feeds. A damaged lock, which it would stop
/// at, is among the findings already.
fn published(
    folder: &Folder,
    findings: &[Finding],
    newsroom: &mut Option<Newsroom>,
) -> Result<Vec<Finding>, CommandError> {
    let of_lock = |one: &Finding| one.path == LOCK_FILE && one.level == Level::Error;
    if folder.settings().require_web().is_err() || findings.iter().any(of_lock) {
        return Ok(Vec::new());
    }
    let newsroom = read_once(folder, newsroom)?;
    let plan = newsroom.plan(folder);
    let mut found = plan.findings.clone();
    found.extend(check_feeds(&plan.feeds(), folder.now));
    Ok(found)
}

/// The paths of the issues that were named; `None` for all.
fn choose(
    folder: &Folder,
    catalog: &Catalog,
    options: &Check,
) -> Result<Option<BTreeSet<String>>, CommandError> {
    if options.issues.is_empty() {
        return Ok(None);
    }
    let mut chosen = BTreeSet::new();
    for selector in &options.issues {
        for summary in catalog.select(folder, selector)? {
            chosen.insert(folder.file_of(&summary.path).to_owned());
        }
    }
    Ok(Some(chosen))
}

/// The files whose mail is looked at: those that were named or touched. To make
/// the mail of a whole archive would take too long.
fn mailed(
    folder: &Folder,
    catalog: &Catalog,
    chosen: Option<&BTreeSet<String>>,
    added: Option<&Added>,
) -> BTreeSet<String> {
    let mut files = match (chosen, added) {
        (Some(chosen), _) => chosen.clone(),
        (None, Some(_)) => {
            let paths = catalog.summaries.iter().map(|one| &one.path);
            paths.map(|path| folder.file_of(path).to_owned()).collect()
        }
        (None, None) => BTreeSet::new(),
    };
    files.retain(|file| added.is_none_or(|added| added.touches(file)));
    files
}

/// What is only seen with all issues in view: numbers given twice, links that
/// an earlier issue had.
fn across(
    folder: &Folder,
    reader: &Reader,
    catalog: &Catalog,
    chosen: Option<&BTreeSet<String>>,
) -> Result<Vec<Finding>, CommandError> {
    let levels = &reader.settings().levels;
    let level = |code: &str, usual: Level| match levels.get(code) {
        Some(word) => Level::parse(word).unwrap_or(Some(usual)),
        None => Some(usual),
    };
    let mut findings = Vec::new();
    if let Some(level) = level("duplicate-issue-number", Level::Error) {
        findings.extend(duplicate_numbers(folder, catalog, level));
    }
    if let Some(level) = level("seen-before", Level::Note) {
        for (path, marks) in seen_before(catalog) {
            let file = folder.file_of(path);
            if chosen.is_some_and(|chosen| !chosen.contains(file)) {
                continue;
            }
            let text = folder.read(reader, file);
            let lines: Vec<&str> = text.source.stored_text().lines().collect();
            for (line, earlier) in marks {
                let words = format!("{earlier} had this link already");
                let mut finding =
                    Finding::whole_file(file, Diagnostic::new(level, "seen-before", words));
                finding.place = lines
                    .get(line.saturating_sub(1))
                    .map(|excerpt| report::link_on_line(line, excerpt));
                findings.push(finding);
            }
        }
    }
    Ok(findings)
}

/// Issues whose number an earlier one has; translations are one issue.
fn duplicate_numbers(folder: &Folder, catalog: &Catalog, level: Level) -> Vec<Finding> {
    let mut numbers: BTreeMap<(&str, u64), usize> = BTreeMap::new();
    let mut findings = Vec::new();
    for index in catalog.oldest_first() {
        let (summary, identified) = catalog.get(index);
        let Some(number) = identified.number else {
            continue;
        };
        let first = *numbers
            .entry((&identified.language, number))
            .or_insert(index);
        if first != index {
            let other = &catalog.summaries[first].path;
            let words = format!("number {number} belongs to {other} already");
            let diagnostic = Diagnostic::new(level, "duplicate-issue-number", words);
            let file = folder.file_of(&summary.path);
            findings.push(Finding::whole_file(file, diagnostic));
        }
    }
    findings
}

/// By path of an issue, the lines with a link that an earlier issue had, and
/// which one.
fn seen_before(catalog: &Catalog) -> BTreeMap<&str, Vec<(usize, &str)>> {
    let mut first: BTreeMap<u64, usize> = BTreeMap::new();
    let mut seen: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    for index in catalog.oldest_first() {
        let (summary, identified) = catalog.get(index);
        for mark in &summary.links {
            let earlier = *first.entry(mark.hash).or_insert(index);
            let (earlier, its_identity) = catalog.get(earlier);
            if its_identity.key != identified.key {
                let lines = seen.entry(&summary.path).or_default();
                lines.push((mark.line as usize, &earlier.path));
            }
        }
    }
    seen
}

/// Keys and lists of readers that Git would give to everybody.
fn exposed(folder: &Folder) -> Vec<Finding> {
    let settings = folder.settings();
    let mut paths = vec!["data", settings.server.key_file.as_str()];
    paths.extend(settings.smtp.password_file.as_deref());
    paths.extend(settings.store.password_file.as_deref());
    let keys = [&settings.dkim.rsa, &settings.dkim.ed25519];
    let files = keys.into_iter().flatten().map(|key| key.file.as_deref());
    paths.extend(files.flatten());
    let findings = tracked(&folder.root, &paths).into_iter().map(|path| {
        let words = "Git tracks this file, so everybody with the repository has it";
        let help = format!("git rm --cached {path}, list it in .gitignore, and replace the key");
        Finding::whole_file(path, Diagnostic::error("tracked-secret", words).help(help))
    });
    findings.collect()
}

fn print(
    findings: &[Finding],
    files: usize,
    options: &Check,
    terminal: &mut Terminal,
) -> Result<(), CommandError> {
    let counts = Counts::of(findings);
    let format = if options.json {
        Format::Json
    } else {
        options.format
    };
    match format {
        Format::Json => {
            let list: Vec<_> = findings.iter().map(report::json).collect();
            let counts = json!({
                "errors": counts.errors,
                "warnings": counts.warnings,
                "notes": counts.notes,
            });
            terminal.json(&json!({"issues": files, "counts": counts, "findings": list}))?;
        }
        Format::Github => {
            for finding in findings {
                terminal.data(report::github(finding).as_bytes())?;
            }
        }
        Format::Human => people(findings, options, terminal)?,
    }
    // The summary comes after what it sums up, also where both are one screen.
    terminal.finish()?;
    terminal.note(&format!(
        "checked {}: {}",
        counted(files, "issue"),
        counts.words()
    ));
    if files == 0 && options.issues.is_empty() {
        terminal.note(
            "`letterpress new` begins an issue; issues.paths in the settings says where they are",
        );
    }
    Ok(())
}

/// Prints findings for people. Of the notes about a whole archive only the first
/// of each kind are shown, so that errors are not lost among them.
fn people(
    findings: &[Finding],
    options: &Check,
    terminal: &mut Terminal,
) -> Result<(), CommandError> {
    let all_issues = options.issues.is_empty() && options.since.is_none();
    let fold = all_issues && terminal.volume() != Volume::Verbose;
    let quiet = terminal.volume() == Volume::Quiet;
    let mut notes: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in findings {
        if quiet && finding.level != Level::Error {
            continue;
        }
        if fold && finding.level == Level::Note {
            let count = notes.entry(finding.code).or_default();
            *count += 1;
            if *count > NOTES_SHOWN {
                continue;
            }
        }
        let text = report::human(finding, terminal.color_out());
        terminal.data(text.as_bytes())?;
    }
    let folded: Vec<String> = notes
        .iter()
        .filter(|(_, count)| **count > NOTES_SHOWN)
        .map(|(code, count)| format!("{} {code}", count - NOTES_SHOWN))
        .collect();
    if !folded.is_empty() {
        let words = folded.join(", ");
        terminal.line(&format!(
            "more notes: {words}; `letterpress check -v` shows them"
        ))?;
    }
    Ok(())
}
