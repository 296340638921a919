//! What an answer means for the row, for its provider and for the whole run.

use chrono::{DateTime, TimeDelta, Utc};

use crate::delivery::Settings;
use crate::mailing::{Delay, Halt, Next, Outcome, Phase};
use crate::store::{Candidate, Ended, Finished};
use crate::subscriber::fingerprint;
use crate::transport::{Failure, Receipt};

/// What becomes of one delivery, and what it says about others.
#[derive(Debug)]
pub(crate) struct Judgment {
    /// For the store.
    pub(crate) finished: Finished,
    /// For the queue.
    pub(crate) sign: Sign,
}

/// What an answer says about the way to the recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// The way is open.
    Open,
    /// The provider said later, without saying that we are too fast.
    Later(Delay),
    /// The provider says that we are too fast.
    ProviderThrottles,
    /// The provider does not trust us; only the editor can go on.
    ProviderRefuses,
    /// The relay says that we are too fast.
    RelayThrottles,
    /// The relay could not be reached, or ended the connection.
    RelayDown(String),
    /// The relay lets nobody through: the run stops.
    Stop(Halt, String),
    /// It says nothing about the way.
    Nothing,
}

/// So long after its connection broke a delivery is tried again, longer each
/// time.
const BROKEN: TimeDelta = TimeDelta::seconds(20);

/// Judges the answer to `candidate`, given at `now`.
pub(crate) fn judge(
    settings: &Settings,
    candidate: &Candidate,
    answer: &Result<Receipt, Failure>,
    now: DateTime<Utc>,
) -> Judgment {
    let failure = match answer {
        Ok(receipt) => {
            return Judgment {
                finished: Finished {
                    subscriber: candidate.subscriber,
                    ended: Ended::Accepted,
                    phase: Phase::Content,
                    reply: receipt.reply.clone(),
                    note: String::new(),
                },
                sign: Sign::Open,
            };
        }
        Err(failure) => failure,
    };
    let outcome = failure.outcome();
    let (ended, sign) = consequences(settings, candidate, failure, outcome, now);
    let gave_up = matches!((outcome, ended), (Outcome::Deferred(_), Ended::Rejected(_)));
    let note = match failure.reply() {
        Some(_) if gave_up => "given up after too long a time".to_owned(),
        Some(_) => String::new(),
        None => words(failure),
    };
    Judgment {
        finished: Finished {
            subscriber: candidate.subscriber,
            ended,
            phase: failure.phase,
            reply: failure.reply().cloned(),
            note,
        },
        sign,
    }
}

fn consequences(
    settings: &Settings,
    candidate: &Candidate,
    failure: &Failure,
    outcome: Outcome,
    now: DateTime<Utc>,
) -> (Ended, Sign) {
    match outcome {
        Outcome::Accepted => (Ended::Accepted, Sign::Open),
        Outcome::Rejected(rejection) => (Ended::Rejected(rejection.suppresses()), Sign::Open),
        // The relay took it all and fell silent: it may be in trouble, but the
        // recipient is not.
        Outcome::Unknown => (Ended::Unknown, Sign::Nothing),
        Outcome::Deferred(delay) => deferred(settings, candidate, failure, delay, now),
        Outcome::Halted(Halt::Reputation) if failure.phase >= Phase::Recipient => {
            (Ended::Returned, Sign::ProviderRefuses)
        }
        Outcome::Halted(halt) => (Ended::Returned, Sign::Stop(halt, words(failure))),
    }
}

fn deferred(
    settings: &Settings,
    candidate: &Candidate,
    failure: &Failure,
    delay: Delay,
    now: DateTime<Utc>,
) -> (Ended, Sign) {
    let named = failure.phase >= Phase::Recipient;
    let sign = match delay {
        Delay::Connection => Sign::RelayDown(words(failure)),
        Delay::Throttled if named => Sign::ProviderThrottles,
        Delay::MailboxFull => Sign::Open,
        Delay::Greylisted | Delay::Later if named => Sign::Later(delay),
        Delay::Throttled | Delay::Greylisted | Delay::Later => Sign::RelayThrottles,
    };
    // Before the recipient was named nothing was tried for them.
    if failure.phase < Phase::Sender {
        return (Ended::Returned, sign);
    }
    let first = candidate.first_attempt.unwrap_or(now);
    let attempts = candidate.attempts + 1;
    let next = settings
        .retry
        .next(attempts, first, now, delay, seed(candidate));
    match next {
        // The connection broke, nobody asked us to wait: RFC 5321 §4.5.4.1 lets
        // a client that knows the reason come back sooner.
        Next::At(due) if delay == Delay::Connection => {
            let soon = now + BROKEN * i32::try_from(attempts).unwrap_or(i32::MAX);
            (Ended::Deferred(due.min(soon)), sign)
        }
        Next::At(due) => (Ended::Deferred(due), sign),
        Next::GiveUp => (Ended::Rejected(None), sign),
    }
}

/// Spreads the retries of recipients, the same for one recipient and attempt.
fn seed(candidate: &Candidate) -> u64 {
    let id = candidate.subscriber.0.to_string();
    let attempt = candidate.attempts.to_string();
    let digits = fingerprint(None, &["retry", &id, &attempt]);
    u64::from_str_radix(&digits[..16], 16).unwrap_or_default()
}

/// A failure with all its causes, without what a server may have repeated of
/// an address.
pub(crate) fn words(failure: &Failure) -> String {
    let mut words = failure.to_string();
    let mut cause = std::error::Error::source(failure);
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.contains(&more) {
            words.push_str(": ");
            words.push_str(&more);
        }
        cause = error.source();
    }
    words
}
