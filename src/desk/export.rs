//! The desk as static pages, for a pull request: the list, and each chosen issue in
//! all its views. Nothing in them acts, and nothing in them asks elsewhere.

use std::sync::Arc;

use crate::desk::app::App;
use crate::desk::issue::{Look, VIEWS};
use crate::desk::{Parts, Trouble};
use crate::render::{DESK_SCRIPT, DESK_STYLE};

/// A file of the export: path and bytes.
pub type File = (String, Vec<u8>);

/// Makes the pages of these issues, named by the paths of their files, and hands each
/// file to `write`.
///
/// # Errors
///
/// What cannot be shown, and what `write` answers.
pub fn export(
    parts: Parts,
    issues: &[String],
    mut write: impl FnMut(File) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let app = Arc::new(App::new(parts));
    write(("desk.css".to_owned(), DESK_STYLE.into()))?;
    write(("desk.js".to_owned(), DESK_SCRIPT.into()))?;
    let style = app.room.stylesheet().into_bytes();
    write(("archive.css".to_owned(), style))?;
    let list = app.issues_html("", 1, Some(issues))?;
    let list = app.framed(None, "issues", "Issues", None, list);
    write(("index.html".to_owned(), list.into_bytes()))?;
    for path in issues {
        let folder = folder_of(path);
        for (view, word) in VIEWS {
            let look = Look {
                path: path.clone(),
                view: view.to_owned(),
                images: true,
                against: "sent".to_owned(),
                shown: "text".to_owned(),
                fixed: true,
                ..Look::default()
            };
            let shown = app.view(&look)?;
            let title = format!("{} · {word}", app.head(&shown.proof));
            let body = app.issue_html(&look, &shown, String::new())?;
            let page = app.framed(None, "issues", &title, None, body);
            let name = if view == "mail" { "index" } else { view };
            write((format!("{folder}/{name}.html"), below(&page).into_bytes()))?;
            if ["mail", "archive", "feed"].contains(&view) {
                let sheet = images_beside(&app.frame_html(&look)?);
                write((format!("{folder}/{view}-sheet.html"), sheet.into_bytes()))?;
            }
            if view == "raw" {
                let message = shown.proof.message.clone();
                write((format!("{folder}/message.eml"), message))?;
            }
            for (_, image) in &shown.proof.images {
                if let Some(bytes) = app.room.image(image).filter(|_| view == "mail") {
                    write((format!("image/{image}"), bytes))?;
                }
            }
        }
    }
    Ok(())
}

/// The folder of an issue's pages, one step below the root.
pub(super) fn folder_of(path: &str) -> String {
    let stem = path.strip_suffix(".md").unwrap_or(path);
    let plain = |one: char| match one.is_alphanumeric() || one == '-' || one == '_' {
        true => one,
        false => '-',
    };
    stem.chars().map(plain).collect()
}

/// The files beside the list, seen from an issue's folder.
fn below(page: &str) -> String {
    page.replace("href=\"desk.css\"", "href=\"../desk.css\"")
        .replace("src=\"desk.js\"", "src=\"../desk.js\"")
        .replace(
            "href=\"index.html\" class=\"name\"",
            "href=\"../index.html\" class=\"name\"",
        )
        .replace(
            "href=\"index.html\" data-area",
            "href=\"../index.html\" data-area",
        )
}

fn images_beside(sheet: &str) -> String {
    sheet
        .replace("\"/image/", "\"../image/")
        .replace("\"/archive.css\"", "\"../archive.css\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_has_a_folder_of_its_own() {
        assert_eq!(
            folder_of("issues/en/2026-01-09-weekly.md"),
            "issues-en-2026-01-09-weekly"
        );
        assert_eq!(folder_of("issues/第1期.md#a"), "issues-第1期-md-a");
    }
}
