//! The dry run: every message built and checked, as files, with a report for
//! programs and a page for people.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::Utc;

use crate::cli::args::Confirm;
use crate::cli::error::CommandError;
use crate::cli::folder::Folder;
use crate::cli::letters::Letters;
use crate::cli::newsroom::{Newsroom, template_error};
use crate::cli::report::counted;
use crate::cli::send::shelf::Shelf;
use crate::cli::send::spam::Assassin;
use crate::cli::send::{gate, way_out};
use crate::cli::terminal::Terminal;
use crate::email::{self, Excluded, Facts, Report, Reporter};
use crate::files::Output;
use crate::mailing::Filter;
use crate::subscriber::Recipient;
use crate::transport::Folder as EmlFolder;

/// Recipients that are invented where there is no list: enough that each name
/// that makes mail go wrong is among them.
const INVENTED: usize = 12;
/// Up to so many messages are all written.
const FEW: u64 = 200;
/// So many are written of more, besides one of each variant.
const SAMPLE: usize = 20;
/// Variants of which a message is written.
const MOST_VARIANTS: usize = 200;
/// Variants of which a message is judged by SpamAssassin, a second or two each.
const JUDGED: usize = 5;
/// Recipients read at once.
const PAGE: usize = 500;
/// Those who get none and are named; the rest is counted.
const MOST_EXCLUDED: usize = 10_000;

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look<'a> {
    /// Where it is written.
    pub(crate) root: &'a Path,
    /// Whether all messages are written, however many.
    pub(crate) all: bool,
    pub(crate) confirm: &'a Confirm,
}

/// Builds every message and writes them below the root, with `report.json` and
/// `index.html`. What an earlier dry run wrote there is replaced; nothing else is
/// changed.
pub(crate) fn dry_run(
    folder: &Folder,
    newsroom: &Newsroom,
    places: &[usize],
    look: &Look<'_>,
    terminal: &Terminal,
) -> Result<Report, CommandError> {
    let letters = Letters::new(
        folder,
        newsroom,
        places,
        folder.now,
        way_out(look.confirm),
        terminal,
    )?;
    let filter = gate::filter(look.confirm.to.as_deref().unwrap_or_default())?;
    let list = Shelf::open_if_there(folder)?;
    let composition = &letters.composition;
    let mut run = DryRun {
        reporter: Reporter::new(
            &folder.settings().newsletter.title,
            composition.issue(),
            composition.digest(),
            list.is_none(),
        ),
        output: Output::open(look.root)?,
        letters: &letters,
        all: true,
        variants: BTreeSet::new(),
        judged: BTreeSet::new(),
        assassin: Assassin::new(JUDGED),
        sample: 0,
        count: 0,
        terminal,
    };
    let excluded = match &list {
        Some(shelf) => run.real(shelf, filter, look.all)?,
        None => {
            for recipient in invented(&letters) {
                run.add(&recipient)?;
            }
            Vec::new()
        }
    };
    let report = run.reporter.finish(excluded);
    let page = newsroom.templates.outbox_page(&report).map_err(|finding| {
        terminal.finding(&finding);
        template_error()
    })?;
    run.output.write("index.html", page.as_bytes())?;
    let json = serde_json::to_vec_pretty(&report)
        .map_err(|cause| CommandError::unexpected(format!("the report is no JSON: {cause}")))?;
    run.output.write("report.json", &json)?;
    run.output.finish()?;
    Ok(report)
}

struct DryRun<'a> {
    reporter: Reporter,
    output: Output,
    letters: &'a Letters,
    /// Whether every message is written.
    all: bool,
    /// Those of which one is written.
    variants: BTreeSet<(usize, Vec<String>)>,
    /// Those of which one was judged, as long as that goes on.
    judged: BTreeSet<(usize, Vec<String>)>,
    assassin: Assassin,
    /// How many are written besides.
    sample: usize,
    count: usize,
    terminal: &'a Terminal,
}

