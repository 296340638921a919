//! Mailings: what went, what is going, and what needs a hand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::desk::app::{App, Asked, TroubleWords, encoded};
use crate::desk::bars::{grouped, share};
use crate::desk::books::Books;
use crate::desk::{Trouble, Underway, answer};
use crate::mailing::{Delivery, Mailing, Stage, State, Tally};

/// Of those who need a hand, and of those who were skipped, so many are named.
const NAMED: usize = 100;
/// What may be done with a mailing; each is a form of its page.
const STEPS: [&str; 4] = ["pause", "resume", "cancel", "retry"];
/// How long the list counts before it shows what it has.
const PATIENCE: Duration = Duration::from_millis(150);
/// Domains and replies of the short tables.
const SHORT: usize = 6;

#[derive(Serialize)]
struct ListPage {
    rows: Vec<Listed>,
    empty: bool,
}

#[derive(Serialize)]
struct Listed {
    href: String,
    issue: String,
    title: String,
    stage: &'static str,
    tone: &'static str,
    begun: String,
    counted: bool,
    accepted: String,
    total: String,
    rest: String,
    bar: Vec<Stretch>,
}

/// A stretch of the bar of a whole mailing.
#[derive(Serialize)]
struct Stretch {
    kind: &'static str,
    from: usize,
    length: usize,
}

#[derive(Serialize)]
struct Page {
    issue: String,
    title: String,
    link: String,
    token: String,
    progress: String,
    /// As `/progress/KEY` says it: the page is asked anew once the two differ.
    state: String,
    trouble: Option<TroubleWords>,
    can_pause: bool,
    can_resume: bool,
    can_cancel: bool,
    retry: Vec<Retry>,
    open: String,
    named: Vec<Named>,
    more: String,
    /// Who was left out after it was confirmed.
    skipped: Vec<Named>,
    more_skipped: String,
    digest: String,
}

#[derive(Serialize)]
struct Retry {
    name: &'static str,
    words: String,
    risk: bool,
}

#[derive(Serialize)]
struct Named {
    address: String,
    href: Option<String>,
    state: &'static str,
    said: String,
    tries: u32,
    again: String,
}

#[derive(Serialize)]
struct Counted {
    words: String,
    count: String,
}

/// The part of the page that changes while it is sent.
#[derive(Serialize)]
struct Progress {
    stage: String,
    tone: &'static str,
    sentence: String,
    bar: Vec<Stretch>,
    total: String,
    counts: Vec<Counted>,
    rate: Option<String>,
    left: Option<String>,
    replies: Vec<Counted>,
    domains: Vec<Counted>,
    sender: Option<String>,
    events: Vec<String>,
}

/// A mailing at one moment. All that a page says of it, it says of this one.
struct Now {
    mailing: Mailing,
    /// `None` while a large one is being counted for the first time.
    books: Option<Arc<Books>>,
    /// Who is sending from this store.
    sender: Option<String>,
    /// Its run, where this program has it in hand.
    ours: Option<Underway>,
}

impl Now {
    /// Whether somebody hands over. A run of ours that is open has begun, also before
    /// the store knows of it.
    fn is_sending(&self) -> bool {
        self.sender.is_some() || self.ours.is_some() && self.mailing.stage == Stage::Open
    }

    /// What the buttons of its page hang on.
    fn words(&self) -> String {
        let counting = if self.books.is_some() {
            ""
        } else {
            " counting"
        };
        format!(
            "{} {}{counting}",
            self.mailing.stage.name(),
            self.is_sending()
        )
    }

    fn tally(&self) -> Tally {
        self.books
            .as_ref()
            .map(|books| books.tally)
            .unwrap_or_default()
    }

    /// Who was not taken over, as far as they are known by name.
    fn held(&self) -> &[Delivery] {
        self.books
            .as_ref()
            .map_or(&[], |books| books.held.as_slice())
    }
}

impl App {
    /// `/mailings`: all of them, the last first.
    pub(super) async fn mailings(self: &Arc<Self>, asked: Asked) -> Response<Body> {
        let rows = async {
            let Some(store) = self.work(|app| app.room.store()).await? else {
                return Ok(Vec::new());
            };
            let mut rows = Vec::new();
            let begun = Instant::now();
            for mailing in store.mailings().await? {
                // Counting many large ones takes long: the rest is there the next time.
                let books = match begun.elapsed() < PATIENCE {
                    true => self.books(&store, &mailing).await?,
                    false => self.last_books(&mailing),
                };
                rows.push(self.listed(&mailing, books.map(|books| books.tally)));
            }
            Ok(rows)
        };
        match rows.await {
            Ok(rows) => {
                let page = ListPage {
                    empty: rows.is_empty(),
                    rows,
                };
                let body = self.pages.fill("mailings", &page);
                self.page(StatusCode::OK, &asked.session, "mailings", "Mailings", body)
            }
            Err(trouble) => self.store_trouble(&asked, "mailings", &trouble),
        }
    }

