//! `config show` and `config check`.

use serde_json::json;

use crate::cli::args::{Config, Global};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::{CONFIG_FILE, Folder};
use crate::cli::report::{self, Counts};
use crate::cli::signer;
use crate::cli::terminal::Terminal;
use crate::config::{show_json, show_toml};
use crate::diagnostic::Finding;

/// Runs `letterpress config`.
pub(crate) fn run(
    global: &Global,
    options: &Config,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open(global)?;
    match options {
        Config::Show { json } => show(&folder, *json, terminal),
        Config::Check { json } => check(&folder, *json, terminal),
    }
}

/// Prints all values; what is wrong goes to standard error, so that the output
/// stays what it says it is.
fn show(folder: &Folder, as_json: bool, terminal: &mut Terminal) -> Result<Exit, CommandError> {
    let values = &folder.loaded.values;
    if as_json {
        terminal.json(&show_json(values))?;
    } else {
        terminal.data(show_toml(values).as_bytes())?;
    }
    for finding in &folder.loaded.findings {
        terminal.finding(finding);
    }
    Ok(exit(&folder.loaded.findings))
}

fn check(folder: &Folder, as_json: bool, terminal: &mut Terminal) -> Result<Exit, CommandError> {
    let mut findings = folder.loaded.findings.clone();
    findings.extend(signer::read(folder).err().map(|one| *one));
    let settings = folder.settings();
    let wants = [
        ("feeds and archive", settings.require_web()),
        ("mail", settings.require_mail()),
        ("sending mail", settings.require_relay()),
    ];
    if as_json {
        let missing: serde_json::Map<String, serde_json::Value> = wants
            .iter()
            .map(|(what, result)| {
                let keys = result.as_ref().err().map(|missing| missing.keys.clone());
                ((*what).to_owned(), json!(keys.unwrap_or_default()))
            })
            .collect();
        let said: Vec<_> = findings.iter().map(report::json).collect();
        terminal.json(&json!({"findings": said, "missing": missing}))?;
        return Ok(exit(&findings));
    }
    for finding in &findings {
        let text = report::human(finding, terminal.color_out());
        terminal.data(text.as_bytes())?;
    }
    let mut asked: Vec<&str> = Vec::new();
    for (what, result) in &wants {
        match result {
            Ok(()) => terminal.line(&format!("{what}: all set"))?,
            Err(missing) => {
                terminal.line(&format!("{what}: needs {}", missing.keys.join(", ")))?;
                asked.extend(missing.keys.iter());
            }
        }
    }
    if !asked.is_empty() {
        terminal.note(&format!("write them into {CONFIG_FILE}"));
    }
    let counts = Counts::of(&findings);
    terminal.note(&format!("settings: {}", counts.words()));
    Ok(exit(&findings))
}

fn exit(findings: &[Finding]) -> Exit {
    if Counts::of(findings).errors > 0 {
        Exit::Usage
    } else {
        Exit::Done
    }
}
