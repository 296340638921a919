//! The registry of templates: the built-in ones, overridden one by one by the
//! editor's.
//!
//! Strict: a variable that does not exist is a diagnostic at its place in the
//! editor's file, never an empty string in a reader's mail. An override that
//! cannot be read is reported and the built-in template stays in its place.
//! One registry escapes for HTML, the other, for text, does not.

mod helpers;
mod usage;

pub(crate) use usage::{Usage, Value};

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use handlebars::{Handlebars, RenderError, RenderErrorReason, Template, TemplateError};
use serde::Serialize;
use serde_json::Value as Json;

use crate::diagnostic::{Diagnostic, Finding, SourceFile};
use crate::render::escape;

/// Name (as a file of the templates folder) and text of what is built in.
const BUILT_IN: [(&str, &str); 17] = [
    (
        "email.html.hbs",
        include_str!("../../../templates/email.html.hbs"),
    ),
    (
        "email.txt.hbs",
        include_str!("../../../templates/email.txt.hbs"),
    ),
    (
        "email.subject.hbs",
        include_str!("../../../templates/email.subject.hbs"),
    ),
    (
        "notice.html.hbs",
        include_str!("../../../templates/notice.html.hbs"),
    ),
    (
        "notice.txt.hbs",
        include_str!("../../../templates/notice.txt.hbs"),
    ),
    (
        "notice.subject.hbs",
        include_str!("../../../templates/notice.subject.hbs"),
    ),
    (
        "issue.html.hbs",
        include_str!("../../../templates/issue.html.hbs"),
    ),
    (
        "index.html.hbs",
        include_str!("../../../templates/index.html.hbs"),
    ),
    (
        "season.html.hbs",
        include_str!("../../../templates/season.html.hbs"),
    ),
    (
        "text.html.hbs",
        include_str!("../../../templates/text.html.hbs"),
    ),
    (
        "feeds.html.hbs",
        include_str!("../../../templates/feeds.html.hbs"),
    ),
    (
        "outbox.html.hbs",
        include_str!("../../../templates/outbox.html.hbs"),
    ),
    (
        "answer.html.hbs",
        include_str!("../../../templates/answer.html.hbs"),
    ),
    (
        "redirect.html.hbs",
        include_str!("../../../templates/redirect.html.hbs"),
    ),
    (
        "head.html.hbs",
        include_str!("../../../templates/head.html.hbs"),
    ),
    (
        "header.html.hbs",
        include_str!("../../../templates/header.html.hbs"),
    ),
    (
        "footer.html.hbs",
        include_str!("../../../templates/footer.html.hbs"),
    ),
];

/// Templates that the pages share.
const PARTIALS: [&str; 3] = ["head.html", "header.html", "footer.html"];

const STYLESHEET: &str = include_str!("../../../templates/style.css");

/// The templates of one newsletter. Cheap to clone.
#[derive(Clone)]
pub struct Templates {
    inner: Arc<Inner>,
}

struct Inner {
    /// The built-in templates, in the order of [`BUILT_IN`]. They and all registries
    /// are made when first asked for: a build needs no mail, and compiling a
    /// template costs more than filling it.
    built_in: [OnceLock<Template>; BUILT_IN.len()],
    /// For each built-in page a registry with what it needs, in the same order.
    page: [OnceLock<Handlebars<'static>>; BUILT_IN.len()],
    /// All pages, for templates of the editor's own, which may use any.
    pages: OnceLock<Handlebars<'static>>,
    mail_html: OnceLock<Handlebars<'static>>,
    mail_text: OnceLock<Handlebars<'static>>,
    /// The editor's files, by name, for places in diagnostics.
    sources: BTreeMap<String, SourceFile>,
    /// Those of them that are sound.
    overrides: Vec<(String, Template)>,
    stylesheet: String,
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let overrides: Vec<&String> = self.inner.sources.keys().collect();
        formatter
            .debug_struct("Templates")
            .field("overrides", &overrides)
            .finish()
    }
}

impl Templates {
    /// The built-in templates with the editor's in place of those of the same
    /// name. Names are those of files in the templates folder, such as
    /// `email.html.hbs` or `style.css`; further `.hbs` files can be used as
    /// partials under their name without `.hbs`. Files of other kinds are left
    /// alone.
    pub fn new(overrides: &[(String, SourceFile)]) -> (Templates, Vec<Finding>) {
        let mut inner = Inner {
            built_in: Default::default(),
            page: Default::default(),
            pages: OnceLock::new(),
            mail_html: OnceLock::new(),
            mail_text: OnceLock::new(),
            sources: BTreeMap::new(),
            overrides: Vec::new(),
            stylesheet: STYLESHEET.to_owned(),
        };
        let mut findings = Vec::new();
        for (file, source) in overrides {
            if file == "style.css" {
                source.text().clone_into(&mut inner.stylesheet);
            }
            let Some(name) = file.strip_suffix(".hbs") else {
                continue;
            };
            let built_in = BUILT_IN.iter().find(|(built_in, _)| built_in == file);
            if built_in.is_some_and(|(_, text)| *text == source.text()) {
                continue;
            }
            match Template::compile_with_name(source.text(), name.to_owned()) {
                Ok(template) => {
                    inner.overrides.push((name.to_owned(), template));
                    inner.sources.insert(name.to_owned(), source.clone());
                }
                Err(error) => {
                    let diagnostic = placed(fault(&error), source, error.pos());
                    findings.push(diagnostic.locate(source));
                }
            }
        }
        let templates = Templates {
            inner: Arc::new(inner),
        };
        (templates, findings)
    }

