//! A mail with slots for what differs by recipient.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::diagnostic::{Diagnostic, Finding, SourceFile};
use crate::render::escape;
use crate::render::mail::choice::Choices;
use crate::render::mail::slots::{Slots, Slotted, Variant};
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
    /// Slugs of the sections that they do without.
    pub without: BTreeSet<String>,
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
    source: Source,
    /// Names of all attributes that the templates use.
    attributes: BTreeSet<String>,
    /// Names and texts of the templates, the built-in ones too; none after
    /// thawing what needs none.
    templates: Vec<(String, String)>,
}

#[derive(Debug)]
enum Source {
    /// Recipients differ in slots alone.
    Common(Arc<Variant>),
    /// The same but for recipients who leave sections out.
    Choosing(Arc<Variant>, Box<Deciding>),
    /// The templates decide by something of the recipient's.
    Deciding(Box<Deciding>),
}

/// What is needed to render the mail for another kind of recipient.
#[derive(Debug)]
struct Deciding {
    templates: Templates,
    /// All variables but the recipient's.
    model: Json,
    usage: Usage,
    has_preferences: bool,
    /// What recipients may leave out.
    choices: Option<Choices>,
}

/// A frame as it is kept: enough to get the same mails from it again, whatever
/// became of issue and templates.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FrozenFrame {
    /// The mail with its slots, and the attributes it uses.
    Common(Variant, BTreeSet<String>),
    /// The same, and what it is rendered from for those who leave sections out.
    Choosing(Variant, Box<Material>),
    /// What it is rendered from.
    Deciding(Box<Material>),
}

/// What a mail is rendered from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Material {
    /// Names and texts of the templates, the built-in ones too.
    templates: Vec<(String, String)>,
    /// All variables but the recipient's.
    model: Json,
    /// Whether readers have a page of preferences.
    has_preferences: bool,
    /// What recipients may leave out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    choices: Option<Choices>,
}

/// What tells recipients apart for whom a mail is rendered differently: the
/// values that its templates decide by.
pub(crate) type VariantKey = Vec<String>;

impl MailFrame {
    pub(crate) fn new(
        templates: &Templates,
        model: Json,
        has_preferences: bool,
        choices: Option<Choices>,
    ) -> Result<MailFrame, Vec<Finding>> {
        let deciding = Deciding {
            usage: templates.usage(),
            templates: templates.clone(),
            model,
            has_preferences,
            choices,
        };
        let attributes = deciding.usage.attributes.clone();
        // Faults show before the first recipient.
        let first = deciding.render(&Personal::default())?;
        let sources = templates.mail_sources(&deciding.usage);
        let source = if deciding.usage.decides() {
            Source::Deciding(Box::new(deciding))
        } else if deciding.choices.is_some() {
            Source::Choosing(Arc::new(first), Box::new(deciding))
        } else {
            Source::Common(Arc::new(first))
        };
        Ok(MailFrame {
            source,
            attributes,
            templates: sources,
        })
    }

    /// Names and texts of the templates that it was made with.
    pub(crate) fn templates(&self) -> &[(String, String)] {
        &self.templates
    }

    /// The parts of one recipient's message. Values are escaped for the part
    /// they stand in; the subject has no line ends.
    ///
    /// # Errors
    ///
    /// Where an overridden template fails on this recipient's values.
    pub fn fill(&self, personal: &Personal) -> Result<Parts, Vec<Finding>> {
        Ok(self.variant(personal)?.fill(personal))
    }

