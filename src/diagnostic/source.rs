use std::ops::Range;
use std::sync::OnceLock;

/// Bytes of a [`SourceFile`]'s text, half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span as a range, for slicing.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Span {
            start: range.start,
            end: range.end,
        }
    }
}

/// A place in a file as an editor program shows it: both count from 1, columns
/// in characters (Unicode scalar values).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// One text of the editor's: what was stored on disk, and what the program
/// works with after line ends and damaged characters were mended.
///
/// All spans count bytes of [`SourceFile::text`]; positions shown to people are
/// those of the stored file.
#[derive(Clone, Debug)]
pub struct SourceFile {
    path: String,
    text: String,
    stored: Option<Stored>,
    /// Lines of the file before this text, where it is a part of one.
    lines_before: usize,
    /// First byte of each stored line, found when first asked for.
    lines: OnceLock<Vec<usize>>,
}

#[derive(Clone, Debug)]
struct Stored {
    text: String,
    /// `(offset in text, offset in stored text)`, ascending in both; between
    /// two of them, bytes correspond one to one.
    map: Vec<(usize, usize)>,
}

impl SourceFile {
    /// A text that is used exactly as stored.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        SourceFile {
            path: path.into(),
            text: text.into(),
            stored: None,
            lines_before: 0,
            lines: OnceLock::new(),
        }
    }

    /// A text that differs from the stored one. `map` holds ascending pairs
    /// `(offset in text, offset in stored)`, one for each place from which on
    /// bytes correspond one to one until the next pair.
    pub fn mended(
        path: impl Into<String>,
        text: String,
        stored: String,
        map: Vec<(usize, usize)>,
    ) -> Self {
        SourceFile {
            path: path.into(),
            text,
            stored: Some(Stored { text: stored, map }),
            lines_before: 0,
            lines: OnceLock::new(),
        }
    }

    /// A part of this text as a text of its own; places stay those of the whole
    /// file. The range begins at the begin of a line.
    pub fn part(&self, range: Range<usize>) -> SourceFile {
        let first = self.stored_offset(range.start);
        let (line, _) = self.line_start(first);
        let stored = self.stored.as_ref().map(|stored| {
            let last = self.stored_offset(range.end).max(first);
            let from = stored.map.partition_point(|(at, _)| *at <= range.start);
            let to = stored.map.partition_point(|(at, _)| *at < range.end);
            let inside = stored.map.get(from..to).unwrap_or_default().iter();
            let inside = inside.map(|(at, target)| (at - range.start, target - first));
            Stored {
                text: stored.text[first..last].to_owned(),
                map: std::iter::once((0, 0)).chain(inside).collect(),
            }
        });
        SourceFile {
            path: self.path.clone(),
            text: self.text[range].to_owned(),
            stored,
            lines_before: self.lines_before + line - 1,
            lines: OnceLock::new(),
        }
    }

    /// The file's path as the editor knows it, with `/` between its parts.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The text that everything else is made from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text as it lies on disk (decoded, but otherwise untouched).
    pub fn stored_text(&self) -> &str {
        self.stored
            .as_ref()
            .map_or(&self.text, |stored| &stored.text)
    }

    /// Line and column of a byte of [`SourceFile::text`], in the stored file.
    /// Offsets past the end mean the end; offsets inside a character mean its
    /// first byte.
    pub fn position(&self, offset: usize) -> Position {
        let text = self.stored_text();
        let offset = self.stored_offset(offset);
        let (line, start) = self.line_start(offset);
        Position {
            line: self.lines_before + line,
            column: text[start..offset].chars().count() + 1,
        }
    }

    /// The line alone, which costs less.
    pub fn line(&self, offset: usize) -> usize {
        self.lines_before + self.line_start(self.stored_offset(offset)).0
    }

    /// The stored line that holds a byte of [`SourceFile::text`], without its
    /// line end.
    pub fn stored_line(&self, offset: usize) -> &str {
        let text = self.stored_text();
        let (_, start) = self.line_start(self.stored_offset(offset));
        let end = text[start..]
            .find(['\n', '\r'])
            .map_or(text.len(), |length| start + length);
        &text[start..end]
    }

    /// The number (from 1) and first byte of the stored line that holds
    /// `offset` of the stored text.
    fn line_start(&self, offset: usize) -> (usize, usize) {
        let lines = self.lines.get_or_init(|| line_starts(self.stored_text()));
        let line = lines.partition_point(|&start| start <= offset);
        (line, lines[line - 1])
    }

    fn stored_offset(&self, offset: usize) -> usize {
        let text = self.stored_text();
        let mut offset = match &self.stored {
            None => offset,
            Some(stored) => {
                let next = stored.map.partition_point(|&(at, _)| at <= offset);
                match next.checked_sub(1).map(|index| stored.map[index]) {
                    None => offset,
                    Some((at, target)) => {
                        let limit = stored.map.get(next).map_or(text.len(), |&(_, to)| to);
                        (target + (offset - at)).min(limit)
                    }
                }
            }
        }
        .min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

/// The first byte of each line. A line ends with LF, CR LF or CR alone.
fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    // Hardly a text has CRs; without them a plain search does.
    let with_returns = memchr::memchr(b'\r', bytes).is_some();
    let first = std::iter::once(0);
    if !with_returns {
        let ends = memchr::memchr_iter(b'\n', bytes);
        return first.chain(ends.map(|at| at + 1)).collect();
    }
    let ends = bytes.iter().enumerate().filter(|&(at, &byte)| {
        byte == b'\n' || (byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'))
    });
    first.chain(ends.map(|(at, _)| at + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(source: &SourceFile, offset: usize) -> (usize, usize) {
        let position = source.position(offset);
        (position.line, position.column)
    }

    #[test]
    fn columns_count_characters_not_bytes() {
        let source = SourceFile::new("a.md", "一\n二三x\n");
        assert_eq!(at(&source, 4), (2, 1));
        assert_eq!(at(&source, 10), (2, 3));
        assert_eq!(source.stored_line(10), "二三x");
        assert_eq!(at(&source, 9999), (3, 1));
    }

    #[test]
    fn every_kind_of_line_end_counts_once() {
        let source = SourceFile::new("a.md", "a\r\nb\rc\nd");
        assert_eq!(at(&source, 3), (2, 1));
        assert_eq!(at(&source, 5), (3, 1));
        assert_eq!(at(&source, 7), (4, 1));
    }

    #[test]
    fn places_of_a_part_are_those_of_the_whole_file() {
        let source = SourceFile::new("a.md", "one\n二\nthree\n");
        let part = source.part(4..14);
        assert_eq!(part.text(), "二\nthree\n");
        assert_eq!(at(&part, 0), (2, 1));
        assert_eq!(at(&part, 5), (3, 2));
        // stored "x\r\nab‚Äúc\r\nd", mended "x\nab“c\nd"
        let source = SourceFile::mended(
            "a.md",
            "x\nab“c\nd".into(),
            "x\r\nab‚Äúc\r\nd".into(),
            vec![(0, 0), (2, 3), (4, 5), (7, 12), (9, 15)],
        );
        let part = source.part(2..10);
        assert_eq!(part.stored_text(), "ab‚Äúc\r\nd");
        assert_eq!(at(&part, 2), (2, 3));
        assert_eq!(at(&part, 5), (2, 6));
        assert_eq!(at(&part, 7), (3, 1));
    }

    #[test]
    fn positions_are_those_of_the_stored_file() {
        // stored "ab‚Äúc", mended "ab“c"
        let source = SourceFile::mended(
            "a.md",
            "ab“c".into(),
            "ab‚Äúc".into(),
            vec![(0, 0), (2, 2), (5, 9)],
        );
        assert_eq!(at(&source, 2), (1, 3));
        assert_eq!(at(&source, 5), (1, 6));
        assert_eq!(source.stored_line(0), "ab‚Äúc");
    }
}
