//! Where the bytes of a changed text came from.
//!
//! Each step of decoding that changes the text (line ends, repair) leaves one
//! [`Offsets`]; composed, they lead from the finished text to the stored file.

/// Ascending pairs `(offset in the new text, offset in the old text)`. From each
/// pair on, bytes correspond one to one until the next pair; before the first
/// one they are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offsets {
    pairs: Vec<(usize, usize)>,
}

impl Offsets {
    /// Notes that `new` came from `old`; calls come in ascending order.
    pub(crate) fn push(&mut self, new: usize, old: usize) {
        if self.pairs.last() != Some(&(new, old)) {
            self.pairs.push((new, old));
        }
    }

    /// Whether nothing was moved.
    pub(crate) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The pairs, for [`crate::diagnostic::SourceFile::mended`].
    pub(crate) fn into_pairs(self) -> Vec<(usize, usize)> {
        self.pairs
    }

    /// The way from the new text of `self` to the old text of `older`, whose new
    /// text is the old one of `self`. Linear in both.
    pub(crate) fn over(self, older: &Offsets) -> Offsets {
        if older.is_empty() {
            return self;
        }
        if self.is_empty() {
            return older.clone();
        }
        let mut pairs = self.pairs;
        if pairs[0] != (0, 0) {
            pairs.insert(0, (0, 0));
        }
        let mut composed = Offsets::default();
        let mut next = 0; // first pair of `older` past the current place
        for (index, &(new, middle)) in pairs.iter().enumerate() {
            while older.pairs.get(next).is_some_and(|&(at, _)| at <= middle) {
                next += 1;
            }
            composed.push(new, older.before(next, middle));
            let (new_end, middle_end) = pairs
                .get(index + 1)
                .copied()
                .unwrap_or((usize::MAX, usize::MAX));
            while let Some(&(at, old)) = older.pairs.get(next) {
                if at >= middle_end || at - middle >= new_end - new {
                    break;
                }
                composed.push(new + (at - middle), old);
                next += 1;
            }
        }
        composed
    }

    /// The old place of `offset`, where `next` is the first pair past it.
    fn before(&self, next: usize, offset: usize) -> usize {
        let limit = self.pairs.get(next).map_or(usize::MAX, |&(_, old)| old);
        match next.checked_sub(1).map(|index| self.pairs[index]) {
            Some((at, old)) => (old + (offset - at)).min(limit),
            None => offset,
        }
    }

    #[cfg(test)]
    fn resolve(&self, offset: usize) -> usize {
        let next = self.pairs.partition_point(|&(at, _)| at <= offset);
        self.before(next, offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_steps_lead_where_one_after_the_other_leads() {
        // "ab\r\ncd\r\nef" to "ab\ncd\nef"
        let mut ends = Offsets::default();
        ends.push(3, 4);
        ends.push(6, 8);
        // "ab\ncd\nef" to "ab\nXYZ\nef": `cd` became `XYZ`
        let mut repair = Offsets::default();
        repair.push(3, 3);
        repair.push(6, 5);
        let both = repair.clone().over(&ends);
        for offset in 0..9 {
            assert_eq!(
                both.resolve(offset),
                ends.resolve(repair.resolve(offset)),
                "at {offset}"
            );
        }
    }

    #[test]
    fn an_empty_step_changes_nothing() {
        let mut step = Offsets::default();
        step.push(0, 3);
        assert_eq!(step.clone().over(&Offsets::default()), step);
        assert_eq!(Offsets::default().over(&step), step);
    }
}
