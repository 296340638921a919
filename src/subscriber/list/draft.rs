use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use crate::subscriber::address::Address;
use crate::subscriber::list::columns::Role;
use crate::subscriber::list::format::Format;
use crate::subscriber::list::line::{Bad, Item, Remark, Skipped, What};
use crate::subscriber::list::status::{Standing, status};
use crate::subscriber::list::values::{excerpt, flag, language, nothing, tags, time};
use crate::subscriber::name::{clean_line, clean_name};
use crate::subscriber::person::{Consent, Entry, Status, Subscriber};
use crate::subscriber::suppression::{Reason, Suppression};

/// Substack writes such an address over that of somebody who asked to be
/// deleted.
const DELETION_REQUESTS: &str = "@deletion-request.substack.com";

/// What all lines of a list have in common.
pub(super) struct Context {
    pub(super) format: Format,
    /// What `origin` says of those who have none.
    pub(super) origin: String,
    /// Where the file as a whole says that they stand.
    pub(super) standing: Standing,
    /// The status of those of whom the list says none.
    pub(super) default: Status,
    pub(super) now: DateTime<Utc>,
}

/// A line as it is being read, cell by cell.
pub(super) struct Draft<'c> {
    context: &'c Context,
    person: Subscriber,
    address: String,
    first_name: String,
    last_name: String,
    /// They pay, whatever the date says.
    paid: bool,
    standing: Standing,
    /// What told where they stand, in words of the list.
    evidence: String,
    /// When they left.
    gone: Option<DateTime<Utc>>,
    why: Vec<String>,
    status_cell: Option<String>,
    suppressed: Option<String>,
    suppressed_at: Option<DateTime<Utc>>,
    suppressed_note: String,
    erased: String,
    remarks: Vec<Remark>,
}

