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

mod access;
mod canonical;
mod census;
mod checks;
mod decode;
mod document;
mod emoji;
mod front_matter;
mod html;
mod inspect;
mod invisible;
mod item;
mod metadata;
mod model;
mod mojibake;
mod offsets;
mod preset;
mod rules;
mod section;
mod settings;
mod slug;
mod split;
mod summary;

pub use canonical::{canonical_url, tracking_parameters};
pub use checks::seen_before;
pub use document::Document;
pub(crate) use document::is_block;
pub(crate) use emoji::is_emoji;
pub use front_matter::{Field, FrontMatter, FrontMatterKind, Value};
pub use inspect::inspect;
pub use model::{
    Census, Content, Events, Image, Issue, IssueDate, Item, Link, Number, Origin, Precision,
    Repair, Section, Style, Title,
};
pub use settings::{KnownSection, MojibakeMode, Settings};
pub use slug::slug;
pub use summary::{LinkMark, SectionSummary, Summary, line_marks};

use encoding_rs::Encoding;
use regex::Regex;

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::issue::metadata::{Metadata, Patterns};

/// Whether a text holds characters that were decoded by the wrong table.
pub(crate) fn is_damaged(text: &str) -> bool {
    mojibake::mend(text).is_some()
}

/// Reads issues by one newsletter's settings. Patterns are compiled once.
#[derive(Debug)]
pub struct Reader {
    settings: Settings,
    encoding: Option<&'static Encoding>,
    patterns: Patterns,
    rules: rules::Rules,
    split_on: Option<Regex>,
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
    /// True for one of several issues of one file.
    pub part: bool,
}

impl Reader {
    /// Compiles the settings.
    ///
    /// # Errors
    ///
    /// One diagnostic for each setting that is no valid pattern; they carry no
    /// span, their message names the key.
    pub fn new(settings: Settings) -> Result<Reader, Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let encoding = settings.encoding.as_deref().and_then(|label| {
            let encoding = Encoding::for_label(label.as_bytes());
            if encoding.is_none() {
                let message = format!("`encoding` names no known encoding: `{label}`");
                problems.push(Diagnostic::error("invalid-setting", message));
            }
            encoding
        });
        let patterns = Patterns::new(&settings).unwrap_or_else(|mut found| {
            problems.append(&mut found);
            Patterns::default()
        });
        let split_on = settings.split_on.as_deref().and_then(|pattern| {
            let compiled = Regex::new(pattern);
            if compiled.is_err() {
                let message = format!("`split_on` is no valid pattern: `{pattern}`");
                problems.push(Diagnostic::error("invalid-setting", message));
            }
            compiled.ok()
        });
        match rules::Rules::new(&settings) {
            Ok(rules) if problems.is_empty() => Ok(Reader {
                settings,
                encoding,
                patterns,
                rules,
                split_on,
            }),
            Ok(_) => Err(problems),
            Err(found) => {
                problems.extend(found);
                Err(problems)
            }
        }
    }

    /// The settings it was made from.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Bytes of a file to text: decoding, line ends, repair of damaged text.
    /// `path` is relative to the newsletter's folder, with `/` between parts.
    pub fn decode(&self, path: &str, bytes: &[u8]) -> Text {
        decode::decode(&self.settings, self.encoding, path, bytes)
    }

    /// The issues of a text: by `split_on`, each becomes a text of its own, whose
    /// places are those of the file. Without that setting there is one.
    pub fn split(&self, text: Text) -> Vec<Text> {
        match &self.split_on {
            Some(pattern) if text.readable => split::split(text, pattern),
            _ => vec![text],
        }
    }

    /// Understands a text. The diagnostics include those of decoding, are in
    /// the order of the text and have the levels of the settings.
    pub fn parse<'s>(&self, text: &'s Text) -> (Issue<'s>, Vec<Diagnostic>) {
        let source = &text.source;
        let mut diagnostics = text.diagnostics.clone();
        let (front_matter, problems) = FrontMatter::read(source.text());
        diagnostics.extend(problems);
        let document = Document::parse(source.text(), front_matter.span.end);
        let (metadata, problems) = metadata::understand(
            &self.settings,
            &self.patterns,
            source,
            &front_matter,
            &document,
        );
        diagnostics.extend(problems);
        let Metadata {
            title,
            title_events,
            number,
            date,
            language,
            original_url,
            season,
        } = metadata;
        let mut issue = Issue {
            source,
            part: text.part,
            document,
            front_matter,
            title,
            number,
            date,
            language,
            original_url,
            season_url: None,
            promo_marks: Vec::new(),
            season,
            mojibake: text.repair.clone(),
            title_events,
            intro: Vec::new(),
            sections: Vec::new(),
            census: Census::default(),
        };
        section::understand(&mut issue, &self.rules);
        let mut report = checks::Report::new(&self.rules);
        report.extend(diagnostics);
        report.extend(access::check(&issue));
        checks::check(
            &issue,
            &self.rules,
            self.settings.base_url.as_deref(),
            &mut report,
        );
        (issue, report.finish())
    }
}
