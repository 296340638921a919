//! Markdown events to HTML with open addresses, for feeds, pages and mail.
//!
//! One pass: escaping, URL filtering, holes, linkify and names of headings
//! happen while writing. Regions with raw HTML are written with it, then
//! cleaned whole (see [`crate::render::raw`]).

use std::ops::Range;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, LinkType, Tag, TagEnd};

use crate::diagnostic::Span;
use crate::issue::Events;
use crate::render::address::{self, Address};
use crate::render::anchors::Anchors;
use crate::render::direction;
use crate::render::escape;
use crate::render::events::{Spanned, closing, cut, is_cut, joined_text, plain_text};
use crate::render::fragment::{Fragment, Hole, HoleKind};
use crate::render::linkify;
use crate::render::raw;
use crate::render::table;

/// Widest image of a mail, in pixels: the 508 of the text beside the margin, less
/// the image's border.
pub(crate) const COLUMN: u32 = 506;

/// Whom the HTML is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// Feed entries: plain, complete HTML as the editor structured it.
    Feed,
    /// The archive's pages.
    Page,
    /// Mail: nothing that mail programs do not know.
    Mail,
}

/// How a range of events is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style<'a> {
    /// Whom it is for.
    pub(crate) view: View,
    /// Whether bare addresses become links.
    pub(crate) linkify: bool,
    /// The least level of headings.
    pub(crate) heading_floor: u8,
    /// Bytes of the source that are left out.
    pub(crate) cuts: &'a [Span],
    /// Whether links are written as their words alone.
    pub(crate) without_links: bool,
    /// Whether the text around runs from right to left; asked for mail alone.
    pub(crate) right_to_left: bool,
}

impl Style<'_> {
    /// The plain style of a view.
    pub(crate) fn of(view: View, linkify: bool) -> Self {
        Style {
            view,
            linkify,
            heading_floor: 1,
            cuts: &[],
            without_links: false,
            right_to_left: false,
        }
    }
}

/// Writes a range of an issue's events.
pub(crate) fn write(
    all: &[Spanned<'_>],
    anchors: &Anchors<'_>,
    range: Events,
    style: Style<'_>,
) -> Fragment {
    write_marked(all, anchors, range, style, &mut [])
}

/// An event at which a stretch of the text begins or ends, and the byte of the
/// HTML that it comes to; `None` inside of raw HTML, which is cleaned whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The event.
    pub(crate) event: usize,
    /// The byte before which it is written.
    pub(crate) at: Option<usize>,
}

/// As [`write`]; finds out where marks, ascending, come to stand.
pub(crate) fn write_marked(
    all: &[Spanned<'_>],
    anchors: &Anchors<'_>,
    range: Events,
    style: Style<'_>,
    marks: &mut [Mark],
) -> Fragment {
    let events = all.get(range.clone()).unwrap_or_default();
    let whole = raw::Region {
        events: 0..events.len(),
        raw: false,
    };
    let regions = if anchors.raw {
        raw::regions(events)
    } else {
        vec![whole]
    };
    let size = events
        .last()
        .map_or(0, |last| last.1.end.saturating_sub(events[0].1.start));
    let mut fragment = Fragment::default();
    fragment.html.reserve(size + size / 8);
    for region in regions {
        let mut writer = Writer {
            all,
            anchors,
            style,
            raw: region.raw,
            fragment: Fragment::default(),
            links: Vec::new(),
            shown_links: 0,
            alignments: &[],
            column: 0,
            in_head: false,
            in_code: false,
            paragraph_prefix: String::new(),
        };
        if !region.raw {
            std::mem::swap(&mut writer.fragment, &mut fragment);
        }
        let first = range.start + region.events.start;
        let end = range.start + region.events.end;
        let mut from = first;
        for mark in marks
            .iter_mut()
            .filter(|mark| (first..end).contains(&mark.event))
        {
            if region.raw {
                mark.at = (mark.event == first).then_some(fragment.html.len());
            } else {
                writer.run(from, mark.event);
                from = mark.event;
                mark.at = Some(writer.fragment.html.len());
            }
        }
        writer.run(from, end);
        if region.raw {
            let headings = style.view == View::Feed;
            let widest = (style.view == View::Mail).then_some(COLUMN);
            fragment.append(raw::clean(&writer.fragment.html, headings, widest));
        } else {
            fragment = writer.fragment;
        }
    }
    for mark in marks.iter_mut().filter(|mark| mark.event == range.end) {
        mark.at = Some(fragment.html.len());
    }
    fragment
}

struct Writer<'w, 's> {
    all: &'w [Spanned<'s>],
    anchors: &'w Anchors<'w>,
    style: Style<'w>,
    /// Whether the output is cleaned afterwards: raw HTML is written as it is,
    /// relative addresses too.
    raw: bool,
    fragment: Fragment,
    /// For each open link, whether its tags are written.
    links: Vec<bool>,
    shown_links: usize,
    alignments: &'w [Alignment],
    column: usize,
    in_head: bool,
    in_code: bool,
    /// What goes to the start of the next paragraph.
    paragraph_prefix: String,
}

