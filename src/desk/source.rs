//! The source of a file, line by line, with what there is to say beside it.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::Serialize;

use crate::desk::app::{App, Asked};
use crate::desk::marks::Mark;
use crate::diagnostic::Finding;

/// Lines that are shown; a file of an editor's has a few hundred.
const MOST: usize = 20_000;

/// A line of a file.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    number: usize,
    text: String,
    /// The worst level of its marks, or empty.
    level: &'static str,
    marks: Vec<Mark>,
}

#[derive(Serialize)]
struct Page {
    path: String,
    lines: Vec<Line>,
    more: usize,
    whole: Vec<Mark>,
    editor: Option<String>,
}

impl App {
    /// The lines of a text with the findings of its file.
    fn lines(&self, text: &str, findings: &[Finding]) -> (Vec<Line>, usize) {
        let marks = self.marks(findings, &[]);
        let mut by_line: std::collections::BTreeMap<usize, Vec<Mark>> = Default::default();
        for mark in marks {
            if let Some(line) = mark.line() {
                by_line.entry(line).or_default().push(mark);
            }
        }
        let total = text.lines().count();
        let lines = text.lines().take(MOST).enumerate().map(|(index, text)| {
            let marks = by_line.remove(&(index + 1)).unwrap_or_default();
            Line {
                number: index + 1,
                text: text.to_owned(),
                level: marks.first().map_or("", Mark::level),
                marks,
            }
        });
        (lines.collect(), total.saturating_sub(MOST))
    }

    /// The source of a file as a part of a page.
    pub(super) fn source_html(&self, path: &str, text: &str, findings: &[Finding]) -> String {
        let (lines, more) = self.lines(text, findings);
        let whole: Vec<Finding> = findings
            .iter()
            .filter(|one| one.place.is_none())
            .cloned()
            .collect();
        self.pages.fill(
            "source",
            &Page {
                path: path.to_owned(),
                lines,
                more,
                whole: self.marks(&whole, &[]),
                editor: self.room.editor_url(path, 1, 1),
            },
        )
    }

    /// `/file/PATH`: a page of a file's source.
    pub(super) async fn file(self: &Arc<Self>, asked: Asked) -> Response<Body> {
        let path = asked.rest.clone();
        let made = self
            .work(move |app| {
                let text = app.room.source(&path)?;
                let findings = app.room.findings_of(&path);
                Ok(app.source_html(&path, &text, &findings))
            })
            .await;
        match made {
            Ok(body) => self.page(StatusCode::OK, &asked.session, "issues", &asked.rest, body),
            Err(trouble) => {
                let status = StatusCode::NOT_FOUND;
                self.trouble(status, &asked.session, "issues", &trouble)
            }
        }
    }
}
