//! Who is on the list, to look at: growth, search, one person's history. Changes
//! stay with the command line.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::{Response, StatusCode};
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use serde::Serialize;

use crate::desk::Trouble;
use crate::desk::app::{App, Asked, encoded};
use crate::desk::bars::grouped;
use crate::desk::plot::{Plot, Series, plot};
use crate::store::{Growth, Search, Store};
use crate::subscriber::{Entry, Reason, Status, SubscriberId, Suppression};

/// People on one page.
const PAGE: usize = 50;
/// Suppressions that are looked through at once.
const STEP: usize = 1000;
/// For how long the count of everybody is good enough.
const FRESH: TimeDelta = TimeDelta::minutes(5);
/// Months of the table.
const MONTHS: usize = 24;

/// What takes long to count, as it was counted last.
#[derive(Default)]
pub(super) struct Census {
    known: Mutex<Option<(DateTime<Utc>, Arc<Numbers>)>>,
    /// One count at a time.
    busy: tokio::sync::Mutex<()>,
}

struct Numbers {
    confirmed: u64,
    pending: u64,
    unsubscribed: u64,
    growth: Vec<Growth>,
    /// Bounces and complaints, the last first.
    returns: Vec<(String, Suppression)>,
}

#[derive(Serialize)]
struct Page {
    none: bool,
    counted: bool,
    confirmed: String,
    pending: String,
    unsubscribed: String,
    plot: Option<Plot>,
    months: Vec<Month>,
    search: String,
    status: String,
    rows: Vec<Person>,
    more: Option<String>,
    searched: bool,
    returns: Vec<Returned>,
}

#[derive(Serialize)]
struct Month {
    month: String,
    joined: String,
    left: String,
    total: String,
}

#[derive(Serialize)]
struct Person {
    href: String,
    address: String,
    name: String,
    status: &'static str,
    tone: &'static str,
    since: String,
    language: String,
    why: String,
}

#[derive(Serialize)]
struct Returned {
    address: String,
    reason: &'static str,
    at: String,
    note: String,
}

#[derive(Serialize)]
struct PersonPage {
    person: Person,
    facts: Vec<(&'static str, String)>,
    history: Vec<Past>,
}

#[derive(Serialize)]
struct Past {
    href: String,
    issue: String,
    title: String,
    state: &'static str,
    said: String,
    at: String,
}

impl App {
    /// `/subscribers`.
    pub(super) async fn subscribers(self: &Arc<Self>, asked: Asked) -> Response<Body> {
        match self.subscribers_html(&asked).await {
            Ok(body) => {
                let title = "Subscribers";
                self.page(StatusCode::OK, &asked.session, "subscribers", title, body)
            }
            Err(trouble) => self.store_trouble(&asked, "subscribers", &trouble),
        }
    }

    async fn subscribers_html(self: &Arc<Self>, asked: &Asked) -> Result<String, Trouble> {
        let text = asked.get("q").unwrap_or_default().to_owned();
        let status = asked.get("status").and_then(Status::of);
        let after = asked.get("after").and_then(|after| after.parse().ok());
        let store = self.work(|app| app.room.store()).await?;
        let mut page = Page {
            none: store.is_none(),
            counted: false,
            confirmed: String::new(),
            pending: String::new(),
            unsubscribed: String::new(),
            plot: None,
            months: Vec::new(),
            searched: !text.is_empty() || status.is_some(),
            search: text.clone(),
            status: status.map_or("", Status::name).to_owned(),
            rows: Vec::new(),
            more: None,
            returns: Vec::new(),
        };
        let Some(store) = store else {
            return Ok(self.pages.fill("subscribers", &page));
        };
        let search = Search {
            text: text.clone(),
            status,
            tag: None,
        };
        let people = store.list(search, after.map(SubscriberId), PAGE).await?;
        if people.len() == PAGE
            && let Some((last, _)) = people.last()
        {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("q", &text);
            query.append_pair("status", status.map_or("", Status::name));
            query.append_pair("after", &last.0.to_string());
            page.more = Some(format!("/subscribers?{}", query.finish()));
        }
        page.rows = people
            .iter()
            .map(|(id, entry)| self.person(*id, entry))
            .collect();
        if page.searched || after.is_some() {
            return Ok(self.pages.fill("subscribers", &page));
        }
        // Counting everybody takes longer than a page may: it is done aside, and the
        // page asks again.
        if let Some(numbers) = self.census(store) {
            page.counted = true;
            page.confirmed = grouped(numbers.confirmed);
            page.pending = grouped(numbers.pending);
            page.unsubscribed = grouped(numbers.unsubscribed);
            let months = months(&numbers.growth);
            page.plot = growth_plot(&months);
            let returns = numbers.returns.iter();
            page.returns = returns
                .map(|(address, one)| Returned {
                    address: address.clone(),
                    reason: one.reason.name(),
                    at: self.room.moment(one.at),
                    note: one.note.clone(),
                })
                .collect();
            page.months = table(&months);
        }
        Ok(self.pages.fill("subscribers", &page))
    }

