//! Values to types. Each value is judged where it is read; a wrong one becomes
//! a finding at its place and its default stands in.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono_tz::Tz;
use secrecy::SecretString;
use serde::Deserialize;
use toml::Value;
use url::Url;

use crate::config::key::Key;
use crate::config::layer::Values;
use crate::config::settings::{
    Also, Archive, Feeds, Issues, LinkStyle, Look, Mail, Parts, Publish, Server, Settings, Smtp,
    Tls,
};
use crate::diagnostic::{Diagnostic, Finding, Level};
use crate::issue;
use crate::newsletter::{LanguageOverride, Mailbox, Newsletter};

/// Stands in for an address that is not set.
const PLACEHOLDER_URL: &str = "https://example.org/";

const PRESETS: [&str; 6] = [
    "auto",
    "numbered-links",
    "cjk-numbered",
    "bullet-links",
    "heading-items",
    "prose",
];
const ITEM_STYLES: [&str; 7] = [
    "auto", "cjk", "circled", "ordered", "bullet", "heading", "none",
];
const DATE_SOURCES: [&str; 4] = ["front_matter", "title", "file_name", "folder"];
const LEVELS: [&str; 4] = ["error", "warning", "note", "off"];
const PLACES: [&str; 7] = [
    "{slug}", "{year}", "{month}", "{day}", "{number}", "{lang}", "{stem}",
];

/// Reads all settings; what is wrong goes to `findings`.
pub(crate) fn settings(values: &Values, findings: &mut Vec<Finding>) -> Settings {
    let mut read = Read { values, findings };
    let newsletter = read.newsletter();
    let required = [
        "newsletter.title",
        "newsletter.url",
        "newsletter.from",
        "smtp.host",
    ];
    let unset = required
        .into_iter()
        .filter(|key| read.text(key).is_empty())
        .collect();
    Settings {
        issues: read.issues(),
        feeds: Feeds {
            enabled: read.bool("feeds.enabled"),
            entries: read.amount("feeds.entries"),
            max_bytes: read.integer("feeds.max_bytes", 1, i64::MAX, 1_000_000) as usize,
            also: read.also(),
        },
        archive: Archive {
            enabled: read.bool("archive.enabled"),
        },
        mail: Mail {
            parts: read.choice(
                "mail.parts",
                &[
                    ("both", Parts::Both),
                    ("text", Parts::Text),
                    ("html", Parts::Html),
                ],
            ),
            links: read.choice(
                "mail.links",
                &[("notes", LinkStyle::Notes), ("inline", LinkStyle::Inline)],
            ),
        },
        smtp: read.smtp(),
        server: Server {
            url: read
                .url("server.url")
                .unwrap_or_else(|| newsletter.url.clone()),
            key_file: read.text("server.key_file"),
        },
        look: Look {
            logo: read.logo(&newsletter.url),
            accent: read.accent(),
        },
        publish: Publish {
            deploy: read.optional("publish.deploy"),
            wait: Duration::from_secs(read.integer("publish.wait", 0, 86_400, 300) as u64),
        },
        newsletter,
        unset,
    }
}

struct Read<'a> {
    values: &'a Values,
    findings: &'a mut Vec<Finding>,
}