    pub(super) fn store_trouble(
        &self,
        asked: &Asked,
        area: &str,
        trouble: &Trouble,
    ) -> Response<Body> {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        self.trouble(status, &asked.session, area, trouble)
    }

    fn listed(&self, mailing: &Mailing, counted: Option<Tally>) -> Listed {
        let tally = &counted.unwrap_or_default();
        let total = tally.total();
        Listed {
            href: format!("/mailing/{}", encoded(&mailing.issue)),
            issue: mailing.issue.clone(),
            title: mailing.title.clone(),
            stage: stage_word(mailing.stage),
            tone: stage_tone(mailing.stage),
            begun: self.room.moment(mailing.starts_at),
            counted: counted.is_some(),
            accepted: grouped(tally.of(State::Accepted)),
            total: grouped(total),
            rest: rest_words(tally),
            bar: bar(tally),
        }
    }

    /// `/mailing/KEY`.
    pub(super) async fn mailing(
        self: &Arc<Self>,
        asked: Asked,
        refused: Option<Trouble>,
    ) -> Response<Body> {
        // After a button that was refused the address is that of the button.
        if let Some((key, action)) = asked.rest.rsplit_once('/')
            && refused.is_none()
            && STEPS.contains(&action)
        {
            return answer::go(&format!("/mailing/{}", encoded(key)));
        }
        let status = match refused {
            Some(_) => StatusCode::CONFLICT,
            None => StatusCode::OK,
        };
        let token = self.token(&asked.session);
        let made = async {
            let now = self.now(&asked.rest).await?;
            let progress = self.progress_of(&now);
            let (mailing, tally, sending) = (&now.mailing, now.tally(), now.is_sending());
            let need = [State::Rejected, State::Unknown, State::Deferred];
            let named = self.named(&now, &need);
            let skipped = self.named(&now, &[State::Skipped]);
            let ended = self.room.ended(&mailing.issue).filter(|_| !sending);
            let trouble = refused.as_ref().or(ended.as_ref());
            let closed = matches!(mailing.stage, Stage::Cancelled | Stage::Finished);
            let retry = [
                (State::Rejected, false),
                (State::Unknown, true),
                (State::Deferred, false),
            ];
            let retry = retry.into_iter().filter(|(state, _)| tally.of(*state) > 0);
            let page = Page {
                issue: mailing.issue.clone(),
                title: mailing.title.clone(),
                link: encoded(&mailing.issue),
                token,
                progress: self.pages.fill("progress", &progress),
                state: now.words(),
                trouble: trouble.map(|trouble| self.words(trouble)),
                can_pause: matches!(mailing.stage, Stage::Open | Stage::Scheduled),
                can_resume: match mailing.stage {
                    Stage::Paused => true,
                    Stage::Open | Stage::Scheduled => !sending,
                    Stage::Cancelled | Stage::Finished => false,
                },
                can_cancel: !closed,
                retry: match mailing.stage {
                    Stage::Cancelled => Vec::new(),
                    _ if sending => Vec::new(),
                    _ => retry
                        .map(|(state, risk)| Retry {
                            name: state.name(),
                            words: format!("{} {}", grouped(tally.of(state)), state.name()),
                            risk,
                        })
                        .collect(),
                },
                open: grouped(tally.open()),
                more: more(&tally, &need, named.len()),
                named,
                more_skipped: more(&tally, &[State::Skipped], skipped.len()),
                skipped,
                digest: mailing.digest.clone(),
            };
            Ok(self.pages.fill("mailing", &page))
        };
        match made.await {
            Ok(body) => {
                let title = format!("Mailing of {}", asked.rest);
                self.page(status, &asked.session, "mailings", &title, body)
            }
            Err(trouble) => {
                let status = StatusCode::NOT_FOUND;
                let trouble = refused.as_ref().unwrap_or(&trouble);
                self.trouble(status, &asked.session, "mailings", trouble)
            }
        }
    }

    /// `/progress/KEY`: the part that changes.
    pub(super) async fn progress(self: &Arc<Self>, asked: Asked) -> Response<Body> {
        let made = async {
            let now = self.now(&asked.rest).await?;
            Ok::<_, Trouble>((self.progress_of(&now), now.words()))
        };
        match made.await {
            Ok((progress, state)) => answer::json(&json!({
                "html": self.pages.fill("progress", &progress),
                "state": state,
                "said": progress.sentence,
            })),
            Err(trouble) => answer::json(&json!({ "why": trouble.what })),
        }
    }

