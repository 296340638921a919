//! Steps of the engine, those of several connections in one transaction.
//!
//! Each try has a token that its process draws: the high half is the lease, the
//! low half counts. A statement whose connection broke is given to the server
//! again as it was: what it did is found by its tokens, and only what it did not
//! do is done.

use std::rc::Rc;
use std::sync::Arc;

use tokio::time::{Instant, sleep};
use tokio_postgres::Client;

use crate::mailing::{Exclusion, MailingId, Stage, State};
use crate::store::numbers;
use crate::store::postgres::failure::Failure;
use crate::store::postgres::host::Inner;
use crate::store::postgres::inbox::{Inbox, Taker};
use crate::store::postgres::link::{PATIENCE, STEP_PATIENCE, first, rows, within};
use crate::store::postgres::row::{maybe_time_at, recipient_at};
use crate::store::rules::beginning;
use crate::store::traffic::{Share, Traffic};
use crate::store::{Candidate, Cursor, Due, Ended, Error, Skip, Step, Verdict};
use crate::subscriber::{Reason, SubscriberId};

/// A transaction is to serve so many of the deliveries under way.
const SHARE: Share = Share { of: 4, steps: 3 };
/// Between two tries.
const BETWEEN: std::time::Duration = std::time::Duration::from_millis(100);

const DOING: &str = "recording a delivery";

/// A try that this process began: its token and its number.
#[derive(Clone, Copy)]
pub(super) struct Begun {
    token: i64,
    attempts: i64,
}

/// A try is named by its mailing and its subscriber.
pub(super) type Try = (i64, i64);

/// Takes steps as they come, until nobody can ask any more.
pub(super) async fn run(inner: Rc<Inner>, inbox: Arc<Inbox>) {
    let taker = Taker(inbox);
    let mut traffic = Traffic::new(SHARE, std::time::Instant::now());
    while let Some((steps, askers)) = taker.0.take(&traffic).await {
        match take(&inner, &steps).await {
            Ok(verdicts) => {
                let answers = verdicts.iter().copied().map(Some);
                traffic.took(&steps, answers, std::time::Instant::now());
                for (asker, verdict) in askers.into_iter().zip(verdicts) {
                    // Whoever asked may be gone.
                    let _ = asker.send(Ok(verdict));
                }
            }
            Err(failure) => {
                for asker in askers {
                    let error = inner.home.error(failure.again(), DOING).await;
                    let _ = asker.send(Err(error));
                }
            }
        }
    }
}

impl Failure {
    /// The same once more, for one who shares its transaction.
    fn again(&self) -> Failure {
        match self {
            Failure::Lost(words) | Failure::Again(words) => Failure::Lost(words.clone()),
            Failure::Sql(code, words) => Failure::Sql(code.clone(), words.clone()),
            Failure::Said(Error::NotDurable { path, setting }) => {
                Failure::Said(Error::NotDurable {
                    path: path.clone(),
                    setting,
                })
            }
            Failure::Said(error) => Failure::Sql(String::new(), error.to_string()),
        }
    }
}

/// Columns of `letterpress_step`, a place for each step.
#[derive(Default)]
struct Columns {
    now: Vec<i64>,
    mailing: Vec<i64>,
    done: Vec<Option<i64>>,
    done_token: Vec<Option<i64>>,
    done_attempts: Vec<Option<i64>>,
    state: Vec<Option<i64>>,
    due: Vec<Option<i64>>,
    phase: Vec<Option<i64>>,
    code: Vec<Option<i64>>,
    enhanced: Vec<Option<i64>>,
    text: Vec<Option<String>>,
    note: Vec<Option<String>>,
    reason: Vec<Option<i64>>,
    next: Vec<Option<i64>>,
    token: Vec<Option<i64>>,
    message: Vec<Option<String>>,
}