impl<'w, 's> Writer<'w, 's> {
    fn run(&mut self, from: usize, to: usize) {
        let mut at = from;
        while at < to {
            at = self.event(at, to);
        }
    }

    /// Writes the event at `at` and says which comes next.
    fn event(&mut self, at: usize, to: usize) -> usize {
        let all = self.all;
        let (event, span) = &all[at];
        match event {
            Event::Start(Tag::Image {
                dest_url, title, ..
            }) => {
                return self.image(at, to, dest_url, title);
            }
            Event::Start(Tag::Table(alignments)) => {
                let end = closing(all, at, to);
                let rows = (self.style.view == View::Mail && !self.raw)
                    .then(|| table::wide_rows(&all[at..end]))
                    .flatten();
                if let Some(rows) = rows {
                    self.wide_table(at, &rows);
                    return end;
                }
                self.alignments = alignments;
                self.push(if self.style.view == View::Mail {
                    "<table class=\"d\">"
                } else {
                    "<table>\n"
                });
            }
            Event::Start(tag) => self.start(at, tag, span),
            Event::End(tag) => self.end(tag),
            Event::Text(_) => return self.text(at, to),
            Event::Code(code) => {
                self.push("<code>");
                escape::push_text(&mut self.fragment.html, code);
                self.push("</code>");
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                if self.raw {
                    self.push(html);
                }
            }
            Event::SoftBreak => self.push("\n"),
            Event::HardBreak => self.push("<br>\n"),
            Event::Rule => self.push("<hr>\n"),
            Event::FootnoteReference(name) => {
                let number = self.anchors.footnote(name);
                self.push("<sup><a href=\"");
                self.reference(format!("#fn-{number}"), HoleKind::Link);
                self.push(&format!("\">{number}</a></sup>"));
            }
            Event::TaskListMarker(done) => self.push(if *done { "☑ " } else { "☐ " }),
            // The parser's options leave math out.
            Event::InlineMath(text) | Event::DisplayMath(text) => {
                escape::push_text(&mut self.fragment.html, text);
            }
        }
        at + 1
    }

