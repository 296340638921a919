//! A reader's settings: language and sections that they get, a pause, and the way
//! out. That is all that a token from a mail may do; for more it has a link mailed to the
//! address on record.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{Months, NaiveDate};
use serde_json::Value as Json;

use crate::render::{
    AnswerChoice, AnswerForm, AnswerOption, AnswerTicks, Labels, own_name, sections_left_out,
};
use crate::store::{Error, PAUSED_UNTIL};
use crate::subscriber::{Entry, Purpose, Status, Subscriber, Tag, WITHOUT_SECTIONS};
use crate::web::answer::Reader;
use crate::web::app::App;
use crate::web::client::Network;
use crate::web::form::Form;
use crate::web::words::Words;

/// For how many months readers may pause.
const PAUSES: [u32; 4] = [1, 2, 3, 6];

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

/// `POST /preferences/<token>`: keeps what was chosen.
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
    let done = async {
        let Some(entry) = app.index.find(tag).await? else {
            return Ok(app.nobody());
        };
        match (&app.door, form.get("account")) {
            (Some(door), Some(_)) => {
                let network = app.client(&head.extensions).map(Network::of);
                app.mail_account_link(door, &entry, network).await
            }
            _ => app.keep(entry, tag, &token, &form).await,
        }
    };
    done.await.unwrap_or_else(|error| app.out_of_order(&error))
}

impl App {
    /// The languages in which the newsletter comes, its own first.
    pub(super) fn languages(&self) -> Vec<String> {
        let newsletter = &self.settings.newsletter;
        let mut languages = vec![newsletter.language.clone()];
        let others = newsletter.languages.keys();
        languages.extend(others.filter(|one| **one != newsletter.language).cloned());
        languages
    }

    /// Keeps language, sections and pause, each where the form has it, or nothing.
    async fn keep(
        &self,
        mut entry: Entry,
        tag: Tag,
        token: &str,
        form: &Form,
    ) -> Result<Response, Error> {
        let known = |chosen: &str| self.languages().into_iter().find(|one| one == chosen);
        let language = match form.get("language").map(known) {
            Some(None) => return Ok(self.refused(StatusCode::BAD_REQUEST)),
            chosen => chosen.flatten(),
        };
        let pause = match form.get("pause") {
            None => None,
            Some("") => Some(None),
            Some(day) => match self
                .pauses(&entry.subscriber)
                .iter()
                .find(|one| one.to_string() == day)
            {
                Some(day) => Some(Some(*day)),
                None => return Ok(self.refused(StatusCode::BAD_REQUEST)),
            },
        };
        let without = match self.without(&entry.subscriber, form) {
            Ok(without) => without,
            Err(status) => return Ok(self.refused(status)),
        };
        if language.is_none() && pause.is_none() && without.is_none() {
            return Ok(self.refused(StatusCode::BAD_REQUEST));
        }
        let address = entry.subscriber.address.clone();
        if let Some(language) = language {
            if !self.store.set_language(&address, &language).await? {
                return Ok(self.nobody());
            }
            entry.subscriber.language = Some(language);
        }
        let day = pause.map(|day| day.map(|day| day.to_string()));
        for (name, value) in [(PAUSED_UNTIL, day), (WITHOUT_SECTIONS, without)] {
            let Some(value) = value.map(|text| text.map(Json::String)) else {
                continue;
            };
            let kept = self.store.set_attribute(&address, name, value.clone());
            if !kept.await? {
                return Ok(self.nobody());
            }
            let attributes = &mut entry.subscriber.attributes;
            match value {
                Some(value) => attributes.insert(name.to_owned(), value),
                None => attributes.shift_remove(name),
            };
        }
        Ok(self.preferences_page(&entry, tag, token, true))
    }

    /// What a form says of the sections that a reader does without, where it says
    /// anything; what nobody may leave out now stays as it was.
    fn without(
        &self,
        subscriber: &Subscriber,
        form: &Form,
    ) -> Result<Option<Option<String>>, StatusCode> {
        let offered = &self.settings.sections;
        if form.get("sections").is_none() || offered.is_empty() {
            return Ok(None);
        }
        let wanted: BTreeSet<&str> = form.all("section").collect();
        let is_offered = |slug: &&str| offered.iter().any(|one| one.slugs[0] == **slug);
        if !wanted.iter().all(is_offered) {
            return Err(StatusCode::BAD_REQUEST);
        }
        let mut without = left_out(subscriber);
        for section in offered {
            for slug in &section.slugs {
                without.remove(slug);
            }
            if !wanted.contains(section.slugs[0].as_str()) {
                without.insert(section.slugs[0].clone());
            }
        }
        let text = without.into_iter().collect::<Vec<_>>().join(", ");
        Ok(Some((!text.is_empty()).then_some(text)))
    }

    fn sections(&self, reader: &Reader, subscriber: &Subscriber) -> Option<AnswerTicks> {
        let without = left_out(subscriber);
        let options = self.settings.sections.iter().map(|section| AnswerOption {
            value: section.slugs[0].clone(),
            name: section.title.clone(),
            selected: !section.slugs.iter().any(|slug| without.contains(slug)),
            ..AnswerOption::default()
        });
        (!self.settings.sections.is_empty()).then(|| AnswerTicks {
            name: "section".to_owned(),
            label: reader.words.sections_label.to_owned(),
            options: options.collect(),
        })
    }

