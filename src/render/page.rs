//! The structured body of an issue for its page in the archive: sections and
//! items with stable names, numbers and emoji in the margin.

use crate::issue::{Content, Issue, Item, Section, Style as ItemStyle};
use crate::render::address::Address;
use crate::render::anchors::Anchors;
use crate::render::escape;
use crate::render::fragment::{Fragment, Hole, HoleKind};
use crate::render::html::{self, Style, View};
use crate::render::labels::Labels;
use crate::render::outline::{self, Part};
use crate::render::season::PagePiece;

/// How a page's body is written.
#[derive(Clone, Debug)]
pub struct PageStyle<'a> {
    /// Language of the issue.
    pub language: &'a str,
    /// Whether bare addresses become links.
    pub linkify: bool,
}

/// One line of a page's list of contents.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ContentsEntry {
    /// Title of the section.
    pub title: String,
    /// Its emoji, if any.
    pub emoji: Option<String>,
    /// Name of its heading in the page.
    pub anchor: String,
    /// Items in it and in the sections below it.
    pub count: usize,
}

/// The structured body of an issue.
pub fn page_html(issue: &Issue<'_>, style: &PageStyle<'_>) -> Fragment {
    page_pieces(issue, style).0
}

/// The same, and where its items stand in it, for the page of their season: those
/// of the closing part and those whose content was taken out are left out.
pub fn page_pieces(issue: &Issue<'_>, style: &PageStyle<'_>) -> (Fragment, Vec<PagePiece>) {
    let mut page = Page {
        issue,
        anchors: Anchors::of(issue),
        labels: Labels::of(style.language),
        style,
        out: Fragment::default(),
        pieces: Vec::new(),
        in_list: false,
        list_end: None,
    };
    page.intro();
    for (index, section) in issue.sections.iter().enumerate() {
        page.section(index, section);
    }
    (page.out, page.pieces)
}

/// The sections of an issue that open its body, with what they hold.
pub fn contents(issue: &Issue<'_>) -> Vec<ContentsEntry> {
    let anchors = Anchors::of(issue);
    let top = |mut index: usize| {
        while let Some(parent) = issue.sections[index]
            .parent
            .filter(|&parent| parent < index)
        {
            index = parent;
        }
        index
    };
    let mut counts = vec![0; issue.sections.len()];
    for (index, section) in issue.sections.iter().enumerate() {
        counts[top(index)] += section.items.len();
    }
    issue
        .sections
        .iter()
        .enumerate()
        .filter(|(index, section)| top(*index) == *index && !section.title.is_empty())
        .map(|(index, section)| ContentsEntry {
            title: section.title.clone(),
            emoji: section.emoji.clone(),
            anchor: anchors.section(index).to_owned(),
            count: counts[index],
        })
        .collect()
}

struct Page<'p, 's> {
    issue: &'p Issue<'s>,
    anchors: Anchors<'p>,
    labels: &'static Labels,
    style: &'p PageStyle<'p>,
    out: Fragment,
    pieces: Vec<PagePiece>,
    /// Whether the item at hand is a line of a list.
    in_list: bool,
    /// Where the last list of lines ended.
    list_end: Option<usize>,
}

/// What ends a list of lines.
const LIST_END: &str = "</ul>\n";

impl Page<'_, '_> {
    fn intro(&mut self) {
        // A title that is not its own block stands in the intro: it is the
        // page's heading already.
        let title = self.issue.title_events.clone();
        let contents: Vec<Content> = self
            .issue
            .intro
            .iter()
            .filter(|content| !matches!(content, Content::Prose(events) if Some(events) == title.as_ref()))
            .cloned()
            .collect();
        let parts = outline::parts(self.issue, &contents, None);
        if parts.is_empty() {
            return;
        }
        let begin = self.out.html.len();
        self.push("<div class=\"intro\">\n");
        let empty = self.out.html.len();
        for part in &parts {
            self.part(part, None, 2);
        }
        // Comments are all that it holds, and nobody sees those.
        if self.out.html.len() == empty {
            self.out.html.truncate(begin);
            return;
        }
        self.push("</div>\n");
    }

    fn section(&mut self, index: usize, section: &Section) {
        let depth = outline::depth(self.issue, section);
        let level = 2 + depth;
        let anchor = self.anchors.section(index).to_owned();
        let language = self.section_language(section);
        self.push(if depth == 0 {
            "<section"
        } else {
            "<section class=\"sub\""
        });
        self.language(language);
        self.push(&format!(">\n<h{level} id=\""));
        escape::push_attribute(&mut self.out.html, &anchor);
        self.push("\">");
        if let Some(emoji) = &section.emoji {
            self.push("<span class=\"m\" aria-hidden=\"true\">");
            escape::push_text(&mut self.out.html, emoji);
            self.push("</span>");
        }
        let events = &self.issue.document.events;
        let cuts = outline::heading_cuts(events, section);
        let heading = html::write(
            events,
            &self.anchors,
            outline::heading_inside(events, section),
            Style {
                cuts: &cuts,
                ..self.inline_style()
            },
        );
        self.out.append(heading);
        self.push(&format!("</h{level}>\n"));
        for part in outline::parts(self.issue, &section.content, Some(section)) {
            self.part(&part, Some((index, section)), level + 1);
        }
        self.push("</section>\n");
    }

