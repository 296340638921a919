//! What templates do with values that differ by recipient.
//!
//! A value that is only written out becomes a slot: the mail is rendered once
//! and the slot filled for each recipient. A value that decides or computes
//! something (`{{wrap recipient.name 20}}`) needs a rendering for each value;
//! one that is merely asked for (`{{#if recipient.name}}`), one for those who
//! have it and one for the others.

use std::collections::BTreeSet;

use handlebars::template::{
    DecoratorTemplate, HelperTemplate, Parameter, Subexpression, TemplateElement,
};
use handlebars::{Handlebars, Path, PathSeg, Template};
use serde::{Deserialize, Serialize};

/// A value that differs by recipient.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Value {
    /// `recipient.name`
    Name,
    /// `recipient.address`
    Address,
    /// `recipient.attributes.…`
    Attribute(String),
    /// `links.unsubscribe`
    Unsubscribe,
    /// `links.preferences`
    Preferences,
}

/// The recipient's values that some templates use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Names of all attributes used.
    pub(crate) attributes: BTreeSet<String>,
    /// Values that something is computed with.
    pub(crate) structural: BTreeSet<Value>,
    /// Values of which it is asked whether they are there.
    pub(crate) asked: BTreeSet<Value>,
    /// Whether a template takes the recipient, or all attributes, as a whole.
    pub(crate) whole: bool,
    scanned: BTreeSet<String>,
}

impl Usage {
    /// Whether recipients differ in more than slots.
    pub(crate) fn decides(&self) -> bool {
        self.whole || !self.structural.is_empty() || !self.asked.is_empty()
    }

