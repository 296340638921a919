//! `render`: one issue as one text on standard output.

use std::collections::BTreeMap;

use crate::cli::args::{Form, Global, Render};
use crate::cli::catalog::{Catalog, Known};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::report;
use crate::cli::terminal::Terminal;
use crate::diagnostic::Level;
use crate::render::{Addresses, feed_html};

/// Runs `letterpress render`.
pub(crate) fn run(
    global: &Global,
    options: &Render,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    let catalog = Catalog::read(&folder)?;
    let selected = catalog.select(&folder, &options.issue)?;
    let Some(known) = selected.first() else {
        return Err(CommandError::usage(format!(
            "there is no issue {}",
            options.issue
        )));
    };
    if selected.len() > 1 {
        terminal.detail(&format!(
            "of its translations, {} is shown",
            known.summary.path
        ));
    }
    let reader = folder.reader()?;
    let text = folder.read_issue(&reader, &known.summary.path);
    if !text.readable {
        for diagnostic in text.diagnostics {
            let finding = diagnostic.locate(&text.source);
            if finding.level == Level::Error {
                terminal.err(&report::human(&finding, terminal.color_err()));
            }
        }
        let words = format!("{} cannot be read as text", known.summary.path);
        return Err(CommandError::findings(words));
    }
    if options.form == Form::Markdown {
        terminal.data(text.source.text().as_bytes())?;
        return Ok(Exit::Done);
    }
    let (issue, _) = reader.parse(&text);
    let addresses = addresses(&folder, known)?;
    let made = feed_html(&issue).resolve(&addresses);
    terminal.data(made.as_bytes())?;
    if !made.ends_with('\n') {
        terminal.data(b"\n")?;
    }
    Ok(Exit::Done)
}

/// Where the issue's relative addresses lead: its own page, and the files beside
/// it at their places below the archive's root.
fn addresses(folder: &Folder, known: &Known) -> Result<Addresses, CommandError> {
    let settings = folder.settings();
    let summary = &known.summary;
    let slug = summary.slug.as_deref().unwrap_or(&summary.stem);
    let number = summary.number.map(|number| number.value.to_string());
    let date = summary.date.map(|date| date.date);
    let part = |format: &str| date.map_or_else(String::new, |date| date.format(format).to_string());
    let permalink = settings
        .issues
        .permalink
        .replace("{slug}", slug)
        .replace("{stem}", &summary.stem)
        .replace("{number}", &number.unwrap_or_default())
        .replace("{lang}", summary.language.as_deref().unwrap_or_default())
        .replace("{year}", &part("%Y"))
        .replace("{month}", &part("%m"))
        .replace("{day}", &part("%d"));
    let page = settings
        .newsletter
        .url
        .join(permalink.trim_start_matches('/'));
    let page = page.map_err(|cause| CommandError::new(Exit::Usage, cause))?;
    let (within, _) = summary.path.rsplit_once('/').unwrap_or(("", ""));
    Ok(Addresses {
        page,
        files: std::sync::Arc::default(),
        folder: within.to_owned(),
    })
}
