//! TOML front matter, with the place of each value.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Span};
use crate::issue::front_matter::{Field, Value, boundary, keys};

/// Reads the block that begins at byte `base` of the text. The parser bounds
/// nesting itself.
pub(crate) fn read(block: &str, base: usize, diagnostics: &mut Vec<Diagnostic>) -> Vec<Field> {
    let (table, errors) = DeTable::parse_recoverable(block);
    // One mistake makes several messages; the first says it.
    if let Some(error) = errors.first() {
        let place = sound_range(block, error.span().unwrap_or_default());
        let message = format!("this TOML cannot be read: {}", lower_first(error.message()));
        diagnostics.push(
            Diagnostic::error("bad-front-matter", message)
                .at(base + place.start..base + place.end)
                .label("here"),
        );
    }
    let mut fields = Vec::new();
    for (key, value) in table.get_ref() {
        let key = keys::canonical(key.get_ref());
        match value.get_ref() {
            // Zola keeps lists of terms in a table of their own.
            DeValue::Table(terms) if key == "taxonomies" => {
                for (key, value) in terms {
                    fields.push(field(keys::canonical(key.get_ref()), value, block, base));
                }
            }
            _ => fields.push(field(key, value, block, base)),
        }
    }
    // What was made out of a broken line is a guess.
    let broken: BTreeSet<usize> = errors
        .iter()
        .map(|error| line_of(block, error.span().unwrap_or_default().start))
        .collect();
    if !errors.is_empty() {
        fields.retain(|field| {
            field.span.start < field.span.end
                && !broken.contains(&line_of(block, field.span.start - base))
        });
    }
    fields.sort_by_key(|field| field.span);
    fields
}

fn field(key: String, value: &Spanned<DeValue>, block: &str, base: usize) -> Field {
    let place = sound_range(block, value.span());
    Field {
        key,
        value: convert(value.get_ref()),
        span: Span::from(base + place.start..base + place.end),
    }
}

fn convert(value: &DeValue) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Text(number.as_str().to_owned()),
        },
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(number) => Value::Float(number),
            Err(_) => Value::Text(number.as_str().to_owned()),
        },
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(moment) => Value::Text(moment.to_string()),
        DeValue::Array(values) => Value::List(
            values
                .iter()
                .map(|value| convert(value.get_ref()))
                .collect(),
        ),
        DeValue::Table(table) => {
            let entries = table.iter();
            Value::Table(
                entries
                    .map(|(key, value)| (key.get_ref().to_string(), convert(value.get_ref())))
                    .collect(),
            )
        }
    }
}

/// First byte of the line that holds a byte.
fn line_of(block: &str, place: usize) -> usize {
    let before = &block[..boundary(block, place)];
    before.rfind('\n').map_or(0, |end| end + 1)
}

/// The range within the block and on character boundaries.
fn sound_range(block: &str, range: Range<usize>) -> Range<usize> {
    let start = boundary(block, range.start);
    start..boundary(block, range.end).max(start)
}

fn lower_first(message: &str) -> String {
    let message = message.lines().next().unwrap_or_default();
    let mut characters = message.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}
