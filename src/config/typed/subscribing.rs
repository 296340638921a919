//! The table `[subscribe]`.

use std::time::Duration;

use url::Url;

use crate::config::key::Key;
use crate::config::settings::Subscribe;
use crate::config::typed::Read;
use crate::store::NoticeKind;
use crate::web::{DoorSettings, Kept};

const DAY: u64 = 24 * 60 * 60;

impl Read<'_> {
    pub(crate) fn subscribe(&mut self) -> Subscribe {
        let welcome: [(&str, &[NoticeKind]); 3] = [
            ("off", &[]),
            ("note", &[NoticeKind::Welcome]),
            ("issue", &[NoticeKind::Welcome, NoticeKind::Issue]),
        ];
        let proof = [("network", Kept::Network), ("address", Kept::Address)];
        let most = i64::from(u32::MAX);
        let mut number = |name: &str, usual: i64| self.integer(name, 1, most, usual) as u32;
        let (per_address_day, per_network_hour, per_hour, outbox) = (
            number("subscribe.per_address_day", 3),
            number("subscribe.per_network_hour", 20),
            number("subscribe.per_hour", 500),
            number("subscribe.outbox", 10_000),
        );
        let forget = self.time("subscribe.forget", Duration::from_secs(30 * DAY));
        let mut link_life = self.time("subscribe.link_life", Duration::from_secs(7 * DAY));
        if link_life > forget {
            let key = Key::new("subscribe.link_life");
            let message = format!("{key} is longer than subscribe.forget");
            let help = "a link to what is forgotten does nothing: make it shorter";
            self.bad(&key, message, help);
            link_life = forget;
        }
        Subscribe {
            enabled: self.bool("subscribe.enabled"),
            forget,
            door: DoorSettings {
                link_life,
                welcome: self.choice("subscribe.welcome", &welcome).to_vec(),
                kept: self.choice("subscribe.proof", &proof),
                per_address_day,
                per_network_hour,
                per_hour,
                outbox: outbox as usize,
                origins: self.origins(),
            },
        }
    }

    /// Sites, as browsers name them in `Origin`.
    fn origins(&mut self) -> Vec<String> {
        let key = Key::new("subscribe.origins");
        let mut origins = Vec::new();
        for text in self.texts("subscribe.origins") {
            let url = Url::parse(text.trim()).ok();
            let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
            match url.filter(|url| matches!(url.path(), "" | "/") && url.query().is_none()) {
                Some(url) => origins.push(url.origin().ascii_serialization()),
                None => {
                    let message = format!("{key}: \"{text}\" is no site");
                    let help = "write scheme and host alone: \"https://www.example.org\"";
                    self.bad(&key, message, help);
                }
            }
        }
        origins
    }
}
