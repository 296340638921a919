//! Findings as proof marks: what, what to do, and where, in the file and in the
//! sheet.

use serde::Serialize;

use crate::desk::Block;
use crate::desk::app::{App, encoded};
use crate::diagnostic::{Finding, Level};

/// More marks of one kind than these are one line of the list, to be opened.
const MANY: usize = 3;

/// A finding as pages show it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Mark {
    /// `error`, `warning` or `note`.
    level: &'static str,
    /// The word at the begin of a mark.
    word: &'static str,
    /// A sign besides the colour.
    sign: &'static str,
    code: &'static str,
    what: String,
    help: Option<String>,
    /// `issues/11.md:8:4`.
    place: Option<String>,
    line: Option<usize>,
    /// Where a click leads: the editor's program, or the source on the desk.
    href: Option<String>,
    /// The source on the desk, also where there is an editor's program.
    source: Option<String>,
    /// Which block of the sheet it is about.
    block: Option<usize>,
}

/// Marks of one kind in the list at the top of the margin.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    level: &'static str,
    word: &'static str,
    sign: &'static str,
    code: &'static str,
    /// So many that the list names their number first.
    many: bool,
    count: usize,
    marks: Vec<Listed>,
}

/// A mark of the list: its place among all, and its line.
#[derive(Debug, Serialize)]
struct Listed {
    place: usize,
    line: Option<usize>,
}

/// The list, in the order in which each kind comes first.
pub(super) fn groups(marks: &[Mark]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (place, mark) in marks.iter().enumerate() {
        let line = mark.line;
        let listed = Listed { place, line };
        let known = groups
            .iter_mut()
            .find(|group| group.code == mark.code && group.level == mark.level);
        match known {
            Some(group) => {
                group.marks.push(listed);
                group.count += 1;
                group.many = group.count > MANY;
            }
            None => groups.push(Group {
                level: mark.level,
                word: mark.word,
                sign: mark.sign,
                code: mark.code,
                many: false,
                count: 1,
                marks: vec![listed],
            }),
        }
    }
    groups
}

impl Mark {
    pub(super) fn level(&self) -> &'static str {
        self.level
    }

    pub(super) fn line(&self) -> Option<usize> {
        self.line
    }
}

impl App {
    /// A finding, with the block that it is about: the last that begins at its line
    /// or before.
    pub(super) fn mark(&self, finding: &Finding, blocks: &[Block]) -> Mark {
        let (word, sign) = match finding.level {
            Level::Error => ("Error", "×"),
            Level::Warning => ("Warning", "!"),
            Level::Note => ("Note", "i"),
        };
        let start = finding.place.as_ref().map(|place| place.start);
        let (line, column) = (start.map(|at| at.line), start.map(|at| at.column));
        let file = finding.path.split('#').next().unwrap_or(&finding.path);
        let is_file = !file.is_empty() && file.contains(['/', '.']);
        let source = is_file.then(|| {
            let anchor = line.map_or_else(String::new, |line| format!("#L{line}"));
            format!("/file/{}{anchor}", encoded(file))
        });
        let editor = self
            .room
            .editor_url(file, line.unwrap_or(1), column.unwrap_or(1));
        let before = |line: usize| blocks.iter().rposition(|block| block.line <= line);
        Mark {
            level: finding.level.name(),
            word,
            sign,
            code: finding.code,
            what: sentence(&finding.message),
            help: finding.help.as_deref().map(sentence),
            place: is_file.then(|| match start {
                Some(at) => format!("{file}:{}:{}", at.line, at.column),
                None => file.to_owned(),
            }),
            line,
            href: editor.filter(|_| is_file).or_else(|| source.clone()),
            source,
            block: line.and_then(before),
        }
    }

    /// All of them, errors first, then by place.
    pub(super) fn marks(&self, findings: &[Finding], blocks: &[Block]) -> Vec<Mark> {
        let mut sorted: Vec<&Finding> = findings.iter().collect();
        sorted.sort_by_key(|one| (one.level, one.place.as_ref().map(|place| place.start.line)));
        sorted.iter().map(|one| self.mark(one, blocks)).collect()
    }
}

/// With a capital at the begin and a full stop at the end.
pub(super) fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    let first: String = match characters.next() {
        // A name of a file or a setting stays as it is written.
        Some(first)
            if words
                .split(' ')
                .next()
                .is_some_and(|word| !word.contains(['.', '/', '_'])) =>
        {
            first.to_uppercase().collect()
        }
        Some(first) => first.to_string(),
        None => return String::new(),
    };
    let whole = first + characters.as_str();
    match whole.ends_with(['.', '?', '!', '…']) {
        true => whole,
        false => whole + ".",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_become_sentences() {
        for (words, said) in [
            ("the link leads nowhere", "The link leads nowhere."),
            ("is it the same?", "Is it the same?"),
            ("smtp.host is not set", "smtp.host is not set."),
            ("", ""),
        ] {
            assert_eq!(sentence(words), said);
        }
    }
}