    fn part(&mut self, part: &Part, section: Option<(usize, &Section)>, level: u8) {
        match (part, section) {
            (Part::Prose(events), _) => self.blocks(events.clone(), level),
            (Part::Promo(events), _) => {
                self.push("<aside class=\"promo\">\n");
                self.blocks(events.clone(), level);
                self.push("</aside>\n");
            }
            (Part::Items(items), Some((index, section))) => {
                for &item in items {
                    self.item(index, section, item, level);
                }
            }
            (Part::List(items), Some((index, section))) => {
                // Han and circled numbers are words of the text.
                let own = [ItemStyle::Cjk, ItemStyle::Circled].contains(&section.style);
                self.open_list(if own { "c own" } else { "c" });
                for &item in items {
                    self.compact(index, section, item);
                }
                self.close_list();
            }
            (Part::Lines(events), _) => {
                self.open_list("c");
                self.blocks(events.clone(), level);
                self.close_list();
            }
            (Part::Items(_) | Part::List(_), None) => {}
        }
    }

    /// Goes on with the list that was closed last, where nothing is behind it.
    fn open_list(&mut self, class: &str) {
        if self.list_end == Some(self.out.html.len()) {
            self.out.html.truncate(self.out.html.len() - LIST_END.len());
        } else {
            self.push(&format!("<ul class=\"{class}\">\n"));
        }
    }

    fn close_list(&mut self) {
        self.push(LIST_END);
        self.list_end = Some(self.out.html.len());
    }

    fn item(&mut self, section_index: usize, section: &Section, index: usize, level: u8) {
        let item = &section.items[index];
        let events = &self.issue.document.events;
        let anchor = self.anchors.item(section_index, index).to_owned();
        let language = outline::other_language(events, item, self.style.language);
        let title = title(self.issue, &self.anchors, item, View::Page);
        // An article has a heading; what has none is but a part of the section.
        let tag = if title.html.is_empty() {
            "div"
        } else {
            "article"
        };
        self.push(&match item.deleted {
            true => format!("<{tag} class=\"i x\" id=\""),
            false => format!("<{tag} class=\"i\" id=\""),
        });
        escape::push_attribute(&mut self.out.html, &anchor);
        self.push("\"");
        self.language(language);
        self.push(">\n");
        let start = self.out.html.len();
        if let Some(number) = outline::number_label(item) {
            self.push("<a class=\"n\" href=\"");
            self.hole(&format!("#{anchor}"));
            self.push("\" aria-label=\"");
            let label = self.labels.permalink.replace("{n}", &number);
            escape::push_attribute(&mut self.out.html, &label);
            self.push(&format!("\">{number}</a>\n"));
        }
        let titled = !title.html.is_empty();
        self.title(item, title, level);
        // Before `</h3>` and its line end.
        let heading = titled.then(|| (self.out.html.len() - "</h0>\n".len(), level));
        let cuts = outline::cuts(events, item);
        let style = Style {
            cuts: &cuts,
            heading_floor: (level + 1).min(6),
            ..Style::of(View::Page, self.style.linkify)
        };
        let lead = html::write(events, &self.anchors, item.lead.clone(), style);
        if !lead.html.trim().is_empty() {
            self.push("<p>");
            self.out.append(lead);
            self.push("</p>\n");
        }
        for block in &item.blocks {
            let block = html::write(events, &self.anchors, block.clone(), style);
            self.out.append(block);
        }
        self.piece(section_index, item, start, heading, language);
        self.push(&format!("</{tag}>\n"));
    }

    /// Notes where an item stands that was just written.
    fn piece(
        &mut self,
        section: usize,
        item: &Item,
        start: usize,
        heading: Option<(usize, u8)>,
        language: Option<&'static str>,
    ) {
        let sections = &self.issue.sections;
        if item.deleted || sections[section].style == ItemStyle::Outro {
            return;
        }
        let mut top = section;
        while let Some(parent) = sections[top].parent.filter(|&parent| parent < top) {
            top = parent;
        }
        self.pieces.push(PagePiece {
            section: sections[top].title.clone(),
            emoji: sections[top].emoji.clone(),
            slug: sections[top].slug.clone(),
            bytes: start..self.out.html.len(),
            heading,
            compact: heading.is_none() && self.in_list,
            language,
        });
    }

