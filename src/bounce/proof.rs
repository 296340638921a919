//! Finding the tokens by which a report proves whom it means.

use crate::bounce::head::Head;
use crate::bounce::report::Who;
use crate::subscriber::{Keys, Purpose, Tag};

/// Fields that name the address to which a message was really delivered, the
/// last hop's own first: what `To` says, the sender chose.
const RECIPIENTS: &[&str] = &[
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-delivered-to",
    "to",
    "cc",
];

/// Whom the address that a message came to means, by a token of `purpose` in
/// it: `bounce+TOKEN@…`, `unsubscribe+TOKEN@…`.
pub(crate) fn addressee(head: &Head, purpose: Purpose, keys: &Keys) -> Option<Tag> {
    RECIPIENTS
        .iter()
        .flat_map(|name| head.all(name))
        .find_map(|value| in_address(value, purpose, keys))
}

/// Whether a message came to an address that looks like one of `purpose`.
pub(crate) fn is_addressed(head: &Head, purpose: Purpose) -> bool {
    RECIPIENTS
        .iter()
        .flat_map(|name| head.all(name))
        .any(|value| {
            tagged(&value.to_ascii_lowercase(), purpose)
                .next()
                .is_some()
        })
}

/// Whom a returned message was meant for: by its envelope, by its way out, by
/// its Message-ID.
pub(crate) fn returned(head: &Head, keys: &Keys) -> Option<Who> {
    let envelope = || {
        let fields = ["return-path", "x-envelope-from", "errors-to"];
        let mut values = fields.into_iter().flat_map(|name| head.all(name));
        values.find_map(|value| in_address(value, Purpose::Bounce, keys))
    };
    let way_out = || {
        let mut values = head.all("list-unsubscribe");
        values.find_map(|value| {
            in_address(value, Purpose::Unsubscribe, keys).or_else(|| in_link(value, keys))
        })
    };
    envelope()
        .or_else(way_out)
        .map(Who::Tag)
        .or_else(|| message_id(head).filter(|id| is_ours(id)).map(Who::Message))
}

/// Whom an address of ours in this text means.
pub(crate) fn in_address(text: &str, purpose: Purpose, keys: &Keys) -> Option<Tag> {
    let text = text.to_ascii_lowercase();
    tagged(&text, purpose).find_map(|token| keys.open_address(purpose, token).ok())
}

/// What stands between `bounce+` and `@` in a text in lower case.
fn tagged(text: &str, purpose: Purpose) -> impl Iterator<Item = &str> {
    let local = match purpose {
        Purpose::Unsubscribe => "unsubscribe+",
        _ => "bounce+",
    };
    text.match_indices(local)
        .filter_map(move |(at, _)| {
            let rest = &text[at + local.len()..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric())?;
            rest[end..].starts_with('@').then_some(&rest[..end])
        })
        .filter(|token| !token.is_empty())
}

/// Whom a link of ours to leave the list means: `…/unsubscribe/TOKEN`.
fn in_link(text: &str, keys: &Keys) -> Option<Tag> {
    const PATH: &str = "/unsubscribe/";
    text.match_indices(PATH).find_map(|(at, _)| {
        let rest = &text[at + PATH.len()..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
            .unwrap_or(rest.len());
        keys.open(Purpose::Unsubscribe, &rest[..end]).ok()
    })
}

/// The Message-ID of a header, with its angle brackets.
pub(crate) fn message_id(head: &Head) -> Option<String> {
    let value = head.first("message-id")?;
    let id = value.get(value.find('<')?..=value.find('>')?)?;
    let sound = id.len() <= 320 && id.bytes().all(|byte| byte.is_ascii_graphic());
    sound.then(|| id.to_owned())
}

/// Whether a Message-ID has the form of ours: a fingerprint at a domain.
fn is_ours(id: &str) -> bool {
    let Some((seed, _)) = id.trim_start_matches('<').split_once('@') else {
        return false;
    };
    seed.len() == 32 && seed.bytes().all(|byte| byte.is_ascii_hexdigit())
}
