use chrono::{DateTime, TimeDelta, Utc};

/// How often a newsletter really appears, so that readers' programs ask neither
/// too often nor too seldom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cadence {
    /// Every day or nearly so.
    Daily,
    /// About once a week.
    Weekly,
    /// About every two weeks.
    Fortnightly,
    /// About once a month.
    Monthly,
    /// Less often.
    Yearly,
}

impl Cadence {
    /// Reads it off the median gap between the days of publication; `None` for
    /// fewer than three of them.
    pub fn of(published: impl IntoIterator<Item = DateTime<Utc>>) -> Option<Cadence> {
        let mut moments: Vec<_> = published.into_iter().collect();
        moments.sort_unstable();
        moments.dedup_by_key(|moment| moment.date_naive());
        if moments.len() < 3 {
            return None;
        }
        let mut gaps: Vec<TimeDelta> = moments.windows(2).map(|two| two[1] - two[0]).collect();
        gaps.sort_unstable();
        let hours = gaps[gaps.len() / 2].num_hours();
        Some(match hours {
            ..=83 => Cadence::Daily,
            84..=251 => Cadence::Weekly,
            252..=503 => Cadence::Fortnightly,
            504..=1440 => Cadence::Monthly,
            _ => Cadence::Yearly,
        })
    }

    /// Minutes for which a copy may be kept: RSS `ttl`.
    pub fn minutes(self) -> u32 {
        match self {
            Cadence::Daily => 180,
            Cadence::Weekly | Cadence::Fortnightly => 720,
            Cadence::Monthly | Cadence::Yearly => 1440,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every(days: i64, count: i64) -> Option<Cadence> {
        let start = DateTime::UNIX_EPOCH + TimeDelta::days(19_000);
        Cadence::of((0..count).map(|index| start + TimeDelta::days(days * index)))
    }

    #[test]
    fn cadence_is_read_off_the_gaps() {
        assert_eq!(every(1, 9), Some(Cadence::Daily));
        assert_eq!(every(7, 9), Some(Cadence::Weekly));
        assert_eq!(every(14, 9), Some(Cadence::Fortnightly));
        assert_eq!(every(30, 9), Some(Cadence::Monthly));
        assert_eq!(every(365, 9), Some(Cadence::Yearly));
        assert_eq!(every(7, 9).map(Cadence::minutes), Some(720));
    }

    #[test]
    fn two_issues_are_no_cadence() {
        assert_eq!(every(7, 2), None);
    }

    #[test]
    fn two_issues_on_one_day_do_not_make_a_weekly_daily() {
        let start = DateTime::UNIX_EPOCH;
        let twice = (0..8).flat_map(|week| {
            let day = start + TimeDelta::days(7 * week);
            [day, day + TimeDelta::seconds(1)]
        });
        assert_eq!(Cadence::of(twice), Some(Cadence::Weekly));
    }
}
