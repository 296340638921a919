//! Whether the links of an issue answer, asked politely and once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use url::Url;

use crate::cli::send;
use crate::probe::{Client, FetchError, Reach};

/// How long a link may take to answer, and how many are asked at once: one host never
/// twice at the same time.
const LINK_PATIENCE: Duration = Duration::from_secs(10);
const LINKS_AT_ONCE: usize = 6;
/// What is read of a page that is fetched because its head was refused, in bytes.
const GLANCE: usize = 4096;

/// Links that were asked, with why they do not answer.
pub(super) struct Links {
    reach: Reach,
    asked: Mutex<BTreeMap<String, Option<String>>>,
}

impl Links {
    /// None asked yet; addresses within `reach` may be.
    pub(super) fn new(reach: Reach) -> Links {
        Links {
            reach,
            asked: Mutex::default(),
        }
    }

    /// Asks those of which no answer is known; says which give none, and why.
    pub(super) fn ask(&self, urls: &[String]) -> Vec<(String, String)> {
        let new: BTreeSet<String> = {
            let asked = self.asked();
            let answers = |url: &&String| matches!(asked.get(*url), Some(None));
            urls.iter().filter(|url| !answers(url)).cloned().collect()
        };
        // Servers take their time; nobody waits for the lock meanwhile.
        let answers = ask_all(new, self.reach);
        let mut asked = self.asked();
        asked.extend(answers);
        let dead = urls.iter().filter_map(|url| {
            let why = asked.get(url)?.clone()?;
            Some((url.clone(), why))
        });
        dead.collect()
    }

    /// Those that gave no answer when they were asked last, and why.
    pub(super) fn dead(&self) -> BTreeMap<String, String> {
        let asked = self.asked();
        let dead = asked
            .iter()
            .filter_map(|(url, why)| Some((url.clone(), why.clone()?)));
        dead.collect()
    }

    fn asked(&self) -> MutexGuard<'_, BTreeMap<String, Option<String>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks addresses, a few at a time and each host one after the other; says why one
/// does not answer.
fn ask_all(urls: BTreeSet<String>, reach: Reach) -> Vec<(String, Option<String>)> {
    let mut by_host: BTreeMap<String, Vec<(String, Url)>> = BTreeMap::new();
    let mut answers = Vec::new();
    for url in urls {
        match Url::parse(&url) {
            Ok(parsed) => {
                let host = parsed.host_str().unwrap_or_default().to_owned();
                by_host.entry(host).or_default().push((url, parsed));
            }
            Err(cause) => answers.push((url, Some(cause.to_string()))),
        }
    }
    let Ok(runtime) = send::runtime() else {
        return answers;
    };
    let found = runtime.block_on(async {
        let client = Arc::new(Client::new(reach, LINK_PATIENCE));
        let seats = Arc::new(tokio::sync::Semaphore::new(LINKS_AT_ONCE));
        let mut hosts = tokio::task::JoinSet::new();
        for urls in by_host.into_values() {
            let (client, seats) = (Arc::clone(&client), Arc::clone(&seats));
            hosts.spawn(async move {
                let _seat = seats.acquire().await;
                let mut answers = Vec::new();
                for (named, url) in urls {
                    let why = silence(&client, &url).await;
                    answers.push((named, why));
                }
                answers
            });
        }
        let mut all = Vec::new();
        while let Some(some) = hosts.join_next().await {
            all.extend(some.unwrap_or_default());
        }
        all
    });
    answers.extend(found);
    answers
}

/// Why an address gives no answer; `None` where it gives one. Only what says that
/// nothing is there counts: a server may refuse programs and be fine for people.
async fn silence(client: &Client, url: &Url) -> Option<String> {
    let mut answer = client.head(url).await;
    // Some servers know no HEAD and say that nothing is there.
    if answer.as_ref().is_ok_and(|answer| is_gone(answer.status)) {
        answer = client.get(url, GLANCE).await;
    }
    match answer {
        Ok(answer) if is_gone(answer.status) => Some(format!("answers {}", answer.status)),
        Ok(_) | Err(FetchError::TooLarge { .. }) => None,
        Err(error) => Some(error.to_string()),
    }
}

fn is_gone(status: u16) -> bool {
    status == 404 || status == 410
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::http::{Method, StatusCode};
    use axum::routing::{any, get};

    use super::*;

    /// A site whose pages are there, gone, and there for GET alone.
    fn site(asked: Arc<AtomicUsize>) -> Router {
        let only_get = |method: Method| async move {
            match method == Method::GET {
                true => (StatusCode::OK, "x".repeat(2 * GLANCE)),
                false => (StatusCode::NOT_FOUND, String::new()),
            }
        };
        let count = move || {
            asked.fetch_add(1, Ordering::Relaxed);
            async { "here" }
        };
        Router::new()
            .route("/here", get(count))
            .route("/gone", any(|| async { StatusCode::GONE }))
            .route("/shy", any(only_get))
            .route("/closed", any(|| async { StatusCode::FORBIDDEN }))
    }

    #[test]
    fn links_that_lead_nowhere_are_told_and_the_others_are_asked_once() {
        let asked = Arc::new(AtomicUsize::new(0));
        let runtime = send::runtime().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"));
        let listener = listener.unwrap();
        let root = format!("http://{}", listener.local_addr().unwrap());
        let serving = axum::serve(listener, site(Arc::clone(&asked)));
        runtime.spawn(async { serving.await });
        let url = |path: &str| format!("{root}/{path}");
        let all = ["here", "gone", "shy", "closed", "nothing"].map(url);

        let links = Links::new(Reach::Anywhere);
        let told = [
            (url("gone"), "answers 410".to_owned()),
            (url("nothing"), "answers 404".to_owned()),
        ];
        assert_eq!(links.ask(&all), told);
        assert_eq!(links.ask(&all), told);
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert_eq!(links.dead(), BTreeMap::from(told));

        let outside = Links::new(Reach::Public);
        let told = outside.ask(&[url("here"), "https://[".to_owned()]);
        assert!(told[0].1.contains("no public address"), "{told:?}");
        assert_eq!(told.len(), 2);
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}