    /// Names of the templates that were looked through.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &str> {
        self.scanned.iter().map(String::as_str)
    }

    /// Looks through a template and the partials that it names.
    pub(crate) fn scan(&mut self, registry: &Handlebars<'_>, name: &str) {
        if !self.scanned.insert(name.to_owned()) {
            return;
        }
        if let Some(template) = registry.get_template(name) {
            self.template(registry, template);
        }
    }

    fn template(&mut self, registry: &Handlebars<'_>, template: &Template) {
        for element in &template.elements {
            match element {
                TemplateElement::Expression(helper) | TemplateElement::HtmlExpression(helper) => {
                    // A path alone is written out; a helper works on its
                    // parameters.
                    let alone = helper.params.is_empty() && helper.hash.is_empty();
                    self.parameter(&helper.name, !alone);
                    self.parameters(helper);
                }
                TemplateElement::HelperBlock(helper) => {
                    self.parameter(&helper.name, true);
                    self.block(helper);
                    let inner = helper.template.iter().chain(&helper.inverse);
                    inner.for_each(|template| self.template(registry, template));
                }
                TemplateElement::PartialExpression(partial)
                | TemplateElement::PartialBlock(partial) => {
                    self.decorator(registry, partial);
                    match &partial.name {
                        Parameter::Name(name) => self.scan(registry, name),
                        Parameter::Path(path) => {
                            let name = raw(path).to_owned();
                            self.scan(registry, &name);
                        }
                        // A name that is computed may be any template's.
                        _ => {
                            let names: Vec<String> =
                                registry.get_templates().keys().cloned().collect();
                            names.iter().for_each(|name| self.scan(registry, name));
                        }
                    }
                }
                TemplateElement::DecoratorExpression(decorator)
                | TemplateElement::DecoratorBlock(decorator) => {
                    self.decorator(registry, decorator);
                }
                // Text and comments, and whatever a later version adds to them.
                _ => {}
            }
        }
    }

    /// The parameters of a block. One that asks for a link alone asks what is
    /// the same for all recipients.
    fn block(&mut self, helper: &HelperTemplate) {
        if asks_for_a_link(helper) {
            return;
        }
        let asks = matches!(helper.name.as_name(), Some("if" | "unless"));
        for parameter in &helper.params {
            match parameter {
                Parameter::Path(path) if asks => self.path(path, Need::Presence),
                other => self.parameter(other, true),
            }
        }
        let values = helper.hash.values();
        values.for_each(|parameter| self.parameter(parameter, true));
    }

    fn decorator(&mut self, registry: &Handlebars<'_>, decorator: &DecoratorTemplate) {
        let values = decorator.params.iter().chain(decorator.hash.values());
        values.for_each(|parameter| self.parameter(parameter, true));
        if let Some(template) = &decorator.template {
            self.template(registry, template);
        }
    }

    fn parameters(&mut self, helper: &HelperTemplate) {
        let values = helper.params.iter().chain(helper.hash.values());
        values.for_each(|parameter| self.parameter(parameter, true));
    }

    fn parameter(&mut self, parameter: &Parameter, structural: bool) {
        let need = if structural {
            Need::Value
        } else {
            Need::Nothing
        };
        match parameter {
            Parameter::Path(path) => self.path(path, need),
            Parameter::Name(name) => {
                if let Ok(path) = Path::parse(name) {
                    self.path(&path, need);
                }
            }
            Parameter::Subexpression(Subexpression { element, .. }) => {
                if let TemplateElement::Expression(helper) = element.as_ref() {
                    self.parameter(&helper.name, true);
                    self.parameters(helper);
                }
            }
            _ => {}
        }
    }

    fn path(&mut self, path: &Path, need: Need) {
        let Path::Relative((segments, _)) = path else {
            return;
        };
        let names: Vec<&str> = segments
            .iter()
            .filter_map(|segment| match segment {
                PathSeg::Named(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        let value = match names[..] {
            ["recipient", "name"] => Value::Name,
            ["recipient", "address"] => Value::Address,
            ["recipient", "attributes", name] => {
                self.attributes.insert(name.to_owned());
                Value::Attribute(name.to_owned())
            }
            ["recipient", ..] | ["links"] => {
                self.whole = true;
                return;
            }
            ["links", "unsubscribe"] => Value::Unsubscribe,
            ["links", "preferences"] => Value::Preferences,
            _ => return,
        };
        match need {
            Need::Nothing => false,
            Need::Presence => self.asked.insert(value),
            Need::Value => self.structural.insert(value),
        };
    }
}

/// What must be known of a value when a template is filled.
#[derive(Clone, Copy)]
enum Need {
    /// It is only written out.
    Nothing,
    /// Whether there is one.
    Presence,
    /// All of it.
    Value,
}

/// Whether a block asks only if there is such a link, which is the same for
/// all recipients.
fn asks_for_a_link(helper: &HelperTemplate) -> bool {
    let asks = matches!(helper.name.as_name(), Some("if" | "unless"));
    let link = |parameter: &Parameter| {
        matches!(
            parameter.as_name(),
            Some("links.unsubscribe" | "links.preferences")
        )
    };
    asks && helper.params.iter().all(link)
}

fn raw(path: &Path) -> &str {
    match path {
        Path::Relative((_, raw)) => raw,
        Path::Local((_, _, raw)) => raw,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(template: &str) -> Usage {
        let mut registry = Handlebars::new();
        registry
            .register_template_string("inner", "{{recipient.attributes.city}}")
            .unwrap();
        registry.register_template_string("t", template).unwrap();
        let mut usage = Usage::default();
        usage.scan(&registry, "t");
        usage
    }

    #[test]
    fn values_that_are_only_written_are_slots() {
        let found = usage(
            "{{recipient.name}} {{{links.unsubscribe}}} {{#each x}}{{../recipient.address}}{{/each}} {{> inner}}",
        );
        assert!(found.structural.is_empty() && !found.whole);
        assert_eq!(found.attributes, BTreeSet::from(["city".to_owned()]));
    }

    #[test]
    fn values_that_are_merely_asked_for_are_told_apart() {
        let cases = [
            ("{{#if recipient.name}}x{{/if}}", Value::Name),
            ("{{#unless recipient.name}}x{{/unless}}", Value::Name),
            (
                "{{#if x}}{{else if recipient.address}}x{{/if}}",
                Value::Address,
            ),
            (
                "{{#if recipient.attributes.city}}{{recipient.attributes.city}}{{/if}}",
                Value::Attribute("city".to_owned()),
            ),
        ];
        for (template, expected) in cases {
            let found = usage(template);
            assert_eq!(found.asked, BTreeSet::from([expected]), "{template}");
            assert!(found.structural.is_empty() && !found.whole, "{template}");
        }
    }

    #[test]
    fn values_that_decide_or_compute_are_structural() {
        let cases = [
            (
                "{{wrap recipient.attributes.city 20}}",
                Some(Value::Attribute("city".to_owned())),
            ),
            (
                "{{#if (eq recipient.name \"x\")}}{{/if}}",
                Some(Value::Name),
            ),
            (
                "{{> inner who=links.preferences}}",
                Some(Value::Preferences),
            ),
            (
                "{{#if links.preferences}}{{/if}}{{wrap links.preferences}}",
                Some(Value::Preferences),
            ),
            ("{{#with recipient}}{{name}}{{/with}}", None),
            ("{{lookup recipient \"name\"}}", None),
            ("{{#each recipient.attributes}}{{this}}{{/each}}", None),
        ];
        for (template, expected) in cases {
            let found = usage(template);
            assert_eq!(found.whole, expected.is_none(), "{template}");
            assert_eq!(found.structural.into_iter().next(), expected, "{template}");
        }
    }
}
