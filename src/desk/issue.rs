//! An issue on the desk: outline, sheet, margin, and what is next.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::Serialize;

use crate::desk::app::{App, Asked, TroubleWords, encoded};
use crate::desk::bars::{grouped, kilobytes, several, share};
use crate::desk::issues::{day, tone};
use crate::desk::live::{Name, View};
use crate::desk::marks::{Group, Mark, groups};
use crate::desk::{Block, Part, Proof, Standing, Trouble};
use crate::email;

/// What Gmail shows of a mail, in octets; the check of mail says the same.
const CLIPPED: usize = 102_000;
/// From here on little is left.
const NEARLY: usize = 90_000;

/// Views of an issue, in the order of their keys: name in addresses, word.
pub(super) const VIEWS: [(&str, &str); 10] = [
    ("mail", "Mail"),
    ("phone", "Phone"),
    ("both", "Both"),
    ("inbox", "Inbox"),
    ("text", "Plain text"),
    ("archive", "Archive"),
    ("feed", "Feed"),
    ("raw", "Raw"),
    ("difference", "Difference"),
    ("source", "Source"),
];

/// How an issue is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) path: String,
    pub(super) view: String,
    /// `light`, `dark`, or as the machine has it.
    pub(super) scheme: Option<String>,
    pub(super) images: bool,
    pub(super) reader: Option<String>,
    /// Whether readers leave by a mail.
    pub(super) by_mail: bool,
    /// What a difference is taken against, and how it is shown.
    pub(super) against: String,
    pub(super) shown: String,
    /// A page to be kept: nothing leads back to the desk.
    pub(super) fixed: bool,
}

impl Look {
    pub(super) fn of(asked: &Asked) -> Look {
        let known = |view: &str| VIEWS.iter().any(|(name, _)| *name == view);
        Look {
            path: asked.rest.clone(),
            view: asked
                .get("view")
                .filter(|view| known(view))
                .unwrap_or("mail")
                .to_owned(),
            scheme: asked
                .get("scheme")
                .filter(|scheme| ["light", "dark"].contains(scheme))
                .map(str::to_owned),
            images: asked.get("images") != Some("off"),
            reader: asked.get("as").map(str::to_owned),
            by_mail: asked.get("by_mail").is_some(),
            against: asked.get("against").unwrap_or("sent").to_owned(),
            shown: asked.get("shown").unwrap_or("text").to_owned(),
            fixed: false,
        }
    }

    /// What views are kept by.
    pub(super) fn name(&self) -> Name {
        (self.path.clone(), self.reader.clone(), self.by_mail)
    }

