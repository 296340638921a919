//! Texts with places for what differs by recipient.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::render::escape;
use crate::render::mail::frame::{Parts, Personal};
use crate::render::templates::Value;

/// A mail rendered for all recipients who do not differ in what the templates
/// decide by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Variant {
    /// One line of text, once its values are one.
    pub(crate) subject: Slotted,
    /// The HTML part.
    pub(crate) html: Slotted,
    /// The text part.
    pub(crate) text: Slotted,
}

/// A text and the values that go into it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Slotted {
    text: String,
    /// Byte before which a value goes, ascending.
    slots: Vec<(usize, Value)>,
}

/// What a value is written into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The subject: no line ends.
    Subject,
    /// The HTML part, as character data or in an attribute.
    Html,
    /// The text part.
    Text,
}

impl Variant {
    /// The parts of one recipient's message.
    pub(crate) fn fill(&self, personal: &Personal) -> Parts {
        Parts {
            subject: self.subject_line(personal),
            html: self.html.fill(personal, Place::Html),
            text: self.text.fill(personal, Place::Text),
        }
    }

    /// The subject of one recipient's message.
    pub(crate) fn subject_line(&self, personal: &Personal) -> String {
        let subject = self.subject.fill(personal, Place::Subject);
        one_line(&subject).trim().to_owned()
    }
}

impl Slotted {
    /// Texts, each with the value behind it.
    #[cfg(test)]
    pub(crate) fn of<'t>(pieces: impl IntoIterator<Item = (&'t str, Option<Value>)>) -> Slotted {
        let mut slotted = Slotted::default();
        for (text, value) in pieces {
            slotted.text.push_str(text);
            let at = slotted.text.len();
            slotted.slots.extend(value.map(|value| (at, value)));
        }
        slotted
    }

    /// A text that is the same for everybody.
    pub(crate) fn common(text: &str) -> Slotted {
        Slotted {
            text: text.to_owned(),
            slots: Vec::new(),
        }
    }

    /// Whether it is the same for everybody.
    pub(crate) fn is_common(&self) -> bool {
        self.slots.is_empty()
    }

    /// Bytes, values not counted.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// Pieces of text, each with the value behind it; the last has none.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = (&str, Option<&Value>)> {
        let mut done = 0;
        let ends = self.slots.iter().map(|(at, value)| (*at, Some(value)));
        let last = std::iter::once((self.text.len(), None));
        ends.chain(last).map(move |(at, value)| {
            let piece = &self.text[done..at];
            done = at;
            (piece, value)
        })
    }

    /// Whether every slot is at the border of a character, in order: what was
    /// read back from outside need not be.
    pub(crate) fn is_sound(&self) -> bool {
        let places = self.slots.iter().map(|(at, _)| *at);
        places.is_sorted()
            && self
                .slots
                .iter()
                .all(|(at, _)| self.text.is_char_boundary(*at))
    }

    /// The text with its slots named, equal for equal content.
    pub(crate) fn named(&self) -> String {
        let mut out = String::with_capacity(self.text.len() + 32 * self.slots.len());
        for (piece, value) in self.pieces() {
            out.push_str(piece);
            if let Some(value) = value {
                out.push_str(&format!("{OPEN}{value:?}{CLOSE}"));
            }
        }
        out
    }

    /// The text with the values of one recipient.
    pub(crate) fn fill(&self, personal: &Personal, place: Place) -> String {
        let mut out = String::with_capacity(self.text.len() + 128 * self.slots.len());
        for (piece, value) in self.pieces() {
            out.push_str(piece);
            if let Some(value) = value {
                out.push_str(&value.written(personal, place));
            }
        }
        out
    }
}

impl Value {
    /// It, of one recipient.
    pub(crate) fn of<'p>(&self, personal: &'p Personal) -> &'p str {
        match self {
            Value::Name => &personal.name,
            Value::Address => &personal.address,
            Value::Attribute(name) => personal.attributes.get(name).map_or("", String::as_str),
            Value::Unsubscribe => &personal.unsubscribe,
            Value::Preferences => &personal.preferences,
        }
    }

    /// It, escaped for where it stands.
    pub(crate) fn written<'p>(&self, personal: &'p Personal, place: Place) -> Cow<'p, str> {
        let value = self.of(personal);
        match place {
            Place::Subject => Cow::Owned(one_line(value)),
            Place::Html => one_kind_of_line_end(Cow::Owned(escape::attribute(value))),
            Place::Text => one_kind_of_line_end(escape::without_controls(value)),
        }
    }
}

/// Line ends as one character each: so a text is the same whether its line ends
/// are counted in pieces or in the whole.
fn one_kind_of_line_end(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        text
    }
}

/// Marks that stand for values while templates are filled: a control character
/// around a number. No text holds it, for controls are left out of all texts.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    values: Vec<Value>,
}

const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

impl Slots {
    /// The mark of a value.
    pub(crate) fn mark(&mut self, value: Value) -> String {
        let known = self.values.iter().position(|other| *other == value);
        let index = known.unwrap_or_else(|| {
            self.values.push(value);
            self.values.len() - 1
        });
        format!("{OPEN}{index}{CLOSE}")
    }

    /// A filled template with slots in place of marks.
    pub(crate) fn find(&self, text: &str) -> Slotted {
        let mut found = Slotted {
            text: String::with_capacity(text.len()),
            slots: Vec::new(),
        };
        let text = one_kind_of_line_end(Cow::Borrowed(text));
        let mut rest = &*text;
        while let Some(at) = rest.find(OPEN) {
            found.text.push_str(&rest[..at]);
            rest = &rest[at + OPEN.len_utf8()..];
            let Some((index, after)) = rest.split_once(CLOSE) else {
                continue;
            };
            if let Some(value) = index
                .parse()
                .ok()
                .and_then(|index: usize| self.values.get(index))
            {
                found.slots.push((found.text.len(), value.clone()));
                rest = after;
            }
        }
        found.text.push_str(rest);
        found
    }
}

pub(crate) fn one_line(text: &str) -> String {
    let kept = text.chars().map(|c| {
        if matches!(c, '\r' | '\n' | '\t') {
            ' '
        } else {
            c
        }
    });
    kept.filter(|c| !c.is_control()).collect()
}
