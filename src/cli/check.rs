//! `check`: what is wrong with issues, settings and templates.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::cli::args::{Check, Global};
use crate::cli::catalog::{Catalog, Known};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::report::{self, Counts, Format, counted};
use crate::cli::since::{Added, tracked};
use crate::cli::terminal::{Terminal, Volume};
use crate::diagnostic::{Diagnostic, Finding, Level};
use crate::issue::{Reader, Summary};

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
    let outside: Vec<String> = match &chosen {
        Some(chosen) => {
            let listed = |path: &String| catalog.issues.iter().any(|one| one.summary.path == *path);
            chosen
                .iter()
                .filter(|path| !listed(path))
                .cloned()
                .collect()
        }
        None => Vec::new(),
    };
    let more = folder.read_all(&reader, &outside, |text| {
        let (_, diagnostics) = reader.parse(text);
        let located = diagnostics.into_iter().map(|one| one.locate(&text.source));
        located.collect::<Vec<_>>()
    });
    findings.extend(more.into_iter().flatten());
    findings.extend(across(&folder, &reader, &catalog, chosen.as_ref())?);
    let files = match &chosen {
        Some(chosen) => {
            findings.retain(|finding| chosen.contains(&finding.path));
            chosen.len()
        }
        None => {
            findings.extend(folder.loaded.findings.iter().cloned());
            findings.extend(exposed(&folder));
            catalog.issues.len()
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
    let read = folder.read_all(reader, &files, |text| {
        let (issue, diagnostics) = reader.parse(text);
        let located = diagnostics.into_iter().map(|one| one.locate(&text.source));
        (issue.summary(), located.collect::<Vec<_>>())
    });
    let mut findings = Vec::new();
    let mut summaries: Vec<Summary> = Vec::with_capacity(read.len());
    for (summary, found) in read {
        summaries.push(summary);
        findings.extend(found);
    }
    Ok((Catalog::new(summaries, folder), findings))
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
        for known in catalog.select(folder, selector)? {
            chosen.insert(known.summary.path);
        }
    }
    Ok(Some(chosen))
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
    let wanted = |known: &Known| chosen.is_none_or(|paths| paths.contains(&known.summary.path));
    let mut findings = Vec::new();
    if let Some(level) = level("duplicate-issue-number", Level::Error) {
        let mut numbers: BTreeMap<(Option<&str>, u64), &Known> = BTreeMap::new();
        for known in &catalog.issues {
            let Some(number) = known.summary.number else {
                continue;
            };
            let key = (known.summary.language.as_deref(), number.value);
            match numbers.get(&key) {
                Some(first) => {
                    let words = format!(
                        "number {} belongs to {} already",
                        number.value, first.summary.path
                    );
                    let diagnostic = Diagnostic::new(level, "duplicate-issue-number", words);
                    findings.push(Finding::whole_file(&known.summary.path, diagnostic));
                }
                None => {
                    numbers.insert(key, known);
                }
            }
        }
    }
    if let Some(level) = level("seen-before", Level::Note) {
        let seen = seen_before(catalog, &wanted);
        for (path, marks) in seen {
            let text = folder.read_issue(reader, path);
            let lines: Vec<&str> = text.source.stored_text().lines().collect();
            for (line, earlier) in marks {
                let words = format!("{} had this link already", earlier.summary.path);
                let mut finding =
                    Finding::whole_file(path, Diagnostic::new(level, "seen-before", words));
                finding.place = lines
                    .get(line.saturating_sub(1))
                    .map(|excerpt| report::link_on_line(line, excerpt));
                findings.push(finding);
            }
        }
    }
    Ok(findings)
}

type Seen<'a> = BTreeMap<&'a str, Vec<(usize, &'a Known)>>;

/// The lines of each wanted issue whose link stood in an earlier one. A
/// translation is the same issue.
fn seen_before<'a>(catalog: &'a Catalog, wanted: &dyn Fn(&Known) -> bool) -> Seen<'a> {
    let mut first: BTreeMap<u64, &Known> = BTreeMap::new();
    let mut seen: Seen<'a> = BTreeMap::new();
    for known in &catalog.issues {
        for mark in &known.summary.links {
            match first.get(&mark.hash) {
                Some(earlier) if earlier.group != known.group && wanted(known) => {
                    let lines = seen.entry(&known.summary.path).or_default();
                    lines.push((mark.line as usize, *earlier));
                }
                Some(_) => {}
                None => {
                    first.insert(mark.hash, known);
                }
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
        Format::Human => {
            let quiet = terminal.volume() == Volume::Quiet;
            for finding in findings {
                if !quiet || finding.level == Level::Error {
                    let text = report::human(finding, terminal.color_out());
                    terminal.data(text.as_bytes())?;
                }
            }
        }
    }
    // The summary comes after what it sums up, also where both are one screen.
    terminal.finish()?;
    terminal.note(&format!(
        "checked {}: {}",
        counted(files, "issue"),
        counts.words()
    ));
    Ok(())
}
