use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json};

use crate::subscriber::address::Address;
use crate::subscriber::list::columns::{Role, role, roles};
use crate::subscriber::list::decode::{Decoder, text};
use crate::subscriber::list::draft::{Context, Draft};
use crate::subscriber::list::format::Format;
use crate::subscriber::list::line::{Bad, Line, ListError, What};
use crate::subscriber::list::records::{Cells, Form, MOST_CELLS, Piece, Records};
use crate::subscriber::list::status::{Standing, of_file_name};
use crate::subscriber::list::values::{key, tags_text};
use crate::subscriber::list::write::unarm;
use crate::subscriber::name::clean_line;
use crate::subscriber::person::Status;
use crate::subscriber::recipient::Recipient;

/// How a list is to be read.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose list it is; `None`: its columns tell.
    pub format: Option<Format>,
    /// The name of the file without its folder; some platforms say in it who
    /// left.
    pub file: String,
    /// The status of those of whom the list says none; `None` is pending.
    pub status: Option<Status>,
    /// Since when somebody is suppressed where the list does not say it.
    pub now: DateTime<Utc>,
}

/// Reads a list from bytes that come in pieces. Holds one record at a time.
pub struct Reader {
    options: Options,
    decoder: Decoder,
    records: Records,
    cells: Cells,
    /// What is known when the first line is read.
    table: Option<Table>,
    /// Stands in an entry until its own address is read.
    nobody: Address,
    recoded: u64,
}

struct Table {
    context: Context,
    /// CSV has columns, NDJSON has none.
    columns: Option<Columns>,
    tells_status: bool,
}

struct Columns {
    delimiter: u8,
    keys: Vec<String>,
    roles: Vec<Role>,
    /// How many cells a line needs to say whether somebody left.
    needed: usize,
    /// There is no header: a line is an address, and perhaps a name.
    bare: bool,
    /// Cells have the mark that keeps spreadsheets from running them.
    armed: bool,
}

impl Reader {
    /// A reader of one list.
    pub fn new(options: Options) -> Reader {
        Reader {
            options,
            decoder: Decoder::new(),
            records: Records::new(),
            cells: Cells::default(),
            table: None,
            nobody: Address::parse("nobody@example.org").expect("it is an address"),
            recoded: 0,
        }
    }

    /// Takes a piece of the file; lines that are whole are added to `lines`.
    pub fn feed(&mut self, bytes: &[u8], lines: &mut Vec<Line>) -> Result<(), ListError> {
        self.decoder.push(bytes, false, &mut self.records.buffer);
        self.advance(false, lines)
    }

    /// Ends the file.
    pub fn finish(&mut self, lines: &mut Vec<Line>) -> Result<(), ListError> {
        self.decoder.push(&[], true, &mut self.records.buffer);
        self.advance(true, lines)?;
        match self.table {
            Some(_) => Ok(()),
            None => Err(ListError::Empty),
        }
    }

    /// Whose list it is, as soon as that is known.
    pub fn format(&self) -> Option<Format> {
        self.table.as_ref().map(|table| table.context.format)
    }

    /// Whether the list itself says where each subscription stands.
    pub fn tells_status(&self) -> bool {
        self.table.as_ref().is_some_and(|table| table.tells_status)
    }

    /// How many records were not UTF-8 and were taken for Windows-1252.
    pub fn recoded(&self) -> u64 {
        self.recoded
    }

    /// How many bytes it holds.
    pub fn held(&self) -> usize {
        self.records.buffer.len()
    }

    fn advance(&mut self, last: bool, lines: &mut Vec<Line>) -> Result<(), ListError> {
        if self.table.is_none() && !self.begin(last, lines)? {
            return Ok(());
        }
        while let Some(piece) = self.records.next(last) {
            let line = match piece {
                Piece::Bad { line, bad } => Some(Line::bad(line, bad)),
                Piece::Record { line, start, end } => self.line(line, start, end),
            };
            lines.extend(line);
        }
        self.records.compact();
        Ok(())
    }

