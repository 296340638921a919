//! The page of a season: the items of several issues, gathered by section.
//!
//! Each is the piece of its issue's page that it was there, so that it says the
//! same; only names of places are left out, which are its issue's own.

use std::ops::Range;

use crate::render::escape;
use crate::render::fragment::{Addresses, Fragment};

/// An item as a piece of its issue's page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagePiece {
    /// Title of the section on top that it lies in; may be empty.
    pub section: String,
    /// That section's emoji, if any.
    pub emoji: Option<String>,
    /// That section's title as a part of an address.
    pub slug: String,
    /// Its bytes in the page, without the element around it.
    pub(crate) bytes: Range<usize>,
    /// Where in the page its heading ends, and of which level that is.
    pub(crate) heading: Option<(usize, u8)>,
    /// Whether it is a line of a list.
    pub(crate) compact: bool,
    /// Its language, where it is not the issue's.
    pub(crate) language: Option<&'static str>,
}

/// A section of a season.
#[derive(Clone, Debug)]
pub struct SeasonSection<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its emoji, if any.
    pub emoji: Option<&'a str>,
    /// Name of its heading in the page.
    pub anchor: String,
    /// Its items, in the order of the page.
    pub items: Vec<SeasonItem<'a>>,
}

/// An item of a season.
#[derive(Clone, Copy, Debug)]
pub struct SeasonItem<'a> {
    /// What it is.
    pub piece: &'a PagePiece,
    /// The page of its issue.
    pub page: &'a Fragment,
    /// Where the addresses of that issue lead.
    pub addresses: &'a Addresses,
    /// How its issue is named beside it, such as `#11`.
    pub issue: &'a str,
    /// The issue's language, where it is not the season's.
    pub language: Option<&'a str>,
}

/// The body of a season's page.
pub fn season_html(sections: &[SeasonSection<'_>]) -> String {
    let mut out = String::new();
    for section in sections {
        out.push_str("<section>\n<h2 id=\"");
        escape::push_attribute(&mut out, &section.anchor);
        out.push_str("\">");
        if let Some(emoji) = section.emoji {
            out.push_str("<span class=\"m\" aria-hidden=\"true\">");
            escape::push_text(&mut out, emoji);
            out.push_str("</span>");
        }
        escape::push_text(&mut out, section.title);
        out.push_str("</h2>\n");
        let mut in_list = false;
        for item in &section.items {
            if item.piece.compact != in_list {
                out.push_str(if in_list {
                    "</ul>\n"
                } else {
                    "<ul class=\"c\">\n"
                });
                in_list = item.piece.compact;
            }
            push_item(&mut out, item);
        }
        out.push_str(if in_list {
            "</ul>\n</section>\n"
        } else {
            "</section>\n"
        });
    }
    out
}

fn push_item(out: &mut String, item: &SeasonItem<'_>) {
    let piece = item.piece;
    let tag = match (piece.compact, piece.heading) {
        (true, _) => "li",
        (false, Some(_)) => "article",
        (false, None) => "div",
    };
    out.push('<');
    out.push_str(tag);
    out.push_str(if piece.compact { "" } else { " class=\"i\"" });
    if let Some(language) = piece.language.or(item.language) {
        out.push_str(&format!(" lang=\"{language}\""));
    }
    out.push('>');
    let (end, level) = piece.heading.unwrap_or((piece.bytes.end, 3));
    let part = |bytes: Range<usize>| {
        let html = item.page.part(bytes).resolve(item.addresses);
        plain(&html, level.saturating_sub(3))
    };
    out.push_str(part(piece.bytes.start..end).trim_end());
    let block = piece.heading.is_none() && !piece.compact;
    out.push_str(if block {
        "\n<p class=\"s\">"
    } else {
        "<span class=\"s\"> · "
    });
    out.push_str("<a href=\"");
    escape::push_attribute(out, item.addresses.page.as_str());
    out.push_str("\">");
    escape::push_text(out, item.issue);
    out.push_str(if block { "</a></p>\n" } else { "</a></span>" });
    out.push_str(&part(end..piece.bytes.end));
    out.push_str(&format!("</{tag}>\n"));
}

/// HTML of ours without the names of places, its headings so many levels higher.
fn plain(html: &str, higher: u8) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let tag = &rest[..end_of_tag(rest)];
        rest = &rest[tag.len()..];
        let name_at = if tag.starts_with("</") { 2 } else { 1 };
        let (begin, mut tail) = tag.split_at(name_at);
        out.push_str(begin);
        let mut name = tail.chars();
        if let (Some('h'), Some(level)) = (name.next(), name.next().and_then(|c| c.to_digit(10))) {
            out.push_str(&format!(
                "h{}",
                level.saturating_sub(u32::from(higher)).max(1)
            ));
            tail = &tail[2..];
        }
        match attribute(tail, " id=\"") {
            Some(at) => {
                out.push_str(&tail[..at]);
                let value = &tail[at + 5..];
                out.push_str(value.find('"').map_or("", |end| &value[end + 1..]));
            }
            None => out.push_str(tail),
        }
    }
    out.push_str(rest);
    out
}

/// Where an attribute begins in a tag: not in the value of another.
fn attribute(tag: &str, begin: &str) -> Option<usize> {
    let mut places = tag.match_indices(begin).map(|(at, _)| at);
    places.find(|at| tag[..*at].matches('"').count().is_multiple_of(2))
}

/// The length of the tag that a text begins with; values may hold `>`.
fn end_of_tag(text: &str) -> usize {
    let mut quoted = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_places_are_left_out_and_headings_move() {
        assert_eq!(
            plain(
                "<h4 class=\"x\" id=\"a>b\">id=\"c\" <b>T</b></h4><hr><img alt=\" id=\" src=\"x\">",
                1
            ),
            "<h3 class=\"x\">id=\"c\" <b>T</b></h3><hr><img alt=\" id=\" src=\"x\">"
        );
        assert_eq!(plain("<p id=\"x\">a &lt; b", 0), "<p>a &lt; b");
        assert_eq!(plain("<h6>x</h6><", 0), "<h6>x</h6><");
    }
}
