use crate::subscriber::list::format::Format;
use crate::subscriber::suppression::Reason;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Address,
    Name,
    FirstName,
    LastName,
    Language,
    Tags,
    /// A JSON object.
    Attributes,
    /// The name of an edition.
    Edition,
    EditionUntil,
    /// Yes: they pay.
    Paid,
    /// Until when they have paid.
    PaidUntil,
    /// The name of a plan; any but a free one is paid.
    Tier,
    Origin,
    JoinedAt,
    JoinedIp,
    ConfirmedAt,
    ConfirmedIp,
    LeftAt,
    /// A word for where the subscription stands.
    Status,
    /// Such a word, or a part of a country.
    State,
    /// Yes: they left; no: they are subscribed.
    Disabled,
    /// No: they left; yes: they are subscribed.
    Subscribed,
    /// Yes: they may not be mailed, for this reason; no says nothing.
    Out(Reason),
    /// A time; any value means that they may not be mailed, for this reason.
    Gone(Reason),
    /// Why they left, in words.
    Why,
    /// Our own: the reason of a suppression.
    Suppressed,
    SuppressedAt,
    SuppressedNote,
    /// Our own: a hash of somebody erased.
    Erased,
    /// listmonk's memberships, as JSON.
    Lists,
    /// Not known, but named like something that tells who left.
    Doubt,
    /// Not known, and named like something that tells who stayed.
    Assent,
    /// Anything else, for templates.
    Attribute,
    /// Of no use here.
    Ignored,
}

impl Role {
    /// Whether it tells if somebody left: a line must not end before it.
    pub(super) fn decides(self) -> bool {
        matches!(
            self,
            Role::Status
                | Role::State
                | Role::Disabled
                | Role::Subscribed
                | Role::Out(_)
                | Role::Gone(_)
                | Role::Suppressed
                | Role::Lists
                | Role::Doubt
                | Role::Assent
        )
    }

    /// Whether it tells of each line where the subscription stands.
    pub(super) fn tells_status(self) -> bool {
        matches!(
            self,
            Role::Status | Role::Disabled | Role::Subscribed | Role::Lists
        )
    }
}

/// Whether a column of this name holds addresses.
pub(super) fn is_address(key: &str) -> bool {
    matches!(
        key,
        "email"
            | "e_mail"
            | "mail"
            | "email_address"
            | "e_mail_address"
            | "emailaddress"
            | "emailadresse"
            | "email_adresse"
            | "e_mail_adresse"
            | "adresse_e_mail"
            | "adresse_email"
            | "correo_electrónico"
            | "dirección_de_correo_electrónico"
            | "direcció_de_correu_electrònic"
            | "indirizzo_email"
            | "indirizzo_e_mail"
            | "endereço_de_e_mail"
            | "endereço_de_email"
            | "e_mailadres"
            | "emailadres"
            | "邮箱"
            | "电子邮件"
            | "电子邮箱"
            | "メールアドレス"
    )
}

/// The roles of all columns.
pub(super) fn roles(format: Format, keys: &[String]) -> Vec<Role> {
    let mut roles: Vec<Role> = keys.iter().map(|key| role(format, key)).collect();
    let mut addresses = 0;
    for role in &mut roles {
        if *role == Role::Address {
            addresses += 1;
            if addresses > 1 {
                *role = Role::Attribute;
            }
        }
    }
    if addresses == 0 {
        // Mailchimp translates the names of its columns, not their order.
        let likely = keys.iter().position(|key| key.contains("mail"));
        let place = match format {
            Format::Mailchimp => Some(0),
            _ => likely.filter(|place| roles[*place] == Role::Attribute),
        };
        if let Some(role) = place.and_then(|place| roles.get_mut(place)) {
            *role = Role::Address;
        }
    }
    roles
}

