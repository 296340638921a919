use serde_json::{Map, Value as Json, json};

use crate::subscriber::list::line::Item;
use crate::subscriber::list::values::{tags_text, time_text};
use crate::subscriber::person::Subscriber;
use crate::subscriber::suppression::{Reason, Suppression};

/// Our own columns, in their order.
pub(super) const COLUMNS: &[&str] = &[
    "email",
    "name",
    "status",
    "language",
    "edition",
    "edition_until",
    "tags",
    "attributes",
    "origin",
    "joined_at",
    "joined_ip",
    "confirmed_at",
    "confirmed_ip",
    "left_at",
    "suppressed",
    "suppressed_at",
    "suppressed_note",
];

/// The first line of a list in CSV.
pub const CSV_HEADER: &str = "email,name,status,language,edition,edition_until,tags,attributes,\
origin,joined_at,joined_ip,confirmed_at,confirmed_ip,left_at,suppressed,suppressed_at,\
suppressed_note\n";

/// A line of CSV (RFC 4180), with its line end. Cells that a spreadsheet would
/// run as a formula begin with an apostrophe, which reading takes away.
pub fn csv_line(item: &Item) -> String {
    let mut line = String::new();
    let cells = cells(item);
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        push_cell(&mut line, cell);
    }
    line.push('\n');
    line
}

/// A line of NDJSON, with its line end.
pub fn json_line(item: &Item) -> String {
    Json::Object(json_object(item)).to_string() + "\n"
}

/// The same as a value: our columns are its members.
pub fn json_object(item: &Item) -> Map<String, Json> {
    let mut object = Map::new();
    match item {
        Item::Erased(hash) => {
            object.insert("erased".to_owned(), json!(hash));
        }
        item => {
            let texts = cells(item);
            for (column, text) in COLUMNS.iter().zip(texts) {
                let value = match text {
                    empty if empty.is_empty() => Json::Null,
                    text => Json::String(text),
                };
                object.insert((*column).to_owned(), value);
            }
            if let Item::Entry(entry) = item {
                let person = &entry.subscriber;
                object.insert("name".to_owned(), json!(person.name));
                object.insert("tags".to_owned(), json!(person.tags));
                object.insert("attributes".to_owned(), json!(person.attributes));
            }
        }
    }
    object
}

fn cells(item: &Item) -> Vec<String> {
    let mut cells = vec![String::new(); COLUMNS.len()];
    let suppression = match item {
        Item::Entry(entry) => {
            person(&entry.subscriber, &mut cells);
            entry.suppression.as_ref()
        }
        Item::Suppressed(address, suppression) => {
            address.as_str().clone_into(&mut cells[0]);
            Some(suppression)
        }
        Item::Domain(domain, suppression) => {
            cells[0] = format!("@{domain}");
            Some(suppression)
        }
        Item::Erased(hash) => {
            Reason::Erased.name().clone_into(&mut cells[14]);
            cells[16].clone_from(hash);
            None
        }
    };
    if let Some(Suppression { reason, at, note }) = suppression {
        reason.name().clone_into(&mut cells[14]);
        cells[15] = time_text(*at);
        cells[16].clone_from(note);
    }
    cells
}

fn person(person: &Subscriber, cells: &mut [String]) {
    let consent = &person.consent;
    let time = |time: Option<_>| time.map(time_text).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let attributes = match person.attributes.is_empty() {
        true => String::new(),
        false => Json::Object(person.attributes.clone()).to_string(),
    };
    let own = [
        person.address.to_string(),
        person.name.clone(),
        person.status.name().to_owned(),
        text(&person.language),
        text(&person.edition),
        time(person.edition_until),
        tags_text(&person.tags),
        attributes,
        consent.origin.clone(),
        time(consent.joined_at),
        text(&consent.joined_ip),
        time(consent.confirmed_at),
        text(&consent.confirmed_ip),
        time(consent.left_at),
    ];
    cells[..own.len()].clone_from_slice(&own);
}

/// Characters with which a cell becomes a formula in some spreadsheet.
fn is_armed(cell: &str) -> bool {
    cell.trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// Takes away the apostrophe that [`csv_line`] put before a cell.
pub(super) fn unarm(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_armed(rest) => rest,
        _ => cell,
    }
}

fn push_cell(line: &mut String, cell: &str) {
    let armed = is_armed(cell);
    let quoted = cell.contains([',', ';', '\t', '"', '\r', '\n', '\'']) || cell.trim() != cell;
    if !quoted && !armed {
        line.push_str(cell);
        return;
    }
    line.push('"');
    if armed {
        line.push('\'');
    }
    line.push_str(&cell.replace('"', "\"\""));
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed_and_armed_again() {
        for text in [
            "=1+1", "+4", "-4", "@x", "\tx", "'=x", "''@x", "'x", "x'", "", "'",
        ] {
            let mut line = String::new();
            push_cell(&mut line, text);
            let bare = line.trim_matches('"').to_owned();
            let starts = |list: &[char]| bare.starts_with(list);
            assert!(!starts(&['=', '+', '-', '@', '\t', '\r']), "{text}: {line}");
            assert_eq!(unarm(&bare), text);
        }
    }

    #[test]
    fn the_header_names_all_columns() {
        assert_eq!(CSV_HEADER.trim_end(), COLUMNS.join(","));
    }
}
