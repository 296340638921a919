//! Whether a commit that waits a moment would be shared by more connections. A
//! commit costs much the same for one step and for ten.

use std::time::{Duration, Instant};

use crate::store::model::{Step, Verdict};

/// So long a commit waits for other steps at most.
const PATIENCE: Duration = Duration::from_millis(2);
/// So many steps it takes to forget how fast they came before.
const MEMORY: u32 = 8;

/// The part of the deliveries under way that a commit is to serve: `steps` in `of`.
/// What a commit costs a store beside the steps in it decides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) of: usize,
    pub(crate) steps: usize,
}

/// How many deliveries are under way, and how fast steps come.
#[derive(Debug)]
pub(crate) struct Traffic {
    share: Share,
    under_way: usize,
    /// From one step to the next, about.
    apart: Duration,
    last: Instant,
}

impl Traffic {
    /// Nothing is under way yet.
    pub(crate) fn new(share: Share, now: Instant) -> Traffic {
        Traffic {
            share,
            under_way: 0,
            apart: PATIENCE,
            last: now,
        }
    }

    /// How long a commit of so many steps should wait for more; `None` where few
    /// are under way or they come slowly, so that nobody would gain by it.
    ///
    /// It delays no connection that waits for its server: a step is handed over as
    /// its dialogue begins, and needed when DATA is answered. The wait is at most the
    /// same share of the time that a connection takes for a message.
    pub(crate) fn wait(&self, steps: usize) -> Option<Duration> {
        let missing = self.wanted().checked_sub(steps)?;
        let time = self.apart * u32::try_from(missing).ok()?;
        (!time.is_zero() && time <= PATIENCE).then_some(time)
    }

    /// Whether a commit of so many steps should wait for those that come within that
    /// time, even where they are not all that it is to serve: for a store to which a
    /// commit is dear.
    pub(crate) fn is_worth_waiting(&self, steps: usize) -> bool {
        steps < self.wanted() && self.apart < PATIENCE * 3 / 4
    }

    /// So many steps a commit is to serve.
    pub(crate) fn wanted(&self) -> usize {
        self.under_way * self.share.steps / self.share.of
    }

    /// Counts steps that were just answered. Those that failed have no verdict.
    pub(crate) fn took(
        &mut self,
        steps: &[Step],
        verdicts: impl IntoIterator<Item = Option<Verdict>>,
        now: Instant,
    ) {
        for (step, verdict) in steps.iter().zip(verdicts) {
            let Some(verdict) = verdict else { continue };
            let ended = usize::from(step.finished.is_some());
            self.under_way = self.under_way.saturating_sub(ended);
            self.under_way += usize::from(verdict == Verdict::Go);
        }
        let count = u32::try_from(steps.len().max(1)).unwrap_or(u32::MAX);
        let each = (now.saturating_duration_since(self.last) / count).min(PATIENCE);
        let weight = count.min(MEMORY);
        self.apart = (self.apart * (MEMORY - weight) + each * weight) / MEMORY;
        self.last = now;
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;
    use crate::mailing::{MailingId, Phase};
    use crate::store::{Ended, Finished};
    use crate::subscriber::SubscriberId;

    fn step(ended: bool) -> Step {
        let finished = Finished {
            subscriber: SubscriberId(1),
            ended: Ended::Accepted,
            phase: Phase::Content,
            reply: None,
            note: String::new(),
        };
        Step {
            mailing: MailingId(1),
            finished: ended.then_some(finished),
            next: None,
            now: Utc::now(),
        }
    }

    /// So many connections, each of which begins and then goes on `steps` times, one
    /// after the other `apart`.
    fn traffic(connections: usize, steps: usize, apart: Duration) -> Traffic {
        let mut now = Instant::now();
        let mut traffic = Traffic::new(Share { of: 4, steps: 1 }, now);
        for number in 0..connections * (steps + 1) {
            now += apart;
            traffic.took(&[step(number >= connections)], [Some(Verdict::Go)], now);
        }
        traffic
    }

    #[test]
    fn a_commit_waits_for_a_share_of_those_under_way() {
        let fast = Duration::from_micros(200);
        let cases = [
            // connections, apart, steps that are there, steps worth waiting for
            (20, fast, 1, Some(4)),
            (20, fast, 4, Some(1)),
            (20, fast, 5, None),
            (20, fast, 9, None),
            (8, fast, 1, Some(1)),
            (7, fast, 1, None),
            (1, fast, 1, None),
            // Longer than patience lasts.
            (20, Duration::from_millis(1), 1, None),
            (1000, fast, 1, None),
        ];
        for (connections, apart, steps, missing) in cases {
            let found = traffic(connections, 10, apart).wait(steps);
            assert_eq!(found.is_some(), missing.is_some(), "{connections} {steps}");
            if let (Some(found), Some(missing)) = (found, missing) {
                let expected = apart * missing;
                assert!(found >= expected && found < expected * 11 / 10, "{found:?}");
            }
        }
    }

    #[test]
    fn nobody_is_waited_for_who_has_ended_or_failed() {
        let mut traffic = traffic(20, 10, Duration::from_micros(100));
        assert!(traffic.wait(1).is_some());
        let now = traffic.last + Duration::from_micros(100);
        traffic.took(&[step(true)], [None], now);
        assert_eq!(traffic.under_way, 20);
        let steps: Vec<Step> = (0..20).map(|_| step(true)).collect();
        traffic.took(&steps, vec![Some(Verdict::Recorded); 20], now);
        assert_eq!(traffic.under_way, 0);
        assert_eq!(traffic.wait(1), None);
    }
}