    fn title(&mut self, item: &Item, title: Fragment, level: u8) {
        let meta = outline::meta(self.issue, item, self.labels, self.style.language);
        if title.html.is_empty() {
            return;
        }
        self.push(&format!("<h{level}>"));
        let url = item.url.as_deref().filter(|_| !own_links(self.issue, item));
        let address = url.map(Address::read);
        let linked = matches!(address, Some(Address::Absolute(_) | Address::Relative(_)));
        if linked {
            self.push("<a href=\"");
            match address {
                Some(Address::Absolute(url)) => escape::push_attribute(&mut self.out.html, &url),
                Some(Address::Relative(reference)) => self.hole(&reference),
                _ => {}
            }
            self.push("\">");
        }
        self.push("<span class=\"t\">");
        self.out.append(title);
        self.push("</span>");
        if let Some(destination) = outline::destination(item).filter(|_| linked) {
            self.push("<br><span class=\"d\">");
            escape::push_text(&mut self.out.html, &destination);
            self.push("</span>");
        }
        self.push(if linked { "</a>" } else { "" });
        let remark = remark(self.issue, &self.anchors, item, View::Page);
        if !meta.is_empty() || !remark.html.is_empty() {
            let beside = linked && outline::destination(item).is_some();
            self.push(if beside {
                "<span class=\"s\"> · "
            } else {
                "<br><span class=\"s\">"
            });
            escape::push_text(&mut self.out.html, &meta.join(" · "));
            self.push(if meta.is_empty() || remark.html.is_empty() {
                ""
            } else {
                " · "
            });
            self.out.append(remark);
            self.push("</span>");
        }
        self.push(&format!("</h{level}>\n"));
    }

    fn compact(&mut self, section_index: usize, section: &Section, index: usize) {
        let item = &section.items[index];
        let events = &self.issue.document.events;
        let anchor = self.anchors.item(section_index, index).to_owned();
        self.push("<li id=\"");
        escape::push_attribute(&mut self.out.html, &anchor);
        self.push("\"");
        let language = outline::other_language(events, item, self.style.language);
        self.language(language);
        self.push(">");
        let start = self.out.html.len();
        for range in &item.events {
            let inside = outline::inside(events, range.clone());
            let style = Style::of(View::Page, self.style.linkify);
            let part = html::write(events, &self.anchors, inside, style);
            self.out.append(part);
        }
        self.in_list = true;
        self.piece(section_index, item, start, None, language);
        self.in_list = false;
        self.push("</li>\n");
    }

    fn blocks(&mut self, events: std::ops::Range<usize>, level: u8) {
        let style = Style {
            heading_floor: level.min(6),
            ..Style::of(View::Page, self.style.linkify)
        };
        let blocks = html::write(&self.issue.document.events, &self.anchors, events, style);
        self.out.append(blocks);
    }

    fn section_language(&self, section: &Section) -> Option<&'static str> {
        let events = &self.issue.document.events;
        let mut languages = section
            .items
            .iter()
            .map(|item| outline::other_language(events, item, self.style.language));
        let first = languages.next().flatten()?;
        languages
            .all(|language| language == Some(first))
            .then_some(first)
    }

    fn language(&mut self, language: Option<&str>) {
        if let Some(language) = language {
            self.push(&format!(" lang=\"{language}\""));
        }
    }

    fn inline_style(&self) -> Style<'static> {
        Style::of(View::Page, false)
    }

    fn hole(&mut self, reference: &str) {
        self.out.holes.push(Hole {
            at: self.out.html.len(),
            reference: reference.to_owned(),
            kind: HoleKind::Link,
        });
    }

    fn push(&mut self, html: &str) {
        self.out.html.push_str(html);
    }
}

/// The HTML of an item's title, links left to the caller unless it has several.
pub(crate) fn title(issue: &Issue<'_>, anchors: &Anchors<'_>, item: &Item, view: View) -> Fragment {
    let events = &issue.document.events;
    let cuts = outline::cuts(events, item);
    let style = Style {
        without_links: !own_links(issue, item),
        cuts: &cuts,
        ..Style::of(view, false)
    };
    let mut title = html::write(events, anchors, item.title_events.clone(), style);
    if title.html.trim().is_empty() {
        title = Fragment::default();
        escape::push_text(&mut title.html, &item.title);
    }
    title
}

/// What an item's first line says beside its title, where that holds links.
pub(crate) fn remark(
    issue: &Issue<'_>,
    anchors: &Anchors<'_>,
    item: &Item,
    view: View,
) -> Fragment {
    let events = &issue.document.events;
    outline::remark(events, item)
        .map(|remark| html::write(events, anchors, remark, Style::of(view, false)))
        .unwrap_or_default()
}

/// Whether an item's title holds several links, so that it is not one itself.
pub(crate) fn own_links(issue: &Issue<'_>, item: &Item) -> bool {
    let events = issue.document.events.get(item.title_events.clone());
    let links = events.unwrap_or_default().iter().filter(|(event, _)| {
        matches!(
            event,
            pulldown_cmark::Event::Start(pulldown_cmark::Tag::Link { .. })
        )
    });
    links.count() > 1
}
