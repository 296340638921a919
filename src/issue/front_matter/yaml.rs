//! YAML front matter, with the place of each value.
//!
//! Built from the parser's events, so that depth, the number of values and what
//! aliases stand for are bounded here and nothing recurses.

use std::collections::{BTreeMap, BTreeSet};

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::diagnostic::{Diagnostic, Span};
use crate::issue::front_matter::{Field, Value, boundary, headers, keys};

/// Lists and tables may lie this deep in each other.
const MAX_DEPTH: usize = 32;
/// So many values may there be, those that aliases repeat included.
const MAX_VALUES: usize = 10_000;

/// Reads the block that begins at byte `base` of the text. After a mistake, the
/// keys before it and those on lines of their own are kept.
pub(crate) fn read(block: &str, base: usize, diagnostics: &mut Vec<Diagnostic>) -> Vec<Field> {
    let places = Places::new(block);
    let mut builder = Builder::default();
    if let Err(problem) = builder.run(block, &places) {
        let at = boundary(block, problem.place);
        let end = block[at..]
            .char_indices()
            .nth(1)
            .map_or(block.len(), |(length, _)| at + length);
        let mut diagnostic = Diagnostic::error(
            "bad-front-matter",
            format!("this YAML cannot be read: {}", problem.message),
        )
        .at(base + at..base + end)
        .label("here");
        if problem.message.contains("mapping values") {
            diagnostic = diagnostic.help("put a value with a colon in it in quotes");
        }
        diagnostics.push(diagnostic);
        // What was read of the broken line is half a value.
        builder.fields.retain(|field| {
            let between = block.get(field.span.start..at);
            between.is_some_and(|between| between.contains('\n'))
        });
        let known: BTreeSet<String> = builder
            .fields
            .iter()
            .map(|field| field.key.clone())
            .collect();
        let mut fields = builder.into_fields(base);
        let saved = headers::salvage(block, base).into_iter();
        fields.extend(saved.filter(|field| !known.contains(&field.key)));
        return fields;
    }
    let fields = builder.into_fields(base);
    let mut seen = BTreeSet::new();
    for field in &fields {
        if !seen.insert(&field.key) {
            let message = format!("the key `{}` is given twice; the first counts", field.key);
            diagnostics.push(
                Diagnostic::warning("duplicate-key", message)
                    .at(field.span)
                    .label("has no effect"),
            );
        }
    }
    fields
}

/// What is wrong, at a byte of the block.
struct Problem {
    place: usize,
    message: String,
}

/// Bytes of the block by character, as the parser counts.
struct Places {
    /// Empty when all is ASCII.
    bytes: Vec<usize>,
    length: usize,
}

impl Places {
    fn new(block: &str) -> Places {
        let bytes = if block.is_ascii() {
            Vec::new()
        } else {
            block.char_indices().map(|(byte, _)| byte).collect()
        };
        Places {
            bytes,
            length: block.len(),
        }
    }

    fn byte(&self, character: usize) -> usize {
        if self.bytes.is_empty() {
            return character.min(self.length);
        }
        self.bytes.get(character).copied().unwrap_or(self.length)
    }
}

/// A list or table that is not finished yet.
struct Open {
    anchor: usize,
    start: usize,
    node: Node,
}

enum Node {
    List(Vec<Value>),
    /// With the key whose value comes next.
    Table(Vec<(String, Value)>, Option<String>),
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Value>,
    values: usize,
    /// Keys of the outermost table, with spans in the block.
    fields: Vec<Field>,
}

