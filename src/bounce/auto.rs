//! Automatic answers, which say nothing of an address.

use crate::bounce::head::Head;

/// Beginnings of the subjects of machines that say less in their header than
/// they should, in lower case.
const SUBJECTS: &[&str] = &[
    "auto:",
    "auto reply",
    "auto-reply",
    "autoreply",
    "auto response",
    "automatic reply",
    "automated reply",
    "automated response",
    "out of office",
    "out of the office",
    "out-of-office",
    "away from",
    "on vacation",
    "vacation",
    "i am on vacation",
    "abwesenheit",
    "automatische antwort",
    "nicht im büro",
    "réponse automatique",
    "absence du bureau",
    "absent du bureau",
    "respuesta automática",
    "fuera de la oficina",
    "risposta automatica",
    "fuori sede",
    "resposta automática",
    "automatisch antwoord",
    "automatisk svar",
    "autosvar",
    "automaattinen vastaus",
    "autoodpowiedź",
    "автоответ",
    "автоматический ответ",
    "自动回复",
    "自動回覆",
    "自動返信",
    "자동 응답",
    // Challenges: whoever answers them once answers every one of them.
    "please confirm your message",
    "please confirm your email to",
    "confirm your email to",
    "sender address verification",
    "verification required",
];

/// Fields that only automatic answers have.
const FIELDS: &[&str] = &[
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply-from",
    "x-mail-autoreply",
    "x-vacation",
    "x-tmda-confirm-done",
    "x-boxbe-challenge",
    "x-spamarrest-id",
];

/// Whether a machine answered a message.
pub(crate) fn is_reply(head: &Head) -> bool {
    // RFC 3834 §5: any value but `no`, which may have parameters.
    let submitted = head.first("auto-submitted").map(|value| {
        let word = value.split([';', ' ']).next().unwrap_or_default();
        !word.eq_ignore_ascii_case("no")
    });
    submitted == Some(true) || answers(head)
}

/// The same for mail to an address that people's mail programs write to for
/// them: that a machine made it (`auto-generated`) is no objection.
pub(crate) fn is_reply_to_request(head: &Head) -> bool {
    let submitted = head.first("auto-submitted").unwrap_or_default();
    submitted.to_ascii_lowercase().starts_with("auto-replied") || answers(head)
}

fn answers(head: &Head) -> bool {
    let precedence = head.first("precedence").unwrap_or_default();
    if FIELDS.iter().any(|name| head.has(name)) || precedence.eq_ignore_ascii_case("auto_reply") {
        return true;
    }
    let subject = head.subject().to_lowercase();
    SUBJECTS
        .iter()
        .any(|words| subject.trim().starts_with(words))
}