impl<'c> Draft<'c> {
    pub(super) fn new(context: &'c Context, nobody: &Address) -> Draft<'c> {
        Draft {
            context,
            person: Subscriber::new(nobody.clone(), Status::Pending),
            address: String::new(),
            first_name: String::new(),
            last_name: String::new(),
            paid: false,
            standing: context.standing,
            evidence: String::new(),
            gone: None,
            why: Vec::new(),
            status_cell: None,
            suppressed: None,
            suppressed_at: None,
            suppressed_note: String::new(),
            erased: String::new(),
            remarks: Vec::new(),
        }
    }

    /// Takes in what a column says.
    pub(super) fn take(&mut self, role: Role, key: &str, cell: &str) {
        if self.take_standing(role, key, cell) {
            return;
        }
        if role == Role::Suppressed {
            self.suppressed = Some(cell.trim().to_owned());
            return;
        }
        if cell.is_empty() {
            return;
        }
        let consent = &mut self.person.consent;
        match role {
            Role::Address => cell.trim().clone_into(&mut self.address),
            Role::Name => self.person.name = clean_name(cell),
            Role::FirstName => self.first_name = clean_name(cell),
            Role::LastName => self.last_name = clean_name(cell),
            Role::Language => match language(cell) {
                Some(tag) => self.person.language = Some(tag),
                None if nothing(cell) => {}
                None => self.remarks.push(Remark::Language(excerpt(cell))),
            },
            Role::Tags => self.person.tags.append(&mut tags(cell)),
            Role::Attributes => self.attributes(cell),
            Role::Edition => self.person.edition = some(clean_line(cell)),
            Role::EditionUntil => self.person.edition_until = self.time(key, cell),
            Role::Paid => self.paid |= flag(cell.trim()) == Some(true),
            Role::PaidUntil => self.person.edition_until = self.time(key, cell),
            Role::Tier => {
                let free = nothing(cell) || cell.trim().eq_ignore_ascii_case("free");
                self.paid |= !free;
            }
            Role::Origin => consent.origin = clean_line(cell),
            Role::JoinedIp => consent.joined_ip = some(clean_line(cell)),
            Role::ConfirmedIp => consent.confirmed_ip = some(clean_line(cell)),
            Role::JoinedAt => self.person.consent.joined_at = self.time(key, cell),
            Role::ConfirmedAt => self.person.consent.confirmed_at = self.time(key, cell),
            Role::LeftAt => self.person.consent.left_at = self.time(key, cell),
            Role::Why if !nothing(cell) => self.why.push(clean_line(cell)),
            Role::SuppressedAt => self.suppressed_at = self.time(key, cell),
            Role::SuppressedNote => cell.clone_into(&mut self.suppressed_note),
            Role::Erased => self.erased = clean_line(cell),
            Role::Attribute => {
                let value = Json::String(clean_line(cell));
                self.person.attributes.insert(key.to_owned(), value);
            }
            _ => {}
        }
    }

    /// Takes in what says where they stand; false where a column says nothing
    /// of it.
    fn take_standing(&mut self, role: Role, key: &str, cell: &str) -> bool {
        let cell = cell.trim();
        let out = Standing::Out(Reason::Unsubscribed);
        let standing = match role {
            Role::Status => {
                self.status_cell = Some(cell.to_owned());
                status(self.context.format, cell)
            }
            Role::State => match status(self.context.format, cell) {
                Standing::Unknown => Standing::Unsaid,
                known => known,
            },
            Role::Disabled => match flag(cell) {
                Some(true) => out,
                Some(false) => Standing::Confirmed,
                None => Standing::Unknown,
            },
            Role::Subscribed => match flag(cell) {
                Some(true) => Standing::Confirmed,
                Some(false) => out,
                None => Standing::Unknown,
            },
            Role::Out(reason) => match flag(cell) {
                Some(true) => Standing::Out(reason),
                Some(false) => Standing::Unsaid,
                None if nothing(cell) => Standing::Unsaid,
                None => Standing::Unknown,
            },
            Role::Gone(reason) if !nothing(cell) && flag(cell) != Some(false) => {
                self.gone = self.time(key, cell).or(self.gone);
                Standing::Out(reason)
            }
            Role::Lists => lists(cell),
            Role::Doubt if !nothing(cell) && flag(cell) != Some(false) => Standing::Unknown,
            Role::Assent if nothing(cell) || flag(cell) == Some(false) => Standing::Unknown,
            Role::Gone(_) | Role::Doubt | Role::Assent => Standing::Unsaid,
            _ => return false,
        };
        if standing == Standing::Unknown {
            let value = excerpt(cell);
            self.remarks.push(match role {
                Role::Doubt | Role::Assent => Remark::Doubt {
                    column: key.to_owned(),
                    value,
                },
                _ => Remark::Status(value),
            });
        }
        if standing.weight() > self.standing.weight() {
            self.evidence = match role {
                Role::Status => excerpt(cell),
                _ => key.to_owned(),
            };
        }
        self.standing = self.standing.and(standing);
        true
    }

    fn time(&mut self, key: &str, cell: &str) -> Option<DateTime<Utc>> {
        let read = time(cell);
        if read.is_none() && !nothing(cell) {
            self.remarks.push(Remark::Time(key.to_owned()));
        }
        read
    }

    fn attributes(&mut self, cell: &str) {
        match serde_json::from_str(cell) {
            Ok(Json::Object(mut object)) => self.person.attributes.append(&mut object),
            Ok(Json::Null) => {}
            _ if nothing(cell) => {}
            _ => self.remarks.push(Remark::Attributes),
        }
    }

    /// The line, when all cells are taken in.
    pub(super) fn finish(mut self) -> (What, Vec<Remark>) {
        let what = self.what();
        if !matches!(what, What::Item(_)) {
            self.remarks.clear();
        }
        (what, self.remarks)
    }

    fn what(&mut self) -> What {
        let own = self.context.format == Format::Letterpress;
        if own && let Some(item) = self.without_person() {
            return item;
        }
        if self.address.is_empty() {
            return What::Bad(Bad::NoAddress);
        }
        if ends_with(&self.address, DELETION_REQUESTS) {
            return What::Skipped(Skipped::DeletionRequest);
        }
        let address = match Address::parse(&self.address) {
            Ok(address) => address,
            Err(error) => return What::Bad(Bad::Address(error)),
        };
        let said = self.suppressed.clone();
        let suppression = said
            .as_deref()
            .filter(|reason| !reason.is_empty())
            .map(|reason| self.own_suppression(reason));
        if let (Some(suppression), Some("") | None) = (&suppression, self.status_cell.as_deref()) {
            return What::Item(Item::Suppressed(address, suppression.clone()));
        }
        self.person.address = address.clone();
        let (status, found) = self.outcome();
        self.person.status = status;
        // Our own lists say apart where somebody stands and what is suppressed.
        let suppression = match said {
            Some(_) => suppression,
            None => found,
        };
        self.complete();
        let nobody = Subscriber::new(address, Status::Pending);
        let subscriber = std::mem::replace(&mut self.person, nobody);
        What::Item(Item::Entry(Box::new(Entry {
            subscriber,
            suppression,
        })))
    }

    /// A line of our own that speaks of no person: a domain, or somebody erased.
    fn without_person(&mut self) -> Option<What> {
        let reason = self.suppressed.clone().unwrap_or_default();
        if self.address.is_empty() {
            let hash = match reason == Reason::Erased.name() {
                true => self.suppressed_note.clone(),
                false => std::mem::take(&mut self.erased),
            };
            return (!hash.is_empty()).then_some(What::Item(Item::Erased(hash)));
        }
        let domain = self.address.strip_prefix('@')?;
        // Any local part does to see whether the domain is one.
        let Ok(address) = Address::parse(&format!("a@{domain}")) else {
            return Some(What::Bad(Bad::Domain));
        };
        let reason = if reason.is_empty() { "manual" } else { &reason };
        let suppression = self.own_suppression(reason);
        let domain = address.domain().to_owned();
        Some(What::Item(Item::Domain(domain, suppression)))
    }

    fn own_suppression(&mut self, reason: &str) -> Suppression {
        let reason = Reason::of(reason).unwrap_or_else(|| {
            self.remarks.push(Remark::Status(excerpt(reason)));
            Reason::Manual
        });
        Suppression {
            reason,
            at: self.suppressed_at.unwrap_or(self.context.now),
            note: std::mem::take(&mut self.suppressed_note),
        }
    }

    /// Where they stand, and why they are not mailed.
    fn outcome(&self) -> (Status, Option<Suppression>) {
        let reason = match self.standing {
            Standing::Out(reason) => reason,
            Standing::Confirmed => return (Status::Confirmed, None),
            Standing::Unsaid if self.context.default != Status::Unsubscribed => {
                return (self.context.default, None);
            }
            Standing::Unsaid => Reason::Unsubscribed,
            Standing::Pending | Standing::Unknown => return (Status::Pending, None),
        };
        // Who cannot be reached has not left.
        let status = match reason {
            Reason::HardBounce => Status::Pending,
            _ => Status::Unsubscribed,
        };
        let mut words = vec![self.context.origin.clone(), self.evidence.clone()];
        words.extend(self.why.iter().cloned());
        words.retain(|word| !word.is_empty());
        let suppression = Suppression {
            reason,
            at: self.gone.unwrap_or(self.context.now),
            note: words.join(", "),
        };
        (status, Some(suppression))
    }

    /// Fills what follows from several cells.
    fn complete(&mut self) {
        let person = &mut self.person;
        if person.name.is_empty() {
            person.name = clean_name(&format!("{} {}", self.first_name, self.last_name));
        }
        let consent: &mut Consent = &mut person.consent;
        if consent.origin.is_empty() {
            consent.origin.clone_from(&self.context.origin);
        }
        if self.context.format == Format::Letterpress {
            return;
        }
        if person.status == Status::Unsubscribed {
            consent.left_at = consent.left_at.or(self.gone);
        }
        if person.edition.is_none() && (self.paid || person.edition_until.is_some()) {
            person.edition = Some("paid".to_owned());
        }
    }
}

/// What listmonk says of somebody's lists: who left all of them has left, who
/// confirmed one has confirmed.
fn lists(cell: &str) -> Standing {
    if nothing(cell) || cell == "[]" {
        return Standing::Unsaid;
    }
    let Ok(Json::Array(lists)) = serde_json::from_str(cell) else {
        return Standing::Unknown;
    };
    let says = |list: &Json, word: &str| {
        list.get("subscription_status").and_then(Json::as_str) == Some(word)
    };
    if lists.iter().any(|list| says(list, "unsubscribed")) {
        // Which list becomes this newsletter is not known.
        return match lists.iter().all(|list| says(list, "unsubscribed")) {
            true => Standing::Out(Reason::Unsubscribed),
            false => Standing::Unknown,
        };
    }
    if lists.iter().any(|list| says(list, "confirmed")) {
        return Standing::Confirmed;
    }
    match lists.iter().all(|list| says(list, "unconfirmed")) {
        true => Standing::Unsaid,
        false => Standing::Unknown,
    }
}

fn ends_with(text: &str, end: &str) -> bool {
    let start = text.len().checked_sub(end.len());
    start
        .and_then(|start| text.get(start..))
        .is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
