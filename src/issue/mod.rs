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

mod document;
mod front_matter;
mod model;
mod settings;
mod summary;

pub use document::Document;
pub use front_matter::{Field, FrontMatter, FrontMatterKind, Value};
pub use model::{
    Census, Content, Events, Image, Issue, IssueDate, Item, Link, Number, Origin, Precision,
    Repair, Section, Style, Title,
};
pub use settings::{KnownSection, MojibakeMode, Settings};
pub use summary::{LinkMark, SectionSummary, Summary};

use crate::diagnostic::{Diagnostic, SourceFile};

/// Reads issues by one newsletter's settings. Patterns are compiled once.
#[derive(Debug)]
pub struct Reader {
    settings: Settings,
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
        Ok(Reader { settings })
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
        let issue = Issue {
            source,
            document: Document::parse(source.text(), 0),
            front_matter: FrontMatter::default(),
            title: None,
            number: None,
            date: None,
            language: None,
            original_url: None,
            season_url: None,
            season: None,
            mojibake: text.repair.clone(),
            title_events: None,
            intro: Vec::new(),
            sections: Vec::new(),
            census: Census::default(),
        };
        (issue, text.diagnostics.clone())
    }
}

/// The canonical form of an address, by which links of different issues are
/// compared: lower-case host without `www.`, no scheme, no fragment, no
/// tracking parameters, no trailing `/`, parameters sorted.
pub fn canonical_url(url: &str) -> String {
    url.to_owned()
}
