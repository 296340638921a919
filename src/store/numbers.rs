//! The numbers by which stores know states, stages and reasons, and times. A
//! number once given is never given again.

use chrono::{DateTime, Utc};

use crate::mailing::{Enhanced, Phase, Reply, Stage, State};
use crate::store::signup::NoticeKind;
use crate::subscriber::{Reason, Status};

pub(crate) const PENDING: i64 = 0;
pub(crate) const DEFERRED: i64 = 1;

const STATES: [State; 8] = [
    State::Pending,
    State::Deferred,
    State::Sending,
    State::Accepted,
    State::Rejected,
    State::Unknown,
    State::Skipped,
    State::Cancelled,
];

const STAGES: [Stage; 5] = [
    Stage::Scheduled,
    Stage::Open,
    Stage::Paused,
    Stage::Cancelled,
    Stage::Finished,
];

const STATUSES: [Status; 3] = [Status::Pending, Status::Confirmed, Status::Unsubscribed];

const REASONS: [Reason; 5] = [
    Reason::Unsubscribed,
    Reason::Erased,
    Reason::HardBounce,
    Reason::Complaint,
    Reason::Manual,
];

const PHASES: [Phase; 8] = [
    Phase::Connect,
    Phase::Tls,
    Phase::Hello,
    Phase::Login,
    Phase::Sender,
    Phase::Recipient,
    Phase::Data,
    Phase::Content,
];

const NOTICES: [NoticeKind; 5] = [
    NoticeKind::Confirm,
    NoticeKind::Move,
    NoticeKind::Welcome,
    NoticeKind::Issue,
    NoticeKind::Account,
];

fn number<T: PartialEq, const N: usize>(list: &[T; N], value: &T) -> i64 {
    list.iter()
        .position(|other| other == value)
        .expect("each list above names all values of its type") as i64
}

fn named<T: Copy, const N: usize>(list: &[T; N], number: i64) -> Option<T> {
    let index = usize::try_from(number).ok()?;
    list.get(index).copied()
}

pub(crate) fn state(value: State) -> i64 {
    number(&STATES, &value)
}

pub(crate) fn stage(value: Stage) -> i64 {
    number(&STAGES, &value)
}

pub(crate) fn status(value: Status) -> i64 {
    number(&STATUSES, &value)
}

pub(crate) fn reason(value: Reason) -> i64 {
    number(&REASONS, &value)
}

pub(crate) fn phase(value: Phase) -> i64 {
    number(&PHASES, &value)
}

pub(crate) fn notice(value: NoticeKind) -> i64 {
    number(&NOTICES, &value)
}

pub(crate) fn notice_of(number: i64) -> Option<NoticeKind> {
    named(&NOTICES, number)
}

pub(crate) fn state_of(number: i64) -> Option<State> {
    named(&STATES, number)
}

pub(crate) fn stage_of(number: i64) -> Option<Stage> {
    named(&STAGES, number)
}

pub(crate) fn status_of(number: i64) -> Option<Status> {
    named(&STATUSES, number)
}

pub(crate) fn reason_of(number: i64) -> Option<Reason> {
    named(&REASONS, number)
}

pub(crate) fn millis(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis()
}

/// How many rows at most.
pub(crate) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// As a store would give it back.
pub(crate) fn rounded(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis(time)).unwrap_or(time)
}

/// An enhanced code as one number.
pub(crate) fn enhanced(code: Enhanced) -> i64 {
    let Enhanced(class, subject, detail) = code;
    (i64::from(class) * 1000 + i64::from(subject)) * 1000 + i64::from(detail)
}

/// A reply out of its numbers and its text.
pub(crate) fn reply_of(code: u16, enhanced: Option<i64>, text: Option<String>) -> Reply {
    let part = |number: i64| number.rem_euclid(1000) as u16;
    let enhanced =
        enhanced.map(|all| Enhanced(part(all / 1_000_000) as u8, part(all / 1000), part(all)));
    Reply {
        code,
        enhanced,
        text: text.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_stage_and_reason_has_a_number() {
        for value in State::ALL {
            assert_eq!(state_of(state(value)), Some(value));
        }
        for value in Stage::ALL {
            assert_eq!(stage_of(stage(value)), Some(value));
        }
        for value in Reason::ALL {
            assert_eq!(reason_of(reason(value)), Some(value));
        }
    }

    #[test]
    fn what_is_live_has_the_lowest_numbers() {
        for value in State::ALL {
            let live = value.is_open() || value == State::Sending;
            assert_eq!(state(value) < 3, live, "{}", value.name());
            assert_eq!(state(value) < 2, value.is_open(), "{}", value.name());
        }
    }
}
