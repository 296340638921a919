//! `Key: value` lines: the form of Pelican and MultiMarkdown, and the way in
//! which keys are saved out of front matter that is broken otherwise.

use std::ops::Range;

use crate::diagnostic::Span;
use crate::issue::front_matter::{Field, FrontMatter, FrontMatterKind, Value, keys};

/// So many lines of headers are read.
const MAX_LINES: usize = 200;

/// Header lines at the begin of a text, up to the first empty line. They are
/// headers only when the first key is a known one and every line is a key with
/// a value or, indented, the continuation of one; otherwise all is body.
pub(crate) fn read(text: &str) -> Option<FrontMatter> {
    let end = extent(text);
    let lines = || lines(&text[..end]);
    let (_, first) = lines().next()?;
    let first = keys::canonical(key(first)?);
    if !keys::begins_headers(&first) || lines().count() > MAX_LINES {
        return None;
    }
    let is_header = |line: &str| line.starts_with([' ', '\t']) || key(line).is_some();
    if !lines().all(|(_, line)| is_header(line)) {
        return None;
    }
    Some(FrontMatter {
        kind: FrontMatterKind::Headers,
        span: Span::from(0..end),
        fields: fields(&text[..end], 0, str::trim),
    })
}

/// The bytes up to the first empty line.
pub(crate) fn extent(text: &str) -> usize {
    lines(text)
        .take_while(|(_, line)| !line.trim().is_empty())
        .last()
        .map_or(0, |(range, _)| range.end)
}

/// The keys that stand at the begin of lines, from a block that is broken.
/// Quotes around values are taken off; values of several lines are left out.
pub(crate) fn salvage(block: &str, base: usize) -> Vec<Field> {
    let mut fields = fields(block, base, |value| {
        let value = value.trim();
        ['\'', '"']
            .into_iter()
            .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
            .unwrap_or(value)
    });
    let is_plain = |value: &Value| match value {
        Value::Text(text) => !text.is_empty() && !text.starts_with(['[', '{', '|', '>', '&', '*']),
        _ => true,
    };
    fields.retain(|field| is_plain(&field.value));
    fields
}

/// The key of a line `key: value` or `"key": value`.
pub(crate) fn key(line: &str) -> Option<&str> {
    let (key, rest) = line.split_once(':')?;
    let key = key.trim_end().trim_matches(['"', '\'']);
    let mut characters = key.chars();
    let sound = characters.next()?.is_alphabetic()
        && key.len() <= 40
        && characters.all(|character| {
            character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | ' ')
        })
        && key.split(' ').count() <= 3
        && (rest.is_empty() || rest.starts_with([' ', '\t', '\n']));
    sound.then_some(key)
}

fn fields(block: &str, base: usize, clean: fn(&str) -> &str) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for (range, line) in lines(block).take(MAX_LINES) {
        if line.starts_with([' ', '\t']) {
            if let Some(Field {
                value: Value::Text(text),
                span,
                ..
            }) = fields.last_mut()
            {
                // One space between the lines of a value.
                text.push(' ');
                text.push_str(line.trim());
                span.end = base + range.start + line.trim_end().len();
            }
            continue;
        }
        let Some(key) = key(line) else {
            continue;
        };
        let value_start = line.find(':').map_or(line.len(), |colon| colon + 1);
        let value = &line[value_start..];
        let start = base + range.start + value_start + (value.len() - value.trim_start().len());
        fields.push(Field {
            key: keys::canonical(key),
            value: Value::Text(clean(value).to_owned()),
            span: Span::from(start..start + value.trim().len()),
        });
    }
    fields
}

/// Each line with its bytes, line end included in the range but not in the text.
fn lines(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start..at, line.strip_suffix('\n').unwrap_or(line))
    })
}
