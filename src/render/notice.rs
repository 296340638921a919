//! Messages of the server's own: a link to confirm, words of welcome and the
//! like. Nothing that a stranger wrote stands in them.

mod words;

use serde_json::json;

use crate::diagnostic::Finding;
use crate::newsletter::Newsletter;
use crate::render::accent::Look;
use crate::render::labels::Labels;
use crate::render::mail::{Parts, inlined, look, one_line, tidy};
use crate::render::templates::{self, Templates};
use words::Words;

/// What such a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Confirm that you want the newsletter.
    Confirm,
    /// You have it already.
    Already,
    /// Confirm that this is your new address.
    Move,
    /// You are subscribed.
    Welcome,
    /// The way to all that is kept of you.
    Account,
}

impl Topic {
    /// Its word in templates.
    pub fn name(self) -> &'static str {
        match self {
            Topic::Confirm => "confirm",
            Topic::Already => "already",
            Topic::Move => "move",
            Topic::Welcome => "welcome",
            Topic::Account => "account",
        }
    }
}

/// What a message of the server's own is made of.
#[derive(Clone, Copy, Debug)]
pub struct NoticeRequest<'a> {
    /// What it says.
    pub topic: Topic,
    /// The publication in the reader's language.
    pub newsletter: &'a Newsletter,
    /// That language.
    pub language: &'a str,
    /// Logo and second colour.
    pub look: &'a Look,
    /// Where its button leads; empty: there is none.
    pub action: &'a str,
    /// For how many days that link is good.
    pub days: u64,
    /// Title of the newest issue, where the button leads to it.
    pub issue: &'a str,
    /// Where the reader leaves, and where they choose; empty for whoever is not
    /// subscribed.
    pub unsubscribe: &'a str,
    /// See [`NoticeRequest::unsubscribe`].
    pub preferences: &'a str,
}

/// Renders a message of the server's own.
///
/// # Errors
///
/// What is wrong with overridden templates, at its place.
pub fn notice(templates: &Templates, request: &NoticeRequest<'_>) -> Result<Parts, Box<Finding>> {
    let newsletter = request.newsletter;
    let words = Words::of(request.language);
    let said = |text: &str| {
        text.replace("{newsletter}", &newsletter.title)
            .replace("{days}", &request.days.to_string())
            .replace("{issue}", request.issue)
    };
    let (subject, text, button, note) = match request.topic {
        Topic::Confirm => (
            words.confirm_subject,
            vec![words.confirm_text],
            words.confirm,
            words.confirm_note,
        ),
        Topic::Already => (
            words.already_subject,
            vec![words.already_text],
            words.settings,
            words.already_note,
        ),
        Topic::Move => (
            words.move_subject,
            vec![words.move_text],
            words.confirm,
            words.confirm_note,
        ),
        Topic::Welcome if request.action.is_empty() => {
            (words.welcome_subject, vec![words.welcome_text], "", "")
        }
        Topic::Welcome => (
            words.welcome_subject,
            vec![words.welcome_text, words.newest_text],
            words.read,
            "",
        ),
        Topic::Account => (
            words.account_subject,
            vec![words.account_text],
            words.open,
            words.account_note,
        ),
    };
    let text: Vec<String> = text.into_iter().map(said).collect();
    let model = templates::cleaned(&json!({
        "newsletter": {
            "title": newsletter.title,
            "description": newsletter.description,
            "url": newsletter.url.as_str(),
            "language": newsletter.language,
            "author": newsletter.author,
            "address": newsletter.address,
        },
        "notice": {
            "kind": request.topic.name(),
            "language": request.language,
            "subject": said(subject),
            "text": text,
            "button": said(button),
            "note": said(note),
        },
        "links": {
            "action": request.action,
            "unsubscribe": request.unsubscribe,
            "preferences": request.preferences,
            "archive": newsletter.url.as_str(),
        },
        "labels": Labels::of(request.language),
        "look": look(request.language, request.look),
    }));
    let html = templates.html("notice.html", &model)?;
    let text = templates.text("notice.txt", &model)?;
    let subject = templates.text("notice.subject", &model)?;
    Ok(Parts {
        subject: one_line(&subject).trim().to_owned(),
        html: inlined(&html)?,
        text: tidy(&text),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use url::Url;

    use super::*;

    const TOPICS: [Topic; 5] = [
        Topic::Confirm,
        Topic::Already,
        Topic::Move,
        Topic::Welcome,
        Topic::Account,
    ];

    fn newsletter() -> Newsletter {
        Newsletter {
            title: "Letters & <Co>".to_owned(),
            description: String::new(),
            url: Url::parse("https://weekly.example.org/").unwrap(),
            language: "en".to_owned(),
            time_zone: chrono_tz::UTC,
            author: String::new(),
            from: None,
            reply_to: None,
            address: "1 Example Street".to_owned(),
            list_id: "weekly.example.org".to_owned(),
            languages: BTreeMap::new(),
        }
    }

    #[test]
    fn every_notice_is_whole_in_every_language() {
        let newsletter = newsletter();
        let languages = [
            "en", "de", "fr", "es", "zh", "zh-Hant", "ja", "ko", "ar", "he", "xx",
        ];
        for language in languages {
            for topic in TOPICS {
                let parts = notice(
                    &Templates::default(),
                    &NoticeRequest {
                        topic,
                        newsletter: &newsletter,
                        language,
                        look: &Look::default(),
                        action: "https://weekly.example.org/confirm/TOKEN",
                        days: 7,
                        issue: "Issue 7",
                        unsubscribe: "",
                        preferences: "",
                    },
                )
                .unwrap();
                let all = format!("{} {} {}", parts.subject, parts.text, parts.html);
                assert!(
                    !all.contains(['{', '}']) || parts.html.contains("@media"),
                    "{all}"
                );
                assert!(!parts.text.contains(['{', '}']), "{}", parts.text);
                assert!(
                    parts.subject.contains("Letters & <Co>"),
                    "{}",
                    parts.subject
                );
                assert!(
                    parts
                        .text
                        .contains("https://weekly.example.org/confirm/TOKEN")
                );
                assert!(
                    parts.html.contains("Letters &amp; &lt;Co&gt;"),
                    "{}",
                    parts.html
                );
                assert!(!parts.html.contains("<Co>"));
                assert!(!parts.text.contains("Unsubscribe:"));
            }
        }
    }
}
