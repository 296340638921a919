//! Where links and images of a mail lead.

use url::Url;

use crate::diagnostic::Diagnostic;
use crate::email::check::markup::Tag;
use crate::email::check::style;

/// How a link begins that a program on the reader's machine may follow.
const SCHEMES: [&str; 14] = [
    "#", "http://", "https://", "mailto:", "tel:", "sms:", "irc:", "ircs:", "xmpp:", "matrix:",
    "gemini:", "ftp:", "webcal:", "geo:",
];
/// What an image is counted for whose size is not told, in CSS pixels.
const USUAL_AREA: u64 = 500 * 300;
/// Images up to this side are marks, not pictures.
const MARK: u64 = 48;
/// Images up to this side are not seen by anybody.
const UNSEEN: u64 = 2;
/// More square pixels than that for each word look like a mail that is a picture.
const AREA_A_WORD: u64 = 6000;

/// The links and images of one mail.
#[derive(Debug, Default)]
pub(crate) struct References {
    bare: Vec<String>,
    unsafe_links: Vec<String>,
    local: Vec<String>,
    insecure: Vec<String>,
    without_alt: Vec<String>,
    without_width: Vec<String>,
    unseen: Vec<String>,
    mismatches: Vec<String>,
    area: u64,
}

impl References {
    /// Takes in an element.
    pub(crate) fn tag(&mut self, tag: &Tag<'_>) {
        match tag.name.as_str() {
            "a" | "area" => {
                if let Some(address) = tag.get("href") {
                    self.link(address);
                }
            }
            "img" => self.image(tag),
            _ => {}
        }
    }

    fn link(&mut self, address: &str) {
        // Programs skip blanks and controls before they look for a scheme.
        let lower: String = address
            .chars()
            .filter(|one| !one.is_control() && !one.is_whitespace())
            .collect::<String>()
            .to_ascii_lowercase();
        let begins = |schemes: &[&str]| schemes.iter().any(|scheme| lower.starts_with(scheme));
        if begins(&["javascript:", "data:", "vbscript:", "file:", "blob:"]) {
            self.unsafe_links.push(address.to_owned());
        } else if !begins(&SCHEMES) {
            self.bare.push(address.to_owned());
        }
    }

    fn image(&mut self, tag: &Tag<'_>) {
        let address = tag.get("src").unwrap_or_default();
        let lower = address.to_ascii_lowercase();
        if lower.starts_with("http://") {
            self.insecure.push(address.to_owned());
        } else if !lower.starts_with("https://") {
            self.local.push(address.to_owned());
        }
        let pixels = |name: &str| tag.get(name)?.trim_end_matches("px").parse::<u64>().ok();
        let (width, height) = (pixels("width"), pixels("height"));
        let sides = [width, height];
        let longest = sides.iter().flatten().max();
        if longest.is_some_and(|side| *side <= UNSEEN) || tag.get("style").is_some_and(style::hides)
        {
            self.unseen.push(address.to_owned());
            return;
        }
        if tag.get("alt").is_none() {
            self.without_alt.push(address.to_owned());
        }
        if tag.get("width").is_none() && height.is_none() {
            self.without_width.push(address.to_owned());
        }
        self.area += match (width, height) {
            (Some(width), Some(height)) if width.max(height) <= MARK => 0,
            (Some(one), None) | (None, Some(one)) if one <= MARK => 0,
            (Some(width), Some(height)) => width.saturating_mul(height),
            (Some(width), None) => width.saturating_mul(width * 3 / 5),
            _ => USUAL_AREA,
        };
    }

    /// Takes in a line of a link's text.
    pub(crate) fn link_text(&mut self, text: &str, address: &str) {
        let Some(named) = named_host(text) else {
            return;
        };
        let Some(host) = Url::parse(address)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
        else {
            return;
        };
        let host = without_www(&host).to_owned();
        let below = |one: &str, other: &str| {
            let rest = one.strip_suffix(other);
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        if !below(&host, &named) && !below(&named, &host) {
            self.mismatches.push(format!("{named} goes to {host}"));
        }
    }

    /// What is to be said of a mail with so many words.
    pub(crate) fn tell(&self, words: u64, found: &mut Vec<Diagnostic>) {
        type Tell = fn(&'static str, String) -> Diagnostic;
        let (warn, note): (Tell, Tell) = (Diagnostic::warning, Diagnostic::note);
        let kinds: [(Tell, &'static str, &[String], &str, &str); 8] = [
            (
                warn,
                "mail-link-without-scheme",
                &self.bare,
                "a link leads nowhere from within mail",
                "write it with https://",
            ),
            (
                warn,
                "mail-unsafe-link",
                &self.unsafe_links,
                "a link runs code or holds data, so mail programs drop it and filters refuse the mail",
                "link to an https address",
            ),
            (
                warn,
                "mail-local-image",
                &self.local,
                "an image has no address on the web",
                "images need an absolute https address",
            ),
            (
                warn,
                "mail-http-image",
                &self.insecure,
                "an image is not fetched by https, so many programs will not show it",
                "write its address with https://",
            ),
            (
                warn,
                "mail-image-without-alt",
                &self.without_alt,
                "an image says nothing where images are not shown",
                "write in alt what it shows, or alt=\"\" where it is ornament",
            ),
            (
                note,
                "mail-image-without-width",
                &self.without_width,
                "an image has no width, so Outlook for Windows shows it in its full size",
                "give it the attribute width",
            ),
            (
                warn,
                "tracking-pixel",
                &self.unseen,
                "an image that nobody can see tells its server who reads the mail",
                "leave it out: readers and filters mistrust it",
            ),
            (
                warn,
                "link-mismatch",
                &self.mismatches,
                "the text of a link names another site than it leads to, as in fraud",
                "let the text say where it goes, or what it is",
            ),
        ];
        for (level, code, references, words, help) in kinds {
            if let Some(first) = references.first() {
                let shown: String = first.chars().take(80).collect();
                let more = match references.len() {
                    1 => String::new(),
                    count => format!(" and {} more", count - 1),
                };
                found.push(level(code, format!("{words}: {shown}{more}")).help(help));
            }
        }
        if self.area > words.saturating_mul(AREA_A_WORD) {
            found.push(
                Diagnostic::warning(
                    "mail-mostly-images",
                    format!("there are {words} words beside the images, which filters mistrust"),
                )
                .help("say in words what the images show"),
            );
        }
    }
}

/// The host that a text names as if it were an address; a bare name only where
/// its ending is that of nearly every site, for `node.js` and `main.rs` are none.
fn named_host(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches(['…', '.']).to_lowercase();
    if text.contains(char::is_whitespace) || text.contains('@') {
        return None;
    }
    let after_scheme = ["https://", "http://", "www."]
        .iter()
        .find_map(|start| text.strip_prefix(start));
    let rest = after_scheme.unwrap_or(&text);
    let host = rest.split(['/', '?', '#', ':']).next()?;
    let (_, ending) = host.rsplit_once('.')?;
    let is_ending = ending.len() >= 2 && ending.chars().all(char::is_alphabetic);
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|one| one.is_alphanumeric() || one == '-')
    };
    let common = ["com", "org", "net", "edu", "gov"].contains(&ending);
    let is_address = after_scheme.is_some() || common;
    let host = without_www(host);
    (is_address && is_ending && host.split('.').all(is_label)).then(|| host.to_owned())
}

fn without_www(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}
