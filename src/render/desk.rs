//! The pages of the editor's desk: built in, and not to be overridden, for the
//! desk must open also where a template is broken.

use handlebars::{Context, Handlebars, Helper, HelperResult, Output, RenderContext};
use serde::Serialize;

use crate::render::escape::push_text;
use crate::render::templates::{bare_registry, cleaned};

/// Name and text of each page and part.
const PAGES: [(&str, &str); 15] = [
    ("frame", include_str!("../../templates/desk/frame.html.hbs")),
    (
        "issues",
        include_str!("../../templates/desk/issues.html.hbs"),
    ),
    ("issue", include_str!("../../templates/desk/issue.html.hbs")),
    ("view", include_str!("../../templates/desk/view.html.hbs")),
    (
        "approve",
        include_str!("../../templates/desk/approve.html.hbs"),
    ),
    (
        "mailings",
        include_str!("../../templates/desk/mailings.html.hbs"),
    ),
    (
        "mailing",
        include_str!("../../templates/desk/mailing.html.hbs"),
    ),
    (
        "subscribers",
        include_str!("../../templates/desk/subscribers.html.hbs"),
    ),
    (
        "person",
        include_str!("../../templates/desk/person.html.hbs"),
    ),
    (
        "source",
        include_str!("../../templates/desk/source.html.hbs"),
    ),
    ("plot", include_str!("../../templates/desk/plot.html.hbs")),
    (
        "difference",
        include_str!("../../templates/desk/difference.html.hbs"),
    ),
    (
        "progress",
        include_str!("../../templates/desk/progress.html.hbs"),
    ),
    ("test", include_str!("../../templates/desk/test.html.hbs")),
    (
        "trouble",
        include_str!("../../templates/desk/trouble.html.hbs"),
    ),
];

/// The style sheet of the desk.
pub const DESK_STYLE: &str = include_str!("../../templates/desk/desk.css");
/// The script of the desk.
pub const DESK_SCRIPT: &str = include_str!("../../templates/desk/desk.js");

/// The desk's pages, compiled.
pub struct DeskPages {
    registry: Handlebars<'static>,
}

impl std::fmt::Debug for DeskPages {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("DeskPages")
    }
}

impl Default for DeskPages {
    fn default() -> Self {
        let mut registry = bare_registry();
        registry.register_helper("say", Box::new(say));
        for (name, text) in PAGES {
            registry
                .register_template_string(name, text)
                .expect("the tests compile every page");
        }
        DeskPages { registry }
    }
}

/// Writes a sentence; what stands in backticks is to be typed.
fn say(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let text = helper.param(0).and_then(|param| param.value().as_str());
    let mut html = String::new();
    let mut pieces = text.unwrap_or_default().split('`').enumerate().peekable();
    while let Some((place, piece)) = pieces.next() {
        match (place % 2 == 1, pieces.peek().is_some()) {
            (true, true) => {
                html.push_str("<code>");
                push_text(&mut html, piece);
                html.push_str("</code>");
            }
            // One that is never closed is a mark like any other.
            (true, false) => {
                html.push('`');
                push_text(&mut html, piece);
            }
            (false, _) => push_text(&mut html, piece),
        }
    }
    Ok(out.write(&html)?)
}

impl DeskPages {
    /// Fills a page. One that lacks a value is a fault of ours and says so.
    pub fn fill<T: Serialize>(&self, name: &str, model: &T) -> String {
        let filled = self.registry.render(name, &cleaned(model));
        filled.unwrap_or_else(|error| format!("<p>This page cannot be shown: {error}</p>"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_of_the_desk_compiles() {
        let pages = DeskPages::default();
        for (name, _) in PAGES {
            assert!(pages.registry.has_template(name), "{name}");
        }
    }

    #[test]
    fn what_is_to_be_typed_is_told_from_the_sentence() {
        let mut pages = DeskPages::default();
        let text = "{{say this}}";
        pages
            .registry
            .register_template_string("test", text)
            .unwrap();
        for (said, html) in [
            (
                "run `a <b>` or `c`.",
                "run <code>a &lt;b&gt;</code> or <code>c</code>.",
            ),
            ("a ` alone & more", "a ` alone &amp; more"),
            ("", ""),
        ] {
            assert_eq!(pages.fill("test", &said), html);
        }
    }
}