    /// Reads the header; false while it is not whole.
    fn begin(&mut self, last: bool, lines: &mut Vec<Line>) -> Result<bool, ListError> {
        let Some(first) = self.records.first_line(last) else {
            return Ok(false);
        };
        let start = first.trim_ascii_start();
        match start.first() {
            None => return Ok(false),
            Some(b'[') => return Err(ListError::Array),
            Some(b'{') => {
                self.records.shape(Form::Lines);
                return Ok(true);
            }
            _ if start.starts_with(b"PK\x03\x04") => return Err(ListError::Archive),
            _ => {}
        }
        // Excel's way to say the delimiter: `sep=;`.
        let said = match start {
            [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => Some(*delimiter),
            _ => None,
        };
        if let Some(delimiter) = said.filter(u8::is_ascii) {
            self.records.drop_first_line(last);
            self.records.shape(Form::Cells(delimiter));
            return self.header(delimiter, last, lines);
        }
        let delimiter = delimiter(first);
        self.records.shape(Form::Cells(delimiter));
        self.header(delimiter, last, lines)
    }

    fn header(
        &mut self,
        delimiter: u8,
        last: bool,
        lines: &mut Vec<Line>,
    ) -> Result<bool, ListError> {
        let (number, start, end) = match self.records.next(last) {
            None => return Ok(false),
            Some(Piece::Bad { bad, .. }) => return Err(ListError::Header(bad)),
            Some(Piece::Record { line, start, end }) => (line, start, end),
        };
        let (record, _) = text(&self.records.buffer[start..end]);
        let split = self.cells.split(&record, delimiter);
        split.map_err(ListError::Header)?;
        let keys: Vec<String> = self.cells.iter().map(key).collect();
        let bare = self.cells.iter().position(|cell| person(cell).is_some());
        let columns = match bare {
            Some(place) => Columns::bare(delimiter, place, keys.len()),
            None => Columns::of(delimiter, keys, self.options.format)?,
        };
        let format = match bare {
            Some(_) => Format::Plain,
            None => columns.format(self.options.format),
        };
        let standing = match format {
            Format::Mailchimp => of_file_name(&self.options.file).and(columns.standing()),
            _ => Standing::Unsaid,
        };
        let tells_status =
            standing != Standing::Unsaid || columns.roles.iter().any(|role| role.tells_status());
        self.table = Some(Table {
            context: self.context(format, standing),
            tells_status,
            columns: Some(columns),
        });
        if bare.is_some() {
            lines.extend(self.line(number, start, end));
        }
        Ok(true)
    }

    fn context(&self, format: Format, standing: Standing) -> Context {
        let file = clean_line(&self.options.file);
        let origin = match file.as_str() {
            "" => format.name().to_owned(),
            file => format!("{}: {file}", format.name()),
        };
        Context {
            format,
            origin,
            standing,
            default: self.options.status.unwrap_or(Status::Pending),
            now: self.options.now,
        }
    }

    fn line(&mut self, number: u64, start: usize, end: usize) -> Option<Line> {
        let (record, recoded) = text(&self.records.buffer[start..end]);
        self.recoded += u64::from(recoded);
        let Some(table) = &self.table else {
            let Ok(object) = serde_json::from_str(&record) else {
                return Some(Line::bad(number, Bad::Json));
            };
            // The first object that is one tells whose list it is.
            let format = (self.options.format).unwrap_or_else(|| of_object(&object));
            let names: Vec<String> = object.keys().map(|name| key(name)).collect();
            let tells = names.iter().any(|name| role(format, name).tells_status());
            let table = Table {
                context: self.context(format, Standing::Unsaid),
                columns: None,
                tells_status: tells,
            };
            let line = of_json(number, &object, &table.context, &self.nobody);
            self.table = Some(table);
            return Some(line);
        };
        let Some(columns) = &table.columns else {
            return Some(match serde_json::from_str(&record) {
                Ok(object) => of_json(number, &object, &table.context, &self.nobody),
                Err(_) => Line::bad(number, Bad::Json),
            });
        };
        if let Err(bad) = self.cells.split(&record, columns.delimiter) {
            return Some(Line::bad(number, bad));
        }
        if self.cells.iter().all(|cell| cell.trim().is_empty()) {
            return None;
        }
        if let Some(bad) = columns.misfit(&self.cells) {
            return Some(Line::bad(number, bad));
        }
        let mut draft = Draft::new(&table.context, &self.nobody);
        for ((role, key), cell) in columns
            .roles
            .iter()
            .zip(&columns.keys)
            .zip(self.cells.iter())
        {
            if columns.bare && *role == Role::Address {
                match person(cell) {
                    Some(person) if !person.name.is_empty() => {
                        draft.take(Role::Address, key, person.address.as_str());
                        draft.take(Role::Name, key, &person.name);
                    }
                    _ => draft.take(Role::Address, key, cell),
                }
                continue;
            }
            draft.take(*role, key, if columns.armed { unarm(cell) } else { cell });
        }
        let (what, remarks) = draft.finish();
        Some(Line {
            number,
            what,
            remarks,
        })
    }
}

impl Line {
    fn bad(number: u64, bad: Bad) -> Line {
        Line {
            number,
            what: What::Bad(bad),
            remarks: Vec::new(),
        }
    }
}

impl Columns {
    fn of(delimiter: u8, keys: Vec<String>, named: Option<Format>) -> Result<Columns, ListError> {
        let format = named.unwrap_or_else(|| Format::recognise(&keys));
        let roles = roles(format, &keys);
        if let Some(format) = named
            && let Some((column, needed)) = format.needs()
            && !roles.contains(&needed)
        {
            return Err(ListError::Missing { format, column });
        }
        if !roles.contains(&Role::Address) {
            return Err(ListError::NoAddresses);
        }
        let needed = roles.iter().rposition(|role| role.decides());
        Ok(Columns {
            delimiter,
            needed: needed.map_or(0, |place| place + 1),
            armed: format == Format::Letterpress,
            keys,
            roles,
            bare: false,
        })
    }

