//! Addresses of links, and links that did not become one.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::issue::checks::images::is_image_file;
use crate::issue::checks::{Report, Trouble, excerpt};
use crate::issue::document::Kind;
use crate::issue::model::{Issue, Link};
use crate::issue::slug::slug;

pub(super) fn check(issue: &Issue, base_url: Option<&str>, trouble: Trouble, report: &mut Report) {
    let mut anchors: Option<BTreeSet<String>> = None;
    for link in &issue.census.links {
        let url = link.url.trim();
        if url.is_empty() {
            let message = format!("the link “{}” leads nowhere", excerpt(&link.text, 40));
            report.push(Diagnostic::error("empty-url", message).at(link.span));
        } else if let Some(anchor) = url.strip_prefix('#') {
            let anchors = anchors.get_or_insert_with(|| anchors_of(issue));
            if !is_anchor(anchor, anchors) {
                let message = format!("no heading or element has the name `{anchor}`");
                report.push(Diagnostic::warning("dead-anchor", message).at(link.span));
            }
        } else if url.starts_with("http:") {
            let message = format!("`{}` is not encrypted", excerpt(url, 80));
            report.push(
                Diagnostic::note("insecure-url", message)
                    .at(link.span)
                    .help("most hosts answer to https:// today"),
            );
        } else if !has_scheme(url)
            && !is_issue_file(url)
            && (base_url.is_none() || means_a_host(url))
        {
            report.push(relative(link, url));
        }
        tracking(link, report);
        if trouble.placeholders {
            placeholder(link, report);
        }
        image_as_link(issue, link, report);
    }
}

/// An address without a scheme leads to a place relative to the issue's page,
/// which is rarely what was meant.
fn relative(link: &Link, url: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        "relative-url",
        format!(
            "`{}` is relative, and no `base_url` is set",
            excerpt(url, 80)
        ),
    )
    .at(link.span);
    if let Some(at) = url.find("https://").or_else(|| url.find("http://")) {
        let meant = url[at..].trim_end_matches([')', ']', '>']);
        return diagnostic.help(format!("should it be `{meant}`?"));
    }
    let host = url.split(['/', '?', '#']).next().unwrap_or(url);
    if looks_like_host(host) {
        return diagnostic.help(format!("should it be `https://{url}`?"));
    }
    diagnostic.help("give the whole address, with https://")
}

/// Whether an address without a scheme names another site, so that no base makes
/// it right: `www.example.org/a`, `((https://example.org`.
fn means_a_host(url: &str) -> bool {
    let host = url.split(['/', '?', '#']).next().unwrap_or(url);
    url.contains("://") || looks_like_host(host)
}

fn looks_like_host(host: &str) -> bool {
    let Some((name, domain)) = host.rsplit_once('.') else {
        return false;
    };
    !name.is_empty()
        && domain.len() >= 2
        && domain.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !matches!(
            domain,
            "html" | "htm" | "php" | "md" | "pdf" | "txt" | "xml"
        )
}

/// Another issue or page of this newsletter, which gets its address when the
/// archive is built.
fn is_issue_file(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    path.ends_with(".md") || path.ends_with(".markdown")
}