    fn start(&mut self, at: usize, tag: &Tag<'s>, span: &Range<usize>) {
        match tag {
            Tag::Paragraph => {
                self.push("<p");
                self.push(self.turned(at));
                self.push(">");
                let prefix = std::mem::take(&mut self.paragraph_prefix);
                self.push(&prefix);
            }
            Tag::Heading { level, .. } => {
                let level = (*level as u8).max(self.style.heading_floor).min(6);
                self.push(&format!("<h{level}"));
                // Mail has no names to jump to but those of its sections.
                if let (Some(name), true) =
                    (self.anchors.heading(at), self.style.view != View::Mail)
                {
                    self.push(" id=\"");
                    escape::push_attribute(&mut self.fragment.html, name);
                    self.push("\"");
                }
                self.push(">");
            }
            Tag::BlockQuote(_) => self.push("<blockquote>\n"),
            Tag::CodeBlock(kind) => {
                self.in_code = true;
                let language = match kind {
                    CodeBlockKind::Fenced(info) => info.split([' ', ',']).next().unwrap_or(""),
                    CodeBlockKind::Indented => "",
                };
                if self.style.view == View::Mail {
                    self.push("<pre>");
                } else if language.is_empty() {
                    self.push("<pre><code>");
                } else {
                    self.push("<pre><code class=\"language-");
                    escape::push_attribute(&mut self.fragment.html, language);
                    self.push("\">");
                }
            }
            Tag::List(Some(1)) => self.push("<ol>\n"),
            Tag::List(Some(start)) => self.push(&format!("<ol start=\"{start}\">\n")),
            Tag::List(None) => self.push("<ul>\n"),
            Tag::Item => self.push("<li>"),
            Tag::FootnoteDefinition(name) => {
                let number = self.anchors.footnote(name);
                self.push(&format!("<div id=\"fn-{number}\">"));
                self.paragraph_prefix = format!("<sup>{number}</sup> ");
            }
            Tag::TableHead => {
                self.in_head = true;
                self.column = 0;
                self.push("<tr>");
            }
            Tag::TableRow => {
                self.column = 0;
                self.push("<tr>");
            }
            Tag::TableCell => {
                let alignment = self.alignments.get(self.column);
                self.column += 1;
                self.push(if self.in_head { "<th" } else { "<td" });
                self.push(match alignment {
                    Some(Alignment::Left) => " style=\"text-align:left\">",
                    Some(Alignment::Center) => " style=\"text-align:center\">",
                    Some(Alignment::Right) => " style=\"text-align:right\">",
                    _ => ">",
                });
            }
            Tag::Emphasis => self.push("<em>"),
            Tag::Strong => self.push("<strong>"),
            Tag::Strikethrough => self.push("<del>"),
            Tag::Superscript => self.push("<sup>"),
            Tag::Subscript => self.push("<sub>"),
            Tag::Link {
                link_type,
                dest_url,
                title,
                ..
            } => self.link(at, *link_type, dest_url, title),
            // Written elsewhere, or left out by the parser's options.
            Tag::Image { .. } | Tag::Table(_) | Tag::HtmlBlock | Tag::MetadataBlock(_) => {}
            Tag::DefinitionList | Tag::DefinitionListTitle | Tag::DefinitionListDefinition => {}
        }
        debug_assert!(span.start <= span.end);
    }

