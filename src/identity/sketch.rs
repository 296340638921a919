//! What is kept of an issue's links and lines to know it again.

use std::collections::BTreeMap;

use crate::issue::LinkMark;

/// How many links are kept of an issue.
const KEPT: usize = 24;

/// The links with the lowest hashes: which are kept does not depend on their
/// order, and two issues with the same links keep the same ones.
pub(crate) fn sketch(links: &[LinkMark]) -> Vec<u32> {
    let mut hashes: Vec<u32> = links.iter().map(|link| short(link.hash)).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes.truncate(KEPT);
    hashes
}

/// A digest of all links in order (FNV-1a); `None` without links.
pub(crate) fn digest(links: &[LinkMark]) -> Option<u64> {
    let bytes = links.iter().flat_map(|link| link.hash.to_be_bytes());
    (!links.is_empty()).then(|| {
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    })
}

/// The part of a link's hash that is kept.
pub(crate) fn short(hash: u64) -> u32 {
    let folded = (hash >> 32) ^ (hash & 0xffff_ffff);
    u32::try_from(folded).unwrap_or(u32::MAX)
}

/// How many lines differ: added or removed ones, whichever are more, so that an
/// edited line counts once. Their order does not count.
pub(crate) fn changed_lines(before: &[u16], after: &[u16]) -> usize {
    let mut counts: BTreeMap<u16, i64> = BTreeMap::new();
    for line in before {
        *counts.entry(*line).or_default() -= 1;
    }
    for line in after {
        *counts.entry(*line).or_default() += 1;
    }
    let total = |sign: i64| -> i64 { counts.values().map(|count| (count * sign).max(0)).sum() };
    usize::try_from(total(1).max(total(-1))).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(hashes: &[u64]) -> Vec<LinkMark> {
        hashes
            .iter()
            .map(|&hash| LinkMark { hash, line: 1 })
            .collect()
    }

    #[test]
    fn a_sketch_does_not_depend_on_order_and_is_bounded() {
        let hashes: Vec<u64> = (0..100).map(|index| index * 0x9e37_79b9).collect();
        let mut reversed = hashes.clone();
        reversed.reverse();
        assert_eq!(sketch(&links(&hashes)), sketch(&links(&reversed)));
        assert_eq!(sketch(&links(&hashes)).len(), KEPT);
    }

    #[test]
    fn an_edited_line_counts_once() {
        for (before, after, changed) in [
            (vec![1, 2, 3], vec![1, 2, 3], 0),
            (vec![1, 2, 3], vec![3, 2, 1], 0),
            (vec![1, 2, 3], vec![1, 9, 3], 1),
            (vec![1, 2, 3], vec![1, 2, 3, 4], 1),
            (vec![1, 2, 3], vec![1, 8, 9], 2),
            (vec![1, 1, 1], vec![1], 2),
        ] {
            assert_eq!(changed_lines(&before, &after), changed);
        }
    }
}