    /// The one style sheet of all pages.
    pub fn stylesheet(&self) -> &str {
        &self.inner.stylesheet
    }

    /// Fills an HTML template. The model is clean (see [`cleaned`]).
    pub(crate) fn html<T: Serialize>(&self, name: &str, model: &T) -> Result<String, Box<Finding>> {
        let registry = if is_of_mail(name) {
            self.inner.mail_html()
        } else {
            self.inner.pages(name)
        };
        self.fill(registry, name, model)
    }

    /// Fills a template of plain text.
    pub(crate) fn text<T: Serialize>(&self, name: &str, model: &T) -> Result<String, Box<Finding>> {
        self.fill(self.inner.mail_text(), name, model)
    }

    /// What the mail's templates make of values that differ by recipient.
    pub(crate) fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        usage.scan(self.inner.mail_html(), "email.html");
        usage.scan(self.inner.mail_text(), "email.txt");
        usage.scan(self.inner.mail_text(), "email.subject");
        usage
    }

    /// Names (without `.hbs`) and texts of the templates that `usage` went
    /// through, the built-in ones too.
    pub(crate) fn mail_sources(&self, usage: &Usage) -> Vec<(String, String)> {
        let text = |name: &str| match self.inner.sources.get(name) {
            Some(source) => Some(source.text()),
            None => BUILT_IN
                .iter()
                .find(|(file, _)| file.strip_suffix(".hbs") == Some(name))
                .map(|(_, text)| *text),
        };
        usage
            .templates()
            .filter_map(|name| Some((name.to_owned(), text(name)?.to_owned())))
            .collect()
    }

    fn fill<T: Serialize>(
        &self,
        registry: &Handlebars<'_>,
        name: &str,
        model: &T,
    ) -> Result<String, Box<Finding>> {
        registry
            .render(name, model)
            .map_err(|error| Box::new(self.render_fault(name, &error)))
    }

    fn render_fault(&self, name: &str, error: &RenderError) -> Finding {
        let name = error.template_name.as_deref().unwrap_or(name);
        let diagnostic = match error.reason() {
            RenderErrorReason::MissingVariable(Some(variable)) => Diagnostic::error(
                "missing-variable",
                format!("there is no variable `{variable}` here"),
            )
            .help("docs/templates.md lists the variables of each template"),
            RenderErrorReason::MissingVariable(None) => {
                Diagnostic::error("missing-variable", "there is no such variable here")
            }
            reason => Diagnostic::error("template-error", lower_first(&reason.to_string())),
        };
        match self.inner.sources.get(name) {
            Some(source) => {
                let place = error.line_no.zip(error.column_no);
                placed(diagnostic, source, place).locate(source)
            }
            None => Finding::whole_file(format!("{name}.hbs"), diagnostic),
        }
    }
}

impl Default for Templates {
    /// The built-in templates alone.
    fn default() -> Self {
        Templates::new(&[]).0
    }
}

impl Inner {
    fn pages(&self, name: &str) -> &Handlebars<'static> {
        let place = BUILT_IN
            .iter()
            .position(|(file, _)| file.strip_suffix(".hbs") == Some(name));
        if let (true, Some(place)) = (self.overrides.is_empty(), place) {
            return self.page[place].get_or_init(|| {
                let wanted = |other: &str| other == name || PARTIALS.contains(&other);
                self.filled(registry(escape::marked_attribute), wanted)
            });
        }
        self.pages.get_or_init(|| {
            let built_in = |name: &str| !is_of_mail(name);
            self.filled(registry(escape::marked_attribute), built_in)
        })
    }

    fn mail_html(&self) -> &Handlebars<'static> {
        self.mail_html.get_or_init(|| {
            let built_in = |name: &str| is_of_mail(name) && !name.ends_with(".txt");
            self.filled(registry(escape::marked_attribute), built_in)
        })
    }

    fn mail_text(&self) -> &Handlebars<'static> {
        self.mail_text.get_or_init(|| {
            let built_in = |name: &str| is_of_mail(name) && !name.ends_with(".html");
            self.filled(registry(str::to_owned), built_in)
        })
    }

    /// Adds built-in templates by their names, then the editor's over them.
    fn filled(
        &self,
        mut registry: Handlebars<'static>,
        wanted: impl Fn(&str) -> bool,
    ) -> Handlebars<'static> {
        for ((file, text), built_in) in BUILT_IN.iter().zip(&self.built_in) {
            let name = file.strip_suffix(".hbs").unwrap_or(file);
            let overridden = self.overrides.iter().any(|(other, _)| other == name);
            if wanted(name) && !overridden {
                let template = built_in.get_or_init(|| {
                    Template::compile_with_name(text, name.to_owned())
                        .expect("the tests compile every built-in template")
                });
                registry.register_template(name, template.clone());
            }
        }
        for (name, template) in &self.overrides {
            registry.register_template(name, template.clone());
        }
        registry
    }
}

