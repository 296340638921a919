//! Which entries, in which order, at which moments.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::feed::model::Entry;

/// Orders entries as feeds want them: newest first, one moment by id.
pub fn sort(entries: &mut [Arc<Entry>]) {
    entries.sort_by(|left, right| {
        (Reverse(left.published), &left.id).cmp(&(Reverse(right.published), &right.id))
    });
}

/// The first entries: at most `count`, and at most so many that they weigh
/// `bytes` together, but one in any case.
pub fn limit(entries: &[Arc<Entry>], count: usize, bytes: usize) -> &[Arc<Entry>] {
    let mut weight = 0;
    let fitting = entries
        .iter()
        .take(count)
        .take_while(|entry| {
            // Weighing goes through all the text.
            weight += if bytes == usize::MAX {
                0
            } else {
                entry.weight()
            };
            weight <= bytes
        })
        .count();
    &entries[..fitting.max(1).min(entries.len()).min(count)]
}

/// Moves moments apart, each by as few seconds as it takes, so that no two
/// entries have the same. Older ones stay, later ones give way, so that a new
/// entry moves none that was there. Ties keep the order of the slice, first is
/// older.
pub fn separate(moments: &mut [DateTime<Utc>]) {
    let mut order: Vec<usize> = (0..moments.len()).collect();
    order.sort_by_key(|&index| moments[index]);
    let mut last: Option<DateTime<Utc>> = None;
    for index in order {
        if let Some(last) = last
            && moments[index] <= last
        {
            moments[index] = last + TimeDelta::seconds(1);
        }
        last = Some(moments[index]);
    }
}

/// The moment of an item within its issue, so that feeds of items keep the
/// issue's order, first item newest, and an item added at the end moves none.
/// Items go back from the issue's moment by a second each; where the issue is
/// dated by day (`whole_day`), they count down inside its first quarter of an
/// hour, so that none falls on the day before.
pub fn item_moment(issue: DateTime<Utc>, whole_day: bool, index: usize) -> DateTime<Utc> {
    let index = i64::try_from(index.min(899)).unwrap_or(899);
    let seconds = if whole_day { 899 - index } else { -index };
    issue + TimeDelta::seconds(seconds)
}

/// One document of older entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivePage {
    /// From 1, the oldest.
    pub number: usize,
    /// Which entries of the whole list, newest first.
    pub entries: Range<usize>,
    /// Full: it will never change again.
    pub closed: bool,
}

/// Divides `count` entries (newest first) into pages of `size`, filled from the
/// oldest on, so that a page once full stays as it is. Oldest page first.
pub fn archive_pages(count: usize, size: usize) -> Vec<ArchivePage> {
    let size = size.max(1);
    (0..count.div_ceil(size))
        .map(|page| {
            let oldest = page * size;
            let newest = (oldest + size).min(count);
            ArchivePage {
                number: page + 1,
                entries: count - newest..count - oldest,
                closed: newest - oldest == size,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn entries(count: usize) -> Vec<Arc<Entry>> {
        let entry = |index: usize| Entry {
            id: format!("tag:example.com,2025:{index}"),
            published: at(i64::try_from(index).unwrap()),
            content_html: "x".repeat(1000).into(),
            ..Entry::default()
        };
        (0..count).map(|index| Arc::new(entry(index))).collect()
    }

    #[test]
    fn entries_stand_newest_first() {
        let mut entries = entries(5);
        sort(&mut entries);
        let order: Vec<_> = entries.iter().map(|entry| entry.published).collect();
        assert_eq!(order, [at(4), at(3), at(2), at(1), at(0)]);
    }

    #[test]
    fn a_feed_is_bounded_by_entries_and_by_bytes() {
        let entries = entries(50);
        assert_eq!(limit(&entries, 20, 1_000_000).len(), 20);
        assert_eq!(limit(&entries, 20, 5_000).len(), 3);
        assert_eq!(limit(&entries, 20, 10).len(), 1, "one entry in any case");
        assert_eq!(limit(&[], 20, 10).len(), 0);
    }

    #[test]
    fn no_two_entries_share_a_moment() {
        let mut moments = [at(5), at(5), at(0), at(6), at(5)];
        separate(&mut moments);
        assert_eq!(moments, [at(5), at(6), at(0), at(8), at(7)]);
    }

    #[test]
    fn a_later_entry_moves_no_earlier_one() {
        let mut before = [at(5), at(5)];
        separate(&mut before);
        let mut after = [at(5), at(5), at(5)];
        separate(&mut after);
        assert_eq!(before, after[..2]);
    }

    #[test]
    fn items_keep_the_order_of_their_issue() {
        let issue = at(86_400);
        for whole_day in [true, false] {
            let moments: Vec<_> = (0..300)
                .map(|index| item_moment(issue, whole_day, index))
                .collect();
            assert!(moments.windows(2).all(|two| two[0] > two[1]));
            assert_eq!(whole_day, moments.iter().all(|moment| *moment >= issue));
        }
    }

    #[test]
    fn a_closed_archive_page_never_changes_again() {
        for count in 0..60 {
            let before = archive_pages(count, 10);
            let after = archive_pages(count + 1, 10);
            for (old, new) in before.iter().zip(&after).filter(|(old, _)| old.closed) {
                // Counted from the oldest entry.
                let place = |page: &ArchivePage, count: usize| {
                    (count - page.entries.end)..(count - page.entries.start)
                };
                assert_eq!(place(old, count), place(new, count + 1));
                assert!(new.closed);
            }
            let covered: usize = before.iter().map(|page| page.entries.len()).sum();
            assert_eq!(covered, count);
        }
    }
}
