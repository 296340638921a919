//! What of an issue is for everybody, and what for subscribers alone.
//!
//! An issue is closed by `access: subscribers` in its front matter, a section by
//! the comment `<!-- subscribers -->` or by the settings. What is closed is cut
//! out of the text before anything public is made of it: no writer of pages or
//! feeds has to think of it, and none can forget to. Where it is not clear how
//! much is meant, more is cut.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use pulldown_cmark::{CowStr, Event, LinkType, Tag};
use regex::Regex;

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::issue::document::{Kind, collapse};
use crate::issue::front_matter::{Field, Value};
use crate::issue::metadata::scalar;
use crate::issue::model::Issue;
use crate::issue::{Reader, Text};

/// The comment that closes the rest of a section. What follows a colon sums up,
/// for everybody, what is behind it.
static MARK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?is)<!--+\s*subscribers?\b[^:>]*(?::\s*(.*?)\s*(?:--+>|\z))?")
        .expect("a sound pattern")
});

/// Words of `access` in the front matter.
const OPEN: [&str; 5] = ["public", "everyone", "everybody", "all", "open"];
const CLOSED: [&str; 6] = [
    "subscribers",
    "subscriber",
    "members",
    "member",
    "paid",
    "private",
];

/// A part that is not for everybody.
struct Cut {
    bytes: Range<usize>,
    /// What stands in its place.
    instead: String,
}

impl Reader {
    /// The text of an issue as far as it is for everybody; `None` where all of it
    /// is. `notice` says, in the issue's language, where the rest is to be found.
    pub fn open_text(&self, issue: &Issue<'_>, notice: &str) -> Option<Text> {
        let cuts = if is_closed(issue) {
            let start = issue.document.body_start();
            let summary = ["summary", "description", "excerpt"]
                .into_iter()
                .find_map(|key| scalar(issue.front_matter.get(key)?, issue.source.text()));
            vec![Cut {
                bytes: start..issue.source.text().len(),
                instead: instead(summary.as_deref(), notice),
            }]
        } else {
            let closed = |slug: &str| self.rules.closed_sections.contains(slug);
            cuts(issue, closed, notice)
        };
        if cuts.is_empty() {
            return None;
        }
        Some(Text {
            source: SourceFile::new(issue.source.path(), without(issue, cuts)),
            repair: None,
            diagnostics: Vec::new(),
            readable: true,
            part: issue.part,
        })
    }
}

/// Whether the front matter closes the whole issue. A word that is not known
/// closes it too.
fn is_closed(issue: &Issue<'_>) -> bool {
    let access = issue.front_matter.get("access");
    access.is_some_and(|field| !OPEN.contains(&word(field).as_str()))
}

/// What is to be said of a word that is not known.
pub(crate) fn check(issue: &Issue<'_>) -> Option<Diagnostic> {
    let field = issue.front_matter.get("access")?;
    let word = word(field);
    if OPEN.iter().chain(&CLOSED).any(|known| *known == word) {
        return None;
    }
    let message = "`access` is neither \"public\" nor \"subscribers\"";
    Some(
        Diagnostic::warning("unknown-access", message)
            .at(field.span)
            .label("the issue is taken to be for subscribers alone")
            .help("write `access: subscribers`, or `access: public`"),
    )
}

fn word(field: &Field) -> String {
    match &field.value {
        Value::Text(text) => text.trim().to_ascii_lowercase(),
        _ => String::new(),
    }
}

fn instead(summary: Option<&str>, notice: &str) -> String {
    match summary.map(collapse).filter(|text| !text.is_empty()) {
        Some(summary) => format!("\n\n{summary}\n\n{notice}\n\n"),
        None => format!("\n\n{notice}\n\n"),
    }
}

