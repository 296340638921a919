//! HTML whose relative addresses are not settled yet.

use std::collections::BTreeMap;

use url::Url;

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
    /// folder: other issues and copied images.
    pub files: BTreeMap<String, FileAddress>,
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
