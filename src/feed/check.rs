//! What readers' programs, or the people before them, would complain of.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::diagnostic::Diagnostic;
use crate::feed::html;
use crate::feed::model::{Addresses, Entry, Feed, Paging};
use crate::feed::text::has_forbidden;

/// Larger feeds are a burden to readers and to whoever serves them (JSON Feed
/// 1.1, "Suggestions for Publishers").
const LARGE: usize = 1_000_000;
/// Larger ones are refused by some readers.
const TOO_LARGE: usize = 5_000_000;

/// Everything that is wrong with a feed, worst of each entry first. Errors are
/// what must not be published; `now` is the moment of the build.
pub fn check(feed: &Feed, now: DateTime<Utc>) -> Vec<Diagnostic> {
    let entries = feed.entries.iter();
    let alone = entries.map(|entry| check_entry(feed, entry, now)).collect();
    check_with(feed, alone)
}

/// What [`check_entry`] says of an entry, whatever the others are.
#[derive(Clone, Debug)]
pub struct Looked {
    /// As [`Entry::weight`].
    weight: usize,
    found: Vec<Diagnostic>,
}

/// The same, where the entries were looked at already: `alone` holds what
/// [`check_entry`] says of each, in order.
pub fn check_with(feed: &Feed, alone: Vec<Looked>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let size = alone.iter().map(|entry| entry.weight).sum();
    check_feed(feed, size, &mut found);
    let mut ids: BTreeMap<&str, &Entry> = BTreeMap::new();
    let mut moments: BTreeSet<DateTime<Utc>> = BTreeSet::new();
    for (entry, alone) in feed.entries.iter().zip(alone) {
        let mut wrong = Vec::new();
        if let Some(other) = ids.insert(&entry.id, entry) {
            let message = format!(
                "has the id of another entry, {}: `{}`",
                name(other),
                entry.id
            );
            wrong.push(Diagnostic::error("duplicate-entry-id", message));
        }
        if !moments.insert(entry.updated) {
            let message = format!(
                "was updated at the same moment as another entry, {}",
                entry.updated
            );
            wrong.push(Diagnostic::warning("duplicate-updated", message));
        }
        wrong.extend(alone.found);
        found.extend(wrong.into_iter().map(|mut diagnostic| {
            diagnostic.message = format!("entry {} {}", name(entry), diagnostic.message);
            diagnostic
        }));
    }
    if feed
        .entries
        .windows(2)
        .any(|two| two[0].published < two[1].published)
    {
        found.push(Diagnostic::error(
            "entry-order",
            "the entries do not stand newest first",
        ));
    }
    found
}

