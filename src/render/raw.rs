//! Raw HTML inside Markdown: where it stands, and how it is cleaned.
//!
//! Only regions that hold raw HTML are cleaned: a top-level block with inline
//! tags, or the blocks from one in which a tag opens to the one in which it
//! closes. All else never meets an HTML parser.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use ammonia::Builder;
use pulldown_cmark::{Event, Tag};

use crate::render::address::{Address, destination};
use crate::render::escape;
use crate::render::flatten::flatten;
use crate::render::fragment::{Fragment, Hole, HoleKind};

/// Marks in cleaned HTML around a relative address. Text cannot hold them: it
/// is written without controls.
const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

/// A stretch of top-level blocks of an event range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    /// Its events, as indices into the slice that was asked about.
    pub(crate) events: Range<usize>,
    /// Whether it holds raw HTML.
    pub(crate) raw: bool,
}

/// Parts events into regions with and without raw HTML, in order.
pub(crate) fn regions(events: &[(Event<'_>, Range<usize>)]) -> Vec<Region> {
    let blocks = blocks(events);
    let joined = joined(events, &blocks);
    let mut regions: Vec<Region> = Vec::new();
    let mut at = 0;
    while at < blocks.len() {
        let last = joined[at];
        let raw = blocks[at..=last].iter().any(|block| block.raw);
        let range = blocks[at].events.start..blocks[last].events.end;
        match regions.last_mut() {
            Some(before) if !raw && !before.raw => before.events.end = range.end,
            _ => regions.push(Region { events: range, raw }),
        }
        at = last + 1;
    }
    regions
}

/// The top-level blocks; loose inline events count as one block together.
fn blocks(events: &[(Event<'_>, Range<usize>)]) -> Vec<Region> {
    let mut blocks: Vec<Region> = Vec::new();
    let mut depth = 0_usize;
    let mut inline = false;
    for (index, (event, _)) in events.iter().enumerate() {
        let raw = matches!(event, Event::Html(_) | Event::InlineHtml(_));
        let continues = depth > 0 || inline && !begins_block(event);
        match blocks.last_mut() {
            Some(block) if continues => {
                block.events.end = index + 1;
                block.raw |= raw;
            }
            _ => {
                inline = !begins_block(event);
                blocks.push(Region {
                    events: index..index + 1,
                    raw,
                });
            }
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    for block in blocks.iter_mut().filter(|block| block.raw) {
        block.raw = !is_comment(&events[block.events.clone()]);
    }
    blocks
}

fn begins_block(event: &Event<'_>) -> bool {
    match event {
        Event::Rule => true,
        Event::Start(tag) => crate::issue::is_block(tag),
        _ => false,
    }
}

/// For each block the last block that belongs to it because a tag opened in
/// one closes in the other.
fn joined(events: &[(Event<'_>, Range<usize>)], blocks: &[Region]) -> Vec<usize> {
    let mut reach: Vec<usize> = (0..blocks.len()).collect();
    let mut open: Vec<(String, usize)> = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let events = &events[block.events.clone()];
        if !block.raw || !matches!(events.first(), Some((Event::Start(Tag::HtmlBlock), _))) {
            continue;
        }
        for (event, _) in events {
            let Event::Html(html) = event else { continue };
            for (name, closes) in tags(html) {
                if !closes {
                    open.push((name, index));
                    continue;
                }
                // Stray end tags must not cost a walk over all open ones.
                let nearest = open
                    .iter()
                    .rev()
                    .take(16)
                    .position(|(other, _)| *other == name);
                if let Some(nearest) = nearest {
                    let place = open.len() - 1 - nearest;
                    reach[open[place].1] = index;
                    open.truncate(place);
                }
            }
        }
    }
    // A region that begins inside another and ends after it joins both.
    let mut at = 0;
    while at < blocks.len() {
        let mut end = reach[at];
        let mut next = at;
        while next <= end {
            end = end.max(reach[next]);
            next += 1;
        }
        reach[at] = end;
        at = end + 1;
    }
    reach
}

/// The tags of a piece of HTML: name and whether it closes. Void elements are
/// left out.
fn tags(html: &str) -> Vec<(String, bool)> {
    const VOID: [&str; 9] = [
        "br", "hr", "img", "input", "link", "meta", "source", "wbr", "col",
    ];
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let closes = rest.starts_with('/');
        let name: String = rest[usize::from(closes)..]
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let tag = &rest[..rest.find(['>', '<']).unwrap_or(rest.len())];
        if !name.is_empty() && !VOID.contains(&name.as_str()) && !tag.ends_with('/') {
            found.push((name, closes));
        }
    }
    found
}

/// Whether a block is one HTML comment and nothing else: it is left out without
/// a parser.
fn is_comment(block: &[(Event<'_>, Range<usize>)]) -> bool {
    let starts = block
        .iter()
        .find_map(|(event, _)| match event {
            Event::Html(html) => Some(html.trim_start().starts_with("<!--")),
            _ => None,
        })
        .unwrap_or(false);
    if !starts || !matches!(block[0].0, Event::Start(Tag::HtmlBlock)) {
        return false;
    }
    let html: String = block
        .iter()
        .filter_map(|(event, _)| match event {
            Event::Html(html) => Some(&**html),
            _ => None,
        })
        .collect();
    let html = html.trim();
    html.find("-->").is_none_or(|end| end + 3 == html.len())
}

/// Cleans the HTML of a region. `headings` says whether `h1` may stay, `widest`
/// how many pixels an image may take.
pub(crate) fn clean(html: &str, headings: bool, widest: Option<u32>) -> Fragment {
    static WHOLE: LazyLock<Builder<'static>> = LazyLock::new(|| builder(&[]));
    static PART: LazyLock<Builder<'static>> = LazyLock::new(|| {
        builder(&[
            "h1", "article", "aside", "nav", "header", "footer", "hgroup",
        ])
    });
    let builder = if headings { &*WHOLE } else { &*PART };
    let html = escape::without_controls(html);
    let html = flatten(&html);
    let cleaned = builder.clean(&framed_media_as_links(&html)).to_string();
    into_fragment(&cleaned, widest)
}

fn builder(without: &[&str]) -> Builder<'static> {
    let mut builder = Builder::default();
    builder
        .rm_tags(without)
        .link_rel(None)
        .url_schemes(HashSet::from([
            "https", "http", "mailto", "tel", "sms", "ftp", "irc", "ircs", "xmpp", "magnet",
        ]))
        .add_generic_attributes(["id", "dir"])
        .add_tag_attributes("a", ["name"])
        .add_tag_attributes("p", ["align"])
        .add_tag_attributes("div", ["align"])
        .add_tag_attributes("code", ["class"])
        .add_tag_attributes("th", ["style"])
        .add_tag_attributes("td", ["style"])
        .add_tag_attributes("details", ["open"])
        .filter_style_properties(HashSet::from(["text-align"]))
        .add_clean_content_tags(["textarea", "select", "noscript", "title"])
        .attribute_filter(filtered);
    builder
}

/// What an attribute of foreign HTML may say.
fn filtered<'v>(element: &str, attribute: &str, value: &'v str) -> Option<Cow<'v, str>> {
    match (element, attribute) {
        ("a" | "area", "href") | ("img", "src") => match Address::read(value) {
            Address::Absolute(address) => Some(address.into()),
            Address::Relative(reference) => {
                let reference = escape::without_controls(&reference).into_owned();
                Some(format!("{OPEN}{reference}{CLOSE}").into())
            }
            Address::Local | Address::Refused => None,
        },
        (_, "href" | "src" | "cite" | "srcset") => None,
        (_, "id" | "name") => value
            .chars()
            .all(|c| c.is_alphanumeric() || "-_.:".contains(c))
            .then_some(value.into()),
        // Pixels are said without their unit, and nothing else is a length there.
        ("img", "width" | "height") => {
            let value = value.trim();
            let number = value.strip_suffix("px").unwrap_or(value).trim_end();
            let is_length = number.strip_suffix('%').unwrap_or(number);
            let is_length = (1..=5).contains(&is_length.len())
                && is_length.bytes().all(|digit| digit.is_ascii_digit());
            is_length.then(|| number.to_owned().into())
        }
        ("code", "class") => value.starts_with("language-").then_some(value.into()),
        (_, "class") => None,
        _ => Some(escape::without_controls(value)),
    }
}

/// Frames and players cannot be shown everywhere: each becomes a link to what
/// it would show.
fn framed_media_as_links(html: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut done = 0;
    let mut from = 0;
    while let Some(at) = html[from..].find('<').map(|at| from + at) {
        from = at + 1;
        let name = html[from..]
            .split(|c: char| !c.is_ascii_alphanumeric())
            .next();
        let name = name.unwrap_or("").to_ascii_lowercase();
        if !matches!(name.as_str(), "iframe" | "video" | "audio" | "embed") {
            continue;
        }
        let end = tag_end(html, from);
        let source = attribute_value(&html[from + name.len()..end], "src");
        out.push_str(&html[done..at]);
        done = (end + 1).min(html.len());
        from = done;
        if let Some(Address::Absolute(address)) =
            source.map(|source| Address::read(&source.replace("&amp;", "&")))
        {
            let shown = match destination(&address) {
                host if host.is_empty() => address.clone(),
                host => host,
            };
            out.push_str("<a href=\"");
            escape::push_attribute(&mut out, &address);
            out.push_str("\">");
            escape::push_text(&mut out, &shown);
            out.push_str("</a>");
        }
    }
    if done == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[done..]);
    Cow::Owned(out)
}

/// The `>` that ends a tag, quotes respected; the end of the text without one.
fn tag_end(html: &str, from: usize) -> usize {
    let mut quote = None;
    for (at, byte) in html.bytes().enumerate().skip(from) {
        match (quote, byte) {
            (None, b'>') => return at,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    html.len()
}

/// The value of an attribute in the inside of a tag, as it is written.
pub(crate) fn attribute_value<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower[from..].find(name).map(|at| from + at) {
        from = at + name.len();
        let stands_alone =
            lower[..at].ends_with(|c: char| c.is_ascii_whitespace() || "\"'".contains(c));
        let Some(value) = tag[from..].trim_start().strip_prefix('=') else {
            continue;
        };
        if !stands_alone {
            continue;
        }
        let value = value.trim_start();
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split(quote).next(),
            _ => value
                .split(|c: char| c.is_ascii_whitespace() || c == '>')
                .next(),
        };
        return value;
    }
    None
}

/// Turns the marks of cleaned HTML into holes, and images that lost their
/// address into their words.
fn into_fragment(html: &str, widest: Option<u32>) -> Fragment {
    let mut fragment = Fragment::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        push_marked(&mut fragment, &rest[..at], HoleKind::Link);
        let end = (tag_end(rest, at) + 1).min(rest.len());
        let tag = &rest[at..end];
        rest = &rest[end..];
        if !tag.starts_with("<img") {
            push_marked(&mut fragment, tag, HoleKind::Link);
        } else if tag.contains(" src=\"") {
            let sized = tag.contains(" width=\"") || tag.contains(" height=\"");
            let kind = if sized {
                HoleKind::Link
            } else {
                HoleKind::Image
            };
            let narrowed = widest.and_then(|widest| narrowed(tag, widest));
            let tag = narrowed.as_deref().unwrap_or(tag);
            match tag.strip_suffix('>') {
                // Without words of its own a picture is decoration; programs
                // that read aloud would spell its address.
                Some(open) if attribute_value(tag, "alt").is_none() => {
                    push_marked(&mut fragment, open, kind);
                    fragment.html.push_str(" alt=\"\">");
                }
                _ => push_marked(&mut fragment, tag, kind),
            }
        } else if let Some(alt) = attribute_value(tag, "alt") {
            fragment.html.push_str(&alt.replace('<', "&lt;"));
        }
    }
    push_marked(&mut fragment, rest, HoleKind::Link);
    fragment
}

/// An image of at most so many pixels: Outlook for Windows knows no `max-width` and
/// would draw the whole mail as wide as the image. The height goes with it.
fn narrowed(tag: &str, widest: u32) -> Option<String> {
    let value = attribute_value(tag, "width")?;
    let pixels: u64 = value.parse().ok()?;
    if pixels <= u64::from(widest) {
        return None;
    }
    let narrow = tag.replacen(
        &format!(" width=\"{value}\""),
        &format!(" width=\"{widest}\""),
        1,
    );
    Some(match attribute_value(&narrow, "height") {
        Some(height) => narrow.replacen(&format!(" height=\"{height}\""), "", 1),
        None => narrow,
    })
}

fn push_marked(fragment: &mut Fragment, html: &str, kind: HoleKind) {
    let mut rest = html;
    while let Some(at) = rest.find(OPEN) {
        fragment.html.push_str(&rest[..at]);
        rest = &rest[at + OPEN.len_utf8()..];
        let Some(end) = rest.find(CLOSE) else {
            continue;
        };
        let reference = rest[..end].replace("&amp;", "&").replace("&quot;", "\"");
        rest = &rest[end + CLOSE.len_utf8()..];
        fragment.holes.push(Hole {
            at: fragment.html.len(),
            reference,
            kind,
        });
    }
    fragment.html.push_str(&escape::without_controls(rest));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(html: &str) -> String {
        clean(html, true, None).html
    }

    #[test]
    fn nothing_active_is_left() {
        let cases = [
            ("<p onclick=\"x()\">a</p>", "<p>a</p>"),
            ("a<script>x</script>b<style>p{}</style>c", "abc"),
            ("<a href=\"java&#10;script:x\">a</a>", "<a>a</a>"),
            ("<form action=\"/x\"><input name=\"a\">b</form>", "b"),
            ("a<!-- private -->b", "ab"),
            ("<svg><a xlink:href=\"x\">s</a></svg>", ""),
            ("<b>open", "<b>open</b>"),
            ("</div>stray", "stray"),
            ("&#1;x", "x"),
            (
                "<img src=\"data:image/png,x\" alt=\"a &amp; b\">",
                "a &amp; b",
            ),
        ];
        for (html, expected) in cases {
            assert_eq!(cleaned(html), expected, "{html}");
        }
    }

    #[test]
    fn frame_becomes_a_link() {
        assert_eq!(
            cleaned(
                "<IFRAME width=\"560\" src='https://www.example.org/v?a=1&amp;b=2' allow=\"x>y\"></iframe>"
            ),
            "<a href=\"https://www.example.org/v?a=1&amp;b=2\">example.org</a>"
        );
        assert_eq!(cleaned("<iframe src=\"javascript:x\"></iframe>b"), "b");
    }

    #[test]
    fn an_image_has_a_width_in_pixels_and_fits_where_it_must() {
        let cases = [
            ("width=\"60px\"", None, " width=\"60\""),
            ("width='50%'", Some(506), " width=\"50%\""),
            ("width=\"wide\"", None, ""),
            ("width=\"900\" height=\"300\"", Some(506), " width=\"506\""),
            ("width=\"900\"", None, " width=\"900\""),
            ("width=\"99999999999999999999999\"", Some(506), ""),
        ];
        for (size, widest, expected) in cases {
            let html = format!("<img src=\"https://example.org/a.png\" {size} alt=\"\">");
            let cleaned = clean(&html, true, widest).html;
            let kept = cleaned
                .replace("<img src=\"https://example.org/a.png\"", "")
                .replace(" alt=\"\">", "");
            assert_eq!(kept, expected, "{size}");
        }
    }

    #[test]
    fn relative_addresses_become_holes() {
        let fragment = clean(
            "<img src=\"a.png\"><img src=\"b.png\" width=\"9\"><a href=\"#x\">y</a>",
            true,
            None,
        );
        assert_eq!(
            fragment.html,
            "<img src=\"\" alt=\"\"><img src=\"\" width=\"9\" alt=\"\"><a href=\"\">y</a>"
        );
        let holes: Vec<_> = fragment
            .holes
            .iter()
            .map(|hole| (hole.at, hole.reference.as_str(), hole.kind))
            .collect();
        assert_eq!(
            holes,
            [
                (10, "a.png", HoleKind::Image),
                (29, "b.png", HoleKind::Link),
                (57, "#x", HoleKind::Link)
            ]
        );
    }
}
