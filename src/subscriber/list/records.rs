use crate::subscriber::list::line::Bad;

/// A record above this is no line of a list.
pub(super) const LONGEST: usize = 1 << 20;
/// More cells than this are no line of a list.
pub(super) const MOST_CELLS: usize = 1_000;
/// How often reading begins again behind a line whose quote is never closed.
/// Each may cost [`LONGEST`], so a hostile file could make many of them.
const MOST_REWINDS: u32 = 100;

/// How records are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// CSV with this between cells.
    Cells(u8),
    /// One JSON object a line.
    Lines,
}

/// Finds the records in bytes that come in pieces.
pub(super) struct Records {
    form: Form,
    /// What is not yet given away.
    pub(super) buffer: Vec<u8>,
    /// Where the record begins.
    start: usize,
    /// How far it was looked through.
    at: usize,
    state: State,
    /// The number of the line at `start`.
    line: u64,
    /// All up to the next line end belongs to a record that is too long.
    skipping: bool,
    rewinds: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At the beginning of a cell.
    Begin,
    /// Inside a cell where quotes mean nothing.
    Plain,
    /// Inside quotes.
    Quoted,
    /// Behind a quote inside quotes: the end, or the first of two.
    Closing,
}

/// A record, or what is there instead of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// The record between these two places of the buffer.
    Record { line: u64, start: usize, end: usize },
    /// Something that is none.
    Bad { line: u64, bad: Bad },
}

impl Records {
    pub(super) fn new() -> Records {
        Records {
            form: Form::Cells(b','),
            buffer: Vec::new(),
            start: 0,
            at: 0,
            state: State::Begin,
            line: 1,
            skipping: false,
            rewinds: 0,
        }
    }

    /// Says how records are told apart, before the first is asked for.
    pub(super) fn shape(&mut self, form: Form) {
        self.form = form;
    }

    /// The first line that is not blank, as soon as it is whole; drops blank
    /// lines before it. With `last` what is there is whole.
    pub(super) fn first_line(&mut self, last: bool) -> Option<&[u8]> {
        loop {
            let rest = &self.buffer[self.start..];
            let end = rest
                .iter()
                .position(|byte| matches!(byte, b'\n' | b'\r'))
                .or_else(|| (last || rest.len() > LONGEST).then_some(rest.len()))?;
            let blank = rest[..end].iter().all(u8::is_ascii_whitespace);
            if !blank || end == rest.len() {
                let line = self.start..self.start + end;
                return Some(&self.buffer[line]);
            }
            if !self.step_over(self.start + end, last) {
                return None;
            }
        }
    }

    /// Drops the first line, after [`Records::first_line`] gave it.
    pub(super) fn drop_first_line(&mut self, last: bool) {
        let length = self.first_line(last).map_or(0, <[u8]>::len);
        self.start += length;
        self.at = self.start;
    }

    /// The next record; `None` when more bytes are needed, or with `last` when
    /// there is none.
    pub(super) fn next(&mut self, last: bool) -> Option<Piece> {
        loop {
            if self.skipping && !self.skip() {
                return None;
            }
            match self.scan() {
                Some(end) => {
                    let (line, start) = (self.line, self.start);
                    if !self.step_over(end, last) {
                        return None;
                    }
                    if !blank(&self.buffer[start..end]) {
                        return Some(Piece::Record { line, start, end });
                    }
                }
                None if self.at - self.start > LONGEST => return Some(self.too_long()),
                None if !last || self.start == self.buffer.len() => return None,
                None if self.state == State::Quoted => return Some(self.unclosed()),
                None => {
                    let (line, start, end) = (self.line, self.start, self.buffer.len());
                    self.start = end;
                    if blank(&self.buffer[start..end]) {
                        return None;
                    }
                    return Some(Piece::Record { line, start, end });
                }
            }
        }
    }

    /// Forgets the bytes of records that were given away.
    pub(super) fn compact(&mut self) {
        self.buffer.drain(..self.start);
        self.at -= self.start;
        self.start = 0;
    }

    /// Looks for the end of the record; remembers how far it came.
    fn scan(&mut self) -> Option<usize> {
        let limit = self.buffer.len().min(self.start + LONGEST + 1);
        let Form::Cells(delimiter) = self.form else {
            let rest = &self.buffer[self.at..limit];
            let found = rest.iter().position(|byte| *byte == b'\n');
            self.at = found.map_or(limit, |place| self.at + place);
            return found.map(|_| self.at);
        };
        let mut state = self.state;
        let mut end = None;
        let mut at = self.at;
        while at < limit {
            let byte = self.buffer[at];
            state = match (state, byte) {
                (State::Quoted, b'"') => State::Closing,
                (State::Quoted, _) => State::Quoted,
                (_, b'\n' | b'\r') => {
                    end = Some(at);
                    break;
                }
                (State::Begin, b'"') | (State::Closing, b'"') => State::Quoted,
                (_, byte) if byte == delimiter => State::Begin,
                _ => State::Plain,
            };
            at += 1;
        }
        self.at = at;
        self.state = state;
        end
    }

