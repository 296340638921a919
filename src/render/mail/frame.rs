//! A mail with slots for what differs by recipient.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value as Json};

use crate::diagnostic::{Diagnostic, Finding};
use crate::render::escape;
use crate::render::templates::{Templates, Usage, Value};

/// What differs by recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Personal {
    /// Name of the recipient; may be empty.
    pub name: String,
    /// Their mail address.
    pub address: String,
    /// What else is known of them, by name.
    pub attributes: BTreeMap<String, String>,
    /// Where they leave with one click.
    pub unsubscribe: String,
    /// Where they change their settings; empty where there is no such page.
    pub preferences: String,
}

/// The finished parts of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// One line of text.
    pub subject: String,
    /// The HTML part.
    pub html: String,
    /// The text part.
    pub text: String,
}

/// A mail, rendered and inlined once an issue. Filling it for a recipient
/// copies text and escapes a few values.
#[derive(Debug)]
pub struct MailFrame {
    templates: Templates,
    /// All variables but the recipient's.
    model: Json,
    usage: Usage,
    /// The rendering for recipients who do not differ in anything that the
    /// templates decide by.
    common: Option<Arc<Rendered>>,
    /// Renderings by the values that the templates decide by.
    variants: Mutex<BTreeMap<Vec<String>, Arc<Rendered>>>,
    has_preferences: bool,
}

/// Variants kept; with more different recipients the oldest rendering goes.
const MOST_VARIANTS: usize = 128;

#[derive(Debug)]
struct Rendered {
    subject: Slotted,
    html: Slotted,
    text: Slotted,
}

/// A text and the values that go into it.
#[derive(Debug)]
struct Slotted {
    text: String,
    /// Byte before which a value goes, ascending.
    slots: Vec<(usize, Value)>,
}

impl MailFrame {
    pub(crate) fn new(
        templates: &Templates,
        model: Json,
        has_preferences: bool,
    ) -> Result<MailFrame, Vec<Finding>> {
        let mut frame = MailFrame {
            templates: templates.clone(),
            model,
            usage: templates.usage(),
            common: None,
            variants: Mutex::default(),
            has_preferences,
        };
        if !frame.differs() {
            frame.common = Some(Arc::new(frame.render(None)?));
        } else {
            // Faults show before the first recipient.
            frame.render(Some(&Personal::default()))?;
        }
        Ok(frame)
    }

    /// The parts of one recipient's message. Values are escaped for the part
    /// they stand in; the subject has no line ends.
    ///
    /// # Errors
    ///
    /// Where an overridden template fails on this recipient's values.
    pub fn fill(&self, personal: &Personal) -> Result<Parts, Vec<Finding>> {
        let rendered = self.rendered(personal)?;
        let subject = rendered.subject.fill(personal, one_line);
        Ok(Parts {
            subject: one_line(&subject).trim().to_owned(),
            html: rendered.html.fill(personal, escape::attribute),
            text: rendered.text.fill(personal, |value| {
                escape::without_controls(value).into_owned()
            }),
        })
    }

    /// Names of the attributes of recipients that the templates use. A
    /// recipient without one gets nothing in its place.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.usage.attributes.iter().map(String::as_str)
    }

    /// The parts with slots as they are, of which a digest can be made: equal
    /// for equal content, whoever receives it.
    ///
    /// # Errors
    ///
    /// As [`MailFrame::fill`].
    pub fn unfilled(&self) -> Result<Parts, Vec<Finding>> {
        self.fill(&Personal::default())
    }

    /// Bytes of the HTML part, values not counted; 0 where it differs by
    /// recipient.
    pub(crate) fn weight(&self) -> usize {
        self.common
            .as_ref()
            .map_or(0, |rendered| rendered.html.text.len())
    }

    /// Whether recipients differ in more than slots.
    fn differs(&self) -> bool {
        self.usage.whole || !self.usage.structural.is_empty()
    }

    fn rendered(&self, personal: &Personal) -> Result<Arc<Rendered>, Vec<Finding>> {
        if let Some(common) = &self.common {
            return Ok(Arc::clone(common));
        }
        let key: Vec<String> = if self.usage.whole {
            let attributes = personal.attributes.iter();
            [
                &personal.name,
                &personal.address,
                &personal.unsubscribe,
                &personal.preferences,
            ]
            .into_iter()
            .cloned()
            .chain(attributes.map(|(name, value)| format!("{name}={value}")))
            .collect()
        } else {
            self.usage
                .structural
                .iter()
                .map(|value| value.of(personal).to_owned())
                .collect()
        };
        let known = |variants: &BTreeMap<_, Arc<Rendered>>| variants.get(&key).map(Arc::clone);
        if let Some(variant) = known(&self.variants.lock().unwrap_or_else(PoisonError::into_inner))
        {
            return Ok(variant);
        }
        let rendered = Arc::new(self.render(Some(personal))?);
        let mut variants = self.variants.lock().unwrap_or_else(PoisonError::into_inner);
        if variants.len() >= MOST_VARIANTS {
            variants.pop_first();
        }
        variants.insert(key, Arc::clone(&rendered));
        Ok(rendered)
    }

    /// Fills the templates. Values that templates decide by are those of
    /// `personal`; all others become slots.
    fn render(&self, personal: Option<&Personal>) -> Result<Rendered, Vec<Finding>> {
        let mut slots = Slots::default();
        let mut value = |value: Value| match personal {
            Some(personal) if self.usage.whole || self.usage.structural.contains(&value) => {
                escape::without_controls(value.of(personal)).into_owned()
            }
            _ => slots.mark(value),
        };
        let attributes: Map<String, Json> = self
            .usage
            .attributes
            .iter()
            .cloned()
            .chain(
                personal
                    .into_iter()
                    .flat_map(|personal| personal.attributes.keys().cloned()),
            )
            .map(|name| (name.clone(), Json::String(value(Value::Attribute(name)))))
            .collect();
        let mut model = self.model.clone();
        let reason = self.reason().replace("{address}", &value(Value::Address));
        model["labels"]["reason"] = Json::String(reason);
        model["recipient"] = serde_json::json!({
            "name": value(Value::Name),
            "address": value(Value::Address),
            "attributes": attributes,
        });
        model["links"]["unsubscribe"] = Json::String(value(Value::Unsubscribe));
        let preferences = if self.has_preferences {
            value(Value::Preferences)
        } else {
            String::new()
        };
        model["links"]["preferences"] = Json::String(preferences);

        let html = self.templates.html("email.html", &model);
        let text = self.templates.text("email.txt", &model);
        let subject = self.templates.text("email.subject", &model);
        let (html, text, subject) = match (html, text, subject) {
            (Ok(html), Ok(text), Ok(subject)) => (html, text, subject),
            (html, text, subject) => {
                let faults = [html.err(), text.err(), subject.err()];
                return Err(faults.into_iter().flatten().map(|fault| *fault).collect());
            }
        };
        let html = inlined(&html).map_err(|fault| vec![*fault])?;
        Ok(Rendered {
            subject: slots.find(&subject),
            html: slots.find(&html),
            text: slots.find(&tidy(&text)),
        })
    }

    fn reason(&self) -> String {
        let title = self.model["newsletter"]["title"].as_str().unwrap_or("");
        let reason = self.model["labels"]["reason"].as_str().unwrap_or("");
        reason.replace("{newsletter}", title)
    }
}