/// The closed parts, in order, none within another.
fn cuts(issue: &Issue<'_>, closed: impl Fn(&str) -> bool, notice: &str) -> Vec<Cut> {
    let mut found: Vec<Cut> = Vec::new();
    for (index, section) in issue.sections.iter().enumerate() {
        if closed(&section.slug) {
            found.push(Cut {
                bytes: section.span.range().end..end_of(issue, index),
                instead: instead(None, notice),
            });
        }
    }
    found.extend(marks(issue, notice));
    found.sort_by_key(|cut| cut.bytes.start);
    let mut cuts: Vec<Cut> = Vec::new();
    for cut in found {
        match cuts.last_mut() {
            Some(last) if cut.bytes.start <= last.bytes.end => {
                let between = &issue.source.text()[last.bytes.start..cut.bytes.start];
                // A mark right below a heading that the settings close: its words
                // are the better ones.
                if between.trim().is_empty() {
                    last.instead = cut.instead;
                }
                last.bytes.end = last.bytes.end.max(cut.bytes.end);
            }
            _ => cuts.push(cut),
        }
    }
    cuts
}

/// What the comments close.
fn marks(issue: &Issue<'_>, notice: &str) -> Vec<Cut> {
    let text = issue.source.text();
    let events = &issue.document.events;
    let mut found = Vec::new();
    for block in &issue.document.blocks {
        let inside = events.get(block.events.clone()).unwrap_or_default();
        let is_html = |event: &Event<'_>| matches!(event, Event::Html(_) | Event::InlineHtml(_));
        let html = inside.iter().find(|(event, _)| is_html(event));
        let Some((_, first)) = html else { continue };
        // A comment may stand in several events, one for each line.
        let bytes = first.start..block.span.range().end;
        // What looks like one may be shown, as code for example.
        let meant = |at: usize| {
            let mut events = inside.iter();
            events.any(|(event, range)| is_html(event) && range.contains(&at))
        };
        let mut candidates = MARK.captures_iter(text.get(bytes.clone()).unwrap_or_default());
        let mark = candidates.find_map(|mark| {
            let at = bytes.start + mark.get_match().start();
            let summary = mark.get(1).map(|summary| summary.as_str());
            meant(at).then_some((at, summary))
        });
        let Some((at, summary)) = mark else { continue };
        let start = match block.kind {
            Kind::Html => at,
            Kind::Heading(_) => block.span.range().end,
            // In the middle of something: all of that.
            _ => block.span.range().start,
        };
        let place = block.events.start;
        let above = issue
            .sections
            .partition_point(|section| section.heading.start <= place);
        let end = match above.checked_sub(1) {
            Some(index) => end_of(issue, index),
            // Above all sections: everything.
            None => text.len(),
        };
        found.push(Cut {
            bytes: start..end.max(start),
            instead: instead(summary, notice),
        });
    }
    found
}

/// Where a section ends, with those below it.
fn end_of(issue: &Issue<'_>, index: usize) -> usize {
    let is_below = |mut other: usize| loop {
        match issue.sections[other].parent {
            Some(parent) if parent == index => break true,
            Some(parent) if parent < other => other = parent,
            _ => break false,
        }
    };
    let next = (index + 1..issue.sections.len()).find(|other| !is_below(*other));
    next.map_or(issue.source.text().len(), |next| {
        issue
            .document
            .range(issue.sections[next].heading.start)
            .start
    })
}

