//! Reading lists.

mod files;
mod platforms;

use chrono::{DateTime, Utc};

use crate::subscriber::Entry;
use crate::subscriber::list::{Format, Item, Line, ListError, Options, Reader, What};

fn now() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn options(file: &str) -> Options {
    Options {
        format: None,
        file: file.to_owned(),
        status: None,
        now: now(),
    }
}

fn read_as(
    options: Options,
    bytes: &[u8],
    piece: usize,
) -> Result<(Vec<Line>, Option<Format>), ListError> {
    let mut reader = Reader::new(options);
    let mut lines = Vec::new();
    for piece in bytes.chunks(piece) {
        reader.feed(piece, &mut lines)?;
    }
    reader.finish(&mut lines)?;
    Ok((lines, reader.format()))
}

/// Reads a list at once and byte by byte, which must give the same.
fn read(file: &str, text: impl AsRef<[u8]>) -> (Vec<Line>, Format) {
    let whole = read_as(options(file), text.as_ref(), usize::MAX).unwrap();
    let slowly = read_as(options(file), text.as_ref(), 1).unwrap();
    assert_eq!(whole, slowly);
    (whole.0, whole.1.unwrap())
}

fn entry(line: &Line) -> &Entry {
    match &line.what {
        What::Item(Item::Entry(entry)) => entry,
        other => panic!("line {}: {other:?}", line.number),
    }
}

/// `local status[/reason]` of each line: what decides whether they are mailed.
fn standings(lines: &[Line]) -> Vec<String> {
    let words = |line: &Line| match &line.what {
        What::Item(Item::Entry(entry)) => {
            let person = &entry.subscriber;
            let mut words = format!("{} {}", person.address.local(), person.status.name());
            if let Some(suppression) = &entry.suppression {
                words.push('/');
                words.push_str(suppression.reason.name());
            }
            words
        }
        What::Item(item) => format!("{item:?}"),
        What::Skipped(_) => "skipped".to_owned(),
        What::Bad(_) => "bad".to_owned(),
    };
    lines.iter().map(words).collect()
}

#[track_caller]
fn check(file: &str, text: &str, format: Format, expected: &[&str]) -> Vec<Line> {
    let (lines, read) = read(file, text);
    assert_eq!(read, format);
    assert_eq!(standings(&lines), expected);
    lines
}
