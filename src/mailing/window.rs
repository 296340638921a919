//! How many messages left in a time, counted in groups.

use chrono::{DateTime, Utc};

/// Messages that left within one length of time. Those that left close to each
/// other are one group and count as if all had left with its last, so that a
/// limit is never passed and the memory stays small.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    /// First and last moment of a group in milliseconds since 1970, and how
    /// many. In the order of time.
    groups: Vec<Group>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Group {
    first: i64,
    last: i64,
    count: u64,
}

/// A length of time and how finely it is counted, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Length {
    pub(super) whole: i64,
    pub(super) grain: i64,
}

pub(super) const SECOND: Length = Length {
    whole: 1000,
    grain: 20,
};
pub(super) const MINUTE: Length = Length {
    whole: 60_000,
    grain: 1000,
};
pub(super) const HOUR: Length = Length {
    whole: 3_600_000,
    grain: 60_000,
};
pub(super) const DAY: Length = Length {
    whole: 86_400_000,
    grain: 1_800_000,
};

impl Window {
    /// Counts one more.
    pub(super) fn take(&mut self, length: Length, now: DateTime<Utc>) {
        let now = now.timestamp_millis();
        self.settle(length, now);
        match self.groups.last_mut() {
            Some(group) if now.saturating_sub(group.first) < length.grain => {
                group.last = now;
                group.count = group.count.saturating_add(1);
            }
            _ => self.groups.push(Group {
                first: now,
                last: now,
                count: 1,
            }),
        }
    }

    /// Drops what lies behind, and draws near what a clock that was set back
    /// has left in the future: it happened, at the latest now.
    pub(super) fn settle(&mut self, length: Length, now: i64) {
        self.groups
            .retain(|group| now < group.last.saturating_add(length.whole));
        for group in &mut self.groups {
            group.last = group.last.min(now);
            group.first = group.first.min(group.last);
        }
    }

    /// When there is room for one more under `limit` (0 is none); `None` is
    /// now. The time is at most the length of the window away.
    pub(super) fn ready_at(
        &self,
        length: Length,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        if limit == 0 {
            return None;
        }
        let millis = now.timestamp_millis();
        let mut counted = 0_u64;
        // From the youngest on: the first group with which the limit is full
        // has to leave the window.
        for group in self.groups.iter().rev() {
            let leaves = group.last.min(millis).saturating_add(length.whole);
            if leaves <= millis {
                break;
            }
            counted = counted.saturating_add(group.count);
            if counted >= u64::from(limit) {
                return DateTime::from_timestamp_millis(leaves);
            }
        }
        None
    }

    /// Numbers to keep: first, last and count of each group, each time as the
    /// difference to the one before.
    pub(super) fn numbers(&self) -> Vec<i64> {
        let mut before = 0_i64;
        let mut numbers = Vec::new();
        for group in &self.groups {
            numbers.push(group.first.saturating_sub(before));
            numbers.push(group.last.saturating_sub(group.first));
            numbers.push(i64::try_from(group.count).unwrap_or(i64::MAX));
            before = group.last;
        }
        numbers
    }

    /// What [`Window::numbers`] gave; of foreign numbers what makes sense.
    pub(super) fn restored(length: Length, numbers: &[i64]) -> Window {
        let most = usize::try_from(length.whole / length.grain).unwrap_or(0) + 2;
        let mut before = 0_i64;
        let mut groups = Vec::new();
        for triple in numbers.chunks_exact(3).take(most) {
            let first = before.saturating_add(triple[0]).max(before);
            let last = first.saturating_add(triple[1].clamp(0, length.grain));
            let count = u64::try_from(triple[2]).unwrap_or(0);
            groups.push(Group { first, last, count });
            before = last;
        }
        Window { groups }
    }
}
