//! The last calm steps: a test to oneself, and the approval of exactly one build.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::Serialize;

use crate::desk::app::{App, Asked, TroubleWords, encoded};
use crate::desk::bars::{grouped, several};
use crate::desk::issue::{Look, counts, digest_short, send_words};
use crate::desk::{Approval, Outlook, Trouble, answer};
use crate::web::Form;

/// Of so many who get none each is named.
const NAMED: usize = 200;

#[derive(Serialize)]
struct Excluded {
    count: String,
    why: &'static str,
}

#[derive(Serialize)]
struct Named {
    address: String,
    why: &'static str,
}

#[derive(Serialize)]
struct Page {
    head: String,
    title: String,
    back: String,
    action: String,
    token: String,
    subject: String,
    sender: String,
    digest: String,
    digest_short: String,
    errors: usize,
    findings: String,
    /// What the mailing would be; none where something stands in its way.
    possible: bool,
    counting: bool,
    recipients: String,
    nobody: bool,
    excluded: Vec<Excluded>,
    named: Vec<Named>,
    begins: Option<String>,
    relay: String,
    word: String,
    send: String,
    at: String,
    to: String,
    by_mail: bool,
    again: bool,
    trouble: Option<TroubleWords>,
}

#[derive(Serialize)]
struct TestPage {
    head: String,
    back: String,
    action: String,
    token: String,
    to: String,
    said: Option<String>,
    trouble: Option<TroubleWords>,
}

/// What a form says of an approval.
fn approval(get: impl Fn(&str) -> Option<String>) -> Approval {
    let text = |name: &str| get(name).unwrap_or_default().trim().to_owned();
    Approval {
        digest: text("digest"),
        at: text("at").replace('T', " ").trim().replace(' ', "T"),
        to: text("to"),
        by_mail: !text("by_mail").is_empty(),
        again: !text("again").is_empty(),
    }
}

impl App {
    /// `/approve/PATH`: what would be sent, to whom, when; and the word that sends.
    pub(super) async fn approve(
        self: &Arc<Self>,
        asked: Asked,
        refused: Option<(Approval, Trouble)>,
    ) -> Response<Body> {
        let mut look = Look::of(&asked);
        let token = self.token(&asked.session);
        let (wished, refused) = match refused {
            Some((wished, trouble)) => (wished, Some(trouble)),
            None => (approval(|name| asked.get(name).map(str::to_owned)), None),
        };
        // What is approved is what was shown: readers leave as they will.
        look.by_mail = wished.by_mail;
        let status = match refused {
            Some(_) => StatusCode::CONFLICT,
            None => StatusCode::OK,
        };
        let outlook = match refused {
            // The answer to a form is not asked for again: it is waited for.
            Some(_) => {
                let (path, wished) = (look.path.clone(), wished.clone());
                Some(self.work(move |app| app.room.outlook(&path, &wished)).await)
            }
            None => self.outlook(&look.path, &wished).await,
        };
        let made = self
            .work(move |app| app.approve_html(&look, token, wished, refused, outlook))
            .await;
        match made {
            Ok(body) => self.page(status, &asked.session, "issues", "Approve", body),
            Err(trouble) => {
                let status = StatusCode::NOT_FOUND;
                self.trouble(status, &asked.session, "issues", &trouble)
            }
        }
    }

    fn approve_html(
        &self,
        look: &Look,
        token: String,
        wished: Approval,
        refused: Option<Trouble>,
        outlook: Option<Result<Outlook, Trouble>>,
    ) -> Result<String, Trouble> {
        let view = self.view(look)?;
        let proof = &view.proof;
        let outlook = match &view.trouble {
            Some(trouble) => Some(Err(trouble.clone())),
            None => outlook,
        };
        let counting = outlook.is_none();
        let (outlook, trouble) = match outlook {
            Some(Ok(outlook)) => (Some(outlook), refused),
            Some(Err(trouble)) => (None, refused.or(Some(trouble))),
            None => (None, refused),
        };
        let [errors, warnings, notes] = counts(proof);
        let findings = [
            several(errors, "error"),
            several(warnings, "warning"),
            several(notes, "note"),
        ];
        let head = self.head(proof);
        let known = outlook.as_ref();
        let recipients = known.map_or(0, |one| one.recipients);
        let page = Page {
            title: proof.row.title.clone(),
            back: look.link("issue", &[]),
            action: format!("/approve/{}", encoded(&look.path)),
            token,
            subject: proof.subject.clone(),
            sender: proof.sender.clone(),
            digest: known.map_or(proof.digest.clone(), |one| one.digest.clone()),
            digest_short: digest_short(known.map_or(&proof.digest, |one| &one.digest)),
            errors,
            findings: findings.join(", "),
            counting,
            possible: known.is_some() && errors == 0 && recipients > 0,
            recipients: several_recipients(recipients),
            nobody: known.is_some() && recipients == 0,
            excluded: known.map(excluded).unwrap_or_default(),
            named: known.map(named).unwrap_or_default(),
            begins: known.and_then(|one| one.begins.clone()),
            relay: known.map(|one| one.relay.clone()).unwrap_or_default(),
            word: word(proof.row.number, &proof.row.key),
            send: send_words(&head, recipients),
            head,
            at: wished.at,
            to: wished.to,
            by_mail: wished.by_mail,
            again: wished.again,
            trouble: trouble.as_ref().map(|trouble| self.words(trouble)),
        };
        Ok(self.pages.fill("approve", &page))
    }