fn check_feed(feed: &Feed, size: usize, found: &mut Vec<Diagnostic>) {
    if feed.entries.is_empty() {
        let help = "readers would take it for a newsletter that has withdrawn everything";
        found.push(Diagnostic::error("empty-feed", "the feed has no entry").help(help));
    }
    if feed.title.trim().is_empty() {
        found.push(Diagnostic::error(
            "feed-without-title",
            "the feed has no title",
        ));
    }
    if feed.subtitle.trim().is_empty() {
        let help = "set `newsletter.description`";
        found.push(
            Diagnostic::note("feed-without-description", "the feed has no description").help(help),
        );
    }
    if !is_uri(&feed.id) {
        let message = format!("the feed's id `{}` is no URI", feed.id);
        found.push(Diagnostic::error("bad-feed-id", message));
    } else if addresses(&feed.own).any(|own| own == feed.id) {
        let message = "the feed's id is its own address, which may move";
        found.push(Diagnostic::warning("feed-id-is-address", message));
    }
    if !is_language(&feed.language) {
        let message = format!("`{}` is no language tag", feed.language);
        found.push(Diagnostic::error("bad-language", message));
    }
    let pages: Vec<&Addresses> = match &feed.paging {
        Paging::Alone | Paging::Complete => Vec::new(),
        Paging::Subscription { previous } => vec![previous],
        Paging::Archive {
            current,
            previous,
            next,
        } => [Some(current), previous.as_ref(), next.as_ref()]
            .into_iter()
            .flatten()
            .collect(),
    };
    let urls = addresses(&feed.own)
        .chain([feed.home.as_str()])
        .chain(
            [&feed.icon, &feed.logo]
                .into_iter()
                .flatten()
                .map(String::as_str),
        )
        .chain(feed.hubs.iter().map(String::as_str))
        .chain(feed.translations.iter().map(|other| other.url.as_str()))
        .chain(pages.into_iter().flat_map(addresses));
    for url in urls.filter(|url| !is_absolute(url)) {
        let message = format!("the feed's address `{url}` is not absolute");
        found.push(Diagnostic::error("relative-url", message));
    }
    if addresses(&feed.own).next().is_none() {
        let message = "the feed does not say its own address";
        found.push(Diagnostic::warning("feed-without-self", message));
    }
    let help = "lower `feeds.entries`; the older ones stay in the archive";
    if size > TOO_LARGE {
        let message =
            format!("the feed has about {size} bytes; some readers refuse more than {TOO_LARGE}");
        found.push(Diagnostic::warning("feed-too-large", message).help(help));
    } else if size > LARGE {
        let message =
            format!("the feed has about {size} bytes; more than {LARGE} are a burden to readers");
        found.push(Diagnostic::warning("large-feed", message).help(help));
    }
    if [&feed.title, &feed.subtitle]
        .into_iter()
        .any(|text| has_forbidden(text))
    {
        let message = "the feed's title or description has control characters; they are left out";
        found.push(Diagnostic::warning("control-character", message));
    }
}

/// What is wrong with an entry of a feed, whatever the others are; for
/// [`check_with`].
pub fn check_entry(feed: &Feed, entry: &Entry, now: DateTime<Utc>) -> Looked {
    Looked {
        weight: entry.weight(),
        found: wrong_alone(feed, entry, now),
    }
}

fn wrong_alone(feed: &Feed, entry: &Entry, now: DateTime<Utc>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if !is_uri(&entry.id) {
        found.push(Diagnostic::error(
            "bad-entry-id",
            format!("has an id that is no URI: `{}`", entry.id),
        ));
    }
    if entry.title.trim().is_empty() {
        found.push(Diagnostic::error("entry-without-title", "has no title"));
    }
    let urls = [
        Some(&entry.url),
        entry.related.as_ref(),
        entry.enclosure.as_ref().map(|file| &file.url),
    ];
    let urls = urls
        .into_iter()
        .flatten()
        .chain(entry.translations.iter().map(|other| &other.url));
    for url in urls.filter(|url| !is_absolute(url)) {
        found.push(Diagnostic::error(
            "relative-url",
            format!("has an address that is not absolute: `{url}`"),
        ));
    }
    if entry.content_html.trim().is_empty() {
        found.push(Diagnostic::warning(
            "entry-without-content",
            "has no content",
        ));
    }
    if entry.published > now || entry.updated > now {
        let later = entry.published.max(entry.updated);
        found.push(Diagnostic::error(
            "entry-in-future",
            format!("is dated in the future, {later}"),
        ));
    }
    if entry.updated < entry.published {
        found.push(Diagnostic::error(
            "updated-before-published",
            "was updated before it was published",
        ));
    }
    let languages = entry
        .language
        .iter()
        .chain(entry.translations.iter().map(|other| &other.language));
    for language in languages.filter(|language| !is_language(language)) {
        found.push(Diagnostic::error(
            "bad-language",
            format!("names `{language}`, which is no language tag"),
        ));
    }
    if let Some(language) = entry
        .language
        .as_ref()
        .filter(|language| primary(language) != primary(&feed.language))
    {
        let message = format!(
            "is in another language (`{language}`) than its feed (`{}`)",
            feed.language
        );
        found.push(Diagnostic::note("mixed-languages", message));
    }
    if let Some(file) = &entry.enclosure
        && (file.length == 0 || !file.mime_type.contains('/'))
    {
        found.push(Diagnostic::warning(
            "bad-enclosure",
            "has a file without its true length or type",
        ));
    }
    if has_forbidden(&entry.title)
        || has_forbidden(&entry.summary)
        || !entry.content_html.is_fit() && has_forbidden(&entry.content_html)
    {
        let message = "has control characters; they are left out";
        found.push(Diagnostic::warning("control-character", message));
    }
    check_content(entry, &mut found);
    found
}

