use std::collections::BTreeMap;

use chrono_tz::Tz;
use url::Url;

use crate::config::key::Key;
use crate::config::typed::Read;
use crate::newsletter::{LanguageOverride, Mailbox, Newsletter};
use crate::subscriber::{Address, AddressError};

/// Stands in for an address that is not set.
const PLACEHOLDER_URL: &str = "https://example.org/";

impl Read<'_> {
    pub(crate) fn newsletter(&mut self) -> Newsletter {
        let key = Key::new;
        let url = self.url("newsletter.url").unwrap_or_else(placeholder_url);
        let list_id = match self.line(&key("newsletter.list_id")) {
            empty if empty.is_empty() => url.host_str().unwrap_or_default().to_owned(),
            list_id => list_id,
        };
        let list_id = self.list_id(list_id);
        let title = match self.line(&key("newsletter.title")) {
            empty if empty.is_empty() => "Untitled newsletter".to_owned(),
            title => title,
        };
        Newsletter {
            title,
            description: self.line(&key("newsletter.description")),
            url,
            language: self.language(&key("newsletter.language")),
            time_zone: self.time_zone(),
            author: self.line(&key("newsletter.author")),
            from: self.mailbox(&key("newsletter.from")),
            reply_to: self.mailbox(&key("newsletter.reply_to")),
            address: self.text("newsletter.address"),
            list_id,
            languages: self.languages(),
        }
    }

    /// RFC 2919 §3: a dotted name of letters, digits and `-`.
    fn list_id(&mut self, list_id: String) -> String {
        let sound = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        };
        if !list_id.split('.').all(sound) {
            let key = Key::new("newsletter.list_id");
            let help = "write it like a host name, such as \"weekly.example.org\"";
            self.bad(&key, format!("{key} is no name for List-Id"), help);
        }
        list_id
    }

    fn language(&mut self, key: &Key) -> String {
        let text = self.text_of(key);
        language_tag(&text).unwrap_or_else(|| {
            let help = "write a tag such as \"en\", \"zh-Hans\" or \"pt-BR\"";
            self.bad(key, format!("{key} is no language tag"), help);
            "en".to_owned()
        })
    }

    fn time_zone(&mut self) -> Tz {
        let key = Key::new("newsletter.time_zone");
        let text = self.text_of(&key);
        text.parse().unwrap_or_else(|_| {
            let near = chrono_tz::TZ_VARIANTS
                .iter()
                .map(|zone| (strsim::jaro_winkler(&text, zone.name()), zone.name()))
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .filter(|(score, _)| *score > 0.8);
            let help = match near {
                Some((_, name)) => format!("did you mean \"{name}\"?"),
                None => "write a name such as \"Europe/Berlin\" or \"Asia/Shanghai\"".to_owned(),
            };
            self.bad(&key, format!("{key} is no time zone"), &help);
            Tz::UTC
        })
    }

    fn mailbox(&mut self, key: &Key) -> Option<Mailbox> {
        let text = self.line(key);
        if text.is_empty() {
            return None;
        }
        let mailbox = mailbox(&text);
        if mailbox.is_none() {
            let help = "write \"Name <name@example.org>\"";
            self.bad(key, format!("{key} is no mail address"), help);
        }
        // All else that is wrong with an address is told where it is used.
        if let Some(mailbox) = &mailbox
            && let Err(cause @ AddressError::International) =
                Address::parse_sender(&mailbox.address)
        {
            let help = "write one of letters from a to z before the @";
            self.bad(key, format!("{key}: {cause}"), help);
        }
        mailbox
    }

    fn languages(&mut self) -> BTreeMap<String, LanguageOverride> {
        let keys: Vec<Key> = self
            .values
            .iter()
            .map(|(key, _)| key.clone())
            .filter(|key| key.matches("languages.*.*"))
            .collect();
        let mut languages: BTreeMap<String, LanguageOverride> = BTreeMap::new();
        for key in keys {
            let parts = key.parts();
            let Some(tag) = language_tag(&parts[1]) else {
                let message = format!("{} is no language tag", parts[1]);
                self.bad(
                    &key,
                    message,
                    "name the table [languages.zh] or [languages.pt-BR]",
                );
                continue;
            };
            let name = parts[2].clone();
            let over = languages.entry(tag).or_default();
            match name.as_str() {
                "from" => over.from = self.mailbox(&key),
                "reply_to" => over.reply_to = self.mailbox(&key),
                "title" => over.title = Some(self.line(&key)),
                "description" => over.description = Some(self.line(&key)),
                "author" => over.author = Some(self.line(&key)),
                _ => over.address = Some(self.text_of(&key)),
            }
        }
        languages
    }
}

fn placeholder_url() -> Url {
    Url::parse(PLACEHOLDER_URL).expect("a constant address is one")
}

/// A language tag in its usual form (RFC 5646 §2.1.1): `zh_hans` is `zh-Hans`.
fn language_tag(text: &str) -> Option<String> {
    let mut tag = String::new();
    for (index, part) in text.split(['-', '_']).enumerate() {
        let letters = part.chars().all(|c| c.is_ascii_alphabetic());
        let sound = part.chars().all(|c| c.is_ascii_alphanumeric()) && part.len() <= 8;
        let part = part.to_ascii_lowercase();
        match (index, part.len()) {
            (_, 0) => return None,
            (0, 2..=3) if letters => tag.push_str(&part),
            (0, _) => return None,
            (_, _) if !sound => return None,
            (_, 2) if letters => tag.push_str(&format!("-{}", part.to_ascii_uppercase())),
            (_, 4) if letters => {
                let (first, rest) = part.split_at(1);
                tag.push_str(&format!("-{}{rest}", first.to_ascii_uppercase()));
            }
            _ => tag.push_str(&format!("-{part}")),
        }
    }
    Some(tag)
}

/// `Name <name@example.org>` or `name@example.org`.
fn mailbox(text: &str) -> Option<Mailbox> {
    let (name, address) = match text
        .strip_suffix('>')
        .and_then(|rest| rest.rsplit_once('<'))
    {
        Some((name, address)) => (name.trim().trim_matches('"').trim(), address.trim()),
        None => ("", text),
    };
    let (local, domain) = address.rsplit_once('@')?;
    let odd = |c: char| c.is_whitespace() || "<>()[]\\,;:\"@".contains(c);
    let sound = !local.is_empty()
        && !local.contains(odd)
        && !domain.contains(odd)
        && domain.split('.').all(|part| !part.is_empty());
    sound.then(|| Mailbox {
        name: name.to_owned(),
        address: address.to_owned(),
    })
}
