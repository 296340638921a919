use chrono::{DateTime, Utc};

use crate::mailing::{Meter, Pace};

/// Beginning of the name under which a provider's limits are kept.
pub(crate) const PROVIDER: &str = "provider:";

/// Somebody who is left alone for a time, as the store remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Whose mail waits; `None` is the relay, and so everybody's.
    pub provider: Option<String>,
    /// Until then; `None` is until the editor resumes.
    pub until: Option<DateTime<Utc>>,
}

/// Who is left alone at `now`, out of what [`crate::store::Store::limits`] gives.
pub fn rests(limits: &[(String, String)], now: DateTime<Utc>) -> Vec<Rest> {
    let rest = |(name, state): &(String, String)| {
        let meter = Meter::restored(Pace::default(), state);
        let until = meter.rests_until(now);
        (until.is_some() || meter.is_halted()).then(|| Rest {
            provider: name.strip_prefix(PROVIDER).map(str::to_owned),
            until: until.filter(|_| !meter.is_halted()),
        })
    };
    limits.iter().filter_map(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_who_rest_are_named() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let limit = |name: &str, trouble: fn(&mut Meter, DateTime<Utc>)| {
            let mut meter = Meter::new(Pace::default());
            meter.take(now);
            trouble(&mut meter, now);
            (name.to_owned(), meter.state())
        };
        let limits = [
            limit("provider:gmail.com", |meter, now| meter.throttled(now, 1)),
            limit("provider:example.org", |meter, now| meter.halted(now)),
            limit("provider:example.net", |meter, now| meter.succeeded(now)),
            limit("relay:one", |meter, now| meter.throttled(now, 1)),
        ];
        let found = rests(&limits, now);
        let names: Vec<_> = found
            .iter()
            .map(|rest| (rest.provider.as_deref(), rest.until.is_some()))
            .collect();
        assert_eq!(
            names,
            [
                (Some("gmail.com"), true),
                (Some("example.org"), false),
                (None, true)
            ]
        );
        assert_eq!(rests(&limits, now + chrono::TimeDelta::hours(1)).len(), 1);
    }
}