    /// Sends, if the word was typed and the build is still the one that was looked
    /// at.
    pub(super) async fn send(self: &Arc<Self>, asked: Asked, form: Form) -> Response<Body> {
        let wished = approval(|name| form.get(name).map(str::to_owned));
        let word = form.get("word").unwrap_or_default().trim().to_owned();
        let mut look = Look::of(&asked);
        look.by_mail = wished.by_mail;
        let (tried, path) = (wished.clone(), look.path.clone());
        let sent = self
            .work(move |app| {
                let proof = app.view(&look)?.proof;
                let known = crate::desk::approve::word(proof.row.number, &proof.row.key);
                if word.trim_start_matches('#') != known {
                    let words = format!("nothing was sent: type {known} to send it");
                    return Err(Trouble::new(words));
                }
                if tried.digest.is_empty() {
                    return Err(Trouble::new("nothing was sent: no build was approved"));
                }
                app.room.send(&path, &tried)?;
                Ok(proof.row.key.clone())
            })
            .await;
        match sent {
            Ok(key) => answer::go(&format!("/mailing/{}", encoded(&key))),
            Err(trouble) => self.approve(asked, Some((wished, trouble))).await,
        }
    }

    /// `/test/PATH`: whom a test goes to.
    pub(super) async fn test(
        self: &Arc<Self>,
        asked: Asked,
        done: Option<(String, Result<String, Trouble>)>,
    ) -> Response<Body> {
        let look = Look::of(&asked);
        let token = self.token(&asked.session);
        let made = self
            .work(move |app| {
                let view = app.view(&look)?;
                let (to, said, trouble) = match done {
                    Some((to, Ok(said))) => (to, Some(said), None),
                    Some((to, Err(trouble))) => (to, None, Some(trouble)),
                    None => (app.room.editor(), None, None),
                };
                let page = TestPage {
                    head: app.head(&view.proof),
                    back: look.link("issue", &[]),
                    action: format!("/test/{}", encoded(&look.path)),
                    token,
                    to,
                    said,
                    trouble: trouble.as_ref().map(|trouble| app.words(trouble)),
                };
                Ok(app.pages.fill("test", &page))
            })
            .await;
        match made {
            Ok(body) => self.page(
                StatusCode::OK,
                &asked.session,
                "issues",
                "Send a test",
                body,
            ),
            Err(trouble) => {
                let status = StatusCode::NOT_FOUND;
                self.trouble(status, &asked.session, "issues", &trouble)
            }
        }
    }

    /// Sends a test.
    pub(super) async fn try_out(self: &Arc<Self>, asked: Asked, form: Form) -> Response<Body> {
        let to = form.get("to").unwrap_or_default().trim().to_owned();
        let (path, whom) = (asked.rest.clone(), to.clone());
        let said = self.work(move |app| app.room.trial(&path, &whom)).await;
        self.test(asked, Some((to, said))).await
    }
}

/// What is typed to send: the number, or the key of an issue without one.
fn word(number: Option<u64>, key: &str) -> String {
    number.map_or_else(|| key.to_owned(), |number| number.to_string())
}

fn several_recipients(count: u64) -> String {
    match count {
        1 => "1 recipient".to_owned(),
        _ => format!("{} recipients", grouped(count)),
    }
}

fn excluded(outlook: &Outlook) -> Vec<Excluded> {
    let some = outlook.excluded.iter().filter(|(_, count)| *count > 0);
    some.map(|(why, count)| Excluded {
        count: grouped(*count),
        why: why.words(),
    })
    .collect()
}

fn named(outlook: &Outlook) -> Vec<Named> {
    let named = outlook.named.iter().take(NAMED);
    named
        .map(|(address, why)| Named {
            address: address.clone(),
            why,
        })
        .collect()
}