impl Value {
    fn of<'p>(&self, personal: &'p Personal) -> &'p str {
        match self {
            Value::Name => &personal.name,
            Value::Address => &personal.address,
            Value::Attribute(name) => personal.attributes.get(name).map_or("", String::as_str),
            Value::Unsubscribe => &personal.unsubscribe,
            Value::Preferences => &personal.preferences,
        }
    }
}

impl Slotted {
    fn fill(&self, personal: &Personal, escape: impl Fn(&str) -> String) -> String {
        let mut out = String::with_capacity(self.text.len() + 128 * self.slots.len());
        let mut done = 0;
        for (at, value) in &self.slots {
            out.push_str(&self.text[done..*at]);
            out.push_str(&escape(value.of(personal)));
            done = *at;
        }
        out.push_str(&self.text[done..]);
        out
    }
}

/// Marks that stand for values while templates are filled: a control character
/// around a number. No text holds it, for controls are left out of all texts.
#[derive(Debug, Default)]
struct Slots {
    values: Vec<Value>,
}

const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

impl Slots {
    fn mark(&mut self, value: Value) -> String {
        let known = self.values.iter().position(|other| *other == value);
        let index = known.unwrap_or_else(|| {
            self.values.push(value);
            self.values.len() - 1
        });
        format!("{OPEN}{index}{CLOSE}")
    }

    fn find(&self, text: &str) -> Slotted {
        let mut found = Slotted {
            text: String::with_capacity(text.len()),
            slots: Vec::new(),
        };
        let mut rest = text;
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

/// Moves the rules of the style sheets to the elements. Rules for a medium
/// stay, and so does, in its place at the end of the head, a sheet marked
/// `data-css-inline="ignore"`.
fn inlined(html: &str) -> Result<String, Box<Finding>> {
    let (html, kept) = without_kept_sheets(html);
    let inliner = css_inline::CSSInliner::options()
        .keep_at_rules(true)
        .minify_css(true)
        .load_remote_stylesheets(false)
        .build();
    let inlined = inliner.inline(&html).map_err(|error| {
        let message = format!("the mail's style sheet cannot be read: {error}");
        Box::new(Finding::whole_file(
            "email.html.hbs",
            Diagnostic::error("template-error", message),
        ))
    })?;
    match inlined.split_once("</head>") {
        Some((head, body)) if !kept.is_empty() => Ok(format!(
            "{}\n<style>{}</style>\n</head>{body}",
            head.trim_end(),
            kept.trim()
        )),
        _ => Ok(inlined),
    }
}

/// Takes out the style sheets that are not inlined, which the inliner would
/// drop.
fn without_kept_sheets(html: &str) -> (String, String) {
    const START: &str = "<style data-css-inline=\"ignore\">";
    const END: &str = "</style>";
    let (mut rest, mut out, mut kept) = (html, String::with_capacity(html.len()), String::new());
    while let Some((before, after)) = rest.split_once(START) {
        let Some((sheet, after)) = after.split_once(END) else {
            break;
        };
        out.push_str(before);
        kept.push_str(sheet);
        rest = after;
    }
    out.push_str(rest);
    (out, kept)
}

/// A text part without blanks at line ends, without more than two empty lines
/// in a row, with one line end at its end.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        // The signature mark ends with its blank (RFC 3676 §4.3).
        let line = if line == "--" { "-- " } else { line };
        if empty <= 2 && !(out.is_empty() && line.is_empty()) {
            out.push_str(line);
            out.push('\n');
        }
    }
    while out.ends_with("\n\n") {
        out.pop();
    }
    out
}

fn one_line(text: &str) -> String {
    let kept = text.chars().map(|c| {
        if matches!(c, '\r' | '\n' | '\t') {
            ' '
        } else {
            c
        }
    });
    kept.filter(|c| !c.is_control()).collect()
}
