//! HTML whose relative addresses are not settled yet.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use url::Url;

use crate::render::{address, escape};

/// A piece of finished, clean HTML with holes where the text has a relative
/// address (`./issue-2.md`, `#top`, `img/a.png`, `/about`). They are filled once
/// the addresses of all issues and images are known, so that an issue is
/// rendered once, before its own address is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fragment {
    /// The HTML without the parts that stand in the holes.
    pub html: String,
    /// Ascending by place.
    pub holes: Vec<Hole>,
}

/// A hole in a [`Fragment`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Byte of `html` before which the filling goes.
    pub at: usize,
    /// The address as the editor wrote it.
    pub reference: String,
    /// What is filled in.
    pub kind: HoleKind,
}

/// What stands in a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoleKind {
    /// The escaped absolute address of a link (inside `href="…"`).
    Link,
    /// The escaped absolute address of an image (inside `src="…"`), and
    /// after the closing quote its size: `" width="…" height="…`.
    Image,
}

/// Where the relative addresses of one issue lead.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Absolute address of the page; `#x` and unknown relative
    /// addresses are resolved against it.
    pub page: Url,
    /// Files beside the issue, by their path relative to the newsletter's
    /// folder: other issues and copied images. Shared by all issues.
    pub files: Arc<BTreeMap<String, FileAddress>>,
    /// The folder of the file, relative to the newsletter's folder.
    pub folder: String,
}

/// Where a file of the newsletter's folder is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileAddress {
    /// Its absolute address.
    pub url: String,
    /// Width and height in pixels, of an image.
    pub size: Option<(u32, u32)>,
}

impl Fragment {
    /// The finished HTML: each hole filled with its absolute address.
    pub fn resolve(&self, addresses: &Addresses) -> String {
        self.resolve_sized(addresses, |width, height| {
            format!("\" width=\"{width}\" height=\"{height}")
        })
    }

    /// As [`Fragment::resolve`]; `size` makes an image's size of its pixels.
    pub(crate) fn resolve_sized(
        &self,
        addresses: &Addresses,
        size: impl Fn(u32, u32) -> String,
    ) -> String {
        let mut out = String::with_capacity(self.html.len() + 48 * self.holes.len());
        let mut done = 0;
        for hole in &self.holes {
            out.push_str(&self.html[done..hole.at]);
            done = hole.at;
            let target = addresses.target(&hole.reference);
            escape::push_attribute(&mut out, &target.url);
            if let (HoleKind::Image, Some((width, height))) = (hole.kind, target.size) {
                out.push_str(&size(width, height));
            }
        }
        out.push_str(&self.html[done..]);
        out
    }

    /// A part of it, by its bytes; holes at its end stay outside.
    pub fn part(&self, bytes: Range<usize>) -> Fragment {
        let first = self.holes.partition_point(|hole| hole.at < bytes.start);
        let end = self.holes.partition_point(|hole| hole.at < bytes.end);
        Fragment {
            holes: self.holes[first..end.max(first)]
                .iter()
                .map(|hole| Hole {
                    at: hole.at - bytes.start,
                    ..hole.clone()
                })
                .collect(),
            html: self.html[bytes].to_owned(),
        }
    }

    /// Appends another fragment; its holes move along.
    pub(crate) fn append(&mut self, other: Fragment) {
        let shift = self.html.len();
        self.html.push_str(&other.html);
        self.holes.extend(other.holes.into_iter().map(|hole| Hole {
            at: hole.at + shift,
            ..hole
        }));
    }
}

impl Addresses {
    /// Where a relative address of this issue leads: a file of the newsletter's
    /// folder that is published, else what it says relative to the page.
    pub fn target(&self, reference: &str) -> FileAddress {
        let (path, tail) = match reference.find(['?', '#']) {
            Some(at) => reference.split_at(at),
            None => (reference, ""),
        };
        if let Some(file) = self.file(path) {
            let fragment = tail.find('#').map_or("", |at| &tail[at..]);
            return FileAddress {
                url: format!("{}{}", file.url, address::encode(fragment)),
                size: file.size,
            };
        }
        let joined = self.page.join(reference);
        FileAddress {
            url: joined.map_or_else(|_| self.page.to_string(), String::from),
            size: None,
        }
    }

    fn file(&self, path: &str) -> Option<&FileAddress> {
        self.files.get(&local_file(&self.folder, path)?)
    }
}

/// The file that a relative address in a text means: its path in the
/// newsletter's folder, if it is below it. `folder` is that of the text; an
/// address that begins with `/` begins at the newsletter's folder.
pub fn local_file(folder: &str, reference: &str) -> Option<String> {
    let path = reference.split(['?', '#']).next().unwrap_or_default();
    if path.is_empty() || path.contains("://") || path.starts_with("//") {
        return None;
    }
    let decoded = percent_decoded(path);
    match decoded.strip_prefix('/') {
        Some(rooted) => normalized("", rooted),
        None => normalized(folder, &decoded),
    }
}

/// `path` below `folder` without `.` and `..`; `None` when it leaves the root.
fn normalized(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn percent_decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let code = (byte == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code {
            Some(code) => {
                bytes.push(code);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses() -> Addresses {
        let published = |url: &str, size| FileAddress {
            url: url.to_owned(),
            size,
        };
        Addresses {
            page: Url::parse("https://example.org/issues/3/").unwrap(),
            folder: "issues/en".to_owned(),
            files: Arc::new(BTreeMap::from([
                (
                    "issues/en/2.md".to_owned(),
                    published("https://example.org/issues/2/", None),
                ),
                (
                    "issues/img/a b.png".to_owned(),
                    published("https://example.org/files/1f.png", Some((640, 480))),
                ),
            ])),
        }
    }

    #[test]
    fn relative_addresses_lead_to_published_files_or_from_the_page() {
        let cases = [
            ("./2.md", "https://example.org/issues/2/"),
            ("2.md#part-two", "https://example.org/issues/2/#part-two"),
            ("/issues/en/2.md?x=1", "https://example.org/issues/2/"),
            ("#top", "https://example.org/issues/3/#top"),
            ("/about", "https://example.org/about"),
            ("../../../../x", "https://example.org/x"),
            ("../img/a%20b.png", "https://example.org/files/1f.png"),
        ];
        for (reference, expected) in cases {
            assert_eq!(addresses().target(reference).url, expected, "{reference}");
        }
    }

    #[test]
    fn image_hole_takes_address_and_size() {
        let fragment = Fragment {
            html: "<img src=\"\" alt=\"\">".to_owned(),
            holes: vec![Hole {
                at: 10,
                reference: "../img/a b.png".to_owned(),
                kind: HoleKind::Image,
            }],
        };
        assert_eq!(
            fragment.resolve(&addresses()),
            "<img src=\"https://example.org/files/1f.png\" width=\"640\" height=\"480\" alt=\"\">"
        );
    }
}
