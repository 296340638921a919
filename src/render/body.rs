//! The whole body of an issue as plain, complete HTML: what feeds carry.

use crate::diagnostic::Diagnostic;
use crate::issue::Issue;
use crate::render::address;
use crate::render::anchors::Anchors;
use crate::render::fragment::Fragment;
use crate::render::html::{self, Mark, Style, View};

/// The full HTML of an issue, whether or not sections or items were
/// recognised. The heading that gave the title is left out; bare addresses
/// become links.
pub fn feed_html(issue: &Issue<'_>) -> Fragment {
    body_html(issue, true)
}

/// As [`feed_html`], with a say on bare addresses.
pub fn body_html(issue: &Issue<'_>, linkify: bool) -> Fragment {
    marked_body(issue, &Anchors::of(issue), linkify, &mut [])
}

/// As [`body_html`]; finds out where marks, ascending, come to stand.
pub(crate) fn marked_body(
    issue: &Issue<'_>,
    anchors: &Anchors<'_>,
    linkify: bool,
    marks: &mut [Mark],
) -> Fragment {
    let events = &issue.document.events;
    let style = Style::of(View::Feed, linkify);
    let Some(title) = &issue.title_events else {
        return html::write_marked(events, anchors, 0..events.len(), style, marks);
    };
    let mut fragment = html::write_marked(events, anchors, 0..title.start, style, marks);
    let before = marks.partition_point(|mark| mark.event < title.end);
    let marks = &mut marks[before..];
    let rest = title.end..events.len();
    let rest = html::write_marked(events, anchors, rest, style, marks);
    for at in marks.iter_mut().filter_map(|mark| mark.at.as_mut()) {
        *at += fragment.html.len();
    }
    fragment.append(rest);
    fragment
}

/// One error for each link or image that names a file of the editor's own
/// machine. The address is left out wherever the issue is rendered.
pub fn local_paths(issue: &Issue<'_>) -> Vec<Diagnostic> {
    let images = issue
        .census
        .images
        .iter()
        .map(|image| (&image.url, image.span, "image"));
    let links = issue
        .census
        .links
        .iter()
        .map(|link| (&link.url, link.span, "link"));
    let mut found: Vec<Diagnostic> = images
        .chain(links)
        .filter(|(url, ..)| address::is_local(url.trim()))
        .map(|(_, span, what)| {
            let message = format!("this {what} names a file on your own computer");
            Diagnostic::error("local-path", message)
                .at(span)
                .label("readers cannot reach it")
                .help("put the file beside the issue and name it relative to the issue")
        })
        .collect();
    found.sort_by_key(|diagnostic| diagnostic.span);
    found
}
