//! Confirming: a page with a button, and the button. Programs that look into mail
//! for harm fetch links and press nothing.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};

use crate::render::AnswerForm;
use crate::store::{Error, OptIn, SignUp};
use crate::subscriber::{Purpose, Reason, Status, Tag};
use crate::web::answer::Reader;
use crate::web::app::App;
use crate::web::door::Door;
use crate::web::form::Form;

/// `GET /confirm/<token>`: says what the button does, and does nothing.
pub(super) async fn show(State(app): State<Arc<App>>, Path(token): Path<String>) -> Response {
    let tag = match app.opened(&token) {
        Ok((_, tag)) => tag,
        Err(response) => return *response,
    };
    let shown = async {
        match app.store.asked(tag).await? {
            Some(asked) => Ok(app.confirm_page(&asked, &token)),
            None => app.was_used(tag).await,
        }
    };
    shown.await.unwrap_or_else(|error| app.out_of_order(&error))
}

/// `POST /confirm/<token>`: does what was asked for. A second time changes
/// nothing.
pub(super) async fn act(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let (door, tag) = match app.opened(&token) {
        Ok(opened) => opened,
        Err(response) => return *response,
    };
    let (head, body) = request.into_parts();
    if let Err(status) = Form::read(&head.headers, body).await {
        return app.refused(status);
    }
    let network = door.settings.kept.of(app.client(&head.extensions));
    let done = app.confirm(door, tag, &network).await;
    done.unwrap_or_else(|error| app.out_of_order(&error))
}

impl App {
    /// The tag of a token that confirms, or the answer to what is none.
    fn opened(&self, token: &str) -> Result<(&Door, Tag), Box<Response>> {
        let Some(door) = &self.door else {
            return Err(Box::new(self.missing()));
        };
        let opened = self.keys.open_ticket(Purpose::Confirm, token);
        let (tag, moment) = opened.map_err(|_| Box::new(self.no_token()))?;
        let asked_at = DateTime::<Utc>::from_timestamp_millis(moment).unwrap_or_default();
        let life = TimeDelta::from_std(door.settings.link_life).unwrap_or(TimeDelta::MAX);
        if (self.clock)() - asked_at > life {
            return Err(Box::new(self.too_late(&Reader::unknown(self))));
        }
        Ok((door, tag))
    }

    fn confirm_page(&self, asked: &SignUp, token: &str) -> Response {
        let reader = Reader::at(self, &asked.address, asked.language.as_deref());
        let words = reader.door;
        let (title, text) = match asked.moves {
            None => (words.confirm_title, words.confirm_text),
            Some(_) => (words.move_title, words.move_text),
        };
        let mut form = AnswerForm {
            action: format!("{}confirm/{token}", self.base()),
            button: words.confirm.to_owned(),
            ..AnswerForm::default()
        };
        form.field("confirm", "1".to_owned());
        let mut page = self.answer(&reader, title, &[text]);
        page.forms = vec![form];
        self.written(StatusCode::OK, page)
    }

    async fn confirm(&self, door: &Door, tag: Tag, network: &str) -> Result<Response, Error> {
        let Some(asked) = self.store.asked(tag).await? else {
            return self.was_used(tag).await;
        };
        let reader = Reader::at(self, &asked.address, asked.language.as_deref());
        let words = reader.door;
        let now = (self.clock)();
        let welcome = &door.settings.welcome;
        let (status, title, text) = match self.store.opt_in(tag, network, welcome, now).await? {
            OptIn::Confirmed => {
                (door.wake)();
                (StatusCode::OK, words.confirmed_title, words.confirmed_text)
            }
            OptIn::Already => (StatusCode::OK, words.confirmed_title, words.confirmed_text),
            OptIn::Moved => (StatusCode::OK, words.moved_title, words.moved_text),
            OptIn::Barred(Reason::HardBounce) => {
                (StatusCode::CONFLICT, words.barred_title, words.bounced_text)
            }
            OptIn::Barred(_) => (StatusCode::CONFLICT, words.barred_title, words.barred_text),
            OptIn::Unknown => return self.was_used(tag).await,
        };
        let mut page = self.answer(&reader, title, &[text]);
        page.links = vec![self.home(&reader)];
        Ok(self.written(status, page))
    }

    /// The answer to a link that was used, or that nobody remembers.
    async fn was_used(&self, tag: Tag) -> Result<Response, Error> {
        let entry = self.index.find(tag).await?;
        let mailed = entry.filter(|entry| {
            entry.subscriber.status == Status::Confirmed && entry.suppression.is_none()
        });
        let Some(entry) = mailed else {
            return Ok(self.too_late(&Reader::unknown(self)));
        };
        let reader = Reader::of(self, &entry.subscriber);
        let words = reader.door;
        let mut page = self.answer(&reader, words.confirmed_title, &[words.confirmed_text]);
        page.links = vec![self.home(&reader)];
        Ok(self.written(StatusCode::OK, page))
    }

    /// The answer to a link that is good no more.
    pub(super) fn too_late(&self, reader: &Reader) -> Response {
        let words = reader.door;
        let mut page = self.answer(reader, words.used_title, &[words.used_text]);
        page.links = vec![self.way_in(reader), self.home(reader)];
        self.written(StatusCode::GONE, page)
    }
}