    /// A list without a header; the address is in this column.
    fn bare(delimiter: u8, place: usize, count: usize) -> Columns {
        let mut roles = vec![Role::Ignored; count];
        roles[place] = Role::Address;
        if count == 2 {
            roles[1 - place] = Role::Name;
        }
        Columns {
            delimiter,
            keys: vec![String::new(); count],
            roles,
            needed: 0,
            bare: true,
            armed: false,
        }
    }

    fn format(&self, named: Option<Format>) -> Format {
        named.unwrap_or_else(|| Format::recognise(&self.keys))
    }

    /// What columns say of all lines by being there.
    fn standing(&self) -> Standing {
        let out = self.roles.iter().filter_map(|role| match role {
            Role::Gone(reason) => Some(Standing::Out(*reason)),
            _ => None,
        });
        out.fold(Standing::Unsaid, Standing::and)
    }

    /// Whether a line has too few or too many cells.
    fn misfit(&self, cells: &Cells) -> Option<Bad> {
        let (found, expected) = (cells.len(), self.roles.len());
        if found < self.needed {
            return Some(Bad::Short);
        }
        let surplus = cells.iter().skip(expected).any(|cell| !cell.is_empty());
        surplus.then_some(Bad::Cells { found, expected })
    }
}

/// The delimiter of a list: the one that its first line has most of, outside
/// quotes.
fn delimiter(line: &[u8]) -> u8 {
    let count = |delimiter: u8| {
        let mut quoted = false;
        let outside = line.iter().filter(|byte| {
            quoted ^= **byte == b'"';
            !quoted && **byte == delimiter
        });
        outside.count()
    };
    let most = b"\t;,".iter().copied().max_by_key(|byte| count(*byte));
    most.filter(|byte| count(*byte) > 0).unwrap_or(b',')
}

/// A person as a list without a header has them: an address, with a name or not.
fn person(cell: &str) -> Option<Recipient> {
    Recipient::parse(cell).ok()
}

/// Whose objects these are.
fn of_object(object: &Map<String, Json>) -> Format {
    let keys: Vec<String> = object.keys().map(|name| key(name)).collect();
    Format::recognise(&keys)
}

/// A line of NDJSON: its members are cells.
fn of_json(number: u64, object: &Map<String, Json>, context: &Context, nobody: &Address) -> Line {
    if object.len() > MOST_CELLS {
        return Line::bad(number, Bad::ManyCells(MOST_CELLS));
    }
    let mut draft = Draft::new(context, nobody);
    let mut addressed = false;
    for (name, value) in object {
        let key = key(name);
        let mut role = role(context.format, &key);
        if role == Role::Address && std::mem::replace(&mut addressed, true) {
            role = Role::Attribute;
        }
        let cell = match (role, value) {
            (_, Json::Null) => Cow::Borrowed(""),
            (_, Json::String(text)) => Cow::Borrowed(text.as_str()),
            (Role::Tags, Json::Array(tags)) => {
                let tags = tags.iter().filter_map(Json::as_str).map(str::to_owned);
                Cow::Owned(tags_text(&tags.collect()))
            }
            (_, other) => Cow::Owned(other.to_string()),
        };
        draft.take(role, &key, &cell);
    }
    let (what, remarks) = draft.finish();
    Line {
        number,
        what,
        remarks,
    }
}