impl Builder {
    fn run(&mut self, block: &str, places: &Places) -> Result<(), Problem> {
        let mut parser = Parser::new_from_str(block);
        while let Some(next) = parser.next_event() {
            let (event, span) = next.map_err(|error| Problem {
                place: places.byte(error.marker().index()),
                message: error.info().to_owned(),
            })?;
            let (start, end) = (
                places.byte(span.start.index()),
                places.byte(span.end.index()),
            );
            self.take(event, start, end.max(start), block)
                .map_err(|message| Problem {
                    place: start,
                    message: message.to_owned(),
                })?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        event: Event,
        start: usize,
        end: usize,
        block: &str,
    ) -> Result<(), &'static str> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = if style == ScalarStyle::Plain && tag.is_none() {
                    plain(&text)
                } else {
                    Value::Text(text.into_owned())
                };
                let end = start + block[start..end].trim_end().len();
                self.place(value, anchor, start, end)
            }
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned().unwrap_or(Value::Null);
                self.values += size(&value);
                self.place(value, 0, start, end)
            }
            Event::SequenceStart(anchor, _) => self.begin(Node::List(Vec::new()), anchor, start),
            Event::MappingStart(anchor, _) => {
                self.begin(Node::Table(Vec::new(), None), anchor, start)
            }
            Event::SequenceEnd | Event::MappingEnd => self.finish(end, block),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, node: Node, anchor: usize, start: usize) -> Result<(), &'static str> {
        if self.open.len() >= MAX_DEPTH {
            return Err("it is nested too deep");
        }
        self.open.push(Open {
            anchor,
            start,
            node,
        });
        Ok(())
    }

    fn finish(&mut self, end: usize, block: &str) -> Result<(), &'static str> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match open.node {
            Node::List(values) => Value::List(values),
            // The outermost table has become fields.
            Node::Table(..) if self.open.is_empty() => return Ok(()),
            Node::Table(entries, _) => Value::Table(entries),
        };
        let end = open.start + block[open.start..end.max(open.start)].trim_end().len();
        self.place(value, open.anchor, open.start, end)
    }

    /// Puts a finished value where it belongs.
    fn place(
        &mut self,
        value: Value,
        anchor: usize,
        start: usize,
        end: usize,
    ) -> Result<(), &'static str> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err("it holds too many values");
        }
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        let is_outermost = self.open.len() == 1;
        let Some(open) = self.open.last_mut() else {
            return match value {
                Value::Null => Ok(()),
                _ => Err("there must be keys with values, such as `title: …`"),
            };
        };
        match &mut open.node {
            Node::List(values) => values.push(value),
            Node::Table(_, next_key @ None) => {
                *next_key = Some(match value {
                    Value::Text(text) => text,
                    Value::Integer(number) => number.to_string(),
                    Value::Float(number) => number.to_string(),
                    Value::Bool(value) => value.to_string(),
                    Value::Null | Value::List(_) | Value::Table(_) => String::new(),
                });
            }
            Node::Table(entries, next_key) => {
                let key = next_key.take().unwrap_or_default();
                if is_outermost {
                    self.fields.push(Field {
                        key: keys::canonical(&key),
                        value,
                        span: Span::from(start..end),
                    });
                } else {
                    entries.push((key, value));
                }
            }
        }
        Ok(())
    }

    fn into_fields(self, base: usize) -> Vec<Field> {
        let mut fields = self.fields;
        for field in &mut fields {
            field.span = Span::from(base + field.span.start..base + field.span.end);
        }
        fields
    }
}

/// How many values a value holds, itself included; its depth is bounded.
fn size(value: &Value) -> usize {
    match value {
        Value::List(values) => 1 + values.iter().map(size).sum::<usize>(),
        Value::Table(entries) => 1 + entries.iter().map(|(_, value)| size(value)).sum::<usize>(),
        _ => 1,
    }
}

/// A scalar without quotes, by the core schema (YAML 1.2 §10.3.2). Dates stay
/// text, and so do numbers with leading zeros, which are names of issues.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = digits.starts_with(|first: char| first.is_ascii_digit())
        && !(digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0."));
    if is_number {
        if let Ok(number) = text.parse::<i64>() {
            return Value::Integer(number);
        }
        let is_decimal = digits
            .chars()
            .all(|character| character.is_ascii_digit() || matches!(character, '.' | 'e' | 'E'));
        if let (true, Ok(number)) = (is_decimal, text.parse::<f64>()) {
            return Value::Float(number);
        }
    }
    Value::Text(text.to_owned())
}
