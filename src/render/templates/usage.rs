//! What templates do with values that differ by recipient.
//!
//! A value that is only written out becomes a slot: the mail is rendered once
//! and the slot filled for each recipient. A value that decides or computes
//! something (`{{#if recipient.name}}`) needs a rendering for each value.

use std::collections::BTreeSet;

use handlebars::template::{
    DecoratorTemplate, HelperTemplate, Parameter, Subexpression, TemplateElement,
};
use handlebars::{Handlebars, Path, PathSeg, Template};

/// A value that differs by recipient.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    /// Values that decide or compute something.
    pub(crate) structural: BTreeSet<Value>,
    /// Whether a template takes the recipient, or all attributes, as a whole.
    pub(crate) whole: bool,
    scanned: BTreeSet<String>,
}

impl Usage {
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
                    if !asks_for_a_link(helper) {
                        self.parameters(helper);
                    }
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
        match parameter {
            Parameter::Path(path) => self.path(path, structural),
            Parameter::Name(name) => {
                if let Ok(path) = Path::parse(name) {
                    self.path(&path, structural);
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

    fn path(&mut self, path: &Path, structural: bool) {
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
        if structural {
            self.structural.insert(value);
        }
    }
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
    fn values_that_decide_or_compute_are_structural() {
        let cases = [
            ("{{#if recipient.name}}x{{/if}}", Some(Value::Name)),
            (
                "{{#if x}}{{else if recipient.address}}x{{/if}}",
                Some(Value::Address),
            ),
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
