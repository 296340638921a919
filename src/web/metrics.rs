//! Numbers for whoever watches the server, in the text format of Prometheus:
//! what was asked, how it was answered and how long that took. Nothing of who
//! asked.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;

/// What a request is for. Few, and none is of the client's making.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// A page of the archive.
    Page,
    /// A feed.
    Feed,
    /// Another file.
    File,
    /// Nothing that there is.
    Missing,
    /// An address that does something, by its first name.
    Named(&'static str),
}

/// The addresses that do something.
const NAMED: [&str; 8] = [
    "account",
    "confirm",
    "healthz",
    "metrics",
    "preferences",
    "subscribe",
    "unsubscribe",
    "webhooks",
];
/// Page, feed, file, missing, and the named.
const ROUTES: usize = 4 + NAMED.len();
/// 1xx to 5xx.
const CLASSES: usize = 5;
/// Upper ends of the buckets, in microseconds and as they are written.
const BUCKETS: [(u64, &str); 8] = [
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (10_000, "0.01"),
    (50_000, "0.05"),
    (250_000, "0.25"),
    (1_000_000, "1"),
    (10_000_000, "10"),
];

/// Counts since the server was started.
#[derive(Default)]
pub(super) struct Metrics {
    answers: [[AtomicU64; CLASSES]; ROUTES],
    /// Each request in the first bucket that holds it; the last is for the rest.
    times: [AtomicU64; BUCKETS.len() + 1],
    microseconds: AtomicU64,
}

impl Route {
    /// The named address whose first name this is.
    pub(super) fn named(first: &str) -> Option<Route> {
        let found = NAMED.iter().find(|name| **name == first)?;
        Some(Route::Named(found))
    }

    /// What a file of this media type is.
    pub(super) fn of(kind: &str) -> Route {
        let essence = kind.split(';').next().unwrap_or_default();
        match essence {
            "text/html" => Route::Page,
            "application/rss+xml" | "application/atom+xml" | "application/feed+json" => Route::Feed,
            _ => Route::File,
        }
    }

    fn place(self) -> usize {
        match self {
            Route::Page => 0,
            Route::Feed => 1,
            Route::File => 2,
            Route::Missing => 3,
            Route::Named(name) => 4 + NAMED.iter().position(|one| *one == name).unwrap_or(0),
        }
    }

    fn name(place: usize) -> &'static str {
        ["page", "feed", "file", "missing"]
            .into_iter()
            .chain(NAMED)
            .nth(place)
            .unwrap_or_default()
    }
}

impl Metrics {
    /// Counts an answer.
    pub(super) fn count(&self, route: Route, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES) - 1;
        self.answers[route.place()][class].fetch_add(1, Ordering::Relaxed);
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS.iter().position(|(end, _)| took <= *end);
        self.times[bucket.unwrap_or(BUCKETS.len())].fetch_add(1, Ordering::Relaxed);
        self.microseconds.fetch_add(took, Ordering::Relaxed);
    }

    /// The numbers as text.
    pub(super) fn text(&self) -> String {
        let mut text = String::from(
            "# HELP letterpress_http_requests_total Requests by what they are for and class of \
             status.\n# TYPE letterpress_http_requests_total counter\n",
        );
        for (place, classes) in self.answers.iter().enumerate() {
            let route = Route::name(place);
            for (class, count) in classes.iter().enumerate() {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let _ = writeln!(
                        text,
                        "letterpress_http_requests_total{{route=\"{route}\",status=\"{}xx\"}} \
                         {count}",
                        class + 1
                    );
                }
            }
        }
        text.push_str(
            "# HELP letterpress_http_request_seconds Time to the head of the answer.\n\
             # TYPE letterpress_http_request_seconds histogram\n",
        );
        let mut sum = 0;
        let ends = BUCKETS.iter().map(|(_, end)| *end).chain(["+Inf"]);
        for (end, count) in ends.zip(&self.times) {
            sum += count.load(Ordering::Relaxed);
            let _ = writeln!(
                text,
                "letterpress_http_request_seconds_bucket{{le=\"{end}\"}} {sum}"
            );
        }
        let microseconds = self.microseconds.load(Ordering::Relaxed);
        let _ = writeln!(
            text,
            "letterpress_http_request_seconds_sum {}.{:06}",
            microseconds / 1_000_000,
            microseconds % 1_000_000
        );
        let _ = writeln!(text, "letterpress_http_request_seconds_count {sum}");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_what_they_are_and_how_long_they_took() {
        let metrics = Metrics::default();
        let count = |route, status: u16, microseconds| {
            let status = StatusCode::from_u16(status).unwrap();
            metrics.count(route, status, Duration::from_micros(microseconds));
        };
        count(Route::Feed, 200, 300);
        count(Route::Feed, 304, 900);
        count(Route::named("unsubscribe").unwrap(), 200, 1_500);
        count(Route::Missing, 404, 20_000_000);
        assert_eq!(Route::named("wp-login.php"), None);
        let text = metrics.text();
        for line in [
            "letterpress_http_requests_total{route=\"feed\",status=\"2xx\"} 1",
            "letterpress_http_requests_total{route=\"feed\",status=\"3xx\"} 1",
            "letterpress_http_requests_total{route=\"unsubscribe\",status=\"2xx\"} 1",
            "letterpress_http_requests_total{route=\"missing\",status=\"4xx\"} 1",
            "letterpress_http_request_seconds_bucket{le=\"0.0005\"} 1",
            "letterpress_http_request_seconds_bucket{le=\"0.001\"} 2",
            "letterpress_http_request_seconds_bucket{le=\"0.0025\"} 3",
            "letterpress_http_request_seconds_bucket{le=\"10\"} 3",
            "letterpress_http_request_seconds_bucket{le=\"+Inf\"} 4",
            "letterpress_http_request_seconds_sum 20.002700",
            "letterpress_http_request_seconds_count 4",
        ] {
            assert!(text.lines().any(|one| one == line), "{line}\n{text}");
        }
    }
}