impl Columns {
    fn of(inner: &Inner, fence: i64, steps: &[Step]) -> Columns {
        let mut columns = Columns::default();
        for step in steps {
            columns.now.push(numbers::millis(step.now));
            columns.mailing.push(step.mailing.0);
            let done = step.finished.as_ref();
            let begun = done.and_then(|done| {
                let tries = inner.tries.borrow();
                tries.get(&(step.mailing.0, done.subscriber.0)).copied()
            });
            columns.done.push(done.map(|done| done.subscriber.0));
            columns.done_token.push(begun.map(|begun| begun.token));
            columns
                .done_attempts
                .push(begun.map(|begun| begun.attempts));
            let reply = done.and_then(|done| done.reply.as_ref());
            let (mut state, mut due, mut reason) = (None, None, None);
            if let Some(done) = done {
                state = Some(match done.ended {
                    Ended::Returned => -1,
                    Ended::Accepted => numbers::state(State::Accepted),
                    Ended::Rejected(why) => {
                        reason = why.map(numbers::reason);
                        numbers::state(State::Rejected)
                    }
                    Ended::Deferred(time) => {
                        // 0 is kept for what was never tried.
                        due = Some(numbers::millis(time).max(1));
                        numbers::state(State::Deferred)
                    }
                    Ended::Unknown => numbers::state(State::Unknown),
                });
            }
            columns.state.push(state);
            columns.due.push(due);
            columns
                .phase
                .push(done.map(|done| numbers::phase(done.phase)));
            columns.code.push(reply.map(|reply| i64::from(reply.code)));
            columns.enhanced.push(
                reply
                    .and_then(|reply| reply.enhanced)
                    .map(numbers::enhanced),
            );
            // The server's texts hold no NUL; PostgreSQL could not keep one.
            let clean = |text: &str| text.replace('\0', "\u{fffd}");
            columns
                .text
                .push(reply.map(|reply| clean(beginning(&reply.text))));
            let note = done.map(|done| done.note.as_str());
            columns
                .note
                .push(note.filter(|note| !note.is_empty()).map(clean));
            columns.reason.push(reason);
            let next = step.next.as_ref();
            columns.next.push(next.map(|next| next.subscriber.0));
            columns.token.push(next.map(|_| inner.token(fence)));
            columns
                .message
                .push(next.map(|next| next.message_id.clone()));
        }
        columns
    }

    async fn ask(
        &self,
        client: &Client,
        again: bool,
        fence: i64,
    ) -> Result<Vec<(usize, i64, i64)>, Failure> {
        let row = first(
            client,
            "SELECT letterpress_step($1, $2, $3, $4, $5, $6, $7,
                $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
            &[
                &again,
                &fence,
                &words(),
                &self.now,
                &self.mailing,
                &self.done,
                &self.done_token,
                &self.done_attempts,
                &self.state,
                &self.due,
                &self.phase,
                &self.code,
                &self.enhanced,
                &self.text,
                &self.note,
                &self.reason,
                &self.next,
                &self.token,
                &self.message,
            ],
        )
        .await?;
        let answer: Option<Vec<i64>> = row.map_or(Ok(None), |row| row.try_get(0))?;
        let answer = answer.unwrap_or_default();
        let (places, rest) = answer.split_at(answer.len() / 3);
        let (verdicts, attempts) = rest.split_at(places.len());
        places
            .iter()
            .zip(verdicts)
            .zip(attempts)
            .map(|((place, verdict), attempts)| {
                let place =
                    usize::try_from(place - 1).map_err(|_| Failure::unreadable("a place"))?;
                Ok((place, *verdict, *attempts))
            })
            .collect()
    }
}

/// Why somebody is skipped, in the order of `letterpress_step`.
fn words() -> Vec<&'static str> {
    let mut words = vec![
        Exclusion::Unsubscribed.words(),
        Exclusion::DomainSuppressed.words(),
    ];
    for number in 0..Reason::ALL.len() as i64 {
        let reason = numbers::reason_of(number).unwrap_or(Reason::Manual);
        words.push(Exclusion::Suppressed(reason).words());
    }
    words
}

/// Takes steps in one transaction; where what one of them ends decides about what
/// begins here, in one for all that ends and then one for all that begins.
async fn take(inner: &Inner, steps: &[Step]) -> Result<Vec<Verdict>, Failure> {
    if !are_entangled(steps) {
        return transact(inner, steps).await;
    }
    let part = |step: &Step| (step.clone(), step.clone());
    let (mut ends, mut begins): (Vec<Step>, Vec<Step>) = steps.iter().map(part).unzip();
    for (end, begin) in ends.iter_mut().zip(&mut begins) {
        end.next = None;
        begin.finished = None;
    }
    transact(inner, &ends).await?;
    transact(inner, &begins).await
}

/// Whether somebody is suppressed by an outcome, or begins again what ends.
fn are_entangled(steps: &[Step]) -> bool {
    let begins = |one: &Try| {
        let mut next = steps
            .iter()
            .filter_map(|step| Some((step, step.next.as_ref()?)));
        next.any(|(step, next)| *one == (step.mailing.0, next.subscriber.0))
    };
    steps.iter().any(|step| {
        step.finished.as_ref().is_some_and(|done| {
            matches!(done.ended, Ended::Rejected(Some(_)))
                || begins(&(step.mailing.0, done.subscriber.0))
        })
    })
}