    /// The address of this look below `area`, with one thing changed.
    pub(super) fn link(&self, area: &str, change: &[(&str, &str)]) -> String {
        let mut pairs = vec![("view", self.view.as_str())];
        pairs.extend(self.scheme.as_deref().map(|scheme| ("scheme", scheme)));
        if !self.images {
            pairs.push(("images", "off"));
        }
        pairs.extend(self.reader.as_deref().map(|reader| ("as", reader)));
        if self.by_mail {
            pairs.push(("by_mail", "1"));
        }
        if self.view == "difference" {
            pairs.push(("against", &self.against));
            pairs.push(("shown", &self.shown));
        }
        for (name, value) in change {
            pairs.retain(|(other, _)| other != name);
            if !value.is_empty() {
                pairs.push((name, value));
            }
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        format!("/{area}/{}?{}", encoded(&self.path), query.finish())
    }
}

#[derive(Serialize)]
struct Choice {
    word: String,
    href: String,
    key: String,
    current: bool,
}

#[derive(Serialize)]
struct Outlined {
    emoji: String,
    title: String,
    items: usize,
    weight: String,
    share: usize,
    place: usize,
}

#[derive(Serialize)]
struct Sheet {
    src: String,
    width: usize,
    title: String,
    dark: bool,
}

#[derive(Serialize)]
struct Reader {
    address: String,
    name: String,
}

/// What the main button does.
#[derive(Serialize)]
struct Next {
    /// `error`, `ink` or `quiet`.
    kind: &'static str,
    words: String,
    href: String,
    /// A form's action, where pressing it acts.
    action: Option<String>,
}

#[derive(Serialize)]
struct Page {
    path: String,
    link: String,
    head: String,
    title: String,
    standing: &'static str,
    tone: &'static str,
    next: Next,
    test: String,
    views: Vec<Choice>,
    schemes: Vec<Choice>,
    images: Choice,
    reader: String,
    readers: Vec<Reader>,
    translations: Vec<Choice>,
    view: String,
    parts: Vec<Outlined>,
    total: String,
    total_share: usize,
    total_tone: &'static str,
    total_words: &'static str,
    marks: Vec<Mark>,
    groups: Vec<Group>,
    blocks: String,
    placed: bool,
    /// Images of other hosts, of which the sheet shows the place alone.
    remote: Option<String>,
    sheets: Vec<Sheet>,
    body: String,
    errors: String,
    warnings: String,
    notes: String,
    error_count: usize,
    warning_count: usize,
    note_count: usize,
    digest: String,
    digest_short: String,
    as_of: Option<String>,
    trouble: Option<TroubleWords>,
    raw: String,
    static_page: bool,
    token: String,
    version: u64,
}

impl App {
    /// `/issue/PATH`.
    pub(super) async fn issue(self: &Arc<Self>, asked: Asked) -> Response<Body> {
        let look = Look::of(&asked);
        let token = self.token(&asked.session);
        let made = self
            .work(move |app| {
                let view = app.view(&look)?;
                let title = app.head(&view.proof);
                let html = app.issue_html(&look, &view, token)?;
                Ok((title, html))
            })
            .await;
        match made {
            Ok((title, body)) => self.page(StatusCode::OK, &asked.session, "issues", &title, body),
            Err(trouble) => {
                let status = StatusCode::NOT_FOUND;
                self.trouble(status, &asked.session, "issues", &trouble)
            }
        }
    }

    /// What is shown of an issue for a reader.
    pub(super) fn view(&self, look: &Look) -> Result<View, Trouble> {
        self.live.view(look.name(), (self.clock)(), || {
            let reader = look.reader.as_deref();
            self.room.proof(&look.path, reader, look.by_mail)
        })
    }

    /// `#11 · 15 July 2023`, or as much of it as there is.
    pub(super) fn head(&self, proof: &Proof) -> String {
        let row = &proof.row;
        let number = row.number.map(|number| format!("#{number}"));
        let parts: Vec<String> = [number, row.date.map(day)].into_iter().flatten().collect();
        match parts.is_empty() {
            true => row.title.clone(),
            false => parts.join(" · "),
        }
    }

    /// An issue as a part of a page.
    pub(super) fn issue_html(
        &self,
        look: &Look,
        view: &View,
        token: String,
    ) -> Result<String, Trouble> {
        let static_page = look.fixed;
        let proof = &view.proof;
        let row = &proof.row;
        let standing = match static_page {
            true => row.standing,
            false => self.standing(&row.key, row.standing)?,
        };
        let marks = self.marks(&proof.findings, &proof.blocks);
        let [errors, warnings, notes] = counts(proof);
        let stands_in_mail = ["mail", "phone"].contains(&look.view.as_str());
        let (sheets, body) = self.sheet(look, view, static_page)?;
        let page = Page {
            path: look.path.clone(),
            link: encoded(&look.path),
            head: self.head(proof),
            title: row.title.clone(),
            standing: standing.word(),
            tone: tone(standing),
            next: next(look, &row.key, standing, errors, view.trouble.is_some()),
            test: format!("/test/{}", encoded(&look.path)),
            views: views(look, static_page),
            schemes: schemes(look),
            images: Choice {
                word: "No images".to_owned(),
                href: look.link("issue", &[("images", if look.images { "off" } else { "" })]),
                key: "i".to_owned(),
                current: !look.images,
            },
            reader: proof.reader.address.to_string(),
            readers: readers(),
            translations: translations(look, proof),
            view: look.view.clone(),
            parts: outline(&proof.parts),
            total: kilobytes(proof.size),
            total_share: share(proof.size, CLIPPED),
            total_tone: match proof.size {
                size if size > CLIPPED => "error",
                size if size > NEARLY => "warning",
                _ => "ok",
            },
            total_words: match proof.size {
                0 => "The mail has no HTML.",
                size if size > CLIPPED => "Gmail hides the end of it.",
                size if size > NEARLY => "Gmail shows it whole, just so.",
                _ => "Gmail shows it whole.",
            },
            placed: stands_in_mail,
            remote: remote(proof),
            blocks: blocks(&proof.blocks),
            groups: groups(&marks),
            marks,
            sheets,
            body,
            errors: several(errors, "error"),
            warnings: several(warnings, "warning"),
            notes: several(notes, "note"),
            error_count: errors,
            warning_count: warnings,
            note_count: notes,
            digest_short: digest_short(&proof.digest),
            digest: proof.digest.clone(),
            as_of: view.as_of.map(|at| self.room.moment(at)),
            trouble: view.trouble.as_ref().map(|trouble| self.words(trouble)),
            raw: look.link("raw", &[]),
            static_page,
            token,
            version: self.live.version(),
        };
        Ok(self.pages.fill("issue", &page))
    }

