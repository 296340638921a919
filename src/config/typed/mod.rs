//! Values to types. Each value is judged where it is read; a wrong one becomes
//! a finding at its place and its default stands in.

mod issues;
mod newsletter;
mod sending;
mod server;
mod signing;
mod subscribing;

use std::time::Duration;

use toml::Value;
use url::Url;

use crate::archive::Also;
use crate::config::key::Key;
use crate::config::layer::Values;
use crate::config::settings::{Archive, Feeds, Mail, Preview, Publish, Settings, Webhooks};
use crate::diagnostic::{Diagnostic, Finding, Level};
use crate::email::{self, Parts};
use crate::render::{Accent, AccentError, LinkPlace, Look, TextStyle};

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
    let smtp = read.smtp();
    let mut mail = read.mail();
    mail.message.token_field = smtp.preset.token_field.map(str::to_owned);
    Settings {
        issues: read.issues(),
        feeds: Feeds {
            enabled: read.bool("feeds.enabled"),
            entries: read.amount("feeds.entries"),
            max_bytes: read.integer("feeds.max_bytes", 1, i64::MAX, 1_000_000) as usize,
            sections: read.bool("feeds.sections"),
            links: read.bool("feeds.links"),
            archive_entries: read.integer("feeds.archive_entries", 0, 1_000_000, 50) as usize,
            also: read.also(),
            hubs: read.hubs(),
        },
        archive: Archive {
            enabled: read.bool("archive.enabled"),
        },
        mail,
        store: read.store(),
        delivery: read.delivery(),
        bounces: read.bounces(),
        smtp,
        dkim: read.dkim(&newsletter),
        server: read.server(&newsletter.url),
        webhooks: Webhooks {
            ses: read.hook("webhooks.ses_secret"),
            postmark: read.hook("webhooks.postmark_secret"),
        },
        subscribe: read.subscribe(),
        look: Look {
            logo: read.logo(&newsletter.url),
            accent: read.accent(),
        },
        preview: Preview {
            editor_url: read.text("preview.editor_url"),
            poll: read.bool("preview.poll"),
        },
        publish: Publish {
            deploy: read.optional("publish.deploy"),
            wait: read.wait(),
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
        self.integer_of(&Key::new(key), least, most, default)
    }

    fn integer_of(&mut self, key: &Key, least: i64, most: i64, default: i64) -> i64 {
        let number = self.value(key).and_then(Value::as_integer);
        match number {
            Some(number) if (least..=most).contains(&number) => number,
            Some(number) => {
                let wanted = match most {
                    i64::MAX => format!("at least {least}"),
                    _ => format!("{least} to {most}"),
                };
                self.bad(key, format!("{key} must be {wanted}, not {number}"), "");
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

    fn hubs(&mut self) -> Vec<Url> {
        let key = Key::new("feeds.hubs");
        let mut hubs = Vec::new();
        for text in self.texts("feeds.hubs") {
            let url = Url::parse(text.trim()).ok();
            let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
            match url.filter(|url| url.host().is_some() && url.fragment().is_none()) {
                Some(url) if hubs.contains(&url) => {}
                Some(url) => hubs.push(url),
                None => {
                    let message = format!("{key}: \"{text}\" is no address of a hub");
                    self.bad(
                        &key,
                        message,
                        "write it whole: \"https://hub.example.org/\"",
                    );
                }
            }
        }
        hubs
    }

    fn wait(&mut self) -> Option<Duration> {
        let usual = Duration::from_secs(600);
        let off = self.text("publish.wait") == "off";
        (!off).then(|| self.time("publish.wait", usual))
    }

    fn mail(&mut self) -> Mail {
        let parts = [
            ("both", Parts::Both),
            ("text", Parts::Text),
            ("html", Parts::Html),
        ];
        let links = [("line", LinkPlace::Line), ("notes", LinkPlace::Notes)];
        Mail {
            message: email::Settings {
                parts: self.choice("mail.parts", &parts),
                token_field: None,
            },
            text: TextStyle {
                links: self.choice("mail.links", &links),
                width: self.integer("mail.width", 40, 200, 72) as usize,
            },
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

    fn accent(&mut self) -> Accent {
        let key = Key::new("look.accent");
        let help = "write six hexadecimal digits, such as \"#B3361B\"";
        match self.text_of(&key).parse() {
            Ok(accent) => return accent,
            Err(AccentError::NoColor) => self.bad(&key, format!("{key} is no color"), help),
            Err(cause @ (AccentError::Pale { .. } | AccentError::Lost { .. })) => {
                let (message, nearest) = match cause {
                    AccentError::Lost { nearest } => {
                        let words = "cannot be read where a mail program inverts light and dark";
                        (format!("{key} {words}"), nearest)
                    }
                    AccentError::Pale { nearest } => (
                        format!("{key} is too pale to be read as text on paper"),
                        nearest,
                    ),
                    AccentError::NoColor => return Accent::default(),
                };
                self.bad(
                    &key,
                    message,
                    &format!("the nearest tone that can be is \"{nearest}\""),
                );
            }
        }
        Accent::default()
    }
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
