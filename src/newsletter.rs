//! The publication: what an editor says once about all of its issues.
//!
//! Pure values, checked where they are read (`config`). Language overrides are
//! resolved here, so that everything below works with one [`Newsletter`] for
//! one language.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use url::Url;

/// A mail address with the name shown beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Display name, free of control characters; may be empty.
    pub name: String,
    /// `local@domain`.
    pub address: String,
}

/// What is said of the publication in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newsletter {
    /// Its name.
    pub title: String,
    /// One sentence that says what it is; may be empty.
    pub description: String,
    /// Address of the archive's root, ends with `/`.
    pub url: Url,
    /// Default language, a BCP 47 tag such as `en` or `zh-Hans`.
    pub language: String,
    /// Zone in which dates without a time begin.
    pub time_zone: Tz,
    /// Who writes it, as feeds name the author; may be empty.
    pub author: String,
    /// Sender of mail, where set.
    pub from: Option<Mailbox>,
    /// Where answers go, where it is not `from`.
    pub reply_to: Option<Mailbox>,
    /// Postal address at the foot of each mail (CAN-SPAM §7704(a)(5)); may be
    /// empty.
    pub address: String,
    /// Stable local part of List-Id (RFC 2919 §3), such as `weekly.example.org`.
    pub list_id: String,
    /// Overrides by language tag.
    pub languages: BTreeMap<String, LanguageOverride>,
}

/// What differs in one language of the publication; `None` keeps the main one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LanguageOverride {
    /// Its name in this language.
    pub title: Option<String>,
    /// Its sentence in this language.
    pub description: Option<String>,
    /// Who writes it.
    pub author: Option<String>,
    /// Sender of mail.
    pub from: Option<Mailbox>,
    /// Where answers go.
    pub reply_to: Option<Mailbox>,
    /// Postal address.
    pub address: Option<String>,
}

impl Newsletter {
    /// The publication as readers of `language` know it. An override for `zh`
    /// also serves `zh-Hans`.
    pub fn in_language(&self, language: &str) -> Newsletter {
        let mut edition = self.clone();
        edition.language = language.to_owned();
        let primary = language.split('-').next().unwrap_or(language);
        let Some(overrides) = self
            .languages
            .get(language)
            .or_else(|| self.languages.get(primary))
        else {
            return edition;
        };
        let LanguageOverride {
            title,
            description,
            author,
            from,
            reply_to,
            address,
        } = overrides.clone();
        edition.title = title.unwrap_or(edition.title);
        edition.description = description.unwrap_or(edition.description);
        edition.author = author.unwrap_or(edition.author);
        edition.from = from.or(edition.from);
        edition.reply_to = reply_to.or(edition.reply_to);
        edition.address = address.unwrap_or(edition.address);
        edition
    }
}