    /// A mailing as it stands.
    async fn now(self: &Arc<Self>, issue: &str) -> Result<Now, Trouble> {
        let store = self.work(|app| app.room.store()).await?;
        let store = store.ok_or_else(|| Trouble::new("there is no list yet"))?;
        // Who sends is asked first: a run that ends in between has then ended by its
        // stage too, and no page says that nobody sends what is just done.
        let ours = self.room.underway().filter(|one| one.issue == issue);
        let sender = store.engaged().await?;
        let mailing = store.mailing_of(issue).await?.ok_or_else(|| {
            Trouble::new(format!("issue {issue} was not mailed")).hint("Mailings lists what was")
        })?;
        let books = self.books(&store, &mailing).await?;
        Ok(Now {
            mailing,
            books,
            sender,
            ours,
        })
    }

    fn progress_of(&self, now: &Now) -> Progress {
        let (mailing, tally, ours) = (&now.mailing, &now.tally(), &now.ours);
        let (rate, left) = match (ours, mailing.stage) {
            (Some(ours), Stage::Open) => {
                let progress = ours.watch.progress();
                let seconds = progress.since.map_or(0, |since| {
                    ((self.clock)() - since).num_milliseconds().unsigned_abs()
                });
                let rate = (progress.accepted * 1000)
                    .checked_div(seconds.max(1))
                    .unwrap_or(0);
                let left = tally.of(State::Pending).checked_div(rate);
                (Some(grouped(rate)), left.map(span))
            }
            _ => (None, None),
        };
        let mut replies = replies(now.held());
        if tally.of(State::Accepted) > 0 {
            replies.insert(
                0,
                Counted {
                    words: "250 taken over".to_owned(),
                    count: grouped(tally.of(State::Accepted)),
                },
            );
        }
        let states = State::ALL.into_iter().filter(|state| tally.of(*state) > 0);
        Progress {
            stage: stage_word(mailing.stage).to_owned(),
            tone: stage_tone(mailing.stage),
            sentence: match now.books {
                Some(_) => self.sentence(mailing, tally, now.is_sending()),
                None => "Counting who has it…".to_owned(),
            },
            bar: bar(tally),
            total: grouped(tally.total()),
            counts: states
                .map(|state| Counted {
                    words: state.name().to_owned(),
                    count: grouped(tally.of(state)),
                })
                .collect(),
            rate,
            left,
            replies,
            domains: domains(now.held()),
            events: self.room.events(&mailing.issue),
            sender: now.sender.clone().filter(|_| ours.is_none()),
        }
    }

    fn sentence(&self, mailing: &Mailing, tally: &Tally, sending: bool) -> String {
        let (accepted, total) = (tally.of(State::Accepted), tally.total());
        let have = format!("{} of {} have it", grouped(accepted), grouped(total));
        let hand = tally.of(State::Rejected) + tally.of(State::Unknown);
        let named = match hand {
            0 => ".".to_owned(),
            1 => "; 1 is named below.".to_owned(),
            _ => format!("; {} are named below.", grouped(hand)),
        };
        match mailing.stage {
            Stage::Scheduled => format!("It begins {}.", self.room.moment(mailing.starts_at)),
            Stage::Open if sending => format!("{have}."),
            Stage::Open => format!("{have}; nobody is sending. Resume goes on."),
            Stage::Paused if mailing.why.is_empty() => format!("{have}; it is paused."),
            Stage::Paused => format!("{have}; it is paused: {}.", mailing.why),
            Stage::Cancelled => format!("{have}; the rest was cancelled."),
            Stage::Finished if hand == 0 && accepted == total => {
                format!("All {} have it.", grouped(total))
            }
            Stage::Finished => format!("{have}{named}"),
        }
    }

    /// Some of those in these states, each with the reason; whoever can be helped first.
    fn named(&self, now: &Now, states: &[State]) -> Vec<Named> {
        let in_order = states.iter().flat_map(|state| {
            let held = now.held().iter();
            held.filter(move |one| one.state == *state)
        });
        in_order.take(NAMED).map(|one| self.by_name(one)).collect()
    }

