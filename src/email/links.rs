use serde::{Deserialize, Serialize};
use url::Url;

use crate::subscriber::{Address, Key, Purpose, fingerprint};

/// How readers leave the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WayOut {
    /// By a link to the newsletter's server, which mail programs can follow with
    /// one click (RFC 8058), or by a mail.
    #[default]
    OneClick,
    /// By a mail alone: no server answers.
    Mailto,
}

/// The addresses that belong to one message of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// The issue's page in the archive.
    pub browser: Url,
    /// Leaves the list: a page for people, one click for mail programs; the same
    /// as the next where a mail is the only way.
    pub unsubscribe: Url,
    /// Leaves the list by a mail.
    pub unsubscribe_by_mail: Url,
    /// Language, sections, a pause; none where no server answers.
    pub preferences: Option<Url>,
    /// How readers leave.
    pub way_out: WayOut,
    /// Where delivery reports go (VERP); `None` without a key.
    pub bounce: Option<Address>,
    /// Names this message of this recipient; Message-ID and boundary are made
    /// of it.
    pub seed: String,
    /// Whether they work: without a key they only show what they would be.
    pub live: bool,
}

/// What the links of all messages of one edition share.
#[derive(Clone, Copy, Debug)]
pub struct LinkRoots<'a> {
    /// Root of the public server.
    pub server: &'a Url,
    /// The address of From.
    pub sender: &'a Address,
    /// Key of the issue.
    pub issue: &'a str,
    /// The issue's page in the archive.
    pub browser: &'a Url,
    /// How readers leave.
    pub way_out: WayOut,
}

impl Links {
    /// The links of `recipient`, signed with `key`.
    pub fn new(key: Option<&Key>, roots: &LinkRoots<'_>, recipient: &Address) -> Links {
        let signed = key.map(|key| (key, key.tag(recipient)));
        let page = |name: &str, purpose: Purpose| {
            let token = signed.map(|(key, tag)| key.token(purpose, tag));
            under(roots.server, &[name, token.as_deref().unwrap_or("no-key")])
        };
        let domain = roots.sender.domain();
        let tagged = |local: &str, purpose: Purpose| {
            let (key, tag) = signed?;
            let token = key.address_token(purpose, tag);
            Some(format!("{local}+{token}@{domain}"))
        };
        let by_mail = tagged("unsubscribe", Purpose::Unsubscribe)
            .unwrap_or_else(|| format!("unsubscribe@{domain}"));
        let by_mail = mailto(&by_mail, "unsubscribe");
        let (unsubscribe, preferences) = match roots.way_out {
            WayOut::OneClick => (
                page("unsubscribe", Purpose::Unsubscribe),
                Some(page("preferences", Purpose::Preferences)),
            ),
            WayOut::Mailto => (by_mail.clone(), None),
        };
        Links {
            browser: roots.browser.clone(),
            unsubscribe,
            unsubscribe_by_mail: by_mail,
            preferences,
            way_out: roots.way_out,
            bounce: tagged("bounce", Purpose::Bounce)
                .and_then(|address| Address::parse(&address).ok()),
            seed: fingerprint(key, &["message", roots.issue, &recipient.key()]),
            live: key.is_some(),
        }
    }
}

/// The envelope sender to which delivery reports come.
pub(crate) fn bounce_address(token: &str, domain: &str) -> Option<Address> {
    Address::parse(&format!("bounce+{token}@{domain}")).ok()
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
        links_by(WayOut::OneClick, key)
    }

    fn links_by(way_out: WayOut, key: Option<&Key>) -> Links {
        let roots = LinkRoots {
            server: &Url::parse("https://news.example.org/base/").unwrap(),
            sender: &Address::parse("editor@example.org").unwrap(),
            issue: "7",
            browser: &Url::parse("https://news.example.org/issues/7/").unwrap(),
            way_out,
        };
        Links::new(key, &roots, &Address::parse("ada@example.net").unwrap())
    }

    #[test]
    fn who_leaves_by_mail_has_no_address_of_the_server() {
        let key = Key::new(vec![3; 32]).unwrap();
        let links = links_by(WayOut::Mailto, Some(&key));
        assert_eq!(links.unsubscribe, links.unsubscribe_by_mail);
        assert_eq!(links.unsubscribe.scheme(), "mailto");
        assert_eq!(links.preferences, None);
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
            keys.open(
                Purpose::Preferences,
                &last(links.preferences.as_ref().unwrap())
            ),
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
