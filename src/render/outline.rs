//! What pages, mail and text show of an issue, in order: sections, their
//! stretches, and the facts of an item's meta line.

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::diagnostic::Span;
use crate::issue::{Content, Events, Issue, Item, Section, Style};
use crate::render::address;
use crate::render::events::{Spanned, closing};
use crate::render::labels::{self, Labels};

/// A stretch of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Blocks that belong to no item.
    Prose(Events),
    /// Lines of a list that are no items, beside others that are: the list that was
    /// around them is not among their events.
    Lines(Events),
    /// Blocks in which the newsletter speaks of itself: one notice.
    Promo(Events),
    /// Items with a title of their own, by index.
    Items(Vec<usize>),
    /// Links without text of their own, as one list.
    List(Vec<usize>),
}

/// The stretches of some contents; `section` is the one whose items they are.
pub(crate) fn parts(
    issue: &Issue<'_>,
    contents: &[Content],
    section: Option<&Section>,
) -> Vec<Part> {
    let compact = section
        .map(|section| compact_items(issue, section))
        .unwrap_or_default();
    let mut parts: Vec<Part> = Vec::new();
    for content in contents {
        match content {
            Content::Prose(events) | Content::Outro(events) => {
                let first = issue.document.events.get(events.start);
                let line = matches!(first, Some((Event::Start(Tag::Item), _)));
                match parts.last_mut() {
                    Some(Part::Prose(before)) if before.end == events.start && !line => {
                        before.end = events.end;
                    }
                    Some(Part::Lines(before)) if before.end == events.start && line => {
                        before.end = events.end;
                    }
                    _ if line => parts.push(Part::Lines(events.clone())),
                    _ => parts.push(Part::Prose(events.clone())),
                }
            }
            Content::Promo(events) => match parts.last_mut() {
                Some(Part::Promo(before)) if before.end == events.start => before.end = events.end,
                _ => parts.push(Part::Promo(events.clone())),
            },
            Content::Item(index) => {
                let compact = compact.get(*index) == Some(&true);
                match parts.last_mut() {
                    Some(Part::List(items)) if compact => items.push(*index),
                    Some(Part::Items(items)) if !compact => items.push(*index),
                    _ if compact => parts.push(Part::List(vec![*index])),
                    _ => parts.push(Part::Items(vec![*index])),
                }
            }
        }
    }
    parts
}

/// Which items of a section are lines of a list: bullets with hardly any text
/// below them, and items without any text of their own where most of the
/// section are so.
fn compact_items(issue: &Issue<'_>, section: &Section) -> Vec<bool> {
    /// Bytes of text below a bullet that make it an item to be read.
    const READ: usize = 280;
    let events = &issue.document.events;
    let below = |item: &Item| match (item.blocks.first(), item.blocks.last()) {
        (Some(first), Some(last)) if last.end > 0 && last.end <= events.len() => events
            [last.end - 1]
            .1
            .end
            .saturating_sub(events[first.start].1.start),
        _ => 0,
    };
    let bare = |item: &Item| item.blocks.is_empty() && item.lead.is_empty() && !item.deleted;
    let mostly_bare =
        2 * section.items.iter().filter(|item| bare(item)).count() > section.items.len();
    let of = |item: &Item| match section.style {
        Style::Bullet | Style::Outro => below(item) < READ,
        Style::Cjk | Style::Circled | Style::Ordered => mostly_bare && bare(item),
        Style::Heading | Style::Prose => false,
    };
    section.items.iter().map(of).collect()
}

/// How deep a section lies below those that open the issue.
pub(crate) fn depth(issue: &Issue<'_>, section: &Section) -> u8 {
    let mut depth = 0;
    let mut above = section.parent;
    while let Some(index) = above.filter(|_| depth < 3) {
        depth += 1;
        above = issue.sections.get(index).and_then(|section| section.parent);
    }
    depth
}

/// The number in the margin.
pub(crate) fn number_label(item: &Item) -> Option<String> {
    item.number.map(|number| number.to_string())
}

