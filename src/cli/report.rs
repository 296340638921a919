//! Findings as people, scripts and pull requests read them.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level as Drawn, Renderer, Snippet};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cli::terminal::{BOLD, CYAN, GREEN, RED, YELLOW, paint, printable};
use crate::diagnostic::{Finding, Level, Place, Position};

/// How findings are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// With the line and a mark under it.
    #[default]
    Human,
    /// One JSON object; docs/json.md describes it.
    Json,
    /// Commands that annotate a pull request on GitHub.
    Github,
}

/// How many findings there are of each level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) notes: usize,
}

impl Counts {
    pub(crate) fn of(findings: &[Finding]) -> Counts {
        let count = |level| findings.iter().filter(|one| one.level == level).count();
        Counts {
            errors: count(Level::Error),
            warnings: count(Level::Warning),
            notes: count(Level::Note),
        }
    }

    /// `1 error, 2 warnings, no notes`.
    pub(crate) fn words(self) -> String {
        let words = [
            (self.errors, "error"),
            (self.warnings, "warning"),
            (self.notes, "note"),
        ]
        .map(|(count, name)| counted(count, name));
        words.join(", ")
    }
}

/// `no files`, `1 file`, `2 files`.
pub(crate) fn counted(count: usize, name: &str) -> String {
    let many = match name.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{name}s"),
    };
    match count {
        0 => format!("no {many}"),
        1 => format!("1 {name}"),
        _ => format!("{count} {many}"),
    }
}

/// A finding with the line it speaks of and a mark under the words.
pub(crate) fn human(finding: &Finding, color: bool) -> String {
    let style = match finding.level {
        Level::Error => RED,
        Level::Warning => YELLOW,
        Level::Note => GREEN,
    };
    let position = finding.place.as_ref().map_or_else(String::new, |place| {
        format!("{}:{}:", place.start.line, place.start.column)
    });
    let head = format!("{}:{position}", printable(&finding.path));
    let level = format!("{}[{}]:", finding.level.name(), finding.code);
    let mut text = format!(
        "{} {} {}\n",
        paint(color, BOLD, &head),
        paint(color, style, &level),
        printable(&finding.message)
    );
    if let Some(place) = &finding.place {
        text.push_str(&snippet(place, finding, color));
    }
    if let Some(help) = &finding.help {
        let label = paint(color, CYAN, "help:");
        text.push_str(&format!("{label} {}\n", printable(help)));
    }
    text
}

fn snippet(place: &Place, finding: &Finding, color: bool) -> String {
    // A long line is shown around the mark; the numbers stay those of the file.
    let excerpt = printable(&place.excerpt);
    if excerpt.trim().is_empty() {
        return String::new();
    }
    let last = if place.end.line == place.start.line {
        place.end.column
    } else {
        usize::MAX
    };
    let start = byte_of_column(&excerpt, place.start.column);
    let end = byte_of_column(&excerpt, last).max(start);
    let kind = AnnotationKind::Primary.span(start..end);
    let label = printable(&finding.label);
    let annotation = if label.is_empty() {
        kind
    } else {
        kind.label(label)
    };
    let drawn = match finding.level {
        Level::Error => Drawn::ERROR,
        Level::Warning => Drawn::WARNING,
        Level::Note => Drawn::NOTE,
    };
    let group = Group::with_level(drawn).element(
        Snippet::source(excerpt.as_str())
            .line_start(place.start.line)
            .annotation(annotation),
    );
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(100);
    let mut text = renderer.render(&[group]);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// The byte at which a column (in characters, from 1) begins.
fn byte_of_column(line: &str, column: usize) -> usize {
    line.char_indices()
        .nth(column.saturating_sub(1))
        .map_or(line.len(), |(at, _)| at)
}

/// The place of the link on a line that has one: its address, or else all that
/// the line says.
pub(crate) fn link_on_line(line: usize, excerpt: &str) -> Place {
    let start = excerpt
        .find("http")
        .unwrap_or(excerpt.len() - excerpt.trim_start().len());
    let ends = |c: char| c.is_whitespace() || matches!(c, ')' | '>' | '"' | '<');
    let end = match excerpt[start..].starts_with("http") {
        true => excerpt[start..].find(ends).map(|length| start + length),
        false => None,
    };
    let column = |byte: usize| excerpt[..byte].chars().count() + 1;
    Place {
        start: Position {
            line,
            column: column(start),
        },
        end: Position {
            line,
            column: column(end.unwrap_or(excerpt.trim_end().len().max(start))),
        },
        excerpt: excerpt.to_owned(),
    }
}

/// A finding as one JSON object.
pub(crate) fn json(finding: &Finding) -> Value {
    let place = finding.place.as_ref();
    json!({
        "path": finding.path,
        "line": place.map(|place| place.start.line),
        "column": place.map(|place| place.start.column),
        "end_line": place.map(|place| place.end.line),
        "end_column": place.map(|place| place.end.column),
        "level": finding.level.name(),
        "code": finding.code,
        "message": finding.message,
        "label": (!finding.label.is_empty()).then_some(&finding.label),
        "help": finding.help,
    })
}

/// A finding as GitHub's workflow command.
pub(crate) fn github(finding: &Finding) -> String {
    let command = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let mut text = format!("::{command} file={}", escape_property(&finding.path));
    if let Some(place) = &finding.place {
        text.push_str(&format!(
            ",line={},col={}",
            place.start.line, place.start.column
        ));
        if place.end.line == place.start.line && place.end.column > place.start.column {
            text.push_str(&format!(",endColumn={}", place.end.column));
        }
    }
    text.push_str(&format!(",title={}::", escape_property(finding.code)));
    let mut message = finding.message.clone();
    if let Some(help) = &finding.help {
        message.push_str(&format!(" ({help})"));
    }
    text.push_str(&escape_message(&message));
    text.push('\n');
    text
}

fn escape_message(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Diagnostic, SourceFile};

    fn finding() -> Finding {
        let text = "# 第九期\n见「链接」[a](www.example.com) 了\n";
        let source = SourceFile::new("issues/九.md", text);
        let start = text.find("www").unwrap();
        Diagnostic::warning("relative-url", "the link leads nowhere: 100%")
            .at(start..start + "www.example.com".len())
            .label("no scheme")
            .help("write https://www.example.com")
            .locate(&source)
    }

    #[test]
    fn marks_stand_under_the_words_after_wide_characters() {
        let text = human(&finding(), false);
        let expected = "\
issues/九.md:2:10: warning[relative-url]: the link leads nowhere: 100%
  |
2 | 见「链接」[a](www.example.com) 了
  |               ^^^^^^^^^^^^^^^ no scheme
help: write https://www.example.com
";
        assert_eq!(text, expected);
    }

    #[test]
    fn github_gets_its_escapes() {
        let text = github(&finding());
        assert_eq!(
            text,
            "::warning file=issues/九.md,line=2,col=10,endColumn=25,title=relative-url::the link \
             leads nowhere: 100%25 (write https://www.example.com)\n"
        );
    }

    #[test]
    fn a_finding_about_a_whole_file_has_no_position() {
        let finding = Finding::whole_file("a.md", Diagnostic::error("x", "no date"));
        assert_eq!(human(&finding, false), "a.md: error[x]: no date\n");
        assert_eq!(json(&finding)["line"], Value::Null);
    }

    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        let source = SourceFile::new("a.md", "\u{1b}[2Jtext");
        let finding = Diagnostic::note("x", "says \u{1b}]0;x\u{7}").at(0..3);
        assert!(!human(&finding.locate(&source), false).contains('\u{1b}'));
    }
}