    /// Where an issue stands now, by what the store says of its mailing.
    pub(super) fn standing(&self, key: &str, read: Standing) -> Result<Standing, Trouble> {
        Ok(self.room.standing(key)?.unwrap_or(match read {
            Standing::Draft | Standing::Unreadable => read,
            _ => Standing::Published,
        }))
    }
}

/// How many errors, warnings and notes there are.
pub(super) fn counts(proof: &Proof) -> [usize; 3] {
    use crate::diagnostic::Level;
    [Level::Error, Level::Warning, Level::Note].map(|level| {
        proof
            .findings
            .iter()
            .filter(|one| one.level == level)
            .count()
    })
}

/// `9f3c 21ab` of a digest: enough to compare by eye.
pub(super) fn digest_short(digest: &str) -> String {
    match (digest.get(..4), digest.get(4..8)) {
        (Some(first), Some(second)) => format!("{first} {second}"),
        _ => digest.to_owned(),
    }
}

fn next(look: &Look, key: &str, standing: Standing, errors: usize, broken: bool) -> Next {
    let path = encoded(&look.path);
    let mailing = format!("/mailing/{}", encoded(key));
    let plain = |words: &str, href: String| Next {
        kind: "ink",
        words: words.to_owned(),
        href,
        action: None,
    };
    match standing {
        Standing::Sending => Next {
            kind: "ink",
            words: "Pause".to_owned(),
            action: Some(format!("{mailing}/pause")),
            href: mailing,
        },
        Standing::Paused => plain("Resume…", mailing),
        Standing::Scheduled => plain("See the schedule", mailing),
        Standing::Sent | Standing::Cancelled => plain("Read the report", mailing),
        _ if broken => Next {
            kind: "error",
            words: "Mend what is broken ↓".to_owned(),
            href: "#trouble".to_owned(),
            action: None,
        },
        _ if errors > 0 => Next {
            kind: "error",
            words: format!("{} to fix ↓", several(errors, "error")),
            href: "#first-error".to_owned(),
            action: None,
        },
        _ => plain("Approve…", format!("/approve/{path}")),
    }
}

fn views(look: &Look, static_page: bool) -> Vec<Choice> {
    let choice = |(index, (name, word)): (usize, &(&str, &str))| Choice {
        word: (*word).to_owned(),
        href: match static_page {
            true => format!("{}.html", if *name == "mail" { "index" } else { name }),
            false => look.link("issue", &[("view", name)]),
        },
        key: ((index + 1) % 10).to_string(),
        current: look.view == *name,
    };
    VIEWS.iter().enumerate().map(choice).collect()
}

fn schemes(look: &Look) -> Vec<Choice> {
    let choice = |(word, name, key): (&str, &str, &str)| Choice {
        word: word.to_owned(),
        href: look.link("issue", &[("scheme", name)]),
        key: key.to_owned(),
        current: look.scheme.as_deref() == Some(name),
    };
    [("Light", "light", "l"), ("Dark", "dark", "d")]
        .map(choice)
        .into()
}

/// Invented readers to choose from, each with a name that makes mail go wrong.
fn readers() -> Vec<Reader> {
    let readers = email::invented(12).into_iter().map(|one| Reader {
        address: one.address.to_string(),
        name: match one.name.is_empty() {
            true => "no name".to_owned(),
            false => one.name,
        },
    });
    readers.collect()
}

fn translations(look: &Look, proof: &Proof) -> Vec<Choice> {
    let others = proof.translations.iter().map(|(path, language)| {
        let other = Look {
            path: path.clone(),
            ..look.clone()
        };
        Choice {
            word: crate::render::own_name(language),
            href: other.link("issue", &[]),
            key: String::new(),
            current: false,
        }
    });
    others.collect()
}

fn outline(parts: &[Part]) -> Vec<Outlined> {
    let largest = parts.iter().map(|part| part.size).max().unwrap_or(1);
    let outlined = parts.iter().enumerate().map(|(place, part)| Outlined {
        emoji: part.emoji.clone(),
        title: part.title.clone(),
        items: part.items,
        weight: kilobytes(part.size),
        share: share(part.size, largest.max(1) * 10 / 9),
        place,
    });
    outlined.collect()
}

/// `4 images`, where so many lie on other hosts.
fn remote(proof: &Proof) -> Option<String> {
    let addresses = proof.html.split("<img").skip(1).filter_map(|tag| {
        let tag = &tag[..tag.find('>').unwrap_or(tag.len())];
        let address = tag.split_once("src=\"")?.1;
        Some(&address[..address.find('"').unwrap_or(address.len())])
    });
    let known = |address: &str| proof.images.iter().any(|(local, _)| local == address);
    let others = addresses.filter(|one| one.starts_with("http") && !known(one));
    match others.count() {
        0 => None,
        count => Some(several(count, "image")),
    }
}

/// What the script finds the blocks of a sheet by.
fn blocks(blocks: &[Block]) -> String {
    serde_json::to_string(blocks)
        .unwrap_or_default()
        // No text ends the element that it stands in.
        .replace('<', "\\u003c")
}

impl App {
    /// The sheets of a view, or what stands in their place.
    fn sheet(
        &self,
        look: &Look,
        view: &View,
        static_page: bool,
    ) -> Result<(Vec<Sheet>, String), Trouble> {
        let proof = &view.proof;
        let dark = look.scheme.as_deref() == Some("dark");
        let sheet = |name: &str, width: usize, title: &str| Sheet {
            src: match static_page {
                true => format!("{name}-sheet.html"),
                false => {
                    let version = self.live.version().to_string();
                    look.link("frame", &[("view", name), ("v", &version)])
                }
            },
            width,
            title: title.to_owned(),
            dark,
        };
        let nothing = String::new;
        Ok(match look.view.as_str() {
            "mail" => (vec![sheet("mail", 600, "The mail")], nothing()),
            "phone" => (vec![sheet("mail", 375, "The mail on a phone")], nothing()),
            "both" => {
                let both = vec![
                    sheet("mail", 600, "The mail"),
                    sheet("mail", 375, "The mail on a phone"),
                ];
                (both, nothing())
            }
            "archive" => (
                vec![sheet("archive", 900, "The page of the archive")],
                nothing(),
            ),
            "feed" => (
                vec![sheet("feed", 600, "The entry in a feed reader")],
                nothing(),
            ),
            "difference" if look.shown == "sheet" => {
                let head = self.difference_head(look, view)?;
                (
                    vec![sheet("difference", 600, "The mail, with its changes")],
                    head,
                )
            }
            "difference" => (Vec::new(), self.difference_html(look, view)?),
            "source" => {
                let text = self.room.source(&look.path)?;
                let html = self.source_html(&look.path, &text, &proof.findings);
                (Vec::new(), html)
            }
            other => (Vec::new(), self.message_html(other, proof)),
        })
    }
}

/// The number of recipients in the words of the button that sends.
pub(super) fn send_words(head: &str, recipients: u64) -> String {
    let whom = head.split(" · ").next().unwrap_or(head);
    format!("Send {whom} to {}…", grouped(recipients))
}