    /// Moves behind the line end at `end`; false when it may be the first half
    /// of one and the other half has not come.
    fn step_over(&mut self, end: usize, last: bool) -> bool {
        let behind = match self.buffer.get(end..) {
            Some([b'\r', b'\n', ..]) => end + 2,
            Some([b'\r']) if !last => return false,
            _ => end + 1,
        };
        self.line += line_ends(&self.buffer[self.start..behind]);
        self.start = behind;
        self.at = behind;
        self.state = State::Begin;
        true
    }

    /// A record became too long: most often a quote that is never closed. Its
    /// first line is given up, and reading goes on behind that.
    fn too_long(&mut self) -> Piece {
        if self.state == State::Quoted || self.state == State::Closing {
            return self.unclosed();
        }
        self.give_up(Bad::Long(LONGEST))
    }

    fn unclosed(&mut self) -> Piece {
        let line = self.line;
        let first = self.buffer[self.start..self.at]
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'));
        match first {
            Some(length) if self.rewinds < MOST_REWINDS => {
                self.rewinds += 1;
                self.step_over(self.start + length, true);
                let bad = Bad::Unclosed;
                Piece::Bad { line, bad }
            }
            _ => self.give_up(Bad::Unclosed),
        }
    }

    /// Drops all that was looked through, and the rest of its last line.
    fn give_up(&mut self, bad: Bad) -> Piece {
        let line = self.line;
        self.line += line_ends(&self.buffer[self.start..self.at]);
        self.start = self.at;
        self.state = State::Begin;
        self.skipping = true;
        Piece::Bad { line, bad }
    }

    /// Drops the rest of a line; false while its end has not come.
    fn skip(&mut self) -> bool {
        let found = self.buffer[self.start..]
            .iter()
            .position(|byte| *byte == b'\n');
        match found {
            Some(length) => {
                self.line += 1;
                self.start += length + 1;
                self.skipping = false;
            }
            None => self.start = self.buffer.len(),
        }
        self.at = self.start;
        found.is_some()
    }
}

fn blank(record: &[u8]) -> bool {
    record.iter().all(u8::is_ascii_whitespace)
}

/// How many lines end here; CR, LF and CR LF end one.
fn line_ends(bytes: &[u8]) -> u64 {
    let mut count = 0;
    for (index, byte) in bytes.iter().enumerate() {
        let ends = match byte {
            b'\n' => true,
            b'\r' => bytes.get(index + 1) != Some(&b'\n'),
            _ => false,
        };
        count += u64::from(ends);
    }
    count
}

/// The cells of one record.
#[derive(Debug, Default)]
pub(super) struct Cells {
    text: String,
    ends: Vec<usize>,
}

impl Cells {
    /// Splits a record (RFC 4180 §2); what stands behind a closing quote is
    /// part of the cell.
    pub(super) fn split(&mut self, record: &str, delimiter: u8) -> Result<(), Bad> {
        self.text.clear();
        self.ends.clear();
        let delimiter = char::from(delimiter);
        let mut rest = record;
        loop {
            if self.ends.len() == MOST_CELLS {
                return Err(Bad::ManyCells(MOST_CELLS));
            }
            if let Some(quoted) = rest.strip_prefix('"') {
                rest = self.quoted(quoted);
            }
            match rest.split_once(delimiter) {
                Some((cell, behind)) => {
                    self.text.push_str(cell);
                    self.ends.push(self.text.len());
                    rest = behind;
                }
                None => {
                    self.text.push_str(rest);
                    self.ends.push(self.text.len());
                    return Ok(());
                }
            }
        }
    }

    /// Takes a cell up to its closing quote; what follows it.
    fn quoted<'t>(&mut self, mut rest: &'t str) -> &'t str {
        while let Some((part, behind)) = rest.split_once('"') {
            self.text.push_str(part);
            match behind.strip_prefix('"') {
                Some(more) => {
                    self.text.push('"');
                    rest = more;
                }
                None => return behind,
            }
        }
        self.text.push_str(rest);
        ""
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|index| {
            let start = match index {
                0 => 0,
                _ => self.ends[index - 1],
            };
            &self.text[start..self.ends[index]]
        })
    }
}