async fn transact(inner: &Inner, steps: &[Step]) -> Result<Vec<Verdict>, Failure> {
    let fence = inner.fence();
    let columns = Columns::of(inner, fence, steps);
    let until = Instant::now() + PATIENCE;
    let mut again = false;
    let answers = loop {
        let failure = match inner.home.client().await {
            Err(failure) => failure,
            Ok(client) => {
                match within(STEP_PATIENCE, columns.ask(&client, again, fence)).await {
                    Ok(answers) => {
                        inner.home.give_back(client);
                        break answers;
                    }
                    Err(failure) => {
                        // Of a connection that broke it is not known what it did.
                        again |= matches!(failure, Failure::Lost(_));
                        if !matches!(failure, Failure::Lost(_)) {
                            inner.home.give_back(client);
                        }
                        failure
                    }
                }
            }
        };
        match failure {
            Failure::Lost(_) | Failure::Again(_) if Instant::now() < until => {
                sleep(BETWEEN).await;
            }
            other => return Err(other),
        }
    };
    if again {
        inner.home.looked_up.set(inner.home.looked_up.get() + 1);
    }
    let mut verdicts = vec![Verdict::Recorded; steps.len()];
    let mut tries = inner.tries.borrow_mut();
    for step in steps {
        if let Some(done) = &step.finished {
            tries.remove(&(step.mailing.0, done.subscriber.0));
            let sent = u64::from(done.ended == Ended::Accepted);
            inner.sent.set(inner.sent.get() + sent);
        }
    }
    for (place, code, attempts) in answers {
        let Some(step) = steps.get(place) else {
            return Err(Failure::unreadable("a place"));
        };
        let verdict = verdict(code)?;
        if let (Verdict::Go, Some(next), Some(token)) = (verdict, &step.next, columns.token[place])
        {
            let begun = Begun { token, attempts };
            tries.insert((step.mailing.0, next.subscriber.0), begun);
        }
        verdicts[place] = verdict;
    }
    Ok(verdicts)
}

fn verdict(code: i64) -> Result<Verdict, Failure> {
    Ok(match code {
        0 => Verdict::Go,
        1 => Verdict::Skipped(Skip::Unsubscribed),
        2 => Verdict::Skipped(Skip::DomainSuppressed),
        3..100 => Verdict::Skipped(Skip::Suppressed(
            numbers::reason_of(code - 3).ok_or_else(|| Failure::unreadable("a reason"))?,
        )),
        _ => Verdict::Withheld(numbers::stage_of(code - 100).unwrap_or(Stage::Cancelled)),
    })
}

/// Open deliveries that are due, claimed for this process.
pub(super) async fn due(
    inner: &Inner,
    client: &Client,
    due: &Due,
) -> Result<Vec<Candidate>, Failure> {
    let after = due.after.unwrap_or(Cursor {
        due: -1,
        subscriber: SubscriberId(0),
    });
    let mut found = rows(
        client,
        "SELECT subscriber, due, attempts, first_attempt, address, name, language, attributes,
            provider
         FROM letterpress_claim($1, $2, $3, $4, $5, $6, $7)",
        &[
            &inner.fence(),
            &due.mailing.0,
            &numbers::millis(due.now),
            &due.provider,
            &after.due,
            &after.subscriber.0,
            &numbers::rows(due.limit),
        ],
    )
    .await?
    .iter()
    .map(|row| {
        let subscriber = SubscriberId(row.try_get(0)?);
        let attempts: i64 = row.try_get(2)?;
        Ok(Candidate {
            subscriber,
            recipient: recipient_at(row, 4)?,
            provider: row.try_get(8)?,
            attempts: u32::try_from(attempts).map_err(|_| Failure::unreadable("a number"))?,
            first_attempt: maybe_time_at(row, 3)?,
            cursor: Cursor {
                due: row.try_get(1)?,
                subscriber,
            },
        })
    })
    .collect::<Result<Vec<_>, Failure>>()?;
    found.sort_unstable_by_key(|one| (one.cursor.due, one.subscriber.0));
    Ok(found)
}

/// Lets others have what was claimed and not begun.
pub(super) async fn release(
    client: &Client,
    fence: i64,
    mailing: MailingId,
    subscribers: &[SubscriberId],
) -> Result<(), Failure> {
    let subscribers: Vec<i64> = subscribers.iter().map(|one| one.0).collect();
    rows(
        client,
        "UPDATE delivery SET claim = NULL
         WHERE mailing = $1 AND subscriber = ANY ($2) AND claim = $3 AND token IS NULL",
        &[&mailing.0, &subscribers, &fence],
    )
    .await?;
    Ok(())
}