    /// Until when a reader may pause, and until when they do.
    fn pauses(&self, subscriber: &Subscriber) -> Vec<NaiveDate> {
        let today = self.today();
        let ends = PAUSES
            .iter()
            .filter_map(|months| today.checked_add_months(Months::new(*months)));
        let mut ends: Vec<NaiveDate> = ends.chain(self.paused_until(subscriber)).collect();
        ends.sort();
        ends.dedup();
        ends
    }

    fn today(&self) -> NaiveDate {
        (self.clock)().date_naive()
    }

    fn paused_until(&self, subscriber: &Subscriber) -> Option<NaiveDate> {
        let day = subscriber
            .attributes
            .get(PAUSED_UNTIL)?
            .as_str()?
            .parse()
            .ok();
        day.filter(|day| *day > self.today())
    }

    fn preferences_page(&self, entry: &Entry, tag: Tag, token: &str, saved: bool) -> Response {
        let subscriber = &entry.subscriber;
        let reader = Reader::of(self, subscriber);
        let (words, door) = (reader.words, reader.door);
        if subscriber.status == Status::Unsubscribed {
            let mut page = self.answer(&reader, words.left_title, &[words.left_text]);
            page.forms.extend(self.account_form(&reader, token));
            return self.written(StatusCode::OK, page);
        }
        let action = format!("{}preferences/{token}", self.base());
        let mut choices = Vec::new();
        let languages = self.languages();
        if languages.len() > 1 {
            choices.push(self.language_choice(subscriber.language.as_deref(), languages, words));
        }
        choices.push(self.pause_choice(&reader, subscriber));
        let leave = self.keys.current.token(Purpose::Unsubscribe, tag);
        let title = if saved {
            words.saved_title
        } else {
            words.preferences_title
        };
        let paused = self.paused_until(subscriber).map(|day| {
            let day = Labels::day(words.language, day);
            door.paused_text.replace("{date}", &day)
        });
        let mut text = vec![words.preferences_text];
        text.extend(paused.as_deref());
        let mut page = self.answer(&reader, title, &text);
        let mut form = AnswerForm {
            action,
            choices,
            ticks: self.sections(&reader, subscriber),
            button: words.save.to_owned(),
            ..AnswerForm::default()
        };
        if form.ticks.is_some() {
            // Where nothing is ticked, a form says nothing of it.
            form.field("sections", "1".to_owned());
        }
        page.forms = vec![
            form,
            AnswerForm {
                quiet: true,
                ..self.leave_form(&leave, words.leave)
            },
        ];
        page.forms.extend(self.account_form(&reader, token));
        self.written(StatusCode::OK, page)
    }

    /// A form whose button has the link to all that is kept mailed.
    fn account_form(&self, reader: &Reader, token: &str) -> Option<AnswerForm> {
        self.door.as_ref()?;
        let mut form = AnswerForm {
            action: format!("{}preferences/{token}", self.base()),
            text: reader.door.account_text.to_owned(),
            button: reader.door.account.to_owned(),
            quiet: true,
            ..AnswerForm::default()
        };
        form.field("account", "1".to_owned());
        Some(form)
    }

    fn pause_choice(&self, reader: &Reader, subscriber: &Subscriber) -> AnswerChoice {
        let now = self.paused_until(subscriber);
        let option = |value: String, name: String, selected: bool| AnswerOption {
            value,
            name,
            selected,
            ..AnswerOption::default()
        };
        let none = option(
            String::new(),
            reader.door.pause_none.to_owned(),
            now.is_none(),
        );
        let days = self.pauses(subscriber).into_iter().map(|day| {
            let said = Labels::day(reader.words.language, day);
            let name = reader.door.pause_until.replace("{date}", &said);
            option(day.to_string(), name, Some(day) == now)
        });
        AnswerChoice {
            name: "pause".to_owned(),
            label: reader.door.pause_label.to_owned(),
            options: std::iter::once(none).chain(days).collect(),
        }
    }

    pub(super) fn language_choice(
        &self,
        own: Option<&str>,
        languages: Vec<String>,
        words: &Words,
    ) -> AnswerChoice {
        let now = own.unwrap_or(&self.settings.newsletter.language);
        // `zh-Hans` reads what comes in `zh` where nothing is closer.
        let primary = now.split('-').next().unwrap_or(now);
        let exact = languages.iter().position(|one| one == now);
        let near = languages.iter().position(|one| one == primary);
        let selected = exact.or(near).unwrap_or(0);
        let options = languages.into_iter().enumerate();
        AnswerChoice {
            name: "language".to_owned(),
            label: words.language_label.to_owned(),
            options: options
                .map(|(at, value)| AnswerOption {
                    name: own_name(&value),
                    selected: at == selected,
                    language: value.clone(),
                    value,
                })
                .collect(),
        }
    }
}

/// Slugs of the sections that somebody does without.
fn left_out(subscriber: &Subscriber) -> BTreeSet<String> {
    match subscriber.attributes.get(WITHOUT_SECTIONS) {
        Some(Json::String(text)) => sections_left_out(text),
        Some(other) => sections_left_out(&other.to_string()),
        None => BTreeSet::new(),
    }
}
