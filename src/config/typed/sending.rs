//! The tables `[store]`, `[delivery]`, `[bounces]` and `[smtp]`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::config::key::Key;
use crate::config::settings::{Bounces, Fallback, HookSecret, Smtp, Store};
use crate::config::typed::Read;
use crate::delivery;
use crate::mailing::{Pace, Retry, provider};
use crate::store::postgres;
use crate::transport::{self, Preset, Tls};

const DEFAULT_STORE: &str = "data/letterpress.db";
const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

impl Read<'_> {
    pub(crate) fn store(&mut self) -> Store {
        let key = Key::new("store.url");
        let text = self.text_of(&key);
        let mut store = Store {
            path: DEFAULT_STORE.to_owned(),
            server: None,
            password: self.values.secret("store.password").map(SecretString::from),
            password_file: self.optional("store.password_file"),
            lease: self.time("store.lease", Duration::from_secs(15)),
        };
        let scheme = text.split(':').next().unwrap_or_default();
        if matches!(scheme, "postgres" | "postgresql") {
            store.server = self.database(&key, &text);
            return store;
        }
        match text.strip_prefix("sqlite:") {
            Some(path) if !path.trim_start_matches('/').is_empty() => {
                // sqlite:///var/lib/x.db as other programs write it.
                store.path = path.strip_prefix("//").unwrap_or(path).to_owned();
            }
            _ => {
                let help =
                    format!("write \"sqlite:{DEFAULT_STORE}\", or postgres://USER@HOST/DATABASE");
                self.bad(&key, format!("{key} names no store"), &help);
            }
        }
        store
    }

    fn database(&mut self, key: &Key, text: &str) -> Option<postgres::Settings> {
        if url::Url::parse(text).is_ok_and(|url| url.password().is_some()) {
            let message = format!("{key} holds a password, which everybody sees who sees it");
            let help = "put it into LETTERPRESS__STORE__PASSWORD, or into a file that \
                        store.password_file names";
            self.bad(key, message, help);
            return None;
        }
        match postgres::Settings::parse(text) {
            Ok(settings) => Some(settings),
            Err(why) => {
                let help = "write postgres://USER@HOST/DATABASE";
                self.bad(key, format!("{key} names no database: {why}"), help);
                None
            }
        }
    }

    pub(crate) fn delivery(&mut self) -> delivery::Settings {
        let usual = Retry::default();
        let mut retry = Retry {
            first: self.time("delivery.retry_first", usual.first),
            greylist: self.time("delivery.retry_greylist", usual.greylist),
            max: self.time("delivery.retry_max", usual.max),
            give_up: self.time("delivery.give_up", usual.give_up),
        };
        for (name, shorter) in [
            ("delivery.retry_first", &mut retry.first),
            ("delivery.retry_greylist", &mut retry.greylist),
        ] {
            if *shorter > retry.max {
                let message = format!("{name} is longer than delivery.retry_max");
                let help = "make it shorter, or delivery.retry_max longer";
                self.bad(&Key::new(name), message, help);
                *shorter = retry.max;
            }
        }
        let pace = self.pace(&Key::new("smtp"));
        delivery::Settings {
            connections: pace.connections.max(1) as usize,
            messages_per_connection: self.integer(
                "smtp.messages_per_connection",
                0,
                i64::from(u32::MAX),
                100,
            ) as u32,
            pace,
            providers: self.providers(),
            retry,
            late: self.time("delivery.late", Duration::from_secs(60 * MINUTE)),
        }
    }

    pub(crate) fn bounces(&mut self) -> Bounces {
        let quarter = Duration::from_secs(90 * DAY);
        Bounces {
            soft_limit: self.integer("bounces.soft_limit", 1, 1_000, 3) as u64,
            soft_window: self.time("bounces.soft_window", quarter),
        }
    }

    pub(crate) fn smtp(&mut self) -> Smtp {
        let presets: Vec<(&str, &'static Preset)> = Preset::all()
            .iter()
            .map(|preset| (preset.name, preset))
            .collect();
        let preset = self.choice("smtp.preset", &presets);
        let (mut relay, password_file) = self.relay("smtp", "smtp.password");
        relay.hello = self.optional("smtp.hello");
        let (mut fallback, fallback_file) = self.relay("smtp.fallback", "smtp.fallback.password");
        fallback.hello = relay.hello.clone();
        let named = !fallback.host.is_empty();
        Smtp {
            relay,
            password_file,
            preset,
            fallback: named.then_some(Fallback {
                relay: fallback,
                password_file: fallback_file,
            }),
        }
    }

    /// The secret of a webhook; its file is named by `SECRET_file`.
    pub(crate) fn hook(&mut self, secret: &str) -> HookSecret {
        HookSecret {
            secret: self.values.secret(secret).map(SecretString::from),
            file: self.optional(&format!("{secret}_file")),
        }
    }

    /// Where the server listens.
    fn relay(&mut self, table: &str, secret: &str) -> (transport::Settings, Option<String>) {
        let tls = [
            ("starttls", Tls::StartTls),
            ("implicit", Tls::Implicit),
            ("none", Tls::None),
        ];
        let name = |key: &str| format!("{table}.{key}");
        let tls = self.choice(&name("tls"), &tls);
        let mut relay = transport::Settings::new(self.text(&name("host")), tls);
        let port = self.integer(&name("port"), 0, i64::from(u16::MAX), 0);
        if port > 0 {
            relay.port = port as u16;
        }
        relay.username = self.optional(&name("username"));
        let password = self.values.secret(secret);
        relay.password = password.map(SecretString::from);
        relay.ca_file = self.optional(&name("ca_file")).map(PathBuf::from);
        (relay, self.optional(&name("password_file")))
    }

    fn providers(&mut self) -> BTreeMap<String, Pace> {
        let mut tables: Vec<Key> = self
            .values
            .iter()
            .filter(|(key, _)| key.matches("smtp.providers.*.*"))
            .map(|(key, _)| Key::from(key.split().0))
            .collect();
        tables.dedup();
        let mut providers = BTreeMap::new();
        for table in tables {
            let (_, domain) = table.split();
            let domain = domain.to_lowercase();
            let main = provider(&domain).to_owned();
            let pace = self.pace(&table);
            if providers.insert(main.clone(), pace).is_some() {
                let message = format!("{table} is a domain of {main}, which has limits already");
                let help = "all domains of a provider count together: keep one table";
                self.bad(&self.first_of(&table), message, help);
            }
        }
        providers
    }

    /// A key of this table that is set, to point at.
    fn first_of(&self, table: &Key) -> Key {
        self.values
            .iter()
            .map(|(key, _)| key)
            .find(|key| Key::from(key.split().0) == *table)
            .unwrap_or(table)
            .clone()
    }

    fn pace(&mut self, table: &Key) -> Pace {
        let mut number = |name: &str, least: i64, usual: i64| {
            let key = table.child(name);
            if self.value(&key).is_none() {
                return 0;
            }
            self.integer_of(&key, least, i64::from(u32::MAX), usual) as u32
        };
        Pace {
            connections: number("connections", 1, 4),
            per_second: number("per_second", 0, 0),
            per_minute: number("per_minute", 0, 0),
            per_hour: number("per_hour", 0, 0),
            per_day: number("per_day", 0, 0),
        }
    }

    /// A length of time such as `1h30m`; more than nothing.
    pub(crate) fn time(&mut self, name: &str, usual: Duration) -> Duration {
        let key = Key::new(name);
        let text = self.text_of(&key);
        match duration(&text) {
            Ok(time) => time,
            Err(help) => {
                self.bad(&key, format!("{key}: \"{text}\" is no time"), help);
                usual
            }
        }
    }
}