impl DryRun<'_> {
    /// Those of the list who would get it now; answers who would not.
    fn real(
        &mut self,
        shelf: &Shelf,
        filter: Filter,
        all: bool,
    ) -> Result<Vec<Excluded>, CommandError> {
        let issue = self.letters.composition.issue().to_owned();
        let now = Utc::now();
        let store = &shelf.store;
        let planned = shelf.ask(store.survey(&issue, filter.clone(), now))?;
        self.all = all || planned.recipients <= FEW;
        let mut after = None;
        loop {
            let page = store.recipients(&issue, filter.clone(), now, after, PAGE);
            let page = shelf.ask(page)?;
            for (subscriber, recipient) in &page {
                self.add(recipient)?;
                after = Some(*subscriber);
            }
            if page.len() < PAGE {
                break;
            }
        }
        let excluded = shelf.ask(store.excluded(&issue, filter, now, MOST_EXCLUDED))?;
        let excluded = excluded.into_iter().map(|(address, why)| Excluded {
            address: address.to_string(),
            reason: why.words().to_owned(),
        });
        Ok(excluded.collect())
    }

    fn add(&mut self, recipient: &Recipient) -> Result<(), CommandError> {
        let mut letter = self.letters.letter(recipient, self.terminal)?;
        self.count += 1;
        if self.judged.len() < JUDGED && self.judged.insert(self.variant(recipient)) {
            letter
                .findings
                .extend(self.assassin.judge(&letter.message.bytes));
        }
        let (file, html_file) = if self.is_written(recipient) {
            let file = format!("mail/{}", EmlFolder::file_name(self.count, &letter.message));
            self.output.write(&file, &letter.message.bytes)?;
            let html = &letter.content.html;
            let html_file = (!html.is_empty()).then(|| file.replace(".eml", ".html"));
            if let Some(html_file) = &html_file {
                self.output.write(html_file, html.as_bytes())?;
            }
            (Some(file), html_file)
        } else {
            (None, None)
        };
        self.reporter.add(&Facts {
            recipient: &letter.recipient,
            content: &letter.content,
            preheader: &letter.preheader,
            message: &letter.message,
            findings: &letter.findings,
            file: file.as_deref(),
            html_file: html_file.as_deref(),
        });
        Ok(())
    }

    fn variant(&self, recipient: &Recipient) -> (usize, Vec<String>) {
        let key = self.letters.signing_key.as_ref();
        self.letters.composition.variant(key, recipient)
    }

    fn is_written(&mut self, recipient: &Recipient) -> bool {
        if self.all {
            return true;
        }
        let variant = self.variant(recipient);
        if self.variants.len() < MOST_VARIANTS && self.variants.insert(variant) {
            return true;
        }
        self.sample += 1;
        self.sample <= SAMPLE
    }
}

/// What a dry run found, for people.
pub(crate) fn say_report(
    report: &Report,
    page: &str,
    terminal: &mut Terminal,
) -> Result<(), CommandError> {
    for finding in &report.findings {
        let help = finding.help.as_deref().unwrap_or_default();
        terminal.note(&format!(
            "{}[{}]: {} ({}){}{help}",
            finding.level,
            finding.code,
            finding.message,
            counted(finding.messages, "message"),
            if help.is_empty() { "" } else { "; " },
        ));
    }
    let mut reasons: Vec<&str> = report
        .excluded
        .iter()
        .map(|one| one.reason.as_str())
        .collect();
    reasons.sort_unstable();
    for same in reasons.chunk_by(|one, other| one == other) {
        terminal.note(&format!("{} not: {}", same.len(), same[0]));
    }
    let totals = &report.totals;
    let whom = if report.invented {
        " for invented readers on example.org"
    } else {
        ""
    };
    terminal.line(&format!(
        "{}{whom}, {} kB at most each; nothing left this machine",
        counted(totals.messages, "message"),
        totals.largest.div_ceil(1000)
    ))?;
    if totals.written < totals.messages {
        terminal.line(&format!(
            "{} of them written; --all writes the rest",
            totals.written
        ))?;
    }
    terminal.line(&format!("digest {}", report.digest))?;
    terminal.line(&format!("look at {page}"))?;
    Ok(())
}

/// Invented readers; the issue's languages go round among them.
fn invented(letters: &Letters) -> Vec<Recipient> {
    let languages: Vec<&str> = letters.composition.languages().collect();
    let mut invented = email::invented(INVENTED.max(languages.len()));
    for (recipient, language) in invented.iter_mut().zip(languages.iter().cycle()) {
        recipient.language = Some((*language).to_owned());
    }
    invented
}
