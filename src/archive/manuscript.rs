//! One issue's file, read, understood and rendered.

use crate::archive::is_image_path;
use crate::diagnostic::{Diagnostic, Finding, Level};
use crate::issue::{Issue, Reader, Summary, Text};
use crate::render::{
    self, ContentsEntry, FeedItems, FeedText, Fragment, Labels, PagePiece, PageStyle,
};

/// What is kept of an issue for the rest of a build once its text is gone.
#[derive(Clone, Debug, Default)]
pub struct Manuscript {
    /// Its facts.
    pub summary: Summary,
    /// False when the file is no text at all; what was published of it before
    /// stays as it was.
    pub readable: bool,
    /// The body of its page; empty where no archive will hold it.
    pub page: Fragment,
    /// The items of its page, where it belongs to a season.
    pub pieces: Vec<PagePiece>,
    /// The whole text for feeds; `None` where no feed will hold it.
    pub content: Option<FeedText>,
    /// The items for feeds; `None` where no feed will hold them.
    pub items: Option<FeedItems>,
    /// The sections of its page.
    pub contents: Vec<ContentsEntry>,
    /// Local images that it shows, each once, in order of their paths.
    pub images: Vec<ImageUse>,
    /// What is to be said about it.
    pub findings: Vec<Finding>,
}

/// Bytes of an image for which a reader on a phone waits.
const HEAVY: usize = 1_000_000;

/// A local image that a text shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageUse {
    /// Its path in the newsletter's folder.
    pub path: String,
    /// Whether everybody may see it: others are published without their name.
    pub open: bool,
    place: Finding,
}

impl ImageUse {
    /// What is to be said when there is no such file.
    pub fn missing(&self) -> Finding {
        self.place.clone()
    }

    /// What is to be said of a file of so many bytes; nothing of most.
    pub fn heavy(&self, bytes: usize) -> Option<Finding> {
        (bytes > HEAVY).then(|| Finding {
            code: "heavy-image",
            level: Level::Warning,
            message: format!("{} weighs {:.1} MB", self.path, bytes as f64 / 1e6),
            help: Some("twice the width that it is shown at is enough: 1200 pixels".to_owned()),
            ..self.place.clone()
        })
    }
}

/// The whole text of one issue for feeds.
pub fn content(reader: &Reader, text: &Text) -> Fragment {
    let (issue, _) = reader.parse(text);
    render::body_html(&issue, reader.settings().linkify)
}

/// What feeds may hold of an issue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The whole text, with its sections.
    pub content: bool,
    /// Its items one by one.
    pub items: bool,
}

/// The text and the items of one issue for feeds. `language` is that of issues
/// that do not say theirs.
pub fn texts(
    reader: &Reader,
    text: &Text,
    language: &str,
    wanted: Wanted,
) -> (Option<FeedText>, Option<FeedItems>) {
    let (issue, _) = reader.parse(text);
    let style = PageStyle {
        language: issue.language.as_deref().unwrap_or(language),
        linkify: reader.settings().linkify,
    };
    match open_text(reader, &issue, style.language) {
        Some(open) => feed_texts(&reader.parse(&open).0, &style, wanted),
        None => feed_texts(&issue, &style, wanted),
    }
}

/// What is left of an issue where not all of it is for everybody.
fn open_text(reader: &Reader, issue: &Issue<'_>, language: &str) -> Option<Text> {
    reader.open_text(issue, Labels::of(language).for_subscribers)
}

fn feed_texts(
    issue: &Issue<'_>,
    style: &PageStyle<'_>,
    wanted: Wanted,
) -> (Option<FeedText>, Option<FeedItems>) {
    let content = wanted
        .content
        .then(|| render::feed_text(issue, style.linkify));
    let items = wanted.items.then(|| render::feed_items(issue, style));
    (content, items)
}

/// The same for a page of the editor's own, of which no number, date or numbered
/// items are expected.
pub fn prepare_page(reader: &Reader, text: &Text, language: &str) -> Manuscript {
    let mut page = prepare(reader, text, language, true, |_| Wanted::default());
    page.findings
        .retain(|finding| !ONLY_OF_ISSUES.contains(&finding.code));
    page
}

/// Findings that mean nothing on a page such as about or privacy.
const ONLY_OF_ISSUES: [&str; 4] = [
    "missing-issue-number",
    "missing-date",
    "unknown-section",
    "empty-section",
];

/// Understands and renders one issue. `language` is that of issues that do not
/// say theirs; `in_archive` says whether it will have a page, `in_feeds` what
/// feeds may hold of it.
pub fn prepare(
    reader: &Reader,
    text: &Text,
    language: &str,
    in_archive: bool,
    in_feeds: impl Fn(&Summary) -> Wanted,
) -> Manuscript {
    let (issue, mut diagnostics) = reader.parse(text);
    diagnostics.extend(render::local_paths(&issue));
    let source = &text.source;
    let findings = diagnostics
        .into_iter()
        .map(|diagnostic| diagnostic.locate(source))
        .collect();
    let mut summary = issue.summary();
    // Half of a file in the wrong encoding must not replace what was published.
    let damaged = text.diagnostics.iter().any(|one| one.code == "not-utf8");
    if !text.readable || damaged {
        return Manuscript {
            summary,
            findings,
            ..Manuscript::default()
        };
    }
    let mut images = local_images(&issue);
    let language = summary.language.as_deref().unwrap_or(language).to_owned();
    let open_text = open_text(reader, &issue, &language);
    let open = open_text.as_ref().map(|text| reader.parse(text).0);
    if let Some(open) = &open {
        // Who it is and how it changed is told by all of it, what it says by what
        // is for everybody.
        let shown = open.summary();
        summary.description = shown.description;
        summary.first_items = shown.first_items;
        summary.sections = shown.sections;
        summary.link_count = shown.link_count;
        let shown = local_images(open);
        for image in &mut images {
            image.open = shown.iter().any(|one| one.path == image.path);
        }
    }
    let issue = open.as_ref().unwrap_or(&issue);
    let style = PageStyle {
        language: &language,
        linkify: reader.settings().linkify,
    };
    let (page, pieces, contents) = if in_archive {
        let (mut page, mut pieces) = render::page_pieces(issue, &style);
        // It is kept until all addresses are known, and grew by doubling.
        page.html = String::from(page.html.as_str());
        if summary.season.is_none() {
            pieces = Vec::new();
        }
        (page, pieces, render::contents(issue))
    } else {
        Default::default()
    };
    let (content, items) = feed_texts(issue, &style, in_feeds(&summary));
    Manuscript {
        page,
        pieces,
        content,
        items,
        contents,
        images,
        readable: true,
        summary,
        findings,
    }
}

/// The images of the newsletter's folder that an issue shows, each once.
pub fn local_images(issue: &Issue<'_>) -> Vec<ImageUse> {
    let path = issue.source.path();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found: Vec<ImageUse> = Vec::new();
    for image in &issue.census.images {
        let Some(file) = render::local_file(folder, &image.url) else {
            continue;
        };
        if is_image_path(&file) && !found.iter().any(|other| other.path == file) {
            let message = format!("there is no image {file}");
            let place = Diagnostic::error("missing-image", message)
                .at(image.span)
                .help("put the file there, or name it relative to the issue's folder")
                .locate(issue.source);
            found.push(ImageUse {
                path: file,
                open: true,
                place,
            });
        }
    }
    found.sort_by(|left, right| left.path.cmp(&right.path));
    found
}
