//! Entries taken back whole from a JSON Feed that an earlier build wrote, for
//! issues whose file cannot be read at the moment.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::feed::model::{Enclosure, Entry, Person, Translation};

/// The entries of a JSON Feed as [`crate::feed::json::write`] spelled them; none
/// where the bytes are no such document.
pub fn carry(bytes: &[u8]) -> Vec<Entry> {
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else {
        return Vec::new();
    };
    let items = document["items"].as_array();
    items.into_iter().flatten().filter_map(entry).collect()
}

fn entry(item: &Value) -> Option<Entry> {
    let published = moment(&item["date_published"])?;
    Some(Entry {
        id: optional(&item["id"])?,
        url: text(&item["url"]),
        title: text(&item["title"]),
        published,
        updated: moment(&item["date_modified"]).unwrap_or(published),
        summary: text(&item["summary"]),
        content_html: text(&item["content_html"]).into(),
        authors: list(&item["authors"], |author| {
            Some(Person {
                name: optional(&author["name"])?,
                url: optional(&author["url"]),
            })
        }),
        categories: list(&item["tags"], optional),
        language: optional(&item["language"]),
        translations: list(&item["_translations"], |other| {
            Some(Translation {
                language: optional(&other["language"])?,
                url: optional(&other["url"])?,
            })
        }),
        related: optional(&item["external_url"]),
        enclosure: list(&item["attachments"], |file| {
            Some(Enclosure {
                url: optional(&file["url"])?,
                length: file["size_in_bytes"].as_u64()?,
                mime_type: optional(&file["mime_type"])?,
            })
        })
        .into_iter()
        .next(),
    })
}

fn optional(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn text(value: &Value) -> String {
    optional(value).unwrap_or_default()
}

fn moment(value: &Value) -> Option<DateTime<Utc>> {
    let moment = DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    Some(moment.to_utc())
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Vec<T> {
    let values = value.as_array();
    values.into_iter().flatten().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::json;
    use crate::feed::tests::{entry, feed};

    #[test]
    fn entries_come_back_as_they_were_written() {
        let mut rich = entry(1);
        rich.categories = vec!["印刷".to_owned()];
        rich.language = Some("zh".to_owned());
        rich.related = Some("https://example.net/a?b=1&c=2".to_owned());
        rich.translations = vec![Translation {
            language: "en".to_owned(),
            url: "https://example.com/en/1/".to_owned(),
        }];
        let mut entries = vec![rich, entry(2)];
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.published));
        let mut back = carry(&json::write(&feed(entries.clone())));
        for entry in &mut back {
            // A feed names its author on each entry.
            entry.authors.clear();
        }
        for entry in &mut entries {
            entry.authors.clear();
        }
        assert_eq!(back, entries);
    }

    #[test]
    fn what_is_no_json_feed_gives_nothing() {
        for bytes in [&b""[..], b"<rss/>", b"{}", b"{\"items\":[1,{}]}"] {
            assert_eq!(carry(bytes), []);
        }
    }
}