/// The text without the cuts. Footnotes follow those who speak of them, wherever
/// they are written; links keep the addresses that are written elsewhere.
fn without(issue: &Issue<'_>, mut cuts: Vec<Cut>) -> String {
    let text = issue.source.text();
    let notes = Notes::of(issue, &cuts);
    let mut end = String::new();
    for note in &notes.all {
        let is_cut = cuts.iter().any(|cut| overlap(&cut.bytes, &note.bytes));
        match notes.open.contains(note.name) {
            true if is_cut && note.top => {
                end.push_str("\n\n");
                end.push_str(text[note.bytes.clone()].trim());
            }
            false if !is_cut && notes.spoken_of.contains(note.name) => cuts.push(Cut {
                bytes: note.bytes.clone(),
                instead: "\n".to_owned(),
            }),
            _ => {}
        }
    }
    cuts.sort_by_key(|cut| cut.bytes.start);
    end.push_str("\n\n");
    for (event, range) in issue.document.events() {
        let (Event::Start(Tag::Link {
            link_type,
            dest_url,
            id,
            ..
        })
        | Event::Start(Tag::Image {
            link_type,
            dest_url,
            id,
            ..
        })) = event
        else {
            continue;
        };
        let by_name = matches!(
            link_type,
            LinkType::Reference | LinkType::Collapsed | LinkType::Shortcut
        );
        let is_cut = cuts.iter().any(|cut| overlap(&cut.bytes, range));
        let plain = |part: &CowStr<'_>| !part.contains(['<', '>', '\n', '[', ']']);
        if by_name && !is_cut && plain(id) && plain(dest_url) {
            end.push_str(&format!("[{id}]: <{dest_url}>\n"));
        }
    }
    let mut open = String::with_capacity(text.len());
    let mut at = 0;
    for cut in &cuts {
        if cut.bytes.start >= at {
            open.push_str(&text[at..cut.bytes.start]);
            open.push_str(&cut.instead);
        }
        at = at.max(cut.bytes.end);
    }
    open.push_str(&text[at..]);
    open.push_str(&end);
    open
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

/// The footnotes of an issue.
struct Notes<'i> {
    all: Vec<Note<'i>>,
    /// Names that anything speaks of.
    spoken_of: BTreeSet<&'i str>,
    /// Names that the open text speaks of, or a footnote that it speaks of.
    open: BTreeSet<&'i str>,
}

/// Where a footnote is written.
struct Note<'i> {
    name: &'i str,
    bytes: Range<usize>,
    /// Whether it lies in no other block.
    top: bool,
}

