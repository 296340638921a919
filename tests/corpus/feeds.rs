//! Feeds of real newsletters: each folder is made into one feed with all its
//! issues, which every reader at hand must take without complaint.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use letterpress::diagnostic::Level;
use letterpress::feed::{self, Addresses, Cadence, Entry, Feed};
use letterpress::identity::{self, IdLock, PermalinkFields, permalink};
use letterpress::issue::{Reader, Settings, Summary};
use letterpress::render::{self, Fragment, feed_html};
use url::Url;

use crate::corpus;

const HOST: &str = "https://news.example.com";

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(25_000)
}

/// The issues of each language of each newsletter: a feed has one language.
fn editions() -> BTreeMap<String, Vec<(Summary, Fragment)>> {
    let mut editions: BTreeMap<String, Vec<(Summary, Fragment)>> = BTreeMap::new();
    for (name, issues) in newsletters() {
        for issue in issues {
            let language = issue.0.language.as_deref().unwrap_or("en");
            let edition = format!("{name}-{language}");
            editions.entry(edition).or_default().push(issue);
        }
    }
    editions
}

/// Summaries and contents of all issues, by newsletter.
fn newsletters() -> BTreeMap<String, Vec<(Summary, Fragment)>> {
    let reader = Reader::new(Settings::default()).unwrap();
    let mut newsletters: BTreeMap<String, Vec<(Summary, Fragment)>> = BTreeMap::new();
    for (path, bytes) in corpus::issues() {
        let text = reader.decode(&path, &bytes);
        let (issue, _) = reader.parse(&text);
        let newsletter = path.split('/').next().unwrap().to_owned();
        newsletters
            .entry(newsletter)
            .or_default()
            .push((issue.summary(), feed_html(&issue)));
    }
    newsletters
}

fn resolve(summaries: &[Summary], lock: &IdLock) -> identity::Resolution {
    let settings = identity::Settings {
        domain: "news.example.com",
        language: "en",
        drafts: &[],
        zone: Tz::UTC,
        now: now(),
    };
    identity::resolve(lock, summaries, &settings)
}

fn feed_of(name: &str, issues: &[(Summary, Fragment)]) -> Feed {
    let summaries: Vec<Summary> = issues.iter().map(|(summary, _)| summary.clone()).collect();
    let resolution = resolve(&summaries, &IdLock::default());
    let mut entries = Vec::new();
    for ((summary, fragment), issue) in issues.iter().zip(&resolution.issues) {
        let path = permalink(
            "/issues/{slug}/",
            &PermalinkFields::of(issue, Tz::UTC, "en"),
        )
        .unwrap();
        let url = format!("{HOST}{path}");
        let addresses = render::Addresses {
            page: Url::parse(&url).unwrap(),
            files: Arc::default(),
            folder: summary
                .path
                .rsplit_once('/')
                .map_or("", |(folder, _)| folder)
                .to_owned(),
        };
        entries.push(Arc::new(Entry {
            id: issue.id.clone(),
            url,
            title: [&summary.title, &summary.path]
                .into_iter()
                .find(|title| !title.is_empty())
                .unwrap()
                .clone(),
            published: issue.date,
            updated: issue.updated,
            summary: summary.description.clone(),
            content_html: fragment.resolve(&addresses).into(),
            categories: summary.categories.clone(),
            language: summary.language.clone(),
            ..Entry::default()
        }));
    }
    feed::sort(&mut entries);
    Feed {
        id: format!("tag:news.example.com,2025:{name}"),
        title: name.to_owned(),
        subtitle: format!("All issues of {name}"),
        home: format!("{HOST}/"),
        language: "en".to_owned(),
        own: Addresses::in_folder(&format!("{HOST}/feeds/")),
        cadence: Cadence::of(entries.iter().map(|entry| entry.published)),
        entries,
        ..Feed::default()
    }
}

#[test]
fn feeds_of_real_newsletters_are_read_by_every_reader() {
    for (name, issues) in editions() {
        let feed = feed_of(&name, &issues);
        let documents = [
            feed::rss::write(&feed),
            feed::atom::write(&feed),
            feed::json::write(&feed),
        ];
        for bytes in &documents {
            let read = feed_rs::parser::parse(&bytes[..]).unwrap();
            assert_eq!(read.entries.len(), issues.len(), "{name}");
            for (read, entry) in read.entries.iter().zip(&feed.entries) {
                assert_eq!(read.id, entry.id);
                assert_eq!(read.published, Some(entry.published));
                let content = read
                    .content
                    .as_ref()
                    .and_then(|content| content.body.as_ref());
                assert!(
                    content.is_some_and(|body| !body.is_empty()),
                    "{name}: {}",
                    entry.id
                );
            }
            let own = feed::read(bytes).unwrap();
            assert_eq!(feed::losses(&own.entries, &feed, []), [], "{name}");
        }
        for bytes in &documents[..2] {
            roxmltree::Document::parse(std::str::from_utf8(bytes).unwrap()).unwrap();
        }
    }
}

#[test]
fn feeds_of_real_newsletters_are_free_of_errors() {
    for (name, issues) in editions() {
        let found = feed::check(&feed_of(&name, &issues), now());
        let errors: Vec<_> = found
            .into_iter()
            .filter(|found| found.level == Level::Error || found.code == "duplicate-updated")
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
}

#[test]
fn identities_of_real_issues_are_distinct_and_stay() {
    for (name, issues) in newsletters() {
        let summaries: Vec<Summary> = issues.into_iter().map(|(summary, _)| summary).collect();
        let first = resolve(&summaries, &IdLock::default());
        assert!(first.questions.is_empty(), "{name}: {:?}", first.questions);
        let mut ids: Vec<&str> = first.issues.iter().map(|issue| issue.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), summaries.len(), "{name}");
        let second = resolve(&summaries, &first.lock);
        assert_eq!(second.lock.to_text(), first.lock.to_text(), "{name}");

        // Every file in another folder: nothing is new.
        let mut moved = summaries;
        for summary in &mut moved {
            summary.path = format!("elsewhere/{}", summary.path);
        }
        let third = resolve(&moved, &first.lock);
        let renamed: Vec<_> = first
            .issues
            .iter()
            .zip(&third.issues)
            .filter(|(before, after)| before.id != after.id)
            .map(|(before, after)| (&before.id, &after.id))
            .collect();
        assert!(renamed.is_empty(), "{name}: {renamed:?}");
    }
}