/// The bytes left out of an item's description: what the meta line says, and
/// the punctuation between title and description.
pub(crate) fn cuts(all: &[Spanned<'_>], item: &Item) -> Vec<Span> {
    let mut cuts: Vec<Span> = moved(all, item).collect();
    let lead = all.get(item.lead.clone()).unwrap_or_default();
    if let Some((Event::Text(text), span)) = lead.first() {
        let rest =
            text.trim_start_matches(|c: char| c.is_whitespace() || "：:，,-–—、".contains(c));
        let rest = rest.strip_prefix(". ").unwrap_or(rest);
        let length = text.len() - rest.len();
        if length > 0 && text.len() == span.len() {
            cuts.push(Span::from(span.start..span.start + length));
        }
    }
    cuts.sort();
    cuts
}

/// The spans that the meta line says in place of the text. One that holds a
/// link stays in the text, for the meta line is words alone.
fn moved<'i>(all: &[Spanned<'_>], item: &'i Item) -> impl Iterator<Item = Span> + use<'i> {
    let links: Vec<usize> = std::iter::once(&item.lead)
        .chain(&item.blocks)
        .filter(|_| !item.meta_spans.is_empty())
        .flat_map(|events| all.get(events.clone()).unwrap_or_default())
        .filter(|(event, _)| matches!(event, Event::Start(Tag::Link { .. })))
        .map(|(_, span)| span.start)
        .collect();
    item.meta_spans.iter().copied().filter(move |span| {
        let next = links.partition_point(|&link| link < span.start);
        links.get(next).is_none_or(|&link| link >= span.end)
    })
}

/// The destination of an item's title, for people.
pub(crate) fn destination(item: &Item) -> Option<String> {
    let url = item.url.as_deref()?;
    let shown = match address::Address::read(url) {
        address::Address::Absolute(url) => address::destination(&url),
        _ => String::new(),
    };
    (!shown.is_empty()).then_some(shown)
}

/// The meta line of an item: the word for an ad first, then its tags, the
/// language of what it links to, who wrote it, remarks, stars, who sent it in.
/// Stars and credit are said only where the text leaves them out.
pub(crate) fn meta(issue: &Issue<'_>, item: &Item, labels: &Labels, language: &str) -> Vec<String> {
    let mut parts = Vec::new();
    if is_ad(item) {
        parts.push(labels.ad.to_owned());
    }
    parts.extend(item.tags.iter().filter(|tag| !is_ad_tag(tag)).cloned());
    if let Some(tag) = &item.language {
        parts.push(labels::language_name(tag, language));
    }
    if remark(&issue.document.events, item).is_none() {
        if let Some(name) = &item.byline {
            parts.push(labels.by.replace("{name}", name));
        }
        parts.extend(item.suffix.clone());
    }
    let cut: Vec<&str> = moved(&issue.document.events, item)
        .filter_map(|span| issue.source.text().get(span.range()))
        .filter(|text| text.trim_start().starts_with(['(', '（']))
        .collect();
    let counts = cut
        .iter()
        .filter(|text| text.contains(|c: char| c.is_ascii_digit()));
    let said = counts.count().min(item.stars.len());
    parts.extend(
        item.stars[item.stars.len() - said..]
            .iter()
            .map(|&count| labels::stars(count)),
    );
    if let Some(name) = &item.contributor
        && cut.iter().any(|text| text.contains(name.as_str()))
    {
        parts.push(labels.from.replace("{name}", name));
    }
    parts
}