/// What a column of this name holds in a list of this format.
pub(super) fn role(format: Format, key: &str) -> Role {
    if is_address(key) {
        return Role::Address;
    }
    let own = match format {
        Format::Letterpress => letterpress(key),
        Format::Substack => substack(key),
        Format::Mailchimp => mailchimp(key),
        Format::Ghost => ghost(key),
        Format::Listmonk => listmonk(key),
        Format::Beehiiv => beehiiv(key),
        Format::Buttondown => buttondown(key),
        Format::Keila => keila(key),
        Format::Curated | Format::Plain => None,
    };
    own.or_else(|| anybodys(key)).unwrap_or_else(|| guess(key))
}

fn letterpress(key: &str) -> Option<Role> {
    Some(match key {
        "edition" => Role::Edition,
        "edition_until" => Role::EditionUntil,
        "origin" => Role::Origin,
        "joined_at" => Role::JoinedAt,
        "joined_ip" => Role::JoinedIp,
        "confirmed_at" => Role::ConfirmedAt,
        "confirmed_ip" => Role::ConfirmedIp,
        "left_at" => Role::LeftAt,
        "suppressed" => Role::Suppressed,
        "suppressed_at" => Role::SuppressedAt,
        "suppressed_note" => Role::SuppressedNote,
        "erased" => Role::Erased,
        _ => return None,
    })
}

fn substack(key: &str) -> Option<Role> {
    Some(match key {
        // It is the paid plan. Free readers have `false` here.
        "active_subscription" => Role::Paid,
        "expiry" => Role::PaidUntil,
        "email_disabled" => Role::Disabled,
        "created_at" => Role::JoinedAt,
        "plan" | "type" | "prefer_digests" | "first_payment_at" => Role::Ignored,
        "stripe_connected_customer_id" => Role::Ignored,
        _ => return None,
    })
}

fn mailchimp(key: &str) -> Option<Role> {
    Some(match key {
        "optin_time" => Role::JoinedAt,
        "optin_ip" => Role::JoinedIp,
        "confirm_time" => Role::ConfirmedAt,
        "confirm_ip" => Role::ConfirmedIp,
        "unsub_time" => Role::Gone(Reason::Unsubscribed),
        "clean_time" => Role::Gone(Reason::HardBounce),
        "unsub_reason" | "unsub_reason_other" => Role::Why,
        "unsub_campaign_title" | "clean_campaign_title" => Role::Why,
        "unsub_campaign_id" | "clean_campaign_id" => Role::Ignored,
        "member_status" => Role::Status,
        "member_rating" | "latitude" | "longitude" | "gmtoff" | "dstoff" => Role::Ignored,
        "timezone" | "cc" | "region" | "last_changed" | "leid" | "euid" => Role::Ignored,
        _ => return None,
    })
}

fn ghost(key: &str) -> Option<Role> {
    Some(match key {
        "subscribed_to_emails" => Role::Subscribed,
        "complimentary_plan" => Role::Paid,
        "tiers" | "products" => Role::Tier,
        "deleted_at" => Role::Gone(Reason::Unsubscribed),
        "id" | "uuid" | "stripe_customer_id" | "gift_id" => Role::Ignored,
        _ => return None,
    })
}

fn listmonk(key: &str) -> Option<Role> {
    Some(match key {
        "lists" => Role::Lists,
        "id" | "uuid" | "updated_at" => Role::Ignored,
        _ => return None,
    })
}

fn beehiiv(key: &str) -> Option<Role> {
    Some(match key {
        "tier" => Role::Tier,
        "stripe_customer_id" | "subscription_id" | "id" => Role::Ignored,
        _ => return None,
    })
}

fn buttondown(key: &str) -> Option<Role> {
    Some(match key {
        "type" | "subscriber_type" => Role::Status,
        "creation_date" => Role::JoinedAt,
        "unsubscription_date" => Role::Gone(Reason::Unsubscribed),
        "undeliverability_date" => Role::Gone(Reason::HardBounce),
        "unsubscription_reason" | "undeliverability_reason" => Role::Why,
        "id" | "secondary_id" | "stripe_customer_id" => Role::Ignored,
        _ => return None,
    })
}

