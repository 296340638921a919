//! What is kept of a reader: to be saved, moved to another address, or erased. All
//! of it by a link that is mailed to the address on record, and good for a day: a
//! link in an issue is passed on with it, and may not do this.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{Extensions, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value as Json, json};

use crate::render::{AnswerForm, AnswerInput};
use crate::store::{Error, NewNotice, NoticeKind, SignUp};
use crate::subscriber::{Address, Entry, Purpose, Status, SubscriberId};
use crate::web::answer::Reader;
use crate::web::app::App;
use crate::web::client::{Client, Network};
use crate::web::door::{ACCOUNT_LIFE, Door};
use crate::web::form::Form;
use crate::web::limits::Verdict;

/// Former addresses in one look into the store.
const PAGE: usize = 2_000;

/// The person whom a link means, with their place in the store.
struct Owner {
    id: SubscriberId,
    entry: Entry,
}

/// `GET /account/<token>`: what can be done.
pub(super) async fn show(State(app): State<Arc<App>>, Path(token): Path<String>) -> Response {
    if app.door.is_none() {
        return app.missing();
    }
    match app.owner(&token).await {
        Ok(Ok(owner)) => app.account_page(&owner, &token, ""),
        Ok(Err(response)) => *response,
        Err(error) => app.out_of_order(&error),
    }
}

/// `POST /account/<token>`: does it.
pub(super) async fn act(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let Some(door) = &app.door else {
        return app.missing();
    };
    let owner = match app.owner(&token).await {
        Ok(Ok(owner)) => owner,
        Ok(Err(response)) => return *response,
        Err(error) => return app.out_of_order(&error),
    };
    let (head, body) = request.into_parts();
    let form = match Form::read(&head.headers, body).await {
        Ok(form) => form,
        Err(status) => return app.refused(status),
    };
    let said = |name: &str| form.get(name) == Some("1");
    let done = if said("save") {
        app.all_of(&owner).await
    } else if said("erase") {
        Ok(app.erase_page(&owner, &token))
    } else if said("sure") {
        app.erase(&owner).await
    } else if let Some(email) = form.get("email") {
        let network = app.client(&head.extensions).map(Network::of);
        app.change(door, &owner, &token, email, network).await
    } else {
        Ok(app.refused(StatusCode::BAD_REQUEST))
    };
    done.unwrap_or_else(|error| app.out_of_order(&error))
}

impl App {
    /// Who asks, where that is known.
    pub(super) fn client(&self, extensions: &Extensions) -> Option<IpAddr> {
        let client = extensions.get::<Client>()?;
        self.settings.forwarders.beyond(*client)
    }

    /// Asks for the link to be mailed to the address on record. Whether it is
    /// says nothing.
    pub(super) async fn mail_account_link(
        &self,
        door: &Door,
        entry: &Entry,
        network: Option<Network>,
    ) -> Result<Response, Error> {
        let (address, now) = (&entry.subscriber.address, (self.clock)());
        match door.limits.admit(network, self.bucket(address), now) {
            Verdict::Wait(seconds) => return Ok(self.too_many(false, seconds)),
            Verdict::Ignore => {}
            Verdict::Go => {
                let notice = NewNotice {
                    kind: NoticeKind::Account,
                    address: address.clone(),
                    language: entry.subscriber.language.clone(),
                    at: now,
                };
                if !self.store.notify(notice, door.settings.outbox).await? {
                    return Ok(self.too_many(false, 600));
                }
                (door.wake)();
            }
        }
        let reader = Reader::of(self, &entry.subscriber);
        let words = reader.door;
        let mut page = self.answer(
            &reader,
            words.account_sent_title,
            &[words.account_sent_text],
        );
        page.links = vec![self.home(&reader)];
        Ok(self.written(StatusCode::OK, page))
    }

    /// Whose a token is, or the answer to one that is nobody's.
    async fn owner(&self, token: &str) -> Result<Result<Owner, Box<Response>>, Error> {
        let Ok((tag, moment)) = self.keys.open_ticket(Purpose::Account, token) else {
            return Ok(Err(Box::new(self.no_token())));
        };
        let asked_at = DateTime::<Utc>::from_timestamp_millis(moment).unwrap_or_default();
        let life = TimeDelta::from_std(ACCOUNT_LIFE).unwrap_or(TimeDelta::MAX);
        if (self.clock)() - asked_at > life {
            return Ok(Err(Box::new(self.too_late(&Reader::unknown(self)))));
        }
        let found = self.index.find(tag).await?;
        // Who had the address before it was changed is not on record any more.
        let present = found.filter(|entry| {
            let keys = std::iter::once(&self.keys.current).chain(&self.keys.old);
            keys.into_iter()
                .any(|key| key.tag(&entry.subscriber.address) == tag)
        });
        let Some(entry) = present else {
            return Ok(Err(Box::new(self.nobody())));
        };
        match self.store.find(&entry.subscriber.address).await? {
            Some((id, entry)) => Ok(Ok(Owner { id, entry })),
            None => Ok(Err(Box::new(self.nobody()))),
        }
    }

