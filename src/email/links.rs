use url::Url;

use crate::subscriber::{Address, Key, Purpose, fingerprint};

/// The addresses that belong to one message of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// The issue's page in the archive.
    pub browser: Url,
    /// Leaves the list: a page for people, one click for mail programs.
    pub unsubscribe: Url,
    /// Leaves the list by an answer.
    pub unsubscribe_by_mail: Url,
    /// Language, sections, a pause.
    pub preferences: Url,
    /// Where delivery reports go (VERP); `None` without a key.
    pub bounce: Option<Address>,
    /// Names this message of this recipient; Message-ID and boundary are made
    /// of it.
    pub seed: String,
    /// Whether they work: without a key they only show what they would be.
    pub live: bool,
}

impl Links {
    /// The links of `recipient` in the mail of the issue whose key is `issue`.
    /// `server` is the root of the public server, `sender` the address of From.
    pub fn new(
        key: Option<&Key>,
        server: &Url,
        sender: &Address,
        issue: &str,
        browser: Url,
        recipient: &Address,
    ) -> Links {
        let token = |purpose: Purpose| match key {
            Some(key) => key.token(purpose, key.tag(recipient)),
            None => "no-key".to_owned(),
        };
        let tagged = |local: &str, purpose: Purpose| {
            let key = key?;
            let token = key.address_token(purpose, key.tag(recipient));
            Address::parse(&format!("{local}+{token}@{}", sender.domain())).ok()
        };
        let by_mail = match tagged("unsubscribe", Purpose::Unsubscribe) {
            Some(address) => address.to_string(),
            None => format!("unsubscribe@{}", sender.domain()),
        };
        Links {
            browser,
            unsubscribe: under(server, &["unsubscribe", &token(Purpose::Unsubscribe)]),
            unsubscribe_by_mail: mailto(&by_mail, "unsubscribe"),
            preferences: under(server, &["preferences", &token(Purpose::Preferences)]),
            bounce: tagged("bounce", Purpose::Bounce),
            seed: fingerprint(key, &["message", issue, &recipient.key()]),
            live: key.is_some(),
        }
    }

    /// The links that templates may name, as `links.NAME`.
    pub fn named(&self) -> [(&'static str, &Url); 3] {
        [
            ("unsubscribe", &self.unsubscribe),
            ("preferences", &self.preferences),
            ("browser", &self.browser),
        ]
    }
}

/// `mailto:` with a subject (RFC 6068 §2); the address is a dot-atom, of which
/// a few characters mean something in an address bar.
pub(crate) fn mailto(address: &str, subject: &str) -> Url {
    let mut escaped = String::with_capacity(address.len());
    for character in address.chars() {
        match character {
            '%' => escaped.push_str("%25"),
            '?' => escaped.push_str("%3F"),
            '#' => escaped.push_str("%23"),
            '&' => escaped.push_str("%26"),
            '/' => escaped.push_str("%2F"),
            other => escaped.push(other),
        }
    }
    Url::parse(&format!("mailto:{escaped}?subject={subject}"))
        .expect("mailto: and an address make a URL")
}

fn under(root: &Url, segments: &[&str]) -> Url {
    let mut url = root.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subscriber::Keys;

    fn links(key: Option<&Key>) -> Links {
        Links::new(
            key,
            &Url::parse("https://news.example.org/base/").unwrap(),
            &Address::parse("editor@example.org").unwrap(),
            "7",
            Url::parse("https://news.example.org/issues/7/").unwrap(),
            &Address::parse("ada@example.net").unwrap(),
        )
    }

    #[test]
    fn links_carry_tokens_for_their_purpose() {
        let key = Key::new(vec![3; 32]).unwrap();
        let links = links(Some(&key));
        let keys = Keys {
            current: Key::new(vec![3; 32]).unwrap(),
            old: Vec::new(),
        };
        let tag = key.tag(&Address::parse("ada@example.net").unwrap());
        let last = |url: &Url| url.path_segments().unwrap().next_back().unwrap().to_owned();
        assert!(
            links
                .unsubscribe
                .as_str()
                .starts_with("https://news.example.org/base/unsubscribe/")
        );
        assert_eq!(
            keys.open(Purpose::Unsubscribe, &last(&links.unsubscribe)),
            Ok(tag)
        );
        assert_eq!(
            keys.open(Purpose::Preferences, &last(&links.preferences)),
            Ok(tag)
        );
        let bounce = links.bounce.unwrap();
        let (local, token) = bounce.local().split_once('+').unwrap();
        assert_eq!((local, bounce.domain()), ("bounce", "example.org"));
        assert_eq!(keys.open_address(Purpose::Bounce, token), Ok(tag));
        assert!(links.live);
    }

    #[test]
    fn without_a_key_links_are_dead_and_say_so() {
        let links = links(None);
        assert_eq!(
            links.unsubscribe.as_str(),
            "https://news.example.org/base/unsubscribe/no-key"
        );
        assert_eq!(
            links.unsubscribe_by_mail.as_str(),
            "mailto:unsubscribe@example.org?subject=unsubscribe"
        );
        assert_eq!(links.bounce, None);
        assert!(!links.live);
    }
}