    /// Names of the attributes of recipients that the templates use. A
    /// recipient without one gets nothing in its place.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(String::as_str)
    }

    /// Whether the templates take the recipient as a whole, so that every
    /// attribute may count.
    pub(crate) fn takes_all(&self) -> bool {
        matches!(&self.source, Source::Deciding(deciding) if deciding.usage.whole)
    }

    /// The mail with slots for everybody who has this recipient's
    /// [`MailFrame::variant_key`]. Nothing is kept of what is rendered for it.
    pub(crate) fn variant(&self, personal: &Personal) -> Result<Arc<Variant>, Vec<Finding>> {
        match &self.source {
            Source::Common(variant) => Ok(Arc::clone(variant)),
            Source::Choosing(variant, deciding) if deciding.left_out(personal).is_empty() => {
                Ok(Arc::clone(variant))
            }
            Source::Choosing(_, deciding) | Source::Deciding(deciding) => {
                deciding.render(personal).map(Arc::new)
            }
        }
    }

    /// Equal for recipients whose mail differs in slots alone; `None` where that
    /// is so for all.
    pub(crate) fn variant_key(&self, personal: &Personal) -> Option<VariantKey> {
        match &self.source {
            Source::Common(_) => None,
            Source::Choosing(_, deciding) if deciding.left_out(personal).is_empty() => None,
            Source::Choosing(_, deciding) | Source::Deciding(deciding) => {
                Some(deciding.key(personal))
            }
        }
    }

    /// Whether some recipients may get less than others.
    pub(crate) fn has_choices(&self) -> bool {
        match &self.source {
            Source::Common(_) => false,
            Source::Choosing(..) => true,
            Source::Deciding(deciding) => deciding.choices.is_some(),
        }
    }

    /// The preview line of a recipient who leaves sections out; `None` where it is
    /// that of all.
    pub(crate) fn preheader(&self, personal: &Personal) -> Option<String> {
        match &self.source {
            Source::Common(_) => None,
            Source::Choosing(_, deciding) | Source::Deciding(deciding) => {
                let out = deciding.left_out(personal);
                let choices = deciding.choices.as_ref().filter(|_| !out.is_empty())?;
                Some(choices.preheader(&out, &deciding.model["issue"]))
            }
        }
    }

    /// All that the mail is made of but the recipients' values: equal for equal
    /// content.
    pub(crate) fn said(&self) -> [String; 3] {
        let said = |variant: &Variant| {
            [&variant.subject, &variant.html, &variant.text].map(Slotted::named)
        };
        match &self.source {
            Source::Common(variant) => said(variant),
            Source::Choosing(variant, deciding) => {
                let [subject, html, text] = said(variant);
                [subject, html, text + &format!("{:?}", deciding.choices)]
            }
            Source::Deciding(deciding) => {
                let model = deciding.model.to_string();
                let templates = format!("{:?}", self.templates);
                let choices = deciding.choices.as_ref();
                let choices = choices.map_or_else(String::new, |one| format!("{one:?}"));
                [
                    model,
                    templates,
                    deciding.has_preferences.to_string() + &choices,
                ]
            }
        }
    }

    /// It, to be kept.
    pub(crate) fn freeze(&self) -> FrozenFrame {
        match &self.source {
            Source::Common(variant) => {
                FrozenFrame::Common(Variant::clone(variant), self.attributes.clone())
            }
            Source::Choosing(variant, deciding) => {
                FrozenFrame::Choosing(Variant::clone(variant), Box::new(self.material(deciding)))
            }
            Source::Deciding(deciding) => FrozenFrame::Deciding(Box::new(self.material(deciding))),
        }
    }

    fn material(&self, deciding: &Deciding) -> Material {
        Material {
            templates: self.templates.clone(),
            model: deciding.model.clone(),
            has_preferences: deciding.has_preferences,
            choices: deciding.choices.clone(),
        }
    }

    /// The frame that was kept.
    ///
    /// # Errors
    ///
    /// What is wrong with templates that cannot be read any more.
    pub(crate) fn thaw(frozen: FrozenFrame) -> Result<MailFrame, Vec<Finding>> {
        match frozen {
            FrozenFrame::Common(variant, attributes) => Ok(MailFrame {
                source: Source::Common(Arc::new(sound(variant)?)),
                attributes,
                templates: Vec::new(),
            }),
            FrozenFrame::Choosing(variant, material) => {
                let mut frame = material.thaw()?;
                // Whoever leaves nothing out gets what was frozen, byte for byte.
                if let Source::Choosing(common, _) = &mut frame.source {
                    *common = Arc::new(sound(variant)?);
                }
                Ok(frame)
            }
            FrozenFrame::Deciding(material) => material.thaw(),
        }
    }

    /// Bytes of the HTML part, values not counted; 0 where it differs by
    /// recipient.
    pub(crate) fn weight(&self) -> usize {
        match &self.source {
            Source::Common(variant) | Source::Choosing(variant, _) => variant.html.len(),
            Source::Deciding(_) => 0,
        }
    }
}

