//! `init`: a newsletter's folder that works at once.

use std::path::Path;

use chrono::NaiveDate;

use crate::cli::args::{Global, Init};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::{self, CONFIG_FILE};
use crate::cli::terminal::Terminal;
use crate::files::{self, create_folder, write_new};

/// The settings, with what everybody changes.
const CONFIG: &str = include_str!("letterpress.toml");
const FIRST_ISSUE: &str = include_str!("first-issue.md");
const NEXT_ISSUE: &str = include_str!("issue.md");
const ABOUT: &str = include_str!("about.md");
const IGNORE: &str = include_str!("gitignore");

/// Where the key that signs links in mail lies.
const KEY_FILE: &str = "data/server.key";
const IGNORE_LIMIT: u64 = 1 << 20;

/// Runs `letterpress init`.
pub(crate) fn run(
    global: &Global,
    options: &Init,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let root = global.folder.join(&options.dir);
    create_folder(&root)?;
    let today = folder::now_from_environment()?.date_naive();
    let mut made = Vec::new();
    let mut kept = Vec::new();
    let mut add = |path: &str, text: &[u8], secret: bool| -> Result<(), CommandError> {
        match write_new(&root.join(path), text, secret) {
            Ok(()) => made.push(path.to_owned()),
            Err(files::Error::Exists { .. }) => kept.push(path.to_owned()),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    };
    add(CONFIG_FILE, CONFIG.as_bytes(), false)?;
    if !has_issues(&root) {
        let (path, text) = first_issue(today);
        add(&path, text.as_bytes(), false)?;
    }
    add("pages/about.md", ABOUT.as_bytes(), false)?;
    add("templates/issue.md", NEXT_ISSUE.as_bytes(), false)?;
    add(".gitignore", IGNORE.as_bytes(), false)?;
    if !root.join(KEY_FILE).exists() {
        add(KEY_FILE, format!("{}\n", key()?).as_bytes(), true)?;
    }
    for path in &made {
        terminal.line(&format!("made  {path}"))?;
    }
    for path in &kept {
        terminal.line(&format!("kept  {path}"))?;
    }
    terminal.finish()?;
    terminal.note(&next_steps(&options.dir, &unlisted(&root)?));
    Ok(Exit::Done)
}

/// What must never be committed and is not in `.gitignore`.
fn unlisted(root: &Path) -> Result<Vec<&'static str>, CommandError> {
    let bytes = files::read_if_there(&root.join(".gitignore"), IGNORE_LIMIT)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let listed = |folder: &&str| {
        text.lines()
            .any(|line| line.trim().trim_matches('/') == *folder)
    };
    let secret = ["data", "outbox"].into_iter();
    Ok(secret.filter(|folder| !listed(folder)).collect())
}

fn next_steps(dir: &Path, unlisted: &[&str]) -> String {
    let mut text = String::from("\nNext:\n");
    if dir != Path::new(".") {
        text.push_str(&format!("  cd {}\n", dir.display()));
    }
    text.push_str(
        "  letterpress preview                    see it as readers will, in the browser\n",
    );
    text.push_str("  letterpress build                      feeds and web archive, in public/\n");
    text.push_str("  letterpress publish latest --dry-run   the mail too, under outbox/\n");
    text.push_str("  letterpress new \"What I read\"          the next issue, as a draft\n");
    text.push_str(&format!(
        "\nBefore anything goes on the web, write your own title and address into\n{CONFIG_FILE}."
    ));
    if !unlisted.is_empty() {
        let folders: Vec<String> = unlisted.iter().map(|name| format!("/{name}/")).collect();
        let folders = folders.join(" and ");
        text.push_str(&format!("\nYour .gitignore should list {folders}."));
    }
    text
}

/// Whether the folder holds Markdown already, somewhere a newsletter has it.
fn has_issues(root: &Path) -> bool {
    let search = files::Search {
        paths: Vec::new(),
        exclude: [
            "README*",
            "pages",
            "templates",
            "CHANGELOG*",
            "CONTRIBUTING*",
        ]
        .map(str::to_owned)
        .to_vec(),
    };
    search.files(root).is_ok_and(|found| !found.is_empty())
}

/// Path and text of the first issue. It is dated today and published at once,
/// so that a build shows something.
fn first_issue(today: NaiveDate) -> (String, String) {
    let path = format!("issues/{today}-hello.md");
    (path, FIRST_ISSUE.replace("{date}", &today.to_string()))
}

/// 32 random bytes in hexadecimal.
fn key() -> Result<String, CommandError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|cause| {
        CommandError::unexpected(format!("the system gives no random bytes: {cause}"))
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