/// Whether a template makes a mail or a page about mail.
fn is_of_mail(name: &str) -> bool {
    let kinds = ["email.", "notice.", "outbox."];
    kinds.iter().any(|kind| name.starts_with(kind))
}

fn registry(escape: impl Fn(&str) -> String + Send + Sync + 'static) -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(escape);
    helpers::register(&mut registry);
    registry
}

/// A registry of pages that are for nobody's mail.
pub(crate) fn bare_registry() -> Handlebars<'static> {
    registry(escape::marked_attribute)
}

/// A model without the characters that no document may hold.
pub(crate) fn cleaned<T: Serialize>(model: &T) -> Json {
    let mut value = serde_json::to_value(model).unwrap_or(Json::Null);
    clean(&mut value);
    value
}

fn clean(value: &mut Json) {
    match value {
        Json::String(text) => {
            if let Cow::Owned(kept) = escape::without_controls(text) {
                *text = kept;
            }
        }
        Json::Array(values) => values.iter_mut().for_each(clean),
        Json::Object(fields) => fields.values_mut().for_each(clean),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn fault(error: &TemplateError) -> Diagnostic {
    let reason = error.reason().to_string();
    // The parser's words go over several lines, with a drawing of the place.
    let first = reason.lines().next().unwrap_or("").trim_end_matches(':');
    Diagnostic::error("template-error", lower_first(first))
        .help("the built-in template is used in its place until this is mended")
}

/// Points a diagnostic at a line and column, both from 1.
fn placed(
    diagnostic: Diagnostic,
    source: &SourceFile,
    place: Option<(usize, usize)>,
) -> Diagnostic {
    let Some((line, column)) = place else {
        return diagnostic;
    };
    let text = source.text();
    let start = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum::<usize>();
    let rest = text[start..].lines().next().unwrap_or("");
    let at = rest
        .char_indices()
        .nth(column.saturating_sub(1))
        .map_or(rest.len(), |(at, _)| at);
    // The mark covers the tag, or what is left of the line.
    let length = rest[at..].find("}}").map_or(rest.len() - at, |end| end + 2);
    diagnostic.at(start + at..start + at + length)
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(name: &str, text: &str) -> (Templates, Vec<Finding>) {
        let source = SourceFile::new(format!("templates/{name}"), text);
        Templates::new(&[(name.to_owned(), source)])
    }

    #[test]
    fn built_in_templates_are_sound() {
        assert_eq!(Templates::new(&[]).1, []);
    }

    #[test]
    fn override_with_a_mistake_is_reported_and_the_built_in_one_stays() {
        let (templates, findings) = with("email.subject.hbs", "字字\n字 {{#if issue.title}}x");
        let [finding] = &findings[..] else {
            panic!("{findings:?}")
        };
        assert_eq!(finding.code, "template-error");
        assert_eq!(
            finding.place.as_ref().map(|place| place.start.line),
            Some(2)
        );
        let subject = templates.text("email.subject", &json!({"issue": {"subject": "S"}}));
        assert_eq!(subject.unwrap(), "S");
    }

    #[test]
    fn missing_variable_is_found_where_it_stands() {
        let (templates, findings) = with("email.subject.hbs", "字字 {{issue.titel}}");
        assert_eq!(findings, []);
        let finding = templates
            .text("email.subject", &json!({"issue": {}}))
            .unwrap_err();
        assert_eq!(finding.code, "missing-variable");
        assert_eq!(finding.path, "templates/email.subject.hbs");
        let place = finding.place.unwrap();
        assert_eq!(
            (place.start.line, place.start.column),
            (1, 4),
            "{}",
            finding.message
        );
    }

    #[test]
    fn html_escapes_and_text_does_not() {
        let (templates, _) = with("own.hbs", "{{x}}");
        let model = json!({"x": "a=<b> & 'c'"});
        assert_eq!(
            templates.html("own", &model).unwrap(),
            "a=&lt;b&gt; &amp; 'c'"
        );
        assert_eq!(templates.text("own", &model).unwrap(), "a=<b> & 'c'");
    }
}
