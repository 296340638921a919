//! One pass over the HTML of a mail: what its reader sees and does not see.

use crate::diagnostic::Diagnostic;
use crate::email::check::markup::{Tag, Token, resolved, tokens};
use crate::email::check::references::References;
use crate::email::check::style::{self, Piece};
use crate::email::check::support::Used;

/// Elements that no mail program runs and filters take for an attack.
const ACTIVE: [&str; 16] = [
    "script", "form", "iframe", "frame", "svg", "object", "embed", "applet", "input", "button",
    "select", "textarea", "video", "audio", "canvas", "base",
];

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    references: References,
    used: Used,
    /// Elements that are open.
    open: Vec<Open>,
    /// Classes that a style sheet hides.
    hidden_classes: Vec<String>,
    hidden: Vec<String>,
    active: Vec<String>,
    /// Levels of the headings, in order.
    headings: Vec<u8>,
    words: u64,
    /// Addresses of links whose text is seen.
    seen_links: Vec<String>,
    /// All text that is seen.
    shown: String,
    /// Addresses of all links.
    links: Vec<String>,
}

#[derive(Debug)]
struct Open {
    name: String,
    hides: bool,
    /// Where a link leads.
    address: Option<String>,
}

impl Reading {
    /// Reads the whole of a mail.
    pub(crate) fn of(html: &str) -> Reading {
        let mut reading = Reading::default();
        for token in tokens(html) {
            match token {
                Token::Open(tag) => reading.begin(&tag),
                Token::Close(name) => {
                    let open = reading.open.iter().rposition(|open| open.name == name);
                    reading.open.truncate(open.unwrap_or(reading.open.len()));
                }
                Token::Text(text) => reading.text(&resolved(text)),
                Token::Style(css) => reading.style_sheet(&style::without_comments(css)),
            }
        }
        reading
    }

    fn begin(&mut self, tag: &Tag<'_>) {
        self.references.tag(tag);
        self.used.tag(tag);
        let name = tag.name.as_str();
        let runs = tag
            .attributes()
            .map(|(name, _)| name)
            .find(|name| name.starts_with("on"));
        if ACTIVE.contains(&name) {
            self.active.push(format!("<{name}>"));
        } else if let Some(runs) = runs {
            self.active.push(format!("{runs} of <{name}>"));
        } else if name == "meta"
            && tag
                .get("http-equiv")
                .is_some_and(|value| value.eq_ignore_ascii_case("refresh"))
        {
            self.active.push("a forwarding <meta>".to_owned());
        }
        if let [b'h', level @ b'1'..=b'6'] = name.as_bytes() {
            self.headings.push(level - b'0');
        }
        if tag.is_void {
            return;
        }
        let mut classes = tag.get("class").unwrap_or_default().split_whitespace();
        let hides = tag.get("hidden").is_some()
            || tag.get("style").is_some_and(style::hides)
            || classes.any(|class| self.hidden_classes.iter().any(|hidden| hidden == class));
        let address = tag.get("href").filter(|_| name == "a");
        self.links.extend(address.map(str::to_owned));
        self.open.push(Open {
            name: name.to_owned(),
            hides,
            address: address.map(str::to_owned),
        });
    }

    fn text(&mut self, text: &str) {
        let text = text.trim_matches(is_blank);
        if text.is_empty() || self.open.iter().any(|open| open.name == "title") {
            return;
        }
        if self.open.iter().any(|open| open.hides) {
            self.hidden.push(text.to_owned());
            return;
        }
        self.words += words(text);
        self.shown.push_str(text);
        self.shown.push('\n');
        let link = self.open.iter().rev().find_map(|open| open.address.clone());
        if let Some(address) = link {
            self.references.link_text(text, &address);
            self.seen_links.push(address);
        }
    }

    fn style_sheet(&mut self, css: &str) {
        self.used.style_sheet(css);
        for piece in style::pieces(css) {
            let Piece::Rule(selectors, body) = piece else {
                continue;
            };
            if style::hides(body) {
                let classes = selectors
                    .split(',')
                    .filter_map(|one| one.trim().strip_prefix('.'));
                let is_name = |one: char| one.is_alphanumeric() || matches!(one, '-' | '_');
                let simple = classes.filter(|class| class.chars().all(is_name));
                self.hidden_classes.extend(simple.map(str::to_owned));
            }
        }
    }

    /// Whether a link to `address` has text to press.
    pub(crate) fn shows(&self, address: &str) -> bool {
        self.seen_links.iter().any(|seen| seen == address)
    }

    /// All text that is seen, and the addresses of all links.
    pub(crate) fn contents(&self) -> (&str, &[String]) {
        (&self.shown, &self.links)
    }

    /// What is to be said.
    pub(crate) fn tell(&self, found: &mut Vec<Diagnostic>) {
        self.references.tell(self.words, found);
        self.used.tell(found);
        if let Some(first) = self.hidden.first() {
            let shown: String = first.chars().take(60).collect();
            found.push(
                Diagnostic::warning(
                    "hidden-content",
                    format!("text is hidden from readers, which filters mistrust: {shown}"),
                )
                .help("show it or leave it out"),
            );
        }
        if !self.active.is_empty() {
            let mut kinds = self.active.clone();
            kinds.sort_unstable();
            kinds.dedup();
            found.push(
                Diagnostic::warning(
                    "active-content",
                    format!(
                        "mail programs drop {} and filters may refuse the mail",
                        kinds.join(", ")
                    ),
                )
                .help("link to a page that has it"),
            );
        }
        self.outline(found);
    }

    fn outline(&self, found: &mut Vec<Diagnostic>) {
        let first = self.headings.iter().filter(|level| **level == 1).count();
        let skip = self
            .headings
            .windows(2)
            .find(|pair| pair[1] > pair[0] + 1)
            .map(|pair| (pair[0], pair[1]));
        let words = match (first, skip) {
            (2.., _) => format!("there are {first} headings of level 1"),
            (_, Some((from, to))) => {
                format!("a heading of level {to} follows one of level {from}")
            }
            _ => return,
        };
        found.push(
            Diagnostic::note("mail-headings", words)
                .help("who listens to the mail finds the way by its headings"),
        );
    }
}

/// Blanks, and characters that stand for nothing.
fn is_blank(one: char) -> bool {
    one.is_whitespace()
        || matches!(
            one,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{34f}' | '\u{feff}'
        )
}

/// How many words there are, two Han characters for one.
fn words(text: &str) -> u64 {
    let is_han = |one: char| matches!(one, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}');
    let han = text.chars().filter(|one| is_han(*one)).count();
    let others = text
        .split(|one: char| one.is_whitespace() || is_han(one))
        .filter(|word| word.contains(char::is_alphanumeric));
    (others.count() + han.div_ceil(2)) as u64
}
