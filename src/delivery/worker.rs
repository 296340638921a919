//! One connection's worker.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::delivery::coordinator::Shared;
use crate::delivery::error::Error;
use crate::delivery::judge::{Judgment, Sign, judge};
use crate::delivery::progress::{Event, Stop};
use crate::email::Message;
use crate::mailing::{Halt, Stage, State};
use crate::store::{self, Candidate, Ended, Finished, Start, Step, Verdict};
use crate::transport::{Failure, Permission, Receipt, Transport};

/// An idle connection is closed after so long.
const IDLE: Duration = Duration::from_secs(10);
/// So often an outcome is offered to a store that fails.
const OFFERS: u32 = 10;
/// So long between two offers.
const BETWEEN_OFFERS: Duration = Duration::from_secs(1);

/// A worker and its way out.
struct Worker {
    shared: Arc<Shared>,
    /// The relay that `transport` leads to.
    relay: usize,
    transport: Option<Box<dyn Transport>>,
    /// What became of the last delivery, until the store has it.
    finished: Option<Finished>,
}

/// Hands over what the queue gives until there is nothing more to do.
pub(crate) async fn work(shared: Arc<Shared>) -> Result<(), Error> {
    let mut worker = Worker {
        shared,
        relay: 0,
        transport: None,
        finished: None,
    };
    let answer = worker.run().await;
    if answer.is_err() {
        worker.shared.drain();
    }
    worker.close().await;
    answer
}

impl Worker {
    async fn run(&mut self) -> Result<(), Error> {
        loop {
            if self.shared.is_draining() {
                return self.record().await;
            }
            match self.shared.pick() {
                Some(candidate) => self.hand_over(candidate).await?,
                // No outcome waits for the next delivery: it may be far away.
                None if self.finished.is_some() => self.record().await?,
                None => self.idle().await,
            }
        }
    }

    /// Waits until there may be something to do.
    async fn idle(&mut self) {
        let shared = Arc::clone(&self.shared);
        let woken = shared.wake.notified();
        tokio::pin!(woken);
        // From here on no call to wake up is missed.
        woken.as_mut().enable();
        if shared.is_draining() {
            return;
        }
        let Err(until) = shared.look() else {
            return;
        };
        let nap = match until {
            Some(until) => shared.nap(until),
            None if self.transport.is_some() => IDLE,
            None => return woken.await,
        };
        if tokio::time::timeout(nap, woken).await.is_err() && until.is_none() {
            self.close().await;
        }
    }

    async fn hand_over(&mut self, candidate: Candidate) -> Result<(), Error> {
        let message = match (self.shared.compose)(&candidate.recipient) {
            Ok(message) => message,
            Err(why) => {
                self.ended(&candidate, &Sign::Stop(Halt::Message, why));
                return Ok(());
            }
        };
        let (answer, verdict) = self.dialogue(&candidate, &message).await;
        match verdict {
            Ok(Verdict::Go) => {
                let now = self.shared.now();
                let judged = judge(&self.shared.settings, &candidate, &answer, now);
                self.took(&candidate, judged);
            }
            Ok(Verdict::Skipped(_)) => {
                self.finished = None;
                self.shared.watch.moved(was(&candidate), State::Skipped);
                self.ended(&candidate, &Sign::Nothing);
            }
            Ok(Verdict::Withheld(stage)) => {
                self.finished = None;
                if stage != Stage::Open {
                    self.shared.watch.halt(Stop::Stage(stage));
                }
                self.ended(&candidate, &Sign::Nothing);
            }
            Ok(Verdict::Recorded) => self.ended(&candidate, &Sign::Nothing),
            Err(error) => {
                // Nothing of the step is kept: this one was not begun, and the
                // one before is offered again.
                self.ended(&candidate, &Sign::Nothing);
                if matches!(error, store::Error::Fenced) {
                    return Err(Error::Store(error));
                }
                self.trouble(&error);
                self.record().await?;
            }
        }
        Ok(())
    }