    fn by_name(&self, delivery: &Delivery) -> Named {
        let said = delivery.reply.as_ref().map(|reply| {
            format!("{} {}", reply.code, reply.text)
                .trim_end()
                .to_owned()
        });
        let address = delivery.address.as_ref();
        Named {
            address: address.map_or_else(|| "(erased)".to_owned(), ToString::to_string),
            href: address.map(|_| format!("/subscriber/{}", delivery.subscriber.0)),
            state: delivery.state.name(),
            said: match said {
                Some(said) => said,
                None => delivery.note.clone(),
            },
            tries: delivery.attempts,
            again: delivery
                .due
                .map(|due| self.room.moment(due))
                .unwrap_or_default(),
        }
    }
}

/// How many more there are in these states than are named; empty for none.
fn more(tally: &Tally, states: &[State], named: usize) -> String {
    let count: u64 = states.iter().map(|state| tally.of(*state)).sum();
    match count.saturating_sub(named as u64) {
        0 => String::new(),
        more => grouped(more),
    }
}

fn stage_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Scheduled => "Scheduled",
        Stage::Open => "Sending",
        Stage::Paused => "Paused",
        Stage::Cancelled => "Cancelled",
        Stage::Finished => "Sent",
    }
}

fn stage_tone(stage: Stage) -> &'static str {
    match stage {
        Stage::Scheduled | Stage::Open => "going",
        Stage::Paused => "warning",
        Stage::Cancelled => "error",
        Stage::Finished => "quiet",
    }
}

/// What is neither taken over nor still to be tried.
fn rest_words(tally: &Tally) -> String {
    let states = [
        State::Pending,
        State::Deferred,
        State::Rejected,
        State::Unknown,
        State::Skipped,
        State::Cancelled,
    ];
    let some = states.into_iter().filter(|state| tally.of(*state) > 0);
    let words: Vec<String> = some
        .map(|state| format!("{} {}", grouped(tally.of(state)), state.name()))
        .collect();
    words.join(" · ")
}

/// Sent, deferred, failed; the rest of the bar stays bare.
fn bar(tally: &Tally) -> Vec<Stretch> {
    let total = usize::try_from(tally.total()).unwrap_or(usize::MAX);
    let kinds = [
        ("sent", tally.of(State::Accepted)),
        ("deferred", tally.of(State::Deferred)),
        (
            "failed",
            tally.of(State::Rejected) + tally.of(State::Unknown),
        ),
    ];
    let mut from = 0;
    let mut stretches = Vec::new();
    for (kind, count) in kinds {
        let length = share(usize::try_from(count).unwrap_or(usize::MAX), total).min(1000 - from);
        if length > 0 {
            stretches.push(Stretch { kind, from, length });
        }
        from += length;
    }
    stretches
}

/// Replies by kind: code and enhanced code, the most frequent first.
fn replies(some: &[Delivery]) -> Vec<Counted> {
    let kind = |delivery: &Delivery| match &delivery.reply {
        Some(reply) => match reply.enhanced {
            Some(enhanced) => {
                format!(
                    "{} {}.{}.{}",
                    reply.code, enhanced.0, enhanced.1, enhanced.2
                )
            }
            None => reply.code.to_string(),
        },
        None => "no reply".to_owned(),
    };
    counted(
        some.iter()
            .map(|one| format!("{} · {}", kind(one), one.state.name())),
    )
}

/// The domains that hold the most up.
fn domains(some: &[Delivery]) -> Vec<Counted> {
    let waiting = some.iter().filter(|one| one.state == State::Deferred);
    counted(waiting.filter_map(|one| Some(one.address.as_ref()?.domain().to_owned())))
}

fn counted(words: impl Iterator<Item = String>) -> Vec<Counted> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for word in words {
        *sums.entry(word).or_default() += 1;
    }
    let mut sums: Vec<(String, u64)> = sums.into_iter().collect();
    sums.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let short = sums.into_iter().take(SHORT);
    short
        .map(|(words, count)| Counted {
            words,
            count: grouped(count),
        })
        .collect()
}

/// `40 s`, `12 min`, `3 h 20 min`.
fn span(seconds: u64) -> String {
    match seconds {
        0..=90 => format!("{seconds} s"),
        91..=5400 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_never_runs_over_its_end() {
        let mut tally = Tally::default();
        tally.add(State::Accepted, 999_999);
        tally.add(State::Deferred, 1);
        tally.add(State::Rejected, 1);
        let bar = bar(&tally);
        assert!(bar.iter().all(|one| one.from + one.length <= 1000));
        assert_eq!(bar[0].kind, "sent");
    }

    #[test]
    fn spans_are_said_in_round_numbers() {
        assert_eq!(span(40), "40 s");
        assert_eq!(span(91), "2 min");
        assert_eq!(span(12_000), "3 h 20 min");
    }
}
