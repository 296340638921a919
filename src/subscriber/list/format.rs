use crate::subscriber::list::columns::{Role, is_address};
use crate::subscriber::list::write::COLUMNS;

/// Whose list it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Our own columns.
    Letterpress,
    /// `email_list.….csv` of Substack, now and before.
    Substack,
    /// The members' exports of Mailchimp.
    Mailchimp,
    /// The members' export of Ghost.
    Ghost,
    /// What listmonk imports and exports.
    Listmonk,
    /// The subscribers' export of Beehiiv.
    Beehiiv,
    /// The subscribers' export of Buttondown.
    Buttondown,
    /// The contacts' export of Keila.
    Keila,
    /// The subscribers' export of Curated.
    Curated,
    /// Anything with a column of addresses.
    Plain,
}

impl Format {
    /// All of them, in the order in which they are told apart.
    pub const ALL: [Format; 10] = [
        Format::Substack,
        Format::Mailchimp,
        Format::Ghost,
        Format::Letterpress,
        Format::Listmonk,
        Format::Buttondown,
        Format::Keila,
        Format::Beehiiv,
        Format::Curated,
        Format::Plain,
    ];

    /// Its name, as `--from` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Letterpress => "letterpress",
            Format::Substack => "substack",
            Format::Mailchimp => "mailchimp",
            Format::Ghost => "ghost",
            Format::Listmonk => "listmonk",
            Format::Beehiiv => "beehiiv",
            Format::Buttondown => "buttondown",
            Format::Keila => "keila",
            Format::Curated => "curated",
            Format::Plain => "plain",
        }
    }

    /// The format of this name.
    pub fn of(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whose columns these are.
    pub(super) fn recognise(keys: &[String]) -> Format {
        let has = |name: &str| keys.iter().any(|key| key == name);
        let email = keys.iter().any(|key| is_address(key));
        let marks = [
            "member_rating",
            "leid",
            "euid",
            "optin_time",
            "confirm_time",
        ];
        if has("email_disabled") && email {
            Format::Substack
        } else if marks.into_iter().filter(|mark| has(mark)).count() >= 2 {
            Format::Mailchimp
        } else if has("subscribed_to_emails") && email {
            Format::Ghost
        } else if own(keys) {
            Format::Letterpress
        } else if email && listmonk(keys) {
            Format::Listmonk
        } else if email && (has("subscriber_type") || (has("type") && !has("status"))) {
            Format::Buttondown
        } else if email && has("data") && (has("external_id") || has("status")) {
            Format::Keila
        } else if email && has("status") && (has("tier") || has("unsubscribed_at")) {
            Format::Beehiiv
        } else if email && has("subscribed_at") {
            Format::Curated
        } else {
            Format::Plain
        }
    }

    /// The column without which a named format says nothing about who left.
    pub(super) fn needs(self) -> Option<(&'static str, Role)> {
        match self {
            Format::Substack => Some(("email_disabled", Role::Disabled)),
            Format::Ghost => Some(("subscribed_to_emails", Role::Subscribed)),
            Format::Beehiiv => Some(("status", Role::Status)),
            Format::Buttondown => Some(("type", Role::Status)),
            _ => None,
        }
    }
}

/// Our own columns, one at least that is nobody else's, and none that is not
/// ours.
fn own(keys: &[String]) -> bool {
    let has = |name: &str| keys.iter().any(|key| key == name);
    let marks = [
        "edition",
        "edition_until",
        "origin",
        "joined_at",
        "joined_ip",
        "confirmed_at",
        "confirmed_ip",
        "left_at",
        "suppressed",
    ];
    let marked = has("email") && marks.into_iter().any(has);
    let ours = |key: &String| COLUMNS.contains(&key.as_str()) || key == "erased";
    (marked || has("erased")) && keys.iter().all(ours)
}

fn listmonk(keys: &[String]) -> bool {
    let has = |name: &str| keys.iter().any(|key| key == name);
    let attributes = has("attributes") || has("attribs");
    attributes && (has("uuid") || has("lists") || keys.len() == 3 && has("name"))
}
