//! What stands before the body: YAML, TOML, header lines, or nothing.
//!
//! Reading never fails: what is wrong becomes a diagnostic at its place, and
//! the keys that can be made out are kept. Nesting, aliases and size are
//! bounded, so that no front matter costs more than its length.

mod fence;
mod headers;
mod keys;
mod toml_block;
mod yaml;

#[cfg(test)]
mod tests;

use crate::diagnostic::{Diagnostic, Span};

/// The form of the front matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FrontMatterKind {
    /// There is none.
    #[default]
    None,
    /// Between `---` lines.
    Yaml,
    /// Between `+++` lines.
    Toml,
    /// `Key: value` lines up to the first empty line.
    Headers,
}

impl FrontMatterKind {
    /// The word in JSON: `none`, `yaml`, `toml` or `headers`.
    pub fn name(self) -> &'static str {
        match self {
            FrontMatterKind::None => "none",
            FrontMatterKind::Yaml => "yaml",
            FrontMatterKind::Toml => "toml",
            FrontMatterKind::Headers => "headers",
        }
    }
}

/// A value of the front matter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text; dates are text too, as written.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// true or false.
    Bool(bool),
    /// A list.
    List(Vec<Value>),
    /// A table, keys in the order written.
    Table(Vec<(String, Value)>),
    /// No value.
    Null,
}

/// One key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The key in lower case, aliases resolved (`pubDate` is `date`).
    pub key: String,
    /// Its value.
    pub value: Value,
    /// Where the value stands in the text.
    pub span: Span,
}

/// The front matter of an issue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrontMatter {
    /// Its form.
    pub kind: FrontMatterKind,
    /// Its bytes, delimiters included.
    pub span: Span,
    /// Its keys in the order written.
    pub fields: Vec<Field>,
}

impl FrontMatter {
    /// Reads the front matter at the begin of `text`; the body begins at the
    /// end of its span.
    pub(crate) fn read(text: &str) -> (FrontMatter, Vec<Diagnostic>) {
        let (front_matter, diagnostics) = match fence::find(text) {
            Some(block) => block.read(text),
            None => (headers::read(text).unwrap_or_default(), Vec::new()),
        };
        (front_matter, diagnostics)
    }

    /// The field of a canonical key, such as `date` or `number`.
    pub fn get(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// The value of a key when it is text that is not empty.
    pub fn text(&self, key: &str) -> Option<&str> {
        match &self.get(key)?.value {
            Value::Text(text) if !text.trim().is_empty() => Some(text.trim()),
            _ => None,
        }
    }

    /// Whether a key is set to true, also as `yes` or as text.
    pub fn is_true(&self, key: &str) -> bool {
        self.bool(key) == Some(true)
    }

    /// The value of a key when it is true or false, also as `yes` and `no` or
    /// as text: header lines and YAML before 1.2 write it so.
    pub fn bool(&self, key: &str) -> Option<bool> {
        match &self.get(key)?.value {
            Value::Bool(value) => Some(*value),
            Value::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" => Some(true),
                "false" | "no" | "off" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// The texts of a key that holds a list of texts, or one text.
    pub fn texts(&self, key: &str) -> Vec<&str> {
        match self.get(key).map(|field| &field.value) {
            Some(Value::Text(text)) if !text.trim().is_empty() => vec![text.trim()],
            Some(Value::List(values)) => values
                .iter()
                .filter_map(|value| match value {
                    Value::Text(text) if !text.trim().is_empty() => Some(text.trim()),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// The last character boundary at or before `offset`.
fn boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}
