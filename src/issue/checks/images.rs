//! Alternative texts, formats and places of images.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Span};
use crate::issue::checks::{Report, excerpt};
use crate::issue::model::{Image, Issue};

/// Formats that many mail programs do not show.
const WEB_ONLY: [&str; 3] = ["svg", "webp", "avif"];

pub(super) fn check(issue: &Issue, report: &mut Report) {
    // By format: the first image of it, and how many there are.
    let mut formats: BTreeMap<&'static str, (Span, usize)> = BTreeMap::new();
    for image in &issue.census.images {
        if image.url.is_empty() {
            let message = "this image has no address";
            report.push(Diagnostic::error("empty-url", message).at(image.span));
            continue;
        }
        let format = extension(&image.url);
        if let Some(format) = WEB_ONLY
            .into_iter()
            .find(|known| format.eq_ignore_ascii_case(known))
        {
            formats.entry(format).or_insert((image.span, 0)).1 += 1;
        }
        if !image.url.contains(':') && !image.url.starts_with("//") {
            let message = format!(
                "`{}` is read from beside this file",
                excerpt(&image.url, 80)
            );
            report.push(Diagnostic::note("relative-image", message).at(image.span));
        }
        alternative(image, report);
    }
    for (format, (span, count)) in formats {
        let message = match count {
            1 => format!("many mail programs do not show {format} images"),
            _ => format!("many mail programs do not show {format} images; here are {count}"),
        };
        report.push(
            Diagnostic::warning("image-format", message)
                .at(span)
                .help("png, jpeg and gif are shown by all"),
        );
    }
}

fn alternative(image: &Image, report: &mut Report) {
    let alt = image.alt.trim();
    // In HTML an empty text may say that the image is mere decoration.
    if alt.is_empty() {
        if !image.html {
            report.push(
                Diagnostic::note("missing-alt", "this image has no alternative text")
                    .at(image.span)
                    .help("say in a few words what it shows: ![…](…)"),
            );
        }
        return;
    }
    let path = path_of(&image.url);
    let file = path.rsplit('/').next().unwrap_or(path);
    let empty_words = [
        "img",
        "image",
        "picture",
        "pic",
        "photo",
        "alt",
        "alt text",
        "图片",
        "image.png",
    ];
    let is_poor = is_image_file(alt)
        || !file.is_empty() && alt.contains(file)
        || empty_words
            .iter()
            .any(|word| alt.eq_ignore_ascii_case(word));
    if is_poor {
        let message = format!("“{}” does not say what the image shows", excerpt(alt, 40));
        report.push(Diagnostic::note("poor-alt", message).at(image.span));
    }
}

/// Whether an address or name ends like an image file.
pub(super) fn is_image_file(url: &str) -> bool {
    let format = extension(url);
    ["png", "jpg", "jpeg", "gif", "bmp"]
        .into_iter()
        .chain(WEB_ONLY)
        .any(|known| format.eq_ignore_ascii_case(known))
}

/// The ending of an address's path.
fn extension(url: &str) -> &str {
    let path = path_of(url);
    let file = path.rsplit('/').next().unwrap_or(path);
    file.rsplit_once('.').map_or("", |(_, ending)| ending)
}

fn path_of(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}
