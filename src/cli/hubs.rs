//! Which feeds a hub was told of last, and which have changed since.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::cli::build::Built;
use crate::cli::error::CommandError;
use crate::cli::folder::Folder;
use crate::cli::send;
use crate::cli::terminal::Terminal;
use crate::files::{read_if_there, write_durable};
use crate::probe;

/// What each hub was told: the digest of each feed, by its address.
const STATE: &str = "data/hubs.json";
const STATE_LIMIT: u64 = 16 << 20;
const FEED_LIMIT: u64 = 256 << 20;

type Known = BTreeMap<String, BTreeMap<String, String>>;

/// What became of one hub.
pub(crate) struct Told {
    hub: String,
    topics: usize,
    error: Option<String>,
}

impl Told {
    /// For scripts; docs/json.md describes it.
    pub(crate) fn json(&self) -> Value {
        json!({ "hub": self.hub, "feeds": self.topics, "error": self.error })
    }
}

/// Tells each hub of the feeds that have changed since it was told last. A hub
/// that cannot be told holds up nobody: it is said, and told the next time.
pub(crate) fn tell(
    folder: &Folder,
    built: &Built,
    terminal: &Terminal,
) -> Result<Vec<Told>, CommandError> {
    let hubs = &folder.settings().feeds.hubs;
    if hubs.is_empty() {
        return Ok(Vec::new());
    }
    let topics = topics(folder, built)?;
    let bytes = read_if_there(&folder.path(STATE), STATE_LIMIT)?;
    // Lost or damaged, it costs each hub one fetch too many.
    let mut known: Known = bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    known.retain(|hub, _| hubs.iter().any(|one| one.as_str() == hub));
    let runtime = send::runtime()?;
    let mut all = Vec::new();
    for hub in hubs {
        let seen = known.entry(hub.to_string()).or_default();
        seen.retain(|topic, _| topics.contains_key(topic));
        let changed: Vec<String> = topics
            .iter()
            .filter(|(topic, digest)| seen.get(*topic) != Some(digest))
            .map(|(topic, _)| topic.clone())
            .collect();
        let (told, error) = match runtime.block_on(probe::tell_hub(hub, &changed)) {
            Ok(()) => (changed.len(), None),
            Err((told, cause)) => (told, Some(cause.to_string())),
        };
        for topic in &changed[..told] {
            seen.insert(topic.clone(), topics[topic].clone());
        }
        match &error {
            Some(error) => terminal.note(&format!(
                "the hub {hub} was not told of every changed feed: {error}; the next `publish` tells it"
            )),
            None if told > 0 => terminal.detail(&format!("the hub {hub} knows of {told} feeds")),
            None => {}
        }
        all.push(Told {
            hub: hub.to_string(),
            topics: told,
            error,
        });
    }
    let text = serde_json::to_vec_pretty(&known).unwrap_or_default();
    write_durable(&folder.path(STATE), &text)?;
    Ok(all)
}

/// The feeds that people subscribe to, with the digest of each: documents of older
/// entries are found by them.
fn topics(folder: &Folder, built: &Built) -> Result<BTreeMap<String, String>, CommandError> {
    let mut topics = BTreeMap::new();
    for path in built.outputs().filter(|path| is_topic(path)) {
        let Ok(url) = folder.settings().newsletter.url.join(&format!("./{path}")) else {
            continue;
        };
        if let Some(bytes) = read_if_there(&folder.path(&path), FEED_LIMIT)? {
            let digest = Sha256::digest(&bytes);
            let digest = digest.iter().map(|octet| format!("{octet:02x}")).collect();
            topics.insert(url.to_string(), digest);
        }
    }
    Ok(topics)
}

fn is_topic(path: &str) -> bool {
    let Some((folders, name)) = path.rsplit_once('/') else {
        return false;
    };
    let mut folders = folders.split('/');
    folders.next() == Some("feeds")
        && !folders.any(|folder| folder == "archive")
        && (name.ends_with("rss.xml") || name.ends_with("atom.xml") || name.ends_with(".json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_topics_and_nothing_else() {
        for path in [
            "feeds/rss.xml",
            "feeds/zh/atom.xml",
            "feeds/sections/archive.json",
            "feeds/links.rss.xml",
        ] {
            assert!(is_topic(path), "{path}");
        }
        for path in [
            "feeds/archive/1.rss.xml",
            "feeds/zh/archive/2.json",
            "feeds/feeds.opml",
            "feeds/index.html",
            "feeds/ids.lock",
            "public/feeds/rss.xml",
            "public/sitemap.xml",
        ] {
            assert!(!is_topic(path), "{path}");
        }
    }
}