/// A length of time; what to write where it is none.
fn duration(text: &str) -> Result<Duration, &'static str> {
    let how = "write a number with s, m, h or d, such as \"30m\" or \"1h30m\"";
    let mut seconds = 0_u64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(how);
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let number: u64 = rest[..digits].parse().map_err(|_| how)?;
        let after = rest[digits..].trim_start();
        let letters = after
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(after.len());
        let unit = match after[..letters].to_ascii_lowercase().as_str() {
            "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => MINUTE,
            "h" | "hour" | "hours" => 60 * MINUTE,
            "d" | "day" | "days" => DAY,
            "" => return Err("say of what: s, m, h or d, such as \"30m\""),
            "w" | "week" | "weeks" => return Err("write weeks as days, such as \"7d\""),
            "ms" => return Err("the shortest time is a second: \"1s\""),
            _ => return Err(how),
        };
        let more = number.checked_mul(unit);
        seconds = more
            .and_then(|more| seconds.checked_add(more))
            .filter(|sum| *sum <= 366 * DAY)
            .ok_or("the longest time is a year: \"366d\"")?;
        rest = after[letters..].trim_start();
    }
    match seconds {
        0 => Err("the shortest time is a second: \"1s\""),
        _ => Ok(Duration::from_secs(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_numbers_with_their_unit() {
        let cases = [
            ("90s", 90),
            ("30m", 1800),
            ("3h", 10_800),
            ("5d", 432_000),
            ("1h30m", 5400),
            (" 1h 30 min ", 5400),
            ("2 days", 172_800),
        ];
        for (text, seconds) in cases {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        let wrong = [
            ("30", "say of what"),
            ("", "write a number"),
            ("m", "write a number"),
            ("-3m", "write a number"),
            ("1.5h", "say of what"),
            ("2w", "as days"),
            ("5 parsecs", "write a number"),
            ("0s", "shortest"),
            ("100ms", "shortest"),
            ("99999999999999999999d", "write a number"),
            ("99999999999999999d", "longest"),
            ("366d1s", "longest"),
        ];
        for (text, help) in wrong {
            let found = duration(text).unwrap_err();
            assert!(found.contains(help), "{text}: {found}");
        }
    }
}
