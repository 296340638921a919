//! Leaving: a page with a button, the button, one click, and taking it back.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};

use crate::render::{AnswerField, AnswerForm};
use crate::store::Error;
use crate::subscriber::{Entry, NONCE_HEADER, PROOF_HEADER, Proof, Purpose, Status, Tag};
use crate::web::answer::Reader;
use crate::web::app::App;
use crate::web::form::Form;

/// For how long leaving can be taken back.
const UNDO: TimeDelta = TimeDelta::hours(1);
/// No nonce of ours is longer.
const NONCE: usize = 64;

/// `GET /unsubscribe/<token>`: says what the button does, and does nothing.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Ok(tag) = app.keys.open(Purpose::Unsubscribe, &token) else {
        return app.no_token();
    };
    if tag == Tag::PROBE {
        return app.probed(&headers);
    }
    match app.index.find(tag).await {
        Ok(Some(entry)) => app.leave_page(&entry, &token),
        Ok(None) => app.nobody(),
        Err(error) => app.out_of_order(&error),
    }
}

/// `POST /unsubscribe/<token>`: they leave, or take it back. Doing it twice is
/// doing it once.
pub(super) async fn act(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    debug_assert_eq!(request.method(), Method::POST);
    let Ok(tag) = app.keys.open(Purpose::Unsubscribe, &token) else {
        return app.no_token();
    };
    let (head, body) = request.into_parts();
    let form = match Form::read(&head.headers, body).await {
        Ok(form) => form,
        Err(status) => return app.refused(status),
    };
    if tag == Tag::PROBE {
        if form.is_one_click() {
            return app.probed(&head.headers);
        }
        return app.refused(StatusCode::BAD_REQUEST);
    }
    let done = match form.get("undo") {
        Some(ticket) => app.undo(tag, ticket).await,
        None => app.leave(tag, &token, form.is_one_click()).await,
    };
    done.unwrap_or_else(|error| app.out_of_order(&error))
}

impl App {
    fn leave_page(&self, entry: &Entry, token: &str) -> Response {
        let reader = Reader::of(self, &entry.subscriber);
        let words = reader.words;
        if has_left(entry) {
            let text = [words.left_text];
            return self.page(&reader, StatusCode::OK, words.left_title, &text, Vec::new());
        }
        let form = self.leave_form(token, words.leave);
        self.page(
            &reader,
            StatusCode::OK,
            words.leave_title,
            &[words.leave_text],
            vec![form],
        )
    }

    /// A form whose button leaves.
    pub(super) fn leave_form(&self, token: &str, button: &str) -> AnswerForm {
        AnswerForm {
            action: format!("{}unsubscribe/{token}", self.base()),
            fields: vec![AnswerField {
                name: "leave".to_owned(),
                value: "1".to_owned(),
            }],
            button: button.to_owned(),
            ..AnswerForm::default()
        }
    }

    async fn leave(&self, tag: Tag, token: &str, one_click: bool) -> Result<Response, Error> {
        let Some(entry) = self.index.find(tag).await? else {
            return Ok(self.nobody());
        };
        let now = whole_millis((self.clock)());
        let address = &entry.subscriber.address;
        self.store.leave(address, now).await?;
        if one_click {
            // RFC 8058 §3.1: no redirect, no cookie; nobody reads the body.
            return Ok((StatusCode::OK, "unsubscribed\n").into_response());
        }
        let reader = Reader::of(self, &entry.subscriber);
        let words = reader.words;
        let (mut text, mut forms) = (vec![words.left_text], Vec::new());
        // Only what this request did can be taken back by it.
        let was_mailed =
            entry.subscriber.status == Status::Confirmed && entry.suppression.is_none();
        if was_mailed {
            text.push(words.undo_text);
            let ticket = self
                .keys
                .current
                .ticket(Purpose::Undo, tag, now.timestamp_millis());
            forms.push(AnswerForm {
                action: format!("{}unsubscribe/{token}", self.base()),
                fields: vec![AnswerField {
                    name: "undo".to_owned(),
                    value: ticket,
                }],
                button: words.undo.to_owned(),
                ..AnswerForm::default()
            });
        }
        Ok(self.page(&reader, StatusCode::OK, words.left_title, &text, forms))
    }

    async fn undo(&self, tag: Tag, ticket: &str) -> Result<Response, Error> {
        let left_at = match self.keys.open_ticket(Purpose::Undo, ticket) {
            Ok((of, moment)) if of == tag => DateTime::from_timestamp_millis(moment),
            _ => None,
        };
        let Some(left_at) = left_at else {
            return Ok(self.no_token());
        };
        let Some(entry) = self.index.find(tag).await? else {
            return Ok(self.nobody());
        };
        let reader = Reader::of(self, &entry.subscriber);
        let words = reader.words;
        let in_time = (self.clock)() - left_at < UNDO;
        let address = &entry.subscriber.address;
        if in_time && self.store.take_back(address, left_at).await? {
            let text = [words.back_text];
            return Ok(self.page(&reader, StatusCode::OK, words.back_title, &text, Vec::new()));
        }
        let is_mailed = entry.subscriber.status == Status::Confirmed && entry.suppression.is_none();
        let (status, title, text) = if is_mailed {
            (StatusCode::OK, words.back_title, words.back_text)
        } else {
            (StatusCode::GONE, words.late_title, words.late_text)
        };
        Ok(self.page(&reader, status, title, &[text], Vec::new()))
    }

    /// The answer to a sender that asks whether the way out works.
    fn probed(&self, headers: &HeaderMap) -> Response {
        let reader = Reader::unknown(self);
        let words = reader.words;
        let text = [words.test_text];
        let mut response = self.page(&reader, StatusCode::OK, words.test_title, &text, Vec::new());
        let nonce = headers.get(NONCE_HEADER).and_then(|one| one.to_str().ok());
        if let Some(nonce) = nonce.filter(|nonce| nonce.len() <= NONCE) {
            let store = self.store.id().0;
            let keys = std::iter::once(&self.keys.current).chain(&self.keys.old);
            let proofs: Vec<String> = keys
                .map(|key| Proof::new(key, nonce, &store).text())
                .collect();
            if let Ok(proofs) = HeaderValue::try_from(proofs.join(" ")) {
                response.headers_mut().insert(PROOF_HEADER, proofs);
            }
        }
        response
    }
}

/// Whether a person has left and nothing lifted that.
fn has_left(entry: &Entry) -> bool {
    entry.subscriber.status == Status::Unsubscribed && entry.suppression.is_some()
}

/// As exact as a store keeps it.
fn whole_millis(moment: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(moment.timestamp_millis()).unwrap_or(moment)
}
