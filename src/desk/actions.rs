//! What a form does.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::json;

use crate::desk::app::{App, Asked, encoded};
use crate::desk::{Trouble, answer};
use crate::mailing::{Stage, State};
use crate::web::Form;

impl App {
    /// Does what a form of this session asks.
    pub(super) async fn act(
        self: &Arc<Self>,
        area: &str,
        asked: Asked,
        form: Form,
    ) -> Response<Body> {
        match area {
            "approve" => self.send(asked, form).await,
            "test" => self.try_out(asked, form).await,
            "mailing" => self.steer(asked, form).await,
            "links" => self.check_links(asked).await,
            _ => {
                let trouble = Trouble::new("there is nothing to be done here");
                self.trouble(StatusCode::NOT_FOUND, &asked.session, "", &trouble)
            }
        }
    }

    /// `/mailing/KEY/pause`, `resume`, `cancel`, `retry`.
    async fn steer(self: &Arc<Self>, asked: Asked, form: Form) -> Response<Body> {
        let (key, action) = asked.rest.rsplit_once('/').unwrap_or((&asked.rest, ""));
        let (key, action) = (key.to_owned(), action.to_owned());
        let (mailed, back) = (key.clone(), format!("/mailing/{}", encoded(&key)));
        let word = form.get("word").unwrap_or_default().trim().to_owned();
        let states: Vec<State> = [State::Rejected, State::Unknown, State::Deferred]
            .into_iter()
            .filter(|state| form.get(state.name()).is_some())
            .collect();
        let done = match action.as_str() {
            "pause" => self.set_stage(&key, Stage::Paused).await,
            "cancel" if word.eq_ignore_ascii_case("cancel") => {
                self.set_stage(&key, Stage::Cancelled).await
            }
            "cancel" => Err(Trouble::new("nothing was cancelled: type cancel to end it")),
            "resume" => self.work(move |app| app.room.go_on(&key, &[])).await,
            "retry" if states.is_empty() => {
                Err(Trouble::new("nobody was chosen to be tried again"))
            }
            "retry" => self.work(move |app| app.room.go_on(&key, &states)).await,
            _ => Err(Trouble::new("there is nothing to be done here")),
        };
        match done {
            Ok(()) => answer::go(&back),
            // On the page of the mailing, which still has its buttons.
            Err(trouble) => {
                let asked = Asked {
                    rest: mailed,
                    ..asked
                };
                self.mailing(asked, Some(trouble)).await
            }
        }
    }

    async fn set_stage(self: &Arc<Self>, key: &str, stage: Stage) -> Result<(), Trouble> {
        let store = self.work(|app| app.room.store()).await?;
        let store = store.ok_or_else(|| Trouble::new("there is no list yet"))?;
        let mailing = store.mailing_of(key).await?;
        let mailing = mailing.ok_or_else(|| Trouble::new("this issue was not mailed"))?;
        if mailing.stage == Stage::Finished {
            return Err(Trouble::new("the mailing is finished already"));
        }
        let now = (self.clock)();
        let moved = store
            .set_stage(mailing.id, stage, "at the desk", now)
            .await?;
        match moved {
            true => Ok(()),
            false => Err(Trouble::new("the mailing was cancelled already")),
        }
    }

    /// `/links/PATH`: asks whether the links of an issue answer.
    async fn check_links(self: &Arc<Self>, asked: Asked) -> Response<Body> {
        let look = crate::desk::issue::Look::of(&asked);
        let found = self
            .work(move |app| {
                let proof = app.view(&look)?.proof;
                let mut urls: Vec<String> = proof
                    .blocks
                    .iter()
                    .filter_map(|block| block.url.clone())
                    .filter(|url| url.starts_with("https://") || url.starts_with("http://"))
                    .collect();
                urls.sort_unstable();
                urls.dedup();
                let dead = app.room.links(&urls);
                // The margin says which; where it said so before it may now be wrong.
                let said = proof.findings.iter().any(|one| one.code == "no-answer");
                if said || !dead.is_empty() {
                    app.live.changed(app.live.trouble());
                }
                Ok((urls.len(), dead.len()))
            })
            .await;
        match found {
            Ok((asked, dead)) => answer::json(&json!({ "asked": asked, "dead": dead })),
            Err(trouble) => answer::json(&json!({ "asked": 0, "why": trouble.what })),
        }
    }

    /// `/spam/PATH`: what SpamAssassin says, where it is installed.
    pub(super) async fn spam(self: &Arc<Self>, asked: Asked) -> Response<Body> {
        let look = crate::desk::issue::Look::of(&asked);
        let said = self
            .work(move |app| {
                let proof = app.view(&look)?.proof;
                Ok(app.room.spam(&proof.message))
            })
            .await;
        let said = said.ok().flatten().map(|one| {
            json!({
                "level": one.level.name(),
                "code": one.code,
                "what": crate::desk::marks::sentence(&one.message),
            })
        });
        answer::json(&json!({ "verdict": said }))
    }
}