// RFC 3986 §3.1
fn has_scheme(url: &str) -> bool {
    let Some((scheme, _)) = url.split_once(':') else {
        // `//example.com/` takes the scheme of the page.
        return url.starts_with("//");
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// The names that an address `#x` can mean, as slugs.
fn anchors_of(issue: &Issue) -> BTreeSet<String> {
    let headings = issue
        .document
        .blocks
        .iter()
        .filter(|block| matches!(block.kind, Kind::Heading(_)))
        .map(|block| slug(&issue.document.plain_text(block.events.clone())));
    let sections = issue.sections.iter().map(|section| section.slug.clone());
    let anchors = issue.census.anchors.iter().map(|anchor| slug(anchor));
    headings.chain(sections).chain(anchors).collect()
}

fn is_anchor(anchor: &str, anchors: &BTreeSet<String>) -> bool {
    let decoded = percent_decode(anchor);
    let name = slug(&decoded);
    if name.is_empty() || name == "top" || anchors.contains(&name) {
        return true;
    }
    // The second of two headings with the same words.
    name.rsplit_once('-').is_some_and(|(name, count)| {
        count.bytes().all(|byte| byte.is_ascii_digit()) && anchors.contains(name)
    })
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |index: usize| {
            after
                .get(index)
                .and_then(|byte| char::from(*byte).to_digit(16))
        };
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn tracking(link: &Link, report: &mut Report) {
    let found = crate::issue::tracking_parameters(&link.url);
    if found.is_empty() {
        return;
    }
    let message = format!(
        "this address tells whom it was given to: {}",
        found.join(", ")
    );
    report.push(
        Diagnostic::note("tracking-parameter", message)
            .at(link.span)
            .help("it very likely works without them"),
    );
}

fn placeholder(link: &Link, report: &mut Report) {
    let Some(word) = placeholder_in(&link.text)
        .or_else(|| {
            ["TODO", "TBD"]
                .into_iter()
                .find(|word| link.url.trim() == *word)
        })
        .or_else(|| link.url.contains("://TODO").then_some("TODO"))
    else {
        return;
    };
    let message = format!("this link still says {word}");
    report.push(Diagnostic::warning("placeholder", message).at(link.span));
}

/// A word that stands for something yet to be written.
pub(super) fn placeholder_in(text: &str) -> Option<&'static str> {
    if text.contains("orem ipsum") {
        return Some("Lorem ipsum");
    }
    for word in ["TODO", "TBD", "WIP", "FIXME"] {
        let Some(at) = text.find(word) else { continue };
        let before = text[..at].trim_end();
        let after = text[at + word.len()..].trim_start();
        let alone = before.is_empty() && (after.is_empty() || after.starts_with([':', ')', ']']));
        let bracketed = before.ends_with(['(', '[', '{', '<', '（', '【'])
            && after.starts_with([')', ']', '}', '>', ':', '）', '】']);
        if alone || bracketed {
            return Some(word);
        }
    }
    None
}

/// `[Image of …](picture.png)`: the `!` is missing.
fn image_as_link(issue: &Issue, link: &Link, report: &mut Report) {
    if link.html || !is_image_file(&link.url) || link.text.is_empty() {
        return;
    }
    let text = link.text.to_lowercase();
    let speaks_of_image = [
        "image",
        "img",
        "screenshot",
        "picture",
        "图片",
        "截图",
        "画像",
        "이미지",
    ]
    .iter()
    .any(|word| text.starts_with(word));
    let stands_alone = || {
        let blocks = &issue.document.blocks;
        let place = blocks.partition_point(|block| block.span.start < link.span.start);
        blocks.get(place).is_some_and(|block| {
            block.kind == Kind::Paragraph
                && block.span.start == link.span.start
                && issue.source.text()[link.span.end..block.span.end.max(link.span.end)]
                    .trim()
                    .is_empty()
        })
    };
    if speaks_of_image || stands_alone() {
        let message = "this link leads to an image; is the `!` before it missing?";
        report.push(
            Diagnostic::warning("image-as-link", message)
                .at(link.span)
                .help(format!("![{}]({})", excerpt(&link.text, 40), link.url)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_told_from_paths() {
        for (url, expected) in [
            ("https://example.com", true),
            ("mailto:a@example.com", true),
            ("//example.com/x", true),
            ("www.example.com/a:b", false),
            ("((https://example.com", false),
            ("example", false),
            ("/about", false),
        ] {
            assert_eq!(has_scheme(url), expected, "{url}");
        }
    }

    #[test]
    fn placeholders_stand_alone_or_in_brackets() {
        for (text, expected) in [
            ("TODO", true),
            ("TODO: title", true),
            ("2021-(TODO: MM-DD)", true),
            ("Lorem ipsum dolor", true),
            ("A TODO list in Rust", false),
            ("How we limit WIP", false),
            ("FIXME comments", false),
        ] {
            assert_eq!(placeholder_in(text).is_some(), expected, "{text}");
        }
    }
}