impl Read<'_> {
    fn value(&self, key: &Key) -> Option<&Value> {
        self.values.get(key).map(|entry| &entry.value)
    }

    fn bad(&mut self, key: &Key, message: String, help: &str) {
        let mut diagnostic = Diagnostic::new(Level::Error, "bad-setting", message);
        if !help.is_empty() {
            diagnostic = diagnostic.help(help);
        }
        let finding = self.values.finding(key, diagnostic);
        self.findings.push(finding);
    }

    fn text_of(&self, key: &Key) -> String {
        let text = self.value(key).and_then(Value::as_str).unwrap_or_default();
        text.trim().to_owned()
    }

    fn text(&self, key: &str) -> String {
        self.text_of(&Key::new(key))
    }

    fn optional(&self, key: &str) -> Option<String> {
        Some(self.text(key)).filter(|text| !text.is_empty())
    }

    /// A text that is shown on one line and goes into headers.
    fn line(&mut self, key: &Key) -> String {
        let text = self.text_of(key);
        if text.chars().any(char::is_control) {
            self.bad(
                key,
                format!("{key} holds a control character"),
                "write it on one line",
            );
        }
        text.chars().filter(|c| !c.is_control()).collect()
    }

    fn bool(&self, key: &str) -> bool {
        let value = self.value(&Key::new(key));
        value.and_then(Value::as_bool).unwrap_or_default()
    }

    fn texts(&self, key: &str) -> Vec<String> {
        let list = self.value(&Key::new(key)).and_then(Value::as_array);
        let texts = list.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    fn integer(&mut self, key: &str, least: i64, most: i64, default: i64) -> i64 {
        let key = Key::new(key);
        let number = self.value(&key).and_then(Value::as_integer);
        match number {
            Some(number) if (least..=most).contains(&number) => number,
            Some(number) => {
                let wanted = match most {
                    i64::MAX => format!("at least {least}"),
                    _ => format!("{least} to {most}"),
                };
                self.bad(&key, format!("{key} must be {wanted}, not {number}"), "");
                default
            }
            None => default,
        }
    }

    fn amount(&mut self, key: &str) -> Option<usize> {
        match self.value(&Key::new(key)) {
            Some(Value::String(_)) => None,
            _ => Some(self.integer(key, 1, i64::MAX, 20) as usize),
        }
    }

    /// The value of one of the words; the first is the default.
    fn choice<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> T {
        let key = Key::new(key);
        let word = self.text_of(&key);
        let found = words.iter().find(|(name, _)| *name == word);
        if let Some(&(_, value)) = found {
            return value;
        }
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        self.not_one_of(&key, &word, &names);
        words[0].1
    }

    fn not_one_of(&mut self, key: &Key, word: &str, names: &[&str]) {
        let near = names
            .iter()
            .map(|name| (strsim::jaro_winkler(word, name), *name))
            .filter(|(score, _)| *score > 0.8)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let help = near.map(|(_, name)| format!("did you mean \"{name}\"?"));
        let message = format!("{key} is one of {}, not \"{word}\"", names.join(", "));
        self.bad(key, message, &help.unwrap_or_default());
    }

    fn url(&mut self, key: &str) -> Option<Url> {
        let key = Key::new(key);
        let text = self.text_of(&key);
        if text.is_empty() {
            return None;
        }
        let url = Url::parse(&text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
        let Some(mut url) = url else {
            let help = "write it whole, such as \"https://weekly.example.org/\"";
            self.bad(&key, format!("{key} is no http or https address"), help);
            return None;
        };
        if url.query().is_some() || url.fragment().is_some() {
            self.bad(
                &key,
                format!("{key} must end with its path"),
                "leave out ? and # with what follows",
            );
            url.set_query(None);
            url.set_fragment(None);
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            let help = format!("write \"{text}/\"");
            self.bad(&key, format!("{key} must end with a slash"), &help);
            url.set_path(&path);
        }
        Some(url)
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
        mailbox
    }

    fn newsletter(&mut self) -> Newsletter {
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

    fn issues(&mut self) -> Issues {
        let permalink = self.text("issues.permalink");
        if let Some(problem) = permalink_problem(&permalink) {
            let help = "such as \"/issues/{slug}/\" or \"/{year}/{slug}.html\"";
            self.bad(&Key::new("issues.permalink"), problem, help);
        }
        Issues {
            reading: self.reading(),
            paths: self.texts("issues.paths"),
            exclude: self.texts("issues.exclude"),
            drafts: self.texts("issues.drafts"),
            permalink,
        }
    }

    /// The table `[issues]`, less what says where the issues are.
    fn reading(&mut self) -> issue::Settings {
        let mut table = toml::Table::new();
        let entries: Vec<(Key, Value)> = self
            .values
            .iter()
            .filter(|(key, _)| key.parts()[0] == "issues")
            .map(|(key, entry)| (key.clone(), entry.value.clone()))
            .collect();
        for (key, value) in entries {
            let parts = &key.parts()[1..];
            let elsewhere = ["paths", "exclude", "drafts", "permalink"];
            let unset = value.as_str() == Some("")
                || (value.as_integer() == Some(0) && key.matches("issues.season_length"))
                || (value.as_integer() == Some(0) && key.matches("issues.item_heading_level"));
            if elsewhere.contains(&parts[0].as_str()) || unset || !self.reading_allows(&key, &value)
            {
                continue;
            }
            insert(&mut table, parts, value);
        }
        let settings = issue::Settings::deserialize(table).unwrap_or_else(|error| {
            self.bad(&Key::new("issues"), error.to_string(), "");
            issue::Settings::default()
        });
        match issue::Reader::new(settings.clone()) {
            Ok(_) => settings,
            Err(diagnostics) => {
                self.reader_refused(diagnostics);
                issue::Settings::default()
            }
        }
    }

    /// Judges the values of `[issues]` that have few or bounded ones.
    fn reading_allows(&mut self, key: &Key, value: &Value) -> bool {
        let words: &[&str] = match key.to_string().as_str() {
            "issues.preset" => &PRESETS,
            "issues.mojibake" => &["auto", "report", "off"],
            "issues.item_style" => &ITEM_STYLES,
            "issues.date_from" => &DATE_SOURCES,
            _ if key.matches("issues.levels.*") => &LEVELS,
            _ if key.matches("issues.sections.*.item_style") => &ITEM_STYLES,
            _ => &[],
        };
        let list: Vec<&Value> = match value {
            Value::Array(list) => list.iter().collect(),
            one => vec![one],
        };
        let mut allowed = true;
        for word in list.iter().filter_map(|value| value.as_str()) {
            if !words.is_empty() && !words.contains(&word) {
                self.not_one_of(key, word, words);
                allowed = false;
            }
        }
        let heading_levels = ["issues.section_levels", "issues.item_heading_level"];
        let most = match key.to_string() {
            name if heading_levels.contains(&name.as_str()) => 6,
            name if name == "issues.date_tolerance_days" => 366,
            _ => i64::from(u32::MAX),
        };
        for number in list.iter().filter_map(|value| value.as_integer()) {
            if !(0..=most).contains(&number) {
                self.bad(key, format!("{key} must be 0 to {most}, not {number}"), "");
                allowed = false;
            }
        }
        allowed
    }

    /// Diagnostics of the reader name their key; they go to where it was set.
    fn reader_refused(&mut self, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            let named = self
                .values
                .iter()
                .map(|(key, _)| key)
                .filter(|key| key.parts()[0] == "issues")
                .filter(|key| diagnostic.message.contains(key.split().1))
                .max_by_key(|key| key.split().1.len());
            let key = named.cloned().unwrap_or_default();
            let finding = self.values.finding(&key, diagnostic);
            self.findings.push(finding);
        }
    }

    fn also(&mut self) -> Vec<Also> {
        let key = Key::new("feeds.also");
        let mut found = Vec::new();
        for text in self.texts("feeds.also") {
            let (path, feed) = match text.split_once('=') {
                Some((path, feed)) => (path.trim(), feed.trim().to_owned()),
                None => (text.trim(), feed_by_name(&text).to_owned()),
            };
            let path = path.trim_start_matches('/').to_owned();
            let sound = |path: &str| {
                !path.is_empty()
                    && path
                        .trim_end_matches('/')
                        .split('/')
                        .all(|part| !matches!(part, "" | "." | ".."))
            };
            if !sound(&path) || !sound(&feed) || path.contains('\\') {
                let message = format!("feeds.also: \"{text}\" is no address below the archive");
                self.bad(
                    &key,
                    message,
                    "write \"/rss.xml\" or \"/feed/index.xml=rss.xml\"",
                );
                continue;
            }
            found.push(Also { path, feed });
        }
        found
    }

    fn smtp(&mut self) -> Smtp {
        let tls = self.choice(
            "smtp.tls",
            &[
                ("starttls", Tls::StartTls),
                ("implicit", Tls::Implicit),
                ("none", Tls::None),
            ],
        );
        let port = match (self.integer("smtp.port", 0, 65_535, 0), tls) {
            (0, Tls::StartTls) => 587,
            (0, Tls::Implicit) => 465,
            (0, Tls::None) => 25,
            (port, _) => port as u16,
        };
        let password = self.values.secret("smtp.password");
        Smtp {
            host: self.text("smtp.host"),
            port,
            tls,
            username: self.optional("smtp.username"),
            password: password.map(SecretString::from),
            password_file: self.optional("smtp.password_file"),
        }
    }

    fn logo(&mut self, base: &Url) -> Option<Url> {
        let text = self.optional("look.logo")?;
        let logo = base.join(&text).ok();
        let logo = logo.filter(|url| matches!(url.scheme(), "http" | "https"));
        if logo.is_none() {
            let key = Key::new("look.logo");
            let help = "write a whole address, or a path below newsletter.url such as \"logo.png\"";
            self.bad(&key, format!("{key} is no address of an image"), help);
        }
        logo
    }

    fn accent(&mut self) -> String {
        let key = Key::new("look.accent");
        let text = self.text_of(&key);
        let digits = text.strip_prefix('#').unwrap_or_default();
        if digits.len() == 6 && digits.chars().all(|c| c.is_ascii_hexdigit()) {
            return text.to_uppercase();
        }
        let help = "write six hexadecimal digits, such as \"#B3361B\"";
        self.bad(&key, format!("{key} is no color"), help);
        "#B3361B".to_owned()
    }
}

/// Puts `value` where `parts` say, below `table`.
fn insert(table: &mut toml::Table, parts: &[String], value: Value) {
    match parts {
        [] => {}
        [last] => {
            table.insert(last.clone(), value);
        }
        [first, rest @ ..] => {
            let inner = table
                .entry(first.clone())
                .or_insert_with(|| Value::Table(toml::Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
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

/// What is wrong with a permalink.
fn permalink_problem(permalink: &str) -> Option<String> {
    if !permalink.starts_with('/') {
        return Some("issues.permalink must begin with a slash".to_owned());
    }
    let mut rest = permalink;
    while let Some(start) = rest.find('{') {
        let Some(length) = rest[start..].find('}') else {
            return Some("issues.permalink has a { without its }".to_owned());
        };
        let place = &rest[start..=start + length];
        if !PLACES.contains(&place) {
            let places = PLACES.join(" ");
            return Some(format!("issues.permalink knows {places}, not {place}"));
        }
        rest = &rest[start + length + 1..];
    }
    let odd = |c: char| c.is_whitespace() || c.is_control() || "?#\\".contains(c);
    if rest.contains('}') || permalink.contains(odd) {
        return Some("issues.permalink holds a character that no address has".to_owned());
    }
    if permalink.split('/').any(|part| part == "..") {
        return Some("issues.permalink must not hold ..".to_owned());
    }
    let telling = ["{slug}", "{number}", "{stem}", "{day}"];
    if !telling.iter().any(|place| permalink.contains(place)) {
        return Some("issues.permalink would give several issues one address".to_owned());
    }
    None
}

/// The feed that an address means by its name.
fn feed_by_name(path: &str) -> &'static str {
    let lower = path.to_lowercase();
    if lower.ends_with(".json") {
        "feed.json"
    } else if lower.contains("atom") {
        "atom.xml"
    } else if lower.ends_with(".opml") {
        "feeds.opml"
    } else {
        "rss.xml"
    }
}
