//! Links, images and anchors of a body, listed once.
//!
//! Markdown links come from the events, so reference links are resolved; raw
//! HTML is scanned for `<a>`, `<img>`, `id` and `name`. Comments are skipped.

use pulldown_cmark::{Event, LinkType, Tag, TagEnd};

use crate::diagnostic::Span;
use crate::issue::document::{Document, collapse};
use crate::issue::html::{self, HtmlTag};
use crate::issue::model::{Census, Events, Image, Link};

/// The census and, for each of its links and images, the event that it is in.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) census: Census,
    link_events: Vec<usize>,
    image_events: Vec<usize>,
    /// The link whose text is being read, in Markdown and in HTML.
    open_link: Option<usize>,
    open_html_link: Option<usize>,
    open_images: Vec<usize>,
}

impl Listing {
    /// Lists what a document holds. `text` is the whole source text.
    pub(crate) fn of(document: &Document, text: &str) -> Listing {
        let mut listing = Listing::default();
        let mut in_html_block = false;
        for (index, (event, range)) in document.events.iter().enumerate() {
            match event {
                Event::Text(words) | Event::Code(words) => listing.words(words),
                Event::SoftBreak | Event::HardBreak => listing.words(" "),
                Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    ..
                }) => {
                    let scheme = match link_type {
                        LinkType::Email => "mailto:",
                        _ => "",
                    };
                    listing.open_link = Some(listing.census.links.len());
                    let link = Link {
                        url: format!("{scheme}{dest_url}"),
                        text: String::new(),
                        span: range.clone().into(),
                        html: false,
                    };
                    listing.add_link(link, index);
                }
                Event::End(TagEnd::Link) => {
                    if let Some(link) = listing.open_link.take() {
                        listing.close_link(link);
                    }
                }
                Event::Start(Tag::Image { dest_url, .. }) => {
                    listing.open_images.push(listing.census.images.len());
                    let image = Image {
                        url: dest_url.to_string(),
                        alt: String::new(),
                        span: range.clone().into(),
                        html: false,
                    };
                    listing.add_image(image, index);
                }
                Event::End(TagEnd::Image) => {
                    listing.open_images.pop();
                }
                Event::Start(Tag::HtmlBlock) => {
                    in_html_block = true;
                    listing.html(text, range.start, range.end, index);
                }
                Event::End(TagEnd::HtmlBlock) => in_html_block = false,
                Event::Html(_) | Event::InlineHtml(_) if !in_html_block => {
                    listing.html(text, range.start, range.end, index);
                }
                _ => {}
            }
        }
        listing
    }

    /// The links in a stretch of events, in order.
    pub(crate) fn links(&self, events: &Events) -> &[Link] {
        let start = self.link_events.partition_point(|at| *at < events.start);
        let end = self.link_events.partition_point(|at| *at < events.end);
        &self.census.links[start..end.max(start)]
    }

    /// The images in a stretch of events, in order.
    pub(crate) fn images(&self, events: &Events) -> &[Image] {
        let start = self.image_events.partition_point(|at| *at < events.start);
        let end = self.image_events.partition_point(|at| *at < events.end);
        &self.census.images[start..end.max(start)]
    }

    fn add_link(&mut self, link: Link, event: usize) {
        self.census.links.push(link);
        self.link_events.push(event);
    }

    fn add_image(&mut self, image: Image, event: usize) {
        self.census.images.push(image);
        self.image_events.push(event);
    }

    /// Words belong to the innermost image as its alternative text, and to the
    /// link around them.
    fn words(&mut self, words: &str) {
        if let Some(image) = self.open_images.last() {
            self.census.images[*image].alt.push_str(words);
        }
        if let Some(link) = self.open_link.or(self.open_html_link) {
            self.census.links[link].text.push_str(words);
        }
    }

    fn close_link(&mut self, link: usize) {
        let text = &mut self.census.links[link].text;
        if text.trim().len() != text.len() || text.contains("  ") || text.contains('\n') {
            *text = collapse(text);
        }
    }

    fn html(&mut self, text: &str, start: usize, end: usize, event: usize) {
        let html = &text[start..end];
        let mut read_to = 0;
        for tag in html::tags(html) {
            if self.open_html_link.is_some() && tag.start > read_to {
                self.words(&html[read_to..tag.start]);
            }
            read_to = tag.end;
            self.tag(&tag, start, event);
        }
        if self.open_html_link.is_some() && read_to > 0 {
            self.words(&html[read_to..]);
        }
    }

    fn tag(&mut self, tag: &HtmlTag, offset: usize, event: usize) {
        let span = Span {
            start: offset + tag.start,
            end: offset + tag.end,
        };
        if tag.closing {
            if tag.is("a")
                && let Some(link) = self.open_html_link.take()
            {
                self.census.links[link].span.end = span.end;
                self.close_link(link);
            }
            return;
        }
        for name in ["id", "name"] {
            if let Some(anchor) = tag.attribute(name).filter(|anchor| !anchor.is_empty()) {
                self.census.anchors.push(anchor.into_owned());
            }
        }
        if tag.is("a")
            && let Some(url) = tag.attribute("href")
        {
            self.open_html_link = Some(self.census.links.len());
            let link = Link {
                url: url.trim().to_owned(),
                text: String::new(),
                span,
                html: true,
            };
            self.add_link(link, event);
        } else if tag.is("img")
            && let Some(url) = tag.attribute("src")
        {
            let image = Image {
                url: url.trim().to_owned(),
                alt: tag
                    .attribute("alt")
                    .map_or_else(String::new, |alt| alt.into_owned()),
                span,
                html: true,
            };
            self.add_image(image, event);
        }
    }
}
