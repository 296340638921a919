//! Reading what others, or an earlier build, have published.

use std::borrow::Cow;

use atom_syndication as atom;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

/// Larger documents are refused.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Elements deeper than this are refused; the readers below call themselves.
const MAX_DEPTH: usize = 256;
/// Entries after this many are left out.
const MAX_ENTRIES: usize = 100_000;

/// A feed that was published, as far as identity needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignFeed {
    /// Its name.
    pub title: String,
    /// Address of the page that it belongs to; may be empty.
    pub home: String,
    /// In the order of the document.
    pub entries: Vec<ForeignEntry>,
}

/// An entry of a feed that was published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignEntry {
    /// Its id; where it has none, its address, as readers do it.
    pub id: String,
    /// Address of its page; may be empty.
    pub url: String,
    /// Plain text; may be empty.
    pub title: String,
    /// When it was published, or else updated.
    pub published: Option<DateTime<Utc>>,
    /// Whether it had a content and not just a summary.
    pub has_content: bool,
}

/// Why bytes are no feed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// More bytes than any feed should have.
    #[error("a feed of more than {MAX_BYTES} bytes")]
    TooLarge,
    /// Elements inside elements without end.
    #[error("elements nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// Neither XML nor JSON, or XML of another kind.
    #[error("neither RSS nor Atom nor JSON Feed")]
    NotAFeed,
    /// RSS that could not be read.
    #[error("reading the RSS feed")]
    Rss(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Atom that could not be read.
    #[error("reading the Atom feed")]
    Atom(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// JSON that could not be read.
    #[error("reading the JSON feed")]
    Json(#[source] serde_json::Error),
}

/// Reads RSS (2.0 and its forerunners), Atom 1.0 or JSON Feed 1.x.
///
/// # Errors
///
/// When the bytes are none of these, or not well-formed.
pub fn read(bytes: &[u8]) -> Result<ForeignFeed, ReadError> {
    if bytes.len() > MAX_BYTES {
        return Err(ReadError::TooLarge);
    }
    let bytes = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(bytes)
        .trim_ascii_start();
    if bytes.first() == Some(&b'{') {
        return read_json(bytes);
    }
    if is_deep(bytes) {
        return Err(ReadError::TooDeep);
    }
    let root = root_name(bytes).ok_or(ReadError::NotAFeed)?;
    let mut feed = match root {
        b"feed" => read_atom(bytes)?,
        b"rss" | b"rdf:RDF" => read_rss(bytes)?,
        _ => return Err(ReadError::NotAFeed),
    };
    feed.entries.truncate(MAX_ENTRIES);
    Ok(feed)
}

fn read_rss(bytes: &[u8]) -> Result<ForeignFeed, ReadError> {
    let channel = rss::Channel::read_from(bytes).map_err(|error| ReadError::Rss(error.into()))?;
    let entries = channel.items.into_iter().map(|item| {
        let url = item.link.unwrap_or_default().trim().to_owned();
        let guid = item
            .guid
            .map(|guid| (guid.value.trim().to_owned(), guid.permalink));
        let guid = guid.filter(|(value, _)| !value.is_empty());
        // A guid that is a permalink is the address where no link is given.
        let url = match &guid {
            Some((value, true)) if url.is_empty() => value.clone(),
            _ => url,
        };
        let dublin_core = item
            .dublin_core_ext
            .and_then(|ext| ext.dates.into_iter().next());
        ForeignEntry {
            id: guid.map_or_else(|| url.clone(), |(value, _)| value),
            url,
            title: item.title.unwrap_or_default().trim().to_owned(),
            published: item.pub_date.or(dublin_core).as_deref().and_then(date),
            has_content: item
                .content
                .is_some_and(|content| !content.trim().is_empty()),
        }
    });
    Ok(ForeignFeed {
        title: channel.title.trim().to_owned(),
        home: channel.link.trim().to_owned(),
        entries: known(entries),
    })
}

fn read_atom(bytes: &[u8]) -> Result<ForeignFeed, ReadError> {
    let feed = atom::Feed::read_from(bytes).map_err(|error| ReadError::Atom(error.into()))?;
    let entries = feed.entries.into_iter().map(|entry| {
        let url = page(&entry.links);
        let id = entry.id.trim();
        ForeignEntry {
            id: if id.is_empty() {
                url.clone()
            } else {
                id.to_owned()
            },
            url,
            title: plain(&entry.title).trim().to_owned(),
            published: Some(entry.published.unwrap_or(entry.updated).to_utc()),
            has_content: entry.content.is_some(),
        }
    });
    Ok(ForeignFeed {
        title: plain(&feed.title).trim().to_owned(),
        home: page(&feed.links),
        entries: known(entries),
    })
}

fn read_json(bytes: &[u8]) -> Result<ForeignFeed, ReadError> {
    let document: Value = serde_json::from_slice(bytes).map_err(ReadError::Json)?;
    let version = document["version"].as_str().unwrap_or_default();
    let Some(items) = document["items"]
        .as_array()
        .filter(|_| version.contains("jsonfeed.org/version/1"))
    else {
        return Err(ReadError::NotAFeed);
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().trim().to_owned();
    let entries = items.iter().take(MAX_ENTRIES).map(|item| {
        let url = text(&item["url"]);
        // JSON Feed 1.1: a reader must take a number for a text.
        let id = match &item["id"] {
            Value::Number(number) => number.to_string(),
            id => text(id),
        };
        let published = item["date_published"]
            .as_str()
            .or(item["date_modified"].as_str());
        let content = item["content_html"]
            .as_str()
            .or(item["content_text"].as_str());
        ForeignEntry {
            id: if id.is_empty() { url.clone() } else { id },
            url,
            title: text(&item["title"]),
            published: published.and_then(date),
            has_content: content.is_some_and(|content| !content.trim().is_empty()),
        }
    });
    Ok(ForeignFeed {
        title: text(&document["title"]),
        home: text(&document["home_page_url"]),
        entries: known(entries),
    })
}

/// Entries that can be told apart from others at all.
fn known(entries: impl Iterator<Item = ForeignEntry>) -> Vec<ForeignEntry> {
    entries.filter(|entry| !entry.id.is_empty()).collect()
}

/// The first alternate link, in whatever language.
fn page(links: &[atom::Link]) -> String {
    let alternate = links.iter().find(|link| link.rel == "alternate");
    alternate
        .map(|link| link.href.trim().to_owned())
        .unwrap_or_default()
}

/// A title without markup, where it is HTML.
fn plain(text: &atom::Text) -> Cow<'_, str> {
    if text.r#type == atom::TextType::Text {
        return Cow::Borrowed(&text.value);
    }
    let mut out = String::with_capacity(text.value.len());
    let mut inside = false;
    for character in text.value.chars() {
        match character {
            '<' => inside = true,
            '>' if inside => inside = false,
            character if !inside => out.push(character),
            _ => {}
        }
    }
    for (entity, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ] {
        if out.contains(entity) {
            out = out.replace(entity, character);
        }
    }
    Cow::Owned(out)
}

/// RFC 2822 as it is written in the wild, RFC 3339, or a day.
fn date(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let rfc2822 = |text: &str| DateTime::parse_from_rfc2822(text).ok();
    rfc2822(text)
        // The weekday is wrong or in another language.
        .or_else(|| rfc2822(text.split_once(',')?.1.trim()))
        .or_else(|| DateTime::parse_from_rfc3339(text).ok())
        .map(|at| at.to_utc())
        .or_else(|| {
            let day = NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()?;
            Some(day.and_time(chrono::NaiveTime::MIN).and_utc())
        })
}

/// The name of the first element.
fn root_name(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    loop {
        let open = rest.iter().position(|&byte| byte == b'<')?;
        rest = &rest[open + 1..];
        match rest.first()? {
            b'?' => rest = after(rest, b"?>"),
            b'!' if rest.starts_with(b"!--") => rest = after(rest, b"-->"),
            b'!' => rest = after(rest, b">"),
            _ => {
                let end = rest
                    .iter()
                    .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'));
                return Some(&rest[..end.unwrap_or(rest.len())]);
            }
        }
    }
}

/// Whether elements lie deeper in each other than [`MAX_DEPTH`]. Errs on the
/// side of depth for what is not well-formed.
fn is_deep(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let mut depth = 0_usize;
    while let Some(open) = rest.iter().position(|&byte| byte == b'<') {
        rest = &rest[open + 1..];
        if rest.starts_with(b"!--") {
            rest = after(rest, b"-->");
        } else if rest.starts_with(b"![CDATA[") {
            rest = after(rest, b"]]>");
        } else if rest.starts_with(b"/") {
            depth = depth.saturating_sub(1);
        } else if rest
            .first()
            .is_some_and(|byte| !matches!(byte, b'?' | b'!'))
        {
            let end = tag_end(rest);
            if end == 0 || rest[end - 1] != b'/' {
                depth += 1;
            }
            rest = &rest[end..];
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

/// The byte of the `>` that ends a tag, quoted ones not counted.
fn tag_end(tag: &[u8]) -> usize {
    let mut quote = None;
    let end = tag.iter().position(|&byte| {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
        quote.is_none() && byte == b'>'
    });
    end.unwrap_or(tag.len())
}

fn after<'b>(bytes: &'b [u8], end: &[u8]) -> &'b [u8] {
    let found = bytes.windows(end.len()).position(|window| window == end);
    found.map_or(&[], |at| &bytes[at + end.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(document: &str) -> ForeignEntry {
        let feed = read(document.as_bytes()).unwrap();
        assert_eq!(feed.entries.len(), 1);
        feed.entries.into_iter().next().unwrap()
    }

    #[test]
    fn a_wordpress_feed_gives_its_ids() {
        let entry = one(
            "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\">\
            <channel><title>Blog</title><link>https://example.com</link><description>d</description>\
            <item><title>One &amp; two</title><link>https://example.com/2024/05/one/</link>\
            <pubDate>Wed, 01 May 2024 10:00:00 +0200</pubDate>\
            <guid isPermaLink=\"false\">https://example.com/?p=12</guid>\
            <content:encoded><![CDATA[<p>x</p>]]></content:encoded></item></channel></rss>",
        );
        assert_eq!(entry.id, "https://example.com/?p=12");
        assert_eq!(entry.url, "https://example.com/2024/05/one/");
        assert_eq!(entry.title, "One & two");
        assert_eq!(
            entry.published.unwrap().to_rfc3339(),
            "2024-05-01T08:00:00+00:00"
        );
        assert!(entry.has_content);
    }

    #[test]
    fn an_item_without_guid_is_known_by_its_link() {
        let entry = one(
            "<rss version=\"2.0\"><channel><title/><link/><description/><item><link>https://example.com/a</link>\
            <pubDate>Mon, 01 May 2024 10:00:00 GMT</pubDate></item></channel></rss>",
        );
        assert_eq!(
            (entry.id.as_str(), entry.url.as_str()),
            ("https://example.com/a", "https://example.com/a")
        );
        assert!(
            entry.published.is_some(),
            "a wrong weekday is no reason to lose the date"
        );
    }

    #[test]
    fn a_jekyll_feed_gives_its_ids() {
        let entry = one(
            "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><title type=\"html\">t</title><id>f</id>\
            <updated>2024-05-02T00:00:00+00:00</updated><entry><title type=\"html\">&lt;b&gt;One&lt;/b&gt; &amp;amp; two</title>\
            <link href=\"https://example.com/one.html\" rel=\"alternate\"/><id>https://example.com/one</id>\
            <published>2024-05-01T00:00:00+00:00</published><updated>2024-05-02T00:00:00+00:00</updated>\
            <content type=\"html\">x</content></entry></feed>",
        );
        assert_eq!(entry.id, "https://example.com/one");
        assert_eq!(entry.title, "One & two");
        assert_eq!(
            entry.published.unwrap().to_rfc3339(),
            "2024-05-01T00:00:00+00:00"
        );
    }

    #[test]
    fn a_json_feed_may_number_its_items() {
        let entry = one(
            "{\"version\":\"https://jsonfeed.org/version/1\",\"title\":\"t\",\"items\":[\
            {\"id\":7,\"url\":\"https://example.com/7\",\"content_text\":\"x\",\"date_published\":\"2024-05-01T10:00:00+02:00\"}]}",
        );
        assert_eq!(entry.id, "7");
        assert!(entry.has_content && entry.published.is_some());
    }

    #[test]
    fn what_is_no_feed_is_refused() {
        for bytes in [
            "",
            "hello",
            "<html><body/></html>",
            "{}",
            "{\"version\":1}",
            "[1]",
            "<rss",
            "<!--",
            "\u{0}",
        ] {
            assert!(read(bytes.as_bytes()).is_err(), "{bytes}");
        }
    }

    #[test]
    fn elements_nested_without_end_are_refused() {
        for element in ["<x:a>", "<x:a b=\"/>\">", "<x:a b='/>'>"] {
            let deep = format!("<rss version=\"2.0\"><channel>{}", element.repeat(200_000));
            assert!(matches!(read(deep.as_bytes()), Err(ReadError::TooDeep)));
        }
    }
}