fn keila(key: &str) -> Option<Role> {
    Some(match key {
        "data" => Role::Attributes,
        "external_id" => Role::Attribute,
        _ => return None,
    })
}

/// Names that mean the same with everybody.
fn anybodys(key: &str) -> Option<Role> {
    Some(match key {
        "name" | "full_name" | "fullname" | "display_name" => Role::Name,
        "first_name" | "firstname" | "fname" | "given_name" | "vorname" | "prénom" | "nombre"
        | "nome" | "voornaam" => Role::FirstName,
        "last_name" | "lastname" | "lname" | "surname" | "family_name" | "nachname"
        | "nom_de_famille" | "apellido" | "apellidos" | "sobrenome" | "cognome" | "achternaam" => {
            Role::LastName
        }
        "language" | "lang" | "locale" | "sprache" => Role::Language,
        "tags" | "labels" => Role::Tags,
        "attributes" | "attribs" | "metadata" => Role::Attributes,
        "joined_at" | "created_at" | "subscribed_at" | "signup_date" | "subscribe_date" => {
            Role::JoinedAt
        }
        "confirmed_at" => Role::ConfirmedAt,
        "ip_address" | "signup_ip" => Role::JoinedIp,
        "state" => Role::State,
        "status"
        | "subscription_status"
        | "subscriber_status"
        | "member_status"
        | "email_status"
        | "subscription" => Role::Status,
        "subscribed" | "is_subscribed" | "subscribed_to_emails" => Role::Subscribed,
        "unsubscribed" | "opted_out" | "opt_out" | "optout" | "email_disabled" | "disabled" => {
            Role::Out(Reason::Unsubscribed)
        }
        "bounced" | "hard_bounced" => Role::Out(Reason::HardBounce),
        "complained" | "spam_complaint" => Role::Out(Reason::Complaint),
        "blocked" | "blocklisted" | "blacklisted" | "banned" => Role::Out(Reason::Manual),
        "unsubscribed_at" | "unsubscribe_date" | "unsubscribed_date" | "unsub_time"
        | "unsubscribe_time" | "opted_out_at" | "left_at" | "deleted_at" | "canceled_at"
        | "cancelled_at" => Role::Gone(Reason::Unsubscribed),
        "bounced_at" | "clean_time" => Role::Gone(Reason::HardBounce),
        "complained_at" => Role::Gone(Reason::Complaint),
        "blocked_at" | "suppressed_at" => Role::Gone(Reason::Manual),
        "unsubscribe_reason" | "unsub_reason" => Role::Why,
        _ => return None,
    })
}

/// A column of which nothing but its name is known. That a list says who left,
/// in words of its own, must not be overlooked.
fn guess(key: &str) -> Role {
    const AGAINST: &[&str] = &[
        "unsub",
        "opt_out",
        "optout",
        "opted_out",
        "disabled",
        "deactiv",
        "bounce",
        "complain",
        "spam",
        "block",
        "blacklist",
        "suppress",
        "delet",
        "remov",
        "clean",
        "invalid",
        "abmeld",
        "abgemeldet",
        "désabonn",
        "desabonn",
        "status",
        "退订",
    ];
    const FOR: &[&str] = &[
        "opt_in",
        "optin",
        "opted_in",
        "subscribed",
        "consent",
        "active",
        "enabled",
        "confirmed",
        "verified",
    ];
    let holds = |stems: &[&str]| stems.iter().any(|stem| key.contains(stem));
    if key.is_empty() {
        Role::Ignored
    } else if holds(AGAINST) || key.starts_with("inactive") {
        Role::Doubt
    } else if holds(FOR) {
        Role::Assent
    } else {
        Role::Attribute
    }
}
