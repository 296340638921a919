//! An issue as mail: subject, HTML and text, with slots for the recipient.
//!
//! Everything that is the same for all recipients is done once: rendering,
//! templates, inlining of styles. Not here: headers, encoding, addresses of
//! unsubscription, the sending.

mod choice;
mod frame;
mod model;
mod preview;
mod slots;

pub(crate) use choice::Choices;
pub use choice::{OptionalSection, sections_left_out};
pub(crate) use frame::{FrozenFrame, VariantKey, inlined, tidy};
pub use frame::{MailFrame, Parts, Personal};
pub(crate) use model::look;
pub use preview::{display_title, preheader};
pub(crate) use preview::{is_date, list_comma};
pub(crate) use slots::{Place, Slotted, Variant, one_line};

use chrono::NaiveDate;

use crate::diagnostic::Finding;
use crate::issue::{Issue, Precision, Summary};
use crate::newsletter::Newsletter;
use crate::render::accent::Look;
use crate::render::body::body_html;
use crate::render::fragment::Addresses;
use crate::render::templates::{self, Templates};
use crate::render::text::TextStyle;

/// What a mail is made of.
#[derive(Clone, Copy, Debug)]
pub struct MailRequest<'i, 's> {
    /// The issue.
    pub issue: &'i Issue<'s>,
    /// Its facts.
    pub summary: &'i Summary,
    /// The publication in the issue's language.
    pub newsletter: &'i Newsletter,
    /// Where the issue's relative addresses lead; its page is the link "Read
    /// in the browser".
    pub addresses: &'i Addresses,
    /// Language of the issue.
    pub language: &'i str,
    /// The issue's date as readers know it.
    pub date: Option<(NaiveDate, Precision)>,
    /// Where those to whom the mail was forwarded can subscribe.
    pub subscribe: Option<&'i str>,
    /// Whether readers have a page of preferences.
    pub has_preferences: bool,
    /// Whether bare addresses become links.
    pub linkify: bool,
    /// Logo and second colour.
    pub look: &'i Look,
    /// How the text part is set.
    pub text: TextStyle,
    /// Sections that readers may leave out.
    pub optional: &'i [OptionalSection],
}

/// Renders an issue as mail.
///
/// # Errors
///
/// What is wrong with overridden templates, each at its place.
pub fn email(
    templates: &Templates,
    request: &MailRequest<'_, '_>,
) -> Result<MailFrame, Vec<Finding>> {
    let mut model = model::model(request);
    model["links"] = serde_json::json!({
        "browser": request.addresses.page.as_str(),
        "archive": request.newsletter.url.as_str(),
        "subscribe": request.subscribe,
    });
    let mut model = templates::cleaned(&model);
    let choices = Choices::of(request);
    let frame = MailFrame::new(
        templates,
        model.clone(),
        request.has_preferences,
        choices.clone(),
    )?;
    let bare = body_html(request.issue, request.linkify).html.len();
    if frame.weight() <= bare + bare / 4 + FRAME {
        return Ok(frame);
    }
    model["look"]["lean"] = true.into();
    MailFrame::new(templates, model, request.has_preferences, choices)
}

/// What a mail may weigh beside its text and a quarter of it, in bytes. An
/// issue of very many short items would pass that by the styles of its titles:
/// there they stand in the style sheet alone (`look.lean`).
const FRAME: usize = 7_800;