    /// The numbers as last counted; counts anew where they are old.
    fn census(self: &Arc<Self>, store: Arc<dyn Store>) -> Option<Arc<Numbers>> {
        let now = (self.clock)();
        let known = self.census.known.lock();
        let known = known.unwrap_or_else(PoisonError::into_inner).clone();
        if known.as_ref().is_none_or(|(at, _)| now - *at > FRESH) {
            let app = Arc::clone(self);
            tokio::spawn(async move {
                let Ok(_turn) = app.census.busy.try_lock() else {
                    return;
                };
                if let Ok(numbers) = count(store.as_ref()).await {
                    let known = app.census.known.lock();
                    let mut known = known.unwrap_or_else(PoisonError::into_inner);
                    *known = Some(((app.clock)(), Arc::new(numbers)));
                }
            });
        }
        known.map(|(_, numbers)| numbers)
    }

    /// `/subscriber/ID`.
    pub(super) async fn subscriber(self: &Arc<Self>, asked: Asked) -> Response<Body> {
        let made = async {
            let store = self.work(|app| app.room.store()).await?;
            let store = store.ok_or_else(|| Trouble::new("there is no list yet"))?;
            let id = asked.rest.parse().map(SubscriberId);
            let nobody = || Trouble::new("there is no such subscriber");
            let id = id.map_err(|_| nobody())?;
            let entry = store.person(id).await?.ok_or_else(nobody)?;
            let history = store.history(id).await?;
            let past = history.into_iter().map(|past| Past {
                href: format!("/mailing/{}", encoded(&past.issue)),
                issue: past.issue,
                title: past.title,
                state: past.state.name(),
                said: past
                    .reply
                    .map(|reply| format!("{} {}", reply.code, reply.text))
                    .unwrap_or_default(),
                at: past.at.map(|at| self.room.moment(at)).unwrap_or_default(),
            });
            let page = PersonPage {
                person: self.person(id, &entry),
                facts: self.facts(&entry),
                history: past.collect(),
            };
            Ok(self.pages.fill("person", &page))
        };
        match made.await {
            Ok(body) => self.page(
                StatusCode::OK,
                &asked.session,
                "subscribers",
                "Subscriber",
                body,
            ),
            Err(trouble) => {
                let status = StatusCode::NOT_FOUND;
                self.trouble(status, &asked.session, "subscribers", &trouble)
            }
        }
    }

    fn person(&self, id: SubscriberId, entry: &Entry) -> Person {
        let person = &entry.subscriber;
        let consent = &person.consent;
        let since = consent.confirmed_at.or(consent.joined_at);
        let held = entry.suppression.as_ref();
        let (status, tone) = match (person.status, held) {
            (_, Some(held)) => (held.reason.name(), "warning"),
            (Status::Confirmed, None) => ("confirmed", "quiet"),
            (Status::Pending, None) => ("pending", "draft"),
            (Status::Unsubscribed, None) => ("unsubscribed", "draft"),
        };
        Person {
            href: format!("/subscriber/{}", id.0),
            address: person.address.to_string(),
            name: person.name.clone(),
            status,
            tone,
            since: since.map(|at| self.room.moment(at)).unwrap_or_default(),
            language: person.language.clone().unwrap_or_default(),
            why: held.map(|held| held.note.clone()).unwrap_or_default(),
        }
    }