impl Material {
    fn thaw(self) -> Result<MailFrame, Vec<Finding>> {
        let model = &self.model;
        let whole = ["labels", "links"]
            .iter()
            .all(|name| model[name].is_object());
        let sections = model["issue"]["sections"].as_array().map(Vec::len);
        let known = self.choices.as_ref().map(Choices::len);
        if !whole || (known.is_some() && known != sections) {
            return Err(vec![unsound("the variables are not those of a mail")]);
        }
        let sources: Vec<(String, SourceFile)> = self
            .templates
            .into_iter()
            .map(|(name, text)| (format!("{name}.hbs"), SourceFile::new(name, text)))
            .collect();
        let (templates, findings) = Templates::new(&sources);
        if !findings.is_empty() {
            return Err(findings);
        }
        MailFrame::new(&templates, self.model, self.has_preferences, self.choices)
    }
}

impl Deciding {
    /// Places of the sections that a recipient does not get.
    fn left_out(&self, personal: &Personal) -> Vec<usize> {
        let choices = self.choices.as_ref();
        choices.map_or_else(Vec::new, |choices| choices.left_out(&personal.without))
    }

    fn key(&self, personal: &Personal) -> VariantKey {
        let left_out = self.left_out(personal);
        let left_out = left_out.into_iter().map(|place| place.to_string());
        if self.usage.whole {
            let attributes = personal.attributes.iter();
            return [
                &personal.name,
                &personal.address,
                &personal.unsubscribe,
                &personal.preferences,
            ]
            .into_iter()
            .cloned()
            .chain(attributes.map(|(name, value)| format!("{name}={value}")))
            .chain(left_out)
            .collect();
        }
        let clean = |value: &Value| escape::without_controls(value.of(personal)).into_owned();
        let computed = self.usage.structural.iter().map(clean);
        let asked = self.usage.asked.iter();
        // Who has a value gets one mail, who has none another.
        let asked = asked.map(|value| (!clean(value).is_empty()).to_string());
        computed.chain(asked).chain(left_out).collect()
    }

    /// Fills the templates. Values that templates compute with are those of
    /// `personal`; all others become slots, or nothing where it is asked whether
    /// they are there and they are not.
    fn render(&self, personal: &Personal) -> Result<Variant, Vec<Finding>> {
        let mut slots = Slots::default();
        let usage = &self.usage;
        let mut value = |value: Value| {
            let own = || escape::without_controls(value.of(personal)).into_owned();
            if usage.whole || usage.structural.contains(&value) {
                own()
            } else if usage.asked.contains(&value) && own().is_empty() {
                String::new()
            } else {
                slots.mark(value)
            }
        };
        let attributes: Map<String, Json> = usage
            .attributes
            .iter()
            .chain(personal.attributes.keys().filter(|_| usage.whole))
            .map(|name| {
                let text = value(Value::Attribute(name.clone()));
                (name.clone(), Json::String(text))
            })
            .collect();
        let mut model = self.model.clone();
        let left_out = self.left_out(personal);
        if let Some(choices) = self.choices.as_ref().filter(|_| !left_out.is_empty()) {
            choices.take_out(&left_out, &mut model);
        }
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
        Ok(Variant {
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

/// A variant whose values stand between characters.
fn sound(variant: Variant) -> Result<Variant, Vec<Finding>> {
    let parts = [&variant.subject, &variant.html, &variant.text];
    if parts.into_iter().all(Slotted::is_sound) {
        return Ok(variant);
    }
    Err(vec![unsound("a value stands inside a character")])
}

fn unsound(message: &str) -> Finding {
    let diagnostic = Diagnostic::error("template-error", message);
    Finding::whole_file("email.html.hbs", diagnostic)
}

/// Moves the rules of the style sheets to the elements. Rules for a medium
/// stay, and so does, in its place at the end of the head, a sheet marked
/// `data-css-inline="ignore"`.
pub(crate) fn inlined(html: &str) -> Result<String, Box<Finding>> {
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
pub(crate) fn tidy(text: &str) -> String {
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