    /// What a paragraph says of its direction in mail, where it is another than that
    /// around it.
    fn turned(&self, at: usize) -> &'static str {
        if self.style.view != View::Mail {
            return "";
        }
        let texts = self.all[at..].iter().skip(1).take(8);
        let mut text = texts.map_while(|(event, _)| match event {
            Event::End(TagEnd::Paragraph) => None,
            Event::Text(text) => Some(&**text),
            _ => Some(""),
        });
        let first = text.find(|text| !text.trim().is_empty());
        direction::turned(first.unwrap_or_default(), self.style.right_to_left)
    }

    fn end(&mut self, tag: &TagEnd) {
        match tag {
            TagEnd::Paragraph => self.push("</p>\n"),
            TagEnd::Heading(level) => {
                let level = (*level as u8).max(self.style.heading_floor).min(6);
                self.push(&format!("</h{level}>\n"));
            }
            TagEnd::BlockQuote(_) => self.push("</blockquote>\n"),
            TagEnd::CodeBlock => {
                self.in_code = false;
                let html = &mut self.fragment.html;
                if html.ends_with('\n') && self.style.view == View::Mail {
                    html.pop();
                }
                self.push(if self.style.view == View::Mail {
                    "</pre>\n"
                } else {
                    "</code></pre>\n"
                });
            }
            TagEnd::List(true) => self.push("</ol>\n"),
            TagEnd::List(false) => self.push("</ul>\n"),
            TagEnd::Item => self.push("</li>\n"),
            TagEnd::FootnoteDefinition => self.push("</div>\n"),
            TagEnd::Table => self.push("</table>\n"),
            TagEnd::TableHead => {
                self.in_head = false;
                self.push("</tr>\n");
            }
            TagEnd::TableRow => self.push("</tr>\n"),
            TagEnd::TableCell => {
                // The start of the cell counted it.
                self.push(if self.in_head { "</th>" } else { "</td>" });
            }
            TagEnd::Emphasis => self.push("</em>"),
            TagEnd::Strong => self.push("</strong>"),
            TagEnd::Strikethrough => self.push("</del>"),
            TagEnd::Superscript => self.push("</sup>"),
            TagEnd::Subscript => self.push("</sub>"),
            TagEnd::Link => {
                if self.links.pop() == Some(true) {
                    self.shown_links -= 1;
                    self.push("</a>");
                }
            }
            TagEnd::HtmlBlock => {
                if !self.raw
                    && !self.fragment.html.ends_with('\n')
                    && !self.fragment.html.is_empty()
                {
                    self.push("\n");
                }
            }
            TagEnd::Image | TagEnd::MetadataBlock(_) => {}
            TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition => {}
        }
    }

    fn link(&mut self, at: usize, link_type: LinkType, url: &str, title: &str) {
        let mail = link_type == LinkType::Email;
        // Of a link whose words are left out nothing is left to follow.
        let left_out = is_cut(&self.all[at].1, self.style.cuts);
        let plain = self.style.without_links || self.shown_links > 0 || left_out;
        let address = match (mail, plain) {
            (_, true) => Address::Refused,
            (true, _) => Address::read(&format!("mailto:{url}")),
            (false, _) => Address::read(url),
        };
        let shown = !matches!(address, Address::Local | Address::Refused);
        self.links.push(shown);
        if !shown {
            return;
        }
        self.shown_links += 1;
        self.push("<a href=\"");
        self.target(address, HoleKind::Link);
        let bare = matches!(link_type, LinkType::Autolink) || self.is_bare(at, url);
        if !title.is_empty() {
            self.push("\" title=\"");
            escape::push_attribute(&mut self.fragment.html, title);
        } else if bare && self.shortens(url) {
            self.push("\" title=\"");
            escape::push_attribute(&mut self.fragment.html, url);
        }
        self.push("\">");
    }

    /// Whether the words of the link at an event are its own address.
    fn is_bare(&self, at: usize, url: &str) -> bool {
        matches!(
            (self.all.get(at + 1), self.all.get(at + 2)),
            (Some((Event::Text(text), _)), Some((Event::End(TagEnd::Link), _))) if **text == *url
        )
    }

    fn shortens(&self, url: &str) -> bool {
        self.style.view != View::Feed && address::shortened(url).ends_with('…')
    }

    /// Writes an image and returns the event after it.
    fn image(&mut self, at: usize, to: usize, url: &str, title: &str) -> usize {
        let end = closing(self.all, at, to);
        let alt = plain_text(&self.all[at + 1..end]);
        let alone = self.stands_alone(at, end);
        let address = Address::read(url);
        if matches!(address, Address::Local | Address::Refused) {
            escape::push_text(&mut self.fragment.html, &alt);
            return end;
        }
        let relative = matches!(address, Address::Relative(_));
        self.push("<img src=\"");
        self.target(address, HoleKind::Image);
        self.push("\" alt=\"");
        escape::push_attribute(&mut self.fragment.html, &alt);
        self.push("\"");
        if self.style.view == View::Mail && alone && !relative {
            // Word needs a width; CSS gives the others the window's.
            self.push(&format!(" width=\"{COLUMN}\""));
        }
        let caption = alone && self.style.view != View::Feed;
        if !title.is_empty() && !caption {
            self.push(" title=\"");
            escape::push_attribute(&mut self.fragment.html, title);
            self.push("\"");
        }
        self.push(">");
        if !title.is_empty() && caption {
            self.push("<br><small>");
            escape::push_text(&mut self.fragment.html, title);
            self.push("</small>");
        }
        end
    }

    fn stands_alone(&self, at: usize, end: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.all.get(before));
        let after = self.all.get(end);
        matches!(before, Some((Event::Start(Tag::Paragraph), _)))
            && matches!(after, Some((Event::End(TagEnd::Paragraph), _)))
    }

    /// Writes text, joined with the text events that follow it without a gap,
    /// because the parser parts `https://example.org/a_b` in three.
    fn text(&mut self, at: usize, to: usize) -> usize {
        let all = self.all;
        let (Event::Text(text), span) = &all[at] else {
            return at + 1;
        };
        let touched = |cut: &Span| cut.start < span.end && cut.end > span.start;
        if self.style.cuts.iter().any(touched) {
            let kept = cut(text, span, self.style.cuts);
            escape::push_text(&mut self.fragment.html, &kept);
            return at + 1;
        }
        let in_link = self.shown_links > 0;
        if self.in_code || self.raw || !text.contains("://") {
            escape::push_text(&mut self.fragment.html, text);
            return at + 1;
        }
        let bare = at.checked_sub(1).and_then(|before| match &all[before].0 {
            Event::Start(Tag::Link { dest_url, .. }) if **dest_url == **text => Some(text),
            _ => None,
        });
        if let (true, Some(url)) = (in_link && self.style.view != View::Feed, bare) {
            escape::push_text(&mut self.fragment.html, &address::shortened(url));
            return at + 1;
        }
        if in_link || !self.style.linkify || self.style.without_links {
            escape::push_text(&mut self.fragment.html, text);
            return at + 1;
        }
        let (joined, next) = joined_text(all, at, to);
        let mut done = 0;
        while let Some(found) = linkify::next_address(&joined, done) {
            escape::push_text(&mut self.fragment.html, &joined[done..found.start]);
            done = found.end;
            self.bare_link(&joined[found]);
        }
        escape::push_text(&mut self.fragment.html, &joined[done..]);
        next
    }

    fn bare_link(&mut self, url: &str) {
        self.push("<a href=\"");
        self.target(Address::read(url), HoleKind::Link);
        if self.shortens(url) {
            self.push("\" title=\"");
            escape::push_attribute(&mut self.fragment.html, url);
        }
        self.push("\">");
        let shown = match self.style.view {
            View::Feed => url.to_owned(),
            View::Page | View::Mail => address::shortened(url),
        };
        escape::push_text(&mut self.fragment.html, &shown);
        self.push("</a>");
    }

    /// A table too wide for mail, as a list of label and value.
    fn wide_table(&mut self, at: usize, rows: &[Vec<table::LabelledCell>]) {
        for row in rows {
            self.push("<p>");
            for (index, cell) in row.iter().enumerate() {
                if index > 0 {
                    self.push("<br>\n");
                }
                if !cell.label.is_empty() {
                    self.push("<strong>");
                    escape::push_text(&mut self.fragment.html, &cell.label);
                    self.push("</strong> ");
                }
                self.run(at + cell.value.start, at + cell.value.end);
            }
            self.push("</p>\n");
        }
    }

    fn target(&mut self, address: Address, kind: HoleKind) {
        match address {
            Address::Absolute(url) => escape::push_attribute(&mut self.fragment.html, &url),
            Address::Relative(reference) => self.reference(reference, kind),
            Address::Local | Address::Refused => {}
        }
    }

    fn reference(&mut self, reference: String, kind: HoleKind) {
        if self.raw {
            // Cleaning makes the hole.
            escape::push_attribute(&mut self.fragment.html, &reference);
            return;
        }
        self.fragment.holes.push(Hole {
            at: self.fragment.html.len(),
            reference,
            kind,
        });
    }

    fn push(&mut self, html: &str) {
        self.fragment.html.push_str(html);
    }
}
