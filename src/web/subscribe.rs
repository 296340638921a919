//! Signing up: a form, and a way for a site's own form. Both do no more than ask
//! the owner of an address by mail; nothing that a stranger wrote goes into it.
//!
//! Every address that could exist is answered in the same words, by the same
//! steps: one row is written, whoever it is. Whether a mail leaves for it is
//! decided later and elsewhere.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::render::{AnswerForm, AnswerInput};
use crate::store::SignUp;
use crate::subscriber::{Address, Purpose, Tag, clean_name};
use crate::web::answer::Reader;
use crate::web::app::App;
use crate::web::client::Network;
use crate::web::door::{Door, Kept};
use crate::web::form::Form;
use crate::web::limits::Verdict;

/// Faster than this nobody fills in a form.
const FASTEST: TimeDelta = TimeDelta::milliseconds(1500);
/// An older form is shown anew.
const OLDEST: TimeDelta = TimeDelta::hours(12);
/// The field that people do not see and leave empty.
const TRAP: &str = "homepage";
/// Names are shorter.
const NAME: usize = 64;

/// Why a sign-up is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// The form has no stamp: it stood on a page of the archive.
    Unstamped,
    /// It came back faster than a person is, or from long ago.
    Stamp,
    /// It holds no address.
    Address,
    /// Its name is no name.
    Name,
    /// It was not made by our pages.
    Garbled,
}