    fn account_page(&self, owner: &Owner, token: &str, alert: &str) -> Response {
        let reader = Reader::of(self, &owner.entry.subscriber);
        let words = reader.door;
        let action = format!("{}account/{token}", self.base());
        let button = |field: &str, text: &str| {
            let mut form = AnswerForm {
                action: action.clone(),
                button: text.to_owned(),
                ..AnswerForm::default()
            };
            form.field(field, "1".to_owned());
            form
        };
        let change = AnswerForm {
            action: action.clone(),
            inputs: vec![AnswerInput {
                name: "email".to_owned(),
                label: words.change_label.to_owned(),
                kind: "email".to_owned(),
                complete: "email".to_owned(),
                ..AnswerInput::default()
            }],
            button: words.change.to_owned(),
            quiet: true,
            ..AnswerForm::default()
        };
        let text = match owner.entry.subscriber.status {
            Status::Confirmed => words.account_shown,
            _ => reader.words.left_text,
        };
        let mut page = self.answer(&reader, words.account_title, &[text]);
        alert.clone_into(&mut page.alert);
        let mut grave = button("erase", words.erase);
        (grave.grave, grave.quiet) = (true, true);
        page.forms = vec![button("save", words.save), change, grave];
        let status = match alert {
            "" => StatusCode::OK,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        self.written(status, page)
    }

    fn erase_page(&self, owner: &Owner, token: &str) -> Response {
        let reader = Reader::of(self, &owner.entry.subscriber);
        let words = reader.door;
        let mut form = AnswerForm {
            action: format!("{}account/{token}", self.base()),
            button: words.erase_now.to_owned(),
            grave: true,
            ..AnswerForm::default()
        };
        form.field("sure", "1".to_owned());
        let mut page = self.answer(&reader, words.erase_title, &[words.erase_text]);
        page.forms = vec![form];
        page.links = vec![crate::render::PageLink {
            title: words.keep.to_owned(),
            url: format!("{}account/{token}", self.base()),
        }];
        self.written(StatusCode::OK, page)
    }

    async fn erase(&self, owner: &Owner) -> Result<Response, Error> {
        let address = &owner.entry.subscriber.address;
        let reader = Reader::of(self, &owner.entry.subscriber);
        self.store.erase(address, (self.clock)()).await?;
        let words = reader.door;
        let mut page = self.answer(&reader, words.erased_title, &[words.erased_text]);
        page.links = vec![self.home(&reader)];
        Ok(self.written(StatusCode::OK, page))
    }

    /// Asks the new address whether it wants that too.
    async fn change(
        &self,
        door: &Door,
        owner: &Owner,
        token: &str,
        email: &str,
        network: Option<Network>,
    ) -> Result<Response, Error> {
        let reader = Reader::of(self, &owner.entry.subscriber);
        let words = reader.door;
        let clean = !email.chars().any(char::is_control);
        let Some(address) = Address::parse(email).ok().filter(|_| clean) else {
            return Ok(self.account_page(owner, token, words.address_wrong));
        };
        let now = (self.clock)();
        match door.limits.admit(network, self.bucket(&address), now) {
            Verdict::Wait(seconds) => return Ok(self.too_many(false, seconds)),
            Verdict::Ignore => {}
            Verdict::Go => {
                let asked = SignUp {
                    tag: self.keys.current.tag(&address),
                    address,
                    name: String::new(),
                    language: owner.entry.subscriber.language.clone(),
                    origin: format!("{}account", self.settings.url),
                    network: network.map_or_else(String::new, |one| one.to_string()),
                    at: now,
                    moves: Some(owner.id),
                };
                if !self.store.ask(asked, door.settings.outbox).await? {
                    return Ok(self.too_many(false, 600));
                }
                (door.wake)();
            }
        }
        let page = self.answer(&reader, words.change_sent_title, &[words.change_sent_text]);
        Ok(self.written(StatusCode::OK, page))
    }

    /// All that is kept of somebody, as a file (docs/json.md).
    async fn all_of(&self, owner: &Owner) -> Result<Response, Error> {
        let (person, time) = (&owner.entry.subscriber, |at: DateTime<Utc>| at.to_rfc3339());
        let consent = &person.consent;
        let suppression = owner.entry.suppression.as_ref().map(
            |held| json!({ "reason": held.reason.name(), "at": time(held.at), "note": held.note }),
        );
        let mailed: Vec<Json> = self
            .store
            .history(owner.id)
            .await?
            .into_iter()
            .map(|past| {
                json!({
                    "issue": past.issue,
                    "title": past.title,
                    "state": past.state.name(),
                    "at": past.at.map(time),
                    "reply": past.reply.map(|reply| format!("{} {}", reply.code, reply.text)),
                })
            })
            .collect();
        let all = json!({
            "newsletter": self.settings.newsletter.title,
            "at": time((self.clock)()),
            "address": person.address.as_str(),
            "former_addresses": self.former_of(owner.id).await?,
            "name": person.name,
            "status": person.status.name(),
            "language": person.language,
            "edition": person.edition,
            "edition_until": person.edition_until.map(time),
            "tags": person.tags,
            "attributes": person.attributes,
            "consent": {
                "origin": consent.origin,
                "joined_at": consent.joined_at.map(time),
                "joined_from": consent.joined_ip,
                "confirmed_at": consent.confirmed_at.map(time),
                "confirmed_from": consent.confirmed_ip,
                "left_at": consent.left_at.map(time),
            },
            "suppression": suppression,
            "mailed": mailed,
        });
        let text = serde_json::to_string_pretty(&all).unwrap_or_default() + "\n";
        let kind = HeaderValue::from_static("application/json");
        let name = HeaderValue::from_static("attachment; filename=\"my-data.json\"");
        let headers = [
            (header::CONTENT_TYPE, kind),
            (header::CONTENT_DISPOSITION, name),
        ];
        Ok((StatusCode::OK, headers, text).into_response())
    }

    async fn former_of(&self, of: SubscriberId) -> Result<Vec<String>, Error> {
        let (mut found, mut after) = (Vec::new(), 0);
        loop {
            let page = self.store.former(after, PAGE).await?;
            let length = page.len();
            for (mark, subscriber, address) in page {
                after = mark;
                if subscriber == of {
                    found.push(address);
                }
            }
            if length < PAGE {
                return Ok(found);
            }
        }
    }
}
