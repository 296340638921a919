//! OPML 2.0: the list of all feeds, for taking them over at once.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use crate::feed::rss;
use crate::feed::text::attribute_escaped;

/// The media type of the documents that [`write()`] makes.
pub const MEDIA_TYPE: &str = "text/x-opml";

/// One feed in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// The feed's name.
    pub title: String,
    /// One sentence about it; may be empty.
    pub description: String,
    /// Language tag.
    pub language: String,
    /// Absolute address of the page for people.
    pub home: String,
    /// Absolute address of the feed.
    pub url: String,
}

/// A list of feeds. `updated` is that of the newest feed, not the clock's.
pub fn write(title: &str, updated: Option<DateTime<Utc>>, outlines: &[Outline]) -> Vec<u8> {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\">\n <head>\n",
    );
    let _ = writeln!(out, "  <title>{}</title>", attribute_escaped(title));
    if let Some(updated) = updated {
        let _ = writeln!(out, "  <dateModified>{}</dateModified>", rss::date(updated));
    }
    out.push_str(" </head>\n <body>\n");
    for outline in outlines {
        // OPML 2.0 says `rss` for every format.
        out.push_str("  <outline type=\"rss\"");
        for (name, value) in [
            ("text", &outline.title),
            ("title", &outline.title),
            ("description", &outline.description),
            ("language", &outline.language),
            ("htmlUrl", &outline.home),
            ("xmlUrl", &outline.url),
        ] {
            if !value.is_empty() {
                let _ = write!(out, " {name}=\"{}\"", attribute_escaped(value));
            }
        }
        out.push_str("/>\n");
    }
    out.push_str(" </body>\n</opml>\n");
    out.into_bytes()
}