fn check_content(entry: &Entry, found: &mut Vec<Diagnostic>) {
    for tag in html::tags(&entry.content_html) {
        let name = lower(tag.name);
        if [
            "script", "style", "iframe", "form", "object", "embed", "applet", "meta", "link",
            "base",
        ]
        .contains(&&*name)
        {
            let message =
                format!("has a `<{name}>` in its content, which readers take out or refuse");
            found.push(Diagnostic::error("unsafe-content", message));
        }
        for (attribute, value) in tag.attributes() {
            check_attribute(&name, &lower(attribute), value, found);
        }
    }
}

fn check_attribute(tag: &str, attribute: &str, value: &str, found: &mut Vec<Diagnostic>) {
    if attribute.starts_with("on") || (attribute == "style" && is_unsafe_style(value)) {
        let message = format!(
            "has `{attribute}` on a `<{tag}>` in its content, which readers take out or refuse"
        );
        found.push(Diagnostic::error("unsafe-content", message));
    }
    match attribute {
        "href" | "src" | "poster" | "cite" | "action" | "data" | "background" | "longdesc" => {
            check_address(value.trim(), found);
        }
        "srcset" => value
            .split(',')
            .filter_map(|one| one.split_whitespace().next())
            .for_each(|url| check_address(url, found)),
        _ => {}
    }
}

fn check_address(url: &str, found: &mut Vec<Diagnostic>) {
    let scheme = url.split(':').next().unwrap_or_default();
    if ["javascript", "vbscript"].contains(&&*lower(scheme)) {
        found.push(Diagnostic::error(
            "unsafe-content",
            format!("has a script as an address: `{url}`"),
        ));
    } else if is_local(url) {
        let message = format!("points at a file of this computer: `{url}`");
        found.push(Diagnostic::error("local-path", message));
    } else if !is_uri(url) {
        let message = format!("has an address in its content that is not absolute: `{url}`");
        let help = "readers would resolve it against the feed";
        found.push(Diagnostic::error("relative-url", message).help(help));
    }
}

/// A name in lower case, as nearly all are written.
fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(name.to_ascii_lowercase());
    }
    Cow::Borrowed(name)
}

/// Styles that can run something, hide the page or fetch.
fn is_unsafe_style(style: &str) -> bool {
    let style = style.to_ascii_lowercase();
    [
        "expression(",
        "javascript:",
        "behavior:",
        "-moz-binding",
        "url(",
        "position:",
        "@import",
    ]
    .iter()
    .any(|bad| style.contains(bad))
}

fn is_local(url: &str) -> bool {
    let bytes = url.as_bytes();
    let drive = bytes.len() > 2
        && bytes[0].is_ascii_alphabetic()
        && bytes[1] == b':'
        && matches!(bytes[2], b'\\' | b'/');
    let start = lower(url.get(..9).unwrap_or(url));
    drive
        || ["file:", "/users/", "/home/", "\\\\", "~/"]
            .iter()
            .any(|known| start.starts_with(known))
}

/// `http` and `https` with a host.
fn is_absolute(url: &str) -> bool {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && !url.contains(char::is_whitespace)
}

/// Scheme and something behind it (RFC 3986 §3).
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !rest.is_empty()
        && !text.contains(char::is_whitespace)
}

/// The form of a BCP 47 tag.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    (1..=8).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

fn addresses(of: &Addresses) -> impl Iterator<Item = &str> {
    [&of.rss, &of.atom, &of.json]
        .into_iter()
        .flatten()
        .map(String::as_str)
}

fn name(entry: &Entry) -> String {
    let title = entry.title.trim();
    if title.is_empty() {
        entry.id.clone()
    } else {
        format!("\u{201c}{title}\u{201d}")
    }
}