impl<'i> Notes<'i> {
    fn of(issue: &'i Issue<'_>, cuts: &[Cut]) -> Notes<'i> {
        let mut notes = Notes {
            all: Vec::new(),
            spoken_of: BTreeSet::new(),
            open: BTreeSet::new(),
        };
        let mut spoken: Vec<(&'i str, &'i Range<usize>)> = Vec::new();
        let mut depth = 0_usize;
        for (event, range) in issue.document.events() {
            match event {
                Event::Start(Tag::FootnoteDefinition(name)) => notes.all.push(Note {
                    name,
                    bytes: range.clone(),
                    top: depth == 0,
                }),
                Event::FootnoteReference(name) => spoken.push((name, range)),
                _ => {}
            }
            match event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        notes.spoken_of = spoken.iter().map(|(name, _)| *name).collect();
        // Until no footnote leads to a further one.
        loop {
            let before = notes.open.len();
            for (name, range) in &spoken {
                let within = notes.all.iter().find(|note| overlap(&note.bytes, range));
                let is_open = match within {
                    Some(note) => notes.open.contains(note.name),
                    None => !cuts.iter().any(|cut| overlap(&cut.bytes, range)),
                };
                if is_open {
                    notes.open.insert(name);
                }
            }
            if notes.open.len() == before {
                return notes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::{KnownSection, Settings};

    /// The open text below the front matter, on one line; `-` where all is open.
    fn open(text: &str) -> String {
        let mut settings = Settings::default();
        let inner = KnownSection {
            aliases: vec!["Inner circle".to_owned()],
            access: Some("subscribers".to_owned()),
            ..KnownSection::default()
        };
        settings.sections.insert("Inner".to_owned(), inner);
        let reader = Reader::new(settings).unwrap();
        let text = reader.decode("issues/1.md", text.as_bytes());
        let (issue, _) = reader.parse(&text);
        let Some(open) = reader.open_text(&issue, "NOTICE") else {
            return "-".to_owned();
        };
        let (_, body) = open
            .source
            .text()
            .split_once("---\n")
            .unwrap_or(("", open.source.text()));
        let body = body.split_once("---\n").map_or(body, |(_, body)| body);
        collapse(body)
    }

    #[test]
    fn what_is_marked_is_cut() {
        for (text, expected) in [
            ("# One\n\nAll of it.\n", "-"),
            ("---\naccess: public\n---\nAll of it.\n", "-"),
            ("---\naccess: subscribers\n---\n# One\n\nhidden\n", "NOTICE"),
            (
                "---\naccess: hidden?\nsummary: A  word.\n---\nhidden\n",
                "A word. NOTICE",
            ),
            ("---\nvisibility: paid\n---\nhidden\n", "NOTICE"),
            // To the end of the section, with what is below it.
            (
                "# T\n\nIntro.\n\n## A\n\n<!-- subscribers -->\n\nhidden\n\n### Below\n\nhidden\n\n## B\n\nOpen.\n",
                "# T Intro. ## A NOTICE ## B Open.",
            ),
            (
                "# T\n\n## A <!-- subscribers -->\n\nhidden\n\n## B\n\nOpen.\n",
                "# T ## A <!-- subscribers --> NOTICE ## B Open.",
            ),
            (
                "# T\n\n## A\n\nOpen.\n\n<!-- Subscribers: Three tools,\ncompared. -->\n\nhidden\n",
                "# T ## A Open. Three tools, compared. NOTICE",
            ),
            (
                "# T\n\n## A\n\n<!--subscriber only-->hidden\n",
                "# T ## A NOTICE",
            ),
            (
                "# T\n\n## A\n\n<!-- subscribers\n\nhidden",
                "# T ## A NOTICE",
            ),
            // Above all sections: all.
            (
                "# T\n\nIntro.\n\n<!-- subscribers -->\n\n## A\n\nhidden\n",
                "# T Intro. NOTICE",
            ),
            // In the middle of a block: the whole block and the rest.
            (
                "# T\n\n## A\n\nhidden <!-- subscribers --> hidden\n\n## B\n\nOpen.\n",
                "# T ## A NOTICE ## B Open.",
            ),
            (
                "# T\n\n## A\n\n- hidden\n\n  <!-- subscribers -->\n\n- hidden\n\n## B\n\nOpen.\n",
                "# T ## A NOTICE ## B Open.",
            ),
            // By the settings.
            (
                "# T\n\n## Inner circle\n\nhidden\n\n## B\n\nOpen.\n",
                "# T ## Inner circle NOTICE ## B Open.",
            ),
            (
                "# T\n\n## Inner\n\n<!-- subscribers: Words. -->\n\nhidden\n",
                "# T ## Inner Words. NOTICE",
            ),
            // Shown, not meant.
            ("# T\n\n## A\n\nWrite `<!-- subscribers -->`.\n", "-"),
            ("# T\n\n## A\n\n```\n<!-- subscribers -->\n```\n", "-"),
            (
                "# T\n\n## A\n\n<!-- our subscribers like this -->\n\nOpen.\n",
                "-",
            ),
        ] {
            let found = open(text);
            assert_eq!(found, expected, "{text}");
            assert!(!found.contains("hidden"), "{text}");
        }
    }

    #[test]
    fn footnotes_and_addresses_follow_those_who_speak_of_them() {
        let text = "# T\n\nOpen[^a] and [a link][home].\n\n## A\n\n<!-- subscribers -->\n\n\
                    hidden[^b] [x][secret]\n\n[^a]: Open note, see[^c].\n\n\
                    [home]: https://example.org/\n[secret]: https://hidden.example\n\n\
                    ## B\n\nOpen.\n\n[^b]: hidden note.\n\n[^c]: Open too.\n\n[^d]: Nobody's.\n";
        assert_eq!(
            open(text),
            "# T Open[^a] and [a link][home]. ## A NOTICE ## B Open. [^c]: Open too. \
             [^d]: Nobody's. [^a]: Open note, see[^c]. [home]: <https://example.org/>"
        );
    }

    #[test]
    fn a_word_that_is_not_known_is_reported() {
        let reader = Reader::new(Settings::default()).unwrap();
        let found = |access: &str| {
            let text = format!("---\ntitle: T\ndate: 2026-01-02\naccess: {access}\n---\nText.\n");
            let text = reader.decode("issues/1.md", text.as_bytes());
            let (_, found) = reader.parse(&text);
            found.iter().any(|one| one.code == "unknown-access")
        };
        assert!(!found("public") && !found("Subscribers") && !found("paid"));
        assert!(found("subscrbers") && found("[a, b]") && found("true"));
    }
}
