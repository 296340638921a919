//! What `check` says of the mail of chosen issues. It needs no keys: findings that
//! speak of settings are those of the dry run.

use std::collections::BTreeSet;

use crate::cli::check::read_once;
use crate::cli::error::CommandError;
use crate::cli::folder::Folder;
use crate::cli::letters::Letters;
use crate::cli::newsroom::Newsroom;
use crate::cli::terminal::Terminal;
use crate::diagnostic::{Diagnostic, Finding, Level};
use crate::email::{self, WayOut};

/// Codes that say nothing of an issue: they are the same for every mail.
const OF_SETTINGS: [&str; 7] = [
    "address-as-name",
    "dead-links",
    "dkim-alignment",
    "missing-one-click",
    "no-reply",
    "unsigned",
    "unsubscribe-by-mail",
];

/// Makes the mail of the issues in these files, as far as the settings of mail are
/// there, and looks at it.
pub(crate) fn findings(
    folder: &Folder,
    files: &BTreeSet<String>,
    newsroom: &mut Option<Newsroom>,
    terminal: &Terminal,
) -> Result<Vec<Finding>, CommandError> {
    if files.is_empty() || folder.settings().require_mail().is_err() {
        return Ok(Vec::new());
    }
    let newsroom = read_once(folder, newsroom)?;
    let mut findings = of(folder, newsroom, files, terminal);
    let all = newsroom.manuscripts.iter().chain(&newsroom.unreadable);
    let known: BTreeSet<&str> = all.map(|one| folder.file_of(&one.summary.path)).collect();
    for file in files.iter().filter(|file| !known.contains(file.as_str())) {
        let newsroom = Newsroom::read_with(folder, file)?;
        let file = BTreeSet::from([file.clone()]);
        findings.extend(of(folder, &newsroom, &file, terminal));
    }
    Ok(findings)
}

fn of(
    folder: &Folder,
    newsroom: &Newsroom,
    files: &BTreeSet<String>,
    terminal: &Terminal,
) -> Vec<Finding> {
    // A broken template is a finding of its own.
    if newsroom.broken_templates().next().is_some() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (place, manuscript) in newsroom.manuscripts.iter().enumerate() {
        let file = folder.file_of(&manuscript.summary.path);
        if files.contains(file) {
            let found = look(folder, newsroom, place, terminal);
            let found = found.into_iter().map(|one| Finding::whole_file(file, one));
            findings.extend(found);
        }
    }
    findings
}

/// The mail of one issue in one language, to a reader who is invented.
fn look(
    folder: &Folder,
    newsroom: &Newsroom,
    place: usize,
    terminal: &Terminal,
) -> Vec<Diagnostic> {
    let way_out = WayOut::OneClick;
    let letters = Letters::without_keys(folder, newsroom, &[place], folder.now, way_out, terminal);
    let invented = email::invented(1);
    let letter = letters.and_then(|letters| match invented.first() {
        Some(reader) => letters.letter(reader, terminal).map(Some),
        None => Ok(None),
    });
    let found = match letter {
        Ok(letter) => letter.map_or_else(Vec::new, |letter| letter.findings),
        Err(_) => vec![
            Diagnostic::error("mail-not-made", "the mail of this issue cannot be made")
                .help("`letterpress send --dry-run` says why"),
        ],
    };
    let levels = &newsroom.reader.settings().levels;
    let of_issue = found
        .into_iter()
        .filter(|one| !OF_SETTINGS.contains(&one.code));
    let leveled = of_issue.filter_map(|mut one| {
        let set = levels.get(one.code).and_then(|word| Level::parse(word));
        one.level = set.unwrap_or(Some(one.level))?;
        Some(one)
    });
    leveled.collect()
}
