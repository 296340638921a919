//! Tables that are too wide for a mail or a text.

use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};
use unicode_width::UnicodeWidthStr;

use crate::render::events::{Spanned, plain_text};

/// Columns of text that fit beside each other.
const WIDEST: usize = 64;

/// A cell with the title of its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LabelledCell {
    /// Plain text of the column's head.
    pub(crate) label: String,
    /// The cell's inline events, relative to the table's first event.
    pub(crate) value: Range<usize>,
}

/// The cells of a table, head first, as ranges relative to its first event.
pub(crate) fn cells(table: &[Spanned<'_>]) -> Vec<Vec<Range<usize>>> {
    let mut rows: Vec<Vec<Range<usize>>> = Vec::new();
    let mut open = 0;
    for (index, (event, _)) in table.iter().enumerate() {
        match event {
            Event::Start(Tag::TableHead | Tag::TableRow) => rows.push(Vec::new()),
            Event::Start(Tag::TableCell) => open = index + 1,
            Event::End(TagEnd::TableCell) => {
                if let Some(row) = rows.last_mut() {
                    row.push(open..index);
                }
            }
            _ => {}
        }
    }
    rows
}

/// The rows of a table that is too wide, each cell with its label; `None` when
/// the table fits.
pub(crate) fn wide_rows(table: &[Spanned<'_>]) -> Option<Vec<Vec<LabelledCell>>> {
    let rows = cells(table);
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths = (0..columns).map(|column| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| plain_text(&table[cell.clone()]).width())
            .max()
            .unwrap_or(0)
    });
    if widths.map(|width| width + 2).sum::<usize>() <= WIDEST {
        return None;
    }
    let (head, body) = rows.split_first()?;
    let labels: Vec<String> = head
        .iter()
        .map(|cell| plain_text(&table[cell.clone()]).trim().to_owned())
        .collect();
    let labelled = |row: &Vec<Range<usize>>| {
        row.iter()
            .enumerate()
            .filter(|(_, cell)| !cell.is_empty())
            .map(|(column, cell)| LabelledCell {
                label: labels.get(column).cloned().unwrap_or_default(),
                value: cell.clone(),
            })
            .collect()
    };
    if body.is_empty() {
        return None;
    }
    Some(body.iter().map(labelled).collect())
}