    fn facts(&self, entry: &Entry) -> Vec<(&'static str, String)> {
        let person = &entry.subscriber;
        let consent = &person.consent;
        let moment = |at: Option<DateTime<Utc>>| at.map(|at| self.room.moment(at));
        let tags: Vec<&str> = person.tags.iter().map(String::as_str).collect();
        let held = entry.suppression.as_ref();
        let facts = [
            ("Came from", Some(consent.origin.clone())),
            ("Asked for it", moment(consent.joined_at)),
            ("Confirmed it", moment(consent.confirmed_at)),
            ("Left", moment(consent.left_at)),
            (
                "Never mailed since",
                held.map(|held| self.room.moment(held.at)),
            ),
            ("Because of", held.map(|held| held.reason.name().to_owned())),
            ("Note", held.map(|held| held.note.clone())),
            ("Language", person.language.clone()),
            ("Edition", person.edition.clone()),
            ("Tags", Some(tags.join(", "))),
        ];
        let some = facts.into_iter().filter_map(|(name, value)| {
            let value = value.filter(|value| !value.is_empty())?;
            Some((name, value))
        });
        some.collect()
    }
}

async fn count(store: &dyn Store) -> Result<Numbers, crate::store::Error> {
    let of = |status| {
        store.count(Search {
            status: Some(status),
            ..Search::default()
        })
    };
    Ok(Numbers {
        confirmed: of(Status::Confirmed).await?,
        pending: of(Status::Pending).await?,
        unsubscribed: of(Status::Unsubscribed).await?,
        growth: store.growth().await?,
        returns: returns(store).await?,
    })
}

/// The last bounces and complaints of all that are kept.
async fn returns(store: &dyn Store) -> Result<Vec<(String, Suppression)>, crate::store::Error> {
    let mut found: Vec<(String, Suppression)> = Vec::new();
    let mut after = None;
    loop {
        let some = store.suppressions(after.take(), STEP).await?;
        let whole = some.len() == STEP;
        after = some.last().map(|(address, _)| address.clone());
        found.extend(
            some.into_iter()
                .filter(|(_, one)| matches!(one.reason, Reason::HardBounce | Reason::Complaint)),
        );
        found.sort_by_key(|(_, one)| Reverse(one.at));
        found.truncate(PAGE);
        if !whole {
            return Ok(found);
        }
    }
}

/// Month, joined, left, and how many there were at its end.
type Counted = ((i32, u32), u64, u64, i64);

fn months(growth: &[Growth]) -> Vec<Counted> {
    let mut by_month: BTreeMap<(i32, u32), (u64, u64)> = BTreeMap::new();
    for day in growth {
        let month = by_month
            .entry((day.day.year(), day.day.month()))
            .or_default();
        month.0 += day.joined;
        month.1 += day.left;
    }
    let Some((&first, _)) = by_month.first_key_value() else {
        return Vec::new();
    };
    let last = by_month.last_key_value().map_or(first, |(last, _)| *last);
    let (mut at, mut total, mut months) = (first, 0_i64, Vec::new());
    // Months in which nothing happened count too: a plot has even steps.
    while at <= last && months.len() < 1200 {
        let (joined, left) = by_month.get(&at).copied().unwrap_or_default();
        total += i64::try_from(joined).unwrap_or(0) - i64::try_from(left).unwrap_or(0);
        months.push((at, joined, left, total));
        at = match at {
            (year, 12) => (year + 1, 1),
            (year, month) => (year, month + 1),
        };
    }
    months
}

fn growth_plot(months: &[Counted]) -> Option<Plot> {
    let name = |month: Option<&Counted>| {
        month
            .map(|((year, month), ..)| format!("{year}-{month:02}"))
            .unwrap_or_default()
    };
    let totals = Series {
        name: "Subscribers".to_owned(),
        values: months
            .iter()
            .map(|(.., total)| (*total).max(0) as f64)
            .collect(),
    };
    let (first, last) = (name(months.first()), name(months.last()));
    plot("Subscribers over time", vec![totals], &first, &last)
}

fn table(months: &[Counted]) -> Vec<Month> {
    let newest = months.iter().rev().take(MONTHS);
    newest
        .map(|((year, month), joined, left, total)| Month {
            month: format!("{year}-{month:02}"),
            joined: grouped(*joined),
            left: grouped(*left),
            total: grouped(u64::try_from(*total).unwrap_or(0)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_without_change_are_counted_too() {
        let day = |text: &str, joined, left| Growth {
            day: text.parse().unwrap(),
            joined,
            left,
        };
        let growth = [
            day("2025-11-03", 5, 0),
            day("2025-11-09", 1, 2),
            day("2026-02-01", 1, 0),
        ];
        let months = months(&growth);
        let totals: Vec<i64> = months.iter().map(|(.., total)| *total).collect();
        assert_eq!(totals, [4, 4, 4, 5]);
        assert!(growth_plot(&months).is_some());
        assert_eq!(table(&months)[0].month, "2026-02");
        assert!(growth_plot(&super::months(&[])).is_none());
    }
}
