//! The dry run: every message as a file, with a report for programs and a page
//! for people.

use std::path::Path;

use crate::cli::error::CommandError;
use crate::cli::letters::{Letter, Letters};
use crate::cli::terminal::Terminal;
use crate::email::{self, Facts, Report};
use crate::files::Output;
use crate::render::Templates;
use crate::subscriber::Recipient;
use crate::transport::Folder as EmlFolder;

/// Recipients that are invented where there is no list: enough that each name
/// that makes mail go wrong is among them.
const INVENTED: usize = 12;

/// Builds every message and writes them below `root`, with `report.json` and
/// `index.html`. What an earlier dry run wrote there is replaced.
pub(crate) fn write(
    newsletter: &str,
    letters: &Letters,
    templates: &Templates,
    root: &Path,
    terminal: &Terminal,
) -> Result<Report, CommandError> {
    let output = Output::open(root)?;
    let mut done: Vec<(Letter, String, String)> = Vec::new();
    for recipient in recipients(letters) {
        let letter = letters.letter(&recipient, terminal)?;
        let file = format!(
            "mail/{}",
            EmlFolder::file_name(done.len() + 1, &letter.message)
        );
        let html_file = file.replace(".eml", ".html");
        output.write(&file, &letter.message.bytes)?;
        if !letter.content.html.is_empty() {
            output.write(&html_file, letter.content.html.as_bytes())?;
        }
        done.push((letter, file, html_file));
    }
    let facts: Vec<Facts<'_>> = done
        .iter()
        .map(|(letter, file, html_file)| Facts {
            recipient: &letter.recipient,
            content: &letter.content,
            preheader: &letter.preheader,
            message: &letter.message,
            findings: &letter.findings,
            file: Some(file),
            html_file: (!letter.content.html.is_empty()).then_some(html_file.as_str()),
        })
        .collect();
    let report = email::report(
        newsletter,
        letters.composition.issue(),
        letters.composition.digest(),
        true,
        Vec::new(),
        &facts,
    );
    let page = templates.outbox_page(&report).map_err(|finding| {
        terminal.err(&crate::cli::report::human(&finding, terminal.color_err()));
        crate::cli::newsroom::template_error()
    })?;
    output.write("index.html", page.as_bytes())?;
    let json = serde_json::to_vec_pretty(&report)
        .map_err(|cause| CommandError::unexpected(format!("the report is no JSON: {cause}")))?;
    output.write("report.json", &json)?;
    output.finish()?;
    Ok(report)
}

/// Invented readers; the issue's languages go round among them.
fn recipients(letters: &Letters) -> Vec<Recipient> {
    let languages: Vec<&str> = letters.composition.languages().collect();
    let mut invented = email::invented(INVENTED.max(languages.len()));
    for (recipient, language) in invented.iter_mut().zip(languages.iter().cycle()) {
        recipient.language = Some((*language).to_owned());
    }
    invented
}