    /// The dialogue and the step in the store beside each other: content leaves
    /// only when the row is recorded as being sent.
    async fn dialogue(
        &mut self,
        candidate: &Candidate,
        message: &Message,
    ) -> (Result<Receipt, Failure>, Result<Verdict, store::Error>) {
        let mut step = self.shared.store.step(Step {
            mailing: self.shared.mailing,
            finished: self.finished.clone(),
            next: Some(Start {
                subscriber: candidate.subscriber,
                message_id: message.message_id.clone(),
            }),
            now: self.shared.now(),
        });
        let mut verdict = None;
        let permission: Permission<'_> = Box::pin(async {
            let answer = (&mut step).await;
            let go = matches!(answer, Ok(Verdict::Go));
            verdict = Some(answer);
            go
        });
        let answer = self.way().await.deliver(message, permission).await;
        let verdict = match verdict {
            Some(verdict) => verdict,
            None => step.await,
        };
        (answer, verdict)
    }

    /// The way to the relay that is in use now.
    async fn way(&mut self) -> &mut Box<dyn Transport> {
        let relay = self.shared.relay();
        if self.relay != relay {
            self.close().await;
            self.relay = relay;
        }
        self.transport
            .get_or_insert_with(|| (self.shared.relays[relay].open)())
    }

    async fn close(&mut self) {
        if let Some(mut transport) = self.transport.take() {
            // All is recorded; how the connection ends changes nothing.
            let _ = transport.close().await;
        }
    }

    fn took(&mut self, candidate: &Candidate, judged: Judgment) {
        let from = was(candidate);
        let to = match judged.finished.ended {
            Ended::Accepted => State::Accepted,
            Ended::Rejected(_) => State::Rejected,
            Ended::Deferred(_) => State::Deferred,
            Ended::Unknown => State::Unknown,
            Ended::Returned => from,
        };
        self.shared.watch.moved(from, to);
        if judged.sign == Sign::ProviderRefuses {
            self.shared.watch.tell(Event::Refused {
                provider: candidate.provider.clone(),
                reply: judged
                    .finished
                    .reply
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            });
        }
        self.finished = Some(judged.finished);
        self.ended(candidate, &judged.sign);
    }

    fn ended(&self, candidate: &Candidate, sign: &Sign) {
        self.shared.ended(candidate, sign, self.relay);
    }

    /// Gives the store what became of the last delivery.
    async fn record(&mut self) -> Result<(), Error> {
        let Some(finished) = &self.finished else {
            return Ok(());
        };
        for offer in 1.. {
            let step = self.shared.store.step(Step {
                mailing: self.shared.mailing,
                finished: Some(finished.clone()),
                next: None,
                now: self.shared.now(),
            });
            match step.await {
                Ok(_) => break,
                // Whoever took over has named it unknown.
                Err(store::Error::Fenced) => return Err(Error::Store(store::Error::Fenced)),
                Err(error) if offer < OFFERS => {
                    self.trouble(&error);
                    tokio::time::sleep(BETWEEN_OFFERS).await;
                }
                Err(error) => return Err(Error::Store(error)),
            }
        }
        self.finished = None;
        self.shared.hungry.notify_one();
        Ok(())
    }

    fn trouble(&self, error: &store::Error) {
        let why = error.to_string();
        self.shared.watch.tell(Event::StoreTrouble { why });
    }
}

/// The state a delivery was in before it was taken.
fn was(candidate: &Candidate) -> State {
    if candidate.attempts == 0 {
        State::Pending
    } else {
        State::Deferred
    }
}

impl Shared {
    /// How long to wait for a moment, in pieces: the clock may be set.
    pub(crate) fn nap(&self, until: DateTime<Utc>) -> Duration {
        let wait = (until - self.now()).to_std().unwrap_or_default();
        wait.clamp(Duration::from_millis(1), Duration::from_secs(1))
    }
}
