//! One issue's file, read, understood and rendered.

use crate::diagnostic::Finding;
use crate::issue::{self, Census, Reader, Summary};
use crate::render::{self, ContentsEntry, Fragment, PageStyle};

/// What is kept of an issue for the rest of a build once its text is gone.
#[derive(Clone, Debug, Default)]
pub struct Manuscript {
    /// Its facts.
    pub summary: Summary,
    /// False when the file is no text at all; what was published of it before
    /// stays as it was.
    pub readable: bool,
    /// The body of its page.
    pub page: Fragment,
    /// The whole text for feeds.
    pub content: Fragment,
    /// The sections of its page.
    pub contents: Vec<ContentsEntry>,
    /// Local images that it shows, by their path in the newsletter's folder.
    pub images: Vec<String>,
    /// What is to be said about it.
    pub findings: Vec<Finding>,
}

/// Reads one file. `path` is relative to the newsletter's folder, with `/`;
/// `language` is that of issues that do not say theirs. A file that holds several
/// issues gives several.
pub fn prepare(reader: &Reader, path: &str, bytes: &[u8], language: &str) -> Vec<Manuscript> {
    let texts = [reader.decode(path, bytes)];
    let texts = texts.iter().map(|text| manuscript(reader, text, language));
    texts.collect()
}

fn manuscript(reader: &Reader, text: &issue::Text, language: &str) -> Manuscript {
    let (issue, mut diagnostics) = reader.parse(text);
    diagnostics.extend(render::local_paths(&issue));
    let source = &text.source;
    let findings = diagnostics
        .into_iter()
        .map(|diagnostic| diagnostic.locate(source))
        .collect();
    let summary = issue.summary();
    if !text.readable {
        return Manuscript {
            summary,
            findings,
            ..Manuscript::default()
        };
    }
    let linkify = reader.settings().linkify;
    let style = PageStyle {
        language: summary.language.as_deref().unwrap_or(language),
        linkify,
    };
    Manuscript {
        page: render::page_html(&issue, &style),
        content: render::body_html(&issue, linkify),
        contents: render::contents(&issue),
        images: local_images(&issue.census, &summary.path),
        readable: true,
        summary,
        findings,
    }
}

/// The images of the newsletter's folder that an issue shows, each once.
fn local_images(census: &Census, path: &str) -> Vec<String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found: Vec<String> = census
        .images
        .iter()
        .filter_map(|image| render::local_file(folder, &image.url))
        .filter(|path| crate::archive::is_image_path(path))
        .collect();
    found.sort();
    found.dedup();
    found
}
