//! A reader's settings: the language they get, and the way out. That is all that
//! a token from a mail may do.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::render::{AnswerChoice, AnswerForm, AnswerOption, own_name};
use crate::store::Error;
use crate::subscriber::{Entry, Purpose, Status, Tag};
use crate::web::answer::Reader;
use crate::web::app::App;
use crate::web::form::Form;

/// `GET /preferences/<token>`.
pub(super) async fn show(State(app): State<Arc<App>>, Path(token): Path<String>) -> Response {
    let Ok(tag) = app.keys.open(Purpose::Preferences, &token) else {
        return app.no_token();
    };
    match app.index.find(tag).await {
        Ok(Some(entry)) => app.preferences_page(&entry, tag, &token, false),
        Ok(None) => app.nobody(),
        Err(error) => app.out_of_order(&error),
    }
}

/// `POST /preferences/<token>`: keeps the language that was chosen.
pub(super) async fn act(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let Ok(tag) = app.keys.open(Purpose::Preferences, &token) else {
        return app.no_token();
    };
    let (head, body) = request.into_parts();
    let form = match Form::read(&head.headers, body).await {
        Ok(form) => form,
        Err(status) => return app.refused(status),
    };
    let chosen = form.get("language").unwrap_or_default();
    let languages = app.languages();
    let Some(language) = languages.into_iter().find(|one| one == chosen) else {
        return app.refused(StatusCode::BAD_REQUEST);
    };
    let kept = app.keep_language(tag, &token, &language).await;
    kept.unwrap_or_else(|error| app.out_of_order(&error))
}

impl App {
    /// The languages in which the newsletter comes, its own first.
    fn languages(&self) -> Vec<String> {
        let newsletter = &self.settings.newsletter;
        let mut languages = vec![newsletter.language.clone()];
        let others = newsletter.languages.keys();
        languages.extend(others.filter(|one| **one != newsletter.language).cloned());
        languages
    }

    async fn keep_language(
        &self,
        tag: Tag,
        token: &str,
        language: &str,
    ) -> Result<Response, Error> {
        let Some(mut entry) = self.index.find(tag).await? else {
            return Ok(self.nobody());
        };
        let address = &entry.subscriber.address;
        if !self.store.set_language(address, language).await? {
            return Ok(self.nobody());
        }
        entry.subscriber.language = Some(language.to_owned());
        Ok(self.preferences_page(&entry, tag, token, true))
    }

    fn preferences_page(&self, entry: &Entry, tag: Tag, token: &str, saved: bool) -> Response {
        let subscriber = &entry.subscriber;
        let reader = Reader::of(self, subscriber);
        let words = reader.words;
        if subscriber.status == Status::Unsubscribed {
            let text = [words.left_text];
            return self.page(&reader, StatusCode::OK, words.left_title, &text, Vec::new());
        }
        let mut forms = Vec::new();
        let languages = self.languages();
        if languages.len() > 1 {
            forms.push(self.language_form(subscriber.language.as_deref(), languages, token, words));
        }
        let leave = self.keys.current.token(Purpose::Unsubscribe, tag);
        forms.push(self.leave_form(&leave, words.leave));
        let title = if saved {
            words.saved_title
        } else {
            words.preferences_title
        };
        let text = [words.preferences_text];
        self.page(&reader, StatusCode::OK, title, &text, forms)
    }

    fn language_form(
        &self,
        own: Option<&str>,
        languages: Vec<String>,
        token: &str,
        words: &crate::web::words::Words,
    ) -> AnswerForm {
        let now = own.unwrap_or(&self.settings.newsletter.language);
        // `zh-Hans` reads what comes in `zh` where nothing is closer.
        let primary = now.split('-').next().unwrap_or(now);
        let exact = languages.iter().position(|one| one == now);
        let near = languages.iter().position(|one| one == primary);
        let selected = exact.or(near).unwrap_or(0);
        let options = languages.into_iter().enumerate();
        AnswerForm {
            action: format!("{}preferences/{token}", self.base()),
            choices: vec![AnswerChoice {
                name: "language".to_owned(),
                label: words.language_label.to_owned(),
                options: options
                    .map(|(at, value)| AnswerOption {
                        name: own_name(&value),
                        selected: at == selected,
                        value,
                    })
                    .collect(),
            }],
            button: words.save.to_owned(),
            ..AnswerForm::default()
        }
    }
}