/// The rest of an item's first line between title and description, where it
/// holds a link or an image, which the words of the meta line cannot.
pub(crate) fn remark(all: &[Spanned<'_>], item: &Item) -> Option<Events> {
    let start = match all.get(item.title_events.end) {
        Some((Event::End(TagEnd::Link), _)) => item.title_events.end + 1,
        _ => item.title_events.end,
    };
    let rest = start..item.lead.start;
    let holds = all
        .get(rest.clone())?
        .iter()
        .any(|(event, _)| matches!(event, Event::Start(Tag::Link { .. } | Tag::Image { .. })));
    holds.then_some(rest)
}

/// Whether an item is paid for.
pub(crate) fn is_ad(item: &Item) -> bool {
    item.tags.iter().any(|tag| is_ad_tag(tag))
}

fn is_ad_tag(tag: &str) -> bool {
    [
        "ad",
        "ads",
        "sponsor",
        "sponsored",
        "广告",
        "廣告",
        "広告",
        "광고",
    ]
    .contains(&tag.to_lowercase().as_str())
}

/// The tag of the language that an item is written in, where it is not the
/// issue's: judged by its letters, for Han glyphs differ by language.
pub(crate) fn other_language(
    all: &[Spanned<'_>],
    item: &Item,
    language: &str,
) -> Option<&'static str> {
    let issue = language.split('-').next().unwrap_or("");
    let lead = all.get(item.lead.clone()).unwrap_or_default();
    let first = item.blocks.first().and_then(|block| all.get(block.clone()));
    let first = first.map_or(&[][..], |block| &block[..block.len().min(32)]);
    let texts = || {
        let events = lead.iter().chain(first);
        let texts = events.filter_map(|(event, _)| match event {
            Event::Text(text) | Event::Code(text) => Some(&**text),
            _ => None,
        });
        std::iter::once(item.title.as_str()).chain(texts)
    };
    // All of their letters come after U+3000, which UTF-8 begins with 0xE3.
    let may_be_cjk = |text: &str| !text.is_ascii() && text.bytes().any(|byte| byte >= 0xe3);
    if !is_cjk(issue) && !texts().any(may_be_cjk) {
        return None;
    }
    let (mut letters, mut han, mut kana, mut hangul) = (0_usize, 0, 0, 0);
    let characters = texts().flat_map(str::chars).take(600);
    for character in characters.filter(|c| c.is_alphabetic()) {
        letters += 1;
        match character {
            '\u{3040}'..='\u{30ff}' => kana += 1,
            '\u{ac00}'..='\u{d7a3}' => hangul += 1,
            '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => han += 1,
            _ => {}
        }
    }
    let written = match letters {
        0 => return None,
        _ if 5 * kana > letters => "ja",
        _ if 5 * hangul > letters => "ko",
        _ if 5 * (han + kana) > letters => "zh",
        _ if han + kana + hangul == 0 => "",
        _ => return None,
    };
    match written {
        // Latin text inside a CJK issue is most often English.
        "" => is_cjk(issue).then_some("en"),
        // Han alone may be Japanese as well.
        "zh" if issue == "ja" => None,
        written => (written != issue).then_some(written),
    }
}

/// Whether a language is written in characters as wide as high.
pub(crate) fn is_cjk(language: &str) -> bool {
    matches!(language.split('-').next().unwrap_or(""), "zh" | "ja" | "ko")
}

/// The inside of a range that is one list item, or one list with one item.
pub(crate) fn inside(all: &[Spanned<'_>], range: Events) -> Events {
    let mut range = range;
    while let Some((Event::Start(Tag::Item | Tag::List(_)), _)) = all.get(range.start) {
        if closing(all, range.start, range.end) != range.end {
            break;
        }
        range = range.start + 1..range.end - 1;
    }
    range
}

/// The inline events inside a section's heading, without its emoji and, where
/// the whole heading is one link, without that.
pub(crate) fn heading_inside(all: &[Spanned<'_>], section: &Section) -> Events {
    let heading = section.heading.clone();
    if heading.len() < 2 || heading.end > all.len() {
        return heading.start..heading.start;
    }
    heading.start + 1..heading.end - 1
}

/// Bytes of the heading that say the emoji.
pub(crate) fn heading_cuts(all: &[Spanned<'_>], section: &Section) -> Vec<Span> {
    let Some(emoji) = &section.emoji else {
        return Vec::new();
    };
    let mut cuts = Vec::new();
    for (event, span) in all.get(heading_inside(all, section)).unwrap_or_default() {
        let Event::Text(text) = event else { continue };
        let Some(at) = text
            .find(emoji.as_str())
            .filter(|_| text.len() == span.len())
        else {
            continue;
        };
        let mut end = at + emoji.len();
        end += text[end..].len() - text[end..].trim_start().len();
        let start = if end == text.len() {
            text[..at].trim_end().len()
        } else {
            at
        };
        cuts.push(Span::from(span.start + start..span.start + end));
        break;
    }
    cuts
}