/// `GET /subscribe`: the form; for programs, what belongs into theirs.
pub(super) async fn show(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Response {
    let Some(door) = &app.door else {
        return app.missing();
    };
    if !wants_json(&headers) {
        // The language of the page from which somebody comes.
        let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let language = query.into_iter().find(|(name, _)| name == "lang");
        let reader = app.reader_of(language.as_ref().map(|(_, tag)| tag.as_ref()));
        return app.form_page(&reader, StatusCode::OK, None, "");
    }
    if let Some(refused) = door.foreign(&app, &headers) {
        return refused;
    }
    let body = json!({ "stamp": app.stamp(), "languages": app.languages(), "trap": TRAP });
    door.allow(&headers, in_json(StatusCode::OK, &body))
}

/// `OPTIONS /subscribe`: a browser asks whether a site's script may sign people
/// up.
pub(super) async fn preflight(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some(door) = &app.door else {
        return app.missing();
    };
    if let Some(refused) = door.foreign(&app, &headers) {
        return refused;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    for (name, value) in [
        (header::ALLOW, "GET, HEAD, POST, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, "3600"),
    ] {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    door.allow(&headers, response)
}

/// `POST /subscribe`: asks the owner of an address.
pub(super) async fn act(State(app): State<Arc<App>>, request: Request) -> Response {
    let Some(door) = &app.door else {
        return app.missing();
    };
    let (head, body) = request.into_parts();
    let json = is_json(&head.headers) || wants_json(&head.headers);
    if json && let Some(refused) = door.foreign(&app, &head.headers) {
        return refused;
    }
    let client = app.client(&head.extensions);
    let network = client.map(Network::of);
    let now = (app.clock)();
    // A flood is turned away before it is read.
    let answer = match door.limits.look(network, now) {
        Verdict::Wait(seconds) => app.too_many(json, seconds),
        _ => match Form::read(&head.headers, body).await {
            Ok(form) => app.sign_up(door, &form, client, json, now).await,
            Err(status) if json => said(status, "garbled", "the request could not be read"),
            Err(status) => app.refused(status),
        },
    };
    if json {
        return door.allow(&head.headers, answer);
    }
    answer
}

impl App {
    async fn sign_up(
        &self,
        door: &Door,
        form: &Form,
        client: Option<IpAddr>,
        json: bool,
        now: DateTime<Utc>,
    ) -> Response {
        // A page may be in a language of which the newsletter has no edition.
        let languages = self.languages();
        let language = form.get("language");
        let language = language.filter(|one| languages.iter().any(|known| known == one));
        let reader = self.reader_of(language);
        if form.get(TRAP).is_some_and(|text| !text.is_empty()) {
            // A program filled in what people do not see. It need not know.
            return self.was_asked(door, &reader, json);
        }
        let (address, name) = match self.read(form, now) {
            Ok(read) => read,
            Err(refusal) => return self.turn_back(&reader, refusal, form, json),
        };
        let network = client.map(Network::of);
        match door.limits.admit(network, self.bucket(&address), now) {
            Verdict::Go => {}
            Verdict::Ignore => return self.was_asked(door, &reader, json),
            Verdict::Wait(seconds) => return self.too_many(json, seconds),
        }
        let asked = SignUp {
            tag: self.keys.current.tag(&address),
            address,
            name,
            language: language.map(str::to_owned),
            origin: format!("{}subscribe", self.settings.url),
            network: door.settings.kept.of(client),
            at: now,
            moves: None,
        };
        match self.store.ask(asked, door.settings.outbox).await {
            Ok(true) => {
                (door.wake)();
                self.was_asked(door, &reader, json)
            }
            Ok(false) => self.too_many(json, 600),
            Err(error) => self.out_of_order(&error),
        }
    }

    /// The address and name of a form, where a person sent it.
    fn read(&self, form: &Form, now: DateTime<Utc>) -> Result<(Address, String), Refusal> {
        if form.values().any(|text| text.chars().any(char::is_control)) {
            return Err(Refusal::Garbled);
        }
        let stamp = form.get("stamp").unwrap_or_default();
        if stamp.is_empty() {
            return Err(Refusal::Unstamped);
        }
        let opened = self.keys.open_ticket(Purpose::Form, stamp);
        let (_, moment) = opened.map_err(|_| Refusal::Stamp)?;
        let age = TimeDelta::milliseconds(now.timestamp_millis().saturating_sub(moment));
        if age < FASTEST || age > OLDEST {
            return Err(Refusal::Stamp);
        }
        let name = form.get("name").unwrap_or_default();
        if !is_name(name) {
            return Err(Refusal::Name);
        }
        let address = Address::parse(form.get("email").unwrap_or_default());
        let address = address.map_err(|_| Refusal::Address)?;
        Ok((address, clean_name(name)))
    }

    /// What an address is counted by: all names that one mailbox takes by `+`.
    pub(super) fn bucket(&self, address: &Address) -> Tag {
        let local = address.local();
        let bare = local.split('+').next().filter(|bare| !bare.is_empty());
        let whole = format!("{}@{}", bare.unwrap_or(local), address.domain());
        let counted = Address::parse(&whole);
        self.keys.current.tag(counted.as_ref().unwrap_or(address))
    }

    /// Tells when a form was shown.
    pub(super) fn stamp(&self) -> String {
        let now = (self.clock)().timestamp_millis();
        self.keys.current.ticket(Purpose::Form, Tag::PROBE, now)
    }

    /// The form, with what was written into it so far.
    fn form_page(
        &self,
        reader: &Reader,
        status: StatusCode,
        alert: Option<&str>,
        email: &str,
    ) -> Response {
        let (words, door) = (reader.words, reader.door);
        let mut form = AnswerForm {
            action: format!("{}subscribe", self.base()),
            inputs: vec![AnswerInput {
                name: "email".to_owned(),
                label: door.email_label.to_owned(),
                kind: "email".to_owned(),
                value: email.to_owned(),
                complete: "email".to_owned(),
            }],
            trap: TRAP.to_owned(),
            button: door.subscribe.to_owned(),
            ..AnswerForm::default()
        };
        form.field("stamp", self.stamp());
        let languages = self.languages();
        if languages.len() > 1 {
            let choice = self.language_choice(Some(reader.language()), languages, words);
            form.choices.push(choice);
        }
        let mut page = self.answer(reader, door.subscribe_title, &[door.subscribe_text]);
        page.alert = alert.unwrap_or_default().to_owned();
        page.forms = vec![form];
        self.written(status, page)
    }

    /// What everybody is told whose form could be read.
    fn was_asked(&self, door: &Door, reader: &Reader, json: bool) -> Response {
        if json {
            let body = json!({ "status": "asked", "link_days": door.link_days() });
            return in_json(StatusCode::ACCEPTED, &body);
        }
        let words = reader.door;
        let days = door.link_days().to_string();
        let text = words.asked_text.replace("{days}", &days);
        let mut page = self.answer(reader, words.asked_title, &[&text, words.asked_help]);
        page.links = vec![self.home(reader)];
        self.written(StatusCode::OK, page)
    }

    fn turn_back(&self, reader: &Reader, refusal: Refusal, form: &Form, json: bool) -> Response {
        if json {
            let (code, words) = match refusal {
                Refusal::Unstamped => (
                    "no-stamp",
                    "ask this address by GET for a stamp when the form is shown, and send it",
                ),
                Refusal::Stamp => ("bad-stamp", "the stamp is too new, too old or not ours"),
                Refusal::Address => ("bad-address", "email is no mail address"),
                Refusal::Name => ("bad-name", "name is no name of a person"),
                Refusal::Garbled => ("garbled", "a field holds what it cannot hold"),
            };
            return said(StatusCode::UNPROCESSABLE_ENTITY, code, words);
        }
        let words = reader.door;
        let email = form.get("email").unwrap_or_default();
        // Nothing is shown again but what is an address.
        let email = Address::parse(email).map_or(String::new(), |one| one.to_string());
        let (status, alert) = match refusal {
            Refusal::Garbled => return self.refused(StatusCode::BAD_REQUEST),
            Refusal::Unstamped if email.is_empty() => {
                (StatusCode::UNPROCESSABLE_ENTITY, words.address_wrong)
            }
            Refusal::Unstamped => (StatusCode::OK, words.once_more),
            Refusal::Stamp => (StatusCode::UNPROCESSABLE_ENTITY, words.once_more),
            Refusal::Address => (StatusCode::UNPROCESSABLE_ENTITY, words.address_wrong),
            Refusal::Name => (StatusCode::UNPROCESSABLE_ENTITY, words.name_wrong),
        };
        self.form_page(reader, status, Some(alert), &email)
    }

    /// There were too many.
    pub(super) fn too_many(&self, json: bool, seconds: u64) -> Response {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut response = if json {
            said(status, "too-many", "too many sign-ups: try again later")
        } else {
            self.crowded()
        };
        let seconds = HeaderValue::from(seconds.max(1));
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
        response
    }
}

impl Door {
    /// A refusal for scripts of sites that the settings do not name. Who is no
    /// browser says no site.
    fn foreign(&self, app: &App, headers: &HeaderMap) -> Option<Response> {
        let origin = headers.get(header::ORIGIN)?;
        let own = [&app.settings.url, &app.settings.newsletter.url];
        let own = own.map(|url| url.origin().ascii_serialization());
        let mut known = self.settings.origins.iter().chain(&own);
        if known.any(|one| origin.as_bytes() == one.as_bytes()) {
            return None;
        }
        let words = "subscribe.origins does not name this site";
        Some(said(StatusCode::FORBIDDEN, "foreign-origin", words))
    }

    /// Lets a site that is named read an answer.
    fn allow(&self, headers: &HeaderMap, mut response: Response) -> Response {
        let answer = response.headers_mut();
        answer.append(header::VARY, HeaderValue::from_static("origin, accept"));
        if let Some(origin) = headers.get(header::ORIGIN) {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
        response
    }
}

impl Kept {
    /// What the proof of consent says of where it came from.
    pub(super) fn of(self, client: Option<IpAddr>) -> String {
        match (self, client) {
            (_, None) => String::new(),
            (Kept::Network, Some(client)) => Network::of(client).to_string(),
            (Kept::Address, Some(client)) => client.to_string(),
        }
    }
}

/// Whether a text may be somebody's name: names have no addresses in them, no
/// tags, and are short.
fn is_name(text: &str) -> bool {
    let lower = text.to_lowercase();
    let advertises = ["://", "www.", "@", "http", ".com", ".net", ".org"];
    let is_foreign = |one: char| "<>{}[]&\"\\/|=%#*_$€£".contains(one) || one.is_ascii_digit();
    text.chars().count() <= NAME
        && !advertises.iter().any(|one| lower.contains(one))
        && !text.contains(is_foreign)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT);
    let accept = accept.and_then(|one| one.to_str().ok()).unwrap_or_default();
    let first = accept.split([',', ';']).next().unwrap_or_default().trim();
    first.eq_ignore_ascii_case("application/json")
}

fn in_json(status: StatusCode, body: &serde_json::Value) -> Response {
    let kind = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, kind)], format!("{body}\n")).into_response()
}

fn said(status: StatusCode, code: &str, words: &str) -> Response {
    in_json(
        status,
        &json!({ "error": { "code": code, "message": words } }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_markup_and_advertisements() {
        for name in [
            "",
            "Ada Lovelace",
            "J. R. O’Neill",
            "毛利 蘭",
            "Ana-María",
            "d'Arc",
        ] {
            assert!(is_name(name), "{name}");
        }
        for other in [
            "<b>Ada</b>",
            "Win at casino.com now",
            "Look at www.example.org",
            "https://example.org",
            "Call 555 0199",
            "a@example.org",
            "{{recipient.address}}",
            &"x".repeat(65),
        ] {
            assert!(!is_name(other), "{other}");
        }
    }
}
