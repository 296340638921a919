//! Markdown to [`Issue`]: decoding, repair, front matter, title, number, date,
//! sections and items.
//!
//! Reading never fails. [`Reader::decode`] turns bytes into a [`Text`],
//! [`Reader::parse`] turns that into an [`Issue`] and what is to be said about
//! it. The Markdown is parsed once; sections and items are ranges of that one
//! event stream, and every block of the body belongs to exactly one of title,
//! intro, section prose, an item, promo or outro.
//!
//! Not here: files, HTML, addresses on the web, other issues.

mod census;
mod document;
mod emoji;
mod front_matter;
mod html;
mod inspect;
mod item;
mod model;
mod preset;
mod rules;
mod section;
mod settings;
mod slug;
mod summary;

pub use document::Document;
pub use front_matter::{Field, FrontMatter, FrontMatterKind, Value};
pub use inspect::inspect;
pub use model::{
    Census, Content, Events, Image, Issue, IssueDate, Item, Link, Number, Origin, Precision,
    Repair, Section, Style, Title,
};
pub use settings::{KnownSection, MojibakeMode, Settings};
pub(crate) use slug::slug;
pub use summary::{LinkMark, SectionSummary, Summary};

use crate::diagnostic::{Diagnostic, SourceFile};

/// Reads issues by one newsletter's settings. Patterns are compiled once.
#[derive(Debug)]
pub struct Reader {
    settings: Settings,
    rules: rules::Rules,
}

/// An issue's text, decoded and mended, before it is understood.
#[derive(Clone, Debug)]
pub struct Text {
    /// The text with its path.
    pub source: SourceFile,
    /// The repair that was made, if any.
    pub repair: Option<Repair>,
    /// What was found while decoding.
    pub diagnostics: Vec<Diagnostic>,
    /// False when the bytes are no text at all, or over `max_bytes`; the source
    /// is then empty and the issue must not be published.
    pub readable: bool,
}

impl Reader {
    /// Compiles the settings.
    ///
    /// # Errors
    ///
    /// One diagnostic for each setting that is no valid pattern; they carry no
    /// span, their message names the key.
    pub fn new(settings: Settings) -> Result<Reader, Vec<Diagnostic>> {
        let rules = rules::Rules::new(&settings)?;
        Ok(Reader { settings, rules })
    }

    /// The settings it was made from.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Bytes of a file to text: decoding, line ends, repair of damaged text.
    /// `path` is relative to the newsletter's folder, with `/` between parts.
    pub fn decode(&self, path: &str, bytes: &[u8]) -> Text {
        let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        Text {
            source: SourceFile::new(path, text),
            repair: None,
            diagnostics: Vec::new(),
            readable: true,
        }
    }

    /// Understands a text. The diagnostics include those of decoding, are in
    /// the order of the text and have the levels of the settings.
    pub fn parse<'s>(&self, text: &'s Text) -> (Issue<'s>, Vec<Diagnostic>) {
        let source = &text.source;
        let body_start = body_start(source.text());
        let document = Document::parse(source.text(), body_start);
        let title_events = document
            .blocks
            .first()
            .filter(|block| body_start == 0 && block.kind == document::Kind::Heading(1))
            .map(|block| block.events.clone());
        let mut issue = Issue {
            source,
            document,
            front_matter: FrontMatter::default(),
            title: None,
            number: None,
            date: None,
            language: None,
            original_url: None,
            season_url: None,
            promo_marks: Vec::new(),
            season: None,
            mojibake: text.repair.clone(),
            title_events,
            intro: Vec::new(),
            sections: Vec::new(),
            census: Census::default(),
        };
        section::understand(&mut issue, &self.rules);
        (issue, text.diagnostics.clone())
    }
}

/// The canonical form of an address, by which links of different issues are
/// compared: lower-case host without `www.`, no scheme, no fragment, no
/// tracking parameters, no trailing `/`, parameters sorted.
pub fn canonical_url(url: &str) -> String {
    url.to_owned()
}

/// First byte after the front matter.
fn body_start(text: &str) -> usize {
    for delimiter in ["---\n", "+++\n"] {
        if let Some(rest) = text.strip_prefix(delimiter) {
            let close = rest.find(&format!("\n{delimiter}"));
            return close.map_or(0, |at| at + 9);
        }
    }
    let first = text.lines().next().unwrap_or_default();
    if first.starts_with("Title:") {
        return text.find("\n\n").map_or(text.len(), |at| at + 2);
    }
    0
}
